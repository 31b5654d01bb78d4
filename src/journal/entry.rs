//! An event as the row of a table: what can be searched for in columns, all of it in the body.

use serde::Deserialize;
use serde::de::IntoDeserializer as _;
use serde::de::value::Error as TextError;

use crate::event::{Event, EventKind, RunId, RunOutcome};

/// An event ready to be inserted. Made where the event happened, so that the writer only writes.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) run: RunId,
    pub(super) time: String,
    pub(super) kind: &'static str,
    pub(super) step: Option<String>,
    pub(super) row: Option<String>,
    pub(super) attempt: Option<u32>,
    pub(super) outcome: Option<&'static str>,
    pub(super) body: String,
    pub(super) turn: Turn,
}

/// What an event means for its run as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Starts,
    GoesOn,
    /// Nothing: a run that has ended stays so.
    Aside,
    Ends,
}

impl Entry {
    /// `body` is what [`EventKind::body`] gives.
    pub(super) fn new(run: &RunId, event: &Event, body: String) -> Self {
        let mut entry = Self {
            run: run.clone(),
            time: event.time.clone(),
            kind: event.kind.tag(),
            step: None,
            row: None,
            attempt: None,
            outcome: None,
            body,
            turn: Turn::GoesOn,
        };
        match &event.kind {
            EventKind::RunStarted(_) => entry.turn = Turn::Starts,
            EventKind::AttemptStarted(it) => {
                entry.place(&it.step, it.row.as_ref());
                entry.attempt = Some(it.attempt);
            }
            EventKind::AttemptFailed(it) => {
                entry.place(&it.step, it.row.as_ref());
                entry.attempt = Some(it.attempt);
            }
            EventKind::StepFinished(it) => {
                entry.place(&it.step, it.row.as_ref());
                entry.outcome = Some(it.outcome.as_str());
            }
            // Placed nowhere, so that it is no last word on the step: what is in doubt stays so.
            EventKind::LookedUp(_) => entry.turn = Turn::Aside,
            EventKind::Reconciled(it) => entry.place(&it.step, it.row.as_ref()),
            EventKind::RowFinished(it) => {
                entry.place(&it.step, Some(&it.row));
                entry.outcome = Some(it.outcome.as_str());
            }
            EventKind::RunFinished(it) => {
                entry.outcome = Some(it.outcome.as_str());
                entry.turn = Turn::Ends;
            }
        }
        entry
    }

    fn place(&mut self, step: &str, row: Option<&String>) {
        self.step = Some(step.to_owned());
        self.row = row.cloned();
    }
}

/// Reads back the word that events use for the end of a run.
pub(super) fn parse_run_outcome(text: &str) -> Result<RunOutcome, TextError> {
    RunOutcome::deserialize(text.into_deserializer())
}
