//! A step that is known to be skipped, as templates after it see it: there is an outcome, and nothing else.

use std::collections::BTreeSet;

use super::{PlannedKind, PlannedStep};
use crate::outcome::Outcome;
use crate::template::Scope;
use crate::value::{Map, Value};

/// Gives a scope what is known of a skipped step and of the steps of a skipped group; `ids` are what templates call
/// them.
pub(super) fn note(step: &PlannedStep, scope: &mut Scope, ids: &mut BTreeSet<String>) {
    let id = step.own_id();
    let outcome = Outcome::Skipped.as_str().into();
    let facts = Map::from_iter([("outcome".to_owned(), outcome)]);
    scope.set_member("steps", id, Value::Map(facts));
    scope.explain_missing(&["steps", id], format!("the step {} is skipped", step.id));
    ids.insert(id.to_owned());
    if let PlannedKind::Group(nested) = &step.kind {
        for step in nested {
            note(step, scope, ids);
        }
    }
}
