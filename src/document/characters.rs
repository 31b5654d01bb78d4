//! Characters that no YAML reader, or only some, take for what they look like: refused before any parser.

use std::sync::Arc;

use super::read::MAX_FINDINGS;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Source, Span};

/// The finding for each character of the source that may not stand in a file.
///
/// NEL, LS and PS are line breaks for readers of YAML 1.1 and text for those of 1.2; a lone carriage
/// return is a line break that editors and terminals do not show; YAML allows no other control characters.
pub(super) fn objections(source: &Arc<Source>) -> Vec<Diagnostic> {
    let text = source.text();
    text.char_indices()
        .filter_map(|(at, character)| {
            let name = match character {
                '\r' if !text[at + 1..].starts_with('\n') => "a carriage return without line feed",
                '\t' | '\n' | '\r' => return None,
                '\0' => "the zero byte",
                '\u{85}' => "NEL, a line break for some readers only",
                '\u{2028}' => "LS, a line break for some readers only",
                '\u{2029}' => "PS, a line break for some readers only",
                '\u{feff}' if at > 0 => "a byte order mark inside the text",
                '\u{fffe}' | '\u{ffff}' => "not a character",
                _ if character.is_control() => "a control character",
                _ => return None,
            };
            Some(objection(source, at, character, name))
        })
        .take(MAX_FINDINGS)
        .collect()
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
