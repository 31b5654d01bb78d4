//! Playbook → Plan: actions looked up, templates compiled, references checked. Needs no inputs.

mod action;
mod conditions;
mod outer;
mod sheet;
mod tags;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::tags::check_tags;
use super::home::Home;
use super::loops;
use super::names::{PlaceKind, RowNames, StepName, Visible};
use super::shape::{Compiled, Members, Shape, Shapes};
use super::{Draft, Plan, PlannedKind, PlannedStep, Tree};
use crate::action::Catalogue;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Node;
use crate::playbook::{Named, Playbook, Step, StepKind};
use crate::source::{Source, Span};
use crate::template::{Engine, Read};

pub(super) use self::sheet::{Parts, Sheet};

/// Checks a playbook against the catalogue.
///
/// `tags` chooses steps; empty chooses all.
///
/// Everything that is wrong is in the second part, each finding at its place.
pub fn compile(
    playbook: &Arc<Playbook>,
    catalogue: &Catalogue,
    engine: &Engine,
    tags: &[String],
) -> (Draft, Vec<Diagnostic>) {
    let mut findings = Vec::new();
    check_tags(playbook, tags, &mut findings);
    let home = Home::of_run(&playbook.source);
    let sheet = Sheet {
        run: playbook,
        playbook,
        home: &home,
        prefix: "",
        catalogue,
        engine,
        tags,
    };
    let (parts, found) = sheet.compile();
    findings.extend(found);
    findings.extend(loops::check_accounts([&parts.steps, &parts.finally]));
    let plan = Plan {
        playbook: Arc::clone(playbook),
        vars: parts.vars,
        steps: parts.steps,
        finally: parts.finally,
        outputs: parts.outputs,
        advice: parts.advice,
    };
    (Draft(plan), findings)
}

pub(super) struct Compiler<'p> {
    pub(super) sheet: Sheet<'p>,
    pub(super) source: &'p Arc<Source>,
    inputs: &'p [String],
    /// Those of them that need not be given.
    optional: &'p [String],
    pub(super) vars: &'p [String],
    pub(super) names: &'p [StepName],
    /// What is known of the values of names.
    pub(super) shapes: Shapes,
    /// How many steps were compiled: the index of the next one in `names`.
    next: usize,
    /// The loops that the step being compiled is in.
    pub(super) rows: Vec<RowNames>,
    /// Loops whose ids something reads.
    reads_ids: BTreeSet<String>,
    /// Of the steps that use a playbook, by index: outputs that may be left out.
    pub(super) uncertain: BTreeMap<usize, BTreeSet<String>>,
    /// Of the same steps: outputs for which the step gives no input, each with that input.
    pub(super) ungiven: BTreeMap<usize, BTreeMap<String, String>>,
    /// The loops, by index, whose condition is asked of each row.
    pub(super) asked_of_rows: BTreeSet<usize>,
    /// The playbook's own outputs that may be left out.
    uncertain_outputs: BTreeSet<String>,
    /// What is known of the values of the playbook's own outputs.
    given: Members,
    pub(super) advice: Vec<Diagnostic>,
    pub(super) findings: Vec<Diagnostic>,
}

impl<'p> Compiler<'p> {
    pub(super) fn error(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.findings
            .push(Diagnostic::error(code, message).at(self.source, span));
        self.findings.last_mut().expect("one was just pushed")
    }

