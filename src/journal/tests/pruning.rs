//! Old runs forgotten: beside a run that goes on, and by a process that is stopped in the middle of it.

use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;

use super::{all, at, attempt, finished, run_id, started, step};
use crate::event::{Event, EventKind, RunId, RunOutcome};
use crate::journal::{Durability, Journal, JournalError, Old};
use crate::outcome::Outcome;

const EVER: Old<'_> = Old {
    before: "2027-01-01T00:00:00.000Z",
    repeatable_before: "2027-01-01T00:00:00.000Z",
    counted: None,
};

/// A run that ended ok, of so many rows with two events each, and of two more.
async fn write(journal: &Journal, run: &RunId, rows: u32) {
    let first = EventKind::RunStarted(match started("2026-03-01T10:00:00Z") {
        EventKind::RunStarted(mut facts) => {
            facts.from_root = format!("{run}.yaml");
            facts
        }
        _ => unreachable!("it was made as one"),
    });
    let of_rows = (1..=rows).flat_map(|row| {
        let row = row.to_string();
        let sent = attempt("a", Some(&row), 1);
        [sent, step("a", Some(&row), Outcome::Ok)]
    });
    let last = finished(RunOutcome::Ok);
    for kind in [first].into_iter().chain(of_rows).chain([last]) {
        let event = at(0, kind);
        journal.append(run, &event, Durability::Soon).await.unwrap();
    }
    journal.flush().await.unwrap();
}

fn ids(journal: &Journal) -> Vec<String> {
    let runs = journal.runs(10).unwrap().into_iter();
    runs.map(|run| run.id.as_str().to_owned()).collect()
}

#[tokio::test]
async fn what_is_forgotten_leaves_nothing_and_the_rest_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    for (run, rows) in [("a", 6_000), ("b", 3), ("c", 3)] {
        write(&journal, &run_id(run), rows).await;
    }
    let open = at(0, attempt("x", None, 1));
    let broken = run_id("b");
    journal
        .append(&broken, &open, Durability::Now)
        .await
        .unwrap();
    assert_eq!(journal.prune(EVER).unwrap(), 2);
    assert_eq!(ids(&journal), ["b"]);
    assert_eq!(all(&journal, &broken).len(), 9);
    assert_eq!(all(&journal, &run_id("a")), []);
    journal.verify().unwrap();
    assert_eq!(journal.prune(EVER).unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_goes_on_while_others_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    for run in ["a", "b", "c"] {
        write(&journal, &run_id(run), 4_000).await;
    }
    let has_ended = AtomicBool::new(false);
    let live = Journal::open(folder.path()).unwrap();
    let goes_on = async {
        let mut events: Vec<Event> = Vec::new();
        while !has_ended.load(Ordering::Relaxed) {
            let event = at(0, attempt("a", None, 1));
            let run = run_id("live");
            live.append(&run, &event, Durability::Now).await.unwrap();
            events.push(event);
        }
        events
    };
    let forgets = async {
        let own = journal.clone();
        let count = tokio::task::spawn_blocking(move || own.prune(EVER)).await;
        has_ended.store(true, Ordering::Relaxed);
        count.unwrap()
    };
    let (written, count) = futures_util::future::join(goes_on, forgets).await;
    assert_eq!(count, Ok(3));
    assert_eq!(all(&live, &run_id("live")), written);
}

#[tokio::test]
async fn a_run_that_is_half_forgotten_is_no_run_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    write(&journal, &run_id("large"), 6_000).await;
    write(&journal, &run_id("small"), 3).await;
    // As a kill would, in the middle of the large one.
    let shell = Connection::open(folder.path().join("journal.sqlite")).unwrap();
    shell
        .execute_batch(
            "CREATE TRIGGER stops BEFORE DELETE ON events WHEN old.seq = 10001
             BEGIN SELECT RAISE(FAIL, 'killed'); END",
        )
        .unwrap();
    journal.prune(EVER).unwrap_err();
    let left: (i64, i64) = shell
        .query_row(
            "SELECT min(seq), max(seq) FROM events WHERE run = 'large'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert!(
        left.0 > 1 && left.0 <= 10_001 && left.1 == 12_002,
        "{left:?}"
    );
    // It is not damaged, nobody finds it, and nobody can begin another one under its id.
    journal.verify().unwrap();
    assert!(!ids(&journal).contains(&"large".to_owned()));
    let asked = journal.run(&run_id("large"));
    assert!(
        matches!(asked, Err(JournalError::HalfForgotten { .. })),
        "{asked:?}"
    );
    assert_eq!(journal.last_of(&run_id("large")), Ok(None));
    let doubts: i64 = shell
        .query_row("SELECT count(*) FROM in_doubt", [], |row| row.get(0))
        .unwrap();
    assert_eq!(doubts, 0);

    shell.execute_batch("DROP TRIGGER stops").unwrap();
    journal.prune(EVER).unwrap();
    assert_eq!(ids(&journal), [""; 0]);
    assert_eq!(journal.run(&run_id("large")), Ok(None));
    journal.verify().unwrap();
}
