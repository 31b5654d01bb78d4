//! A run that is always the same: the events of a loop in which some rows fail and some are in doubt.

use jiff::Timestamp;
use voxplay::event::{Event, EventKind, RunId};
use voxplay::report::record::{Places, Recorder, RunRecord, places};
use voxplay::source::Source;

pub(super) const PLAYBOOK: &str = include_str!("../../data/reports/playbook.yaml");

/// When the run starts, in milliseconds since 1970.
const START: i64 = 1_763_640_000_000;

pub(super) fn run_id() -> RunId {
    RunId::parse("019aa111-2222-7333-8444-555566667777").unwrap()
}

/// Where the steps of the playbook stand.
pub(super) fn places_of_playbook() -> Places {
    let source = Source::new("playbooks/overdue.yaml", PLAYBOOK);
    let (playbook, _) = voxplay::playbook::parse(&source);
    let playbook = playbook.unwrap();
    places(&playbook)
}

/// An event from JSON, so many milliseconds after the start.
pub(super) fn event(after_ms: u64, kind: &str, body: &serde_json::Value) -> Event {
    let time = Timestamp::from_millisecond(START + i64::try_from(after_ms).unwrap()).unwrap();
    Event {
        time: format!("{time:.3}"),
        kind: EventKind::parse(kind, &body.to_string()).unwrap(),
    }
}

macro_rules! tell {
    ($to:expr, $at:expr, $kind:literal, $body:tt) => {
        $to(event($at, $kind, &serde_json::json!($body)))
    };
}

/// What becomes of a row.
enum Fate {
    Well,
    Refused,
    NoPhone,
    Doubt,
    Slow,
}

fn fate(number: u64) -> Fate {
    match number {
        _ if number % 97 == 41 => Fate::Doubt,
        _ if number % 23 == 7 => Fate::Refused,
        _ if number % 61 == 11 => Fate::NoPhone,
        _ if number % 31 == 5 => Fate::Slow,
        _ => Fate::Well,
    }
}

fn id(number: u64) -> String {
    format!("64cbdd2f9a1b7c001e{number:06x}")
}

/// Tells the events of a run of so many rows, one by one.
pub(super) fn tell(rows: u64, to: &mut dyn FnMut(Event)) {
    started(to);
    let mut counts = [0u64; 3];
    let mut at = 400;
    for number in 1..=rows {
        // Rows begin 100 ms after each other at first, and slower in the middle of the run.
        at += if (rows / 3..rows / 2).contains(&number) {
            240
        } else {
            90
        };
        counts[row(number, at, to)] += 1;
    }
    ended(rows, counts, at, to);
}

fn started(to: &mut dyn FnMut(Event)) {
    tell!(to, 0, "run_started", {
        "playbook": "playbooks/overdue.yaml", "name": "Chase overdue accounts",
        "target": {"name": "production", "server": "https://crm0001.wolkvox.com", "operation": "acme"},
        "voxplay": "0.1.0", "playbook_digest": "5f0e".repeat(16), "started_at": "2025-11-20T12:00:00Z",
        "steps": 5, "inputs": {"campaign": "november"},
    });
    tell!(to, 12, "attempt_started", {
        "step": "campaign", "attempt": 1, "action": "record.update", "effect": "update",
        "request": {}, "digest": "00",
    });
    tell!(to, 231, "step_finished", {
        "step": "campaign", "action": "record.update", "outcome": "ok", "http_status": 200, "code": "200",
        "msg": "updated", "wolkvox_id": id(0), "attempts": 1, "duration_ms": 219, "error": null,
    });
}

