//! Filters that make numbers. Decimals that they calculate with are floats, as in Jinja.

use std::borrow::Cow;

use super::call::wrong;
use super::lists::attribute_of;
use super::{Call, Outcome};
use crate::template::error::TemplateError;
use crate::template::operators::{Operand, calculate, from_float, from_integer};
use crate::template::tree::Operator;
use crate::value::{Number, Value};

/// The number that a text spells, if it is one: a plus sign and leading zeros are allowed.
fn spelled(text: &str) -> Option<Number> {
    let text = text.trim();
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let significant = unsigned.trim_start_matches('0');
    let zero = if significant.starts_with(|c: char| c.is_ascii_digit()) {
        ""
    } else if significant.len() < unsigned.len() {
        "0"
    } else {
        return None;
    };
    Number::parse(&format!("{sign}{zero}{significant}"))
}

/// The input as a number, or the default, or why it is none.
fn number_input<'a>(
    call: &mut Call<'_, 'a>,
) -> Result<Result<Number, Cow<'a, Value>>, TemplateError> {
    let other = call.slot(0);
    let input = call.take_input();
    let number = match &*input {
        Value::Number(number) => Some(number.clone()),
        Value::Bool(flag) => Some(Number::from(i64::from(*flag))),
        Value::Text(text) => spelled(text),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    };
    match (number, other, &*input) {
        (Some(number), ..) => Ok(Ok(number)),
        (None, Some(other), _) => Ok(Err(other)),
        (None, None, Value::Text(text)) => Err(TemplateError::wrong_value(format!(
            "`{text}` is not a number"
        ))),
        (None, None, other) => Err(wrong("a number", other)),
    }
}

pub(super) fn int<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let number = match number_input(call)? {
        Ok(number) => number,
        Err(other) => return Ok(other),
    };
    let text = number.as_str();
    if text.contains(['e', 'E']) {
        let Operand::Float(float) = Operand::of(&number)? else {
            return Ok(Cow::Owned(Value::Number(number)));
        };
        return Number::parse(&format!("{:.0}", float.trunc() + 0.0))
            .map(|number| Cow::Owned(Value::Number(number)))
            .ok_or_else(|| TemplateError::wrong_value("this number is too large"));
    }
    let whole = text.split('.').next().unwrap_or(text);
    let whole = if whole == "-0" { "0" } else { whole };
    Ok(Cow::Owned(Value::Number(Number::parse(whole).expect(
        "the part before the point of a number is a number",
    ))))
}

pub(super) fn float<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let number = match number_input(call)? {
        Ok(number) => number,
        Err(other) => return Ok(other),
    };
    if number.as_str().contains('.') {
        Operand::of(&number)?;
        return Ok(Cow::Owned(Value::Number(number)));
    }
    match number.as_str().parse::<f64>() {
        Ok(float) => from_float(float).map(Cow::Owned),
        Err(_) => Err(TemplateError::wrong_value("this is not a number")),
    }
}

pub(super) fn round<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let precision = call.integer_slot(0)?.unwrap_or(0);
    let Ok(precision) = usize::try_from(precision) else {
        return Err(TemplateError::wrong_value(
            "the precision cannot be negative",
        ));
    };
    let input = call.take_input();
    let Value::Number(number) = &*input else {
        return Err(wrong("a number", &input).help("make it a number with `| float`"));
    };
    match Operand::of(number)? {
        Operand::Integer(_) => Ok(input),
        // No float has more decimals than 1074.
        Operand::Float(float) => format!("{float:.*}", precision.min(1074))
            .parse()
            .map_err(|_| TemplateError::wrong_value("this is not a number"))
            .and_then(from_float)
            .map(Cow::Owned),
    }
}

pub(super) fn abs<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let input = call.take_input();
    match &*input {
        Value::Number(number) => Ok(match number.as_str().strip_prefix('-') {
            Some(positive) => Cow::Owned(Value::Number(
                Number::parse(positive).expect("a number without its minus is a number"),
            )),
            None => input,
        }),
        other => Err(wrong("a number", other)),
    }
}

pub(super) fn sum<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let attribute = call.text_slot(0)?;
    let mut total = Number::from(0_i64);
    for (index, item) in call.items_input()?.into_iter().enumerate() {
        let item = match &attribute {
            Some(attribute) => attribute_of(item, attribute, index)?,
            None => item,
        };
        let Value::Number(number) = &*item else {
            return Err(
                wrong("a number", &item).help("make the items numbers with `| map('float')`")
            );
        };
        if let Value::Number(next) = calculate(Operator::Add, &total, number)? {
            total = next;
        }
    }
    Ok(Cow::Owned(match Operand::of(&total)? {
        Operand::Integer(integer) => from_integer(integer),
        Operand::Float(_) => Value::Number(total),
    }))
}
