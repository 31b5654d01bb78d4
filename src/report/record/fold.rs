//! Events → record, one at a time, in bounded memory.

use std::collections::HashMap;

use indexmap::{Equivalent, IndexMap};
use jiff::Timestamp;

use super::reasons::{Common, NamedRow, Reasons, pattern};
use super::series::{Histogram, Series};
use super::{MOST_ROWS, Places, RowRecord, RunRecord, StepRecord};
use crate::event::{
    AttemptFailed, AttemptStarted, Counts, Event, EventKind, Reconciled, RowFinished, RunFinished,
    RunId, RunOutcome, RunStarted, StepFinished, rows_in,
};
use crate::outcome::Outcome;
use crate::value::{MapHasher, Value};

/// How much of an answer is kept for a row, and for a step, in bytes.
const ANSWER_OF_ROW: usize = 2_000;
const ANSWER_OF_STEP: usize = 16_000;
/// What is said of a request whose answer was not recorded.
const NO_ANSWER_RECORDED: &str =
    "a request was about to be sent, and the run ended before its answer was recorded";

/// What is said of a step that was in doubt, and by the word of a person was not done.
const NOT_DONE: &str = "it was not done, by the word of a person (`voxplay reconcile`)";

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
    /// Requests without an answer so far: as many as are on their way at once.
    open: IndexMap<Key, Open, MapHasher>,
    /// The steps of each row on its way that did not go well.
    troubled: HashMap<String, Vec<StepRecord>>,
    places: Places,
    settled_by: String,
}

/// A request on its way.
#[derive(Debug)]
struct Open {
    action: String,
    attempt: u32,
    since_ms: u64,
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
            open: IndexMap::default(),
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
        let begins_again =
            matches!(event.kind, EventKind::RunStarted(_)) || self.finished.is_some();
        let now = self.clock.read(&event.time, begins_again);
        if begins_again {
            self.stretches += 1;
            self.finished = None;
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
            EventKind::RunFinished(finished) => {
                self.forget_gone(finished);
                self.finished = Some(finished.clone());
            }
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
        let open = Open {
            action: started.action.clone(),
            attempt: started.attempt,
            since_ms: now,
        };
        self.open
            .insert((started.step.clone(), started.row.clone()), open);
    }

