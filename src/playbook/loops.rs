//! The grammar of `for_each` and of the keys that stand beside it.

use super::forms;
use super::{FileFormat, ForEach, MaxFailures, RowSource};
use crate::diagnostic::Code;
use crate::document::{Node, NodeKind};
use crate::reading::{Findings, Mapping, check_name};
use crate::source::{Span, Spanned};

const FORMATS: [(&str, FileFormat); 5] = [
    ("csv", FileFormat::Csv),
    ("jsonl", FileFormat::Jsonl),
    ("json", FileFormat::Json),
    ("yaml", FileFormat::Yaml),
    ("xlsx", FileFormat::Xlsx),
];
pub(crate) const FOR_EACH_KEYS: &[&str] = &[
    "csv",
    "jsonl",
    "json",
    "yaml",
    "xlsx",
    "items",
    "sheet",
    "delimiter",
    "as",
    "key",
    "serialize_by",
    "batch",
];
/// Names that rows cannot have, because templates see something else under them.
pub(crate) const TAKEN_NAMES: &[&str] = &[
    "inputs", "vars", "steps", "target", "run", "loop", "response", "status", "rows", "true",
    "false", "none", "True", "False", "None", "not", "and", "or", "if", "else", "is", "in",
];
/// How many rows may be on their way at once.
pub(crate) const MOST_CONCURRENT: u64 = 1024;

/// Reads `for_each` (the node) and the keys beside it (the step).
pub(super) fn read(node: &Node, step: &Mapping<'_>, findings: &mut Findings) -> Option<ForEach> {
    let map = Mapping::read_form(node, forms::FOR_EACH, findings)?;
    let source = source(&map, node, findings);
    let binding = map
        .text("as", findings)
        .unwrap_or_else(|| Spanned::new("row".to_owned(), node.span));
    check_name(&binding, binding.span, "the row's name", findings);
    if TAKEN_NAMES.contains(&binding.value.as_str()) {
        findings
            .error(
                Code::InvalidValue,
                binding.span,
                format!("`{}` already means something in templates", binding.value),
            )
            .help = Some("choose another name, such as `row`".to_owned());
    }
    let concurrency = step.count("concurrency", 1, findings).unwrap_or(1);
    if concurrency > MOST_CONCURRENT {
        let span = step.get("concurrency").map_or(node.span, |node| node.span);
        findings.error(
            Code::InvalidValue,
            span,
            format!("`concurrency` can be at most {MOST_CONCURRENT}"),
        );
    }
    one_end_of_patience(step, findings);
    Some(ForEach {
        source: source?,
        binding,
        key: map.get("key").cloned(),
        serialize_by: map.get("serialize_by").cloned(),
        batch: map
            .count("batch", 1, findings)
            .map(|count| usize::try_from(count).unwrap_or(usize::MAX)),
        concurrency: usize::try_from(concurrency.min(MOST_CONCURRENT)).unwrap_or(1),
        max_failures: step
            .get("max_failures")
            .and_then(|node| max_failures(node, findings)),
        rejected: account("rejected", step, findings),
        succeeded: account("succeeded", step, findings),
        unknown: account("unknown", step, findings),
    })
}

/// The path of an account, which is known before anything is rendered.
fn account(key: &str, step: &Mapping<'_>, findings: &mut Findings) -> Option<Spanned<String>> {
    if let Some(node) = step.get(key) {
        let help =
            format!("write the path itself, or leave it to the command line: `--{key} PATH`");
        crate::reading::no_templates(node, &format!("`{key}`"), &help, findings);
    }
    step.text(key, findings)
}

