//! A whole run as one JSON document, described by `schemas/report.schema.json`: for programs that read a
//! report once the run is over. Lines while it runs are in [`super::json`].

use serde_json::{Value as Json, json};

use super::record::{Cases, Common, RowRecord, RunRecord, StepRecord};
use crate::secret::Masker;
use crate::value::{Map, Value};

/// The version of the document, written as `schema` into it.
pub const SCHEMA: u32 = 1;

/// What every document begins with, by which an earlier one is known.
pub const BEGINNING: &str = "{\n  \"schema\": ";

/// The document, with a line feed at its end.
pub fn document(record: &RunRecord, masker: &Masker) -> String {
    let mut document = value_of(record);
    masker.mask_value(&mut document);
    let mut text = serde_json::to_string_pretty(&document).expect("every value here is JSON");
    text.push('\n');
    text
}

fn value_of(record: &RunRecord) -> Value {
    let started = record.started.as_ref();
    let finished = record.finished.as_ref();
    let steps: Vec<Value> = record
        .steps
        .iter()
        .map(|step| step_value(record, step))
        .collect();
    let rows: Vec<Value> = record
        .rows
        .iter()
        .map(|row| row_value(record, row))
        .collect();
    let reasons: Vec<_> = record
        .reasons
        .iter()
        .map(|(common, cases)| reason_value(record, common, cases))
        .collect();
    let rows = Value::from(json!({
        "counts": record.row_counts(),
        "listed": null,
        "not_listed": {
            "failed": record.rows_not_listed.failed,
            "unknown": record.rows_not_listed.unknown,
        },
    }))
    .with_members([("listed", Value::List(rows))]);
    let map = |values: Option<&Map>| values.cloned().map_or(Value::Null, Value::Map);
    Value::from(json!({
        "schema": SCHEMA,
        "run": record.run,
        "voxplay": started.map(|started| &started.voxplay),
        "outcome": record.outcome(),
        "stopped": finished.and_then(|finished| finished.stopped.as_ref()),
        "playbook": started.map(|started| json!({
            "file": started.playbook,
            "name": started.name,
            "digest": started.playbook_digest,
        })),
        "target": started.map(|started| &started.target),
        "started_at": started.map(|started| &started.started_at),
        "finished_at": finished.and(record.last_event.as_ref()),
        "duration_ms": record.duration_ms(),
        "stretches": record.stretches,
        "requests": record.requests(),
        "retries": record.retries,
        "waited_ms": finished.map(|finished| finished.waited_ms),
        "inputs": null,
        "outputs": null,
        "missing_outputs": finished.map(|finished| &finished.missing_outputs),
        "counts": record.counts(),
        "rows": null,
        "steps": null,
        "reasons": reasons,
        "latency_ms": {
            "p50": record.latency.percentile(50),
            "p95": record.latency.percentile(95),
            "p99": record.latency.percentile(99),
            "max": record.latency.max(),
        },
        "series": series(record),
    }))
    .with_members([
        ("inputs", map(started.map(|started| &started.inputs))),
        ("outputs", map(finished.map(|finished| &finished.outputs))),
        ("rows", rows),
        ("steps", Value::List(steps)),
    ])
}

fn step_value(record: &RunRecord, step: &StepRecord) -> Value {
    let value = Value::from(json!({
        "step": step.step,
        "name": record.places.get(&step.step).and_then(|place| place.name.as_ref()),
        "place": place(record, &step.step),
        "action": step.action,
        "outcome": step.outcome,
        "http_status": step.http_status,
        "code": null,
        "msg": step.msg,
        "wolkvox_id": null,
        "attempts": step.attempts,
        "begins_ms": step.begins_ms,
        "duration_ms": step.duration_ms,
        "error": step.error,
        "warnings": step.warnings,
        "answer": step.answer,
        "rows": step.rows,
    }));
    let pages = step.pages.map(|pages| ("pages", Value::from(pages)));
    let known = [
        ("code", step.code.clone().unwrap_or_default()),
        ("wolkvox_id", step.wolkvox_id.clone().unwrap_or_default()),
    ];
    value.with_members(known.into_iter().chain(pages))
}

fn row_value(record: &RunRecord, row: &RowRecord) -> Value {
    let step = row.failed_step.as_deref().unwrap_or(&row.of);
    let value = Value::from(json!({
        "of": row.of,
        "row": row.row,
        "number": row.number,
        "data": record.data_of(&row.of),
        "outcome": row.outcome,
        "failed_step": row.failed_step,
        "place": place(record, step),
        "action": row.action,
        "http_status": row.http_status,
        "code": null,
        "msg": row.msg,
        "attempts": row.attempts,
        "error": row.error,
        "wolkvox_ids": null,
        "ends_ms": row.ends_ms,
        "duration_ms": row.duration_ms,
        "answer": row.answer,
    }));
    let batch = row.batch.map(|batch| ("batch", json!(batch).into()));
    let known = [
        ("code", row.code.clone().unwrap_or_default()),
        ("wolkvox_ids", Value::Map(row.wolkvox_ids.clone())),
    ];
    value.with_members(known.into_iter().chain(batch))
}

fn reason_value(record: &RunRecord, common: &Common, cases: &Cases) -> Json {
    let first: Vec<_> = cases
        .first
        .iter()
        .map(|named| {
            let mut value = json!({"of": named.of, "row": named.row, "number": named.number});
            if let Some(batch) = named.batch {
                value["batch"] = json!(batch);
            }
            value
        })
        .collect();
    json!({
        "step": common.step,
        "place": place(record, &common.step),
        "outcome": common.outcome,
        "reason": common.reason,
        "count": cases.count,
        "first_rows": first,
    })
}

fn place(record: &RunRecord, step: &str) -> Json {
    record.places.get(step).map_or(
        Json::Null,
        |place| json!({"file": place.file, "line": place.line, "column": place.column}),
    )
}

fn series(record: &RunRecord) -> Json {
    let buckets: Vec<_> = record
        .series
        .buckets()
        .iter()
        .map(|bucket| {
            json!({
                "requests": bucket.requests,
                "troubled": bucket.troubled,
                "backoff_ms": bucket.backoff_ms,
                "pace_ms": bucket.pace_ms,
                "p50_ms": bucket.latency.percentile(50),
                "p95_ms": bucket.latency.percentile(95),
                "max_ms": bucket.latency.max(),
            })
        })
        .collect();
    json!({"width_ms": record.series.width_ms(), "buckets": buckets})
}
