//! That an earlier run of the same playbook did not come to its end: to start it again is the commonest way to send a
//! write twice. It is said, and not refused: another run may be what is meant.

use super::args::RunArgs;
use super::call::Call;
use super::deletes;
use super::opened::names_of;
use super::ready::Ready;
use super::whereabouts::root_from;
use crate::diagnostic::{Code, Diagnostic};
use crate::event::{EventKind, RunFinished, RunOutcome};
use crate::journal::Journal;

/// What to say before a new run begins; nothing where the latest one of its playbook and target ended well, or failed.
pub(super) fn warning(journal: &Journal, args: &RunArgs, ready: &Ready) -> Option<Diagnostic> {
    // Every sandbox begins empty.
    if args.what.sandbox {
        return None;
    }
    let names = names_of(&args.what.playbook, &ready.root);
    let root = root_from(&ready.state, &ready.root);
    // A journal that cannot be read cannot be written either, which is said then.
    let latest = journal.latest_of(&names, &root, &ready.facts).ok()??;
    let state = State::after(&latest.last)?;
    let call = Call::new(&latest.run, &ready.state);
    let resume = call.resume(deletes::words_to_go_on(args, ready));
    let go_on = match state {
        State::InDoubt | State::InterruptedInDoubt => format!(
            "say what you found in the CRM with `{}`, then `{resume}`",
            call.reconcile("")
        ),
        _ => format!("`{resume}`"),
    };
    let message = format!(
        "an earlier run of this playbook to {}, {}, {}: this one begins anew, and what that one has done may be done twice",
        ready.facts.name,
        latest.run,
        state.words()
    );
    Some(
        Diagnostic::warning(Code::Advice, message)
            .help(format!("to go on with the earlier one instead: {go_on}")),
    )
}

/// How a run stands that has not come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It was killed.
    Broken,
    /// A person has said what became of its doubts.
    Settled,
    InDoubt,
    Interrupted,
    InterruptedInDoubt,
    OutOfBudget,
}

impl State {
    /// By the last that happened in it, for nobody runs it now; none where it came to its end.
    fn after(last: &EventKind) -> Option<Self> {
        match last {
            EventKind::RunFinished(end) => Self::at_end(end),
            EventKind::Reconciled(_) => Some(Self::Settled),
            // The CRM was asked about its doubts.
            EventKind::LookedUp(_) => Some(Self::InDoubt),
            _ => Some(Self::Broken),
        }
    }

    fn at_end(end: &RunFinished) -> Option<Self> {
        match end.outcome {
            RunOutcome::Interrupted if end.counts.unknown > 0 => Some(Self::InterruptedInDoubt),
            RunOutcome::Interrupted => Some(Self::Interrupted),
            RunOutcome::Unknown => Some(Self::InDoubt),
            _ if end.is_out_of_budget() => Some(Self::OutOfBudget),
            RunOutcome::Ok | RunOutcome::Failed | RunOutcome::Budget => None,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Broken => "did not come to its end",
            Self::Settled => "was settled by `reconcile` and has not gone on since",
            Self::InDoubt => "ended in doubt",
            Self::Interrupted => "was interrupted",
            Self::InterruptedInDoubt => "was interrupted, and is in doubt",
            Self::OutOfBudget => "stopped when the day's requests were used up",
        }
    }
}
