//! Whether a key stands twice in an object of a saved plan: a program takes the one for it, and who reads it the other.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A key of a JSON text that stands twice in its object; none where there is none. The text is JSON that is nested no
/// deeper than a value may be.
pub fn repeated_key(text: &str) -> Option<String> {
    let text = text.trim_start();
    if text.starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
        return items.iter().find_map(|item| repeated_key(item.get()));
    }
    if !text.starts_with('{') {
        return None;
    }
    let Entries(entries) = serde_json::from_str(text).ok()?;
    let mut keys = BTreeSet::new();
    let repeated = entries.iter().find(|(key, _)| !keys.insert(key));
    match repeated {
        Some((key, _)) => Some(key.clone()),
        None => entries
            .iter()
            .find_map(|(_, value)| repeated_key(value.get())),
    }
}

/// The entries of an object, all that are written.
struct Entries<'t>(Vec<(String, &'t RawValue)>);

impl<'de: 't, 't> Deserialize<'de> for Entries<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(All).map(Self)
    }
}

struct All;

impl<'de> Visitor<'de> for All {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_stands_twice_is_found_wherever_it_stands() {
        for text in [
            r#" {"a":1,"a":1}"#,
            r#"{"b":[{"a":null,"c":1.50,"a":"x"}]}"#,
            "{\"b\":true,\"c\":{\"a\":-1e400,\n\"\\u0061\":2}}",
        ] {
            assert_eq!(repeated_key(text).as_deref(), Some("a"), "{text}");
        }
        for text in ["7", r#"[{"a":1},{"a":{"a":12345678901234567890123}}]"#] {
            assert_eq!(repeated_key(text), None, "{text}");
        }
    }
}
