//! Events made durable: append, commit in groups, lock, read back. The one door to `SQLite` for runs.
//!
//! It knows events and runs; it knows nothing of HTTP, playbooks or the terminal. It writes what it
//! is given: whoever appends an event has masked its secrets.

mod database;
mod doubts;
mod entry;
mod error;
mod failures;
mod latest;
mod lock;
pub mod peek;
mod prune;
mod queue;
mod read;
mod runs;
#[cfg(test)]
mod tests;
mod writer;

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::event::{Event, RunId};
use database::Place;
use entry::Entry;
use queue::Queue;
use writer::{Message, Progress, Writer};

pub use doubts::Doubt;
pub use error::JournalError;
pub use latest::Latest;
pub use lock::{Holder, RunLock};
pub use prune::Old;
pub use read::{Events, Mark};
pub use runs::RunSummary;

/// When [`Journal::append`] returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// When the event is on disk. For the intent of a create or a delete, and for every outcome
    /// that a later step relies on.
    Now,
    /// When the event is queued: it is on disk a little later. For what may be sent again.
    Soon,
}

/// A journal. Clones share one file, one writer and one queue; the last one to go closes it.
///
/// The events of a run keep the order in which their appends began: await one before starting the
/// next where the order matters.
#[derive(Debug, Clone)]
pub struct Journal {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    place: Place,
    progress: Arc<Progress>,
    queue: Arc<Queue>,
    writer: Option<JoinHandle<()>>,
    /// Whether the file was not there when the journal was opened: no run is in it but those of this process.
    is_new: bool,
    /// Opened at the first read.
    reader: Mutex<Option<Connection>>,
}

impl Journal {
    /// Opens the journal of a state folder; makes the folder, its `.gitignore` and
    /// `journal.sqlite` where they are missing.
    ///
    /// # Errors
    /// Where the folder cannot be used, or where the file is damaged, of another program or of a
    /// newer voxplay; such a file is not touched.
    pub fn open(state_dir: &Path) -> Result<Self, JournalError> {
        Self::start(Place::Folder(state_dir.to_owned()))
    }

    /// A journal in memory, for tests: every run of a user leaves its journal behind.
    ///
    /// # Errors
    /// None in practice: memory has no owner and no version.
    pub fn memory() -> Result<Self, JournalError> {
        Self::start(Place::memory(None))
    }

    /// A journal in memory that is full after so many pages of 4 KiB, to test what a full disk does.
    /// The empty tables always fit.
    ///
    /// # Errors
    /// None in practice, as for [`Journal::memory`].
    pub fn memory_of(pages: u32) -> Result<Self, JournalError> {
        Self::start(Place::memory(Some(pages)))
    }

    fn start(place: Place) -> Result<Self, JournalError> {
        let path = place.database();
        let progress = Arc::new(Progress::default());
        let is_new = matches!(place, Place::Folder(_)) && place.file().is_none();
        let connection = place.open_writer()?;
        let writer = Writer {
            file: place.file(),
            connection,
            path: path.clone(),
            progress: Arc::clone(&progress),
        };
        // A database in memory ends with its last connection: the reader keeps it for who reads
        // after `close`.
        let reader = match place {
            Place::Folder(_) => None,
            Place::Memory { .. } => Some(place.open_reader()?),
        };
        let (queue, outlet) = Queue::new();
        let writer = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.run(&outlet))
            .map_err(|error| JournalError::from_io(&path, &error))?;
        Ok(Self {
            shared: Arc::new(Shared {
                place,
                progress,
                queue,
                writer: Some(writer),
                is_new,
                reader: Mutex::new(reader),
            }),
        })
    }

    /// Records an event of a run, masked by the caller, after all events that it was given before.
    ///
    /// A future that is dropped after its first poll may have recorded the event.
    ///
    /// # Errors
    /// Where it, or anything before it, could not be written. What it was to record must not be
    /// sent: once an append has failed, every later one fails with the same error.
    pub async fn append(
        &self,
        run: &RunId,
        event: &Event,
        durability: Durability,
    ) -> Result<(), JournalError> {
        let body = event.kind.body().map_err(|error| self.unwritable(&error))?;
        self.append_written(run, event, body, durability).await
    }

    /// As [`Journal::append`], where the event's body has been made already.
    ///
    /// # Errors
    /// As for [`Journal::append`].
    pub async fn append_written(
        &self,
        run: &RunId,
        event: &Event,
        body: String,
        durability: Durability,
    ) -> Result<(), JournalError> {
        self.check()?;
        let entry = Entry::new(run, event, body);
        match durability {
            Durability::Soon => self.send(Message::Append(entry, None)).await,
            Durability::Now => {
                self.ask(|answer| Message::Append(entry, Some(answer)))
                    .await
            }
        }
    }

    /// Waits until everything appended so far is on disk.
    ///
    /// # Errors
    /// Where anything appended so far could not be written.
    pub async fn flush(&self) -> Result<(), JournalError> {
        self.ask(Message::Flush).await
    }

    /// Writes what is queued, moves the log into the database, and takes nothing more, from any
    /// handle. Reading still works. Dropping the last handle does the same, but cannot say whether it
    /// went well.
    ///
    /// # Errors
    /// Where anything appended so far could not be written.
    pub async fn close(&self) -> Result<(), JournalError> {
        if matches!(self.shared.place, Place::Folder(_)) {
            // Its open file would keep the log from going away.
            *self.shared.reader() = None;
        }
        self.ask(Message::Close).await
    }

    /// Takes the lock of a playbook for a run, so that it runs once at a time in this state folder.
    ///
    /// # Errors
    /// [`JournalError::Locked`], with who holds it, or another where the lock file cannot be used.
    pub fn lock(&self, playbook_key: &str, holder: &RunId) -> Result<RunLock, JournalError> {
        lock::take(&self.shared, playbook_key, holder)
    }

    /// How many commits were made: with group commit far fewer than events.
    pub fn commits(&self) -> u64 {
        self.shared.progress.commits.load(Ordering::Relaxed)
    }

    /// What to say of an event that has no JSON form.
    pub(crate) fn unwritable(&self, error: &serde_json::Error) -> JournalError {
        JournalError::Unreadable {
            path: self.shared.place.database(),
            detail: error.to_string(),
        }
    }

    async fn ask(
        &self,
        message: impl FnOnce(writer::Answer) -> Message,
    ) -> Result<(), JournalError> {
        let (answer, answered) = oneshot::channel();
        self.send(message(answer)).await?;
        answered.await.unwrap_or_else(|_| Err(self.stopped()))
    }

    async fn send(&self, message: Message) -> Result<(), JournalError> {
        let queue = &self.shared.queue;
        queue.push(message).await.map_err(|_| self.stopped())?;
        // It may have waited long for its place in the queue.
        self.check()
    }

    fn check(&self) -> Result<(), JournalError> {
        match self.shared.progress.failure.get() {
            Some(failure) => Err(failure.clone()),
            None => Ok(()),
        }
    }

    fn stopped(&self) -> JournalError {
        self.check().err().unwrap_or_else(|| JournalError::Closed {
            path: self.shared.place.database(),
        })
    }
}

impl Shared {
    /// The connection for reading. A panic while reading leaves it as good as it was.
    fn reader(&self) -> MutexGuard<'_, Option<Connection>> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // First the reader, so that the writer is the last to close the file and tidies up.
        *self.reader() = None;
        self.queue.close();
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has nothing more to say here.
            let _ = writer.join();
        }
    }
}
