//! The value of an input against its schema, and which texts of it must not show anywhere.

use super::Origin;
use super::pick::Placed;
use crate::diagnostic::{Code, Diagnostic, did_you_mean, nearest};
use crate::document::{self, Node};
use crate::plan::findings::{Subject, name_item, violation_diagnostic};
use crate::playbook::{INPUT_KEYS, Input, Playbook};
use crate::schema::{Schema, ViolationKind};
use crate::secret::is_worth_hiding;
use crate::value::Value;

/// The schema of an input's value.
pub(in crate::plan) fn schema(playbook: &Playbook, input: &Input) -> Result<Schema, Diagnostic> {
    Schema::compile(&input.schema).map_err(|error| {
        let message = format!(
            "the schema of the input `{}` is wrong: {}",
            input.name.value, error.message
        );
        // What is unknown at its top may be a key of an input rather than of its schema.
        let own = error.pointer.strip_prefix('/').and_then(|key| {
            let keys = INPUT_KEYS.iter().copied();
            nearest(key, keys).and_then(|meant| did_you_mean(key, [meant]))
        });
        let at = error.span_in(&input.declaration);
        let mut finding = Diagnostic::error(Code::InvalidSchema, message).at(&playbook.source, at);
        finding.help = own
            .or_else(|| type_meant(input, &error.pointer))
            .or(error.help);
        finding
    })
}

/// The type that is meant by a name that other languages have for it.
fn type_meant(input: &Input, pointer: &str) -> Option<String> {
    let written = (pointer == "/type").then(|| input.schema.get("type")?.as_str())??;
    let meant = match written {
        "str" | "text" => "string",
        "int" => "integer",
        "float" | "double" | "decimal" => "number",
        "bool" => "boolean",
        "list" => "array",
        "dict" | "map" => "object",
        _ => return None,
    };
    Some(format!("did you mean `{meant}`?"))
}

/// A text from the command line or the environment as the value that it spells, where the schema names no type, takes
/// that value and does not take the text: `1` for `enum: [1, 2]`.
pub(super) fn fitting(input: &Input, schema: &Schema, value: Placed, origin: &Origin) -> Placed {
    let was_text = matches!(origin, Origin::Flag | Origin::Environment(_)) && input.takes_text();
    let fits = |node: &Node| schema.violations(&node.to_value()).is_empty();
    if !was_text || fits(&value.node) {
        return value;
    }
    match document::read(&value.source) {
        Ok(document) if fits(&document.root) => Placed {
            node: document.root,
            source: value.source,
        },
        _ => value,
    }
}

pub(in crate::plan) fn check(
    input: &Input,
    schema: &Schema,
    value: &Placed,
    origin: &Origin,
    findings: &mut Vec<Diagnostic>,
) {
    let instance = value.node.to_value();
    let what = match origin {
        Origin::Default => format!("the default of the input `{}`", input.name.value),
        _ => format!("the input `{}`", input.name.value),
    };
    let subject = Subject {
        what: &what,
        node: &value.node,
        key: None,
        source: &value.source,
        advice: |_| None,
    };
    for mut violation in schema.violations(&instance) {
        name_item(&mut violation, &input.name.value, &instance);
        let mut diagnostic = violation_diagnostic(&violation, subject, &instance);
        diagnostic.code = Code::InvalidInput;
        if matches!(origin, Origin::Flag | Origin::Environment(_)) {
            // The shell has taken any quotes away.
            let help = diagnostic.help.as_deref();
            let bare = help.and_then(|help| help.strip_suffix(", without quotes"));
            diagnostic.help = bare.map(str::to_owned).or(diagnostic.help);
        }
        if value.source.is_withheld() || input.secret {
            hide(&mut diagnostic, &violation.kind, &what);
        }
        if input.secret && !value.source.is_withheld() {
            diagnostic.place = None;
        }
        findings.push(diagnostic);
    }
}

/// Takes out what a finding tells of the value: a key that stands in it, or which allowed value it resembles.
fn hide(finding: &mut Diagnostic, kind: &ViolationKind, what: &str) {
    match kind {
        ViolationKind::UnknownKey { .. } => {
            finding.message = format!("{what}: a key stands here that its schema does not know");
        }
        ViolationKind::Enum { .. } | ViolationKind::Forms { .. } => finding.help = None,
        _ => {}
    }
}

/// The texts of a secret value that must not show anywhere. A default stands in the playbook, where everybody reads it
/// and a check warns of it: so short a one, and `true` or `false`, are not hidden, for they would spoil every output.
pub(in crate::plan) fn collect_texts(value: &Value, is_default: bool, into: &mut Vec<String>) {
    match value {
        Value::List(items) => {
            for item in items {
                collect_texts(item, is_default, into);
            }
        }
        Value::Map(map) => {
            for item in map.values() {
                collect_texts(item, is_default, into);
            }
        }
        Value::Bool(_) if is_default => {}
        scalar => {
            let text = scalar.scalar_text().filter(|text| !text.is_empty());
            into.extend(text.filter(|text| !is_default || is_worth_hiding(text)));
        }
    }
}
