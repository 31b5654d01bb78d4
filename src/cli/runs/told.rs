//! An event of a run, as people read it.

use std::fmt::Write as _;

use super::{folded, when};
use crate::event::{Event, EventKind, row_words};
use crate::report::record::word;
use crate::report::words::harmless;
use crate::value::Value;

/// What a request is called: of a step that reads pages, the page, whichever attempt it is.
fn try_of(page: Option<u64>, attempt: u32) -> String {
    page.map_or_else(
        || format!("attempt {attempt}"),
        |page| format!("page {page}"),
    )
}

pub(super) fn told(event: &Event) -> String {
    let time = when(&event.time);
    let time = time.get(11..).unwrap_or(&time);
    let named = |step: &str, row: &Option<String>| match row {
        Some(row) => format!("{}@{}", harmless(step), harmless(row)),
        None => harmless(step),
    };
    let mut text = String::new();
    match &event.kind {
        EventKind::RunStarted(it) => {
            let line = format!(
                "{} {} to {} ({}, operation {})",
                when(&event.time),
                harmless(&it.playbook),
                harmless(&it.target.name),
                harmless(&it.target.server),
                harmless(&it.target.operation)
            );
            folded(&mut text, "", &line);
        }
        EventKind::AttemptStarted(it) => {
            let part = |key: &str| {
                it.request
                    .value()
                    .get(key)
                    .and_then(Value::as_text)
                    .unwrap_or("")
            };
            let _ = writeln!(
                text,
                "{time}  {}  {}  {} {}",
                named(&it.step, &it.row),
                try_of(it.page, it.attempt),
                part("method"),
                part("path")
            );
            let body = it
                .request
                .value()
                .get("json")
                .or(it.request.value().get("multipart"));
            if let Some(body) = body {
                folded(&mut text, "          ", &harmless(&body.to_json_text()));
            }
        }
        EventKind::AttemptFailed(it) => {
            let _ = writeln!(
                text,
                "{time}  {}  {} failed",
                named(&it.step, &it.row),
                try_of(it.page, it.attempt),
            );
            folded(&mut text, "          ", &harmless(&it.reason));
        }
        EventKind::StepFinished(it) => {
            let outcome = word(it.outcome);
            let _ = writeln!(text, "{time}  {}  {outcome}", named(&it.step, &it.row));
            if let Some(error) = &it.error {
                folded(&mut text, "          ", &harmless(error));
            }
            if let Some(answer) = &it.answer {
                folded(&mut text, "          ", &harmless(answer.trim()));
            }
        }
        EventKind::LookedUp(it) => {
            let _ = writeln!(
                text,
                "{time}  {}  looked up with {}: {} {}",
                named(&it.step, &it.row),
                it.action,
                it.answer.replace('_', " "),
                harmless(&it.wolkvox_ids.join(", "))
            );
            if let Some(reason) = &it.reason {
                folded(&mut text, "          ", &harmless(reason));
            }
        }
        EventKind::Reconciled(it) => {
            let _ = writeln!(
                text,
                "{time}  {}  a person says: {}",
                named(&it.step, &it.row),
                harmless(&it.said())
            );
        }
        EventKind::RowFinished(it) => {
            let _ = writeln!(
                text,
                "{time}  {} of {}  {}",
                harmless(&row_words(&it.row, it.batch.as_ref())),
                harmless(&it.step),
                word(it.outcome)
            );
        }
        EventKind::RunFinished(it) => {
            let _ = writeln!(text, "{time}  the run ended: {}", it.outcome.as_str());
        }
    }
    text
}
