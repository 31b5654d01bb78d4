//! What the steps of a row leave behind while they run. It knows the ends of steps, not how they are sent.

use tokio::sync::watch;

use crate::event::StepFinished;
use crate::outcome::Outcome;
use crate::value::{Map, Value};

/// What the steps of a row have left behind.
#[derive(Debug, Default)]
pub(in crate::run) struct RowNotes {
    pub(super) ids: Map,
    pub(super) bad: Option<(String, Option<Value>, Option<String>)>,
    /// Turns true when the loop is to begin no more rows.
    pub(super) over: Option<watch::Receiver<bool>>,
    /// Whether the row has sent anything, or is inside a loop of its own.
    pub(super) has_begun: bool,
    /// Whether the CRM accepted what is bad.
    pub(super) accepted: bool,
}

impl RowNotes {
    /// Takes note of the end of one of its steps.
    pub(in crate::run) fn add(&mut self, end: &StepFinished) {
        if let Some(id) = &end.wolkvox_id {
            self.ids.insert(end.step.clone(), id.clone());
        }
        if self.bad.is_none() && matches!(end.outcome, Outcome::Failed | Outcome::Unknown) {
            self.bad = Some((end.step.clone(), end.code.clone(), end.error.clone()));
            self.accepted = end.accepted;
        }
    }

    /// From now on the row goes to its end, whatever becomes of others: half a row is worse than one more.
    pub(in crate::run) const fn begin(&mut self) {
        self.has_begun = true;
    }

    /// Returns when the loop is to begin no more rows and this one has sent nothing; never for any other.
    pub(in crate::run) async fn is_too_late(&self) {
        if let Some(over) = self.over.clone().filter(|_| !self.has_begun) {
            over_or_never(over).await;
        } else {
            std::future::pending::<()>().await;
        }
    }
}

/// Returns when it turns true; never where nobody can tell any more.
async fn over_or_never(mut over: watch::Receiver<bool>) {
    if over.wait_for(|over| *over).await.is_err() {
        std::future::pending::<()>().await;
    }
}
