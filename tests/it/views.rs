//! The views that people ask with SQL say of a step what `resume` and `reconcile` take it for.

use std::cell::Cell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use voxplay::event::{Decision, Event, EventKind, RunId};
use voxplay::journal::{Durability, Journal};
use voxplay::outcome::Outcome;
use voxplay::run::History;

/// Steps and what their requests do.
const STEPS: [(&str, &str); 3] = [("adds", "create"), ("sets", "update"), ("asks", "read")];
const ROWS: [Option<&str>; 3] = [None, Some("1"), Some("2")];
/// What may happen to a step, by its kind and the rest of its body.
const HAPPENS: [(&str, &str); 14] = [
    (
        "attempt_started",
        r#""attempt":1,"action":"x","request":{},"digest":"d""#,
    ),
    (
        "attempt_failed",
        r#""attempt":1,"reason":"busy","http_status":429,"wait_ms":1"#,
    ),
    (
        "attempt_failed",
        r#""attempt":1,"reason":"cut","http_status":null,"wait_ms":1,"in_doubt":true"#,
    ),
    (
        "step_finished",
        r#""action":"x","outcome":"ok","attempts":1,"duration_ms":1,"accepted":true"#,
    ),
    (
        "step_finished",
        r#""action":"x","outcome":"failed","attempts":1,"duration_ms":1"#,
    ),
    (
        "step_finished",
        r#""action":"x","outcome":"failed","attempts":1,"duration_ms":1,"accepted":true"#,
    ),
    (
        "step_finished",
        r#""action":"x","outcome":"unknown","attempts":1,"duration_ms":1"#,
    ),
    (
        "step_finished",
        r#""action":"x","outcome":"failed","attempts":0,"duration_ms":0"#,
    ),
    (
        "step_finished",
        r#""action":"x","outcome":"not_run","attempts":0,"duration_ms":0"#,
    ),
    (
        "step_finished",
        r#""action":"x","outcome":"skipped","attempts":0,"duration_ms":0"#,
    ),
    (
        "reconciled",
        r#""action":"x","decision":"ok","wolkvox_id":null"#,
    ),
    (
        "reconciled",
        r#""action":"x","decision":"failed","wolkvox_id":null"#,
    ),
    (
        "reconciled",
        r#""action":"x","decision":"resend","wolkvox_id":null"#,
    ),
    (
        "row_finished",
        r#""number":1,"outcome":"failed","failed_step":null,"code":null,"error":null,"duration_ms":1"#,
    ),
];

type Key = (&'static str, Option<&'static str>);

