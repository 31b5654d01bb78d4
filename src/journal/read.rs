//! Reading back: events, one step's events, how many requests there were. It never waits for the writer.

use std::collections::VecDeque;

use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, params};

use super::Journal;
use super::error::JournalError;
use crate::event::{Event, EventKind, RunId};

/// How many events are read at once while walking through a run.
const PAGE: usize = 256;

/// Up to where a journal was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(i64);

impl Journal {
    /// The events of a run, from the first, in constant memory. What is added while one walks is
    /// walked too.
    pub fn events(&self, run: &RunId) -> Events {
        self.walk(run, EVENTS)
    }

    /// How each row of the loops of a run ended, by the last word on it, in constant memory.
    pub fn row_ends(&self, run: &RunId) -> Events {
        self.walk(run, ROW_ENDS)
    }

    fn walk(&self, run: &RunId, sql: &'static str) -> Events {
        Events {
            journal: self.clone(),
            run: run.clone(),
            sql,
            last: 0,
            page: VecDeque::new(),
            state: Walk::Reading,
        }
    }

    /// The events of one step, or of one row's step, found by an index.
    ///
    /// # Errors
    /// Where the database or one of the events cannot be read.
    pub fn step_events(
        &self,
        run: &RunId,
        step: &str,
        row: Option<&str>,
    ) -> Result<Vec<(u64, Event)>, JournalError> {
        let stored = self.read(|connection| {
            connection
                .prepare_cached(STEP_EVENTS)?
                .query_map(params![run.as_str(), step, row], Stored::read)?
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        self.revive(run, stored)
    }

    /// Whether any row of a loop has begun this step.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn has_rows(&self, run: &RunId, step: &str) -> Result<bool, JournalError> {
        self.exists(
            "SELECT EXISTS (SELECT 1 FROM events WHERE run = ?1 AND step = ?2 AND \"row\" IS NOT NULL)",
            &[&run.as_str(), &step],
        )
    }

    /// Whether any row of a loop inside this row has begun this step, or ended where the step is that loop.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn has_rows_inside(
        &self,
        run: &RunId,
        step: &str,
        row: &str,
    ) -> Result<bool, JournalError> {
        self.exists(
            // Their names begin with that of the row and `/`, and `0` is what comes after `/`.
            "SELECT EXISTS (SELECT 1 FROM events
                            WHERE run = ?1 AND step = ?2 AND \"row\" >= ?3 || '/' AND \"row\" < ?3 || '0')",
            &[&run.as_str(), &step, &row],
        )
    }

