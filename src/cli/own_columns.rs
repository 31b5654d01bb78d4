//! Data whose own columns have names that accounts of rows add: said before anything is sent.

use super::accounts::Accounts;
use super::fingerprints::{loops, rows_of};
use crate::diagnostic::Diagnostic;
use crate::plan::{Plan, PlannedSource, Rehearsal};
use crate::project::Confinement;
use crate::rows;

/// What keeps the data of loops from having the accounts that they are to have.
pub(super) fn check(
    accounts: &Accounts,
    plan: &Plan,
    rehearsal: &Rehearsal,
    files: &Confinement,
) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    loops(plan, rehearsal, &mut |step, each, scope| {
        if accounts.files(&step.id, &each.accounts).is_empty() {
            return;
        }
        let rows = rows_of(step, each, scope, files);
        if let Some(finding) = rows.and_then(rows::name_taken) {
            let span = match &each.source {
                PlannedSource::File { path_span, .. } => *path_span,
                PlannedSource::Items(_) => each.span,
            };
            let message = format!("the rows of {}: {}", step.id, finding.message);
            let finding = Diagnostic { message, ..finding };
            findings.push(finding.at(step.home.source(), span));
        }
    });
    findings
}
