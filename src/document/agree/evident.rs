//! A third reader, of the part of YAML that nobody can read in two ways: block mappings and lists, one scalar or one
//! flow collection a line. Most playbooks are of it from end to end, and it reads them in a tenth of the time.
//!
//! It only ever says that it found the same values. Where a text goes beyond that part, or it finds something else,
//! it says nothing, and `serde_yaml` is asked.

use crate::document::{Entry, Node, NodeKind};

/// No key is longer, in bytes: YAML readers have a limit for keys on one line (YAML 1.2.2, section 7.4.2).
const LONGEST_KEY: usize = 128;

/// Whether the text is evident from end to end, and the tree holds what it says.
pub(super) fn is_same(text: &str, root: &Node) -> bool {
    if !is_harmless(text) {
        return false;
    }
    let mut lines = Lines {
        rest: text.lines(),
        line: None,
    };
    lines.advance();
    lines.block(0, root) == Some(()) && lines.line.is_none()
}

/// No tab, no other control character, nothing that some readers take for the end of a line.
fn is_harmless(text: &str) -> bool {
    let is_ordinary = |byte| matches!(byte, b' '..=b'~' | b'\n' | 0x80..);
    let is_letter = |character: char| {
        character.is_alphanumeric()
            || matches!(
                character,
                '¡' | '¿' | '–' | '—' | '…' | '’' | '“' | '”' | '°' | '€'
            )
    };
    text.bytes().all(is_ordinary)
        && (text.is_ascii()
            || text
                .chars()
                .filter(|character| !character.is_ascii())
                .all(is_letter))
}

/// The lines that are neither blank nor comments, from the present one on.
struct Lines<'t> {
    rest: std::str::Lines<'t>,
    /// The column where what is left of the present line begins, and what that is.
    line: Option<(usize, &'t str)>,
}

impl<'t> Lines<'t> {
    fn advance(&mut self) {
        self.line = self.rest.by_ref().find_map(|line| {
            let content = line.trim_start_matches(' ');
            let is_content = !content.is_empty() && !content.starts_with('#');
            is_content.then(|| (line.len() - content.len(), content.trim_end_matches(' ')))
        });
    }

    /// What is left of the present line, where it begins at this column.
    fn at(&self, column: usize) -> Option<&'t str> {
        let (start, content) = self.line?;
        (start == column).then_some(content)
    }

    /// After a scalar, a line further in would belong to it.
    fn is_back_at(&self, column: usize) -> Option<()> {
        self.line
            .is_none_or(|(start, _)| start <= column)
            .then_some(())
    }

    /// A block collection at this column.
    fn block(&mut self, column: usize, node: &Node) -> Option<()> {
        match &node.kind {
            NodeKind::List(items) => self.list(column, items),
            NodeKind::Map(entries) => self.map(column, entries),
            _ => None,
        }
    }

    fn list(&mut self, column: usize, items: &[Node]) -> Option<()> {
        for item in items {
            let content = self.at(column)?.strip_prefix("- ")?;
            if split_key(content).is_some() {
                // The first entry of a mapping that goes on below its key.
                self.line = Some((column + 2, content));
                self.block(column + 2, item)?;
            } else {
                is_inline(content, item)?;
                self.advance();
            }
            self.is_back_at(column)?;
        }
        // A list may stand as far out as the key that it belongs to.
        let is_over = self
            .at(column)
            .is_none_or(|content| !content.starts_with('-'));
        (is_over && !items.is_empty()).then_some(())
    }

    fn map(&mut self, column: usize, entries: &[Entry]) -> Option<()> {
        for entry in entries {
            let (key, value) = split_key(self.at(column)?)?;
            if key != entry.key {
                return None;
            }
            self.advance_past(column, value, &entry.value)?;
            self.is_back_at(column)?;
        }
        (self.at(column).is_none() && !entries.is_empty()).then_some(())
    }

    /// The value of a key at this column, which stands behind it or on the lines below.
    fn advance_past(&mut self, column: usize, value: &str, node: &Node) -> Option<()> {
        self.advance();
        if !value.is_empty() {
            return is_inline(value, node);
        }
        match self.line {
            Some((start, _)) if start > column => self.block(start, node),
            Some((start, content)) if start == column && content.starts_with("- ") => {
                self.block(column, node)
            }
            _ => (node.kind == NodeKind::Null).then_some(()),
        }
    }
}

/// A plain key and what stands behind its colon.
fn split_key(content: &str) -> Option<(&str, &str)> {
    let (key, rest) = content.split_once(':')?;
    let value = match rest.strip_prefix(' ') {
        Some(value) => value.trim_start_matches(' '),
        None if rest.is_empty() => rest,
        None => return None,
    };
    let is_plain = |character: char| character.is_alphanumeric() || " _-.".contains(character);
    let is_key = key.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && key.chars().all(is_plain)
        && !key.ends_with(' ')
        && key.len() <= LONGEST_KEY
        && !is_special(key);
    (is_key && !value.starts_with('#')).then_some((key, value))
}

