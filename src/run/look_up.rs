//! A look-up carried out: its reads sent as a run sends them, at the target's pace and retried as reads are.
//! It changes nothing in the CRM, and says what was found; what that means is a person's to decide.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: a read that is retried waits"
)]

use super::pace::Pace;
use super::policy::{Patience, backoff, patience};
use crate::action::{Action, Effect, NoSuccess, Search, TargetFacts};
use crate::outcome::{self, Verdict};
use crate::plan::DEFAULT_TIMEOUT;
use crate::playbook::Retry;
use crate::request;
use crate::transport::Transport;
use crate::value::Value;

/// What sends reads.
#[derive(Debug)]
pub struct Reader<'r> {
    /// Where they go.
    pub target: &'r TargetFacts,
    /// What carries them.
    pub transport: &'r Transport,
    /// How fast they may go, and how many are left today.
    pub pace: &'r Pace,
}

/// What a look-up has found.
#[derive(Debug, Clone, PartialEq)]
pub struct Looked {
    /// The records that are the created one, each id once; or why nothing is known, in one sentence without a
    /// full stop.
    pub same: Result<Vec<Value>, String>,
    /// How many records were looked at.
    pub seen: usize,
    /// How many requests were sent.
    pub requests: u64,
    /// Where the answers are not as documented.
    pub remarks: Vec<String>,
}

impl Looked {
    /// Nothing is known, and nothing was sent for it.
    pub const fn nothing(reason: String) -> Self {
        Self {
            same: Err(reason),
            seen: 0,
            requests: 0,
            remarks: Vec::new(),
        }
    }
}

impl Reader<'_> {
    /// Reads page by page until it is known what is there. `read` is the action of the search; `seed` is for
    /// the jitter of retries.
    pub async fn look_up(&self, read: &Action, mut search: Search<'_>, seed: &str) -> Looked {
        let mut looked = Looked::nothing(String::new());
        looked.same = loop {
            let page = match self.page(read, search.ask(), seed, &mut looked).await {
                Ok(answer) => search.take(&answer),
                Err(reason) => Err(reason),
            };
            match page {
                Ok(true) => {}
                Ok(false) => break Ok(search.same().to_vec()),
                Err(reason) => break Err(reason),
            }
        };
        looked.seen = search.seen();
        looked
    }

    /// The answer to one read.
    async fn page(
        &self,
        read: &Action,
        with: &Value,
        seed: &str,
        looked: &mut Looked,
    ) -> Result<Value, String> {
        // The catalogue keeps look-ups to actions that only read; nothing else may ever go out here.
        if read.effect(with) != Effect::Read {
            return Err(format!("{} does not only read", read.name()));
        }
        let request = request::render(read, with, self.target, Vec::new())
            .map_err(|error| error.to_string())?;
        let answer = self
            .send(read, &request, seed, &mut looked.requests)
            .await?;
        read.seen(&answer, with)
            .success()
            .map_err(NoSuccess::into_reason)?;
        for violation in read.check_response(&answer) {
            let remark = format!(
                "the answer of {} is not as documented: `{}` {}",
                read.name(),
                violation.pointer,
                violation.message
            );
            if !looked.remarks.contains(&remark) {
                looked.remarks.push(remark);
            }
        }
        Ok(answer)
    }

    async fn send(
        &self,
        read: &Action,
        request: &request::Request,
        seed: &str,
        requests: &mut u64,
    ) -> Result<Value, String> {
        let retry = Retry::default();
        let mut attempt = 0;
        loop {
            let leave = self
                .pace
                .admit(DEFAULT_TIMEOUT)
                .await
                .map_err(|why| why.to_string())?;
            attempt += 1;
            *requests += 1;
            let sent = self.transport.send(request, DEFAULT_TIMEOUT).await;
            leave.used();
            let verdict = outcome::judge(&sent, read.answer());
            let again = verdict.may_repeat(Effect::Read) && attempt < retry.attempts;
            let (reason, wish) = match verdict {
                Verdict::Accepted(answer) => return Ok(answer),
                Verdict::Refused(refusal) => return Err(refusal.reason),
                Verdict::NotProcessed {
                    reason,
                    retry_after,
                } => (reason, retry_after),
                Verdict::InDoubt { reason, .. } => (reason, None),
            };
            if !again {
                return Err(reason);
            }
            match patience(backoff(&retry, attempt, seed), wish, DEFAULT_TIMEOUT) {
                Patience::Wait(wait) => tokio::time::sleep(wait).await,
                Patience::TooLong(wish) => {
                    return Err(format!("{reason}; it asks to wait {} s", wish.as_secs()));
                }
            }
        }
    }
}
