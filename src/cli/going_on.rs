//! What speaks against going on with a run: what it is made of has changed, or its records do not say any more what was
//! sent. All of it is told at once, so that nobody has to ask again after each thing that is put right.

use std::path::Path;

use indexmap::IndexMap;

use super::fingerprints;
use super::prepare::Prepared;
use super::resume::{open, unreadable};
use super::resumption::Resumption;
use super::{changes, outline, private, strangers};
use crate::diagnostic::{Code, Diagnostic};
use crate::event::{EventKind, RunStarted};
use crate::journal::{Journal, JournalError};
use crate::plan::Plan;
use crate::secret::Masker;

/// What speaks against a run's going on, by the id of the step that it is about.
pub(super) type BySteps = IndexMap<String, Diagnostic>;

/// Everything that speaks against going on with a run; `now` learns what is kept of its secret inputs.
pub(super) fn objections(
    resumed: &Resumption,
    now: &mut RunStarted,
    prepared: &Prepared,
    state: &Path,
    masker: &Masker,
) -> Vec<Diagnostic> {
    if let Err(finding) = private::keep(now, prepared, state, masker) {
        return vec![finding];
    }
    let mut changed = None;
    if !resumed.asked.accept_changes {
        changed = changes::find(resumed, now, prepared);
        // Of a run that ended ok, nothing is left that could be mixed up.
        if changed.is_none() || resumed.is_ok {
            return changed.into_iter().collect();
        }
    }
    let mixed_up = match open(state) {
        Ok(journal) => mixed_up(&journal, resumed, now, prepared, masker),
        Err(finding) => vec![finding],
    };
    if let Some(Diagnostic {
        help: Some(help), ..
    }) = &mut changed
        && !mixed_up.is_empty()
    {
        *help = format!(
            "first see to what else is told of its steps, which no flag accepts; then {help}"
        );
    }
    changed.into_iter().chain(mixed_up).collect()
}

/// What keeps a run from going on though its changes were accepted: nobody could say any more what of it was sent.
pub(super) fn mixed_up(
    journal: &Journal,
    earlier: &Resumption,
    now: &RunStarted,
    ready: &Prepared,
    masker: &Masker,
) -> Vec<Diagnostic> {
    let mut found = BySteps::new();
    match find(journal, earlier, now, ready, masker, &mut found) {
        Ok(()) => found.into_values().collect(),
        Err(error) => vec![unreadable(&error)],
    }
}

/// Of each step the first thing that is found: the others follow from it.
fn find(
    journal: &Journal,
    earlier: &Resumption,
    now: &RunStarted,
    ready: &Prepared,
    masker: &Masker,
    found: &mut BySteps,
) -> Result<(), JournalError> {
    lost_doubts(journal, earlier, &ready.plan, found)?;
    let outline = &earlier.earlier.outline;
    outline::mixed_up(journal, &earlier.run, outline, &ready.plan, found)?;
    strangers::find(journal, &earlier.run, ready, masker, found)?;
    let stretches = (&earlier.earlier, now);
    let files = &ready.files;
    let renumbered =
        fingerprints::renumbered(&ready.plan, &ready.rehearsal, files, stretches, masker);
    for step in renumbered {
        let steps = step.and_nested();
        let mut steps = steps.iter();
        let has_begun = steps.try_fold(false, |begun, step| {
            Ok(begun || journal.has_rows(&earlier.run, &step.id)?)
        })?;
        if has_begun {
            found.entry(step.id.clone()).or_insert_with(|| {
                Diagnostic::error(
                    Code::Changed,
                    format!(
                        "the data of the loop {} has changed, and its rows are known by their numbers, which do not say any more which of them were sent",
                        step.id
                    ),
                )
                .at(step.home.source(), step.span)
                .help(
                    "put the data back as it was and resume, then run what is new as a run of its own; with a `key` of each row, the next run can be gone on with",
                )
            });
        }
    }
    Ok(())
}

/// Doubts about steps that the playbook does not have any more: under another name they would be sent again.
fn lost_doubts(
    journal: &Journal,
    resumed: &Resumption,
    plan: &Plan,
    found: &mut BySteps,
) -> Result<(), JournalError> {
    let actions = plan.actions();
    let is_known = |id: &str| actions.iter().any(|(step, _)| step.id == id);
    for doubt in journal.in_doubt(&resumed.run)? {
        let step = match doubt.event.kind {
            EventKind::AttemptStarted(sent) => sent.step,
            EventKind::StepFinished(end) => end.step,
            _ => continue,
        };
        if is_known(&step) {
            continue;
        }
        let message = format!(
            "the step {step} is in doubt, and the playbook has no step of that id any more"
        );
        let help = format!(
            "settle it first: `{}`; a step keeps its id as long as its run can be gone on with",
            resumed.call.reconcile("")
        );
        found
            .entry(step)
            .or_insert_with(|| Diagnostic::error(Code::Changed, message).help(help));
    }
    Ok(())
}
