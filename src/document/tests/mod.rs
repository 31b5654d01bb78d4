//! The rules of reading as a table, hostile texts, places of scalars, and properties of any text.

mod hostile;
mod paths;
mod places;
mod properties;
mod rules;

use std::sync::Arc;

use super::{Document, read};
use crate::diagnostic::Diagnostic;
use crate::source::Source;

fn source(text: &str) -> Arc<Source> {
    Source::new("play.yaml", text)
}

/// The value as JSON, or each finding as its code, line, column and what the span holds.
fn outcome(text: &str) -> String {
    match read(&source(text)) {
        Ok(document) => document.root.to_value().to_json_text(),
        Err(findings) => {
            let lines: Vec<String> = findings.iter().map(finding).collect();
            lines.join(" / ")
        }
    }
}

fn finding(finding: &Diagnostic) -> String {
    assert!(finding.help.is_some(), "{finding:?} has no remedy");
    match &finding.place {
        Some(place) => format!(
            "{} {} `{}`",
            finding.code,
            place.start(),
            place.source.slice(place.span)
        ),
        None => finding.code.to_string(),
    }
}

fn document(text: &str) -> Document {
    read(&source(text)).unwrap_or_else(|findings| panic!("{text:?}: {findings:?}"))
}
