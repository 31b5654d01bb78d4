//! What waits for the writer: in order, bounded. The writer is woken at once where somebody waits for an
//! entry, else a little later, so that a run of entries for which nobody waits costs few commits.
//!
//! It does not know what is written.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::writer::Message;

/// How many events may be queued and not yet written before who appends more has to wait.
pub(super) const ROOM: usize = 512;
/// How many messages share a commit at most, so that the first of them does not wait for long.
const GROUP: usize = 256;
/// How long entries for which nobody waits are gathered.
const GATHER: Duration = Duration::from_millis(20);

/// The queue: many append, one takes.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    filled: Condvar,
    room: Semaphore,
}

#[derive(Debug, Default)]
struct State {
    messages: VecDeque<Message>,
    /// Whether somebody waits for one of them.
    is_urgent: bool,
    is_closed: bool,
}

/// The writer's end of the queue. When it goes, by a panic too, whoever waits for an answer hears of it.
#[derive(Debug)]
pub(super) struct Outlet(Arc<Queue>);

impl Queue {
    /// An empty queue and the writer's end of it.
    pub(super) fn new() -> (Arc<Self>, Outlet) {
        let queue = Arc::new(Self {
            state: Mutex::default(),
            filled: Condvar::new(),
            room: Semaphore::new(ROOM),
        });
        (Arc::clone(&queue), Outlet(queue))
    }

    /// Appends a message after all whose appends began before; waits for room.
    ///
    /// # Errors
    /// The message, where the queue takes nothing more.
    pub(super) async fn push(&self, message: Message) -> Result<(), Message> {
        match self.room.acquire().await {
            Ok(place) => place.forget(),
            Err(_) => return Err(message),
        }
        let mut state = self.state();
        if state.is_closed {
            return Err(message);
        }
        let hurries = message.is_awaited() && !state.is_urgent;
        state.is_urgent |= hurries;
        state.messages.push_back(message);
        let wakes = hurries || matches!(state.messages.len(), 1 | GROUP);
        drop(state);
        if wakes {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// Takes nothing more. What is queued is still taken out.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.room.close();
        self.filled.notify_one();
    }

    /// Nothing that panics can leave the state half changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outlet {
    /// Waits for messages; the next group, in order, or none once the queue is closed and empty.
    pub(super) fn take(&self) -> Option<Vec<Message>> {
        let queue = &*self.0;
        let state = queue
            .filled
            .wait_while(queue.state(), |state| {
                state.messages.is_empty() && !state.is_closed
            })
            .unwrap_or_else(PoisonError::into_inner);
        let (state, _) = queue
            .filled
            .wait_timeout_while(state, GATHER, |state| {
                !state.is_urgent && !state.is_closed && state.messages.len() < GROUP
            })
            .unwrap_or_else(PoisonError::into_inner);
        let group = first_of(state, GROUP);
        (!group.is_empty()).then_some(group)
    }

    /// What has come since, without waiting: what still fits into a group of which `taken` are there.
    pub(super) fn more(&self, taken: usize) -> Vec<Message> {
        first_of(self.0.state(), GROUP.saturating_sub(taken))
    }

    /// Whether little waits, and nobody for it.
    pub(super) fn is_calm(&self) -> bool {
        let state = self.0.state();
        !state.is_urgent && state.messages.len() < GROUP / 2
    }

    /// So many of what was taken are done with: there is room for as many again.
    pub(super) fn done(&self, messages: usize) {
        self.0.room.add_permits(messages);
    }

    /// Takes nothing more into the queue.
    pub(super) fn close(&self) {
        self.0.close();
    }
}

fn first_of(mut state: MutexGuard<'_, State>, most: usize) -> Vec<Message> {
    let size = state.messages.len().min(most);
    let group = state.messages.drain(..size).collect();
    state.is_urgent = state.messages.iter().any(Message::is_awaited);
    group
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.0.close();
        self.0.state().messages.clear();
    }
}
