//! Tokens that somebody wrote into a file that goes to git.

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::document::{Entry, NodeKind};
use crate::source::{Source, Span};

/// What the names of keys hold whose values are to stay secret.
const SECRET_WORDS: [&str; 6] = [
    "token",
    "password",
    "secret",
    "api_key",
    "api-key",
    "authorization",
];

/// Whether an entry looks like a token that somebody wrote down where none may stand.
pub fn is_token(entry: &Entry) -> bool {
    let could_be = match &entry.value.kind {
        NodeKind::Text(scalar) => !scalar.text.contains("{{") && !scalar.text.trim().is_empty(),
        NodeKind::Number(_) => true,
        _ => false,
    };
    let key = entry.key.to_lowercase();
    let names_a_secret = SECRET_WORDS.iter().any(|word| key.contains(word));
    could_be && (names_a_secret || nearest(&key, ["token"]).is_some())
}

/// What looks like tokens in an entry that means nothing: its value, or what stands in it (`headers`, `auth`).
pub(super) fn tokens_in(entry: &Entry) -> Vec<Span> {
    if is_token(entry) {
        return vec![entry.value.span];
    }
    let below = entry.value.entries().unwrap_or_default();
    below.iter().flat_map(tokens_in).collect()
}

/// The finding about a token that stands in a file.
pub fn literal_token(source: &Arc<Source>, span: Span) -> Diagnostic {
    Diagnostic::error(
        Code::LiteralToken,
        "a token must not be written into a file that goes to git",
    )
    .at(source, span)
    .help(
        "name where it is kept, in voxplay.yaml: `token: { env: WOLKVOX_TOKEN }` or `token: { file: PATH }`; and have the CRM make a new one if this one was ever committed",
    )
}
