//! What a resumed run must find unchanged: digests by name.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::attachment::{Attachment, hex};
use crate::plan::{Plan, PlannedKind, PlannedSource, PlannedStep, Rehearsal};
use crate::project::Confinement;
use crate::value::{Map, Value};

/// The inputs of a run that may be written down.
pub(super) fn public_inputs(plan: &Plan, values: &Map) -> Map {
    let secret = |name: &str| {
        plan.playbook()
            .inputs
            .iter()
            .any(|input| input.secret && input.name.value == name)
    };
    values
        .iter()
        .filter(|(name, _)| !secret(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Digests of everything a run is made of; secrets are left out, for a digest of a short one tells it.
pub(super) fn take(
    plan: &Plan,
    rehearsal: &Rehearsal,
    inputs: &Map,
    operation: &str,
    files: &Confinement,
) -> BTreeMap<String, String> {
    let mut prints = BTreeMap::new();
    let text = plan.source().text();
    prints.insert("the playbook".to_owned(), digest(text.as_bytes()));
    for (name, value) in inputs {
        prints.insert(
            format!("the input {name}"),
            digest(value.to_json_text().as_bytes()),
        );
    }
    prints.insert(
        "the target's operation".to_owned(),
        digest(operation.as_bytes()),
    );
    for (_, planned) in plan.actions() {
        let action = &planned.action;
        prints
            .entry(format!("the action {}", action.name()))
            .or_insert_with(|| digest(action.source().text().as_bytes()));
    }
    data(plan.steps(), rehearsal, files, &mut prints);
    data(plan.finally(), rehearsal, files, &mut prints);
    prints
}

fn data(
    steps: &[PlannedStep],
    rehearsal: &Rehearsal,
    files: &Confinement,
    prints: &mut BTreeMap<String, String>,
) {
    for step in steps {
        match &step.kind {
            PlannedKind::Action(_) => {}
            PlannedKind::Group(nested) => data(nested, rehearsal, files, prints),
            PlannedKind::Loop(each) => {
                // A path that depends on an answer is looked at when its turn comes.
                if let PlannedSource::File { path, .. } = &each.source
                    && let Ok(Value::Text(written)) = path.render(&rehearsal.scope)
                    && let Ok(resolved) = files.resolve(&written)
                    && let Ok(file) = Attachment::describe(&resolved.path)
                {
                    prints.insert(format!("the data {written}"), file.sha256_hex());
                }
                data(&each.steps, rehearsal, files, prints);
            }
        }
    }
}

fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
