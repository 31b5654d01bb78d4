//! What a run will do, as far as it is known before the first answer: values rendered, parameters
//! checked, files looked at. What depends on answers is a hole, trusted until its turn comes.

mod everywhere;
mod reads;
mod rows;
mod same;
mod sent;
mod uses;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;

use sent::Sent;

use super::findings::{Subject, violation_diagnostic};
use super::inputs::Inputs;
use super::optional;
use super::skipped;
use super::tree::Partial;
use super::{Condition, Draft, Plan, PlannedAction, PlannedKind, PlannedLoop, PlannedStep, Tree};
use crate::action::{Action, Effect, TargetFacts};
use crate::attachment::fits_a_header;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::playbook::OnFailure;
use crate::project::Confinement;
use crate::reading::{is_token, literal_token};
use crate::request;
use crate::schema::{Violation, ViolationKind};
use crate::source::Source;
use crate::template::{Read, Scope};
use crate::value::{Map, Value};

use super::template_diagnostic;

/// What is known of the run itself.
#[derive(Debug, Clone)]
pub struct Facts<'f> {
    /// Where it goes; none where no target was chosen yet.
    pub target: Option<&'f TargetFacts>,
    /// `run.id` and `run.started_at`; none for a check.
    pub run: Option<&'f Map>,
    /// Which files may be read.
    pub files: &'f Confinement,
    /// How many rows of each loop are looked at.
    pub rows: RowCheck,
}

/// How many rows of a loop are looked at before anything is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowCheck {
    /// The first few, which show most mistakes.
    First,
    /// Every one.
    All,
}

impl RowCheck {
    /// As a command line asks for it.
    pub const fn of(all_rows: bool) -> Self {
        if all_rows { Self::All } else { Self::First }
    }
}

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
    is_settled: bool,
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
    by_rows: Sent,
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

/// Renders and checks everything that is known.
pub fn rehearse(draft: &Draft, inputs: &Inputs, facts: &Facts<'_>) -> Rehearsal {
    let Draft(plan) = draft;
    let mut rehearser = Rehearser {
        facts,
        known: Known::default(),
        steps: Vec::new(),
        findings: Vec::new(),
        secrets: Vec::new(),
        attached: BTreeMap::new(),
        looked_at: BTreeMap::new(),
        by_rows: Sent::default(),
        is_settled: true,
    };
    rehearser.begin(plan, inputs);
    let scope = rehearser.known.scope.clone();
    rehearser.visit(plan.steps(), Inclusion::Yes);
    rehearser.visit(plan.finally(), Inclusion::Yes);
    rehearser.advise(plan);
    Rehearsal {
        scope,
        steps: rehearser.steps,
        findings: rehearser.findings,
        secrets: rehearser.secrets,
        attached: rehearser.attached,
        looked_at: rehearser.looked_at,
        by_rows: rehearser.by_rows,
    }
}

pub(super) struct Rehearser<'p> {
    pub(super) facts: &'p Facts<'p>,
    pub(super) known: Known<'p>,
    steps: Vec<Foresight>,
    findings: Vec<Diagnostic>,
    secrets: Vec<String>,
    attached: BTreeMap<String, PathBuf>,
    looked_at: BTreeMap<String, LookedAt>,
    by_rows: Sent,
    /// Whether the conditions around what is looked at hold in every run, as they do now.
    is_settled: bool,
}

/// How certain it is that the steps looked at run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Reach {
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
pub(super) struct Known<'p> {
    pub(super) scope: Scope,
    unknown_inputs: Vec<String>,
    unknown_vars: Vec<String>,
    /// What templates call rows whose values are not known.
    row_names: Vec<&'p str>,
    has_target: bool,
    has_run: bool,
    /// Steps that are known to be skipped.
    skipped: BTreeSet<String>,
    reach: Reach,
}

