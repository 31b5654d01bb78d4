//! The steps of a plan, one after another, and the rows of its loops: what each will do, and how much.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};
use std::sync::Arc;

use super::super::uses::inner_scope;
use super::super::{
    Condition, Home, InputSource, PlannedAction, PlannedKind, PlannedLoop, PlannedSource,
    PlannedStep, PlannedUse, Tree,
};
use super::count::Tally;
use super::request::{self, Files, Rules};
use super::unknown::{Cause, Unknowns, mark};
use super::values::{Hole, MarkedValue, fill};
use super::{
    Circumstances, Knowledge, LoopOutlook, Outlook, OutlookKind, Runs, Sample, SampleScope,
    StepOutlook, UseOutlook,
};
use crate::attachment::Attachment;
use crate::diagnostic::in_one_line;
use crate::rows::{self, Row, Rows};
use crate::template::Scope;
use crate::value::{Map, Value};

/// How certain it is that a place is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Certain,
    Possible,
    Never,
}

/// Whether requests are made to be shown, or only counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    Shown,
    Counted,
}

/// What a list of steps stands in.
#[derive(Clone, Copy)]
struct Place<'p> {
    scope: &'p Scope,
    unknowns: &'p Unknowns,
    reach: Reach,
    detail: Detail,
}

