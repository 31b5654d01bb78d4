//! What is read back is what was written; the views say what the events say.

use rusqlite::Connection;

use super::{all, at, attempt, attempt_failed, finished, run_id, started, step};
use crate::action::Effect;
use crate::event::{Event, EventKind, RowFinished, RunId, RunOutcome};
use crate::journal::read::STEP_EVENTS;
use crate::journal::{Durability, Journal};
use crate::outcome::Outcome;

async fn write(journal: &Journal, run: &RunId, events: &[Event]) {
    for event in events {
        journal.append(run, event, Durability::Soon).await.unwrap();
    }
    journal.flush().await.unwrap();
}

fn doubts(journal: &Journal, run: &RunId) -> Vec<u64> {
    let events = journal.in_doubt(run).unwrap();
    events.into_iter().map(|doubt| doubt.seq).collect()
}

#[tokio::test]
async fn every_kind_comes_back_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let run = run_id("r");
    let events = [
        at(0, started("2026-03-01T10:00:00Z")),
        at(1, attempt("a", Some("ñ \\\" 'x'"), 1)),
        at(2, attempt_failed("a", Some("ñ \\\" 'x'"), 1)),
        at(3, attempt("a", Some("ñ \\\" 'x'"), 2)),
        at(4, step("a", Some("ñ \\\" 'x'"), Outcome::Ok)),
        at(5, step("b", None, Outcome::Skipped)),
        at(6, finished(RunOutcome::Failed)),
    ];
    write(&journal, &run, &events).await;
    write(&journal, &run_id("another"), &events[..1]).await;
    assert_eq!(all(&journal, &run), events);
    assert_eq!(all(&journal, &run_id("none")), []);
}

#[tokio::test]
async fn a_long_run_is_walked_in_pages() {
    let journal = Journal::memory().unwrap();
    let run = run_id("r");
    for count in [255, 256, 257, 512] {
        let have = all(&journal, &run).len();
        let more: Vec<_> = (have..count)
            .map(|_| at(0, step("a", None, Outcome::Ok)))
            .collect();
        write(&journal, &run, &more).await;
        assert_eq!(all(&journal, &run).len(), count);
    }
}

#[tokio::test]
async fn one_rows_steps_are_found_by_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let run = run_id("r");
    let events = [
        at(1, attempt("a", Some("1"), 1)),
        at(2, attempt("a", Some("2"), 1)),
        at(3, attempt("a", None, 1)),
        at(4, step("a", Some("1"), Outcome::Ok)),
        at(5, step("a", None, Outcome::Ok)),
        at(6, step("b", Some("1"), Outcome::Ok)),
    ];
    write(&journal, &run, &events).await;
    let found = |step, row| {
        let events = journal.step_events(&run, step, row).unwrap();
        events.into_iter().map(|(seq, _)| seq).collect::<Vec<_>>()
    };
    assert_eq!(found("a", Some("1")), [1, 4]);
    assert_eq!(found("a", None), [3, 5]);
    assert_eq!(found("b", Some("1")), [6]);
    assert_eq!(found("b", None), [0; 0]);

    let plan: String = Connection::open(folder.path().join("journal.sqlite"))
        .unwrap()
        .query_row(
            &format!("EXPLAIN QUERY PLAN {STEP_EVENTS}"),
            ["r", "a", "1"],
            |row| row.get(3),
        )
        .unwrap();
    assert!(
        plan.contains("events_by_step (run=? AND step=? AND row=?)"),
        "{plan}"
    );
}

fn row_ended(step: &str, row: &str, outcome: Outcome) -> EventKind {
    let end = RowFinished::new(step.to_owned(), row.to_owned(), 1, outcome);
    EventKind::RowFinished(end)
}

#[tokio::test]
async fn of_each_row_the_last_end_counts() {
    let journal = Journal::memory().unwrap();
    let run = run_id("r");
    let mut events = vec![
        at(1, row_ended("a", "1", Outcome::Failed)),
        at(2, row_ended("a", "2", Outcome::Ok)),
        at(3, row_ended("b", "1", Outcome::Ok)),
        at(4, row_ended("a", "1", Outcome::Ok)),
        // The loop may do an action itself, under the same names.
        at(5, step("a", Some("1"), Outcome::Ok)),
    ];
    // More than are read at once.
    for row in 3..600 {
        events.push(at(6, row_ended("a", &row.to_string(), Outcome::Ok)));
    }
    write(&journal, &run, &events).await;
    write(&journal, &run_id("another"), &events[..1]).await;
    let ends: Vec<u64> = journal.row_ends(&run).map(|end| end.unwrap().0).collect();
    let expected: Vec<u64> = [2, 3, 4].into_iter().chain(6..603).collect();
    assert_eq!(ends, expected);
}

