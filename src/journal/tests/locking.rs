//! One run of one playbook at a time.

use super::run_id;
use crate::journal::{Journal, JournalError};

#[test]
fn a_playbook_runs_once_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = Journal::open(folder.path()).unwrap();
    let same_file = Journal::open(folder.path()).unwrap();
    let memory = Journal::memory().unwrap();
    for (one, other) in [(&file, &same_file), (&file, &file), (&memory, &memory)] {
        let held = one.lock("playbooks/a.yaml", &run_id("r1")).unwrap();
        let Err(JournalError::Locked { by: Some(by) }) =
            other.lock("playbooks/a.yaml", &run_id("r2"))
        else {
            panic!("two runs have the same lock")
        };
        assert_eq!((by.run, by.pid), (run_id("r1"), std::process::id()));
        assert!(by.since.parse::<jiff::Timestamp>().is_ok(), "{}", by.since);
        let another = other.lock("playbooks/b.yaml", &run_id("r3")).unwrap();
        drop(held);
        drop(another);
        let next = other.lock("playbooks/a.yaml", &run_id("r2")).unwrap();
        drop(next);
    }
    let elsewhere = Journal::memory().unwrap();
    let _held = memory.lock("a", &run_id("r1")).unwrap();
    let _free = elsewhere.lock("a", &run_id("r2")).unwrap();
}

#[test]
fn what_a_dead_holder_left_behind_does_not_lock() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    // A process that is killed does not take its name out of the file; the system frees its lock.
    let name = {
        let _held = journal.lock("a", &run_id("dead")).unwrap();
        lock_file(folder.path())
    };
    write(
        &name,
        r#"{"run":"dead","pid":1,"since":"2026-03-01T10:00:00Z"}"#,
    );
    let held = journal.lock("a", &run_id("alive")).unwrap();
    let error = journal.lock("a", &run_id("late")).unwrap_err().to_string();
    assert!(error.contains("run alive in process"), "{error}");
    drop(held);
}

#[test]
fn a_holder_that_has_not_said_its_name_is_no_obstacle_to_the_message() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let _held = journal.lock("a", &run_id("r1")).unwrap();
    write(&lock_file(folder.path()), "");
    let error = journal.lock("a", &run_id("r2")).unwrap_err();
    assert_eq!(error, JournalError::Locked { by: None });
    assert_eq!(
        error.to_string(),
        "a run of this playbook is already going on here"
    );
}

#[expect(clippy::disallowed_methods, reason = "tests look into the folder")]
fn lock_file(folder: &std::path::Path) -> std::path::PathBuf {
    std::fs::read_dir(folder.join("locks"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.file_name().unwrap() != "opening.lock")
        .unwrap()
}

#[expect(clippy::disallowed_methods, reason = "tests play another process")]
fn write(path: &std::path::Path, text: &str) {
    std::fs::write(path, text).unwrap();
}
