//! How the process ends. The only place where an outcome or an error becomes a number.

use std::process::{ExitCode, Termination};

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

    /// The end that a run's outcome means; `terminated` tells SIGTERM from Ctrl-C.
    pub const fn of_run(outcome: RunOutcome, terminated: bool) -> Self {
        match outcome {
            RunOutcome::Ok => Self::Ok,
            RunOutcome::Failed => Self::Failed,
            RunOutcome::Unknown => Self::Unknown,
            RunOutcome::Budget => Self::Budget,
            RunOutcome::Interrupted if terminated => Self::Terminated,
            RunOutcome::Interrupted => Self::Interrupted,
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
    // A closed pipe (`voxplay --help | head -1`) is no reason to fail.
    let _ = error.print();
    if error.use_stderr() {
        Exit::Usage
    } else {
        Exit::Ok
    }
}
