//! Whether the parts of an action file fit together, beyond what its schema can say.

use super::Effect;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::document::{Document, Node, NodeKind};
use crate::source::Span;

/// What does not fit. The document fits the schema of action files.
pub(super) fn findings(document: &Document) -> Vec<Diagnostic> {
    let mut fit = Fit {
        document,
        root: &document.root,
        found: Vec::new(),
    };
    fit.encoding();
    fit.parameter_names();
    fit.descriptions();
    fit.answer();
    fit.idle_condition();
    fit.required_parameters();
    fit.paging();
    fit.found
}

struct Fit<'a> {
    document: &'a Document,
    root: &'a Node,
    found: Vec<Diagnostic>,
}

impl Fit<'_> {
    fn text(&self, key: &str) -> &str {
        self.root.get(key).and_then(Node::text).unwrap_or_default()
    }

    fn tell(&mut self, span: Span, message: impl Into<String>, help: Option<String>) {
        let mut finding =
            Diagnostic::error(Code::InvalidAction, message).at(&self.document.source, span);
        finding.help = help;
        self.found.push(finding);
    }

    /// The span of a top-level key.
    fn key(&self, key: &str) -> Span {
        self.root
            .entry(key)
            .map_or(self.root.head(), |entry| entry.key_span)
    }

    /// A body where the encoding has one, and nothing of a body where it has none.
    fn encoding(&mut self) {
        let encoding = self.text("encoding").to_owned();
        let (wanted, refused): (&[&str], &[&str]) = match encoding.as_str() {
            "none" => (&[], &["body", "request", "files", "scalars"]),
            "json" => (&["body", "request"], &["files"]),
            _ => (&["body", "request"], &[]),
        };
        for key in wanted {
            if self.root.get(key).is_none() {
                let message = format!("`{key}` is missing for the encoding `{encoding}`");
                self.tell(self.key("encoding"), message, None);
            }
        }
        for key in refused {
            if self.root.get(key).is_some() {
                let message = format!("`{key}` has no meaning for the encoding `{encoding}`");
                self.tell(self.key(key), message, None);
            }
        }
        self.example_bodies(&encoding);
        if self.text("method") == "GET" && encoding != "none" {
            let help = "proxies drop the body of a GET: use `query` and `encoding: none`";
            self.tell(
                self.key("method"),
                "a GET has no body",
                Some(help.to_owned()),
            );
        }
    }

    /// An example states its body in the words of the encoding.
    fn example_bodies(&mut self, encoding: &str) {
        let (wanted, refused): (_, &[&str]) = match encoding {
            "json" => (Some("body"), &["parts"]),
            "multipart" => (Some("parts"), &["body"]),
            _ => (None, &["body", "parts"]),
        };
        let examples = self.root.get("examples").and_then(Node::items);
        let stated: Vec<(&str, Span)> = examples
            .unwrap_or_default()
            .iter()
            .flat_map(|example| refused.iter().filter_map(|key| example.entry(key)))
            .map(|entry| (entry.key.as_str(), entry.key_span))
            .collect();
        for (key, span) in stated {
            let message = format!("`{key}` has no meaning for the encoding `{encoding}`");
            let help = wanted.map(|wanted| format!("state `{wanted}` in its place"));
            self.tell(span, message, help);
        }
    }

    /// Keys that name a parameter name one that there is.
    fn parameter_names(&mut self) {
        let params = self
            .root
            .get("params")
            .and_then(|params| params.get("properties"));
        let params = params.and_then(Node::entries).unwrap_or_default();
        let known: Vec<&str> = params.iter().map(|entry| entry.key.as_str()).collect();
        for path in [
            &["items"][..],
            &["files", "from"],
            &["paging", "page"],
            &["paging", "limit"],
        ] {
            let Some(node) = self.root.at(path) else {
                continue;
            };
            let name = node.text().unwrap_or_default();
            if !known.contains(&name) {
                let message = format!("`{}` names no parameter", path.join("."));
                let help = did_you_mean(name, known.iter().copied());
                let span = node.span;
                self.tell(span, message, help);
            }
        }
    }

    /// What must be given is something that can be.
    fn required_parameters(&mut self) {
        let mut found = Vec::new();
        if let Some(params) = self.root.get("params") {
            collect_unknown_required(params, &mut found);
        }
        for (name, known, span) in found {
            let message = format!("`required` names no parameter: there is no `{name}`");
            let help = did_you_mean(&name, known.iter().map(String::as_str));
            self.tell(span, message, help);
        }
    }

    /// Pages are of what is read, and counted by numbers.
    fn paging(&mut self) {
        let Some(paging) = self.root.get("paging") else {
            return;
        };
        if self.root.get("effect").and_then(Node::text) != Some("read") {
            let help = "take it out: a call that writes is sent once, and not again for each page";
            self.tell(
                self.key("paging"),
                "`paging` is for calls with the effect `read`",
                Some(help.to_owned()),
            );
        }
        for key in ["page", "limit"] {
            let Some(name) = paging.get(key) else {
                continue;
            };
            let types = self.root.at(&["params", "properties"]);
            let types = types.and_then(|params| params.get(name.text()?)?.get("type"));
            if types.is_some_and(|types| !names_a_number(types)) {
                let message = format!("`paging.{key}` names a parameter that is no number");
                let help = "the pages are counted by it: give the parameter `type: integer`";
                self.tell(name.span, message, Some(help.to_owned()));
            }
        }
    }

    /// Every parameter says what it is: it is the manual and the editor's help.
    fn descriptions(&mut self) {
        let mut undescribed = Vec::new();
        if let Some(params) = self.root.get("params") {
            collect_undescribed(params, &mut undescribed);
        }
        for (name, span) in undescribed {
            let message = format!("the parameter `{name}` has no description");
            self.tell(span, message, Some("add `description:` to it".to_owned()));
        }
    }

    /// Only a call that changes nothing may answer otherwise than with an object.
    fn answer(&mut self) {
        let only_reads = self.root.get("effect").and_then(Node::text) == Some("read");
        if !only_reads && matches!(self.text("answer"), "array" | "either") {
            let help = "the outcome of a write is told by `code` and `error` of an object";
            let message = "only a call with the effect `read` may answer with a list";
            self.tell(self.key("answer"), message, Some(help.to_owned()));
        }
        let creates = match self.root.get("effect") {
            Some(effect) => has_effect(effect, Effect::Create),
            None => false,
        };
        if self.root.get("lookup").is_some() && !creates {
            self.tell(
                self.key("lookup"),
                "`lookup` is for calls that create",
                None,
            );
        }
    }

    /// A condition that is never tried, because it names the effect that holds anyway.
    fn idle_condition(&mut self) {
        let Some(cases) = self.root.at(&["effect", "when"]).and_then(Node::items) else {
            return;
        };
        let default = self.root.at(&["effect", "default"]).and_then(Node::text);
        let idle: Vec<Span> = cases
            .iter()
            .filter_map(|case| case.get("effect"))
            .filter(|effect| cases.len() == 1 && effect.text() == default)
            .map(|effect| effect.span)
            .collect();
        for span in idle {
            self.tell(
                span,
                "this condition changes nothing: it is the default effect",
                None,
            );
        }
    }
}

