//! What may or may not have been done: one definition, for the end of a run, for `reconcile` and for `resume`.

use rusqlite::params;

use super::Journal;
use super::error::JournalError;
use super::read::Stored;
use crate::action::Effect;
use crate::event::{AttemptStarted, BUDGET_USED_UP, Event, EventKind, RunId};

/// A step, or a row's step, that may or may not have been done. What only reads is in doubt where its outcome is
/// unknown, and never because nobody wrote its answer down.
#[derive(Debug, Clone, PartialEq)]
pub struct Doubt {
    /// The number of its event.
    pub seq: u64,
    /// What is known of it: a request about to be sent, or an outcome that is unknown.
    pub event: Event,
    /// Whether it is left to `resume`, which sends it again by itself where it comes to it: an update that was on its
    /// way when the run was killed, and that no stretch has gone past since.
    pub is_left: bool,
}

impl Journal {
    /// Everything of a run that is in doubt, in the order in which it happened.
    ///
    /// # Errors
    /// Where the database or one of the events cannot be read.
    pub fn in_doubt(&self, run: &RunId) -> Result<Vec<Doubt>, JournalError> {
        let run_of = run.as_str();
        let passed: i64 = self.read(|connection| {
            connection
                .prepare_cached(LAST_PASS)?
                .query_row(params![run_of, BUDGET_USED_UP], |row| row.get(0))
        })?;
        let stored = self.read(|connection| {
            connection
                .prepare_cached(IN_DOUBT)?
                .query_map([run_of], Stored::read)?
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let events = self.revive(run, stored)?.into_iter();
        let doubts = events.filter_map(|(seq, event)| {
            let is_left = match &event.kind {
                EventKind::AttemptStarted(AttemptStarted { effect, .. }) => match effect {
                    Effect::Read => return None,
                    effect => effect.is_repeatable() && seq > passed.unsigned_abs(),
                },
                _ => false,
            };
            Some(Doubt {
                seq,
                event,
                is_left,
            })
        });
        Ok(doubts.collect())
    }
}

/// The end of the last stretch that came to all that it could come to: one that was interrupted, or that used up the
/// day's requests, has left the rest to the next one.
const LAST_PASS: &str = "SELECT ifnull(max(seq), 0) FROM events
     WHERE run = ?1 AND kind = 'run_finished' AND outcome NOT IN ('interrupted', 'budget')
       AND body ->> '$.stopped' IS NOT ?2";

/// The view, and what waited for another attempt when the run was killed, after one without an answer: of that the
/// latest request.
const IN_DOUBT: &str = "SELECT seq, time, kind, body FROM events
     WHERE run = ?1 AND seq IN (
       SELECT seq FROM in_doubt WHERE run = ?1
       UNION ALL
       SELECT (SELECT max(sent.seq) FROM events AS sent INDEXED BY events_by_step
               WHERE sent.run = e.run AND sent.step = e.step AND sent.\"row\" IS e.\"row\"
                 AND sent.kind = 'attempt_started')
       FROM events AS e
       WHERE e.run = ?1 AND e.kind = 'attempt_failed'
         AND NOT EXISTS (
           SELECT 1 FROM events AS later INDEXED BY events_by_step
           WHERE later.run = e.run AND later.step = e.step AND later.\"row\" IS e.\"row\"
             AND later.seq > e.seq
             AND later.kind <> 'row_finished' AND ifnull(later.outcome, '') NOT IN ('not_run', 'skipped'))
         AND EXISTS (
           SELECT 1 FROM events AS lost INDEXED BY events_by_step
           WHERE lost.run = e.run AND lost.step = e.step AND lost.\"row\" IS e.\"row\"
             AND lost.kind = 'attempt_failed' AND lost.body ->> '$.in_doubt'
             AND lost.seq > ifnull((
               SELECT max(word.seq) FROM events AS word INDEXED BY events_by_step
               WHERE word.run = e.run AND word.step = e.step AND word.\"row\" IS e.\"row\"
                 AND (word.kind = 'reconciled'
                   OR (word.kind = 'step_finished' AND word.outcome NOT IN ('not_run', 'skipped')))
             ), 0)))
     ORDER BY seq";
