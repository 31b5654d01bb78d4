//! A value in a message.

use super::Value;

/// How many characters of a value a message shows.
const LONGEST_SHOWN: usize = 120;

impl Value {
    /// The value in a message: whole or not at all, since half of a secret could not be masked.
    pub fn described(&self) -> String {
        let json = self.to_json_text();
        if json.chars().count() <= LONGEST_SHOWN {
            return json;
        }
        match self {
            Self::Text(text) => format!("a text of {} characters", text.chars().count()),
            Self::List(items) => format!("a list of {}", items.len()),
            Self::Map(members) => format!("an object with {} members", members.len()),
            _ => "a long number".to_owned(),
        }
    }
}
