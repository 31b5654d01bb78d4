//! What to do where there is no value.

use std::borrow::Cow;

use super::{Call, Outcome};
use crate::template::error::{ErrorKind, TemplateError};
use crate::template::operators::is_true;
use crate::value::Value;

pub(super) fn default<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let empty_too = call.flag_slot(1)?;
    let other = call.slot(0).unwrap_or(Cow::Owned(Value::Null));
    Ok(match call.input.take() {
        Some(value) if !empty_too || is_true(&value) => value,
        _ => other,
    })
}

pub(super) fn required<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let message = call.text_slot(0)?.unwrap_or_default();
    match call.input.take() {
        Some(value) if *value != Value::Null && !value.is_blank_text() => Ok(value),
        _ => Err(TemplateError::new(
            ErrorKind::Required(message.clone()),
            message,
        )),
    }
}
