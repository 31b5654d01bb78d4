//! A run as a machine without I/O: it says what is next (record, attach, send, wait) and is told what
//! came of it. It knows no clock, no sockets and no files, so that a crash can be tested after every event.

mod answered_rows;
mod attempt;
mod drive;
mod found;
mod history;
mod lane;
mod ledger;
mod look_up;
mod loops;
mod naming;
mod pace;
mod paged;
mod policy;
mod rows;
mod settle;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::attachment::Attachment;
use crate::event::{Counts, EventKind};
use crate::journal::Durability;
use crate::plan::{Home, PlannedLoop, PlannedStep};
use crate::playbook::Limits;
use crate::request::Request;
use crate::template::Scope;
use crate::transport::{Response, SendError};

pub use drive::{Driver, Progress, RunError, Unrecorded, Watcher};
pub use history::History;
pub use lane::{Lane, LaneEnd, Stop};
pub use ledger::{AccountFile, AccountKind};
pub use look_up::{Looked, Reader};
pub use loops::{LoopEnd, Tally};
pub use naming::RowNames;
pub use pace::{NoLeave, Pace, PaceRules};
pub use rows::AccountFiles;

/// What the machine wants done next.
#[derive(Debug)]
pub enum Command<'p> {
    /// Write the event down; with [`Durability::Now`], answer only once it is on disk.
    Record(Box<EventKind>, Durability),
    /// Look at the files that a request will carry; their paths stand in this playbook.
    Attach(&'p Home, Vec<String>),
    /// Wait until another request may be sent, as the target's pace allows; where the server has asked everybody to
    /// wait, so long and no longer.
    Admit(Duration),
    /// Run the steps of a loop for each row, under this scope; or only account for its rows, where there is a reason
    /// why they are left out.
    Loop(&'p PlannedStep, &'p PlannedLoop, Scope, Option<String>),
    /// Send the request; wait for its answer so long and no longer.
    Send(std::sync::Arc<Request>, Duration),
    /// Wait so long.
    Wait(Duration),
    /// Nothing is left.
    Done(LaneEnd),
}

impl Command<'_> {
    /// Whether leave to send a request is still needed: it goes out now, or once its intent is written down.
    pub(super) const fn leads_to_a_request(&self) -> bool {
        match self {
            Self::Send(..) => true,
            Self::Record(event, _) => matches!(**event, EventKind::AttemptStarted(_)),
            _ => false,
        }
    }
}

/// What came of the last command.
#[derive(Debug)]
pub enum Input {
    /// Begin.
    Go,
    /// The event is written down.
    Recorded,
    /// The files, or why one cannot be sent.
    Attached(Result<Vec<Attachment>, String>),
    /// Another request may be sent, after so many milliseconds; or why not.
    Admitted(Result<u64, NoLeave>),
    /// The loop is over.
    Looped(Box<LoopEnd>),
    /// What came back.
    Answered(Box<Result<Response, SendError>>),
    /// The wait is over.
    Woke,
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

    /// Takes leave to send one request that deletes so many records.
    ///
    /// # Errors
    /// Which limit it would pass; then nothing is taken.
    pub fn take(&self, deletes: u64) -> Result<(), String> {
        take(&self.requests, 1, self.most_requests)
            .map_err(|most| format!("`limits.requests` is {most}, and this would be one more"))?;
        take(&self.deletes, deletes, self.most_deletes).map_err(|most| {
            self.requests.fetch_sub(1, Ordering::Relaxed);
            format!("`limits.deletes` is {most}, and this would delete {deletes} more")
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

fn take(counter: &AtomicU64, amount: u64, most: Option<u64>) -> Result<(), u64> {
    let most = most.unwrap_or(u64::MAX);
    counter
        .try_update(Ordering::Relaxed, Ordering::Relaxed, |now| {
            now.checked_add(amount).filter(|after| *after <= most)
        })
        .map(|_| ())
        .map_err(|_| most)
}

/// Adds up the counts of several lanes.
pub fn sum(parts: impl IntoIterator<Item = Counts>) -> Counts {
    parts.into_iter().fold(Counts::default(), |a, b| Counts {
        ok: a.ok + b.ok,
        failed: a.failed + b.failed,
        unknown: a.unknown + b.unknown,
        skipped: a.skipped + b.skipped,
        not_run: a.not_run + b.not_run,
    })
}

#[cfg(test)]
mod tests;
