//! The latest run of a playbook: which one it is, and that it is found by indexes.

use std::collections::BTreeSet;

use rusqlite::{Connection, params_from_iter};

use super::{at, attempt, finished, run_id, started};
use crate::event::{EventKind, RunOutcome, RunStarted};
use crate::journal::latest::{FITS, TO_TARGET};
use crate::journal::runs::LIKE;
use crate::journal::{Durability, Journal};

/// A start of a playbook in a project whose root is the parent of the state folder.
fn begun(time: &str, from_root: &str) -> RunStarted {
    let EventKind::RunStarted(facts) = started(time) else {
        unreachable!("it was made as one")
    };
    RunStarted {
        playbook: format!("/somewhere/{from_root}"),
        from_root: from_root.to_owned(),
        root: Some("..".into()),
        ..facts
    }
}

#[tokio::test]
async fn the_latest_run_of_a_playbook_says_how_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    // In one that is made anew there is nothing to look for.
    let made = Journal::open(folder.path()).unwrap();
    made.close().await.unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let mut elsewhere = begun("2026-03-05T10:00:00Z", "sub/a.yaml");
    elsewhere.target.operation = "other".to_owned();
    let mut other_project = begun("2026-03-06T10:00:00Z", "sub/a.yaml");
    other_project.root = Some("../../b".into());
    // In the order in which they began, whatever `now()` was in them.
    let runs = [
        // Its id sorts last, and it is not the latest.
        ("z", begun("2026-03-01T10:00:00Z", "sub/a.yaml"), true),
        // A plan that was saved long before it was run.
        ("c", begun("2026-02-01T10:00:00Z", "sub/a.yaml"), false),
        ("link", begun("2026-03-02T10:00:00Z", "link.yaml"), true),
        ("d", begun("2026-03-03T10:00:00Z", "a.yaml"), true),
        ("e", begun("2026-03-04T10:00:00Z", "sub/ba.yaml"), true),
        ("f", elsewhere, true),
        ("g", other_project, true),
    ];
    let unsent = begun("2026-03-07T10:00:00Z", "sub/a.yaml");
    let target = runs[0].1.target.clone();
    let latest = |names: &[&str]| {
        let names: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let found = journal.latest_of(&names, "..", &target).unwrap();
        found.map(|it| (it.run.as_str().to_owned(), it.last))
    };
    assert!(latest(&["sub/a.yaml"]).is_none());
    for (minute, (id, start, has_ended)) in (0..).zip(runs) {
        let run = run_id(id);
        let mut events = vec![EventKind::RunStarted(start), attempt("a", None, 1)];
        events.extend(has_ended.then(|| finished(RunOutcome::Ok)));
        // One of them was gone on with when the others had ended.
        let minutes = [minute, if id == "link" { 30 } else { minute }];
        for (kind, minute) in events.into_iter().zip(minutes.into_iter().cycle()) {
            let event = at(60 * minute, kind);
            journal
                .append(&run, &event, Durability::Soon)
                .await
                .unwrap();
        }
    }
    for kind in [EventKind::RunStarted(unsent), finished(RunOutcome::Budget)] {
        let (run, event) = (run_id("h"), at(60 * 20, kind));
        journal
            .append(&run, &event, Durability::Soon)
            .await
            .unwrap();
    }
    journal.flush().await.unwrap();
    let (run, last) = latest(&["sub/a.yaml"]).unwrap();
    assert_eq!((run.as_str(), last), ("c", attempt("a", None, 1)));
    let (run, last) = latest(&["a.yaml"]).unwrap();
    assert_eq!((run.as_str(), last), ("d", finished(RunOutcome::Ok)));
    let (run, _) = latest(&["link.yaml", "a.yaml"]).unwrap();
    assert_eq!(run.as_str(), "d");
    assert!(latest(&["yaml"]).is_none());

    let connection = Connection::open(folder.path().join("journal.sqlite")).unwrap();
    let plan = |sql: &str, given: &[&str]| -> Vec<String> {
        connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap()
            .query_map(params_from_iter(given), |row| row.get(3))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    };
    let by_key = ["SEARCH runs USING PRIMARY KEY (id>? AND id<?)"];
    assert_eq!(plan(LIKE, &[""; 2]), by_key);
    // The body of no run is read to put them in order, and those of few to choose among them.
    let in_order = [
        "SCAN runs",
        "SEARCH first USING INDEX sqlite_autoindex_events_1 (run=? AND seq=?)",
        "USE TEMP B-TREE FOR ORDER BY",
    ];
    assert_eq!(plan(TO_TARGET, &[""; 4]), in_order);
    let by_index = [
        "SCAN CONSTANT ROW",
        "SCALAR SUBQUERY 2",
        "SEARCH runs USING PRIMARY KEY (id=?)",
        "CORRELATED SCALAR SUBQUERY 1",
        "SEARCH early USING INDEX sqlite_autoindex_events_1 (run=? AND seq<?)",
        "SEARCH first USING INDEX sqlite_autoindex_events_1 (run=? AND seq=?)",
    ];
    assert_eq!(plan(FITS, &[""; 3]), by_index);
}
