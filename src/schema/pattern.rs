//! Why a text is no regular expression, for the mistakes that people make. The validator only says that it is none.

/// What is wrong with it; none where that takes more than a look at its brackets.
pub(super) fn fault(pattern: &str) -> Option<String> {
    let mut open: Vec<char> = Vec::new();
    let mut letters = pattern.chars().peekable();
    let mut repeats = false;
    while let Some(letter) = letters.next() {
        let in_class = open.last() == Some(&'[');
        let could_repeat = std::mem::replace(&mut repeats, !matches!(letter, '(' | '|'));
        match letter {
            '\\' => match letters.next() {
                Some(_) => {}
                None => return Some("nothing stands behind the last `\\`".to_owned()),
            },
            ']' if in_class => {
                open.pop();
            }
            _ if in_class => {}
            '[' => {
                open.push('[');
                // There, a bracket that closes is a letter, and so is one behind `^`.
                letters.next_if_eq(&'^');
                letters.next_if_eq(&']');
            }
            '(' => {
                open.push('(');
                // `(?:`, `(?=` and others: the mark repeats nothing.
                letters.next_if_eq(&'?');
            }
            ')' => match open.pop() {
                Some(_) => {}
                None => return Some("a `)` closes nothing: write `\\)` for the letter".to_owned()),
            },
            '*' | '+' | '?' if !could_repeat => {
                return Some(format!(
                    "`{letter}` has nothing before it to repeat: write `\\{letter}` for the letter"
                ));
            }
            _ => {}
        }
    }
    let open = open.last()?;
    Some(format!(
        "a `{open}` is not closed: write `\\{open}` for the letter"
    ))
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn common_mistakes_are_named() {
        for (pattern, wanted) in [
            ("(", "a `(` is not closed: write `\\(` for the letter"),
            ("a[b-", "a `[` is not closed: write `\\[` for the letter"),
            ("a)", "a `)` closes nothing: write `\\)` for the letter"),
            (
                "*a",
                "`*` has nothing before it to repeat: write `\\*` for the letter",
            ),
            (
                "a|+",
                "`+` has nothing before it to repeat: write `\\+` for the letter",
            ),
            ("a\\", "nothing stands behind the last `\\`"),
        ] {
            assert_eq!(fault(pattern).as_deref(), Some(wanted), "{pattern}");
        }
        for right in [
            r"^\S([\s\S]*\S)?$",
            "[]a]",
            "[^]a]",
            "(?:a|b)+?",
            r"\(",
            "a{2,3}",
            "",
        ] {
            assert_eq!(fault(right), None, "{right}");
        }
    }
}
