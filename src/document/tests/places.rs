use proptest::prelude::*;

use super::{document, source};
use crate::document::{Node, NodeKind, Scalar, read};
use crate::source::{Source, Span};

/// The only text in the document, wherever it is.
fn text_of(root: &Node) -> Option<(&Node, &Scalar)> {
    match &root.kind {
        NodeKind::Text(scalar) => Some((root, scalar)),
        NodeKind::List(items) => items.iter().find_map(text_of),
        NodeKind::Map(entries) => entries.iter().find_map(|entry| text_of(&entry.value)),
        _ => None,
    }
}

/// What a part of the only text in `text` is in the source, and where it begins.
fn place(text: &str, part: &str) -> (String, String) {
    let document = document(text);
    let (node, scalar) = text_of(&document.root).unwrap();
    let at = scalar.text.find(part).unwrap();
    let span = node.span_of(&document.source, at..at + part.len());
    (
        document.source.slice(span).to_owned(),
        document.source.position(span.start).to_string(),
    )
}

#[test]
fn parts_of_scalars_are_found_in_every_style() {
    for (text, part, shown, position) in [
        ("a: x {{ y }} z\n", "{{ y }}", "{{ y }}", "1:6"),
        ("a: x\n  y z\n", "z", "z", "2:5"),
        ("a: 'it''s {{ y }}'\n", "{{ y }}", "{{ y }}", "1:11"),
        ("a: 'it''s'\n", "'s", "''s", "1:7"),
        ("a: \"\\\"ñ\\\" {{ y }}\"\n", "{{ y }}", "{{ y }}", "1:11"),
        (
            "a: \"\\u00f1\\ud83d\\ude00x\"\n",
            "😀",
            "\\ud83d\\ude00",
            "1:11",
        ),
        ("a: \"x\\\n   y\"\n", "xy", "x\\\n   y", "1:5"),
        ("a: \"x\\ny\"\n", "\n", "\\n", "1:6"),
        ("- |\n  x\n    {{ y }}\n", "{{ y }}", "{{ y }}", "3:5"),
        ("- |2 # c | d\n   x\n  y\n", "y", "y", "3:3"),
        ("- |\n  x\n    y\n", "  y", "  y", "3:3"),
        ("- |\r\n  x\r\n  {{ y }}\r\n", "{{ y }}", "{{ y }}", "3:3"),
        (
            "a:\n  b: >-\n\n    x\n    {{ y }}\n\n    z",
            "z",
            "z",
            "7:5",
        ),
        (
            "a:\n  b: >-\n    x\n    {{ y }}\n",
            "x {{ y }}",
            "x\n    {{ y }}",
            "3:5",
        ),
        ("\u{feff}a: |\n x\n", "x", "x", "2:2"),
    ] {
        let expected = (shown.to_owned(), position.to_owned());
        assert_eq!(place(text, part), expected, "{text:?}");
    }
}

#[test]
fn ends_and_ranges_beyond_the_text_have_a_place_inside_the_node() {
    let document = document("a: 'xy' # c\n");
    let node = document.root.get("a").unwrap();
    assert_eq!(node.span_of(&document.source, 2..2), Span::new(6, 6));
    assert_eq!(node.span_of(&document.source, 0..0), Span::new(4, 4));
    for range in [0..99, 99..99, 1..99] {
        assert!(node.span.contains(node.span_of(&document.source, range)));
    }
    let number = super::document("a: 12");
    let node = number.root.get("a").unwrap();
    assert_eq!(node.span_of(&number.source, 0..1), node.span);
}

/// Checks each character that is not white space: the whole node in its place would not do.
fn check_every_character(source: &Source, node: &Node, scalar: &Scalar) {
    for (at, character) in scalar.text.char_indices() {
        let span = node.span_of(source, at..at + character.len_utf8());
        assert!(node.span.contains(span));
        if character.is_ascii_whitespace() {
            continue;
        }
        let written = source.slice(span);
        let is_same = written.chars().eq([character]);
        let is_escape = written.starts_with('\\') || (character == '\'' && written == "''");
        assert!(
            is_same || is_escape,
            "{character:?} at {at} became {written:?} in {:?}",
            source.text()
        );
    }
}

fn pieces(extra: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    let common = [
        "a", "ñ", "漢", "😀", "{{ x }}", " ", "  ", "b-c", ":", "#", "%", "\t", "é,",
    ];
    let all: Vec<&str> = common.iter().chain(extra).copied().collect();
    prop::collection::vec(prop::sample::select(all), 1..30)
}

/// Whether the text was accepted; if so all its characters were found.
fn holds(text: &str) -> bool {
    let source = source(text);
    let Ok(document) = read(&source) else {
        return false;
    };
    let Some((node, scalar)) = text_of(&document.root) else {
        return false;
    };
    check_every_character(&source, node, scalar);
    true
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, max_global_rejects: 60_000, ..ProptestConfig::default() })]

    #[test]
    fn plain(parts in pieces(&["\n  ", "\n\n   "])) {
        prop_assume!(holds(&format!("k:\n  - a{}\n", parts.concat())));
    }

    #[test]
    fn single_quoted(parts in pieces(&["''", "\n  ", "\n\n    ", "\"", "\\"])) {
        prop_assume!(holds(&format!("k: '{}'\n", parts.concat())));
    }

    #[test]
    fn double_quoted(parts in pieces(&["\\\"", "\\n", "\\x41", "\\u00f1", "\\ud83d\\ude00", "\\U0001F600", "\\\n  ", "\n  ", "\n\n ", "\\\\", "\\t", "'", "\\ ", "\\_", "\\N", "\\/"])) {
        prop_assume!(holds(&format!("k: \"{}\" # c\n", parts.concat())));
    }

    #[test]
    fn block(
        header in prop::sample::select(vec!["|", ">", "|-", ">-", "|+", ">+", "|2", ">2-", "| # c > d"]),
        parts in pieces(&["\n  ", "\n    ", "\n\n  ", "\n \n  ", "'", "\"", "\r\n  "]),
        after in prop::sample::select(vec!["", "\n", "\n\n\n", "\n# end | x\n", "\nl: 1\n"]),
    ) {
        prop_assume!(holds(&format!("k: {header}\n  {}{after}", parts.concat())));
    }
}
