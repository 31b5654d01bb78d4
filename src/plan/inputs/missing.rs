//! Inputs that have no value, and values that no input asks for.

use super::Given;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::document::{Document, NodeKind};
use crate::playbook::{Input, Playbook};

pub(super) fn missing(
    playbook: &Playbook,
    input: &Input,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Diagnostic {
    let name = &input.name.value;
    let diagnostic = Diagnostic::error(
        Code::MissingInput,
        match &input.from_env {
            Some(variable) => format!(
                "the input `{name}` has no value: the environment variable {} {}",
                variable.value,
                why_nothing(environment(&variable.value).as_deref())
            ),
            None => format!("the input `{name}` has no value"),
        },
    )
    .at(&playbook.source, input.name.span);
    diagnostic.help(match &input.from_env {
        Some(_) => how_to_give(input),
        None if input.secret => how_to_give(input),
        None => format!(
            "{}, or give it in a file with --inputs FILE",
            how_to_give(input)
        ),
    })
}

/// Why an environment variable gives nothing.
pub(in crate::plan) const fn why_nothing(text: Option<&str>) -> &'static str {
    match text {
        Some(_) => "is empty",
        None => "is not set",
    }
}

/// How whoever starts a run gives an input its value.
pub(in crate::plan) fn how_to_give(input: &Input) -> String {
    match (&input.from_env, input.secret) {
        (Some(variable), _) => format!("set {}", variable.value),
        (None, true) => "give it in a file with --inputs FILE".to_owned(),
        (None, false) => format!("pass `-i {}=…`", input.name.value),
    }
}

pub(super) fn report_unknown(playbook: &Playbook, given: &Given, findings: &mut Vec<Diagnostic>) {
    let known = || {
        playbook
            .inputs
            .iter()
            .map(|input| input.name.value.as_str())
    };
    let is_known = |name: &str| known().any(|known| known == name);
    let unknown = |name: &str, is_withheld: bool| {
        let own = playbook.source.name();
        let message = if is_withheld {
            format!("{own} has no input of this name")
        } else {
            format!("{own} has no input `{name}`")
        };
        let mut diagnostic = Diagnostic::error(Code::UnknownInput, message);
        diagnostic.help =
            did_you_mean(name, known()).or_else(|| Some("it declares no inputs".to_owned()));
        diagnostic
    };
    for (name, _) in given.flags.iter().filter(|(name, _)| !is_known(name)) {
        findings.push(unknown(name, false));
    }
    for document in &given.files {
        let is_withheld = document.source.is_withheld();
        match document.root.entries() {
            Some(entries) => findings.extend(
                entries
                    .iter()
                    .filter(|entry| !is_known(&entry.key))
                    .map(|entry| {
                        unknown(&entry.key, is_withheld).at(&document.source, entry.key_span)
                    }),
            ),
            None if !is_no_mapping(document) => {}
            None => findings.push(
                Diagnostic::error(
                    Code::WrongType,
                    "a file of inputs must be a mapping of names",
                )
                .at(&document.source, document.root.span),
            ),
        }
    }
}

/// Whether a file of inputs is something else than names with their values; an empty one gives nothing.
pub(super) fn is_no_mapping(document: &Document) -> bool {
    document.root.entries().is_none() && !matches!(document.root.kind, NodeKind::Null)
}
