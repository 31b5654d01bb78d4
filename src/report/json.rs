//! Events as JSON, one object a line: the stable interface for programs.

use std::fmt::Write as _;

use serde_json::json;

use crate::diagnostic::{Diagnostic, render};
use crate::event::{Event, EventKind, RunId, SCHEMA};
use crate::value::{Map, Value};

/// Findings as events, a line each: what [`render::json_lines`] says of them, behind the keys that every event has.
/// `run` is none where no run is known yet.
pub fn findings(run: Option<&RunId>, time: &str, findings: &[Diagnostic]) -> String {
    let run = run.map_or(Value::Null, |run| run.as_str().into());
    let head = Value::Map(head("finding", run, time)).to_json_text();
    let head = head.trim_end_matches('}');
    let lines = render::json_lines(findings);
    lines.lines().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{head},{}", line.trim_start_matches('{'));
        text
    })
}

/// What every event begins with.
fn head(event: &str, run: Value, time: &str) -> Map {
    Map::from_iter([
        ("event".to_owned(), event.into()),
        ("schema".to_owned(), u64::from(SCHEMA).into()),
        ("run".to_owned(), run),
        ("time".to_owned(), time.into()),
    ])
}

/// One event as one line with all that the journal has of it, for those that only the journal needs.
pub fn whole_line(run: &RunId, event: &Event) -> String {
    let body = event.kind.body().unwrap_or_default();
    let mut fields = head(event.kind.tag(), run.as_str().into(), &event.time);
    if let Ok(Value::Map(body)) = Value::from_json_text(&body) {
        fields.extend(body);
    }
    Value::Map(fields).to_json_text()
}

/// One event as one line without a line break; none for events that only the journal needs.
pub fn line(run: &RunId, event: &Event) -> Option<String> {
    let mut fields = head(event.kind.tag(), run.as_str().into(), &event.time);
    // Values of the CRM are set apart: their numbers keep their digits.
    let (mut body, values) = match &event.kind {
        EventKind::RunStarted(started) => (
            json!({
                "playbook": started.playbook,
                "name": started.name,
                "target": started.target,
                "voxplay": started.voxplay,
                "playbook_digest": started.playbook_digest,
                "started_at": started.started_at,
                "steps": started.steps,
            }),
            vec![],
        ),
        EventKind::StepFinished(end) => (
            json!({
                "step": end.step,
                "row": end.row,
                "action": end.action,
                "outcome": end.outcome,
                "http_status": end.http_status,
                "code": null,
                "msg": end.msg,
                "wolkvox_id": null,
                "attempts": end.attempts,
                "duration_ms": end.duration_ms,
                "error": end.error,
                "warnings": end.warnings,
            }),
            vec![
                ("code", end.code.clone().unwrap_or_default()),
                ("wolkvox_id", end.wolkvox_id.clone().unwrap_or_default()),
            ],
        ),
        EventKind::RowFinished(row) => (
            json!({
                "step": row.step,
                "row": row.row,
                "number": row.number,
                "outcome": row.outcome,
                "failed_step": row.failed_step,
                "code": null,
                "error": row.error,
                "wolkvox_ids": null,
                "duration_ms": row.duration_ms,
            }),
            vec![
                ("code", row.code.clone().unwrap_or_default()),
                ("wolkvox_ids", Value::Map(row.wolkvox_ids.clone())),
            ],
        ),
        EventKind::RunFinished(end) => (
            json!({
                "outcome": end.outcome,
                "counts": end.counts,
                "rows": end.rows,
                "waited_ms": end.waited_ms,
                "requests": end.requests,
                "stretch_requests": end.stretch_requests,
                "outputs": null,
                "missing_outputs": end.missing_outputs,
                "duration_ms": end.duration_ms,
                "stopped": end.stopped,
            }),
            vec![("outputs", Value::Map(end.outputs.clone()))],
        ),
        EventKind::AttemptStarted(_)
        | EventKind::AttemptFailed(_)
        | EventKind::LookedUp(_)
        | EventKind::Reconciled(_) => return None,
    };
    if let EventKind::RowFinished(row) = &event.kind
        && let Some(batch) = row.batch
    {
        body["batch"] = json!(batch);
    }
    if let EventKind::StepFinished(end) = &event.kind
        && let Some(pages) = end.pages
    {
        body["pages"] = pages.into();
    }
    if let Value::Map(body) = Value::from(body) {
        fields.extend(body);
    }
    fields.extend(
        values
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value)),
    );
    Some(Value::Map(fields).to_json_text())
}
