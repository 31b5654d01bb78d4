//! Findings as text for people, programs and CI. It prints nothing and masks no secrets: both are for
//! whoever writes the text out.

mod fingerprint;
mod github;
mod gitlab;
mod human;
mod json;
mod sarif;

use std::borrow::Cow;
use std::fmt::Write as _;

use super::{Code, Diagnostic, Severity};

pub use github::{annotation, github};
pub use gitlab::gitlab;
pub use human::{Color, Look, human};
pub use json::json_lines;
pub use sarif::sarif;

/// The file that a finding without a place is shown at, where a format wants one.
const NO_FILE: &str = "voxplay.yaml";

/// The findings as every format shows them: by file and place, those without a place last, and
/// each only once.
pub fn in_order(findings: &[Diagnostic]) -> Vec<&Diagnostic> {
    let mut order: Vec<&Diagnostic> = findings.iter().collect();
    order.sort_by_key(|finding| {
        let place = finding.place.as_ref();
        (
            place.is_none(),
            place.map(|place| (place.source.name(), place.span)),
        )
    });
    let mut once: Vec<&Diagnostic> = Vec::with_capacity(order.len());
    for finding in order {
        // Equal findings have equal places, so the search ends where the places differ. Of a scalar that is
        // two things to two readers, nothing else is said: it may be wrong only as the one or the other.
        let is_known = once
            .iter()
            .rev()
            .take_while(|other| other.place == finding.place)
            .any(|other| {
                *other == finding
                    || (finding.place.is_some() && other.code == Code::AmbiguousScalar)
            });
        if !is_known {
            once.push(finding);
        }
    }
    once
}

/// How many findings there are, each counted once: `3 errors, 1 warning`; `no errors` where there are none.
pub fn summary(findings: &[Diagnostic]) -> String {
    let findings = in_order(findings);
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    let parts: Vec<String> = [
        (errors, Severity::Error),
        (findings.len() - errors, Severity::Warning),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, severity)| {
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {}{plural}", severity.as_str())
    })
    .collect();
    if parts.is_empty() {
        "no errors".to_owned()
    } else {
        parts.join(", ")
    }
}

/// Whether a character, written to a terminal, does something else than show itself: control
/// characters, line and paragraph separators, and marks that turn the direction of the text.
fn is_active(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{61c}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// The text with active characters, but for the line feed, as `\u{1b}`.
fn harmless(text: &str) -> Cow<'_, str> {
    let is_kept = |character: char| character == '\n' || !is_active(character);
    if text.chars().all(is_kept) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\t' => shown.push(' '),
            _ if is_kept(character) => shown.push(character),
            _ => write!(shown, "\\u{{{:x}}}", u32::from(character))
                .expect("writing to a string cannot fail"),
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests;
