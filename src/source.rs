//! A text that its author can change, and places in it. It does not know what the text means.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A range of bytes in a [`Source`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset after the last byte.
    pub end: usize,
}

impl Span {
    /// The span from `start` up to, not including, `end` (bytes).
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The span as a range of bytes.
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self::new(self.start.min(other.start), self.end.max(other.end))
    }

    /// Whether `other` lies inside this span.
    pub const fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self::new(range.start, range.end)
    }
}

/// A line and a column, both from 1; a column counts characters, as editors do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A named text: a file as the user named it, or a value from the command line.
#[derive(Debug)]
pub struct Source {
    name: String,
    text: String,
    line_starts: Vec<usize>,
    view: View,
}

/// What of a text can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    /// All of it.
    Whole,
    /// Places, and nothing that stands there.
    Places,
    /// The text is not here: its places are in one line, where that is known.
    Line(Option<usize>),
}

impl Source {
    /// A text under the name that messages show for it, usually the path as the user wrote it.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        let text = text.into();
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Arc::new(Self {
            name: name.into(),
            text,
            line_starts,
            view: View::Whole,
        })
    }

    /// A file whose text is not here, since it is large, no text, or missing; and the line in it that is meant.
    pub fn unread(name: impl Into<String>, line: Option<usize>) -> Arc<Self> {
        Arc::new(Self {
            name: name.into(),
            text: String::new(),
            line_starts: vec![0],
            view: View::Line(line),
        })
    }

    /// The same text under another name.
    pub fn renamed(&self, name: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            name: name.into(),
            text: self.text.clone(),
            line_starts: self.line_starts.clone(),
            view: self.view,
        })
    }

    /// The same text as one of which nothing but places may be shown, since it may hold secrets that nobody knows yet.
    pub fn withheld(&self) -> Arc<Self> {
        Arc::new(Self {
            name: self.name.clone(),
            text: self.text.clone(),
            line_starts: self.line_starts.clone(),
            view: match self.view {
                View::Whole | View::Places => View::Places,
                View::Line(line) => View::Line(line),
            },
        })
    }

    /// Whether nothing of the text but places may be shown.
    pub const fn is_withheld(&self) -> bool {
        !matches!(self.view, View::Whole)
    }

    /// Whether the text is not here, so that no more than the line of a place can be known.
    pub const fn is_unread(&self) -> bool {
        matches!(self.view, View::Line(_))
    }

    /// The line that is meant in a file whose text is not here.
    pub const fn only_line(&self) -> Option<usize> {
        match self.view {
            View::Line(line) => line,
            View::Whole | View::Places => None,
        }
    }

    /// The name that messages show.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of a span; a span that does not fit the text gives what of it does.
    pub fn slice(&self, span: Span) -> &str {
        let start = self.floor_boundary(span.start);
        let end = self.floor_boundary(span.end).max(start);
        &self.text[start..end]
    }

    /// The line and column of a byte offset; an offset past the end gives the end.
    pub fn position(&self, offset: usize) -> Position {
        if let View::Line(line) = self.view {
            return Position {
                line: line.unwrap_or(1),
                column: 1,
            };
        }
        let offset = self.floor_boundary(offset);
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = self.line_starts[line - 1];
        Position {
            line,
            column: self.text[start..offset].chars().count() + 1,
        }
    }

    fn floor_boundary(&self, offset: usize) -> usize {
        self.text.floor_char_boundary(offset.min(self.text.len()))
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.text == other.text && self.only_line() == other.only_line()
    }
}

/// A value together with the span it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What was read.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value and its place.
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

impl<T> std::ops::Deref for Spanned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_start_at_one() {
        let source = Source::new("a.yaml", "año: 1\nb: 2\n");
        assert_eq!(source.position(0).to_string(), "1:1");
        assert_eq!(source.position(4).to_string(), "1:4");
        assert_eq!(source.position(8).to_string(), "2:1");
        assert_eq!(source.position(999).to_string(), "3:1");
    }

    #[test]
    fn an_offset_inside_a_character_is_moved_to_its_start() {
        let source = Source::new("a.yaml", "ñ");
        assert_eq!(source.position(1).column, 1);
        assert_eq!(source.slice(Span::new(1, 2)), "ñ");
    }
}
