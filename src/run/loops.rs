//! The rows of a loop, counted: what becomes of each, and when enough have failed. No I/O.

use std::collections::BTreeMap;

use super::Stop;
use super::lane::LaneEnd;
use crate::event::{Accepted, Counts};
use crate::outcome::Outcome;
use crate::plan::{PlannedKind, PlannedLoop, PlannedStep};
use crate::playbook::{MaxFailures, OnFailure};
use crate::value::{Map, Value};

/// What became of the rows so far.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Rows by outcome.
    pub counts: Counts,
    /// Ids by step, in the order of the input; only where something reads them.
    pub ids: BTreeMap<String, Vec<Value>>,
    /// What the CRM accepted of rows that failed, for the row that the loop runs in.
    pub accepted: Accepted,
    /// The first request in doubt of its rows, as `reconcile` calls it.
    pub doubt: Option<String>,
}

impl Tally {
    /// That of a loop before its first row: a step that may get an id has a list, and be it empty at the end, so that
    /// what goes over the ids goes over none.
    pub(super) fn of(step: &PlannedStep, each: &PlannedLoop) -> Self {
        let steps = each.steps.iter().filter(|_| each.keeps_ids);
        let inner = steps.flat_map(PlannedStep::without_rows);
        let named = inner.filter(|inner| match &inner.kind {
            PlannedKind::Action(planned) => planned.action.may_give_id(),
            _ => false,
        });
        let ids = named.map(|inner| (name_of_ids(step, &inner.id).to_owned(), Vec::new()));
        Self {
            ids: ids.collect(),
            ..Self::default()
        }
    }
}

/// What the playbook of a loop calls the ids of a step of its rows: as the step is called there.
pub(super) fn name_of_ids<'s>(each: &PlannedStep, step: &'s str) -> &'s str {
    let above = each.id.len() - each.own_id().len();
    step.get(above..).unwrap_or(step)
}

/// How a loop ended.
#[derive(Debug, Clone, Default)]
pub struct LoopEnd {
    /// What became of the rows.
    pub tally: Tally,
    /// Whether what comes after the loop is to run, and why not, as far as its rows decide that.
    pub stop: Option<Stop>,
    /// Why it began no more rows, where more have failed than `max_failures` says, or a limit was reached.
    pub enough: Option<String>,
    /// Why the loop could not begin or go on, where it could not: `on_failure` then says whether more is to run.
    pub problem: Option<String>,
}

impl LoopEnd {
    /// The outcome of the loop as a step.
    pub fn outcome(&self) -> Outcome {
        let counts = &self.tally.counts;
        if counts.unknown > 0 {
            Outcome::Unknown
        } else if counts.failed > 0 || self.problem.is_some() {
            Outcome::Failed
        } else if counts.not_run > 0 || self.stop.is_some() {
            Outcome::NotRun
        } else if counts.ok == 0 && counts.skipped > 0 {
            Outcome::Skipped
        } else {
            Outcome::Ok
        }
    }

    /// Why it is not ok. Where it runs `in_row` of another loop, that row is told by this alone, so it names what is in
    /// doubt.
    pub fn error(&self, in_row: bool) -> Option<String> {
        let counts = &self.tally.counts;
        if let Some(problem) = &self.problem {
            return Some(problem.clone());
        }
        let bad: Vec<String> = [Outcome::Failed, Outcome::Unknown, Outcome::NotRun]
            .into_iter()
            .filter(|outcome| counts.of(*outcome) > 0)
            .map(|outcome| {
                let count = counts.of(outcome);
                let words = format!("{count} {}", outcome.as_str().replace('_', " "));
                let doubt = self.tally.doubt.as_ref();
                match doubt.filter(|_| in_row && outcome == Outcome::Unknown) {
                    Some(doubt) if count == 1 => format!("{words} ({doubt})"),
                    Some(doubt) => format!("{words} ({doubt} is the first)"),
                    None => words,
                }
            })
            .collect();
        let stopped = self.enough.iter().map(|why| format!("; stopped: {why}"));
        let stopped: String = stopped.collect();
        let rows = match counts.total() {
            1 => "1 row".to_owned(),
            many => format!("{many} rows"),
        };
        (!bad.is_empty()).then(|| format!("of {rows}: {}{stopped}", bad.join(", ")))
    }

