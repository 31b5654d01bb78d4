//! The text as the parsers get it: without a byte order mark, with a final newline. It leads every
//! offset back into the source.

use std::borrow::Cow;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Source, Span};

/// The text that is parsed and where it lies in its source.
pub(super) struct Text<'a> {
    source: &'a Arc<Source>,
    parsed: Cow<'a, str>,
    base: usize,
}

impl<'a> Text<'a> {
    /// Prepares a source: the readers differ on block scalars where the last newline is missing.
    pub(super) fn new(source: &'a Arc<Source>) -> Self {
        let whole = source.text();
        let text = whole.strip_prefix('\u{feff}').unwrap_or(whole);
        Self {
            source,
            base: whole.len() - text.len(),
            parsed: if text.is_empty() || text.ends_with('\n') {
                Cow::Borrowed(text)
            } else {
                Cow::Owned(format!("{text}\n"))
            },
        }
    }

    /// What the parsers read.
    pub(super) fn as_str(&self) -> &str {
        &self.parsed
    }

    /// The span in the source of two offsets in the text.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        let fit = |at: usize| (self.base + self.floor(at)).min(self.source.text().len());
        let start = fit(start);
        Span::new(start, fit(end).max(start))
    }

    /// The offsets in the text of a span in the source.
    pub(super) fn offsets(&self, span: Span) -> std::ops::Range<usize> {
        span.start.saturating_sub(self.base)..span.end.saturating_sub(self.base)
    }

    /// The span of the character at an offset, empty at the end of a line.
    pub(super) fn character(&self, at: usize) -> Span {
        let at = self.floor(at);
        let width = match self.parsed[at..].chars().next() {
            None | Some('\n' | '\r') => 0,
            Some(character) => character.len_utf8(),
        };
        self.span(at, at + width)
    }

    /// The line, from 1, of a span.
    pub(super) fn line_number(&self, span: Span) -> usize {
        self.source.position(span.start).line
    }

    /// Where the line of an offset begins, and the line without its end.
    pub(super) fn line(&self, at: usize) -> (usize, &str) {
        let at = self.floor(at);
        let start = self.parsed[..at]
            .rfind('\n')
            .map_or(0, |newline| newline + 1);
        let line = self.parsed[start..].lines().next().unwrap_or_default();
        (start, line)
    }

    /// The greatest offset not after `at` where a character begins.
    pub(super) fn floor(&self, at: usize) -> usize {
        self.parsed.floor_char_boundary(at)
    }

    /// An error at a place in this text.
    pub(super) fn error(&self, code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, message).at(self.source, span)
    }

    /// The first offset from `from` on where one of `wanted` stands outside a comment.
    pub(super) fn find_indicator(&self, from: usize, wanted: [char; 2]) -> Option<usize> {
        let mut before = ' ';
        let mut in_comment = false;
        for (at, character) in self.parsed[self.floor(from)..].char_indices() {
            match character {
                '\n' => in_comment = false,
                '#' if before.is_whitespace() => in_comment = true,
                _ if !in_comment && wanted.contains(&character) => {
                    return Some(self.floor(from) + at);
                }
                _ => {}
            }
            before = character;
        }
        None
    }
}
