//! The validator's errors in our own words. A message never holds the value: it may be a secret.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value as Json;

use super::{SchemaError, Violation, ViolationKind, blank, lint, pattern, plain_number, steps};
use crate::value::{Value, is_blank};

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

/// The violations of the one alternative that was meant, told by its type; else what to say of all.
fn alternatives(
    error: &ValidationError<'_>,
    context: &[Vec<ValidationError<'static>>],
    schema: &Json,
) -> Result<Vec<Violation>, (ViolationKind, String)> {
    let own = error.instance_path().as_str();
    let is_here = |error: &ValidationError<'_>| error.instance_path().as_str() == own;
    let is_other_type =
        |error: &ValidationError<'_>| is_here(error) && matches!(error.kind(), Kind::Type { .. });
    let is_other_value = |error: &ValidationError<'_>| {
        is_here(error) && matches!(error.kind(), Kind::Constant { .. } | Kind::Enum { .. })
    };
    let mut meant: Vec<_> = context
        .iter()
        .filter(|branch| !branch.iter().any(is_other_type))
        .collect();
    if meant.len() > 1 {
        // `{ const: "" }` beside a format: the format is what the author tried to fit.
        meant.retain(|branch| !branch.iter().any(is_other_value));
    }
    match meant.as_slice() {
        [branch] => Ok(branch
            .iter()
            .flat_map(|error| describe(error, schema, error.instance_path().as_str(), Some(own)))
            .collect()),
        [] => {
            let mut wanted: Vec<String> = Vec::new();
            for name in context
                .iter()
                .flatten()
                .filter(|error| is_other_type(error))
                .flat_map(types)
            {
                if !wanted.contains(&name) {
                    wanted.push(name);
                }
            }
            let mut places = context.iter().flatten().filter_map(|error| {
                let path = error.schema_path().as_str();
                schema.pointer(parent(path)?)
            });
            Err(wrong_type(error, wanted, places.any(blank::is_of_id)))
        }
        several => {
            let advice = forms(several, schema);
            Err((
                ViolationKind::Forms { advice },
                "fits none of the allowed forms".to_owned(),
            ))
        }
    }
}

/// How many forms are told of.
const MOST_FORMS: usize = 3;

/// What keeps the value from each of the forms that it might have been meant to have.
fn forms(branches: &[&Vec<ValidationError<'static>>], schema: &Json) -> String {
    let first = |branch: &&Vec<ValidationError<'static>>| {
        let error = branch.first()?;
        let told = describe(error, schema, error.instance_path().as_str(), None);
        told.into_iter().next().map(|violation| violation.message)
    };
    let told: Vec<String> = branches.iter().filter_map(first).collect();
    let mut words: Vec<String> = Vec::new();
    for (index, message) in told.iter().take(MOST_FORMS).enumerate() {
        words.push(format!("form {}: {message}", index + 1));
    }
    if told.len() > MOST_FORMS {
        words.push(format!("and {} more", told.len() - MOST_FORMS));
    }
    words.join("; ")
}

