//! What names a row, or keeps its order, and is the same for every row because no template stands in it.

use crate::diagnostic::Code;
use crate::document::Node;
use crate::reading::{Findings, Mapping, is_template};

/// The rows of a loop as their templates see them.
pub(super) struct Rows<'r> {
    /// What templates call a row.
    pub(super) binding: &'r str,
    /// Whether they see a batch of rows instead.
    pub(super) is_batch: bool,
    /// Whether there may be more than one row.
    pub(super) may_be_several: bool,
}

/// `key`, where it can tell rows apart.
pub(super) fn key(map: &Mapping<'_>, rows: &Rows<'_>, findings: &mut Findings) -> Option<Node> {
    let node = map.get("key")?;
    let Some(text) = node.text().filter(|_| !is_template(node)) else {
        return Some(node.clone());
    };
    // What is wrong with a blank one is found when the rows are looked at.
    if !rows.may_be_several || text.trim().is_empty() {
        return Some(node.clone());
    }
    let message = "the `key` is the same for every row: no template stands in it";
    let finding = findings.warning(Code::InvalidValue, node.span, message);
    finding.help = Some(rows.proposal("key", text));
    Some(node.clone())
}

/// `serialize_by`; that all rows keep their order may be meant.
pub(super) fn serialize_by(
    map: &Mapping<'_>,
    rows: &Rows<'_>,
    findings: &mut Findings,
) -> Option<Node> {
    let node = map.get("serialize_by")?;
    let text = node.text().filter(|_| !is_template(node));
    if let Some(text) = text.filter(|text| rows.may_be_several && is_path(text)) {
        let message = "`serialize_by` is the same for every row, which run one after another then: no template stands in it";
        let finding = findings.warning(Code::InvalidValue, node.span, message);
        finding.help = Some(rows.proposal("serialize_by", text));
    }
    Some(node.clone())
}

impl Rows<'_> {
    /// What to write in the place of a text.
    fn proposal(&self, key: &str, text: &str) -> String {
        let row = if self.is_batch {
            "rows[0]"
        } else {
            self.binding
        };
        let path = text.trim();
        let (root, rest) = path.split_once('.').unwrap_or(("", path));
        let names_row = root == self.binding || ["", "row", "rows"].contains(&root);
        if path == self.binding && !self.is_batch {
            return format!("write `{key}: \"{{{{ {path} }}}}\"`");
        }
        let (member, such_as) = if is_path(path) && names_row {
            (rest, "")
        } else {
            ("id", "a template over the row, such as ")
        };
        format!("write {such_as}`{key}: \"{{{{ {row}.{member} }}}}\"`")
    }
}

/// Whether a text reads like a name, or like names with dots between them.
fn is_path(text: &str) -> bool {
    let is_name = |name: &str| {
        let mut letters = name.chars();
        let first = letters.next();
        first.is_some_and(|first| first.is_alphabetic() || first == '_')
            && letters.all(|letter| letter.is_alphanumeric() || letter == '_')
    };
    text.trim().split('.').all(is_name)
}
