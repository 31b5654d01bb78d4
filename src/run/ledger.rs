//! The account files of one loop: which row goes where. The files themselves are the work of `rows`.

use std::path::PathBuf;

use crate::event::RowFinished;
use crate::outcome::Outcome;
use crate::rows::{self, Account, Layout, Refusal, Row, RowError};
use crate::value::Value;

/// Which rows an account lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountKind {
    /// Rows that failed, to be put right and fed back. Rows in doubt are not among them: feeding those
    /// back could do a thing twice.
    Rejected,
    /// Rows that went well, with their ids.
    Succeeded,
    /// Rows in doubt.
    Unknown,
}

impl AccountKind {
    /// The key of a playbook, and the flag, that names its file.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Succeeded => "succeeded",
            Self::Unknown => "unknown",
        }
    }
}

/// Where the account of one kind is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountFile {
    /// Which rows.
    pub kind: AccountKind,
    /// Where.
    pub path: PathBuf,
}

/// One account while the run goes on.
#[derive(Debug)]
pub(super) struct Ledger {
    file: AccountFile,
    /// The steps whose ids are listed.
    steps: Vec<String>,
    layout: Option<Layout>,
    account: Option<Account>,
    problem: Option<String>,
}

impl Ledger {
    /// Begins an account; `layout` is none where only the first row tells how rows look.
    ///
    /// # Errors
    /// Where the file cannot be made, in one sentence.
    pub(super) fn create(
        file: AccountFile,
        layout: Option<Layout>,
        steps: Vec<String>,
    ) -> Result<Self, String> {
        let mut ledger = Self {
            file,
            steps,
            layout,
            account: None,
            problem: None,
        };
        if ledger.layout.is_some() {
            ledger.begin(None);
        }
        match ledger.problem.take() {
            Some(problem) => Err(problem),
            None => Ok(ledger),
        }
    }

    /// Adds a row where it belongs here. Of the event everything is written, so it is a masked one; the row is the
    /// user's own and stays as it is.
    pub(super) fn add(&mut self, row: &Row, event: &RowFinished) {
        self.begin(Some(row));
        if !self.lists(event.outcome) {
            return;
        }
        let Some(account) = &mut self.account else {
            return;
        };
        let written = if self.file.kind == AccountKind::Succeeded {
            let ids = event.wolkvox_ids.iter();
            let ids: Vec<(&str, &Value)> = ids.map(|(step, id)| (step.as_str(), id)).collect();
            account.succeed(row, &ids)
        } else {
            // Of a row with a bad key no step was come to.
            let of_loop = (event.outcome == Outcome::Failed).then_some(event.step.as_str());
            account.refuse(
                row,
                &Refusal {
                    step: event.failed_step.as_deref().or(of_loop),
                    outcome: event.outcome.as_str(),
                    code: event.code.as_ref(),
                    message: event.error.as_deref().unwrap_or_default(),
                    accepted: &accepted(event),
                    more: event.accepted.more,
                },
            )
        };
        self.note(written);
    }

    /// Adds a row that could not be read. What is wrong with it is told as the event, a masked one, tells it.
    pub(super) fn add_unreadable(&mut self, error: &RowError, event: &RowFinished) {
        if self.file.kind != AccountKind::Rejected {
            return;
        }
        self.begin(None);
        if let Some(account) = &mut self.account {
            let written = account.refuse_unread(error, event.error.as_deref().unwrap_or_default());
            self.note(written);
        }
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// What could not be written, in one sentence.
    pub(super) fn finish(mut self) -> Result<(), String> {
        self.begin(None);
        if let Some(account) = self.account.take()
            && let Err(error) = account.finish()
        {
            self.note(Err(error));
        }
        self.problem.map_or(Ok(()), Err)
    }

    fn lists(&self, outcome: Outcome) -> bool {
        outcome
            == match self.file.kind {
                AccountKind::Rejected => Outcome::Failed,
                AccountKind::Succeeded => Outcome::Ok,
                AccountKind::Unknown => Outcome::Unknown,
            }
    }

    fn begin(&mut self, first: Option<&Row>) {
        if self.account.is_some() || self.problem.is_some() {
            return;
        }
        let layout = self
            .layout
            .take()
            .unwrap_or_else(|| Layout::of_first(first));
        let kind = match self.file.kind {
            AccountKind::Succeeded => rows::AccountKind::Succeeded {
                steps: self.steps.clone(),
            },
            AccountKind::Rejected | AccountKind::Unknown => rows::AccountKind::Refused,
        };
        match Account::create(&self.file.path, kind, layout) {
            Ok(account) => self.account = Some(account),
            Err(error) => self.note(Err(error)),
        }
    }

    /// What goes wrong is said once, at the end: rows that are on their way are more important.
    fn note(&mut self, written: std::io::Result<()>) {
        if let Err(error) = written {
            self.problem.get_or_insert(format!(
                "the file {} cannot be written: {error}",
                self.file.path.display()
            ));
        }
    }
}

/// The steps of a row that were accepted all the same, with the ids that the CRM gave.
fn accepted(event: &RowFinished) -> Vec<(String, Option<&Value>)> {
    let steps = event.accepted.steps.iter();
    let named = steps.map(|step| (step.name(&event.row), step.wolkvox_id.as_ref()));
    named.collect()
}
