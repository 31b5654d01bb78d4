//! Words that are names which templates can read, and the nearest name to one that is none.

use super::findings::Findings;
use crate::diagnostic::Code;
use crate::source::Span;

/// Whether a word can be a name that templates read: letters, digits and `_`, not first a digit.
pub fn is_name(word: &str) -> bool {
    let mut bytes = word.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The letter that a Spanish word would have without an accent.
const fn without_accent(letter: char) -> char {
    match letter {
        'á' => 'a',
        'é' => 'e',
        'í' => 'i',
        'ó' => 'o',
        'ú' | 'ü' => 'u',
        'ñ' => 'n',
        'Á' => 'A',
        'É' => 'E',
        'Í' => 'I',
        'Ó' => 'O',
        'Ú' | 'Ü' => 'U',
        'Ñ' => 'N',
        other => other,
    }
}

/// The nearest name to a word that may be none.
pub fn name_for(word: &str) -> String {
    let mut better: String = word
        .chars()
        .map(|c| {
            let plain = without_accent(c);
            if plain.is_ascii_alphanumeric() {
                plain
            } else {
                '_'
            }
        })
        .collect();
    if better.starts_with(|c: char| c.is_ascii_digit()) {
        better.insert_str(0, "n_");
    }
    better
}

/// Reports a word that cannot be a name, with one that could.
pub fn check_name(word: &str, span: Span, what: &str, findings: &mut Findings) -> bool {
    if is_name(word) {
        return true;
    }
    let better = name_for(word);
    findings
        .error(
            Code::InvalidValue,
            span,
            format!("{what} `{word}` cannot be read by a template"),
        )
        .help = Some(format!(
        "use letters, digits and `_`, and no digit first: `{better}`"
    ));
    false
}