    /// Whether this row of a loop, or a row of a loop inside it, has begun this step, or ended where the step is the
    /// loop.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn has_row(&self, run: &RunId, step: &str, row: &str) -> Result<bool, JournalError> {
        let itself = self.exists(
            "SELECT EXISTS (SELECT 1 FROM events WHERE run = ?1 AND step = ?2 AND \"row\" = ?3)",
            &[&run.as_str(), &step, &row],
        )?;
        Ok(itself || self.has_rows_inside(run, step, row)?)
    }

    /// The rows of loops inside this row for which a step was accepted, whatever became of it then, in the order in which
    /// they were.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn rows_accepted_inside(
        &self,
        run: &RunId,
        step: &str,
        row: &str,
    ) -> Result<Vec<String>, JournalError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT \"row\" FROM events
                     WHERE run = ?1 AND step = ?2 AND \"row\" > ?3 || '/' AND \"row\" < ?3 || '0'
                       AND kind = 'step_finished' AND body ->> '$.accepted'
                     GROUP BY \"row\" ORDER BY min(seq)",
                )?
                .query_map(params![run.as_str(), step, row], |found| found.get(0))?
                .collect()
        })
    }

    /// Whether a request of this step was ever about to be sent, for any row or none.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn has_sent(&self, run: &RunId, step: &str) -> Result<bool, JournalError> {
        self.exists(
            "SELECT EXISTS (SELECT 1 FROM events
             WHERE run = ?1 AND step = ?2 AND kind = 'attempt_started')",
            &[&run.as_str(), &step],
        )
    }

    /// Whether a create or a delete of this step was done or may have been, for any row or none: it was sent, and
    /// nothing says since that it failed.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn may_have_done(&self, run: &RunId, step: &str) -> Result<bool, JournalError> {
        self.exists(
            "SELECT EXISTS (
               SELECT 1 FROM events AS e
               WHERE run = ?1 AND step = ?2 AND kind = 'attempt_started'
                 AND body ->> '$.effect' IN ('create', 'delete')
                 AND NOT EXISTS (
                   SELECT 1 FROM events AS later INDEXED BY events_by_step
                   WHERE later.run = e.run AND later.step = e.step AND later.\"row\" IS e.\"row\"
                     AND later.seq > e.seq
                     AND ((later.kind = 'step_finished' AND later.outcome = 'failed'
                           AND NOT ifnull(later.body ->> '$.accepted', 0))
                       OR (later.kind = 'reconciled' AND later.body ->> '$.decision' <> 'ok'
                           AND NOT EXISTS (
                             SELECT 1 FROM events AS last INDEXED BY events_by_step
                             WHERE last.run = later.run AND last.step = later.step
                               AND last.\"row\" IS later.\"row\" AND last.seq > later.seq
                               AND last.kind = 'reconciled'
                               AND last.body ->> '$.decision' = 'ok')))))",
            &[&run.as_str(), &step],
        )
    }

    fn exists(&self, sql: &str, given: &[&dyn ToSql]) -> Result<bool, JournalError> {
        self.read(|connection| connection.query_row(sql, given, |row| row.get(0)))
    }

    /// How many requests went to a server and operation since a time (RFC 3339, UTC), over all runs
    /// of this state folder: what counts against a daily budget.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn requests_since(
        &self,
        server: &str,
        operation: &str,
        since: &str,
    ) -> Result<u64, JournalError> {
        self.read(|connection| count_requests(connection, params![server, operation, since]))
    }

    /// How many requests other runs have sent to a server and operation after a mark, and the mark up to which
    /// that is; without one only the mark. It reads what was added since then, so it may be asked before each
    /// request.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn requests_of_others(
        &self,
        (server, operation): (&str, &str),
        mine: &RunId,
        after: Option<Mark>,
    ) -> Result<(u64, Mark), JournalError> {
        self.read(|connection| {
            let Some(Mark(after)) = after else {
                let last = "SELECT coalesce(max(rowid), 0) FROM events";
                return connection.query_row(last, [], |row| Ok((0, Mark(row.get(0)?))));
            };
            connection
                .prepare_cached(
                    "SELECT
                       coalesce(sum(CASE WHEN e.kind = 'attempt_started' THEN 1
                                         WHEN e.kind = 'looked_up' THEN e.body ->> '$.requests' END)
                         FILTER (WHERE r.server = ?2 AND r.operation = ?3 AND r.id <> ?4), 0),
                       coalesce(max(e.rowid), ?1)
                     FROM events AS e JOIN runs AS r ON r.id = e.run WHERE e.rowid > ?1",
                )?
                .query_row(params![after, server, operation, mine.as_str()], |row| {
                    Ok((row.get::<_, i64>(0)?.unsigned_abs(), Mark(row.get(1)?)))
                })
        })
    }

    /// The run that a saved plan was run as, if it was.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn run_of_plan(&self, plan: &str) -> Result<Option<String>, JournalError> {
        self.read(|connection| {
            connection
                .query_row(
                    "SELECT runs.id FROM runs JOIN events ON events.run = runs.id AND events.seq = 1
                     WHERE events.body ->> '$.plan' = ?1",
                    [plan],
                    |row| row.get(0),
                )
                .optional()
        })
    }

    /// Looks whether the database is whole: its pages, its indexes, and that no event is missing. It reads
    /// all of it. Before a run is gone on with: what would be missing there would be sent again. A run that is being
    /// forgotten is not missed.
    ///
    /// # Errors
    /// [`JournalError::Corrupt`] where it is not whole.
    pub fn verify(&self) -> Result<(), JournalError> {
        let damaged = |detail: String| JournalError::Corrupt {
            path: self.shared.place.database(),
            detail,
        };
        let found = self.read(|connection| {
            connection.query_row("PRAGMA integrity_check(1)", [], |row| {
                row.get::<_, String>(0)
            })
        })?;
        if found != "ok" {
            return Err(damaged(found));
        }
        let torn = self.read(|connection| {
            connection
                .prepare(
                    "SELECT run FROM events WHERE run NOT IN (SELECT id FROM runs WHERE started_at = '')
                     GROUP BY run HAVING count(*) <> max(seq) OR min(seq) <> 1
                     UNION ALL SELECT id FROM runs WHERE id NOT IN (SELECT run FROM events)
                     UNION ALL SELECT run FROM events WHERE run NOT IN (SELECT id FROM runs) LIMIT 1",
                )?
                .query_map([], |row| row.get::<_, String>(0))?
                .next()
                .transpose()
        })?;
        match torn {
            Some(run) => Err(damaged(format!("events of the run {run} are missing"))),
            None => Ok(()),
        }
    }

    fn page(&self, sql: &str, run: &RunId, after: u64) -> Result<Vec<(u64, Event)>, JournalError> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let page = i64::try_from(PAGE).unwrap_or(1);
        let stored = self.read(|connection| {
            connection
                .prepare_cached(sql)?
                .query_map(params![run.as_str(), after, page], Stored::read)?
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        self.revive(run, stored)
    }

    pub(super) fn revive(
        &self,
        run: &RunId,
        stored: Vec<Stored>,
    ) -> Result<Vec<(u64, Event)>, JournalError> {
        stored
            .into_iter()
            .map(|it| match EventKind::parse(&it.kind, &it.body) {
                Ok(kind) => Ok((
                    it.seq.unsigned_abs(),
                    Event {
                        time: it.time,
                        kind,
                    },
                )),
                Err(error) => Err(JournalError::Unreadable {
                    path: self.shared.place.database(),
                    detail: format!("run {run}, event {}: {error}", it.seq),
                }),
            })
            .collect()
    }

    /// Reads with the connection that all handles share, opened at the first use.
    pub(super) fn read<T>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, JournalError> {
        let mut reader = self.shared.reader();
        if reader.is_none() {
            *reader = Some(self.shared.place.open_reader()?);
        }
        let connection = reader.as_ref().expect("it was opened just now");
        query(connection)
            .map_err(|error| JournalError::from_sqlite(&self.shared.place.database(), &error))
    }
}

