//! What operators do with two values: exact comparison of numbers, checked arithmetic, truth.

use std::cmp::Ordering;

use super::error::TemplateError;
use super::tree::Operator;
use crate::value::{Number, Value};

type Result<T> = std::result::Result<T, TemplateError>;

/// A number ready for arithmetic.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operand {
    Integer(i128),
    Float(f64),
}

impl Operand {
    pub(super) fn of(number: &Number) -> Result<Self> {
        let text = number.as_str();
        if !text.contains(['.', 'e', 'E']) {
            return text.parse().map(Self::Integer).map_err(|_| {
                TemplateError::wrong_value("this integer has too many digits to calculate with")
            });
        }
        match text.parse::<f64>() {
            Ok(float) if float.is_finite() => Ok(Self::Float(float)),
            _ => Err(TemplateError::wrong_value(
                "this number is too large to calculate with",
            )),
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "an integer that meets a float becomes one, as in Jinja"
    )]
    const fn float(self) -> f64 {
        match self {
            Self::Integer(integer) => integer as f64,
            Self::Float(float) => float,
        }
    }
}

/// The words for a value's type in messages.
pub(super) const fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::Text(_) => "text",
        Value::List(_) => "a list",
        Value::Map(_) => "an object",
    }
}

/// A float as a value, by its shortest spelling; no number that JSON lacks.
pub(super) fn from_float(float: f64) -> Result<Value> {
    serde_json::Number::from_f64(float)
        .and_then(|number| Number::parse(&number.to_string()))
        .map(Value::Number)
        .ok_or_else(|| TemplateError::wrong_value("the result is not a finite number"))
}

pub(super) fn from_integer(integer: i128) -> Value {
    Value::Number(Number::parse(&integer.to_string()).expect("an integer is a JSON number"))
}

/// Jinja's truth: empty, zero, null and false are not true.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => !Decimal::of(number).digits.is_empty(),
        Value::Text(text) => !text.is_empty(),
        Value::List(items) => !items.is_empty(),
        Value::Map(map) => !map.is_empty(),
    }
}

/// Whether two values are the same; numbers by what they are worth, not by how they are spelled.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => order_numbers(left, right).is_eq(),
        (Value::Bool(flag), Value::Number(number)) | (Value::Number(number), Value::Bool(flag)) => {
            let one = Number::from(i64::from(*flag));
            order_numbers(&one, number).is_eq()
        }
        (Value::List(left), Value::List(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(a, b)| equal(a, b))
        }
        (Value::Map(left), Value::Map(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, value)| right.get(key).is_some_and(|other| equal(value, other)))
        }
        _ => left == right,
    }
}

/// Which of two values comes first: only numbers with numbers, and text with text.
pub(super) fn order(left: &Value, right: &Value) -> Result<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Ok(order_numbers(left, right)),
        (Value::Text(left), Value::Text(right)) => Ok(left.cmp(right)),
        _ => {
            let error = TemplateError::wrong_types(
                &[left, right],
                format!(
                    "{} cannot be compared with {}",
                    type_of(left),
                    type_of(right)
                ),
            );
            Err(match (left, right) {
                (Value::Number(_), Value::Text(_)) | (Value::Text(_), Value::Number(_)) => {
                    error.help("make the text a number with `| int` or `| float`")
                }
                _ => error,
            })
        }
    }
}

/// Whether `needle` is in a list, a key of an object, or a part of a text.
pub(super) fn contains(haystack: &Value, needle: &Value) -> Result<bool> {
    match (haystack, needle) {
        (Value::List(items), _) => Ok(items.iter().any(|item| equal(item, needle))),
        (Value::Map(map), Value::Text(key)) => Ok(map.contains_key(key)),
        (Value::Map(_), _) => Ok(false),
        (Value::Text(text), Value::Text(part)) => Ok(text.contains(part.as_str())),
        _ => {
            let error = TemplateError::wrong_types(
                &[haystack, needle],
                format!("{} cannot be in {}", type_of(needle), type_of(haystack)),
            );
            Err(match (haystack, needle) {
                (Value::Text(text), Value::Number(_)) => error.help(numbers_written_as(text)),
                _ => error,
            })
        }
    }
}

/// What to write for a text in which somebody looks for a number: a list where it reads as one.
pub(super) fn numbers_written_as(text: &str) -> String {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    if parts.iter().all(|part| Number::parse(part).is_some()) {
        format!("write a list: `[{}]`", parts.join(", "))
    } else {
        "make the number text with `| string`".to_owned()
    }
}

/// Arithmetic on two numbers.
pub(super) fn calculate(operator: Operator, left: &Number, right: &Number) -> Result<Value> {
    let (left, right) = (Operand::of(left)?, Operand::of(right)?);
    match (left, right) {
        (Operand::Integer(a), Operand::Integer(b)) if operator != Operator::Divide => {
            integers(operator, a, b)
        }
        _ => floats(operator, left.float(), right.float()),
    }
}

fn by_zero() -> TemplateError {
    TemplateError::wrong_value("a number cannot be divided by zero")
}

