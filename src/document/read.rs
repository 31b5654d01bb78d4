//! The one way from a text to a document: bounded at every turn, read twice, and refused where the two
//! readings differ.

use std::sync::Arc;

use super::text::Text;
use super::{Document, Node, NodeKind, agree, characters, compose};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Source, Span};

/// The largest text that is read, in bytes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// How deep lists and mappings may be nested.
pub const MAX_DEPTH: usize = 64;

/// How many findings one text may have before reading stops.
pub(super) const MAX_FINDINGS: usize = 100;

/// Reads one YAML (or JSON) document; an empty text is the document `null`.
///
/// # Errors
/// Everything in the text that its author has to change, in the order of the text, at most 100
/// findings: wrong YAML, duplicate keys, parts of YAML that playbooks do not use, scalars that
/// readers of YAML take for different things.
pub fn read(source: &Arc<Source>) -> Result<Document, Vec<Diagnostic>> {
    match read_on(source) {
        (Some(document), findings) if findings.is_empty() => Ok(document),
        (_, findings) => Err(findings),
    }
}

/// As [`read`], but where only scalars are wrong there is a document beside the findings, in which those
/// scalars are text: so that whoever reads on finds what else is wrong in one go. Where there are
/// findings, the document is good for nothing else.
pub fn read_on(source: &Arc<Source>) -> (Option<Document>, Vec<Diagnostic>) {
    if source.text().len() > MAX_BYTES {
        return (None, vec![too_large(source.name())]);
    }
    let objections = characters::objections(source);
    if !objections.is_empty() {
        return (None, objections);
    }
    let text = Text::new(source);
    let (root, findings) = match compose::compose(&text) {
        // The second reader is slow on deep nesting and expands aliases: it gets only what the first has
        // found harmless.
        Ok(Some(root)) => match agree::check(&text, &root) {
            Ok(()) => (Some(root), Vec::new()),
            Err(finding) => (Some(root), vec![finding]),
        },
        Ok(None) => (Some(Node::nothing()), Vec::new()),
        Err(refused) => (refused.root, refused.findings),
    };
    let document = root.map(|root| Document {
        source: Arc::clone(source),
        root,
    });
    (document, findings)
}

impl Node {
    /// What an empty text holds.
    const fn nothing() -> Self {
        Self {
            span: Span::new(0, 0),
            kind: NodeKind::Null,
        }
    }
}

/// The finding for a text or file above [`MAX_BYTES`].
pub(super) fn too_large(name: &str) -> Diagnostic {
    Diagnostic::error(
        Code::UnreadableFile,
        format!("{name} is larger than {} MiB", MAX_BYTES / 1024 / 1024),
    )
    .help("split it; rows belong into a CSV or JSONL file")
}
