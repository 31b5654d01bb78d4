//! What became of a row.

use serde::{Deserialize, Serialize};

use super::{Accepted, Batch};
use crate::outcome::Outcome;
use crate::value::{Map, Value};

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowFinished {
    /// The loop's id.
    pub step: String,
    /// The row's key.
    pub row: String,
    /// Its number in the data, from 1; of a batch, that of its first row.
    pub number: u64,
    /// Its rows, where it is a batch of several.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub batch: Option<Batch>,
    /// What became of it.
    pub outcome: Outcome,
    /// The step that it did not get past.
    pub failed_step: Option<String>,
    /// The `code` of that step's answer.
    pub code: Option<Value>,
    /// Why it is not ok.
    pub error: Option<String>,
    /// What the CRM accepted of it all the same, and would create or delete a second time.
    #[serde(
        skip_serializing_if = "Accepted::is_empty",
        default,
        rename = "accepted_steps"
    )]
    pub accepted: Accepted,
    /// The ids that its steps got.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub wolkvox_ids: Map,
    /// Milliseconds from its first step to its outcome.
    pub duration_ms: u64,
    /// SHA-256 of the row, where it is known by its number and comes from answers: they may be others, or in another
    /// order, when the run is gone on with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub item: Option<String>,
}

impl RowFinished {
    /// The end of a row, of which nothing more is known yet.
    pub fn new(step: String, row: String, number: u64, outcome: Outcome) -> Self {
        Self {
            step,
            row,
            number,
            batch: None,
            outcome,
            failed_step: None,
            code: None,
            error: None,
            accepted: Accepted::default(),
            wolkvox_ids: Map::default(),
            duration_ms: 0,
            item: None,
        }
    }
}
