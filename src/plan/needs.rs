//! Which inputs of a playbook something reads that is evaluated: what only left out steps read need not be given.

use std::collections::BTreeSet;

use super::compile::Parts;
use super::{Condition, Draft, PlannedKind, PlannedSource, PlannedStep, Tree};
use crate::template::Read;

/// The inputs that a run needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needed {
    /// Every one that is declared.
    All,
    /// Those of these names.
    Some(BTreeSet<String>),
}

impl Needed {
    /// Whether the input of this name is one of them.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Some(names) => names.contains(name),
        }
    }

    /// None.
    pub const fn nothing() -> Self {
        Self::Some(BTreeSet::new())
    }

    /// Those that variables, outputs and the steps that are chosen read.
    pub(super) fn by(parts: &Parts) -> Self {
        Self::by_lists(
            [&parts.vars, &parts.outputs],
            [&parts.steps, &parts.finally],
        )
    }

    fn by_lists(named: [&[(String, Tree)]; 2], steps: [&[PlannedStep]; 2]) -> Self {
        let mut needed = Self::nothing();
        for (_, tree) in named.into_iter().flatten() {
            needed.add_tree(tree);
        }
        for step in steps.into_iter().flatten() {
            needed.add_step(step);
        }
        needed
    }

    fn add_step(&mut self, step: &PlannedStep) {
        if !step.selected {
            return;
        }
        self.add_condition(step.when.as_ref());
        match &step.kind {
            PlannedKind::Group(steps) => steps.iter().for_each(|step| self.add_step(step)),
            PlannedKind::Action(action) => {
                self.add_tree(&action.with);
                self.add_condition(&action.expect);
            }
            PlannedKind::Loop(each) => {
                match &each.source {
                    PlannedSource::File { path, detail, .. } => {
                        self.add_tree(path);
                        if let Some(detail) = detail {
                            self.add_tree(detail);
                        }
                    }
                    PlannedSource::Items(items) => self.add_tree(items),
                }
                let of_rows = each.key.iter().chain(&each.serialize_by);
                of_rows.for_each(|tree| self.add_tree(tree));
                self.add_condition(each.when.as_ref());
                each.steps.iter().for_each(|step| self.add_step(step));
            }
            // Its steps read its own inputs, whatever they are called.
            PlannedKind::Use(used) => used.given().for_each(|given| self.add_tree(&given.tree)),
        }
    }

    fn add_condition<'c>(&mut self, conditions: impl IntoIterator<Item = &'c Condition>) {
        for condition in conditions {
            self.add_reads(condition.expression.reads());
        }
    }

    fn add_tree(&mut self, tree: &Tree) {
        for (template, _) in tree.templates() {
            self.add_reads(template.reads());
        }
    }

    fn add_reads(&mut self, reads: &[Read]) {
        for read in reads {
            match (read.path.as_slice(), &mut *self) {
                ([root, name, ..], Self::Some(names)) if root == "inputs" => {
                    names.insert(name.clone());
                }
                // `inputs` as a whole, or a name that is computed.
                ([root], _) if root == "inputs" => *self = Self::All,
                _ => {}
            }
        }
    }
}

impl Draft {
    /// The inputs that a run with these tags needs; all of them where there are none.
    pub fn needed_inputs(&self, tags: &[String]) -> Needed {
        let Self(plan) = self;
        if tags.is_empty() {
            return Needed::All;
        }
        Needed::by_lists([&plan.vars, &plan.outputs], [&plan.steps, &plan.finally])
    }
}
