//! A mapping whose keys are known, and the values of its keys by their types.

use std::time::Duration;

use super::duration::parse_duration;
use super::findings::Findings;
use super::template::refuse_template;
use super::text;
use super::token::{literal_token, tokens_in};
use crate::diagnostic::{Code, did_you_mean, nearest};
use crate::document::{Entry, Node, NodeKind};
use crate::source::Spanned;

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
