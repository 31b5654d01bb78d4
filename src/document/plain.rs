//! What a scalar without quotes means in YAML 1.2 core, and how to write it so that nobody can doubt it.

use crate::value::Number;

/// The meaning of a plain scalar.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plain {
    /// `null`, `~`, nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number that JSON writes the same way.
    Number(Number),
    /// Text.
    Text,
    /// A number to some readers, in a spelling that would be lost or that others take for text.
    Ambiguous,
}

/// Reads a plain scalar (YAML 1.2.2, section 10.3.2).
pub(super) fn resolve(text: &str) -> Plain {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Plain::Null,
        "true" | "True" | "TRUE" => Plain::Bool(true),
        "false" | "False" | "FALSE" => Plain::Bool(false),
        _ => match Number::parse(text) {
            Some(number) => Plain::Number(number),
            None if reads_as_number(text) => Plain::Ambiguous,
            None => Plain::Text,
        },
    }
}

/// Whether YAML 1.2 core, or a reader of 1.1 that knows `0b`, takes the text for a number.
fn reads_as_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(
        unsigned,
        ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN"
    ) {
        return true;
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = unsigned.strip_prefix(prefix) {
            return !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
        }
    }
    is_decimal(unsigned)
}

/// `( [0-9]+ ( . [0-9]* )? | . [0-9]+ ) ( [eE] [-+]? [0-9]+ )?`
fn is_decimal(unsigned: &str) -> bool {
    if !unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return false;
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && exponent_fits
}

/// The remedy for an ambiguous scalar: quotes, or the spelling JSON has for the same number.
pub(super) fn remedy(text: &str) -> String {
    let quotes = format!("write it in quotes: {}", quoted(text));
    match json_spelling(text) {
        Some(number) => format!("{quotes}, or as {number} where a number is meant"),
        None => quotes,
    }
}

/// The number as JSON writes it; none for hexadecimal and the like.
fn json_spelling(text: &str) -> Option<String> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    if !is_decimal(unsigned) {
        return None;
    }
    let end = unsigned.find(['e', 'E']).unwrap_or(unsigned.len());
    let (mantissa, exponent) = unsigned.split_at(end);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    let point = if fraction.is_empty() { "" } else { "." };
    let spelling = format!("{sign}{whole}{point}{fraction}{exponent}");
    Number::parse(&spelling).map(|_| spelling)
}

/// The text as a quoted YAML scalar on one line: `"…"` where nothing needs an escape, else `'…'`,
/// and `"…"` with escapes where the text has control characters.
pub fn quoted(text: &str) -> String {
    if text.chars().any(char::is_control) {
        return serde_json::Value::from(text).to_string();
    }
    if text.contains(['"', '\\']) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        format!("\"{text}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_schema_and_nothing_else() {
        for text in [
            "+5", "0123", "-007", ".5", "-.5", "5.", "5.e3", "+1e5", "0x1F", "-0x1f", "0o17",
            "0b101", ".inf", "-.INF", ".NaN", "00", "08",
        ] {
            assert_eq!(resolve(text), Plain::Ambiguous, "{text}");
        }
        for text in [
            "no",
            "yes",
            "on",
            "off",
            "y",
            "N",
            "nULL",
            "tRUE",
            "1_000",
            "1:30",
            "2024-05-01",
            "1.2.3",
            "0x",
            "0xZZ",
            "0o8",
            "0b2",
            ".",
            "-",
            "+",
            "e5",
            "1e",
            "1e+",
            "++1",
            "12a",
            "inf",
            "nan",
            "+.",
            "--1",
            "0X1F",
        ] {
            assert_eq!(resolve(text), Plain::Text, "{text}");
        }
        for text in [
            "0",
            "-0",
            "10000.10",
            "12e5",
            "1E+5",
            "12345678901234567890123",
            "1e400",
        ] {
            let Plain::Number(number) = resolve(text) else {
                panic!("{text} is a number");
            };
            assert_eq!(number.as_str(), text);
        }
    }

    #[test]
    fn the_remedy_shows_what_to_write() {
        assert_eq!(
            remedy("+573001234567"),
            r#"write it in quotes: "+573001234567", or as 573001234567 where a number is meant"#
        );
        assert_eq!(remedy("0x1F"), r#"write it in quotes: "0x1F""#);
        assert!(remedy("-.5").contains("or as -0.5 where"));
        assert!(remedy("00").contains("or as 0 where"));
        assert!(remedy("5.").contains("or as 5 where"));
    }

    #[test]
    fn quotes_fit_the_text() {
        assert_eq!(quoted("{{ x }}"), r#""{{ x }}""#);
        assert_eq!(quoted(r#"{{ "it's" }}"#), r#"'{{ "it''s" }}'"#);
        assert_eq!(quoted("a\nb"), r#""a\nb""#);
    }
}
