//! New, older, newer, foreign and damaged files.
#![expect(
    clippy::disallowed_methods,
    reason = "tests make files and compare their bytes"
)]

use std::fs;
use std::path::Path;
use std::sync::Barrier;

use rusqlite::Connection;

use super::{all, at, attempt, run_id, started};
use crate::journal::database::{APPLICATION_ID, EMPTY, VERSION, migrate};
use crate::journal::{Durability, Journal, JournalError};

fn database(folder: &Path) -> std::path::PathBuf {
    folder.join("journal.sqlite")
}

fn pragma(folder: &Path, name: &str) -> i64 {
    Connection::open(database(folder))
        .unwrap()
        .query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))
        .unwrap()
}

#[test]
fn a_new_folder_gets_a_database_that_git_does_not_see() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("deep/.voxplay");
    drop(Journal::open(&folder).unwrap());
    assert_eq!(
        fs::read_to_string(folder.join(".gitignore")).unwrap(),
        "*\n"
    );
    assert_eq!(pragma(&folder, "application_id"), APPLICATION_ID);
    assert_eq!(pragma(&folder, "user_version"), i64::from(VERSION));
    let header = fs::read(database(&folder)).unwrap();
    assert_eq!(header[18..20], [2, 2], "the file says that it has a log");
}

/// Everything that a database says of itself.
fn described(path: &Path) -> Vec<String> {
    let database = Connection::open(path).unwrap();
    let asked = [
        "SELECT concat_ws(' ', type, name, tbl_name, rootpage, sql) FROM sqlite_schema",
        "SELECT * FROM pragma_application_id",
        "SELECT * FROM pragma_user_version",
        "SELECT * FROM pragma_page_size",
        "SELECT * FROM pragma_page_count",
        "SELECT * FROM pragma_encoding",
        "SELECT * FROM pragma_journal_mode",
        "SELECT * FROM pragma_integrity_check",
        "SELECT count(*) FROM runs",
        "SELECT count(*) FROM events",
    ];
    let mut said = Vec::new();
    for question in asked {
        let mut statement = database.prepare(question).unwrap();
        let answers = statement.query_map([], |row| {
            let value: rusqlite::types::Value = row.get(0)?;
            Ok(format!("{question}: {value:?}"))
        });
        said.extend(answers.unwrap().map(Result::unwrap));
    }
    said
}

/// `UPDATE_SCHEMAS=1 cargo test --lib journal` writes it anew.
#[test]
fn the_empty_journal_is_what_the_statements_make() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made.sqlite");
    let connection = Connection::open(&made).unwrap();
    migrate(&connection).unwrap();
    connection
        .pragma_update(None, "journal_mode", "wal")
        .unwrap();
    drop(connection);
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/journal/empty.sqlite");
        fs::copy(&made, kept).unwrap();
    } else {
        let kept = folder.path().join("kept.sqlite");
        fs::write(&kept, EMPTY).unwrap();
        assert_eq!(described(&kept), described(&made));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_journal_that_is_taken_away_is_missed_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_id("r");
    let journal = Journal::open(folder.path()).unwrap();
    let event = at(0, attempt("a", None, 1));
    journal.append(&run, &event, Durability::Now).await.unwrap();
    fs::remove_file(database(folder.path())).unwrap();
    // Another one under its name is not it.
    fs::write(database(folder.path()), EMPTY).unwrap();
    let error = journal
        .append(&run, &event, Durability::Now)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("taken away"), "{error}");
    assert!(journal.append(&run, &event, Durability::Now).await.is_err());
}

#[test]
fn a_journal_that_was_emptied_is_not_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    drop(Journal::open(folder.path()).unwrap());
    fs::write(database(folder.path()), "").unwrap();
    let error = Journal::open(folder.path()).unwrap_err();
    assert!(matches!(error, JournalError::Corrupt { .. }), "{error}");
    assert_eq!(fs::read(database(folder.path())).unwrap(), b"");
}