    fn attempt_failed(&mut self, failed: &AttemptFailed, now: u64) {
        self.retries += 1;
        self.sent = self.sent.saturating_sub(u64::from(failed.unsent));
        self.answered(&Of(&failed.step, failed.row.as_deref()), now, true);
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
        self.answered(&Of(&end.step, end.row.as_deref()), now, is_bad);
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

    /// A person has said what became of a step. What is to be sent again speaks for itself then, and so does the end of
    /// a row, which is recorded once more.
    fn reconciled(&mut self, word: &Reconciled, now: u64) {
        let of = Of(&word.step, word.row.as_deref());
        let open = self.open.swap_remove(&of);
        let (Some(outcome), None) = (word.decision.outcome(), &word.row) else {
            return;
        };
        let before = self.steps.get(&word.step).cloned();
        let asked = || open.map(|open| asked(word.step.clone(), open));
        let Some(mut step) = before.or_else(asked) else {
            return;
        };
        step.outcome = outcome;
        step.ends_ms = now;
        step.error = (outcome != Outcome::Ok).then(|| NOT_DONE.to_owned());
        if let Some(id) = &word.wolkvox_id {
            step.wolkvox_id = Some(id.clone());
        }
        self.settle_step(step);
    }

    fn settle_step(&mut self, step: StepRecord) {
        if let Some(before) = self.steps.get(&step.step) {
            // What is not looked at again takes nothing back of what is known from before.
            if step.outcome == Outcome::NotRun && before.outcome != Outcome::NotRun {
                return;
            }
            if is_bad(before.outcome) && !before.is_made_of_others() {
                let common = common(&before.step, before.outcome, before.error.as_deref());
                self.reasons.take_back(common, None);
            }
        }
        if is_bad(step.outcome) && !step.is_made_of_others() {
            let common = common(&step.step, step.outcome, step.error.as_deref());
            self.reasons.add(common, None);
        }
        self.steps.insert(step.step.clone(), step);
    }

    fn row_finished(&mut self, row: &RowFinished, now: u64) {
        let troubled = self.troubled.remove(&row.row);
        let size = rows_in(row.batch.as_ref());
        self.row_counts.add_many(row.outcome, size);
        let before = self.forget_row(&row.step, &row.row);
        if !is_bad(row.outcome) {
            return;
        }
        let failed_step = row.failed_step.clone();
        // What is known of the step that it did not get past; another step of it may have failed as well, as the group
        // has that it stands in.
        let mut troubled = troubled.into_iter().flatten();
        let step = troubled.find(|step| Some(&step.step) == failed_step.as_ref());
        let mut listed = RowRecord {
            of: row.step.clone(),
            row: row.row.clone(),
            number: Some(row.number),
            batch: row.batch,
            outcome: row.outcome,
            failed_step,
            action: step.as_ref().and_then(|step| step.action.clone()),
            http_status: step.as_ref().and_then(|step| step.http_status),
            code: row.code.clone(),
            msg: step.as_ref().and_then(|step| step.msg.clone()),
            attempts: step.as_ref().map_or(0, |step| step.attempts),
            error: row.error.clone(),
            wolkvox_ids: row.wolkvox_ids.clone(),
            ends_ms: now,
            duration_ms: row.duration_ms,
            answer: step.as_ref().and_then(|step| step.answer.clone()),
        };
        // A later stretch that did not send that step again knows no more of it.
        if let (None, Some(before)) = (step, before)
            && before.failed_step == listed.failed_step
        {
            listed.action = before.action;
            listed.http_status = before.http_status;
            listed.msg = before.msg;
            listed.attempts = before.attempts;
            listed.answer = before.answer;
        }
        self.list_row(listed);
    }

    /// An earlier stretch may have listed the row: takes it out, and gives it back.
    fn forget_row(&mut self, of: &str, row: &str) -> Option<RowRecord> {
        // A run in one stretch meets each row once: no need to look it up.
        if self.stretches < 2 {
            return None;
        }
        let key = (of.to_owned(), row.to_owned());
        let before = self.rows.shift_remove(&key)?;
        let (common, named) = reason_of_row(&before);
        self.reasons.take_back(common, Some(&named));
        let size = rows_in(before.batch.as_ref());
        take(&mut self.row_counts, before.outcome, size);
        take(&mut self.listed, before.outcome, 1);
        Some(before)
    }

    /// Rows that an earlier stretch listed and the data does not have any more, or not under that name: where the run
    /// ends without a row of an outcome, those listed with it are such.
    fn forget_gone(&mut self, finished: &RunFinished) {
        if self.stretches < 2 {
            return;
        }
        // A doubt stays though its row is no longer in the data.
        let may_be_gone = |outcome: Outcome| {
            let is_settled = outcome != Outcome::Unknown || finished.outcome != RunOutcome::Unknown;
            is_settled && finished.rows.of(outcome) == 0
        };
        let rows = self.rows.iter();
        let gone: Vec<(String, String)> = rows
            .filter(|(_, row)| may_be_gone(row.outcome))
            .map(|(key, _)| key.clone())
            .collect();
        for (of, row) in gone {
            self.forget_row(&of, &row);
        }
    }

    fn list_row(&mut self, row: RowRecord) {
        let (common, named) = reason_of_row(&row);
        self.reasons.add(common, Some(named));
        // Rows in doubt have a bound of their own: no number of failures takes their place.
        let most = u64::try_from(MOST_ROWS).unwrap_or(u64::MAX);
        let is_full = self.listed.of(row.outcome) >= most;
        if is_full {
            let size = rows_in(row.batch.as_ref());
            self.unlisted.add_many(row.outcome, size);
        } else {
            self.listed.add(row.outcome);
            let mut key = (row.of.clone(), row.row.clone());
            // No row takes the place of another, should two have one name.
            while self.rows.contains_key(&key) {
                key.1.push('\'');
            }
            self.rows.insert(key, row);
        }
    }

    /// The record so far.
    #[must_use]
    pub fn record(mut self) -> RunRecord {
        if self.finished.is_none() {
            self.leave_open_in_doubt();
        }
        let mut counts = self.row_counts;
        for step in self.steps.values().filter(|step| step.action.is_some()) {
            counts.add(step.outcome);
        }
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
            row_counts: self.row_counts,
        }
    }

