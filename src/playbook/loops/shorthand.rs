//! A `for_each` that is not the mapping it should be, but a list, a template or the name of a file.

use std::path::Path;

use crate::diagnostic::Code;
use crate::document::{Node, NodeKind, quoted};
use crate::playbook::forms;
use crate::reading::{Findings, is_template};

/// Says what to write in the place of a `for_each` that is no mapping; whether it is none.
pub(super) fn refused(node: &Node, findings: &mut Findings) -> bool {
    if node.entries().is_some() {
        return false;
    }
    let help = help(node, findings.source().slice(node.span));
    let words = node.type_words();
    let message = format!("`for_each` must be a mapping, and this is {words}");
    findings.error(Code::WrongType, node.span, message).help = help;
    true
}

/// What to write; `written` is the node as it stands.
fn help(node: &Node, written: &str) -> Option<String> {
    if matches!(node.kind, NodeKind::List(_))
        && (!written.starts_with('[') || written.contains('\n'))
    {
        let help =
            "write `items:` in the line below `for_each:`, and the list below that, further in";
        return Some(help.to_owned());
    }
    let example = || forms::FOR_EACH.example.map(str::to_owned);
    meant(node, written).map_or_else(example, |(key, value)| {
        Some(format!("write `for_each: {{ {key}: {value} }}`"))
    })
}

/// The key of `for_each` that is meant, and its value as YAML on one line.
fn meant(node: &Node, written: &str) -> Option<(&'static str, String)> {
    if matches!(node.kind, NodeKind::List(_)) {
        return Some(("items", written.to_owned()));
    }
    let text = node.text()?.trim();
    if let Some(key) = format_of(text) {
        return Some((key, scalar(text)));
    }
    let names = ["inputs.", "vars.", "steps."];
    if is_template(node) {
        Some(("items", quoted(text)))
    } else if names.iter().any(|name| text.starts_with(name)) {
        Some(("items", quoted(&format!("{{{{ {text} }}}}"))))
    } else {
        None
    }
}

/// The key for rows of a file of this name.
fn format_of(name: &str) -> Option<&'static str> {
    let extension = Path::new(name).extension()?.to_str()?.to_ascii_lowercase();
    Some(match extension.as_str() {
        "csv" | "tsv" | "txt" => "csv",
        "jsonl" | "ndjson" => "jsonl",
        "json" => "json",
        "yaml" | "yml" => "yaml",
        "xlsx" => "xlsx",
        _ => return None,
    })
}

/// A text as a scalar of a mapping on one line.
fn scalar(text: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "/._-".contains(letter);
    if text.chars().all(is_plain) && text.starts_with(char::is_alphabetic) {
        text.to_owned()
    } else {
        quoted(text)
    }
}
