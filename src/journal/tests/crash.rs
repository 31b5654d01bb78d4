//! A process killed in full flight: what it was told is on disk is on disk, and its lock is free.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests start a process of their own"
)]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{all, at, attempt, run_id};
use crate::event::EventKind;
use crate::journal::{Durability, Journal};

const FOLDER: &str = "VOXPLAY_TEST_CRASH_FOLDER";
const TASKS: u32 = 16;

/// Not a test but the process that is killed: appends for ever, and says what was acked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by the test below"]
async fn appends_until_it_is_killed() {
    let folder = std::env::var(FOLDER).expect("the test below says where");
    let journal = Journal::open(Path::new(&folder)).unwrap();
    let _held = journal.lock("a", &run_id("r")).unwrap();
    let tasks = (0..TASKS).map(|task| {
        let journal = journal.clone();
        tokio::spawn(async move {
            for n in 1.. {
                let durability = if n % 2 == 0 {
                    Durability::Now
                } else {
                    Durability::Soon
                };
                let event = at(0, attempt("s", Some(&task.to_string()), n));
                let result = journal.append(&run_id("r"), &event, durability).await;
                result.unwrap();
                if durability == Durability::Now {
                    // One write, so that lines of different tasks do not mix.
                    let line = format!("acked {task} {n}\n");
                    std::io::stdout().write_all(line.as_bytes()).unwrap();
                }
            }
        })
    });
    futures_util::future::join_all(tasks).await;
}

fn start(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "--test-threads=1"])
        .arg("journal::tests::crash::appends_until_it_is_killed")
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn what_was_acked_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut acked = BTreeMap::new();
    for kill_after in [1, 40, 333, 1500] {
        let mut child = start(folder.path());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen = 0;
        let mut latest = BTreeMap::new();
        while let Some(Ok(line)) = lines.next() {
            let Some((_, ack)) = line.split_once("acked ") else {
                continue;
            };
            let (task, n) = ack.split_once(' ').unwrap();
            latest.insert(task.to_owned(), n.parse::<u32>().unwrap());
            seen += 1;
            if seen == kill_after {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(seen >= kill_after, "it ended by itself after {seen} acks");

        let journal = Journal::open(folder.path()).unwrap();
        let _free = journal.lock("a", &run_id("r")).unwrap();
        let mut stored: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for event in all(&journal, &run_id("r")) {
            let EventKind::AttemptStarted(it) = event.kind else {
                unreachable!("only these were written")
            };
            stored.entry(it.row.unwrap()).or_default().push(it.attempt);
        }
        for (task, n) in latest {
            let from: usize = acked.get(&task).copied().unwrap_or(0);
            let mine = &stored[&task][from..];
            assert!(mine.len() >= n as usize, "task {task}: {n} was acked");
            // In order and without a hole, also what was to come soon.
            let last = u32::try_from(mine.len()).unwrap();
            assert!(mine.iter().copied().eq(1..=last), "task {task}: {mine:?}");
        }
        acked = stored
            .into_iter()
            .map(|(task, all)| (task, all.len()))
            .collect();
    }
}
