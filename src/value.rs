//! A value as JSON knows it, whose numbers keep the digits they were written with.
//!
//! A number that passes through a float may change (`10000.10`, a 20-digit id), and an id whose
//! digits changed names another record. So a number here is its spelling, from the file to the wire.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use indexmap::IndexMap;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

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

/// A JSON number, kept as the text it was written with.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Number(Box<str>);

impl Number {
    /// Reads a JSON number (RFC 8259, section 6): no plus sign, no leading zero, no `.5`.
    pub fn parse(text: &str) -> Option<Self> {
        let first = text.as_bytes().first()?;
        if !(first.is_ascii_digit() || *first == b'-') {
            return None;
        }
        let raw: &RawValue = serde_json::from_str(text).ok()?;
        (raw.get() == text).then(|| Self(text.into()))
    }

    /// The digits as they were written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number for arithmetic and schemas; it may lose digits that a float cannot hold.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::from_str(&self.0).unwrap_or_else(|_| {
            // A number too large for a float: the largest one has the same type and sign.
            let limit = if self.0.starts_with('-') {
                f64::MIN
            } else {
                f64::MAX
            };
            serde_json::json!(limit)
        })
    }

    /// Whether arithmetic on this number would print the same digits again.
    pub fn is_exact(&self) -> bool {
        self.to_json().to_string().as_str() == &*self.0
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Self(number.to_string().into())
    }
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self(number.to_string().into())
    }
}

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
    let shows_nothing = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(
                c,
                '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
                | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
            )
    };
    text.chars().all(shows_nothing)
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

    /// The text of a [`RawValue`] is one JSON value already, so that it is only taken apart here.
    fn from_raw(raw: &RawValue, depth: usize) -> Result<Self, serde_json::Error> {
        Pieces {
            text: raw.get(),
            at: 0,
        }
        .value(depth)
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

/// One JSON value as its text in one line, which is only taken apart where somebody looks into it: what is on
/// its way to a file need not be made into a [`Value`] and back.
#[derive(Debug, Clone)]
pub struct JsonText {
    text: Box<RawValue>,
    value: OnceLock<Value>,
}

impl JsonText {
    /// Takes a text over.
    ///
    /// # Errors
    /// Where it is not one JSON value.
    pub fn new(text: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text).map(Self::from)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.text.get()
    }

    /// The value, numbers digit for digit; null where it is nested deeper than a value may be.
    pub fn value(&self) -> &Value {
        self.value
            .get_or_init(|| Value::from_raw(&self.text, DEPTH).unwrap_or_default())
    }
}

impl From<Box<RawValue>> for JsonText {
    fn from(text: Box<RawValue>) -> Self {
        Self {
            text,
            value: OnceLock::new(),
        }
    }
}

impl From<Value> for JsonText {
    fn from(value: Value) -> Self {
        let text = RawValue::from_string(value.to_json_text());
        Self {
            text: text.expect("a value has a JSON text"),
            value: value.into(),
        }
    }
}

impl PartialEq for JsonText {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Serialize for JsonText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for JsonText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self::from)
    }
}

/// A JSON text that is known to be well-formed, being taken apart.
struct Pieces<'t> {
    text: &'t str,
    at: usize,
}

impl Pieces<'_> {
    /// The next byte that is not white space; 0 at the end.
    fn next(&mut self) -> u8 {
        let bytes = self.text.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        bytes.get(self.at).copied().unwrap_or_default()
    }

    /// Steps over the next byte that is not white space, and says whether it was this one.
    fn took(&mut self, wanted: u8) -> bool {
        let found = self.next() == wanted;
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Result<Value, serde_json::Error> {
        let Some(below) = depth.checked_sub(1) else {
            return Err(serde_json::Error::custom(format!(
                "nested deeper than {DEPTH}"
            )));
        };
        Ok(match self.next() {
            b'{' => {
                self.at += 1;
                // The CRM's answers have four keys.
                let mut map = map_with_room_for(4);
                while self.next() == b'"' {
                    let key = self.string()?;
                    self.took(b':');
                    map.insert(key, self.value(below)?);
                    self.took(b',');
                }
                self.took(b'}');
                Value::Map(map)
            }
            b'[' => {
                self.at += 1;
                let mut list = Vec::new();
                while !self.took(b']') {
                    list.push(self.value(below)?);
                    self.took(b',');
                }
                Value::List(list)
            }
            b'"' => Value::Text(self.string()?),
            _ => match self.word() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                number => Value::Number(Number(number.into())),
            },
        })
    }

    /// What stands up to the end of a number or a word.
    fn word(&mut self) -> &str {
        let rest = &self.text[self.at..];
        let end = rest
            .find([',', ']', '}', ' ', '\t', '\n', '\r'])
            .unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn string(&mut self) -> Result<String, serde_json::Error> {
        let bytes = &self.text.as_bytes()[self.at..];
        let mut end = 1;
        let mut is_plain = true;
        while bytes[end] != b'"' {
            let escapes = bytes[end] == b'\\';
            is_plain &= !escapes;
            end += 1 + usize::from(escapes);
        }
        let text = &self.text[self.at..=self.at + end];
        self.at += end + 1;
        if is_plain {
            Ok(text[1..end].to_owned())
        } else {
            serde_json::from_str(text)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_survive_reading_and_writing() {
        for text in [
            "10000.10",
            "12345678901234567890123",
            "1e400",
            "-0.0",
            "0",
            "12e5",
            "9007199254740993",
        ] {
            let json = format!(r#"{{"a b":[{text}]}}"#);
            assert_eq!(Value::from_json_text(&json).unwrap().to_json_text(), json);
        }
    }

    #[test]
    fn only_json_numbers_are_numbers() {
        for text in [
            "+5", "05", ".5", "5.", "0x1F", "1_000", "NaN", "", "-", " 5", "5 ",
        ] {
            assert_eq!(Number::parse(text), None, "{text:?}");
        }
        assert!(Number::parse("-5.25e-3").is_some());
    }

    #[test]
    fn a_number_beyond_floats_keeps_its_type_for_schemas() {
        assert!(Number::parse("1e400").unwrap().to_json().is_f64());
        assert!(!Number::parse("10000.10").unwrap().is_exact());
        assert!(Number::parse("10000.1").unwrap().is_exact());
    }

    #[test]
    fn deep_nesting_is_refused_not_overflowed() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(Value::from_json_text(&deep).is_err());
    }

    #[test]
    fn reads_what_the_library_reads() {
        for text in [
            r#"{"a":1,"b":[ ],"c":{ },"d":[1 , -2.50,{"e":"x\"y\\"}],"a":2}"#,
            " [ true , false,null , \"\\u00e9\\n\", \"ñ\" ] ",
            "\"\\\\\"",
            "-0",
            "[[],[[]],{}]",
        ] {
            let theirs: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(
                Value::from_json_text(text).unwrap().to_json(),
                theirs,
                "{text}"
            );
        }
        for text in [
            "",
            "[1,]",
            "{\"a\"}",
            "[1 2]",
            r#""\ud800""#,
            "{,}",
            "tru",
            "1 1",
        ] {
            assert!(Value::from_json_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn scalars_become_text_digit_for_digit() {
        let value = Value::from_json_text(r#"{"a":10000.10,"b":[true,null,"x"]}"#).unwrap();
        assert_eq!(
            value.with_scalars_as_text().to_json_text(),
            r#"{"a":"10000.10","b":["true",null,"x"]}"#
        );
    }
}
