//! Action file → Action: every finding at its place. It does not try the examples.

mod parts;

use std::sync::{Arc, OnceLock};

use super::advice::Advice;
use super::answer::Output;
use super::body::Shape;
use super::effect::{EffectCase, EffectRule};
use super::params::defaults;
use super::templates::{ANSWERING, FINDING, PARAMETERS, SENDING};
use super::{
    Action, Answer, Documentation, Effect, Encoding, Example, FileRule, Lookup, META_SCHEMA,
    Method, Page, Paging, STEP_FACTS, Scalars, fit,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Document, Entry, Node, NodeKind};
use crate::schema::{Schema, SchemaError, Violation, ViolationKind};
use crate::source::Source;
use crate::value::Value;

/// Reads an action from its document.
///
/// # Errors
/// Everything in the file that its author has to change.
pub(super) fn read(document: &Document) -> Result<Action, Vec<Diagnostic>> {
    let found = shape_findings(document);
    if !found.is_empty() {
        return Err(found);
    }
    let mut found = fit::findings(document);
    match Reader::new(document, Schema::compile).read() {
        Ok(action) if found.is_empty() => Ok(action),
        Ok(_) => Err(found),
        Err(more) => {
            found.extend(more);
            Err(found)
        }
    }
}

/// Reads an action from a document that is known to be right: a test has read it in full. It
/// saves the start of every run the checks of what cannot change.
pub(super) fn read_known(document: &Document) -> Result<Action, Vec<Diagnostic>> {
    Reader::new(document, |schema| Ok(Schema::known(schema.clone()))).read()
}

/// What the schema of action files says about this one.
fn shape_findings(document: &Document) -> Vec<Diagnostic> {
    static SHAPE: OnceLock<Schema> = OnceLock::new();
    let shape = SHAPE.get_or_init(|| {
        let json = serde_json::from_str(META_SCHEMA).expect("a test reads the schema of actions");
        Schema::compile(&json).expect("a test compiles the schema of actions")
    });
    let value = document.root.to_value();
    let violations = shape.violations(&value);
    violations
        .iter()
        .map(|violation| finding(document, violation, "", &value))
        .collect()
}

/// A violation of the value at `base` as a finding at its place in the file.
pub(super) fn finding(
    document: &Document,
    violation: &Violation,
    base: &str,
    checked: &Value,
) -> Diagnostic {
    let code = match violation.kind {
        ViolationKind::UnknownKey { .. } => Code::UnknownKey,
        ViolationKind::MissingKey { .. } => Code::MissingKey,
        ViolationKind::WrongType { .. } => Code::WrongType,
        _ => Code::InvalidAction,
    };
    let mut finding = Diagnostic::error(code, violation.message.clone())
        .at(&document.source, violation.span_in(&document.root, base));
    finding.help = violation.help(checked);
    finding
}

