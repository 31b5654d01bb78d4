//! Events → record, one at a time, in bounded memory.

mod left;
mod rows;
mod words;

use std::collections::HashMap;

use indexmap::{Equivalent, IndexMap};

use super::entries::{Open, step_record};
use super::reasons::{Common, Reasons, pattern};
use super::run_time::RunTime;
use super::series::{Histogram, Series};
use super::{Places, RowRecord, RunRecord, StepRecord};
use crate::event::{
    AttemptFailed, AttemptStarted, Counts, Event, EventKind, RunFinished, RunId, RunStarted,
    StepFinished,
};
use crate::outcome::Outcome;
use crate::value::MapHasher;

/// How much of an answer is kept for a row, and for a step, in bytes.
const ANSWER_OF_ROW: usize = 2_000;
const ANSWER_OF_STEP: usize = 16_000;

/// A step, and the row where it stands in a loop.
type Key = (String, Option<String>);

/// The same, of texts that somebody else has.
#[derive(Hash)]
struct Of<'k>(&'k str, Option<&'k str>);

impl Equivalent<Key> for Of<'_> {
    fn equivalent(&self, (step, row): &Key) -> bool {
        self.0 == step && self.1 == row.as_deref()
    }
}

/// A record that is being made.
#[derive(Debug)]
pub struct Recorder {
    run: RunId,
    started: Option<RunStarted>,
    finished: Option<RunFinished>,
    stretches: u32,
    clock: RunTime,
    last_event: Option<String>,
    steps: IndexMap<String, StepRecord>,
    rows: IndexMap<(String, String), RowRecord>,
    listed: Counts,
    unlisted: Counts,
    reasons: Reasons,
    series: Series,
    latency: Histogram,
    retries: u64,
    /// Requests that may have left.
    sent: u64,
    row_counts: Counts,
    /// Steps and rows at the end of the latest stretch, and the rows alone, with what a person has said since; none once
    /// another one has begun.
    ended: Option<(Counts, Counts)>,
    /// Requests without an answer so far: as many as are on their way at once.
    open: IndexMap<Key, Open, MapHasher>,
    /// Those that got none and wait to be sent again, or have been since.
    lost: IndexMap<Key, Open, MapHasher>,
    /// Rows that a person has settled, and that come to their end in the next stretch.
    settled: IndexMap<(String, String), RowRecord>,
    /// The steps of each row on its way that did not go well.
    troubled: HashMap<String, Vec<StepRecord>>,
    places: Places,
    settled_by: String,
}

impl Recorder {
    /// A record of a run of which nothing is known yet.
    pub fn new(run: RunId) -> Self {
        let settled_by = format!("voxplay reconcile {run}");
        Self {
            run,
            started: None,
            finished: None,
            stretches: 0,
            clock: RunTime::default(),
            last_event: None,
            steps: IndexMap::new(),
            rows: IndexMap::new(),
            listed: Counts::default(),
            unlisted: Counts::default(),
            reasons: Reasons::default(),
            series: Series::default(),
            latency: Histogram::default(),
            retries: 0,
            sent: 0,
            row_counts: Counts::default(),
            ended: None,
            open: IndexMap::default(),
            lost: IndexMap::default(),
            settled: IndexMap::new(),
            troubled: HashMap::new(),
            places: Places::new(),
            settled_by,
        }
    }

    /// Says where the steps stand.
    #[must_use]
    pub fn with_places(mut self, places: Places) -> Self {
        self.places = places;
        self
    }

    /// Says which command settles what is in doubt, where more than the run has to be said in it.
    #[must_use]
    pub fn settled_by(mut self, command: String) -> Self {
        self.settled_by = command;
        self
    }

    /// Takes the next event. It keeps no more of it than it needs, and masks nothing.
    pub fn add(&mut self, event: &Event) {
        // It is no part of the run: one that has ended stays so.
        if matches!(event.kind, EventKind::LookedUp(_)) {
            return;
        }
        // The word of a person belongs to no stretch.
        let is_word = matches!(event.kind, EventKind::Reconciled(_));
        let begins_again =
            matches!(event.kind, EventKind::RunStarted(_)) || self.finished.is_some();
        let now = self.clock.read(&event.time, begins_again || is_word);
        if begins_again {
            self.stretches += u32::from(!is_word);
            self.finished = None;
        }
        if !is_word {
            self.ended = None;
        }
        self.last_event
            .get_or_insert_default()
            .clone_from(&event.time);
        match &event.kind {
            EventKind::RunStarted(started) => {
                // The others are those of the first stretch; inputs that were accepted since may name another file.
                let own = self.started.get_or_insert_with(|| started.clone());
                own.data.clone_from(&started.data);
            }
            EventKind::AttemptStarted(started) => self.attempt_started(started, now),
            EventKind::AttemptFailed(failed) => self.attempt_failed(failed, now),
            EventKind::LookedUp(_) => {}
            EventKind::Reconciled(word) => self.reconciled(word, now),
            EventKind::StepFinished(end) => self.step_finished(end, now),
            EventKind::RowFinished(row) => self.row_finished(row, now),
            EventKind::RunFinished(finished) => self.run_finished(finished),
        }
    }

