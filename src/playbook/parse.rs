//! The grammar of a playbook, version 1.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{ForEach, Input, Limits, Named, OnFailure, Playbook, Retry, Step, StepKind};
use super::{defaults, forms, loops};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::document::{self, Document, Entry, Node, NodeKind};
use crate::reading::{Findings, Mapping, check_name, list, no_templates, text};
use crate::source::{Source, Span, Spanned};

pub(crate) const PLAYBOOK_KEYS: &[&str] = &[
    "voxplay",
    "name",
    "description",
    "target",
    "timezone",
    "inputs",
    "vars",
    "limits",
    "steps",
    "finally",
    "outputs",
];
pub(crate) const STEP_KEYS: &[&str] = &[
    "id",
    "name",
    "action",
    "with",
    "steps",
    "use",
    "inputs",
    "when",
    "expect",
    "retry",
    "timeout",
    "max_pages",
    "on_failure",
    "tags",
    "for_each",
    "concurrency",
    "max_failures",
    "rejected",
    "succeeded",
    "unknown",
];
/// Keys that only mean something beside `for_each`.
pub(crate) const LOOP_KEYS: &[&str] = &[
    "concurrency",
    "max_failures",
    "rejected",
    "succeeded",
    "unknown",
];
pub(crate) const RETRY_KEYS: &[&str] = &["attempts", "backoff", "max_backoff"];
pub(crate) const LIMIT_KEYS: &[&str] = &["requests", "deletes"];
/// Keys of an input beside those of its JSON Schema.
pub(crate) const INPUT_KEYS: &[&str] = &["required", "secret", "from_env", "default"];

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

/// What a step says of rows.
enum Each {
    /// Nothing: it runs once.
    None,
    /// It runs for each row.
    Rows(Box<ForEach>),
    /// Something that cannot be read, and that was said.
    Broken,
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
            name: map.text("name", self.findings),
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