fn has_effect(node: &Node, wanted: Effect) -> bool {
    match &node.kind {
        NodeKind::Text(scalar) => scalar.text == wanted.as_str(),
        NodeKind::List(items) => items.iter().any(|item| has_effect(item, wanted)),
        NodeKind::Map(_) => ["default", "when", "effect"]
            .iter()
            .filter_map(|key| node.get(key))
            .any(|part| has_effect(part, wanted)),
        _ => false,
    }
}

/// Whether one of the types of a schema is a number.
fn names_a_number(types: &Node) -> bool {
    let is_number = |node: &Node| matches!(node.text(), Some("integer" | "number"));
    is_number(types) || types.items().unwrap_or_default().iter().any(is_number)
}

/// The names under `required` of objects whose members are all known and do not have them, with those members.
fn collect_unknown_required(schema: &Node, found: &mut Vec<(String, Vec<String>, Span)>) {
    let is_closed =
        schema.get("additionalProperties").map(|node| &node.kind) == Some(&NodeKind::Bool(false));
    let properties = schema.get("properties").and_then(Node::entries);
    let properties = properties.unwrap_or_default();
    let has_others = schema.get("patternProperties").is_some();
    if is_closed && !has_others {
        let known: Vec<String> = properties.iter().map(|entry| entry.key.clone()).collect();
        let required = schema.get("required").and_then(Node::items);
        for item in required.unwrap_or_default() {
            if let Some(name) = item.text().filter(|name| known.iter().all(|it| it != name)) {
                found.push((name.to_owned(), known.clone(), item.span));
            }
        }
    }
    for property in properties {
        collect_unknown_required(&property.value, found);
    }
    if let Some(items) = schema.get("items") {
        collect_unknown_required(items, found);
    }
}

fn collect_undescribed(schema: &Node, found: &mut Vec<(String, Span)>) {
    for entry in schema.entries().unwrap_or_default() {
        match entry.key.as_str() {
            "properties" => {
                for property in entry.value.entries().unwrap_or_default() {
                    if property.value.get("description").is_none() {
                        found.push((property.key.clone(), property.key_span));
                    }
                    collect_undescribed(&property.value, found);
                }
            }
            "items" => collect_undescribed(&entry.value, found),
            _ => {}
        }
    }
}
