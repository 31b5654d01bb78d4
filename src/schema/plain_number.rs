//! `x-plain-number: decimal` or `integer`: a number is written in digits, without an exponent, and as an integer
//! without a point. For parameters whose numbers go out as text, digit for digit: JSON Schema itself asks nothing of
//! how a number is spelled. Text is for `pattern`.

use jsonschema::ValidationOptions;

use super::keyword::Asks;
use super::node::Values;
use crate::value::Value;

/// The keyword.
pub const KEYWORD: &str = "x-plain-number";

/// What it may be.
pub(super) const FORMS: [&str; 2] = ["decimal", "integer"];

/// The spelling of a number; none of what is no number.
fn spelled(value: &Value) -> Option<&str> {
    match value {
        Value::Number(number) => Some(number.as_str()),
        _ => None,
    }
}

fn is_decimal(value: &Value) -> bool {
    spelled(value).is_none_or(|spelled| !spelled.contains(['e', 'E']))
}

fn is_integer(value: &Value) -> bool {
    spelled(value).is_none_or(|spelled| !spelled.contains(['e', 'E', '.']))
}

/// The options, knowing the keyword.
pub(super) fn with_plain_number<R>(
    options: ValidationOptions<'_, R, Values>,
) -> ValidationOptions<'_, R, Values> {
    options.with_keyword(KEYWORD, |_, form, _| {
        let holds = match form.as_str() {
            Some("integer") => is_integer,
            _ => is_decimal,
        };
        Ok(Box::new(Asks {
            keyword: KEYWORD,
            holds,
        }))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::schema::Schema;
    use crate::value::Value;

    #[test]
    fn a_number_is_looked_at_as_it_is_written() {
        for (form, fits, misses) in [
            (
                "decimal",
                &["1", "-1.50", "\"1e5\""][..],
                &["1e5", "1.5E-3"][..],
            ),
            ("integer", &["1", "12345678901234567890"], &["1.0", "1e2"]),
        ] {
            let schema = json!({ "x-plain-number": form, "x-expected": "digits" });
            let schema = Schema::compile(&schema).unwrap();
            let found = |text: &str| schema.violations(&Value::from_json_text(text).unwrap());
            for text in fits {
                assert_eq!(found(text), [], "{text}");
            }
            for text in misses {
                assert_eq!(found(text)[0].message, "the value must be digits", "{text}");
            }
        }
    }
}
