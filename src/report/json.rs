//! Events as JSON, one object a line: the stable interface for programs.

use serde_json::json;

use crate::event::{Event, EventKind, RunId, SCHEMA};
use crate::value::{Map, Value};

/// One event as one line without a line break; none for events that only the journal needs.
pub fn line(run: &RunId, event: &Event) -> Option<String> {
    let mut fields = Map::default();
    fields.insert("event".to_owned(), event.kind.tag().into());
    fields.insert("schema".to_owned(), u64::from(SCHEMA).into());
    fields.insert("run".to_owned(), run.as_str().into());
    fields.insert("time".to_owned(), event.time.as_str().into());
    // Values of the CRM are set apart: their numbers keep their digits.
    let (body, values) = match &event.kind {
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