    /// What later steps see of it.
    pub fn outputs(&self) -> Map {
        let counts = &self.tally.counts;
        let mut numbers = Map::default();
        numbers.insert("read".to_owned(), Value::from(counts.total()));
        for outcome in Outcome::ALL {
            numbers.insert(outcome.as_str().to_owned(), Value::from(counts.of(outcome)));
        }
        let mut outputs = numbers.clone();
        outputs.insert("counts".to_owned(), Value::Map(numbers));
        let ids = self.tally.ids.iter();
        let ids = ids.map(|(step, ids)| (step.clone(), Value::List(ids.clone())));
        outputs.insert("ids".to_owned(), Value::Map(ids.collect()));
        outputs
    }
}

/// The rows of a loop by outcome, from [its outputs](LoopEnd::outputs).
pub(super) fn counts_of(outputs: &Map) -> Counts {
    let mut counts = Counts::default();
    for outcome in Outcome::ALL {
        let number = outputs.get(outcome.as_str()).and_then(Value::scalar_text);
        let number = number.and_then(|number| number.parse().ok());
        counts.add_many(outcome, number.unwrap_or_default());
    }
    counts
}

/// When a loop is to begin no more rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    on_failure: OnFailure,
    /// How many rows may fail, and how that is written.
    most: Option<(u64, MaxFailures)>,
}

impl Patience {
    /// The patience of a loop; `total` is the number of its rows, which only a percentage needs.
    pub(super) fn new(each: &PlannedLoop, on_failure: OnFailure, total: Option<u64>) -> Self {
        Self {
            on_failure,
            most: each.max_failures.and_then(|written| {
                let most = match written {
                    MaxFailures::Count(most) => Some(most),
                    MaxFailures::Percent(percent) => total.map(|total| percent.of(total)),
                };
                Some((most?, written))
            }),
        }
    }

    /// Whether the loop is to begin no more rows, given what became of those that have ended. With `max_failures`
    /// that many rows may fail; else the first that fails, or is in doubt, ends it where `on_failure` says so.
    pub(super) fn exhausted(self, counts: &Counts) -> bool {
        match self.most {
            Some((most, _)) => counts.failed > most,
            None => self.on_failure == OnFailure::Stop && counts.failed + counts.unknown > 0,
        }
    }

    /// What to say of a loop that `max_failures` has ended; none of any other.
    pub(super) fn enough(self, counts: &Counts) -> Option<String> {
        let (_, written) = self.most.filter(|_| self.exhausted(counts))?;
        let most = match written {
            MaxFailures::Count(1) => "1 row".to_owned(),
            MaxFailures::Count(most) => format!("{most} rows"),
            MaxFailures::Percent(percent) => format!("{percent} of the rows"),
        };
        Some(format!("more than {most} failed (`max_failures`)"))
    }

    /// What the end of a loop means for the steps after it.
    pub(super) fn stop(self, counts: &Counts) -> Option<Stop> {
        let over = self.exhausted(counts);
        let goes_on = self.on_failure == OnFailure::Continue && !over;
        if goes_on || counts.failed + counts.unknown == 0 {
            None
        } else if counts.unknown > 0 {
            Some(Stop::Unknown)
        } else {
            Some(Stop::Failed)
        }
    }
}

/// The outcome of a row from the end of its steps.
pub(super) fn row_outcome(end: &LaneEnd) -> Outcome {
    let counts = &end.counts;
    if counts.unknown > 0 {
        Outcome::Unknown
    } else if counts.failed > 0 {
        Outcome::Failed
    } else if counts.not_run > 0 {
        Outcome::NotRun
    } else if counts.ok == 0 && counts.skipped > 0 {
        Outcome::Skipped
    } else {
        // Also where its only step was a loop over nothing: no condition left it out.
        Outcome::Ok
    }
}
