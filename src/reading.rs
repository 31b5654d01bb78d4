//! Reads mappings whose keys are known: types, unknown keys, durations; every error, not the first.
//!
//! It knows the shapes that playbooks and `voxplay.yaml` share, and not what they mean.

mod duration;
mod findings;
mod mapping;
mod name;
mod template;
mod token;

use crate::diagnostic::{Code, Diagnostic};
use crate::document::Node;
use crate::source::Spanned;

pub use self::duration::parse_duration;
pub use self::findings::Findings;
pub use self::mapping::{Form, Mapping};
pub use self::name::{check_name, is_name, name_for};
pub use self::template::{is_template, no_templates, refuse_template};
pub use self::token::{is_token, literal_token};

/// A name that no time zone has; without a place.
pub fn unknown_zone(name: &str) -> Diagnostic {
    Diagnostic::error(
        Code::InvalidValue,
        format!("no time zone is called `{name}`"),
    )
    .help("use a name of the IANA time zone database, such as America/Bogota")
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
