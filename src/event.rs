//! What happened, in the order it happened: versioned, self-contained, ready to be written down.
//!
//! Progress, reports and a resumed run are folds over these events. They hold no secrets by
//! contract of the writer: the journal and the command line mask what they write.

mod accepted;
mod answer;
mod batch;
mod counts;
mod doubt;
mod mask;
mod row;
mod run_finished;
mod run_id;
mod run_started;
mod step;

use serde::de::Error as _;

pub use accepted::{Accepted, AcceptedStep};
pub use batch::{Batch, row_words, rows_in};
pub use counts::Counts;
pub use doubt::{Decision, LookedUp, Reconciled};
pub use mask::{KEPT_ANSWER, print_name};
pub use row::RowFinished;
pub use run_finished::{BUDGET_USED_UP, RunFinished, RunOutcome, STEP_FAILED, STEP_IN_DOUBT};
pub use run_id::RunId;
pub use run_started::{
    ATTACHMENT_PRINT, AccountFlags, DATA_PRINT, DataFiles, PrivatePrints, RowShape, RunStarted,
    StepShape,
};
pub use step::{AttemptFailed, AttemptStarted, RECORD_ID, StepFinished, step_name};

/// The version of the events, written as `schema` into each.
pub const SCHEMA: u32 = 1;

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

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}
