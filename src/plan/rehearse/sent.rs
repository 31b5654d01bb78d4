//! What rows send for certain, counted before the run.

use crate::action::{Action, Effect};
use crate::plan::partial::Partial;
use crate::plan::{PlannedLoop, PlannedSource};
use crate::template::Read;
use crate::value::Value;

/// Requests, and the records that they delete: so many at least, if nothing fails.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sent {
    pub(super) requests: u64,
    pub(super) deletes: u64,
}

impl Sent {
    pub(super) fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.deletes += other.deletes;
    }

    /// Adds the call of an action with these parameters.
    pub(super) fn add_call(&mut self, action: &Action, partial: &Partial<'_>) {
        let (effect, items) = effect_and_items(action, partial);
        self.requests += 1;
        if effect == Effect::Delete {
            self.deletes += items.unwrap_or(1);
        }
    }
}

/// What the call of an action does, the worst that is possible, and how many records it acts on, where that is known.
pub(super) fn effect_and_items(action: &Action, partial: &Partial<'_>) -> (Effect, Option<u64>) {
    let effect = action.foreseen_effect(&partial.value, partial).effect;
    let is_list = |param: &str| matches!(partial.value.get(param), Some(Value::List(_)));
    let items = action
        .items_param()
        .filter(|param| !partial.touches_hole(&format!("/{param}")) || is_list(param))
        .map(|_| action.item_count(&partial.value) as u64);
    (effect, items)
}

/// Whether what reads these is the same in every run: no input gives it, which may be another one next time.
pub(super) fn is_settled(reads: &[Read]) -> bool {
    reads.iter().all(|read| {
        let root = read.path.first().map(String::as_str);
        !matches!(root, Some("inputs" | "vars" | "target"))
    })
}

/// Whether the rows of a loop stand in the playbook, or in the row around it.
pub(super) fn has_settled_rows(each: &PlannedLoop) -> bool {
    match &each.source {
        PlannedSource::Items(tree) => {
            let templates = tree.templates();
            templates
                .iter()
                .all(|(template, _)| is_settled(template.reads()))
        }
        PlannedSource::File { .. } => false,
    }
}
