//! What an escape spells: percent-encoded, in JSON (also JSON as a text in JSON), in HTML, in a form. One character
//! at a time. Knows nothing of secrets.

use super::entities;

/// How many backslashes are read as one run: a quote that is a text in JSON five times over has fewer.
const LONGEST_RUN: usize = 32;
/// How often the `%` or the `&` of an escape may be escaped itself.
const DEEPEST: usize = 5;
/// How many digits `&#…;` may have, zeros in front included.
const MOST_DIGITS: usize = 10;

/// The bytes with which an escape begins.
pub(super) const BEGINNINGS: [u8; 4] = *b"%\\&+";

/// Tells `found` of every character that an escape which begins here may spell, and where it ends then. Which one
/// is meant depends on who wrote it: `\\n` is a backslash and an `n`, or a line end in JSON that is a text in JSON.
///
/// Gives the next place that is worth a look: the end of a run of backslashes, or the byte after this one.
pub(super) fn read(text: &[u8], at: usize, found: &mut impl FnMut(char, usize)) -> usize {
    match text[at] {
        b'%' => percent(text, at, found),
        b'\\' => return backslashes(text, at, found),
        b'&' => entity(text, at, found),
        b'+' => found(' ', at + 1),
        _ => {}
    }
    at + 1
}

/// `%C3%A9`, and `%25C3%25A9`.
fn percent(text: &[u8], at: usize, found: &mut impl FnMut(char, usize)) {
    let mut digits = at + 1;
    for _ in 0..=DEEPEST {
        let Some(byte) = hex(text, digits, 2).and_then(|byte| u8::try_from(byte).ok()) else {
            return;
        };
        if byte.is_ascii() {
            found(char::from(byte), digits + 2);
        } else if let Some((c, end)) = of_bytes(text, byte, digits + 2) {
            found(c, end);
        }
        if byte != b'%' {
            return;
        }
        digits += 2;
    }
}

/// The character whose UTF-8 begins with this byte, and goes on in percent-encoded ones.
fn of_bytes(text: &[u8], first: u8, mut at: usize) -> Option<(char, usize)> {
    let mut bytes = [first, 0, 0, 0];
    for count in 2..=4 {
        if text.get(at) != Some(&b'%') {
            return None;
        }
        at += 1;
        while text[at..].starts_with(b"25") {
            at += 2;
        }
        bytes[count - 1] = u8::try_from(hex(text, at, 2)?).ok()?;
        at += 2;
        if let Ok(whole) = std::str::from_utf8(&bytes[..count]) {
            return whole.chars().next().map(|c| (c, at));
        }
    }
    None
}

/// `\n`, `\"`, `\u00e9`, with as many backslashes as JSON within JSON has; and what a shell escapes.
fn backslashes(text: &[u8], at: usize, found: &mut impl FnMut(char, usize)) -> usize {
    let run = text[at..].iter().take(LONGEST_RUN);
    let run = run.take_while(|byte| **byte == b'\\').count();
    let mut half = 2;
    while half <= run {
        found('\\', at + half);
        half *= 2;
    }
    let after = at + run;
    match text.get(after) {
        Some(b'u') => {
            if let Some((c, end)) = of_units(text, after + 1) {
                found(c, end);
            }
        }
        Some(letter) => {
            if let Some(c) = control(*letter) {
                found(c, after + 1);
            } else if letter.is_ascii_punctuation() && *letter != b'\\' || *letter == b' ' {
                found(char::from(*letter), after + 1);
            }
        }
        None => {}
    }
    after
}

/// What a byte after a backslash means by itself; none where that depends on more.
pub(super) fn after_backslash(byte: u8) -> Option<char> {
    match byte {
        b'u' | b'\\' => None,
        letter => Some(control(letter).unwrap_or(char::from(letter))),
    }
}

/// The character of the UTF-16 unit whose digits stand here, and of a second one where it needs one.
fn of_units(text: &[u8], at: usize) -> Option<(char, usize)> {
    let first = hex(text, at, 4)?;
    if let Some(c) = char::from_u32(first) {
        return Some((c, at + 4));
    }
    let rest = text.get(at + 4..)?;
    let run = rest.iter().take(LONGEST_RUN);
    let run = run.take_while(|byte| **byte == b'\\').count();
    let digits = at + 4 + run + 1;
    if run == 0 || text.get(digits - 1) != Some(&b'u') {
        return None;
    }
    let units = [first, hex(text, digits, 4)?].map(|unit| u16::try_from(unit).unwrap_or_default());
    let c = char::decode_utf16(units).next()?.ok()?;
    Some((c, digits + 4))
}

const fn control(letter: u8) -> Option<char> {
    match letter {
        b'n' => Some('\n'),
        b'r' => Some('\r'),
        b't' => Some('\t'),
        b'b' => Some('\u{8}'),
        b'f' => Some('\u{c}'),
        _ => None,
    }
}

/// `&quot;`, `&#233;`, `&#xE9;`, and `&amp;quot;`.
fn entity(text: &[u8], at: usize, found: &mut impl FnMut(char, usize)) {
    let mut name = at + 1;
    for _ in 0..=DEEPEST {
        let rest = &text[name..];
        if let Some((c, length)) = number(rest).or_else(|| entities::named(rest)) {
            found(c, name + length);
        }
        if !rest.starts_with(b"amp;") {
            return;
        }
        name += b"amp;".len();
    }
}

/// `#233;` or `#xE9;`: the character and how long that is. The semicolon may be missing.
fn number(rest: &[u8]) -> Option<(char, usize)> {
    let (radix, from) = match rest {
        [b'#', b'x' | b'X', ..] => (16, 2),
        [b'#', ..] => (10, 1),
        _ => return None,
    };
    let digits = rest[from..].iter().take(MOST_DIGITS);
    let digits = digits
        .take_while(|byte| char::from(**byte).is_digit(radix))
        .count();
    let end = from + digits;
    let code = std::str::from_utf8(&rest[from..end]).ok()?;
    let c = char::from_u32(u32::from_str_radix(code, radix).ok()?)?;
    Some((c, end + usize::from(rest.get(end) == Some(&b';'))))
}

/// So many hexadecimal digits, in either case.
fn hex(text: &[u8], at: usize, digits: usize) -> Option<u32> {
    let digits = text.get(at..at + digits)?;
    digits.iter().try_fold(0, |value, digit| {
        Some(value * 16 + char::from(*digit).to_digit(16)?)
    })
}
