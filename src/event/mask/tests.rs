//! A secret in every text that an event can hold: where it stays, there is a reason. The events are written out field by
//! field, so that a new one is thought of here.

use std::collections::BTreeMap;

use super::*;
use crate::action::{Effect, TargetFacts};
use crate::event::{
    Accepted, AcceptedStep, AccountFlags, AttemptFailed, AttemptStarted, Counts, DataFiles,
    Decision, LookedUp, PrivatePrints, Reconciled, RowShape, RunFinished, RunOutcome, StepShape,
};
use crate::outcome::Outcome;

const SECRET: &str = "Qx7-secret-val";

fn text() -> String {
    format!("around {SECRET}.")
}

fn value() -> Value {
    let map = [(text(), text().into()), ("plain".to_owned(), text().into())];
    Value::List(vec![text().into(), Value::Map(map.into_iter().collect())])
}

fn under<V>(value: V) -> BTreeMap<String, V> {
    BTreeMap::from([("name".to_owned(), value)])
}

fn values() -> Map {
    Map::from_iter([("name".to_owned(), value())])
}

fn run_started() -> EventKind {
    EventKind::RunStarted(RunStarted {
        playbook: text(),
        from_root: text(),
        root: Some(text().into()),
        name: Some(text()),
        target: TargetFacts {
            name: text(),
            server: text(),
            operation: text(),
        },
        voxplay: text(),
        playbook_digest: text(),
        started_at: text(),
        steps: 1,
        inputs: values(),
        sandbox: false,
        accounts: AccountFlags {
            rejected: vec![text()],
            succeeded: vec![text()],
            unknown: vec![text()],
        },
        named: false,
        plan: Some(text()),
        tags: vec![text()],
        text: text(),
        texts: under(text()),
        fingerprints: [DATA_PRINT, ATTACHMENT_PRINT, "the action "]
            .map(|kind| (format!("{kind}{SECRET}"), text()))
            .into(),
        data: Some(Box::new(DataFiles(under(text())))),
        from_env: under(text()),
        by_default: [text()].into(),
        private: Some(Box::new(PrivatePrints {
            key: text(),
            inputs: under(text()),
            data: under(text()),
        })),
        timezone: Some(text().into()),
        outline: under(StepShape {
            action: Some(text()),
            with: Some(text()),
            loops: vec![text()],
            by_place: false,
            rows: Some(RowShape {
                key: Some(text()),
                by_number: false,
                batch: None,
                source: text(),
            }),
        }),
    })
}

fn step_finished() -> EventKind {
    EventKind::StepFinished(StepFinished {
        step: text(),
        row: Some(text()),
        action: Some(text()),
        outcome: Outcome::Ok,
        http_status: None,
        code: Some(value()),
        msg: Some(text()),
        wolkvox_id: Some(value()),
        attempts: 1,
        pages: None,
        unsent: false,
        duration_ms: 1,
        accepted: true,
        error: Some(text()),
        warnings: vec![text()],
        outputs: values(),
        blank: vec![text()],
        withheld: vec![text()],
        answer: Some(text()),
    })
}

fn attempts() -> [EventKind; 2] {
    let started = AttemptStarted {
        step: text(),
        row: Some(text()),
        attempt: 1,
        page: None,
        action: text(),
        effect: Effect::Create,
        pages_read: 0,
        waited_ms: 0,
        request: value().into(),
        digest: text(),
        with: Some(Value::Map(values())),
        withheld: vec![text()],
        deletes: 0,
        item: Some(text()),
    };
    let failed = AttemptFailed {
        step: text(),
        row: Some(text()),
        attempt: 1,
        page: None,
        reason: text(),
        http_status: None,
        wait_ms: 0,
        in_doubt: false,
        unsent: false,
    };
    [
        EventKind::AttemptStarted(started),
        EventKind::AttemptFailed(failed),
    ]
}

fn doubts() -> [EventKind; 2] {
    let looked = LookedUp {
        step: text(),
        row: Some(text()),
        action: text(),
        requests: 1,
        answer: text(),
        wolkvox_ids: vec![text()],
        reason: Some(text()),
    };
    let said = Reconciled {
        step: text(),
        row: Some(text()),
        action: Some(text()),
        decision: Decision::Ok,
        wolkvox_id: Some(value()),
    };
    [EventKind::LookedUp(looked), EventKind::Reconciled(said)]
}

