//! Reads mappings whose keys are known: types, unknown keys, durations; every error, not the first.
//!
//! It knows the shapes that playbooks and `voxplay.yaml` share, and not what they mean.

use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::{Code, Diagnostic, did_you_mean, nearest};
use crate::document::{Entry, Node, NodeKind};
use crate::source::{Source, Span, Spanned};

/// A name that no time zone has; without a place.
pub fn unknown_zone(name: &str) -> Diagnostic {
    Diagnostic::error(
        Code::InvalidValue,
        format!("no time zone is called `{name}`"),
    )
    .help("use a name of the IANA time zone database, such as America/Bogota")
}

/// What was found wrong in one text so far.
#[derive(Debug)]
pub struct Findings {
    source: Arc<Source>,
    list: Vec<Diagnostic>,
}

impl Findings {
    /// Nothing found yet in this text.
    pub fn new(source: &Arc<Source>) -> Self {
        Self {
            source: Arc::clone(source),
            list: Vec::new(),
        }
    }

    /// The text that is being read.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Adds an error at a place of the text.
    pub fn error(&mut self, code: Code, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.add(Diagnostic::error(code, message).at(&self.source.clone(), span))
    }

    /// Adds a warning at a place of the text.
    pub fn warning(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.add(Diagnostic::warning(code, message).at(&self.source.clone(), span))
    }

    /// Adds a finding made elsewhere.
    pub fn add(&mut self, diagnostic: Diagnostic) -> &mut Diagnostic {
        self.list.push(diagnostic);
        self.list.last_mut().expect("one was just pushed")
    }

    /// Adds findings made elsewhere.
    pub fn extend(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        self.list.extend(diagnostics);
    }

    /// Whether an error is among them.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(Diagnostic::is_error)
    }

    /// What was found.
    pub fn into_list(self) -> Vec<Diagnostic> {
        self.list
    }

    fn wrong_type(&mut self, node: &Node, what: &str, wanted: &str) -> &mut Diagnostic {
        let message = format!("{what} must be {wanted}, and this is {}", node.type_words());
        let quoted = (wanted == "text")
            .then(|| match &node.kind {
                NodeKind::Number(number) => Some(format!("write it in quotes: \"{number}\"")),
                NodeKind::Bool(flag) => Some(format!("write it in quotes: \"{flag}\"")),
                _ => None,
            })
            .flatten();
        let finding = self.error(Code::WrongType, node.span, message);
        finding.help = quoted;
        finding
    }
}

/// A mapping as people write it, and what helps whoever writes it wrong.
#[derive(Debug, Clone, Copy)]
pub struct Form<'f> {
    /// What messages call it.
    pub what: &'f str,
    /// The keys that mean something in it.
    pub keys: &'f [&'f str],
    /// What to do where something else than a mapping was written.
    pub example: Option<&'f str>,
    /// What to do about a key of this mapping that means nothing in it; none: what resembles it is named, else all keys.
    pub advice: fn(&Node, &str) -> Option<String>,
}

/// A mapping whose keys are known. A key without a value counts as absent only where that is said.
#[derive(Debug, Clone)]
pub struct Mapping<'n> {
    node: &'n Node,
    entries: &'n [Entry],
    what: &'n str,
    /// Keys that mean nothing here.
    strangers: Vec<&'n str>,
}

