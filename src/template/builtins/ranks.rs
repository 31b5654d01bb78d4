//! Filters that compare the items of a list with each other.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::call::into_list;
use super::lists::{Item, attribute_of, nothing};
use super::{Call, Outcome};
use crate::template::error::TemplateError;
use crate::template::lookalike;
use crate::template::operators::order;
use crate::value::Value;

/// Items with the value that they are ordered by; all of one type, so that there is an order, and no texts that
/// spell numbers.
fn keyed<'a>(
    items: Vec<Item<'a>>,
    attribute: Option<&str>,
) -> Result<Vec<(Item<'a>, Item<'a>)>, TemplateError> {
    let keyed: Vec<(Item<'a>, Item<'a>)> = items
        .into_iter()
        .enumerate()
        .map(|(index, item)| {
            let key = match attribute {
                Some(attribute) => attribute_of(item.clone(), attribute, index)?,
                None => item.clone(),
            };
            Ok((key, item))
        })
        .collect::<Result<_, TemplateError>>()?;
    if let Some((first, _)) = keyed.first() {
        for (key, _) in &keyed {
            order(first, key)?;
        }
    }
    lookalike::ordered::refuse_among(keyed.iter().map(|(key, _)| &**key), attribute)?;
    Ok(keyed)
}

fn compare(left: &Value, right: &Value, case_sensitive: bool) -> Ordering {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) if !case_sensitive => {
            left.to_lowercase().cmp(&right.to_lowercase())
        }
        _ => order(left, right).unwrap_or(Ordering::Equal),
    }
}

pub(super) fn sort<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let backwards = call.flag_slot(0)?;
    let case_sensitive = call.flag_slot(1)?;
    let attribute = call.text_slot(2)?;
    let items = call.items_input()?;
    call.budget.steps(items.len().saturating_mul(8))?;
    let mut keyed = keyed(items, attribute.as_deref())?;
    keyed.sort_by(|(left, _), (right, _)| {
        let ordering = compare(left, right, case_sensitive);
        if backwards {
            ordering.reverse()
        } else {
            ordering
        }
    });
    into_list(
        keyed.into_iter().map(|(_, item)| item).collect(),
        call.budget,
    )
}

pub(super) fn unique<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let attribute = call.text_slot(0)?;
    let mut seen = HashSet::new();
    let mut kept = Vec::new();
    for (index, item) in call.items_input()?.into_iter().enumerate() {
        let key = match &attribute {
            Some(attribute) => attribute_of(item.clone(), attribute, index)?,
            None => item.clone(),
        };
        call.budget.copy(&key)?;
        if seen.insert(key.to_json_text()) {
            kept.push(item);
        }
    }
    into_list(kept, call.budget)
}

fn extreme<'a>(call: &mut Call<'_, 'a>, wanted: Ordering) -> Outcome<'a> {
    let attribute = call.text_slot(0)?;
    let items = call.items_input()?;
    let mut best: Option<(Item<'a>, Item<'a>)> = None;
    for (key, item) in keyed(items, attribute.as_deref())? {
        match &best {
            Some((best_key, _)) if order(&key, best_key)? != wanted => {}
            _ => best = Some((key, item)),
        }
    }
    best.map(|(_, item)| item)
        .ok_or_else(|| nothing("the list is empty"))
}

pub(super) fn min<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    extreme(call, Ordering::Less)
}

pub(super) fn max<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    extreme(call, Ordering::Greater)
}