/// A document that fits the schema of action files, and what was found beyond that.
struct Reader<'a> {
    source: &'a Arc<Source>,
    root: &'a Node,
    compile: fn(&serde_json::Value) -> Result<Schema, SchemaError>,
    params: Vec<String>,
    found: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    fn new(
        document: &'a Document,
        compile: fn(&serde_json::Value) -> Result<Schema, SchemaError>,
    ) -> Self {
        let params = document
            .root
            .get("params")
            .and_then(|params| params.get("properties")?.entries())
            .unwrap_or_default();
        Self {
            source: &document.source,
            root: &document.root,
            compile,
            params: params.iter().map(|entry| entry.key.clone()).collect(),
            found: Vec::new(),
        }
    }

    fn read(mut self) -> Result<Action, Vec<Diagnostic>> {
        match self.action() {
            Some(action) if self.found.is_empty() => Ok(action),
            _ => Err(self.found),
        }
    }

    fn action(&mut self) -> Option<Action> {
        // All parts first, so that one that is wrong does not hide the findings of the others.
        let effect = self.part("effect", Self::effect);
        let query = self.part("query", Self::query);
        let body = self.part("body", |reader, node| reader.map(node, SENDING));
        let files = self.part("files", Self::files);
        let success = self.part("success", |reader, node| reader.expression(node, ANSWERING));
        let outputs = self.part("outputs", Self::outputs);
        let paging = self.part("paging", Self::paging);
        let lookup = self.part("lookup", Self::lookup);
        let params = self.part("params", |reader, node| reader.schema("params", node));
        let advice = self.part("advice", Self::advice);
        let request = self.part("request", |reader, node| reader.schema("request", node));
        let response = self.part("response", |reader, node| reader.schema("response", node));
        let page = self.part("page", |_, node| {
            let url = text(node, "url");
            text(node, "title").map(|title| Page { title, url })
        });
        Some(Action {
            name: self.text("name"),
            summary: self.text("summary"),
            description: self.optional("description"),
            documentation: Documentation::from_word(&self.text("documentation")),
            page: page?,
            source: Arc::clone(self.source),
            effect: effect?,
            method: Method::from_word(&self.text("method")),
            path: self.text("path"),
            encoding: Encoding::from_word(&self.text("encoding")),
            query: query.unwrap_or_default(),
            params: params?,
            advice: advice.unwrap_or_default(),
            defaults: self.root.get("params").map(defaults).unwrap_or_default(),
            body,
            scalars: Scalars::from_word(&self.text("scalars")),
            files,
            items: self.optional("items"),
            max_items: self.part("max_items", |_, node| count(node)),
            request,
            response: response?,
            answer: Answer::from_word(&self.text("answer")),
            success,
            outputs: outputs?,
            paging,
            lookup,
            contradictions: self.texts("contradictions"),
            notes: self.texts("notes"),
            examples: self.examples(),
        })
    }

    /// What a top-level key holds; none where it is absent, or wrong: then there is a finding.
    fn part<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&mut Self, &Node) -> Option<T>,
    ) -> Option<T> {
        let entry = self.root.entry(key)?;
        let part = read(self, &entry.value);
        if part.is_none() && self.found.is_empty() {
            // Nothing may be dropped without a word, whatever the schema of action files let pass.
            let message = format!("`{key}` is not what an action file has there");
            let finding = Diagnostic::error(Code::InvalidAction, message);
            self.found.push(finding.at(self.source, entry.key_span));
        }
        part
    }

    fn effect(&mut self, node: &Node) -> Option<EffectRule> {
        if let Some(word) = node.text() {
            return Some(EffectRule {
                default: Effect::from_word(word)?,
                cases: Vec::new(),
            });
        }
        let cases: Vec<Option<EffectCase>> = node
            .get("when")?
            .items()?
            .iter()
            .map(|case| {
                Some(EffectCase {
                    condition: self.expression(case.get("if")?, PARAMETERS)?,
                    effect: Effect::from_word(case.get("effect")?.text()?)?,
                    because: text(case, "because")?,
                })
            })
            .collect();
        Some(EffectRule {
            default: Effect::from_word(node.get("default")?.text()?)?,
            cases: cases.into_iter().collect::<Option<_>>()?,
        })
    }

    fn advice(&mut self, node: &Node) -> Option<Vec<Advice>> {
        let pieces: Vec<_> = node
            .items()?
            .iter()
            .map(|piece| {
                Some(Advice {
                    with: self.schema("advice", piece.get("with")?)?,
                    because: text(piece, "because")?,
                })
            })
            .collect();
        pieces.into_iter().collect()
    }

    fn query(&mut self, node: &Node) -> Option<Vec<(String, Shape)>> {
        let query: Vec<_> = node
            .entries()?
            .iter()
            .map(|entry| Some((entry.key.clone(), self.shape(&entry.value, SENDING)?)))
            .collect();
        query.into_iter().collect()
    }

    fn files(&mut self, node: &Node) -> Option<FileRule> {
        let extensions = node.get("extensions").and_then(Node::items);
        let extensions = extensions.unwrap_or_default().iter();
        Some(FileRule {
            from: text(node, "from")?,
            part: self.template(node.get("part")?, SENDING)?,
            extensions: extensions
                .filter_map(|item| item.text().map(str::to_owned))
                .collect(),
        })
    }

    fn outputs(&mut self, node: &Node) -> Option<Vec<Output>> {
        let outputs: Vec<Option<Output>> = node
            .entries()?
            .iter()
            .map(|entry| {
                self.check_output_name(entry);
                let value = entry.value.get("value").unwrap_or(&entry.value);
                let is_id = entry.value.get("id").map(|node| &node.kind);
                Some(Output {
                    name: entry.key.clone(),
                    value: self.template(value, ANSWERING)?,
                    is_id: is_id == Some(&NodeKind::Bool(true)),
                    description: text(&entry.value, "description"),
                })
            })
            .collect();
        outputs.into_iter().collect()
    }

    /// An output may not hide what every step has.
    fn check_output_name(&mut self, entry: &Entry) {
        let name = &entry.key;
        if STEP_FACTS.contains(&name.as_str()) {
            let message =
                format!("an output cannot be called `{name}`: every step has that already");
            let finding = Diagnostic::error(Code::InvalidAction, message)
                .at(self.source, entry.key_span)
                .help(format!("give it another name, such as `answer_{name}`"));
            self.found.push(finding);
        }
    }

    fn paging(&mut self, node: &Node) -> Option<Paging> {
        let total_pages = node.get("total_pages");
        let total_pages = total_pages.and_then(|node| self.template(node, ANSWERING));
        Some(Paging {
            page: text(node, "page")?,
            limit: text(node, "limit")?,
            max_limit: count(node.get("max_limit")?)?,
            records: self.template(node.get("records")?, ANSWERING)?,
            total_pages,
        })
    }

    fn lookup(&mut self, node: &Node) -> Option<Lookup> {
        let records = node.get("records");
        let records = records.and_then(|node| self.template(node, ANSWERING));
        Some(Lookup {
            action: text(node, "action")?,
            with: self.map(node.get("with")?, PARAMETERS)?,
            records,
            same: self.expression(node.get("same")?, FINDING)?,
            description: text(node, "description"),
        })
    }

    fn text(&self, key: &str) -> String {
        self.optional(key).unwrap_or_default()
    }

    fn optional(&self, key: &str) -> Option<String> {
        text(self.root, key)
    }

    fn texts(&self, key: &str) -> Vec<String> {
        let items = self.root.get(key).and_then(Node::items).unwrap_or_default();
        items
            .iter()
            .filter_map(|item| item.text().map(str::to_owned))
            .collect()
    }

    fn examples(&self) -> Vec<Example> {
        let examples = self.root.get("examples").and_then(Node::items);
        let examples = examples.unwrap_or_default().iter();
        examples.map(Example::read).collect()
    }
}

/// The text of a key, where there is one.
pub(super) fn text(node: &Node, key: &str) -> Option<String> {
    node.get(key)?.text().map(str::to_owned)
}

fn count(node: &Node) -> Option<usize> {
    let NodeKind::Number(number) = &node.kind else {
        return None;
    };
    // `250.0` and `2.5e2` are whole numbers to JSON Schema.
    let plain = number.to_json().to_string();
    plain.trim_end_matches(".0").parse().ok()
}
