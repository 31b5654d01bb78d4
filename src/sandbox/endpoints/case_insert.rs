//! `cases/insert.php`: opens a case by form-data, with files.

use serde_json::{Map, Value, json};

use super::case::{CASES, files, form, parts, texts};
use crate::sandbox::answer::{Answer, Refusal};
use crate::sandbox::body::Body;
use crate::sandbox::check::Keys;
use crate::sandbox::desk::Desk;
use crate::sandbox::shapes::{CONTACTS, case_number};

/// The parts that the page requires.
pub(super) const REQUIRED: [&str; 7] = [
    "case-type",
    "responsible",
    "owner",
    "contact",
    "description",
    "status",
    "priority",
];

pub(super) fn answer(desk: &mut Desk<'_>, body: &Body) -> Result<Answer, Refusal> {
    let parts = parts(body)?;
    let texts = texts(desk, parts);
    let keys = Keys::of(&texts);
    let operation = keys.text("operation")?;
    check(desk, operation, &keys)?;
    let form = form(&keys)?;
    let files = files(desk, parts)?;
    desk.note_all(keys.undocumented(&[&REQUIRED[..], &["operation", "solution", "form"]].concat()));
    let mut fields = texts.clone();
    fields.shift_remove("operation");
    fields.extend(form.map(|form| ("form".to_owned(), form)));
    if !files.is_empty() {
        fields.insert("files".to_owned(), json!(files));
    }
    open(desk, operation, &fields, "")
}

/// Checks what every new case needs.
pub(super) fn check(desk: &mut Desk<'_>, operation: &str, keys: &Keys<'_>) -> Result<(), Refusal> {
    for key in REQUIRED {
        keys.text(key)?;
    }
    for key in ["responsible", "owner"] {
        desk.note_all(keys.no_user(key)?);
    }
    let contact = keys.text("contact")?;
    if !contact.contains('@') {
        desk.note("contact has no @; it is documented as the e-mail address of a contact");
    } else if !has_contact(desk, operation, contact)? {
        desk.meet_unknown(&format!("no contact with the address {contact}"))?;
    }
    Ok(())
}

/// Whether a contact has this e-mail address in one of its fields.
fn has_contact(desk: &Desk<'_>, operation: &str, address: &str) -> Result<bool, Refusal> {
    let contacts = desk.store.living(operation, CONTACTS, Some(address))?;
    let mut fields = contacts.iter().flat_map(|contact| contact.fields.values());
    Ok(fields.any(|value| value == address))
}

/// Keeps a case and answers with its id and its number; `sampled` stands for both in the sample.
pub(super) fn open(
    desk: &mut Desk<'_>,
    operation: &str,
    fields: &Map<String, Value>,
    sampled: &str,
) -> Result<Answer, Refusal> {
    let id = desk.create(operation, CASES, None, fields)?;
    let number = case_number(&id, fields);
    let data =
        json!({ "wolkvox_id": desk.id(&id, sampled), "idPrefijo": desk.id(&number, sampled) });
    Ok(desk.success_with("Succesfully create record", data))
}
