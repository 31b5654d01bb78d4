//! The columns that the templates of a loop name, against those that the data has.

use crate::diagnostic::{Code, Diagnostic};
use crate::document::Node;
use crate::plan::rehearse::reads::own_reads;
use crate::plan::{PlannedKind, PlannedLoop, PlannedStep};
use crate::rows;
use crate::template::Read;
use crate::template::spelled::did_you_mean_member;

/// Every read of a column that the data lacks, with the node of its template.
pub(super) fn missing_columns<'p>(
    step: &'p PlannedStep,
    each: &'p PlannedLoop,
    columns: &[String],
    name: &str,
) -> Vec<(Diagnostic, &'p Node, &'p Read)> {
    let mut missing = Vec::new();
    let mut check = |reads: &'p [Read], node: &'p Node| {
        for read in reads.iter().filter(|read| !read.guarded) {
            if let [root, column, ..] = read.path.as_slice()
                && *root == each.binding
                && each.batch.is_none()
                && !columns.contains(column)
            {
                let mut finding = Diagnostic::error(
                    Code::UndefinedName,
                    format!("{name} has no column `{column}`"),
                );
                finding.help = wrong_delimiter(each, columns).or_else(|| {
                    did_you_mean_member(root, column, columns.iter().map(String::as_str))
                });
                missing.push((finding, node, read));
            }
        }
    };
    for (reads, node) in own_reads(step) {
        check(reads, node);
    }
    for step in leaves(&each.steps) {
        // Of the row, a used playbook sees what its step gives it.
        for (reads, node) in own_reads(step) {
            check(reads, node);
        }
    }
    missing
}

/// What to do where the file is one column, whose name looks like several: most often its `delimiter` is another one.
fn wrong_delimiter(each: &PlannedLoop, columns: &[String]) -> Option<String> {
    let [only] = columns else { return None };
    let apart = rows::USUAL_DELIMITERS
        .map(char::from)
        .into_iter()
        .find(|usual| only.contains(*usual))?;
    each.source.detail()?;
    let apart = apart.escape_default();
    Some(format!(
        "the whole header is one column: write `delimiter: \"{apart}\"`, or take `delimiter` away, and it is found out"
    ))
}

/// The steps that an action or another playbook does, those of groups among them.
fn leaves(steps: &[PlannedStep]) -> Vec<&PlannedStep> {
    let mut found = Vec::new();
    for step in steps {
        match &step.kind {
            PlannedKind::Action(_) | PlannedKind::Use(_) => found.push(step),
            PlannedKind::Group(nested) => found.extend(leaves(nested)),
            // The rows of a loop inside are only known when the outer row is.
            PlannedKind::Loop(_) => {}
        }
    }
    found
}
