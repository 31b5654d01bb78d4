//! Values that look like one thing and count as another: a text `no` as a condition, a text `1` beside a number, texts
//! of digits that are put in order. They decide a write silently and wrongly, so they are errors. It knows the
//! spellings, and nothing of templates.

mod nested;
pub(super) mod ordered;

use std::borrow::Cow;

use super::error::TemplateError;
use super::operators::{equal, is_true, order_numbers};
use crate::value::{Number, Value};

/// The words that stand for yes or no in data files and on command lines.
const FLAGS: [&str; 12] = [
    "true", "false", "yes", "no", "on", "off", "y", "n", "0", "1", "si", "sí",
];

/// The words that stand for nothing there.
const NOTHINGS: [&str; 2] = ["null", "none"];

fn is_word_of(words: &[&str], text: &str) -> bool {
    let text = text.trim().to_lowercase();
    words.contains(&text.as_str())
}

/// Whether a value lets a condition hold: Jinja's truth, but a text that is a word for yes, no or nothing decides
/// nothing. `source` is the text of the expression that gave it.
pub(super) fn decides(value: &Value, source: &str) -> Result<bool, TemplateError> {
    let Value::Text(text) = value else {
        return Ok(is_true(value));
    };
    let word = text.trim();
    if !is_word_of(&FLAGS, word) && !is_word_of(&NOTHINGS, word) {
        return Ok(is_true(value));
    }
    let message =
        format!("the text `{word}` would count as true, as every text does that is not empty");
    Err(TemplateError::type_mismatch(message).help(format!(
        "compare it: `{source} == \"{}\"`, say",
        affirmative(word)
    )))
}

/// What stands for yes where this word stands for yes or no.
fn affirmative(word: &str) -> &'static str {
    match word.to_lowercase().as_str() {
        "true" | "false" => "true",
        "on" | "off" => "on",
        "y" | "n" => "y",
        "0" | "1" => "1",
        "si" => "si",
        "sí" => "sí",
        _ => "yes",
    }
}

/// What a comparison has on its sides, as it is written.
#[derive(Clone, Copy)]
pub(super) struct Sides<'t> {
    pub(super) left: &'t str,
    /// None for the item of a list: it is taken as written there.
    pub(super) right: Option<&'t str>,
}

/// Refuses to compare a number or a boolean with a text that spells one, also inside lists and objects, or a list or an
/// object with a text that spells one: they are never equal, and look it.
pub(super) fn refuse(
    left: &Value,
    right: &Value,
    sides: Option<Sides<'_>>,
) -> Result<(), TemplateError> {
    if !look_alike(left, right) {
        nested::refuse(left, right, sides)?;
        return Ok(());
    }
    let Some(sides) = sides else {
        let message = format!("{} never equals {}", named(left), named(right));
        return Err(TemplateError::type_mismatch(message)
            .help("write both as text, or both as numbers or booleans"));
    };
    let message = match sides.right {
        Some(right_side) if is_literal(sides.left) => {
            format!(
                "`{right_side}` is {}, which never equals {}",
                named(right),
                named(left)
            )
        }
        _ => format!(
            "`{}` is {}, which never equals {}",
            sides.left,
            named(left),
            named(right)
        ),
    };
    Err(TemplateError::type_mismatch(message).help(remedy(left, right, sides)))
}

/// As [`refuse`], for a value that is not in a list. A list that holds something of its type, such as `[200, "200"]`, may
/// mean both; then only what spells that very value is refused.
pub(super) fn refuse_in(
    items: &[Value],
    value: &Value,
    source: Option<&str>,
) -> Result<(), TemplateError> {
    if items.iter().any(|item| equal(item, value)) {
        return Ok(());
    }
    let is_whole = matches!(value, Value::List(_) | Value::Map(_));
    let is_of_its_type =
        |item: &Value| std::mem::discriminant(item) == std::mem::discriminant(value);
    let is_mixed = !is_whole && items.iter().any(is_of_its_type);
    let sides = source.map(|left| Sides { left, right: None });
    let mut meant = items
        .iter()
        .filter(|item| !is_mixed || spell_one(value, item));
    meant.try_for_each(|item| refuse(value, item, sides))
}

