//! A string that cannot be printed or serialised, and the masking of such strings in any output.
//! Knows the encodings in which a secret may turn up; does not know where secrets come from.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, packed};
use secrecy::{ExposeSecret, SecretString};
mod encodings;
mod entities;
mod escapes;
mod names;
mod spelled;
mod values;

pub use names::{may_be, told_apart};
use spelled::Spelled;

/// What stands in an output where a secret stood.
const MASK: &str = "***";

/// A string that must not be shown. It has no `Display` and no `Serialize`; `Debug` prints `Secret(***)`.
/// Its memory is overwritten when it is dropped.
///
/// ```compile_fail
/// let token = voxplay::secret::Secret::new("made-up".to_owned());
/// println!("{token}");
/// ```
///
/// ```compile_fail
/// let token = voxplay::secret::Secret::new("made-up".to_owned());
/// serde_json::to_string(&token);
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes the text over. What is around it (a newline at the end of a token file) belongs to it: trim before.
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The text itself. Every caller is a place to review.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

impl From<&Secret> for Secret {
    fn from(secret: &Secret) -> Self {
        secret.clone()
    }
}

/// Replaces every occurrence of some secrets by `***`, in whichever encoding they stand: as they are, with any of their
/// characters percent-encoded or escaped for JSON or HTML, in base64 (also as a part of a longer text) and quoted for a
/// shell. Cheap to clone.
#[derive(Clone)]
pub struct Masker {
    /// `None` when there is nothing to mask.
    forms: Option<Arc<Forms>>,
}

/// Texts to look for.
struct Forms {
    texts: BTreeSet<String>,
    /// Says quickly whether one of them is there as it is; nearly always none is. Not every machine has it.
    glance: Option<packed::Searcher>,
    /// Says it where there is no glance. It is made when it is first needed.
    automaton: OnceLock<AhoCorasick>,
    /// Says where they are, however they are spelled.
    spelled: Spelled,
}

impl Forms {
    fn new(texts: BTreeSet<String>) -> Self {
        Self {
            glance: packed::Searcher::new(&texts),
            spelled: Spelled::new(texts.iter().map(String::as_str)),
            texts,
            automaton: OnceLock::new(),
        }
    }

    fn show_in(&self, text: &str) -> bool {
        let is_plain = match &self.glance {
            Some(glance) => glance.find(text).is_some(),
            None => self.automaton().is_match(text),
        };
        is_plain
            || self.spelled.may_be_escaped_in(text) && self.spelled.stretches(text).next().is_some()
    }

    /// # Panics
    /// When the texts together exceed what an automaton can address (gigabytes).
    fn automaton(&self) -> &AhoCorasick {
        self.automaton.get_or_init(|| {
            // The default for so few texts is a table that costs more to build than a short run takes to mask.
            AhoCorasick::builder()
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .build(&self.texts)
                .expect("secrets are far smaller than an automaton's limit of 2^31 states")
        })
    }
}

/// Where the text of JSON that begins with a quote ends.
fn end_of_text(json: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in json.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    json.len()
}

/// What is shorter would be found in half of all texts, in bytes.
const SHORTEST_TRIMMED: usize = 4;

/// Whether a secret that stands in a file which many can read is looked for elsewhere. A shorter one is found in half of
/// all texts: it would spoil them, and hide nothing that is not known.
pub const fn is_worth_hiding(written_down: &str) -> bool {
    written_down.len() >= SHORTEST_TRIMMED
}

/// A text as long as this is not found in another by chance.
pub const SHORTEST_SURE: usize = 8;

impl Masker {
    /// A masker of these secrets. Empty ones are passed over: they are everywhere.
    pub fn new<I>(secrets: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Secret>,
    {
        let mut forms = BTreeSet::new();
        for secret in secrets {
            let secret: Secret = secret.into();
            let text = secret.expose();
            encodings::of(text, &mut forms);
            // A file ends with a line end, and templates take it off.
            let trimmed = text.trim();
            if trimmed.len() >= SHORTEST_TRIMMED {
                encodings::of(trimmed, &mut forms);
            }
        }
        if forms.is_empty() {
            return Self::none();
        }
        Self {
            forms: Some(Arc::new(Forms::new(forms))),
        }
    }

    /// A masker that changes nothing.
    pub fn none() -> Self {
        Self { forms: None }
    }

    /// As [`Masker::mask`], for JSON text, one or several values, which stays JSON: a number or word of which something
    /// is masked becomes a text.
    pub fn mask_json_text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let masked = self.mask(text);
        if matches!(masked, Cow::Borrowed(_)) {
            return masked;
        }
        let mut whole = String::with_capacity(masked.len());
        let mut rest = masked.as_ref();
        while let Some(first) = rest.chars().next() {
            let end = match first {
                '"' => end_of_text(rest),
                '{' | '}' | '[' | ']' | ':' | ',' => 1,
                _ if first.is_whitespace() => first.len_utf8(),
                _ => rest
                    .find(|c: char| c.is_whitespace() || "{}[]:,\"".contains(c))
                    .unwrap_or(rest.len()),
            };
            let (piece, after) = rest.split_at(end);
            if first != '"' && piece.contains(MASK) {
                whole.push('"');
                whole.push_str(MASK);
                whole.push('"');
            } else {
                whole.push_str(piece);
            }
            rest = after;
        }
        Cow::Owned(whole)
    }

    /// True if there is nothing to mask.
    pub fn is_empty(&self) -> bool {
        self.forms.is_none()
    }

    /// Whether a secret stands in the text; in a JSON document, also in a text or a number of it. There it may say so
    /// where only the document's own marks make it look like that.
    pub fn shows_in(&self, text: &str) -> bool {
        self.forms.as_ref().is_some_and(|forms| forms.show_in(text))
    }

    /// Whether the digits or letters of an id may be those of a secret by chance: the secret is short, a PIN for
    /// instance, and less than half of the id.
    pub fn shows_by_chance_in(&self, id: &str) -> bool {
        let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let stretches = self.stretches(id);
        let hidden: usize = stretches.iter().map(|(start, end)| end - start).sum();
        is_id
            && stretches
                .iter()
                .all(|(start, end)| end - start < SHORTEST_SURE)
            && hidden * 2 < id.len()
    }

    /// The text with each stretch that is (a form of) a secret replaced. Secrets that overlap are covered whole:
    /// taking the leftmost match only would show the tail of the next one.
    pub fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !self.shows_in(text) {
            return Cow::Borrowed(text);
        }
        let stretches = self.stretches(text);
        if stretches.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut masked = String::with_capacity(text.len());
        let mut shown = 0;
        for (start, end) in stretches {
            masked.push_str(&text[shown..start]);
            masked.push_str(MASK);
            shown = end;
        }
        masked.push_str(&text[shown..]);
        Cow::Owned(masked)
    }

    /// The text with each byte of a secret replaced by `*`: places in it stay where they are. For texts that are
    /// cut before they are shown, since the rest of a secret is not found any more.
    pub fn blot(&self, text: &str) -> String {
        let mut blotted = text.to_owned();
        for (start, end) in self.stretches(text) {
            blotted.replace_range(start..end, &"*".repeat(end - start));
        }
        blotted
    }

    /// Where secrets stand, in order, those that overlap as one.
    fn stretches(&self, text: &str) -> Vec<(usize, usize)> {
        self.forms
            .iter()
            .flat_map(|forms| forms.spelled.stretches(text))
            .collect()
    }
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() {
            "Masker(nothing)"
        } else {
            "Masker(***)"
        })
    }
}

#[cfg(test)]
mod tests;
