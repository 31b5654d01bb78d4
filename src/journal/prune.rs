//! Old runs forgotten. What can be gone on with, or is in doubt, stays.

use rusqlite::params;

use super::{Journal, JournalError};
use crate::event::BUDGET_USED_UP;

impl Journal {
    /// Forgets runs that ended ok or failed and began before a time (RFC 3339, UTC), unless something in
    /// them is in doubt, or more of it can be done on another day; or something happened in them since `counted`,
    /// from when on a daily budget may count their requests. Returns how many.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub fn prune(&self, before: &str, counted: Option<&str>) -> Result<u64, JournalError> {
        let path = self.shared.place.database();
        let mut connection = self.shared.place.open_writer()?;
        let mut work = || -> rusqlite::Result<usize> {
            let transaction = connection.transaction()?;
            transaction.execute_batch("CREATE TEMP TABLE old (id TEXT PRIMARY KEY)")?;
            let count = transaction.execute(
                "INSERT INTO old SELECT id FROM runs
                 WHERE started_at < ?1 AND outcome IN ('ok', 'failed')
                   AND id NOT IN (SELECT run FROM in_doubt)
                   AND (SELECT body ->> '$.stopped' FROM events
                        WHERE run = runs.id AND kind = 'run_finished'
                        ORDER BY seq DESC LIMIT 1) IS NOT ?2
                   AND (?3 IS NULL OR NOT EXISTS
                     (SELECT 1 FROM events WHERE run = runs.id AND time >= ?3))",
                params![before, BUDGET_USED_UP, counted],
            )?;
            transaction.execute("DELETE FROM events WHERE run IN (SELECT id FROM old)", [])?;
            transaction.execute("DELETE FROM runs WHERE id IN (SELECT id FROM old)", [])?;
            transaction.execute_batch("DROP TABLE old")?;
            transaction.commit()?;
            Ok(count)
        };
        let count = work().map_err(|error| JournalError::from_sqlite(&path, &error))?;
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }
}