#[test]
fn a_log_without_its_database_is_not_thrown_away() {
    let folder = tempfile::tempdir().unwrap();
    drop(Journal::open(folder.path()).unwrap());
    fs::remove_file(database(folder.path())).unwrap();
    let log = folder.path().join("journal.sqlite-wal");
    fs::write(&log, "what only the log knows").unwrap();
    let error = Journal::open(folder.path()).unwrap_err();
    assert!(matches!(error, JournalError::Corrupt { .. }), "{error}");
    assert!(error.to_string().contains("journal.sqlite-wal"), "{error}");
    assert!(log.exists());
    assert!(!database(folder.path()).exists());
}

#[test]
fn a_draft_of_a_new_database_that_was_left_behind_is_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path()).unwrap();
    let draft = folder.path().join("journal.sqlite-new");
    fs::write(&draft, "SQLite for").unwrap();
    drop(Journal::open(folder.path()).unwrap());
    assert!(!draft.exists());
    assert_eq!(pragma(folder.path(), "user_version"), i64::from(VERSION));
}

#[test]
fn a_commit_waits_for_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let place = crate::journal::database::Place::Folder(folder.path().to_owned());
    let writer = place.open_writer().unwrap();
    let synchronous: i64 = writer
        .query_row("PRAGMA synchronous", [], |row| row.get(0))
        .unwrap();
    assert_eq!(synchronous, 2, "FULL");
    let reader = place.open_reader().unwrap();
    let written = reader.execute_batch("DELETE FROM events");
    assert!(written.is_err(), "a reader cannot write");
}

#[test]
fn a_gitignore_of_the_user_stays() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".gitignore"), "!keep\n").unwrap();
    drop(Journal::open(folder.path()).unwrap());
    let ignore = fs::read_to_string(folder.path().join(".gitignore")).unwrap();
    assert_eq!(ignore, "!keep\n");
}

#[test]
fn many_can_open_a_new_folder_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let start = Barrier::new(8);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                start.wait();
                drop(Journal::open(folder.path()).unwrap());
            });
        }
    });
}

#[tokio::test]
async fn a_database_of_version_one_opens() {
    let folder = tempfile::tempdir().unwrap();
    let old = Connection::open(database(folder.path())).unwrap();
    old.execute_batch(include_str!("../schema.sql")).unwrap();
    old.pragma_update(None, "application_id", APPLICATION_ID)
        .unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    old.execute(
        "INSERT INTO events (run, seq, time, kind, step, attempt, body) VALUES
         ('r', 1, '2026-03-01T10:00:00.000Z', 'attempt_failed', 'a', 1,
          '{\"step\":\"a\",\"attempt\":1,\"reason\":\"HTTP 429\",\"http_status\":429,\"wait_ms\":1}')",
        [],
    )
    .unwrap();
    drop(old);
    let journal = Journal::open(folder.path()).unwrap();
    let run = run_id("r");
    assert_eq!(all(&journal, &run).len(), 1);
    let event = at(1, attempt("a", None, 2));
    journal.append(&run, &event, Durability::Now).await.unwrap();
    assert_eq!(all(&journal, &run)[1], event, "the numbers go on");
    assert_eq!(pragma(folder.path(), "user_version"), i64::from(VERSION));
}

/// Refuses the database and leaves it as it was, its log too.
fn refused(folder: &Path) -> JournalError {
    let files = ["journal.sqlite", "journal.sqlite-wal"].map(|name| folder.join(name));
    let bytes = || files.each_ref().map(|path| fs::read(path).ok());
    let before = bytes();
    let error = Journal::open(folder).expect_err("it must be refused");
    assert!(before == bytes(), "a refused database was changed");
    error
}

