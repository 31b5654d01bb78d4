//! What happened, in the order it happened: versioned, self-contained, ready to be written down.
//!
//! Progress, reports and a resumed run are folds over these events. They hold no secrets by
//! contract of the writer: the journal and the command line mask what they write.

mod accepted;
mod batch;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Serialize};

use crate::action::{Effect, TargetFacts};
use crate::outcome::Outcome;
use crate::secret::Masker;
use crate::value::{JsonText, Map, Value};

pub use accepted::{Accepted, AcceptedStep};
pub use batch::{Batch, row_words, rows_in};

/// The version of the events, written as `schema` into each.
pub const SCHEMA: u32 = 1;

/// The id of a run: a UUID of version 7, so that ids sort by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(Arc<str>);

impl RunId {
    /// Takes an id as it was given: 1 to 64 letters, digits, `-`, `_` or `.`.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        fits.then(|| Self(text.into()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One event of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When, as RFC 3339 text with milliseconds, in UTC.
    pub time: String,
    /// What.
    pub kind: EventKind,
}

macro_rules! event_kinds {
    ($($(#[$doc:meta])* $name:ident = $tag:literal;)*) => {
        /// The kinds of events.
        #[derive(Debug, Clone, PartialEq)]
        pub enum EventKind { $($(#[$doc])* $name($name),)* }

        impl EventKind {
            /// The name of the kind, as events are written.
            pub const fn tag(&self) -> &'static str {
                match self { $(Self::$name(_) => $tag,)* }
            }

            /// What happened, as one JSON object without the name of its kind.
            ///
            /// # Errors
            /// None in practice: every part of an event has a JSON form.
            pub fn body(&self) -> Result<String, serde_json::Error> {
                match self { $(Self::$name(body) => serde_json::to_string(body),)* }
            }

            /// Reads back what [`EventKind::tag`] and [`EventKind::body`] gave.
            ///
            /// # Errors
            /// Where the name is not known or the body is not of its shape.
            pub fn parse(tag: &str, body: &str) -> Result<Self, serde_json::Error> {
                match tag {
                    $($tag => serde_json::from_str(body).map(Self::$name),)*
                    other => Err(serde_json::Error::custom(format!("no event is called {other}"))),
                }
            }
        }
    };
}

// The digits of numbers survive only where a body is read straight from its text, so the name of the
// kind stands beside the body and not in it.
event_kinds! {
    /// The first event of a run.
    RunStarted = "run_started";
    /// A request is about to be sent. It is on disk before a create or a delete goes out.
    AttemptStarted = "attempt_started";
    /// A request was answered, or not, and will be tried again.
    AttemptFailed = "attempt_failed";
    /// A step, or a row's step, has its outcome.
    StepFinished = "step_finished";
    /// The CRM was asked what became of a step in doubt; that decides nothing.
    LookedUp = "looked_up";
    /// A person has said what became of a step in doubt.
    Reconciled = "reconciled";
    /// A row of a loop has its outcome.
    RowFinished = "row_finished";
    /// The last event of a run, or of one stretch of a run that can be resumed.
    RunFinished = "run_finished";
}

/// The first event of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// The playbook as the user named it.
    pub playbook: String,
    /// The playbook's path from the project's root.
    #[serde(default)]
    pub from_root: String,
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
    pub private: Option<PrivatePrints>,
    /// The time zone of its dates.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub timezone: Option<Box<str>>,
    /// What its steps and rows are known by, by the ids of the steps.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub outline: BTreeMap<String, StepShape>,
}

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

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

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
    /// What tells the row from another one that may have its number later; see [`RowFinished::item`].
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
    /// Ctrl-C or SIGTERM.
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

impl Decision {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Resend => "resend",
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

impl RunStarted {
    /// Takes secrets out of it; a playbook may hold one too, in a comment for instance.
    pub fn mask(&mut self, masker: &Masker) {
        for value in self.inputs.values_mut() {
            mask_value(value, masker);
        }
        let rows = self.outline.values_mut().flat_map(|shape| &mut shape.rows);
        let keys = rows.flat_map(|rows| &mut rows.key);
        let texts = self.texts.values_mut().chain([&mut self.text]);
        let files = self.data.iter_mut().flat_map(|files| files.0.values_mut());
        let texts = texts.chain(files);
        for text in texts.chain(&mut self.name).chain(keys) {
            mask_text(text, masker);
        }
    }
}

/// What messages and `reconcile` call a step, with the row that it ran for.
pub fn step_name(step: &str, row: Option<&str>) -> String {
    row.map_or_else(|| step.to_owned(), |row| format!("{step}@{row}"))
}

/// Why a run stopped that may send no more that day, as [`RunFinished::stopped`] says it.
pub const BUDGET_USED_UP: &str = "the day's requests are used up";
/// Why a run stopped after a step that failed.
pub const STEP_FAILED: &str = "a step failed";
/// Why a run stopped after a step in doubt.
pub const STEP_IN_DOUBT: &str = "a step is in doubt";

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

impl StepFinished {
    /// Whether it is ok by the word of a person: no answer says so.
    pub fn is_by_hand(&self) -> bool {
        self.outcome == Outcome::Ok && self.action.is_some() && self.http_status.is_none()
    }
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

    /// Takes secrets out of it; there is none in the row's name, by which it is found again.
    pub fn mask(&mut self, masker: &Masker) {
        if let Some(error) = &mut self.error {
            mask_text(error, masker);
        }
        if let Some(code) = &mut self.code {
            mask_value(code, masker);
        }
        let accepted = self.accepted.steps.iter_mut();
        let accepted = accepted.filter_map(|step| step.wolkvox_id.as_mut());
        for id in self.wolkvox_ids.values_mut().chain(accepted) {
            if !is_given_id("wolkvox_id", id, masker) {
                mask_value(id, masker);
            }
        }
    }
}

impl EventKind {
    /// The same event fit to be written anywhere, and its [`EventKind::body`]: no secret shows in either.
    ///
    /// # Errors
    /// As for [`EventKind::body`].
    pub fn written(self, masker: &Masker) -> Result<(Self, String), serde_json::Error> {
        let body = self.body()?;
        // One look at the whole text is enough for nearly all.
        if !masker.shows_in(&body) && !self.has_cut_answer() {
            return Ok((self, body));
        }
        let harmless = self.masked(masker);
        let body = harmless.body()?;
        Ok((harmless, body))
    }

    /// Whether a part of a secret may stand at the end of a text that was cut.
    fn has_cut_answer(&self) -> bool {
        match self {
            Self::StepFinished(end) => end.answer.as_deref().is_some_and(is_cut),
            _ => false,
        }
    }

    /// The same event fit to be written anywhere: no secret shows in it.
    #[must_use]
    pub fn masked(mut self, masker: &Masker) -> Self {
        if masker.is_empty() {
            return self;
        }
        match &mut self {
            Self::RunStarted(started) => started.mask(masker),
            Self::Reconciled(_) => {}
            Self::AttemptStarted(started) => {
                let mut request = started.request.value().clone();
                mask_value(&mut request, masker);
                started.request = request.into();
                if let Some(Value::Map(with)) = &mut started.with {
                    withhold(with, &mut started.withheld, masker);
                }
            }
            Self::LookedUp(looked) => {
                for text in looked.wolkvox_ids.iter_mut().chain(&mut looked.reason) {
                    mask_text(text, masker);
                }
            }
            Self::AttemptFailed(failed) => {
                mask_text(&mut failed.reason, masker);
            }
            Self::StepFinished(finished) => mask_finished(finished, masker),
            Self::RowFinished(row) => row.mask(masker),
            Self::RunFinished(finished) => {
                for value in finished.outputs.values_mut() {
                    mask_value(value, masker);
                }
                for why in finished.missing_outputs.values_mut() {
                    mask_text(why, masker);
                }
            }
        }
        self
    }
}

/// An answer inside an event: an object or a list as it stands, any other as text. Its marks need no escapes then,
/// in the journal neither, and can be looked into: `body ->> '$.answer.data'`.
mod answer {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use serde_json::value::RawValue;

    #[expect(clippy::ref_option, reason = "serde calls it with such a reference")]
    pub(super) fn serialize<S: Serializer>(
        answer: &Option<String>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let text = answer.as_deref().unwrap_or_default();
        if text.starts_with(['{', '['])
            && let Ok(json) = serde_json::from_str::<&RawValue>(text)
            && json.get() == text
        {
            return json.serialize(serializer);
        }
        serializer.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<String>, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        if text.starts_with('"') {
            return serde_json::from_str(text)
                .map(Some)
                .map_err(D::Error::custom);
        }
        Ok((text != "null").then(|| text.to_owned()))
    }

    #[cfg(test)]
    mod tests {
        #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        struct Holds {
            #[serde(skip_serializing_if = "Option::is_none", default, with = "super")]
            answer: Option<String>,
        }

        #[test]
        fn an_answer_comes_back_byte_for_byte() {
            for answer in [
                r#"{"code":200, "n": 10000.10,"ñ":"\u00e9\n"}"#,
                "[ ]",
                "{\"cut\": ",
                "<html>\n\"x\"",
                "null",
                "7",
                "\"text\"",
                "",
                " {}",
                "{}\n",
            ] {
                let holds = Holds {
                    answer: Some(answer.to_owned()),
                };
                let json = serde_json::to_string(&holds).unwrap();
                let value: serde_json::Value = serde_json::from_str(&json).unwrap();
                assert!(value["answer"].is_string() || answer.starts_with(['{', '[']));
                assert_eq!(
                    serde_json::from_str::<Holds>(&json).unwrap(),
                    holds,
                    "{json}"
                );
            }
            let none = Holds { answer: None };
            assert_eq!(serde_json::to_string(&none).unwrap(), "{}");
            assert_eq!(serde_json::from_str::<Holds>("{}").unwrap(), none);
        }
    }
}

/// How much of an answer is kept for people to look at, in bytes.
pub const KEPT_ANSWER: usize = 64 * 1024;
/// How much of the end of an answer that was cut goes away once it is masked: a secret may stand across the
/// cut, where no masker knows it. No form of a secret is longer.
const UNSURE_END: usize = 8 * 1024;

fn is_cut(answer: &str) -> bool {
    answer.len() >= KEPT_ANSWER
}

fn mask_finished(finished: &mut StepFinished, masker: &Masker) {
    if let Some(answer) = &mut finished.answer
        && is_cut(answer)
    {
        mask_text(answer, masker);
        let sure = answer.floor_char_boundary(answer.len().saturating_sub(UNSURE_END));
        answer.truncate(sure);
    }
    if let Some(code) = &mut finished.code {
        mask_value(code, masker);
    }
    for text in [&mut finished.msg, &mut finished.error, &mut finished.answer]
        .into_iter()
        .flatten()
        .chain(&mut finished.warnings)
    {
        mask_text(text, masker);
    }
    if let Some(id) = &mut finished.wolkvox_id {
        mask_value(id, masker);
    }
    withhold(&mut finished.outputs, &mut finished.withheld, masker);
}

/// Takes out what holds a secret, and keeps its name. The ids that the CRM gave stay: they are no secrets, and without
/// them nobody could go on with the run.
fn withhold(values: &mut Map, withheld: &mut Vec<String>, masker: &Masker) {
    values.retain(|name, value| {
        let secret = !is_given_id(name, value, masker) && mask_value(value, masker);
        if secret {
            withheld.push(name.clone());
        }
        !secret
    });
}

/// Whether an output is an id, or a list of ids, of the CRM in which nothing stands of a secret but by chance.
fn is_given_id(name: &str, value: &Value, masker: &Masker) -> bool {
    let is_harmless = |id: &Value| match id.scalar_text() {
        Some(id) => masker.shows_by_chance_in(&id),
        None => false,
    };
    let is_id = matches!(name, "wolkvox_id" | "wolkvox_ids");
    is_id
        && match value {
            Value::List(ids) => ids.iter().all(is_harmless),
            id => is_harmless(id),
        }
}

fn mask_text(text: &mut String, masker: &Masker) -> bool {
    let std::borrow::Cow::Owned(harmless) = masker.mask(text) else {
        return false;
    };
    let changed = harmless != *text;
    *text = harmless;
    changed
}

/// Masks every text in a value; says whether something was masked.
fn mask_value(value: &mut Value, masker: &Masker) -> bool {
    match value {
        Value::Text(text) => mask_text(text, masker),
        Value::Number(number) if !masker.shows_in(number.as_str()) => false,
        Value::Number(number) => {
            let mut text = number.as_str().to_owned();
            let changed = mask_text(&mut text, masker);
            if changed {
                *value = Value::Text(text);
            }
            changed
        }
        Value::List(items) => {
            let mut changed = false;
            for item in items {
                changed |= mask_value(item, masker);
            }
            changed
        }
        // Most have no secret in a key, and stay where they are.
        Value::Map(map) if map.keys().all(|key| !masker.shows_in(key)) => {
            let mut changed = false;
            for item in map.values_mut() {
                changed |= mask_value(item, masker);
            }
            changed
        }
        Value::Map(map) => {
            let mut changed = false;
            for (mut key, mut item) in std::mem::take(map) {
                changed |= mask_text(&mut key, masker) | mask_value(&mut item, masker);
                map.insert(key, item);
            }
            changed
        }
        Value::Null | Value::Bool(_) => false,
    }
}