fn event_of((step, row): Key, (kind, rest): (&str, &str)) -> EventKind {
    let (_, effect) = STEPS.iter().find(|(id, _)| *id == step).unwrap();
    let row = row.map_or_else(String::new, |row| format!(r#""row":"{row}","#));
    let body = format!(r#"{{"step":"{step}",{row}"effect":"{effect}",{rest}}}"#);
    EventKind::parse(kind, &body).unwrap()
}

/// Whether an event is about a step: the end of a row is not.
fn is_of(event: &EventKind, step: &str, row: Option<&str>) -> bool {
    let (of_step, of_row) = match event {
        EventKind::AttemptStarted(it) => (&it.step, &it.row),
        EventKind::AttemptFailed(it) => (&it.step, &it.row),
        EventKind::StepFinished(it) => (&it.step, &it.row),
        EventKind::Reconciled(it) => (&it.step, &it.row),
        _ => return false,
    };
    of_step == step && of_row.as_deref() == row
}

fn is_in_doubt(history: &History, step: &str, row: Option<&str>) -> bool {
    let settled = history.settled(step, row);
    history.may_be_done(step, row) || settled.is_some_and(|end| end.outcome == Outcome::Unknown)
}

/// Whether a run writes this down of a step of which this is known.
fn is_lawful(events: &[EventKind], (step, row): Key, effect: &str, event: &EventKind) -> bool {
    let history = History::from_events(events);
    let is_begun = history.in_doubt(step, row).is_some();
    let settled = history.settled(step, row);
    let in_doubt = is_in_doubt(&history, step, row);
    match event {
        // What failed is tried again where that is asked for.
        EventKind::AttemptStarted(_) => {
            let failed = |outcome| outcome == Outcome::Failed;
            (effect != "create" || !in_doubt)
                && settled.is_none_or(|end| failed(end.outcome) && !end.accepted)
        }
        EventKind::AttemptFailed(_) => is_begun,
        EventKind::StepFinished(end) => match end.outcome {
            Outcome::NotRun | Outcome::Skipped => true,
            Outcome::Failed if end.attempts == 0 => settled.is_none() && !in_doubt,
            _ => is_begun,
        },
        // Until the run goes on it takes the place of an earlier word: what that one was said of counts.
        EventKind::Reconciled(word) => {
            let is_deed = |event: &EventKind| {
                is_of(event, step, row) && !matches!(event, EventKind::Reconciled(_))
            };
            let deeds = events.iter().rposition(is_deed).map_or(0, |last| last + 1);
            let before = History::from_events(&events[..deeds]);
            let is_accepted = before
                .settled(step, row)
                .is_some_and(|end| end.outcome == Outcome::Failed && end.accepted);
            is_in_doubt(&before, step, row)
                || (is_accepted && effect != "read" && word.decision == Decision::Ok)
        }
        EventKind::RowFinished(_) => true,
        _ => unreachable!("nothing else happens here"),
    }
}

/// What the SQL says of a run: of each step a text, the event's number first.
fn asked(
    shell: &rusqlite::Connection,
    sql: &str,
    run: &str,
) -> BTreeMap<(String, Option<String>), (u64, String)> {
    let mut asked = shell.prepare_cached(sql).unwrap();
    let rows = asked.query_map([run], |row| {
        let seq: i64 = row.get(2)?;
        Ok((
            (row.get(0)?, row.get(1)?),
            (seq.unsigned_abs(), row.get(3)?),
        ))
    });
    let rows: Vec<_> = rows.unwrap().map(Result::unwrap).collect();
    let (count, by_step) = (rows.len(), rows.into_iter().collect::<BTreeMap<_, _>>());
    assert_eq!(count, by_step.len(), "a step is told of once");
    by_step
}

/// Events in few words, for who has to find out what is wrong.
fn in_short(events: &[EventKind]) -> Vec<String> {
    let bodies = events.iter().map(|event| event.body().unwrap());
    let told = events.iter().zip(bodies);
    told.map(|(event, body)| format!("{} {body}", event.tag()))
        .collect()
}

/// What is written down of a run, and whether the readers agree about it.
struct Case<'c> {
    journal: &'c Journal,
    shell: &'c rusqlite::Connection,
    run: RunId,
}

impl Case<'_> {
    async fn write(&self, events: &[EventKind]) {
        for kind in events {
            let event = Event {
                time: "2026-03-01T10:00:00.000Z".to_owned(),
                kind: kind.clone(),
            };
            let written = self.journal.append(&self.run, &event, Durability::Soon);
            written.await.unwrap();
        }
        self.journal.flush().await.unwrap();
    }

    fn compare(&self, events: &[EventKind]) {
        let run = self.run.as_str();
        let steps = asked(
            self.shell,
            "SELECT step, \"row\", seq, outcome FROM steps WHERE run = ?1",
            run,
        );
        let view = asked(
            self.shell,
            "SELECT step, \"row\", seq, why FROM in_doubt WHERE run = ?1",
            run,
        );
        let doubts: BTreeMap<_, _> = self
            .journal
            .in_doubt(&self.run)
            .unwrap()
            .into_iter()
            .map(|doubt| {
                let (step, row) = match doubt.event.kind {
                    EventKind::AttemptStarted(sent) => (sent.step, sent.row),
                    EventKind::StepFinished(end) => (end.step, end.row),
                    other => unreachable!("{other:?} is no doubt"),
                };
                ((step, row), doubt.seq)
            })
            .collect();
        let history = History::from_journal(self.journal, &self.run).unwrap();
        for (step, effect) in STEPS {
            for row in ROWS {
                let key = (step.to_owned(), row.map(str::to_owned));
                let said = format!("{key:?} of {:?}", in_short(events));
                let settled = history.settled(step, row);
                let is_unknown = settled
                    .as_ref()
                    .is_some_and(|end| end.outcome == Outcome::Unknown);
                let may_be_done = history.may_be_done(step, row) || is_unknown;
                assert_eq!(doubts.contains_key(&key), may_be_done, "doubts: {said}");
                match (view.get(&key), doubts.get(&key)) {
                    (Some((seq, _)), Some(doubt)) => assert_eq!(seq, doubt, "{said}"),
                    // What only reads is in doubt for people who look, and for nobody who sends.
                    (Some((_, why)), None) => {
                        assert_eq!((effect, why.starts_with("sent")), ("read", true), "{said}");
                    }
                    // It waited for another attempt when the run was killed.
                    (None, Some(_)) => assert!(
                        history.in_doubt(step, row).is_none() && !is_unknown,
                        "{said}"
                    ),
                    (None, None) => {}
                }
                match (settled, steps.get(&key)) {
                    (Some(end), told) => assert_eq!(
                        told.map(|told| told.1.as_str()),
                        Some(end.outcome.as_str()),
                        "{said}"
                    ),
                    (None, None) => {}
                    // Its latest outcome is one that nothing is built on: something was sent since, or is to be.
                    (None, Some((seq, outcome))) => {
                        let left = ["not_run", "skipped"].contains(&outcome.as_str());
                        let since = &events[usize::try_from(*seq).unwrap()..];
                        let is_since = |event: &EventKind| match event {
                            EventKind::AttemptStarted(_) => is_of(event, step, row),
                            EventKind::Reconciled(it) => {
                                it.decision == Decision::Resend && is_of(event, step, row)
                            }
                            _ => false,
                        };
                        assert!(left || since.iter().any(is_since), "{outcome}: {said}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_views_say_what_the_program_goes_by() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let shell = rusqlite::Connection::open(folder.path().join("journal.sqlite")).unwrap();
    let choices = prop::collection::vec((0..STEPS.len(), 0..ROWS.len(), 0..HAPPENS.len()), 1..60);
    let count = Cell::new(0);
    let happened: [Cell<u32>; HAPPENS.len()] = Default::default();
    let mut runner = TestRunner::new(Config::with_cases(300));
    let tried = runner.run(&choices, |choices| {
        count.set(count.get() + 1);
        let case = Case {
            journal: &journal,
            shell: &shell,
            run: RunId::parse(&format!("r{}", count.get())).unwrap(),
        };
        let mut events: Vec<EventKind> = Vec::new();
        for (step, row, what) in choices {
            let (step, effect) = STEPS[step];
            let key = (step, ROWS[row]);
            // Only a row ends as one.
            if key.1.is_none() && HAPPENS[what].0 == "row_finished" {
                continue;
            }
            let event = event_of(key, HAPPENS[what]);
            if is_lawful(&events, key, effect, &event) {
                events.push(event);
                happened[what].set(happened[what].get() + 1);
            }
        }
        runtime.block_on(case.write(&events));
        case.compare(&events);
        Ok(())
    });
    tried.unwrap();
    assert!(
        happened.iter().all(|times| times.get() > 20),
        "{happened:?}"
    );
}
