//! A run as one record, small enough to be kept: a fold over its events, live or from the journal.
//!
//! Steps stand in it whole, rows that did not go well up to a bound, and rows that went well as counts, so
//! that a million rows take no more memory than some thousands. It does not know how it is shown.

mod entries;
mod fold;
mod places;
mod reasons;
mod run_time;
mod series;

use std::collections::HashSet;

use crate::event::{
    Batch, Counts, RunFinished, RunId, RunOutcome, RunStarted, row_words, step_name,
};
use crate::journal::{Journal, JournalError};
use crate::outcome::Outcome;
use crate::value::{Map, Value};

pub use fold::Recorder;
pub use places::{Places, StepPlace, places};
pub use reasons::{Cases, Common, NamedRow};
pub use series::{Bucket, Histogram, Series};

/// How many rows that failed are kept whole, and as many that are in doubt.
pub const MOST_ROWS: usize = 10_000;

/// What there is to say about one run.
#[derive(Debug, Clone)]
pub struct RunRecord {
    /// Its id.
    pub run: RunId,
    /// How it began; none where no event of it was seen.
    pub started: Option<RunStarted>,
    /// How it ended; none where it goes on or was killed.
    pub finished: Option<RunFinished>,
    /// When its last event happened, RFC 3339.
    pub last_event: Option<String>,
    /// In how many stretches it ran: more than one where it was resumed.
    pub stretches: u32,
    /// Steps outside of rows, in the order in which they ended.
    pub steps: Vec<StepRecord>,
    /// Rows in doubt and rows that failed, in the order in which they ended.
    pub rows: Vec<RowRecord>,
    /// Rows that ended so and are not among `rows`, because there are too many.
    pub rows_not_listed: Counts,
    /// Failures grouped by reason: what is in doubt first, then the most frequent.
    pub reasons: Vec<(Common, Cases)>,
    /// Requests over time.
    pub series: Series,
    /// How long requests took, all together.
    pub latency: Histogram,
    /// Requests that were sent again.
    pub retries: u64,
    /// Requests that may have left, retries included.
    sent: u64,
    /// Where the steps stand; empty until somebody who has the playbook says so.
    pub places: Places,
    /// The command by which a person settles what is in doubt.
    pub settled_by: String,
    counts: Counts,
    row_counts: Counts,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRecord {
    /// The step's id.
    pub step: String,
    /// The action's name; none for a group or a loop.
    pub action: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// The HTTP status of the last answer.
    pub http_status: Option<u16>,
    /// The `code` of the last answer's body.
    pub code: Option<Value>,
    /// The `msg` of the last answer's body.
    pub msg: Option<String>,
    /// The id that the CRM returned.
    pub wolkvox_id: Option<Value>,
    /// How many requests were sent.
    pub attempts: u32,
    /// How many pages were read, of a step that reads several.
    pub pages: Option<u64>,
    /// From its first attempt, in milliseconds of the run's own time, which stands still between stretches.
    pub begins_ms: u64,
    /// To its outcome.
    pub ends_ms: u64,
    /// From the first attempt to the outcome, in milliseconds.
    pub duration_ms: u64,
    /// Why it is not ok, or why it was skipped.
    pub error: Option<String>,
    /// What is worth a look although it is ok.
    pub warnings: Vec<String>,
    /// The answer as it came, cut.
    pub answer: Option<String>,
    /// Of a loop, its rows by outcome.
    pub rows: Option<Counts>,
}

/// What became of a row that did not go well.
#[derive(Debug, Clone, PartialEq)]
pub struct RowRecord {
    /// The loop's id.
    pub of: String,
    /// The row's key.
    pub row: String,
    /// Its number in the data, from 1; none where the run was killed before it was recorded.
    pub number: Option<u64>,
    /// Its rows, where it is a batch of several.
    pub batch: Option<Batch>,
    /// `failed` or `unknown`.
    pub outcome: Outcome,
    /// The step that it did not get past.
    pub failed_step: Option<String>,
    /// The action of that step.
    pub action: Option<String>,
    /// The HTTP status of its last answer.
    pub http_status: Option<u16>,
    /// The `code` of that answer.
    pub code: Option<Value>,
    /// Its `msg`.
    pub msg: Option<String>,
    /// How many requests that step sent.
    pub attempts: u32,
    /// Why it is not ok.
    pub error: Option<String>,
    /// The ids that its steps got.
    pub wolkvox_ids: Map,
    /// When it ended, in milliseconds of the run's own time.
    pub ends_ms: u64,
    /// From its first step to its outcome, in milliseconds.
    pub duration_ms: u64,
    /// The answer as it came, cut.
    pub answer: Option<String>,
}

impl RunRecord {
    /// How the run ended; none where it goes on or was killed.
    pub fn outcome(&self) -> Option<RunOutcome> {
        self.finished.as_ref().map(|finished| finished.outcome)
    }

    /// Steps and rows by outcome: of a loop, each row counts once.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// The rows alone.
    pub const fn row_counts(&self) -> Counts {
        self.row_counts
    }

