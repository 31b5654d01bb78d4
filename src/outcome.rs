//! What became of a step, and what an answer means: the table of outcomes, pure.
//!
//! It knows HTTP statuses and the vendor's envelope (`code`, `error`, `msg`, `data`); it knows no
//! sockets, no clocks and no playbooks.

mod contradiction;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::action::{Answer, Effect};
use crate::transport::{Completeness, Response, SendError};
use crate::value::Value;

/// What became of a step, a row or a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The CRM said that it did it.
    Ok,
    /// It is known not to have been done.
    Failed,
    /// It may or may not have been done: a person has to look.
    Unknown,
    /// A condition said not to do it.
    Skipped,
    /// The run stopped before it.
    NotRun,
}

impl Outcome {
    /// Every outcome, in the order reports list them.
    pub const ALL: [Self; 5] = [
        Self::Ok,
        Self::Failed,
        Self::Unknown,
        Self::Skipped,
        Self::NotRun,
    ];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Skipped => "skipped",
            Self::NotRun => "not_run",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What one attempt means, before it is decided whether there is another.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// HTTP 2xx, a JSON object, code 200, no error text.
    Accepted(Value),
    /// The CRM, or something before it, said no: it was not done.
    Refused(Refusal),
    /// It was not processed, so the same request may be sent again whatever its effect.
    NotProcessed {
        /// Why.
        reason: String,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
    },
    /// It may have been processed.
    InDoubt {
        /// Why that cannot be known.
        reason: String,
        /// Whether sending it again could help; a redirect is the same every time.
        worth_repeating: bool,
    },
}

/// A clear no.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// What was said, in one sentence.
    pub reason: String,
}

impl Verdict {
    /// Whether the request may be sent again after this, given what it does.
    ///
    /// A request in doubt is only repeated where the same request twice leaves the same state.
    pub const fn may_repeat(&self, effect: Effect) -> bool {
        match self {
            Self::Accepted(_) | Self::Refused(_) => false,
            Self::NotProcessed { .. } => true,
            Self::InDoubt {
                worth_repeating, ..
            } => *worth_repeating && effect.is_repeatable(),
        }
    }
}

/// The parts of the vendor's envelope that people ask for first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Envelope {
    /// The `code` of the body, a number or text as it came.
    pub code: Option<Value>,
    /// The `msg` of the body. It never decides anything.
    pub msg: Option<String>,
}

impl Envelope {
    /// Reads `code` and `msg` out of an answer that may be anything.
    pub fn read(answer: Option<&Value>) -> Self {
        let part = |key| answer?.get(key);
        Self {
            code: part("code")
                .filter(|code| code.scalar_text().is_some())
                .cloned(),
            msg: part("msg").and_then(Value::scalar_text),
        }
    }
}

/// What one attempt means (the table "Sending, and what an answer means").
pub fn judge(sent: &Result<Response, SendError>, shape: Answer) -> Verdict {
    match sent {
        Err(SendError::NotSent(reason)) if reason.may_pass() => Verdict::NotProcessed {
            reason: format!("not sent: {reason}"),
            retry_after: None,
        },
        Err(SendError::NotSent(reason)) => Verdict::Refused(Refusal {
            reason: format!("not sent: {reason}"),
        }),
        Err(SendError::NoAnswer(reason)) => Verdict::InDoubt {
            reason: reason.to_string(),
            worth_repeating: true,
        },
        Ok(response) => judge_response(response, shape),
    }
}

fn judge_response(response: &Response, shape: Answer) -> Verdict {
    let status = response.status;
    if status == 429 || (status == 503 && response.retry_after.is_some()) {
        return Verdict::NotProcessed {
            reason: format!("the server answered HTTP {status}: not now"),
            retry_after: response.retry_after,
        };
    }
    if (300..400).contains(&status) {
        return Verdict::InDoubt {
            reason: match &response.location {
                Some(to) => format!(
                    "HTTP {status} points to {to}; redirects are never followed, and what the first host did is not known"
                ),
                None => format!("HTTP {status}: a redirect, and redirects are never followed"),
            },
            worth_repeating: false,
        };
    }
    if !(200..500).contains(&status) {
        return Verdict::InDoubt {
            reason: format!("HTTP {status}"),
            worth_repeating: true,
        };
    }
    let body = read_body(response);
    match (body, (200..300).contains(&status)) {
        (Ok(answer), true) => match twice(response) {
            Some(key) => Verdict::InDoubt {
                reason: format!("HTTP {status}, but the answer has `{key}` more than once"),
                worth_repeating: true,
            },
            None => judge_answer(answer, shape, status),
        },
        (Ok(answer), false) => Verdict::Refused(Refusal {
            reason: refusal(&answer, status),
        }),
        (Err(why), true) => Verdict::InDoubt {
            reason: format!("HTTP {status}, but {why}"),
            worth_repeating: true,
        },
        (Err(_), false) => Verdict::Refused(Refusal {
            reason: format!("HTTP {status}"),
        }),
    }
}

