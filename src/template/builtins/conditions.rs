//! Tests: what can stand after `is`.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::call::wrong;
use super::{Call, Outcome};
use crate::template::error::TemplateError;
use crate::template::lookalike;
use crate::template::operators::{self, Operand};
use crate::value::Value;

#[expect(clippy::unnecessary_wraps, reason = "it is what every test ends with")]
fn answer<'a>(flag: bool) -> Outcome<'a> {
    Ok(Cow::Owned(Value::Bool(flag)))
}

fn argument<'a>(call: &mut Call<'_, 'a>) -> Cow<'a, Value> {
    call.slot(0).unwrap_or(Cow::Owned(Value::Null))
}

macro_rules! types {
    ($($name:ident => $pattern:pat,)*) => {$(
        pub(super) fn $name<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
            answer(matches!(&*call.take_input(), $pattern))
        }
    )*};
}

types! {
    none => Value::Null,
    boolean => Value::Bool(_),
    is_true => Value::Bool(true),
    is_false => Value::Bool(false),
    number => Value::Number(_),
    string => Value::Text(_),
    sequence => Value::List(_),
    iterable => Value::List(_) | Value::Map(_),
    mapping => Value::Map(_),
}

pub(super) fn defined<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    answer(call.input.is_some())
}

pub(super) fn undefined<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    answer(call.input.is_none())
}

fn is_whole(value: &Value) -> Option<bool> {
    match value {
        Value::Number(number) => Some(!number.as_str().contains(['.', 'e', 'E'])),
        _ => None,
    }
}

pub(super) fn integer<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    answer(is_whole(&call.take_input()) == Some(true))
}

pub(super) fn float<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    answer(is_whole(&call.take_input()) == Some(false))
}

fn whole(value: &Value) -> Result<i128, TemplateError> {
    match value {
        Value::Number(number) => match Operand::of(number)? {
            Operand::Integer(integer) => Ok(integer),
            Operand::Float(_) => Err(TemplateError::wrong_value("a whole number is wanted here")),
        },
        other => Err(wrong("a whole number", other)),
    }
}

pub(super) fn odd<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    answer(whole(&call.take_input())? % 2 != 0)
}

pub(super) fn even<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    answer(whole(&call.take_input())? % 2 == 0)
}

pub(super) fn divisible_by<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let by = whole(&argument(call))?;
    let number = whole(&call.take_input())?;
    answer(number.checked_rem(by) == Some(0))
}

pub(super) fn lower<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let text = call.text_input()?;
    answer(!text.chars().any(char::is_uppercase))
}

pub(super) fn upper<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let text = call.text_input()?;
    answer(!text.chars().any(char::is_lowercase))
}

pub(super) fn starting_with<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let part = call.text_slot(0)?.unwrap_or_default();
    answer(call.text_input()?.starts_with(&part))
}

pub(super) fn ending_with<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let part = call.text_slot(0)?.unwrap_or_default();
    answer(call.text_input()?.ends_with(&part))
}

pub(super) fn within<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let container = argument(call);
    let input = call.take_input();
    if let Value::List(items) = &*container {
        lookalike::refuse_in(items, &input, None)?;
    }
    answer(operators::contains(&container, &input)?)
}

pub(super) fn equal<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    answer(is_equal(call)?)
}

pub(super) fn unequal<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    answer(!is_equal(call)?)
}

fn is_equal(call: &mut Call<'_, '_>) -> Result<bool, TemplateError> {
    let other = argument(call);
    let input = call.take_input();
    lookalike::refuse(&input, &other, None)?;
    Ok(operators::equal(&input, &other))
}

fn ordered<'a>(call: &mut Call<'_, 'a>, fits: fn(Ordering) -> bool) -> Outcome<'a> {
    let other = argument(call);
    let input = call.take_input();
    lookalike::ordered::refuse(&input, &other, None)?;
    answer(fits(operators::order(&input, &other)?))
}

pub(super) fn less<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    ordered(call, Ordering::is_lt)
}

pub(super) fn at_most<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    ordered(call, Ordering::is_le)
}

pub(super) fn greater<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    ordered(call, Ordering::is_gt)
}

pub(super) fn at_least<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    ordered(call, Ordering::is_ge)
}
