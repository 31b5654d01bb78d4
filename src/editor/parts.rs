//! The small schemas that playbooks and `voxplay.yaml` share: the twins of what `reading` reads.

use serde_json::{Value as Json, json};

/// A word that templates can read.
pub(super) const NAME: &str = "^[A-Za-z_][A-Za-z0-9_]*$";

/// A text that is not blank.
pub(super) fn text(description: &str) -> Json {
    json!({ "description": description, "type": "string", "pattern": r"\S" })
}

/// A text that is not blank, with examples.
pub(super) fn text_like(description: &str, examples: &[&str]) -> Json {
    let mut schema = text(description);
    schema["examples"] = json!(examples);
    schema
}

/// Words that a comma may stand between on the command line, or one.
pub(super) fn words(description: &str, example: &Json) -> Json {
    let pattern = r"^[^,]*[^,\s][^,]*$";
    let mut schema = texts(description, example);
    schema["pattern"] = pattern.into();
    schema["not"] = template();
    schema["items"] = json!({ "type": "string", "pattern": pattern, "not": template() });
    schema["errorMessage"] = "Write a list of words, as they are and without commas.".into();
    schema
}

/// Text with a template in it.
pub(super) fn template() -> Json {
    json!({ "type": "string", "pattern": r"\{[{%]" })
}

/// A duration of `500ms`, `30s`, `2m`, `1h`.
pub(super) fn duration(description: &str, examples: &[&str]) -> Json {
    json!({
        "description": description,
        "type": "string",
        "pattern": "^0*[1-9][0-9]*(ms|s|m|h)$",
        "patternErrorMessage": "Write a number and its unit: 500ms, 30s, 2m, 1h.",
        "examples": examples,
    })
}

/// A whole number from `least` on.
pub(super) fn count(description: &str, least: u64) -> Json {
    json!({ "description": description, "type": "integer", "minimum": least })
}

/// A text, or a list of texts.
pub(super) fn texts(description: &str, example: &Json) -> Json {
    json!({
        "description": description,
        "type": ["array", "string"],
        "pattern": r"\S",
        "items": { "type": "string", "pattern": r"\S" },
        "examples": [example],
    })
}

/// A mapping of names that templates can read.
pub(super) fn named(description: &str, value: &Json) -> Json {
    json!({
        "description": description,
        "type": "object",
        "propertyNames": { "pattern": NAME },
        "additionalProperties": value,
    })
}

/// `requests` and `deletes`, as playbooks and `voxplay.yaml` write them.
pub(super) fn limits(description: &str) -> Json {
    json!({
        "description": description,
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "requests": count("The most requests that a run may send, retries included.", 0),
            "deletes": count("The most records that a run may delete: a delete of three ids counts three.", 0),
        },
        "examples": [{ "requests": 5000, "deletes": 50 }],
    })
}

/// A bare expression: no braces.
pub(super) fn expression(description: &str, examples: &[&str]) -> Json {
    json!({
        "description": description,
        "type": ["string", "boolean"],
        "pattern": r"^(?!\s*\{\{)[\s\S]*\S",
        "patternErrorMessage": "This is an expression already: write it without {{ and }}.",
        "examples": examples,
    })
}

/// Keys that have no place here, each refused with the reason.
pub(super) fn refused(keys: &[&str], reason: &str) -> Json {
    let properties: serde_json::Map<String, Json> = keys
        .iter()
        .map(|key| ((*key).to_owned(), false.into()))
        .collect();
    json!({ "properties": properties, "errorMessage": reason })
}

/// What holds where an object has a key. Without the type, editors take the condition to hold of a value
/// that is still to be written.
pub(super) fn has(key: &str) -> Json {
    json!({ "type": "object", "required": [key] })
}
