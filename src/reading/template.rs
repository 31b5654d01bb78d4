//! Templates where none may stand.

use super::findings::Findings;
use crate::diagnostic::Code;
use crate::document::{Node, NodeKind};

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
