//! `collections/insertGestion.php` and `collections/queryGestion.php`: managements (gestiones), each one contact with a
//! debtor.

use serde_json::{Value, json};

use super::obligation::COLLECTIONS;
use crate::sandbox::answer::{Answer, Refusal};
use crate::sandbox::body::Body;
use crate::sandbox::desk::{Desk, json_object};
use crate::sandbox::paging::Page;
use crate::sandbox::shapes::{searched, shown};
use crate::sandbox::store::Record;

/// Where managements are kept here; the vendor names no module for them.
const MANAGEMENTS: &str = "managements";

/// The four that the note on the page requires; its list has others, of which its own sample lacks some.
const REQUIRED: [&str; 4] = [
    "tipifycation_code",
    "tipifycation_desc",
    "module",
    "wolkvox_idRecord",
];

/// All others on the page, in the order in which a query shows them.
const OTHERS: [&str; 18] = [
    "id_customer",
    "customer_id",
    "wolkvox_phoneCall",
    "wolkvox_CrmPhoneCall",
    "wolkvox_idCall",
    "wolkvox_idCustomer",
    "client_name",
    "client_lastname",
    "client_type_document",
    "client_telephone",
    "agent_name",
    "agent_id",
    "type_interaction",
    "time",
    "date",
    "campaign_id",
    "tipification_code",
    "tipification_description",
];

/// `insertGestion`.
pub(super) fn answer_insert(desk: &mut Desk<'_>, body: &Body) -> Result<Answer, Refusal> {
    let keys = json_object(body)?;
    let operation = keys.text("operation")?;
    let fields = keys.object("fields")?;
    for key in REQUIRED {
        fields.text(key)?;
    }
    fields.one_of("module", &[COLLECTIONS])?;
    for key in fields.map.keys() {
        fields.optional(key, "text", Value::is_string)?;
    }
    desk.note_all(keys.undocumented(&["operation", "fields"]));
    desk.note_all(fields.undocumented(&[&REQUIRED[..], &OTHERS, &["obligation"]].concat()));
    for key in ["id_customer", "wolkvox_phoneCall", "wolkvox_CrmPhoneCall"] {
        if !fields.map.contains_key(key) {
            desk.note(format!(
                "fields.{key} is left out: one list of the page requires it, its note does not"
            ));
        }
    }
    let parent = fields.text("wolkvox_idRecord")?;
    desk.meet(operation, COLLECTIONS, parent)?;
    let id = desk.create(operation, MANAGEMENTS, Some(parent), fields.map)?;
    let answered = desk.id(&id, "123cb");
    Ok(desk.success("Succesfully create record", answered))
}

/// `queryGestion`.
pub(super) fn answer_query(desk: &mut Desk<'_>, body: &Body) -> Result<Answer, Refusal> {
    let keys = json_object(body)?;
    let operation = keys.text("operation")?;
    let (field, value) = (keys.text("field")?, keys.wanted("value")?);
    let page = Page::asked(desk, &keys)?;
    desk.note_all(keys.undocumented(&["operation", "field", "value", "limit", "page"]));
    if field != "id_customer" && field != "customer_id" {
        desk.note("field is neither id_customer nor customer_id: whether the CRM searches by others is not documented");
    }
    let records = desk.store.living(operation, MANAGEMENTS, None)?;
    let rows = records.iter().map(row);
    let is_wanted = |row: &Value| row.get(field).and_then(searched).as_ref() == Some(&value);
    let rows = rows.filter(is_wanted).collect();
    Ok(page.answer(desk, rows))
}

/// A management with every key that the page's sample has; those that were not sent are blank.
fn row(record: &Record) -> Value {
    let mut row = shown(record);
    let keys = REQUIRED.iter().chain(&OTHERS).chain(&["obligation"]);
    for key in keys {
        row.entry(*key).or_insert_with(|| json!(""));
    }
    row.entry("wolkvox_owner").or_insert_with(|| json!([]));
    Value::Object(row)
}
