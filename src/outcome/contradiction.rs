//! An answer that says the same thing twice. Which of the two its author meant, nobody knows: readers of JSON differ.

use std::fmt;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};

/// The keys of the envelope that decide.
const DECIDING: [&str; 2] = ["code", "error"];

/// The key that decides and stands more than once in a JSON object, at its top.
pub(super) fn repeated(text: &str) -> Option<&'static str> {
    if !may_repeat(text) {
        return None;
    }
    serde_json::Deserializer::from_str(text)
        .deserialize_map(Keys)
        .ok()
        .flatten()
}

/// Nearly every answer has each of them once, and no escapes that could spell one: to see that costs less than to read it.
fn may_repeat(text: &str) -> bool {
    text.contains('\\')
        || DECIDING
            .iter()
            .any(|key| text.matches(key).nth(1).is_some())
}

struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = Option<&'static str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut seen = [false; DECIDING.len()];
        let mut repeated = None;
        while let Some(key) = entries.next_key::<String>()? {
            entries.next_value::<IgnoredAny>()?;
            if let Some(at) = DECIDING.iter().position(|deciding| *deciding == key)
                && std::mem::replace(&mut seen[at], true)
            {
                repeated = Some(DECIDING[at]);
            }
        }
        Ok(repeated)
    }
}

#[cfg(test)]
mod tests {
    use super::repeated;

    #[test]
    fn only_what_decides_and_stands_at_the_top_counts() {
        for (text, wanted) in [
            (r#"{"code":200,"code":400}"#, Some("code")),
            (r#"{"code":200,"\u0063ode":200}"#, Some("code")),
            (r#"{"error":null,"code":200,"error":"x"}"#, Some("error")),
            (r#"{"code":200,"data":{"code":1,"code":2}}"#, None),
            (r#"{"msg":"a","msg":"b","code":200}"#, None),
            (r#"[{"code":200,"code":400}]"#, None),
            ("<html>", None),
        ] {
            assert_eq!(repeated(text), wanted, "{text}");
        }
    }
}
