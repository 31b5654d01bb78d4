//! What a CI system is told of a run that was refused: the findings at their lines, a page for the job, and how it ended.

use std::fmt::Write as _;

use super::{Ci, append, delimiter, named_for_repository};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::render::github;
use crate::report::refused;
use crate::secret::Masker;

/// How such a run ended, as later steps of the job see it.
const OUTCOME: &str = "refused";

/// Tells the CI system of a run of `playbook` of which nothing was sent. Gives what belongs on standard error, not
/// masked, and sentences about what did not work.
pub(in crate::cli) fn tell_refused(
    ci: Ci,
    playbook: &str,
    findings: &[Diagnostic],
    masker: &Masker,
) -> (String, Vec<String>) {
    if ci.resolved() != Ci::Github {
        return (String::new(), Vec::new());
    }
    let page = refused::document(playbook, findings, masker);
    let mut outputs = String::new();
    let end = delimiter();
    let _ = write!(outputs, "outcome<<{end}\n{OUTCOME}\n{end}\n");
    let problems = [("GITHUB_STEP_SUMMARY", page), ("GITHUB_OUTPUT", outputs)]
        .into_iter()
        .filter_map(|(variable, text)| append(variable, &text).err())
        .collect();
    (github(&named_for_repository(findings)), problems)
}
