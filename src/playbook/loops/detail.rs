//! What goes with one format of rows alone: the delimiter of CSV, the sheet of a workbook.

use crate::diagnostic::Code;
use crate::document::Node;
use crate::playbook::FileFormat;
use crate::reading::{Findings, Mapping, is_template};
use crate::source::Span;

/// What stands there cannot be read, and that was said.
pub(super) struct Said;

/// `delimiter` or `sheet`, where it goes with the format.
pub(super) fn detail(
    map: &Mapping<'_>,
    format: Option<FileFormat>,
    findings: &mut Findings,
) -> Result<Option<Node>, Said> {
    let mut found = Ok(None);
    for (key, only, of) in [
        ("delimiter", "csv", FileFormat::Csv),
        ("sheet", "xlsx", FileFormat::Xlsx),
    ] {
        let Some(node) = map.get(key) else {
            continue;
        };
        if format != Some(of) {
            wrong_place(key, only, node.span, findings);
        } else if key == "sheet" {
            let is_text = map.text(key, findings).is_some();
            found = is_text.then(|| Some(node.clone())).ok_or(Said);
        } else if is_template(node) || node.text().is_some_and(|it| read_delimiter(it).is_some()) {
            found = Ok(Some(node.clone()));
        } else {
            found = Err(Said);
            findings
                .error(
                    Code::InvalidValue,
                    node.span,
                    format!("`delimiter` must be {A_DELIMITER}"),
                )
                .help = Some(DELIMITERS.to_owned());
        }
    }
    found
}

/// What delimiters there are.
pub(crate) const DELIMITERS: &str =
    "write \";\", \",\", \"|\" or \"\\t\"; it is found out when left away";

/// What can be one.
pub(crate) const A_DELIMITER: &str = "one character, and no quote or line end";

/// The delimiter that a text names.
pub(crate) fn read_delimiter(text: &str) -> Option<u8> {
    match text {
        "tab" | "\\t" => Some(b'\t'),
        "\"" | "\r" | "\n" | "\0" => None,
        _ if text.len() == 1 && text.is_ascii() => text.bytes().next(),
        _ => None,
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
