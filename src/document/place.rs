//! From a place in the text of a scalar back to its place in the file, through quotes, escapes,
//! indentation and folding.
//!
//! All styles keep the order of characters that are not white space; only white space is added, dropped
//! or changed (indentation, folding, escapes at line ends). So both sides are walked in step over these
//! characters, and what lies between two of them is matched as well as it can be.

use std::ops::Range;

use super::{Node, NodeKind, Style};
use crate::source::{Source, Span};

impl Node {
    /// The span in the source of a range of bytes in this node's text, exact for every character that
    /// is not white space: an escape for the character it stands for.
    ///
    /// It is the whole node where the node is not text, or the range cannot be found in the source.
    /// `source` is the one the node was read from.
    pub fn span_of(&self, source: &Source, decoded: Range<usize>) -> Span {
        let NodeKind::Text(scalar) = &self.kind else {
            return self.span;
        };
        let Some(written) = atoms(scalar.style, source.slice(self.span)) else {
            return self.span;
        };
        match align(&scalar.text, &written).and_then(|places| places.span(&decoded)) {
            Some(span) => Span::new(self.span.start + span.start, self.span.start + span.end),
            None => self.span,
        }
    }
}

/// A character of the value and the bytes, from the beginning of the node, that stand for it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Atom {
    value: char,
    at: Range<usize>,
}

/// The characters that a scalar is written with.
fn atoms(style: Style, written: &str) -> Option<Vec<Atom>> {
    let (skip, content) = match style {
        Style::Plain => (0, written),
        Style::SingleQuoted => (1, written.strip_prefix('\'')?.strip_suffix('\'')?),
        Style::DoubleQuoted => (1, written.strip_prefix('"')?.strip_suffix('"')?),
        // The header may hold an indentation, a chomping sign and a comment: nothing of the value.
        Style::Literal | Style::Folded => match written.find('\n') {
            Some(newline) => (newline + 1, &written[newline + 1..]),
            None => (written.len(), ""),
        },
    };
    let mut atoms = Vec::with_capacity(content.len());
    let mut rest = content;
    while let Some(first) = rest.chars().next() {
        let at = skip + content.len() - rest.len();
        let (value, width) = match (style, first) {
            (Style::SingleQuoted, '\'') => (Some('\''), 2),
            (Style::DoubleQuoted, '\\') => escape(rest)?,
            _ => (Some(first), first.len_utf8()),
        };
        if let Some(value) = value {
            atoms.push(Atom {
                value,
                at: at..at + width,
            });
        }
        rest = rest.get(width..)?;
    }
    Some(atoms)
}

/// The character an escape stands for, none for an escaped line end, and its width in bytes.
fn escape(rest: &str) -> Option<(Option<char>, usize)> {
    let letter = rest[1..].chars().next()?;
    let hex = |from: usize, digits: usize| {
        let digits = rest.get(from..from + digits)?;
        u32::from_str_radix(digits, 16).ok()
    };
    let value = match letter {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        ' ' | '"' | '/' | '\\' => letter,
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        'x' => return Some((Some(char::from_u32(hex(2, 2)?)?), 4)),
        'U' => return Some((Some(char::from_u32(hex(2, 8)?)?), 10)),
        'u' => {
            let high = hex(2, 4)?;
            if let Some(value) = char::from_u32(high) {
                return Some((Some(value), 6));
            }
            // A surrogate pair, as JSON writes characters above U+FFFF.
            let low = rest.get(6..8).filter(|prefix| *prefix == "\\u");
            let pair = [u16::try_from(high).ok()?, u16::try_from(hex(8, 4)?).ok()?];
            let value = char::decode_utf16(pair).next()?.ok()?;
            return low.map(|_| (Some(value), 12));
        }
        '\r' | '\n' => return Some((None, 1 + letter.len_utf8())),
        _ => return None,
    };
    Some((Some(value), 1 + letter.len_utf8()))
}

/// Where each character of the decoded text stands in the written one.
struct Places {
    /// Offset in the decoded text, range in the written one.
    characters: Vec<(usize, Range<usize>)>,
    /// Where the written text ends, quotes excluded.
    end: usize,
}

impl Places {
    fn span(&self, decoded: &Range<usize>) -> Option<Span> {
        // The character that holds an offset: offsets inside a character belong to it.
        let first = self
            .characters
            .partition_point(|(at, _)| *at <= decoded.start)
            .checked_sub(1);
        let behind = self.characters.partition_point(|(at, _)| *at < decoded.end);
        let start = match first {
            Some(first) => &self.characters[first].1,
            None => return Some(Span::new(self.end, self.end)),
        };
        let is_after_all = behind == self.characters.len()
            && decoded.is_empty()
            && decoded.start > self.characters.last().map_or(0, |(at, _)| *at);
        if is_after_all {
            return Some(Span::new(self.end, self.end));
        }
        if decoded.is_empty() {
            return Some(Span::new(start.start, start.start));
        }
        let last = &self.characters[behind.checked_sub(1)?].1;
        Some(Span::new(start.start, last.end.max(start.start)))
    }
}

const fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

/// Walks both sides in step; none where they do not hold the same characters.
fn align(decoded: &str, written: &[Atom]) -> Option<Places> {
    let mut characters = Vec::with_capacity(decoded.len());
    let end = written.last().map_or(0, |atom| atom.at.end);
    let mut rest = written;
    let mut gap = Vec::new();
    for (at, character) in decoded.char_indices() {
        if is_blank(character) {
            gap.push((at, character));
            continue;
        }
        let blanks = rest.iter().take_while(|atom| is_blank(atom.value)).count();
        let (between, after) = rest.split_at(blanks);
        let (atom, after) = after.split_first()?;
        if atom.value != character {
            return None;
        }
        match_gap(&gap, between, atom.at.start, &mut characters);
        gap.clear();
        characters.push((at, atom.at.clone()));
        rest = after;
    }
    if rest.iter().any(|atom| !is_blank(atom.value)) {
        return None;
    }
    match_gap(&gap, rest, end, &mut characters);
    Some(Places { characters, end })
}

/// Matches white space from its end: indentation is at the left of what it precedes. What has no
/// counterpart (a folded line end) gets the place of what follows it, empty.
fn match_gap(
    decoded: &[(usize, char)],
    written: &[Atom],
    end: usize,
    characters: &mut Vec<(usize, Range<usize>)>,
) {
    let first = characters.len();
    let mut left = written;
    let mut next = end;
    for (at, character) in decoded.iter().rev() {
        let found = left.iter().rposition(|atom| atom.value == *character);
        let place = match found {
            Some(index) => {
                let place = left[index].at.clone();
                left = &left[..index];
                place
            }
            None => next..next,
        };
        next = place.start;
        characters.push((*at, place));
    }
    characters[first..].reverse();
}
