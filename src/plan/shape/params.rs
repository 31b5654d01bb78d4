//! Parameters against what is known of the types of their values. The values themselves stay on trust.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ids::instead_of_all;
use crate::action::Action;
use crate::diagnostic::Code;
use crate::document::Node;
use crate::plan::Tree;
use crate::plan::compile::Compiler;
use crate::plan::findings::{Subject, violation_diagnostic};
use crate::plan::names::{PlaceKind, Visible};
use crate::plan::partial::HOLE;
use crate::plan::uses::GivenInput;
use crate::schema::{Violation, ViolationKind, subject_words};
use crate::source::Span;
use crate::value::{Value, pointer_step};

/// Where a template stands: the kind of place, the steps before it, the variables and the conditions.
type From<'f> = (PlaceKind, usize, &'f [String], &'f BTreeSet<String>);

/// A value that stands for one that is not known: of its type, where that is known.
pub(in crate::plan) struct Sample {
    pub(in crate::plan) value: Value,
    /// JSON pointers of what has the type of what is to stand there.
    typed: Vec<String>,
    /// JSON pointers of what is nothing but ids of a loop as JSON: texts that are the id of nothing.
    no_ids: Vec<String>,
}

impl Sample {
    /// Whether a violation is one of a type that is known.
    pub(in crate::plan) fn is_of_type(&self, violation: &Violation) -> bool {
        matches!(violation.kind, ViolationKind::WrongType { .. })
            && (!violation.conditional || violation.is_of_every_form())
            && self.typed.contains(&violation.pointer)
    }

    /// Whether a violation says that an id is wanted where no text of ids can be one.
    fn is_of_no_id(&self, violation: &Violation) -> bool {
        violation.kind == ViolationKind::Padded && self.no_ids.contains(&violation.pointer)
    }
}

impl Visible<'_> {
    /// A sample of what a tree gives.
    pub(in crate::plan) fn sample(&self, tree: &Tree) -> Sample {
        let mut sample = Sample {
            value: Value::Null,
            typed: Vec::new(),
            no_ids: Vec::new(),
        };
        sample.value = self.sampled(tree, String::new(), &mut sample);
        sample
    }

    fn sampled(&self, tree: &Tree, pointer: String, sample: &mut Sample) -> Value {
        match tree {
            Tree::Fixed(value) => value.clone(),
            Tree::Template(pair) if self.json_of_ids(&pair.0).is_some() => {
                sample.no_ids.push(pointer);
                // Where an id is wanted, and only there, white space in front of it is objected to.
                Value::Text(format!(" {HOLE}"))
            }
            Tree::Template(_) | Tree::Broken => match self.shape_of(tree).sample() {
                Some(value) => {
                    sample.typed.push(pointer);
                    value
                }
                None => Value::Text(HOLE.to_owned()),
            },
            Tree::List(items) => {
                let items = items.iter().enumerate();
                let items = items
                    .map(|(index, item)| self.sampled(item, format!("{pointer}/{index}"), sample));
                Value::List(items.collect())
            }
            Tree::Map(entries) => {
                let entries = entries.iter().map(|(key, tree)| {
                    let below = format!("{pointer}/{}", pointer_step(key));
                    (key.clone(), self.sampled(tree, below, sample))
                });
                Value::Map(entries.collect())
            }
        }
    }
}

impl Visible<'_> {
    /// What to do where ids of a loop stand at a JSON pointer.
    fn help_with_ids(&self, tree: &Tree, pointer: &str) -> Option<String> {
        let Tree::Template(pair) = tree.at(pointer)? else {
            return None;
        };
        let path = match pair.0.sole_path() {
            Some(read) => read.path.as_slice(),
            None => self.json_of_ids(&pair.0)?,
        };
        let steps = self.named_in_ids(path.get(..3)?)?;
        Some(instead_of_all(path, &steps))
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
        for violation in &violations {
            if !sample.is_of_type(violation) && !sample.is_of_no_id(violation) {
                continue;
            }
            let mut finding = violation_diagnostic(violation, subject, &sample.value);
            if sample.is_of_no_id(violation) {
                finding.code = Code::WrongType;
                finding.message = format!(
                    "{what}: {} must be an id, and this is the JSON of many",
                    subject_words(&violation.pointer)
                );
            }
            let visible = self.visible(place, before, vars, conditions);
            if let Some(help) = visible.help_with_ids(tree, &violation.pointer) {
                finding.help = Some(help);
            }
            self.findings.push(finding);
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
