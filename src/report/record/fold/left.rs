//! What is left at the end of a record: requests that nobody knows the answer of, and what that means for the counts.

use super::super::entries::{Open, asked, row_in_doubt};
use super::{Key, Recorder};
use crate::event::{Counts, RunFinished, RunOutcome};
use crate::outcome::Outcome;

impl Recorder {
    pub(super) fn run_finished(&mut self, finished: &RunFinished) {
        let comes_back = finished.outcome == RunOutcome::Interrupted || finished.is_out_of_budget();
        if !comes_back {
            let left = self.open.values_mut().chain(self.lost.values_mut());
            left.for_each(|open| open.is_passed = true);
        }
        self.forget_gone(finished);
        self.ended = Some((finished.counts, finished.rows));
        self.finished = Some(finished.clone());
    }

    /// Lists what is in doubt because its answer is not known, and counts: steps and rows, and the rows alone.
    pub(super) fn counts_at_the_end(&mut self) -> (Counts, Counts) {
        let (steps, rows) = self.leave_open_in_doubt();
        let Some((mut counts, mut row_counts)) = self.ended else {
            let mut counts = self.row_counts;
            for step in self.steps.values().filter(|step| step.action.is_some()) {
                counts.add(step.outcome);
            }
            return (counts, self.row_counts);
        };
        // No stretch that has come to its end has counted them: they are not in the playbook any more, or not in the
        // data.
        counts.add_many(Outcome::Unknown, steps + rows);
        row_counts.add_many(Outcome::Unknown, rows);
        (counts, row_counts)
    }

    /// Requests that have no answer may or may not have been done; how many steps these are, and how many rows. Of a run
    /// without an end all are told, also those that are sent again by themselves.
    fn leave_open_in_doubt(&mut self) -> (u64, u64) {
        let is_over = self.ended.is_some();
        let mut open: Vec<(Key, Open)> = self.open.drain(..).collect();
        for (key, lost) in self.lost.drain(..) {
            if open.iter().all(|(known, _)| *known != key) {
                open.push((key, lost));
            }
        }
        open.retain(|(_, open)| !is_over || open.is_in_doubt());
        open.sort_by(|(one, _), (other, _)| one.cmp(other));
        let (mut steps, mut rows) = (0, 0);
        for ((step, row), open) in open {
            let left = asked(step, open);
            match row {
                None => {
                    steps += 1;
                    self.settle_step(left);
                }
                Some(row) => {
                    rows += 1;
                    self.row_counts.add(Outcome::Unknown);
                    self.list_row(row_in_doubt(row, left));
                }
            }
        }
        (steps, rows)
    }
}
