//! The end of a run, as people, reports and CI systems are told of it.

use std::collections::BTreeSet;

use super::Exit;
use super::args::{Format, RunArgs};
use super::call::{Call, word};
use super::ci;
use super::ready::Ready;
use super::refusal::report_findings;
use super::reports;
use super::terminal::{Terminal, width};
use crate::diagnostic::{Code, Diagnostic};
use crate::event::{EventKind, RunFinished, RunId, step_name};
use crate::journal::{Doubt, Journal};
use crate::outcome::Outcome;
use crate::report::human::{self, InDoubt};
use crate::report::record::RunRecord;
use crate::report::words::plural;
use crate::run::{RunError, Unrecorded};
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

/// What is in doubt of all stretches of a run: what an earlier one left so is so still, whatever this one came to. What
/// the next one sends again by itself needs nobody's look.
pub(super) fn all_doubts(journal: &Journal, run: &RunId) -> Option<InDoubt> {
    let doubts = journal.in_doubt(run).ok()?;
    let doubts = doubts.iter().filter(|doubt| !doubt.is_left);
    Some(InDoubt::of(doubts.map(|doubt| &doubt.event.kind)))
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

/// Says that nothing could be written down any more; `left` is what is in doubt, none where that cannot be read either.
pub(super) fn stopped_by_journal(
    terminal: &Terminal,
    format: Format,
    call: &Call,
    error: &RunError,
    left: Option<&[Doubt]>,
) -> Exit {
    let RunError::Journal {
        error,
        sent,
        unrecorded,
    } = error;
    let has_doubts = left.is_none_or(|left| !left.is_empty());
    let after = match unrecorded {
        Some(answer) => format!(
            "the outcome of {} is known but not written down: note it",
            in_words(answer)
        ),
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
    let mut help = "make room or repair the folder of the journal".to_owned();
    let answer = unrecorded.as_ref();
    if let Some(word) = answer.and_then(|answer| word_of(answer, left)) {
        help = format!(
            "{help}; then say what you noted: `{}`",
            call.reconcile(&word)
        );
    }
    let finding = Diagnostic::error(Code::StateFolder, message).help(help);
    report_findings(terminal, format, Some(call.run()), &[finding]);
    match (*sent, unrecorded) {
        (0, None) => Exit::Refused,
        (_, Some(_)) => Exit::Unknown,
        _ if has_doubts => Exit::Unknown,
        _ => Exit::Failed,
    }
}

/// `debt@A-011 (ok, wolkvox_id 6553f100397b)`.
fn in_words(answer: &Unrecorded) -> String {
    let id = answer.wolkvox_id.as_ref();
    let id = id.map_or_else(String::new, |id| format!(", wolkvox_id {id}"));
    format!("{} ({}{id})", answer.name, answer.outcome)
}

/// The word to `reconcile` that says the same. None where nobody knows what became of it, and where the journal does not
/// know either that it was sent: that is sent again.
fn word_of(answer: &Unrecorded, left: Option<&[Doubt]>) -> Option<String> {
    let is_it = |doubt: &Doubt| match &doubt.event.kind {
        EventKind::AttemptStarted(sent) => {
            step_name(&sent.step, sent.row.as_deref()) == answer.name
        }
        _ => false,
    };
    if left.is_some_and(|left| !left.iter().any(is_it)) {
        return None;
    }
    let name = &answer.name;
    match (answer.outcome, &answer.wolkvox_id) {
        (Outcome::Ok, Some(id)) => Some(format!("--ok {}", word(&format!("{name}={id}")))),
        (Outcome::Ok, None) => Some(format!("--ok {}", word(name))),
        (Outcome::Failed, _) if answer.is_accepted => Some(format!("--ok {}", word(name))),
        (Outcome::Failed, _) => Some(format!("--failed {}", word(name))),
        _ => None,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{AttemptStarted, Event};

    fn on_its_way(step: &str) -> Doubt {
        let body = format!(
            r#"{{"step":"{step}","row":"k 1","attempt":1,"action":"a","effect":"create","request":{{}},"digest":"d"}}"#
        );
        let sent: AttemptStarted = serde_json::from_str(&body).unwrap();
        Doubt {
            seq: 2,
            event: Event {
                time: String::new(),
                kind: EventKind::AttemptStarted(sent),
            },
            is_left: false,
        }
    }

    #[test]
    fn an_answer_that_was_not_written_down_has_a_word_that_says_the_same() {
        let journal = [on_its_way("debt")];
        for (outcome, is_accepted, id, said) in [
            (
                Outcome::Ok,
                true,
                Some("64ff"),
                Some("--ok 'debt@k 1=64ff'"),
            ),
            (Outcome::Ok, true, None, Some("--ok 'debt@k 1'")),
            (Outcome::Failed, true, None, Some("--ok 'debt@k 1'")),
            (Outcome::Failed, false, None, Some("--failed 'debt@k 1'")),
            (Outcome::Unknown, false, None, None),
        ] {
            let answer = Unrecorded {
                name: "debt@k 1".to_owned(),
                outcome,
                is_accepted,
                wolkvox_id: id.map(str::to_owned),
            };
            assert_eq!(word_of(&answer, Some(&journal)).as_deref(), said);
            // Nobody can look whether the journal knows of it.
            assert_eq!(word_of(&answer, None).as_deref(), said);
            // It does not, and takes no word about it.
            assert_eq!(word_of(&answer, Some(&[on_its_way("other")])), None);
        }
    }
}