#[expect(
    clippy::too_many_lines,
    reason = "one story, told from its beginning to its end"
)]
/// One row; gives 0 for ok, 1 for failed, 2 for unknown.
fn row(number: u64, at: u64, to: &mut dyn FnMut(Event)) -> usize {
    let key = format!("A-{number:05}");
    let took = 80 + number * 37 % 140;
    let attempt =
        |to: &mut dyn FnMut(Event), at, step: &str, action: &str, effect: &str, count: u64| {
            tell!(to, at, "attempt_started", {
                "step": step, "row": key, "attempt": count, "action": action, "effect": effect,
                "request": {}, "digest": "00",
            });
        };
    let finished = |to: &mut dyn FnMut(Event),
                    at,
                    step: &str,
                    action: &str,
                    outcome: &str,
                    more: serde_json::Value| {
        let mut body = serde_json::json!({
            "step": step, "row": key, "action": action, "outcome": outcome, "http_status": 200, "code": "200",
            "msg": "ok", "wolkvox_id": id(number), "attempts": 1, "duration_ms": took, "error": null,
        });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        to(event(at, "step_finished", &body));
    };
    let row_finished = |to: &mut dyn FnMut(Event),
                        at,
                        outcome: &str,
                        step: Option<&str>,
                        code: Option<&str>,
                        error: Option<&str>| {
        tell!(to, at, "row_finished", {
            "step": "each_account", "row": key, "number": number, "outcome": outcome, "failed_step": step,
            "code": code, "error": error, "duration_ms": took * 2,
        });
    };
    attempt(to, at, "mark", "record.update", "update", 1);
    let mut now = at + took;
    match fate(number) {
        Fate::Refused => {
            let error = format!("HTTP 200, code 404, the id {} was not found", id(number));
            let answer = serde_json::json!({"code": "404", "error": format!("the id {} was not found", id(number)), "msg": "not found", "data": []});
            finished(
                to,
                now,
                "mark",
                "record.update",
                "failed",
                serde_json::json!({
                    "code": "404", "msg": "not found", "error": error, "answer": answer.to_string(), "wolkvox_id": null,
                }),
            );
            row_finished(to, now, "failed", Some("mark"), Some("404"), Some(&error));
            return 1;
        }
        Fate::Slow => {
            tell!(to, now, "attempt_failed", {
                "step": "mark", "row": key, "attempt": 1, "reason": "the server answered HTTP 429: not now",
                "http_status": 429, "wait_ms": 2000,
            });
            attempt(to, now + 2000, "mark", "record.update", "update", 2);
            now += 2000 + took;
            finished(
                to,
                now,
                "mark",
                "record.update",
                "ok",
                serde_json::json!({"attempts": 2, "duration_ms": 2000 + took * 2}),
            );
        }
        _ => finished(
            to,
            now,
            "mark",
            "record.update",
            "ok",
            serde_json::json!({}),
        ),
    }
    attempt(to, now, "call", "call_activity.insert", "create", 1);
    match fate(number) {
        Fate::NoPhone => {
            let error = "HTTP 400, code 400, phone.value is <empty>";
            finished(
                to,
                now + took,
                "call",
                "call_activity.insert",
                "failed",
                serde_json::json!({
                    "http_status": 400, "code": 400, "error": error, "wolkvox_id": null,
                    "answer": "{\"code\":400,\"error\":\"phone.value is <empty>\",\"msg\":\"\",\"data\":[]}",
                }),
            );
            row_finished(
                to,
                now + took,
                "failed",
                Some("call"),
                Some("400"),
                Some(error),
            );
            1
        }
        Fate::Doubt => {
            let error = "no answer within 60 s";
            finished(
                to,
                now + 60_000,
                "call",
                "call_activity.insert",
                "unknown",
                serde_json::json!({
                    "http_status": null, "code": null, "msg": null, "error": error, "wolkvox_id": null, "duration_ms": 60_000,
                }),
            );
            row_finished(to, now + 60_000, "unknown", Some("call"), None, Some(error));
            2
        }
        _ => {
            finished(
                to,
                now + took,
                "call",
                "call_activity.insert",
                "ok",
                serde_json::json!({}),
            );
            row_finished(to, now + took, "ok", None, None, None);
            0
        }
    }
}

fn ended(rows: u64, [ok, failed, unknown]: [u64; 3], at: u64, to: &mut dyn FnMut(Event)) {
    let end = at + 61_000;
    let took = end - 400;
    tell!(to, end, "step_finished", {
        "step": "each_account", "action": null, "outcome": "unknown", "http_status": null, "code": null,
        "msg": null, "wolkvox_id": null, "attempts": 0, "duration_ms": took,
        "error": format!("of {rows} rows: {failed} failed, {unknown} unknown"),
        "outputs": {"counts": {"read": rows, "ok": ok, "failed": failed, "unknown": unknown, "skipped": 0, "not_run": 0}},
    });
    tell!(to, end + 1, "step_finished", {
        "step": "letters", "action": "record.update", "outcome": "not_run", "http_status": null, "code": null,
        "msg": null, "wolkvox_id": null, "attempts": 0, "duration_ms": 0, "error": null,
    });
    tell!(to, end + 2, "attempt_started", {
        "step": "close", "attempt": 1, "action": "record.update", "effect": "update", "request": {}, "digest": "00",
    });
    tell!(to, end + 180, "step_finished", {
        "step": "close", "action": "record.update", "outcome": "ok", "http_status": 200, "code": "200",
        "msg": "updated", "wolkvox_id": id(0), "attempts": 1, "duration_ms": 178, "error": null,
        "warnings": ["the answer has a key more than the action's schema: `took`"],
    });
    tell!(to, end + 181, "run_finished", {
        "outcome": "unknown", "counts": {"ok": ok + 2, "failed": failed, "unknown": unknown, "skipped": 0, "not_run": 1},
        "rows": {"ok": ok, "failed": failed, "unknown": unknown, "skipped": 0, "not_run": 0},
        "waited_ms": 8_400, "requests": rows * 2 + 2, "outputs": {"campaign_id": id(0)},
        "missing_outputs": {}, "duration_ms": end + 181, "stopped": "a step is in doubt",
    });
}

/// The record of such a run.
pub(super) fn record(rows: u64) -> RunRecord {
    let mut recorder = Recorder::new(run_id()).with_places(places_of_playbook());
    tell(rows, &mut |event| recorder.add(&event));
    recorder.record()
}
