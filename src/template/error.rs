//! What can go wrong with a template, in words for its author. It does not know the file around it.

use std::fmt;
use std::ops::Range;

use crate::value::Value;

/// The kind of a [`TemplateError`], for callers that decide by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is not a template, or uses a part of Jinja that playbooks do not have.
    Syntax,
    /// A name or a member that is not there.
    Undefined {
        /// As it would be written: `steps.promote.wolkvox_id`, or the text of an expression that
        /// has no value.
        path: String,
        /// The names that are there at that level, the nearest first, at most 20.
        known: Vec<String>,
    },
    /// `required` met a missing, null or blank value; the author's message.
    Required(String),
    /// A value of a type that does not fit, whatever it holds.
    Type {
        /// Whether it is a null, which is a blank in another spelling.
        is_null: bool,
    },
    /// A null, a list or an object in the midst of a text.
    NoText {
        /// Whether it is the null.
        is_null: bool,
    },
    /// A value of the right type that nothing can be done with: a number that is too large, say.
    Value,
    /// A filter that does not exist.
    UnknownFilter(String),
    /// A test (`is …`) that does not exist.
    UnknownTest(String),
    /// A function or method that does not exist.
    UnknownFunction(String),
    /// It would take too many steps or too much memory.
    TooExpensive,
    /// Another reason: a date that does not exist, say.
    Other,
}

/// Why a template does not compile or has no value.
///
/// The message may quote values, also secret ones: whoever writes it out masks them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// The kind.
    pub kind: ErrorKind,
    /// One sentence without a full stop.
    pub message: String,
    /// The bytes of the template text that are meant.
    pub range: Option<Range<usize>>,
    /// What to do.
    pub help: Option<String>,
}

impl TemplateError {
    pub(super) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            range: None,
            help: None,
        }
    }

    pub(super) fn syntax(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Syntax, message)
    }

    pub(super) fn type_mismatch(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Type { is_null: false }, message)
    }

    /// The same for values whose types do not fit.
    pub(super) fn wrong_types(values: &[&Value], message: impl Into<String>) -> Self {
        let is_null = values.iter().any(|value| matches!(value, Value::Null));
        Self::new(ErrorKind::Type { is_null }, message)
    }

    pub(super) fn wrong_value(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Value, message)
    }

    pub(super) fn too_expensive(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::TooExpensive, message)
    }

    pub(super) fn other(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Other, message)
    }

    /// The same error with a place, unless it has a closer one already.
    pub(super) fn at(mut self, range: &Range<usize>) -> Self {
        self.range.get_or_insert_with(|| range.clone());
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// Whether it is this expression itself that has no value, and not something inside it.
    pub(super) fn is_missing(&self, expression: &str) -> bool {
        matches!(&self.kind, ErrorKind::Undefined { path, .. } if path == expression)
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TemplateError {}
