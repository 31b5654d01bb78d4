//! The end of a run, as people, reports and CI systems are told of it.

use std::collections::BTreeSet;

use super::Exit;
use super::args::{Format, RunArgs};
use super::call::Call;
use super::ci;
use super::ready::Ready;
use super::refusal::report_findings;
use super::reports;
use super::terminal::{Terminal, width};
use crate::diagnostic::{Code, Diagnostic};
use crate::event::{EventKind, RunFinished, RunId};
use crate::journal::Journal;
use crate::report::human::{self, InDoubt, plural};
use crate::report::record::RunRecord;
use crate::run::RunError;
use crate::secret::Masker;

/// The summary, without secrets.
pub(super) fn say_end(
    terminal: &Terminal,
    finished: &RunFinished,
    in_doubt: &InDoubt,
    record: &RunRecord,
    masker: &Masker,
) {
    if let EventKind::RunFinished(shown) = EventKind::RunFinished(finished.clone()).masked(masker) {
        terminal.answer(&human::summary(&shown, in_doubt, width()));
        terminal.answer(&human::reasons(&record.reasons, width()));
    }
}

/// What is in doubt of all stretches of a run: what an earlier one left so is so still, whatever this one came to.
pub(super) fn all_doubts(journal: &Journal, run: &RunId) -> Option<InDoubt> {
    let left = journal.in_doubt(run).ok()?;
    Some(InDoubt::of(left.iter().map(|(_, event)| &event.kind)))
}

/// Says which accounts are of an earlier run. Those of a loop that an earlier stretch got to are of this one.
pub(super) fn say_earlier_accounts(
    terminal: &Terminal,
    ready: &Ready,
    journal: &Journal,
    mut reached: BTreeSet<String>,
) {
    let loops = ready.plan.loops().into_iter().map(|(step, _)| &step.id);
    let was_reached = |id: &&String| journal.has_rows(&ready.run, id).unwrap_or(true);
    reached.extend(loops.filter(was_reached).cloned());
    for note in ready.accounts.of_earlier_runs(&ready.plan, &reached) {
        terminal.say(&note);
    }
}

pub(super) fn stopped_by_journal(
    terminal: &Terminal,
    format: Format,
    call: &Call,
    error: &RunError,
    has_doubts: bool,
) -> Exit {
    let RunError::Journal {
        error,
        sent,
        unrecorded,
    } = error;
    let after = match unrecorded {
        Some(step) => format!("the outcome of {step} is known but not written down: note it"),
        None if *sent == 0 => "nothing was sent".to_owned(),
        None if has_doubts => format!(
            "sent before that: {}; what was on its way is in doubt, and `{}` lists it",
            plural(*sent, "request"),
            call.reconcile("")
        ),
        None => format!(
            "sent before that: {}, and nothing since",
            plural(*sent, "request")
        ),
    };
    let message = format!("the run stopped because it could not be recorded: {error}; {after}");
    let finding = Diagnostic::error(Code::StateFolder, message)
        .help("make room or repair the folder of the journal");
    report_findings(terminal, format, Some(call.run()), &[finding]);
    match (*sent, unrecorded) {
        (0, None) => Exit::Refused,
        (_, Some(_)) => Exit::Unknown,
        _ if has_doubts => Exit::Unknown,
        _ => Exit::Failed,
    }
}

/// Writes the reports and tells the CI system; a report that cannot be written takes the run nothing but the
/// exit code 0.
pub(super) fn tell_others(
    args: &RunArgs,
    terminal: &Terminal,
    record: &RunRecord,
    masker: &Masker,
    exit: Exit,
) -> Exit {
    let (commands, mut problems) = ci::tell(args.reports.ci, record, masker);
    terminal.command(&commands);
    problems.extend(reports::write(&args.reports.report, record, masker));
    for problem in &problems {
        terminal.say(&format!("error: {problem}\n"));
    }
    match exit {
        Exit::Ok if !problems.is_empty() => Exit::Failed,
        exit => exit,
    }
}
