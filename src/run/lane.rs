//! A list of steps, one after another: the main steps of a playbook, its `finally`, or the steps of a row.

use super::attempt::{Attempt, finished};
use super::history::History;
use super::settle::{Circumstances, Next, settle};
use super::{Command, Input, LoopEnd, Meter};
use crate::action::{Effect, TargetFacts};
use crate::event::{AttemptFailed, AttemptStarted, Counts, EventKind, StepFinished};
use crate::journal::Durability;
use crate::outcome::Outcome;
use crate::plan::{PlannedAction, PlannedKind, PlannedStep, PlannedUse, render_outputs};
use crate::playbook::OnFailure;
use crate::template::Scope;
use crate::transport::{Response, SendError};
use crate::value::{Map, Value, map_with_room_for};

/// What all lanes of a run share.
#[derive(Debug, Clone)]
pub struct Surroundings<'p> {
    /// Where requests go.
    pub target: &'p TargetFacts,
    /// What was sent so far.
    pub meter: &'p Meter,
    /// What an earlier stretch of this run has done.
    pub history: &'p History,
    /// The run's id.
    pub run: &'p str,
}

/// Why a lane went no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// A step failed and `on_failure` is `stop`.
    Failed,
    /// A step is in doubt: no playbook may go on over that.
    Unknown,
    /// The day's requests are used up.
    Budget,
    /// The run was told to stop.
    Interrupted,
}

/// How a lane ended.
#[derive(Debug, Clone)]
pub struct LaneEnd {
    /// Steps with an action, by outcome; a group whose condition could not be read counts as failed. Of a
    /// loop, each row counts once.
    pub counts: Counts,
    /// The rows alone.
    pub rows: Counts,
    /// Why it went no further, where it did not reach its end.
    pub stop: Option<Stop>,
    /// What templates see after it.
    pub scope: Scope,
    /// The ends of its steps that an earlier stretch of the run had settled.
    pub restored: Vec<StepFinished>,
}

/// A list of steps being run.
#[derive(Debug)]
pub struct Lane<'p> {
    around: Surroundings<'p>,
    row: Option<String>,
    scope: Scope,
    frames: Vec<Frame<'p>>,
    state: State<'p>,
    counts: Counts,
    rows: Counts,
    stop: Option<Stop>,
    interrupted: bool,
    restored: Vec<StepFinished>,
}

/// One level of nesting.
#[derive(Debug)]
struct Frame<'p> {
    steps: &'p [PlannedStep],
    next: usize,
    /// The group whose steps these are; none for the lane itself.
    group: Option<&'p PlannedStep>,
    /// What is to become of the steps that are left, where they are not to run.
    rest: Option<(Outcome, String)>,
    /// The worst that happened inside.
    worst: Outcome,
    /// The playbook whose steps these are, where the group is a step with `use`.
    used: Option<Box<UsedFrame<'p>>>,
}

/// A used playbook being run, or passed over.
#[derive(Debug)]
struct UsedFrame<'p> {
    plan: &'p PlannedUse,
    /// What templates of the outer playbook see: theirs again when this one is over.
    outer: Scope,
    /// Whether its steps run; else they are only accounted for.
    is_run: bool,
    /// Whether its `finally` has begun.
    in_finally: bool,
    /// Whether something stopped it before its `finally`.
    stopped: bool,
}

impl<'p> Frame<'p> {
    fn new(steps: &'p [PlannedStep]) -> Self {
        Self {
            steps,
            next: 0,
            group: None,
            rest: None,
            worst: Outcome::Skipped,
            used: None,
        }
    }

    /// Goes on to the `finally` of a used playbook; false where there is none, or it is over.
    fn begin_finally(&mut self, stop: Option<Stop>) -> bool {
        let Some(used) = self.used.as_mut().filter(|used| !used.in_finally) else {
            return false;
        };
        used.in_finally = true;
        used.stopped = self.rest.is_some();
        self.steps = &used.plan.finally;
        self.next = 0;
        // It also runs after a failure, but not where nothing more is to be sent.
        if used.is_run && !matches!(stop, Some(Stop::Budget | Stop::Interrupted)) {
            self.rest = None;
        }
        true
    }
}

