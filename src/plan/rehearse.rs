//! What a run will do, as far as it is known before the first answer: values rendered, parameters
//! checked, files looked at. What depends on answers is a hole, trusted until its turn comes.

mod action;
mod everywhere;
mod known;
mod reads;
mod rehearsal;
mod rows;
mod same;
mod sent;
mod uses;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use self::known::{Known, Reach};
use self::sent::Sent;
use super::inputs::Inputs;
use super::optional;
use super::template_diagnostic;
use super::{Condition, Draft, Plan, PlannedAction, PlannedKind, PlannedLoop, PlannedStep};
use crate::action::TargetFacts;
use crate::diagnostic::Diagnostic;
use crate::playbook::OnFailure;
use crate::project::Confinement;
use crate::source::Source;
use crate::value::{Map, Value};

pub use self::action::file_paths;
pub(super) use self::action::stands;
pub use self::rehearsal::{Foresight, Inclusion, LookedAt, Rehearsal};

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
        let holds = when
            .expression
            .is_true_as_far_as_known(&self.known.scope, &|read| self.known.is_known(read));
        match holds {
            Ok(Some(true)) => Inclusion::Yes,
            Ok(Some(false)) => Inclusion::No,
            Ok(None) => Inclusion::Maybe,
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
}
