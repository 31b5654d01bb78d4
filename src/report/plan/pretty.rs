//! JSON for people: indented, digits as they were written, and what is not known yet without quotes.

use std::fmt::Write as _;

use crate::value::{Value, pointer_step};

/// What stands at a place instead of its value, and what is said behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// Instead of the value.
    pub text: String,
    /// A remark at the end of the line.
    pub remark: Option<String>,
}

/// The value over several lines, each indented by `indent` blanks. `note` is asked at each JSON pointer.
pub fn pretty(value: &Value, indent: usize, note: &dyn Fn(&str) -> Option<Noted>) -> String {
    let mut text = String::new();
    let _ = write!(text, "{:indent$}", "");
    let writer = Writer { note };
    writer.value(value, indent, &mut String::new(), "", &mut text);
    text
}

struct Writer<'w> {
    note: &'w dyn Fn(&str) -> Option<Noted>,
}

impl Writer<'_> {
    /// Writes a value; `comma` follows it, before a remark.
    fn value(
        &self,
        value: &Value,
        indent: usize,
        pointer: &mut String,
        comma: &str,
        text: &mut String,
    ) {
        if let Some(noted) = (self.note)(pointer) {
            let _ = write!(text, "{}{comma}", noted.text);
            if let Some(remark) = noted.remark {
                let _ = write!(text, "  # {remark}");
            }
            return;
        }
        let inner = indent + 2;
        match value {
            Value::List(items) if !items.is_empty() => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    let comma = if index + 1 < items.len() { "," } else { "" };
                    let _ = write!(text, "\n{:inner$}", "");
                    let length = pointer.len();
                    let _ = write!(pointer, "/{index}");
                    self.value(item, inner, pointer, comma, text);
                    pointer.truncate(length);
                }
                let _ = write!(text, "\n{:indent$}]{comma}", "");
            }
            Value::Map(entries) if !entries.is_empty() => {
                text.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    let comma = if index + 1 < entries.len() { "," } else { "" };
                    let shown = Value::from(key.as_str()).to_json_text();
                    let _ = write!(text, "\n{:inner$}{shown}: ", "");
                    let length = pointer.len();
                    pointer.push('/');
                    pointer.push_str(&pointer_step(key));
                    self.value(value, inner, pointer, comma, text);
                    pointer.truncate(length);
                }
                let _ = write!(text, "\n{:indent$}}}{comma}", "");
            }
            other => {
                let _ = write!(text, "{}{comma}", other.to_json_text());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stay_and_marks_have_no_quotes() {
        let value = Value::from_json_text(r#"{"a":10000.10,"b":["x",{}],"c":"(later)","d":[]}"#);
        let note = |pointer: &str| {
            (pointer == "/c").then(|| Noted {
                text: "(later)".to_owned(),
                remark: Some("text".to_owned()),
            })
        };
        assert_eq!(
            pretty(&value.unwrap(), 1, &note),
            " {\n   \"a\": 10000.10,\n   \"b\": [\n     \"x\",\n     {}\n   ],\n   \"c\": (later),  # text\n   \"d\": []\n }"
        );
    }
}
