//! What the earlier stretches of a run have used of its limits, and what of its deletes they have settled.

use std::collections::{HashMap, HashSet};

use crate::event::{Decision, EventKind, Reconciled, StepFinished};
use crate::outcome::Outcome;

/// A step, and the row where it stands in a loop.
type Key = (String, Option<String>);

/// Requests that were sent, and records that were deleted or may have been.
#[derive(Debug, Default)]
pub(super) struct Spent {
    pub(super) requests: u64,
    deleted: u64,
    /// Those of them that rows have deleted.
    deleted_in_rows: u64,
    /// The steps outside of loops that have deleted.
    done: HashSet<String>,
    /// Deletes of which nothing says yet whether the CRM did them, or a person says that it did.
    open: HashMap<Key, u64>,
    /// Deletes that were not done, and are not to be sent again by themselves.
    failed: HashMap<Key, u64>,
    /// Deletes that are to be sent again by the word of a person.
    again: HashMap<Key, u64>,
}

impl Spent {
    /// Takes the next event of the run.
    pub(super) fn add(&mut self, event: &EventKind) {
        match event {
            EventKind::AttemptStarted(sent) => {
                self.requests += 1;
                if sent.deletes > 0 {
                    let key = (sent.step.clone(), sent.row.clone());
                    self.failed.remove(&key);
                    self.again.remove(&key);
                    self.open.insert(key, sent.deletes);
                }
            }
            EventKind::AttemptFailed(failed) => self.not_sent(failed.unsent),
            EventKind::StepFinished(end) => {
                self.not_sent(end.unsent);
                self.settle(end);
            }
            EventKind::Reconciled(word) => self.reconcile(word),
            _ => {}
        }
    }

    /// A request that provably did not leave is none.
    fn not_sent(&mut self, unsent: bool) {
        self.requests = self.requests.saturating_sub(u64::from(unsent));
    }

    /// Records that were deleted, those in doubt included.
    pub(super) fn deletes(&self) -> u64 {
        self.deleted + self.open.values().sum::<u64>()
    }

    /// Whether a step outside of loops deletes nothing more.
    pub(super) fn is_settled(&self, step: &str, retries_failed: bool) -> bool {
        let key = (step.to_owned(), None);
        let is_left = retries_failed && self.failed.contains_key(&key);
        let was_sent = self.open.contains_key(&key) || self.failed.contains_key(&key);
        self.done.contains(step) || (was_sent && !is_left)
    }

    /// The records of rows that are not deleted any more.
    pub(super) fn of_rows(&self, retries_failed: bool) -> u64 {
        let in_rows = |kept: &HashMap<Key, u64>| -> u64 {
            let rows = kept.iter().filter(|((_, row), _)| row.is_some());
            rows.map(|(_, records)| records).sum()
        };
        let failed = if retries_failed {
            0
        } else {
            in_rows(&self.failed)
        };
        self.deleted_in_rows + in_rows(&self.open) + failed
    }

    fn settle(&mut self, end: &StepFinished) {
        // What is in doubt counts until a person says that it was not done.
        if end.outcome == Outcome::Unknown || self.open.is_empty() {
            return;
        }
        let key = (end.step.clone(), end.row.clone());
        let Some(records) = self.open.remove(&key) else {
            return;
        };
        if end.outcome == Outcome::Ok || end.accepted {
            self.deleted += records;
            if end.row.is_some() {
                self.deleted_in_rows += records;
            } else {
                self.done.insert(end.step.clone());
            }
        } else if end.outcome == Outcome::Failed {
            self.failed.insert(key, records);
        }
    }

    /// A later word takes the place of an earlier one.
    fn reconcile(&mut self, word: &Reconciled) {
        let key = (word.step.clone(), word.row.clone());
        let kept = [&mut self.open, &mut self.failed, &mut self.again];
        let Some(records) = kept.into_iter().find_map(|kept| kept.remove(&key)) else {
            return;
        };
        let kept = match word.decision {
            Decision::Ok => &mut self.open,
            Decision::Failed => &mut self.failed,
            Decision::Resend => &mut self.again,
        };
        kept.insert(key, records);
    }
}
