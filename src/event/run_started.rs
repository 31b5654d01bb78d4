//! How a run begins: what it was asked to do, and what must be unchanged when it is gone on with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::action::TargetFacts;
use crate::value::Map;

/// The first event of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// The playbook as the user named it.
    pub playbook: String,
    /// The playbook's path from the project's root.
    #[serde(default)]
    pub from_root: String,
    /// The project's root from the state folder, so that both are found again where they were moved.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub root: Option<Box<str>>,
    /// The playbook's `name`.
    pub name: Option<String>,
    /// Where it goes.
    pub target: TargetFacts,
    /// The version of voxplay.
    pub voxplay: String,
    /// SHA-256 of the playbook's text, hexadecimal.
    pub playbook_digest: String,
    /// The run's start: what `now()` returns, also in a resumed run. RFC 3339.
    pub started_at: String,
    /// How many steps the playbook has.
    pub steps: usize,
    /// The inputs that are not secret.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub inputs: Map,
    /// Whether it went to a sandbox inside the process.
    #[serde(default)]
    pub sandbox: bool,
    /// What the command line said of account files.
    #[serde(default)]
    pub accounts: AccountFlags,
    /// Whether its id was given to it, so that it is not run twice.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub named: bool,
    /// What tells the saved plan that it runs from others.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub plan: Option<String>,
    /// The words of `--tags`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub tags: Vec<String>,
    /// The playbook's text, to show what changed when a run is gone on with.
    #[serde(default)]
    pub text: String,
    /// The texts of used playbooks and of the project's own actions, for the same purpose; by their names in
    /// `fingerprints`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub texts: BTreeMap<String, String>,
    /// SHA-256 of everything that a resumed run must find unchanged, by name: `the action record.update`,
    /// `the data accounts.csv` and so on.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub fingerprints: BTreeMap<String, String>,
    /// The data files of loops, by the ids of their steps, as templates name them in this run; those that are known
    /// before it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub data: Option<Box<DataFiles>>,
    /// Which inputs had their values from the environment: the variables by the names of the inputs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub from_env: BTreeMap<String, String>,
    /// Which inputs that are not secret had their values from the playbook's own defaults.
    #[serde(skip_serializing_if = "<[String]>::is_empty", default)]
    pub by_default: Box<[String]>,
    /// Digests of the secret inputs; none where it has none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub private: Option<Box<PrivatePrints>>,
    /// The time zone of its dates.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub timezone: Option<Box<str>>,
    /// What its steps and rows are known by, by the ids of the steps.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub outline: BTreeMap<String, StepShape>,
}

/// What the names in [`RunStarted::fingerprints`] begin with behind which a path stands as a template gave it.
pub const DATA_PRINT: &str = "the data ";
/// As [`DATA_PRINT`], for files that steps attach.
pub const ATTACHMENT_PRINT: &str = "the attachment ";

/// The data files of loops, by the ids of their steps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DataFiles(pub BTreeMap<String, String>);

/// Digests of what must not be written down, under a key that is kept elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivatePrints {
    /// A digest that tells the key from others.
    pub key: String,
    /// Secret inputs by name.
    pub inputs: BTreeMap<String, String>,
    /// The data of loops that shows secrets, by the names that open data has among the fingerprints.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub data: BTreeMap<String, String>,
}

/// What the records of a step rest on: where this has changed, they do not say any more what was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StepShape {
    /// The action that it performs, where it performs one; a loop over one action has its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// SHA-256 of its parameters as they are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
    /// The loops that it stands in, the outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub loops: Vec<String>,
    /// Whether it has no id of its own, and is known by its place.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub by_place: bool,
    /// Of a loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowShape>,
}

/// What the rows of a loop are known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowShape {
    /// The `key`, as it is written.
    pub key: Option<String>,
    /// Whether the rows are known by their numbers, whatever the key.
    pub by_number: bool,
    /// How many rows make one item.
    pub batch: Option<usize>,
    /// SHA-256 of how its source is written: the format, the path, the sheet, or the list.
    pub source: String,
}

/// `--rejected`, `--succeeded` and `--unknown` as they were given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountFlags {
    /// `--rejected`.
    pub rejected: Vec<String>,
    /// `--succeeded`.
    pub succeeded: Vec<String>,
    /// `--unknown`.
    pub unknown: Vec<String>,
}
