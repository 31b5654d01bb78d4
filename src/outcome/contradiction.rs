//! An answer that says the same thing twice. Which of the two its author meant, nobody knows: readers of JSON differ.

use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The keys of the envelope that decide.
const DECIDING: [&str; 2] = ["code", "error"];
/// The keys of ids, wherever they stand: later steps write to the records that they name.
const IDS: [&str; 2] = ["wolkvox_id", "wolkvox-id"];

/// The key that stands more than once in one object of a JSON answer, and must not: one that decides, at the top, or
/// that of an id.
pub(super) fn repeated(text: &str) -> Option<&'static str> {
    may_repeat(text)
        .then(|| repeated_in(text.trim_start(), &DECIDING))
        .flatten()
}

/// Nearly every answer has each of them once, and no escapes that could spell one: to see that costs less than to read it.
fn may_repeat(text: &str) -> bool {
    let mut keys = DECIDING.iter().chain(&IDS);
    text.contains('\\') || keys.any(|key| text.matches(key).nth(1).is_some())
}

fn repeated_in(text: &str, deciding: &[&'static str]) -> Option<&'static str> {
    match text.as_bytes().first()? {
        b'{' => {
            let entries = serde_json::Deserializer::from_str(text).deserialize_map(Entries);
            let mut seen = Vec::new();
            entries.ok()?.into_iter().find_map(|(key, value)| {
                let mut known = deciding.iter().chain(&IDS);
                if let Some(known) = known.find(|known| **known == key) {
                    if seen.contains(known) {
                        return Some(*known);
                    }
                    seen.push(*known);
                }
                repeated_in(value.get(), &[])
            })
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            items
                .into_iter()
                .find_map(|item| repeated_in(item.get(), &[]))
        }
        _ => None,
    }
}

/// All that stands in an object, in its order.
struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        std::iter::from_fn(|| entries.next_entry().transpose()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::repeated;

    #[test]
    fn only_ids_and_what_decides_at_the_top_counts() {
        for (text, wanted) in [
            (r#"{"code":200,"code":400}"#, Some("code")),
            (r#"{"code":200,"\u0063ode":200}"#, Some("code")),
            (r#"{"error":null,"code":200,"error":"x"}"#, Some("error")),
            (r#"{"code":200,"data":{"code":1,"code":2}}"#, None),
            (r#"{"msg":"a","msg":"b","code":200}"#, None),
            (r#"[{"code":200,"code":400}]"#, None),
            ("<html>", None),
            (
                r#"{"data":{"wolkvox_id":"a","wolkvox_id":"b"},"code":200}"#,
                Some("wolkvox_id"),
            ),
            (
                r#" {"n":1e999,"data":[[{"wolkvox-id":1,"x":{},"wolkvox-id":1}]]}"#,
                Some("wolkvox-id"),
            ),
            (
                r#"{"data":[{"wolkvox_id":"a"},{"wolkvox_id":"a","of":{"wolkvox_id":"b"}}]}"#,
                None,
            ),
        ] {
            assert_eq!(repeated(text), wanted, "{text}");
        }
    }
}
