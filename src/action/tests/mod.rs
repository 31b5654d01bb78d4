//! The table of actions tested as a table, what is found in broken files, and calls beyond the five.

mod built_in;
mod family;
mod findings;
mod lookup;
mod paging;
mod params;

use super::*;
use crate::diagnostic::Diagnostic;
use crate::document;

fn json(text: &str) -> Value {
    Value::from_json_text(text).unwrap()
}

fn built_in(name: &str) -> Arc<Action> {
    Catalogue::built_in().get(name).unwrap()
}

/// The catalogue of a project with these action files.
fn project(files: &[(&str, &str)]) -> (Catalogue, Vec<Diagnostic>) {
    let documents: Vec<_> = files
        .iter()
        .map(|(name, text)| {
            let source = Source::new(format!("actions/{name}.yaml"), *text);
            ((*name).to_owned(), document::read(&source).unwrap())
        })
        .collect();
    Catalogue::built_in().with_documents(documents)
}

/// A finding in one line: place, code, message, remedy.
fn line(finding: &Diagnostic) -> String {
    let place = finding.place.as_ref().unwrap().start();
    let help = finding
        .help
        .as_deref()
        .map_or(String::new(), |help| format!(" ({help})"));
    format!("{place} {}: {}{help}", finding.code, finding.message)
}
