//! Answer × fault → what is written to the connection, and how. Pure.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::super::answer::{Answer, Documented, Refusal};
use super::kinds::{Bytes, Does, Envelope};
use super::{Argument, Fault, Flow};

/// Where a redirect to the sandbox itself points: no call is there.
const ELSEWHERE: &str = "/server/API/v2/elsewhere.php";

/// How much of an answer that is not JSON, or is huge, the log keeps.
const MOST_LOGGED: usize = 4096;

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=UTF-8";

/// What is written to the connection.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Reply {
    pub(in crate::sandbox) status: StatusCode,
    pub(in crate::sandbox) content_type: &'static str,
    pub(in crate::sandbox) body: Vec<u8>,
    pub(in crate::sandbox) retry_after: Option<u32>,
    pub(in crate::sandbox) location: Option<String>,
    /// How it travels, and for how long where that is slow; `None` is at once and whole.
    pub(in crate::sandbox) flow: Option<(Flow, Duration)>,
    pub(in crate::sandbox) documented: Documented,
    pub(in crate::sandbox) notes: Vec<String>,
}

impl Reply {
    /// An answer as it is.
    pub(in crate::sandbox) fn plain(answer: Answer) -> Self {
        Self {
            status: answer.status,
            content_type: JSON,
            body: answer.body.to_string().into_bytes(),
            retry_after: None,
            location: None,
            flow: None,
            documented: answer.documented,
            notes: answer.notes,
        }
    }

    /// The HTTP status that reaches the client, if one does.
    pub(in crate::sandbox) fn status_sent(&self) -> Option<u16> {
        let nothing = matches!(
            self.flow,
            Some((
                Flow::CloseUnread | Flow::Close | Flow::Reset | Flow::Stall,
                _
            ))
        );
        (!nothing).then_some(self.status.as_u16())
    }

    /// What the log keeps of the body: JSON as JSON, else its beginning as text; null where none is sent.
    pub(in crate::sandbox) fn logged(&self) -> Value {
        if self.status_sent().is_none() {
            return Value::Null;
        }
        let beginning = &self.body[..self.body.len().min(MOST_LOGGED)];
        if self.body.len() > 1024 * 1024 {
            return json!(String::from_utf8_lossy(beginning));
        }
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| json!(String::from_utf8_lossy(beginning)))
    }
}

/// What a call is answered when the fault of a rule hits it; `made` says whether its change was made.
pub(in crate::sandbox) fn spoil(answer: Answer, fault: &Fault, rule: usize, made: bool) -> Reply {
    let kind = fault.kind;
    let mut reply = match kind.does {
        Does::Status(code) => refused(code, code),
        Does::Code(code) => refused(200, code),
        Does::Envelope(change) => envelope(answer, change),
        Does::Bytes(change) => bytes(answer, change),
        Does::RedirectHere => redirect(ELSEWHERE.to_owned()),
        Does::RedirectAway => match &fault.argument {
            Argument::To(url) => redirect(url.to_string()),
            _ => Reply::plain(answer),
        },
        Does::Huge => huge(answer, fault),
        Does::Flow(flow) => {
            let pause = match fault.argument {
                Argument::For(pause) => pause,
                _ => Duration::ZERO,
            };
            Reply {
                flow: Some((flow, pause)),
                ..Reply::plain(answer)
            }
        }
        Does::Plain | Does::FirstPage | Does::ShownLate => Reply::plain(answer),
    };
    if let Argument::RetryAfter(seconds) = fault.argument {
        reply.retry_after = Some(seconds);
    }
    reply.documented = kind.documented;
    let change = if made {
        "the change is made"
    } else {
        "no change is made"
    };
    let word = kind.documented.word();
    reply.notes.push(format!(
        "fault {} (rule {rule}, {word}): {}; {change}",
        kind.name, kind.says
    ));
    reply
}

/// A refusal in the envelope; that it is asked for stands in its sentence.
fn refused(status: u16, code: u16) -> Reply {
    let listed = |code| StatusCode::from_u16(code).expect("the table has only codes of HTTP");
    let mut answer = Answer::refused(
        Refusal::new(listed(code), "this fault was asked for"),
        Vec::new(),
    );
    answer.status = listed(status);
    Reply::plain(answer)
}

