//! Parameters against what is known of the types of their values. The values themselves stay on trust.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::action::Action;
use crate::document::Node;
use crate::plan::Tree;
use crate::plan::compile::Compiler;
use crate::plan::findings::{Subject, violation_diagnostic};
use crate::plan::names::{PlaceKind, Visible};
use crate::plan::tree::HOLE;
use crate::plan::uses::GivenInput;
use crate::schema::{Violation, ViolationKind};
use crate::source::Span;
use crate::value::{Value, pointer_step};

/// Where a template stands: the kind of place, the steps before it, the variables and the conditions.
type From<'f> = (PlaceKind, usize, &'f [String], &'f BTreeSet<String>);

/// A value that stands for one that is not known: of its type, where that is known.
pub(in crate::plan) struct Sample {
    pub(in crate::plan) value: Value,
    /// JSON pointers of what has the type of what is to stand there.
    typed: Vec<String>,
}

impl Sample {
    /// Whether a violation is one of a type that is known.
    pub(in crate::plan) fn is_of_type(&self, violation: &Violation) -> bool {
        matches!(violation.kind, ViolationKind::WrongType { .. })
            && !violation.conditional
            && self.typed.contains(&violation.pointer)
    }
}

impl Visible<'_> {
    /// A sample of what a tree gives.
    pub(in crate::plan) fn sample(&self, tree: &Tree) -> Sample {
        let mut typed = Vec::new();
        let value = self.sampled(tree, String::new(), &mut typed);
        Sample { value, typed }
    }

    fn sampled(&self, tree: &Tree, pointer: String, typed: &mut Vec<String>) -> Value {
        match tree {
            Tree::Fixed(value) => value.clone(),
            Tree::Template(_) | Tree::Broken => match self.shape_of(tree).sample() {
                Some(sample) => {
                    typed.push(pointer);
                    sample
                }
                None => Value::Text(HOLE.to_owned()),
            },
            Tree::List(items) => {
                let items = items.iter().enumerate();
                let items = items
                    .map(|(index, item)| self.sampled(item, format!("{pointer}/{index}"), typed));
                Value::List(items.collect())
            }
            Tree::Map(entries) => {
                let entries = entries.iter().map(|(key, tree)| {
                    let below = format!("{pointer}/{}", pointer_step(key));
                    (key.clone(), self.sampled(tree, below, typed))
                });
                Value::Map(entries.collect())
            }
        }
    }
}

impl Compiler<'_> {
    /// Finds values whose type cannot fit the parameter that they are for.
    pub(in crate::plan) fn check_types(
        &mut self,
        tree: &mut Tree,
        (action, node, key): (&Arc<Action>, &Node, Span),
        (place, before, vars, conditions): From<'_>,
    ) {
        if tree.is_fixed() || node.entries().is_none() {
            return;
        }
        let sample = self.visible(place, before, vars, conditions).sample(tree);
        let what = format!("`with` of {}", action.name());
        let subject = Subject {
            what: &what,
            node,
            key: Some(key),
            source: self.source,
            advice: |_| None,
        };
        let violations = action.check_params(&sample.value);
        for violation in violations.iter().filter(|it| sample.is_of_type(it)) {
            self.findings
                .push(violation_diagnostic(violation, subject, &sample.value));
            // A rehearsal would say it again of the value.
            tree.break_at(&violation.pointer);
        }
    }
    /// Finds a value whose type cannot fit the input of the used playbook that it is given to.
    pub(in crate::plan) fn check_given(
        &mut self,
        given: &mut GivenInput,
        secret: bool,
        (place, before, vars, conditions): From<'_>,
    ) {
        if given.tree.is_fixed() {
            return;
        }
        let visible = self.visible(place, before, vars, conditions);
        let sample = visible.sample(&given.tree);
        let violations = given.violations(&sample.value);
        for violation in violations.iter().filter(|it| sample.is_of_type(it)) {
            let finding = given.finding(violation, &sample.value, secret, self.source);
            self.findings.push(finding);
            given.tree.break_at(&violation.pointer);
        }
    }
}
