//! What stands in a template that its language does not have: operators of others, and names that no dot can stand before.

use crate::template::spelled;

/// What to write for the operator of another language at a place, or just before it.
pub(super) fn operator(text: &str, at: usize) -> Option<&'static str> {
    let here = text[at..].trim_start();
    let before = text[..at].trim_end();
    let is = |operator: &str| {
        let half = &operator[..operator.len() / 2];
        here.starts_with(operator)
            || (here.starts_with(half) && before.ends_with(half))
            || before.ends_with(operator)
    };
    let is_turned = |operator: &str| {
        let second = &operator[1..];
        here.starts_with(operator) || (here.starts_with(second) && before.ends_with('='))
    };
    if is("&&") || here.starts_with('&') {
        Some("write `and` for `&&`")
    } else if is("||") {
        Some("write `or` for `||`")
    } else if is_turned("=>") {
        Some("write `>=` for `=>`")
    } else if is_turned("=<") {
        Some("write `<=` for `=<`")
    } else if is("==") || here.starts_with('=') {
        Some("compare with `==`")
    } else if here.starts_with('!') {
        Some("write `not` for `!`")
    } else if here.starts_with('?') {
        Some("write `this if condition else that`")
    } else {
        None
    }
}

/// Words that end a name, since they mean something themselves.
const WORDS: [&str; 7] = ["and", "or", "not", "in", "is", "if", "else"];

/// Names whose members have no blanks.
const OWN: [&str; 6] = ["inputs", "vars", "steps", "target", "run", "loop"];

/// What to write for a name with a letter or a blank that no name behind a dot can have, at that place: `c.Cédula`,
/// `c.Full name`.
pub(super) fn name(text: &str, at: usize) -> Option<String> {
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
    let here = &text[at..];
    let first = here.chars().next().filter(|c| is_of_name(*c))?;
    // Where the name begins, and what it is a member of.
    let head = text[..at].trim_end_matches(' ');
    let begins = head.trim_end_matches(is_of_name).len();
    let of = head[..begins].strip_suffix('.').map(|of| {
        let is_of_path = |c: char| c.is_ascii_alphanumeric() || "_.".contains(c);
        &of[of.trim_end_matches(is_of_path).len()..]
    });
    let Some(of) = of.filter(|of| !of.is_empty()) else {
        let is_foreign = !first.is_ascii() || !head[begins..].is_ascii();
        return is_foreign.then(|| {
            "a name with such a letter is read in brackets, as in `row['año']`".to_owned()
        });
    };
    let root = of.split('.').next().unwrap_or_default();
    let mut ends = at + here.find(|c| !is_of_name(c)).unwrap_or(here.len());
    let word = text[at..ends].to_lowercase();
    if WORDS.contains(&word.as_str()) {
        return (word != text[at..ends]).then(|| format!("write `{word}`, in small letters"));
    }
    while let Some(rest) = text[ends..].strip_prefix(' ') {
        let length = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
        if length == 0 || WORDS.contains(&&rest[..length]) {
            break;
        }
        ends += 1 + length;
    }
    let name = &text[begins..ends];
    let goes_on = text[ends..].starts_with(['.', '(', '[']) && name.contains(' ');
    let is_own = name.contains(' ') && OWN.contains(&root);
    if spelled::can_follow_a_dot(name) || goes_on || is_own {
        return None;
    }
    let what = if name.contains(' ') {
        "a name with a blank in it"
    } else {
        "a name with such a letter"
    };
    let written = spelled::member(of, name);
    Some(format!("{what} is read in brackets: `{written}`"))
}
