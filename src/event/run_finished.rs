//! How a run ends, or one stretch of it, and why.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Counts;
use crate::value::Map;

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// Everything that was to run is ok.
    Ok,
    /// Some step failed, none is in doubt.
    Failed,
    /// Some step is in doubt.
    Unknown,
    /// The day's requests were used up before the end.
    Budget,
    /// Ctrl-C, SIGTERM or SIGHUP.
    Interrupted,
}

impl RunOutcome {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Budget => "budget",
            Self::Interrupted => "interrupted",
        }
    }
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunFinished {
    /// How it ended.
    pub outcome: RunOutcome,
    /// Steps by outcome; of a loop, each row counts once.
    pub counts: Counts,
    /// The rows alone.
    #[serde(default)]
    pub rows: Counts,
    /// Milliseconds that requests waited for the target's pace, added up.
    #[serde(default)]
    pub waited_ms: u64,
    /// Requests sent in all stretches, retries included; none that provably did not leave.
    pub requests: u64,
    /// Those of them that the stretch sent which ends here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stretch_requests: Option<u64>,
    /// The playbook's outputs.
    pub outputs: Map,
    /// Outputs that have no value, and why.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub missing_outputs: BTreeMap<String, String>,
    /// Milliseconds from the start.
    pub duration_ms: u64,
    /// Why the run stopped early, where it did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stopped: Option<String>,
}

impl RunFinished {
    /// Why it stopped early, where its outcome does not say so.
    pub fn stopped_because(&self) -> Option<&str> {
        let is_told = matches!(self.outcome, RunOutcome::Budget | RunOutcome::Interrupted);
        let why = self.stopped.as_deref().filter(|_| !is_told)?;
        (![BUDGET_USED_UP, STEP_FAILED, STEP_IN_DOUBT].contains(&why)).then_some(why)
    }

    /// Whether it stopped at the daily budget, whatever its outcome is: then more of it can be done later.
    pub fn is_out_of_budget(&self) -> bool {
        self.outcome == RunOutcome::Budget || self.stopped.as_deref() == Some(BUDGET_USED_UP)
    }
}

/// Why a run stopped that may send no more that day, as [`RunFinished::stopped`] says it.
pub const BUDGET_USED_UP: &str = "the day's requests are used up";
/// Why a run stopped after a step that failed.
pub const STEP_FAILED: &str = "a step failed";
/// Why a run stopped after a step in doubt.
pub const STEP_IN_DOUBT: &str = "a step is in doubt";
