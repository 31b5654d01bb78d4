//! The steps of a plan, one after another: what each will do, and how much.

use std::collections::BTreeSet;
use std::collections::btree_map::BTreeMap;
use std::sync::Arc;

use super::super::skipped;
use super::super::{
    Condition, InputSource, PlannedAction, PlannedKind, PlannedStep, PlannedUse, Tree,
};
use super::count::Tally;
use super::request::{self, Files, Rules};
use super::unknown::{Cause, Unknowns, mark};
use super::values::{Hole, MarkedValue, fill};
use super::{Circumstances, Knowledge, Outlook, OutlookKind, Runs, StepOutlook, UseOutlook};
use crate::attachment::Attachment;
use crate::template::Scope;
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
        }
    }

    pub(super) fn steps(
        &mut self,
        steps: &'c [PlannedStep],
        place: Place<'_>,
    ) -> (Vec<StepOutlook>, Tally) {
        let mut outlooks = Vec::new();
        let mut tally = Tally::default();
        for step in steps {
            let (outlook, counted) = self.step(step, place);
            outlooks.extend(outlook);
            tally.join(counted);
        }
        (outlooks, tally)
    }

    fn step(&mut self, step: &'c PlannedStep, place: Place<'_>) -> (Option<StepOutlook>, Tally) {
        let after_skipped = self.after_skipped(place);
        let seen = match &after_skipped {
            Some((scope, unknowns)) => Place {
                scope,
                unknowns,
                ..place
            },
            None => place,
        };
        let runs = if step.selected {
            step.when
                .as_ref()
                .map_or(Runs::Yes, |when| holds(when, seen))
        } else {
            Runs::No("--tags leaves it out".to_owned())
        };
        if place.reach != Reach::Never && matches!(runs, Runs::No(_)) {
            self.skipped.push(step);
        }
        let reach = match (place.reach, &runs) {
            (Reach::Never, _) | (_, Runs::No(_)) => Reach::Never,
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
                let (nested, tally) = self.steps(nested, inner);
                (Some(OutlookKind::Group(nested)), tally)
            }
            PlannedKind::Action(planned) => self.action(step, planned, inner),
            PlannedKind::Use(used) => {
                let (outlook, tally) = self.used(step, used, inner);
                (Some(OutlookKind::Use(Box::new(outlook))), tally)
            }
            PlannedKind::Loop(each) => {
                let (outlook, tally) = self.looped(&step.home, each, inner);
                (
                    outlook.map(|outlook| OutlookKind::Loop(Box::new(outlook))),
                    tally,
                )
            }
        };
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
        let outlook = if place.reach == Reach::Never {
            request::without_request(planned, with)
        } else if place.detail == Detail::Counted {
            // A plan answers for every file that it will send, not only for those of the first row.
            let _ = request::attach(action, &with, rules, &mut self.files);
            request::without_request(planned, with)
        } else {
            request::foresee(planned, with, self.around.target, rules, &mut self.files)
        };
        let mut tally = Tally::default();
        if place.reach != Reach::Never {
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

    /// A used playbook: its templates see what the step gives it.
    fn used(
        &mut self,
        step: &PlannedStep,
        used: &'c PlannedUse,
        place: Place<'_>,
    ) -> (UseOutlook, Tally) {
        let mut inputs = MarkedValue::default();
        let mut values = Map::default();
        let mut unknowns = place.unknowns.inside(&step.id);
        for input in &used.inputs {
            let name = &input.name;
            match &input.from {
                InputSource::Step(given) => {
                    let marked = fill(&given.tree, place.scope, place.unknowns);
                    if !marked.holes.is_empty() {
                        unknowns.add_input(name, causes(&given.tree, place.unknowns));
                    }
                    let holes = marked.holes.0.into_iter().map(|hole| Hole {
                        pointer: format!("/{name}{}", hole.pointer),
                        ..hole
                    });
                    inputs.holes.0.extend(holes);
                    inputs.error = inputs.error.or(marked.error);
                    values.insert(name.clone(), marked.value);
                }
                InputSource::Settled(value, _) => {
                    values.insert(name.clone(), value.clone());
                }
                InputSource::Open | InputSource::Absent => {}
            }
        }
        inputs.value = Value::Map(values.clone());
        let mut scope = used.scope(values, place.scope);
        add_vars(&used.vars, &mut scope, &mut unknowns);
        let inner = Place {
            scope: &scope,
            unknowns: &unknowns,
            ..place
        };
        let outside = std::mem::take(&mut self.skipped);
        let (steps, mut tally) = self.steps(&used.steps, inner);
        let (finally, more) = self.steps(&used.finally, inner);
        self.skipped = outside;
        tally.join(more);
        let outlook = UseOutlook {
            path: used.path.clone(),
            problem: inputs.error.clone().filter(|_| place.reach != Reach::Never),
            inputs,
            scope,
            steps,
            finally,
        };
        (outlook, tally)
    }
}

/// Gives variables their values, in their order.
fn add_vars(vars: &[(String, Tree)], scope: &mut Scope, unknowns: &mut Unknowns) {
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
fn causes(tree: &Tree, unknowns: &Unknowns) -> BTreeSet<Cause> {
    let templates = tree.templates();
    unknowns.of_all(templates.iter().flat_map(|(template, _)| template.reads()))
}

/// Whether a condition holds, as far as that is known.
pub(super) fn holds(when: &Condition, place: Place<'_>) -> Runs {
    let condition = || when.text.trim().to_owned();
    let causes = place.unknowns.of_all(when.expression.reads());
    if !causes.is_empty() {
        return Runs::OnlyIf {
            condition: condition(),
            mark: mark(&causes),
        };
    }
    match when.expression.is_true(place.scope) {
        Ok(true) => Runs::Yes,
        Ok(false) => {
            // Of a step in a loop it says nothing about other rows.
            let item = place
                .item
                .map_or_else(String::new, |item| format!("in this {item} "));
            Runs::No(format!("{item}`when: {}` does not hold", condition()))
        }
        Err(error) => Runs::OnlyIf {
            condition: condition(),
            mark: format!("(it fails: {})", error.message),
        },
    }
}