    /// Of a run without an end, requests that have no answer may or may not have been done.
    fn leave_open_in_doubt(&mut self) {
        let mut open: Vec<(Key, Open)> = self.open.drain(..).collect();
        open.sort_by(|(one, _), (other, _)| one.cmp(other));
        for ((step, row), open) in open {
            let left = asked(step, open);
            match row {
                None => self.settle_step(left),
                Some(row) => {
                    self.row_counts.add(Outcome::Unknown);
                    self.list_row(row_in_doubt(row, left));
                }
            }
        }
    }
}

/// A step whose request has no answer.
fn asked(step: String, open: Open) -> StepRecord {
    StepRecord {
        step,
        action: Some(open.action),
        outcome: Outcome::Unknown,
        http_status: None,
        code: None,
        msg: None,
        wolkvox_id: None,
        attempts: open.attempt,
        pages: None,
        begins_ms: open.since_ms,
        ends_ms: open.since_ms,
        duration_ms: 0,
        error: Some(NO_ANSWER_RECORDED.to_owned()),
        warnings: Vec::new(),
        answer: None,
        rows: None,
    }
}

fn row_in_doubt(row: String, step: StepRecord) -> RowRecord {
    RowRecord {
        // Which loop it belongs to is recorded at its end only.
        of: step.step.clone(),
        row,
        number: None,
        batch: None,
        outcome: Outcome::Unknown,
        failed_step: Some(step.step),
        action: step.action,
        http_status: None,
        code: None,
        msg: None,
        attempts: step.attempts,
        error: step.error,
        wolkvox_ids: crate::value::Map::default(),
        ends_ms: step.ends_ms,
        duration_ms: 0,
        answer: None,
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

fn reason_of_row(row: &RowRecord) -> (Common, NamedRow) {
    let step = row.failed_step.as_deref().unwrap_or(&row.of);
    let named = NamedRow {
        of: row.of.clone(),
        row: row.row.clone(),
        number: row.number,
        batch: row.batch,
    };
    (common(step, row.outcome, row.error.as_deref()), named)
}

const fn take(counts: &mut Counts, outcome: Outcome, size: u64) {
    let count = match outcome {
        Outcome::Ok => &mut counts.ok,
        Outcome::Failed => &mut counts.failed,
        Outcome::Unknown => &mut counts.unknown,
        Outcome::Skipped => &mut counts.skipped,
        Outcome::NotRun => &mut counts.not_run,
    };
    *count = count.saturating_sub(size);
}

fn step_record(end: &StepFinished, now: u64, most_answer: usize) -> StepRecord {
    let rows = end.outputs.get("counts").filter(|_| end.action.is_none());
    StepRecord {
        step: end.step.clone(),
        action: end.action.clone(),
        outcome: end.outcome,
        http_status: end.http_status,
        code: end.code.clone(),
        msg: end.msg.clone(),
        wolkvox_id: end.wolkvox_id.clone(),
        attempts: end.attempts,
        pages: end.pages,
        begins_ms: now.saturating_sub(end.duration_ms),
        ends_ms: now,
        duration_ms: end.duration_ms,
        error: end.error.clone(),
        warnings: end.warnings.clone(),
        answer: end.answer.as_deref().map(|text| cut(text, most_answer)),
        rows: rows.map(counts_of),
    }
}

fn counts_of(rows: &Value) -> Counts {
    let of = |outcome: Outcome| {
        let text = rows.get(outcome.as_str()).and_then(Value::scalar_text);
        text.and_then(|text| text.parse().ok()).unwrap_or_default()
    };
    Counts {
        ok: of(Outcome::Ok),
        failed: of(Outcome::Failed),
        unknown: of(Outcome::Unknown),
        skipped: of(Outcome::Skipped),
        not_run: of(Outcome::NotRun),
    }
}

/// The beginning of a text, with a mark where more was.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(most)])
}

/// Milliseconds from the start of the run, without the time between its stretches.
#[derive(Debug, Default)]
struct RunTime {
    origin: Option<i64>,
    last: i64,
}

impl RunTime {
    fn read(&mut self, time: &str, begins_again: bool) -> u64 {
        let now = time
            .parse::<Timestamp>()
            .map_or(self.last, Timestamp::as_millisecond);
        let origin = self.origin.get_or_insert(now);
        if begins_again && self.last != 0 {
            *origin += (now - self.last).max(0);
        }
        self.last = now;
        u64::try_from(now - *origin).unwrap_or_default()
    }
}