    /// How long it took, in milliseconds; of a run without an end, up to its last event.
    pub fn duration_ms(&self) -> u64 {
        let seen = self.steps.iter().map(|step| step.ends_ms);
        let seen = seen.chain(self.rows.iter().map(|row| row.ends_ms)).max();
        let told = self.finished.as_ref().map(|finished| finished.duration_ms);
        told.into_iter().chain(seen).max().unwrap_or_default()
    }

    /// Requests that were sent, retries included; none that provably did not leave.
    pub fn requests(&self) -> u64 {
        self.finished
            .as_ref()
            .map_or(self.sent, |finished| finished.requests)
    }

    /// What people call it: the playbook's name, else its file.
    pub fn title(&self) -> &str {
        self.started.as_ref().map_or("a run", |started| {
            started.name.as_deref().unwrap_or(&started.playbook)
        })
    }

    /// The end in one or two words.
    pub fn outcome_words(&self) -> &'static str {
        match self.outcome() {
            None => "not finished",
            Some(RunOutcome::Ok) => "ok",
            Some(RunOutcome::Failed) => "failed",
            Some(RunOutcome::Unknown) => "unknown",
            Some(RunOutcome::Budget) => "stopped at the daily budget",
            Some(RunOutcome::Interrupted) => "interrupted",
        }
    }

    /// Steps that are neither a loop nor a group and ended so.
    pub fn steps_that(&self, outcome: Outcome) -> impl Iterator<Item = &StepRecord> {
        self.steps
            .iter()
            .filter(move |step| step.outcome == outcome && !step.is_made_of_others())
    }

    /// Rows that are listed and ended so.
    pub fn rows_that(&self, outcome: Outcome) -> impl Iterator<Item = &RowRecord> {
        self.rows.iter().filter(move |row| row.outcome == outcome)
    }

    /// Rows in doubt that are listed, but for those that are so by rows inside them, which are listed too.
    pub fn rows_in_doubt(&self) -> Vec<&RowRecord> {
        let names = self.rows_that(Outcome::Unknown).map(|row| row.row.as_str());
        let outer = names.flat_map(|name| name.match_indices('/').map(|(end, _)| &name[..end]));
        let outer: HashSet<&str> = outer.collect();
        self.rows_that(Outcome::Unknown)
            .filter(|row| row.action.is_some() || !outer.contains(row.row.as_str()))
            .collect()
    }

    /// Whether a step that performs no action itself is a loop, and no group.
    pub fn is_loop(&self, step: &StepRecord) -> bool {
        let place = self.places.get(&step.step);
        step.rows.is_some() || place.is_some_and(|place| place.is_loop)
    }

    /// Where a step stands, as `file:line`.
    pub fn place_of(&self, step: &str) -> Option<String> {
        let place = self.places.get(step)?;
        Some(format!("{}:{}", place.file, place.line))
    }

    /// The data file of a loop. None where only an answer told which it was, or an older voxplay ran it.
    pub fn data_of(&self, of: &str) -> Option<&String> {
        let read = self.started.as_ref().and_then(|it| it.data.as_ref());
        let read = read.and_then(|files| files.0.get(of));
        let named = || {
            let place = self.places.get(of)?;
            place
                .data
                .as_ref()
                .filter(|text| !text.contains("{{") && !text.contains("{%"))
        };
        read.or_else(named)
    }

    /// Where a row stands: `data/overdue.csv, row 7`, of a batch `rows 5 to 8`; without a data file only the row.
    pub fn row_place(&self, row: &RowRecord) -> Option<String> {
        let words = row_words(&row.number?.to_string(), row.batch.as_ref());
        Some(match self.data_of(&row.of) {
            Some(data) => format!("{data}, {words}"),
            None => words,
        })
    }
}

impl RowRecord {
    /// The step that it did not get past, as `reconcile` calls it.
    pub fn name(&self) -> String {
        let step = self.failed_step.as_deref().unwrap_or(&self.of);
        step_name(step, Some(&self.row))
    }
}

impl StepRecord {
    /// Whether it is a group or a loop: its outcome is that of what is in it. A loop that could not begin has
    /// no rows, and speaks for itself.
    pub fn is_made_of_others(&self) -> bool {
        self.action.is_none() && self.rows.is_none_or(|rows| rows.total() > 0)
    }
}

/// The word for an outcome as people read it.
pub const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotRun => "not run",
        other => other.as_str(),
    }
}

/// The record of a run from its journal; none where the journal does not know the run.
///
/// # Errors
/// Where the journal or one of the events cannot be read.
pub fn record_from_journal(
    journal: &Journal,
    run: &RunId,
) -> Result<Option<RunRecord>, JournalError> {
    let mut recorder = Recorder::new(run.clone());
    let mut is_known = false;
    for event in journal.events(run) {
        recorder.add(&event?.1);
        is_known = true;
    }
    Ok(is_known.then(|| recorder.record()))
}
