//! What YAML allows and playbooks do not use, in words: one function a finding.

use std::ops::Range;

use super::plain;
use super::read::MAX_DEPTH;
use super::text::Text;
use super::{Entry, Node, NodeKind, Scalar, Style};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// Nesting beyond [`MAX_DEPTH`].
pub(super) fn too_deep(text: &Text<'_>, at: usize) -> Diagnostic {
    text.error(
        Code::YamlFeature,
        text.character(at),
        format!("lists and mappings are nested deeper than {MAX_DEPTH}"),
    )
    .help("no part of a playbook needs that; look for brackets that are not closed")
}

/// A `---` after the first document.
pub(super) fn second_document(text: &Text<'_>, range: &Range<usize>) -> Diagnostic {
    text.error(
        Code::YamlFeature,
        text.span(range.start, range.start + 3),
        "a file holds one document, and a second one begins here",
    )
    .help("remove the line `---`, or move what follows it to a file of its own")
}

/// `!tag`
pub(super) fn tag(text: &Text<'_>, written: &str, range: &Range<usize>) -> Diagnostic {
    text.error(
        Code::YamlFeature,
        text.span(range.start, range.end),
        format!("tags such as `{written}` are not used here"),
    )
    .help(if names_a_value(written) {
        format!(
            "a condition is turned round with `not`: write `not {}`",
            &written[1..]
        )
    } else {
        "remove the tag; put the value in quotes if it is text".to_owned()
    })
}

/// Whether what looks like a tag is one of the names that conditions begin with, turned round as other languages do.
fn names_a_value(written: &str) -> bool {
    let names = ["!inputs.", "!vars.", "!steps.", "!response."];
    names.iter().any(|name| written.starts_with(name))
}

/// `&anchor` or `*alias`
pub(super) fn anchor_or_alias(text: &Text<'_>, range: &Range<usize>) -> Diagnostic {
    let written = &text.as_str()[range.clone()];
    text.error(
        Code::YamlFeature,
        text.span(range.start, range.end),
        format!("anchors and aliases such as `{written}` are not used here"),
    )
    .help("write the value out (a playbook can keep it in a variable); put it in quotes if it is text")
}

/// A plain scalar that is a number for some readers only, or in a spelling that readers lose.
pub(super) fn ambiguous(text: &Text<'_>, span: Span, value: &str) -> Diagnostic {
    text.error(
        Code::AmbiguousScalar,
        span,
        format!(
            "`{value}` without quotes is a number to some readers of YAML, and may lose characters"
        ),
    )
    .help(plain::remedy(value))
}

/// `- item` under a text continues the text, which nobody who writes it means.
pub(super) fn list_in_text(text: &Text<'_>, range: &Range<usize>) -> Option<Diagnostic> {
    let mut at = range.start;
    for line in text.as_str()[range.clone()].split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        if at > range.start && line[indent..].starts_with("- ") {
            let span = text.span(at + indent, at + line.trim_end().len());
            let message =
                "this looks like a list item, but it continues the text of the line above";
            return Some(text.error(Code::AmbiguousScalar, span, message).help(
                "give it the column of the other items, or remove the text after the key above; \
                 put the whole text in quotes if it is one",
            ));
        }
        at += line.len();
    }
    None
}

/// Each key that stands in the mapping already.
pub(super) fn duplicates(text: &Text<'_>, entries: &[Entry]) -> Vec<Diagnostic> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|index| &entries[*index].key);
    let mut found = Vec::new();
    for same in order.chunk_by(|one, other| entries[*one].key == entries[*other].key) {
        for index in &same[1..] {
            let Entry { key, key_span, .. } = &entries[*index];
            let line = text.line_number(entries[same[0]].key_span);
            let message = format!("the key `{key}` stands twice in this mapping");
            found.push(
                text.error(Code::DuplicateKey, *key_span, message)
                    .label(format!("first written in line {line}"))
                    .help("keep one of the two"),
            );
        }
    }
    found
}

/// What is wrong with a key; none for text.
pub(super) fn key(text: &Text<'_>, node: &Node) -> Option<Diagnostic> {
    let (code, message, help) = match &node.kind {
        NodeKind::Text(Scalar {
            text,
            style: Style::Plain,
        }) if text == "<<" => (
            Code::YamlFeature,
            "merge keys (`<<`) are not used here".to_owned(),
            "write the keys out".to_owned(),
        ),
        NodeKind::Text(_) => return None,
        NodeKind::Null if node.span.start == node.span.end => (
            Code::YamlSyntax,
            "a key is missing".to_owned(),
            "write `key: value`; put a text that begins with `:` or `?` in quotes".to_owned(),
        ),
        NodeKind::List(_) | NodeKind::Map(_) => (
            Code::YamlFeature,
            format!("a key must be text, and this is {}", node.type_words()),
            "put the key in quotes if it is text".to_owned(),
        ),
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) => {
            let written = &text.as_str()[text.offsets(node.span)];
            let words = match node.kind {
                NodeKind::Null => "null",
                _ => node.type_words(),
            };
            (
                Code::AmbiguousScalar,
                format!("a key must be text, and `{written}` is {words}"),
                format!("write it in quotes: {}", plain::quoted(written)),
            )
        }
    };
    Some(text.error(code, node.span, message).help(help))
}
