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
        match outcome {
            Outcome::Ok => self.ok += 1,
            Outcome::Failed => self.failed += 1,
            Outcome::Unknown => self.unknown += 1,
            Outcome::Skipped => self.skipped += 1,
            Outcome::NotRun => self.not_run += 1,
        }
    }

    /// Counts so many more.
    pub const fn add_many(&mut self, outcome: Outcome, more: u64) {
        let number = match outcome {
            Outcome::Ok => &mut self.ok,
            Outcome::Failed => &mut self.failed,
            Outcome::Unknown => &mut self.unknown,
            Outcome::Skipped => &mut self.skipped,
            Outcome::NotRun => &mut self.not_run,
        };
        *number += more;
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
