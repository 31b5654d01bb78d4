//! Playbook → Plan: actions looked up, templates compiled, references checked. Needs no inputs.

mod conditions;
mod outer;
mod tags;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::home::Home;
use super::loops;
use super::names::{PlaceKind, RowNames, StepName, Visible};
use super::optional;
use super::shape::{Compiled, Members, Shape, Shapes};
use super::{DEFAULT_TIMEOUT, Draft, Plan, PlannedAction, PlannedKind, PlannedStep, Tree};
use crate::action::{Action, Catalogue};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::document::{Node, NodeKind};
use crate::playbook::{Named, Playbook, Step, StepKind};
use crate::source::{Source, Span};
use crate::template::{Engine, Read};
use outer::Outer;
use tags::check_tags;

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

/// One playbook to be compiled: the one that is run, or one that a step uses.
#[derive(Clone, Copy)]
pub(super) struct Sheet<'s> {
    /// The one that is run.
    pub(super) run: &'s Playbook,
    pub(super) playbook: &'s Playbook,
    pub(super) home: &'s Arc<Home>,
    /// What stands before the ids of its steps: nothing, or the step that uses it and a dot.
    pub(super) prefix: &'s str,
    pub(super) catalogue: &'s Catalogue,
    pub(super) engine: &'s Engine,
    pub(super) tags: &'s [String],
}

/// What a playbook is compiled into.
pub(super) struct Parts {
    pub(super) vars: Vec<(String, Tree)>,
    pub(super) steps: Vec<PlannedStep>,
    pub(super) finally: Vec<PlannedStep>,
    pub(super) outputs: Vec<(String, Tree)>,
    /// Outputs that are left out where a step is skipped.
    pub(super) uncertain: BTreeSet<String>,
    /// What is known of the values of its outputs.
    pub(super) given: Members,
    /// What is said to who writes the playbook, and not at each of its runs.
    pub(super) advice: Vec<Diagnostic>,
}

impl Sheet<'_> {
    pub(super) fn compile(self) -> (Parts, Vec<Diagnostic>) {
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
                let found = self.action(action);
                let max_pages = found
                    .as_ref()
                    .and_then(|action| self.max_pages(step, action));
                let tree = match with {
                    Some(node) => {
                        let vars = self.vars;
                        let from = (place, index, vars, &conditions);
                        let mut tree = self.tree(node, from);
                        if let Some(action) = &found {
                            self.check_types(&mut tree, (action, node, *with_span), from);
                        }
                        tree
                    }
                    None => Tree::Fixed(crate::value::Value::Map(crate::value::Map::default())),
                };
                if let Some(node) = with
                    && node.entries().is_none()
                {
                    self.error(
                        Code::WrongType,
                        node.span,
                        format!(
                            "`with` must be a mapping of parameters, and this is {}",
                            node.type_words()
                        ),
                    );
                }
                let expect = step
                    .expect
                    .iter()
                    .filter_map(|node| self.expectation(node, index, &conditions, found.as_deref()))
                    .collect();
                found.map(|action| {
                    PlannedKind::Action(Box::new(PlannedAction {
                        with: match max_pages {
                            Some(_) => tree.with_first_page(&action),
                            None => tree,
                        },
                        max_pages,
                        action,
                        with_node: with.clone().unwrap_or(Node {
                            span: *with_span,
                            kind: NodeKind::Map(Vec::new()),
                        }),
                        with_span: *with_span,
                        expect,
                        retry: step.retry.unwrap_or_default(),
                        timeout: step.timeout.unwrap_or(DEFAULT_TIMEOUT),
                    }))
                })
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

    fn action(&mut self, name: &crate::source::Spanned<String>) -> Option<Arc<Action>> {
        let found = self.sheet.catalogue.get(&name.value);
        if found.is_none() && !self.sheet.catalogue.is_broken(&name.value) {
            let help = did_you_mean(&name.value, self.sheet.catalogue.names());
            self.error(
                Code::UnknownAction,
                name.span,
                format!("no action is called `{}`", name.value),
            )
            .help = help;
        }
        found
    }
}
