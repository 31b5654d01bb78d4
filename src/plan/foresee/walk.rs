//! The steps of a plan, one after another: what each will do, and how much.

use std::collections::BTreeSet;
use std::collections::btree_map::BTreeMap;
use std::sync::Arc;

use super::super::skipped;
use super::super::{Condition, PlannedAction, PlannedKind, PlannedStep, Tree};
use super::count::Tally;
use super::failing::FailingRows;
use super::request::{self, Files, Rules};
use super::unknown::{Cause, Unknowns, mark};
use super::values::{MarkedValue, fill};
use super::{Circumstances, Knowledge, Outlook, OutlookKind, Runs, StepOutlook};
use crate::attachment::Attachment;
use crate::playbook::OnFailure;
use crate::template::{Read, Scope};
use crate::value::{Map, Value};

/// How certain it is that a place is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Certain,
    Possible,
    Never,
}

/// Whether requests are made to be shown, or only counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    Shown,
    Counted,
}

/// What a list of steps stands in.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) scope: &'p Scope,
    pub(super) unknowns: &'p Unknowns,
    pub(super) reach: Reach,
    pub(super) detail: Detail,
    /// The item of a loop: `row` or `batch`.
    pub(super) item: Option<&'static str>,
    /// Whether it is a group.
    pub(super) is_in_group: bool,
}

pub(super) struct Walk<'c> {
    pub(super) around: Circumstances<'c>,
    scope: Scope,
    unknowns: Unknowns,
    tally: Tally,
    files: Files,
    pub(super) data: BTreeMap<String, Attachment>,
    /// The steps of which a request is shown.
    shown: BTreeSet<String>,
    /// The steps that are known to be skipped, of those that can be read where the walk is.
    pub(super) skipped: Vec<&'c PlannedStep>,
    /// Whether something was counted that a step sends of which none is shown.
    pub(super) is_new: bool,
    /// Why the row that the walk is in fails, the first reason; none while nothing is known to keep it from going well.
    pub(super) trouble: Option<String>,
    /// Whether the step, or the list of steps, that was just looked at ends there for a row that fails.
    pub(super) ends_row: bool,
    /// What messages call the rows that the walk is in, the outermost first.
    pub(super) way: Vec<String>,
    pub(super) failing: Vec<FailingRows>,
}

impl<'c> Walk<'c> {
    /// Gives names their values: inputs, the target, the run, variables.
    pub(super) fn begin(around: Circumstances<'c>) -> Self {
        let mut scope = Scope::new();
        scope.set("inputs", Value::Map(around.inputs.values.clone()));
        scope.set("target", around.target.to_value());
        let run = Map::from_iter([("started_at".to_owned(), around.started_at.into())]);
        scope.set("run", Value::Map(run));
        let mut unknowns = Unknowns::new(around.server == Knowledge::AtRun);
        for name in &around.inputs.unknown {
            unknowns.add_input(name, BTreeSet::from([Cause::Input(name.clone())]));
        }
        add_vars(around.plan.vars(), &mut scope, &mut unknowns);
        Self {
            around,
            scope,
            unknowns,
            tally: Tally::default(),
            files: Files::default(),
            data: BTreeMap::new(),
            shown: BTreeSet::new(),
            skipped: Vec::new(),
            is_new: false,
            trouble: None,
            ends_row: false,
            way: Vec::new(),
            failing: Vec::new(),
        }
    }

    /// The main steps, or those of `finally`.
    pub(super) fn main(&mut self, steps: &'c [PlannedStep]) -> Vec<StepOutlook> {
        let (scope, unknowns) = (self.scope.clone(), self.unknowns.clone());
        let (outlooks, tally) = self.steps(
            steps,
            Place {
                scope: &scope,
                unknowns: &unknowns,
                reach: Reach::Certain,
                detail: Detail::Shown,
                item: None,
                is_in_group: false,
            },
        );
        self.tally.join(tally);
        outlooks
    }

    pub(super) fn end(self, steps: Vec<StepOutlook>, finally: Vec<StepOutlook>) -> Outlook {
        Outlook {
            scope: self.scope,
            unknowns: self.unknowns,
            steps,
            finally,
            tally: self.tally,
            attachments: self.files.named,
            data: self.data,
            failing: self.failing,
        }
    }

