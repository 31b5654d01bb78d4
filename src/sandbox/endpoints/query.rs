//! `custom/query.php`, `custom/queryDates.php` and `custom/reports.php`: records by a field, by the time of their
//! creation, and as the rows of a report.

use serde_json::{Value, json};

use super::activity::ACTIVITIES;
use super::case::CASES;
use super::case_query;
use crate::sandbox::IdForm;
use crate::sandbox::answer::{Answer, Refusal};
use crate::sandbox::body::Body;
use crate::sandbox::check::Keys;
use crate::sandbox::desk::{Desk, json_object};
use crate::sandbox::paging::Page;
use crate::sandbox::shapes::{searched, shown};

/// `query`: exact matches of one field, in the order of creation; both are invented.
pub(super) fn answer(desk: &mut Desk<'_>, body: &Body) -> Result<Answer, Refusal> {
    let keys = json_object(body)?;
    let (operation, module) = (keys.text("operation")?, keys.text("module")?);
    let (field, value) = (keys.text("field")?, keys.wanted("value")?);
    let page = Page::asked(desk, &keys)?;
    desk.note_all(keys.undocumented(&["operation", "module", "field", "value", "limit", "page"]));
    meet_module(desk, operation, module)?;
    if module == ACTIVITIES {
        desk.note("no page shows activities being queried; they are here");
    }
    if field == "wolkvox-id" {
        desk.note("field is wolkvox-id; the sample of this call has wolkvox_id, and nothing else is found here");
    }
    let mut rows = candidates(desk, operation, module, (field, &value))?;
    rows.retain(|row| row.get(field).and_then(searched).as_ref() == Some(&value));
    let as_sent = |row: &Value| Some(&row[field]) == keys.map.get("value");
    if rows
        .iter()
        .any(|row| !row[field].is_object() && !as_sent(row))
    {
        desk.note("a text was compared with a number, and is found here; whether the CRM does so is not documented");
    }
    Ok(page.answer(desk, rows))
}

/// The rows among which to look, no more of them than need be.
fn candidates(
    desk: &Desk<'_>,
    operation: &str,
    module: &str,
    (field, value): (&str, &str),
) -> Result<Vec<Value>, Refusal> {
    if module != CASES && field == "wolkvox_id" {
        let record = desk.store.find(operation, module, value)?;
        return Ok(record.iter().map(|record| json!(shown(record))).collect());
    }
    // What the system adds does not stand in the fields.
    let holding = (!field.starts_with("wolkvox_")).then_some(value);
    rows(desk, (operation, module), holding)
}

/// The rows of a module; with `holding` only those in which that text stands, and perhaps some more.
fn rows(
    desk: &Desk<'_>,
    (operation, module): (&str, &str),
    holding: Option<&str>,
) -> Result<Vec<Value>, Refusal> {
    if module == CASES {
        return case_query::all(desk, operation);
    }
    let records = desk.store.living(operation, module, holding)?;
    Ok(records.iter().map(|record| json!(shown(record))).collect())
}

/// A module that never had a record: the sandbox cannot tell a new one from a misspelt one.
fn meet_module(desk: &mut Desk<'_>, operation: &str, module: &str) -> Result<(), Refusal> {
    if desk.store.has_module(operation, module)? {
        Ok(())
    } else {
        desk.meet_unknown(&format!("no record of the module {module}"))
    }
}

/// `queryDates`: the table describes the envelope of queries, the sample is a bare list.
pub(super) fn answer_dates(desk: &mut Desk<'_>, body: &Body) -> Result<Answer, Refusal> {
    let keys = json_object(body)?;
    let (operation, module) = (keys.text("operation")?, keys.text("module")?);
    if !keys.boolean("date")? {
        return Err(Refusal::bad_request(
            "date must be true: the call works on dates only then",
        ));
    }
    let (from, to) = (keys.minute("from")?, keys.minute("to")?);
    let page = Page::asked(desk, &keys)?;
    desk.note_all(keys.undocumented(&[
        "operation",
        "module",
        "date",
        "from",
        "to",
        "limit",
        "page",
    ]));
    meet_module(desk, operation, module)?;
    desk.note("the time of creation is compared, both ends included, at UTC-05:00; no page says which, how or where");
    let rows = created_between(desk, (operation, module), from, to)?;
    Ok(match desk.rules.ids {
        IdForm::Real => page.answer(desk, rows),
        IdForm::Sampled => page.answer_bare(desk, rows),
    })
}

/// The rows of a module that were created between two moments; those have one form, in which texts sort as moments do.
pub(super) fn created_between(
    desk: &Desk<'_>,
    (operation, module): (&str, &str),
    from: &str,
    to: &str,
) -> Result<Vec<Value>, Refusal> {
    let mut rows = rows(desk, (operation, module), None)?;
    rows.retain(|row| {
        let created = row["wolkvox_fecha_creacion"].as_str().unwrap_or_default();
        let created = created.get(..from.len()).unwrap_or_default();
        (from..=to).contains(&created)
    });
    Ok(rows)
}

/// What both calls for reports take.
#[derive(Debug)]
pub(super) struct Report<'a> {
    pub(super) operation: &'a str,
    pub(super) name: &'a str,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) page: Page,
}

impl<'a> Report<'a> {
    pub(super) fn asked(desk: &mut Desk<'_>, keys: &Keys<'a>) -> Result<Self, Refusal> {
        keys.date_time("dateStart")?;
        keys.date_time("dateEnd")?;
        desk.note_all(keys.undocumented(&[
            "operation",
            "name",
            "dateStart",
            "dateEnd",
            "limit",
            "page",
        ]));
        Ok(Self {
            operation: keys.text("operation")?,
            name: keys.text("name")?,
            from: keys.text("dateStart")?,
            to: keys.text("dateEnd")?,
            page: Page::asked(desk, keys)?,
        })
    }
}

/// `reports`: the sandbox has no reports; one that is named like a module has that module's records as its rows.
pub(super) fn answer_report(desk: &mut Desk<'_>, body: &Body) -> Result<Answer, Refusal> {
    let keys = json_object(body)?;
    let Report {
        operation,
        name,
        from,
        to,
        page,
    } = Report::asked(desk, &keys)?;
    if desk.store.has_module(operation, name)? {
        desk.note("the sandbox has no reports: one that is named like a module has the records of that module, whole");
    } else {
        desk.meet_unknown(&format!("no report {name}, and no module of that name,"))?;
    }
    let rows = created_between(desk, (operation, name), from, to)?;
    Ok(page.answer(desk, rows))
}
