//! A step, or a row's step: its attempts, and what became of it.

use serde::{Deserialize, Serialize};

use super::{answer, is_zero};
use crate::action::Effect;
use crate::outcome::Outcome;
use crate::value::{JsonText, Map, Value};

/// An intent: what is about to be sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptStarted {
    /// The step's id.
    pub step: String,
    /// The row's key, in a loop.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub row: Option<String>,
    /// From 1, over all pages of a step.
    pub attempt: u32,
    /// The page that is asked for, from 1, of a step with `max_pages`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub page: Option<u64>,
    /// The action's name.
    pub action: String,
    /// What the request does.
    pub effect: Effect,
    /// How many pages the step has read before this one, in this stretch of the run: what went out before it was
    /// answered.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pages_read: u64,
    /// Milliseconds that it waited for the target's pace.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub waited_ms: u64,
    /// The request: method, path, body, files; masked.
    pub request: JsonText,
    /// SHA-256 of the request as sent, hexadecimal.
    pub digest: String,
    /// The parameters, where the action names a look-up, which needs them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub with: Option<Value>,
    /// Parameters that hold a secret: they are kept out of the journal, and so cannot be looked up.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub withheld: Vec<String>,
    /// How many records it deletes that no attempt before it did: they count against `limits.deletes`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub deletes: u64,
    /// What tells the row from another one that may have its number later; see [`RowFinished::item`](super::RowFinished::item).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub item: Option<String>,
}

/// An attempt that did not settle the step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptFailed {
    /// The step's id.
    pub step: String,
    /// The row's key, in a loop.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub row: Option<String>,
    /// From 1, over all pages of a step.
    pub attempt: u32,
    /// The page that was asked for, from 1, of a step with `max_pages`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub page: Option<u64>,
    /// Why.
    pub reason: String,
    /// The HTTP status, where there was an answer.
    pub http_status: Option<u16>,
    /// How long to wait before the next attempt, in milliseconds.
    pub wait_ms: u64,
    /// Whether it may have been processed all the same.
    #[serde(default)]
    pub in_doubt: bool,
    /// Whether it was provably not sent: then it is none of the day's requests.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsent: bool,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepFinished {
    /// The step's id.
    pub step: String,
    /// The row's key, in a loop.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub row: Option<String>,
    /// The action's name; none for a group.
    pub action: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// The HTTP status of the last answer.
    pub http_status: Option<u16>,
    /// The `code` of the last answer's body, a number or text as it came.
    pub code: Option<Value>,
    /// The `msg` of the last answer's body.
    pub msg: Option<String>,
    /// The id that the CRM returned: text, or a list; none where it was blank or absent.
    pub wolkvox_id: Option<Value>,
    /// How many requests were sent.
    pub attempts: u32,
    /// How many pages were read, of a step with `max_pages`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pages: Option<u64>,
    /// Whether the last of them was provably not sent: then it is none of the day's requests.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsent: bool,
    /// From the first attempt to the outcome, in milliseconds.
    pub duration_ms: u64,
    /// Whether the CRM accepted the request: also where an expectation then made the step fail.
    #[serde(default)]
    pub accepted: bool,
    /// Why it is not ok, or why it was skipped.
    pub error: Option<String>,
    /// What is worth a look although it is ok.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub warnings: Vec<String>,
    /// What later steps can use.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub outputs: Map,
    /// Outputs that the CRM left blank, so that using them is an error that says so.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub blank: Vec<String>,
    /// Outputs that hold a secret: they are kept out of the journal, and so cannot be restored.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub withheld: Vec<String>,
    /// The answer as it came, for people who have to look; cut at 64 KiB.
    #[serde(skip_serializing_if = "Option::is_none", default, with = "answer")]
    pub answer: Option<String>,
}

impl StepFinished {
    /// Whether it is ok by the word of a person: no answer says so.
    pub fn is_by_hand(&self) -> bool {
        self.outcome == Outcome::Ok && self.action.is_some() && self.http_status.is_none()
    }

    /// Whether the CRM accepted it and gave no id with which steps after it could go on, though it should have.
    pub fn lacks_id(&self) -> bool {
        self.outcome == Outcome::Ok
            && self.accepted
            && self.wolkvox_id.is_none()
            && self.blank.iter().any(|output| output == RECORD_ID)
    }
}

/// The output that is the id of a record.
pub const RECORD_ID: &str = "wolkvox_id";

/// What messages and `reconcile` call a step, with the row that it ran for.
pub fn step_name(step: &str, row: Option<&str>) -> String {
    row.map_or_else(|| step.to_owned(), |row| format!("{step}@{row}"))
}
