//! What templates and schemas object to, as findings at places of the playbook.

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Objection};
use crate::document::Node;
use crate::schema::{Violation, ViolationKind, subject_words};
use crate::source::{Source, Span};
use crate::template::{ErrorKind, TemplateError};
use crate::value::{Value, unseen_end};

/// A template's error at its place inside the scalar.
pub fn template_diagnostic(error: &TemplateError, node: &Node, source: &Arc<Source>) -> Diagnostic {
    let code = match &error.kind {
        ErrorKind::Undefined { .. } => Code::UndefinedName,
        ErrorKind::Syntax
        | ErrorKind::UnknownFilter(_)
        | ErrorKind::UnknownFunction(_)
        | ErrorKind::UnknownTest(_) => Code::TemplateSyntax,
        _ => Code::TemplateFailed,
    };
    let span = error
        .range
        .clone()
        .map_or(node.span, |range| node.span_of(source, range));
    let mut diagnostic = Diagnostic::error(code, error.message.clone()).at(source, span);
    diagnostic.help.clone_from(&error.help);
    diagnostic.objection = match error.kind {
        ErrorKind::Type { is_null } | ErrorKind::NoText { is_null } => to_type(is_null),
        _ => Objection::Content,
    };
    diagnostic
}

const fn to_type(is_null: bool) -> Objection {
    if is_null {
        Objection::Null
    } else {
        Objection::Type
    }
}

/// A node that a schema speaks of, for the places of violations.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'n> {
    /// What messages call it, such as: the input `tier`.
    pub what: &'n str,
    /// The node.
    pub node: &'n Node,
    /// The key that it stands under: the place of what is missing in it.
    pub key: Option<Span>,
    /// The text.
    pub source: &'n Arc<Source>,
    /// What to do about a key that the schema does not know and that resembles none of those it knows.
    pub advice: fn(&str) -> Option<String>,
}

/// A schema violation of `subject`, whose value is `instance`, at its place.
pub fn violation_diagnostic(
    violation: &Violation,
    subject: Subject<'_>,
    instance: &Value,
) -> Diagnostic {
    let Subject { what, source, .. } = subject;
    let code = match &violation.kind {
        ViolationKind::UnknownKey { .. } => Code::UnknownKey,
        ViolationKind::MissingKey { .. } => Code::MissingKey,
        ViolationKind::WrongType { .. } => Code::WrongType,
        _ => Code::Schema,
    };
    let place = subject.node.nearest(&violation.pointer);
    let span = match (&violation.kind, &violation.key) {
        (ViolationKind::UnknownKey { .. }, Some(key)) => place
            .node
            .entry(key)
            .map_or_else(|| place.span(), |entry| entry.key_span),
        _ if place.key.is_none() && place.is_exact() && violation.pointer.is_empty() => {
            subject.key.unwrap_or_else(|| place.span())
        }
        _ => place.span(),
    };
    let mut message = format!("{what}: {}", violation.message);
    if matches!(violation.kind, ViolationKind::UnknownKey { .. }) && !violation.pointer.is_empty() {
        message = format!("{message} in {}", subject_words(&violation.pointer));
    }
    let mut diagnostic = Diagnostic::error(code, message).at(source, span);
    if let ViolationKind::WrongType { is_null, .. } = violation.kind {
        diagnostic.objection = to_type(is_null);
    }
    diagnostic.help = violation
        .key
        .as_deref()
        .filter(|_| violation.pointer.is_empty() && code == Code::UnknownKey)
        .filter(|_| violation.meant_key(instance).is_none())
        .and_then(subject.advice)
        .or_else(|| violation.help(instance));
    if matches!(violation.kind, ViolationKind::Padded)
        && ends_with_a_line_end(source.slice(place.node.span))
    {
        diagnostic.help = Some(OF_BLOCK.to_owned());
        return diagnostic;
    }
    let is_template = place.node.text().is_some_and(|text| text.contains("{{"));
    if is_template && place.is_exact() {
        // The author wrote a template: quotes are there already, it is its value that does not fit.
        diagnostic.help = match (&violation.kind, diagnostic.help.take()) {
            (ViolationKind::Padded, _) if is_padded(place.node) => {
                Some("take the white space around the template away".to_owned())
            }
            // What does not show is no white space for `trim`.
            (ViolationKind::Padded, help) if has_unseen_end(violation, instance) => help,
            (ViolationKind::Padded, help) => {
                help.map(|help| format!("{help}, with `| trim` in the expression"))
            }
            (kind, help) => of_template(kind, violation.value_in(instance))
                .map(str::to_owned)
                .or(help),
        };
    }
    diagnostic
}

/// Calls an item of a list by the name of the list: `l[1]`, and not `1`.
pub(super) fn name_item(violation: &mut Violation, list: &str, instance: &Value) {
    let index = violation.pointer.split('/').nth(1);
    let (Some(index), Value::List(_)) = (index, instance) else {
        return;
    };
    for end in ["`", ".", "["] {
        let (bare, named) = (format!("`{index}{end}"), format!("`{list}[{index}]{end}"));
        violation.message = violation.message.replacen(&bare, &named, 1);
    }
}

/// Whether a scalar is written behind `|` or `>` so that the end of its last line belongs to it.
fn ends_with_a_line_end(written: &str) -> bool {
    let header = written.lines().next().unwrap_or_default();
    let header = header.split('#').next().unwrap_or_default();
    header.starts_with(['|', '>']) && !header.contains('-')
}

/// Whether an id begins or ends with a character that does not show, and is no white space.
fn has_unseen_end(violation: &Violation, instance: &Value) -> bool {
    let id = violation.value_in(instance).and_then(Value::as_text);
    id.is_some_and(|id| unseen_end(id).is_some())
}

/// Whether white space stands around what is written.
fn is_padded(node: &Node) -> bool {
    node.text().is_some_and(|text| text.trim() != text)
}

/// What to do where a text of several lines ends with the end of its last one.
const OF_BLOCK: &str = "a text behind `|` or `>` ends with a line end: write `|-` or `>-` instead, or the text in quotes";

/// What to do where the value of a template does not fit.
fn of_template(kind: &ViolationKind, value: Option<&Value>) -> Option<&'static str> {
    match kind {
        ViolationKind::WrongType { .. } if matches!(value, Some(Value::Null)) => Some(
            "its value is null here: say what stands there instead with `| default('…', true)`",
        ),
        ViolationKind::WrongType { wanted, of_id, .. }
            if wanted.iter().any(|name| name == "string") =>
        {
            Some(match value {
                Some(Value::List(_)) if *of_id => "take one item of it, such as with `| first`",
                Some(Value::Map(_)) if *of_id => "take one member of it",
                Some(Value::List(_)) => {
                    "take one item of it, or make it text with `| join` or `| tojson`"
                }
                Some(Value::Map(_)) => "take one member of it, or make it text with `| tojson`",
                _ => "make it text with `| string`, or give it a value that is text",
            })
        }
        ViolationKind::WrongType { .. } => {
            Some("a template keeps the type of its value only where it stands alone in the text")
        }
        ViolationKind::Blank => Some(
            "its value is blank here: fill in what it reads, or leave the step out with a `when`",
        ),
        _ => None,
    }
}
