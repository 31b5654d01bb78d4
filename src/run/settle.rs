//! What came back → the step's end, or another attempt.

use std::time::Duration;

use super::attempt::{Attempt, finished};
use super::paged::PagedRead;
use super::policy::{Patience, backoff, patience};
use crate::action::{Effect, NoSuccess, Outputs};
use crate::event::{KEPT_ANSWER, StepFinished};
use crate::outcome::{self, Envelope, Outcome, Verdict};
use crate::template::{Expression, Scope, View};
use crate::transport::{NotSentReason, Response, SendError};
use crate::value::Value;

/// What follows from what came back.
pub(super) enum Next {
    /// The step has its outcome.
    Finished(Box<StepFinished>),
    /// A page went well, and the attempt asks for the next one now.
    Page,
    /// Wait, then send the same request again.
    Again {
        wait: Duration,
        reason: String,
        /// Whether it may have been processed.
        in_doubt: bool,
    },
}

/// What decides beside the answer.
pub(super) struct Circumstances<'a> {
    pub(super) row: Option<&'a str>,
    pub(super) scope: &'a Scope,
    /// For the jitter.
    pub(super) seed: &'a str,
    /// Whether the run was told to stop.
    pub(super) interrupted: bool,
    /// Milliseconds of the driver's clock.
    pub(super) now: u64,
}

pub(super) fn settle(
    attempt: &mut Attempt<'_>,
    sent: &Result<Response, SendError>,
    around: &Circumstances<'_>,
) -> Next {
    let mut verdict = outcome::judge(sent, attempt.action.action.answer());
    let mut end = end(attempt, sent, around);
    if let Verdict::Accepted(answer) = &verdict {
        match accept(attempt, answer, around, &mut end) {
            Ok(false) => {}
            Ok(true) => match attempt.turn_page() {
                Ok(()) => return Next::Page,
                Err(reason) => fail(&mut end, reason),
            },
            Err(reason) => {
                // It says as little as an answer without a `code`.
                verdict = Verdict::InDoubt {
                    reason,
                    worth_repeating: true,
                };
            }
        }
    }
    let envelope = match (&verdict, sent) {
        (Verdict::Accepted(answer), _) => Envelope::read(Some(answer)),
        (_, Ok(response)) => Envelope::read(outcome::read_body(response).ok().as_ref()),
        (_, Err(_)) => Envelope::default(),
    };
    end.code = envelope.code;
    end.msg = envelope.msg;
    let tries = attempt.tries();
    let may_repeat = verdict.may_repeat(attempt.effect)
        && tries < attempt.action.retry.attempts
        && !around.interrupted;
    match verdict {
        // Its end was told as it was taken.
        Verdict::Accepted(_) => {}
        Verdict::Refused(refusal) => refuse(attempt, &mut end, refusal.reason),
        Verdict::NotProcessed {
            reason,
            retry_after,
        } => {
            if was_given_up(sent) {
                return Next::Again {
                    wait: Duration::ZERO,
                    reason: of_page(attempt, reason),
                    in_doubt: false,
                };
            }
            if may_repeat {
                let ours = backoff(&attempt.action.retry, tries, around.seed);
                match patience(ours, retry_after, attempt.action.timeout) {
                    Patience::Wait(wait) => {
                        return Next::Again {
                            wait,
                            reason: of_page(attempt, reason),
                            in_doubt: false,
                        };
                    }
                    Patience::TooLong(wish) => refuse(
                        attempt,
                        &mut end,
                        format!(
                            "{reason}; it asks to wait {} s, longer than the step's timeout",
                            wish.as_secs()
                        ),
                    ),
                }
            } else {
                refuse(attempt, &mut end, tried(&reason, tries));
            }
        }
        Verdict::InDoubt { reason, .. } => {
            if may_repeat {
                let wait = backoff(&attempt.action.retry, tries, around.seed);
                return Next::Again {
                    wait,
                    reason: of_page(attempt, reason),
                    in_doubt: true,
                };
            }
            end.outcome = Outcome::Unknown;
            end.error = Some(format!(
                "{}: whether the CRM did it is not known",
                tried(&reason, tries)
            ));
        }
    }
    end.pages = attempt.paged.as_ref().map(PagedRead::read);
    if end.outcome != Outcome::Ok {
        end.error = end.error.map(|error| of_page(attempt, error));
    }
    Next::Finished(Box::new(end))
}

/// Whether the run was told to stop before it was sent: it is no failure, but was not come to.
pub(super) const fn was_given_up(sent: &Result<Response, SendError>) -> bool {
    matches!(sent, Err(SendError::NotSent(NotSentReason::Interrupted)))
}

/// A reason that says of which page it speaks, where there are several.
fn of_page(attempt: &Attempt<'_>, reason: String) -> String {
    match &attempt.paged {
        Some(paged) => format!("page {}: {reason}", paged.page()),
        None => reason,
    }
}