    fn attempt_started(&mut self, started: &AttemptStarted, now: u64) {
        if started.pages_read > 0 {
            // The page before it was answered; nothing else says so.
            let of = Of(&started.step, started.row.as_deref());
            self.answered(&of, now.saturating_sub(started.waited_ms), false);
        }
        self.sent += 1;
        self.series.at(now).pace_ms += started.waited_ms;
        let key = (started.step.clone(), started.row.clone());
        self.open.insert(key, Open::new(started, now));
    }

    fn attempt_failed(&mut self, failed: &AttemptFailed, now: u64) {
        self.retries += 1;
        self.sent = self.sent.saturating_sub(u64::from(failed.unsent));
        let of = Of(&failed.step, failed.row.as_deref());
        if failed.in_doubt
            && let Some((key, open)) = self.open.get_key_value(&of)
        {
            self.lost.insert(key.clone(), open.clone());
        }
        self.answered(&of, now, true);
        self.series.at(now).backoff_ms += failed.wait_ms;
    }

    /// A request has come to its end.
    fn answered(&mut self, of: &Of<'_>, now: u64, is_troubled: bool) {
        let Some(open) = self.open.swap_remove(of) else {
            return;
        };
        let took = now.saturating_sub(open.since_ms);
        self.latency.add(took);
        let bucket = self.series.at(now);
        bucket.requests += 1;
        bucket.troubled += u64::from(is_troubled);
        bucket.latency.add(took);
    }

    fn step_finished(&mut self, end: &StepFinished, now: u64) {
        let is_bad = is_bad(end.outcome);
        self.sent = self.sent.saturating_sub(u64::from(end.unsent));
        // What was not come to takes nothing back of a request that is on its way.
        if !matches!(end.outcome, Outcome::NotRun | Outcome::Skipped) {
            let of = Of(&end.step, end.row.as_deref());
            self.lost.swap_remove(&of);
            self.answered(&of, now, is_bad);
        }
        match &end.row {
            Some(row) if is_bad => {
                let step = step_record(end, now, ANSWER_OF_ROW);
                let of_row = self.troubled.entry(row.clone()).or_default();
                // A later stretch may have tried it again.
                of_row.retain(|before| before.step != step.step);
                of_row.push(step);
            }
            Some(_) => {}
            None => {
                let step = step_record(end, now, ANSWER_OF_STEP);
                self.settle_step(step);
            }
        }
    }

    fn settle_step(&mut self, step: StepRecord) {
        // What is not looked at again takes nothing back of what is known from before.
        let is_known = |before: &StepRecord| {
            before.outcome != Outcome::NotRun && step.outcome == Outcome::NotRun
        };
        if !self.steps.get(&step.step).is_some_and(is_known) {
            self.put_step(step);
        }
    }

    /// Takes a step in the place of what was known of it.
    fn put_step(&mut self, step: StepRecord) {
        if let Some(before) = self.steps.get(&step.step)
            && is_bad(before.outcome)
            && !before.is_made_of_others()
        {
            let common = common(&before.step, before.outcome, before.error.as_deref());
            self.reasons.take_back(common, None);
        }
        if is_bad(step.outcome) && !step.is_made_of_others() {
            let common = common(&step.step, step.outcome, step.error.as_deref());
            self.reasons.add(common, None);
        }
        self.steps.insert(step.step.clone(), step);
    }

    /// The record so far.
    #[must_use]
    pub fn record(mut self) -> RunRecord {
        let (counts, row_counts) = self.counts_at_the_end();
        RunRecord {
            run: self.run,
            started: self.started,
            finished: self.finished,
            last_event: self.last_event,
            stretches: self.stretches.max(1),
            steps: self.steps.into_values().collect(),
            rows: self.rows.into_values().collect(),
            rows_not_listed: self.unlisted,
            reasons: self.reasons.sorted(),
            series: self.series,
            latency: self.latency,
            retries: self.retries,
            sent: self.sent,
            places: self.places,
            settled_by: self.settled_by,
            counts,
            row_counts,
        }
    }
}

const fn is_bad(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Failed | Outcome::Unknown)
}

fn common(step: &str, outcome: Outcome, error: Option<&str>) -> Common {
    Common {
        step: step.to_owned(),
        outcome,
        reason: pattern(error.unwrap_or("no reason was given")),
    }
}
