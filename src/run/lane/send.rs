//! One step from its files to its answer: the files, the pace, the intent, the request, and another attempt. What
//! an answer means is told by `settle`.

use super::{Lane, State, Stop};
use crate::action::Effect;
use crate::attachment::Attachment;
use crate::event::{AttemptFailed, AttemptStarted, EventKind, step_name};
use crate::journal::Durability;
use crate::outcome::Outcome;
use crate::run::attempt::{Attempt, finished};
use crate::run::paged::PagedRead;
use crate::run::settle::{Circumstances, Next, settle, was_given_up};
use crate::run::{Command, Limit, NoLeave};
use crate::transport::{Response, SendError};

impl<'p> Lane<'p> {
    /// Looks at the files that a request will carry, where it carries some.
    pub(super) fn attach(&mut self, attempt: Attempt<'p>) -> Command<'p> {
        let files = attempt.files();
        if files.is_empty() {
            return self.attached(attempt, Ok(Vec::new()));
        }
        let home = &attempt.step.home;
        self.state = State::Attaching(attempt);
        Command::Attach(home, files)
    }

    pub(super) fn attached(
        &mut self,
        mut attempt: Attempt<'p>,
        files: Result<Vec<Attachment>, String>,
    ) -> Command<'p> {
        let made = files.and_then(|files| attempt.make_request(self.around.target, files));
        match made {
            Ok(()) => self.admit(attempt),
            Err(reason) => self.fail_unsent(attempt.step, &reason),
        }
    }

    /// Waits for the target's pace. An intent is only written down when nothing is waited for any more. What a limit
    /// would refuse then does not wait: it would use up a turn, and one of the day's requests.
    pub(super) fn admit(&mut self, attempt: Attempt<'p>) -> Command<'p> {
        if !self.interrupted
            && let Err(limit) = self.around.meter.ask(attempt.more_deletes())
        {
            return self.end_at(limit, &attempt);
        }
        let most = attempt.action.timeout;
        self.state = State::Admitting(attempt);
        Command::Admit(most)
    }

    pub(super) fn admitted(
        &mut self,
        attempt: Attempt<'p>,
        admitted: Result<u64, NoLeave>,
        now: u64,
    ) -> Command<'p> {
        if self.interrupted {
            return self.give_up(&attempt, now);
        }
        match admitted {
            Ok(waited_ms) => self.intend(attempt, waited_ms),
            Err(why) => match why {
                NoLeave::Budget => self.withhold(&attempt, Stop::Budget, &why.to_string()),
                NoLeave::TooLate => self.withhold(&attempt, Stop::Failed, &why.to_string()),
                // The server would have told the step the same, had it asked.
                NoLeave::Held(_) => self.refuse(&attempt, &why.to_string()),
            },
        }
    }

