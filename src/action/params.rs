//! What is wrong with the parameters of a call: what its schema says, how much one call takes, and that nothing is
//! deleted by a blank.

use std::borrow::Cow;

use super::{Action, Effect};
use crate::document::Node;
use crate::schema::{Violation, ViolationKind, subject_words};
use crate::value::{Map, Value, pointer_step};

/// The defaults of the parameters that have one, by their names. Those of a member of a parameter are for readers.
pub(super) fn defaults(params: &Node) -> Map {
    let properties = params.get("properties").and_then(Node::entries);
    let defaults = properties.unwrap_or_default().iter().filter_map(|entry| {
        let default = entry.value.get("default")?;
        Some((entry.key.clone(), default.to_value()))
    });
    defaults.collect()
}

impl Action {
    /// The parameters as the body, the query, the effect, the outputs and the condition of success see them: what
    /// was not given has its default.
    pub(super) fn with_defaults<'w>(&self, with: &'w Value) -> Cow<'w, Value> {
        let given = |name: &String| with.get(name).is_some();
        if self.defaults.keys().all(given) || !matches!(with, Value::Map(_) | Value::Null) {
            return Cow::Borrowed(with);
        }
        let mut whole = with.as_map().cloned().unwrap_or_default();
        for (name, default) in &self.defaults {
            if whole.get(name).is_none() {
                whole.insert(name.clone(), default.clone());
            }
        }
        Cow::Owned(Value::Map(whole))
    }

    /// What breaks the schema of `with`, whether it holds more items than one call takes, and of a delete, what is
    /// blank in it: nobody can know what the CRM deletes then, so no schema may allow it.
    pub fn check_params(&self, with: &Value) -> Vec<Violation> {
        let mut found = self.params.violations(with);
        if let (Some(items), Some(most)) = (&self.items, self.max_items)
            && self.item_count(with) > most
        {
            found.push(bounds(
                format!("/{items}"),
                format!("`{items}` must have at most {most} items in one call"),
            ));
        }
        if self.possible_effects().contains(&Effect::Delete) {
            let mut blanks = Vec::new();
            blanks_in(&self.with_defaults(with), String::new(), &mut blanks);
            blanks.retain(|pointer| found.iter().all(|other| other.pointer != *pointer));
            found.extend(blanks.into_iter().map(|pointer| {
                let what = subject_words(&pointer);
                let message = format!("{what} must not be blank in a delete");
                bounds(pointer, message)
            }));
        }
        found
    }
}

fn bounds(pointer: String, message: String) -> Violation {
    Violation {
        pointer,
        key: None,
        kind: ViolationKind::Bounds,
        message,
        schema_path: String::new(),
        conditional: false,
        rests_on: None,
    }
}

/// The JSON pointers of nulls, of blank texts, and of lists and objects with nothing in them, below a value.
fn blanks_in(value: &Value, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::Null => found.push(pointer),
        Value::Text(_) if value.is_blank_text() => found.push(pointer),
        Value::List(items) if items.is_empty() && !pointer.is_empty() => found.push(pointer),
        Value::Map(members) if members.is_empty() && !pointer.is_empty() => found.push(pointer),
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                blanks_in(item, format!("{pointer}/{index}"), found);
            }
        }
        Value::Map(members) => {
            for (name, member) in members {
                let pointer = format!("{pointer}/{}", pointer_step(name));
                blanks_in(member, pointer, found);
            }
        }
        _ => {}
    }
}