fn source(map: &Mapping<'_>, node: &Node, findings: &mut Findings) -> Option<RowSource> {
    let mut given = Vec::new();
    for (key, format) in FORMATS {
        if let Some(entry) = map.entry(key) {
            given.push((entry, Some(format)));
        }
    }
    if let Some(entry) = map.entry("items") {
        given.push((entry, None));
    }
    let (entry, format) = match given.as_slice() {
        [only] => *only,
        [] => {
            findings
                .error(
                    Code::MissingKey,
                    node.head(),
                    "`for_each` does not say where rows come from",
                )
                .help = Some(
                "add `csv: FILE`, `jsonl:`, `json:`, `yaml:`, `xlsx:`, or `items: \"{{ … }}\"`"
                    .to_owned(),
            );
            return None;
        }
        [_, (second, _), ..] => {
            findings
                .error(
                    Code::InvalidValue,
                    second.key_span,
                    "`for_each` takes rows from one place only",
                )
                .help = Some("make a loop of its own for the other".to_owned());
            return None;
        }
    };
    let delimiter = delimiter(map, format, findings);
    let sheet = map.text("sheet", findings);
    if let (Some(sheet), true) = (&sheet, format != Some(FileFormat::Xlsx)) {
        wrong_place("sheet", "xlsx", sheet.span, findings);
    }
    match format {
        None => {
            if !matches!(entry.value.kind, NodeKind::Text(_) | NodeKind::List(_)) {
                findings
                    .error(
                        Code::WrongType,
                        entry.value.head(),
                        "`items` must be a list, or a template that gives one",
                    )
                    .help = Some("write `items: \"{{ inputs.accounts }}\"`".to_owned());
                return None;
            }
            Some(RowSource::Items(entry.value.clone()))
        }
        Some(format) => {
            crate::reading::text(&entry.value, &format!("`{}`", entry.key), findings)?;
            Some(RowSource::File {
                format,
                path: entry.value.clone(),
                delimiter,
                sheet: sheet.and_then(|_| map.get("sheet").cloned()),
            })
        }
    }
}

fn delimiter(map: &Mapping<'_>, format: Option<FileFormat>, findings: &mut Findings) -> Option<u8> {
    let node = map.get("delimiter")?;
    if format != Some(FileFormat::Csv) {
        wrong_place("delimiter", "csv", node.span, findings);
        return None;
    }
    match node.text() {
        Some("tab" | "\\t") => Some(b'\t'),
        Some(text) if text.len() == 1 && text.is_ascii() => text.bytes().next(),
        _ => {
            findings
                .error(
                    Code::InvalidValue,
                    node.span,
                    "`delimiter` must be one character",
                )
                .help = Some(
                "write \";\", \",\", \"|\" or \"\\t\"; it is found out when left away".to_owned(),
            );
            None
        }
    }
}

fn wrong_place(key: &str, only: &str, span: Span, findings: &mut Findings) {
    findings
        .error(
            Code::InvalidValue,
            span,
            format!("`{key}` only goes with `{only}`"),
        )
        .help = Some(format!("take `{key}` away"));
}

/// `on_failure: stop` ends a loop at its first failure, so that `max_failures` beside it would never count.
fn one_end_of_patience(step: &Mapping<'_>, findings: &mut Findings) {
    let stops = step.get("on_failure").and_then(Node::text) == Some("stop");
    if let Some(entry) = step.entry("max_failures").filter(|_| stops) {
        findings
            .error(
                Code::InvalidValue,
                entry.key_span,
                "`max_failures` has no effect beside `on_failure: stop`, which ends the loop at its first failure",
            )
            .help = Some(
            "take `on_failure: stop` away: `max_failures` alone lets the other rows go on until more than that have failed"
                .to_owned(),
        );
    }
}

fn max_failures(node: &Node, findings: &mut Findings) -> Option<MaxFailures> {
    let parsed = match &node.kind {
        NodeKind::Number(number) => number.as_str().parse().ok().map(MaxFailures::Count),
        NodeKind::Text(scalar) => scalar
            .text
            .strip_suffix('%')
            .and_then(|number| number.trim().parse::<u8>().ok())
            .filter(|percent| *percent <= 100)
            .map(MaxFailures::Percent),
        _ => None,
    };
    if parsed.is_none() {
        findings
            .error(
                Code::InvalidValue,
                node.span,
                "`max_failures` must be a count or a percentage",
            )
            .help = Some("write `max_failures: 20` or `max_failures: 5%`".to_owned());
    }
    parsed
}
