//! `collections/insertObligation.php`: adds an obligation to a record in collections.

use serde_json::Value;

use crate::sandbox::answer::{Answer, Refusal};
use crate::sandbox::body::Body;
use crate::sandbox::check::Keys;
use crate::sandbox::dates::is_day_first_date;
use crate::sandbox::desk::{Desk, in_json, json_object};

/// Where the record that an obligation hangs on is.
pub(super) const COLLECTIONS: &str = "collections";

/// Where obligations are kept here; the vendor names no module for them. The store looks for them by that name too.
pub(super) const OBLIGATIONS: &str = "obligations";

const DATES: [&str; 2] = ["last_pay_date", "expiring_date"];

/// The fields of an obligation that are texts; `form` is one more.
pub(super) const TEXTS: [&str; 8] = [
    "id",
    "name",
    "total_balance",
    "portfolio_type",
    "last_pay",
    "last_pay_date",
    "expiring_date",
    "days_delay",
];

pub(super) fn answer(desk: &mut Desk<'_>, body: &Body) -> Result<Answer, Refusal> {
    let keys = json_object(body)?;
    let operation = keys.text("operation")?;
    let parent = keys.text("wolkvox_id")?;
    let fields = keys.object("fields")?;
    check_fields(&fields)?;
    desk.note_all(keys.undocumented(&["operation", "wolkvox_id", "fields"]));
    desk.note_all(fields.undocumented(&[&TEXTS[..], &["form"]].concat()));
    note_blanks(desk, &fields);
    desk.meet(operation, COLLECTIONS, parent)?;
    if let Some(code) = fields.map.get("id").and_then(Value::as_str)
        && !desk
            .store
            .obligations(operation, parent, Some(code))?
            .is_empty()
    {
        desk.note("the record has an obligation with this fields.id; what the CRM does then is not documented");
    }
    let id = desk.create(operation, OBLIGATIONS, Some(parent), fields.map)?;
    // Whose id the sample shows, the obligation's or its record's, is not documented.
    let answered = desk.id(&id, "123cb");
    Ok(desk.success("Succesfully create record", answered))
}

/// All values are text; which of them are required is not documented.
fn check_fields(fields: &Keys<'_>) -> Result<(), Refusal> {
    for key in fields.map.keys().filter(|key| *key != "form") {
        fields.optional(key, "text", Value::is_string)?;
    }
    for key in DATES {
        fields.optional(key, "a date, DD-MM-YYYY", |value| {
            value
                .as_str()
                .is_some_and(|text| text.is_empty() || is_day_first_date(text))
        })?;
    }
    fields.optional(
        "form",
        "a list of objects with the texts name and value",
        |value| {
            value
                .as_array()
                .is_some_and(|list| list.iter().all(is_form_entry))
        },
    )
}

pub(super) fn is_form_entry(entry: &Value) -> bool {
    ["name", "value"]
        .iter()
        .all(|key| entry.get(key).is_some_and(Value::is_string))
}

fn note_blanks(desk: &mut Desk<'_>, fields: &Keys<'_>) {
    let is_blank = |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty());
    let blank: Vec<&str> = fields
        .map
        .iter()
        .filter(|(_, value)| is_blank(value))
        .map(|(key, _)| key.as_str())
        .collect();
    if !blank.is_empty() {
        desk.note(format!(
            "blank in fields: {}; the samples leave every value blank, which does not prove that the CRM takes it",
            in_json(&blank.join(", "))
        ));
    }
    for key in ["id", "name"] {
        if !fields.map.contains_key(key) {
            desk.note(format!(
                "fields.{key} is left out; only the bulk call of the family is known to require it"
            ));
        }
    }
}