const EVENTS: &str = "SELECT seq, time, kind, body FROM events
     WHERE run = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";

pub(super) const ROW_ENDS: &str = "SELECT seq, time, kind, body FROM events AS e
     WHERE run = ?1 AND seq > ?2 AND kind = 'row_finished'
       AND NOT EXISTS (
         SELECT 1 FROM events AS later INDEXED BY events_by_step
         WHERE later.run = e.run AND later.step = e.step AND later.\"row\" = e.\"row\"
           AND later.seq > e.seq AND later.kind = 'row_finished')
     ORDER BY seq LIMIT ?3";

/// How one step's events are found: `IS`, because a step outside a loop has no row.
pub(super) const STEP_EVENTS: &str = "SELECT seq, time, kind, body
     FROM events INDEXED BY events_by_step
     WHERE run = ?1 AND step = ?2 AND \"row\" IS ?3 ORDER BY seq";

/// An event as it lies in the table.
pub(super) struct Stored {
    seq: i64,
    pub(super) time: String,
    kind: String,
    body: String,
}

impl Stored {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get(0)?,
            time: row.get(1)?,
            kind: row.get(2)?,
            body: row.get(3)?,
        })
    }
}

/// A walk through the events of a run, a page at a time, so that it holds up no one.
#[derive(Debug)]
pub struct Events {
    journal: Journal,
    run: RunId,
    /// A page of what is walked through: at most `?3` events after `?2`.
    sql: &'static str,
    last: u64,
    page: VecDeque<(u64, Event)>,
    state: Walk,
}

#[derive(Debug, PartialEq, Eq)]
enum Walk {
    Reading,
    LastPage,
    Failed,
}

impl Iterator for Events {
    type Item = Result<(u64, Event), JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.is_empty() && self.state == Walk::Reading {
            match self.journal.page(self.sql, &self.run, self.last) {
                Ok(page) => {
                    if page.len() < PAGE {
                        self.state = Walk::LastPage;
                    }
                    self.page = page.into();
                }
                Err(error) => {
                    self.state = Walk::Failed;
                    return Some(Err(error));
                }
            }
        }
        let (seq, event) = self.page.pop_front()?;
        self.last = seq;
        Some(Ok((seq, event)))
    }
}

/// Counts requests to a server and operation (`?1`, `?2`) since a time (`?3`). An attempt whose end says that it was
/// provably not sent is none; one without an end is.
pub(super) fn count_requests(
    connection: &rusqlite::Connection,
    params: &[&dyn rusqlite::ToSql],
) -> rusqlite::Result<u64> {
    let count = connection
        .prepare_cached(
            "SELECT (
               SELECT count(*) FROM runs AS r JOIN events AS e ON e.run = r.id
               WHERE r.server = ?1 AND r.operation = ?2
                 AND (r.finished_at IS NULL OR r.finished_at >= ?3)
                 AND e.kind = 'attempt_started' AND e.time >= ?3
                 AND NOT ifnull((
                   SELECT next.kind IN ('attempt_failed', 'step_finished')
                          AND ifnull(next.body ->> '$.unsent', 0)
                   FROM events AS next INDEXED BY events_by_step
                   WHERE next.run = e.run AND next.step = e.step AND next.\"row\" IS e.\"row\"
                     AND next.seq > e.seq
                   ORDER BY next.seq LIMIT 1), 0)
             ) + (
               SELECT coalesce(sum(e.body ->> '$.requests'), 0)
               FROM events AS e JOIN runs AS r ON r.id = e.run
               WHERE e.kind = 'looked_up' AND e.time >= ?3
                 AND r.server = ?1 AND r.operation = ?2
             )",
        )?
        .query_row(params, |row| row.get::<_, i64>(0))?;
    Ok(count.unsigned_abs())
}
