//! Filters over lists. Items are handed on untouched, so numbers keep their digits.

use std::borrow::Cow;

use super::call::{into_list, wrong};
use super::{Call, Outcome};
use crate::template::error::{ErrorKind, TemplateError};
use crate::value::Value;

pub(super) type Item<'a> = Cow<'a, Value>;

/// The input has no value to give: the evaluator says which expression that was.
pub(super) fn nothing(why: &str) -> TemplateError {
    TemplateError::new(
        ErrorKind::Undefined {
            path: String::new(),
            known: Vec::new(),
        },
        why,
    )
}

pub(super) fn member<'a>(item: Item<'a>, path: &str) -> Option<Item<'a>> {
    match item {
        Cow::Borrowed(value) => path
            .split('.')
            .try_fold(value, |value, key| value.get(key))
            .map(Cow::Borrowed),
        Cow::Owned(value) => path
            .split('.')
            .try_fold(&value, |value, key| value.get(key))
            .map(|found| Cow::Owned(found.clone())),
    }
}

/// The attribute of an item, which may be a dotted path.
pub(super) fn attribute_of<'a>(
    item: Item<'a>,
    path: &str,
    index: usize,
) -> Result<Item<'a>, TemplateError> {
    let known: Vec<String> = item
        .as_map()
        .into_iter()
        .flat_map(|map| map.keys().take(20).cloned())
        .collect();
    let help = path
        .split('.')
        .next()
        .and_then(|first| crate::diagnostic::did_you_mean(first, known.iter().map(String::as_str)));
    member(item, path).ok_or_else(|| {
        TemplateError::new(
            ErrorKind::Undefined {
                path: format!("[{index}].{path}"),
                known,
            },
            format!("item {index} of the list has no `{path}`"),
        )
        .maybe_help(help)
    })
}

pub(super) fn length<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let input = call.take_input();
    let length = match &*input {
        Value::Text(text) => text.chars().count(),
        Value::List(items) => items.len(),
        Value::Map(map) => map.len(),
        other => return Err(wrong("a list or text", other)),
    };
    Ok(Cow::Owned(Value::from(length as u64)))
}

fn outermost<'a>(call: &mut Call<'_, 'a>, from_back: bool) -> Outcome<'a> {
    let input = call.take_input();
    if let Value::Text(text) = &*input {
        let mut chars = text.chars();
        let found = if from_back {
            chars.next_back()
        } else {
            chars.next()
        };
        return found
            .map(|found| Cow::Owned(Value::Text(found.to_string())))
            .ok_or_else(|| nothing("the text is empty"));
    }
    call.input = Some(input);
    let mut items = call.items_input()?;
    let item = if from_back {
        items.pop()
    } else {
        items.into_iter().next()
    };
    item.ok_or_else(|| nothing("the list is empty"))
}

pub(super) fn first<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    outermost(call, false)
}

pub(super) fn last<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    outermost(call, true)
}

pub(super) fn list<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let input = call.take_input();
    if let Value::List(_) = &*input {
        return Ok(input);
    }
    call.input = Some(input);
    let items = call.items_input()?;
    into_list(items, call.budget)
}

pub(super) fn items<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let input = call.take_input();
    let Value::Map(map) = &*input else {
        return Err(wrong("an object", &input));
    };
    call.budget.copy(&input)?;
    call.budget.items(map.len() * 3)?;
    Ok(Cow::Owned(Value::List(
        map.iter()
            .map(|(key, value)| Value::List(vec![Value::from(key.as_str()), value.clone()]))
            .collect(),
    )))
}

pub(super) fn reverse<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let input = call.take_input();
    if let Value::Text(text) = &*input {
        call.budget.text(text.len())?;
        return Ok(Cow::Owned(Value::Text(text.chars().rev().collect())));
    }
    call.input = Some(input);
    let mut items = call.items_input()?;
    items.reverse();
    into_list(items, call.budget)
}

pub(super) fn batch<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let size = call
        .integer_slot(0)?
        .and_then(|size| usize::try_from(size).ok())
        .filter(|size| *size > 0)
        .ok_or_else(|| TemplateError::wrong_value("a batch has at least one item"))?;
    let mut items = call.items_input()?.into_iter();
    let mut batches = Vec::new();
    loop {
        let batch: Vec<Item<'a>> = items.by_ref().take(size).collect();
        if batch.is_empty() {
            return into_list(batches, call.budget);
        }
        batches.push(into_list(batch, call.budget)?);
    }
}
