//! How many ended how.

use serde::{Deserialize, Serialize};

use crate::outcome::Outcome;

/// How many steps or rows ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Done.
    pub ok: u64,
    /// Not done.
    pub failed: u64,
    /// In doubt.
    pub unknown: u64,
    /// Left out by a condition.
    pub skipped: u64,
    /// Not reached.
    pub not_run: u64,
}

impl Counts {
    /// Counts one more.
    pub const fn add(&mut self, outcome: Outcome) {
        self.add_many(outcome, 1);
    }

    /// Counts so many more.
    pub const fn add_many(&mut self, outcome: Outcome, more: u64) {
        *self.number_of(outcome) += more;
    }

    /// Counts so many less, as far as there are any.
    pub const fn take_back(&mut self, outcome: Outcome, fewer: u64) {
        let number = self.number_of(outcome);
        *number = number.saturating_sub(fewer);
    }

    const fn number_of(&mut self, outcome: Outcome) -> &mut u64 {
        match outcome {
            Outcome::Ok => &mut self.ok,
            Outcome::Failed => &mut self.failed,
            Outcome::Unknown => &mut self.unknown,
            Outcome::Skipped => &mut self.skipped,
            Outcome::NotRun => &mut self.not_run,
        }
    }

    /// How many ended so.
    pub const fn of(&self, outcome: Outcome) -> u64 {
        match outcome {
            Outcome::Ok => self.ok,
            Outcome::Failed => self.failed,
            Outcome::Unknown => self.unknown,
            Outcome::Skipped => self.skipped,
            Outcome::NotRun => self.not_run,
        }
    }

    /// All together.
    pub const fn total(&self) -> u64 {
        self.ok + self.failed + self.unknown + self.skipped + self.not_run
    }
}
