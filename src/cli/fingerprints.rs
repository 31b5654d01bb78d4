//! What a resumed run must find unchanged: digests by name.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use super::private;
use crate::action::Catalogue;
use crate::attachment::{Attachment, hex};
use crate::event::{ATTACHMENT_PRINT, DATA_PRINT, DataFiles, RunStarted, print_name};
use crate::plan::{
    InputSource, Inputs, Origin, Plan, PlannedKind, PlannedLoop, PlannedSource, PlannedStep,
    Rehearsal, UsedInput,
};
use crate::project::Confinement;
use crate::rows::{self, Rows};
use crate::secret::{Masker, may_be};
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

/// Every input of a run by name, also those that the environment gives to used playbooks: whether it is secret, and
/// its value.
pub(super) fn values<'p>(
    plan: &'p Plan,
    inputs: &'p Inputs,
) -> impl Iterator<Item = (String, bool, &'p Value)> {
    let own = inputs.values.iter().map(|(name, value)| {
        let mut declared = plan.playbook().inputs.iter();
        let is_secret = declared.any(|input| input.secret && input.name.value == *name);
        (name.clone(), is_secret, value)
    });
    let settled = settled(plan).map(|(name, input, value)| (name, input.secret, value));
    own.chain(settled)
}

/// The inputs that have their values from the environment, and from which variables.
pub(super) fn from_environment(inputs: &Inputs) -> BTreeMap<String, String> {
    let origins = inputs.origins.iter();
    origins
        .filter_map(|(name, origin)| match origin {
            Origin::Environment(variable) => Some((name.clone(), variable.clone())),
            _ => None,
        })
        .collect()
}

/// The inputs that have their values from the playbook's own defaults.
pub(super) fn by_default(plan: &Plan, inputs: &Inputs) -> Box<[String]> {
    let public = public_inputs(plan, &inputs.values).into_iter();
    let is_default = |name: &String| inputs.origins.get(name) == Some(&Origin::Default);
    public.map(|(name, _)| name).filter(is_default).collect()
}

/// Digests of everything a run is made of; secrets are left out, for a digest of a short one tells it.
pub(super) fn take(
    plan: &Plan,
    rehearsal: &Rehearsal,
    inputs: &Map,
    operation: &str,
    files: &Confinement,
    masker: &Masker,
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
    loops(plan, rehearsal, &mut |step, each, scope| {
        prints.extend(data_of(step, each, scope, files, masker));
    });
    let attached = rehearsal.attached.iter();
    prints.extend(attached.filter_map(|(label, path)| {
        let file = Attachment::describe(path).ok()?;
        Some((format!("{ATTACHMENT_PRINT}{label}"), file.sha256_hex()))
    }));
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

/// Calls `found` for every loop of a plan, with what is known before the run where it stands.
pub(super) fn loops<'p>(
    plan: &'p Plan,
    rehearsal: &Rehearsal,
    found: &mut dyn FnMut(&'p PlannedStep, &'p PlannedLoop, &Scope),
) {
    fn visit<'p>(
        steps: &'p [PlannedStep],
        scope: &Scope,
        found: &mut dyn FnMut(&'p PlannedStep, &'p PlannedLoop, &Scope),
    ) {
        for step in steps {
            match &step.kind {
                PlannedKind::Action(_) => {}
                PlannedKind::Group(nested) => visit(nested, scope, found),
                PlannedKind::Loop(each) => {
                    found(step, each, scope);
                    visit(&each.steps, scope, found);
                }
                PlannedKind::Use(used) => {
                    // Where the step waits for an answer, what it depends on is fixed by it.
                    if let Ok(scope) = used.begin(scope, &step.home) {
                        visit(&used.steps, &scope, found);
                        visit(&used.finally, &scope, found);
                    }
                }
            }
        }
    }
    visit(plan.steps(), &rehearsal.scope, found);
    visit(plan.finally(), &rehearsal.scope, found);
}

/// The files that loops read, as far as they are known before the run.
pub(super) fn data_files(plan: &Plan, rehearsal: &Rehearsal, files: &Confinement) -> Vec<PathBuf> {
    let mut all = Vec::new();
    loops(plan, rehearsal, &mut |step, each, scope| {
        all.extend(file_of(step, each, scope, files).map(|(_, path)| path));
    });
    all
}

/// The same as they are written, by the steps of their loops; none where no loop reads a file.
pub(super) fn data_by_step(
    plan: &Plan,
    rehearsal: &Rehearsal,
    files: &Confinement,
) -> Option<DataFiles> {
    let mut all = BTreeMap::new();
    loops(plan, rehearsal, &mut |step, each, scope| {
        let file = file_of(step, each, scope, files);
        all.extend(file.map(|(written, _)| (step.id.clone(), written)));
    });
    (!all.is_empty()).then_some(DataFiles(all))
}

/// The file of a loop: how it is written, and where it is.
pub(super) fn file_of(
    step: &PlannedStep,
    each: &PlannedLoop,
    scope: &Scope,
    files: &Confinement,
) -> Option<(String, PathBuf)> {
    let PlannedSource::File { path, .. } = &each.source else {
        return None;
    };
    let Value::Text(written) = path.render(scope).ok()? else {
        return None;
    };
    let resolved = step.home.files(files).resolve(&written).ok()?;
    Some((written, resolved.path))
}