fn integers(operator: Operator, a: i128, b: i128) -> Result<Value> {
    let result = match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::FloorDivide | Operator::Remainder if b == 0 => return Err(by_zero()),
        Operator::FloorDivide => a
            .checked_div(b)
            .map(|quotient| quotient - i128::from(a % b != 0 && (a < 0) != (b < 0))),
        Operator::Remainder => a.checked_rem(b).map(|rest| {
            if rest != 0 && (rest < 0) != (b < 0) {
                rest + b
            } else {
                rest
            }
        }),
        Operator::Power if b < 0 => {
            return floats(
                operator,
                Operand::Integer(a).float(),
                Operand::Integer(b).float(),
            );
        }
        Operator::Power => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
        Operator::Divide => unreachable!("division is done with floats"),
    };
    result
        .map(from_integer)
        .ok_or_else(|| TemplateError::wrong_value("the result has too many digits"))
}

fn floats(operator: Operator, a: f64, b: f64) -> Result<Value> {
    let divides = matches!(
        operator,
        Operator::Divide | Operator::FloorDivide | Operator::Remainder
    );
    if divides && b == 0.0 {
        return Err(by_zero());
    }
    from_float(match operator {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide => a / b,
        Operator::FloorDivide => floor_division(a, b).0,
        Operator::Remainder => floor_division(a, b).1,
        Operator::Power => a.powf(b),
    })
}

/// Quotient and remainder as Python has them: the remainder is exact and has the sign of `b`, and
/// the quotient fits it, though `(a / b).floor()` might round to the next integer.
fn floor_division(a: f64, b: f64) -> (f64, f64) {
    let rest = a % b;
    let quotient = ((a - rest) / b).round();
    if rest != 0.0 && (rest < 0.0) != (b < 0.0) {
        (quotient - 1.0, rest + b)
    } else {
        (quotient, rest)
    }
}

/// A number taken apart: the value is ±0.DIGITS × 10^exponent; zero has no digits.
///
/// So numbers are compared by all of their digits, also where a float would lose some.
#[derive(PartialEq, Eq)]
struct Decimal {
    negative: bool,
    exponent: i64,
    digits: String,
}

impl Decimal {
    fn of(number: &Number) -> Self {
        let text = number.as_str();
        let negative = text.starts_with('-');
        let unsigned = text.trim_start_matches('-');
        let (mantissa, exponent) = unsigned
            .split_once(['e', 'E'])
            .map_or((unsigned, 0), |(mantissa, exponent)| {
                (mantissa, clamped(exponent))
            });
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let significant = all.trim_start_matches('0');
        let leading = all.len() - significant.len();
        let digits = significant.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Self {
                negative: false,
                exponent: 0,
                digits,
            };
        }
        let place = i64::try_from(whole.len()).unwrap_or(i64::MAX)
            - i64::try_from(leading).unwrap_or(i64::MAX);
        Self {
            negative,
            exponent: exponent.saturating_add(place),
            digits,
        }
    }
}

/// An exponent; one that no integer holds is as large as can be.
fn clamped(exponent: &str) -> i64 {
    exponent.parse().unwrap_or(if exponent.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    })
}

/// Orders two numbers by what they are worth.
pub(super) fn order_numbers(left: &Number, right: &Number) -> Ordering {
    if left == right {
        return Ordering::Equal;
    }
    let (a, b) = (Decimal::of(left), Decimal::of(right));
    let sign = |decimal: &Decimal| match (decimal.digits.is_empty(), decimal.negative) {
        (true, _) => 0,
        (false, true) => -1,
        (false, false) => 1,
    };
    sign(&a).cmp(&sign(&b)).then_with(|| {
        let size = a
            .exponent
            .cmp(&b.exponent)
            .then_with(|| a.digits.cmp(&b.digits));
        if a.negative { size.reverse() } else { size }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn numbers_are_ordered_by_all_their_digits() {
        let ascending = [
            "-1e400",
            "-12345678901234567890123",
            "-2",
            "-1.5",
            "0",
            "0.001",
            "0.01",
            "1",
            "9",
            "10.1",
            "9007199254740992",
            "9007199254740993",
            "12345678901234567890122",
            "12345678901234567890123",
            "1e400",
        ];
        for (i, a) in ascending.iter().enumerate() {
            for (j, b) in ascending.iter().enumerate() {
                assert_eq!(order_numbers(&number(a), &number(b)), i.cmp(&j), "{a} {b}");
            }
        }
    }

    #[test]
    fn the_spelling_of_a_number_does_not_matter_for_equality() {
        for (a, b) in [
            ("10000.10", "10000.1"),
            ("1e3", "1000"),
            ("0", "-0.0"),
            ("12.5e-1", "1.25"),
            ("0.00e99", "0"),
        ] {
            assert!(order_numbers(&number(a), &number(b)).is_eq(), "{a} {b}");
        }
    }

    #[test]
    fn arithmetic_never_gives_a_number_that_json_lacks() {
        let calc = |op, a, b| calculate(op, &number(a), &number(b));
        assert!(calc(Operator::Multiply, "1e300", "1e300").is_err());
        assert!(calc(Operator::Divide, "1", "0").is_err());
        assert!(calc(Operator::Remainder, "1", "0").is_err());
        assert!(calc(Operator::Power, "-8", "0.5").is_err());
        assert!(calc(Operator::Power, "10", "1000").is_err());
        assert!(calc(Operator::Add, "1e400", "1").is_err());
        assert_eq!(
            calc(Operator::Add, "18446744073709551615", "1")
                .unwrap()
                .to_json_text(),
            "18446744073709551616"
        );
    }
}
