//! Filters that make text.

use std::borrow::Cow;

use super::call::{into_list, into_text, within_text, wrong};
use super::lists::attribute_of;
use super::{Call, Outcome};
use crate::template::error::TemplateError;
use crate::value::Value;

#[expect(
    clippy::unnecessary_wraps,
    reason = "it is what every filter here ends with"
)]
fn made<'a>(text: impl Into<String>) -> Outcome<'a> {
    Ok(Cow::Owned(Value::Text(text.into())))
}

/// A text whose length is about that of the input.
fn changed<'a>(call: &mut Call<'_, 'a>, change: impl Fn(&str) -> String) -> Outcome<'a> {
    let text = call.text_input()?;
    // Letters of other case may need up to three times the bytes.
    call.budget.text(text.len())?;
    made(change(&text))
}

pub(super) fn text<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let input = call.take_input();
    match &*input {
        Value::Text(_) => Ok(input),
        other => match other.scalar_text() {
            Some(text) => made(text),
            None => Err(wrong("a number or text", other).help(match other {
                Value::Null => "say what stands there instead with `| default('…', true)`",
                _ => "use `| tojson`",
            })),
        },
    }
}

pub(super) fn digits<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let input = call.take_input();
    match &*input {
        Value::Number(number) if number.as_str().bytes().all(|byte| byte.is_ascii_digit()) => {
            made(number.as_str())
        }
        Value::Number(_) => Err(TemplateError::wrong_value(
            "`digits` takes a number only if it has nothing but digits",
        )
        .help("write it as text, in quotes")),
        Value::Text(text) => {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            if digits.is_empty() {
                let what = match text.trim() {
                    "" => "a blank text".to_owned(),
                    _ => format!("`{text}`"),
                };
                return Err(TemplateError::other(format!("{what} has no digits")));
            }
            made(digits)
        }
        other => Err(wrong("text", other)),
    }
}

pub(super) fn upper<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    changed(call, str::to_uppercase)
}

pub(super) fn lower<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    changed(call, str::to_lowercase)
}

pub(super) fn title<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    changed(call, |text| minijinja::filters::title(Cow::Borrowed(text)))
}

pub(super) fn capitalize<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    changed(call, |text| {
        let mut chars = text.chars();
        chars.next().map_or_else(String::new, |first| {
            first
                .to_uppercase()
                .chain(chars.as_str().to_lowercase().chars())
                .collect()
        })
    })
}

pub(super) fn trim<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let chars: Option<Vec<char>> = call.text_slot(0)?.map(|chars| chars.chars().collect());
    changed(call, |text| match &chars {
        Some(chars) => text.trim_matches(chars.as_slice()).to_owned(),
        None => text.trim().to_owned(),
    })
}

pub(super) fn replace<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let from = call.text_slot(0)?.unwrap_or_default();
    let to = call.text_slot(1)?.unwrap_or_default();
    let text = call.text_input()?;
    let found = text.matches(from.as_str()).count();
    let length = (text.len() - found * from.len()).saturating_add(found.saturating_mul(to.len()));
    call.budget.text(length)?;
    made(text.replace(&from, &to))
}

pub(super) fn split<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let separator = call.text_slot(0)?;
    let most = call.integer_slot(1)?;
    let text = call.text_input()?;
    // Zero cuts give one part, and below zero there is no limit, as in Jinja.
    let parts = most
        .and_then(|most| usize::try_from(most).ok())
        .map_or(usize::MAX, |most| most.saturating_add(1));
    let parts: Vec<&str> = match &separator {
        Some(separator) => text.splitn(parts, separator.as_str()).collect(),
        None => words(&text, parts),
    };
    texts(call, &parts)
}

/// The words of a text; the last one keeps what follows once there are as many parts as asked for.
fn words(text: &str, parts: usize) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        match rest.split_once(char::is_whitespace) {
            Some((word, after)) if words.len() + 1 < parts => {
                words.push(word);
                rest = after.trim_start();
            }
            _ => {
                words.push(rest.trim_end());
                break;
            }
        }
    }
    words
}

pub(super) fn lines<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let text = call.text_input()?;
    let parts: Vec<&str> = text.lines().collect();
    texts(call, &parts)
}

fn texts<'a>(call: &mut Call<'_, 'a>, parts: &[&str]) -> Outcome<'a> {
    call.budget.items(parts.len())?;
    let items = parts.iter().map(|part| Cow::Owned(Value::from(*part)));
    into_list(items.collect(), call.budget)
}

pub(super) fn join<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let separator = call.text_slot(0)?.unwrap_or_default();
    let attribute = call.text_slot(1)?;
    let mut joined = String::new();
    for (index, item) in call.items_input()?.into_iter().enumerate() {
        let item = match &attribute {
            Some(attribute) => attribute_of(item, attribute, index)?,
            None => item,
        };
        let text = into_text(item)?;
        if index > 0 {
            joined.push_str(&separator);
        }
        call.budget.text(text.len() + separator.len())?;
        within_text(joined.len() + text.len())?;
        joined.push_str(&text);
    }
    made(joined)
}

pub(super) fn tojson<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let input = call.take_input();
    call.budget.copy(&input)?;
    let text = input.to_json_text();
    call.budget.text(text.len())?;
    made(text)
}
