//! A used playbook: what it is given, and what its steps will do.

use super::super::{GivenInput, InputSource, PlannedStep, PlannedUse};
use super::UseOutlook;
use super::count::Tally;
use super::values::{Hole, MarkedValue, fill};
use super::walk::{Place, Reach, Walk, add_vars, causes};
use crate::value::{Map, Value};

impl<'c> Walk<'c> {
    /// A used playbook: its templates see what the step gives it.
    pub(super) fn used(
        &mut self,
        step: &PlannedStep,
        used: &'c PlannedUse,
        place: Place<'_>,
    ) -> (UseOutlook, Tally) {
        let mut inputs = MarkedValue::default();
        let mut values = Map::default();
        let mut unknowns = place.unknowns.inside(&step.id);
        for input in &used.inputs {
            let name = &input.name;
            match &input.from {
                InputSource::Step(given) => {
                    let mut marked = fill(&given.tree, place.scope, place.unknowns);
                    if !marked.holes.is_empty() {
                        unknowns.add_input(name, causes(&given.tree, place.unknowns));
                    } else if marked.error.is_none() && place.item.is_some() {
                        marked.error = objection(given, input.secret, &marked.value, step);
                    }
                    let holes = marked.holes.0.into_iter().map(|hole| Hole {
                        pointer: format!("/{name}{}", hole.pointer),
                        ..hole
                    });
                    inputs.holes.0.extend(holes);
                    inputs.error = inputs.error.or(marked.error);
                    values.insert(name.clone(), marked.value);
                }
                InputSource::Settled(value, _) => {
                    values.insert(name.clone(), value.clone());
                }
                InputSource::Open | InputSource::Absent => {}
            }
        }
        inputs.value = Value::Map(values.clone());
        let mut scope = used.scope(values, place.scope);
        add_vars(&used.vars, &mut scope, &mut unknowns);
        let problem = inputs.error.clone().filter(|_| place.reach != Reach::Never);
        let fails = problem.clone().filter(|_| place.item.is_some());
        let inner = Place {
            scope: &scope,
            unknowns: &unknowns,
            reach: if fails.is_some() {
                Reach::Never
            } else {
                place.reach
            },
            ..place
        };
        let outside = std::mem::take(&mut self.skipped);
        let (steps, mut tally) = self.steps(&used.steps, inner);
        let has_ended = self.ends_row;
        let (finally, more) = self.steps(&used.finally, inner);
        self.ends_row |= has_ended;
        self.skipped = outside;
        tally.join(more);
        if let Some(problem) = fails {
            self.fail(problem, place);
        }
        let outlook = UseOutlook {
            path: used.path.clone(),
            problem,
            inputs,
            scope,
            steps,
            finally,
        };
        (outlook, tally)
    }
}

/// What a used playbook objects to in the value that a step gives it.
fn objection(
    given: &GivenInput,
    is_secret: bool,
    value: &Value,
    step: &PlannedStep,
) -> Option<String> {
    let violations = given.violations(value);
    let violation = violations.first()?;
    let finding = given.finding(violation, value, is_secret, step.home.source());
    Some(finding.message)
}
