//! Rows in the record: those that did not go well are listed, up to a bound.

use super::super::reasons::{Common, NamedRow};
use super::super::{MOST_ROWS, RowRecord};
use super::{Recorder, common, is_bad};
use crate::event::{RowFinished, RunFinished, RunOutcome, rows_in};
use crate::outcome::Outcome;

impl Recorder {
    pub(super) fn row_finished(&mut self, row: &RowFinished, now: u64) {
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
        let listed = self.unlist_row(&key);
        let before = listed.or_else(|| self.settled.shift_remove(&key))?;
        let size = rows_in(before.batch.as_ref());
        self.row_counts.take_back(before.outcome, size);
        Some(before)
    }

    /// Takes a row out of the list, and gives it back.
    pub(super) fn unlist_row(&mut self, key: &(String, String)) -> Option<RowRecord> {
        let before = self.rows.shift_remove(key)?;
        let (common, named) = reason_of_row(&before);
        self.reasons.take_back(common, Some(&named));
        self.listed.take_back(before.outcome, 1);
        Some(before)
    }

    /// Rows that an earlier stretch listed and the data does not have any more, or not under that name: where the run
    /// ends without a row of an outcome, those listed with it are such.
    pub(super) fn forget_gone(&mut self, finished: &RunFinished) {
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

    pub(super) fn list_row(&mut self, row: RowRecord) {
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
