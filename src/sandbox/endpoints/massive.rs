//! `collections/massiveCollections.php`: debtors with their obligations, created or changed.

use serde_json::{Map, Value, json};

use super::obligation::{COLLECTIONS, OBLIGATIONS};
use super::obligation_read::over;
use crate::sandbox::answer::{Answer, Refusal};
use crate::sandbox::body::Body;
use crate::sandbox::check::Keys;
use crate::sandbox::dates::is_year_first_date;
use crate::sandbox::desk::{Desk, json_object};

/// The most debtors a call.
const MOST: usize = 500;

/// What a debtor must have.
const DEBTOR: [&str; 4] = ["Identification", "Name", "Email", "Telephone"];

/// What an obligation must have.
const OBLIGATION: [&str; 2] = ["id", "name"];

/// The keys of an obligation that are no fields of the tenant's own.
const KNOWN: [&str; 9] = [
    "id",
    "name",
    "total_balance",
    "days_delay",
    "last_pay",
    "balance_payment",
    "expiring_date",
    "last_pay_date",
    "portfolio_type",
];

/// Dates put the year first here.
const DATES: [&str; 2] = ["expiring_date", "last_pay_date"];

pub(super) fn answer(desk: &mut Desk<'_>, body: &Body) -> Result<Answer, Refusal> {
    let keys = json_object(body)?;
    let operation = keys.text("operation")?;
    let debtors = keys.objects("collections")?;
    desk.note_all(keys.undocumented(&["operation", "collections"]));
    if debtors.len() > MOST {
        return Err(Refusal::bad_request(format!(
            "collections must hold {MOST} at most, and holds {}",
            debtors.len()
        )));
    }
    let obligations = obligations_of(&debtors)?;
    for (debtor, obligations) in debtors.iter().zip(&obligations) {
        not_empty(debtor, &DEBTOR)?;
        for obligation in obligations {
            not_empty(obligation, &OBLIGATION)?;
            for key in DATES {
                obligation.optional(key, "a date, YYYY-MM-DD", |value| {
                    value
                        .as_str()
                        .is_some_and(|text| text.is_empty() || is_year_first_date(text))
                })?;
            }
        }
    }
    let mut failures = Vec::new();
    let mut skipped = 0;
    for (debtor, obligations) in debtors.iter().zip(&obligations) {
        if let Some(key) = lacking(debtor, &DEBTOR) {
            let whose = debtor.map.get("Identification");
            failures.push(
                json!({ "Identification": whose, "error": format!("sandbox: {key} is required") }),
            );
            continue;
        }
        let parent = upsert_debtor(desk, operation, debtor)?;
        for obligation in obligations {
            if lacking(obligation, &OBLIGATION).is_some() {
                skipped += 1;
            } else {
                upsert_obligation(desk, operation, &parent, obligation)?;
            }
        }
    }
    Ok(summary(desk, debtors.len(), &failures, skipped))
}

fn summary(desk: &mut Desk<'_>, received: usize, failures: &[Value], skipped: usize) -> Answer {
    if skipped > 0 {
        desk.note(format!(
            "obligations left out for want of id or name: {skipped}; no counter of the answer says so"
        ));
    }
    if !failures.is_empty() {
        desk.note("that success is false where a debtor is left out, and what stands in failed_Sumary, is invented here");
    }
    let failed = failures.len();
    desk.documented(json!({
        "code": "200",
        "success": failed == 0,
        "summary": {
            "total_records_received": received,
            "successful_inserts": received - failed,
            "failed_count": failed,
            "total_processed": received,
            "failed_Sumary": failures,
        },
    }))
}

/// The obligations of each debtor, where it has some.
fn obligations_of<'a>(debtors: &[Keys<'a>]) -> Result<Vec<Vec<Keys<'a>>>, Refusal> {
    let each = debtors
        .iter()
        .map(|debtor| match debtor.map.get("Obligations") {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) if list.is_empty() => Ok(Vec::new()),
            Some(_) => debtor.objects("Obligations"),
        });
    each.collect()
}

/// A required key that is there must hold something, else the whole call fails.
fn not_empty(keys: &Keys<'_>, required: &[&str]) -> Result<(), Refusal> {
    for key in required.iter().filter(|key| keys.map.contains_key(**key)) {
        keys.text(key)?;
    }
    Ok(())
}

fn lacking(keys: &Keys<'_>, required: &[&'static str]) -> Option<&'static str> {
    required
        .iter()
        .find(|key| !keys.map.contains_key(**key))
        .copied()
}

/// Creates a debtor, or changes the one with its number, and gives its id.
fn upsert_debtor(
    desk: &mut Desk<'_>,
    operation: &str,
    debtor: &Keys<'_>,
) -> Result<String, Refusal> {
    let number = debtor.text("Identification")?;
    let mut fields = debtor.map.clone();
    fields.shift_remove("Obligations");
    let Some(known) = desk.store.debtor(operation, number)? else {
        return desk.create(operation, COLLECTIONS, None, &fields);
    };
    desk.note("debtors are told apart by Identification, obligations by id; the page does not name what tells them apart");
    desk.store
        .update(operation, COLLECTIONS, &known.wolkvox_id, &fields)?;
    Ok(known.wolkvox_id)
}

fn upsert_obligation(
    desk: &mut Desk<'_>,
    operation: &str,
    parent: &str,
    obligation: &Keys<'_>,
) -> Result<(), Refusal> {
    let code = obligation.text("id")?;
    let mut fields = fields_of(obligation.map);
    let known = desk.store.obligations(operation, parent, Some(code))?.pop();
    let Some(known) = known else {
        desk.create(operation, OBLIGATIONS, Some(parent), &fields)?;
        return Ok(());
    };
    if fields.shift_remove("name").as_ref() != known.fields.get("name") {
        desk.note("the name of an obligation that exists cannot be changed, and stays");
    }
    let changed = over(desk, &known, &fields);
    desk.store
        .update(operation, OBLIGATIONS, &known.wolkvox_id, &changed)?;
    Ok(())
}

/// The fields of an obligation as the other calls have them: the tenant's own stand in `form`, not inline.
fn fields_of(sent: &Map<String, Value>) -> Map<String, Value> {
    let (known, own): (Vec<_>, Vec<_>) = sent
        .iter()
        .partition(|(key, _)| KNOWN.contains(&key.as_str()));
    let mut fields: Map<String, Value> = known
        .into_iter()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if !own.is_empty() {
        let form = own.into_iter();
        let form = form.map(|(name, value)| json!({ "name": name, "value": value }));
        fields.insert("form".to_owned(), form.collect());
    }
    fields
}
