//! What the steps of a lane leave behind, in the order in which they stand, whichever stretch of the run has done them:
//! ids, the step that a row did not get past, and what the CRM accepted of those that failed.

use crate::event::{Accepted, AcceptedStep, RowFinished, StepFinished, step_name};
use crate::outcome::Outcome;
use crate::plan::PlannedStep;
use crate::value::{Map, Value};

/// What the steps of a lane have left behind.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    ids: Map,
    failed: Option<Bad>,
    unknown: Option<Bad>,
    accepted: Accepted,
    /// The first request in doubt, as `reconcile` calls it.
    doubt: Option<String>,
}

/// A step that did not go well.
#[derive(Debug, Clone)]
struct Bad {
    step: String,
    code: Option<Value>,
    error: Option<String>,
}

impl Found {
    /// Takes note of the end of a step.
    pub(super) fn add(&mut self, step: &PlannedStep, end: &StepFinished) {
        if let Some(id) = &end.wolkvox_id {
            self.ids.insert(end.step.clone(), id.clone());
        }
        let first = match end.outcome {
            Outcome::Failed => &mut self.failed,
            Outcome::Unknown => &mut self.unknown,
            Outcome::Ok | Outcome::Skipped | Outcome::NotRun => return,
        };
        if end.outcome == Outcome::Unknown && end.action.is_some() {
            self.doubt
                .get_or_insert_with(|| step_name(&end.step, end.row.as_deref()));
        }
        first.get_or_insert_with(|| Bad {
            step: end.step.clone(),
            code: end.code.clone(),
            error: end.error.clone(),
        });
        if let Some(accepted) = accepted(step, end) {
            self.accepted.add(accepted);
        }
    }

    /// The first request in doubt, as `reconcile` calls it.
    pub(super) fn doubt(&self) -> Option<&String> {
        self.doubt.as_ref()
    }

    /// Takes note of the first request in doubt inside a loop.
    pub(super) fn add_doubt(&mut self, inner: Option<&String>) {
        if self.doubt.is_none() {
            self.doubt = inner.cloned();
        }
    }

    /// Takes note of what the CRM accepted inside a loop.
    pub(super) fn add_accepted(&mut self, inner: Accepted) {
        self.accepted.extend(inner);
    }

    /// Writes into the end of a row what became of its steps. A row in doubt names the step in doubt: that one is to be
    /// settled before anything else.
    pub(super) fn tell(self, row: &mut RowFinished) {
        row.wolkvox_ids = self.ids;
        row.accepted = self.accepted;
        let unknown = self.unknown.filter(|_| row.outcome == Outcome::Unknown);
        if let Some(bad) = unknown.or(self.failed) {
            row.failed_step = Some(bad.step);
            row.code = bad.code;
            row.error = bad.error;
        }
    }
}

/// What the CRM accepted of a step of a row that failed, and must not do once more.
pub(super) fn accepted(step: &PlannedStep, end: &StepFinished) -> Option<AcceptedStep> {
    let is_accepted = end.accepted && end.outcome == Outcome::Failed && step.adds_or_removes();
    let row = end.row.as_ref().filter(|_| is_accepted)?;
    Some(AcceptedStep {
        step: end.step.clone(),
        row: row.clone(),
        wolkvox_id: end.wolkvox_id.clone(),
    })
}
