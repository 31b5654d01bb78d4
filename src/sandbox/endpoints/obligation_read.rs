//! `collections/queryObligation.php` and `collections/updateObligation.php`: one obligation of a record, by its code.

use serde_json::{Map, Value, json};

use super::obligation::{COLLECTIONS, OBLIGATIONS, TEXTS, is_form_entry};
use crate::sandbox::answer::{Answer, Refusal};
use crate::sandbox::body::Body;
use crate::sandbox::check::Keys;
use crate::sandbox::desk::{Desk, json_object};
use crate::sandbox::paging::Page;
use crate::sandbox::shapes::searched;
use crate::sandbox::store::Record;

/// What an update is documented to change.
const CHANGED: [&str; 3] = ["total_balance", "portfolio_type", "form"];

/// `queryObligation`.
pub(super) fn answer_query(desk: &mut Desk<'_>, body: &Body) -> Result<Answer, Refusal> {
    let keys = json_object(body)?;
    let operation = keys.text("operation")?;
    let (parent, code) = (keys.text("wolkvox_id")?, keys.text("obligation")?);
    let page = Page::asked(desk, &keys)?;
    desk.note_all(keys.undocumented(&["operation", "wolkvox_id", "obligation", "limit", "page"]));
    desk.meet(operation, COLLECTIONS, parent)?;
    let found = desk.store.obligations(operation, parent, Some(code))?;
    let rows = found.iter().map(shown).collect();
    Ok(page.answer(desk, rows))
}

fn shown(obligation: &Record) -> Value {
    let text = |key: &str| {
        let found = obligation.fields.get(key).and_then(searched);
        json!(found.unwrap_or_default())
    };
    let mut row: Map<String, Value> = TEXTS
        .map(|key| (key.to_owned(), text(key)))
        .into_iter()
        .collect();
    let form = obligation.fields.get("form").cloned();
    row.insert("form".to_owned(), form.unwrap_or_else(|| json!([])));
    Value::Object(row)
}

/// `updateObligation`: its success says "create", as the page does.
pub(super) fn answer_update(desk: &mut Desk<'_>, body: &Body) -> Result<Answer, Refusal> {
    let keys = json_object(body)?;
    let operation = keys.text("operation")?;
    let (parent, code) = (keys.text("wolkvox_id")?, keys.text("obligation")?);
    let fields = keys.object("fields")?;
    check(&fields)?;
    desk.note_all(keys.undocumented(&["operation", "wolkvox_id", "obligation", "fields"]));
    desk.note_all(fields.undocumented(&CHANGED));
    desk.meet(operation, COLLECTIONS, parent)?;
    let known = desk.store.obligations(operation, parent, Some(code))?.pop();
    let id = if let Some(known) = known {
        let changed = over(desk, &known, fields.map);
        desk.store
            .update(operation, OBLIGATIONS, &known.wolkvox_id, &changed)?;
        known.wolkvox_id
    } else {
        desk.meet_unknown(&format!("no obligation {code} of record {parent}"))?;
        let mut new = fields.map.clone();
        new.insert("id".to_owned(), json!(code));
        desk.create(operation, OBLIGATIONS, Some(parent), &new)?
    };
    // The page calls it the id of the updated record, and does not say of which of the two.
    let answered = desk.id(&id, "123cb");
    Ok(desk.success("Succesfully create record", answered))
}

fn check(fields: &Keys<'_>) -> Result<(), Refusal> {
    if fields.map.is_empty() {
        return Err(Refusal::bad_request("fields must hold something to change"));
    }
    for key in fields.map.keys().filter(|key| *key != "form") {
        fields.optional(key, "text", Value::is_string)?;
    }
    let entries = "a list of objects with the texts name and value";
    fields.optional("form", entries, |value| {
        value
            .as_array()
            .is_some_and(|list| list.iter().all(is_form_entry))
    })
}

/// The fields to lay over an obligation: entries of `form` take the place of those with their name.
pub(super) fn over(
    desk: &mut Desk<'_>,
    known: &Record,
    fields: &Map<String, Value>,
) -> Map<String, Value> {
    let mut fields = fields.clone();
    let (Some(Value::Array(sent)), Some(Value::Array(old))) =
        (fields.get("form"), known.fields.get("form"))
    else {
        return fields;
    };
    desk.note("entries of form take the place of those with the same name; whether they are added instead is not documented");
    let is_sent = |entry: &&Value| sent.iter().any(|new| new["name"] == entry["name"]);
    let kept = old.iter().filter(|entry| !is_sent(entry));
    let form: Vec<Value> = kept.chain(sent).cloned().collect();
    fields.insert("form".to_owned(), json!(form));
    fields
}
