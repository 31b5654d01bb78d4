//! `custom/delete.php`: deletes one record or several.

use serde_json::json;

use crate::sandbox::IdForm;
use crate::sandbox::answer::{Answer, Refusal};
use crate::sandbox::body::Body;
use crate::sandbox::check::Shape;
use crate::sandbox::desk::{Desk, in_json, json_object};

const DOCUMENTED: &[&str] = &["operation", "module", "multiple", "wolkvox-id"];

pub(super) fn answer(desk: &mut Desk<'_>, body: &Body) -> Result<Answer, Refusal> {
    let keys = json_object(body)?;
    let (operation, module) = (keys.text("operation")?, keys.text("module")?);
    let multiple = keys.boolean("multiple")?;
    let (ids, shape) = keys.ids("wolkvox-id")?;
    // The page's description wants a list either way, its samples a text where `multiple` is false.
    match (multiple, shape) {
        (true, Shape::Text) => {
            return Err(Refusal::bad_request(
                "wolkvox-id must be a list where multiple is true",
            ));
        }
        (false, Shape::List) if ids.len() > 1 => {
            return Err(Refusal::bad_request(
                "wolkvox-id must be one id where multiple is false",
            ));
        }
        _ => {}
    }
    desk.note_all(keys.undocumented(DOCUMENTED));
    for (place, id) in ids.iter().enumerate() {
        if ids[..place].contains(id) {
            desk.note(format!(
                "id {} is listed twice; what the CRM does then is not documented",
                in_json(id)
            ));
        } else {
            desk.meet(operation, module, id)?;
        }
    }
    desk.store.delete(operation, module, &ids)?;
    let answered = match desk.rules.ids {
        IdForm::Real => json!(ids),
        // The page's one sample answers two, also where one id was asked for.
        IdForm::Sampled => json!(vec![""; ids.len().max(2)]),
    };
    Ok(desk.success("Have been succesfully removed", answered))
}