/// What is known of the end of a step whatever its outcome.
fn end(
    attempt: &Attempt<'_>,
    sent: &Result<Response, SendError>,
    around: &Circumstances<'_>,
) -> StepFinished {
    let mut end = finished(
        attempt.step,
        around.row,
        Some(attempt.action),
        Outcome::Ok,
        None,
    );
    end.attempts = attempt.number;
    end.duration_ms = around.now.saturating_sub(attempt.began);
    if let Ok(response) = sent {
        end.http_status = Some(response.status);
        end.answer = Some(kept_answer(response));
    }
    end
}

fn fail(end: &mut StepFinished, reason: String) {
    end.outcome = Outcome::Failed;
    end.error = Some(reason);
}

/// The last attempt was not done. That says nothing of one before it that may have been: a read changes
/// nothing either way, an update may be there.
fn refuse(attempt: &Attempt<'_>, end: &mut StepFinished, reason: String) {
    fail(end, reason);
    if attempt.in_doubt && attempt.effect != Effect::Read {
        end.outcome = Outcome::Unknown;
        end.error = end.error.take().map(|reason| {
            format!(
                "{reason}; an earlier attempt had no answer: whether the CRM did it is not known"
            )
        });
    }
}

fn tried(reason: &str, attempts: u32) -> String {
    if attempts > 1 {
        format!("{reason} (after {attempts} attempts)")
    } else {
        reason.to_owned()
    }
}

/// The CRM said yes: outputs are taken, and what the playbook expects is looked at. True where it was a page, and
/// another is to be read: then the end is that of the pages after it.
///
/// # Errors
/// Why the action's own condition of success cannot be told from the answer: then nothing is taken.
fn accept(
    attempt: &mut Attempt<'_>,
    answer: &Value,
    around: &Circumstances<'_>,
    end: &mut StepFinished,
) -> Result<bool, String> {
    let action = &attempt.action.action;
    let seen = action.seen(answer, &attempt.with);
    match seen.success() {
        Ok(()) => {}
        Err(NoSuccess::Denied(reason)) => fail(end, reason),
        Err(NoSuccess::Unclear(reason)) => return Err(reason),
    }
    end.accepted = true;
    let warnings = action
        .check_response(answer)
        .iter()
        .map(|violation| {
            format!(
                "the answer is not as documented: `{}` {}",
                violation.pointer, violation.message
            )
        })
        .collect();
    if let Some(problem) = disappointment(attempt, seen.response(), around, end) {
        fail(end, problem);
    }
    let Some(paged) = &mut attempt.paged else {
        give(end, seen.outputs(), warnings);
        end.warnings.extend(seen.more_pages());
        return Ok(false);
    };
    end.warnings = warnings;
    // What some of the pages hold must not be taken for all.
    if end.outcome != Outcome::Ok {
        return Ok(false);
    }
    match paged.take(&seen, seen.outputs(), std::mem::take(&mut end.warnings)) {
        Ok(true) => return Ok(true),
        Ok(false) => {
            let all = paged.finish();
            give(end, all.outputs, all.warnings);
        }
        Err(problem) => fail(end, problem),
    }
    Ok(false)
}

/// What later steps get, and what is worth a look although it went well.
fn give(end: &mut StepFinished, outputs: Outputs, warnings: Vec<String>) {
    end.wolkvox_id = outputs.values.get("wolkvox_id").cloned();
    end.outputs = outputs.values;
    end.blank = outputs.blank;
    end.warnings = warnings;
    end.warnings.extend(
        outputs
            .failed
            .into_iter()
            .map(|(name, problem)| format!("the output `{name}` has no value: {problem}")),
    );
}

/// The first thing that the playbook expects of an answer and that is not so, with its place.
fn disappointment(
    attempt: &Attempt<'_>,
    response: &Value,
    around: &Circumstances<'_>,
    end: &StepFinished,
) -> Option<String> {
    let status = Value::from(u64::from(end.http_status.unwrap_or(0)));
    let names = [("response", response), ("status", &status)];
    let seen = View::over(around.scope, &names);
    attempt.action.expect.iter().find_map(|expectation| {
        let problem = match expectation.expression.is_true(seen) {
            Ok(true) => return None,
            Ok(false) => format!(
                "expected `{}`{}",
                expectation.text.trim(),
                instead(&expectation.expression, seen)
            ),
            Err(error) => format!("`{}`: {}", expectation.text.trim(), error.message),
        };
        let source = attempt.step.home.source();
        let place = source.position(expectation.span.start);
        Some(format!(
            "{problem} ({}:{place}); the CRM did accept the request",
            source.name()
        ))
    })
}

/// What the paths of a condition that does not hold are, to stand after it.
fn instead(condition: &Expression, seen: View<'_>) -> String {
    let values = condition.values(seen);
    let told: Vec<String> = values
        .iter()
        .map(|(path, value)| match value {
            Some(value) => format!("`{path}` is {}", value.described()),
            None => format!("`{path}` is not there"),
        })
        .collect();
    match told.split_last() {
        None => String::new(),
        Some((last, [])) => format!(", and {last}"),
        Some((last, others)) => format!(", and {} and {last}", others.join(", ")),
    }
}

fn kept_answer(response: &Response) -> String {
    let cut = response.body.len().min(KEPT_ANSWER);
    String::from_utf8_lossy(&response.body[..cut]).into_owned()
}