#[tokio::test]
async fn a_run_says_how_it_stands() {
    let journal = Journal::memory().unwrap();
    let run = run_id("r1");
    let first = at(0, started("2026-03-01T10:00:00Z"));
    write(&journal, &run, std::slice::from_ref(&first)).await;
    let EventKind::RunStarted(facts) = &first.kind else {
        unreachable!("it was made as one")
    };
    let summary = journal.run(&run).unwrap().unwrap();
    assert_eq!(summary.id, run);
    assert_eq!(summary.playbook, facts.playbook);
    assert_eq!(summary.name, facts.name);
    assert_eq!(summary.target, facts.target);
    assert_eq!(summary.playbook_digest, facts.playbook_digest);
    assert_eq!(summary.voxplay, facts.voxplay);
    // By its first event, whatever `now()` was in it.
    assert_eq!(summary.started_at, "2026-03-01T10:00:00.000Z");
    assert_eq!((summary.outcome, summary.finished_at), (None, None));

    write(&journal, &run, &[at(9, finished(RunOutcome::Interrupted))]).await;
    let summary = journal.run(&run).unwrap().unwrap();
    assert_eq!(summary.outcome, Some(RunOutcome::Interrupted));
    assert_eq!(
        summary.finished_at.as_deref(),
        Some("2026-03-01T10:00:09.000Z")
    );
    assert_eq!(summary.counts.unwrap().total(), 2);

    // Resumed: it has not ended any more, and what ended before keeps its place.
    write(&journal, &run, &[at(20, attempt("a", None, 1))]).await;
    let summary = journal.run(&run).unwrap().unwrap();
    assert_eq!(
        (summary.outcome, summary.finished_at, summary.counts),
        (None, None, None)
    );

    write(
        &journal,
        &run_id("r2"),
        &[at(0, started("2026-03-02T10:00:00Z"))],
    )
    .await;
    let ids = |limit| {
        let runs = journal.runs(limit).unwrap();
        runs.into_iter().map(|run| run.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(10), [run_id("r2"), run_id("r1")]);
    assert_eq!(ids(1), [run_id("r2")]);
    assert_eq!(journal.last_of(&run), Ok(Some(3)));
    assert_eq!(journal.last_of(&run_id("none")), Ok(None));
    assert_eq!(journal.run(&run_id("none")).unwrap(), None);
}

#[tokio::test]
async fn in_doubt_is_what_has_no_last_word() {
    let journal = Journal::memory().unwrap();
    let run = run_id("r");
    let mut expect = Vec::new();
    for (seq, (kind, in_doubt)) in (1..).zip([
        (started("2026-03-01T10:00:00Z"), vec![]),
        (attempt("a", Some("1"), 1), vec![2]),
        (attempt("a", Some("2"), 1), vec![2, 3]),
        (attempt_failed("a", Some("1"), 1), vec![3]),
        (attempt("a", Some("1"), 2), vec![3, 5]),
        (step("a", Some("1"), Outcome::Ok), vec![3]),
        (step("a", Some("2"), Outcome::Unknown), vec![7]),
        (step("b", None, Outcome::Failed), vec![7]),
        (finished(RunOutcome::Unknown), vec![7]),
        // A resumed run that does not reach the row has not settled it.
        (step("a", Some("2"), Outcome::NotRun), vec![7]),
        (attempt("c", None, 1), vec![7, 11]),
        (step("c", None, Outcome::Skipped), vec![7, 11]),
        (step("c", None, Outcome::Failed), vec![7]),
        // A person looked, and it was done.
        (step("a", Some("2"), Outcome::Ok), vec![]),
    ]) {
        write(&journal, &run, &[at(seq, kind)]).await;
        expect = in_doubt;
        assert_eq!(doubts(&journal, &run), expect, "after event {seq}");
    }
    assert_eq!(expect, [0; 0]);
    assert_eq!(doubts(&journal, &run_id("another")), [0; 0]);
}

fn of_effect(effect: Effect, mut kind: EventKind) -> EventKind {
    if let EventKind::AttemptStarted(sent) = &mut kind {
        sent.effect = effect;
    }
    kind
}

fn lost(mut kind: EventKind) -> EventKind {
    if let EventKind::AttemptFailed(failed) = &mut kind {
        failed.in_doubt = true;
    }
    kind
}

#[tokio::test]
async fn an_update_is_left_to_resume_until_a_stretch_has_gone_past_it() {
    let journal = Journal::memory().unwrap();
    let run = run_id("r");
    let update = |step, attempt_of| of_effect(Effect::Update, attempt(step, None, attempt_of));
    for (seq, (kind, left, in_doubt)) in (1..).zip([
        (started("2026-03-01T10:00:00Z"), vec![], vec![]),
        (
            of_effect(Effect::Read, attempt("r", None, 1)),
            vec![],
            vec![],
        ),
        (update("a", 1), vec![3], vec![]),
        (update("b", 1), vec![3, 4], vec![]),
        // What waits for another attempt is in doubt by the one that got no answer.
        (lost(attempt_failed("b", None, 1)), vec![3, 4], vec![]),
        (update("b", 2), vec![3, 6], vec![]),
        (attempt_failed("b", None, 2), vec![3, 6], vec![]),
        (attempt("c", None, 1), vec![3, 6], vec![8]),
        (finished(RunOutcome::Interrupted), vec![3, 6], vec![8]),
        (step("a", None, Outcome::NotRun), vec![3, 6], vec![8]),
        (finished(RunOutcome::Budget), vec![3, 6], vec![8]),
        (finished(RunOutcome::Unknown), vec![], vec![3, 6, 8]),
        (step("b", None, Outcome::Ok), vec![], vec![3, 8]),
        (update("a", 2), vec![14], vec![8]),
        (step("a", None, Outcome::Ok), vec![], vec![8]),
        (step("r", None, Outcome::Unknown), vec![], vec![8, 16]),
    ]) {
        write(&journal, &run, &[at(seq, kind)]).await;
        let found = journal.in_doubt(&run).unwrap();
        let of = |is_left: bool| -> Vec<u64> {
            let found = found.iter().filter(|doubt| doubt.is_left == is_left);
            found.map(|doubt| doubt.seq).collect()
        };
        assert_eq!((of(true), of(false)), (left, in_doubt), "after event {seq}");
    }
}

#[tokio::test]
async fn people_can_ask_the_views() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let events = [
        at(1, attempt("a", Some("1"), 1)),
        at(2, step("a", Some("1"), Outcome::Unknown)),
        at(3, attempt("b", None, 1)),
        at(4, step("a", Some("2"), Outcome::Unknown)),
        at(5, step("a", Some("2"), Outcome::Ok)),
        at(6, step("a", Some("2"), Outcome::NotRun)),
        at(7, step("c", None, Outcome::Skipped)),
        at(8, step("c", None, Outcome::NotRun)),
    ];
    write(&journal, &run_id("r"), &events).await;
    let shell = Connection::open(folder.path().join("journal.sqlite")).unwrap();
    let ask = |sql: &str| -> Vec<String> {
        shell
            .prepare(sql)
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    };
    assert_eq!(
        ask(
            "SELECT concat_ws('|', step, \"row\", outcome, action, msg, wolkvox_id, attempts)
             FROM steps ORDER BY seq"
        ),
        [
            "a|1|unknown|call_activity.insert|Creado con éxito|0123|1",
            "a|2|ok|call_activity.insert|Creado con éxito|0123|1",
            "c|not_run|call_activity.insert|Creado con éxito|0123|1",
        ]
    );
    assert_eq!(
        ask("SELECT concat_ws('|', step, \"row\", why, action, effect) FROM in_doubt ORDER BY seq"),
        [
            "a|1|unknown|call_activity.insert|create",
            "b|sent, no answer recorded|call_activity.insert|create",
        ]
    );
}

