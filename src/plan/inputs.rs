//! Inputs: what was given, by flag, file or environment, against what the playbook declares.

use std::sync::Arc;

use indexmap::IndexMap;

use super::findings::{Subject, name_item, violation_diagnostic};
use super::needs::Needed;
use crate::diagnostic::{Code, Diagnostic, did_you_mean, nearest};
use crate::document::{self, Document, Node, NodeKind, Scalar, Style, quoted};
use crate::playbook::{INPUT_KEYS, Input, Playbook};
use crate::schema::{Schema, ViolationKind};
use crate::secret::is_worth_hiding;
use crate::source::{Source, Span};
use crate::value::{Map, Value};

/// What the caller gives.
#[derive(Debug, Default)]
pub struct Given {
    /// `-i name=value`, in the order of the command line; a later one wins.
    pub flags: Vec<(String, String)>,
    /// `--inputs FILE`, in the order of the command line; a later one wins.
    pub files: Vec<Document>,
    /// What a run that is gone on with had before.
    pub earlier: Option<Earlier>,
    /// Whether a file was named that could not be read, so that what it gives is not known.
    pub has_unread: bool,
}

/// The inputs of an earlier stretch of a run. One that the playbook does not declare any more is passed over.
#[derive(Debug, Clone)]
pub struct Earlier {
    /// Those that were given: they count as given in a file before all others.
    pub given: Document,
    /// Those that had the playbook's default: what it is today counts, and the environment does not; where there is no
    /// default any more, what it was then.
    pub by_default: Document,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `-i`.
    Flag,
    /// A file, by its name.
    File(String),
    /// An environment variable, by its name.
    Environment(String),
    /// The playbook's own default.
    Default,
}

/// The inputs of one run.
#[derive(Debug, Default)]
pub struct Inputs {
    /// Values by name, in the order of the playbook.
    pub values: Map,
    /// Where each value came from.
    pub origins: IndexMap<String, Origin>,
    /// Names of the inputs whose value is not known: it may be given later, or what was given is wrong, and
    /// that was said.
    pub unknown: Vec<String>,
    /// Texts that must not show anywhere.
    pub secrets: Vec<String>,
}

/// Whether inputs must be complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness<'n> {
    /// For a run: a required input without a value is an error, where the run needs it.
    Required(&'n Needed),
    /// For a check: values may be given later.
    Optional,
}

/// Brings together what was given and what is declared.
///
/// Precedence: `-i`, then `--inputs`, then the environment variable of `from_env`, then the default.
/// Everything that is wrong is in the second part, at its place.
pub fn resolve(
    playbook: &Playbook,
    given: &Given,
    environment: &dyn Fn(&str) -> Option<String>,
    completeness: Completeness<'_>,
) -> (Inputs, Vec<Diagnostic>) {
    let mut findings = Vec::new();
    report_unknown(playbook, given, &mut findings);
    let is_unread = given.has_unread || given.files.iter().any(is_no_mapping);
    let mut inputs = Inputs::default();
    for input in &playbook.inputs {
        let schema = match schema(playbook, input) {
            Ok(schema) => schema,
            Err(finding) => {
                findings.push(finding);
                inputs.unknown.push(input.name.value.clone());
                continue;
            }
        };
        match pick(playbook, input, given, environment, &mut findings) {
            Picked::Value(value, origin) => {
                let value = fitting(input, &schema, value, &origin);
                if input.secret {
                    let is_default = origin == Origin::Default;
                    collect_texts(&value.node.to_value(), is_default, &mut inputs.secrets);
                }
                let before = findings.len();
                check(input, &schema, &value, &origin, &mut findings);
                if findings.len() > before {
                    inputs.unknown.push(input.name.value.clone());
                    continue;
                }
                inputs
                    .values
                    .insert(input.name.value.clone(), value.node.to_value());
                inputs.origins.insert(input.name.value.clone(), origin);
            }
            Picked::Nothing => {
                if let Completeness::Required(needed) = completeness
                    // What the file gives cannot be told from here: that it cannot be read was said.
                    && !is_unread
                {
                    if !input.required {
                        continue;
                    }
                    if needed.has(&input.name.value) {
                        findings.push(missing(playbook, input, environment));
                    }
                }
                inputs.unknown.push(input.name.value.clone());
            }
            Picked::Wrong => inputs.unknown.push(input.name.value.clone()),
        }
    }
    (inputs, findings)
}

