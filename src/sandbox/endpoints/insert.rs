//! `custom/insert.php`: creates a call activity, or a record of another module (same path, fewer rules).

use serde_json::json;

use crate::sandbox::IdForm;
use crate::sandbox::answer::{Answer, Refusal};
use crate::sandbox::check::Keys;
use crate::sandbox::desk::{Desk, json_object};
use crate::sandbox::serve::Received;

const ACTIVITIES: &str = "wolkvox_activities";

/// Texts that the page requires of an activity, besides those with a form of their own.
const TEXTS: [&str; 5] = [
    "status",
    "name",
    "name_module",
    "id_record",
    "wolkvox_owner",
];

/// Texts that the page requires, and of which it does not say that they must hold something.
const MAY_BE_BLANK: [&str; 2] = ["description", "location"];

const FIELDS: &[&str] = &[
    "status",
    "name",
    "priority",
    "name_module",
    "completion_date",
    "remember",
    "reminder_date",
    "description",
    "id_record",
    "location",
    "wolkvox_owner",
    "phone",
];

const PHONE: [&str; 4] = ["type", "country", "code", "value"];

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
        check_activity(desk, operation, &keys, &fields)?;
        " "
    } else {
        desk.note_all(keys.undocumented(&["operation", "module", "fields"]));
        ""
    };
    let id = desk.store.create(operation, module, None, fields.map)?;
    let answered = match desk.rules.ids {
        IdForm::Real => json!(id),
        IdForm::Sampled => json!(sampled),
    };
    Ok(desk.success("Succesfully create record", answered))
}

fn check_activity(
    desk: &mut Desk<'_>,
    operation: &str,
    keys: &Keys<'_>,
    fields: &Keys<'_>,
) -> Result<(), Refusal> {
    // The page's table says `task`, its sample and the newer pages `call`; tasks and meetings are other requests of
    // the family, not served here.
    keys.one_of("type", &["call"])?;
    for key in TEXTS {
        fields.text(key)?;
    }
    for key in MAY_BE_BLANK {
        if fields.any_text(key)?.trim().is_empty() {
            desk.note(format!(
                "fields.{key} is blank: what the CRM does then is not documented; accepted here"
            ));
        }
    }
    fields.one_of("priority", &["high", "normal", "low"])?;
    fields.date_time("completion_date")?;
    if !fields.boolean("remember")? && !fields.map.contains_key("reminder_date") {
        desk.note("reminder_date is left out: the page requires it, whatever remember says; accepted here");
    } else {
        fields.date_time("reminder_date")?;
    }
    let phone = fields.object("phone")?;
    for key in PHONE {
        phone.text(key)?;
    }
    for key in ["code", "value"] {
        if !phone.text(key)?.bytes().all(|byte| byte.is_ascii_digit()) {
            desk.note(format!(
                "fields.phone.{key} is not digits only, as in every example"
            ));
        }
    }
    if phone.text("type")? != "telephone" {
        desk.note("fields.phone.type is not telephone, the only documented value");
    }
    if fields.text("status")? != "created" {
        desk.note("fields.status is not created, the only documented value");
    }
    if !fields.text("wolkvox_owner")?.contains('@') {
        desk.note("fields.wolkvox_owner has no @; its documented form is user@operation");
    }
    desk.note_all(keys.undocumented(&["operation", "module", "type", "fields"]));
    desk.note_all(fields.undocumented(FIELDS));
    desk.note_all(phone.undocumented(&PHONE));
    desk.meet(
        operation,
        fields.text("name_module")?,
        fields.text("id_record")?,
    )
}
