//! Calls, tasks and meetings on a record: what their pages require of the fields of `custom/insert.php`.

use serde_json::Value;

use crate::sandbox::answer::Refusal;
use crate::sandbox::check::Keys;
use crate::sandbox::desk::Desk;

/// The module of activities.
pub(super) const ACTIVITIES: &str = "wolkvox_activities";

/// Texts that the pages require of every activity, besides those with a form of their own.
const TEXTS: [&str; 5] = [
    "status",
    "name",
    "name_module",
    "id_record",
    "wolkvox_owner",
];

/// What every activity has.
const FIELDS: [&str; 10] = [
    "status",
    "name",
    "priority",
    "name_module",
    "completion_date",
    "remember",
    "reminder_date",
    "description",
    "id_record",
    "wolkvox_owner",
];

const PHONE: [&str; 4] = ["type", "country", "code", "value"];

/// Checks an activity. The tables print the types `task` for a call, `call` for a task and `task` for a meeting; the
/// samples and the newer pages have one of its own for each.
pub(super) fn check(
    desk: &mut Desk<'_>,
    operation: &str,
    keys: &Keys<'_>,
    fields: &Keys<'_>,
) -> Result<(), Refusal> {
    let kind = keys.one_of("type", &["call", "task", "meet"])?;
    for key in TEXTS {
        fields.text(key)?;
    }
    may_be_blank(desk, fields, "description")?;
    if kind != "task" {
        may_be_blank(desk, fields, "location")?;
    }
    fields.one_of("priority", &["high", "normal", "low"])?;
    fields.date_time("completion_date")?;
    if !fields.boolean("remember")? && !fields.map.contains_key("reminder_date") {
        desk.note("reminder_date is left out: the page requires it, whatever remember says; accepted here");
    } else {
        fields.date_time("reminder_date")?;
    }
    let own: &[&str] = match kind {
        "call" => {
            phone(desk, fields)?;
            &["location", "phone"]
        }
        "meet" => {
            meeting(desk, fields)?;
            &["location", "start_date", "participants"]
        }
        _ => &["wolkvox_usuario_creacion"],
    };
    if fields.text("status")? != "created" {
        desk.note("fields.status is not created, the only documented value");
    }
    desk.note_all(fields.no_user("wolkvox_owner")?);
    desk.note_all(keys.undocumented(&["operation", "module", "type", "fields"]));
    desk.note_all(fields.undocumented(&[&FIELDS, own].concat()));
    desk.meet(
        operation,
        fields.text("name_module")?,
        fields.text("id_record")?,
    )
}

/// A text that the page requires, and of which it does not say that it must hold something.
fn may_be_blank(desk: &mut Desk<'_>, fields: &Keys<'_>, key: &str) -> Result<(), Refusal> {
    if fields.any_text(key)?.trim().is_empty() {
        desk.note(format!(
            "fields.{key} is blank: what the CRM does then is not documented; accepted here"
        ));
    }
    Ok(())
}

fn phone(desk: &mut Desk<'_>, fields: &Keys<'_>) -> Result<(), Refusal> {
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
    desk.note_all(phone.undocumented(&PHONE));
    Ok(())
}

fn meeting(desk: &mut Desk<'_>, fields: &Keys<'_>) -> Result<(), Refusal> {
    fields.date_time("start_date")?;
    let participants = fields.object("participants")?;
    participants.one_of("type", &["participant"])?;
    let users = participants.texts("value")?;
    if users.iter().any(|user| !user.contains('@')) {
        desk.note("a participant has no @; the documented form is user@operation");
    }
    desk.note_all(participants.undocumented(&["type", "value"]));
    let moment = |key: &str| fields.map.get(key).and_then(Value::as_str);
    // Both have one form, in which texts sort as moments do.
    if moment("completion_date") < moment("start_date") {
        desk.note("the meeting ends before it starts, as in the vendor's sample; accepted here");
    }
    Ok(())
}
