//! The end of a step: counted, written down, and what it means for the steps after it.

use super::{Lane, State, Stop};
use crate::event::{EventKind, StepFinished};
use crate::journal::Durability;
use crate::outcome::Outcome;
use crate::plan::{PlannedKind, PlannedStep};
use crate::playbook::OnFailure;
use crate::run::attempt::finished;
use crate::run::{Command, Limit, LoopEnd, sum};

impl<'p> Lane<'p> {
    /// The rows of a loop are done, or as far as they go.
    pub(super) fn looped(
        &mut self,
        step: &'p PlannedStep,
        end: &LoopEnd,
        duration_ms: u64,
    ) -> Command<'p> {
        let outcome = end.outcome();
        let error = end.error(self.row.is_some());
        let mut event = finished(step, self.row.as_deref(), None, outcome, error);
        event.outputs = end.outputs();
        event.duration_ms = duration_ms;
        self.counts = sum([self.counts, end.tally.counts]);
        self.rows = sum([self.rows, end.tally.counts]);
        let mut outlook = end.stop;
        if end.problem.is_some() {
            // Its rows cannot be read, or its accounts not written: it fails as a step, beside its rows.
            self.counts.add(Outcome::Failed);
            if outlook.is_none() && step.on_failure == OnFailure::Stop {
                outlook = Some(Stop::Failed);
            }
        }
        self.note(step, &event);
        self.found.add_accepted(end.tally.accepted.clone());
        self.found.add_doubt(end.tally.doubt.as_ref());
        if outlook.is_some() {
            self.why.clone_from(&end.enough);
        }
        match outlook {
            Some(Stop::Interrupted) => self.halt(Stop::Interrupted, "the run was interrupted"),
            Some(Stop::Budget) => self.halt(Stop::Budget, "the day's requests are used up"),
            Some(Stop::Limit(limit)) => self.halt_but_for_finally(limit),
            Some(Stop::Unknown) => self.halt(Stop::Unknown, "rows of an earlier loop are in doubt"),
            Some(Stop::Failed) => {
                let level = self.frames.len() - 1;
                self.stop_level(level, &format!("the loop {} failed", step.id));
            }
            None => {}
        }
        self.state = State::Finishing;
        Command::Record(Box::new(EventKind::StepFinished(event)), Durability::Now)
    }

    pub(super) fn fail_unsent(&mut self, step: &'p PlannedStep, reason: &str) -> Command<'p> {
        let action = match &step.kind {
            PlannedKind::Action(action) => Some(&**action),
            PlannedKind::Group(_) | PlannedKind::Loop(_) | PlannedKind::Use(_) => None,
        };
        let before = &self.around.history;
        let (outcome, reason) = if before.may_be_done(&step.id, self.row.as_deref()) {
            (
                Outcome::Unknown,
                format!("not sent again: {reason}; whether the CRM did it before is not known"),
            )
        } else {
            (Outcome::Failed, format!("not sent: {reason}"))
        };
        let end = finished(step, self.row.as_deref(), action, outcome, Some(reason));
        let nested = match &step.kind {
            PlannedKind::Group(_) => Some("its group failed"),
            PlannedKind::Use(_) => Some("the playbook was not begun"),
            PlannedKind::Action(_) | PlannedKind::Loop(_) => None,
        };
        if let Some(why) = nested {
            // The steps of a group whose condition cannot be read are accounted for as well.
            self.counts.add(Outcome::Failed);
            self.note(step, &end);
            self.after_failure(step);
            self.pass_over_nested(step, Outcome::NotRun, why);
            self.state = State::Finishing;
            return Command::Record(Box::new(EventKind::StepFinished(end)), Durability::Soon);
        }
        self.finish(step, end)
    }

    /// Takes a step's end into account and writes it down.
    pub(super) fn finish(&mut self, step: &'p PlannedStep, end: StepFinished) -> Command<'p> {
        let durability = match end.outcome {
            Outcome::Ok | Outcome::Failed | Outcome::Unknown if end.attempts > 0 => Durability::Now,
            _ => Durability::Soon,
        };
        self.finish_as(step, end, durability)
    }

    pub(super) fn finish_as(
        &mut self,
        step: &'p PlannedStep,
        end: StepFinished,
        durability: Durability,
    ) -> Command<'p> {
        self.account(step, &end);
        self.state = State::Finishing;
        Command::Record(Box::new(EventKind::StepFinished(end)), durability)
    }

    pub(super) fn account(&mut self, step: &'p PlannedStep, end: &StepFinished) {
        self.counts.add(end.outcome);
        self.note(step, end);
        match end.outcome {
            Outcome::Failed => self.after_failure(step),
            Outcome::Unknown => self.halt(Stop::Unknown, "an earlier step is in doubt"),
            Outcome::NotRun => self.halt(Stop::Interrupted, "the run was interrupted"),
            Outcome::Ok | Outcome::Skipped => {}
        }
    }

    /// What a failure means for the steps after it.
    pub(super) fn after_failure(&mut self, step: &PlannedStep) {
        if step.on_failure == OnFailure::Continue {
            self.why = None;
            return;
        }
        let level = self.frames.len() - 1;
        self.stop_level(level, &format!("the step {} failed", step.id));
    }

    /// No further step of this level is to run; those of `finally` are tried all the same.
    pub(super) fn stop_level(&mut self, level: usize, reason: &str) {
        let frame = &mut self.frames[level];
        frame.failed = true;
        if !frame.is_finally {
            frame.rest = Some((Outcome::NotRun, reason.to_owned()));
        }
        if level == 0 {
            self.stop = Some(Stop::Failed);
        }
    }

    /// A limit was reached in the rows of a loop: nothing more is to run in this lane, but each step of a `finally`
    /// that the loop is in is tried, as after any other failure of a loop.
    fn halt_but_for_finally(&mut self, limit: Limit) {
        self.stop = Some(Stop::Limit(limit));
        for frame in self.frames.iter_mut().filter(|frame| !frame.is_finally) {
            frame.rest = Some((Outcome::NotRun, limit.reached()));
        }
    }

    /// Nothing more is to run in this lane, whatever `on_failure` says.
    pub(super) fn halt(&mut self, stop: Stop, reason: &str) {
        self.stop = Some(stop);
        for frame in &mut self.frames {
            frame.rest = Some((Outcome::NotRun, reason.to_owned()));
        }
    }
}
