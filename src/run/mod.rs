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
mod meter;
mod naming;
mod pace;
mod paged;
mod policy;
mod rows;
mod settle;

use std::time::Duration;

use crate::attachment::Attachment;
use crate::event::{Counts, EventKind};
use crate::journal::Durability;
use crate::plan::{Home, PlannedLoop, PlannedStep};
use crate::request::Request;
use crate::template::Scope;
use crate::transport::{Response, SendError};

pub use drive::{Driver, Progress, RunError, Unrecorded, Watcher};
pub use history::History;
pub use lane::{Lane, LaneEnd, Stop};
pub use ledger::{AccountFile, AccountKind};
pub use look_up::{Looked, Reader};
pub use loops::{LoopEnd, Tally};
pub use meter::{Limit, Meter};
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