impl Known<'_> {
    pub(super) fn is_known(&self, read: &Read) -> bool {
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
                self.reach == Reach::Certain && step.is_some_and(|step| self.skipped.contains(step))
            }
            Some("response" | "status") => false,
            Some(name) => !self.row_names.contains(&name),
            None => true,
        }
    }

    /// A step turns out to be skipped. A check does not say so: inputs may be others than those that it was given.
    fn skip(&mut self, step: &PlannedStep) {
        if self.has_run {
            skipped::note(step, &mut self.scope, &mut self.skipped);
        }
    }

    /// Evaluates variables; what is wrong with them is in their playbook's text.
    fn add_vars(
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

impl<'p> Rehearser<'p> {
    fn begin(&mut self, plan: &Plan, inputs: &Inputs) {
        let known = &mut self.known;
        known.reach = Reach::Certain;
        known.unknown_inputs.clone_from(&inputs.unknown);
        known.scope.set("inputs", Value::Map(inputs.values.clone()));
        optional::explain_all(plan.playbook(), inputs, &mut known.scope);
        if let Some(target) = self.facts.target {
            known.has_target = true;
            known.scope.set("target", target.to_value());
        }
        if let Some(run) = self.facts.run {
            known.has_run = true;
            known.scope.set("run", Value::Map(run.clone()));
        }
        known.add_vars(plan.vars(), plan.source(), &mut self.findings);
    }

    /// What is said to who writes the playbook, but where more is known to be wrong.
    fn advise(&mut self, plan: &Plan) {
        if self.facts.run.is_some() {
            return;
        }
        let is_told = |advice: &&Diagnostic| {
            let mut errors = self.findings.iter().filter(|finding| finding.is_error());
            errors.any(|error| error.place == advice.place)
        };
        let advice = plan.advice.iter().filter(|advice| !is_told(advice));
        let advice: Vec<Diagnostic> = advice.cloned().collect();
        self.findings.extend(advice);
    }

    fn visit(&mut self, steps: &'p [PlannedStep], outer: Inclusion) {
        for step in steps {
            let own = if step.selected {
                step.when
                    .as_ref()
                    .map_or(Inclusion::Yes, |when| self.holds(when, step.home.source()))
            } else {
                Inclusion::No
            };
            let inclusion = match (outer, own) {
                (Inclusion::No, _) | (_, Inclusion::No) => Inclusion::No,
                (Inclusion::Maybe, _) | (_, Inclusion::Maybe) => Inclusion::Maybe,
                (Inclusion::Yes, Inclusion::Yes) => Inclusion::Yes,
            };
            if own == Inclusion::No {
                self.known.skip(step);
            }
            let before = self.known.reach;
            let was_settled = self.is_settled;
            self.is_settled &= self.settles(step.when.as_ref());
            // What a loop forgives is told when its rows are looked at.
            let matters =
                step.on_failure == OnFailure::Stop || matches!(step.kind, PlannedKind::Loop(_));
            self.known.reach = match (inclusion, before) {
                (Inclusion::No, _) => Reach::Never,
                (_, Reach::Certain) if own == Inclusion::Yes && matters => Reach::Certain,
                _ => Reach::Possible,
            };
            match &step.kind {
                PlannedKind::Group(nested) => self.visit(nested, inclusion),
                PlannedKind::Action(action) => self.action(step, action, inclusion),
                PlannedKind::Loop(each) => self.looped(step, each, inclusion),
                PlannedKind::Use(used) => self.used(step, used, inclusion),
            }
            self.known.reach = before;
            self.is_settled = was_settled;
        }
    }

    /// Whether the files are looked at that steps name: a run has no use for those of steps that it leaves out.
    const fn looks_at_files(&self) -> bool {
        !matches!(self.known.reach, Reach::Never) || self.facts.run.is_none()
    }

    /// The steps of a loop: once for any row, then for the rows that are looked at.
    fn looped(&mut self, step: &PlannedStep, each: &'p PlannedLoop, inclusion: Inclusion) {
        self.known.row_names.push(&each.binding);
        self.known.row_names.push("loop");
        let first = self.steps.len();
        // Whether there is a row that comes to them is not known here.
        let before = self.known.reach;
        if before == Reach::Certain {
            self.known.reach = Reach::Possible;
        }
        self.visit(&each.steps, inclusion);
        self.known.reach = before;
        for step in &mut self.steps[first..] {
            step.repeated = true;
        }
        let names = &mut self.known.row_names;
        let in_other_loop = names.len() > 2;
        names.truncate(names.len() - 2);
        if self.looks_at_files() && !in_other_loop {
            let looked = rows::look(self, step, each);
            self.findings.extend(looked.of_data);
            self.findings.extend(looked.of_rows);
            self.looked_at
                .extend(looked.at.map(|at| (step.id.clone(), at)));
            if inclusion == Inclusion::Yes && self.is_settled {
                self.by_rows.add(looked.sent);
            }
        }
    }

    /// Whether a condition that holds now does so in every run that may come of what is looked at.
    fn settles(&self, when: Option<&Condition>) -> bool {
        let is_run = self.facts.run.is_some();
        when.is_none_or(|when| is_run || sent::is_settled(when.expression.reads()))
    }

    fn holds(&mut self, when: &Condition, source: &Arc<Source>) -> Inclusion {
        let known = when
            .expression
            .reads()
            .iter()
            .all(|read| self.known.is_known(read));
        if !known {
            return Inclusion::Maybe;
        }
        match when.expression.is_true(&self.known.scope) {
            Ok(true) => Inclusion::Yes,
            Ok(false) => Inclusion::No,
            Err(error) => {
                self.findings
                    .push(template_diagnostic(&error, &when.node, source));
                Inclusion::Maybe
            }
        }
    }

    fn action(&mut self, step: &PlannedStep, planned: &PlannedAction, inclusion: Inclusion) {
        let action = &planned.action;
        let partial = planned
            .with
            .render_known(&self.known.scope, &|read| self.known.is_known(read));
        let (effect, items) = sent::effect_and_items(action, &partial);
        self.steps.push(Foresight {
            id: step.id.clone(),
            inclusion,
            effect,
            items,
            repeated: false,
            is_settled: self.is_settled,
        });
        let mut findings = Vec::new();
        self.check_action(step, planned, &partial, &mut findings);
        self.findings.extend(findings);
        if inclusion != Inclusion::No {
            self.attached.extend(self.attached(step, planned, &partial));
        }
    }

    pub(super) fn check_action(
        &self,
        step: &PlannedStep,
        planned: &PlannedAction,
        partial: &Partial<'_>,
        findings: &mut Vec<Diagnostic>,
    ) {
        let source = step.home.source();
        let action = &planned.action;
        let what = format!("`with` of {}", action.name());
        let subject = Subject {
            what: &what,
            node: &planned.with_node,
            key: Some(planned.with_span),
            source,
            advice: crate::playbook::belongs,
        };
        findings.extend(partial.errors.iter().map(|error| error.diagnostic(source)));
        if planned.with_node.entries().is_none() {
            // That was said, and its schema could only say it again.
            return;
        }
        let known = action.params_schema().get("properties");
        let is_known = |key: &str| known.is_some_and(|known| known.get(key).is_some());
        let given = planned.with_node.entries().unwrap_or_default().iter();
        findings.extend(
            given
                .filter(|entry| !is_known(&entry.key) && is_token(entry))
                .map(|entry| literal_token(source, entry.value.span)),
        );
        let violations: Vec<Violation> = action
            .check_params(&partial.value)
            .into_iter()
            .filter(|violation| stands(violation, partial))
            .collect();
        findings.extend(
            violations
                .iter()
                .map(|violation| violation_diagnostic(violation, subject, &partial.value)),
        );
        if self.facts.run.is_none() {
            findings.extend(advice(action, partial, subject));
        }
        if self.looks_at_files() {
            self.check_files(step, planned, partial, findings);
        }
        let (Some(target), true) = (
            self.facts.target,
            partial.holes.is_empty() && violations.is_empty(),
        ) else {
            return;
        };
        if let Err(problem) = request::render(action, &partial.value, target, Vec::new()) {
            findings.push(
                Diagnostic::error(Code::InvalidAction, problem.to_string())
                    .at(source, planned.with_span),
            );
        }
    }

    /// The files that a step attaches, as far as they are known and can be read.
    fn attached(
        &self,
        step: &PlannedStep,
        planned: &PlannedAction,
        partial: &Partial<'_>,
    ) -> Vec<(String, PathBuf)> {
        let files = step.home.files(self.facts.files);
        let named = planned.action.file_param().into_iter();
        named
            .flat_map(|param| file_paths(param, &partial.value))
            .filter(|(pointer, _)| !partial.is_hole(pointer))
            .filter_map(|(_, written)| {
                let resolved = files.resolve(&written).ok()?;
                Some((step.home.label(&written), resolved.path))
            })
            .collect()
    }

    fn check_files(
        &self,
        step: &PlannedStep,
        planned: &PlannedAction,
        partial: &Partial<'_>,
        findings: &mut Vec<Diagnostic>,
    ) {
        let Some(param) = planned.action.file_param() else {
            return;
        };
        let source = step.home.source();
        let files = step.home.files(self.facts.files);
        for (pointer, written) in file_paths(param, &partial.value) {
            if partial.is_hole(&pointer) {
                continue;
            }
            let span = planned.with_node.nearest(&pointer).span();
            match files.resolve(&written) {
                Err(diagnostic) => findings.push(diagnostic.at(source, span)),
                Ok(_) if !is_nameable(&written) => findings.push(
                    Diagnostic::error(
                        Code::InvalidValue,
                        format!("the file name {written:?} holds a control character"),
                    )
                    .at(source, span)
                    .help("no form can name such a file: give it another name"),
                ),
                Ok(_) if !planned.action.lists_extension_of(&written) => findings.push(
                    Diagnostic::warning(
                        Code::FileExtension,
                        format!("the vendor does not list files such as {written}"),
                    )
                    .at(source, span)
                    .help(format!(
                        "listed: {}",
                        planned.action.extensions().join(", ")
                    )),
                ),
                Ok(_) => {}
            }
        }
    }
}

/// What the action advises and these parameters do not follow: for who writes the playbook, not for each of its runs.
fn advice(action: &Action, partial: &Partial<'_>, subject: Subject<'_>) -> Vec<Diagnostic> {
    let found = action.advice(&partial.value).into_iter();
    found
        .filter(|(violation, _)| stands(violation, partial))
        .map(|(violation, because)| Diagnostic {
            code: Code::Advice,
            severity: Severity::Warning,
            message: format!("{}: {because}", subject.what),
            help: None,
            ..violation_diagnostic(&violation, subject, &partial.value)
        })
        .collect()
}

/// Whether a violation stands whatever the holes turn out to hold.
pub(super) fn stands(violation: &Violation, partial: &Partial<'_>) -> bool {
    if partial.is_hole(&violation.pointer) {
        // What stands in a hole has none of its own, but its template may have some around it.
        return matches!(violation.kind, ViolationKind::Padded);
    }
    if matches!(violation.kind, ViolationKind::Unique) && partial.touches_hole(&violation.pointer) {
        return false;
    }
    match &violation.rests_on {
        Some(place) => {
            !partial.touches_hole(place) && (!place.is_empty() || partial.holes.is_empty())
        }
        None => !violation.conditional || partial.holes.is_empty(),
    }
}

/// Whether a form can name a file, as it is written; it names the last part of the path.
fn is_nameable(written: &str) -> bool {
    let name = std::path::Path::new(written).file_name();
    name.is_none_or(|name| fits_a_header(&name.to_string_lossy()))
}

/// The paths that a file parameter names, each with its JSON pointer in `with`.
pub fn file_paths(param: &str, with: &Value) -> IndexMap<String, String> {
    let mut paths = IndexMap::new();
    match with.get(param) {
        Some(Value::Text(path)) => {
            paths.insert(format!("/{param}"), path.clone());
        }
        Some(Value::List(items)) => {
            for (index, item) in items.iter().enumerate() {
                if let Value::Text(path) = item {
                    paths.insert(format!("/{param}/{index}"), path.clone());
                }
            }
        }
        _ => {}
    }
    paths
}
