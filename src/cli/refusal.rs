//! What is wrong is said, for people and for programs.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: what is said for programs has its time"
)]

use std::path::Path;

use jiff::Timestamp;

use super::Exit;
use super::args::Format;
use super::check::literal_tokens;
use super::ci::{Ci, tell_refused};
use super::terminal::Terminal;
use crate::diagnostic::Diagnostic;
use crate::event::RunId;
use crate::report::json;
use crate::secret::Masker;

/// Says why nothing is done.
pub(super) fn refuse(format: Format, finding: &Diagnostic) -> Exit {
    refuse_all(format, std::slice::from_ref(finding))
}

/// Says all that keeps something from being done.
pub(super) fn refuse_all(format: Format, findings: &[Diagnostic]) -> Exit {
    report_findings(&terminal(Ci::Auto, findings), format, None, findings);
    Exit::of_findings(findings).unwrap_or(Exit::Bug)
}

/// Says why nothing is run, also to the CI system.
pub(super) fn refuse_run(format: Format, ci: Ci, playbook: &Path, finding: &Diagnostic) -> Exit {
    let findings = std::slice::from_ref(finding);
    let exit = refuse_all(format, findings);
    tell_ci(&terminal(ci, findings), ci, playbook, findings);
    exit
}

/// The terminal, covering what is secret in some findings.
fn terminal(ci: Ci, findings: &[Diagnostic]) -> Terminal {
    let mut terminal = Terminal::of(ci);
    terminal.mask(Masker::new(literal_tokens(findings)));
    terminal
}

/// Tells the CI system of a run of a playbook of which nothing was sent.
pub(super) fn tell_ci(terminal: &Terminal, ci: Ci, playbook: &Path, findings: &[Diagnostic]) {
    let playbook = playbook.display().to_string();
    let (commands, problems) = tell_refused(ci, &playbook, findings, terminal.masker());
    terminal.command(&commands);
    for problem in problems {
        terminal.say(&format!("error: {problem}\n"));
    }
}

/// `run` is none where it is not known yet.
pub(super) fn report_findings(
    terminal: &Terminal,
    format: Format,
    run: Option<&RunId>,
    findings: &[Diagnostic],
) {
    if findings.is_empty() {
        return;
    }
    match format {
        Format::Human => {
            terminal.say(&terminal.findings(findings));
            if Exit::of_findings(findings).is_none() {
                terminal.say("\n");
            }
        }
        Format::Json => {
            let time = format!("{:.3}", Timestamp::now());
            terminal.answer(&json::findings(run, &time, findings));
        }
    }
}
