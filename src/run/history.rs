//! What an earlier stretch of the same run has done: a fold over its events, and the word of a person
//! about what was in doubt.

mod accepted;
mod stretches;

use std::cell::RefCell;
use std::collections::HashMap;

use self::stretches::Stretches;
use super::naming::HIDDEN;
use crate::action::Effect;
use crate::event::{
    AttemptStarted, Decision, EventKind, RECORD_ID, Reconciled, RowFinished, RunId, StepFinished,
};
use crate::journal::{Journal, JournalError};
use crate::outcome::Outcome;
use crate::plan::{PlannedKind, PlannedStep};
use crate::value::{Map, Value};

/// A step, and the row where it stands in a loop.
type Key = (String, Option<String>);

/// What is known of one step of one row.
#[derive(Debug, Clone, Default)]
struct Known {
    settled: Option<StepFinished>,
    begun: Option<AttemptStarted>,
    /// What its latest request would have done.
    effect: Option<Effect>,
    /// Whether an attempt may have been processed, and no outcome says so yet.
    doubted: bool,
    /// Whether an attempt got no answer that says whether it was processed, whatever it was to do: its action may be
    /// described otherwise now.
    unanswered: bool,
    /// What was in doubt before a person settled it: until something is sent again, a later word of theirs takes the
    /// place of the earlier one.
    before_word: Option<Box<Known>>,
    row: Option<RowFinished>,
    /// What told its row from others when it began.
    item: Option<String>,
}

/// What is known of steps from events of the same run.
///
/// Steps outside loops are kept in memory; those of rows are looked up when their row's turn comes, so that
/// a run of a million rows is gone on with in constant memory.
#[derive(Debug, Default)]
pub struct History {
    steps: HashMap<Key, Known>,
    rows: Option<(Journal, RunId)>,
    retries_failed: bool,
    hides_keys: bool,
    /// Whether the playbook or its data may be others than before.
    is_changed: bool,
    stretches: Stretches,
    /// Why something could not be read, until the run ends by it.
    failure: RefCell<Option<JournalError>>,
}

