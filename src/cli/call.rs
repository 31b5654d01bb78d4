//! The commands that messages propose about one run: whole, so that they can be typed as they stand.

use std::path::Path;

use super::explain::quoted;
use super::{open, state};
use crate::event::RunId;

/// How commands about one run begin and end.
#[derive(Debug, Clone)]
pub(super) struct Call {
    run: RunId,
    /// The flag that says where the journal is, where it has to be said.
    place: String,
}

impl Call {
    /// Of a run in the journal of this folder.
    pub(super) fn new(run: &RunId, state: &Path) -> Self {
        Self {
            run: run.clone(),
            place: place(state),
        }
    }

    /// The run.
    pub(super) const fn run(&self) -> &RunId {
        &self.run
    }

    /// `reconcile` with these words of its own.
    pub(super) fn reconcile(&self, words: &str) -> String {
        self.command("reconcile", words)
    }

    /// `resume` with these words of its own.
    pub(super) fn resume(&self, words: &str) -> String {
        self.command("resume", words)
    }

    fn command(&self, name: &str, words: &str) -> String {
        let between = if words.is_empty() { "" } else { " " };
        format!("voxplay {name} {}{between}{words}{}", self.run, self.place)
    }
}

/// The flag that says where the journal is, with a space before it; nothing where commands that are typed here find it
/// by themselves.
fn place(state: &Path) -> String {
    if open::absolute(&state::found_here(None)) == open::absolute(state) {
        return String::new();
    }
    format!(" --state-dir {}", word(&open::shown(state)))
}

/// A word of a shell that stands for this text.
pub(super) fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        quoted(text)
    }
}
