//! What failed though the CRM accepted it: `resume --retry-failed` does not send it again where the CRM would do it a
//! second time, and a person can take it as done.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::call::{Call, word};
use super::resumption::Resumption;
use crate::action::Effect;
use crate::event::{Decision, EventKind, Reconciled, RunId, StepFinished, step_name};
use crate::journal::{Journal, JournalError};
use crate::outcome::Outcome;
use crate::plan::{Plan, PlannedKind};
use crate::value::Value;

/// How many are named.
const NAMED: usize = 10;

/// A step, or a row's step, that failed though the CRM accepted it.
pub(super) struct Held {
    pub(super) end: StepFinished,
    pub(super) effect: Effect,
    /// When it was sent.
    pub(super) time: String,
    /// Whether an earlier stretch of the run sent it, and the latest did not.
    is_of_earlier: bool,
}

impl Held {
    pub(super) fn name(&self) -> String {
        step_name(&self.end.step, self.end.row.as_deref())
    }

    /// Whether a name of the command line means this one.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name() == name || self.end.step == name
    }

    /// Whether the CRM would do it a second time.
    pub(super) const fn is_once(&self) -> bool {
        !self.effect.is_repeatable()
    }

    /// Whether it was sent as something that can be done twice, and its action is known by now as one that cannot: then
    /// the latest stretch has not sent it either.
    fn is_once_by_now(&self, plan: &Plan) -> bool {
        let step = plan.step(&self.end.step);
        let action = step.and_then(|step| match &step.kind {
            PlannedKind::Action(planned) => Some(&planned.action),
            _ => None,
        });
        let mut effects = action
            .into_iter()
            .flat_map(|action| action.possible_effects());
        self.is_of_earlier && !self.is_once() && effects.any(|effect| !effect.is_repeatable())
    }

    /// That it is as it should be; with the id of the answer where no other is given.
    pub(super) fn word(&self, id: Option<&str>) -> Reconciled {
        Reconciled {
            step: self.end.step.clone(),
            row: self.end.row.clone(),
            action: self.end.action.clone(),
            decision: Decision::Ok,
            wolkvox_id: id.map(Value::from).or_else(|| self.end.wolkvox_id.clone()),
        }
    }
}

/// What to say of them: nothing where there is none, where failures are not tried again, or where the journal cannot be
/// read.
pub(super) fn of(
    journal: &Journal,
    run: &RunId,
    resumption: Option<&Resumption>,
    plan: &Plan,
) -> String {
    let Some(resumed) = resumption.filter(|resumed| resumed.asked.retry_failed) else {
        return String::new();
    };
    let mut held = find(journal, run).unwrap_or_default();
    held.retain(|held| held.is_once() || held.is_once_by_now(plan));
    let mut text: String = held
        .iter()
        .take(NAMED)
        .map(|held| words(held, &resumed.call, plan))
        .collect();
    if held.len() > NAMED {
        let more = held.len() - NAMED;
        let all = resumed.call.reconcile("");
        let _ = writeln!(text, "and {more} more: `{all}` lists them");
    }
    text
}

/// All of them that only read excepted, by step and row.
pub(super) fn find(journal: &Journal, run: &RunId) -> Result<Vec<Held>, JournalError> {
    type Key = (String, Option<String>);
    let mut sent: BTreeMap<Key, (Effect, String)> = BTreeMap::new();
    let mut held: BTreeMap<Key, Held> = BTreeMap::new();
    for event in journal.events(run) {
        let (_, event) = event?;
        match event.kind {
            EventKind::RunStarted(_) => {
                for held in held.values_mut() {
                    held.is_of_earlier = true;
                }
            }
            EventKind::AttemptStarted(begun) => {
                let key = (begun.step, begun.row);
                held.remove(&key);
                sent.insert(key, (begun.effect, event.time));
            }
            EventKind::StepFinished(end) if end.outcome == Outcome::Ok || end.accepted => {
                let key = (end.step.clone(), end.row.clone());
                let Some((effect, time)) = sent.remove(&key) else {
                    continue;
                };
                if end.outcome == Outcome::Failed && effect != Effect::Read {
                    let held_back = Held {
                        end,
                        effect,
                        time,
                        is_of_earlier: false,
                    };
                    held.insert(key, held_back);
                }
            }
            EventKind::Reconciled(word) => {
                held.remove(&(word.step, word.row));
            }
            _ => {}
        }
    }
    Ok(held.into_values().collect())
}

fn words(held: &Held, call: &Call, plan: &Plan) -> String {
    let row = held.end.row.as_ref();
    let row = row.map_or_else(String::new, |row| format!(" (row {row})"));
    let settle = call.reconcile(&format!("--ok {}", word(&held.name())));
    let why = if held.is_once_by_now(plan) {
        "the CRM did accept it when its action counted as an update, and would do it a\n  second time by what is known of that action now; where it is as it should be,\n  take it as done:"
    } else {
        "the CRM did accept it, and would do it a second time; where it is as it should\n  be, take it as done:"
    };
    format!(
        "{}{row} was not sent again, on purpose:\n  {why}\n    {settle}\n",
        held.end.step
    )
}