/// Words that YAML readers take, or once took, for something else than text.
fn is_special(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity",
    ];
    word.len() <= 8
        && WORDS
            .iter()
            .any(|special| special.eq_ignore_ascii_case(word))
}

/// A value on one line, from here to its end.
fn is_inline(content: &str, node: &Node) -> Option<()> {
    let rest = match content.as_bytes().first()? {
        b'"' | b'\'' | b'{' | b'[' => flow(content, node)?,
        _ => {
            let (scalar, rest) = content.split_at(content.find(" #").unwrap_or(content.len()));
            let scalar = scalar.trim_end_matches(' ');
            is_plain(scalar, node, |scalar| {
                !scalar.contains(": ") && !scalar.ends_with(':')
            })?;
            rest
        }
    };
    let is_comment = rest.starts_with(' ') && rest.trim_start_matches(' ').starts_with('#');
    (rest.is_empty() || is_comment).then_some(())
}

/// A scalar without quotes: a word or more, `true`, `false`, or a whole number.
fn is_plain(scalar: &str, node: &Node, is_text: impl Fn(&str) -> bool) -> Option<()> {
    let is_same = match &node.kind {
        NodeKind::Bool(flag) => scalar == if *flag { "true" } else { "false" },
        NodeKind::Number(number) => {
            let is_whole = scalar.bytes().all(|byte| byte.is_ascii_digit())
                && (1..=18).contains(&scalar.len())
                && (scalar == "0" || !scalar.starts_with('0'));
            is_whole && number.as_str() == scalar
        }
        NodeKind::Text(text) => {
            scalar.starts_with(char::is_alphabetic)
                && !is_special(scalar)
                && is_text(scalar)
                && text.text == scalar
        }
        _ => false,
    };
    is_same.then_some(())
}

/// A text in quotes or a flow collection, and what is left behind it.
fn flow<'t>(content: &'t str, node: &Node) -> Option<&'t str> {
    match (content.as_bytes().first()?, &node.kind) {
        (quote @ (b'"' | b'\''), NodeKind::Text(text)) => {
            let quote = char::from(*quote);
            let (inside, rest) = content[1..].split_once(quote)?;
            // Escapes are left to others; `''` is one.
            let is_evident = !inside.contains('\\') && !rest.starts_with(quote);
            (is_evident && inside == text.text).then_some(rest)
        }
        (b'[', NodeKind::List(items)) => {
            let mut rest = content[1..].trim_start_matches(' ');
            for (number, item) in items.iter().enumerate() {
                rest = element(after_comma(rest, number)?, item)?;
            }
            rest.trim_start_matches(' ').strip_prefix(']')
        }
        (b'{', NodeKind::Map(entries)) => {
            let mut rest = content[1..].trim_start_matches(' ');
            for (number, entry) in entries.iter().enumerate() {
                let (key, value) = split_key(after_comma(rest, number)?)?;
                if key != entry.key {
                    return None;
                }
                rest = element(value, &entry.value)?;
            }
            rest.trim_start_matches(' ').strip_prefix('}')
        }
        _ => None,
    }
}

/// What stands before an element of a flow collection is passed over.
fn after_comma(rest: &str, number: usize) -> Option<&str> {
    if number == 0 {
        return Some(rest);
    }
    let rest = rest.trim_start_matches(' ').strip_prefix(", ")?;
    Some(rest.trim_start_matches(' '))
}