    pub(super) fn steps(
        &mut self,
        steps: &'c [PlannedStep],
        place: Place<'_>,
    ) -> (Vec<StepOutlook>, Tally) {
        let mut outlooks = Vec::new();
        let mut tally = Tally::default();
        let mut ended: Option<&str> = None;
        for step in steps {
            self.ends_row = false;
            let (outlook, counted) = self.step(step, place, ended);
            outlooks.extend(outlook);
            tally.join(counted);
            // Outside of rows and groups a run is refused for what is known to fail.
            let is_within = place.item.is_some() || place.is_in_group;
            let is_last = is_within && step.on_failure == OnFailure::Stop;
            if std::mem::take(&mut self.ends_row) && is_last {
                ended = ended.or(Some(&step.id));
            }
        }
        self.ends_row = ended.is_some();
        (outlooks, tally)
    }

    /// One step; `ended` is the one before it that ends the row.
    fn step(
        &mut self,
        step: &'c PlannedStep,
        place: Place<'_>,
        ended: Option<&str>,
    ) -> (Option<StepOutlook>, Tally) {
        let after_skipped = self.after_skipped(place);
        let seen = match &after_skipped {
            Some((scope, unknowns)) => Place {
                scope,
                unknowns,
                ..place
            },
            None => place,
        };
        let runs = match (ended, &step.when) {
            (Some(ended), _) => Runs::No(format!("nothing can be sent for `{ended}` before it")),
            (None, _) if !step.selected => Runs::No("--tags leaves it out".to_owned()),
            (None, None) => Runs::Yes,
            (None, Some(when)) => self.holds(when, seen),
        };
        // A condition that cannot be asked fails its step.
        let fails = self.ends_row;
        if place.reach != Reach::Never && matches!(runs, Runs::No(_)) {
            self.skipped.push(step);
        }
        let reach = match (place.reach, &runs) {
            (Reach::Never, _) | (_, Runs::No(_)) => Reach::Never,
            _ if fails => Reach::Never,
            (Reach::Possible, _) | (_, Runs::OnlyIf { .. }) => Reach::Possible,
            (Reach::Certain, Runs::Yes) => Reach::Certain,
        };
        if reach == Reach::Never && place.detail == Detail::Counted {
            return (None, Tally::default());
        }
        let inner = match reach {
            // What is read of a skipped step is only missed where it is sure to be read.
            Reach::Certain => Place { reach, ..seen },
            Reach::Never | Reach::Possible => Place { reach, ..place },
        };
        let (kind, tally) = match &step.kind {
            PlannedKind::Group(nested) => {
                let within = Place {
                    is_in_group: true,
                    ..inner
                };
                let (nested, tally) = self.steps(nested, within);
                (Some(OutlookKind::Group(nested)), tally)
            }
            PlannedKind::Action(planned) => self.action(step, planned, inner),
            PlannedKind::Use(used) => {
                let (outlook, tally) = self.used(step, used, inner);
                (Some(OutlookKind::Use(Box::new(outlook))), tally)
            }
            PlannedKind::Loop(each) => {
                let (outlook, tally) = self.looped(step, each, inner);
                (
                    outlook.map(|outlook| OutlookKind::Loop(Box::new(outlook))),
                    tally,
                )
            }
        };
        self.ends_row |= fails;
        let outlook = kind.map(|kind| StepOutlook {
            id: step.id.clone(),
            name: step.name.clone(),
            home: Arc::clone(&step.home),
            span: step.span,
            runs,
            kind,
        });
        (outlook, tally)
    }

    /// What templates see where steps before them are known to be skipped. Those of a step that is never come to are
    /// only shown, and not asked for values.
    fn after_skipped(&self, place: Place<'_>) -> Option<(Scope, Unknowns)> {
        if self.skipped.is_empty() || place.reach == Reach::Never {
            return None;
        }
        let mut scope = place.scope.child();
        let mut ids = BTreeSet::new();
        for step in &self.skipped {
            skipped::note(step, &mut scope, &mut ids);
        }
        Some((scope, place.unknowns.after_skipped(ids)))
    }

