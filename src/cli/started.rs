//! The first event of a run, from what it was asked to do.

use super::args::RunArgs;
use super::fingerprints;
use super::open;
use super::opened::lock_key;
use super::outline;
use super::prepare::Prepared;
use crate::event::{AccountFlags, RunStarted};
use crate::secret::Masker;

/// What a run begins with, as it stands in the journal, but for its accounts, its saved plan and the way to its root.
pub(super) fn started(args: &RunArgs, ready: &Prepared, masker: &Masker) -> RunStarted {
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
    let mut started = RunStarted {
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
        from_root: lock_key(&args.what.playbook, &ready.root),
        root: None,
        sandbox: args.what.sandbox,
        accounts: AccountFlags::default(),
        text: playbook.source.text().to_owned(),
        texts: fingerprints::texts(&ready.plan),
        outline: outline::take(&ready.plan),
        plan: None,
        named: args.run_id.is_some(),
        from_env: fingerprints::from_environment(&ready.inputs),
        by_default: fingerprints::by_default(&ready.plan, &ready.inputs),
        private: None,
        timezone: Some(open::zone_name(&ready.zone).into()),
    };
    started.mask(masker);
    started
}
