//! The words of action files as types. They know no values but the facts of a target.

use serde::{Deserialize, Serialize};

use crate::value::Value;

/// How well the vendor documents a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Documentation {
    /// The sources agree.
    Documented,
    /// The sources contradict each other in something that matters.
    SourcesDisagree,
    /// One source only, or one with holes.
    Thin,
}

/// The vendor's page about a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its title.
    pub title: String,
    /// Its address, where it is known.
    pub url: Option<String>,
}

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// `POST`
    Post,
    /// `GET`
    Get,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

/// How a body travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As JSON text.
    Json,
    /// As a form with one part for each key, and the files.
    Multipart,
    /// There is no body.
    None,
}

/// What the answer of a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// An object.
    Object,
    /// A list.
    Array,
    /// One or the other.
    Either,
}

/// Whether the numbers of a body stay numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalars {
    AsWritten,
    AsText,
}

/// What templates see of the target as `target`: nothing secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetFacts {
    /// Its name in `voxplay.yaml`.
    pub name: String,
    /// Its host.
    pub server: String,
    /// The CRM operation (tenant).
    pub operation: String,
}

impl TargetFacts {
    /// The keys of the facts.
    pub const KEYS: [&'static str; 3] = ["name", "server", "operation"];

    /// The facts as templates see them.
    pub fn to_value(&self) -> Value {
        let facts = [&self.name, &self.server, &self.operation];
        Value::Map(
            Self::KEYS
                .iter()
                .zip(facts)
                .map(|(key, fact)| ((*key).to_owned(), Value::from(fact.as_str())))
                .collect(),
        )
    }
}

// The words have passed the schema of action files: the last arm of each match is its last word.

impl Documentation {
    pub(super) fn from_word(word: &str) -> Self {
        match word {
            "documented" => Self::Documented,
            "thin" => Self::Thin,
            _ => Self::SourcesDisagree,
        }
    }

    /// The word of the action file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::SourcesDisagree => "sources-disagree",
            Self::Thin => "thin",
        }
    }
}

impl Method {
    pub(super) fn from_word(word: &str) -> Self {
        match word {
            "GET" => Self::Get,
            "PUT" => Self::Put,
            "PATCH" => Self::Patch,
            "DELETE" => Self::Delete,
            _ => Self::Post,
        }
    }

    /// In capitals, as it is sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl Encoding {
    pub(super) fn from_word(word: &str) -> Self {
        match word {
            "multipart" => Self::Multipart,
            "none" => Self::None,
            _ => Self::Json,
        }
    }

    /// The word of the action file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Multipart => "multipart",
            Self::None => "none",
        }
    }
}

impl Scalars {
    pub(super) fn from_word(word: &str) -> Self {
        match word {
            "as-text" => Self::AsText,
            _ => Self::AsWritten,
        }
    }
}

impl Answer {
    pub(super) fn from_word(word: &str) -> Self {
        match word {
            "array" => Self::Array,
            "either" => Self::Either,
            _ => Self::Object,
        }
    }

    /// Whether a value is of this kind.
    pub const fn is(self, value: &Value) -> bool {
        match value {
            Value::Map(_) => matches!(self, Self::Object | Self::Either),
            Value::List(_) => matches!(self, Self::Array | Self::Either),
            _ => false,
        }
    }
}
