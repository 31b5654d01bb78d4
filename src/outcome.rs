//! What became of a step, and what an answer means: the table of outcomes, pure.
//!
//! It knows HTTP statuses and the vendor's envelope (`code`, `error`, `msg`, `data`); it knows no
//! sockets, no clocks and no playbooks.

mod contradiction;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::{BrokenReason, NoAnswerReason, NotSentReason};

    fn answer(status: u16, body: &str) -> Response {
        Response {
            status,
            retry_after: None,
            content_type: None,
            body: body.as_bytes().to_vec(),
            complete: Completeness::Complete,
            location: None,
            elapsed: Duration::ZERO,
        }
    }

    /// What a verdict leads to, in one word.
    fn word(verdict: &Verdict) -> &'static str {
        match verdict {
            Verdict::Accepted(_) => "accepted",
            Verdict::Refused(_) => "refused",
            Verdict::NotProcessed { .. } => "not processed",
            Verdict::InDoubt {
                worth_repeating: true,
                ..
            } => "in doubt",
            Verdict::InDoubt { .. } => "in doubt for good",
        }
    }

    fn judged(response: Response) -> &'static str {
        word(&judge(&Ok(response), Answer::Object))
    }

    #[test]
    fn bodies_of_http_200() {
        for (body, wanted) in [
            (
                r#"{"code":200,"error":"null","msg":"x","data":{}}"#,
                "accepted",
            ),
            (r#"{"code":"200"}"#, "accepted"),
            (r#"{"code":" 200 "}"#, "accepted"),
            (r#"{"code":200.0}"#, "accepted"),
            (r#"{"code":200,"error":null}"#, "accepted"),
            (r#"{"code":200,"error":"Null"}"#, "accepted"),
            (r#"{"code":200,"error":" NULL "}"#, "accepted"),
            (r#"{"code":200,"error":" "}"#, "accepted"),
            (r#"{"code":200,"error":false}"#, "accepted"),
            (r#"{"code":200,"error":[]}"#, "accepted"),
            (r#"{"code":200,"error":{}}"#, "accepted"),
            (r#"{"code":200,"msg":"Error"}"#, "accepted"),
            (r#"{"code":201}"#, "refused"),
            (r#"{"code":2000}"#, "refused"),
            (r#"{"code":"ok"}"#, "refused"),
            (r#"{"code":429}"#, "refused"),
            (r#"{"code":0}"#, "refused"),
            (r#"{"code":200,"error":"none"}"#, "refused"),
            (r#"{"code":200,"error":"null value in column"}"#, "refused"),
            (r#"{"code":200,"error":0}"#, "in doubt"),
            (r#"{"code":200,"error":true}"#, "in doubt"),
            (r#"{"code":200,"error":["x"]}"#, "in doubt"),
            (r#"{"code":200,"error":{"a":1}}"#, "in doubt"),
            (r#"{"code":400,"error":{"a":1}}"#, "refused"),
            (r#"{"error":0}"#, "in doubt"),
            (r#"{"error":"x"}"#, "refused"),
            (r#"{"code":null,"error":"x"}"#, "refused"),
            (r#"{"code":400,"code":200}"#, "in doubt"),
            (r#"{"code":200,"code":200}"#, "in doubt"),
            (r#"{"code":200,"error":"x","error":"null"}"#, "in doubt"),
            ("{}", "in doubt"),
            (r#"{"code":null}"#, "in doubt"),
            (r#"{"code":""}"#, "in doubt"),
            (r#"{"code":true}"#, "in doubt"),
            (r#"{"code":[200]}"#, "in doubt"),
            (r#"{"Code":200}"#, "in doubt"),
            (r#"{"error":"null"}"#, "in doubt"),
            ("[]", "in doubt"),
            (r#"[{"code":200}]"#, "in doubt"),
            ("200", "in doubt"),
            ("null", "in doubt"),
            (r#""ok""#, "in doubt"),
            ("", "in doubt"),
            ("  ", "in doubt"),
            ("<html>", "in doubt"),
            (r#"{"code":200"#, "in doubt"),
            (r#"{"code":200} x"#, "in doubt"),
            (r#"Warning: x {"code":200}"#, "in doubt"),
        ] {
            assert_eq!(judged(answer(200, body)), wanted, "{body}");
            // Another 2xx means the same.
            assert_eq!(judged(answer(201, body)), wanted, "201 {body}");
        }
    }

    #[test]
    fn statuses_whatever_the_body() {
        const DONE: &str = r#"{"code":200,"error":"null"}"#;
        const NO: &str = r#"{"code":400,"error":"x"}"#;
        let always = |status: u16| match status {
            429 => Some("not processed"),
            300..400 => Some("in doubt for good"),
            400..500 => Some("refused"),
            500.. | 0..200 => Some("in doubt"),
            200..300 => None,
        };
        for status in (100..600).filter(|status| always(*status).is_some()) {
            for body in [DONE, NO, "<html>", "", "[]"] {
                let found = judged(answer(status, body));
                assert_eq!(Some(found), always(status), "{status} {body}");
            }
        }
    }

    #[test]
    fn retry_after_makes_503_a_clear_not_now() {
        let with = |status| Response {
            retry_after: Some(Duration::from_secs(3)),
            ..answer(status, "")
        };
        for status in [429, 503] {
            let verdict = judge(&Ok(with(status)), Answer::Object);
            let Verdict::NotProcessed { retry_after, .. } = verdict else {
                panic!("{verdict:?}");
            };
            assert_eq!(retry_after, Some(Duration::from_secs(3)));
        }
        assert_eq!(judged(with(500)), "in doubt");
        assert_eq!(judged(with(302)), "in doubt for good");
    }

    #[test]
    fn an_answer_that_is_not_whole_proves_nothing() {
        const DONE: &str = r#"{"code":200}"#;
        for complete in [
            Completeness::Truncated,
            Completeness::Broken(BrokenReason::TimedOut {
                after: Duration::from_secs(1),
            }),
        ] {
            let cut = |status| Response {
                complete: complete.clone(),
                ..answer(status, DONE)
            };
            assert_eq!(judged(cut(200)), "in doubt");
            assert_eq!(judged(cut(404)), "refused", "the status alone says no");
            assert_eq!(judged(cut(500)), "in doubt");
        }
        let not_utf8 = Response {
            body: b"{\"code\":200,\"msg\":\"\xff\"}".to_vec(),
            ..answer(200, "")
        };
        assert_eq!(judged(not_utf8), "in doubt");
    }

    #[test]
    fn without_an_answer() {
        let judged = |error| word(&judge(&Err(error), Answer::Object));
        let not_sent = |reason| judged(SendError::NotSent(reason));
        assert_eq!(not_sent(NotSentReason::Declined), "not processed");
        assert_eq!(not_sent(NotSentReason::ConnectionClosed), "not processed");
        let malformed = NotSentReason::Malformed {
            detail: "x".to_owned(),
        };
        assert_eq!(not_sent(malformed), "refused", "it is the same every time");
        let lost = NoAnswerReason::Interrupted;
        assert_eq!(judged(SendError::NoAnswer(lost)), "in doubt");
        let late = NoAnswerReason::TimedOut {
            after: Duration::from_secs(1),
        };
        assert_eq!(judged(SendError::NoAnswer(late)), "in doubt");
    }

    #[test]
    fn what_may_be_sent_again_for_which_effect() {
        let doubt = |worth_repeating| Verdict::InDoubt {
            reason: String::new(),
            worth_repeating,
        };
        let not_processed = Verdict::NotProcessed {
            reason: String::new(),
            retry_after: None,
        };
        let refused = Verdict::Refused(Refusal {
            reason: String::new(),
        });
        for effect in Effect::ALL {
            let repeatable = matches!(effect, Effect::Read | Effect::Update);
            assert!(not_processed.may_repeat(effect));
            assert_eq!(doubt(true).may_repeat(effect), repeatable, "{effect}");
            assert!(!doubt(false).may_repeat(effect));
            assert!(!refused.may_repeat(effect));
            assert!(!Verdict::Accepted(Value::Null).may_repeat(effect));
        }
    }

    #[test]
    fn a_bare_list_is_an_answer_only_where_the_action_says_so() {
        for (shape, wanted) in [
            (Answer::Object, "in doubt"),
            (Answer::Array, "accepted"),
            (Answer::Either, "accepted"),
        ] {
            assert_eq!(word(&judge(&Ok(answer(200, "[]")), shape)), wanted);
        }
        let refused = judge(&Ok(answer(200, r#"{"code":400}"#)), Answer::Array);
        assert_eq!(word(&refused), "refused");
    }

    #[test]
    fn a_doubt_says_what_of_the_answer_decides_nothing() {
        for (body, said) in [
            ("{}", "HTTP 200, but the answer has no `code`"),
            (
                r#"{"code":null}"#,
                "HTTP 200, but the `code` of the answer is null",
            ),
            (
                r#"{"code":true}"#,
                "HTTP 200, but the `code` of the answer is true",
            ),
            (
                r#"{"code":" "}"#,
                "HTTP 200, but the `code` of the answer is empty",
            ),
            (
                r#"{"code":[200]}"#,
                "HTTP 200, but the `code` of the answer is a list",
            ),
            (
                r#"{"code":200,"error":{"a":1}}"#,
                "HTTP 200, but the `error` of the answer is an object, which says neither that there was none nor which",
            ),
        ] {
            match judge(&Ok(answer(200, body)), Answer::Object) {
                Verdict::InDoubt { reason, .. } => assert_eq!(reason, said),
                other => panic!("{body}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_refusal_says_what_was_said() {
        let body = r#"{"code":"404","error":"no such id","msg":"Not found"}"#;
        let Verdict::Refused(refusal) = judge(&Ok(answer(200, body)), Answer::Object) else {
            panic!("it is refused");
        };
        assert_eq!(refusal.reason, "HTTP 200, code 404, no such id, Not found");
    }
}
