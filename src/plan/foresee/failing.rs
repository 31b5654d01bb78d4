//! Rows that are known to fail before anything is sent: how many, and which. Few of them are kept, however many there
//! are.

use std::sync::Arc;

use super::super::{Home, PlannedKind, PlannedStep};
use crate::diagnostic::{Code, Diagnostic};
use crate::playbook::OnFailure;
use crate::source::Span;

/// So many are named.
const FIRST: usize = 5;

/// The rows of one loop that are known to fail.
#[derive(Debug)]
pub struct FailingRows {
    /// The id of the loop.
    pub id: String,
    /// How many.
    pub count: u64,
    /// The number of the last one, in the innermost loop.
    pub last: u64,
    /// The first ones, as messages call them.
    first: Vec<String>,
    /// How many rows those are.
    named: u64,
    /// Why the first one fails.
    why: String,
    /// What messages call the data.
    source: String,
    goes_on: bool,
    home: Arc<Home>,
    span: Span,
}

/// Rows that fail together: one, or those of a batch.
pub(super) struct Failure {
    /// How messages call them: `row 3 (line 4)`.
    pub(super) label: String,
    /// How many they are.
    pub(super) rows: u64,
    /// The number of the first.
    pub(super) number: u64,
    /// Why they fail.
    pub(super) why: String,
}

impl FailingRows {
    /// Of a loop none of whose rows is known to fail yet; `source` is what messages call its data.
    pub(super) fn of(step: &PlannedStep, source: &str) -> Self {
        let has_room = match &step.kind {
            PlannedKind::Loop(each) => each.max_failures.is_some(),
            _ => false,
        };
        Self {
            id: step.id.clone(),
            count: 0,
            last: 0,
            first: Vec::new(),
            named: 0,
            why: String::new(),
            source: source.to_owned(),
            goes_on: has_room || step.on_failure == OnFailure::Continue,
            home: Arc::clone(&step.home),
            span: step.span,
        }
    }

    pub(super) fn add(&mut self, failure: Failure) {
        self.count += failure.rows;
        self.last = self.last.max(failure.number);
        if self.first.is_empty() {
            self.why = failure.why;
        }
        if self.first.len() < FIRST {
            self.named += failure.rows;
            self.first.push(failure.label);
        }
    }

    /// What is said of them before the run.
    pub fn finding(&self) -> Diagnostic {
        let mut which = self.first.join(", ");
        match self.count - self.named {
            0 => {}
            more => which = format!("{which} and {more} more"),
        }
        let rows = match self.count {
            1 => "1 row".to_owned(),
            many => format!("{many} rows"),
        };
        let message = format!("{rows} of {} cannot be sent: {which}", self.source);
        let first = self.first.first().map_or("", String::as_str);
        let then = match (self.goes_on, self.count) {
            (true, 1) => "put it right, or it will count as failed",
            (true, _) => "put them right, or they will count as failed",
            (false, 1) => "put it right: the run stops there",
            (false, _) => "put them right: the run stops at the first of them",
        };
        Diagnostic::warning(Code::Schema, message)
            .at(self.home.source(), self.span)
            .help(format!("{first}: {}; {then}", self.why))
    }
}
