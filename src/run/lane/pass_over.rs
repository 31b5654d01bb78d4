//! Steps that do not run are accounted for as well, with all the steps in them.

use super::frame::{Begun, Frame};
use super::{Lane, State, Stop};
use crate::event::EventKind;
use crate::journal::Durability;
use crate::outcome::Outcome;
use crate::plan::{PlannedKind, PlannedStep, PlannedUse};
use crate::run::Command;
use crate::run::attempt::finished;
use crate::template::Scope;

impl<'p> Lane<'p> {
    /// A step that does not run, with the steps in it.
    pub(super) fn pass_over(
        &mut self,
        step: &'p PlannedStep,
        outcome: Outcome,
        reason: &str,
        now: u64,
    ) -> Option<Command<'p>> {
        if outcome == Outcome::Skipped
            && let Some(command) = self.leave_rows_out(step, reason, now)
        {
            return Some(command);
        }
        let (action, holds_steps) = match &step.kind {
            PlannedKind::Action(action) => (Some(&**action), false),
            PlannedKind::Group(_) | PlannedKind::Use(_) => (None, true),
            // Its rows were never read, so that there is nothing to account for but the loop itself.
            PlannedKind::Loop(_) => (None, false),
        };
        let row = self.row.as_deref();
        if let (Some(_), Some(settled)) = (action, self.around.history.settled(&step.id, row)) {
            // What an earlier stretch of the run has settled stays so, though this one does not come to it.
            self.counts.add(settled.outcome);
            self.note(step, &settled);
            self.heed_doubt(settled.outcome);
            return None;
        }
        let history = self.around.history;
        let intent = history.in_doubt(&step.id, row);
        let is_once = intent.is_some_and(|intent| !intent.effect.is_repeatable());
        // An update that is left for later is sent again then; one that is left out would never be.
        let is_never_sent = outcome == Outcome::Skipped && history.may_be_done(&step.id, row);
        let (outcome, reason) = if is_once || is_never_sent {
            (
                Outcome::Unknown,
                "the run ended while this was being sent: whether the CRM did it is not known",
            )
        } else {
            (outcome, reason)
        };
        let end = finished(step, row, action, outcome, Some(reason.to_owned()));
        if !holds_steps {
            self.counts.add(outcome);
        }
        self.note(step, &end);
        self.heed_doubt(outcome);
        self.remember_rows(step);
        self.pass_over_nested(step, outcome, reason);
        self.state = State::Finishing;
        Some(Command::Record(
            Box::new(EventKind::StepFinished(end)),
            Durability::Soon,
        ))
    }

    /// What is left out and in doubt stops what would come after it, as what runs does.
    fn heed_doubt(&mut self, outcome: Outcome) {
        if outcome == Outcome::Unknown && self.stop.is_none() {
            self.halt(Stop::Unknown, "an earlier step is in doubt");
        }
    }

    /// The rows of a loop that is left out and had rows in an earlier stretch of the run: what became of those stays
    /// true. So they are read again, and none is begun.
    fn leave_rows_out(
        &mut self,
        step: &'p PlannedStep,
        reason: &str,
        now: u64,
    ) -> Option<Command<'p>> {
        let PlannedKind::Loop(each) = &step.kind else {
            return None;
        };
        // Where the templates of a playbook have no values, its rows cannot be read.
        let has_values = |frame: &Frame<'_>| {
            frame
                .used
                .as_ref()
                .is_none_or(|used| used.begun != Begun::Not)
        };
        if !self.frames.iter().all(has_values)
            || !self.around.history.has_rows(step, self.row.as_deref())
        {
            return None;
        }
        self.state = State::Looping(step, now);
        let left_out = Some(reason.to_owned());
        Some(Command::Loop(step, each, self.scope.clone(), left_out))
    }

    /// What the CRM accepted inside a loop in an earlier stretch stays true, though its rows are not read now.
    fn remember_rows(&mut self, step: &PlannedStep) {
        if let (PlannedKind::Loop(_), Some(row)) = (&step.kind, &self.row) {
            let earlier = self
                .around
                .history
                .accepted(std::slice::from_ref(step), row);
            self.found.add_accepted(earlier);
        }
    }

    /// Accounts for the steps in one that does not run.
    pub(super) fn pass_over_nested(
        &mut self,
        step: &'p PlannedStep,
        outcome: Outcome,
        reason: &str,
    ) {
        let mut frame = match &step.kind {
            PlannedKind::Action(_) | PlannedKind::Loop(_) => return,
            PlannedKind::Group(nested) => Frame::new(nested),
            // What becomes of its steps must not be taken for what became of others of the same name.
            PlannedKind::Use(used) => {
                let values = self.values_of(step, used, outcome);
                let begun = if values.is_some() {
                    Begun::ToRead
                } else {
                    Begun::Not
                };
                let mut frame = self.used_frame(used, values.unwrap_or_default());
                if let Some(used) = &mut frame.used {
                    used.begun = begun;
                }
                frame
            }
        };
        frame.rest = Some((outcome, reason.to_owned()));
        self.frames.push(frame);
    }

    /// What the templates of a used playbook that is left out see, where rows of an earlier stretch are to be read by
    /// them.
    fn values_of(&self, step: &PlannedStep, used: &PlannedUse, outcome: Outcome) -> Option<Scope> {
        let has_rows =
            outcome == Outcome::Skipped && self.around.history.has_rows(step, self.row.as_deref());
        has_rows
            .then(|| used.begin(&self.scope, &step.home).ok())
            .flatten()
    }
}
