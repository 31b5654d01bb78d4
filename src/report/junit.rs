//! A run as `JUnit` XML, as Jenkins, GitLab and others read it: a suite for the playbook, a case for each step,
//! and of a loop a case for each row that did not go well and one for the rest.

use std::borrow::Cow;

use super::markup::Markup;
use super::record::{RowRecord, RunRecord, StepRecord, word};
use crate::event::{Counts, RunFinished, row_words, rows_in};
use crate::outcome::Outcome;
use crate::secret::Masker;
use crate::value::Value;

/// What every document begins with, by which an earlier one is known.
pub const BEGINNING: &str = "<testsuites name=\"voxplay\"";

/// The document.
pub fn document(record: &RunRecord, masker: &Masker) -> String {
    let cases: Vec<Case<'_>> = record
        .steps
        .iter()
        .flat_map(|step| cases_of(record, step))
        .chain(rows_without_loop(record))
        .collect();
    let number = |wanted: fn(&End<'_>) -> bool| {
        let count = cases.iter().filter(|case| wanted(&case.end)).count();
        Cow::from(count.to_string())
    };
    let tests = Cow::from(cases.len().to_string());
    let failures = number(|end| matches!(end, End::Failure(_)));
    let errors = number(|end| matches!(end, End::Error(_)));
    let skipped = number(|end| matches!(end, End::Skipped(_)));
    let time = seconds(record.duration_ms());
    let title = Cow::from(record.title());
    let mut markup = Markup::new(masker);
    markup.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    markup.open(
        "testsuites",
        &[
            ("name", "voxplay".into()),
            ("tests", tests.clone()),
            ("failures", failures.clone()),
            ("errors", errors.clone()),
            ("time", time.clone()),
        ],
    );
    let mut attributes = vec![
        ("name", title.clone()),
        ("tests", tests),
        ("failures", failures),
        ("errors", errors),
        ("skipped", skipped),
        ("time", time),
    ];
    if let Some(started) = &record.started {
        attributes.push(("timestamp", local_time(&started.started_at)));
        attributes.push(("hostname", started.target.server.as_str().into()));
    }
    markup.raw("\n  ").open("testsuite", &attributes);
    properties(&mut markup, record);
    for case in &cases {
        case.write(&mut markup);
    }
    markup.raw("\n  ").close("testsuite").raw("\n");
    markup.close("testsuites").raw("\n");
    markup.finish()
}

/// What CI shows beside the suite.
fn properties(markup: &mut Markup<'_>, record: &RunRecord) {
    let mut all: Vec<(&str, String)> = vec![
        ("run", record.run.to_string()),
        ("outcome", record.outcome_words().to_owned()),
    ];
    let finished = record.finished.as_ref();
    if let Some(why) = finished.and_then(RunFinished::stopped_because) {
        all.push(("stopped", why.to_owned()));
    }
    if let Some(started) = &record.started {
        all.push(("playbook", started.playbook.clone()));
        all.push(("target", started.target.name.clone()));
        all.push(("operation", started.target.operation.clone()));
        all.push(("voxplay", started.voxplay.clone()));
    }
    markup.raw("\n    ").open("properties", &[]);
    for (name, value) in all {
        markup.raw("\n      ");
        markup.empty(
            "property",
            &[("name", name.into()), ("value", value.into())],
        );
    }
    markup.raw("\n    ").close("properties");
}

