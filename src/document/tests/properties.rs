use proptest::prelude::*;

use super::source;
use crate::document::{Node, NodeKind, read};
use crate::source::{Source, Span};

fn fits(source: &Source, span: Span) {
    let text = source.text();
    assert!(
        span.start <= span.end && span.end <= text.len(),
        "{span:?} in {text:?}"
    );
    assert!(
        text.is_char_boundary(span.start) && text.is_char_boundary(span.end),
        "{span:?} in {text:?}"
    );
}

fn spans_fit(source: &Source, node: &Node) {
    fits(source, node.span);
    match &node.kind {
        NodeKind::List(items) => {
            for item in items {
                assert!(node.span.contains(item.span), "{:?}", source.text());
                spans_fit(source, item);
            }
        }
        NodeKind::Map(entries) => {
            for entry in entries {
                fits(source, entry.key_span);
                assert!(node.span.contains(entry.key_span), "{:?}", source.text());
                assert!(node.span.contains(entry.value.span), "{:?}", source.text());
                spans_fit(source, &entry.value);
            }
        }
        NodeKind::Text(scalar) => fits(source, node.span_of(source, 0..scalar.text.len())),
        _ => {}
    }
}

fn check(text: &str) {
    let source = source(text);
    match read(&source) {
        Ok(document) => spans_fit(&source, &document.root),
        Err(findings) => {
            assert!(!findings.is_empty());
            for finding in findings {
                let place = finding
                    .place
                    .as_ref()
                    .expect("a finding in a text has a place");
                fits(&source, place.span);
                assert!(!finding.message.ends_with('.') && finding.help.is_some());
            }
        }
    }
}

/// Pieces that make YAML, or nearly.
const PIECES: &[&str] = &[
    "a",
    "b: ",
    "key: ",
    "- ",
    "\n",
    "\n  ",
    "\n    ",
    "\n\t",
    ": ",
    ":",
    "|",
    ">",
    "|-\n  ",
    ">2\n",
    "'",
    "\"",
    "''",
    "\\n",
    "\\",
    "[",
    "]",
    "{",
    "}",
    "{{ x }}",
    "{% if %}",
    ", ",
    "#",
    " # c",
    "&a ",
    "*a",
    "!t ",
    "!!str ",
    "? ",
    "<<: ",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "1",
    "+5",
    "0x1F",
    "1e400",
    "~",
    "null",
    "true",
    "ñ",
    "漢",
    "😀",
    "\u{feff}",
    "\r\n",
    "\r",
    "\u{85}",
    "\u{2028}",
    "\0",
    "\t",
    " ",
    "  ",
    "@",
    "`",
    "%",
    "=",
    "-",
    "\u{a0}",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused_with_places(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn anything_like_yaml_is_read_or_refused_with_places(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..24)
    ) {
        check(&pieces.concat());
    }
}