/// The schema of an input's value.
pub(super) fn schema(playbook: &Playbook, input: &Input) -> Result<Schema, Diagnostic> {
    Schema::compile(&input.schema).map_err(|error| {
        let message = format!(
            "the schema of the input `{}` is wrong: {}",
            input.name.value, error.message
        );
        // What is unknown at its top may be a key of an input rather than of its schema.
        let own = error.pointer.strip_prefix('/').and_then(|key| {
            let keys = INPUT_KEYS.iter().copied();
            nearest(key, keys).and_then(|meant| did_you_mean(key, [meant]))
        });
        let at = error.span_in(&input.declaration);
        let mut finding = Diagnostic::error(Code::InvalidSchema, message).at(&playbook.source, at);
        finding.help = own.or(error.help);
        finding
    })
}

/// A value and the text it was read from.
pub(super) struct Placed {
    pub(super) node: Node,
    source: Arc<Source>,
}

pub(super) enum Picked {
    Value(Placed, Origin),
    Nothing,
    Wrong,
}

pub(super) fn pick(
    playbook: &Playbook,
    input: &Input,
    given: &Given,
    environment: &dyn Fn(&str) -> Option<String>,
    findings: &mut Vec<Diagnostic>,
) -> Picked {
    let name = &input.name.value;
    let flag = given.flags.iter().rev().find(|(given, _)| given == name);
    if let Some((_, text)) = flag {
        if input.secret {
            findings.push(
                Diagnostic::error(
                    Code::InvalidInput,
                    format!("the input `{name}` is secret and cannot be given with -i: command lines show in process lists and logs"),
                )
                .help(input.from_env.as_ref().map_or_else(
                    || "give it in a file with --inputs, or let the playbook read it with `from_env`".to_owned(),
                    |variable| format!("set the environment variable {}", variable.value),
                )),
            );
            return Picked::Wrong;
        }
        return read_text(input, text, format!("-i {name}"), Origin::Flag, findings);
    }
    let mut files = given.files.iter().rev();
    if let Some(picked) = files.find_map(|document| in_file(document, name)) {
        return picked;
    }
    if let Some(picked) = given
        .earlier
        .as_ref()
        .and_then(|it| it.pick(playbook, input))
    {
        return picked;
    }
    if let Some(variable) = &input.from_env
        // A CI that knows no such variable often sets it to nothing.
        && let Some(text) = environment(variable).filter(|text| !text.is_empty())
    {
        let origin = Origin::Environment(variable.value.clone());
        return read_text(
            input,
            &text,
            format!("${}", variable.value),
            origin,
            findings,
        );
    }
    default(playbook, input).unwrap_or(Picked::Nothing)
}

/// The playbook's own default.
fn default(playbook: &Playbook, input: &Input) -> Option<Picked> {
    let placed = Placed {
        node: input.default.clone()?,
        source: Arc::clone(&playbook.source),
    };
    Some(Picked::Value(placed, Origin::Default))
}

/// What a file gives.
fn in_file(document: &Document, name: &str) -> Option<Picked> {
    let placed = Placed {
        node: document.root.get(name)?.clone(),
        source: Arc::clone(&document.source),
    };
    let origin = Origin::File(document.source.name().to_owned());
    Some(Picked::Value(placed, origin))
}

impl Earlier {
    fn pick(&self, playbook: &Playbook, input: &Input) -> Option<Picked> {
        let name = &input.name.value;
        let by_default = || {
            let then = in_file(&self.by_default, name)?;
            default(playbook, input).or(Some(then))
        };
        in_file(&self.given, name).or_else(by_default)
    }
}

