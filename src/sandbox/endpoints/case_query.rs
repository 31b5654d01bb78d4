//! `cases/queryCases.php` and `cases/listHistoryNote.php`: find cases by one of their fields.

use serde_json::Value;

use super::case::CASES;
use crate::sandbox::answer::{Answer, Refusal};
use crate::sandbox::body::Body;
use crate::sandbox::desk::{Desk, json_object};
use crate::sandbox::paging::Page;
use crate::sandbox::shapes::{CASE_FIELDS, Cases, is_at, with_notes};

const DOCUMENTED: &[&str] = &["operation", "field", "value", "limit", "page"];

/// `queryCases`.
pub(super) fn answer(desk: &mut Desk<'_>, body: &Body) -> Result<Answer, Refusal> {
    found(desk, body, false)
}

/// `listHistoryNote`: whole cases, and more of each.
pub(super) fn answer_with_notes(desk: &mut Desk<'_>, body: &Body) -> Result<Answer, Refusal> {
    desk.note("the pages want a token of the kind External for this call; every token of the sandbox does here");
    found(desk, body, true)
}

fn found(desk: &mut Desk<'_>, body: &Body, notes: bool) -> Result<Answer, Refusal> {
    let keys = json_object(body)?;
    let operation = keys.text("operation")?;
    let names: Vec<&str> = CASE_FIELDS.iter().map(|(name, _)| *name).collect();
    let field = keys.one_of("field", &names)?;
    let value = keys.wanted("value")?;
    let page = Page::asked(desk, &keys)?;
    desk.note_all(keys.undocumented(DOCUMENTED));
    if notes && field != "type case" {
        desk.note("field is not type case, the only one that the page of this call names");
    }
    let places = CASE_FIELDS.iter().find(|(name, _)| *name == field);
    let places = places.map_or(&[][..], |(_, places)| *places);
    let cases = Cases::of(desk.store, operation)?;
    let mut rows = Vec::new();
    for record in desk.store.living(operation, CASES, None)? {
        let mut case = cases.shown(&record);
        if notes {
            with_notes(&mut case, &record);
        }
        if places
            .iter()
            .any(|place| is_at(&record, &case, place, &value))
        {
            rows.push(case);
        }
    }
    Ok(page.answer(desk, rows))
}

/// The cases of one operation as `custom/query.php` shows them too.
pub(super) fn all(desk: &Desk<'_>, operation: &str) -> Result<Vec<Value>, Refusal> {
    let cases = Cases::of(desk.store, operation)?;
    let records = desk.store.living(operation, CASES, None)?;
    Ok(records.iter().map(|record| cases.shown(record)).collect())
}
