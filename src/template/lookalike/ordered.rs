//! The same for order: texts that spell numbers stand letter by letter, so that "1000" comes before "60".

use super::{Sides, is_literal, spells_a_number};
use crate::template::error::TemplateError;
use crate::value::Value;

/// Refuses to order two texts that both spell a number. Texts of which one spells none, as names and dates, are ordered
/// as texts.
pub(in crate::template) fn refuse(
    left: &Value,
    right: &Value,
    sides: Option<Sides<'_>>,
) -> Result<(), TemplateError> {
    let (Some(one), Some(other)) = (spelled(left), spelled(right)) else {
        return Ok(());
    };
    let called = |side: Option<&str>, text: &Value| match side {
        Some(side) if !is_literal(side) => format!("`{side}` ({})", text.to_json_text()),
        _ => text.to_json_text(),
    };
    let message = format!(
        "{} and {} are texts, which are ordered letter by letter and not as numbers",
        called(sides.map(|sides| sides.left), one),
        called(sides.and_then(|sides| sides.right), other),
    );
    Err(TemplateError::type_mismatch(message)
        .help("make both numbers with `| int`, or with `| float` where there are decimals"))
}

/// As [`refuse`], for the values by which the items of a list are ordered; `attribute` is the one that holds them.
pub(in crate::template) fn refuse_among<'v>(
    values: impl Iterator<Item = &'v Value>,
    attribute: Option<&str>,
) -> Result<(), TemplateError> {
    let mut spelled = values.filter_map(spelled);
    let (Some(one), Some(other)) = (spelled.next(), spelled.next()) else {
        return Ok(());
    };
    let help = match attribute {
        None => "make the items numbers before, with `| map('int')` or `| map('float')`".to_owned(),
        Some(attribute) => format!(
            "take the numbers out before: `| map(attribute='{attribute}') | map('int')`, or `map('float')`"
        ),
    };
    refuse(one, other, None).map_err(|error| error.help(help))
}

fn spelled(value: &Value) -> Option<&Value> {
    value
        .as_text()
        .is_some_and(spells_a_number)
        .then_some(value)
}
