//! JSON writes characters above U+FFFF as two escapes (`\ud83d\ude00`), and many programs that write
//! JSON do. The second reader refuses them, so it gets the one escape that YAML has for the same character.

use std::borrow::Cow;

use crate::document::text::Text;
use crate::document::{Node, NodeKind, Style};
use crate::source::Span;

/// The text with each pair of surrogate escapes inside double quotes as one `\U…` escape.
pub(super) fn replaced<'t>(text: &'t Text<'_>, root: &Node) -> Cow<'t, str> {
    let whole = text.as_str();
    if !whole.contains(r"\ud") && !whole.contains(r"\uD") {
        return Cow::Borrowed(whole);
    }
    let mut spans = Vec::new();
    double_quoted(root, text, &mut spans);
    let mut written = String::with_capacity(whole.len());
    let mut done = 0;
    for span in spans {
        let range = text.offsets(span);
        written += &whole[done..range.start];
        push_replaced(&whole[range.clone()], &mut written);
        done = range.end;
    }
    written += &whole[done..];
    Cow::Owned(written)
}

/// The spans of all keys and texts in double quotes, in the order of the text.
fn double_quoted(node: &Node, text: &Text<'_>, spans: &mut Vec<Span>) {
    match &node.kind {
        NodeKind::Text(scalar) if scalar.style == Style::DoubleQuoted => spans.push(node.span),
        NodeKind::List(items) => {
            for item in items {
                double_quoted(item, text, spans);
            }
        }
        NodeKind::Map(entries) => {
            for entry in entries {
                if text.as_str()[text.offsets(entry.key_span)].starts_with('"') {
                    spans.push(entry.key_span);
                }
                double_quoted(&entry.value, text, spans);
            }
        }
        _ => {}
    }
}

fn push_replaced(scalar: &str, written: &mut String) {
    let mut rest = scalar;
    while let Some(at) = rest.find('\\') {
        written.push_str(&rest[..at]);
        rest = &rest[at..];
        let (escape, length) = if let Some(character) = pair(rest) {
            (format!("\\U{:08X}", u32::from(character)), 12)
        } else {
            // Two characters at once, so that the second of `\\` begins no escape.
            let length = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
            (rest[..length].to_owned(), length)
        };
        written.push_str(&escape);
        rest = &rest[length..];
    }
    written.push_str(rest);
}

/// The character of two escapes that begin here.
fn pair(rest: &str) -> Option<char> {
    let unit = |at: usize| {
        let digits = rest.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    char::decode_utf16([unit(0)?, unit(6)?])
        .next()?
        .ok()
        .filter(|character| u32::from(*character) > 0xffff)
}
