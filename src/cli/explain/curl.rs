//! A request as a curl command for a shell. It never holds a token: the shell puts it in. What is secret is masked
//! before it is quoted, since the masker does not know every way in which a shell spells a JSON text.

use std::fmt::Write as _;
use std::path::Path;

use super::super::open::shown;
use crate::action::TargetFacts;
use crate::project::TokenSource;
use crate::report::plan::url;
use crate::request::{Body, Part, PartContent, Request};
use crate::secret::Masker;

/// The command, over several lines.
pub(super) fn command(
    request: &Request,
    target: &TargetFacts,
    token: TokenWords<'_>,
    masker: &Masker,
) -> String {
    let mut words = vec![
        format!("curl --request {}", request.method.as_str()),
        quoted(&url(target, request, masker)),
        format!("--header \"Wolkvox-Token: {}\"", token.in_shell()),
    ];
    match &request.body {
        Body::None => {}
        Body::Json(text) => {
            words.push("--header 'Content-Type: application/json'".to_owned());
            words.push(format!(
                "--data-raw {}",
                quoted(&masker.mask_json_text(text.as_str()))
            ));
        }
        Body::Multipart(parts) => {
            // The way in which PHP reads quotes in names, and in which a run writes them.
            if parts.iter().any(is_escaped) {
                words.push("--form-escape".to_owned());
            }
            words.extend(parts.iter().map(|one| part(one, masker)));
        }
    }
    // A bracket in the address means itself.
    if words[1].contains(['[', '{']) {
        words.insert(1, "--globoff".to_owned());
    }
    words.join(" \\\n  ")
}

/// Where the shell takes the token from.
#[derive(Clone, Copy)]
pub(super) struct TokenWords<'t> {
    /// Where it is kept; none for the sandbox.
    pub(super) source: Option<&'t TokenSource>,
    /// The folder that its path begins in.
    pub(super) root: &'t Path,
}

impl TokenWords<'_> {
    fn in_shell(self) -> String {
        match self.source {
            Some(TokenSource::Env(name)) => format!("${name}"),
            Some(TokenSource::File(path)) => {
                let path = shown(&self.root.join(path));
                format!("$(cat {})", quoted(&path))
            }
            None => "$SANDBOX_TOKEN".to_owned(),
        }
    }
}

/// Whether a name of a part holds what must be escaped in a header.
fn is_escaped(part: &Part) -> bool {
    let of_file = match &part.content {
        PartContent::File(file) => file.name(),
        PartContent::Text(_) => "",
    };
    part.name.contains(['"', '\\']) || of_file.contains(['"', '\\'])
}

fn part(part: &Part, masker: &Masker) -> String {
    let name_of_part = masker.mask(&part.name);
    match &part.content {
        // Unlike --form, --form-string finds no meaning in `@`, `<` and `;`.
        PartContent::Text(text) => {
            let text = masker.mask(text);
            format!(
                "--form-string {}",
                quoted(&format!("{name_of_part}={text}"))
            )
        }
        PartContent::File(file) => {
            let path = in_quotes(&masker.mask(&shown(file.path())));
            let name = in_quotes(&masker.mask(file.name()));
            let media_type = file.media_type();
            let form = format!("{name_of_part}=@{path};filename={name};type={media_type}");
            format!("--form {}", quoted(&form))
        }
    }
}

/// A name inside the value of `--form`, where curl takes a backslash for an escape.
fn in_quotes(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A word of a shell that stands for exactly this text. What could steer a terminal is written as an escape.
pub(in crate::cli) fn quoted(text: &str) -> String {
    if !text.chars().any(char::is_control) {
        return format!("'{}'", text.replace('\'', "'\\''"));
    }
    let mut word = String::from("$'");
    for c in text.chars() {
        match c {
            '\\' => word.push_str("\\\\"),
            '\'' => word.push_str("\\'"),
            '\n' => word.push_str("\\n"),
            c if c.is_control() => {
                // Byte by byte, so that the locale of the shell does not matter.
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(word, "\\x{byte:02x}");
                }
            }
            c => word.push(c),
        }
    }
    word.push('\'');
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_means_itself() {
        assert_eq!(quoted("it's $HOME `x`"), "'it'\\''s $HOME `x`'");
        assert_eq!(quoted("it's\r\n\\"), "$'it\\'s\\x0d\\n\\\\'");
        assert_eq!(in_quotes("a\"b\\c"), "\"a\\\"b\\\\c\"");
    }
}
