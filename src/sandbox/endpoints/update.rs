//! `custom/update.php`: lays fields over a record.

use serde_json::{Value, json};

use crate::sandbox::answer::{Answer, Refusal};
use crate::sandbox::body::Body;
use crate::sandbox::desk::{Desk, json_object};

/// `attachments` is on the vendor's newer pages only.
const DOCUMENTED: &[&str] = &["operation", "module", "wolkvox-id", "fields", "attachments"];

pub(super) fn answer(desk: &mut Desk<'_>, body: &Body) -> Result<Answer, Refusal> {
    let keys = json_object(body)?;
    let (operation, module) = (keys.text("operation")?, keys.text("module")?);
    let id = keys.text("wolkvox-id")?;
    let fields = keys.object("fields")?;
    keys.optional("attachments", "a list of texts", |value| {
        value
            .as_array()
            .is_some_and(|list| list.iter().all(Value::is_string))
    })?;
    desk.note_all(keys.undocumented(DOCUMENTED));
    if fields.map.is_empty() {
        desk.note("fields is empty; what the CRM does then is not documented");
    }
    desk.meet(operation, module, id)?;
    desk.store.update(operation, module, id, fields.map)?;
    Ok(desk.success("Succesfully edit record", json!(id)))
}