/// Whether one of two values is a text that spells the other.
fn spell_one(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Text(text), Value::Number(number)) | (Value::Number(number), Value::Text(text)) => {
            let spelled = spelled_number(text);
            spelled.is_some_and(|spelled| order_numbers(&spelled, number).is_eq())
        }
        (Value::Text(text), Value::Bool(flag)) | (Value::Bool(flag), Value::Text(text)) => {
            text.trim().to_lowercase() == flag.to_string()
        }
        _ => false,
    }
}

/// Makes a text of digits a number, and those of a list.
pub(super) fn digits_as_numbers(value: &mut Cow<'_, Value>) {
    let is_code = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |value: &Value| {
        let digits = value.as_text().filter(|text| is_code(text))?;
        Number::parse(digits).map(Value::Number)
    };
    if let Some(number) = number(value) {
        *value = Cow::Owned(number);
    } else if let Value::List(items) = &**value
        && items.iter().any(|item| number(item).is_some())
    {
        let items = items.iter();
        let items = items.map(|item| number(item).unwrap_or_else(|| item.clone()));
        *value = Cow::Owned(Value::List(items.collect()));
    }
}

fn look_alike(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Text(text), Value::Number(_)) | (Value::Number(_), Value::Text(text)) => {
            spells_a_number(text)
        }
        (Value::Text(text), Value::Bool(_)) | (Value::Bool(_), Value::Text(text)) => {
            is_word_of(&FLAGS, text)
        }
        _ => false,
    }
}

/// As JSON spells one, also with a plus, with zeros before it, or with blanks around.
fn spells_a_number(text: &str) -> bool {
    spelled_number(text).is_some()
}

/// The number that a text spells, in a spelling that people take for one.
fn spelled_number(text: &str) -> Option<Number> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let significant = unsigned.trim_start_matches('0');
    let spelled = match significant.chars().next() {
        Some('1'..='9') => significant.to_owned(),
        _ if significant.len() < unsigned.len() => format!("0{significant}"),
        _ => return None,
    };
    let sign = if text.starts_with('-') { "-" } else { "" };
    Number::parse(&format!("{sign}{spelled}"))
}

fn named(value: &Value) -> String {
    let spelled = value.to_json_text();
    match value {
        Value::Text(_) => format!("the text {spelled}"),
        Value::Number(_) => format!("the number {spelled}"),
        _ => format!("the boolean {spelled}"),
    }
}

/// How the two are made comparable, in the words of the expression.
fn remedy(left: &Value, right: &Value, sides: Sides<'_>) -> String {
    let left = (left, Some(sides.left));
    let right = (right, sides.right);
    let ((text, text_side), (other, other_side)) = match left.0 {
        Value::Text(_) => (left, right),
        _ => (right, left),
    };
    let Some(text_side) = text_side.filter(|side| !is_literal(side)) else {
        return format!("write {} without quotes", bare(text));
    };
    let as_text = match other_side {
        Some(side) if !is_literal(side) => format!("`{side} | string`"),
        _ if matches!(other, Value::Bool(_)) => format!("`\"{}\"` in quotes", bare(text)),
        _ => format!("`\"{}\"` in quotes", other.to_json_text()),
    };
    match other {
        Value::Number(_) => format!(
            "write {as_text}, or `{text_side} | {}`",
            number_filter(text)
        ),
        _ => format!("write {as_text}"),
    }
}

fn bare(text: &Value) -> String {
    text.as_text().unwrap_or_default().trim().to_lowercase()
}

fn number_filter(text: &Value) -> &'static str {
    let is_whole = !text.as_text().unwrap_or_default().contains(['.', 'e', 'E']);
    if is_whole { "int" } else { "float" }
}

/// Whether a side is a value as it is written, and nothing that has one.
fn is_literal(side: &str) -> bool {
    let quoted = side.starts_with(['"', '\'']);
    quoted || Value::from_json_text(side).is_ok()
}