/// What the lane waits for.
#[derive(Debug)]
enum State<'p> {
    Ready,
    /// The end of a step is being written down.
    Finishing,
    Attaching(Attempt<'p>),
    /// The target's pace is waited for.
    Admitting(Attempt<'p>),
    /// The rows of a loop are being run.
    Looping(&'p PlannedStep),
    /// The intent is being written down.
    Intending(Attempt<'p>),
    Sending(Attempt<'p>),
    /// A failed attempt is being written down, then the wait begins.
    Noting(Attempt<'p>, std::time::Duration),
    Waiting(Attempt<'p>),
}

impl<'p> Lane<'p> {
    /// A lane at its beginning; `scope` is what its templates see.
    pub fn new(
        steps: &'p [PlannedStep],
        scope: Scope,
        row: Option<String>,
        around: Surroundings<'p>,
    ) -> Self {
        Self {
            around,
            row,
            scope,
            frames: vec![Frame::new(steps)],
            state: State::Ready,
            counts: Counts::default(),
            rows: Counts::default(),
            stop: None,
            interrupted: false,
            restored: Vec::new(),
        }
    }

    /// Tells the lane to begin nothing more. A request in flight is still waited for by the driver.
    pub const fn interrupt(&mut self) {
        self.interrupted = true;
    }

    /// Lets no step begin, for the reason that stopped the lane before it.
    pub(super) fn stop_before_start(&mut self, stop: Stop) {
        self.halt(stop, "the run stopped before it");
    }

    /// The row that the lane runs for.
    pub(super) fn row(&self) -> Option<&str> {
        self.row.as_deref()
    }

    /// Says what is next, given what came of the last command and the driver's clock in milliseconds.
    ///
    /// # Panics
    /// When the input does not answer the last command: that is a bug of the driver.
    pub fn advance(&mut self, input: Input, now: u64) -> Command<'p> {
        match (std::mem::replace(&mut self.state, State::Ready), input) {
            (State::Ready, Input::Go) | (State::Finishing, Input::Recorded) => self.walk(now),
            (State::Attaching(attempt), Input::Attached(files)) => self.attached(attempt, files),
            (State::Admitting(attempt), Input::Admitted(admitted)) => {
                self.admitted(attempt, admitted, now)
            }
            (State::Looping(step), Input::Looped(end)) => self.looped(step, &end),
            (State::Intending(attempt), Input::Recorded) => {
                let request = attempt
                    .request
                    .clone()
                    .expect("an intent is only recorded for a request that was made");
                let timeout = attempt.action.timeout;
                self.state = State::Sending(attempt);
                Command::Send(request, timeout)
            }
            (State::Sending(attempt), Input::Answered(sent)) => self.answered(attempt, &sent, now),
            (State::Noting(attempt, wait), Input::Recorded) => {
                self.state = State::Waiting(attempt);
                Command::Wait(wait)
            }
            (State::Waiting(attempt), Input::Woke) => {
                if self.interrupted {
                    self.give_up(&attempt, now)
                } else {
                    self.admit(attempt)
                }
            }
            (state, input) => panic!("the driver answered {state:?} with {input:?}"),
        }
    }

    /// Goes on to the next step that has something to do.
    fn walk(&mut self, now: u64) -> Command<'p> {
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
                    scope: self.scope.clone(),
                    restored: std::mem::take(&mut self.restored),
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
                if let Some(command) = self.pass_over(step, outcome, &reason) {
                    return command;
                }
                continue;
            }
            if self.interrupted {
                self.halt(Stop::Interrupted, "the run was interrupted");
                if let Some(command) =
                    self.pass_over(step, Outcome::NotRun, "the run was interrupted")
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
    fn enter(&mut self, step: &'p PlannedStep, now: u64) -> Option<Command<'p>> {
        if !step.selected {
            return self.pass_over(step, Outcome::Skipped, "not chosen by --tags");
        }
        if let Some(when) = &step.when {
            match when.expression.is_true(&self.scope) {
                Ok(true) => {}
                Ok(false) => {
                    let reason = format!("when: {}", when.text.trim());
                    return self.pass_over(step, Outcome::Skipped, &reason);
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
                if let Some(settled) = self.around.history.settled(&step.id, self.row.as_deref())
                    && settled.outcome == Outcome::Ok
                {
                    let rows = super::loops::counts_of(&settled.outputs);
                    self.counts = super::sum([self.counts, rows]);
                    self.rows = super::sum([self.rows, rows]);
                    self.note(step, &settled);
                    return None;
                }
                self.state = State::Looping(step);
                Some(Command::Loop(step, each, self.scope.clone()))
            }
        }
    }

    /// Begins an action; none where an earlier stretch of this run has settled it: then its outputs are
    /// back and nothing is sent.
    fn begin(
        &mut self,
        step: &'p PlannedStep,
        action: &'p PlannedAction,
        now: u64,
    ) -> Option<Command<'p>> {
        let row = self.row.as_deref();
        if let Some(settled) = self.around.history.settled(&step.id, row) {
            self.account(step, &settled);
            self.restored.push(settled);
            return None;
        }
        let before = self.around.history.in_doubt(&step.id, row);
        if let Some(intent) = &before
            && !intent.effect.is_repeatable()
        {
            let mut end = finished(
                step,
                row,
                Some(action),
                Outcome::Unknown,
                Some(
                    "the run ended while this was being sent: whether the CRM did it is not known"
                        .to_owned(),
                ),
            );
            end.attempts = intent.attempt;
            return Some(self.finish(step, end));
        }
        let number = before.map_or(0, |intent| intent.attempt);
        let in_doubt = self.around.history.may_be_done(&step.id, row);
        let begun = Attempt::begin(step, action, &self.scope, now);
        Some(match begun {
            Err(reason) => self.fail_unsent(step, &reason),
            Ok(mut attempt) => {
                attempt.number = number;
                attempt.in_doubt = in_doubt;
                let files = attempt.files();
                if files.is_empty() {
                    self.attached(attempt, Ok(Vec::new()))
                } else {
                    self.state = State::Attaching(attempt);
                    Command::Attach(&step.home, files)
                }
            }
        })
    }

    fn attached(
        &mut self,
        mut attempt: Attempt<'p>,
        files: Result<Vec<crate::attachment::Attachment>, String>,
    ) -> Command<'p> {
        let made = files.and_then(|files| attempt.make_request(self.around.target, files));
        match made {
            Ok(()) => self.admit(attempt),
            Err(reason) => self.fail_unsent(attempt.step, &reason),
        }
    }

    /// Waits for the target's pace. An intent is only written down when nothing is waited for any more.
    fn admit(&mut self, attempt: Attempt<'p>) -> Command<'p> {
        self.state = State::Admitting(attempt);
        Command::Admit
    }

    fn admitted(
        &mut self,
        attempt: Attempt<'p>,
        admitted: Result<u64, String>,
        now: u64,
    ) -> Command<'p> {
        if self.interrupted {
            return self.give_up(&attempt, now);
        }
        match admitted {
            Ok(waited_ms) => self.intend(attempt, waited_ms),
            Err(reason) => {
                let outcome = if attempt.in_doubt && attempt.effect != Effect::Read {
                    Outcome::Unknown
                } else {
                    Outcome::NotRun
                };
                let mut end = finished(
                    attempt.step,
                    self.row.as_deref(),
                    Some(attempt.action),
                    outcome,
                    Some(if attempt.number == 0 {
                        reason.clone()
                    } else {
                        attempt.unsent(&reason)
                    }),
                );
                end.attempts = attempt.number;
                end.http_status = attempt.status_before();
                let command = self.finish(attempt.step, end);
                self.halt(Stop::Budget, &reason);
                command
            }
        }
    }

    /// The rows of a loop are done, or as far as they go.
    fn looped(&mut self, step: &'p PlannedStep, end: &LoopEnd) -> Command<'p> {
        let outcome = end.outcome();
        let mut event = finished(step, self.row.as_deref(), None, outcome, end.error());
        event.outputs = end.outputs();
        self.counts = super::sum([self.counts, end.tally.counts]);
        self.rows = super::sum([self.rows, end.tally.counts]);
        let mut outlook = end.stop;
        if end.problem.is_some() {
            // Its rows cannot be read, or its accounts not written: it fails as a step, beside its rows.
            self.counts.add(Outcome::Failed);
            if outlook.is_none_or(|stop| stop == Stop::Failed) {
                let stops = step.on_failure == OnFailure::Stop;
                outlook = stops.then_some(Stop::Failed);
            }
        }
        self.note(step, &event);
        match outlook {
            Some(Stop::Interrupted) => self.halt(Stop::Interrupted, "the run was interrupted"),
            Some(Stop::Budget) => self.halt(Stop::Budget, "the day's requests are used up"),
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

    /// Writes down that a request is about to be sent.
    fn intend(&mut self, mut attempt: Attempt<'p>, waited_ms: u64) -> Command<'p> {
        // A retry of a delete deletes nothing more than its first attempt did not.
        let deletes = if attempt.number == 0 {
            attempt.deletes()
        } else {
            0
        };
        if let Err(limit) = self.around.meter.take(deletes) {
            let unsent = attempt.unsent(&limit);
            let (outcome, reason) = if attempt.in_doubt {
                (
                    Outcome::Unknown,
                    format!("{unsent}; whether the CRM did it is not known"),
                )
            } else {
                (Outcome::Failed, unsent)
            };
            let mut end = finished(
                attempt.step,
                self.row.as_deref(),
                Some(attempt.action),
                outcome,
                Some(reason),
            );
            end.attempts = attempt.number;
            end.http_status = attempt.status_before();
            let command = self.finish(attempt.step, end);
            if outcome == Outcome::Failed {
                self.halt(Stop::Failed, "a limit was reached");
            }
            return command;
        }
        attempt.number += 1;
        let request = attempt
            .request
            .as_ref()
            .expect("a request was made before it is meant to be sent");
        let event = EventKind::AttemptStarted(AttemptStarted {
            step: attempt.step.id.clone(),
            row: self.row.clone(),
            attempt: attempt.number,
            action: attempt.action.action.name().to_owned(),
            effect: attempt.effect,
            waited_ms,
            request: request.described(),
            digest: request.digest(),
            with: attempt.action.action.lookup().map(|_| attempt.with.clone()),
            withheld: Vec::new(),
        });
        let durability = durability(attempt.effect);
        self.state = State::Intending(attempt);
        Command::Record(Box::new(event), durability)
    }

    fn answered(
        &mut self,
        mut attempt: Attempt<'p>,
        sent: &Result<Response, SendError>,
        now: u64,
    ) -> Command<'p> {
        let seed = format!("{}/{}", self.around.run, attempt.step.id);
        let next = settle(
            &attempt,
            sent,
            &Circumstances {
                row: self.row.as_deref(),
                scope: &self.scope,
                seed: &seed,
                interrupted: self.interrupted,
                now,
            },
        );
        match next {
            Next::Finished(end) => {
                let durability = match end.outcome {
                    Outcome::Ok => durability(attempt.effect),
                    _ => Durability::Now,
                };
                self.finish_as(attempt.step, *end, durability)
            }
            Next::Again {
                wait,
                reason,
                in_doubt,
            } => {
                let http_status = sent.as_ref().ok().map(|response| response.status);
                attempt.before = Some((reason.clone(), http_status));
                let event = EventKind::AttemptFailed(AttemptFailed {
                    step: attempt.step.id.clone(),
                    row: self.row.clone(),
                    attempt: attempt.number,
                    reason,
                    http_status,
                    wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                    in_doubt,
                });
                let durability = durability(attempt.effect);
                attempt.in_doubt |= in_doubt;
                self.state = State::Noting(attempt, wait);
                Command::Record(Box::new(event), durability)
            }
        }
    }

    /// The run was told to stop while a step waited for its next attempt.
    fn give_up(&mut self, attempt: &Attempt<'p>, now: u64) -> Command<'p> {
        let (outcome, reason) = if attempt.in_doubt && attempt.effect != Effect::Read {
            (
                Outcome::Unknown,
                "interrupted before it could be sent again: whether the CRM did it is not known",
            )
        } else {
            (
                Outcome::NotRun,
                "interrupted before it could be sent again: the CRM has not done it",
            )
        };
        let mut end = finished(
            attempt.step,
            self.row.as_deref(),
            Some(attempt.action),
            outcome,
            Some(reason.to_owned()),
        );
        end.attempts = attempt.number;
        end.duration_ms = now.saturating_sub(attempt.began);
        self.finish(attempt.step, end)
    }

    fn fail_unsent(&mut self, step: &'p PlannedStep, reason: &str) -> Command<'p> {
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
    fn finish(&mut self, step: &'p PlannedStep, end: StepFinished) -> Command<'p> {
        let durability = match end.outcome {
            Outcome::Ok | Outcome::Failed | Outcome::Unknown if end.attempts > 0 => Durability::Now,
            _ => Durability::Soon,
        };
        self.finish_as(step, end, durability)
    }

    fn finish_as(
        &mut self,
        step: &'p PlannedStep,
        end: StepFinished,
        durability: Durability,
    ) -> Command<'p> {
        self.account(step, &end);
        self.state = State::Finishing;
        Command::Record(Box::new(EventKind::StepFinished(end)), durability)
    }

    fn account(&mut self, step: &'p PlannedStep, end: &StepFinished) {
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
    fn after_failure(&mut self, step: &PlannedStep) {
        if step.on_failure == OnFailure::Continue {
            return;
        }
        let level = self.frames.len() - 1;
        self.stop_level(level, &format!("the step {} failed", step.id));
    }

    /// No further step of this level is to run.
    fn stop_level(&mut self, level: usize, reason: &str) {
        self.frames[level].rest = Some((Outcome::NotRun, reason.to_owned()));
        if level == 0 {
            self.stop = Some(Stop::Failed);
        }
    }

    /// Nothing more is to run in this lane, whatever `on_failure` says.
    fn halt(&mut self, stop: Stop, reason: &str) {
        self.stop = Some(stop);
        for frame in &mut self.frames {
            frame.rest = Some((Outcome::NotRun, reason.to_owned()));
        }
    }

    /// Makes a step's end known to templates and to the groups that it is in.
    fn note(&mut self, step: &PlannedStep, end: &StepFinished) {
        for frame in &mut self.frames {
            frame.worst = worse(frame.worst, end.outcome);
        }
        let mut facts = map_with_room_for(4 + end.outputs.len());
        facts.insert("outcome".to_owned(), end.outcome.as_str().into());
        if let Some(status) = end.http_status {
            facts.insert("http_status".to_owned(), Value::from(u64::from(status)));
        }
        if let Some(code) = &end.code {
            facts.insert("code".to_owned(), code.clone());
        }
        if let Some(msg) = &end.msg {
            facts.insert("msg".to_owned(), msg.as_str().into());
        }
        let outputs = end.outputs.iter();
        facts.extend(outputs.map(|(name, value)| (name.clone(), value.clone())));
        let id = step.own_id();
        self.scope.set_member("steps", id, Value::Map(facts));
        let why = match end.outcome {
            Outcome::Ok => None,
            Outcome::Skipped => Some("was skipped"),
            Outcome::Failed => Some("failed"),
            Outcome::Unknown => Some("is in doubt"),
            Outcome::NotRun => Some("was not run"),
        };
        if let Some(why) = why {
            let outputs: Vec<&str> = match &step.kind {
                PlannedKind::Action(planned) => planned.action.output_names().collect(),
                PlannedKind::Use(used) => used.output_names().collect(),
                PlannedKind::Group(_) | PlannedKind::Loop(_) => Vec::new(),
            };
            for output in outputs {
                self.scope.explain_missing(
                    &["steps", id, output],
                    format!("the step {} {why}", step.id),
                );
            }
        }
        for output in &end.withheld {
            self.scope.explain_missing(
                &["steps", id, output],
                format!(
                    "the step {} ran in an earlier stretch of this run, and its value is a secret that was not written down",
                    step.id
                ),
            );
        }
        for output in &end.blank {
            let why = if end.is_by_hand() {
                let at = end.row.iter().map(|row| format!("@{row}"));
                let name = format!("{}{}", end.step, at.collect::<String>());
                format!(
                    "the step {} was settled by hand without an id: look it up in the CRM, and give it with `voxplay reconcile --ok {name}=ID`",
                    step.id
                )
            } else {
                format!("the CRM returned a blank id for the step {}", step.id)
            };
            self.scope.explain_missing(&["steps", id, output], why);
        }
    }

    /// A step that does not run, with the steps in it.
    fn pass_over(
        &mut self,
        step: &'p PlannedStep,
        outcome: Outcome,
        reason: &str,
    ) -> Option<Command<'p>> {
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
            self.restored.push(settled);
            return None;
        }
        let intent = self.around.history.in_doubt(&step.id, row);
        let (outcome, reason) = match &intent {
            Some(intent) if !intent.effect.is_repeatable() => (
                Outcome::Unknown,
                "the run ended while this was being sent: whether the CRM did it is not known",
            ),
            _ => (outcome, reason),
        };
        let end = finished(step, row, action, outcome, Some(reason.to_owned()));
        if !holds_steps {
            self.counts.add(outcome);
        }
        self.note(step, &end);
        self.pass_over_nested(step, outcome, reason);
        self.state = State::Finishing;
        Some(Command::Record(
            Box::new(EventKind::StepFinished(end)),
            Durability::Soon,
        ))
    }

    /// Accounts for the steps in one that does not run.
    fn pass_over_nested(&mut self, step: &'p PlannedStep, outcome: Outcome, reason: &str) {
        let mut frame = match &step.kind {
            PlannedKind::Action(_) | PlannedKind::Loop(_) => return,
            PlannedKind::Group(nested) => Frame::new(nested),
            // What becomes of its steps must not be taken for what became of others of the same name.
            PlannedKind::Use(used) => self.used_frame(used, Scope::new()),
        };
        if let Some(used) = &mut frame.used {
            used.is_run = false;
        }
        frame.rest = Some((outcome, reason.to_owned()));
        self.frames.push(frame);
    }

    /// The frame of a used playbook, whose templates see `scope` from now on.
    fn used_frame(&mut self, plan: &'p PlannedUse, scope: Scope) -> Frame<'p> {
        Frame {
            used: Some(Box::new(UsedFrame {
                plan,
                outer: std::mem::replace(&mut self.scope, scope),
                is_run: true,
                in_finally: false,
                stopped: false,
            })),
            ..Frame::new(&plan.steps)
        }
    }

    /// A group is over: what became of it, and what that means for the steps after it.
    fn leave(&mut self, frame: Frame<'p>) -> Option<Command<'p>> {
        let mut stopped = frame.rest.is_some();
        let mut given = None;
        if let Some(used) = frame.used {
            let inner = std::mem::replace(&mut self.scope, used.outer);
            stopped |= used.stopped;
            given = Some(render_outputs(&used.plan.outputs, &inner));
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

/// A create or a delete is on disk before it goes out, and its answer before the next step. What may be
/// repeated may be written a little later: whatever follows it is written after it.
const fn durability(effect: Effect) -> Durability {
    if effect.is_repeatable() {
        Durability::Soon
    } else {
        Durability::Now
    }
}

fn worse(a: Outcome, b: Outcome) -> Outcome {
    [
        Outcome::Unknown,
        Outcome::Failed,
        Outcome::NotRun,
        Outcome::Ok,
    ]
    .into_iter()
    .find(|outcome| a == *outcome || b == *outcome)
    .unwrap_or(Outcome::Skipped)
}
