//! One call, ready to go: rendered, valid, encoded, nothing left to decide. Does not know the target's host, its
//! token, or what the CRM will say to it.

use std::sync::Arc;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use sha2::{Digest, Sha256};

mod render;

use crate::attachment::{Attachment, hex};
use crate::value::{JsonText, Map, Value};

pub use crate::action::Method;
pub use render::{Unsendable, render};

/// A call as it will be sent, but for the target's host and token. Cloning it copies no JSON body and no file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The HTTP method.
    pub method: Method,
    /// Absolute path on the target: begins with `/`, holds no query.
    pub path: String,
    /// Query parameters, in order, not encoded.
    pub query: Vec<(String, String)>,
    /// What follows the head.
    pub body: Body,
}

/// The body of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// No body and no media type.
    None,
    /// JSON text in UTF-8. Exactly this text goes out.
    Json(JsonBody),
    /// `multipart/form-data`, in this order.
    Multipart(Vec<Part>),
}

/// The text of a JSON value. Cloning copies nothing.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct JsonBody(Arc<RawValue>);

/// One field of a multipart body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// The field's value.
    pub content: PartContent,
}

/// The value of a multipart field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartContent {
    /// Text in UTF-8; goes without a media type.
    Text(String),
    /// A file, which is read when the request is sent.
    File(Attachment),
}

impl Request {
    /// SHA-256, in hexadecimal, of everything that is sent but host and token; of a file its name, type, size and
    /// digest. Two requests with one digest are the same request. Stored in plans and journals: a change of this
    /// recipe needs a new label at its start.
    pub fn digest(&self) -> String {
        let mut fields = Fields::new("voxplay request 1");
        fields
            .add(self.method.as_str())
            .add(&self.path)
            .count(self.query.len());
        for (name, value) in &self.query {
            fields.add(name).add(value);
        }
        match &self.body {
            Body::None => {
                fields.add("none");
            }
            Body::Json(text) => {
                fields.add("json").add(text.as_str());
            }
            Body::Multipart(parts) => {
                fields.add("multipart").count(parts.len());
                for part in parts {
                    fields.add(&part.name);
                    match &part.content {
                        PartContent::Text(text) => fields.add("text").add(text),
                        PartContent::File(file) => fields
                            .add("file")
                            .add(file.name())
                            .add(file.media_type())
                            .add(file.sha256()),
                    };
                }
            }
        }
        fields.finish()
    }

    /// As [`Request::describe`], as text: a body that is JSON goes into it as it is sent.
    pub fn described(&self) -> JsonText {
        #[derive(Serialize)]
        struct Shown<'r> {
            method: &'r str,
            path: &'r str,
            json: &'r JsonBody,
        }
        match &self.body {
            Body::Json(json) if self.query.is_empty() => {
                let shown = Shown {
                    method: self.method.as_str(),
                    path: &self.path,
                    json,
                };
                to_raw_value(&shown)
                    .expect("texts and JSON are JSON together")
                    .into()
            }
            _ => self.describe().into(),
        }
    }

    /// What the journal and the plan show: `method`, `path`, `query` (a list of pairs, left out when empty) and
    /// `json` or `multipart`, numbers digit for digit. Not masked.
    pub fn describe(&self) -> Value {
        let text = |text: &str| Value::from(text);
        let mut shown = Map::default();
        shown.insert("method".to_owned(), text(self.method.as_str()));
        shown.insert("path".to_owned(), text(&self.path));
        if !self.query.is_empty() {
            let pairs = self.query.iter();
            let pairs = pairs.map(|(name, value)| Value::List(vec![text(name), text(value)]));
            shown.insert("query".to_owned(), Value::List(pairs.collect()));
        }
        match &self.body {
            Body::None => {}
            Body::Json(json) => {
                shown.insert("json".to_owned(), json.value());
            }
            Body::Multipart(parts) => {
                let parts = parts.iter().map(Part::describe).collect();
                shown.insert("multipart".to_owned(), Value::List(parts));
            }
        }
        Value::Map(shown)
    }
}

impl JsonBody {
    /// The text, byte for byte as it goes out.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    fn value(&self) -> Value {
        let text = self.as_str();
        // Nested deeper than a value may be, it is shown as the text that it is.
        Value::from_json_text(text).unwrap_or_else(|_| text.into())
    }
}

impl From<&Value> for JsonBody {
    fn from(value: &Value) -> Self {
        let text = to_raw_value(value).expect("a value has only text keys and valid numbers");
        Self(text.into())
    }
}

