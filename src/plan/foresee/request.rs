//! Parameters with marks → the request with marks, and where in it they stand.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::super::partial::Partial;
use super::super::rehearse::stands;
use super::super::{Home, PlannedAction, Subject, file_paths, violation_diagnostic};
use super::values::{MarkedValue, below};
use super::{Mark, RequestOutlook};
use crate::action::{Action, Encoding, TargetFacts};
use crate::attachment::Attachment;
use crate::diagnostic::in_one_line;
use crate::project::Confinement;
use crate::request::{self, Body, JsonBody, Part, PartContent, Request};
use crate::value::Value;

/// Files that were described already: a file is read once, however many requests carry it.
#[derive(Debug, Default)]
pub(super) struct Files {
    described: BTreeMap<PathBuf, Attachment>,
    /// By their paths in the playbook.
    pub(super) named: BTreeMap<String, Attachment>,
}

/// Which files may be read, and the playbook that names them.
pub(super) struct Rules<'r> {
    pub(super) home: &'r Home,
    pub(super) files: &'r Confinement,
}

impl Files {
    pub(super) fn describe(
        &mut self,
        written: &str,
        rules: &Rules<'_>,
    ) -> Result<Attachment, String> {
        let label = rules.home.label(written);
        if let Some(known) = self.named.get(&label) {
            return Ok(known.clone());
        }
        let resolved = rules
            .files
            .resolve(written)
            .map_err(|finding| in_one_line(&finding))?;
        let described = match self.described.get(&resolved.path) {
            Some(known) => known.clone(),
            None => Attachment::describe(&resolved.path)
                .map_err(|error| format!("the file {written} cannot be read: {error}"))?,
        };
        self.described.insert(resolved.path, described.clone());
        self.named.insert(label, described.clone());
        Ok(described)
    }
}

/// What is known of the call of an action with these parameters.
pub(super) fn foresee(
    planned: &PlannedAction,
    with: MarkedValue,
    target: &TargetFacts,
    rules: &Rules<'_>,
    files: &mut Files,
) -> RequestOutlook {
    let action = &planned.action;
    let request = match &with.error {
        Some(error) => Err(error.clone()),
        None => make(action, &with, target, rules, files),
    };
    let marks = request
        .as_ref()
        .map(|request| marks(action, request, &with))
        .unwrap_or_default();
    RequestOutlook {
        request: Some(request),
        marks,
        ..without_request(planned, with)
    }
}

/// The same without the request itself, for counting and for steps that will not run.
pub(super) fn without_request(planned: &PlannedAction, with: MarkedValue) -> RequestOutlook {
    let action = &planned.action;
    let effect = action.foreseen_effect(&with.value, &with.holes);
    let records = action.items_param().map(|param| {
        let pointer = format!("/{param}");
        let unknown = with
            .holes
            .0
            .iter()
            .any(|hole| hole.pointer == pointer && hole.is_whole);
        (!unknown).then(|| action.item_count(&with.value) as u64)
    });
    RequestOutlook {
        action: action.name().to_owned(),
        effect: effect.effect,
        because: effect.because,
        effect_is_certain: effect.is_certain,
        records,
        max_pages: planned.max_pages,
        with,
        request: None,
        marks: Vec::new(),
    }
}

/// Why the request of an action cannot be made with these parameters, as far as they are known: none where it can, or
/// where only the run will tell.
pub(super) fn problem(
    planned: &PlannedAction,
    partial: &Partial<'_>,
    target: &TargetFacts,
    rules: &Rules<'_>,
    files: &mut Files,
) -> Option<String> {
    let action = &planned.action;
    if let Some(error) = partial.errors.first() {
        return Some(in_one_line(&error.diagnostic(rules.home.source())));
    }
    let violations = action.check_params(&partial.value);
    if let Some(violation) = violations.iter().find(|it| stands(it, partial)) {
        let what = format!("`with` of {}", action.name());
        let subject = Subject {
            what: &what,
            node: &planned.with_node,
            key: Some(planned.with_span),
            source: rules.home.source(),
            advice: |_| None,
        };
        let finding = violation_diagnostic(violation, subject, &partial.value);
        return Some(finding.message);
    }
    let named = action.file_param().into_iter();
    for (pointer, written) in named.flat_map(|param| file_paths(param, &partial.value)) {
        if !partial.is_hole(&pointer)
            && let Err(problem) = files.describe(&written, rules)
        {
            return Some(problem);
        }
    }
    if !partial.holes.is_empty() {
        return None;
    }
    let made = request::render(action, &partial.value, target, Vec::new());
    made.err().map(|error| error.to_string())
}

