//! What is wrong with the format of a date, or with a text that is read by one, in our words.

use jiff::Timestamp;
use jiff::fmt::strtime::{self, BrokenDownTime};

use crate::template::error::TemplateError;

/// Signs that stand for names of months and days.
const NAMES: [&str; 4] = ["%B", "%b", "%A", "%a"];

/// A text that a format does not read.
pub(super) fn misfit(text: &str, format: &str) -> TemplateError {
    if let Some(sign) = bad_sign(format) {
        return no_sign(format, &sign);
    }
    if text.trim().is_empty() {
        let message = format!("a blank text is not a date as `{format}`");
        return TemplateError::other(message).help(format!(
            "where a cell may be blank ask for it first: `row.day | parse_date('{format}') if row.day else ''`"
        ));
    }
    let error = TemplateError::other(format!("`{text}` is not a date as `{format}`"));
    error.help(if NAMES.iter().any(|name| format.contains(name)) {
        "the names of months and days are read in English, such as `March` and `Monday`"
    } else {
        "the format says what each part of the text is, in their order: `%d-%m-%Y` reads `31-12-2026`"
    })
}

/// A text whose parts are read, and are no date.
pub(super) fn no_date(text: &str, format: &str, parts: &BrokenDownTime) -> TemplateError {
    let is_named = parts.year().is_some() && parts.month().is_some() && parts.day().is_some();
    if is_named {
        return TemplateError::other(format!(
            "`{text}` is not a date as `{format}`: there is no such day or time"
        ));
    }
    TemplateError::other(format!(
        "`{text}` is no date by `{format}`, which does not name the year, the month and the day"
    ))
    .help("for example `%d-%m-%Y` or `%Y-%m-%d %H:%M:%S`")
}

/// A format that no date can be written by.
pub(super) fn unknown_sign(format: &str) -> TemplateError {
    match bad_sign(format) {
        Some(sign) => no_sign(format, &sign),
        None => TemplateError::syntax(format!("`{format}` is not a format for dates")),
    }
    .help("for example `%d-%m-%Y` or `%Y-%m-%d %H:%M:%S`")
}

fn no_sign(format: &str, sign: &str) -> TemplateError {
    TemplateError::syntax(format!(
        "`{format}` is not a format for dates: `{sign}` stands for no part of one"
    ))
}

/// The first sign of a format that means nothing.
fn bad_sign(format: &str) -> Option<String> {
    let date = Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC);
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        let signed = &rest[at..];
        // Flags, a width and colons may stand between the sign and its letter.
        let end = signed[1..]
            .char_indices()
            .find(|(_, c)| !matches!(c, '-' | '_' | '^' | '#' | ':' | '.' | '0'..='9'))
            .map_or(signed.len(), |(index, c)| 1 + index + c.len_utf8());
        let (sign, after) = signed.split_at(end);
        if strtime::format(sign, &date).is_err() {
            return Some(sign.to_owned());
        }
        rest = after;
    }
    None
}
