//! A YAML list of mappings. It is read whole, so its size has a limit.

use std::path::Path;

use super::Rows;
use super::header::taken_again;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Document;
use crate::value::Value;

/// Every wrong item is a finding, for the whole file is there.
pub(super) fn open(path: &Path, shown_as: &str) -> Result<Rows, Vec<Diagnostic>> {
    let document = Document::load(path, shown_as)?;
    let wrong = |span, message: String| {
        Diagnostic::error(Code::WrongType, message).at(&document.source, span)
    };
    let Some(items) = document.root.items() else {
        let found = document.root.type_words();
        let message = format!("data is a list of mappings, and this is {found}");
        return Err(vec![
            wrong(document.root.span, message).help("write one `- column: value` for each row"),
        ]);
    };
    let (mut rows, mut findings) = (Vec::with_capacity(items.len()), Vec::new());
    for (number, item) in (1..).zip(items) {
        let Value::Map(map) = item.to_value() else {
            let message = format!("row {number} is {}, not a mapping", item.type_words());
            findings.push(wrong(item.span, message));
            continue;
        };
        let line = document.source.position(item.span.start).line as u64;
        rows.push(taken_again(number, Some(line), map));
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    Ok(Rows::without_columns(rows.into_iter()))
}
