//! What a built-in is given: its input, its arguments, the clock, and what it may still spend.

use std::borrow::Cow;

use super::Builtin;
use crate::template::Clock;
use crate::template::error::TemplateError;
use crate::template::operators::{Operand, type_of};
use crate::value::{Map, Value};

/// Steps of one rendering: nodes of the tree that are evaluated, items that are looked at.
const STEPS: usize = 1_000_000;
/// Bytes that one rendering may make in all, values in between counted.
const BYTES: usize = 32 * 1024 * 1024;
/// The longest text that one rendering may make.
const MAX_TEXT: usize = 1024 * 1024;
/// What a value costs beside its text.
const VALUE: usize = size_of::<Value>();

/// What a rendering may still spend, so that no template takes much time or memory.
#[derive(Debug)]
pub(in crate::template) struct Budget {
    steps: usize,
    bytes: usize,
}

impl Budget {
    pub(in crate::template) const fn new() -> Self {
        Self {
            steps: STEPS,
            bytes: BYTES,
        }
    }

    pub(in crate::template) fn steps(&mut self, count: usize) -> Result<(), TemplateError> {
        self.steps = self.steps.checked_sub(count).ok_or_else(|| {
            TemplateError::too_expensive(format!("this takes more than {STEPS} steps"))
        })?;
        Ok(())
    }

    /// To be asked before a text of this length is made.
    pub(in crate::template) fn text(&mut self, length: usize) -> Result<(), TemplateError> {
        within_text(length)?;
        self.bytes(length)
    }

    /// To be asked before a list of this many items is made.
    pub(in crate::template) fn items(&mut self, count: usize) -> Result<(), TemplateError> {
        self.steps(count)?;
        self.bytes(count.saturating_mul(VALUE))
    }

    /// To be asked before a value is copied.
    pub(in crate::template) fn copy(&mut self, value: &Value) -> Result<(), TemplateError> {
        match value {
            Value::Null | Value::Bool(_) => Ok(()),
            Value::Number(number) => self.bytes(number.as_str().len()),
            Value::Text(text) => self.bytes(text.len()),
            Value::List(items) => {
                self.items(items.len())?;
                items.iter().try_for_each(|item| self.copy(item))
            }
            Value::Map(map) => {
                self.items(map.len())?;
                map.iter().try_for_each(|(key, value)| {
                    self.bytes(key.len())?;
                    self.copy(value)
                })
            }
        }
    }

    fn bytes(&mut self, count: usize) -> Result<(), TemplateError> {
        self.bytes = self.bytes.checked_sub(count).ok_or_else(|| {
            TemplateError::too_expensive(format!("this takes more than {BYTES} bytes"))
        })?;
        Ok(())
    }
}

/// Whether a text may be so long.
pub(in crate::template) fn within_text(length: usize) -> Result<(), TemplateError> {
    if length > MAX_TEXT {
        return Err(TemplateError::too_expensive(format!(
            "this text would be longer than {MAX_TEXT} bytes"
        )));
    }
    Ok(())
}

/// One use of a built-in.
pub(in crate::template) struct Call<'c, 'a> {
    /// What stands before the `|` or the `is`; none if it is undefined, and for functions.
    pub(in crate::template) input: Option<Cow<'a, Value>>,
    /// The arguments in the order of the parameters.
    pub(in crate::template) slots: Vec<Option<Cow<'a, Value>>>,
    /// Arguments to hand on.
    pub(in crate::template) rest: Vec<Cow<'a, Value>>,
    pub(in crate::template) budget: &'c mut Budget,
    pub(in crate::template) clock: &'c Clock,
}