impl<'n> Mapping<'n> {
    /// Takes a node as a mapping with these keys; `what` names it in messages.
    pub fn read(
        node: &'n Node,
        what: &'n str,
        known: &'n [&'n str],
        findings: &mut Findings,
    ) -> Option<Self> {
        let form = Form {
            what,
            keys: known,
            example: None,
            advice: |_, _| None,
        };
        Self::read_form(node, form, findings)
    }

    /// As [`Mapping::read`], with better help.
    pub fn read_form(node: &'n Node, form: Form<'n>, findings: &mut Findings) -> Option<Self> {
        let Form {
            what, keys: known, ..
        } = form;
        let Some(entries) = node.entries() else {
            if refuse_template(node, what, findings) {
                return None;
            }
            let finding = findings.wrong_type(node, what, "a mapping");
            finding.help = form.example.map(str::to_owned);
            return None;
        };
        let mut strangers = Vec::new();
        for entry in entries
            .iter()
            .filter(|entry| !known.contains(&entry.key.as_str()))
        {
            strangers.push(entry.key.as_str());
            for span in tokens_in(entry) {
                findings.add(literal_token(findings.source(), span));
            }
            findings
                .error(
                    Code::UnknownKey,
                    entry.key_span,
                    format!("{what} has no key `{}`", entry.key),
                )
                .help = (form.advice)(node, &entry.key)
                .or_else(|| did_you_mean(&entry.key, known.iter().copied()));
        }
        Some(Self {
            node,
            entries,
            what,
            strangers,
        })
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The key and its value.
    pub fn entry(&self, key: &str) -> Option<&'n Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Whether a key that means nothing here was surely meant to be this one.
    pub fn is_misspelt(&self, key: &str) -> bool {
        self.get(key).is_none()
            && self
                .strangers
                .iter()
                .any(|stranger| nearest(stranger, [key]).is_some())
    }

    /// The value of a key that must be there; a misspelt one was complained about already.
    pub fn required(&self, key: &str, findings: &mut Findings) -> Option<&'n Node> {
        self.required_as(key, "…", findings)
    }

    /// As [`Mapping::required`], with a value that it may have.
    pub fn required_as(
        &self,
        key: &str,
        example: &str,
        findings: &mut Findings,
    ) -> Option<&'n Node> {
        let found = self.get(key);
        if found.is_none() && !self.is_misspelt(key) {
            let at = self
                .entries
                .first()
                .map_or(self.node.span, |entry| entry.key_span);
            findings
                .error(
                    Code::MissingKey,
                    at,
                    format!("{} needs the key `{key}`", self.what),
                )
                .help = Some(format!("add `{key}: {example}`"));
        }
        found
    }

    /// The text of a key; a number or a boolean there is an error that says to quote it.
    pub fn text(&self, key: &str, findings: &mut Findings) -> Option<Spanned<String>> {
        text(self.get(key)?, &format!("`{key}`"), findings)
    }

    /// `true` or `false`.
    pub fn flag(&self, key: &str, findings: &mut Findings) -> Option<bool> {
        let node = self.get(key)?;
        if let NodeKind::Bool(flag) = node.kind {
            return Some(flag);
        }
        findings.wrong_type(node, &format!("`{key}`"), "true or false");
        None
    }

    /// A whole number from `least` on.
    pub fn count(&self, key: &str, least: u64, findings: &mut Findings) -> Option<u64> {
        let node = self.get(key)?;
        if refuse_template(node, &format!("`{key}`"), findings) {
            return None;
        }
        if let NodeKind::Number(number) = &node.kind
            && let Ok(count) = number.as_str().parse::<u64>()
            && count >= least
        {
            return Some(count);
        }
        let message = format!("`{key}` must be a whole number from {least} on");
        let quoted = node.text().and_then(|text| text.parse::<u64>().ok());
        findings.error(Code::InvalidValue, node.span, message).help = quoted
            .filter(|count| *count >= least)
            .map(|count| format!("write it without quotes: `{key}: {count}`"));
        None
    }

    /// A duration such as `500ms`, `30s`, `2m`.
    pub fn duration(&self, key: &str, findings: &mut Findings) -> Option<Duration> {
        let node = self.get(key)?;
        if refuse_template(node, &format!("`{key}`"), findings) {
            return None;
        }
        let parsed = node.text().and_then(parse_duration);
        if parsed.is_none() {
            findings
                .error(
                    Code::InvalidValue,
                    node.span,
                    format!("`{key}` must be a duration"),
                )
                .help = Some(
                "write a whole number and its unit, from `1ms` to `24h`: `500ms`, `30s`, `2m`, `1h`"
                    .to_owned(),
            );
        }
        parsed
    }

    /// A list of texts; one text alone counts as a list of one.
    pub fn texts(&self, key: &str, findings: &mut Findings) -> Vec<Spanned<String>> {
        let Some(node) = self.get(key) else {
            return Vec::new();
        };
        let what = format!("an entry of `{key}`");
        match node.items() {
            Some(items) => items
                .iter()
                .filter_map(|item| text(item, &what, findings))
                .collect(),
            None => text(node, &format!("`{key}`"), findings)
                .into_iter()
                .collect(),
        }
    }
}

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
fn tokens_in(entry: &Entry) -> Vec<Span> {
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

/// Whether a text holds template syntax.
pub fn is_template(node: &Node) -> bool {
    let holds = |text: &str| ["{{", "{%"].iter().any(|mark| text.contains(mark));
    node.text().is_some_and(holds)
}

/// Complains about a template in the place of a number, a duration or a mapping; whether one stands there.
pub fn refuse_template(node: &Node, what: &str, findings: &mut Findings) -> bool {
    let refused = is_template(node);
    if refused {
        let message = format!("no template may stand for {what}");
        findings.error(Code::InvalidValue, node.span, message).help =
            Some("write the value itself: it must be known when the file is read".to_owned());
    }
    refused
}

/// Complains about a template where nothing is rendered: it would be taken for text, and reach the CRM as it stands.
pub fn no_templates(node: &Node, what: &str, help: &str, findings: &mut Findings) {
    match &node.kind {
        NodeKind::Text(_) if is_template(node) => {
            let message = format!("{what} is not a template: nothing is rendered in it");
            findings.error(Code::InvalidValue, node.span, message).help = Some(help.to_owned());
        }
        NodeKind::List(items) => {
            for item in items {
                no_templates(item, what, help, findings);
            }
        }
        NodeKind::Map(entries) => {
            for entry in entries {
                no_templates(&entry.value, what, help, findings);
            }
        }
        _ => {}
    }
}

/// A node as text; `what` names it in messages.
pub fn text(node: &Node, what: &str, findings: &mut Findings) -> Option<Spanned<String>> {
    if let Some(text) = node.text() {
        if text.trim().is_empty() {
            findings.error(
                Code::InvalidValue,
                node.span,
                format!("{what} must not be empty"),
            );
            return None;
        }
        return Some(Spanned::new(text.to_owned(), node.span));
    }
    findings.wrong_type(node, what, "text");
    None
}

/// A node as a list; `what` names it in messages.
pub fn list<'n>(node: &'n Node, what: &str, findings: &mut Findings) -> &'n [Node] {
    node.items().unwrap_or_else(|| {
        findings.wrong_type(node, what, "a list");
        &[]
    })
}

/// A duration: a whole number and `ms`, `s`, `m` or `h`; more than nothing, at most a day.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    let total = number.checked_mul(milliseconds)?;
    (1..=86_400_000)
        .contains(&total)
        .then(|| Duration::from_millis(total))
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(parse_duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse_duration("2m"), Some(Duration::from_mins(2)));
        for wrong in [
            "",
            "5",
            "s",
            "0s",
            "-1s",
            "1.5s",
            "5 s",
            "25h",
            "99999999999999999999s",
        ] {
            assert_eq!(parse_duration(wrong), None, "{wrong:?}");
        }
    }
}
