//! One playbook to be compiled, the one that is run or one that a step uses, and what it is compiled into.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Compiler;
use super::outer::Outer;
use crate::action::Catalogue;
use crate::diagnostic::Diagnostic;
use crate::plan::home::Home;
use crate::plan::loops;
use crate::plan::names::{PlaceKind, StepName};
use crate::plan::optional;
use crate::plan::shape::{Members, Shapes};
use crate::plan::{PlannedStep, Tree};
use crate::playbook::{Playbook, Step};
use crate::template::Engine;

/// One playbook to be compiled: the one that is run, or one that a step uses.
#[derive(Clone, Copy)]
pub(in crate::plan) struct Sheet<'s> {
    /// The one that is run.
    pub(in crate::plan) run: &'s Playbook,
    pub(in crate::plan) playbook: &'s Playbook,
    pub(in crate::plan) home: &'s Arc<Home>,
    /// What stands before the ids of its steps: nothing, or the step that uses it and a dot.
    pub(in crate::plan) prefix: &'s str,
    pub(in crate::plan) catalogue: &'s Catalogue,
    pub(in crate::plan) engine: &'s Engine,
    pub(in crate::plan) tags: &'s [String],
}

/// What a playbook is compiled into.
pub(in crate::plan) struct Parts {
    pub(in crate::plan) vars: Vec<(String, Tree)>,
    pub(in crate::plan) steps: Vec<PlannedStep>,
    pub(in crate::plan) finally: Vec<PlannedStep>,
    pub(in crate::plan) outputs: Vec<(String, Tree)>,
    /// Outputs that are left out where a step is skipped.
    pub(in crate::plan) uncertain: BTreeSet<String>,
    /// What is known of the values of its outputs.
    pub(in crate::plan) given: Members,
    /// What is said to who writes the playbook, and not at each of its runs.
    pub(in crate::plan) advice: Vec<Diagnostic>,
}

impl Sheet<'_> {
    pub(in crate::plan) fn compile(self) -> (Parts, Vec<Diagnostic>) {
        let Self {
            playbook,
            catalogue,
            tags,
            ..
        } = self;
        let inputs: Vec<String> = playbook
            .inputs
            .iter()
            .map(|input| input.name.value.clone())
            .collect();
        let vars: Vec<String> = playbook
            .vars
            .iter()
            .map(|var| var.name.value.clone())
            .collect();
        let mut names = Vec::new();
        let none = BTreeSet::new();
        let collect = |steps: &[Step], finally: bool, names: &mut Vec<StepName>| {
            let outer = Outer {
                playbook,
                catalogue,
                tags,
                conditions: &none,
                finally,
                in_loop: None,
            };
            outer.collect(steps, names);
        };
        collect(&playbook.steps, false, &mut names);
        collect(&playbook.finally, true, &mut names);
        let mut compiler = Compiler {
            sheet: self,
            source: &playbook.source,
            inputs: &inputs,
            optional: &optional::names(playbook),
            vars: &vars,
            names: &names,
            shapes: Shapes::of(playbook),
            next: 0,
            rows: Vec::new(),
            reads_ids: BTreeSet::new(),
            uncertain: BTreeMap::new(),
            ungiven: BTreeMap::new(),
            asked_of_rows: BTreeSet::new(),
            uncertain_outputs: BTreeSet::new(),
            given: Members::new(),
            advice: Vec::new(),
            findings: Vec::new(),
        };
        let planned_vars = compiler.vars(&playbook.vars);
        let mut steps = compiler.steps(&playbook.steps, PlaceKind::Step, &none);
        let mut finally = compiler.steps(&playbook.finally, PlaceKind::Finally, &none);
        let outputs = compiler.outputs(&playbook.outputs);
        loops::keep_ids(&mut steps, &compiler.reads_ids);
        loops::keep_ids(&mut finally, &compiler.reads_ids);
        let findings = compiler.findings;
        let parts = Parts {
            vars: planned_vars,
            steps,
            finally,
            outputs,
            uncertain: compiler.uncertain_outputs,
            given: compiler.given,
            advice: compiler.advice,
        };
        (parts, findings)
    }
}
