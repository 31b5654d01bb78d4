//! The grammar of a playbook, version 1.

mod inputs;
mod kind;
mod step;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::keys::LIMIT_KEYS;
use super::{Limits, Named, Playbook, Step, forms};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{self, Document, Node, NodeKind};
use crate::reading::{Findings, Mapping, check_name, is_template, list};
use crate::source::{Source, Spanned};

/// How deep steps may be nested.
const DEPTH: usize = 16;

/// Reads a playbook from its text, with everything that is wrong with its form, each finding at its place.
///
/// Where that does not make the whole unreadable, what could be read comes back beside the findings, so that
/// everything else that is wrong with it is found in the same go. It is fit to run only without errors.
pub fn parse(source: &Arc<Source>) -> (Option<Playbook>, Vec<Diagnostic>) {
    let (document, mut findings) = document::read_on(source);
    let Some(document) = document else {
        return (None, findings);
    };
    let (playbook, found) = parse_document(&document);
    findings.extend(found);
    (playbook, findings)
}

/// As [`parse`], where the text was read already.
pub fn parse_document(document: &Document) -> (Option<Playbook>, Vec<Diagnostic>) {
    let mut findings = Findings::new(&document.source);
    let playbook = Parser {
        findings: &mut findings,
        ids: HashMap::new(),
        steps: 0,
    }
    .playbook(document);
    (playbook, findings.into_list())
}

struct Parser<'f> {
    findings: &'f mut Findings,
    /// Ids seen so far, with the line of each.
    ids: HashMap<String, usize>,
    /// Steps seen so far, for the ids of those without one.
    steps: usize,
}

impl Parser<'_> {
    fn playbook(&mut self, document: &Document) -> Option<Playbook> {
        let root = &document.root;
        if matches!(root.kind, NodeKind::Null) {
            self.findings
                .error(Code::MissingKey, root.span, "the playbook is empty")
                .help = Some("begin with `voxplay: 1`, then `steps:`".to_owned());
            return None;
        }
        let map = Mapping::read_form(root, forms::PLAYBOOK, self.findings)?;
        self.version(&map);
        let inputs = map.get("inputs").map(|node| self.inputs(node));
        let vars = map.get("vars").map(|node| self.named(node, "var"));
        let outputs = map.get("outputs").map(|node| self.named(node, "output"));
        let steps = map
            .required("steps", self.findings)
            .map(|node| self.steps(node, "`steps`", DEPTH));
        let finally = map
            .get("finally")
            .map(|node| self.steps(node, "`finally`", DEPTH));
        Some(Playbook {
            source: Arc::clone(&document.source),
            name: self.name(&map),
            description: map
                .text("description", self.findings)
                .map(|text| text.value),
            target: map.text("target", self.findings),
            timezone: map.text("timezone", self.findings),
            inputs: inputs.unwrap_or_default(),
            vars: vars.unwrap_or_default(),
            steps: steps.unwrap_or_default(),
            finally: finally.unwrap_or_default(),
            outputs: outputs.unwrap_or_default(),
            limits: map
                .get("limits")
                .map(|node| read_limits(node, "`limits`", self.findings))
                .unwrap_or_default(),
            uses: BTreeMap::new(),
            missing_uses: BTreeMap::new(),
        })
    }

    /// What people call a playbook or a step: it is shown as it is written.
    fn name(&mut self, map: &Mapping<'_>) -> Option<Spanned<String>> {
        if let Some(node) = map.get("name").filter(|node| is_template(node)) {
            // It spoils what people read, and nothing that is sent.
            let message = "`name` is not a template: nothing is rendered in it";
            let help =
                "write the name itself; what tells rows from each other is the `key` of their loop";
            self.findings
                .warning(Code::InvalidValue, node.span, message)
                .help = Some(help.to_owned());
        }
        map.text("name", self.findings)
    }

    fn version(&mut self, map: &Mapping<'_>) {
        let Some(node) = map.required_as("voxplay", "1", self.findings) else {
            return;
        };
        if !matches!(&node.kind, NodeKind::Number(number) if number.as_str() == "1") {
            self.findings
                .error(
                    Code::InvalidValue,
                    node.span,
                    "`voxplay` names the version of the language, and this program knows version 1",
                )
                .help = Some("write `voxplay: 1`".to_owned());
        }
    }

    fn named(&mut self, node: &Node, what: &str) -> Vec<Named> {
        let Some(entries) = node.entries() else {
            self.findings.error(
                Code::WrongType,
                node.span,
                format!(
                    "`{what}s` must be a mapping of names, and this is {}",
                    node.type_words()
                ),
            );
            return Vec::new();
        };
        entries
            .iter()
            .filter(|entry| {
                check_name(
                    &entry.key,
                    entry.key_span,
                    if what == "var" {
                        "the variable"
                    } else {
                        "the output"
                    },
                    self.findings,
                )
            })
            .map(|entry| Named {
                name: Spanned::new(entry.key.clone(), entry.key_span),
                value: entry.value.clone(),
            })
            .collect()
    }

    fn steps(&mut self, node: &Node, what: &str, depth: usize) -> Vec<Step> {
        if depth == 0 {
            self.findings.error(
                Code::InvalidValue,
                node.span,
                format!("steps are nested deeper than {DEPTH}"),
            );
            return Vec::new();
        }
        let items = list(node, what, self.findings);
        if items.is_empty() && node.items().is_some() {
            self.findings
                .error(Code::InvalidValue, node.span, format!("{what} is empty"))
                .help = Some("add a step: `- id: …`, `action: …`, `with: …`".to_owned());
        }
        items
            .iter()
            .filter_map(|item| self.step(item, depth))
            .collect()
    }
}

/// Reads `requests` and `deletes`, as playbooks and `voxplay.yaml` write them.
pub fn read_limits(node: &Node, what: &str, findings: &mut Findings) -> Limits {
    let Some(map) = Mapping::read(node, what, LIMIT_KEYS, findings) else {
        return Limits::default();
    };
    let mut bound = |key: &str| {
        let span = map.get(key)?.span;
        map.count(key, 0, findings)
            .map(|count| Spanned::new(count, span))
    };
    Limits {
        requests: bound("requests"),
        deletes: bound("deletes"),
    }
}
