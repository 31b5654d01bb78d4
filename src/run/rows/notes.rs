//! How far a row is while its steps run: until it has sent something, it may still be left out.

use tokio::sync::watch;

/// How far a row is.
#[derive(Debug, Default)]
pub(in crate::run) struct RowNotes {
    /// Turns true when the loop is to begin no more rows.
    pub(super) over: Option<watch::Receiver<bool>>,
    /// Whether the row has sent anything, or is inside a loop of its own.
    pub(super) has_begun: bool,
}

impl RowNotes {
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
