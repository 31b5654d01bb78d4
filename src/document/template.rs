//! Templates that were written without quotes: YAML takes their braces for a mapping. The commonest
//! mistake of all, so it has its own finding. It does not know what a template means.

use super::plain::quoted;
use super::text::Text;
use crate::diagnostic::{Code, Diagnostic};

/// What stands around an unquoted template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Around {
    /// A line of its own or the value of a key: it runs to the end of the line.
    Block,
    /// Brackets: it runs to its own closing braces.
    Flow,
}

/// Whether a template begins at this offset.
pub(super) fn begins_at(text: &Text<'_>, at: usize) -> bool {
    let rest = &text.as_str()[text.floor(at)..];
    rest.starts_with("{{") || rest.starts_with("{%")
}

/// The finding for a template that begins at `at` without quotes.
pub(super) fn unquoted(text: &Text<'_>, at: usize, around: Around) -> Diagnostic {
    let written = extent(text, at, around);
    text.error(
        Code::YamlSyntax,
        text.span(at, at + written.len()),
        "a template must be in quotes, or YAML takes its braces for a mapping",
    )
    .help(in_quotes(written))
}

/// The template that stands unquoted in the line of an offset, not after it, if there is one.
pub(super) fn in_line_of(text: &Text<'_>, at: usize) -> Option<Diagnostic> {
    let (start, line) = text.line(at);
    ["{{", "{%"]
        .iter()
        .flat_map(|braces| line.match_indices(braces))
        .map(|(column, _)| column)
        .filter(|column| start + column <= at)
        .find(|column| begins_a_value(&line[..*column]))
        .map(|column| {
            let before = line[..column].trim_end();
            let around = if before.ends_with(['[', ',']) {
                Around::Flow
            } else {
                Around::Block
            };
            unquoted(text, start + column, around)
        })
}

/// Whether what follows `before` in a line is a value of its own, not the middle of a text.
fn begins_a_value(before: &str) -> bool {
    if before.contains(['"', '\'', '#']) {
        return false;
    }
    let indicator = before.trim_end();
    indicator.is_empty()
        || indicator.ends_with(['[', ','])
        || (indicator.ends_with([':', '-', '?']) && indicator.len() < before.len())
}

fn extent<'t>(text: &'t Text<'_>, at: usize, around: Around) -> &'t str {
    let (start, line) = text.line(at);
    let rest = &line[at - start..];
    if around == Around::Flow
        && let Some(end) = rest.find("}}").or_else(|| rest.find("%}"))
    {
        return &rest[..end + 2];
    }
    without_comment(rest)
}

/// A value as it stands in its line, without a comment and blanks after it.
pub(super) fn without_comment(rest: &str) -> &str {
    rest.find(" #")
        .map_or(rest, |comment| &rest[..comment])
        .trim_end()
}

/// The remedy that shows a value in quotes; without showing it where it is long.
pub(super) fn in_quotes(written: &str) -> String {
    if written.is_empty() || written.chars().count() > 100 {
        "put the whole value in quotes".to_owned()
    } else {
        format!("write it in quotes: {}", quoted(written))
    }
}