impl PartialEq for JsonBody {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for JsonBody {}

impl Part {
    /// `{name, text}` or `{name, file: {name, size, sha256, media_type}}`.
    fn describe(&self) -> Value {
        let content = match &self.content {
            PartContent::Text(text) => ("text", Value::from(text.as_str())),
            PartContent::File(file) => {
                let facts = serde_json::to_value(file).expect("a file's facts are plain data");
                ("file", Value::from(facts))
            }
        };
        let name = ("name", Value::from(self.name.as_str()));
        let fields = [name, content].map(|(key, value)| (key.to_owned(), value));
        Value::Map(Map::from_iter(fields))
    }
}

/// A digest over fields that cannot run into each other: each is preceded by its length.
struct Fields(Sha256);

impl Fields {
    fn new(label: &str) -> Self {
        let mut fields = Self(Sha256::new());
        fields.add(label);
        fields
    }

    fn add(&mut self, field: impl AsRef<[u8]>) -> &mut Self {
        self.count(field.as_ref().len());
        self.0.update(field.as_ref());
        self
    }

    fn count(&mut self, count: usize) -> &mut Self {
        self.0.update((count as u64).to_be_bytes());
        self
    }

    fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "tests write the files that they attach"
)]
mod tests {
    use super::*;

    fn json_request(body: &'static str) -> Request {
        Request {
            method: Method::Post,
            path: "/server/API/v2/custom/update.php".to_owned(),
            query: vec![],
            body: Body::Json(JsonBody(
                RawValue::from_string(body.to_owned()).unwrap().into(),
            )),
        }
    }

    fn multipart(parts: Vec<Part>) -> Request {
        Request {
            body: Body::Multipart(parts),
            ..json_request("{}")
        }
    }

    fn text(name: &str, text: &str) -> Part {
        Part {
            name: name.to_owned(),
            content: PartContent::Text(text.to_owned()),
        }
    }

    #[test]
    fn a_digest_is_stable_and_sees_every_byte() {
        let request = json_request(r#"{"a":1}"#);
        assert_eq!(request.digest(), request.clone().digest());
        assert_eq!(request.digest().len(), 64);
        let others = [
            json_request(r#"{"a": 1}"#),
            Request {
                method: Method::Put,
                ..request.clone()
            },
            Request {
                path: "/".to_owned(),
                ..request.clone()
            },
            Request {
                query: vec![("a".to_owned(), String::new())],
                ..request.clone()
            },
            Request {
                body: Body::None,
                ..request.clone()
            },
            multipart(vec![]),
            multipart(vec![text("a", "bc")]),
            multipart(vec![text("ab", "c")]),
        ];
        let mut digests: Vec<_> = others.iter().map(Request::digest).collect();
        digests.push(request.digest());
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), others.len() + 1);
    }

    #[test]
    fn a_digest_sees_a_change_of_an_attached_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pdf");
        let digest_of = |content: &str| {
            std::fs::write(&path, content).unwrap();
            let content = PartContent::File(Attachment::describe(&path).unwrap());
            multipart(vec![Part {
                name: "file".to_owned(),
                content,
            }])
            .digest()
        };
        assert_eq!(digest_of("one"), digest_of("one"));
        assert_ne!(digest_of("one"), digest_of("two"));
    }

    #[test]
    fn describes_json_in_its_order() {
        let mut request = json_request(r#"{"operation":"acme","año":[1,"x"]}"#);
        request.query = vec![("q".to_owned(), "a b".to_owned())];
        assert_eq!(
            request.describe().to_json_text(),
            r#"{"method":"POST","path":"/server/API/v2/custom/update.php","query":[["q","a b"]],"json":{"operation":"acme","año":[1,"x"]}}"#
        );
    }

    #[test]
    fn describes_the_same_as_text() {
        let mut requests = vec![
            json_request(r#"{"operation":"acme","año":[1.10,"x"]}"#),
            Request {
                body: Body::None,
                ..json_request("{}")
            },
            multipart(vec![text("a", "b\"c")]),
        ];
        for request in &mut requests {
            assert_eq!(request.described().value(), &request.describe());
            request.query = vec![("q".to_owned(), "a b".to_owned())];
            assert_eq!(request.described().value(), &request.describe());
        }
    }

    #[test]
    fn describes_numbers_digit_for_digit() {
        let body = r#"{"a":1e400,"b":10000.10}"#;
        let shown = json_request(body).describe();
        assert_eq!(shown.get("json").unwrap().to_json_text(), body);
    }

    #[test]
    fn describes_parts_without_their_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "abc").unwrap();
        let content = PartContent::File(Attachment::describe(&path).unwrap());
        let request = multipart(vec![
            text("status", "Abierto"),
            Part {
                name: "file".to_owned(),
                content,
            },
        ]);
        assert_eq!(
            request.describe().get("multipart").unwrap().to_json(),
            serde_json::json!([
                {"name": "status", "text": "Abierto"},
                {"name": "file", "file": {
                    "name": "a.csv", "size": 3, "media_type": "text/csv",
                    "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                }},
            ])
        );
    }
}
