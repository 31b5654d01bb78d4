//! An event as the row of a table: what can be searched for in columns, all of it in the body.

use serde::Deserialize;
use serde::de::IntoDeserializer as _;
use serde::de::value::Error as TextError;

use crate::event::{Event, EventKind, RunId, RunOutcome};
use crate::outcome::Outcome;

/// An event ready to be inserted. Made where the event happened, so that the writer only writes.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) run: RunId,
    pub(super) kind: &'static str,
    pub(super) attempt: Option<u32>,
    pub(super) outcome: Option<&'static str>,
    pub(super) turn: Turn,
    /// Body, time, step and row, one after the other: it is freed by another thread than the one that made it, which
    /// costs more than usual for each piece.
    texts: String,
    /// Where the body ends.
    body: usize,
    /// Where the time ends.
    time: usize,
    /// Where the step ends, and the row where there is one.
    step: Option<(usize, bool)>,
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
        let (place, attempt, outcome, turn) = match &event.kind {
            EventKind::RunStarted(_) => (None, None, None, Turn::Starts),
            EventKind::AttemptStarted(it) => {
                let place = Some((&it.step, it.row.as_ref()));
                (place, Some(it.attempt), None, Turn::GoesOn)
            }
            EventKind::AttemptFailed(it) => {
                let place = Some((&it.step, it.row.as_ref()));
                (place, Some(it.attempt), None, Turn::GoesOn)
            }
            EventKind::StepFinished(it) => {
                let place = Some((&it.step, it.row.as_ref()));
                (place, None, Some(it.outcome.as_str()), Turn::GoesOn)
            }
            // Placed nowhere, so that it is no last word on the step: what is in doubt stays so.
            EventKind::LookedUp(_) => (None, None, None, Turn::Aside),
            EventKind::Reconciled(it) => {
                let place = Some((&it.step, it.row.as_ref()));
                (
                    place,
                    None,
                    it.decision.outcome().map(Outcome::as_str),
                    Turn::GoesOn,
                )
            }
            EventKind::RowFinished(it) => {
                let place = Some((&it.step, Some(&it.row)));
                (place, None, Some(it.outcome.as_str()), Turn::GoesOn)
            }
            EventKind::RunFinished(it) => (None, None, Some(it.outcome.as_str()), Turn::Ends),
        };
        let mut texts = body;
        let body = texts.len();
        texts.push_str(&event.time);
        let time = texts.len();
        let step = place.map(|(step, row)| {
            texts.push_str(step);
            let end = texts.len();
            texts.push_str(row.map_or("", String::as_str));
            (end, row.is_some())
        });
        Self {
            run: run.clone(),
            kind: event.kind.tag(),
            attempt,
            outcome,
            turn,
            texts,
            body,
            time,
            step,
        }
    }

    pub(super) fn body(&self) -> &str {
        &self.texts[..self.body]
    }

    pub(super) fn time(&self) -> &str {
        &self.texts[self.body..self.time]
    }

    pub(super) fn step(&self) -> Option<&str> {
        self.step.map(|(end, _)| &self.texts[self.time..end])
    }

    pub(super) fn row(&self) -> Option<&str> {
        let (start, is_there) = self.step?;
        is_there.then(|| &self.texts[start..])
    }
}

/// Reads back the word that events use for the end of a run.
pub(super) fn parse_run_outcome(text: &str) -> Result<RunOutcome, TextError> {
    RunOutcome::deserialize(text.into_deserializer())
}