/// The answer as a value, or why it cannot be trusted.
pub fn read_body(response: &Response) -> Result<Value, String> {
    match &response.complete {
        Completeness::Complete => {}
        Completeness::Truncated => {
            return Err("the answer is too large and was not read to its end".to_owned());
        }
        Completeness::Broken(reason) => return Err(format!("the answer broke off: {reason}")),
    }
    let Ok(text) = std::str::from_utf8(&response.body) else {
        return Err("the answer is not UTF-8 text".to_owned());
    };
    if text.trim().is_empty() {
        return Err("the answer is empty".to_owned());
    }
    Value::from_json_text(text).map_err(|_| "the answer is not JSON".to_owned())
}

/// What the answer says twice of what decides.
fn twice(response: &Response) -> Option<&'static str> {
    contradiction::repeated(std::str::from_utf8(&response.body).ok()?)
}

fn judge_answer(answer: Value, shape: Answer, status: u16) -> Verdict {
    match (&answer, shape) {
        (Value::List(_), Answer::Array | Answer::Either) => Verdict::Accepted(answer),
        (Value::Map(_), _) => judge_envelope(answer, status),
        (other, _) => Verdict::InDoubt {
            reason: format!(
                "HTTP {status}, but the answer is a JSON {} and not an object",
                other.type_name()
            ),
            worth_repeating: true,
        },
    }
}

/// What `code` and `error` say together. A no is only what says so: another code, or a text in `error`.
fn judge_envelope(answer: Value, status: u16) -> Verdict {
    let told = error(&answer);
    let says_no = matches!(told, Told::Text(_)) || (has_code(&answer) && !code_is_200(&answer));
    if says_no {
        return Verdict::Refused(Refusal {
            reason: refusal(&answer, status),
        });
    }
    let problem = match told {
        _ if !has_code(&answer) => no_code(&answer),
        Told::Unclear(error) => format!(
            "the `error` of the answer is {}, which says neither that there was none nor which",
            described(error)
        ),
        Told::None | Told::Text(_) => return Verdict::Accepted(answer),
    };
    Verdict::InDoubt {
        reason: format!("HTTP {status}, but {problem}"),
        worth_repeating: true,
    }
}

/// What is wrong with the code of an answer that has none to go by.
fn no_code(answer: &Value) -> String {
    match answer.get("code") {
        None => "the answer has no `code`".to_owned(),
        Some(Value::Text(_)) => "the `code` of the answer is empty".to_owned(),
        Some(other) => format!("the `code` of the answer is {}", described(other)),
    }
}

/// A value of an answer in a message: what it is where it may be long.
fn described(value: &Value) -> String {
    match value {
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "an object".to_owned(),
        scalar => scalar.to_json_text(),
    }
}

fn has_code(answer: &Value) -> bool {
    match answer.get("code") {
        Some(Value::Number(_)) => true,
        Some(Value::Text(text)) => !text.trim().is_empty(),
        _ => false,
    }
}

fn code_is_200(answer: &Value) -> bool {
    match answer.get("code") {
        // `200.0` is the same number.
        Some(Value::Number(number)) => number.to_json().as_f64() == Some(200.0),
        Some(Value::Text(text)) => text.trim() == "200",
        _ => false,
    }
}

/// What `error` says.
enum Told<'a> {
    /// The vendor's way of saying that there was none: the text `"null"` in any case, JSON null, empty, or no such
    /// key (vendor page: RESPONSE, `error`). `false` and empty lists and objects say no more.
    None,
    /// What went wrong.
    Text(&'a str),
    /// Nothing that anybody has documented.
    Unclear(&'a Value),
}

fn error(answer: &Value) -> Told<'_> {
    match answer.get("error") {
        None | Some(Value::Null | Value::Bool(false)) => Told::None,
        Some(Value::List(items)) if items.is_empty() => Told::None,
        Some(Value::Map(map)) if map.is_empty() => Told::None,
        Some(Value::Text(text)) => match text.trim() {
            "" => Told::None,
            null if null.eq_ignore_ascii_case("null") => Told::None,
            _ => Told::Text(text),
        },
        Some(other) => Told::Unclear(other),
    }
}

fn refusal(answer: &Value, status: u16) -> String {
    let envelope = Envelope::read(Some(answer));
    let mut parts = vec![format!("HTTP {status}")];
    if let Some(code) = envelope.code.as_ref().and_then(Value::scalar_text) {
        parts.push(format!("code {code}"));
    }
    match error(answer) {
        Told::None => {}
        Told::Text(text) => parts.push(text.to_owned()),
        Told::Unclear(value) => {
            parts.push(value.scalar_text().unwrap_or_else(|| value.to_json_text()));
        }
    }
    if let Some(msg) = envelope.msg.filter(|msg| !msg.trim().is_empty()) {
        parts.push(msg);
    }
    parts.join(", ")
}
