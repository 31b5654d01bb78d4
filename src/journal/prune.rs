//! Old runs forgotten. What can be gone on with, is in doubt, or keeps something from being sent twice, stays.

use rusqlite::{Connection, params};

use super::{Journal, JournalError, RunLock};
use crate::event::{BUDGET_USED_UP, RunId};

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
        let mut work = || -> rusqlite::Result<usize> {
            let transaction = connection.transaction()?;
            let mut count = 0;
            // Once more, now that nobody begins anything.
            for (id, playbook) in candidates(&transaction, old)? {
                if is_free(&playbook) {
                    transaction.execute("DELETE FROM events WHERE run = ?1", [&id])?;
                    count += transaction.execute("DELETE FROM runs WHERE id = ?1", [&id])?;
                }
            }
            transaction.commit()?;
            Ok(count)
        };
        let count = work().map_err(failed)?;
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }
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