/// The rows of a loop, as far as they are known before the run and can be read.
pub(super) fn rows_of(
    step: &PlannedStep,
    each: &PlannedLoop,
    scope: &Scope,
    files: &Confinement,
) -> Option<Rows> {
    match &each.source {
        PlannedSource::Items(tree) => match tree.render(scope).ok()? {
            Value::List(items) => Some(Rows::from_values(items)),
            _ => None,
        },
        PlannedSource::File { .. } => {
            let (written, path) = file_of(step, each, scope, files)?;
            let detail = each.source.detail().map(|detail| detail.render(scope));
            let detail = detail.transpose().ok()?;
            let format = each.source.format(detail.as_ref()).ok()??;
            rows::open(&path, &written, &format).ok()
        }
    }
}

/// What a loop's data is called among the digests; none where it depends on answers.
fn name_of_data(
    step: &PlannedStep,
    each: &PlannedLoop,
    scope: &Scope,
    files: &Confinement,
) -> Option<String> {
    match &each.source {
        PlannedSource::File { .. } => {
            let (written, _) = file_of(step, each, scope, files)?;
            Some(name_of_file(step, &written))
        }
        PlannedSource::Items(_) => Some(name_of_items(step)),
    }
}

fn name_of_file(step: &PlannedStep, written: &str) -> String {
    format!("{DATA_PRINT}{}", step.home.label(written))
}

fn name_of_items(step: &PlannedStep) -> String {
    format!("the items of {}", step.id)
}

/// The name and the digest of a loop's data; none where it depends on answers, or where a list shows a secret.
fn data_of(
    step: &PlannedStep,
    each: &PlannedLoop,
    scope: &Scope,
    files: &Confinement,
    masker: &Masker,
) -> Option<(String, String)> {
    match &each.source {
        PlannedSource::File { .. } => {
            let (written, path) = file_of(step, each, scope, files)?;
            let file = Attachment::describe(&path).ok()?;
            Some((name_of_file(step, &written), file.sha256_hex()))
        }
        PlannedSource::Items(tree) => {
            let items = tree.render(scope).ok()?.to_json_text();
            (!masker.shows_in(&items)).then(|| (name_of_items(step), digest(&items)))
        }
    }
}

/// The lists of loops that show a secret, by name, as text: those known before the run of which `open` has no digest.
pub(super) fn secret_lists(
    plan: &Plan,
    rehearsal: &Rehearsal,
    open: &BTreeMap<String, String>,
    masker: &Masker,
) -> Vec<(String, String)> {
    let mut lists = Vec::new();
    loops(plan, rehearsal, &mut |step, each, scope| {
        let PlannedSource::Items(tree) = &each.source else {
            return;
        };
        let name = name_of_items(step);
        if open.contains_key(&name) {
            return;
        }
        let list = tree.render(scope).map(|list| list.to_json_text());
        let list = list.ok().filter(|list| masker.shows_in(list));
        lists.extend(list.map(|list| (name, list)));
    });
    lists
}

/// The loops whose rows are told apart by their numbers, or are inside of rows whose data has changed, where the data
/// is not what it was: a number no longer says which row was sent.
pub(super) fn renumbered<'p>(
    plan: &'p Plan,
    rehearsal: &Rehearsal,
    files: &Confinement,
    (earlier, now): (&RunStarted, &RunStarted),
    masker: &Masker,
) -> Vec<&'p PlannedStep> {
    let mut changed = Vec::new();
    let over_secrets = plan.loops_over_secrets();
    loops(plan, rehearsal, &mut |step, each, scope| {
        let Some(name) = name_of_data(step, each, scope, files) else {
            return;
        };
        let prints = |started| prints_of(started, &name, masker);
        let is_same = match (prints(earlier), prints(now)) {
            // A list that depended on answers, or that an older voxplay took no digest of.
            (before, _) if before.is_empty() && matches!(each.source, PlannedSource::Items(_)) => {
                !over_secrets.contains(step.id.as_str())
                    || private::changes(earlier, now).is_empty()
            }
            (before, after) => before == after,
        };
        if !is_same {
            changed.push(step);
        }
    });
    let inside = changed.into_iter().flat_map(PlannedStep::and_nested);
    inside
        .filter(|step| matches!(&step.kind, PlannedKind::Loop(each) if each.knows_rows_by_number()))
        .collect()
}

/// The digests of data, be it open or secret, that a stretch of a run began with. There are several where a secret
/// stands in the names of several files, which only a count tells apart then: any of them may be the one.
fn prints_of<'s>(started: &'s RunStarted, name: &str, masker: &Masker) -> Vec<&'s String> {
    let written = print_name(name, masker);
    let is_it = |other: &str| other == name || written != name && may_be(other, &written);
    let secret = started.private.iter().flat_map(|prints| &prints.data);
    let all = started.fingerprints.iter().chain(secret);
    all.filter_map(|(other, digest)| is_it(other).then_some(digest))
        .collect()
}

pub(super) fn digest(text: &str) -> String {
    hex(&Sha256::digest(text))
}