impl<'a> Call<'_, 'a> {
    /// The input; null where there is none, which the evaluator lets happen only to built-ins that
    /// ask for it themselves.
    pub(super) fn take_input(&mut self) -> Cow<'a, Value> {
        self.input.take().unwrap_or(Cow::Owned(Value::Null))
    }

    /// The input as text; a number by its digits.
    pub(super) fn text_input(&mut self) -> Result<Cow<'a, str>, TemplateError> {
        into_text(self.take_input())
    }

    /// The items of a list, or the keys of an object.
    pub(super) fn items_input(&mut self) -> Result<Vec<Cow<'a, Value>>, TemplateError> {
        let input = self.take_input();
        into_items(input, self.budget)
    }

    pub(super) fn slot(&mut self, index: usize) -> Option<Cow<'a, Value>> {
        self.slots.get_mut(index).and_then(Option::take)
    }

    pub(super) fn text_slot(&mut self, index: usize) -> Result<Option<String>, TemplateError> {
        match self.slot(index).map(Cow::into_owned) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(other) => Err(wrong("text", &other)),
        }
    }

    pub(super) fn integer_slot(&mut self, index: usize) -> Result<Option<i64>, TemplateError> {
        let Some(value) = self.slot(index) else {
            return Ok(None);
        };
        if let Value::Number(number) = &*value
            && let Operand::Integer(integer) = Operand::of(number)?
        {
            return i64::try_from(integer)
                .map(Some)
                .map_err(|_| TemplateError::wrong_value("this number is too large here"));
        }
        Err(match &*value {
            Value::Number(number) => TemplateError::type_mismatch(format!(
                "a whole number is wanted here, and {number} is none"
            ))
            .help("take its whole part with `| int`"),
            Value::Text(_) => {
                wrong("a whole number", &value).help("make the text a number with `| int`")
            }
            _ => wrong("a whole number", &value),
        })
    }

    pub(super) fn flag_slot(&mut self, index: usize) -> Result<bool, TemplateError> {
        match self.slot(index).as_deref() {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(wrong("true or false", other)),
        }
    }

    /// Applies another built-in to one value, with arguments by position.
    pub(super) fn apply(
        &mut self,
        builtin: &Builtin,
        input: Option<Cow<'a, Value>>,
        arguments: &[Cow<'a, Value>],
    ) -> Result<Cow<'a, Value>, TemplateError> {
        self.budget.steps(1)?;
        let most = builtin.by_position();
        if arguments.len() > most && !builtin.takes_more {
            return Err(TemplateError::type_mismatch(format!(
                "`{}` has too many arguments",
                builtin.name
            )));
        }
        let mut slots: Vec<_> = arguments.iter().take(most).cloned().map(Some).collect();
        slots.resize(builtin.parameters.len(), None);
        if let Some(missing) = builtin.first_missing(|index| slots[index].is_some()) {
            return Err(TemplateError::type_mismatch(format!(
                "`{}` needs `{missing}`",
                builtin.name
            )));
        }
        builtin.run(&mut Call {
            input,
            slots,
            rest: arguments.iter().skip(most).cloned().collect(),
            budget: self.budget,
            clock: self.clock,
        })
    }
}

/// The error for a value of another type than is wanted.
pub(super) fn wrong(wanted: &str, given: &Value) -> TemplateError {
    TemplateError::wrong_types(
        &[given],
        format!("{wanted} is wanted here, not {}", type_of(given)),
    )
}

pub(super) fn into_text(value: Cow<'_, Value>) -> Result<Cow<'_, str>, TemplateError> {
    match value {
        Cow::Borrowed(Value::Text(text)) => Ok(Cow::Borrowed(text)),
        Cow::Owned(Value::Text(text)) => Ok(Cow::Owned(text)),
        other => other
            .scalar_text()
            .map(Cow::Owned)
            .ok_or_else(|| wrong("text", &other)),
    }
}

/// The items of a list, or the keys of an object, without a copy where they are borrowed.
pub(in crate::template) fn into_items<'a>(
    value: Cow<'a, Value>,
    budget: &mut Budget,
) -> Result<Vec<Cow<'a, Value>>, TemplateError> {
    let count = match &*value {
        Value::List(items) => items.len(),
        Value::Map(map) => map.len(),
        other => {
            return Err(wrong("a list", other));
        }
    };
    budget.items(count)?;
    let keys = |map: &Map| -> Vec<Cow<'a, Value>> {
        map.keys()
            .map(|key| Cow::Owned(Value::from(key.as_str())))
            .collect()
    };
    Ok(match value {
        Cow::Borrowed(Value::List(items)) => items.iter().map(Cow::Borrowed).collect(),
        Cow::Owned(Value::List(items)) => items.into_iter().map(Cow::Owned).collect(),
        other => other.as_map().map(keys).unwrap_or_default(),
    })
}

/// Makes a list of items; each that is borrowed is copied.
pub(super) fn into_list<'a>(
    items: Vec<Cow<'a, Value>>,
    budget: &mut Budget,
) -> Result<Cow<'a, Value>, TemplateError> {
    budget.items(items.len())?;
    for item in &items {
        if let Cow::Borrowed(value) = item {
            budget.copy(value)?;
        }
    }
    Ok(Cow::Owned(Value::List(
        items.into_iter().map(Cow::into_owned).collect(),
    )))
}
