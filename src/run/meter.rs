//! What a run has sent, counted against its `limits`. It sends nothing, and knows nothing of the target's pace.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::playbook::Limits;

/// A limit that a request would pass, and what it is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Requests that a run may send.
    Requests(u64),
    /// Records that a run may delete.
    Deletes(u64),
}

impl Limit {
    /// Why nothing more is run after a request that would have passed it.
    pub(super) fn reached(self) -> String {
        format!("a limit was reached ({self})")
    }

    /// Why a request that deletes so many records is not sent.
    pub(super) fn refusal(self, deletes: u64) -> String {
        match self {
            Self::Requests(_) => format!("{self}, and this would be one more"),
            Self::Deletes(_) => format!("{self}, and this would delete {deletes} more"),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requests(most) => write!(f, "`limits.requests` is {most}"),
            Self::Deletes(most) => write!(f, "`limits.deletes` is {most}"),
        }
    }
}

/// What a run has sent so far, against what it may send; shared by everything in the run. What provably did not leave
/// is given back.
#[derive(Debug, Default)]
pub struct Meter {
    requests: AtomicU64,
    /// Those of `requests` that earlier stretches of the run have sent.
    before: u64,
    deletes: AtomicU64,
    most_requests: Option<u64>,
    most_deletes: Option<u64>,
}

impl Meter {
    /// Nothing sent yet, under these limits.
    pub fn new(limits: &Limits) -> Self {
        Self {
            most_requests: limits.requests.as_ref().map(|limit| limit.value),
            most_deletes: limits.deletes.as_ref().map(|limit| limit.value),
            ..Self::default()
        }
    }

    /// The same meter for a run that has sent so many requests already, and deleted so many records.
    #[must_use]
    pub fn already(mut self, requests: u64, deletes: u64) -> Self {
        self.before = requests;
        self.requests.store(requests, Ordering::Relaxed);
        self.deletes.store(deletes, Ordering::Relaxed);
        self
    }

    /// Whether leave to send one request that deletes so many records would be given now. It is taken when the request
    /// is sent; that others send in the meantime is seen then.
    ///
    /// # Errors
    /// Which limit it would pass.
    pub fn ask(&self, deletes: u64) -> Result<(), Limit> {
        ask(self.requests(), 1, self.most_requests).map_err(Limit::Requests)?;
        let so_far = self.deletes.load(Ordering::Relaxed);
        ask(so_far, deletes, self.most_deletes).map_err(Limit::Deletes)?;
        Ok(())
    }

    /// Takes leave to send one request that deletes so many records.
    ///
    /// # Errors
    /// Which limit it would pass; then nothing is taken.
    pub fn take(&self, deletes: u64) -> Result<(), Limit> {
        take(&self.requests, 1, self.most_requests).map_err(Limit::Requests)?;
        take(&self.deletes, deletes, self.most_deletes).map_err(|most| {
            self.requests.fetch_sub(1, Ordering::Relaxed);
            Limit::Deletes(most)
        })
    }

    /// Gives leave back that was not used: the request was provably not sent, nor will it be, where it is one that
    /// deletes.
    pub fn give_back(&self, deletes: u64) {
        self.requests.fetch_sub(1, Ordering::Relaxed);
        self.deletes.fetch_sub(deletes, Ordering::Relaxed);
    }

    /// Requests sent so far.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Those of them that this stretch of the run has sent.
    pub fn in_this_stretch(&self) -> u64 {
        self.requests().saturating_sub(self.before)
    }
}

/// What is counted after so many more, where that is no more than is allowed; else what is allowed.
fn ask(now: u64, amount: u64, most: Option<u64>) -> Result<u64, u64> {
    let most = most.unwrap_or(u64::MAX);
    let after = now.checked_add(amount);
    after.filter(|after| *after <= most).ok_or(most)
}

fn take(counter: &AtomicU64, amount: u64, most: Option<u64>) -> Result<(), u64> {
    counter
        .try_update(Ordering::Relaxed, Ordering::Relaxed, |now| {
            ask(now, amount, most).ok()
        })
        .map(|_| ())
        .map_err(|_| most.unwrap_or(u64::MAX))
}