/// How a case ends; with its short message.
enum End<'r> {
    Ok,
    Failure(Cow<'r, str>),
    Error(Cow<'r, str>),
    Skipped(Cow<'r, str>),
}

struct Case<'r> {
    class: Cow<'r, str>,
    name: Cow<'r, str>,
    duration_ms: u64,
    place: Option<(&'r str, usize)>,
    end: End<'r>,
    /// The whole story of a failure.
    text: String,
    /// What is worth a look although it is ok.
    remarks: String,
}

impl Case<'_> {
    fn write(&self, markup: &mut Markup<'_>) {
        let mut attributes = vec![
            ("classname", self.class.clone()),
            ("name", self.name.clone()),
            ("time", seconds(self.duration_ms)),
        ];
        if let Some((file, line)) = self.place {
            attributes.push(("file", file.into()));
            attributes.push(("line", line.to_string().into()));
        }
        markup.raw("\n    ").open("testcase", &attributes);
        match &self.end {
            End::Ok => {}
            End::Failure(message) => self.trouble(markup, "failure", "failed", message),
            End::Error(message) => self.trouble(markup, "error", "unknown", message),
            End::Skipped(message) => {
                markup.raw("\n      ");
                markup.empty("skipped", &[("message", message.clone())]);
            }
        }
        if !self.remarks.is_empty() {
            markup.raw("\n      ");
            markup.element("system-out", &[], &self.remarks);
        }
        markup.raw("\n    ").close("testcase");
    }

    fn trouble(&self, markup: &mut Markup<'_>, tag: &'static str, kind: &str, message: &str) {
        let attributes = [("message", message.into()), ("type", kind.into())];
        markup.raw("\n      ");
        markup.element(tag, &attributes, &self.text);
    }
}

fn cases_of<'r>(record: &'r RunRecord, step: &'r StepRecord) -> Vec<Case<'r>> {
    match step.rows {
        Some(rows) if rows.total() > 0 => {
            let listed: Vec<&RowRecord> = record
                .rows
                .iter()
                .filter(|row| row.of == step.step)
                .collect();
            let mut cases: Vec<Case<'r>> =
                listed.iter().map(|row| case_of_row(record, row)).collect();
            cases.push(the_rest(record, step, rows, &listed));
            cases
        }
        // Steps of a group have cases of their own.
        None if step.action.is_none() && step.error.is_none() => Vec::new(),
        _ => vec![case_of_step(record, step)],
    }
}

/// Rows of a loop that has no end, because the run was killed in it.
fn rows_without_loop(record: &RunRecord) -> impl Iterator<Item = Case<'_>> {
    record
        .rows
        .iter()
        .filter(|row| {
            !record
                .steps
                .iter()
                .any(|step| step.step == row.of && step.rows.is_some())
        })
        .map(|row| case_of_row(record, row))
}

fn case_of_step<'r>(record: &'r RunRecord, step: &'r StepRecord) -> Case<'r> {
    let error = || Cow::from(step.error.as_deref().unwrap_or(word(step.outcome)));
    let name = record
        .places
        .get(&step.step)
        .and_then(|place| place.name.as_ref());
    let kind = if record.is_loop(step) {
        "for_each"
    } else {
        "group"
    };
    Case {
        class: step.action.as_deref().unwrap_or(kind).into(),
        name: name.map_or_else(
            || step.step.as_str().into(),
            |name| format!("{}: {name}", step.step).into(),
        ),
        duration_ms: step.duration_ms,
        place: place(record, &step.step),
        end: match step.outcome {
            Outcome::Ok => End::Ok,
            Outcome::Failed => End::Failure(error()),
            Outcome::Unknown => End::Error(error()),
            Outcome::Skipped => End::Skipped(error()),
            Outcome::NotRun => End::Skipped("not run".into()),
        },
        text: story(
            step.error.as_deref(),
            step.http_status,
            step.code.as_ref(),
            step.answer.as_deref(),
            record.place_of(&step.step),
        ),
        remarks: step.warnings.join("\n"),
    }
}

