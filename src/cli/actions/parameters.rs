//! A JSON Schema of parameters → rows for people: name, what it may be, what it is.

use serde_json::Value as Json;

use super::yaml;
use crate::schema::format_in_words;
use crate::value::Value;

/// One parameter, or one key inside of one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The path to it: `phone.code`, `form[].name`.
    pub(super) name: String,
    /// Whether it must be there where what holds it is there.
    pub(super) required: bool,
    /// What its value may be.
    pub(super) value: String,
    /// What it is.
    pub(super) about: String,
}

/// The parameters of a schema with their nested keys, in the order of the file.
pub(super) fn rows(schema: &Json) -> Vec<Row> {
    let mut rows = Vec::new();
    collect(schema, "", &mut rows);
    rows
}

fn collect(schema: &Json, prefix: &str, rows: &mut Vec<Row>) {
    let Some(properties) = schema.get("properties").and_then(Json::as_object) else {
        return;
    };
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Json::as_array)
        .map(|names| names.iter().filter_map(Json::as_str).collect())
        .unwrap_or_default();
    for (key, property) in properties {
        let name = format!("{prefix}{key}");
        rows.push(Row {
            required: required.contains(&key.as_str()),
            value: value(property),
            about: about(property),
            name: name.clone(),
        });
        collect(property, &format!("{name}."), rows);
        if let Some(items) = property.get("items") {
            collect(items, &format!("{name}[]."), rows);
        }
    }
}

/// What a value may be, in a few words.
fn value(schema: &Json) -> String {
    if let Some(constant) = schema.get("const") {
        return literal(constant);
    }
    if let Some(values) = schema.get("enum").and_then(Json::as_array) {
        return alternatives(values.iter().map(literal));
    }
    if let Some(branches) = ["anyOf", "oneOf"]
        .iter()
        .find_map(|key| schema.get(*key)?.as_array())
    {
        return alternatives(branches.iter().map(value));
    }
    if let Some(format) = schema.get("format").and_then(Json::as_str) {
        let words = format_in_words(format);
        return words
            .split(", such as ")
            .next()
            .unwrap_or_default()
            .to_owned();
    }
    let kinds: Vec<&str> = match schema.get("type") {
        Some(Json::String(kind)) => vec![kind],
        Some(Json::Array(kinds)) => kinds.iter().filter_map(Json::as_str).collect(),
        _ => return "anything".to_owned(),
    };
    alternatives(kinds.into_iter().map(|kind| kind_in_words(kind, schema)))
}

fn kind_in_words(kind: &str, schema: &Json) -> String {
    match kind {
        "string" => "text".to_owned(),
        "integer" => "whole number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "null" => "null".to_owned(),
        "array" => match schema.get("items").map(value) {
            Some(items) if items != "anything" => format!("list of {items}s"),
            _ => "list".to_owned(),
        },
        other => other.to_owned(),
    }
}

fn alternatives(values: impl Iterator<Item = String>) -> String {
    let mut all: Vec<String> = Vec::new();
    for value in values {
        if !all.contains(&value) {
            all.push(value);
        }
    }
    match all.as_slice() {
        [] => "nothing".to_owned(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

fn literal(value: &Json) -> String {
    match value {
        Json::String(text) if !text.is_empty() && !text.contains(' ') => text.clone(),
        other => other.to_string(),
    }
}

/// What a parameter is: its description, its default, an example.
fn about(schema: &Json) -> String {
    let text = |key: &str| schema.get(key).and_then(Json::as_str);
    let mut parts: Vec<String> = text("description").map(str::to_owned).into_iter().collect();
    if let Some(default) = schema.get("default") {
        parts.push(format!("default {}", literal(default)));
    }
    let example = schema.get("examples").and_then(|examples| examples.get(0));
    if let Some(example) = example {
        parts.push(format!("e.g. {}", shown(example)));
    }
    parts.join("; ")
}

/// A scalar as JSON has it; more as YAML in one line, which has blanks where a line may end.
fn shown(example: &Json) -> String {
    if example.is_array() || example.is_object() {
        yaml::flow(&Value::from(example.clone()))
    } else {
        example.to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_in_words() {
        let cases = [
            (json!({ "type": "string" }), "text"),
            (
                json!({ "enum": ["high", "normal", "low"] }),
                "high, normal or low",
            ),
            (
                json!({ "type": ["string", "integer"] }),
                "text or whole number",
            ),
            (
                json!({ "type": "string", "format": "obligation-date" }),
                "DD-MM-YYYY",
            ),
            (
                json!({ "anyOf": [{ "format": "obligation-date" }, { "const": "" }] }),
                "DD-MM-YYYY or \"\"",
            ),
            (
                json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] }),
                "text or list of texts",
            ),
            (json!({ "type": "boolean" }), "true or false"),
            (json!({}), "anything"),
        ];
        for (schema, words) in cases {
            assert_eq!(value(&schema), words, "{schema}");
        }
    }

    #[test]
    fn nested_keys_have_their_path() {
        let schema = json!({
            "required": ["phone"],
            "properties": {
                "phone": { "type": "object", "required": ["code"], "properties": { "code": { "type": "string" }, "kind": {} } },
                "form": { "type": "array", "items": { "type": "object", "properties": { "name": {} } } },
            },
        });
        let found: Vec<(String, bool)> = rows(&schema)
            .into_iter()
            .map(|row| (row.name, row.required))
            .collect();
        let wanted = [
            ("phone", true),
            ("phone.code", true),
            ("phone.kind", false),
            ("form", false),
            ("form[].name", false),
        ];
        assert_eq!(
            found,
            wanted.map(|(name, required)| (name.to_owned(), required))
        );
    }
}
