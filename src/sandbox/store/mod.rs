//! What the sandbox was told, in `SQLite`: records by operation and module, and the log of calls. Knows no endpoint and
//! no HTTP.

#![expect(
    clippy::disallowed_methods,
    reason = "an edge: the log and the records carry the time of the clock"
)]

mod calls;
mod records;
mod searches;

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::{Connection, Row, Transaction, TransactionBehavior};
use serde_json::Value;

pub(super) use calls::Entry;
pub use calls::{Call, Note};
pub use records::Record;
pub(super) use records::{New, Tally};

/// Marks a file as ours, so that no other database is ever written to ("Wvsb" in ASCII).
const APPLICATION_ID: i32 = 0x5776_7362;

/// The version of the tables below.
const VERSION: i32 = 3;

/// The version without the column `origin` and the index of debtors, which are given to it.
const WITHOUT_ORIGIN: i32 = 2;

const TABLES: &str = "
CREATE TABLE records (
    operation TEXT NOT NULL, module TEXT NOT NULL, wolkvox_id TEXT NOT NULL,
    parent TEXT, fields TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, deleted_at TEXT, origin TEXT,
    PRIMARY KEY (operation, module, wolkvox_id)
) STRICT;
CREATE INDEX children ON records (operation, parent) WHERE parent IS NOT NULL;
CREATE INDEX debtors ON records (operation, fields ->> 'Identification') WHERE module = 'collections';
CREATE TABLE calls (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    operation TEXT, body TEXT NOT NULL, http_status INTEGER, answer TEXT NOT NULL,
    fault TEXT, done INTEGER NOT NULL, documented TEXT NOT NULL, note TEXT NOT NULL
) STRICT;
CREATE TABLE ids (given INTEGER NOT NULL) STRICT;
INSERT INTO ids VALUES (0);
";

/// The sandbox's database failed: the disk is full, or the file was changed from outside.
#[derive(Debug, thiserror::Error)]
#[error("the sandbox database failed: {0}")]
pub struct StoreError(#[from] rusqlite::Error);

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file is a database of something else, or no database. It was not changed.
    #[error("{} is not a sandbox database", .0.display())]
    NotOurs(PathBuf),
    /// The file was written by another version of the program. It was not changed.
    #[error("{} has the sandbox format {found}; this program writes {VERSION}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The format it has.
        found: i32,
    },
    /// It cannot be read or written.
    #[error("{}: {source}", path.display())]
    Sqlite {
        /// The file, or `:memory:`.
        path: PathBuf,
        /// What `SQLite` said.
        source: rusqlite::Error,
    },
}

/// The open database.
#[derive(Debug)]
pub(super) struct Store {
    connection: Connection,
    /// Where ids start from; `None` is 0, and ids that tell the time.
    seed: Option<u64>,
    keep_calls: i64,
}

impl Store {
    /// Opens a file, made if it is not there, or memory.
    pub(super) fn open(
        path: Option<&Path>,
        seed: Option<u64>,
        keep_calls: usize,
    ) -> Result<Self, OpenError> {
        let shown = path.unwrap_or(Path::new(":memory:")).to_owned();
        let failed = |source: rusqlite::Error| match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => OpenError::NotOurs(shown.clone()),
            _ => OpenError::Sqlite {
                path: shown.clone(),
                source,
            },
        };
        let connection = match path {
            Some(path) => Connection::open(path),
            None => Connection::open_in_memory(),
        };
        let mut connection = connection.map_err(failed)?;
        let (application, version, tables) = identity(&connection).map_err(failed)?;
        if tables == 0 && application == 0 {
            prepare(&mut connection).map_err(failed)?;
        } else if application != APPLICATION_ID {
            return Err(OpenError::NotOurs(shown));
        } else if version == WITHOUT_ORIGIN {
            bring_up(&mut connection).map_err(failed)?;
        } else if version != VERSION {
            return Err(OpenError::Version {
                path: shown,
                found: version,
            });
        }
        // A record of an emulator may be lost with the power, but not with the process.
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;")
            .map_err(failed)?;
        Ok(Self {
            connection,
            seed,
            keep_calls: i64::try_from(keep_calls).unwrap_or(i64::MAX),
        })
    }

    /// Does several things at once: all of them are kept, or, after an error or a panic, none.
    pub(super) fn together<T>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let transaction =
            Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        let done = work()?;
        transaction.commit()?;
        Ok(done)
    }

    /// Marks the point that [`Store::undo`] goes back to. Only inside [`Store::together`].
    pub(super) fn mark(&self) -> Result<(), StoreError> {
        self.run("SAVEPOINT call")
    }

    /// Takes back all since the mark, except that ids given meanwhile are not given again.
    pub(super) fn undo(&self) -> Result<(), StoreError> {
        let given: i64 = self
            .connection
            .prepare_cached("SELECT given FROM ids")?
            .query_row([], |row| row.get(0))?;
        self.run("ROLLBACK TO call")?;
        self.connection
            .prepare_cached("UPDATE ids SET given = ?1 WHERE given <> ?1")?
            .execute([given])?;
        Ok(())
    }

    fn run(&self, sql: &str) -> Result<(), StoreError> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    /// Forgets all records and calls, which count from 1 again. Ids go on where they were, so that none comes back.
    pub(super) fn forget(&self) -> Result<(), StoreError> {
        self.run("DELETE FROM records")?;
        self.run("DELETE FROM calls")?;
        self.run("DELETE FROM sqlite_sequence WHERE name = 'calls'")
    }
}

/// Application id, version and number of tables of a database.
fn identity(connection: &Connection) -> rusqlite::Result<(i32, i32, i64)> {
    let one = |sql| connection.query_row(sql, [], |row| row.get(0));
    let tables =
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
    Ok((
        one("PRAGMA application_id")?,
        one("PRAGMA user_version")?,
        tables,
    ))
}

fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// Gives a file of the version before what it lacks. Programs of that version refuse it from then on.
fn bring_up(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(
        "ALTER TABLE records ADD COLUMN origin TEXT;
        CREATE INDEX debtors ON records (operation, fields ->> 'Identification') WHERE module = 'collections';",
    )?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// Today in UTC.
pub(super) fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

/// How many hours of today are left in UTC, begun ones counted whole.
pub(in crate::sandbox) fn hours_left() -> i64 {
    let hour = Timestamp::now().to_zoned(TimeZone::UTC).hour();
    24 - i64::from(hour)
}

/// Seconds since 1970.
fn seconds() -> u64 {
    Timestamp::now().as_second().unsigned_abs()
}

fn now() -> String {
    later(Duration::ZERO)
}

/// A moment to come, in the form in which moments sort as texts do.
fn later(lag: Duration) -> String {
    let now = Timestamp::now();
    format!("{:.3}", now.checked_add(lag).unwrap_or(now))
}

fn value(row: &Row<'_>, column: usize) -> rusqlite::Result<Value> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text).map_err(|error| unreadable(column, error))
}

fn unreadable(
    column: usize,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
}