    pub(super) fn visible<'a>(
        &'a self,
        place: PlaceKind,
        before: usize,
        vars: &'a [String],
        conditions: &'a BTreeSet<String>,
    ) -> Visible<'a> {
        Visible {
            source: self.source,
            inputs: self.inputs,
            optional: self.optional,
            vars,
            all_vars: self.vars,
            shapes: &self.shapes,
            steps: self.names,
            before,
            conditions,
            place,
            rows: &self.rows,
            uncertain: &self.uncertain,
            ungiven: &self.ungiven,
            asked_of_rows: &self.asked_of_rows,
        }
    }

    /// Remembers which loops' ids are read, so that only those are kept.
    fn note_reads(&mut self, reads: &[Read]) {
        for read in reads {
            if let [root, id, rest @ ..] = read.path.as_slice()
                && root == "steps"
                && rest.first().is_none_or(|name| name == "ids")
            {
                self.reads_ids.insert(id.clone());
            }
        }
    }

    pub(super) fn tree(
        &mut self,
        node: &Node,
        visible_from: (PlaceKind, usize, &[String], &BTreeSet<String>),
    ) -> Tree {
        let mut found = Vec::new();
        let mut tree = Tree::compile(node, self.sheet.engine, self.source, &mut found);
        let (place, before, vars, conditions) = visible_from;
        let visible = self.visible(place, before, vars, conditions);
        let mut reads = Vec::new();
        let mut advice = Vec::new();
        tree.check(&mut |template, node| {
            reads.extend_from_slice(template.reads());
            let first = found.len();
            let compiled = Compiled::Template(template);
            visible.check(compiled, node, &mut found);
            advice.extend(visible.unguarded(compiled, node));
            !found[first..].iter().any(Diagnostic::is_error)
        });
        self.findings.extend(found);
        self.advice.extend(advice);
        self.note_reads(&reads);
        tree
    }

    /// What is known of the value of a tree.
    pub(super) fn shape_of(
        &self,
        tree: &Tree,
        (place, before, vars, conditions): (PlaceKind, usize, &[String], &BTreeSet<String>),
    ) -> Shape {
        self.visible(place, before, vars, conditions).shape_of(tree)
    }

    fn vars(&mut self, vars: &[Named]) -> Vec<(String, Tree)> {
        let none = BTreeSet::new();
        vars.iter()
            .enumerate()
            .map(|(index, var)| {
                let before: Vec<String> = self.vars[..index].to_vec();
                let from = (PlaceKind::Vars, 0, before.as_slice(), &none);
                let tree = self.tree(&var.value, from);
                let shape = self.shape_of(&tree, from);
                self.shapes.vars.push((var.name.value.clone(), shape));
                (var.name.value.clone(), tree)
            })
            .collect()
    }

    fn outputs(&mut self, outputs: &[Named]) -> Vec<(String, Tree)> {
        let none = BTreeSet::new();
        outputs
            .iter()
            .map(|output| {
                let all = self.names.len();
                let vars = self.vars;
                let tree = self.tree(&output.value, (PlaceKind::Outputs, all, vars, &none));
                let visible = self.visible(PlaceKind::Outputs, all, vars, &none);
                let shape = visible.shape_of(&tree);
                let may_miss = tree
                    .templates()
                    .iter()
                    .any(|(template, _)| visible.may_miss(template.reads()));
                if may_miss {
                    self.uncertain_outputs.insert(output.name.value.clone());
                }
                self.given.push((output.name.value.clone(), shape));
                (output.name.value.clone(), tree)
            })
            .collect()
    }

    pub(super) fn steps(
        &mut self,
        steps: &'p [Step],
        place: PlaceKind,
        conditions: &BTreeSet<String>,
    ) -> Vec<PlannedStep> {
        steps
            .iter()
            .filter_map(|step| self.step(step, place, conditions))
            .collect()
    }

    fn step(
        &mut self,
        step: &'p Step,
        place: PlaceKind,
        outer: &BTreeSet<String>,
    ) -> Option<PlannedStep> {
        let index = self.next;
        self.next += 1;
        if let StepKind::Loop(each, nested) = &step.kind {
            return Some(self.looped(step, each, nested, (place, index, outer)));
        }
        // What `when` itself reads is read whether or not it holds.
        let when = step
            .when
            .as_ref()
            .and_then(|node| self.condition(node, "`when`", (place, index, outer)));
        let mut conditions = outer.clone();
        conditions.extend(step.when.as_ref().and_then(Node::text).map(str::to_owned));
        let kind = match &step.kind {
            StepKind::Broken => None,
            StepKind::Group(nested) | StepKind::Loop(_, nested) => {
                Some(PlannedKind::Group(self.steps(nested, place, &conditions)))
            }
            StepKind::Use {
                path,
                inputs,
                inputs_span,
            } => self
                .used(
                    step,
                    path,
                    (inputs.as_ref(), *inputs_span),
                    (place, index, &conditions),
                )
                .map(|used| PlannedKind::Use(Box::new(used)))
                // One that is left out does nothing, whatever is in its file.
                .or_else(|| (!self.names[index].selected).then(|| PlannedKind::Group(Vec::new()))),
            StepKind::Action {
                action,
                with,
                with_span,
            } => {
                let written = (action, with.as_ref(), *with_span);
                let planned = self.performed(step, written, (place, index, &conditions));
                planned.map(|planned| PlannedKind::Action(Box::new(planned)))
            }
        };
        Some(PlannedStep {
            id: self.id_of(step),
            home: Arc::clone(self.sheet.home),
            name: step.name.clone(),
            span: step.id.span,
            when,
            on_failure: step.on_failure,
            selected: self.names[index].selected,
            kind: kind?,
        })
    }

    /// The id of a step in the run: told from the same id of other playbooks by the steps that use them. No id
    /// holds a dot of its own.
    pub(super) fn id_of(&self, step: &Step) -> String {
        format!("{}{}", self.sheet.prefix, step.id.value)
    }
}
