//! Defaults of inputs that should not stand in the playbook.

use crate::diagnostic::Code;
use crate::document::{Node, NodeKind};
use crate::reading::Findings;

/// Warns where the default of a secret input is one itself: whoever reads the file knows it.
pub(super) fn warn_of_secret(
    name: &str,
    default: &Node,
    from_env: Option<&str>,
    findings: &mut Findings,
) {
    if !holds_something(default) {
        return;
    }
    let message =
        format!("the input `{name}` is secret, and its default stands in a file that goes to git");
    let help = from_env.map_or_else(
        || "name where it is kept instead: `from_env: NAME`".to_owned(),
        |variable| format!("take it away: the value comes from {variable}"),
    );
    findings
        .warning(Code::LiteralToken, default.span, message)
        .help = Some(help);
}

/// Whether a value could be a secret: nothing, `true` and an empty text are none.
fn holds_something(value: &Node) -> bool {
    match &value.kind {
        NodeKind::Null | NodeKind::Bool(_) => false,
        NodeKind::Number(_) => true,
        NodeKind::Text(scalar) => !scalar.text.trim().is_empty(),
        NodeKind::List(items) => items.iter().any(holds_something),
        NodeKind::Map(entries) => entries.iter().any(|entry| holds_something(&entry.value)),
    }
}
