//! What a person has said of steps in doubt, up to the next stretch, in which steps and rows speak for themselves.

use super::super::entries::asked;
use super::super::{RowRecord, StepRecord};
use super::{Of, Recorder};
use crate::event::{Reconciled, rows_in};
use crate::outcome::Outcome;

/// What is said of a step that was in doubt, and by the word of a person was not done.
const NOT_DONE: &str = "it was not done, by the word of a person (`voxplay reconcile`)";
/// The same where it is to be sent again.
const TO_BE_SENT: &str = "it is sent again, by the word of a person (`voxplay reconcile`)";

impl Recorder {
    /// A person has said what became of a step.
    pub(super) fn reconciled(&mut self, word: &Reconciled, now: u64) {
        let of = Of(&word.step, word.row.as_deref());
        let open = self.open.swap_remove(&of);
        let open = self.lost.swap_remove(&of).or(open);
        if word.row.is_some() {
            self.row_settled(word, open.is_some());
        } else {
            let asked = || open.map(|open| asked(word.step.clone(), open));
            let before = self.steps.get(&word.step).cloned();
            if let Some(step) = before.or_else(asked) {
                self.step_settled(step, word, now);
            }
        }
        self.clear_what_holds_them();
    }

    fn step_settled(&mut self, mut step: StepRecord, word: &Reconciled, now: u64) {
        let before = step.outcome;
        step.outcome = word.decision.outcome().unwrap_or(Outcome::NotRun);
        step.ends_ms = now;
        step.error = match step.outcome {
            Outcome::Ok => None,
            Outcome::Failed => Some(NOT_DONE.to_owned()),
            _ => Some(TO_BE_SENT.to_owned()),
        };
        if let Some(id) = &word.wolkvox_id {
            step.wolkvox_id = Some(id.clone());
        }
        if let Some((counts, _)) = &mut self.ended {
            counts.take_back(before, 1);
            counts.add(step.outcome);
        }
        self.put_step(step);
    }

    /// A row whose step was not done has failed; any other one goes on in the next stretch. `was_open` where the run was
    /// killed before it wrote anything down of the row's end.
    fn row_settled(&mut self, word: &Reconciled, was_open: bool) {
        let outcome = match word.decision.outcome() {
            Some(Outcome::Failed) => Outcome::Failed,
            _ => Outcome::NotRun,
        };
        let is_it = |row: &RowRecord| {
            let step = row.failed_step.as_ref().unwrap_or(&row.of);
            Some(&row.row) == word.row.as_ref() && *step == word.step
        };
        match self.take_row(is_it) {
            Some(row) => self.put_row(row, outcome),
            // One of those that are too many to be listed.
            None if !was_open && self.unlisted.unknown > 0 => {
                self.unlisted.take_back(Outcome::Unknown, 1);
                self.recount(Outcome::Unknown, outcome, 1);
            }
            None => {}
        }
        // Rows in which it stands are in doubt by what is in them.
        let inner = word.row.as_deref().unwrap_or_default();
        for (end, _) in inner.match_indices('/') {
            let outer = &inner[..end];
            let mut rows = self.rows.values();
            let has_more = rows.any(|row| {
                let rest = row.row.strip_prefix(outer);
                row.outcome == Outcome::Unknown && rest.is_some_and(|rest| rest.starts_with('/'))
            });
            let is_outer = |row: &RowRecord| {
                row.row == outer && row.outcome == Outcome::Unknown && row.action.is_none()
            };
            if !has_more && let Some(row) = self.take_row(is_outer) {
                self.put_row(row, Outcome::NotRun);
            }
        }
    }

    /// Takes a row out, whether it is listed or was settled before; what it counts as stays.
    fn take_row(&mut self, is_it: impl Fn(&RowRecord) -> bool) -> Option<RowRecord> {
        let listed = self.rows.iter().find(|(_, row)| is_it(row));
        if let Some(key) = listed.map(|(key, _)| key.clone()) {
            return self.unlist_row(&key);
        }
        let settled = self.settled.iter().find(|(_, row)| is_it(row));
        let key = settled.map(|(key, _)| key.clone())?;
        self.settled.shift_remove(&key)
    }

    fn put_row(&mut self, row: RowRecord, outcome: Outcome) {
        let size = rows_in(row.batch.as_ref());
        let is_inner = !self.steps.contains_key(&row.of);
        let before = row.outcome;
        if let Some(step) = self.steps.get_mut(&row.of)
            && let Some(rows) = &mut step.rows
        {
            rows.take_back(before, size);
            rows.add_many(outcome, size);
        }
        if is_inner {
            self.row_counts.take_back(before, size);
            self.row_counts.add_many(outcome, size);
        } else {
            self.recount(before, outcome, size);
        }
        let row = RowRecord { outcome, ..row };
        if outcome == Outcome::Failed {
            self.list_row(RowRecord {
                error: Some(NOT_DONE.to_owned()),
                ..row
            });
        } else {
            self.settled.insert((row.of.clone(), row.row.clone()), row);
        }
    }

    /// Counts rows otherwise than before.
    fn recount(&mut self, before: Outcome, now: Outcome, size: u64) {
        let ended = self.ended.iter_mut();
        let ended = ended.flat_map(|(counts, rows)| [counts, rows]);
        for counts in ended.chain([&mut self.row_counts]) {
            counts.take_back(before, size);
            counts.add_many(now, size);
        }
    }

    /// Loops and groups are in doubt no longer than what is in them.
    fn clear_what_holds_them(&mut self) {
        let steps = self.steps.values();
        let mut steps = steps.filter(|step| step.action.is_some());
        let any_step = steps.any(|step| step.outcome == Outcome::Unknown);
        let any_row = self.listed.unknown + self.unlisted.unknown > 0;
        for step in self.steps.values_mut() {
            if step.action.is_some() || step.outcome != Outcome::Unknown {
                continue;
            }
            match step.rows {
                Some(rows) if rows.unknown > 0 => continue,
                Some(rows) if rows.failed > 0 => step.outcome = Outcome::Failed,
                None if any_step || any_row => continue,
                _ => step.outcome = Outcome::NotRun,
            }
            step.error = None;
        }
    }
}
