//! A run that is gone on with: what an earlier stretch was asked to do, and what it has done.

use jiff::Timestamp;

use super::call::Call;
use super::past::Asked;
use super::spent::Spent;
use crate::event::{RunId, RunStarted};
use crate::plan::Earlier;

/// A run that is gone on with.
pub(super) struct Resumption {
    pub(super) run: RunId,
    pub(super) started_at: Timestamp,
    pub(super) earlier: RunStarted,
    /// The inputs of its first stretch.
    pub(super) inputs: Earlier,
    /// What it has sent.
    pub(super) spent: Spent,
    pub(super) asked: Asked,
    /// The commands that go on with it.
    pub(super) call: Call,
    /// Whether it has come to a good end, so that nothing is left to go on with.
    pub(super) is_ok: bool,
    /// The number of the last event that all of this was read up to.
    pub(super) last: u64,
}
