//! Which step is next: a lane goes into groups and used playbooks, and out of them again. It does not know how a
//! request is sent.

use super::frame::{Begun, Frame, UsedFrame};
use super::{Lane, LaneEnd, State, Stop};
use crate::action::Effect;
use crate::event::EventKind;
use crate::journal::Durability;
use crate::outcome::Outcome;
use crate::plan::{PlannedAction, PlannedKind, PlannedStep, PlannedUse, render_outputs};
use crate::run::Command;
use crate::run::attempt::{Attempt, finished};
use crate::run::loops::counts_of;
use crate::run::sum;
use crate::template::Scope;
use crate::value::{Map, Value};

impl<'p> Lane<'p> {
    /// Goes on to the next step that has something to do.
    pub(super) fn walk(&mut self, now: u64) -> Command<'p> {
        loop {
            let Some(frame) = self.frames.last_mut() else {
                return Command::Done(LaneEnd {
                    counts: self.counts,
                    rows: self.rows,
                    // An interruption that came while the last step ended has stopped nothing.
                    stop: match self.stop {
                        Some(_) if self.interrupted => Some(Stop::Interrupted),
                        stop => stop,
                    },
                    why: self.why.take(),
                    scope: self.scope.clone(),
                    found: std::mem::take(&mut self.found),
                });
            };
            let Some(step) = frame.steps.get(frame.next) else {
                if frame.begin_finally(self.stop) {
                    continue;
                }
                let frame = self.frames.pop().expect("it was just looked at");
                if let Some(command) = self.leave(frame) {
                    return command;
                }
                continue;
            };
            frame.next += 1;
            if let Some((outcome, reason)) = frame.rest.clone() {
                if let Some(command) = self.pass_over(step, outcome, &reason, now) {
                    return command;
                }
                continue;
            }
            if self.interrupted {
                self.halt(Stop::Interrupted, "the run was interrupted");
                if let Some(command) =
                    self.pass_over(step, Outcome::NotRun, "the run was interrupted", now)
                {
                    return command;
                }
                continue;
            }
            if let Some(command) = self.enter(step, now) {
                return command;
            }
        }
    }

    /// Begins a step; none where it is a group, whose first step is then next.
    pub(super) fn enter(&mut self, step: &'p PlannedStep, now: u64) -> Option<Command<'p>> {
        if !step.selected {
            return self.pass_over(step, Outcome::Skipped, "not chosen by --tags", now);
        }
        // Before its condition: that it has no value now, or another one, takes nothing back of what was done.
        if self.restore(step) {
            return None;
        }
        if let Some(when) = &step.when {
            match when.expression.is_true(&self.scope) {
                Ok(true) => {}
                Ok(false) => {
                    let reason = format!("when: {}", when.text.trim());
                    return self.pass_over(step, Outcome::Skipped, &reason, now);
                }
                Err(error) => {
                    let diagnostic =
                        crate::plan::template_diagnostic(&error, &when.node, step.home.source());
                    let reason = crate::diagnostic::in_one_line(&diagnostic);
                    return Some(self.fail_unsent(step, &reason));
                }
            }
        }
        match &step.kind {
            PlannedKind::Group(nested) => {
                self.frames.push(Frame {
                    group: Some(step),
                    ..Frame::new(nested)
                });
                None
            }
            PlannedKind::Use(used) => match used.begin(&self.scope, &step.home) {
                Err(reason) => Some(self.fail_unsent(step, &reason)),
                Ok(scope) => {
                    let mut frame = self.used_frame(used, scope);
                    frame.group = Some(step);
                    self.frames.push(frame);
                    None
                }
            },
            PlannedKind::Action(action) => self.begin(step, action, now),
            PlannedKind::Loop(each) => {
                self.state = State::Looping(step, now);
                Some(Command::Loop(step, each, self.scope.clone(), None))
            }
        }
    }

    /// Whether an earlier stretch of this run has settled an action, or has come to the end of a loop with all rows
    /// ok: then its outputs are back, and nothing is sent.
    fn restore(&mut self, step: &'p PlannedStep) -> bool {
        let Some(settled) = self.around.history.settled(&step.id, self.row.as_deref()) else {
            return false;
        };
        match &step.kind {
            // Reading changes nothing, so that what could not be written down of an answer is read once more.
            PlannedKind::Action(planned)
                if !settled.withheld.is_empty()
                    && planned.action.possible_effects() == [Effect::Read] =>
            {
                false
            }
            PlannedKind::Action(_) => {
                self.account(step, &settled);
                true
            }
            // Rows that answers may have changed since, or a person, are passed by one by one.
            PlannedKind::Loop(each)
                if self.around.history.is_done(&settled)
                    && each.has_fixed_rows(step)
                    && !each.keeps_ids =>
            {
                let rows = counts_of(&settled.outputs);
                self.counts = sum([self.counts, rows]);
                self.rows = sum([self.rows, rows]);
                self.note(step, &settled);
                true
            }
            PlannedKind::Loop(_) | PlannedKind::Group(_) | PlannedKind::Use(_) => false,
        }
    }

    /// Begins an action that nothing has settled yet, or that is tried again; none where it is found settled.
    fn begin(
        &mut self,
        step: &'p PlannedStep,
        action: &'p PlannedAction,
        now: u64,
    ) -> Option<Command<'p>> {
        let row = self.row.as_deref();
        let history = self.around.history;
        let before = history.in_doubt(&step.id, row);
        let attempts = before.as_ref().map_or(0, |intent| intent.attempt);
        if before.is_some_and(|intent| !intent.effect.is_repeatable()) {
            return Some(self.left_in_doubt(step, action, attempts));
        }
        let in_doubt = history.may_be_done(&step.id, row);
        let is_unanswered = history.is_unanswered(&step.id, row);
        let mut attempt = match Attempt::begin(step, action, &self.scope, now) {
            Err(reason) => return Some(self.fail_unsent(step, &reason)),
            Ok(attempt) => attempt,
        };
        // What could be sent again when it was sent may be none of that by what is known of its action now.
        if !attempt.effect.is_repeatable() {
            if is_unanswered {
                return Some(self.left_in_doubt(step, action, attempts));
            }
            if let Some(end) = history.accepted_end(&step.id, row) {
                self.account(step, &end);
                return None;
            }
        }
        attempt.go_on(attempts, in_doubt);
        Some(self.attach(attempt))
    }

    /// Does not send what was being sent when the run ended, and must not be done twice.
    fn left_in_doubt(
        &mut self,
        step: &'p PlannedStep,
        action: &'p PlannedAction,
        attempts: u32,
    ) -> Command<'p> {
        let why = "the run ended while this was being sent: whether the CRM did it is not known"
            .to_owned();
        let row = self.row.as_deref();
        let mut end = finished(step, row, Some(action), Outcome::Unknown, Some(why));
        end.attempts = attempts;
        self.finish(step, end)
    }

    /// The frame of a used playbook, whose templates see `scope` from now on.
    pub(super) fn used_frame(&mut self, plan: &'p PlannedUse, scope: Scope) -> Frame<'p> {
        Frame {
            used: Some(Box::new(UsedFrame {
                plan,
                outer: std::mem::replace(&mut self.scope, scope),
                begun: Begun::ToRun,
                in_finally: false,
                stopped: false,
            })),
            ..Frame::new(&plan.steps)
        }
    }

    /// A group is over: what became of it, and what that means for the steps after it.
    pub(super) fn leave(&mut self, frame: Frame<'p>) -> Option<Command<'p>> {
        let mut stopped = frame.failed || frame.rest.is_some();
        let mut given = None;
        if let Some(used) = frame.used {
            let inner = std::mem::replace(&mut self.scope, used.outer);
            stopped |= used.stopped;
            let source = used.plan.home.source();
            given = Some(render_outputs(&used.plan.outputs, &inner, source));
        }
        let group = frame.group?;
        let (outputs, missing) = given.unwrap_or_default();
        let outcome = frame.worst;
        let failed = stopped && outcome == Outcome::Failed;
        let error = (outcome != Outcome::Ok && outcome != Outcome::Skipped)
            .then(|| format!("a step in it is {outcome}"));
        let mut end = finished(group, self.row.as_deref(), None, outcome, error);
        let id = group.own_id();
        for (output, why) in missing {
            self.scope.explain_missing(&["steps", id, output], why);
        }
        let mut facts = Map::from_iter([("outcome".to_owned(), outcome.as_str().into())]);
        facts.extend(outputs.clone());
        self.scope.set_member("steps", id, Value::Map(facts));
        end.outputs = outputs;
        // A group fails as a whole only where a failure stopped it.
        if failed && self.stop.is_none() {
            self.after_failure(group);
        }
        self.state = State::Finishing;
        Some(Command::Record(
            Box::new(EventKind::StepFinished(end)),
            Durability::Soon,
        ))
    }
}