    fn version(&mut self, map: &Mapping<'_>) {
        let Some(node) = map.required("voxplay", self.findings) else {
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

    fn inputs(&mut self, node: &Node) -> Vec<Input> {
        let Some(entries) = node.entries() else {
            self.findings
                .error(Code::WrongType, node.span, "`inputs` must be a mapping")
                .help = Some("write `name: { type: string }`".to_owned());
            return Vec::new();
        };
        entries
            .iter()
            .filter_map(|entry| {
                check_name(&entry.key, entry.key_span, "the input", self.findings);
                self.input(
                    Spanned::new(entry.key.clone(), entry.key_span),
                    &entry.value,
                )
            })
            .collect()
    }

    fn input(&mut self, name: Spanned<String>, node: &Node) -> Option<Input> {
        let Some(entries) = node.entries() else {
            self.findings
                .error(
                    Code::WrongType,
                    node.span,
                    format!(
                        "the input `{}` must be a mapping with its JSON Schema",
                        name.value
                    ),
                )
                .help = Some(format!("write `{}: {{ type: string }}`", name.value));
            // Its name is known all the same: references to it are right.
            return Some(Input {
                name,
                schema: serde_json::Value::Bool(true),
                declaration: node.clone(),
                required: false,
                secret: false,
                from_env: None,
                default: None,
            });
        };
        let keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
        let map = Mapping::read(node, "an input", &keys, self.findings)?;
        let default = map.get("default").cloned();
        if let Some(default) = &default {
            no_templates(
                default,
                "a default",
                "compute the value under `vars`, and use that",
                self.findings,
            );
        }
        let secret = map.flag("secret", self.findings).unwrap_or(false);
        if let Some(default) = default.as_ref().filter(|_| secret) {
            let from_env = map.get("from_env").and_then(Node::text);
            defaults::warn_of_secret(&name.value, default, from_env, self.findings);
        }
        let mut schema = serde_json::Map::new();
        for entry in entries {
            if !INPUT_KEYS.contains(&entry.key.as_str()) {
                schema.insert(entry.key.clone(), entry.value.to_value().to_json());
            }
        }
        Some(Input {
            name,
            schema: schema.into(),
            declaration: node.clone(),
            required: map
                .flag("required", self.findings)
                .unwrap_or(default.is_none()),
            secret,
            from_env: map.text("from_env", self.findings),
            default,
        })
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

    fn step(&mut self, node: &Node, depth: usize) -> Option<Step> {
        self.steps += 1;
        let number = self.steps;
        let map = Mapping::read_form(node, forms::STEP, self.findings)?;
        let span = node
            .entries()
            .and_then(|entries| entries.first())
            .map_or(node.span, |entry| entry.key_span);
        let id = self.id(&map, span, number);
        let each = self.each(&map);
        let kind = self.kind(&map, span, depth);
        // Of a loop that cannot be read, its steps see names that nothing here knows of.
        let kind = kind.filter(|_| !matches!(each, Each::Broken));
        let step = Step {
            id,
            name: map.text("name", self.findings).map(|text| text.value),
            span,
            when: map.get("when").cloned(),
            expect: map
                .get("expect")
                .map(|node| match &node.kind {
                    NodeKind::List(items) => items.clone(),
                    _ => vec![node.clone()],
                })
                .unwrap_or_default(),
            retry: map
                .get("retry")
                .and_then(|node| read_retry(node, self.findings)),
            timeout: map.duration("timeout", self.findings),
            max_pages: self.max_pages(&map),
            on_failure: self.on_failure(&map),
            tags: map.texts("tags", self.findings),
            kind: kind.unwrap_or(StepKind::Broken),
        };
        self.check_beside(&map, &step.kind);
        Some(match each {
            Each::Rows(each) => looped(step, each),
            Each::None | Each::Broken => step,
        })
    }

    /// Keys that mean nothing beside what the step does.
    fn check_beside(&mut self, map: &Mapping<'_>, kind: &StepKind) {
        let (what, help) = match kind {
            StepKind::Group(_) => ("a group", "to the steps of the group"),
            StepKind::Use { .. } => ("a step with `use`", "to the steps of the used playbook"),
            _ => ("", ""),
        };
        for key in ["expect", "retry", "timeout", "max_pages", "with"] {
            if let (Some(entry), false) = (map.entry(key), what.is_empty()) {
                let is_with = key == "with" && matches!(kind, StepKind::Use { .. });
                self.findings
                    .error(
                        Code::InvalidValue,
                        entry.key_span,
                        format!("`{key}` belongs to a step with an action, not to {what}"),
                    )
                    .help = Some(if is_with {
                    "what a used playbook takes stands under `inputs`".to_owned()
                } else {
                    format!("move `{key}` {help}")
                });
            }
        }
        if let (Some(entry), None, false) = (
            map.entry("inputs"),
            map.entry("use"),
            map.is_misspelt("use"),
        ) {
            self.findings
                .error(
                    Code::InvalidValue,
                    entry.key_span,
                    "`inputs` only means something beside `use`",
                )
                .help = Some("the parameters of an action stand under `with`".to_owned());
        }
    }

    /// `for_each` where there is one, and whether it could be read.
    fn each(&mut self, map: &Mapping<'_>) -> Each {
        if let Some(node) = map.get("for_each") {
            return match loops::read(node, map, self.findings) {
                Some(each) => Each::Rows(Box::new(each)),
                None => Each::Broken,
            };
        }
        for key in LOOP_KEYS {
            if let Some(entry) = map.entry(key) {
                self.findings
                    .error(
                        Code::InvalidValue,
                        entry.key_span,
                        format!("`{key}` only means something beside `for_each`"),
                    )
                    .help = Some(format!("take `{key}` away, or add `for_each`"));
            }
        }
        Each::None
    }

    fn id(&mut self, map: &Mapping<'_>, span: Span, number: usize) -> Spanned<String> {
        let id = map.text("id", self.findings);
        let id = id.unwrap_or_else(|| Spanned::new(format!("step_{number}"), span));
        check_name(&id.value, id.span, "the id", self.findings);
        let line = self.findings.source().position(id.span.start).line;
        let first = self.ids.get(&id.value).copied();
        self.ids.entry(id.value.clone()).or_insert(line);
        if let Some(first) = first {
            self.findings
                .error(
                    Code::DuplicateId,
                    id.span,
                    format!(
                        "the id `{}` stands twice: the first is in line {first}{}",
                        id.value,
                        if id.value.starts_with("step_") {
                            " (a step without an id is called step_ and its number)"
                        } else {
                            ""
                        }
                    ),
                )
                .help = Some("give each step an id of its own".to_owned());
        }
        id
    }

    fn kind(&mut self, map: &Mapping<'_>, span: Span, depth: usize) -> Option<StepKind> {
        if let Some(used) = map.entry("use") {
            let other = ["action", "steps"]
                .into_iter()
                .find_map(|key| map.entry(key));
            if let Some(other) = other {
                self.findings
                    .error(
                        Code::InvalidValue,
                        used.key_span,
                        format!("a step has either `{}` or `use`, not both", other.key),
                    )
                    .help = Some("make the used playbook a step of its own".to_owned());
                return None;
            }
            return self.used(map, used);
        }
        match (map.entry("action"), map.entry("steps")) {
            (Some(_), Some(steps)) => {
                self.findings
                    .error(
                        Code::InvalidValue,
                        steps.key_span,
                        "a step has either `action` or `steps`, not both",
                    )
                    .help = Some("make the nested steps a step of their own".to_owned());
                None
            }
            (Some(entry), None) => {
                let action = text(&entry.value, "`action`", self.findings)?;
                let with = map.entry("with");
                Some(StepKind::Action {
                    with_span: with.map_or(entry.key_span, |with| with.key_span),
                    with: with.map(|with| with.value.clone()),
                    action,
                })
            }
            (None, Some(entry)) => Some(StepKind::Group(self.steps(
                &entry.value,
                "`steps`",
                depth - 1,
            ))),
            (None, None) => {
                let meant = ["action", "steps", "use"]
                    .iter()
                    .any(|key| map.get(key).is_some() || map.is_misspelt(key));
                if !meant {
                    self.findings
                        .error(
                            Code::MissingKey,
                            span,
                            "a step needs `action`, `steps` or `use`",
                        )
                        .help = Some(
                        "add `action: record.update`, for example; `voxplay actions` lists them"
                            .to_owned(),
                    );
                }
                None
            }
        }
    }

    /// `use`: the path is plain text, so that what a playbook is made of can be known before anything runs.
    fn used(&mut self, map: &Mapping<'_>, entry: &Entry) -> Option<StepKind> {
        let path = text(&entry.value, "`use`", self.findings)?;
        let problem = if path.value.contains("{{") || path.value.contains("{%") {
            Some((
                "`use` is plain text, not a template",
                "name one file; with several, use one step with `when` for each",
            ))
        } else if path.value.trim().is_empty() {
            Some((
                "`use` is empty",
                "write the path of a playbook: `use: ./shared/onboard.yaml`",
            ))
        } else {
            None
        };
        if let Some((message, help)) = problem {
            self.findings
                .error(Code::InvalidValue, path.span, message)
                .help = Some(help.to_owned());
            return None;
        }
        let inputs = map.entry("inputs");
        if let Some(inputs) = inputs.filter(|inputs| inputs.value.entries().is_none()) {
            self.findings
                .error(
                    Code::WrongType,
                    inputs.value.head(),
                    format!(
                        "`inputs` must be a mapping of names, and this is {}",
                        inputs.value.type_words()
                    ),
                )
                .help = Some("write `inputs: { name: value }`".to_owned());
        }
        Some(StepKind::Use {
            inputs_span: inputs.map_or(entry.key_span, |inputs| inputs.key_span),
            inputs: inputs
                .map(|inputs| inputs.value.clone())
                .filter(|inputs| inputs.entries().is_some()),
            path,
        })
    }

    fn max_pages(&mut self, map: &Mapping<'_>) -> Option<Spanned<u64>> {
        let span = map.entry("max_pages")?.key_span;
        map.count("max_pages", 1, self.findings)
            .map(|most| Spanned::new(most, span))
    }

    fn on_failure(&mut self, map: &Mapping<'_>) -> OnFailure {
        match map.text("on_failure", self.findings) {
            None => OnFailure::default(),
            Some(word) => match word.value.as_str() {
                "stop" => OnFailure::Stop,
                "continue" => OnFailure::Continue,
                other => {
                    self.findings
                        .error(
                            Code::InvalidValue,
                            word.span,
                            format!("`on_failure` cannot be `{other}`"),
                        )
                        .help = did_you_mean(other, ["stop", "continue"]);
                    OnFailure::Stop
                }
            },
        }
    }
}

/// A step with `for_each`: what speaks of the loop stays with it, what speaks of the action goes to the row's step.
fn looped(step: Step, each: Box<ForEach>) -> Step {
    let (id, span) = (step.id.clone(), step.span);
    let (name, when, on_failure, tags) = (
        step.name.clone(),
        step.when.clone(),
        step.on_failure,
        step.tags.clone(),
    );
    let nested = match step.kind {
        StepKind::Group(nested) => nested,
        kind => vec![Step {
            kind,
            when: None,
            on_failure: OnFailure::Stop,
            tags: Vec::new(),
            ..step
        }],
    };
    Step {
        id,
        name,
        span,
        kind: StepKind::Loop(each, nested),
        when,
        expect: Vec::new(),
        retry: None,
        timeout: None,
        max_pages: None,
        on_failure,
        tags,
    }
}

fn read_retry(node: &Node, findings: &mut Findings) -> Option<Retry> {
    let map = Mapping::read_form(node, forms::RETRY, findings)?;
    let usual = Retry::default();
    let attempts = map
        .count("attempts", 1, findings)
        .map_or(usual.attempts, |count| {
            u32::try_from(count).unwrap_or(u32::MAX)
        });
    let backoff = map.duration("backoff", findings).unwrap_or(usual.backoff);
    Some(Retry {
        attempts,
        backoff,
        max_backoff: map
            .duration("max_backoff", findings)
            .unwrap_or(usual.max_backoff)
            .max(backoff),
    })
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