fn envelope(mut answer: Answer, change: Envelope) -> Reply {
    let body = &mut answer.body;
    if !body.is_object() && change != Envelope::BareArray {
        let note = "the answer is a list, without the keys that this fault changes";
        answer.notes.push(note.to_owned());
        return Reply::plain(answer);
    }
    match change {
        Envelope::CodeText => {
            if let Some(code) = body["code"].as_u64() {
                body["code"] = json!(code.to_string());
            }
        }
        Envelope::ErrorNull => body["error"] = Value::Null,
        Envelope::ErrorAbsent => without(body, "error"),
        Envelope::ErrorEmpty => body["error"] = json!(""),
        Envelope::ErrorText => body["error"] = json!("sandbox: this fault was asked for"),
        Envelope::Code400 => {
            body["code"] = json!(400);
            body["error"] = json!("null");
        }
        Envelope::Status400 => {
            answer.status = StatusCode::BAD_REQUEST;
            body["code"] = json!(200);
        }
        Envelope::DataAbsent => without(body, "data"),
        Envelope::DataObject => body["data"] = json!({}),
        Envelope::DataList => body["data"] = json!([]),
        Envelope::BareArray => *body = json!([body.take()]),
        Envelope::OtherMsg => body["msg"] = json!("sandbox: other words than the documented ones"),
        Envelope::BlankId => {
            let data = body.get_mut("data").into_iter();
            let rows = data.flat_map(|data| match data {
                Value::Array(rows) => rows.as_mut_slice(),
                one => std::slice::from_mut(one),
            });
            for row in rows {
                for key in ["wolkvox_id", "idPrefijo"] {
                    row.get_mut(key).map(blank);
                }
            }
        }
    }
    Reply::plain(answer)
}

fn without(body: &mut Value, key: &str) {
    if let Some(map) = body.as_object_mut() {
        map.shift_remove(key);
    }
}

fn blank(id: &mut Value) {
    match id {
        Value::Array(ids) => ids.iter_mut().for_each(blank),
        other => *other = json!(""),
    }
}

fn bytes(answer: Answer, change: Bytes) -> Reply {
    let mut reply = Reply::plain(answer);
    let mut page = |status, title: &str| {
        reply.status = status;
        reply.content_type = HTML;
        reply.body = format!(
            "<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
        )
        .into_bytes();
    };
    match change {
        Bytes::Html200 => page(StatusCode::OK, "Please sign in"),
        Bytes::Html502 => page(StatusCode::BAD_GATEWAY, "502 Bad Gateway"),
        Bytes::Maintenance => page(StatusCode::FORBIDDEN, "403 Forbidden: maintenance"),
        Bytes::Empty => {
            reply.status = StatusCode::OK;
            reply.body.clear();
        }
        Bytes::Truncated => reply.body.truncate(reply.body.len() / 2),
        Bytes::Mark => prefix(&mut reply.body, "\u{feff}"),
        Bytes::PhpNotice => prefix(
            &mut reply.body,
            "<br />\n<b>Notice</b>:  Undefined index: sandbox in <b>/invented.php</b> on line <b>1</b><br />\n",
        ),
        Bytes::WrongType => reply.content_type = HTML,
    }
    reply
}

fn prefix(body: &mut Vec<u8>, text: &str) {
    body.splice(..0, text.bytes());
}

fn redirect(location: String) -> Reply {
    Reply {
        status: StatusCode::FOUND,
        content_type: HTML,
        body: Vec::new(),
        retry_after: None,
        location: Some(location),
        flow: None,
        documented: Documented::Invented,
        notes: Vec::new(),
    }
}

fn huge(answer: Answer, fault: &Fault) -> Reply {
    let length = match fault.argument {
        Argument::Bytes(length) => usize::try_from(length).unwrap_or(usize::MAX),
        _ => 0,
    };
    let mut answer = answer;
    // More than a gibibyte says nothing more than a gibibyte does.
    if answer.body.is_object() {
        answer.body["msg"] = json!("x".repeat(length.min(1 << 30)));
    }
    Reply::plain(answer)
}

/// The answer of a call that was never looked at.
pub(in crate::sandbox) fn nothing() -> Answer {
    Answer {
        status: StatusCode::OK,
        body: Value::Object(Map::new()),
        documented: Documented::Invented,
        notes: Vec::new(),
    }
}
