//! What the earlier stretches of a run have used of its limits.

use std::collections::HashMap;

use crate::event::{Decision, EventKind, StepFinished};
use crate::outcome::Outcome;

/// A step, and the row where it stands in a loop.
type Key = (String, Option<String>);

/// Requests that were sent, and records that were deleted or may have been.
#[derive(Debug, Default)]
pub(super) struct Spent {
    pub(super) requests: u64,
    deleted: u64,
    /// Deletes of which nothing says yet whether the CRM did them.
    open: HashMap<Key, u64>,
}

impl Spent {
    /// Takes the next event of the run.
    pub(super) fn add(&mut self, event: &EventKind) {
        match event {
            EventKind::AttemptStarted(sent) => {
                self.requests += 1;
                if sent.deletes > 0 {
                    let key = (sent.step.clone(), sent.row.clone());
                    self.open.insert(key, sent.deletes);
                }
            }
            EventKind::StepFinished(end) => self.settle(end),
            EventKind::Reconciled(word) if word.decision != Decision::Ok => {
                self.open.remove(&(word.step.clone(), word.row.clone()));
            }
            _ => {}
        }
    }

    /// Records that were deleted, those in doubt included.
    pub(super) fn deletes(&self) -> u64 {
        self.deleted + self.open.values().sum::<u64>()
    }

    fn settle(&mut self, end: &StepFinished) {
        // What is in doubt counts until a person says that it was not done.
        if end.outcome == Outcome::Unknown || self.open.is_empty() {
            return;
        }
        let records = self.open.remove(&(end.step.clone(), end.row.clone()));
        if end.outcome == Outcome::Ok || end.accepted {
            self.deleted += records.unwrap_or_default();
        }
    }
}