pub(super) struct Walk<'c> {
    around: Circumstances<'c>,
    scope: Scope,
    unknowns: Unknowns,
    tally: Tally,
    files: Files,
    data: BTreeMap<String, Attachment>,
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
        add_vars(around.plan.vars(), &mut scope, &mut unknowns);
        Self {
            around,
            scope,
            unknowns,
            tally: Tally::default(),
            files: Files::default(),
            data: BTreeMap::new(),
        }
    }

    /// The main steps, or those of `finally`.
    pub(super) fn main(&mut self, steps: &[PlannedStep]) -> Vec<StepOutlook> {
        let (scope, unknowns) = (self.scope.clone(), self.unknowns.clone());
        let (outlooks, tally) = self.steps(
            steps,
            Place {
                scope: &scope,
                unknowns: &unknowns,
                reach: Reach::Certain,
                detail: Detail::Shown,
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

    fn steps(&mut self, steps: &[PlannedStep], place: Place<'_>) -> (Vec<StepOutlook>, Tally) {
        let mut outlooks = Vec::new();
        let mut tally = Tally::default();
        for step in steps {
            let (outlook, counted) = self.step(step, place);
            outlooks.extend(outlook);
            tally.join(counted);
        }
        (outlooks, tally)
    }

    fn step(&mut self, step: &PlannedStep, place: Place<'_>) -> (Option<StepOutlook>, Tally) {
        let runs = if step.selected {
            step.when
                .as_ref()
                .map_or(Runs::Yes, |when| holds(when, place))
        } else {
            Runs::No("--tags leaves it out".to_owned())
        };
        let reach = match (place.reach, &runs) {
            (Reach::Never, _) | (_, Runs::No(_)) => Reach::Never,
            (Reach::Possible, _) | (_, Runs::OnlyIf { .. }) => Reach::Possible,
            (Reach::Certain, Runs::Yes) => Reach::Certain,
        };
        if reach == Reach::Never && place.detail == Detail::Counted {
            return (None, Tally::default());
        }
        let inner = Place { reach, ..place };
        let (kind, tally) = match &step.kind {
            PlannedKind::Group(nested) => {
                let (nested, tally) = self.steps(nested, inner);
                (Some(OutlookKind::Group(nested)), tally)
            }
            PlannedKind::Action(planned) => self.action(&step.home, planned, inner),
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

    fn action(
        &mut self,
        home: &Home,
        planned: &PlannedAction,
        place: Place<'_>,
    ) -> (Option<OutlookKind>, Tally) {
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
        }
        let shown = place.detail == Detail::Shown;
        (
            shown.then(|| OutlookKind::Request(Box::new(outlook))),
            tally,
        )
    }

    /// A used playbook: its templates see what the step gives it.
    fn used(
        &mut self,
        step: &PlannedStep,
        used: &PlannedUse,
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
        let mut scope = inner_scope(values, place.scope);
        add_vars(&used.vars, &mut scope, &mut unknowns);
        let inner = Place {
            scope: &scope,
            unknowns: &unknowns,
            ..place
        };
        let (steps, mut tally) = self.steps(&used.steps, inner);
        let (finally, more) = self.steps(&used.finally, inner);
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

    fn looped(
        &mut self,
        home: &Home,
        each: &PlannedLoop,
        place: Place<'_>,
    ) -> (Option<LoopOutlook>, Tally) {
        let mut outlook = LoopOutlook {
            source: "items".to_owned(),
            unknown: None,
            problem: None,
            rows: None,
            unreadable: 0,
            left_out: 0,
            batch: each.batch,
            concurrency: each.concurrency,
            sample: None,
            steps: Vec::new(),
            tally: Tally::default(),
        };
        let rows = if place.reach == Reach::Never {
            None
        } else {
            self.open(home, each, place, &mut outlook)
        };
        if let Some(rows) = rows {
            self.rows(each, rows, place, &mut outlook);
        }
        if outlook.sample.is_none() && place.detail == Detail::Shown {
            // Nothing to show them with: the steps as any row has them.
            let unknowns = place.unknowns.with_row(&each.binding);
            let (steps, mut tally) = self.steps(
                &each.steps,
                Place {
                    unknowns: &unknowns,
                    ..place
                },
            );
            outlook.steps = steps;
            if outlook.unknown.is_some() {
                tally = tally.only_possible();
                tally.is_open = true;
                outlook.tally = tally;
            }
        } else if outlook.unknown.is_some() {
            outlook.tally.is_open = true;
        }
        let tally = outlook.tally;
        ((place.detail == Detail::Shown).then_some(outlook), tally)
    }

    fn open(
        &mut self,
        home: &Home,
        each: &PlannedLoop,
        place: Place<'_>,
        outlook: &mut LoopOutlook,
    ) -> Option<Rows> {
        let tree = match &each.source {
            PlannedSource::Items(tree) | PlannedSource::File { path: tree, .. } => tree,
        };
        let marked = fill(tree, place.scope, place.unknowns);
        if let Some(hole) = marked.holes.0.first() {
            outlook.unknown = Some(hole.mark.clone());
            return None;
        }
        let opened = match (&each.source, marked.error, marked.value) {
            (_, Some(error), _) => Err(error),
            (PlannedSource::Items(_), None, Value::List(items)) => Ok(Rows::from_values(items)),
            (PlannedSource::File { .. }, None, Value::Text(written)) => {
                outlook.source.clone_from(&written);
                self.open_file(home, each, &written)
            }
            (_, None, other) => Err(format!("the rows cannot come from {}", other.type_name())),
        };
        opened
            .map_err(|problem| outlook.problem = Some(problem))
            .ok()
    }

    fn open_file(
        &mut self,
        home: &Home,
        each: &PlannedLoop,
        written: &str,
    ) -> Result<Rows, String> {
        let told = |finding: crate::diagnostic::Diagnostic| in_one_line(&finding);
        let files = home.files(self.around.files);
        let resolved = files.resolve(written).map_err(told)?;
        if let Entry::Vacant(unknown) = self.data.entry(home.label(written)) {
            let described = Attachment::describe(&resolved.path)
                .map_err(|error| format!("the file {written} cannot be read: {error}"))?;
            unknown.insert(described);
        }
        let format = each.source.format().expect("it is a file");
        rows::open(&resolved.path, written, &format).map_err(|findings| {
            let lines: Vec<String> = findings.iter().map(in_one_line).collect();
            lines.join("; ")
        })
    }

    /// Counts all rows; the first that will run is shown.
    fn rows(
        &mut self,
        each: &PlannedLoop,
        rows: Rows,
        place: Place<'_>,
        outlook: &mut LoopOutlook,
    ) {
        let wanted = each.batch.unwrap_or(1);
        let mut read = 0;
        let mut item: Vec<Row> = Vec::new();
        let mut turn = 0;
        let mut rows = rows.peekable();
        while let Some(row) = rows.next() {
            read += 1;
            // A row that cannot be read ends the batch before it.
            let ends = if let Ok(row) = row {
                item.push(row);
                item.len() == wanted || !matches!(rows.peek(), Some(Ok(_)))
            } else {
                outlook.unreadable += 1;
                false
            };
            if ends {
                turn += 1;
                self.item(each, std::mem::take(&mut item), turn, place, outlook);
            }
        }
        outlook.rows = Some(read);
    }

    fn item(
        &mut self,
        each: &PlannedLoop,
        rows: Vec<Row>,
        turn: u64,
        place: Place<'_>,
        outlook: &mut LoopOutlook,
    ) {
        let Some(first) = rows.first() else { return };
        let (number, line) = (first.number, first.line);
        let count = rows.len() as u64;
        let mut scope = place.scope.child();
        let index = if each.batch.is_some() {
            let items = rows
                .into_iter()
                .map(|row| Arc::unwrap_or_clone(row.value))
                .collect();
            scope.set(each.binding.clone(), Value::List(items));
            turn
        } else {
            let row = rows.into_iter().next().expect("it was just looked at");
            scope.set(each.binding.clone(), row.value);
            number
        };
        let index = Map::from_iter([("index".to_owned(), Value::from(index))]);
        scope.set("loop", Value::Map(index));
        let mut inner = Place {
            scope: &scope,
            ..place
        };
        match each
            .when
            .as_ref()
            .map_or(Runs::Yes, |when| holds(when, inner))
        {
            Runs::Yes => {}
            Runs::OnlyIf { .. } => inner.reach = Reach::Possible,
            Runs::No(_) => {
                outlook.left_out += count;
                return;
            }
        }
        let is_shown = place.detail == Detail::Shown && outlook.sample.is_none();
        if !is_shown {
            inner.detail = Detail::Counted;
        }
        let (steps, tally) = self.steps(&each.steps, inner);
        outlook.tally.join(tally);
        if is_shown {
            outlook.steps = steps;
            let key = each
                .key
                .as_ref()
                .and_then(|key| key.render(&scope).ok()?.scalar_text());
            outlook.sample = Some(Sample {
                number,
                line,
                key: key.unwrap_or_else(|| number.to_string()),
                scope: SampleScope(scope),
            });
        }
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
fn holds(when: &Condition, place: Place<'_>) -> Runs {
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
        Ok(false) => Runs::No(format!("`when: {}` does not hold", condition())),
        Err(error) => Runs::OnlyIf {
            condition: condition(),
            mark: format!("(it fails: {})", error.message),
        },
    }
}
