//! What was found wrong in a text, as it is being read.

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Node, NodeKind};
use crate::source::{Source, Span};

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

    pub(super) fn wrong_type(&mut self, node: &Node, what: &str, wanted: &str) -> &mut Diagnostic {
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
