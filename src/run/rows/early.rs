//! Rows that ended before one that stands earlier: kept until their turn to be accounted for, within bounds.

use std::collections::BTreeMap;

use super::item::Ended;

/// So many may always be kept for each place of `concurrency`, whatever they hold.
pub(super) const NEAR: usize = 16;
/// So many at most: a row that hangs for minutes shall not hold up the others.
const MOST: usize = 4_096;
/// So many bytes of rows at most, beyond those that may always be kept.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// Rows that ended before their turn.
#[derive(Debug)]
pub(super) struct Early {
    rows: BTreeMap<u64, Kept>,
    /// How many may always be kept.
    near: usize,
    /// What those hold that were weighed.
    bytes: usize,
}

#[derive(Debug)]
struct Kept {
    ended: Ended,
    /// How many rows of the data it is.
    size: u64,
    bytes: usize,
}

impl Early {
    /// None yet, of a loop that runs so many rows at once.
    pub(super) fn new(concurrency: usize) -> Self {
        Self {
            rows: BTreeMap::new(),
            near: concurrency.saturating_mul(NEAR),
            bytes: 0,
        }
    }

    /// Keeps a row, and how many rows of the data it is, until its turn.
    pub(super) fn add(&mut self, ended: Ended, size: u64) {
        // Few are kept as a rule, and then nobody asks how large they are.
        let bytes = if self.rows.len() < self.near {
            0
        } else {
            let rows = ended.rows.iter();
            rows.map(|row| row.value.to_json_text().len()).sum()
        };
        self.bytes += bytes;
        self.rows.insert(ended.turn, Kept { ended, size, bytes });
    }

    /// The row whose turn it is, if it has ended, and how many rows of the data it is.
    pub(super) fn take(&mut self, turn: u64) -> Option<(Ended, u64)> {
        let kept = self.rows.remove(&turn)?;
        self.bytes -= kept.bytes;
        Some((kept.ended, kept.size))
    }

    /// Whether more may end before their turn.
    pub(super) fn has_room(&self) -> bool {
        let kept = self.rows.len();
        kept < self.near || (kept < MOST && self.bytes < MOST_BYTES)
    }

    /// How many are kept.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
}