/// A text from the command line or the environment: itself where the input takes text, else YAML.
fn read_text(
    input: &Input,
    text: &str,
    shown_as: String,
    origin: Origin,
    findings: &mut Vec<Diagnostic>,
) -> Picked {
    let source = Source::new(shown_as, text);
    if input.takes_text() {
        let node = Node {
            span: Span::new(0, text.len()),
            kind: NodeKind::Text(Scalar {
                text: text.to_owned(),
                style: Style::Plain,
            }),
        };
        return Picked::Value(Placed { node, source }, origin);
    }
    match document::read(&source) {
        Ok(document) => Picked::Value(
            Placed {
                node: document.root,
                source,
            },
            origin,
        ),
        Err(errors) if input.secret => {
            // The excerpt would show the secret.
            drop(errors);
            findings.push(Diagnostic::error(
                Code::InvalidInput,
                format!(
                    "the value of the secret input `{}` is not what its type asks for",
                    input.name.value
                ),
            ));
            Picked::Wrong
        }
        Err(mut errors) => {
            if origin == Origin::Flag {
                let name = &input.name.value;
                for error in &mut errors {
                    quote_for_shell(error, name, text);
                }
            }
            findings.extend(errors);
            Picked::Wrong
        }
    }
}

/// A shell takes quotes away: those that are proposed for a flag need others around them.
fn quote_for_shell(finding: &mut Diagnostic, name: &str, text: &str) {
    let Some(help) = &mut finding.help else {
        return;
    };
    let quotes = format!("write it in quotes: {}", quoted(text));
    if help.contains(&quotes) && !text.contains('\'') {
        let for_shell = format!(
            "write it in quotes that the shell leaves: `-i '{name}={}'`",
            quoted(text)
        );
        *help = help.replace(&quotes, &for_shell);
    } else if help.contains("quotes") {
        help.push_str("; a shell takes quotes away unless others stand around them: `-i '");
        help.push_str(name);
        help.push_str("=…'`");
    }
}

/// A text from the command line or the environment as the value that it spells, where the schema names no type, takes
/// that value and does not take the text: `1` for `enum: [1, 2]`.
fn fitting(input: &Input, schema: &Schema, value: Placed, origin: &Origin) -> Placed {
    let was_text = matches!(origin, Origin::Flag | Origin::Environment(_)) && input.takes_text();
    let fits = |node: &Node| schema.violations(&node.to_value()).is_empty();
    if !was_text || fits(&value.node) {
        return value;
    }
    match document::read(&value.source) {
        Ok(document) if fits(&document.root) => Placed {
            node: document.root,
            source: value.source,
        },
        _ => value,
    }
}

pub(super) fn check(
    input: &Input,
    schema: &Schema,
    value: &Placed,
    origin: &Origin,
    findings: &mut Vec<Diagnostic>,
) {
    let instance = value.node.to_value();
    let what = match origin {
        Origin::Default => format!("the default of the input `{}`", input.name.value),
        _ => format!("the input `{}`", input.name.value),
    };
    let subject = Subject {
        what: &what,
        node: &value.node,
        key: None,
        source: &value.source,
        advice: |_| None,
    };
    for mut violation in schema.violations(&instance) {
        name_item(&mut violation, &input.name.value, &instance);
        let mut diagnostic = violation_diagnostic(&violation, subject, &instance);
        diagnostic.code = Code::InvalidInput;
        if value.source.is_withheld() || input.secret {
            hide(&mut diagnostic, &violation.kind, &what);
        }
        if input.secret && !value.source.is_withheld() {
            diagnostic.place = None;
        }
        findings.push(diagnostic);
    }
}

/// Takes out what a finding tells of the value: a key that stands in it, or which allowed value it resembles.
fn hide(finding: &mut Diagnostic, kind: &ViolationKind, what: &str) {
    match kind {
        ViolationKind::UnknownKey { .. } => {
            finding.message = format!("{what}: a key stands here that its schema does not know");
        }
        ViolationKind::Enum { .. } | ViolationKind::Forms { .. } => finding.help = None,
        _ => {}
    }
}

