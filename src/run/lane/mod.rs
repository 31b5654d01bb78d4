//! A list of steps, one after another: the main steps of a playbook, its `finally`, or the steps of a row.

mod finish;
mod frame;
mod note;
mod pass_over;
mod send;
mod walk;

use super::attempt::Attempt;
use super::found::Found;
use super::history::History;
use super::{Command, Input, Limit, Meter};
use crate::action::TargetFacts;
use crate::event::Counts;
use crate::outcome::Outcome;
use crate::plan::PlannedStep;
use crate::template::Scope;
use frame::Frame;

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
    /// A request would have passed a limit of the run: no more rows begin, whatever `on_failure` says.
    Limit(Limit),
    /// The run was told to stop.
    Interrupted,
}

impl Stop {
    /// Whether the run has failed by it.
    pub(super) const fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Limit(_))
    }

    /// Whether what stops a row is none of that row alone: its loop is to begin no more of them.
    pub(super) const fn ends_loops(self) -> bool {
        matches!(self, Self::Budget | Self::Limit(_) | Self::Interrupted)
    }
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
    /// The same in words, where there is more to say of a failure.
    pub why: Option<String>,
    /// What templates see after it.
    pub scope: Scope,
    /// What its steps have left behind.
    pub(super) found: Box<Found>,
}

/// A list of steps being run.
#[derive(Debug)]
pub struct Lane<'p> {
    around: Surroundings<'p>,
    row: Option<String>,
    /// What tells its row from another one that may have its number later.
    item: Option<String>,
    scope: Scope,
    frames: Vec<Frame<'p>>,
    state: State<'p>,
    counts: Counts,
    rows: Counts,
    stop: Option<Stop>,
    /// What there is to say of the failure that stopped it.
    why: Option<String>,
    interrupted: bool,
    found: Box<Found>,
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
    /// The rows of a loop are being run, since this time of the driver's clock.
    Looping(&'p PlannedStep, u64),
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
            item: None,
            scope,
            frames: vec![Frame::new(steps)],
            state: State::Ready,
            counts: Counts::default(),
            rows: Counts::default(),
            stop: None,
            why: None,
            interrupted: false,
            found: Box::default(),
        }
    }

    /// The same lane, for a row that is written down with what tells it from others.
    pub(super) fn of_item(mut self, item: Option<String>) -> Self {
        self.item = item;
        self
    }

    /// A lane of `finally`: each step is tried, whatever became of those before it.
    pub fn last(steps: &'p [PlannedStep], scope: Scope, around: Surroundings<'p>) -> Self {
        let mut lane = Self::new(steps, scope, None, around);
        for frame in &mut lane.frames {
            frame.is_finally = true;
        }
        lane
    }

    /// Tells the lane to begin nothing more. A request in flight is still waited for by the driver.
    pub const fn interrupt(&mut self) {
        self.interrupted = true;
    }

    /// Lets no step begin, for the reason that stopped the lane before it.
    pub(super) fn stop_before_start(&mut self, stop: Stop) {
        self.halt(stop, "the run stopped before it");
    }

    /// Leaves all its steps out; what an earlier stretch of the run made of them stays.
    pub(super) fn leave_out(&mut self, reason: &str) {
        for frame in &mut self.frames {
            frame.rest = Some((Outcome::Skipped, reason.to_owned()));
        }
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
            (State::Looping(step, began), Input::Looped(end)) => {
                self.looped(step, &end, now.saturating_sub(began))
            }
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
}
