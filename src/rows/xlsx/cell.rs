//! What a cell of a workbook holds, as text.
//!
//! Excel's numbers are floats that keep 15 digits: an id of 16 has already lost some when it was typed.

use calamine::{DataRef, ExcelDateTime};

/// A cell that cannot become text without a guess.
#[derive(Debug)]
pub(super) struct Unusable {
    /// What it looks like.
    pub(super) shown: String,
    pub(super) message: String,
    pub(super) help: &'static str,
}

const AS_TEXT: &str = "format the column as text and enter the value again";

/// The text of a cell; `format` is the number format it is shown with.
///
/// Texts stay as they are; a formula counts with the value that was stored with it. Numbers are written
/// without exponent, with leading zeros where their format is zeros alone, dates as `2026-01-31`, dates with a time as `2026-01-31T08:30:00`, times as
/// `08:30:00`, durations as `26:30:00`. A midnight is a date, unless the format shows a time too.
pub(super) fn text(value: &DataRef<'_>, format: Option<&str>) -> Result<String, Unusable> {
    Ok(match value {
        DataRef::Empty => String::new(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.clone()
        }
        DataRef::Bool(flag) => flag.to_string(),
        DataRef::Int(number) => padded(number.to_string(), format)?,
        DataRef::Float(number) => padded(number_text(*number)?, format)?,
        DataRef::DateTime(time) => time_text(time, format)?,
        DataRef::Error(error) => {
            return Err(Unusable {
                shown: error.to_string(),
                message: format!("its formula failed with {error}"),
                help: "repair the formula, or replace it by its value",
            });
        }
    })
}

/// A formula whose value no program has stored.
pub(super) fn without_value() -> Unusable {
    Unusable {
        shown: String::new(),
        message: "its formula has no stored value".to_owned(),
        help: "open the file in a spreadsheet program and save it, or write the value in place of the formula",
    }
}

fn number_text(number: f64) -> Result<String, Unusable> {
    // The shortest digits that read back as the same float; `Display` writes no exponent.
    let shown = if number == 0.0 {
        "0".to_owned()
    } else {
        number.to_string()
    };
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let unusable = |message: String, help| Unusable {
        shown: shown.clone(),
        message,
        help,
    };
    if !number.is_finite() {
        return Err(unusable("this is no number".to_owned(), AS_TEXT));
    }
    match shown.split_once('.') {
        None if digits(&shown) > 15 => Err(unusable(
            format!("{shown} has more than 15 digits, and Excel keeps only 15 of a number"),
            AS_TEXT,
        )),
        Some(_) if digits(shown.trim_start_matches(['-', '0', '.'])) > 15 => Err(unusable(
            format!("{shown} has more than 15 digits, and Excel shows only 15 of a number"),
            "round it in the sheet with ROUND, or format the column as text and enter the value again",
        )),
        _ => Ok(shown),
    }
}

/// A number as its format shows it where that is nothing but zeros (`00000`): people write codes and ids so, and to
/// them `00123` is what stands there. Where a format shows zeros in another way (`00000-000`), the text is not known.
fn padded(number: String, format: Option<&str>) -> Result<String, Unusable> {
    let Some(format) = format.filter(|_| number.bytes().all(|byte| byte.is_ascii_digit())) else {
        return Ok(number);
    };
    if format.bytes().all(|byte| byte == b'0') {
        return Ok(format!("{number:0>width$}", width = format.len()));
    }
    if digits_shown(format) <= number.len() {
        return Ok(number);
    }
    Err(Unusable {
        message: format!(
            "the sheet shows {number} with zeros before it (format {format}), and they are not in the value"
        ),
        shown: number,
        help: AS_TEXT,
    })
}

/// How many digits a number format shows of a whole number at least; of amounts (`#,##0.00`) nothing is asked.
fn digits_shown(format: &str) -> usize {
    let (mut most, mut count) = (0, 0);
    let (mut is_quoted, mut is_bracketed) = (false, false);
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            // A literal, the width of a letter, a letter that fills the cell.
            '\\' | '_' | '*' => drop(letters.next()),
            '[' => is_bracketed = true,
            ']' => is_bracketed = false,
            _ if is_bracketed => {}
            '.' | ',' | '%' | '/' | '?' | 'E' | 'e' => return 0,
            '0' => count += 1,
            ';' => count = 0,
            _ => {}
        }
        most = most.max(count);
    }
    most
}

