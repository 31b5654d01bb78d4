//! Nobody deletes by accident: what a run is about to delete, and who has allowed it. Of a run that is gone on with, what
//! it has deleted already is not asked for again.

use super::args::{Allowed, Format, RunArgs};
use super::open::shown;
use super::prepare::Prepared;
use super::ready::Ready;
use super::resumption::Resumption;
use super::terminal::Terminal;
use crate::action::Effect;
use crate::diagnostic::{Code, Diagnostic};
use crate::outcome::Outcome;
use crate::plan::foresee::Tally;
use crate::plan::{Foresight, Inclusion, PlannedStep, Rehearsal};
use crate::report::plan::records;
use crate::report::record::{RunRecord, StepRecord};
use crate::report::words::plural;

/// The records that a run may delete yet.
pub(super) struct Deletes {
    /// By steps outside of loops.
    by_steps: u64,
    /// By rows of loops; as many as there are loops' steps where the rows were not counted.
    by_rows: u64,
    /// Those of rows that were deleted already, and are among the rows of today.
    of_rows_before: u64,
    /// All of them in words, where there is more to say than a number.
    words: Option<String>,
    /// The first step that deletes.
    first: Option<String>,
    goes_on: bool,
}

impl Deletes {
    /// As far as it is known without reading the rows.
    pub(super) fn of(rehearsal: &Rehearsal, resumption: Option<&Resumption>) -> Self {
        let is_left = |step: &Foresight| {
            !resumption.is_some_and(|it| it.spent.is_settled(&step.id, it.asked.retry_failed))
        };
        let deletes = |step: &Foresight| step.effect == Effect::Delete;
        let before = |it: &Resumption| it.spent.of_rows(it.asked.retry_failed);
        let may_delete = |step: &&Foresight| {
            deletes(step) && step.inclusion != Inclusion::No && (step.repeated || is_left(step))
        };
        Self {
            by_steps: rehearsal.count(|step| deletes(step) && !step.repeated && is_left(step)),
            by_rows: rehearsal.count(|step| deletes(step) && step.repeated),
            // Nobody knows which of them have a row in data that has changed.
            of_rows_before: resumption
                .filter(|it| !it.asked.accept_changes)
                .map_or(0, before),
            words: None,
            first: rehearsal
                .steps
                .iter()
                .find(may_delete)
                .map(|step| step.id.clone()),
            goes_on: resumption.is_some(),
        }
    }

    /// Whether there is anything to delete.
    pub(super) const fn any(&self) -> bool {
        self.by_steps + self.by_rows > 0
    }

    /// Takes into account how many rows there are.
    pub(super) fn count_rows(&mut self, tally: &Tally, rehearsal: &Rehearsal) {
        let deleted = tally.deleted;
        if deleted.is_open || !self.goes_on {
            if self.by_rows > 0 {
                self.words = Some(records(tally));
            }
            return;
        }
        let by_all_steps = rehearsal.count(|it| it.effect == Effect::Delete && !it.repeated);
        let by_rows = deleted.possible.saturating_sub(by_all_steps);
        self.by_rows = by_rows.saturating_sub(self.of_rows_before);
    }

    /// Asks at a terminal, if it `may_ask`; else a flag says it.
    pub(super) fn objection(
        &self,
        args: &RunArgs,
        prepared: &Prepared,
        may_ask: bool,
    ) -> Option<Diagnostic> {
        let target = &prepared.facts;
        let number = || plural(self.by_steps + self.by_rows, "record");
        let records = self.words.clone().unwrap_or_else(number);
        let who = if self.goes_on {
            "what is left of this run"
        } else {
            "this run"
        };
        let what = format!("{who} deletes {records}");
        let refused = |why: &str, help: &str| {
            let refused =
                Diagnostic::error(Code::DeleteNotAllowed, format!("{what}, and {why}")).help(help);
            let first = self.first.as_ref().and_then(|id| prepared.plan.step(id));
            Some(match first {
                Some(step) => refused.at(step.home.source(), step.span),
                None => refused,
            })
        };
        if args.format != Format::Human || !Terminal::is_interactive() {
            return refused("nobody has allowed it", "pass `--allow delete`");
        }
        if !may_ask {
            return None;
        }
        // Whoever answers has to see which CRM loses them.
        let place = format!(
            "{} to {} ({}, operation {})",
            shown(&args.what.playbook),
            target.name,
            target.server,
            target.operation
        );
        let question = format!("{place}: {what}, which nothing can undo. Go on?");
        if Terminal::of(args.reports.ci).ask(&question) {
            return None;
        }
        refused(
            "the answer was no",
            "pass `--allow delete` to run it without being asked",
        )
    }
}

/// Whether a run that has ended leaves something to delete; `retries_failed` says whether what failed is sent again. What
/// is in doubt is left once a person has said so, and what stands behind it.
pub(super) fn are_left(ready: &Ready, record: &RunRecord, retries_failed: bool) -> bool {
    let loops = ready.plan.loops();
    let is_left = |step: &Foresight| {
        // A loop stands in the record as one step, with the loops inside it.
        let outermost = || {
            let holds = |each: &PlannedStep| each.and_nested().iter().any(|it| it.id == step.id);
            loops.iter().find(|(each, _)| holds(each))
        };
        let outermost = outermost().filter(|_| step.repeated);
        let id = outermost.map_or(&step.id, |(each, _)| &each.id);
        let end = record.steps.iter().find(|end| end.step == *id);
        end.is_none_or(|end| leaves_some(end, retries_failed))
    };
    let deletes = |step: &Foresight| step.effect == Effect::Delete && is_left(step);
    ready.rehearsal.count(deletes) > 0
}

/// Whether a step, or a row of a loop, is to be sent yet.
fn leaves_some(end: &StepRecord, retries_failed: bool) -> bool {
    let has_rows_left = end
        .rows
        .is_some_and(|rows| rows.not_run > 0 || rows.unknown > 0);
    let has_begun = end.rows.is_some_and(|rows| rows.total() > 0);
    match end.outcome {
        Outcome::NotRun => has_rows_left || !has_begun,
        Outcome::Failed => has_rows_left || retries_failed,
        Outcome::Unknown => true,
        Outcome::Ok | Outcome::Skipped => has_rows_left,
    }
}

/// Whether a flag has to allow it, when the run is gone on with as it was called here: nobody asks in a pipeline, and
/// whoever gave the flag was not asked either.
pub(super) fn need_a_flag(args: &RunArgs) -> bool {
    !args.what.sandbox && (may_delete(args) || !Terminal::is_interactive())
}

/// What `resume` has to be told of deletes, when this run, or one like it, is gone on with.
pub(super) fn words_to_go_on(args: &RunArgs, ready: &Ready) -> &'static str {
    if need_a_flag(args) && Deletes::of(&ready.rehearsal, None).any() {
        "--allow delete"
    } else {
        ""
    }
}

/// Whether it is allowed without a question.
pub(super) fn may_delete(args: &RunArgs) -> bool {
    args.what.sandbox || args.agreed.yes || args.agreed.allow.contains(&Allowed::Delete)
}
