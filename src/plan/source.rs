//! Where the rows of a loop come from, and how what its templates give is to be read.

use std::sync::Arc;

use super::Tree;
use crate::diagnostic::{Code, Diagnostic};
use crate::playbook::{A_DELIMITER, DELIMITERS, FileFormat, read_delimiter};
use crate::rows::Format;
use crate::source::{Source, Span};
use crate::value::Value;

/// Where rows come from.
#[derive(Debug)]
pub enum PlannedSource {
    /// A file.
    File {
        /// How it is written.
        format: FileFormat,
        /// Its path.
        path: Tree,
        /// Where the path stands.
        path_span: Span,
        /// What stands between the cells of a CSV file, or the sheet of a workbook.
        detail: Option<Tree>,
    },
    /// A list.
    Items(Tree),
}

impl PlannedSource {
    /// The delimiter of a CSV file or the sheet of a workbook, where one is named.
    pub const fn detail(&self) -> Option<&Tree> {
        match self {
            Self::File { detail, .. } => detail.as_ref(),
            Self::Items(_) => None,
        }
    }

    /// How the file is written, for the reader of rows; none for a list. `detail` is what the
    /// [detail](Self::detail) gives.
    ///
    /// # Errors
    /// Where it gives no delimiter; without a place.
    pub fn format(&self, detail: Option<&Value>) -> Result<Option<Format>, Diagnostic> {
        let Self::File { format, .. } = self else {
            return Ok(None);
        };
        Ok(Some(match format {
            FileFormat::Csv => Format::Csv {
                delimiter: detail.map(delimiter).transpose()?,
            },
            FileFormat::Jsonl => Format::Jsonl,
            FileFormat::Json => Format::Json,
            FileFormat::Yaml => Format::Yaml,
            FileFormat::Xlsx => Format::Xlsx {
                sheet: detail.map(|name| name.scalar_text().unwrap_or_else(|| name.to_json_text())),
            },
        }))
    }

    /// The rows of a list, from what its template gives.
    ///
    /// # Errors
    /// Where that is no list; with its place in the text, if there is one.
    pub fn list(&self, given: Value, source: &Arc<Source>) -> Result<Vec<Value>, Diagnostic> {
        let given = match given {
            Value::List(items) => return Ok(items),
            other => other,
        };
        let message = format!("`items` must give a list, and it gives {}", words(&given));
        let finding = Diagnostic::error(Code::WrongType, message).help(remedy(&given));
        let (Self::Items(tree) | Self::File { path: tree, .. }) = self;
        Err(match tree.place() {
            Some(span) => finding.at(source, span),
            None => finding,
        })
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => format!("the boolean {flag}"),
        Value::Number(number) => format!("the number {number}"),
        Value::Text(_) => "text".to_owned(),
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "an object".to_owned(),
    }
}

/// What makes a list of a value that is none.
fn remedy(value: &Value) -> &'static str {
    match value {
        Value::Null => "for no rows at all write `| default([], true)` in the expression",
        Value::Text(text) if text.trim_start().starts_with('[') => {
            "write the list itself and not a text of it: `items: [\"{{ … }}\"]`, or one expression alone"
        }
        Value::Text(text) if text.contains([',', ';', '\n']) => {
            "cut the text with `| split(',')`, or for one row put brackets around it: `items: [\"{{ … }}\"]`"
        }
        _ => "for one row put brackets around it: `items: [\"{{ … }}\"]`",
    }
}

/// The delimiter that a template has given.
fn delimiter(value: &Value) -> Result<u8, Diagnostic> {
    let named = value.as_text().and_then(read_delimiter);
    named.ok_or_else(|| {
        let given = value.to_json_text();
        let message = format!("`delimiter` must be {A_DELIMITER}: it gives {given}");
        Diagnostic::error(Code::InvalidValue, message).help(DELIMITERS)
    })
}
