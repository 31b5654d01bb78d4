//! What a resumed run must find unchanged: digests by name.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::action::Catalogue;
use crate::attachment::{Attachment, hex};
use crate::plan::{
    InputSource, Origin, Plan, PlannedKind, PlannedSource, PlannedStep, Rehearsal, UsedInput,
};
use crate::project::Confinement;
use crate::template::Scope;
use crate::value::{Map, Value};

/// What the playbook that is run is called among the digests.
pub(super) const PLAYBOOK: &str = "the playbook";

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
    prints.insert(PLAYBOOK.to_owned(), digest(plan.source().text()));
    prints.extend(used(plan).map(|(path, digest)| (name_of_used(&path), digest)));
    let settled = settled(plan).filter(|(_, input, _)| !input.secret);
    let settled = settled.map(|(name, _, value)| (name, value));
    let inputs = inputs.iter().map(|(name, value)| (name.clone(), value));
    for (name, value) in settled.chain(inputs) {
        prints.insert(format!("the input {name}"), digest(&value.to_json_text()));
    }
    prints.insert("the target's operation".to_owned(), digest(operation));
    let actions = actions(plan).into_iter();
    prints.extend(actions.map(|(name, digest)| (name_of_action(name), digest)));
    data(plan.steps(), &rehearsal.scope, files, &mut prints);
    data(plan.finally(), &rehearsal.scope, files, &mut prints);
    prints
}

/// The texts of what is in [`take`] beside the playbook, by the same names. Built-in actions change only with the
/// program, and then as a whole.
pub(super) fn texts(plan: &Plan) -> BTreeMap<String, String> {
    let built_in = Catalogue::built_in();
    let actions = plan
        .actions()
        .into_iter()
        .map(|(_, planned)| &planned.action)
        .filter(|action| !built_in.contains(action.name()))
        .map(|action| {
            (
                name_of_action(action.name()),
                action.source().text().to_owned(),
            )
        });
    let used = plan.uses().into_iter().map(|(_, used)| {
        let text = used.home.source().text();
        (name_of_used(&used.path), text.to_owned())
    });
    actions.chain(used).collect()
}

fn name_of_action(name: &str) -> String {
    format!("the action {name}")
}

fn name_of_used(path: &str) -> String {
    format!("the used playbook {path}")
}

/// The playbooks that steps use, by path, with digests of their texts.
pub(super) fn used(plan: &Plan) -> impl Iterator<Item = (String, String)> {
    plan.uses()
        .into_iter()
        .map(|(_, used)| (used.path.clone(), digest(used.home.source().text())))
}

/// The actions of a plan by name, each once however many steps perform it, with digests of their texts.
pub(super) fn actions(plan: &Plan) -> BTreeMap<&str, String> {
    let mut digests = BTreeMap::new();
    for (_, planned) in plan.actions() {
        let action = &planned.action;
        digests
            .entry(action.name())
            .or_insert_with(|| digest(action.source().text()));
    }
    digests
}

/// The values that inputs of used playbooks have from the environment, by step and input; secret ones too.
pub(super) fn settled(plan: &Plan) -> impl Iterator<Item = (String, &UsedInput, &Value)> {
    plan.uses().into_iter().flat_map(|(step, used)| {
        used.inputs.iter().filter_map(|input| match &input.from {
            InputSource::Settled(value, Origin::Environment(_)) => {
                Some((format!("{}.{}", step.id, input.name), input, value))
            }
            _ => None,
        })
    })
}

fn data(
    steps: &[PlannedStep],
    scope: &Scope,
    files: &Confinement,
    prints: &mut BTreeMap<String, String>,
) {
    for step in steps {
        match &step.kind {
            PlannedKind::Action(_) => {}
            PlannedKind::Group(nested) => data(nested, scope, files, prints),
            PlannedKind::Loop(each) => {
                // A path that depends on an answer is looked at when its turn comes.
                if let PlannedSource::File { path, .. } = &each.source
                    && let Ok(Value::Text(written)) = path.render(scope)
                    && let Ok(resolved) = step.home.files(files).resolve(&written)
                    && let Ok(file) = Attachment::describe(&resolved.path)
                {
                    let label = step.home.label(&written);
                    prints.insert(format!("the data {label}"), file.sha256_hex());
                }
                data(&each.steps, scope, files, prints);
            }
            PlannedKind::Use(used) => {
                // Where the step waits for an answer, what it depends on is fixed by it.
                if let Ok(scope) = used.begin(scope, &step.home) {
                    data(&used.steps, &scope, files, prints);
                    data(&used.finally, &scope, files, prints);
                }
            }
        }
    }
}

pub(super) fn digest(text: &str) -> String {
    hex(&Sha256::digest(text))
}
