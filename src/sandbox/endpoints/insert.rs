//! `custom/insert.php`: creates a record, or an activity on a record (same path, more rules).

use super::activity::{self, ACTIVITIES};
use crate::sandbox::answer::{Answer, Refusal};
use crate::sandbox::desk::{Desk, json_object};
use crate::sandbox::serve::Received;

pub(super) fn answer(desk: &mut Desk<'_>, received: &Received) -> Result<Answer, Refusal> {
    let keys = json_object(&received.body)?;
    // The only page whose list of required headers survives names it; the others show it in their samples.
    if !received.says_json() {
        return Err(Refusal::bad_request(
            "the header Content-Type must be application/json",
        ));
    }
    let (operation, module) = (keys.text("operation")?, keys.text("module")?);
    let fields = keys.object("fields")?;
    let sampled = if module == ACTIVITIES {
        activity::check(desk, operation, &keys, &fields)?;
        " "
    } else {
        desk.note_all(keys.undocumented(&["operation", "module", "fields"]));
        ""
    };
    let id = desk.create(operation, module, None, fields.map)?;
    let answered = desk.id(&id, sampled);
    Ok(desk.success("Succesfully create record", answered))
}