fn ends() -> [EventKind; 2] {
    let row = RowFinished {
        step: text(),
        row: text(),
        number: 1,
        batch: None,
        outcome: Outcome::Ok,
        failed_step: Some(text()),
        code: Some(value()),
        error: Some(text()),
        accepted: Accepted {
            steps: vec![AcceptedStep {
                step: text(),
                row: text(),
                wolkvox_id: Some(value()),
            }],
            more: 0,
        },
        wolkvox_ids: values(),
        duration_ms: 1,
        item: Some(text()),
    };
    let run = RunFinished {
        outcome: RunOutcome::Ok,
        counts: Counts::default(),
        rows: Counts::default(),
        waited_ms: 0,
        requests: 1,
        stretch_requests: None,
        outputs: values(),
        missing_outputs: under(text()),
        duration_ms: 1,
        stopped: Some(text()),
    };
    [EventKind::RowFinished(row), EventKind::RunFinished(run)]
}

/// Where the secret stands, keys included.
fn places(value: &serde_json::Value, at: &str, into: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) if text.contains(SECRET) => into.push(at.to_owned()),
        serde_json::Value::Array(items) => {
            for item in items {
                places(item, &format!("{at}[]"), into);
            }
        }
        serde_json::Value::Object(map) => {
            for (key, item) in map {
                if key.contains(SECRET) {
                    into.push(format!("{at}.{{{}}}", key.replace(SECRET, "…")));
                }
                places(item, &format!("{at}.{key}"), into);
            }
        }
        _ => {}
    }
}

#[test]
fn a_secret_stays_only_where_it_cannot_come_to() {
    let masker = Masker::new([SECRET]);
    let mut found = Vec::new();
    let kinds = [
        [run_started(), step_finished()],
        attempts(),
        doubts(),
        ends(),
    ];
    for kind in kinds.into_iter().flatten() {
        let (tag, body) = (kind.tag(), kind.masked(&masker).body().unwrap());
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        places(&body, tag, &mut found);
    }
    // Names that stand in a playbook as they are, digests, words of the command line and of ours. Of `row`, whoever
    // names rows takes secrets out; an id that a person gives stands on a command line.
    let harmless = [
        "step",
        "row",
        "action",
        "digest",
        "item",
        "withheld[]",
        "blank[]",
        "failed_step",
        "answer",
        "playbook",
        "from_root",
        "root",
        "target",
        "voxplay",
        "playbook_digest",
        "started_at",
        "plan",
        "tags[]",
        "accounts",
        "from_env",
        "by_default[]",
        "private",
        "timezone",
    ];
    found.retain(|place| {
        let (_, field) = place.split_once('.').unwrap();
        let first = field.split('.').next().unwrap();
        !harmless.contains(&first)
    });
    let others = [
        "run_started.fingerprints.the data ***",
        "run_started.fingerprints.the attachment ***",
        "run_started.fingerprints.{the action …}",
        "run_started.fingerprints.the action Qx7-secret-val",
        "run_started.outline.name.action",
        "run_started.outline.name.with",
        "run_started.outline.name.loops[]",
        "run_started.outline.name.rows.source",
        "reconciled.wolkvox_id[]",
        "reconciled.wolkvox_id[].{around ….}",
        "reconciled.wolkvox_id[].around Qx7-secret-val.",
        "reconciled.wolkvox_id[].plain",
        "row_finished.accepted_steps.steps[].step",
        "row_finished.accepted_steps.steps[].row",
    ];
    found.sort();
    let mut others = others.to_vec();
    others.sort_unstable();
    assert_eq!(found, others);
    // `answer` of a step is the CRM's, that of a look-up a word of ours.
    let answer = step_finished().masked(&masker).body().unwrap();
    assert!(answer.contains("around ***.") && !answer.contains("\"answer\":\"around Qx7"));
}

#[test]
fn what_becomes_equal_is_not_lost() {
    let masker = Masker::new(["Qx7-1", "Qx7-2"]);
    let EventKind::RunStarted(mut started) = run_started() else {
        unreachable!("it was made as one")
    };
    started.fingerprints = ["the data Qx7-1", "the data Qx7-2", "the input a"]
        .map(|name| (name.to_owned(), "d".to_owned()))
        .into();
    started.mask(&masker);
    let names: Vec<&str> = started.fingerprints.keys().map(String::as_str).collect();
    assert_eq!(names, ["the data ***", "the data *** (2)", "the input a"]);
    let mut value = Value::from_json_text(r#"{"Qx7-1":1,"b":2,"Qx7-2":3}"#).unwrap();
    mask_value(&mut value, &masker);
    assert_eq!(value.to_json_text(), r#"{"***":1,"b":2,"*** (2)":3}"#);
}

#[test]
fn our_own_words_stay_whatever_the_secret() {
    let masker = Masker::new(["day", "data", "attachment"]);
    assert_eq!(print_name("the data data.csv", &masker), "the data ***.csv");
    let [_, EventKind::RunFinished(mut end)] = ends() else {
        unreachable!("it was made as one")
    };
    end.stopped = Some(BUDGET_USED_UP.to_owned());
    let EventKind::RunFinished(end) = EventKind::RunFinished(end).masked(&masker) else {
        unreachable!("it stays one")
    };
    assert!(end.is_out_of_budget());
}
