//! Findings for programs: one JSON object a line.

use std::fmt::Write as _;

use serde::Serialize;

use super::{in_order, is_active};
use crate::diagnostic::{Diagnostic, Place};

#[derive(Serialize)]
struct Finding<'a> {
    code: &'static str,
    level: &'static str,
    message: &'a str,
    file: Option<&'a str>,
    span: Option<Spot>,
    label: Option<&'a str>,
    help: Option<&'a str>,
}

/// Where in the file it is.
#[derive(Serialize)]
#[serde(untagged)]
enum Spot {
    Range(Range),
    /// Of a file of data no more is known.
    Line {
        line: usize,
    },
}

impl Spot {
    fn of(place: &Place) -> Option<Self> {
        if place.source.is_unread() {
            let line = place.source.only_line()?;
            Some(Self::Line { line })
        } else {
            Some(Self::Range(Range::from(place)))
        }
    }
}

/// Lines and columns from 1, columns in characters, the end after the last character; offsets in bytes.
#[derive(Serialize)]
struct Range {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    start: usize,
    end: usize,
}

impl From<&Place> for Range {
    fn from(place: &Place) -> Self {
        let (start, end) = (place.start(), place.end());
        Self {
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            start: place.span.start,
            end: place.span.end,
        }
    }
}

/// One object a finding: `{code, level, message, file, span, label, help}`; what is not there is null.
/// `span` is `{line, column, end_line, end_column, start, end}`, the last two in bytes; in a file of data it is `{line}`.
pub fn json_lines(findings: &[Diagnostic]) -> String {
    let mut lines = String::new();
    for finding in in_order(findings) {
        let object = Finding {
            code: finding.code.as_str(),
            level: finding.severity.as_str(),
            message: &finding.message,
            file: finding.place.as_ref().map(|place| place.source.name()),
            span: finding.place.as_ref().and_then(Spot::of),
            label: finding.label.as_deref(),
            help: finding.help.as_deref(),
        };
        let json = serde_json::to_string(&object).expect("texts and numbers are always JSON");
        // JSON lets control characters above U+007F stand; terminals obey them.
        for character in json.chars() {
            if is_active(character) {
                write!(lines, "\\u{:04x}", u32::from(character))
                    .expect("writing to a string cannot fail");
            } else {
                lines.push(character);
            }
        }
        lines.push('\n');
    }
    lines
}