    /// Does not send a request because nothing more of the lane is to be sent.
    fn withhold(&mut self, attempt: &Attempt<'p>, stop: Stop, reason: &str) -> Command<'p> {
        let outcome = if attempt.may_be_done() {
            Outcome::Unknown
        } else {
            Outcome::NotRun
        };
        let why = if attempt.number == 0 {
            reason.to_owned()
        } else {
            attempt.unsent(reason)
        };
        let command = self.end_unsent(attempt, outcome, why);
        self.halt(stop, reason);
        command
    }

    /// Does not send a request that may not be: the step has failed, unless an earlier attempt may have done it.
    fn refuse(&mut self, attempt: &Attempt<'p>, reason: &str) -> Command<'p> {
        let unsent = attempt.unsent(reason);
        if attempt.may_be_done() {
            let why = format!("{unsent}; whether the CRM did it is not known");
            return self.end_unsent(attempt, Outcome::Unknown, why);
        }
        self.end_unsent(attempt, Outcome::Failed, unsent)
    }

    /// Does not send a request that would pass a limit of the run: nothing more is to begin.
    fn end_at(&mut self, limit: Limit, attempt: &Attempt<'p>) -> Command<'p> {
        let command = self.refuse(attempt, &limit.refusal(attempt.more_deletes()));
        self.halt(Stop::Limit(limit), &limit.reached());
        command
    }

    fn end_unsent(&mut self, attempt: &Attempt<'p>, outcome: Outcome, why: String) -> Command<'p> {
        let row = self.row.as_deref();
        let mut end = finished(attempt.step, row, Some(attempt.action), outcome, Some(why));
        end.attempts = attempt.number;
        end.http_status = attempt.status_before();
        self.finish(attempt.step, end)
    }

    /// Writes down that a request is about to be sent.
    pub(super) fn intend(&mut self, mut attempt: Attempt<'p>, waited_ms: u64) -> Command<'p> {
        let deletes = attempt.more_deletes();
        if let Err(limit) = self.around.meter.take(deletes) {
            return self.end_at(limit, &attempt);
        }
        attempt.counted += deletes;
        attempt.number += 1;
        let request = attempt
            .request
            .as_ref()
            .expect("a request was made before it is meant to be sent");
        let event = EventKind::AttemptStarted(AttemptStarted {
            step: attempt.step.id.clone(),
            row: self.row.clone(),
            attempt: attempt.number,
            page: attempt.paged.as_ref().map(PagedRead::page),
            action: attempt.action.action.name().to_owned(),
            effect: attempt.effect,
            pages_read: attempt.paged.as_ref().map_or(0, PagedRead::read),
            waited_ms,
            request: request.described(),
            digest: request.digest(),
            with: attempt.action.action.lookup().map(|_| attempt.with.clone()),
            withheld: Vec::new(),
            deletes,
            item: self.item.clone(),
        });
        let durability = durability(attempt.effect);
        self.state = State::Intending(attempt);
        Command::Record(Box::new(event), durability)
    }

    pub(super) fn answered(
        &mut self,
        mut attempt: Attempt<'p>,
        sent: &Result<Response, SendError>,
        now: u64,
    ) -> Command<'p> {
        // With the row: those that were refused at once are not to come back at once.
        let name = step_name(&attempt.step.id, self.row.as_deref());
        let seed = format!("{}/{name}", self.around.run);
        let next = settle(
            &mut attempt,
            sent,
            &Circumstances {
                row: self.row.as_deref(),
                scope: &self.scope,
                seed: &seed,
                interrupted: self.interrupted,
                now,
            },
        );
        let unsent = matches!(sent, Err(SendError::NotSent(_)));
        if unsent {
            let is_over = matches!(&next, Next::Finished(end) if end.outcome == Outcome::Failed);
            let deletes = if is_over { attempt.counted } else { 0 };
            self.around.meter.give_back(deletes);
        }
        match next {
            Next::Finished(mut end) => {
                end.unsent = unsent;
                let durability = match end.outcome {
                    Outcome::Ok => durability(attempt.effect),
                    _ => Durability::Now,
                };
                self.finish_as(attempt.step, *end, durability)
            }
            Next::Page => self.attach(attempt),
            Next::Again {
                wait,
                reason,
                in_doubt,
            } => {
                let http_status = sent.as_ref().ok().map(|response| response.status);
                attempt.before = Some((reason.clone(), http_status));
                let event = EventKind::AttemptFailed(AttemptFailed {
                    step: attempt.step.id.clone(),
                    row: self.row.clone(),
                    attempt: attempt.number,
                    page: attempt.paged.as_ref().map(PagedRead::page),
                    reason,
                    http_status,
                    wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                    in_doubt,
                    unsent,
                });
                let durability = durability(attempt.effect);
                attempt.in_doubt |= in_doubt;
                if was_given_up(sent) {
                    // The lane ends with it, and then nothing is said of an attempt that was none.
                    attempt.number -= 1;
                }
                self.state = State::Noting(attempt, wait);
                Command::Record(Box::new(event), durability)
            }
        }
    }

    /// The run was told to stop while a step waited for its next attempt.
    pub(super) fn give_up(&mut self, attempt: &Attempt<'p>, now: u64) -> Command<'p> {
        let (outcome, reason) = if attempt.may_be_done() {
            (
                Outcome::Unknown,
                "interrupted before it could be sent again: whether the CRM did it is not known"
                    .to_owned(),
            )
        } else if let Some(page) = attempt.next_page() {
            (
                Outcome::NotRun,
                format!("interrupted before page {page} was read"),
            )
        } else if attempt.number == 0 {
            (Outcome::NotRun, "interrupted before it was sent".to_owned())
        } else {
            (
                Outcome::NotRun,
                "interrupted before it could be sent again: the CRM has not done it".to_owned(),
            )
        };
        let mut end = finished(
            attempt.step,
            self.row.as_deref(),
            Some(attempt.action),
            outcome,
            Some(reason),
        );
        end.attempts = attempt.number;
        end.duration_ms = now.saturating_sub(attempt.began);
        self.finish(attempt.step, end)
    }
}

/// A create or a delete is on disk before it goes out, and its answer before the next step. What may be
/// repeated may be written a little later: whatever follows it is written after it.
const fn durability(effect: Effect) -> Durability {
    if effect.is_repeatable() {
        Durability::Soon
    } else {
        Durability::Now
    }
}
