//! Characters that no YAML reader, or only some, take for what they look like: refused before any parser.

use std::sync::Arc;

use super::read::MAX_FINDINGS;
use crate::diagnostic::{Code, Diagnostic};
use crate::scan;
use crate::source::{Source, Span};

/// The finding for each character of the source that may not stand in a file.
///
/// NEL, LS and PS are line breaks for readers of YAML 1.1 and text for those of 1.2; a lone carriage
/// return is a line break that editors and terminals do not show; YAML allows no other control characters.
pub(super) fn objections(source: &Arc<Source>) -> Vec<Diagnostic> {
    let text = source.text();
    let mut next = 0;
    let looked_at = std::iter::from_fn(|| {
        let at = next + scan::position(&text.as_bytes()[next..], may_begin_one)?;
        next = at + 1;
        Some(at)
    });
    looked_at
        .filter_map(|at| {
            let character = text[at..].chars().next()?;
            let name = wrong(character, at, &text[at + character.len_utf8()..])?;
            Some(objection(source, at, character, name))
        })
        .take(MAX_FINDINGS)
        .collect()
}

/// Whether a character that begins with this byte has to be looked at. No byte inside a character looks like that.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without branches, many bytes are looked at together"
)]
const fn may_begin_one(byte: u8) -> bool {
    let is_control = ((byte < 0x20) & (byte != b'\n')) | (byte == 0x7f);
    // U+0080 to U+00BF; U+2000 to U+2FFF; U+F000 to U+FFFF.
    is_control | (byte == 0xc2) | (byte == 0xe2) | (byte == 0xef)
}

/// What is wrong with a character, in words.
fn wrong(character: char, at: usize, rest: &str) -> Option<&'static str> {
    match character {
        '\r' if !rest.starts_with('\n') => Some("a carriage return without line feed"),
        '\t' | '\n' | '\r' => None,
        '\0' => Some("the zero byte"),
        '\u{85}' => Some("NEL, a line break for some readers only"),
        '\u{2028}' => Some("LS, a line break for some readers only"),
        '\u{2029}' => Some("PS, a line break for some readers only"),
        '\u{feff}' if at > 0 => Some("a byte order mark inside the text"),
        '\u{fffe}' | '\u{ffff}' => Some("not a character"),
        _ if character.is_control() => Some("a control character"),
        _ => None,
    }
}

fn objection(source: &Arc<Source>, at: usize, character: char, name: &str) -> Diagnostic {
    let number = u32::from(character);
    let help = if character == '\r' {
        "save the file with line feeds (LF) or CRLF as line ends".to_owned()
    } else {
        format!("remove it; where text needs it, write \\u{number:04X} inside double quotes")
    };
    Diagnostic::error(
        Code::YamlSyntax,
        format!("the character U+{number:04X} ({name}) cannot stand in a file"),
    )
    .at(source, Span::new(at, at + character.len_utf8()))
    .help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_that_is_wrong_is_looked_at() {
        let mut count = 0;
        for character in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
            let mut bytes = [0; 4];
            let first = character.encode_utf8(&mut bytes).as_bytes()[0];
            if wrong(character, 1, "").is_some() {
                count += 1;
                assert!(may_begin_one(first), "{character:?}");
            }
        }
        // 65 control characters without TAB and LF, two breaks, the mark, two that are none.
        assert_eq!(count, 65 - 2 + 5);
    }
}