#[tokio::test]
async fn a_newer_database_is_refused_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    drop(Journal::open(folder.path()).unwrap());
    let newer = Connection::open(database(folder.path())).unwrap();
    newer
        .pragma_update(None, "user_version", VERSION + 1)
        .unwrap();
    // The newer version is still in the log: a close that tidies up would move it.
    assert!(
        fs::metadata(folder.path().join("journal.sqlite-wal"))
            .unwrap()
            .len()
            > 0
    );
    let copy = tempfile::tempdir().unwrap();
    for name in ["journal.sqlite", "journal.sqlite-wal"] {
        fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let clean = tempfile::tempdir().unwrap();
    fs::copy(database(folder.path()), database(clean.path())).unwrap();
    Connection::open(database(clean.path()))
        .unwrap()
        .pragma_update(None, "user_version", VERSION + 1)
        .unwrap();
    for folder in [folder.path(), copy.path(), clean.path()] {
        let error = refused(folder);
        assert_eq!(
            error,
            JournalError::Newer {
                path: database(folder),
                found: i64::from(VERSION) + 1,
                known: VERSION
            }
        );
        assert!(error.to_string().ends_with("use a newer voxplay"));
    }
}

#[test]
fn the_files_of_others_are_refused_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    for text in [
        "x",
        &"not a database, but long enough to look like one\n".repeat(200),
    ] {
        fs::write(database(folder.path()), text).unwrap();
        let error = refused(folder.path());
        assert!(
            error.to_string().contains("it is not an SQLite database"),
            "{error}"
        );
    }
    fs::remove_file(database(folder.path())).unwrap();
    let theirs = Connection::open(database(folder.path())).unwrap();
    theirs.execute_batch("CREATE TABLE songs (name)").unwrap();
    let error = refused(folder.path());
    assert!(error.to_string().contains("another program"), "{error}");
}

#[tokio::test]
async fn a_damaged_database_is_refused_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    for n in 0..200 {
        let event = at(n, started("2026-03-01T10:00:00Z"));
        journal
            .append(&run_id("r"), &event, Durability::Soon)
            .await
            .unwrap();
    }
    journal.close().await.unwrap();
    drop(journal);
    let mut bytes = fs::read(database(folder.path())).unwrap();
    // The first page lists the tables: after the header of 100 bytes comes that of the list.
    bytes[100..4096].fill(0xA5);
    fs::write(database(folder.path()), bytes).unwrap();
    let error = refused(folder.path());
    assert!(matches!(error, JournalError::Corrupt { .. }), "{error}");
    assert!(error.to_string().contains(".recover"), "{error}");
}

#[tokio::test]
async fn damage_that_shows_only_later_is_said_then() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_id("r");
    let journal = Journal::open(folder.path()).unwrap();
    for n in 0..200 {
        let event = at(n, attempt("a", None, 1));
        journal
            .append(&run, &event, Durability::Soon)
            .await
            .unwrap();
    }
    journal.close().await.unwrap();
    drop(journal);
    let mut bytes = fs::read(database(folder.path())).unwrap();
    bytes[4096..].fill(0xA5);
    fs::write(database(folder.path()), bytes).unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let event = at(0, attempt("a", None, 1));
    let failure = journal
        .append(&run, &event, Durability::Now)
        .await
        .unwrap_err();
    assert!(matches!(failure, JournalError::Corrupt { .. }), "{failure}");
    let read = journal.events(&run).next().unwrap();
    assert!(
        matches!(read, Err(JournalError::Corrupt { .. })),
        "{read:?}"
    );
}

#[test]
fn an_event_that_nobody_knows_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    Connection::open(database(folder.path()))
        .unwrap()
        .execute_batch(
            "INSERT INTO events (run, seq, time, kind, body) VALUES ('r', 1, 't', 'moon', '{}')",
        )
        .unwrap();
    let mut events = journal.events(&run_id("r"));
    let error = events.next().unwrap().unwrap_err().to_string();
    assert!(
        error.contains("run r, event 1") && error.contains("moon"),
        "{error}"
    );
    assert!(events.next().is_none());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Journal::open(&file.join("state")).unwrap_err();
    assert!(error.to_string().contains("file/state"), "{error}");
}
