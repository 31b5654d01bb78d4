//! Text for people, whoever says it: harmless to a terminal, counted, timed, cut and wrapped into lines.

use std::fmt::Write as _;

/// Text that came from outside, without anything that could steer a terminal.
pub fn harmless(text: &str) -> String {
    if !text.chars().any(char::is_control) {
        return text.to_owned();
    }
    text.chars()
        .flat_map(|c| {
            if c.is_control() {
                c.escape_default().collect::<Vec<_>>()
            } else {
                vec![c]
            }
        })
        .collect()
}

/// `1 step`, `2 steps`.
pub fn plural(count: u64, what: &str) -> String {
    if count == 1 {
        format!("1 {what}")
    } else {
        format!("{count} {what}s")
    }
}

/// A duration in milliseconds as people say it.
pub fn duration(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        _ => match (milliseconds / 60_000, milliseconds % 60_000 / 1_000) {
            (minutes, 0) => format!("{minutes} min"),
            (minutes, seconds) => format!("{minutes} min {seconds} s"),
        },
    }
}

pub(super) fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(room.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Adds text in lines of at most `width` characters, each indented; a longer word stands alone.
pub(super) fn wrap_into(into: &mut String, text: &str, indent: usize, width: usize) {
    for line in wrap(text, width.saturating_sub(indent).max(20)) {
        let _ = writeln!(into, "{:indent$}{line}", "");
    }
}

/// Whether a word is the unit of the number before it: the two stay in one line.
fn is_unit_of(word: &str, before: &str) -> bool {
    let word = word.trim_end_matches([',', ';', ':', ')', '.']);
    let is_unit = matches!(word, "ms" | "s" | "min" | "h" | "B" | "KiB" | "MiB");
    is_unit && before.ends_with(|c: char| c.is_ascii_digit())
}

/// Text in lines of at most `room` characters, at least one line; a longer word stands alone, and so does a number with
/// its unit.
pub(crate) fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut line = String::new();
    let mut lines = Vec::new();
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match words.last_mut() {
            Some(before) if is_unit_of(word, before) => {
                before.push(' ');
                before.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    for word in &words {
        let longer = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && longer > room {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}