    fn action(
        &mut self,
        step: &PlannedStep,
        planned: &PlannedAction,
        place: Place<'_>,
    ) -> (Option<OutlookKind>, Tally) {
        let home = &step.home;
        let action = &planned.action;
        let rules = &Rules {
            home,
            files: &home.files(self.around.files),
        };
        let is_plain = action.possible_effects().len() == 1
            && action.items_param().is_none()
            && action.file_param().is_none();
        let with = if place.detail == Detail::Counted && is_plain {
            MarkedValue::default()
        } else {
            fill(&planned.with, place.scope, place.unknowns)
        };
        let target = self.around.target;
        let problem = (place.reach != Reach::Never && place.item.is_some())
            .then(|| {
                let partial = planned
                    .with
                    .render_known(place.scope, &|read| place.unknowns.is_known(read));
                request::problem(planned, &partial, target, rules, &mut self.files)
            })
            .flatten();
        let mut outlook = if place.reach == Reach::Never || place.detail == Detail::Counted {
            request::without_request(planned, with)
        } else {
            request::foresee(planned, with, target, rules, &mut self.files)
        };
        let mut tally = Tally::default();
        if let Some(problem) = problem {
            if let Some(request) = &mut outlook.request
                && request.is_ok()
            {
                *request = Err(problem.clone());
            }
            self.fail(problem, place);
        } else if place.item.is_none() && outlook.request.as_ref().is_some_and(Result::is_err) {
            // Nothing is sent where no request can be made.
            self.ends_row = place.reach == Reach::Certain;
        } else if place.reach != Reach::Never {
            let records = outlook.records.unwrap_or(Some(1));
            tally.add(outlook.effect, records, place.reach == Reach::Certain);
            if let Some(most) = planned.max_pages {
                tally.may_follow(outlook.effect, most - 1);
            }
            self.note(&step.id, place.detail);
        }
        let shown = place.detail == Detail::Shown;
        (
            shown.then(|| OutlookKind::Request(Box::new(outlook))),
            tally,
        )
    }

    /// The row that the walk is in fails, and so does the step that it is at: where it is in one, and sure to come there.
    pub(super) fn fail(&mut self, why: String, place: Place<'_>) {
        if place.item.is_some() && place.reach == Reach::Certain {
            self.trouble.get_or_insert(why);
            self.ends_row = true;
        }
    }

    /// Whether a condition holds, as far as that is known; where it cannot be asked, its step fails.
    pub(super) fn holds(&mut self, when: &Condition, place: Place<'_>) -> Runs {
        let (runs, error) = holds(when, place);
        if let Some(error) = error {
            self.fail(format!("`when: {}`: {error}", when.text.trim()), place);
        }
        runs
    }

    /// Remembers of which steps a request is shown, and whether one is counted of a step that none is shown of.
    fn note(&mut self, id: &str, detail: Detail) {
        let is_known = self.shown.contains(id);
        match detail {
            Detail::Counted => self.is_new |= !is_known,
            Detail::Shown if is_known => {}
            Detail::Shown => {
                self.shown.insert(id.to_owned());
            }
        }
    }
}

/// Gives variables their values, in their order.
pub(super) fn add_vars(vars: &[(String, Tree)], scope: &mut Scope, unknowns: &mut Unknowns) {
    let mut values = Map::default();
    scope.set("vars", Value::Map(Map::default()));
    for (name, tree) in vars {
        let marked = fill(tree, scope, unknowns);
        if !marked.holes.is_empty() {
            let causes = causes(tree, unknowns);
            unknowns.add_var(name, causes);
        }
        values.insert(name.clone(), marked.value);
        scope.set("vars", Value::Map(values.clone()));
    }
}

/// What has to happen before all of a tree is known.
pub(super) fn causes(tree: &Tree, unknowns: &Unknowns) -> BTreeSet<Cause> {
    let templates = tree.templates();
    unknowns.of_all(templates.iter().flat_map(|(template, _)| template.reads()))
}

/// Whether a condition holds, as far as that is known; and why it cannot be asked.
fn holds(when: &Condition, place: Place<'_>) -> (Runs, Option<String>) {
    let condition = || when.text.trim().to_owned();
    let is_known = |read: &Read| place.unknowns.of_all(std::slice::from_ref(read)).is_empty();
    match when
        .expression
        .is_true_as_far_as_known(place.scope, &is_known)
    {
        Ok(Some(true)) => (Runs::Yes, None),
        Ok(None) => {
            let causes = place.unknowns.of_all(when.expression.reads());
            let runs = Runs::OnlyIf {
                condition: condition(),
                mark: mark(&causes),
            };
            (runs, None)
        }
        Ok(Some(false)) => {
            // Of a step in a loop it says nothing about other rows.
            let item = place
                .item
                .map_or_else(String::new, |item| format!("in this {item} "));
            let why = format!("{item}`when: {}` does not hold", condition());
            (Runs::No(why), None)
        }
        Err(error) => {
            let runs = Runs::OnlyIf {
                condition: condition(),
                mark: format!("(it fails: {})", error.message),
            };
            (runs, Some(error.message))
        }
    }
}
