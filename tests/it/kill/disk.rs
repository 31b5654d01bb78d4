//! A disk that is full, and a journal that is damaged.

use std::path::Path;
use std::process::Command;

use super::Scene;
use crate::needed::leave_out;

/// A small file system; gone when this is dropped.
struct Small<'p>(&'p Path);

impl<'p> Small<'p> {
    /// None where this machine does not let us.
    fn mount(at: &'p Path) -> Option<Self> {
        std::fs::create_dir(at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=400k", "tmpfs"])
            .arg(at)
            .output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then_some(Self(at))
    }

    fn grow(&self) {
        let grown = Command::new("mount")
            .args(["-o", "remount,size=64m"])
            .arg(self.0)
            .status();
        assert!(grown.unwrap().success());
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_stops_the_run_and_nothing_is_repeated_after_it() {
    let mut scene = Scene::new(0, None);
    let small = scene.folder.path().join("small");
    let Some(mounted) = Small::mount(&small) else {
        leave_out(
            "mount",
            "this machine does not allow to mount a small file system",
        );
        return;
    };
    scene.state = small.join("state");
    let stretch = scene.stretch(true, None);
    assert!(matches!(stretch.exit, Some(1 | 5)), "{stretch:?}");
    assert!(stretch.stdout.contains("no space is left"), "{stretch:?}");
    scene.check_creates();
    let sent = scene.crm.truth().requests;
    // Still full: nothing more is sent.
    let again = scene.stretch(false, None);
    assert!(matches!(again.exit, Some(1 | 4 | 5)), "{again:?}");
    assert!(again.stdout.contains("no space is left"), "{again:?}");
    assert!(scene.crm.truth().requests <= sent + 16, "{again:?}");
    scene.check_creates();
    mounted.grow();
    scene.to_the_end();
    scene.check_creates();
}

/// A run that was killed half-way, its journal closed.
fn half_way(seed: u64) -> Scene {
    let scene = Scene::new(seed, None);
    scene.stretch(true, Some((150, 0)));
    // Opening and closing it moves the log into the database.
    scene.reconcile(&[]);
    scene
}

fn refused(scene: &Scene, what: &str, sent: usize) {
    for arguments in [
        &["resume", "the-run"][..],
        &["reconcile", "the-run"],
        &["run", "playbook.yaml", "--run-id", "the-run"],
    ] {
        let output = scene.command(arguments).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            output.status.code(),
            Some(4),
            "{what} {arguments:?}: {said}"
        );
        assert!(said.contains("--state-dir"), "{what} {arguments:?}: {said}");
        assert_eq!(scene.crm.truth().requests, sent, "{what} {arguments:?}");
    }
}

#[test]
fn a_damaged_journal_is_refused_and_never_read_as_something_else() {
    let scene = half_way(0);
    let path = scene.state.join("journal.sqlite");
    let sent = scene.crm.truth().requests;
    let whole = std::fs::read(&path).unwrap();
    let page = 4096;
    let pages = whole.len() / page;
    assert!(pages > 10, "{pages}");
    let mut cases: Vec<(String, Vec<u8>)> = Vec::new();
    for left in [1, pages / 2, pages - 1] {
        cases.push((
            format!("cut to {left} pages"),
            whole[..left * page].to_vec(),
        ));
    }
    cases.push((
        "cut amid a page".to_owned(),
        whole[..whole.len() - 1000].to_vec(),
    ));
    for lost in [1, pages / 3, pages / 2, pages - 2] {
        let mut bytes = whole.clone();
        bytes[lost * page..(lost + 1) * page].fill(0);
        cases.push((format!("page {lost} of {pages} is zero"), bytes));
    }
    let mut text = b"not a journal at all\n".to_vec();
    text.resize(8192, b' ');
    cases.push(("text".to_owned(), text));
    for (what, bytes) in cases {
        std::fs::write(&path, &bytes).unwrap();
        refused(&scene, &what, sent);
        assert!(
            std::fs::read(&path).unwrap() == bytes,
            "{what}: it was touched"
        );
    }
    std::fs::write(&path, &whole).unwrap();
    scene.to_the_end();
    scene.check_creates();
}

#[test]
fn events_that_are_missing_are_noticed() {
    let scene = half_way(1);
    let path = scene.state.join("journal.sqlite");
    let sent = scene.crm.truth().requests;
    let whole = std::fs::read(&path).unwrap();
    for sql in [
        "DELETE FROM events WHERE seq = 20",
        "DELETE FROM events WHERE seq < 20",
        "DELETE FROM events",
        "UPDATE events SET body = '{\"outcome\":\"perhaps\"}' WHERE seq = 20",
        "UPDATE events SET kind = 'something_else' WHERE seq = 20",
    ] {
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection.execute_batch(sql).unwrap();
        connection.close().unwrap();
        refused(&scene, sql, sent);
        std::fs::write(&path, &whole).unwrap();
    }
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA user_version = 9").unwrap();
    connection.close().unwrap();
    let newer = std::fs::read(&path).unwrap();
    let output = scene.command(&["resume"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("use a newer voxplay"), "{said}");
    assert!(std::fs::read(&path).unwrap() == newer, "it was touched");
}
