//! What `resume --retry-failed` does not send again though it failed: the CRM accepted it, and would do it a second time.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::run::Resumption;
use crate::action::Effect;
use crate::event::{EventKind, RunId};
use crate::journal::Journal;
use crate::outcome::Outcome;

/// How many are named.
const NAMED: usize = 10;

/// What to say of them: nothing where there is none, where failures are not tried again, or where the journal cannot be
/// read.
pub(super) fn of(journal: &Journal, run: &RunId, resumption: Option<&Resumption>) -> String {
    if !resumption.is_some_and(|resumed| resumed.retry_failed) {
        return String::new();
    }
    let held: Vec<String> = find(journal, run).unwrap_or_default();
    let mut text: String = held.iter().take(NAMED).map(String::as_str).collect();
    if held.len() > NAMED {
        let _ = writeln!(text, "and {} more", held.len() - NAMED);
    }
    text
}

fn find(journal: &Journal, run: &RunId) -> Option<Vec<String>> {
    // Of each step and row, whether it adds or removes something, until it has ended well.
    let mut open: BTreeMap<(String, Option<String>), (bool, bool)> = BTreeMap::new();
    for event in journal.events(run) {
        match event.ok()?.1.kind {
            EventKind::AttemptStarted(begun) => {
                let is_once = matches!(begun.effect, Effect::Create | Effect::Delete);
                open.insert((begun.step, begun.row), (is_once, false));
            }
            EventKind::StepFinished(end) if end.outcome == Outcome::Ok => {
                open.remove(&(end.step, end.row));
            }
            EventKind::StepFinished(end) if end.accepted => {
                if let Some((_, accepted)) = open.get_mut(&(end.step, end.row)) {
                    *accepted = end.outcome == Outcome::Failed;
                }
            }
            _ => {}
        }
    }
    let held = open.into_iter().filter(|(_, (once, held))| *once && *held);
    Some(held.map(|((step, row), _)| words(&step, row)).collect())
}

fn words(step: &str, row: Option<String>) -> String {
    let row = row.map_or_else(String::new, |row| format!(" (row {row})"));
    format!(
        "{step}{row} was not sent again, on purpose:\n  the CRM did accept it, and would do it a second time\n"
    )
}