/// A value in a flow collection, and what is left behind it.
fn element<'t>(content: &'t str, node: &Node) -> Option<&'t str> {
    if content.starts_with(['"', '\'', '{', '[']) {
        return flow(content, node);
    }
    let (scalar, rest) = content.split_at(content.find([',', '}', ']'])?);
    let is_word = |character: char| character.is_alphanumeric() || " _-./".contains(character);
    is_plain(scalar.trim_end_matches(' '), node, |scalar| {
        scalar.chars().all(is_word)
    })?;
    Some(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::document::text::Text;
    use crate::document::{agree, compose};
    use crate::source::Source;

    /// Whether the text needs no `serde_yaml`, which finds the same wherever that is so; none where it is no YAML.
    fn is_evident(text: &str) -> Option<bool> {
        let source = Source::new("play.yaml", text);
        let text = Text::new(&source);
        let root = compose::compose(&text).ok()??;
        let is_evident = super::is_same(text.as_str(), &root);
        if is_evident && let Err(finding) = agree::with_serde_yaml(&text, &root) {
            panic!("{:?}: {finding:?}", source.text());
        }
        Some(is_evident)
    }

    #[test]
    fn plain_texts_are_evident() {
        for text in [
            "a: b",
            "a: b # c",
            "# c\n\na:\n  b: \"c: # d\" # e\n  f:\n  g: 'h'\n",
            "a:\n- b\n- c: d\n  e: 0\n- 12\nf: true",
            "a:\n  - b\n  # c\n  - c: d\n\n    e: { f: [1, \"2\", { }], g h: i j }\n",
            "a: []\nb: {}\nc: [ x , z ]",
            "Última gestión: Peña & Cía, \"S. A.\" {1} [2] a:b https://c/d#e\n",
            "when: steps.a.ok > 1 and b == \"c\"\n",
            "a:\n    b:\n     - c:\n        - d: e\n",
        ] {
            assert_eq!(is_evident(text), Some(true), "{text:?}");
        }
    }

    #[test]
    fn what_needs_a_second_thought_is_not() {
        for text in [
            "a: b\n  c",
            "- b\n  c\n",
            "a:\n  b\n",
            "a: 'it''s'",
            "a: \"\\x41\"",
            "a: \"b\n  c\"",
            "a: |\n  b\n",
            "a: 1.0",
            "a: -1",
            "a: 1234567890123456789",
            "a: yes",
            "a: Null",
            "a: [b: c]",
            "a: {b, c}",
            "a: [b,]",
            "a: {b: }",
            "a: [b#c]",
            "no: b",
            "\"a\": b",
            "a: &b c",
            "a: !b c",
            "---\na: b",
            "a:\n-  b",
            "a:\n- - b",
            "a:\n-\n  b",
            "a: b\u{a0}c",
            "a: b\r\n",
            "a",
        ] {
            assert_ne!(is_evident(text), Some(true), "{text:?}");
        }
    }

    #[test]
    fn another_tree_is_never_the_same() {
        let texts = [
            "a: b",
            "a: c",
            "a: [b]",
            "a:\n  - b\n  - b",
            "a:\n- b",
            "b: b",
            "a: 1",
            "a: \"1\"",
            "a: true",
            "a:",
            "a: {}",
            "a: []",
            "a: { b: c }",
            "a: { b: c, d: e }",
            "a: b\nc: d",
            "- a: b",
        ];
        for one in texts {
            for other in texts {
                let (source, root) = (Source::new("a", one), Source::new("b", other));
                let root = compose::compose(&Text::new(&root)).ok().flatten().unwrap();
                let own = compose::compose(&Text::new(&source))
                    .ok()
                    .flatten()
                    .unwrap();
                let is_same = super::is_same(&format!("{one}\n"), &root);
                assert_eq!(
                    is_same,
                    own.to_value() == root.to_value(),
                    "{one:?} {other:?}"
                );
            }
        }
    }

    /// Pieces of lines of playbooks, and what may spoil them.
    const PIECES: &[&str] = &[
        "a: ",
        "b:",
        "b c: ",
        "- ",
        "-",
        "\n",
        "\n",
        "\n  ",
        "\n  ",
        "\n    ",
        "\n      ",
        "x",
        "y z",
        "ñ",
        "1",
        "0",
        "12",
        "-1",
        "1.5",
        "true",
        "no",
        "null",
        "\"q\"",
        "'q'",
        "\"",
        "'",
        "{ ",
        " }",
        "[",
        "]",
        ", ",
        ",",
        "{}",
        "[]",
        " # c",
        "#",
        ":",
        ": ",
        "&a ",
        "*a",
        "|\n  ",
        "\\n",
        "?",
        "? ",
        "!t ",
        " ",
        "@",
        "{{ x }}",
        "\"{{ x }}\"",
        "---\n",
        "<<: ",
        "=",
        "%",
        ">",
        "~",
        "\u{85}",
        "\u{2028}",
        "\t",
        "\r\n",
    ];

    /// Lines as people write them, which fit each other or not.
    fn lines() -> impl Strategy<Value = String> {
        let indent = prop::sample::select(vec!["", "", "  ", "  ", "    "]);
        let dash = prop::sample::select(vec!["", "", "- "]);
        let key = prop::sample::select(vec!["a:", "b c:", "d: ", "e: ", "f: ", ""]);
        let value = prop::sample::select(vec![
            "",
            "",
            "x y",
            "\"z\"",
            "'z'",
            "7",
            "true",
            "{ g: h, i: [1, j] }",
            "[]",
            "x: y",
            "no",
            "|",
            "x # c",
        ]);
        let line = (indent, dash, key, value)
            .prop_map(|(indent, dash, key, value)| format!("{indent}{dash}{key}{value}\n"));
        prop::collection::vec(line, 1..6).prop_map(|lines| lines.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn where_it_is_evident_readers_agree(
            pieces in prop::collection::vec(prop::sample::select(PIECES), 0..14),
            lines in lines(),
        ) {
            is_evident(&pieces.concat());
            is_evident(&lines);
        }
    }
}
