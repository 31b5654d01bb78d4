//! Steps in doubt: what the CRM showed of them, and what a person has said.

use serde::{Deserialize, Serialize};

use crate::outcome::Outcome;
use crate::value::Value;

/// What a person has found out about a step in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The CRM did it.
    Ok,
    /// The CRM did not do it, and it is not to be tried again.
    Failed,
    /// The CRM did not do it, and it is to be sent again.
    Resend,
}

impl Decision {
    /// What becomes of the step; none where it is to be sent again.
    pub const fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Ok => Some(Outcome::Ok),
            Self::Failed => Some(Outcome::Failed),
            Self::Resend => None,
        }
    }

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Resend => "resend",
        }
    }
}

/// The word of a person about a step in doubt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reconciled {
    /// The step's id.
    pub step: String,
    /// The row's key, in a loop.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub row: Option<String>,
    /// The action that the step performs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub action: Option<String>,
    /// What they say.
    pub decision: Decision,
    /// The id that the CRM gave, where they looked it up.
    pub wolkvox_id: Option<Value>,
}

impl Reconciled {
    /// What they say, in words, with the id that they gave.
    pub fn said(&self) -> String {
        let id = self.wolkvox_id.as_ref().and_then(Value::scalar_text);
        match (self.decision, id) {
            (Decision::Ok, Some(id)) => format!("ok with the id {id}"),
            (Decision::Ok, None) => "ok".to_owned(),
            (Decision::Failed, _) => "failed".to_owned(),
            (Decision::Resend, _) => "to be sent again".to_owned(),
        }
    }
}

/// What the CRM showed of a step in doubt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LookedUp {
    /// The step's id.
    pub step: String,
    /// The row's key, in a loop.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub row: Option<String>,
    /// The reading action.
    pub action: String,
    /// How many requests were sent for it: they count against a daily budget.
    pub requests: u64,
    /// What it showed, in a word: `found`, `older`, `several`, `not_found` or `not_known`.
    pub answer: String,
    /// The ids of the records that may be it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub wolkvox_ids: Vec<String>,
    /// Why nothing is known, where nothing is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}
