//! Values as YAML that a person would write, and that reads back as the same values.

use crate::document::quoted;
use crate::template::Engine;
use crate::value::{Map, Value};

/// Whether a text holds what a playbook would take for a template.
pub(super) fn holds_template(value: &Value) -> bool {
    match value {
        Value::Text(text) => !Engine::is_literal(text),
        Value::List(items) => items.iter().any(holds_template),
        Value::Map(map) => map.values().any(holds_template),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The entries of a mapping, one a line and more where a value has more, at an indent.
pub(super) fn entries(map: &Map, indent: usize) -> Vec<String> {
    map.iter()
        .flat_map(|(key, value)| {
            let head = format!("{:indent$}{}:", "", scalar(key));
            match value {
                Value::Map(inner) if !inner.is_empty() => {
                    let mut lines = vec![head];
                    lines.extend(entries(inner, indent + 2));
                    lines
                }
                Value::List(items) if items.iter().any(|item| matches!(item, Value::Map(_))) => {
                    let mut lines = vec![head];
                    lines.extend(
                        items
                            .iter()
                            .map(|item| format!("{:indent$}  - {}", "", flow(item))),
                    );
                    lines
                }
                other => vec![format!("{head} {}", flow(other))],
            }
        })
        .collect()
}

/// A value in one line.
pub(super) fn flow(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.as_str().to_owned(),
        Value::Text(text) => scalar(text),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(map) if map.is_empty() => "{}".to_owned(),
        Value::Map(map) => {
            let entries: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{}: {}", scalar(key), flow(value)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

/// A text, in quotes unless nobody can take it for anything else.
pub(super) fn scalar(text: &str) -> String {
    // Words that some reader of YAML takes for a boolean or for nothing.
    const TAKEN: [&str; 10] = [
        "true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan",
    ];
    let plain = text.starts_with(char::is_alphabetic)
        && !text.ends_with(' ')
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || " _-./@".contains(c))
        && !TAKEN.contains(&text.to_lowercase().as_str());
    if plain { text.to_owned() } else { quoted(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document;
    use crate::source::Source;

    fn read_back(text: &str) -> Value {
        let source = Source::new("written.yaml", text);
        document::read(&source).unwrap().root.to_value()
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        let value = Value::from_json_text(
            r#"{"a": "64", "b": 10000.10, "no": "no", "Tipo de cliente": "VIP", "c": ["x", 1, null, true],
                "d": {}, "e": {"f": {"g": "it's: #1"}}, "h": [{"name": "Año", "value": "\"q\""}],
                "i": "", "j": " blank ", "k": "two\nlines", "12": "2023-07-30 00:00:00", "l": "- x", "m": "+57"}"#,
        )
        .unwrap();
        let Value::Map(map) = &value else {
            panic!("an object was written")
        };
        let text = entries(map, 2).join("\n");
        assert_eq!(read_back(&text), value, "{text}");
    }

    #[test]
    fn templates_are_seen_at_any_depth() {
        let value = |text| Value::from_json_text(text).unwrap();
        assert!(holds_template(&value(r#"{"a": [{"b": "x {{ y }}"}]}"#)));
        assert!(!holds_template(&value(r#"{"a": "{operation}"}"#)));
    }
}
