//! How deep a lane is: the lists of steps that it stands in, and where in each. It decides nothing but when the
//! `finally` of a used playbook begins.

use super::Stop;
use crate::outcome::Outcome;
use crate::plan::{PlannedStep, PlannedUse};
use crate::template::Scope;

/// One level of nesting.
#[derive(Debug)]
pub(super) struct Frame<'p> {
    pub(super) steps: &'p [PlannedStep],
    pub(super) next: usize,
    /// The group whose steps these are; none for the lane itself.
    pub(super) group: Option<&'p PlannedStep>,
    /// What is to become of the steps that are left, where they are not to run.
    pub(super) rest: Option<(Outcome, String)>,
    /// Whether these are steps of `finally`: each is tried, whatever became of those before it.
    pub(super) is_finally: bool,
    /// Whether a failure would have stopped it, were it not one of `finally`.
    pub(super) failed: bool,
    /// The worst that happened inside.
    pub(super) worst: Outcome,
    /// The playbook whose steps these are, where the group is a step with `use`.
    pub(super) used: Option<Box<UsedFrame<'p>>>,
}

/// A used playbook being run, or passed over.
#[derive(Debug)]
pub(super) struct UsedFrame<'p> {
    pub(super) plan: &'p PlannedUse,
    /// What templates of the outer playbook see: theirs again when this one is over.
    pub(super) outer: Scope,
    pub(super) begun: Begun,
    /// Whether its `finally` has begun.
    pub(super) in_finally: bool,
    /// Whether something stopped it before its `finally`.
    pub(super) stopped: bool,
}

/// How far a used playbook was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begun {
    /// Its steps run.
    ToRun,
    /// Its steps are only accounted for. Its templates have values, so that rows of an earlier stretch can be read.
    ToRead,
    /// Its steps are only accounted for, and its templates have no values.
    Not,
}

impl<'p> Frame<'p> {
    pub(super) fn new(steps: &'p [PlannedStep]) -> Self {
        Self {
            steps,
            next: 0,
            group: None,
            rest: None,
            is_finally: false,
            failed: false,
            worst: Outcome::Skipped,
            used: None,
        }
    }

    /// Goes on to the `finally` of a used playbook; false where there is none, or it is over.
    pub(super) fn begin_finally(&mut self, stop: Option<Stop>) -> bool {
        let Some(used) = self.used.as_mut().filter(|used| !used.in_finally) else {
            return false;
        };
        used.in_finally = true;
        self.is_finally = true;
        used.stopped = self.rest.is_some();
        self.steps = &used.plan.finally;
        self.next = 0;
        // It also runs after a failure, but not where nothing more is to be sent.
        if used.begun == Begun::ToRun && !matches!(stop, Some(Stop::Budget | Stop::Interrupted)) {
            self.rest = None;
        }
        true
    }
}
