//! Order, groups, back-pressure, and what a failed write does.
#![expect(clippy::disallowed_methods, reason = "a test looks at the file")]

use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::poll;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{all, at, attempt, run_id, started, step};
use crate::journal::database::{EMPTY, Place};
use crate::journal::entry::Entry;
use crate::journal::queue::{Queue, ROOM};
use crate::journal::writer::{Message, Writer};
use crate::journal::{Durability, Journal, JournalError};
use crate::outcome::Outcome;

/// Keeps the writer from committing, as another process that writes would.
fn hold_up(folder: &std::path::Path) -> Connection {
    let other = Connection::open(folder.join("journal.sqlite")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

#[tokio::test]
async fn soon_and_now_keep_the_order_of_the_calls() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let run = run_id("r");
    let events: Vec<_> = (0..600)
        .map(|n| at(n, attempt("s", Some(&n.to_string()), n + 1)))
        .collect();
    for (index, event) in events.iter().enumerate() {
        let durability = if index % 97 == 96 {
            Durability::Now
        } else {
            Durability::Soon
        };
        journal.append(&run, event, durability).await.unwrap();
        if durability == Durability::Now {
            let stored = all(&journal, &run);
            assert_eq!(
                stored,
                events[..=index],
                "all before an acked event is there"
            );
        }
    }
    journal.flush().await.unwrap();
    assert_eq!(all(&journal, &run), events);
}

#[tokio::test]
async fn who_waits_at_once_shares_a_commit() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let other = hold_up(folder.path());
    let run = run_id("r");
    let events: Vec<_> = (0..64).map(|n| at(n, attempt("s", None, n + 1))).collect();
    let mut appends: Vec<_> = events
        .iter()
        .map(|event| Box::pin(journal.append(&run, event, Durability::Now)))
        .collect();
    for append in &mut appends {
        assert!(
            poll!(append).is_pending(),
            "not acked before it is committed"
        );
    }
    assert_eq!(journal.commits(), 0);
    other.execute_batch("ROLLBACK").unwrap();
    for result in join_all(appends).await {
        result.unwrap();
    }
    assert_eq!(journal.commits(), 1);
    assert_eq!(all(&journal, &run), events);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_tasks_each_keep_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let tasks = (0..64).map(|task: u32| {
        let journal = journal.clone();
        tokio::spawn(async move {
            for n in 0..20 {
                let event = at(n, attempt("s", Some(&task.to_string()), n + 1));
                journal
                    .append(&run_id("r"), &event, Durability::Now)
                    .await
                    .unwrap();
            }
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
    assert_eq!(all(&journal, &run_id("r")).len(), 64 * 20);
    for task in 0..64_u32 {
        let row = task.to_string();
        let mine = journal.step_events(&run_id("r"), "s", Some(&row)).unwrap();
        let expected: Vec<_> = (0..20)
            .map(|n| at(n, attempt("s", Some(&row), n + 1)))
            .collect();
        assert_eq!(
            mine.into_iter().map(|(_, event)| event).collect::<Vec<_>>(),
            expected
        );
    }
    assert!(journal.commits() < 64 * 20, "{} commits", journal.commits());
}

#[tokio::test]
async fn the_log_is_moved_while_there_is_little_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let run = run_id("r");
    let events: Vec<_> = (0..2_200)
        .map(|n| at(n, attempt("s", None, n + 1)))
        .collect();
    for event in &events {
        journal.append(&run, event, Durability::Soon).await.unwrap();
    }
    let last = at(2_200, attempt("s", None, 2_201));
    journal.append(&run, &last, Durability::Now).await.unwrap();
    let database = folder.path().join("journal.sqlite");
    let size = || std::fs::metadata(&database).unwrap().len();
    let empty = u64::try_from(EMPTY.len()).unwrap();
    // The last one was answered before that is done.
    for _ in 0..1_000 {
        if size() > 10 * empty {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(size() > 10 * empty, "{} bytes", size());
    assert_eq!(all(&journal, &run).len(), 2_201);
}

#[tokio::test]
async fn a_full_queue_makes_even_soon_wait() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let other = hold_up(folder.path());
    let run = run_id("r");
    let event = at(0, attempt("s", None, 1));
    for _ in 0..ROOM {
        journal
            .append(&run, &event, Durability::Soon)
            .await
            .unwrap();
    }
    // The writer may have taken one of them out before it was held up.
    let mut last = pin!(tokio::task::unconstrained(async {
        journal.append(&run, &event, Durability::Soon).await?;
        journal.append(&run, &event, Durability::Soon).await
    }));
    assert!(poll!(last.as_mut()).is_pending());
    other.execute_batch("ROLLBACK").unwrap();
    last.await.unwrap();
    journal.flush().await.unwrap();
    assert_eq!(all(&journal, &run).len(), ROOM + 2);
}

#[tokio::test]
async fn a_full_disk_fails_this_append_and_every_later_one() {
    let journal = Journal::memory_of(16).unwrap();
    let run = run_id("r");
    let mut acked = 0;
    let failure = loop {
        let event = at(acked, attempt(&"s".repeat(500), None, acked + 1));
        match journal.append(&run, &event, Durability::Now).await {
            Ok(()) => acked += 1,
            Err(failure) => break failure,
        }
        assert!(acked < 1000, "sixteen pages hold no thousand events");
    };
    assert!(matches!(failure, JournalError::Full { .. }), "{failure}");
    assert!(acked > 0);
    // A smaller one would fit, but what was queued with the one that failed is lost.
    let small = at(0, attempt("s", None, 1));
    for durability in [Durability::Now, Durability::Soon] {
        let again = journal.append(&run, &small, durability).await;
        assert_eq!(again, Err(failure.clone()));
    }
    assert_eq!(journal.flush().await, Err(failure.clone()));
    assert_eq!(all(&journal, &run).len(), acked as usize, "acked is there");
    assert_eq!(journal.close().await, Err(failure));
}

#[tokio::test]
async fn what_failed_soon_is_heard_of_at_the_next_call() {
    let journal = Journal::memory_of(16).unwrap();
    let run = run_id("r");
    let large = at(0, attempt(&"s".repeat(100_000), None, 1));
    // Where the writer is quick, this call knows already.
    let _ = journal.append(&run, &large, Durability::Soon).await;
    let flushed = journal.flush().await;
    assert!(
        matches!(flushed, Err(JournalError::Full { .. })),
        "{flushed:?}"
    );
    let small = at(0, attempt("s", None, 1));
    let later = journal.append(&run, &small, Durability::Soon).await;
    assert_eq!(later, flushed);
    assert_eq!(all(&journal, &run), []);
}

#[tokio::test]
async fn the_last_handle_writes_what_is_queued_and_tidies_up() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_id("r");
    let events = [
        at(0, started("2026-03-01T10:00:00Z")),
        at(1, step("a", None, Outcome::Ok)),
    ];
    {
        let journal = Journal::open(folder.path()).unwrap();
        let clone = journal.clone();
        assert_eq!(clone.runs(1).unwrap(), [], "the reader is open");
        drop(journal);
        for event in &events {
            clone.append(&run, event, Durability::Soon).await.unwrap();
        }
    }
    assert!(!folder.path().join("journal.sqlite-wal").exists());
    let journal = Journal::open(folder.path()).unwrap();
    assert_eq!(all(&journal, &run), events);
}

#[tokio::test]
async fn a_closed_journal_takes_nothing_more_and_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    for journal in [
        Journal::open(folder.path()).unwrap(),
        Journal::memory().unwrap(),
    ] {
        let run = run_id("r");
        let event = at(0, started("2026-03-01T10:00:00Z"));
        journal
            .append(&run, &event, Durability::Soon)
            .await
            .unwrap();
        journal.close().await.unwrap();
        assert!(!folder.path().join("journal.sqlite-wal").exists());
        for durability in [Durability::Now, Durability::Soon] {
            let late = journal.append(&run, &event, durability).await;
            assert!(matches!(late, Err(JournalError::Closed { .. })), "{late:?}");
        }
        assert_eq!(all(&journal, &run), [event]);
    }
}

/// The writer of a journal in a folder, asked to write one event by way of this connection's busy handler.
async fn written_while_busy(
    folder: &std::path::Path,
    handler: fn(i32) -> bool,
) -> Result<(), JournalError> {
    let place = Place::Folder(folder.to_owned());
    let mut connection = place.open_writer().unwrap();
    connection.busy_handler(Some(handler)).unwrap();
    let writer = Writer {
        file: place.file(),
        connection,
        path: place.database(),
        progress: Arc::default(),
    };
    let (queue, outlet) = Queue::new();
    let thread = std::thread::spawn(move || writer.run(&outlet));
    let event = at(0, attempt("a", None, 1));
    let entry = Entry::new(&run_id("r"), &event, event.kind.body().unwrap());
    let (answer, answered) = oneshot::channel();
    let message = Message::Append(entry, Some(answer));
    queue.push(message).await.unwrap();
    let written = answered.await.unwrap();
    queue.close();
    thread.join().unwrap();
    written
}

#[tokio::test]
async fn whoever_keeps_the_journal_locked_is_waited_for_more_than_once() {
    static OTHER: Mutex<Option<Connection>> = Mutex::new(None);
    static REFUSED: AtomicU32 = AtomicU32::new(0);
    // The wait ends in vain three times; after that the other lets go.
    fn in_vain(_: i32) -> bool {
        if REFUSED.fetch_add(1, Ordering::Relaxed) == 2 {
            *OTHER.lock().unwrap() = None;
        }
        false
    }
    let folder = tempfile::tempdir().unwrap();
    drop(Journal::open(folder.path()).unwrap());
    *OTHER.lock().unwrap() = Some(hold_up(folder.path()));
    assert_eq!(written_while_busy(folder.path(), in_vain).await, Ok(()));
    assert_eq!(REFUSED.load(Ordering::Relaxed), 3);
    let journal = Journal::open(folder.path()).unwrap();
    assert_eq!(all(&journal, &run_id("r")).len(), 1);
}

#[tokio::test]
async fn whoever_never_lets_go_of_the_journal_is_not_waited_for_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    drop(Journal::open(folder.path()).unwrap());
    let _other = hold_up(folder.path());
    let written = written_while_busy(folder.path(), |_| false).await;
    assert!(
        matches!(written, Err(JournalError::Busy { .. })),
        "{written:?}"
    );
}
