//! The body of a call as it arrived: JSON, or the parts of form-data with each file reduced to name, type, size and
//! digest while it streams. Knows no endpoint.

use axum::body::Body as HttpBody;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use futures_util::StreamExt;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The largest JSON body, and the most text in the parts of one form. The vendor documents no limit.
const MOST_TEXT: usize = 16 * 1024 * 1024;

/// How much the log keeps of a body that is not JSON.
const MOST_NOT_JSON: usize = 4096;

/// What arrived.
#[derive(Debug)]
pub(super) enum Body {
    Json(Value),
    Parts(Vec<Part>),
    NotJson(String),
    Empty,
    TooLarge,
    /// It ended early, or its parts cannot be told apart.
    Broken(String),
}

/// One part of a form.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Part {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) content: Content,
}

/// A part with a file name is a file.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Content {
    Value(String),
    File(FileSeen),
}

/// A file as it arrived; its bytes are not kept.
#[derive(Debug, Clone, Serialize)]
pub(super) struct FileSeen {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) content_type: Option<String>,
    pub(super) size: u64,
    pub(super) sha256: String,
}

impl Body {
    /// Reads the whole body, whatever will be answered, as PHP does before its script runs: a client is never cut off
    /// while it sends. Beyond the limit it reads on and forgets.
    pub(super) async fn read(request: Request) -> Self {
        let content_type = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        if content_type.is_some_and(is_form_data) {
            match Multipart::from_request(request, &()).await {
                Ok(form) => read_parts(form).await,
                Err(rejection) => Self::Broken(rejection.body_text()),
            }
        } else {
            read_json(request.into_body()).await
        }
    }

    /// The operation that the call names, if one can be seen.
    pub(super) fn operation(&self) -> Option<&str> {
        match self {
            Self::Json(value) => value.get("operation")?.as_str(),
            Self::Parts(parts) => parts.iter().rev().find_map(|part| match &part.content {
                Content::Value(text) if part.name == "operation" => Some(text.as_str()),
                _ => None,
            }),
            _ => None,
        }
    }

