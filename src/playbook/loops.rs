//! The grammar of `for_each` and of the keys that stand beside it.

mod constant;
mod detail;
mod shorthand;

use self::constant::Rows;
use self::detail::detail;
use super::forms;
use super::percentage::Percentage;
use super::{FileFormat, ForEach, MaxFailures, RowSource};
use crate::diagnostic::Code;
use crate::document::{Node, NodeKind};
use crate::draft::names_folder;
use crate::reading::{Findings, Mapping, check_name, is_template, refuse_template};
use crate::source::Spanned;

pub(crate) use self::detail::{A_DELIMITER, DELIMITERS, read_delimiter};

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
    if shorthand::refused(node, findings) {
        return None;
    }
    let map = Mapping::read_form(node, forms::FOR_EACH, findings)?;
    let source = source(&map, node, findings);
    let binding = match map.get("as") {
        // Nobody knows what it is to be called then.
        Some(named) if refuse_template(named, "`as`", findings) => None,
        _ => map.text("as", findings),
    };
    let binding = binding.unwrap_or_else(|| Spanned::new("row".to_owned(), node.span));
    check_name(&binding, binding.span, "the row's name", findings);
    let is_taken = TAKEN_NAMES.contains(&binding.value.as_str());
    if is_taken {
        findings
            .error(
                Code::InvalidValue,
                binding.span,
                format!("`{}` already means something in templates", binding.value),
            )
            .help = Some("choose another name, such as `row`".to_owned());
    }
    if let (Some(entry), Some(_)) = (map.entry("as"), map.entry("batch")) {
        let message = "`as` means nothing beside `batch`: a batch is the list `rows` in templates";
        findings
            .warning(Code::InvalidValue, entry.key_span, message)
            .help = Some("take `as` away, and read `rows`".to_owned());
    }
    let written = Rows {
        binding: &binding.value,
        is_batch: map.get("batch").is_some(),
        may_be_several: source.as_ref().is_none_or(may_be_several),
    };
    let key = constant::key(&map, &written, findings);
    let serialize_by = constant::serialize_by(&map, &written, findings);
    let concurrency = step.count("concurrency", 1, findings).unwrap_or(1);
    if concurrency > MOST_CONCURRENT {
        let span = step.get("concurrency").map_or(node.span, |node| node.span);
        findings.error(
            Code::InvalidValue,
            span,
            format!("`concurrency` can be at most {MOST_CONCURRENT}"),
        );
    }
    let each = ForEach {
        source: source.unwrap_or(RowSource::Broken),
        binding,
        key,
        serialize_by,
        batch: batch(&map, findings),
        concurrency: usize::try_from(concurrency.min(MOST_CONCURRENT)).unwrap_or(1),
        max_failures: step
            .get("max_failures")
            .and_then(|node| max_failures(node, findings)),
        rejected: account("rejected", step, findings),
        succeeded: account("succeeded", step, findings),
        unknown: account("unknown", step, findings),
    };
    // Templates that read the row by the name that it is to have would all be found wrong.
    (!is_taken).then_some(each)
}

/// The path of an account, which is known before anything is rendered.
fn account(key: &str, step: &Mapping<'_>, findings: &mut Findings) -> Option<Spanned<String>> {
    if let Some(node) = step.get(key) {
        let help =
            format!("write the path itself, or leave it to the command line: `--{key} PATH`");
        crate::reading::no_templates(node, &format!("`{key}`"), &help, findings);
    }
    let path = step.text(key, findings)?;
    if names_folder(std::path::Path::new(&path.value)) {
        let example = format!("{}/{key}.csv", path.value.trim_end_matches(['/', '\\']));
        findings
            .error(
                Code::InvalidValue,
                path.span,
                format!("`{key}` names a folder: {}", path.value),
            )
            .help = Some(format!("name a file in it, such as {example}"));
        return None;
    }
    Some(path)
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
    let detail = detail(map, format, findings);
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
            if let Some(text) = entry.value.text()
                && !is_template(&entry.value)
            {
                findings
                    .error(
                        Code::WrongType,
                        entry.value.span,
                        "`items` must be a list, and this is text",
                    )
                    .help = Some(list_of(text));
                return None;
            }
            Some(RowSource::Items(entry.value.clone()))
        }
        Some(format) => {
            crate::reading::text(&entry.value, &format!("`{}`", entry.key), findings)?;
            Some(RowSource::File {
                format,
                path: entry.value.clone(),
                detail: detail.ok()?,
            })
        }
    }
}

/// Whether there may be more than one row.
fn may_be_several(source: &RowSource) -> bool {
    match source {
        RowSource::Items(node) => node.items().is_none_or(|items| items.len() > 1),
        RowSource::File { .. } | RowSource::Broken => true,
    }
}

/// What to write where a list is wanted and a text stands.
fn list_of(text: &str) -> String {
    let names = ["inputs.", "vars.", "steps."];
    if names.iter().any(|name| text.trim().starts_with(name)) {
        return format!(
            "write it as a template: `items: \"{{{{ {} }}}}\"`",
            text.trim()
        );
    }
    let items: Vec<String> = text
        .split([',', ';', '\n'])
        .map(|item| format!("\"{}\"", item.trim()))
        .collect();
    if items.len() > 1 && text.chars().count() <= 60 && !text.contains(['"', '[', '{', '\\']) {
        return format!("write a list: `items: [{}]`", items.join(", "));
    }
    "write a list, `items: [\"a\", \"b\"]`, or a template that gives one".to_owned()
}

/// How many rows make one item; one where that cannot be read, so that its steps see the list `rows` all the same.
fn batch(map: &Mapping<'_>, findings: &mut Findings) -> Option<Spanned<usize>> {
    let span = map.get("batch")?.span;
    let count = map.count("batch", 1, findings).unwrap_or(1);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    Some(Spanned::new(count, span))
}

fn max_failures(node: &Node, findings: &mut Findings) -> Option<MaxFailures> {
    if refuse_template(node, "`max_failures`", findings) {
        return None;
    }
    let parsed = match &node.kind {
        NodeKind::Number(number) => number.as_str().parse().ok().map(MaxFailures::Count),
        NodeKind::Text(scalar) => Percentage::parse(&scalar.text).map(MaxFailures::Percent),
        _ => None,
    };
    if parsed.is_none() {
        let share = node.text().and_then(Percentage::objection);
        let (message, help) = share.unwrap_or((
            "must be a count or a percentage",
            "write `max_failures: 20`, `max_failures: 5%` or `max_failures: 0.5%`",
        ));
        let message = format!("`max_failures` {message}");
        findings.error(Code::InvalidValue, node.span, message).help = Some(help.to_owned());
    }
    parsed
}
