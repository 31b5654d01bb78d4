//! Findings for people: the look of the Rust compiler, an excerpt with a caret.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{harmless, in_order, is_active};
use crate::diagnostic::{Diagnostic, Place, Severity};

/// Whether the text has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// With ANSI escape sequences.
    Ansi,
    /// Only text.
    Plain,
}

/// What the reader's terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Colours or none.
    pub color: Color,
    /// Columns; longer lines of an excerpt are cut around the caret.
    pub width: usize,
    /// Whether somebody reads it at a terminal: elsewhere, as in the log of a CI system, the message of a finding is
    /// searched for and stays in one line.
    pub breaks_messages: bool,
}

impl Default for Look {
    /// A terminal with 80 columns and without colour.
    fn default() -> Self {
        Self {
            color: Color::Plain,
            width: 80,
            breaks_messages: true,
        }
    }
}

/// All findings, an empty line between two, and a newline at the end; empty where there are none.
///
/// No character of a message or excerpt reaches a terminal as a command to it.
pub fn human(findings: &[Diagnostic], look: Look) -> String {
    let renderer = match look.color {
        Color::Ansi => Renderer::styled(),
        Color::Plain => Renderer::plain(),
    }
    .term_width(look.width);
    let shown: Vec<String> = in_order(findings)
        .into_iter()
        .map(|finding| one(finding, &renderer, look) + "\n")
        .collect();
    shown.join("\n")
}

/// What the renderer writes before a help, after the numbers of lines.
const HELP_MARK: &str = " = help: ";

/// The text with its lines broken at blanks where they are longer than there is room; a longer word stands alone. What
/// stands between backticks is one word: it is there to be copied.
fn wrapped(text: &str, room: usize) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut used = 0;
    let mut is_code = false;
    let pieces = text.split_inclusive(|c: char| {
        is_code ^= c == '`';
        c == '\n' || (c == ' ' && !is_code)
    });
    for piece in pieces {
        let word = piece.trim_end_matches([' ', '\n']);
        if used > 0 && used + word.chars().count() > room && whole.ends_with(' ') {
            whole.truncate(whole.trim_end_matches(' ').len());
            whole.push('\n');
            used = 0;
        }
        whole.push_str(piece);
        used = if piece.ends_with('\n') {
            0
        } else {
            used + piece.chars().count()
        };
    }
    whole
}

fn one(finding: &Diagnostic, renderer: &Renderer, look: Look) -> String {
    let width = look.width;
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let word = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let before = word.len() + "[]: ".len() + finding.code.as_str().len();
    let room = width.saturating_sub(before).max(20);
    let message = harmless(&finding.message);
    let message = if look.breaks_messages {
        wrapped(&message, room).into()
    } else {
        message
    };
    let title = level.primary_title(message).id(finding.code.as_str());
    let mut group = Group::with_title(title);
    let place = finding.place.as_ref();
    if let Some(place) = place.filter(|place| place.source.is_withheld()) {
        let start = place.start();
        let origin = Origin::path(harmless(place.source.name()).replace('\n', " "));
        group = group.element(match (place.source.is_unread(), place.source.only_line()) {
            (true, None) => origin,
            (true, Some(line)) => origin.line(line),
            (false, _) => origin.line(start.line).char_column(start.column),
        });
    } else if let Some(place) = place {
        let line = Line::new(place);
        // A label stands beside the caret: it has one line.
        let label = finding
            .label
            .as_deref()
            .map(|label| harmless(label).replace('\n', " "));
        let annotation = AnnotationKind::Primary
            .span(line.start..line.end)
            .label(label);
        group = group.element(
            Snippet::source(line.text)
                .line_start(place.start().line)
                .path(harmless(place.source.name()).replace('\n', " "))
                .annotation(annotation),
        );
    }
    if let Some(help) = &finding.help {
        let margin = finding
            .place
            .as_ref()
            .map_or(1, |place| place.start().line.to_string().len());
        let room = width.saturating_sub(margin + HELP_MARK.len()).max(20);
        group = group.element(Level::HELP.message(wrapped(&harmless(help), room)));
    }
    renderer.render(&[group])
}

/// The first line of a place, safe to show, and the bytes of it to mark: what follows of a longer
/// span is not shown.
struct Line {
    text: String,
    start: usize,
    end: usize,
}

impl Line {
    fn new(place: &Place) -> Self {
        let text = place.source.text();
        let start = text.floor_char_boundary(place.span.start);
        let end = text.floor_char_boundary(place.span.end).max(start);
        let begin = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let whole = text[begin..].split('\n').next().unwrap_or_default();
        let whole = whole.strip_suffix('\r').unwrap_or(whole);
        let mut line = Self {
            text: String::with_capacity(whole.len() + 1),
            start: 0,
            end: 0,
        };
        for (at, character) in whole.char_indices() {
            line.mark(begin + at, start, end);
            line.text.push(picture(character));
        }
        line.mark(begin + whole.len(), start, end);
        if line.text.is_empty() {
            // The renderer puts no caret under an empty line.
            line.text.push(' ');
        }
        line
    }

    /// Moves the marks on while the source has not come to them.
    fn mark(&mut self, at: usize, start: usize, end: usize) {
        if at <= start {
            self.start = self.text.len();
        }
        if at <= end {
            self.end = self.text.len();
        }
    }
}

/// A character that stands for one that must not reach a terminal, one column wide as well.
fn picture(character: char) -> char {
    match character {
        // The renderer widens tabs and keeps the caret in step.
        '\t' => character,
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(character)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        _ if is_active(character) => '\u{fffd}',
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_and_keep_what_they_hold() {
        assert_eq!(wrapped("one two three", 8), "one two\nthree");
        assert_eq!(wrapped("one\n  two three", 9), "one\n  two\nthree");
        assert_eq!(wrapped("alongerword b", 4), "alongerword\nb");
        assert_eq!(wrapped("a  b", 80), "a  b");
    }
}
