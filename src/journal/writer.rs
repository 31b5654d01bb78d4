//! The one thread that writes. It takes what is queued, commits it as one group, then answers all.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use rusqlite::{Connection, ToSql, params};
use tokio::sync::oneshot;

use super::database::SameFile;
use super::entry::{Entry, Turn};
use super::error::JournalError;
use super::queue::Outlet;
use crate::event::RunId;

/// Where the result of a commit goes.
pub(super) type Answer = oneshot::Sender<Result<(), JournalError>>;

/// What the writer is asked to do, in order.
#[derive(Debug)]
pub(super) enum Message {
    /// Write this, and say so if someone waits for it.
    Append(Entry, Option<Answer>),
    /// Answer when all that came before is committed.
    Flush(Answer),
    /// Take nothing more; answer when the log is in the database and the file is closed.
    Close(Answer),
}

impl Message {
    /// Whether somebody waits until it is done.
    pub(super) const fn is_awaited(&self) -> bool {
        !matches!(self, Self::Append(_, None))
    }
}

/// What the handles can see of the writer.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// The first failure. It stays: what was queued when it happened is lost.
    pub(super) failure: OnceLock<JournalError>,
    pub(super) commits: AtomicU64,
}

/// How often the writer waits for its turn before it gives up: each time for as long as every connection waits, which
/// makes a minute.
const TURNS: u32 = 6;
/// How many events one statement inserts where there are as many: below the least number of parameters that an
/// `SQLite` may be limited to (999).
const AT_ONCE: usize = 32;
/// After so many events (some MiB of log) the log is moved into the database as soon as there is little to write, so
/// that the end of a run does not wait for it. Under load it grows further, to what `wal_autocheckpoint` says.
const MOVE_AFTER: usize = 2_000;
/// Whatever goes wrong takes the whole transaction back. So `SQLite` need not keep what each page was before the
/// statement, as it does to take back a statement alone.
const INSERT_ONE: &str =
    "INSERT OR ROLLBACK INTO events (run, seq, time, kind, step, \"row\", attempt, outcome, body)
 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
const PLACES: &str = "(?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// A run that a transaction writes to.
struct Open {
    run: RunId,
    /// The number of its last event.
    last: i64,
    /// Whether the table of runs says already that it goes on.
    goes_on: bool,
}

/// The thread's side of the journal.
pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    /// The file that is written to; none in memory.
    pub(super) file: Option<SameFile>,
    pub(super) progress: Arc<Progress>,
}

impl Writer {
    /// Writes until the last handle is gone or someone closes the journal.
    pub(super) fn run(self, queue: &Outlet) {
        let mut closers = Vec::new();
        let mut in_log = 0;
        while let Some(group) = queue.take() {
            in_log += group.len();
            let mut waiting = Vec::new();
            let written = self.write_group(group, queue, &mut waiting, &mut closers);
            for answer in waiting {
                // Who no longer waits does not need to know.
                let _ = answer.send(written.clone());
            }
            if in_log >= MOVE_AFTER && closers.is_empty() && queue.is_calm() {
                self.move_log();
                in_log = 0;
            }
        }
        let closed = self.close();
        for answer in closers {
            let _ = answer.send(closed.clone());
        }
    }

    /// Moves what is in the log into the database.
    fn move_log(&self) {
        let moved = self
            .connection
            .prepare_cached("PRAGMA wal_checkpoint(PASSIVE)");
        // What cannot be moved now stays in the log, where it is as safe, until it can.
        let _ = moved.and_then(|mut statement| statement.query_row([], |_| Ok(())));
    }

    /// Commits a group of messages. Collects who waits for that.
    fn write_group(
        &self,
        mut group: Vec<Message>,
        queue: &Outlet,
        waiting: &mut Vec<Answer>,
        closers: &mut Vec<Answer>,
    ) -> Result<(), JournalError> {
        let mut written = match self.progress.failure.get() {
            Some(failure) => Err(failure.clone()),
            None => self.begin(),
        };
        let mut count = 0;
        let mut taken = 0;
        let mut runs = Vec::new();
        // What comes while others are being written shares their commit.
        while !group.is_empty() {
            taken += group.len();
            let mut entries = Vec::with_capacity(group.len());
            for message in group {
                match message {
                    Message::Append(entry, answer) => {
                        entries.push(entry);
                        waiting.extend(answer);
                    }
                    Message::Flush(answer) => waiting.push(answer),
                    Message::Close(answer) => {
                        queue.close();
                        closers.push(answer);
                    }
                }
            }
            count += entries.len();
            written = written.and_then(|()| self.insert(&entries, &mut runs));
            group = queue.more(taken);
        }
        let written = written
            .and_then(|()| self.statement("COMMIT"))
            .and_then(|()| self.is_there());
        queue.done(taken);
        match &written {
            Ok(()) if count > 0 => {
                self.progress.commits.fetch_add(1, Ordering::Relaxed);
            }
            Ok(()) => {}
            Err(failure) => {
                // Set before anyone is answered: who hears of it must find it.
                let _ = self.progress.failure.set(failure.clone());
                // SQLite may have rolled back by itself, and then this fails, and that is fine.
                let _ = self.connection.execute_batch("ROLLBACK");
            }
        }
        written
    }

    /// What is committed can be found again only while the file has its name.
    fn is_there(&self) -> Result<(), JournalError> {
        if self.file.is_none() || self.file == SameFile::of(&self.path) {
            return Ok(());
        }
        Err(JournalError::Io {
            path: self.path.clone(),
            detail: "it was taken away while the run went on".to_owned(),
        })
    }