fn unsent(mut kind: EventKind) -> EventKind {
    if let EventKind::AttemptFailed(failed) = &mut kind {
        failed.unsent = true;
    }
    kind
}

#[tokio::test]
async fn requests_are_counted_by_server_operation_and_day() {
    let journal = Journal::memory().unwrap();
    let run = run_id("r");
    let first = at(0, started("2026-03-01T10:00:00Z"));
    write(
        &journal,
        &run,
        &[
            first,
            at(1, attempt("a", None, 1)),
            at(2, attempt("a", None, 2)),
            // What was provably not sent is no request; the one after it has no end, and is one.
            at(2, attempt("b", None, 1)),
            at(2, unsent(attempt_failed("b", None, 1))),
            at(2, attempt("b", Some("1"), 1)),
            at(3, finished(RunOutcome::Ok)),
        ],
    )
    .await;
    let count =
        |server, operation, since| journal.requests_since(server, operation, since).unwrap();
    let here = "http://127.0.0.1:8090";
    assert_eq!(count(here, "acme", "2026-03-01T00:00:00.000Z"), 3);
    assert_eq!(count(here, "acme", "2026-03-01T10:00:02.000Z"), 2);
    assert_eq!(count(here, "acme", "2026-03-02T00:00:00.000Z"), 0);
    assert_eq!(count(here, "other", "2026-03-01T00:00:00.000Z"), 0);
    assert_eq!(
        count("http://127.0.0.1:1", "acme", "2026-03-01T00:00:00.000Z"),
        0
    );
}