    /// The ids that the call names, for rules that look for one.
    pub(super) fn ids(&self) -> Vec<&str> {
        match self {
            Self::Json(body) => {
                let places = [
                    "/wolkvox-id",
                    "/wolkvox_id",
                    "/fields/id_record",
                    "/fields/wolkvox_idRecord",
                ];
                let found = places.iter().filter_map(|place| body.pointer(place));
                let many = body.get("fields").and_then(Value::as_array);
                let many = many.into_iter().flatten();
                let found = found.chain(many.filter_map(|item| item.get("wolkvox-id")));
                let each = found.flat_map(|found| match found {
                    Value::Array(list) => list.as_slice(),
                    one => std::slice::from_ref(one),
                });
                each.filter_map(Value::as_str).collect()
            }
            Self::Parts(parts) => parts
                .iter()
                .filter(|part| part.name == "wolkvox-id")
                .filter_map(|part| match &part.content {
                    Content::Value(text) => Some(text.as_str()),
                    Content::File(_) => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// What the log keeps of it.
    pub(super) fn summary(&self) -> Value {
        match self {
            Self::Json(value) => value.clone(),
            Self::Parts(parts) => json!(parts),
            Self::NotJson(text) => json!(text),
            Self::Empty | Self::TooLarge | Self::Broken(_) => Value::Null,
        }
    }
}

fn is_form_data(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("multipart/form-data")
}

async fn read_json(body: HttpBody) -> Body {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut too_large = false;
    while let Some(chunk) = stream.next().await {
        match chunk {
            Err(error) => return Body::Broken(error.to_string()),
            Ok(chunk) if bytes.len() + chunk.len() > MOST_TEXT => {
                too_large = true;
                bytes = Vec::new();
            }
            Ok(_) if too_large => {}
            Ok(chunk) => bytes.extend_from_slice(&chunk),
        }
    }
    if too_large {
        return Body::TooLarge;
    }
    if bytes.is_empty() {
        return Body::Empty;
    }
    serde_json::from_slice(&bytes).map_or_else(|_| Body::NotJson(beginning(&bytes)), Body::Json)
}

fn beginning(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(MOST_NOT_JSON)]).into_owned()
}

async fn read_parts(mut form: Multipart) -> Body {
    let mut parts = Vec::new();
    let mut text_left = Some(MOST_TEXT);
    loop {
        match form.next_field().await {
            Ok(None) => break,
            Ok(Some(field)) => match read_part(field, &mut text_left).await {
                Ok(part) => parts.push(part),
                Err(broken) => return Body::Broken(broken),
            },
            Err(error) => return Body::Broken(error.body_text()),
        }
    }
    if text_left.is_none() {
        Body::TooLarge
    } else {
        Body::Parts(parts)
    }
}

/// Reads one part; `text_left` becomes `None` once the texts pass their limit.
async fn read_part(mut field: Field<'_>, text_left: &mut Option<usize>) -> Result<Part, String> {
    let broken = |error: MultipartError| error.body_text();
    let name = field.name().ok_or("a part has no name")?.to_owned();
    if field.file_name().is_some() {
        let header = field
            .headers()
            .get(CONTENT_DISPOSITION)
            .map_or(&b""[..], |value| value.as_bytes());
        let file_name = file_name(header)
            .or_else(|| field.file_name().map(str::to_owned))
            .unwrap_or_default();
        let content_type = field.content_type().map(str::to_owned);
        let (mut size, mut digest) = (0, Sha256::new());
        while let Some(chunk) = field.chunk().await.map_err(broken)? {
            size += chunk.len() as u64;
            digest.update(&chunk);
        }
        let sha256 = hex(&digest.finalize());
        return Ok(Part {
            name,
            content: Content::File(FileSeen {
                name: file_name,
                content_type,
                size,
                sha256,
            }),
        });
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(broken)? {
        *text_left = text_left.and_then(|left| left.checked_sub(chunk.len()));
        if text_left.is_some() {
            bytes.extend_from_slice(&chunk);
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| format!("part {name:?} is not UTF-8 text"))?;
    Ok(Part {
        name,
        content: Content::Value(text),
    })
}

/// The quoted file name of a part as PHP reads it: a backslash before a quote or a backslash goes, `%22` stays.
fn file_name(disposition: &[u8]) -> Option<String> {
    let mut rest = disposition;
    while let Some(semicolon) = rest.iter().position(|&byte| byte == b';') {
        let parameter = rest[semicolon + 1..].trim_ascii_start();
        let equals = parameter.iter().position(|&byte| byte == b'=')?;
        let quoted = parameter[equals + 1..]
            .trim_ascii_start()
            .strip_prefix(b"\"");
        let Some(quoted) = quoted else {
            rest = &parameter[equals + 1..];
            continue;
        };
        let (value, after) = unquoted(quoted)?;
        if parameter[..equals]
            .trim_ascii()
            .eq_ignore_ascii_case(b"filename")
        {
            return String::from_utf8(value).ok();
        }
        rest = after;
    }
    None
}

/// The text up to the closing quote, and what follows it.
fn unquoted(quoted: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut value = Vec::new();
    let mut at = 0;
    loop {
        match (*quoted.get(at)?, quoted.get(at + 1)) {
            (b'"', _) => return Some((value, &quoted[at + 1..])),
            (b'\\', Some(&escaped @ (b'"' | b'\\'))) => {
                value.push(escaped);
                at += 2;
            }
            (byte, _) => {
                value.push(byte);
                at += 1;
            }
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn file_names_are_read_as_php_reads_them() {
        for (header, name) in [
            (r#"form-data; name="file"; filename="a.pdf""#, Some("a.pdf")),
            (
                r#"form-data; name="file"; filename="say \"hi\".pdf""#,
                Some(r#"say "hi".pdf"#),
            ),
            (
                r#"form-data; name="file"; filename="a%22b.pdf""#,
                Some("a%22b.pdf"),
            ),
            (
                r#"form-data; name="file"; filename="a\\b.pdf""#,
                Some(r"a\b.pdf"),
            ),
            (
                r#"form-data; name="file"; filename="ends\\""#,
                Some(r"ends\"),
            ),
            (
                r#"form-data; name="x; filename=\"no\""; filename="ñandú;1.pdf""#,
                Some("ñandú;1.pdf"),
            ),
            (r#"form-data; name="file""#, None),
            (r#"form-data; name="file"; filename="open"#, None),
        ] {
            assert_eq!(file_name(header.as_bytes()).as_deref(), name, "{header}");
        }
    }
}
