//! What the CRM accepted of a row although the playbook calls it failed: whoever feeds the row back would do it twice.

use serde::{Deserialize, Serialize};

use super::step_name;
use crate::value::Value;

/// How many steps are named. A row has few; rows of a loop inside it may be many.
const MOST: usize = 100;

/// Steps of one row that created or deleted something, and failed all the same.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Accepted {
    /// Which, in their order.
    pub steps: Vec<AcceptedStep>,
    /// How many there are besides.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub more: u64,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AcceptedStep {
    /// The step's id.
    pub step: String,
    /// The row that it ran for: also one of a loop inside the row.
    pub row: String,
    /// The id that the CRM returned.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub wolkvox_id: Option<Value>,
}

impl Accepted {
    /// Whether nothing was.
    pub const fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Takes note of one more.
    pub fn add(&mut self, step: AcceptedStep) {
        if self.steps.len() < MOST {
            self.steps.push(step);
        } else {
            self.more += 1;
        }
    }

    /// Takes note of what was accepted of rows inside.
    pub fn extend(&mut self, inner: Self) {
        inner.steps.into_iter().for_each(|step| self.add(step));
        self.more += inner.more;
    }
}

impl AcceptedStep {
    /// What it is called in messages about `row`: the step alone, or with the row inside that one.
    pub fn name(&self, row: &str) -> String {
        step_name(&self.step, Some(&*self.row).filter(|own| *own != row))
    }
}
