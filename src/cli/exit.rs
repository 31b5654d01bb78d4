//! How the process ends. The only place where an outcome or an error becomes a number.

use std::io::Write as _;
use std::process::{ExitCode, Termination};

use super::terminal::{is_answer_lost, note_written};
use crate::diagnostic::{Class, Diagnostic};
use crate::event::RunOutcome;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All ok.
    Ok,
    /// Some step or row failed.
    Failed,
    /// Wrong command line.
    Usage,
    /// Playbook, inputs, config or data invalid: nothing was sent.
    Invalid,
    /// Refused by a guard, a limit, or a missing secret: nothing was sent.
    Refused,
    /// Some outcome is unknown.
    Unknown,
    /// Stopped at the daily budget; the run can be gone on with.
    Budget,
    /// A bug in voxplay.
    Bug,
    /// The terminal was closed, or its connection lost.
    HungUp,
    /// Ctrl-C.
    Interrupted,
    /// SIGTERM.
    Terminated,
}

impl Exit {
    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Invalid => 3,
            Self::Refused => 4,
            Self::Unknown => 5,
            Self::Budget => 6,
            Self::Bug => 70,
            Self::HungUp => 129,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// The end that findings before the start mean; none where nothing stops the start.
    pub fn of_findings(findings: &[Diagnostic]) -> Option<Self> {
        let mut errors = findings
            .iter()
            .filter(|finding| finding.is_error())
            .peekable();
        errors.peek()?;
        let invalid = errors.any(|finding| finding.code.class() == Class::Invalid);
        Some(if invalid {
            Self::Invalid
        } else {
            Self::Refused
        })
    }

    /// The same, or `lost` where all was ok and the answer could not be written.
    #[must_use]
    pub(super) fn unless_lost(self, lost: Self) -> Self {
        if self == Self::Ok && is_answer_lost() {
            lost
        } else {
            self
        }
    }

    /// The end that a run's outcome means; `interrupted` is the one by the signal that was heard.
    pub const fn of_run(outcome: RunOutcome, interrupted: Self) -> Self {
        match outcome {
            RunOutcome::Ok => Self::Ok,
            RunOutcome::Failed => Self::Failed,
            RunOutcome::Unknown => Self::Unknown,
            RunOutcome::Budget => Self::Budget,
            RunOutcome::Interrupted => interrupted,
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        self.code().into()
    }
}

/// Prints what clap has to say: help and version are answers, the rest is a wrong command line.
pub(super) fn of_clap(error: &clap::Error) -> Exit {
    let printed = error.print();
    if error.use_stderr() {
        return Exit::Usage;
    }
    note_written(printed.and_then(|()| std::io::stdout().flush()));
    Exit::Ok.unless_lost(Exit::Refused)
}
