//! How the rows of a run ended, in short: how many, and the first of those that want a look.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::folded;
use crate::event::{EventKind, RowFinished, RunId, rows_in};
use crate::journal::{Journal, JournalError};
use crate::outcome::Outcome;
use crate::report::record::word;
use crate::report::words::harmless;

/// How many rows of each outcome that wants a look are named.
const NAMED_ROWS: usize = 10;

/// How the rows of a run ended, the last word on each. It holds as much of a million rows as of a hundred.
#[derive(Default)]
pub(super) struct Rows {
    /// How many there are; a batch is one.
    pub(super) count: usize,
    loops: BTreeMap<String, Ends>,
}

/// How the rows of one loop ended.
#[derive(Default)]
struct Ends {
    /// By outcome, in the order of [`Outcome::ALL`]; each row of a batch counts.
    counts: [u64; Outcome::ALL.len()],
    /// Those that are in doubt, and those that failed: the first by number and key.
    unknown: First,
    failed: First,
}

/// The first rows of an outcome.
type First = BTreeMap<(u64, String), RowFinished>;

impl Rows {
    pub(super) fn read(journal: &Journal, run: &RunId) -> Result<Self, JournalError> {
        let mut rows = Self::default();
        for event in journal.row_ends(run) {
            let (_, event) = event?;
            if let EventKind::RowFinished(end) = event.kind {
                rows.add(end);
            }
        }
        Ok(rows)
    }

    fn add(&mut self, end: RowFinished) {
        self.count += 1;
        let ends = self.loops.entry(end.step.clone()).or_default();
        ends.counts[place_of(end.outcome)] += rows_in(end.batch.as_ref());
        let first = match end.outcome {
            Outcome::Unknown => &mut ends.unknown,
            Outcome::Failed => &mut ends.failed,
            _ => return,
        };
        first.insert((end.number, end.row.clone()), end);
        if first.len() > NAMED_ROWS {
            first.pop_last();
        }
    }

    pub(super) fn tell(&self, run: &RunId) -> String {
        let mut text = String::new();
        for (step, ends) in &self.loops {
            let counts: Vec<String> = Outcome::ALL
                .into_iter()
                .map(|outcome| (ends.counts[place_of(outcome)], outcome))
                .filter(|(count, _)| *count > 0)
                .map(|(count, outcome)| format!("{count} {}", word(outcome)))
                .collect();
            let _ = writeln!(text, "\nrows of {}: {}", harmless(step), counts.join(", "));
            for (outcome, first) in [
                (Outcome::Unknown, &ends.unknown),
                (Outcome::Failed, &ends.failed),
            ] {
                ends.name(outcome, first, &mut text);
            }
        }
        let _ = writeln!(text, "\nRequests and answers of one row:");
        let _ = writeln!(text, "  voxplay runs show {run} --row KEY");
        text
    }
}

impl Ends {
    fn name(&self, outcome: Outcome, first: &First, text: &mut String) {
        let mut more = self.counts[place_of(outcome)];
        for end in first.values() {
            more -= rows_in(end.batch.as_ref());
            let name = end.failed_step.as_ref().unwrap_or(&end.step);
            let why = end.error.as_deref().unwrap_or_default();
            let rows = end.batch.map(|batch| format!("  {}", batch.words()));
            let rows = rows.unwrap_or_default();
            let line = format!("{name}@{}{rows}  {outcome}: {why}", end.row);
            folded(text, "  ", &harmless(&line));
        }
        if more > 0 {
            let _ = writeln!(text, "  and {more} more {outcome}");
        }
    }
}

fn place_of(outcome: Outcome) -> usize {
    let mut all = Outcome::ALL.into_iter();
    let place = all.position(|one| one == outcome);
    place.expect("all outcomes are among all of them")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Batch;

    #[test]
    fn of_many_rows_the_first_are_named_and_no_more_are_held() {
        let mut rows = Rows::default();
        for number in (1..=2_000).rev() {
            let outcome = if number % 2 == 0 {
                Outcome::Failed
            } else {
                Outcome::Ok
            };
            let (step, row) = ("each".to_owned(), format!("k{number}"));
            let mut end = RowFinished::new(step, row, number, outcome);
            end.batch = Batch::of(number..number + 3);
            rows.add(end);
        }
        assert_eq!(rows.count, 2_000);
        let ends = &rows.loops["each"];
        assert_eq!((ends.failed.len(), ends.unknown.len()), (NAMED_ROWS, 0));
        let told = rows.tell(&RunId::parse("r").unwrap());
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines[1], "rows of each: 3000 ok, 3000 failed");
        assert_eq!(lines[2], "  each@k2 rows 2 to 4 failed:");
        assert_eq!(lines[11], "  each@k20 rows 20 to 22 failed:");
        assert_eq!(lines[12], "  and 2970 more failed");
    }
}
