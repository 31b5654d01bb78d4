//! The same for lists and objects: what is inside looks alike, or a text spells the whole.

use super::{Sides, is_literal, look_alike, named};
use crate::template::error::TemplateError;
use crate::template::operators::type_of;
use crate::value::Value;

/// Refuses two lists or objects where a value of one looks like its counterpart in the other and is of another type, and
/// a list or an object beside a text that spells one.
pub(super) fn refuse(
    left: &Value,
    right: &Value,
    sides: Option<Sides<'_>>,
) -> Result<(), TemplateError> {
    if let Some((one, other)) = differing(left, right) {
        let (left, right) = words(sides);
        let message = format!(
            "{left} holds {} where {right} holds {}: these are never equal",
            named(one),
            named(other)
        );
        return Err(TemplateError::type_mismatch(message)
            .help("write both as text, or both as numbers or booleans"));
    }
    let (left_words, right_words) = words(sides);
    let (text, text_words, other) = match (left, right) {
        (Value::Text(text), other) => (text, left_words, other),
        (other, Value::Text(text)) => (text, right_words, other),
        _ => return Ok(()),
    };
    if !spells(text, other) {
        return Ok(());
    }
    let message = format!(
        "{text_words} is text, which never equals {}",
        type_of(other)
    );
    Err(TemplateError::type_mismatch(message)
        .help("a cell of a table is text, whatever it looks like: compare it with text in quotes"))
}

/// The first pair of values at the same place of two lists or objects that look alike and are never equal.
fn differing<'v>(left: &'v Value, right: &'v Value) -> Option<(&'v Value, &'v Value)> {
    let pair = |one, other| {
        if look_alike(one, other) {
            Some((one, other))
        } else {
            differing(one, other)
        }
    };
    match (left, right) {
        (Value::List(left), Value::List(right)) => left
            .iter()
            .zip(right)
            .find_map(|(one, other)| pair(one, other)),
        (Value::Map(left), Value::Map(right)) => left
            .iter()
            .find_map(|(key, one)| pair(one, right.get(key)?)),
        _ => None,
    }
}

/// Whether a text is JSON of the same kind as a list or an object.
fn spells(text: &str, other: &Value) -> bool {
    let opens = match other {
        Value::List(_) => '[',
        Value::Map(_) => '{',
        _ => return false,
    };
    let text = text.trim();
    text.starts_with(opens) && Value::from_json_text(text).is_ok()
}

/// What the sides are called: as they are written, where that is short and no literal.
fn words(sides: Option<Sides<'_>>) -> (String, String) {
    let called = |side: Option<&str>, else_called: &str| match side {
        Some(side) if !is_literal(side) && side.chars().count() <= 40 => format!("`{side}`"),
        _ => else_called.to_owned(),
    };
    let left = called(sides.map(|sides| sides.left), "one side");
    let right = called(sides.and_then(|sides| sides.right), "the other side");
    (left, right)
}
