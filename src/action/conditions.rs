//! Whether an action's further condition of success is one, as far as its own examples tell.

use super::examples::Example;
use super::{Action, NoSuccess, Seen};
use crate::value::Value;

/// What is wrong with the condition of success for the answer of an example that does not say what becomes of it: an
/// answer that says it went well is one that should meet it.
pub(super) fn objection(example: &Example, answer: &Value, seen: &Seen<'_>) -> Option<String> {
    if example.success.is_some() || !says_it_went_well(answer) {
        return None;
    }
    Some(match seen.success().err()? {
        NoSuccess::Unclear(reason) => reason,
        NoSuccess::Denied(reason) => {
            format!("{reason}; state `success: false` in the example if that is meant")
        }
    })
}

/// What the condition of success is where it is neither true nor false: as a condition, a number is true unless it is
/// zero, which nobody means by a count that came back as text.
pub(super) fn not_a_condition(action: &Action, seen: &Seen<'_>) -> Option<String> {
    let value = action.success.as_ref()?.eval(&seen.names()).ok()?;
    let what = match value {
        Value::Bool(_) => return None,
        Value::Null => "nothing",
        Value::Number(_) => "a number",
        Value::Text(_) => "text",
        Value::List(_) => "a list",
        Value::Map(_) => "an object",
    };
    Some(format!(
        "`success` must be true or false, and for the answer of an example it is {what}"
    ))
}

/// Whether the code of an answer is none, or the one of what went well.
fn says_it_went_well(answer: &Value) -> bool {
    let code = answer.get("code").and_then(Value::scalar_text);
    code.is_none_or(|code| code.trim() == "200")
}
