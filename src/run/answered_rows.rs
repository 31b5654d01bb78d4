//! Rows that come from answers and are known by their numbers: when a run is gone on with, the answers may be others, or
//! one more may stand among them, and a number no longer means the row that was sent under it.

use sha2::{Digest as _, Sha256};

use crate::attachment::hex;
use crate::plan::{PlannedLoop, PlannedSource, PlannedStep};
use crate::secret::Masker;
use crate::value::Value;

/// Whether what a row is has to be written down with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Identity {
    /// Its key says it, or its data, which a resumed run must find unchanged.
    Known,
    /// Only the row itself does.
    Told,
}

impl Identity {
    pub(super) fn of(step: &PlannedStep, each: &PlannedLoop) -> Self {
        let is_list = matches!(each.source, PlannedSource::Items(_));
        if is_list && each.knows_rows_by_number() && !each.has_fixed_rows(step) {
            Self::Told
        } else {
            Self::Known
        }
    }

    /// What is written down; nothing of a row with a secret in it, for the digest of a short one tells it.
    pub(super) fn digest(self, row: &Value, masker: &Masker) -> Option<String> {
        if self == Self::Known {
            return None;
        }
        let text = row.to_json_text();
        (!masker.shows_in(&text)).then(|| hex(&Sha256::digest(text)))
    }
}

/// What to say where a number means another row now.
pub(super) fn other_row(number: u64) -> String {
    format!(
        "its items are others than when its rows were sent: row {number}, known by its number alone, was another one then, and nobody could say any more what was sent; do what is new in a run of its own, and give the loop a `key`, with which later runs can be gone on with"
    )
}
