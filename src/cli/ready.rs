//! Everything that can be said against a run, before its first request.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: the run's start is read from the clock here"
)]

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::Exit;
use super::accounts::{self, Accounts};
use super::args::RunArgs;
use super::deletes::{self, Deletes};
use super::going_on;
use super::limits::{Needs, check_limits};
use super::open::folder_of;
use super::own_columns;
use super::prepare::{self, Occasion, Prepared, Purpose};
use super::reads::Reads;
use super::reports;
use super::resumption::Resumption;
use super::saved;
use super::started::started;
use super::state;
use crate::diagnostic::Diagnostic;
use crate::event::RunStarted;
use crate::plan::RowCheck;
use crate::plan::foresee::{RowsShown, Tally};
use crate::sandbox::Sandbox;
use crate::secret::{Masker, Secret};

/// A run that nothing speaks against any more.
pub(super) struct Ready {
    prepared: Prepared,
    /// Where its journal is.
    pub(super) state: PathBuf,
    pub(super) accounts: Accounts,
    /// What tells the saved plan that is run from others.
    pub(super) saved_plan: Option<String>,
    /// What a run that is gone on with is now.
    pub(super) going_on: Option<RunStarted>,
}

impl std::ops::Deref for Ready {
    type Target = Prepared;

    fn deref(&self) -> &Prepared {
        &self.prepared
    }
}

/// Everything that can be said against the run is said at once; nothing is returned where something is.
/// `secrets` are what must not show from then on: the token and secret inputs.
pub(super) fn ready(
    args: &RunArgs,
    resumption: Option<&Resumption>,
    sandbox: Option<&Sandbox>,
    findings: &mut Vec<Diagnostic>,
    secrets: &mut Vec<Secret>,
) -> Option<Ready> {
    let saved = match args.plan.as_deref().map(saved::read).transpose() {
        Ok(saved) => saved,
        Err(finding) => {
            findings.push(finding);
            return None;
        }
    };
    // What was reviewed is what runs: a plan brings its own instant, and with it every date that it showed.
    let (run, started_at) = match (resumption, &saved) {
        (Some(earlier), _) => (earlier.run.clone(), earlier.started_at),
        (None, saved) => (
            args.run_id.clone().unwrap_or_else(prepare::new_run_id),
            saved
                .as_ref()
                .map_or_else(Timestamp::now, |saved| saved.planned_at),
        ),
    };
    let occasion = Occasion {
        purpose: Purpose::Run(sandbox),
        run,
        started_at,
        earlier: resumption.map(|earlier| &earlier.inputs),
        may_lack_inputs: false,
        rows: RowCheck::of(args.all_rows),
    };
    let Some(prepared) = prepare::prepare(&args.what, occasion, findings, secrets) else {
        findings.extend(reports::check(&args.reports.report, &Reads::default()));
        return None;
    };
    let state = state::of_run(args.state.state_dir.as_deref(), &prepared.root);
    let reads = Reads::of_run(args, &prepared, &state);
    findings.extend(reports::check(&args.reports.report, &reads));
    if let Some(saved) = &saved {
        findings.extend(saved::drift(saved, &prepared, &args.what));
    }
    let mut deletes = Deletes::of(&prepared.rehearsal, resumption);
    let tally = (Exit::of_findings(findings).is_none())
        .then(|| tally(args, &prepared, deletes.any()))
        .flatten();
    let needs = tally
        .as_ref()
        .map_or_else(|| Needs::from(&prepared.rehearsal), Needs::from);
    check_limits(prepared.playbook(), &prepared.project, needs, findings);
    if let Some(tally) = &tally {
        deletes.count_rows(tally, &prepared.rehearsal);
    }
    let may_go_on = Exit::of_findings(findings).is_none();
    let going_on = resumption
        .and_then(|earlier| changed_since(args, earlier, (&prepared, &state), findings, secrets));
    if may_go_on && deletes.any() && !deletes::may_delete(args) {
        // Nobody is asked about a run that is refused anyway.
        let is_refused = Exit::of_findings(findings).is_some();
        findings.extend(deletes.objection(args, &prepared, !is_refused));
    }
    let folder = folder_of(&args.what.playbook);
    let accounts = Accounts::read(args, &prepared.plan, &folder, findings);
    let reports: Vec<&Path> = args
        .reports
        .report
        .iter()
        .map(reports::ReportTo::path)
        .collect();
    findings.extend(accounts::check(
        &accounts,
        &prepared.plan,
        &prepared.files,
        &reads,
        &reports,
    ));
    findings.extend(own_columns::check(
        &accounts,
        &prepared.plan,
        &prepared.rehearsal,
        &prepared.files,
    ));
    if Exit::of_findings(findings).is_none() {
        findings.extend(accounts.make_folders(&prepared.plan));
    }
    Some(Ready {
        prepared,
        state,
        accounts,
        saved_plan: saved.map(|saved| saved.id()),
        going_on,
    })
}

/// What a run that is gone on with is now; what has changed since it began is found.
fn changed_since(
    args: &RunArgs,
    earlier: &Resumption,
    (prepared, state): (&Prepared, &Path),
    findings: &mut Vec<Diagnostic>,
    secrets: &[Secret],
) -> Option<RunStarted> {
    // What is invalid now may look like a change.
    if Exit::of_findings(findings) == Some(Exit::Invalid) {
        return None;
    }
    let masker = Masker::new(secrets);
    let mut now = started(args, prepared, &masker);
    findings.extend(going_on::objections(
        earlier, &mut now, prepared, state, &masker,
    ));
    Some(now)
}

/// What the rows of loops come to, where it has to be known before the first request: it reads all of them.
fn tally(args: &RunArgs, prepared: &Prepared, deletes: bool) -> Option<Tally> {
    let limits = prepared.project.config.limits_of(prepared.playbook());
    let has_limits = limits.requests.is_some() || limits.deletes.is_some();
    let is_asked = deletes && !deletes::may_delete(args);
    let is_wanted = (has_limits || is_asked) && !prepared.plan.loops().is_empty();
    is_wanted.then(|| saved::outlook(prepared, &args.what, RowsShown::Some).tally)
}
