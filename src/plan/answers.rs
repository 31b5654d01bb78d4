//! What `expect` reads of an answer, against what the action says of it; and what names are compared with that can
//! never be equal.

use std::sync::Arc;

use serde_json::Value as Schema;

use crate::action::Action;
use crate::diagnostic::{Code, Diagnostic, did_you_mean, nearest};
use crate::document::Node;
use crate::outcome::Outcome;
use crate::source::Source;
use crate::template::{Compared, Read};
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

/// What a name is compared with that it can never be.
pub(super) fn never_equal(
    compared: &Compared,
    node: &Node,
    source: &Arc<Source>,
) -> Option<Diagnostic> {
    let path: Vec<&str> = compared.path.iter().map(String::as_str).collect();
    let finding = match path.as_slice() {
        ["status"] | ["steps", _, "http_status"] => not_a_number(compared)?,
        ["steps", _, "outcome"] => not_an_outcome(compared)?,
        _ => return None,
    };
    Some(finding.at(source, node.span_of(source, compared.range.clone())))
}

fn not_a_number(compared: &Compared) -> Option<Diagnostic> {
    let is_number = |value: &Value| matches!(value, Value::Number(_));
    if compared.values.iter().any(is_number) {
        // A list such as `[200, "200"]` means both.
        return None;
    }
    let text = compared.values.iter().find_map(Value::as_text)?;
    let help = match Number::parse(text) {
        Some(_) => format!("write {text} without quotes"),
        None => "compare it with a number, such as 200".to_owned(),
    };
    let message = format!(
        "`{}` is a number, which never equals the text {}",
        compared.path.join("."),
        Value::from(text).to_json_text()
    );
    Some(Diagnostic::error(Code::TemplateFailed, message).help(help))
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
