//! What later steps get from an answer. It does not judge the answer: only the action's own further
//! condition of success is here.

use std::borrow::Cow;

use super::{Action, Answer};
use crate::template::{Expression, Name, Template};
use crate::value::{Map, Number, Value, is_blank};

/// One output of an action.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) name: String,
    pub(super) value: Template,
    pub(super) is_id: bool,
    pub(super) description: Option<String>,
}

/// Why an answer does not show that the call did what was asked, in one sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoSuccess {
    /// The action's condition does not hold.
    Denied(String),
    /// The condition has no value in this answer, so nobody can tell.
    Unclear(String),
}

impl NoSuccess {
    /// The sentence.
    pub fn into_reason(self) -> String {
        match self {
            Self::Denied(reason) | Self::Unclear(reason) => reason,
        }
    }
}

/// An answer as conditions and outputs see it: a `code` that came as text of digits is a number, since the CRM writes
/// the same code as a number in some answers and as text in others. All else stays as it came.
fn as_seen(answer: &Value) -> Cow<'_, Value> {
    let number = match answer.get("code") {
        Some(Value::Text(code)) if code.trim().bytes().all(|byte| byte.is_ascii_digit()) => {
            Number::parse(code.trim())
        }
        _ => None,
    };
    let (Some(number), Value::Map(members)) = (number, answer) else {
        return Cow::Borrowed(answer);
    };
    let mut members = members.clone();
    members.insert("code".to_owned(), Value::Number(number));
    Cow::Owned(Value::Map(members))
}

/// An answer and the parameters that were sent, as conditions and outputs see them: made once, however much is asked of
/// it.
#[derive(Debug)]
pub struct Seen<'s> {
    pub(super) action: &'s Action,
    response: Cow<'s, Value>,
    pub(super) with: Cow<'s, Value>,
}

/// What later steps see of a step, and what they cannot.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outputs {
    /// The outputs that have a value.
    pub values: Map,
    /// The ids that came back blank, and so are not in `values`: using one is an error.
    pub blank: Vec<String>,
    /// The outputs that could not be made of this answer, and why.
    pub failed: Vec<(String, String)>,
}

impl Action {
    /// The names of the outputs, in the order of the file.
    pub fn output_names(&self) -> impl Iterator<Item = &str> {
        self.outputs.iter().map(|output| output.name.as_str())
    }

    /// Whether a step with it may have an id that loops and accounts keep.
    pub fn may_give_id(&self) -> bool {
        self.output_names().any(|name| name == "wolkvox_id")
    }

    /// What an output is.
    pub fn output_description(&self, name: &str) -> Option<&str> {
        let output = self.outputs.iter().find(|output| output.name == name)?;
        output.description.as_deref()
    }

    /// The outputs that are ids.
    pub fn id_outputs(&self) -> impl Iterator<Item = &str> {
        let ids = self.outputs.iter().filter(|output| output.is_id);
        ids.map(|output| output.name.as_str())
    }

    /// An answer to be looked at, with the parameters that were sent.
    pub fn seen<'s>(&'s self, answer: &'s Value, with: &'s Value) -> Seen<'s> {
        Seen {
            action: self,
            response: as_seen(answer),
            with: self.with_defaults(with),
        }
    }

    /// Whether a value can be the answer of this call at all.
    pub const fn accepts(&self, response: &Value) -> bool {
        let answer: Answer = self.answer;
        answer.is(response)
    }
}

impl Seen<'_> {
    /// The answer as conditions see it.
    pub fn response(&self) -> &Value {
        &self.response
    }

    /// The names that templates of the action see.
    pub(super) fn names(&self) -> [Name<'_>; 2] {
        [("response", &self.response), ("with", &self.with)]
    }

    /// What later steps see.
    ///
    /// An id that is blank, null or not a scalar is left out and named in `blank`. Of a list of
    /// ids, one such id takes the whole list away: what is left would no longer stand for the
    /// records that were asked for, and a delete over it would seem complete.
    /// An id that came as a number becomes its digits, since parameters want ids as text; the blanks around one are
    /// none of it, for samples of the vendor have blanks where an id should be.
    pub fn outputs(&self) -> Outputs {
        let seen = self.names();
        let mut outputs = Outputs::default();
        for output in &self.action.outputs {
            let name = output.name.clone();
            match output.value.render_optional(&seen) {
                Ok(Some(value)) if output.is_id => match id(value) {
                    Some(value) => {
                        outputs.values.insert(name, value);
                    }
                    None => outputs.blank.push(name),
                },
                Ok(Some(value)) => {
                    outputs.values.insert(name, value);
                }
                // An id that is not in the answer is as unknown as a blank one.
                Ok(None) if output.is_id => outputs.blank.push(name),
                Ok(None) => {}
                Err(error) => outputs.failed.push((name, error.message)),
            }
        }
        outputs
    }

    /// Whether the action's further condition of success holds, where it has one.
    ///
    /// # Errors
    /// Why it does not hold, or that it cannot be told.
    pub fn success(&self) -> Result<(), NoSuccess> {
        let Some(condition) = &self.action.success else {
            return Ok(());
        };
        match condition.is_true(&self.names()) {
            Ok(true) => Ok(()),
            Ok(false) => Err(NoSuccess::Denied(format!(
                "the answer does not meet the action's condition of success: {}{}",
                condition.text(),
                self.looked_at(condition)
            ))),
            Err(error) => Err(NoSuccess::Unclear(format!(
                "the action's condition of success cannot be told from the answer: {}",
                error.message
            ))),
        }
    }
}

impl Seen<'_> {
    /// What a condition saw: ` (response.data.inserted is 0)`.
    fn looked_at(&self, condition: &Expression) -> String {
        let names = self.names();
        let values = condition.values(&names);
        let values: Vec<String> = values
            .into_iter()
            .map(|(path, value)| match value {
                Some(value) => format!("{path} is {}", value.described()),
                None => format!("{path} is not there"),
            })
            .collect();
        if values.is_empty() {
            String::new()
        } else {
            format!(" ({})", values.join(", "))
        }
    }
}

/// An id, or a list of ids, that can be used.
fn id(value: Value) -> Option<Value> {
    match value {
        // In other places of its answers, the CRM writes `"null"` for nothing (vendor page: RESPONSE, `error`).
        Value::Text(ref text) if is_blank(text) || text.trim().eq_ignore_ascii_case("null") => None,
        Value::Text(ref text) if text.trim().len() < text.len() => Some(text.trim().into()),
        Value::Text(_) => Some(value),
        Value::Number(number) => Some(Value::Text(number.as_str().to_owned())),
        Value::List(items) if items.is_empty() => None,
        Value::List(items) => items
            .into_iter()
            .map(|item| match item {
                Value::List(_) => None,
                other => id(other),
            })
            .collect::<Option<_>>()
            .map(Value::List),
        Value::Null | Value::Bool(_) | Value::Map(_) => None,
    }
}
