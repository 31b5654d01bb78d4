//! The names of all steps, before any of them is compiled: what templates may refer to.

use std::collections::BTreeSet;

use super::super::LOOP_FACTS;
use super::super::names::StepName;
use super::super::shape::{Members, Shape};
use super::tags::{has_tag, is_selected};
use crate::action::{Catalogue, STEP_FACTS};
use crate::document::Node;
use crate::playbook::{Playbook, Step, StepKind};

/// What steps inherit from what they stand in.
#[derive(Clone, Copy)]
pub(super) struct Outer<'o> {
    pub(super) playbook: &'o Playbook,
    pub(super) catalogue: &'o Catalogue,
    pub(super) tags: &'o [String],
    pub(super) conditions: &'o BTreeSet<String>,
    pub(super) finally: bool,
    pub(super) in_loop: Option<&'o str>,
}

impl Outer<'_> {
    pub(super) fn collect(&self, steps: &[Step], names: &mut Vec<StepName>) {
        for step in steps {
            let when = step.when.as_ref().and_then(Node::text).map(str::to_owned);
            let outputs = match &step.kind {
                StepKind::Action { action, .. } => self
                    .catalogue
                    .get(action)
                    .map(|action| action.output_names().map(str::to_owned).collect()),
                StepKind::Group(_) => Some(Vec::new()),
                StepKind::Use { .. } => self.playbook.used_by(step).map(|used| {
                    let outputs = used.playbook.outputs.iter();
                    outputs.map(|output| output.name.value.clone()).collect()
                }),
                StepKind::Broken => None,
                StepKind::Loop(..) => Some(LOOP_FACTS.map(str::to_owned).to_vec()),
            };
            // The one step of a loop over an action or a playbook has the loop's id, which means the loop.
            let id = match self.in_loop {
                Some(each) if each == step.id.value => String::new(),
                _ => step.id.value.clone(),
            };
            let shapes = match &step.kind {
                StepKind::Loop(_, nested) => Shape::of_loop(nested, self.playbook, self.catalogue),
                _ => Members::default(),
            };
            let facts: &[&str] = match &step.kind {
                StepKind::Action { .. } | StepKind::Broken => &STEP_FACTS,
                // What a single answer says is not theirs.
                StepKind::Group(_) | StepKind::Use { .. } | StepKind::Loop(..) => &["outcome"],
            };
            let index = names.len();
            names.push(StepName {
                id,
                end: index,
                outputs,
                facts,
                shapes,
                conditions: self.conditions.clone(),
                when: when.clone(),
                selected: is_selected(step, self.playbook, self.tags),
                chosen_whole: self.tags.is_empty() || has_tag(step, self.tags),
                finally: self.finally,
                in_loop: self.in_loop.map(str::to_owned),
            });
            let mut conditions = self.conditions.clone();
            conditions.extend(when);
            // What is chosen is chosen whole.
            let tags: &[String] = if !self.tags.is_empty() && has_tag(step, self.tags) {
                &[]
            } else {
                self.tags
            };
            let below = Outer {
                tags,
                conditions: &conditions,
                in_loop: match &step.kind {
                    StepKind::Loop(..) => Some(&step.id.value),
                    _ => self.in_loop,
                },
                ..*self
            };
            below.collect(step.nested(), names);
            names[index].end = names.len() - 1;
        }
    }
}
