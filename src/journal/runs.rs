//! The runs of a journal: each in one line, found by its id or by when it began.

use rusqlite::{OptionalExtension as _, Row, ToSql};

use super::Journal;
use super::entry::parse_run_outcome;
use super::error::JournalError;
use crate::action::TargetFacts;
use crate::event::{Counts, RunId, RunOutcome};

/// A run began with its first event: the `started_at` of one that a saved plan was run as is when the plan was made.
const RUN_COLUMNS: &str = "SELECT id, playbook, name, target, server, operation, \
     coalesce((SELECT time FROM events WHERE run = runs.id AND seq = 1), started_at) AS began, \
     finished_at, outcome, counts, playbook_digest, voxplay FROM runs";

/// A run in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSummary {
    /// Its id.
    pub id: RunId,
    /// The playbook as the user named it.
    pub playbook: String,
    /// The playbook's `name`.
    pub name: Option<String>,
    /// Where it went.
    pub target: TargetFacts,
    /// When it began, RFC 3339: the time of its first event, whatever `now()` is in it.
    pub started_at: String,
    /// When it ended; none where it goes on or was killed.
    pub finished_at: Option<String>,
    /// How it ended; none where it goes on or was killed.
    pub outcome: Option<RunOutcome>,
    /// Steps by outcome; none where it goes on or was killed.
    pub counts: Option<Counts>,
    /// SHA-256 of the playbook's text.
    pub playbook_digest: String,
    /// The version of voxplay that ran it last.
    pub voxplay: String,
}

impl Journal {
    /// The runs, the latest first, at most `limit` of them.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn runs(&self, limit: usize) -> Result<Vec<RunSummary>, JournalError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql =
            format!("{RUN_COLUMNS} WHERE started_at <> '' ORDER BY began DESC, id DESC LIMIT ?1");
        self.read(|connection| {
            connection
                .prepare_cached(&sql)?
                .query_map([limit], summary)?
                .collect()
        })
    }

    /// One run, or none of this id.
    ///
    /// # Errors
    /// [`JournalError::HalfForgotten`] where it is one of which only a part is left: no other can begin under its id. Or
    /// where the database cannot be read.
    pub fn run(&self, id: &RunId) -> Result<Option<RunSummary>, JournalError> {
        let sql = format!("{RUN_COLUMNS} WHERE id = ?1");
        let found = self.read(|connection| {
            connection
                .prepare_cached(&sql)?
                .query_map([id.as_str()], summary)?
                .next()
                .transpose()
        })?;
        match found {
            Some(run) if run.started_at.is_empty() => {
                Err(JournalError::HalfForgotten { run: run.id })
            }
            found => Ok(found),
        }
    }

    /// The run to go on with where nobody names one: of those that did not end ok the latest, else the latest of all.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn latest_open(&self) -> Result<Option<RunId>, JournalError> {
        let open = self.ids(LATEST_OPEN, &[])?;
        let latest = if open.is_empty() {
            self.ids(LATEST, &[])?
        } else {
            open
        };
        Ok(latest.into_iter().next())
    }

    /// The run that began last.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn latest(&self) -> Result<Option<RunId>, JournalError> {
        Ok(self.ids(LATEST, &[])?.into_iter().next())
    }

    /// The runs whose ids begin like this one, itself among them, in their order.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn runs_like(&self, beginning: &RunId) -> Result<Vec<RunId>, JournalError> {
        // No character of an id comes after `~`.
        self.ids(LIKE, &[&beginning.as_str(), &format!("{beginning}~")])
    }

    fn ids(&self, sql: &str, given: &[&dyn ToSql]) -> Result<Vec<RunId>, JournalError> {
        self.read(|connection| {
            connection
                .prepare_cached(sql)?
                .query_map(given, id)?
                .collect()
        })
    }

    /// The number of a run's last event; none where the run is not in the journal, or is being forgotten.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn last_of(&self, run: &RunId) -> Result<Option<u64>, JournalError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT (SELECT max(seq) FROM events WHERE run = ?1) FROM events
                     WHERE run = ?1 AND seq = 1",
                )?
                .query_row([run.as_str()], |row| {
                    Ok(row.get::<_, i64>(0)?.unsigned_abs())
                })
                .optional()
        })
    }
}

/// The runs in the order in which they began, by their first events. One that is being forgotten has none.
const LATEST: &str =
    "SELECT runs.id FROM runs CROSS JOIN events AS first ON first.run = runs.id AND first.seq = 1
     ORDER BY first.time DESC, runs.id DESC LIMIT 1";

const LATEST_OPEN: &str =
    "SELECT runs.id FROM runs CROSS JOIN events AS first ON first.run = runs.id AND first.seq = 1
     WHERE runs.outcome IS NOT 'ok'
     ORDER BY first.time DESC, runs.id DESC LIMIT 1";

pub(super) const LIKE: &str =
    "SELECT id FROM runs WHERE id >= ?1 AND id < ?2 AND started_at <> '' ORDER BY id";

fn id(row: &Row<'_>) -> rusqlite::Result<RunId> {
    understood(row, 0, |text: String| {
        RunId::parse(&text).ok_or("not the id of a run")
    })
}

fn summary(row: &Row<'_>) -> rusqlite::Result<RunSummary> {
    Ok(RunSummary {
        id: id(row)?,
        playbook: row.get(1)?,
        name: row.get(2)?,
        target: TargetFacts {
            name: row.get(3)?,
            server: row.get(4)?,
            operation: row.get(5)?,
        },
        started_at: row.get(6)?,
        finished_at: row.get(7)?,
        outcome: understood(row, 8, |text: Option<String>| {
            text.as_deref().map(parse_run_outcome).transpose()
        })?,
        counts: understood(row, 9, |text: Option<String>| {
            text.as_deref().map(serde_json::from_str).transpose()
        })?,
        playbook_digest: row.get(10)?,
        voxplay: row.get(11)?,
    })
}

/// A column that has to be more than text.
fn understood<F: rusqlite::types::FromSql, T, E>(
    row: &Row<'_>,
    column: usize,
    read: impl FnOnce(F) -> Result<T, E>,
) -> rusqlite::Result<T>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    read(row.get(column)?).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error.into())
    })
}
