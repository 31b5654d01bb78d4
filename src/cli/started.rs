//! The first event of a run, from what it was asked to do.

use super::args::RunArgs;
use super::fingerprints;
use super::open;
use super::outline;
use super::ready::Ready;
use crate::event::RunStarted;
use crate::secret::Masker;

pub(super) fn started(args: &RunArgs, ready: &Ready, key: &str, masker: &Masker) -> RunStarted {
    let playbook = ready.plan.playbook();
    let inputs = fingerprints::public_inputs(&ready.plan, &ready.inputs.values);
    let fingerprints = fingerprints::take(
        &ready.plan,
        &ready.rehearsal,
        &inputs,
        &ready.facts.operation,
        &ready.files,
        masker,
    );
    RunStarted {
        playbook: args.what.playbook.display().to_string(),
        name: playbook.name.as_ref().map(|name| name.value.clone()),
        target: ready.facts.clone(),
        voxplay: env!("CARGO_PKG_VERSION").to_owned(),
        playbook_digest: fingerprints[fingerprints::PLAYBOOK].clone(),
        started_at: ready.started_at.to_string(),
        steps: ready.plan.actions().len(),
        data: fingerprints::data_by_step(&ready.plan, &ready.rehearsal, &ready.files).map(Box::new),
        fingerprints,
        inputs,
        tags: args.what.tags.clone(),
        from_root: key.to_owned(),
        sandbox: args.what.sandbox,
        accounts: ready.accounts.kept(&ready.root),
        text: playbook.source.text().to_owned(),
        texts: fingerprints::texts(&ready.plan),
        outline: outline::take(&ready.plan),
        plan: ready.saved_plan.clone(),
        named: args.run_id.is_some(),
        from_env: fingerprints::from_environment(&ready.inputs),
        by_default: fingerprints::by_default(&ready.plan, &ready.inputs),
        private: None,
        timezone: Some(open::zone_name(&ready.zone).into()),
    }
}
