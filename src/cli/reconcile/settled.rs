//! What a person has said before, and may say otherwise: until the run has gone on with it, a later word takes the
//! place of an earlier one. An id that is found late may be added at any time.

use std::collections::HashSet;

use super::words::accepted;
use crate::diagnostic::{Code, Diagnostic};
use crate::event::{Decision, EventKind, Reconciled, RunId, step_name};
use crate::journal::{Journal, JournalError};
use crate::outcome::Outcome;
use crate::value::Value;

/// The last word on a step, or a row's step, that has not been sent since.
pub(super) struct Settled {
    word: Reconciled,
    /// When it was said.
    time: String,
    /// Whether the run has gone on since, and what it did may rest on it.
    is_used: bool,
    /// Whether it was said of what failed though the CRM accepted it.
    of_accepted: bool,
}

/// The last words of earlier calls.
pub(super) fn read(journal: &Journal, run: &RunId) -> Result<Vec<Settled>, JournalError> {
    let mut settled: Vec<Settled> = Vec::new();
    let mut accepted: HashSet<(String, Option<String>)> = HashSet::new();
    for event in journal.events(run) {
        let (_, event) = event?;
        match event.kind {
            EventKind::RunStarted(_) => settled.iter_mut().for_each(|it| it.is_used = true),
            EventKind::StepFinished(end) if end.accepted && end.outcome == Outcome::Failed => {
                accepted.insert((end.step, end.row));
            }
            EventKind::AttemptStarted(sent) => {
                accepted.remove(&(sent.step.clone(), sent.row.clone()));
                settled.retain(|it| it.word.step != sent.step || it.word.row != sent.row);
            }
            EventKind::Reconciled(word) => {
                let before = settled
                    .iter()
                    .position(|it| it.word.step == word.step && it.word.row == word.row);
                let is_used = before.is_some_and(|at| settled.remove(at).is_used);
                settled.push(Settled {
                    of_accepted: accepted.contains(&(word.step.clone(), word.row.clone())),
                    word,
                    time: event.time,
                    is_used,
                });
            }
            _ => {}
        }
    }
    Ok(settled)
}

impl Settled {
    /// Whether a name of the command line means this step, or this row of one.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name() == name
    }

    fn name(&self) -> String {
        step_name(&self.word.step, self.word.row.as_deref())
    }

    /// Whether a word adds the id to what the run has gone on with already.
    pub(super) fn is_used_without(&self, word: &Reconciled) -> bool {
        self.is_used && self.word.step == word.step && self.word.row == word.row
    }

    /// The word that takes the place of this one, or adds an id to it.
    ///
    /// # Errors
    /// How the step was settled, where the run has gone on with that.
    pub(super) fn another_word(
        &self,
        decision: Decision,
        id: Option<&str>,
    ) -> Result<Reconciled, Diagnostic> {
        if self.of_accepted && decision != Decision::Ok {
            return Err(accepted(&self.name()));
        }
        let before = &self.word;
        let adds_id = decision == Decision::Ok
            && before.decision == Decision::Ok
            && before.wolkvox_id.is_none();
        if self.is_used && !(adds_id && id.is_some()) {
            return Err(Diagnostic::error(
                Code::UnknownStep,
                format!(
                    "{} was settled as {} at {}, and the run has gone on with that",
                    self.name(),
                    self.said(),
                    self.time
                ),
            )
            .help(
                "nothing is in doubt about it any more: put right in the CRM what is wrong there",
            ));
        }
        Ok(Reconciled {
            decision,
            wolkvox_id: match id {
                // What the CRM accepted keeps the id of its answer.
                None if self.of_accepted => before.wolkvox_id.clone(),
                id => id.map(Value::from),
            },
            ..before.clone()
        })
    }

    fn said(&self) -> String {
        let id = self.word.wolkvox_id.as_ref().and_then(Value::scalar_text);
        match (self.word.decision, id) {
            (Decision::Ok, Some(id)) => format!("ok with the id {id}"),
            (Decision::Ok, None) => "ok without an id".to_owned(),
            (Decision::Failed, _) => "failed".to_owned(),
            (Decision::Resend, _) => "to be sent again".to_owned(),
        }
    }
}
