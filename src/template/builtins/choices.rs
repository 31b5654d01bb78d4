//! Filters that apply another filter or test to each item of a list.

use super::call::into_list;
use super::lists::{attribute_of, member, nothing};
use super::{Call, Outcome, find_filter, find_test};
use crate::template::error::TemplateError;
use crate::template::lookalike::decides;
use crate::template::operators::is_true;
use crate::value::Value;

pub(super) fn check_filter(arguments: &[Option<&Value>]) -> Result<(), TemplateError> {
    match arguments {
        [Some(Value::Text(name)), ..] => find_filter(name).map(drop),
        [None, None, ..] => Err(
            TemplateError::syntax("`map` needs a filter or an attribute")
                .help("write `map(attribute='name')` or `map('upper')`"),
        ),
        _ => Ok(()),
    }
}

pub(super) fn check_first_test(arguments: &[Option<&Value>]) -> Result<(), TemplateError> {
    match arguments {
        [Some(Value::Text(name)), ..] => find_test(name).map(drop),
        _ => Ok(()),
    }
}

pub(super) fn check_second_test(arguments: &[Option<&Value>]) -> Result<(), TemplateError> {
    check_first_test(arguments.get(1..).unwrap_or_default())
}

pub(super) fn map<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let filter = match call.text_slot(0)? {
        Some(name) => Some(find_filter(&name)?),
        None => None,
    };
    let attribute = call.text_slot(1)?;
    let other = call.slot(2);
    let arguments = std::mem::take(&mut call.rest);
    let mut mapped = Vec::new();
    for (index, item) in call.items_input()?.into_iter().enumerate() {
        let item = match (&attribute, &other) {
            (Some(attribute), Some(other)) => {
                member(item, attribute).unwrap_or_else(|| other.clone())
            }
            (Some(attribute), None) => attribute_of(item, attribute, index)?,
            (None, _) => item,
        };
        mapped.push(match filter {
            Some(filter) => call.apply(filter, Some(item), &arguments)?,
            None => item,
        });
    }
    into_list(mapped, call.budget)
}

fn chosen<'a>(
    call: &mut Call<'_, 'a>,
    attribute: Option<&str>,
    test: Option<&str>,
    wanted: bool,
) -> Outcome<'a> {
    let test = test.map(find_test).transpose()?;
    let arguments = std::mem::take(&mut call.rest);
    let mut kept = Vec::new();
    for (index, item) in call.items_input()?.into_iter().enumerate() {
        let subject = match attribute {
            Some(attribute) => match member(item.clone(), attribute) {
                None if !test.is_some_and(|test| test.allows_missing) => {
                    return Err(attribute_of(item, attribute, index)
                        .err()
                        .unwrap_or_else(|| nothing(attribute)));
                }
                found => found,
            },
            None => Some(item.clone()),
        };
        let passes = match (test, &subject) {
            (Some(test), _) => is_true(&*call.apply(test, subject, &arguments)?),
            (None, Some(value)) => decides(value, attribute.unwrap_or("item"))?,
            (None, None) => false,
        };
        if passes == wanted {
            kept.push(item);
        }
    }
    into_list(kept, call.budget)
}

pub(super) fn select<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let test = call.text_slot(0)?;
    chosen(call, None, test.as_deref(), true)
}

pub(super) fn reject<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let test = call.text_slot(0)?;
    chosen(call, None, test.as_deref(), false)
}

fn by_attribute<'a>(call: &mut Call<'_, 'a>, wanted: bool) -> Outcome<'a> {
    let attribute = call.text_slot(0)?;
    let test = call.text_slot(1)?;
    chosen(call, attribute.as_deref(), test.as_deref(), wanted)
}

pub(super) fn selectattr<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    by_attribute(call, true)
}

pub(super) fn rejectattr<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    by_attribute(call, false)
}
