//! What `expect` reads of an answer, against what the action says of it; and what names are compared with that can
//! never be equal.

use std::sync::Arc;

use serde_json::Value as Schema;

use super::shape::Shape;
use crate::action::Action;
use crate::diagnostic::{Code, Diagnostic, did_you_mean, nearest};
use crate::document::Node;
use crate::outcome::Outcome;
use crate::source::Source;
use crate::template::{Compared, How, Read};
use crate::value::{Number, Value};

/// Keys of the answer that the action does not know.
pub(super) fn unknown_keys(
    action: &Action,
    reads: &[Read],
    node: &Node,
    source: &Arc<Source>,
) -> Vec<Diagnostic> {
    let reads = reads.iter().filter(|read| !read.guarded);
    let mut found = Vec::new();
    for read in reads {
        let Some((root, keys)) = read.path.split_first() else {
            continue;
        };
        if root != "response" {
            continue;
        }
        let Some((key, known)) = unknown_key(action.response_schema(), keys) else {
            continue;
        };
        let mut finding = Diagnostic::warning(
            Code::UnknownKey,
            format!("the answer of {} has no `{key}`", action.name()),
        )
        .at(source, node.span_of(source, read.range.clone()));
        finding.help = did_you_mean(key, known);
        found.push(finding);
    }
    found
}

/// The first of some keys that the schema of an answer lacks, and those that it names there. An answer may hold more
/// than its schema names, so that only what it forbids, or what looks like a slip, is one.
fn unknown_key<'k>(schema: &'k Schema, keys: &'k [String]) -> Option<(&'k str, Vec<&'k str>)> {
    let mut schema = schema;
    for key in keys {
        let named = schema.get("properties")?.as_object()?;
        if let Some(inner) = named.get(key) {
            schema = inner;
            continue;
        }
        let others = ["$ref", "allOf", "anyOf", "oneOf", "patternProperties"];
        if others.iter().any(|other| schema.get(other).is_some()) {
            return None;
        }
        let known: Vec<&str> = named.keys().map(String::as_str).collect();
        let is_closed = schema.get("additionalProperties") == Some(&Schema::Bool(false));
        let is_slip = nearest(key, known.iter().copied()).is_some();
        return (is_closed || is_slip).then_some((key.as_str(), known));
    }
    None
}

/// What a name is compared with that it can never be, by what is known of its value.
pub(super) fn never_equal(
    compared: &Compared,
    shape: &Shape,
    node: &Node,
    source: &Arc<Source>,
) -> Option<Diagnostic> {
    let path: Vec<&str> = compared.path.iter().map(String::as_str).collect();
    let finding = match path.as_slice() {
        ["steps", _, "outcome"] if compared.how != How::Ordered => not_an_outcome(compared)?,
        // The CRM writes it as a number and as text.
        ["steps", _, "code"] => return None,
        _ => other_type(compared, &shape.kind()).or_else(|| not_a_choice(compared, shape))?,
    };
    Some(finding.at(source, node.span_of(source, compared.range.clone())))
}

/// A value of another type than the name has. A list such as `[200, "200"]` means both.
fn other_type(compared: &Compared, kind: &Shape) -> Option<Diagnostic> {
    let is_other = |value: &Value| match (kind, value) {
        (Shape::Number, Value::Text(_)) | (Shape::Text, Value::Number(_)) => true,
        // A boolean has no order, and `true` equals 1.
        (Shape::Flag, Value::Text(_)) | (Shape::Text, Value::Bool(_)) => {
            compared.how != How::Ordered
        }
        _ => false,
    };
    let first = compared.values.first()?;
    if !compared.values.iter().all(is_other) {
        return None;
    }
    let path = compared.path.join(".");
    let (is, other) = (kind.words()?, first.to_json_text());
    let other = match first {
        Value::Text(_) => format!("the text {other}"),
        Value::Number(_) => format!("the number {other}"),
        _ => format!("the boolean {other}"),
    };
    let cannot = match compared.how {
        How::Ordered => "cannot be compared with",
        How::Wanted | How::Unwanted => "never equals",
    };
    let help = match (kind, first) {
        (Shape::Number, Value::Text(text)) if Number::parse(text).is_some() => {
            format!("write {text} without quotes")
        }
        (Shape::Number, _) => "compare it with a number, such as 200".to_owned(),
        (Shape::Flag, Value::Text(text)) if ["true", "false"].contains(&text.as_str()) => {
            format!("write {text} without quotes")
        }
        (Shape::Flag, _) => "compare it with true or false".to_owned(),
        (_, Value::Number(_)) if compared.how == How::Ordered => {
            format!("make it a number: `{path} | int`")
        }
        (_, Value::Number(number)) => {
            format!("write `\"{number}\"` in quotes, or `{path} | int`")
        }
        (_, other) => format!("write `\"{}\"` in quotes", other.to_json_text()),
    };
    let message = format!("`{path}` is {is}, which {cannot} {other}");
    Some(Diagnostic::error(Code::TemplateFailed, message).help(help))
}

/// Values none of which is one of those that a schema allows.
fn not_a_choice(compared: &Compared, shape: &Shape) -> Option<Diagnostic> {
    let Shape::OneOf(allowed) = shape else {
        return None;
    };
    let is_text = |value: &Value| value.as_text().is_some();
    // Numbers are the same in several spellings; null and a text of nothing stand for what was not given.
    let is_sure = allowed.iter().chain(&compared.values).all(is_text);
    let is_nothing = |value: &Value| value.as_text() == Some("");
    let is_allowed = |value: &Value| allowed.contains(value);
    if !is_sure
        || compared.how == How::Ordered
        || compared
            .values
            .iter()
            .any(|it| is_allowed(it) || is_nothing(it))
    {
        return None;
    }
    let other = compared.values.first()?;
    let message = format!(
        "`{}` is never {}",
        compared.path.join("."),
        other.to_json_text()
    );
    let mut finding = Diagnostic::warning(Code::InvalidValue, message);
    let allowed: Vec<&str> = allowed.iter().filter_map(Value::as_text).collect();
    finding.help = did_you_mean(other.as_text().unwrap_or_default(), allowed);
    Some(finding)
}

fn not_an_outcome(compared: &Compared) -> Option<Diagnostic> {
    let outcomes = Outcome::ALL.map(Outcome::as_str);
    let is_outcome = |value: &&Value| value.as_text().is_some_and(|text| outcomes.contains(&text));
    let other = compared.values.iter().find(|value| !is_outcome(value))?;
    let message = format!(
        "`{}` is never {}",
        compared.path.join("."),
        other.to_json_text()
    );
    let mut finding = Diagnostic::warning(Code::InvalidValue, message);
    finding.help = did_you_mean(other.as_text().unwrap_or_default(), outcomes);
    Some(finding)
}