/// The kind of an error about one value, and its message without the subject.
fn rule(error: &ValidationError<'_>, place: Option<&Json>) -> (ViolationKind, String) {
    let expected = place
        .and_then(|place| place.get(lint::EXPECTED)?.as_str())
        .map(|words| format!("must be {words}"));
    let counted = |least: &str, limit: u64, thing: &str| {
        let plural = if limit == 1 { "" } else { "s" };
        (
            ViolationKind::Bounds,
            format!("must have {least} {limit} {thing}{plural}"),
        )
    };
    let bound =
        |words: &str, limit: &Json| (ViolationKind::Bounds, format!("must be {words} {limit}"));
    match error.kind() {
        Kind::Type { .. } => wrong_type(error, types(error), place.is_some_and(blank::is_of_id)),
        Kind::Enum { options } => {
            let allowed: Vec<Value> = options
                .as_array()
                .into_iter()
                .flatten()
                .cloned()
                .map(Value::from)
                .collect();
            let names: Vec<String> = allowed.iter().map(shown).collect();
            (
                ViolationKind::Enum { allowed },
                format!("must be one of {}", names.join(", ")),
            )
        }
        Kind::Constant { expected_value } => {
            let wanted = Value::from((**expected_value).clone());
            let rule = format!("must be {}", shown(&wanted));
            (ViolationKind::Const { wanted }, rule)
        }
        Kind::Custom { keyword, .. } if keyword == blank::KEYWORD => (
            ViolationKind::Blank,
            expected.unwrap_or_else(|| "must not be blank".to_owned()),
        ),
        Kind::Custom { keyword, .. } if keyword == blank::BARE_KEYWORD => {
            match error.instance().as_ref() {
                Json::String(text) if is_blank(text) => {
                    (ViolationKind::Blank, "must not be blank".to_owned())
                }
                _ => (
                    ViolationKind::Padded,
                    expected.unwrap_or_else(|| "begins or ends with white space".to_owned()),
                ),
            }
        }
        Kind::Custom { keyword, .. } if keyword == plain_number::KEYWORD => (
            ViolationKind::Pattern,
            expected.unwrap_or_else(|| "must be written in digits, without an exponent".to_owned()),
        ),
        Kind::Pattern { pattern } => (
            ViolationKind::Pattern,
            expected.unwrap_or_else(|| format!("does not match the pattern `{pattern}`")),
        ),
        Kind::Format { format } => {
            let rule = expected.unwrap_or_else(|| {
                if super::format::is_own(format) {
                    "must be a day that exists, in the CRM's form".to_owned()
                } else {
                    format!("is not a valid `{format}`")
                }
            });
            (
                ViolationKind::Format {
                    format: format.clone(),
                },
                rule,
            )
        }
        Kind::MinLength { limit: 1 } => (ViolationKind::Bounds, "must not be empty".to_owned()),
        Kind::MinItems { limit } => counted("at least", *limit, "item"),
        Kind::MaxItems { limit } => counted("at most", *limit, "item"),
        Kind::MinLength { limit } => counted("at least", *limit, "character"),
        Kind::MaxLength { limit } => counted("at most", *limit, "character"),
        Kind::MinProperties { limit } => counted("at least", *limit, "key"),
        Kind::MaxProperties { limit } => counted("at most", *limit, "key"),
        Kind::Minimum { limit } => bound("at least", limit),
        Kind::Maximum { limit } => bound("at most", limit),
        Kind::ExclusiveMinimum { limit } => bound("more than", limit),
        Kind::ExclusiveMaximum { limit } => bound("less than", limit),
        Kind::UniqueItems => (ViolationKind::Unique, "has the same item twice".to_owned()),
        Kind::FalseSchema => (ViolationKind::Other, "is not allowed here".to_owned()),
        Kind::OneOfMultipleValid { .. } => (
            ViolationKind::Forms {
                advice: "`oneOf` lets exactly one form fit: write `anyOf` in the schema where several may"
                    .to_owned(),
            },
            "fits more than one of the allowed forms".to_owned(),
        ),
        other => (
            ViolationKind::Other,
            expected.unwrap_or_else(|| format!("breaks the rule `{}`", other.keyword())),
        ),
    }
}

/// Another type of value than the wanted ones; with the message without the subject.
fn wrong_type(
    error: &ValidationError<'_>,
    wanted: Vec<String>,
    of_id: bool,
) -> (ViolationKind, String) {
    let rule = format!("must be {}, not {}", type_words(&wanted), actual(error));
    let is_null = error.instance().is_null();
    let kind = ViolationKind::WrongType {
        wanted,
        is_null,
        required: false,
        of_id,
    };
    (kind, rule)
}

fn types(error: &ValidationError<'_>) -> Vec<String> {
    match error.kind() {
        Kind::Type {
            kind: TypeKind::Single(name),
        } => vec![name.to_string()],
        Kind::Type {
            kind: TypeKind::Multiple(names),
        } => names.iter().map(|name| name.to_string()).collect(),
        _ => Vec::new(),
    }
}

fn type_words(names: &[String]) -> String {
    let words: Vec<&str> = names.iter().map(|name| type_word(name)).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((only, _)) => (*only).to_owned(),
        None => "of another form".to_owned(),
    }
}

fn type_word(name: &str) -> &str {
    match name {
        "string" => "text",
        "number" => "a number",
        "integer" => "a whole number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "an object",
        other => other,
    }
}

fn actual(error: &ValidationError<'_>) -> &'static str {
    match error.instance().as_ref() {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("`{text}`"),
        other => format!("`{}`", other.to_json_text()),
    }
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
