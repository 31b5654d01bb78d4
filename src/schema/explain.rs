//! The validator's errors in our own words. A message never holds the value: it may be a secret.

mod forms;
mod rule;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value as Json;

use self::forms::alternatives;
use self::rule::rule;
use super::{SchemaError, Violation, ViolationKind, blank, lint, pattern, steps};

/// The violations behind an error about a value.
pub(super) fn of_instance(error: &ValidationError<'_>, schema: &Json) -> Vec<Violation> {
    describe(error, schema, error.instance_path().as_str(), None)
}

/// The error behind a schema that the draft's own schema refuses.
pub(super) fn of_schema(error: &ValidationError<'_>) -> SchemaError {
    let pointer = error.instance_path().as_str().to_owned();
    let message = match error.kind() {
        Kind::Format { format } if format == "regex" => {
            let why = error.instance().as_ref().as_str().and_then(pattern::fault);
            let why = why.map_or_else(String::new, |why| format!(": {why}"));
            format!("this is not a regular expression{why}")
        }
        Kind::Referencing(_) => "a `$ref` points to nothing".to_owned(),
        // Compile errors speak of the schema itself, in which there are no secrets.
        Kind::Custom { message, .. } => message.clone(),
        _ => describe(error, &Json::Null, &pointer, None)
            .into_iter()
            .next()
            .map_or_else(
                || "this is not a valid schema".to_owned(),
                |first| first.message,
            ),
    };
    SchemaError {
        pointer,
        is_of_keyword: false,
        message,
        help: None,
    }
}

fn describe(
    error: &ValidationError<'_>,
    schema: &Json,
    pointer: &str,
    alternative_of: Option<&str>,
) -> Vec<Violation> {
    let schema_path = error.schema_path().as_str();
    let place = parent(schema_path).and_then(|at| schema.pointer(at));
    let own = [blank::KEYWORD, blank::BARE_KEYWORD];
    let own = own
        .iter()
        .find_map(|keyword| schema_path.strip_suffix(keyword));
    let schema_path = match own {
        Some(at) => format!("{at}pattern"),
        None => schema_path.to_owned(),
    };
    let rests_on = alternative_of
        .or_else(|| condition(error.evaluation_path().as_str(), pointer))
        .map(str::to_owned);
    let one = |mut kind: ViolationKind, message: String, key: Option<String>| {
        if let ViolationKind::WrongType { required, .. } = &mut kind {
            *required = is_required(schema, &schema_path, pointer);
        }
        Violation {
            pointer: pointer.to_owned(),
            key,
            kind,
            message,
            schema_path: schema_path.clone(),
            conditional: rests_on.is_some(),
            rests_on: rests_on.clone(),
        }
    };
    match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unexpected
                .iter()
                .map(|key| {
                    let known = known_keys(place);
                    let message = format!("unknown key `{key}`");
                    one(
                        ViolationKind::UnknownKey { known },
                        message,
                        Some(key.clone()),
                    )
                })
                .collect()
        }
        Kind::Required { property } => {
            let key = property.as_str().unwrap_or_default().to_owned();
            let described = |schema: &Json| {
                let property = schema.get("properties")?.get(&key)?;
                Some(property.get("description")?.as_str()?.to_owned())
            };
            let description = place
                .and_then(described)
                // Under `then` only the name stands; what it is for stands at the root.
                .or_else(|| described(schema).filter(|_| pointer.is_empty()))
                .map(|text| format!("`{key}`: {text}"));
            let message = match subject(pointer) {
                None => format!("`{key}` is missing"),
                Some(parent) => format!("`{key}` is missing in `{parent}`"),
            };
            vec![one(
                ViolationKind::MissingKey { description },
                message,
                Some(key),
            )]
        }
        Kind::PropertyNames { error } => {
            let key = error.instance().as_str().unwrap_or_default().to_owned();
            let (_, rule) = rule(error, place.and_then(|place| place.get("propertyNames")));
            let message = format!("the key `{key}` {rule}");
            vec![one(ViolationKind::Other, message, Some(key))]
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            alternatives(error, context, schema).unwrap_or_else(|(kind, rule)| {
                vec![one(
                    kind,
                    format!("{} {rule}", subject_words(pointer)),
                    None,
                )]
            })
        }
        _ => {
            let (kind, rule) = rule(error, place);
            vec![one(
                kind,
                format!("{} {rule}", subject_words(pointer)),
                None,
            )]
        }
    }
}

/// Whether the object around a value must have it, by the schema that says what the value is.
fn is_required(schema: &Json, schema_path: &str, pointer: &str) -> bool {
    let Some((_, key)) = pointer.rsplit_once('/') else {
        return false;
    };
    let property = format!("/properties/{key}/");
    let around = schema_path.rfind(&property).map(|at| &schema_path[..at]);
    let required = around.and_then(|at| schema.pointer(at)?.get("required")?.as_array());
    let key = steps(pointer).last();
    required.is_some_and(|names| names.iter().any(|name| name.as_str() == key.as_deref()))
}

fn known_keys(place: Option<&Json>) -> Vec<String> {
    place
        .and_then(|place| place.get("properties")?.as_object())
        .map(|properties| properties.keys().cloned().collect())
        .unwrap_or_default()
}

/// The value in words: `phone.code`, `form[0].name`; none for the root.
fn subject(pointer: &str) -> Option<String> {
    let mut words = String::new();
    for step in steps(pointer) {
        if step.bytes().all(|byte| byte.is_ascii_digit()) && !words.is_empty() && !step.is_empty() {
            words.push('[');
            words.push_str(&step);
            words.push(']');
        } else {
            if !words.is_empty() {
                words.push('.');
            }
            words.push_str(&step);
        }
    }
    (!words.is_empty()).then_some(words)
}

/// What messages call the value at a JSON pointer.
pub fn subject_words(pointer: &str) -> String {
    subject(pointer).map_or_else(|| "the value".to_owned(), |words| format!("`{words}`"))
}

fn parent(pointer: &str) -> Option<&str> {
    pointer.rfind('/').map(|at| &pointer[..at])
}

/// Where a path through a schema passes a keyword that holds only by a condition on values: the
/// part of the instance's pointer that leads to the value which the condition looks at.
fn condition<'a>(path: &str, pointer: &'a str) -> Option<&'a str> {
    let mut path = steps(path);
    let mut descents = 0;
    while let Some(keyword) = path.next() {
        match keyword.as_str() {
            "if" | "then" | "else" | "anyOf" | "oneOf" | "not" | "contains" => {
                let end = pointer
                    .match_indices('/')
                    .nth(descents)
                    .map_or(pointer.len(), |(at, _)| at);
                return Some(&pointer[..end]);
            }
            "properties" | "patternProperties" | "prefixItems" => {
                path.next();
                descents += 1;
            }
            "items" | "additionalProperties" | "unevaluatedProperties" | "unevaluatedItems" => {
                descents += 1;
            }
            // The next step is a name or an index, not a keyword.
            _ if lint::steps_to_schema(&keyword) == Some(2) => {
                path.next();
            }
            _ => {}
        }
    }
    None
}
