//! What templates and groups learn of the end of a step, and why an output of it has no value.

use super::Lane;
use crate::action::Effect;
use crate::event::{RECORD_ID, StepFinished, step_name};
use crate::outcome::Outcome;
use crate::plan::{PlannedKind, PlannedStep};
use crate::value::{Value, map_with_room_for};

impl Lane<'_> {
    /// Makes a step's end known to templates and to the groups that it is in.
    pub(super) fn note(&mut self, step: &PlannedStep, end: &StepFinished) {
        self.found.add(step, end);
        for frame in &mut self.frames {
            frame.worst = worse(frame.worst, end.outcome);
        }
        let mut facts = map_with_room_for(4 + end.outputs.len());
        facts.insert("outcome".to_owned(), end.outcome.as_str().into());
        if let Some(status) = end.http_status {
            facts.insert("http_status".to_owned(), Value::from(u64::from(status)));
        }
        if let Some(code) = &end.code {
            facts.insert("code".to_owned(), code.clone());
        }
        if let Some(msg) = &end.msg {
            facts.insert("msg".to_owned(), msg.as_str().into());
        }
        let outputs = end.outputs.iter();
        facts.extend(outputs.map(|(name, value)| (name.clone(), value.clone())));
        let id = step.own_id();
        self.scope.set_member("steps", id, Value::Map(facts));
        let why = match end.outcome {
            Outcome::Ok => None,
            Outcome::Skipped => Some("was skipped"),
            Outcome::Failed => Some("failed"),
            Outcome::Unknown => Some("is in doubt"),
            Outcome::NotRun => Some("was not run"),
        };
        if let Some(why) = why {
            let outputs: Vec<&str> = match &step.kind {
                PlannedKind::Action(planned) => planned.action.output_names().collect(),
                PlannedKind::Use(used) => used.output_names().collect(),
                PlannedKind::Group(_) | PlannedKind::Loop(_) => Vec::new(),
            };
            for output in outputs {
                self.scope.explain_missing(
                    &["steps", id, output],
                    format!("the step {} {why}", step.id),
                );
            }
        }
        for output in &end.withheld {
            self.scope.explain_missing(
                &["steps", id, output],
                format!(
                    "the step {} ran in an earlier stretch of this run, and its value is a secret that was not written down",
                    step.id
                ),
            );
        }
        for output in &end.blank {
            let why = why_blank(step, end, output);
            self.scope.explain_missing(&["steps", id, output], why);
        }
    }
}

/// Why an id is not there, and how it is given where the record can be found without it.
fn why_blank(step: &PlannedStep, end: &StepFinished, output: &str) -> String {
    let name = step_name(&end.step, end.row.as_deref());
    let give = format!("with `voxplay reconcile --ok {name}=ID`");
    let id = &step.id;
    if end.is_by_hand() {
        return format!(
            "the step {id} was settled by hand without an id: look it up in the CRM, and give it {give}"
        );
    }
    let blank = format!("the CRM returned a blank id for the step {id}");
    if output == RECORD_ID && end.lacks_id() && changes_something(step) {
        format!("{blank}: look the record up in the CRM, and give its id {give}")
    } else {
        blank
    }
}

fn changes_something(step: &PlannedStep) -> bool {
    let PlannedKind::Action(planned) = &step.kind else {
        return false;
    };
    let effects = planned.action.possible_effects();
    effects.iter().any(|effect| *effect != Effect::Read)
}

fn worse(a: Outcome, b: Outcome) -> Outcome {
    [
        Outcome::Unknown,
        Outcome::Failed,
        Outcome::NotRun,
        Outcome::Ok,
    ]
    .into_iter()
    .find(|outcome| a == *outcome || b == *outcome)
    .unwrap_or(Outcome::Skipped)
}
