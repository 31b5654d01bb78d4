//! What a call is answered, before it becomes HTTP and a line of the log: successes in the vendor's words, refusals in
//! words of our own, since no public page shows the body of an error.

use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::OverLimit;
use super::store::StoreError;

/// Whether the text of an answer comes from the vendor's pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Documented {
    /// The vendor shows this answer.
    Documented,
    /// The sandbox made it up.
    Invented,
}

impl Documented {
    /// The word that the log keeps.
    pub fn word(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Invented => "invented",
        }
    }
}

/// An answer. Every one goes through `serve::deliver`.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Value,
    pub(super) documented: Documented,
    pub(super) notes: Vec<String>,
}

impl Answer {
    /// The vendor's envelope of a success: `code` is a number, `error` the text "null", the id key has an underscore.
    pub(super) fn success(msg: &str, wolkvox_id: Value, notes: Vec<String>) -> Self {
        let data = Map::from_iter([("wolkvox_id".to_owned(), wolkvox_id)]);
        Self::success_with(msg, Value::Object(data), notes)
    }

    /// The same with other data: an id and a number, or an empty list.
    pub(super) fn success_with(msg: &str, data: Value, notes: Vec<String>) -> Self {
        let mut body = json!({ "code": 200, "error": "null", "msg": msg });
        body["data"] = data;
        Self::documented(body, notes)
    }

    /// An answer in another envelope that the vendor's pages describe.
    pub(super) fn documented(body: Value, notes: Vec<String>) -> Self {
        Self {
            status: StatusCode::OK,
            body,
            documented: Documented::Documented,
            notes,
        }
    }

    /// A refusal in the same envelope. The codes are from the vendor's list; where the reason and the sentence stand
    /// is a guess after the vendor's other product, and the sentence says by its first word whose it is.
    pub(super) fn refused(refusal: Refusal, mut notes: Vec<String>) -> Self {
        let Refusal {
            status,
            sentence,
            note,
            hidden,
        } = refusal;
        let reason = match status {
            // The vendor's list has the older words.
            StatusCode::RANGE_NOT_SATISFIABLE => "REQUESTED RANGE NOT SATISFIABLE".to_owned(),
            other => other.canonical_reason().unwrap_or("refused").to_uppercase(),
        };
        let msg = format!("sandbox: {sentence}");
        let body = json!({ "code": status.as_u16(), "error": reason, "msg": msg, "data": {} });
        notes.push("the body of this refusal is invented: the vendor publishes none".to_owned());
        notes.extend(note.map(str::to_owned));
        Self {
            status: if hidden { StatusCode::OK } else { status },
            body,
            documented: Documented::Invented,
            notes,
        }
    }
}

/// Why a call is not carried out.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    sentence: String,
    note: Option<&'static str>,
    /// Whether the HTTP status is 200 all the same, and the code only stands in the body.
    hidden: bool,
}

impl Refusal {
    /// A refusal whose code the vendor lists for such a cause.
    pub(super) fn new(status: StatusCode, sentence: impl Into<String>) -> Self {
        Self {
            status,
            sentence: sentence.into(),
            note: None,
            hidden: false,
        }
    }

    /// A request that lacks something, or has it in a form that the pages do not describe.
    pub(super) fn bad_request(sentence: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            sentence: sentence.into(),
            note: Some(
                "400 is a choice: the vendor lists 412 and 417 too and does not say which cause gets which",
            ),
            hidden: false,
        }
    }

    /// An id that is not known, where the options say to refuse it.
    pub(super) fn unknown_id(sentence: String) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            sentence,
            note: Some("404 is a choice: what the CRM answers to an unknown id is not documented"),
            hidden: false,
        }
    }

    /// A token that has no calls left today.
    pub(super) fn over_limit(answer: OverLimit) -> Self {
        let (status, hidden) = match answer {
            OverLimit::Forbidden => (StatusCode::FORBIDDEN, false),
            OverLimit::TooMany => (StatusCode::TOO_MANY_REQUESTS, false),
            OverLimit::Hidden => (StatusCode::FORBIDDEN, true),
        };
        Self {
            status,
            sentence: "the token has no calls left today".to_owned(),
            note: Some(
                "that a token has a daily limit is documented; what the CRM answers beyond it is not",
            ),
            hidden,
        }
    }

    /// More records a page than the vendor's tables have.
    pub(super) fn beyond_limit(sentence: String) -> Self {
        Self {
            status: StatusCode::RANGE_NOT_SATISFIABLE,
            sentence,
            note: Some(
                "416 is a choice: that a page has 250 records at most is documented, the answer to more is not",
            ),
            hidden: false,
        }
    }

    /// A body above the sandbox's own limit.
    pub(super) fn too_large() -> Self {
        Self {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            sentence: "the body is too large".to_owned(),
            note: Some(
                "the limit and its code are the sandbox's own: the vendor documents neither",
            ),
            hidden: false,
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            sentence: error.to_string(),
            note: Some("the sandbox itself failed here, not an emulated CRM"),
            hidden: false,
        }
    }
}
