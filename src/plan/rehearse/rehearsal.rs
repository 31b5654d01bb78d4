//! What is known of a run before its first answer: its steps, what they will surely send, and what is wrong.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::sent::Sent;
use crate::action::Effect;
use crate::diagnostic::Diagnostic;
use crate::template::Scope;

/// Whether a step will run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inclusion {
    /// Unless something before it fails.
    Yes,
    /// Its condition depends on an answer.
    Maybe,
    /// Its condition says no, or `--tags` leaves it out.
    No,
}

/// What is known of one step that performs an action.
#[derive(Debug)]
pub struct Foresight {
    /// The step's id.
    pub id: String,
    /// Whether it will run.
    pub inclusion: Inclusion,
    /// What it does, the worst that is possible.
    pub effect: Effect,
    /// How many records its call acts on, where that is known.
    pub items: Option<u64>,
    /// Whether it runs once for each row of a loop.
    pub repeated: bool,
    /// Whether it is as certain for every run, whatever inputs that is given.
    pub(super) is_settled: bool,
}

/// How much of the rows of a loop was looked at.
#[derive(Debug)]
pub struct LookedAt {
    /// What messages call the data: the path of a file, as its playbook has it, or `items`.
    pub source: String,
    /// Whether it is a file.
    pub is_file: bool,
    /// How many rows, the first ones.
    pub rows: u64,
    /// Whether there are more.
    pub has_more: bool,
}

/// What is known of a run.
#[derive(Debug)]
pub struct Rehearsal {
    /// What templates see before the first step.
    pub scope: Scope,
    /// Steps with an action, in their order.
    pub steps: Vec<Foresight>,
    /// Everything that is wrong already.
    pub findings: Vec<Diagnostic>,
    /// Texts that must not show anywhere: secret inputs of used playbooks.
    pub secrets: Vec<String>,
    /// Files that steps attach, by how they are named; those that only rows name are not among them.
    pub attached: BTreeMap<String, PathBuf>,
    /// How much was looked at of the rows of loops, by their ids: of those that are in no other loop's rows.
    pub looked_at: BTreeMap<String, LookedAt>,
    /// What the rows that were looked at send for certain, if nothing fails.
    pub(super) by_rows: Sent,
}

impl Rehearsal {
    /// The data of which only the first rows were looked at, and how many those were.
    pub fn partly_looked_at(&self) -> BTreeMap<String, u64> {
        let partly = self.looked_at.iter().filter(|(_, at)| at.has_more);
        let named = partly.map(|(id, at)| {
            let name = if at.is_file {
                at.source.clone()
            } else {
                format!("`items` of {id}")
            };
            (name, at.rows)
        });
        named.collect()
    }

    /// Steps that may run and have this effect, with the number of records they act on.
    pub fn count(&self, wanted: impl Fn(&Foresight) -> bool) -> u64 {
        self.steps
            .iter()
            .filter(|step| step.inclusion != Inclusion::No && wanted(step))
            .map(|step| step.items.unwrap_or(1))
            .sum()
    }

    /// Requests that will be sent if nothing fails.
    pub fn certain_requests(&self) -> u64 {
        self.certain_steps().count() as u64 + self.by_rows.requests
    }

    /// The steps outside of rows that will run if nothing fails.
    fn certain_steps(&self) -> impl Iterator<Item = &Foresight> {
        let is_certain = |step: &&Foresight| {
            step.inclusion == Inclusion::Yes && step.is_settled && !step.repeated
        };
        self.steps.iter().filter(is_certain)
    }

    /// Records that will be deleted if nothing fails.
    pub fn certain_deletes(&self) -> u64 {
        let by_steps: u64 = self
            .certain_steps()
            .filter(|step| step.effect == Effect::Delete)
            .map(|step| step.items.unwrap_or(1))
            .sum();
        by_steps + self.by_rows.deletes
    }
}
