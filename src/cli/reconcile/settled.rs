//! What a person has said before, and may say otherwise: until the run has gone on with it, a later word takes the
//! place of an earlier one. An id that is found late may be added at any time, also one that the CRM left blank.

use std::collections::{BTreeMap, HashSet};

use super::words::accepted;
use crate::action::Effect;
use crate::diagnostic::{Code, Diagnostic};
use crate::event::{Decision, EventKind, Reconciled, RunId, step_name};
use crate::journal::{Journal, JournalError};
use crate::outcome::Outcome;
use crate::report::words::harmless;
use crate::value::Value;

/// The last word on a step, or a row's step, that has not been sent since.
pub(super) struct Settled {
    word: Reconciled,
    /// When it was said.
    time: String,
    /// Whether the run has gone on since, and what it did may rest on it.
    is_used: bool,
    /// Whether it was said of what the CRM accepted: of what failed all the same, or has no id.
    of_accepted: bool,
}

/// A step, or a row's step, that went well, and for which the CRM gave no id: a person can give it.
pub(super) struct WithoutId {
    step: String,
    row: Option<String>,
    action: Option<String>,
}

/// What a run has of earlier calls, and of ids that are missing.
pub(super) struct Before {
    /// The last words of earlier calls.
    pub(super) settled: Vec<Settled>,
    pub(super) without_id: Vec<WithoutId>,
}

/// Reads a run.
pub(super) fn read(journal: &Journal, run: &RunId) -> Result<Before, JournalError> {
    let mut settled: Vec<Settled> = Vec::new();
    let mut without_id: BTreeMap<(String, Option<String>), Option<String>> = BTreeMap::new();
    let mut accepted: HashSet<(String, Option<String>)> = HashSet::new();
    let mut reading: HashSet<(String, Option<String>)> = HashSet::new();
    for event in journal.events(run) {
        let (_, event) = event?;
        match event.kind {
            EventKind::RunStarted(_) => settled.iter_mut().for_each(|it| it.is_used = true),
            EventKind::StepFinished(end) => {
                let key = (end.step.clone(), end.row.clone());
                let has_read = reading.remove(&key);
                if end.accepted && end.outcome == Outcome::Failed {
                    accepted.insert(key);
                } else if end.lacks_id() && !has_read {
                    accepted.insert(key.clone());
                    without_id.insert(key, end.action);
                }
            }
            EventKind::AttemptStarted(sent) => {
                let key = (sent.step.clone(), sent.row.clone());
                accepted.remove(&key);
                settled.retain(|it| it.word.step != sent.step || it.word.row != sent.row);
                without_id.remove(&key);
                if sent.effect == Effect::Read {
                    reading.insert(key);
                }
            }
            EventKind::Reconciled(word) => {
                without_id.remove(&(word.step.clone(), word.row.clone()));
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
    let without_id = without_id.into_iter();
    Ok(Before {
        settled,
        without_id: without_id
            .map(|((step, row), action)| WithoutId { step, row, action })
            .collect(),
    })
}

impl WithoutId {
    pub(super) fn name(&self) -> String {
        step_name(&self.step, self.row.as_deref())
    }

    /// Whether a name of the command line means this one.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name() == name || self.step == name
    }

    /// Whether a word is about this one.
    pub(super) fn is_meant(&self, word: &Reconciled) -> bool {
        self.step == word.step && self.row == word.row
    }

    /// That this is its id.
    pub(super) fn word(&self, id: &str) -> Reconciled {
        Reconciled {
            step: self.step.clone(),
            row: self.row.clone(),
            action: self.action.clone(),
            decision: Decision::Ok,
            wolkvox_id: Some(Value::from(id)),
        }
    }
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
        let is_bare = self.word.decision == Decision::Ok && self.word.wolkvox_id.is_none();
        let without = if is_bare { " without an id" } else { "" };
        format!("{}{without}", harmless(&self.word.said()))
    }
}
