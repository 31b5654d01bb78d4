//! An id that is found after its step was settled without one.

use crate::event::{Decision, EventKind, Reconciled, RunId};
use crate::journal::{Journal, JournalError};
use crate::value::Value;

/// The words of earlier calls by which a step is ok and has no id: the last one of each step of each row.
pub(super) fn settled_without_id(
    journal: &Journal,
    run: &RunId,
) -> Result<Vec<Reconciled>, JournalError> {
    let mut settled: Vec<Reconciled> = Vec::new();
    for event in journal.events(run) {
        if let EventKind::Reconciled(word) = event?.1.kind {
            settled.retain(|before| before.step != word.step || before.row != word.row);
            if word.decision == Decision::Ok && word.wolkvox_id.is_none() {
                settled.push(word);
            }
        }
    }
    Ok(settled)
}

/// The word that adds an id to the one step, or row of a step, that a name of the command line means.
pub(super) fn word(settled: &[Reconciled], name: &str, id: &str) -> Option<Reconciled> {
    let mut meant = settled.iter().filter(|word| match &word.row {
        Some(row) => format!("{}@{row}", word.step) == name,
        None => word.step == name,
    });
    let word = meant.next()?;
    Some(Reconciled {
        wolkvox_id: Some(Value::from(id)),
        ..word.clone()
    })
}
