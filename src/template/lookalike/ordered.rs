//! The same for order: texts that spell numbers stand letter by letter, so that "1000" comes before "60".

use std::cmp::Ordering;

use super::{Sides, is_literal, spelled_number};
use crate::template::error::TemplateError;
use crate::template::operators::order_numbers;
use crate::value::{Number, Value};

/// Refuses to order two texts that both spell a number, where the numbers stand in another order than the texts. Where
/// both stand in the same, as years and `20260131` do, it is all one; and texts of which one spells no number are texts.
pub(in crate::template) fn refuse(
    left: &Value,
    right: &Value,
    sides: Option<Sides<'_>>,
) -> Result<(), TemplateError> {
    let (Some(one), Some(other)) = (spelled(left), spelled(right)) else {
        return Ok(());
    };
    if one.text.cmp(other.text) == order_numbers(&one.number, &other.number) {
        return Ok(());
    }
    Err(refusal(left, right, sides))
}

fn refusal(left: &Value, right: &Value, sides: Option<Sides<'_>>) -> TemplateError {
    let called = |side: Option<&str>, text: &Value| match side {
        Some(side) if !is_literal(side) => format!("`{side}` ({})", text.to_json_text()),
        _ => text.to_json_text(),
    };
    let message = format!(
        "{} and {} are texts, which are ordered letter by letter and not as numbers",
        called(sides.map(|sides| sides.left), left),
        called(sides.and_then(|sides| sides.right), right),
    );
    TemplateError::type_mismatch(message)
        .help("make both numbers with `| int`, or with `| float` where there are decimals")
}

/// As [`refuse`], for the values by which the items of a list are ordered; `attribute` is the one that holds them.
pub(in crate::template) fn refuse_among<'v>(
    values: impl Iterator<Item = &'v Value>,
    attribute: Option<&str>,
) -> Result<(), TemplateError> {
    let mut all: Vec<Spelled<'_>> = values.filter_map(spelled).collect();
    all.sort_by_key(|spelled| spelled.text);
    let is_other = |pair: &&[Spelled<'_>]| match pair {
        [one, other] => order_numbers(&one.number, &other.number) == Ordering::Greater,
        _ => false,
    };
    let Some([one, other]) = all.windows(2).find(is_other) else {
        return Ok(());
    };
    let help = match attribute {
        None => "make the items numbers before, with `| map('int')` or `| map('float')`".to_owned(),
        Some(attribute) => format!(
            "take the numbers out before: `| map(attribute='{attribute}') | map('int')`, or `map('float')`"
        ),
    };
    Err(refusal(one.value, other.value, None).help(help))
}

/// A text that spells a number, and the number.
struct Spelled<'v> {
    value: &'v Value,
    text: &'v str,
    number: Number,
}

fn spelled(value: &Value) -> Option<Spelled<'_>> {
    let text = value.as_text()?;
    let number = spelled_number(text)?;
    Some(Spelled {
        value,
        text,
        number,
    })
}
