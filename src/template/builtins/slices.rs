//! Ranges, and parts of texts and lists.

use std::borrow::Cow;

use super::call::into_list;
use super::lists::Item;
use super::{Call, Outcome};
use crate::template::error::TemplateError;
use crate::template::operators::type_of;
use crate::value::Value;

/// The most numbers in a `range`, as in minijinja.
const MAX_RANGE: usize = 10_000;

pub(super) fn range<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let first = call.integer_slot(0)?.unwrap_or(0);
    let (start, end) = match call.integer_slot(1)? {
        Some(end) => (first, end),
        None => (0, first),
    };
    let step = call.integer_slot(2)?.unwrap_or(1);
    if step == 0 {
        return Err(TemplateError::wrong_value("the step cannot be zero"));
    }
    let mut numbers = Vec::new();
    let mut next = start;
    while if step > 0 { next < end } else { next > end } {
        if numbers.len() == MAX_RANGE {
            return Err(TemplateError::too_expensive(format!(
                "a range may have at most {MAX_RANGE} numbers"
            ))
            .help("take a shorter range, or a larger step"));
        }
        numbers.push(Cow::Owned(Value::Number(next.into())));
        next = match next.checked_add(step) {
            Some(next) => next,
            None => break,
        };
    }
    into_list(numbers, call.budget)
}

/// A part of a text or list, with the rules of Python: negative bounds count from the end.
pub(in crate::template) fn slice<'a>(call: &mut Call<'_, 'a>) -> Result<Item<'a>, TemplateError> {
    let (start, end) = (bound(call, 0)?, bound(call, 1)?);
    let step = bound(call, 2)?.unwrap_or(1);
    if step == 0 {
        return Err(TemplateError::wrong_value("the step cannot be zero"));
    }
    let input = call.take_input();
    match &*input {
        Value::Text(text) => {
            call.budget.steps(text.len() / 16)?;
            call.budget.text(text.len())?;
            let chars: Vec<char> = text.chars().collect();
            let picked = positions(chars.len(), start, end, step).map(|at| chars[at]);
            Ok(Cow::Owned(Value::Text(picked.collect())))
        }
        Value::List(_) => {
            call.input = Some(input);
            let items = call.items_input()?;
            let picked = positions(items.len(), start, end, step).map(|at| items[at].clone());
            into_list(picked.collect(), call.budget)
        }
        other => Err(TemplateError::wrong_types(
            &[other],
            format!("{} has no parts to cut out", type_of(other)),
        )),
    }
}

/// A bound of a slice; null is as good as none.
fn bound(call: &mut Call<'_, '_>, index: usize) -> Result<Option<i64>, TemplateError> {
    if matches!(call.slots.get(index), Some(Some(value)) if **value == Value::Null) {
        return Ok(None);
    }
    call.integer_slot(index)
}

fn positions(
    length: usize,
    start: Option<i64>,
    end: Option<i64>,
    step: i64,
) -> impl Iterator<Item = usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let (lowest, highest) = if step > 0 {
        (0, length)
    } else {
        (-1, length - 1)
    };
    let within = |at: i64| {
        let at = if at < 0 {
            at.saturating_add(length)
        } else {
            at
        };
        at.clamp(lowest, highest)
    };
    let (first, last) = if step > 0 {
        (lowest, highest)
    } else {
        (highest, lowest)
    };
    let end = end.map_or(last, within);
    std::iter::successors(Some(start.map_or(first, within)), move |at| {
        at.checked_add(step)
    })
    .take_while(move |at| if step > 0 { *at < end } else { *at > end })
    .filter_map(|at| usize::try_from(at).ok())
}
