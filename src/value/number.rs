//! A number as it was written.

use std::fmt;

use serde_json::value::RawValue;

/// A JSON number, kept as the text it was written with.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Number(pub(super) Box<str>);

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
