//! A used playbook before the run: what its step gives it, checked as far as it is known.

use std::sync::Arc;

use super::{Known, Reach, Rehearser, stands};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::plan::inputs::{Origin, collect_texts};
use crate::plan::rehearse::Inclusion;
use crate::plan::uses::{GivenInput, InputSource, PlannedUse};
use crate::plan::{PlannedStep, Tree};
use crate::value::{Map, Value};

/// What is found when a used playbook is entered.
pub(super) struct Entered<'p> {
    /// What its templates see.
    pub(super) known: Known<'p>,
    pub(super) findings: Vec<Diagnostic>,
    /// Texts that must not show anywhere.
    pub(super) secrets: Vec<String>,
}

impl<'p> Rehearser<'p> {
    /// The steps of a used playbook.
    pub(super) fn used(
        &mut self,
        step: &'p PlannedStep,
        used: &'p PlannedUse,
        inclusion: Inclusion,
    ) {
        let entered = enter(step, used, &self.known);
        self.findings.extend(entered.findings);
        self.secrets.extend(entered.secrets);
        let outer = std::mem::replace(&mut self.known, entered.known);
        let first = self.findings.len();
        self.visit(&used.steps, inclusion);
        self.visit(&used.finally, inclusion);
        add_user(&mut self.findings[first..], step, used);
        let inside = std::mem::replace(&mut self.known, outer);
        self.known.leave(step, used, inside);
    }
}

/// What is wrong inside a used playbook may be so only with the inputs of one step: says which.
pub(super) fn add_user(findings: &mut [Diagnostic], step: &PlannedStep, used: &PlannedUse) {
    let is_inside = |finding: &Diagnostic| {
        let source = finding.place.as_ref().map(|place| &place.source);
        source.is_some_and(|source| Arc::ptr_eq(source, used.home.source()))
    };
    let place = Place::new(step.home.source(), step.span);
    for finding in findings.iter_mut().filter(|finding| is_inside(finding)) {
        let where_used = format!("it is used at {place}");
        finding.help = Some(match finding.help.take() {
            Some(help) => format!("{help}; {where_used}"),
            None => where_used,
        });
    }
}

/// What the templates of a used playbook see, given what those of the outer one do.
pub(super) fn enter<'p>(step: &PlannedStep, used: &PlannedUse, outer: &Known<'p>) -> Entered<'p> {
    let mut values = Map::default();
    let mut unknown = Vec::new();
    let mut findings = Vec::new();
    let mut secrets = Vec::new();
    for input in &used.inputs {
        let value = match &input.from {
            InputSource::Step(given) => {
                let before = findings.len();
                let value = known_value(step, given, input.secret, outer, &mut findings);
                value.filter(|_| findings.len() == before)
            }
            InputSource::Settled(value, _) => Some(value.clone()),
            InputSource::Absent => continue,
            InputSource::Open => None,
        };
        match value {
            Some(value) => {
                if input.secret {
                    let is_default = matches!(input.from, InputSource::Settled(_, Origin::Default));
                    collect_texts(&value, is_default, &mut secrets);
                }
                values.insert(input.name.clone(), value);
            }
            None => unknown.push(input.name.clone()),
        }
    }
    let mut known = Known {
        scope: used.scope(values, &outer.scope),
        unknown_inputs: unknown,
        has_target: outer.has_target,
        has_run: outer.has_run,
        reach: outer.reach,
        ..Known::default()
    };
    known.add_vars(&used.vars, used.home.source(), &mut findings);
    Entered {
        known,
        findings,
        secrets,
    }
}

/// The value that a step gives to an input; none where it is not known yet.
fn known_value(
    step: &PlannedStep,
    given: &GivenInput,
    secret: bool,
    outer: &Known<'_>,
    findings: &mut Vec<Diagnostic>,
) -> Option<Value> {
    let source = step.home.source();
    let partial = given
        .tree
        .render_known(&outer.scope, &|read| outer.is_known(read));
    findings.extend(partial.errors.iter().map(|error| error.diagnostic(source)));
    let violations = given.violations(&partial.value);
    findings.extend(
        violations
            .iter()
            .filter(|violation| stands(violation, &partial))
            .map(|violation| given.finding(violation, &partial.value, secret, source)),
    );
    if partial.holes.is_empty() {
        return Some(partial.value);
    }
    // What is to be masked is known before anything is written down, or it is not masked everywhere.
    if secret
        && outer.reach != Reach::Never
        && partial.errors.is_empty()
        && depends_on_run(&given.tree, outer)
    {
        findings.push(
            Diagnostic::error(
                Code::NotSupported,
                format!(
                    "{} is secret, and its value is only known during the run: it could not be masked everywhere",
                    given.what
                ),
            )
            .at(source, given.node.span)
            .help("give it an input or a variable, which are known before the run"),
        );
    }
    None
}

/// Whether a value waits for an answer or a row, and not only for an input that a check was not given.
fn depends_on_run(tree: &Tree, outer: &Known<'_>) -> bool {
    let templates = tree.templates();
    let mut roots = templates
        .iter()
        .flat_map(|(template, _)| template.reads())
        .filter_map(|read| read.path.first());
    outer.has_run || roots.any(|root| root == "steps" || outer.row_names.contains(&root.as_str()))
}
