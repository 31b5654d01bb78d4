//! Keeps tokens out of the log and the page: those that are accepted, and whatever a call presented as its token.

use serde_json::Value;

use super::store::Record;

/// What stands in the place of a token.
const MASK: &str = "[token]";

/// Shorter ones are masked only where they are the whole text: inside a text they could be any word.
const LEAST_INSIDE: usize = 6;

/// The tokens to keep out.
#[derive(Debug)]
pub(super) struct Mask<'a>(Vec<&'a str>);

impl<'a> Mask<'a> {
    pub(super) fn new(tokens: impl Iterator<Item = &'a str>) -> Self {
        Self(tokens.filter(|token| !token.is_empty()).collect())
    }

    /// The text without the tokens.
    pub(super) fn text(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, token| {
            if text == *token {
                MASK.to_owned()
            } else if token.len() >= LEAST_INSIDE && text.contains(token) {
                text.replace(token, MASK)
            } else {
                text
            }
        })
    }

    /// The record without the tokens.
    pub(super) fn record(&self, record: Record) -> Record {
        let fields = self.value(&Value::Object(record.fields));
        Record {
            operation: self.text(&record.operation),
            module: self.text(&record.module),
            wolkvox_id: self.text(&record.wolkvox_id),
            parent: record.parent.map(|parent| self.text(&parent)),
            origin: record.origin.map(|origin| self.text(&origin)),
            fields: match fields {
                Value::Object(fields) => fields,
                _ => serde_json::Map::new(),
            },
            ..record
        }
    }

    /// The value without the tokens, in keys and texts. A key that is named like the header loses its value whole:
    /// some clients put the token into the body. So does the value of a form's part of that name.
    pub(super) fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(list) => list.iter().map(|item| self.value(item)).collect(),
            Value::Object(map) => {
                let part = map
                    .get("name")
                    .and_then(Value::as_str)
                    .is_some_and(is_header);
                let masked = map.iter().map(|(key, value)| {
                    let hidden = is_header(key) || (part && key == "value");
                    (
                        self.text(key),
                        if hidden {
                            MASK.into()
                        } else {
                            self.value(value)
                        },
                    )
                });
                Value::Object(masked.collect())
            }
            other => other.clone(),
        }
    }
}

fn is_header(name: &str) -> bool {
    name.eq_ignore_ascii_case("wolkvox-token")
}

#[cfg(test)]
mod tests {
    use super::Mask;
    use serde_json::json;

    #[test]
    fn tokens_are_masked_in_keys_and_values() {
        let mask = Mask::new(["made-up-token", "abc", ""].into_iter());
        let masked = mask.value(
            &json!({ "a": ["x made-up-token y", "abc", "abcd"], "Wolkvox-Token": "other", "n": 1 }),
        );
        assert_eq!(
            masked,
            json!({ "a": ["x [token] y", "[token]", "abcd"], "Wolkvox-Token": "[token]", "n": 1 })
        );
        let part = mask.value(&json!([{ "name": "wolkvox-token", "value": "other" }]));
        assert_eq!(
            part,
            json!([{ "name": "wolkvox-token", "value": "[token]" }])
        );
        assert_eq!(
            mask.value(&json!({ "made-up-token": 1 })),
            json!({ "[token]": 1 })
        );
    }
}
