//! A value as JSON knows it, whose numbers keep the digits they were written with.
//!
//! A number that passes through a float may change (`10000.10`, a 20-digit id), and an id whose
//! digits changed names another record. So a number here is its spelling, from the file to the wire.

mod described;
mod json_text;
mod members;
mod number;
mod pieces;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use indexmap::IndexMap;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

pub use json_text::JsonText;
pub use number::Number;

/// An object: keys in the order they were written. The hash is seeded anew in each process, so that keys that
/// somebody sends cannot be made to collide.
pub type Map = IndexMap<String, Value, MapHasher>;

/// How the keys of a [`Map`] are hashed.
pub type MapHasher = foldhash::fast::RandomState;

/// An empty map that takes so many entries without growing.
pub fn map_with_room_for(entries: usize) -> Map {
    Map::with_capacity_and_hasher(entries, MapHasher::default())
}

/// How deep an answer of the CRM may be nested.
const DEPTH: usize = 128;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number with its spelling.
    Number(Number),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// An object.
    Map(Map),
}

/// A key as one step of a JSON pointer (RFC 6901), without its slash.
pub fn pointer_step(key: &str) -> Cow<'_, str> {
    if key.contains(['~', '/']) {
        Cow::Owned(key.replace('~', "~0").replace('/', "~1"))
    } else {
        Cow::Borrowed(key)
    }
}

/// Whether a text shows nothing: it is empty, or has nothing but white space, control characters, and characters that
/// Unicode gives no shape of their own (`Default_Ignorable_Code_Point`, and the blank Braille pattern).
pub fn is_blank(text: &str) -> bool {
    text.chars().all(shows_nothing)
}

/// Whether a text with this character alone is [blank](is_blank).
pub fn shows_nothing(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
        )
}

/// What a text begins or ends with that shows nothing, once its white space is taken away: the character, and which of
/// the two.
pub fn unseen_end(text: &str) -> Option<(char, &'static str)> {
    let text = text.trim();
    let unseen = |character: &char| shows_nothing(*character);
    let first = text.chars().next().filter(unseen);
    let last = || text.chars().next_back().filter(unseen);
    first
        .map(|character| (character, "begins"))
        .or_else(|| Some((last()?, "ends")))
}

impl Value {
    /// Reads JSON text; numbers keep their digits and keys their order.
    ///
    /// # Errors
    /// Where the text is not one JSON value, or is nested deeper than 128.
    pub fn from_json_text(text: &str) -> Result<Self, serde_json::Error> {
        let raw: &RawValue = serde_json::from_str(text)?;
        Self::from_raw(raw, DEPTH)
    }

    /// The value as JSON text in one line, numbers digit for digit.
    pub fn to_json_text(&self) -> String {
        serde_json::to_string(self).expect("a value has only text keys and valid numbers")
    }

    /// The value for libraries that know only floats: see [`Number::to_json`].
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(flag) => (*flag).into(),
            Self::Number(number) => number.to_json(),
            Self::Text(text) => text.as_str().into(),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(map) => serde_json::Value::Object(
                map.iter()
                    .map(|(key, value)| (key.clone(), value.to_json()))
                    .collect(),
            ),
        }
    }

    /// The member of an object or, for a decimal index, the item of a list.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(map) => map.get(key),
            Self::List(items) => items.get(key.parse::<usize>().ok()?),
            _ => None,
        }
    }

    /// The text, where this is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The object, where this is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// What a scalar looks like inside text: digits as written, `true`, `false`; none for null,
    /// lists and objects, which have no text of their own.
    pub fn scalar_text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.as_str().to_owned()),
            Self::Bool(flag) => Some(flag.to_string()),
            Self::Null | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// The JSON name of the value's type: `null`, `boolean`, `number`, `string`, `array`, `object`.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::Text(_) => "string",
            Self::List(_) => "array",
            Self::Map(_) => "object",
        }
    }

    /// Whether this is [blank](is_blank) text: no id can be that.
    pub fn is_blank_text(&self) -> bool {
        matches!(self, Self::Text(text) if is_blank(text))
    }

    /// The same value with every number and boolean in it written as text, digit for digit.
    #[must_use]
    pub fn with_scalars_as_text(self) -> Self {
        match self {
            Self::Number(_) | Self::Bool(_) => Self::Text(
                self.scalar_text()
                    .expect("numbers and booleans have a text"),
            ),
            Self::List(items) => {
                Self::List(items.into_iter().map(Self::with_scalars_as_text).collect())
            }
            Self::Map(map) => Self::Map(
                map.into_iter()
                    .map(|(key, value)| (key, value.with_scalars_as_text()))
                    .collect(),
            ),
            other => other,
        }
    }
}

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(flag) => Self::Bool(flag),
            serde_json::Value::Number(number) => Self::Number(Number(number.to_string().into())),
            serde_json::Value::String(text) => Self::Text(text),
            serde_json::Value::Array(items) => {
                Self::List(items.into_iter().map(Self::from).collect())
            }
            serde_json::Value::Object(map) => Self::Map(
                map.into_iter()
                    .map(|(key, value)| (key, Self::from(value)))
                    .collect(),
            ),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number.into())
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) => RawValue::from_string(number.as_str().to_owned())
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Map(map) => serializer.collect_map(map),
        }
    }
}

/// Only from JSON text: the digits of numbers cannot be had from any other format.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::from_raw(&raw, DEPTH).map_err(D::Error::custom)
    }
}
