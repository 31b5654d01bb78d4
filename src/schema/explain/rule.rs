//! The rule that one value breaks: its kind, and its message without the subject.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value as Json;

use crate::schema::{ViolationKind, blank, format, lint, plain_number};
use crate::value::{Value, is_blank, unseen_end};

/// The kind of an error about one value, and its message without the subject.
pub(super) fn rule(error: &ValidationError<'_>, place: Option<&Json>) -> (ViolationKind, String) {
    let expected = place
        .and_then(|place| place.get(lint::EXPECTED)?.as_str())
        .map(|words| format!("must be {words}"));
    if let Some(bounds) = of_bounds(error.kind()) {
        return bounds;
    }
    match error.kind() {
        Kind::Type { .. } => wrong_type(error, types(error), place.is_some_and(blank::is_of_id)),
        Kind::Enum { options } => of_values(options),
        Kind::Constant { expected_value } => {
            let wanted = Value::from((**expected_value).clone());
            let rule = format!("must be {}", shown(&wanted));
            (ViolationKind::Const { wanted }, rule)
        }
        Kind::Custom { keyword, .. } => of_own_keyword(error, keyword, expected),
        Kind::Pattern { pattern } => (
            ViolationKind::Pattern,
            expected.unwrap_or_else(|| format!("does not match the pattern `{pattern}`")),
        ),
        Kind::Format { format } => of_format(format, expected),
        Kind::UniqueItems => (ViolationKind::Unique, "has the same item twice".to_owned()),
        Kind::FalseSchema => (ViolationKind::Other, "is not allowed here".to_owned()),
        Kind::OneOfMultipleValid { .. } => (
            ViolationKind::Forms {
                advice: "`oneOf` lets exactly one form fit: write `anyOf` in the schema where several may"
                    .to_owned(),
            },
            "fits more than one of the allowed forms".to_owned(),
        ),
        _ => of_another(error, expected),
    }
}

/// A rule that there are no words for.
fn of_another(error: &ValidationError<'_>, expected: Option<String>) -> (ViolationKind, String) {
    let keyword = error.kind().keyword();
    let rule = expected.unwrap_or_else(|| format!("breaks the rule `{keyword}`"));
    (ViolationKind::Other, rule)
}

/// A value that is none of these.
fn of_values(options: &Json) -> (ViolationKind, String) {
    let allowed: Vec<Value> = options
        .as_array()
        .into_iter()
        .flatten()
        .cloned()
        .map(Value::from)
        .collect();
    let names: Vec<String> = allowed.iter().map(shown).collect();
    let rule = format!("must be one of {}", names.join(", "));
    (ViolationKind::Enum { allowed }, rule)
}

/// A keyword of our own schemas.
fn of_own_keyword(
    error: &ValidationError<'_>,
    keyword: &str,
    expected: Option<String>,
) -> (ViolationKind, String) {
    match keyword {
        blank::KEYWORD => (
            ViolationKind::Blank,
            expected.unwrap_or_else(|| "must not be blank".to_owned()),
        ),
        blank::BARE_KEYWORD => match error.instance().as_ref() {
            Json::String(text) if is_blank(text) => {
                (ViolationKind::Blank, "must not be blank".to_owned())
            }
            _ => (
                ViolationKind::Padded,
                expected.unwrap_or_else(|| padding(error.instance().as_ref())),
            ),
        },
        plain_number::KEYWORD => (
            ViolationKind::Pattern,
            expected.unwrap_or_else(|| "must be written in digits, without an exponent".to_owned()),
        ),
        _ => of_another(error, expected),
    }
}

/// What stands at an end of an id and does not belong to it.
fn padding(id: &Json) -> String {
    match id.as_str().and_then(unseen_end) {
        Some((unseen, end)) => format!(
            "{end} with U+{:04X}, a character that does not show",
            u32::from(unseen)
        ),
        None => "begins or ends with white space".to_owned(),
    }
}

fn of_format(format: &str, expected: Option<String>) -> (ViolationKind, String) {
    let rule = expected.unwrap_or_else(|| {
        if format::is_own(format) {
            "must be a day that exists, in the CRM's form".to_owned()
        } else {
            format!("is not a valid `{format}`")
        }
    });
    let format = format.to_owned();
    (ViolationKind::Format { format }, rule)
}

/// How much or how many there may be; none where the error is about something else.
fn of_bounds(kind: &Kind) -> Option<(ViolationKind, String)> {
    let counted = |least: &str, limit: u64, thing: &str| {
        let plural = if limit == 1 { "" } else { "s" };
        format!("must have {least} {limit} {thing}{plural}")
    };
    let bound = |words: &str, limit: &Json| format!("must be {words} {limit}");
    let rule = match kind {
        Kind::MinLength { limit: 1 } => "must not be empty".to_owned(),
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
        _ => return None,
    };
    Some((ViolationKind::Bounds, rule))
}

/// Another type of value than the wanted ones; with the message without the subject.
pub(super) fn wrong_type(
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

pub(super) fn types(error: &ValidationError<'_>) -> Vec<String> {
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
