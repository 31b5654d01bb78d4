//! The formats of dates that the CRM wants, beside those of the draft. It knows no time zone.

use jiff::civil::{Date, Time};
use jsonschema::ValidationOptions;
use jsonschema::json::Json;

/// A format of our own: its name, its layout (`Y`, `M`, `D`, `h`, `m`, `s` are digits), an example.
struct Format {
    name: &'static str,
    layout: &'static str,
    example: &'static str,
}

const FORMATS: [Format; 3] = [
    Format {
        name: "activity-datetime",
        layout: "YYYY-MM-DD hh:mm:ss",
        example: "2026-05-30 15:00:00",
    },
    Format {
        name: "query-datetime",
        layout: "YYYY-MM-DD hh:mm",
        example: "2026-05-30 15:00",
    },
    Format {
        name: "obligation-date",
        layout: "DD-MM-YYYY",
        example: "30-05-2026",
    },
];

/// The formats of draft 2020-12.
const OF_DRAFT: [&str; 19] = [
    "date",
    "date-time",
    "time",
    "duration",
    "email",
    "idn-email",
    "hostname",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "uri",
    "uri-reference",
    "iri",
    "iri-reference",
    "uri-template",
    "uuid",
    "json-pointer",
    "relative-json-pointer",
    "regex",
];

/// The names of all formats, our own first.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().map(|format| format.name).chain(OF_DRAFT)
}

/// The options, knowing our own formats too.
pub(super) fn with_own_formats<R, F: Json>(
    options: ValidationOptions<'_, R, F>,
) -> ValidationOptions<'_, R, F> {
    FORMATS.iter().fold(options, |options, format| {
        options.with_format(format.name, |text: &str| fits(text, format.layout))
    })
}

/// Whether a format is one of the CRM's, and not of the draft.
pub(super) fn is_own(name: &str) -> bool {
    FORMATS.iter().any(|format| format.name == name)
}

/// How a value of the format looks, in words and by example: `DD-MM-YYYY, such as 30-05-2026`.
pub fn words(name: &str) -> String {
    let (layout, example) = FORMATS
        .iter()
        .find(|format| format.name == name)
        .map_or_else(
            || standard(name),
            |format| (format.layout.to_uppercase(), format.example),
        );
    format!("{layout}, such as {example}")
}

fn standard(name: &str) -> (String, &'static str) {
    let (layout, example) = match name {
        "date" => ("YYYY-MM-DD", "2026-05-30"),
        "date-time" => ("YYYY-MM-DDTHH:MM:SSZ", "2026-05-30T15:00:00Z"),
        "time" => ("HH:MM:SSZ", "15:00:00Z"),
        "email" => ("name@host", "ana@example.com"),
        "uri" => ("scheme://host/path", "https://example.com/a"),
        "uuid" => (
            "8-4-4-4-12 hex digits",
            "0190163d-8694-739b-aea5-966c26f8ad91",
        ),
        _ => {
            return (
                format!("the format `{name}`"),
                "the standard's own examples",
            );
        }
    };
    (layout.to_owned(), example)
}

/// Whether the text has the layout exactly, and is a day and a time that exist.
fn fits(text: &str, layout: &str) -> bool {
    if text.len() != layout.len() {
        return false;
    }
    let (mut year, mut month, mut day) = (0_i16, 0_i8, 0_i8);
    let (mut hour, mut minute, mut second) = (0_i8, 0_i8, 0_i8);
    for (written, wanted) in text.bytes().zip(layout.bytes()) {
        if !wanted.is_ascii_alphabetic() {
            if written != wanted {
                return false;
            }
            continue;
        }
        if !written.is_ascii_digit() {
            return false;
        }
        let digit = written - b'0';
        if wanted == b'Y' {
            year = year * 10 + i16::from(digit);
            continue;
        }
        let part = match wanted {
            b'M' => &mut month,
            b'D' => &mut day,
            b'h' => &mut hour,
            b'm' => &mut minute,
            _ => &mut second,
        };
        *part = *part * 10 + digit.cast_signed();
    }
    Date::new(year, month, day).is_ok() && Time::new(hour, minute, second, 0).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_fit_their_layout() {
        for format in &FORMATS {
            assert!(fits(format.example, format.layout), "{}", format.name);
        }
    }

    #[test]
    fn days_and_times_must_exist() {
        let cases = [
            ("2024-02-29 23:59:59", "YYYY-MM-DD hh:mm:ss", true),
            ("2023-02-29 00:00:00", "YYYY-MM-DD hh:mm:ss", false),
            ("2023-07-30 24:00:00", "YYYY-MM-DD hh:mm:ss", false),
            ("2023-07-30 00:00:60", "YYYY-MM-DD hh:mm:ss", false),
            ("20230730 000000", "YYYY-MM-DD hh:mm:ss", false),
            ("2023-07-30T00:00:00", "YYYY-MM-DD hh:mm:ss", false),
            ("2023-07-30 00:00:0é", "YYYY-MM-DD hh:mm:ss", false),
            ("31-01-2026", "DD-MM-YYYY", true),
            ("01-31-2026", "DD-MM-YYYY", false),
            ("2026-01-31", "DD-MM-YYYY", false),
            ("30-02-2026", "DD-MM-YYYY", false),
            ("00-01-2026", "DD-MM-YYYY", false),
            ("99-99-9999", "DD-MM-YYYY", false),
            ("", "DD-MM-YYYY", false),
        ];
        for (text, layout, wanted) in cases {
            assert_eq!(fits(text, layout), wanted, "{text}");
        }
    }
}
