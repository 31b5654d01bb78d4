//! What the templates of one playbook see before the run, and how certain it is that its steps are reached.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::plan::left_out::{self, LeftOut};
use crate::plan::skipped;
use crate::plan::uses::PlannedUse;
use crate::plan::{PlannedStep, Tree};
use crate::source::Source;
use crate::template::{Read, Scope};
use crate::value::{Map, Value};

/// How certain it is that the steps looked at run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Reach {
    /// They do not: what their templates read need not be there, so that only what is written out is looked at.
    Never,
    /// They may: that they read what a skipped step has not given may never come to matter.
    #[default]
    Possible,
    /// They do, and the playbook stops where one of them fails.
    Certain,
}

/// What the templates of one playbook see, as far as it is known.
#[derive(Debug, Clone, Default)]
pub(in crate::plan) struct Known<'p> {
    pub(in crate::plan) scope: Scope,
    pub(super) unknown_inputs: Vec<String>,
    pub(super) unknown_vars: Vec<String>,
    /// What templates call rows whose values are not known.
    pub(super) row_names: Vec<&'p str>,
    pub(super) has_target: bool,
    pub(super) has_run: bool,
    /// Steps that are known to be skipped.
    pub(super) skipped: BTreeSet<String>,
    /// Outputs that used playbooks are known to leave out.
    pub(super) left_out: LeftOut,
    pub(super) reach: Reach,
}

impl Known<'_> {
    pub(in crate::plan) fn is_known(&self, read: &Read) -> bool {
        if self.reach == Reach::Never {
            return false;
        }
        let member_in = |names: &[String]| match read.path.get(1) {
            Some(name) => names.contains(name),
            None => !names.is_empty(),
        };
        match read.path.first().map(String::as_str) {
            Some("inputs") => !member_in(&self.unknown_inputs),
            Some("vars") => !member_in(&self.unknown_vars),
            Some("target") => self.has_target,
            Some("run") => self.has_run,
            Some("steps") => {
                let step = read.path.get(1);
                self.reach == Reach::Certain
                    && (step.is_some_and(|step| self.skipped.contains(step))
                        || self.is_left_out(&read.path))
            }
            Some("response" | "status") => false,
            Some(name) => !self.row_names.contains(&name),
            None => true,
        }
    }

    /// Whether a path is one of an output that is known to be left out.
    fn is_left_out(&self, path: &[String]) -> bool {
        let [_, step, output, ..] = path else {
            return false;
        };
        let outputs = self.left_out.get(step);
        outputs.is_some_and(|outputs| outputs.contains(output))
    }

    /// A used playbook is over, at whose end its templates see `inside`: what its step does not give.
    pub(super) fn leave(&mut self, step: &PlannedStep, used: &PlannedUse, mut inside: Self) {
        if inside.reach == Reach::Never {
            return;
        }
        // Outputs are asked for whatever was skipped.
        inside.reach = Reach::Certain;
        let outputs = left_out::certain(used, &inside.scope, &|read| inside.is_known(read));
        left_out::note(step, &outputs, &mut self.scope, &mut self.left_out);
    }

    /// A step turns out to be skipped. A check does not say so: inputs may be others than those that it was given.
    pub(super) fn skip(&mut self, step: &PlannedStep) {
        if self.has_run {
            skipped::note(step, &mut self.scope, &mut self.skipped);
        }
    }

    /// Evaluates variables; what is wrong with them is in their playbook's text.
    pub(super) fn add_vars(
        &mut self,
        trees: &[(String, Tree)],
        source: &Arc<Source>,
        findings: &mut Vec<Diagnostic>,
    ) {
        let mut vars = Map::default();
        self.scope.set("vars", Value::Map(vars.clone()));
        for (name, tree) in trees {
            let partial = tree.render_known(&self.scope, &|read| self.is_known(read));
            let complete = partial.holes.is_empty();
            findings.extend(partial.errors.iter().map(|error| error.diagnostic(source)));
            if complete {
                vars.insert(name.clone(), partial.value);
                self.scope.set("vars", Value::Map(vars.clone()));
            } else {
                self.unknown_vars.push(name.clone());
            }
        }
    }
}
