//! What failed in a run, as far as it decides how the run is gone on with.

use std::collections::HashSet;

use crate::event::{EventKind, RunId};
use crate::journal::Journal;
use crate::outcome::Outcome;

/// Of what kind they are.
#[derive(Debug, Default)]
pub(super) struct Failures {
    /// What is on its way and must not be done twice: a step, and the row where it stands in a loop.
    once: HashSet<(String, Option<String>)>,
    /// Whether the CRM accepted something that failed, and would do it a second time.
    pub(super) any_held: bool,
    /// Whether anything else failed.
    pub(super) any_other: bool,
}

impl Failures {
    /// Takes the next event of the run.
    pub(super) fn add(&mut self, event: &EventKind) {
        match event {
            EventKind::AttemptStarted(sent) if !sent.effect.is_repeatable() => {
                self.once.insert((sent.step.clone(), sent.row.clone()));
            }
            // A loop or a group fails by what is in it.
            EventKind::StepFinished(end) if end.action.is_some() => {
                let is_once =
                    !self.once.is_empty() && self.once.remove(&(end.step.clone(), end.row.clone()));
                if end.outcome == Outcome::Failed {
                    let is_held = end.accepted && is_once;
                    self.any_held |= is_held;
                    self.any_other |= !is_held;
                }
            }
            // A row that cannot be read gets to no step.
            EventKind::RowFinished(row) if row.outcome == Outcome::Failed => {
                self.any_other |= row.failed_step.is_none();
            }
            _ => {}
        }
    }
    /// Takes what failed in earlier stretches and stays so. What cannot be read counts as one that may be tried again.
    pub(super) fn add_earlier(&mut self, journal: &Journal, run: &RunId) {
        let (any_held, any_other) = journal.failures(run).unwrap_or((false, true));
        self.any_held |= any_held;
        self.any_other |= any_other;
    }
}
