//! `custom/insertMany.php` and `custom/updateMany.php`: many records in one call, all of them or none.
//!
//! Neither answer has an id, or says what became of which record. That one bad record keeps all from being done is
//! invented.

use serde_json::Map;

use crate::sandbox::answer::{Answer, Refusal};
use crate::sandbox::body::Body;
use crate::sandbox::desk::{Desk, in_json, json_object};

const DOCUMENTED: &[&str] = &["operation", "module", "fields"];

/// `insertMany`.
pub(super) fn answer_insert(desk: &mut Desk<'_>, body: &Body) -> Result<Answer, Refusal> {
    let keys = json_object(body)?;
    let (operation, module) = (keys.text("operation")?, keys.text("module")?);
    let records = keys.objects("fields")?;
    desk.note_all(keys.undocumented(DOCUMENTED));
    for record in &records {
        desk.create(operation, module, None, record.map)?;
    }
    let msg = format!("Succesfully create {} record", records.len());
    Ok(desk.success_without_ids(&msg))
}

/// `updateMany`: the id stands among the fields, with a hyphen.
pub(super) fn answer_update(desk: &mut Desk<'_>, body: &Body) -> Result<Answer, Refusal> {
    let keys = json_object(body)?;
    let (operation, module) = (keys.text("operation")?, keys.text("module")?);
    let records = keys.objects("fields")?;
    desk.note_all(keys.undocumented(DOCUMENTED));
    let mut seen = Vec::new();
    for record in &records {
        let id = record.text("wolkvox-id")?;
        if seen.contains(&id) {
            desk.note(format!(
                "id {} is listed twice; which comes first is not documented, the order of the list here",
                in_json(id)
            ));
        } else {
            desk.meet(operation, module, id)?;
            seen.push(id);
        }
        let sent = record.map.iter().filter(|(key, _)| *key != "wolkvox-id");
        let fields: Map<_, _> = sent
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if fields.is_empty() {
            desk.note(format!(
                "id {} comes without a field to change",
                in_json(id)
            ));
        }
        desk.store.update(operation, module, id, &fields)?;
    }
    let msg = format!("Succesfully edit record {}", records.len());
    Ok(desk.success_without_ids(&msg))
}
