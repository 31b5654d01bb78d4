//! The records that a sandbox begins with, from a YAML or JSON file: operation → module → list of records.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::diagnostic::{Code, Diagnostic};
use crate::document::{self, Node};
use crate::reading::{Findings, Mapping, list};
use crate::source::Source;

/// A record that is known from the start.
#[derive(Debug, Clone, PartialEq)]
pub struct FirstRecord {
    pub(super) operation: String,
    pub(super) module: String,
    pub(super) wolkvox_id: String,
    pub(super) parent: Option<String>,
    pub(super) fields: Map<String, Value>,
}

impl FirstRecord {
    /// Reads a file; `shown_as` is its name in messages.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(path: &Path, shown_as: &str) -> Result<Vec<Self>, Vec<Diagnostic>> {
        Self::parse(&document::read_source(path, shown_as)?)
    }

    /// Reads a text.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(source: &Arc<Source>) -> Result<Vec<Self>, Vec<Diagnostic>> {
        let document = document::read(source)?;
        let mut findings = Findings::new(source);
        let mut records = Vec::new();
        for (operation, modules) in named(&document.root, "the data", &mut findings) {
            for (module, nodes) in
                named(modules, &format!("operation `{operation}`"), &mut findings)
            {
                let what = format!("module `{module}`");
                for node in list(nodes, &what, &mut findings) {
                    records.extend(record(operation, module, node, &mut findings));
                }
            }
        }
        repeated(&document.root, &mut findings);
        if findings.has_errors() {
            return Err(findings.into_list());
        }
        Ok(records)
    }
}

/// A mapping whose keys are free.
fn named<'n>(node: &'n Node, what: &str, findings: &mut Findings) -> Vec<(&'n str, &'n Node)> {
    let known: Vec<&str> = node
        .entries()
        .unwrap_or_default()
        .iter()
        .map(|entry| entry.key.as_str())
        .collect();
    // Every key is known, so that only a wrong type is an error.
    Mapping::read(node, what, &known, findings);
    let entries = node.entries().unwrap_or_default().iter();
    entries
        .map(|entry| (entry.key.as_str(), &entry.value))
        .collect()
}

fn record(
    operation: &str,
    module: &str,
    node: &Node,
    findings: &mut Findings,
) -> Option<FirstRecord> {
    let keys = Mapping::read(
        node,
        "a record",
        &["wolkvox_id", "parent", "fields"],
        findings,
    )?;
    keys.required("wolkvox_id", findings);
    let wolkvox_id = keys.text("wolkvox_id", findings);
    let parent = keys.text("parent", findings);
    let fields = match keys.get("fields") {
        None => Map::new(),
        Some(node) => {
            let Value::Object(fields) = node.to_value().to_json() else {
                findings.error(Code::WrongType, node.span, "`fields` must be a mapping");
                return None;
            };
            fields
        }
    };
    Some(FirstRecord {
        operation: operation.to_owned(),
        module: module.to_owned(),
        wolkvox_id: wolkvox_id?.value,
        parent: parent.map(|parent| parent.value),
        fields,
    })
}

/// Two records of one module with one id.
fn repeated(root: &Node, findings: &mut Findings) {
    let modules = root.entries().unwrap_or_default().iter();
    for module in modules.flat_map(|operation| operation.value.entries().unwrap_or_default()) {
        let mut seen = std::collections::BTreeSet::new();
        for record in module.value.items().unwrap_or_default() {
            let Some(id) = record.get("wolkvox_id") else {
                continue;
            };
            if let Some(text) = id.text()
                && !seen.insert(text)
            {
                let message = format!("the id `{text}` stands twice in module `{}`", module.key);
                findings.error(Code::DuplicateId, id.span, message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_and_mistakes_placed() {
        let read = |text: &str| FirstRecord::parse(&Source::new("data.yaml", text));
        let records = read(
            "sandbox:\n  contacts:\n    - { wolkvox_id: 64cb, fields: { Tipo de cliente: VIP, n: 3 } }\n  cases:\n    - { wolkvox_id: c1 }\n",
        )
        .unwrap();
        assert_eq!(records.len(), 2);
        assert_eq!(records[0].fields["Tipo de cliente"], "VIP");
        assert_eq!(records[1].module, "cases");

        let found = read(
            "sandbox:\n  contacts:\n    - { wolkvox_id: a, field: {} }\n    - { wolkvox_id: a }\n    - { fields: [] }\n    - { wolkvox_id: 12 }\n  cases: 3\n",
        )
        .unwrap_err();
        let mut places: Vec<String> = found
            .iter()
            .map(|finding| finding.place.as_ref().unwrap().start().to_string())
            .collect();
        places.sort();
        assert_eq!(
            places,
            ["3:24", "4:21", "5:17", "5:9", "6:21", "7:10"],
            "{found:#?}"
        );
    }
}
