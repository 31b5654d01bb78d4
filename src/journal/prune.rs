//! Old runs forgotten. What can be gone on with, is in doubt, or keeps something from being sent twice, stays.
//!
//! Runs that go on record meanwhile: so a little is forgotten at a time, the first events of a run first, and while any
//! of its events are left its row in `runs` is marked. A run that is marked is none any more, whatever is left of it.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: leaves the database to others for as long as it kept it"
)]

use std::time::Instant;

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::{Journal, JournalError, RunLock};
use crate::event::{BUDGET_USED_UP, RunId};

/// So many events are forgotten in one transaction, for which others who write have to wait.
const AT_ONCE: u32 = 5_000;

/// Which runs are old; times as RFC 3339 text in UTC.
#[derive(Debug, Clone, Copy)]
pub struct Old<'t> {
    /// They began before this.
    pub before: &'t str,
    /// Those that a saved plan was run as, or that had an id given to them, began before this too: the plan, or the
    /// command with the id, would be run once more by mistake.
    pub repeatable_before: &'t str,
    /// Nothing happened in them since this, from when on a daily budget may count their requests; none where there
    /// is no such budget.
    pub counted: Option<&'t str>,
}

impl Journal {
    /// Forgets old runs that ended ok or failed, unless something in them is in doubt, or more of it can be done on
    /// another day, or somebody goes on with them now. Returns how many.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub fn prune(&self, old: Old<'_>) -> Result<u64, JournalError> {
        let path = self.shared.place.database();
        let failed = |error: rusqlite::Error| JournalError::from_sqlite(&path, &error);
        let mut connection = self.shared.place.open_writer()?;
        // Who goes on with a run has the lock of its playbook from before the first look at it.
        let mut locks: Vec<(String, Option<RunLock>)> = Vec::new();
        for (id, playbook) in candidates(&connection, old).map_err(failed)? {
            if locks.iter().any(|(locked, _)| *locked == playbook) {
                continue;
            }
            let lock = match RunId::parse(&id).map(|id| self.lock(&playbook, &id)) {
                Some(Ok(lock)) => Some(lock),
                Some(Err(JournalError::Locked { .. })) | None => None,
                Some(Err(error)) => return Err(error),
            };
            locks.push((playbook, lock));
        }
        let is_free = |playbook: &str| {
            let mut locks = locks.iter();
            locks.any(|(locked, lock)| locked == playbook && lock.is_some())
        };
        // Once more, now that nobody begins anything.
        let runs = candidates(&connection, old).map_err(failed)?.into_iter();
        let runs = runs.filter(|(_, playbook)| is_free(playbook));
        let mut runs: Vec<Going> = runs
            .map(|(id, _)| Going {
                id,
                is_marked: false,
            })
            .collect();
        runs.extend(half_forgotten(&connection).map_err(failed)?);
        let mut count = 0;
        while !runs.is_empty() {
            let since = Instant::now();
            count += forget(&mut connection, &mut runs).map_err(failed)?;
            if !runs.is_empty() {
                // Who waits looks only now and then whether it is its turn.
                std::thread::sleep(since.elapsed());
            }
        }
        Ok(count)
    }
}

/// A run that is being forgotten.
struct Going {
    id: String,
    /// Whether a part of it is gone already.
    is_marked: bool,
}

/// Forgets from the end of the list what one transaction holds, and takes off the list what is gone. Returns how many
/// runs it was that are gone now.
fn forget(connection: &mut Connection, runs: &mut Vec<Going>) -> rusqlite::Result<u64> {
    // One that began by reading could not write any more once somebody else has written.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut room = AT_ONCE;
    let mut count = 0;
    while room > 0
        && let Some(run) = runs.last_mut()
    {
        let is_marked = transaction
            .prepare_cached("SELECT started_at = '' FROM runs WHERE id = ?1")?
            .query_row([&run.id], |row| row.get(0))
            .optional()?;
        // Another process may have forgotten the rest of it, and a new run may have its id.
        if is_marked == Some(run.is_marked) {
            let id = &run.id;
            let gone = transaction
                .prepare_cached(FIRST_EVENTS)?
                .execute(params![id, room])?;
            room = room.saturating_sub(u32::try_from(gone).unwrap_or(u32::MAX));
            if transaction.prepare_cached(HAS_EVENTS)?.exists([id])? {
                transaction.execute("UPDATE runs SET started_at = '' WHERE id = ?1", [id])?;
                run.is_marked = true;
                break;
            }
            transaction.execute("DELETE FROM runs WHERE id = ?1", [id])?;
            count += 1;
        }
        runs.pop();
    }
    transaction.commit()?;
    Ok(count)
}

/// In their order, so that no request is left without what became of it.
const FIRST_EVENTS: &str = "DELETE FROM events WHERE run = ?1 AND seq IN (
     SELECT seq FROM events WHERE run = ?1 ORDER BY seq LIMIT ?2)";

const HAS_EVENTS: &str = "SELECT 1 FROM events WHERE run = ?1 LIMIT 1";

/// The runs that an earlier process was stopped in the middle of forgetting.
fn half_forgotten(connection: &Connection) -> rusqlite::Result<Vec<Going>> {
    connection
        .prepare("SELECT id FROM runs INDEXED BY runs_by_time WHERE started_at = ''")?
        .query_map([], |row| {
            Ok(Going {
                id: row.get(0)?,
                is_marked: true,
            })
        })?
        .collect()
}

/// The runs that may be forgotten, each with the name of its playbook's lock.
fn candidates(connection: &Connection, old: Old<'_>) -> rusqlite::Result<Vec<(String, String)>> {
    connection
        .prepare(
            "SELECT runs.id, ifnull(first.body ->> '$.from_root', '')
             FROM runs JOIN events AS first ON first.run = runs.id AND first.seq = 1
             WHERE first.time < ?1 AND runs.outcome IN ('ok', 'failed')
               AND (first.time < ?2 OR (first.body ->> '$.plan' IS NULL
                                        AND NOT ifnull(first.body ->> '$.named', 0)))
               AND runs.id NOT IN (SELECT run FROM in_doubt WHERE why = 'unknown' OR effect IS NOT 'read')
               AND (SELECT body ->> '$.stopped' FROM events
                    WHERE run = runs.id AND kind = 'run_finished'
                    ORDER BY seq DESC LIMIT 1) IS NOT ?3
               AND (?4 IS NULL OR NOT EXISTS
                 (SELECT 1 FROM events WHERE run = runs.id AND time >= ?4))",
        )?
        .query_map(
            params![
                old.before,
                old.repeatable_before,
                BUDGET_USED_UP,
                old.counted
            ],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?
        .collect()
}
