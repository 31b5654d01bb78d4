//! What failed in a run, over all its stretches.

use super::Journal;
use super::error::JournalError;
use crate::event::RunId;

impl Journal {
    /// Whether a create or a delete failed though the CRM accepted it, and whether any other step failed; each by the
    /// last word on it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn failures(&self, run: &RunId) -> Result<(bool, bool), JournalError> {
        self.read(|connection| {
            connection
                .prepare_cached(FAILURES)?
                .query_row([run.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        })
    }
}

/// A loop or a group fails by what is in it; the word of a person need not name the action.
const FAILURES: &str = "WITH failed (is_held) AS (
       SELECT ifnull(e.body ->> '$.accepted', 0) AND ifnull((
         SELECT sent.body ->> '$.effect' FROM events AS sent INDEXED BY events_by_step
         WHERE sent.run = e.run AND sent.step = e.step AND sent.\"row\" IS e.\"row\"
           AND sent.kind = 'attempt_started' AND sent.seq < e.seq
         ORDER BY sent.seq DESC LIMIT 1
       ), '') IN ('create', 'delete')
       FROM steps AS s JOIN events AS e ON e.run = s.run AND e.seq = s.seq
       WHERE s.run = ?1 AND s.outcome = 'failed' AND (s.action IS NOT NULL OR e.kind = 'reconciled')
     )
     SELECT ifnull(max(is_held), 0), ifnull(max(NOT is_held), 0) FROM failed";