fn case_of_row<'r>(record: &'r RunRecord, row: &'r RowRecord) -> Case<'r> {
    let step = row.failed_step.as_deref().unwrap_or(&row.of);
    let message = Cow::from(row.error.as_deref().unwrap_or(word(row.outcome)));
    let place_in_data = row.row_place(record);
    Case {
        class: row.action.as_deref().unwrap_or("row").into(),
        name: format!("{}: {}", row.of, row_words(&row.row, row.batch.as_ref())).into(),
        duration_ms: row.duration_ms,
        place: place(record, step),
        end: match row.outcome {
            Outcome::Unknown => End::Error(message),
            _ => End::Failure(message),
        },
        text: story(
            row.error.as_deref(),
            row.http_status,
            row.code.as_ref(),
            row.answer.as_deref(),
            place_in_data,
        ),
        remarks: String::new(),
    }
}

impl RowRecord {
    fn row_place(&self, record: &RunRecord) -> Option<String> {
        let data = record.row_place(self);
        let step = self.failed_step.as_deref().unwrap_or(&self.of);
        match (data, record.place_of(step)) {
            (Some(data), Some(place)) => Some(format!("{data} ({place})")),
            (data, place) => data.or(place),
        }
    }
}

/// The rows of a loop that have no case of their own, with their counts.
fn the_rest<'r>(
    record: &'r RunRecord,
    step: &'r StepRecord,
    rows: Counts,
    listed: &[&RowRecord],
) -> Case<'r> {
    let listed_that = |outcome| {
        let listed = listed.iter().filter(|row| row.outcome == outcome);
        listed.map(|row| rows_in(row.batch.as_ref())).sum::<u64>()
    };
    let failed = rows.failed.saturating_sub(listed_that(Outcome::Failed));
    let unknown = rows.unknown.saturating_sub(listed_that(Outcome::Unknown));
    let rest = Counts {
        failed,
        unknown,
        ..rows
    };
    let shown = shown_counts(rest);
    Case {
        class: "for_each".into(),
        name: if listed.is_empty() {
            format!("{}: {shown}", step.step).into()
        } else {
            format!("{}: the other rows: {shown}", step.step).into()
        },
        duration_ms: step.duration_ms,
        place: place(record, &step.step),
        end: if unknown > 0 {
            End::Error(shown.clone().into())
        } else if failed > 0 {
            End::Failure(shown.clone().into())
        } else if rest.ok == 0 && rest.total() > 0 {
            End::Skipped(shown.clone().into())
        } else {
            End::Ok
        },
        text: shown,
        remarks: String::new(),
    }
}

fn shown_counts(counts: Counts) -> String {
    let parts: Vec<String> = Outcome::ALL
        .into_iter()
        .filter(|outcome| counts.of(*outcome) > 0)
        .map(|outcome| format!("{} {}", counts.of(outcome), word(outcome)))
        .collect();
    if parts.is_empty() {
        "none".to_owned()
    } else {
        parts.join(", ")
    }
}

fn story(
    error: Option<&str>,
    http_status: Option<u16>,
    code: Option<&Value>,
    answer: Option<&str>,
    place: Option<String>,
) -> String {
    let mut lines: Vec<String> = error.map(str::to_owned).into_iter().collect();
    if let Some(place) = place {
        lines.push(format!("at {place}"));
    }
    if let Some(status) = http_status {
        lines.push(format!("HTTP status: {status}"));
    }
    if let Some(code) = code.and_then(Value::scalar_text) {
        lines.push(format!("code: {code}"));
    }
    if let Some(answer) = answer {
        lines.push(format!("answer of the CRM:\n{answer}"));
    }
    lines.join("\n")
}

fn place<'r>(record: &'r RunRecord, step: &str) -> Option<(&'r str, usize)> {
    let place = record.places.get(step)?;
    Some((&place.file, place.line))
}

/// Milliseconds as seconds with three digits.
fn seconds(milliseconds: u64) -> Cow<'static, str> {
    format!("{}.{:03}", milliseconds / 1_000, milliseconds % 1_000).into()
}

/// The schemas take a time without zone and fraction; it is one of UTC.
fn local_time(rfc3339: &str) -> Cow<'_, str> {
    rfc3339.get(..19).unwrap_or(rfc3339).into()
}