fn make(
    action: &Action,
    with: &MarkedValue,
    target: &TargetFacts,
    rules: &Rules<'_>,
    files: &mut Files,
) -> Result<Request, String> {
    let attached = attach(action, with, rules, files)?;
    if with.holes.is_empty() {
        // The very request that will be sent.
        let described = attached
            .into_iter()
            .filter_map(|content| match content {
                PartContent::File(file) => Some(file),
                PartContent::Text(_) => None,
            })
            .collect();
        return request::render(action, &with.value, target, described)
            .map_err(|error| error.to_string());
    }
    let told = |error: crate::action::RenderError| error.to_string();
    let body = action
        .foreseen_body(&with.value, target, &with.holes)
        .map_err(told)?;
    let query = action
        .foreseen_query(&with.value, target, &with.holes)
        .map_err(told)?;
    let body = match (action.encoding(), body) {
        (Encoding::None, _) | (_, None) => Body::None,
        (Encoding::Json, Some(body)) => Body::Json(JsonBody::from(&body)),
        (Encoding::Multipart, Some(body)) => {
            let mut parts: Vec<Part> = body
                .as_map()
                .into_iter()
                .flatten()
                .map(|(name, value)| Part {
                    name: name.clone(),
                    content: PartContent::Text(value.scalar_text().unwrap_or_default()),
                })
                .collect();
            let name = action
                .attachments(&with.value, target)
                .map_err(told)?
                .map_or_else(String::new, |attachments| attachments.part);
            parts.extend(attached.into_iter().map(|content| Part {
                name: name.clone(),
                content,
            }));
            Body::Multipart(parts)
        }
    };
    Ok(Request {
        method: action.method(),
        path: action.path().to_owned(),
        query,
        body,
    })
}

/// The files of a call; for a path that is not known, its mark.
pub(super) fn attach(
    action: &Action,
    with: &MarkedValue,
    rules: &Rules<'_>,
    files: &mut Files,
) -> Result<Vec<PartContent>, String> {
    let Some(param) = action.file_param() else {
        return Ok(Vec::new());
    };
    file_paths(param, &with.value)
        .into_iter()
        .map(|(pointer, written)| {
            if with.holes.0.iter().any(|hole| hole.pointer == pointer) {
                return Ok(PartContent::Text(written));
            }
            files.describe(&written, rules).map(PartContent::File)
        })
        .collect()
}

/// Where the marks stand in the request as it is shown.
fn marks(action: &Action, request: &Request, with: &MarkedValue) -> Vec<Mark> {
    let mut found = Vec::new();
    if !with.holes.is_empty() {
        let search = Search { action, with };
        search.value(&request.describe(), &mut String::new(), &mut found);
    }
    found
}

struct Search<'s> {
    action: &'s Action,
    with: &'s MarkedValue,
}

impl Search<'_> {
    fn value(&self, value: &Value, pointer: &mut String, found: &mut Vec<Mark>) {
        match value {
            Value::Text(text) => self.text(text, pointer, found),
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    below(pointer, &index.to_string(), |pointer| {
                        self.value(item, pointer, found);
                    });
                }
            }
            Value::Map(entries) => {
                for (key, value) in entries {
                    below(pointer, key, |pointer| self.value(value, pointer, found));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text(&self, text: &str, pointer: &str, found: &mut Vec<Mark>) {
        let mut seen: Vec<&str> = Vec::new();
        for hole in &self.with.holes.0 {
            if !text.contains(&hole.mark) || seen.contains(&hole.mark.as_str()) {
                continue;
            }
            seen.push(&hole.mark);
            let is_whole = text == hole.mark;
            found.push(Mark {
                at: pointer.to_owned(),
                text: hole.mark.clone(),
                is_whole,
                kind: is_whole.then(|| self.kind(pointer, &hole.mark)).flatten(),
            });
        }
    }

    /// The type that is asked for: by the body's schema, else by the parameter's.
    fn kind(&self, pointer: &str, mark: &str) -> Option<String> {
        let of_body = pointer
            .strip_prefix("/json")
            .and_then(|pointer| type_in(self.action.request_schema()?, pointer));
        of_body.or_else(|| {
            let mut of_holes = self.with.holes.0.iter().filter(|hole| hole.mark == mark);
            match (of_holes.next(), of_holes.next()) {
                (Some(only), None) => type_in(self.action.params_schema(), &only.pointer),
                _ => None,
            }
        })
    }
}

/// The type that a JSON Schema asks for at a place, where it says so in plain words.
pub(crate) fn type_in(schema: &serde_json::Value, pointer: &str) -> Option<String> {
    let mut schema = schema;
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        let member = schema
            .get("properties")
            .and_then(|properties| properties.get(&part));
        schema = match member {
            Some(member) => member,
            None if part.bytes().all(|byte| byte.is_ascii_digit()) => schema.get("items")?,
            None => schema.get("additionalProperties")?,
        };
    }
    let word = |name: &str| {
        match name {
            "string" => "text",
            "array" => "list",
            other => other,
        }
        .to_owned()
    };
    match schema.get("type")? {
        serde_json::Value::String(name) => Some(word(name)),
        serde_json::Value::Array(names) => {
            let names: Vec<String> = names
                .iter()
                .filter_map(|name| name.as_str())
                .map(word)
                .collect();
            Some(names.join(" or "))
        }
        _ => None,
    }
}