fn missing(
    playbook: &Playbook,
    input: &Input,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Diagnostic {
    let name = &input.name.value;
    let diagnostic = Diagnostic::error(
        Code::MissingInput,
        match &input.from_env {
            Some(variable) => format!(
                "the input `{name}` has no value: the environment variable {} {}",
                variable.value,
                why_nothing(environment(&variable.value).as_deref())
            ),
            None => format!("the input `{name}` has no value"),
        },
    )
    .at(&playbook.source, input.name.span);
    diagnostic.help(match &input.from_env {
        Some(_) => how_to_give(input),
        None if input.secret => how_to_give(input),
        None => format!(
            "{}, or give it in a file with --inputs FILE",
            how_to_give(input)
        ),
    })
}

/// Why an environment variable gives nothing.
pub(super) const fn why_nothing(text: Option<&str>) -> &'static str {
    match text {
        Some(_) => "is empty",
        None => "is not set",
    }
}

/// How whoever starts a run gives an input its value.
pub(super) fn how_to_give(input: &Input) -> String {
    match (&input.from_env, input.secret) {
        (Some(variable), _) => format!("set {}", variable.value),
        (None, true) => "give it in a file with --inputs FILE".to_owned(),
        (None, false) => format!("pass `-i {}=…`", input.name.value),
    }
}

fn report_unknown(playbook: &Playbook, given: &Given, findings: &mut Vec<Diagnostic>) {
    let known = || {
        playbook
            .inputs
            .iter()
            .map(|input| input.name.value.as_str())
    };
    let is_known = |name: &str| known().any(|known| known == name);
    let unknown = |name: &str, is_withheld: bool| {
        let own = playbook.source.name();
        let message = if is_withheld {
            format!("{own} has no input of this name")
        } else {
            format!("{own} has no input `{name}`")
        };
        let mut diagnostic = Diagnostic::error(Code::UnknownInput, message);
        diagnostic.help =
            did_you_mean(name, known()).or_else(|| Some("it declares no inputs".to_owned()));
        diagnostic
    };
    for (name, _) in given.flags.iter().filter(|(name, _)| !is_known(name)) {
        findings.push(unknown(name, false));
    }
    for document in &given.files {
        let is_withheld = document.source.is_withheld();
        match document.root.entries() {
            Some(entries) => findings.extend(
                entries
                    .iter()
                    .filter(|entry| !is_known(&entry.key))
                    .map(|entry| {
                        unknown(&entry.key, is_withheld).at(&document.source, entry.key_span)
                    }),
            ),
            None if !is_no_mapping(document) => {}
            None => findings.push(
                Diagnostic::error(
                    Code::WrongType,
                    "a file of inputs must be a mapping of names",
                )
                .at(&document.source, document.root.span),
            ),
        }
    }
}

/// Whether a file of inputs is something else than names with their values; an empty one gives nothing.
fn is_no_mapping(document: &Document) -> bool {
    document.root.entries().is_none() && !matches!(document.root.kind, NodeKind::Null)
}

/// The texts of a secret value that must not show anywhere. A default stands in the playbook, where everybody reads it
/// and a check warns of it: so short a one, and `true` or `false`, are not hidden, for they would spoil every output.
pub(super) fn collect_texts(value: &Value, is_default: bool, into: &mut Vec<String>) {
    match value {
        Value::List(items) => {
            for item in items {
                collect_texts(item, is_default, into);
            }
        }
        Value::Map(map) => {
            for item in map.values() {
                collect_texts(item, is_default, into);
            }
        }
        Value::Bool(_) if is_default => {}
        scalar => {
            let text = scalar.scalar_text().filter(|text| !text.is_empty());
            into.extend(text.filter(|text| !is_default || is_worth_hiding(text)));
        }
    }
}
