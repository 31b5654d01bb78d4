//! A value that is still its text.

use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{DEPTH, Value};

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