fn time_text(time: &ExcelDateTime, format: Option<&str>) -> Result<String, Unusable> {
    let days = time.as_f64();
    let unusable = |message: &str| Unusable {
        shown: days.to_string(),
        message: message.to_owned(),
        help: AS_TEXT,
    };
    if !(0.0..2_958_466.0).contains(&days) {
        return Err(unusable("this is no date that Excel knows"));
    }
    let (year, month, day, hour, minute, second, milli) = time.to_ymd_hms_milli();
    let fraction = match milli {
        0 => String::new(),
        milli => format!(".{milli:03}"),
    };
    let clock = format!("{minute:02}:{second:02}{fraction}");
    if time.is_duration() {
        // Whole days are hours here; a rounded-up midnight belongs to the next day, as above.
        let whole = if hour == 0 && days.fract() > 0.5 {
            days.ceil()
        } else {
            days.floor()
        };
        return Ok(format!("{:02}:{clock}", whole * 24.0 + f64::from(hour)));
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    if date == "1900-02-29" {
        return Err(unusable("29 February 1900 exists only in Excel"));
    }
    let clock = format!("{hour:02}:{clock}");
    if days < 1.0 {
        Ok(clock)
    } else if clock == "00:00:00" && !format.is_some_and(shows_time) {
        Ok(date)
    } else {
        Ok(format!("{date}T{clock}"))
    }
}

/// Whether a number format shows an hour: an `h` that is no literal.
fn shows_time(format: &str) -> bool {
    let (mut is_quoted, mut is_bracketed, mut is_escaped) = (false, false, false);
    format.chars().any(|letter| {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '[' => is_bracketed = true,
            ']' => is_bracketed = false,
            'h' | 'H' => return !is_bracketed,
            _ => {}
        }
        false
    })
}

/// The letters of a column, from 0: `A` … `Z`, `AA` …
pub(super) fn column_letters(column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_without_point_or_exponent_where_they_need_none() {
        for (number, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (3.0, "3"),
            (-42.0, "-42"),
            (3_001_234_567.0, "3001234567"),
            (999_999_999_999_999.0, "999999999999999"),
            (1.5, "1.5"),
            (0.1, "0.1"),
            (1e-7, "0.0000001"),
            (19.99, "19.99"),
        ] {
            assert_eq!(number_text(number).unwrap(), expected);
        }
    }

    #[test]
    fn numbers_that_have_lost_digits_are_refused() {
        for number in [
            1e15,
            12_345_678_901_234_500.0,
            -9_007_199_254_740_991.0,
            1e300,
            0.1 + 0.2,
            f64::INFINITY,
        ] {
            assert!(number_text(number).is_err(), "{number}");
        }
    }

    #[test]
    fn zeros_that_a_format_shows_are_there() {
        for (number, format, shown) in [
            (123.0, Some("00000"), "00123"),
            (123_456.0, Some("00000"), "123456"),
            (0.0, Some("000"), "000"),
            (7.0, Some("0"), "7"),
            (7.0, Some("0.00"), "7"),
            (7.0, Some("#,##0"), "7"),
            (7.0, Some("00.00"), "7"),
            (7.0, Some("00%"), "7"),
            (7.0, Some("0;-0;\"000\""), "7"),
            (7.0, Some("0\\0_0*0"), "7"),
            (1234.0, Some("00\\-00"), "1234"),
            (-7.0, Some("000"), "-7"),
            (1.5, Some("000"), "1.5"),
            (7.0, Some("General"), "7"),
            (7.0, None, "7"),
        ] {
            let text = text(&DataRef::Float(number), format).unwrap();
            assert_eq!(text, shown, "{number} as {format:?}");
        }
        assert_eq!(text(&DataRef::Int(42), Some("0000")).unwrap(), "0042");
        for format in [
            "000-000",
            "00\\-00",
            "\"N\"0000",
            "[<=99999]00000;00000\\-0000",
            "0000;-0000",
        ] {
            let wrong = text(&DataRef::Float(123.0), Some(format)).unwrap_err();
            assert_eq!(wrong.shown, "123", "{format}");
            assert!(wrong.message.contains("not in the value"), "{format}");
        }
    }

    #[test]
    fn columns_have_letters() {
        for (column, letters) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(column_letters(column), letters);
        }
    }

    #[test]
    fn literals_in_a_format_show_no_time() {
        assert!(shows_time("yyyy\\-mm\\-dd hh:mm"));
        assert!(!shows_time("[$-C0A]d \"hoy\" mmm yyyy"));
        assert!(!shows_time("d\\h"));
    }
}
