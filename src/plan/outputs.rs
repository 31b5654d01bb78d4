//! What a playbook gives at its end.

use std::sync::Arc;

use crate::diagnostic::in_one_line;
use crate::plan::tree::Tree;
use crate::source::Source;
use crate::template::{ErrorKind, Scope};
use crate::value::Map;

/// What a playbook gives, from what its templates see at its end; and for each output that is left out, why, with the
/// place in its text where it is the template that fails, and no value that a step has not given.
pub fn render_outputs<'o>(
    outputs: &'o [(String, Tree)],
    scope: &Scope,
    source: &Arc<Source>,
) -> (Map, Vec<(&'o str, String)>) {
    let mut values = Map::default();
    let mut missing = Vec::new();
    for (name, tree) in outputs {
        match tree.render(scope) {
            Ok(value) => {
                values.insert(name.clone(), value);
            }
            Err(error) => {
                let why = match &error.error.kind {
                    ErrorKind::Undefined { .. } => error.error.message,
                    _ => in_one_line(&error.diagnostic(source)),
                };
                missing.push((name.as_str(), why));
            }
        }
    }
    (values, missing)
}