    /// Begins a transaction. Nothing of it is written yet, so that whoever keeps the database locked can be waited for
    /// again.
    fn begin(&self) -> Result<(), JournalError> {
        for _ in 1..TURNS {
            match self.statement("BEGIN IMMEDIATE") {
                Err(JournalError::Busy { .. }) => {}
                begun => return begun,
            }
        }
        self.statement("BEGIN IMMEDIATE")
    }

    fn statement(&self, sql: &str) -> Result<(), JournalError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute([]))
            .map(|_| ())
            .map_err(|error| self.failed(&error))
    }

    /// `runs` is what this transaction knows of the runs that it writes to: nobody else writes meanwhile.
    fn insert(&self, entries: &[Entry], runs: &mut Vec<Open>) -> Result<(), JournalError> {
        let mut numbered = Vec::with_capacity(entries.len());
        let numbering = entries.iter().try_for_each(|entry| {
            let run = self.open_run(entry, runs)?;
            run.last += 1;
            numbered.push((entry, run.last));
            self.update_run(entry, run)
        });
        numbering
            .and_then(|()| self.insert_events(&numbered))
            .map_err(|error| self.failed(&error))
    }

    /// Many at a time where there are many: to begin and end a statement costs as much as a row does.
    fn insert_events(&self, entries: &[(&Entry, i64)]) -> rusqlite::Result<()> {
        let mut chunks = entries.chunks_exact(AT_ONCE);
        if chunks.len() > 0 {
            let more = format!(", {PLACES}").repeat(AT_ONCE - 1);
            let insert_many = format!("{INSERT_ONE}{more}");
            for chunk in &mut chunks {
                self.insert_rows(&insert_many, chunk)?;
            }
        }
        for entry in chunks.remainder() {
            self.insert_rows(INSERT_ONE, std::slice::from_ref(entry))?;
        }
        Ok(())
    }

    fn insert_rows(&self, sql: &str, rows: &[(&Entry, i64)]) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut place = 0;
        for (entry, seq) in rows {
            let values: [&dyn ToSql; 9] = [
                &entry.run.as_str(),
                seq,
                &entry.time(),
                &entry.kind,
                &entry.step(),
                &entry.row(),
                &entry.attempt,
                &entry.outcome,
                &entry.body(),
            ];
            for value in values {
                place += 1;
                statement.raw_bind_parameter(place, value)?;
            }
        }
        statement.raw_execute().map(|_| ())
    }

    fn open_run<'r>(
        &self,
        entry: &Entry,
        runs: &'r mut Vec<Open>,
    ) -> rusqlite::Result<&'r mut Open> {
        let known = runs.iter().position(|open| open.run == entry.run);
        let at = if let Some(at) = known {
            at
        } else {
            let last = self
                .connection
                .prepare_cached("SELECT coalesce(max(seq), 0) FROM events WHERE run = ?1")?
                .query_row([entry.run.as_str()], |row| row.get(0))?;
            runs.push(Open {
                run: entry.run.clone(),
                last,
                goes_on: false,
            });
            runs.len() - 1
        };
        Ok(&mut runs[at])
    }

    /// Keeps `runs` the sum of its events: a run that goes on after its end has not ended.
    fn update_run(&self, entry: &Entry, open: &mut Open) -> rusqlite::Result<()> {
        let run = entry.run.as_str();
        let went_on = open.goes_on;
        if entry.turn != Turn::Aside {
            open.goes_on = entry.turn != Turn::Ends;
        }
        match entry.turn {
            Turn::Starts => self
                .connection
                .prepare_cached(
                    // Read once: it holds whole playbooks.
                    "WITH read (body) AS MATERIALIZED (SELECT jsonb(?2))
                     INSERT INTO runs (id, playbook, name, target, server, operation, started_at,
                                       playbook_digest, voxplay, inputs)
                     SELECT ?1, body ->> '$.playbook', body ->> '$.name', body ->> '$.target.name',
                            body ->> '$.target.server', body ->> '$.target.operation',
                            body ->> '$.started_at', body ->> '$.playbook_digest',
                            body ->> '$.voxplay', body -> '$.inputs'
                     FROM read WHERE true
                     ON CONFLICT (id) DO UPDATE SET
                       playbook_digest = excluded.playbook_digest, voxplay = excluded.voxplay,
                       finished_at = NULL, outcome = NULL, counts = NULL",
                )?
                .execute(params![run, entry.body()]),
            Turn::Aside => Ok(0),
            Turn::GoesOn if went_on => Ok(0),
            Turn::GoesOn => self
                .connection
                .prepare_cached(
                    "UPDATE runs SET finished_at = NULL, outcome = NULL, counts = NULL
                     WHERE id = ?1 AND finished_at IS NOT NULL",
                )?
                .execute([run]),
            Turn::Ends => self
                .connection
                .prepare_cached(
                    "UPDATE runs SET finished_at = ?2, outcome = ?3, counts = ?4 -> '$.counts'
                     WHERE id = ?1",
                )?
                .execute(params![run, entry.time(), entry.outcome, entry.body()]),
        }
        .map(|_| ())
    }

    /// Closes the file. The last connection to close it moves the log into the database; while
    /// another program reads, the log is just as safe where it is.
    fn close(self) -> Result<(), JournalError> {
        if let Some(failure) = self.progress.failure.get() {
            return Err(failure.clone());
        }
        self.connection
            .close()
            .map_err(|(_, error)| JournalError::from_sqlite(&self.path, &error))
    }

    fn failed(&self, error: &rusqlite::Error) -> JournalError {
        JournalError::from_sqlite(&self.path, error)
    }
}
