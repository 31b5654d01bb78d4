//! The journal under test: on a real disk where durability counts, in memory elsewhere.

mod crash;
mod latest;
mod locking;
mod opening;
mod pruning;
mod reading;
mod writing;

use std::sync::Arc;

use super::{Journal, JournalError};
use crate::action::TargetFacts;
use crate::event::{
    AttemptFailed, AttemptStarted, Counts, Event, EventKind, RunFinished, RunId, RunOutcome,
    RunStarted, StepFinished,
};
use crate::outcome::Outcome;
use crate::value::Map;
use crate::value::Value;

pub(super) fn run_id(text: &str) -> RunId {
    RunId::parse(text).unwrap()
}

pub(super) fn at(second: u32, kind: EventKind) -> Event {
    Event {
        time: format!("2026-03-01T10:{:02}:{:02}.000Z", second / 60, second % 60),
        kind,
    }
}

/// Events are read from their JSON here, so that a new field with a default breaks no test.
fn parsed(kind: &str, body: &str) -> EventKind {
    EventKind::parse(kind, body).unwrap()
}

pub(super) fn started(started_at: &str) -> EventKind {
    let started = RunStarted {
        playbook: "playbooks/escalate.yaml".to_owned(),
        name: Some("Escalate — año \"nuevo\"".to_owned()),
        target: TargetFacts {
            name: "sandbox".to_owned(),
            server: "http://127.0.0.1:8090".to_owned(),
            operation: "acme".to_owned(),
        },
        voxplay: "0.1.0".to_owned(),
        playbook_digest: "ab".repeat(32),
        started_at: started_at.to_owned(),
        steps: 2,
        inputs: Map::default(),
        tags: Vec::new(),
        text: String::new(),
        texts: std::collections::BTreeMap::new(),
        from_root: String::new(),
        root: None,
        sandbox: false,
        accounts: crate::event::AccountFlags::default(),
        fingerprints: std::collections::BTreeMap::new(),
        plan: None,
        named: false,
        from_env: std::collections::BTreeMap::new(),
        by_default: Box::default(),
        data: None,
        private: None,
        timezone: None,
        outline: std::collections::BTreeMap::new(),
    };
    EventKind::RunStarted(started)
}

pub(super) fn attempt(step: &str, row: Option<&str>, attempt: u32) -> EventKind {
    let row = row.map_or("null".to_owned(), |row| format!("{row:?}"));
    parsed(
        "attempt_started",
        &format!(
            r#"{{"step":"{step}","row":{row},"attempt":{attempt},"action":"call_activity.insert",
            "effect":"create","request":{{"method":"POST"}},"digest":"d"}}"#
        ),
    )
}

pub(super) fn attempt_failed(step: &str, row: Option<&str>, attempt: u32) -> EventKind {
    EventKind::AttemptFailed(AttemptFailed {
        step: step.to_owned(),
        row: row.map(str::to_owned),
        attempt,
        page: None,
        reason: "HTTP 429".to_owned(),
        http_status: Some(429),
        wait_ms: 1000,
        in_doubt: false,
        unsent: false,
    })
}

pub(super) fn step(step: &str, row: Option<&str>, outcome: Outcome) -> EventKind {
    let row = row.map_or("null".to_owned(), |row| format!("{row:?}"));
    parsed(
        "step_finished",
        &format!(
            r#"{{"step":"{step}","row":{row},"action":"call_activity.insert","outcome":"{outcome}",
            "http_status":200,"code":"200","msg":"Creado con éxito","wolkvox_id":"0123",
            "attempts":1,"duration_ms":12,"error":null,
            "outputs":{{"wolkvox_id":"0123","total":10000.10,"n":[12345678901234567890123,null]}}}}"#
        ),
    )
}

pub(super) fn finished(outcome: RunOutcome) -> EventKind {
    parsed(
        "run_finished",
        &format!(
            r#"{{"outcome":{},"counts":{{"ok":1,"failed":0,"unknown":0,"skipped":0,"not_run":1}},
            "requests":1,"outputs":{{"call_id":1e400}},"duration_ms":5}}"#,
            serde_json::to_string(&outcome).unwrap()
        ),
    )
}

/// Every event of a run, without its number.
pub(super) fn all(journal: &Journal, run: &RunId) -> Vec<Event> {
    journal
        .events(run)
        .enumerate()
        .map(|(index, stored)| {
            let (seq, event) = stored.unwrap();
            assert_eq!(seq, index as u64 + 1, "the numbers have no gap");
            event
        })
        .collect()
}

#[test]
fn the_made_up_events_hold_what_is_hard_to_keep() {
    let EventKind::StepFinished(StepFinished { outputs, .. }) = step("a", None, Outcome::Ok) else {
        unreachable!("it was made as one")
    };
    assert_eq!(
        outputs["n"],
        Value::from_json_text("[12345678901234567890123,null]").unwrap()
    );
    assert!(matches!(
        attempt("a", Some("1"), 1),
        EventKind::AttemptStarted(AttemptStarted { attempt: 1, .. })
    ));
    assert!(matches!(
        finished(RunOutcome::Ok),
        EventKind::RunFinished(RunFinished {
            counts: Counts { not_run: 1, .. },
            ..
        })
    ));
}

#[test]
fn a_handle_can_go_to_other_threads() {
    fn goes<T: Send + Sync + Clone + 'static>() {}
    goes::<Journal>();
    goes::<Arc<JournalError>>();
}
