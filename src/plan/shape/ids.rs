//! `steps.LOOP.ids` without the name of a step: an object of lists, whose names are ids of steps and no ids of records.

use super::references::{Compiled, nothing_in};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Node;
use crate::plan::names::Visible;
use crate::template::{Listed, Template, spelled};

impl Visible<'_> {
    /// The steps whose ids a path has, where it leads to the ids of a loop and to none of its steps.
    pub(super) fn named_in_ids(&self, path: &[String]) -> Option<Vec<String>> {
        let [root, id, ids] = path else {
            return None;
        };
        if root != "steps" || ids != "ids" {
            return None;
        }
        let step = &self.steps[self.index_of(id)?];
        let (_, shape) = step.shapes.iter().find(|(name, _)| name == ids)?;
        Some(shape.names().into_iter().map(str::to_owned).collect())
    }

    /// The ids of a loop, or of one step in it, of which a text is nothing but the JSON: that is the id of no record.
    pub(super) fn json_of_ids<'t>(&self, template: &'t Template) -> Option<&'t [String]> {
        let path = template.sole_json()?.path.as_slice();
        let is_of_ids = self.named_in_ids(path.get(..3)?).is_some();
        (is_of_ids && path.len() <= 4).then_some(path)
    }

    /// Where a template takes the names of the steps for their ids.
    pub(super) fn check_ids(
        &self,
        compiled: Compiled<'_>,
        node: &Node,
        findings: &mut Vec<Diagnostic>,
    ) {
        for Listed { read, filter } in compiled.listed() {
            let Some(steps) = self.named_in_ids(&read.path) else {
                continue;
            };
            let path = spelled::path(&read.path);
            let by = filter.map_or_else(|| "`for`".to_owned(), |name| format!("`| {name}`"));
            let message =
                format!("{by} takes the names of steps in `{path}`, and not the ids that they got");
            let place = node.span_of(self.source, read.range.clone());
            let mut finding = Diagnostic::error(Code::WrongType, message).at(self.source, place);
            finding.help = Some(take_one(&path, &steps));
            findings.push(finding);
        }
    }
}

/// What to read in the place of all ids of a loop.
pub(super) fn take_one(ids: &str, steps: &[String]) -> String {
    let lists: Vec<String> = steps
        .iter()
        .map(|step| format!("`{}`", spelled::member(ids, step)))
        .collect();
    match lists.as_slice() {
        [] => nothing_in("ids"),
        [only] => format!("the ids are the list {only}"),
        several => format!("take the list of one step: {}", several.join(", ")),
    }
}

/// What to do where ids of a loop stand for one, which is wanted.
pub(super) fn instead_of_all(path: &[String], steps: &[String]) -> String {
    if path.len() == 3 {
        return take_one(&spelled::path(path), steps);
    }
    format!(
        "take one of them, such as `{} | first`, or go over the list with `for_each`",
        spelled::path(path)
    )
}
