//! Outputs that a used playbook is known to leave out, as templates after its step see them: they are not there.

use std::collections::{BTreeMap, BTreeSet};

use super::uses::{InputSource, PlannedUse};
use super::{PlannedStep, Tree};
use crate::template::{Read, Scope};
use crate::value::{Map, Value};

/// The outputs of steps that are known to be left out, by what templates call the step.
pub(super) type LeftOut = BTreeMap<String, BTreeSet<String>>;

/// The outputs that cannot be rendered, whatever becomes of what is not known yet; each with why.
pub(super) fn certain<'u>(
    used: &'u PlannedUse,
    scope: &Scope,
    is_known: &dyn Fn(&Read) -> bool,
) -> Vec<(&'u str, String)> {
    let failing = used.outputs.iter().filter_map(|(name, tree)| {
        let templates = tree.templates().into_iter();
        let mut errors = templates.filter_map(|(template, _)| {
            let rendered = template.render_marked(scope, is_known, &|_| String::new());
            rendered.err()
        });
        Some((name.as_str(), errors.next()?.message))
    });
    failing.collect()
}

/// Gives a scope what is known of the outputs of a step that are left out.
pub(super) fn note(
    step: &PlannedStep,
    outputs: &[(&str, String)],
    scope: &mut Scope,
    left_out: &mut LeftOut,
) {
    if outputs.is_empty() {
        return;
    }
    let id = step.own_id();
    scope.set_member("steps", id, Value::Map(Map::default()));
    for (output, why) in outputs {
        scope.explain_missing(&["steps", id, output], why.clone());
        let names = left_out.entry(id.to_owned()).or_default();
        names.insert((*output).to_owned());
    }
}

/// The outputs of a used playbook that read an input which has no value there, each with that input.
pub(super) fn for_want_of_inputs(used: &PlannedUse) -> BTreeMap<String, String> {
    let inputs = used.inputs.iter();
    let absent: Vec<&str> = inputs
        .filter(|input| matches!(input.from, InputSource::Absent))
        .map(|input| input.name.as_str())
        .collect();
    let wanted = |tree: &Tree| {
        let templates = tree.templates().into_iter();
        let mut reads = templates
            .flat_map(|(template, _)| template.reads())
            .filter(|read| !read.guarded);
        reads.find_map(|read| match read.path.as_slice() {
            [root, name, ..] if root == "inputs" && absent.contains(&name.as_str()) => {
                Some(name.clone())
            }
            _ => None,
        })
    };
    let outputs = used.outputs.iter();
    outputs
        .filter_map(|(name, tree)| Some((name.clone(), wanted(tree)?)))
        .collect()
}