impl History {
    /// Reads events in their order; all of them are kept in memory.
    pub fn from_events<'e>(events: impl IntoIterator<Item = &'e EventKind>) -> Self {
        let mut history = Self::default();
        for event in events {
            if let Some(key) = key_of(event) {
                history.hides_keys |= is_hidden(&key);
                history.steps.entry(key).or_default().add(event);
            }
        }
        history
    }

    /// Reads a run of a journal.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub fn from_journal(journal: &Journal, run: &RunId) -> Result<Self, JournalError> {
        let mut history = Self::default();
        for event in journal.events(run) {
            let (number, event) = event?;
            if let EventKind::RunStarted(started) = &event.kind {
                history.stretches.add(number, started);
            }
            let Some(key) = key_of(&event.kind) else {
                continue;
            };
            history.hides_keys |= is_hidden(&key);
            if key.1.is_none() {
                history.steps.entry(key).or_default().add(&event.kind);
            }
        }
        history.rows = Some((journal.clone(), run.clone()));
        Ok(history)
    }

    /// The same history, in which steps that failed count as not tried.
    #[must_use]
    pub fn retrying_failed(mut self) -> Self {
        self.retries_failed = true;
        self
    }

    /// The same history, for a playbook or data that have changed since.
    #[must_use]
    pub fn of_something_changed(mut self) -> Self {
        self.is_changed = true;
        self
    }

    /// Whether a run of a journal is gone on with.
    pub const fn is_of_journal(&self) -> bool {
        self.rows.is_some()
    }

    /// The outcome that a step already has.
    pub fn settled(&self, step: &str, row: Option<&str>) -> Option<StepFinished> {
        let known = self.known(step, row)?;
        // What the CRM accepted is done, whatever the playbook then thought of the answer; that it is done once more
        // does no harm to an update, and shows whether the answer is as it should be now.
        let can_repeat = matches!(known.effect, Some(Effect::Read | Effect::Update));
        known.settled.filter(|end| {
            let is_retried = self.retries_failed
                && end.outcome == Outcome::Failed
                && (!end.accepted || can_repeat);
            !is_retried
        })
    }

    /// Whether an attempt of an earlier stretch may have changed something, and nothing settles that.
    pub fn may_be_done(&self, step: &str, row: Option<&str>) -> bool {
        self.known(step, row).is_some_and(|known| {
            let changes = |begun: &AttemptStarted| begun.effect != Effect::Read;
            known.begun.as_ref().is_some_and(changes) || known.doubted
        })
    }

    /// The request that was about to be sent when the run ended, with nothing known of its answer.
    pub fn in_doubt(&self, step: &str, row: Option<&str>) -> Option<AttemptStarted> {
        self.known(step, row)?.begun
    }

    /// Whether a request got no answer that says whether it was processed, and nothing was settled since.
    pub fn is_unanswered(&self, step: &str, row: Option<&str>) -> bool {
        self.known(step, row)
            .is_some_and(|known| known.begun.is_some() || known.unanswered)
    }

    /// How a step ended that the CRM accepted.
    pub fn accepted_end(&self, step: &str, row: Option<&str>) -> Option<StepFinished> {
        self.known(step, row)?.settled.filter(|end| end.accepted)
    }

    /// The outcome of a row of a loop that needs no second look: it went well, or was left out.
    pub fn row(&self, step: &str, row: &str) -> Option<RowFinished> {
        self.known(step, Some(row))?
            .row
            .filter(|end| matches!(end.outcome, Outcome::Ok | Outcome::Skipped))
    }

    /// Whether a row has this name, or one that it holds, and this step was begun or ended for it.
    pub fn has_row(&self, step: &str, row: &str) -> bool {
        if let Some((journal, run)) = &self.rows {
            return self.read(journal.has_row(run, step, row));
        }
        self.steps.keys().any(|(known, name)| {
            let name = name.as_deref().and_then(|name| name.strip_prefix(row));
            known == step && name.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// Whether this step was begun or ended under this name of a row while rows of the loop had other names, because
    /// loops were in its steps where there are none now, or the other way round.
    pub fn has_row_of_other_names(
        &self,
        (each, holds_loops): (&str, bool),
        step: &str,
        row: &str,
    ) -> bool {
        let Some((journal, run)) = &self.rows else {
            return false;
        };
        let others = self
            .stretches
            .of_other_names(each, holds_loops, self.is_changed);
        if others.is_empty() {
            return false;
        }
        let events = self.read(journal.step_events(run, step, Some(row)));
        let within = |number: &u64| others.iter().any(|stretch| stretch.contains(number));
        events.iter().any(|(number, _)| within(number))
    }

    /// Whether rows have names that stand for keys with the text of a secret.
    pub const fn hides_keys(&self) -> bool {
        self.hides_keys
    }

    /// Whether a loop that ended so went well, and has the same rows still.
    pub fn is_done(&self, end: &StepFinished) -> bool {
        end.outcome == Outcome::Ok && !self.is_changed
    }

    /// What told a row from others when this step of it was sent, or when it ended and needs no second look; none
    /// where that was not written down.
    pub fn item(&self, step: &str, row: &str) -> Option<String> {
        let sent = self.known(step, Some(row))?.item;
        sent.or_else(|| self.row(step, row)?.item)
    }

    /// Whether anything was sent for one of these steps of this row, or for a row of a loop among them.
    pub fn has_begun_any(&self, steps: &[PlannedStep], row: &str) -> bool {
        let has_begun = |step: &PlannedStep| {
            self.known(&step.id, Some(row)).is_some_and(|known| {
                known.settled.is_some() || known.begun.is_some() || known.doubted
            })
        };
        let mut steps = steps.iter().flat_map(PlannedStep::without_rows);
        steps.any(|step| match &step.kind {
            PlannedKind::Action(_) => has_begun(step),
            PlannedKind::Loop(_) => self.has_rows(step, Some(row)),
            PlannedKind::Group(_) | PlannedKind::Use(_) => false,
        })
    }

    /// Whether a loop has had rows: one of the playbook, or one in the steps of this row.
    pub fn has_rows(&self, each: &PlannedStep, row: Option<&str>) -> bool {
        let is_inside = |name: &String| match row {
            Some(row) => name
                .strip_prefix(row)
                .is_some_and(|rest| rest.starts_with('/')),
            None => true,
        };
        each.and_nested().into_iter().any(|step| {
            if let Some((journal, run)) = &self.rows {
                let has_rows = match row {
                    Some(row) => journal.has_rows_inside(run, &step.id, row),
                    None => journal.has_rows(run, &step.id),
                };
                return self.read(has_rows);
            }
            let mut keys = self.steps.keys();
            keys.any(|(known, name)| *known == step.id && name.as_ref().is_some_and(is_inside))
        })
    }

    /// What was read; where it cannot be, as if nothing were there, and the run ends before it does anything with that.
    fn read<T: Default>(&self, read: Result<T, JournalError>) -> T {
        read.unwrap_or_else(|error| {
            self.failure.borrow_mut().get_or_insert(error);
            T::default()
        })
    }

    /// Why something could not be read since this was last asked. Then nothing that was answered since may be relied on.
    pub(super) fn take_failure(&self) -> Option<JournalError> {
        self.failure.take()
    }

    fn known(&self, step: &str, row: Option<&str>) -> Option<Known> {
        if let (Some((journal, run)), Some(row)) = (&self.rows, row) {
            let events = self.read(journal.step_events(run, step, Some(row)));
            let mut known = Known::default();
            for (_, event) in &events {
                known.add(&event.kind);
            }
            return (!events.is_empty()).then_some(known);
        }
        if self.steps.is_empty() {
            return None;
        }
        self.steps
            .get(&(step.to_owned(), row.map(str::to_owned)))
            .cloned()
    }
}

fn is_hidden((_, row): &Key) -> bool {
    row.as_ref().is_some_and(|row| row.contains(HIDDEN))
}

fn key_of(event: &EventKind) -> Option<Key> {
    let (step, row) = match event {
        EventKind::AttemptStarted(it) => (&it.step, &it.row),
        EventKind::AttemptFailed(it) => (&it.step, &it.row),
        EventKind::StepFinished(it) => (&it.step, &it.row),
        EventKind::Reconciled(it) => (&it.step, &it.row),
        EventKind::RowFinished(it) => return Some((it.step.clone(), Some(it.row.clone()))),
        EventKind::RunStarted(_) | EventKind::RunFinished(_) | EventKind::LookedUp(_) => {
            return None;
        }
    };
    Some((step.clone(), row.clone()))
}

impl Known {
    fn add(&mut self, event: &EventKind) {
        match event {
            // What an earlier stretch made of it says nothing of a request that went out after it.
            EventKind::AttemptStarted(started) => {
                self.settled = None;
                self.item.clone_from(&started.item);
                self.before_word = None;
                self.unanswered |= self.begun.is_some();
                self.effect = Some(started.effect);
                self.begun = Some(started.clone());
            }
            EventKind::AttemptFailed(failed) => {
                self.unanswered |= failed.in_doubt;
                let changes = |begun: AttemptStarted| begun.effect != Effect::Read;
                if self.begun.take().is_some_and(changes) && failed.in_doubt {
                    self.doubted = true;
                }
            }
            // What was not reached, or left out by a condition, is looked at again: it takes nothing back of
            // what is known from before.
            EventKind::StepFinished(end)
                if !matches!(end.outcome, Outcome::NotRun | Outcome::Skipped) =>
            {
                // That it could not be made once more takes nothing back of what was done.
                let was_not_sent = end.outcome == Outcome::Failed && end.attempts == 0;
                let is_done = |end: &StepFinished| end.outcome == Outcome::Ok || end.accepted;
                if was_not_sent && self.settled.as_ref().is_some_and(is_done) {
                    return;
                }
                self.begun = None;
                self.doubted = false;
                self.unanswered = false;
                self.before_word = None;
                self.settled = Some(end.clone());
            }
            EventKind::Reconciled(word) => self.reconcile(word),
            EventKind::RowFinished(row) => self.row = Some(row.clone()),
            EventKind::StepFinished(_)
            | EventKind::LookedUp(_)
            | EventKind::RunStarted(_)
            | EventKind::RunFinished(_) => {}
        }
    }

    /// A person's word settles a doubt, takes what failed though the CRM accepted it as done, gives the id that the CRM
    /// left blank, or takes the place of an earlier word; nothing else.
    fn reconcile(&mut self, word: &Reconciled) {
        if let Some(before) = self.before_word.take() {
            self.begun = before.begun;
            self.doubted = before.doubted;
            self.unanswered = before.unanswered;
            self.settled = before.settled;
        }
        let in_doubt = self.begun.is_some()
            || self.doubted
            || self
                .settled
                .as_ref()
                .is_some_and(|end| end.outcome == Outcome::Unknown);
        let accepted = self.settled.clone().filter(|end| {
            let waits = match end.outcome {
                Outcome::Failed => end.accepted,
                _ => end.lacks_id() && word.wolkvox_id.is_some(),
            };
            waits && self.effect != Some(Effect::Read)
        });
        let is_taken_as_done = accepted.is_some() && word.decision == Decision::Ok;
        if !in_doubt && !is_taken_as_done {
            return;
        }
        self.before_word = Some(Box::new(Self {
            row: None,
            ..self.clone()
        }));
        if let Some(end) = accepted.filter(|_| !in_doubt) {
            self.settled = Some(taken_as_done(end, word.wolkvox_id.as_ref()));
            return;
        }
        let action = self
            .settled
            .as_ref()
            .and_then(|end| end.action.clone())
            .or_else(|| self.begun.as_ref().map(|begun| begun.action.clone()));
        let attempts = self
            .begun
            .as_ref()
            .map(|begun| begun.attempt)
            .or_else(|| self.settled.as_ref().map(|end| end.attempts))
            .unwrap_or_default();
        self.begun = None;
        self.doubted = false;
        self.unanswered = false;
        self.settled = match word.decision {
            Decision::Resend => None,
            decision => Some(StepFinished {
                step: word.step.clone(),
                row: word.row.clone(),
                action,
                outcome: if decision == Decision::Ok {
                    Outcome::Ok
                } else {
                    Outcome::Failed
                },
                http_status: None,
                code: None,
                msg: None,
                wolkvox_id: word.wolkvox_id.clone(),
                attempts,
                pages: None,
                unsent: false,
                duration_ms: 0,
                accepted: decision == Decision::Ok,
                error: (decision == Decision::Failed)
                    .then(|| "a person found that the CRM has not done it".to_owned()),
                warnings: Vec::new(),
                outputs: word
                    .wolkvox_id
                    .iter()
                    .map(|id| (RECORD_ID.to_owned(), id.clone()))
                    .collect::<Map>(),
                blank: if word.wolkvox_id.is_none() {
                    vec![RECORD_ID.to_owned()]
                } else {
                    Vec::new()
                },
                withheld: Vec::new(),
                answer: None,
            }),
        };
    }
}

/// The end of a step that the CRM accepted, once a person has said that it is as it should be, or what its id is: what the
/// answer gave stands, but for an id that they give.
fn taken_as_done(end: StepFinished, id: Option<&Value>) -> StepFinished {
    let mut end = StepFinished {
        outcome: Outcome::Ok,
        error: None,
        ..end
    };
    if let Some(id) = id {
        end.wolkvox_id = Some(id.clone());
        end.outputs.insert(RECORD_ID.to_owned(), id.clone());
        end.blank.retain(|output| output != RECORD_ID);
    }
    end
}
