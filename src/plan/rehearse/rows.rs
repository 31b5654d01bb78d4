//! The rows of a loop before the run: columns that templates name, and what the first rows make of the steps.

use std::collections::BTreeSet;

use super::uses::{add_user, enter};
use super::{Known, Rehearser, RowCheck};
use crate::diagnostic::{Code, Diagnostic, Severity, did_you_mean};
use crate::document::Node;
use crate::plan::{PlannedKind, PlannedLoop, PlannedSource, PlannedStep};
use crate::playbook::OnFailure;
use crate::rows::{self, Rows};
use crate::template::Read;
use crate::value::{Map, Value};

/// How many rows are looked at where not all are.
const FEW: usize = 10;
/// How many findings about rows are told; there may be one for each of a million rows.
const MOST_FINDINGS: usize = 100;

/// What is wrong with the rows of a loop, as far as it is known.
pub(super) fn look(
    rehearser: &Rehearser<'_>,
    step: &PlannedStep,
    each: &PlannedLoop,
) -> Vec<Diagnostic> {
    match open(rehearser, step, each) {
        Ok(Some((rows, name, place))) => {
            let source = step.home.source();
            if let Some(columns) = rows.columns() {
                let missing = missing_columns(each, columns, &name);
                if !missing.is_empty() {
                    return missing
                        .into_iter()
                        .map(|(finding, node, read)| {
                            finding.at(source, node.span_of(source, read.range.clone()))
                        })
                        .collect();
                }
            }
            let mut found = look_at_rows(rehearser, (step, each), rows, &name, place);
            // A run whose other rows go on is not refused for one: that row will fail, and be accounted for.
            if rehearser.facts.run.is_some() && step.on_failure == OnFailure::Continue {
                for finding in &mut found {
                    finding.severity = Severity::Warning;
                    finding
                        .help
                        .get_or_insert_with(|| "the row will count as failed".to_owned());
                }
            }
            found
        }
        Ok(None) => Vec::new(),
        Err(findings) => findings,
    }
}

/// The rows, where they come from a place that is known, and their name for messages.
fn open(
    rehearser: &Rehearser<'_>,
    step: &PlannedStep,
    each: &PlannedLoop,
) -> Result<Option<(Rows, String, crate::source::Span)>, Vec<Diagnostic>> {
    let render = |tree: &crate::plan::Tree| {
        let known = &rehearser.known;
        let partial = tree.render_known(&known.scope, &|read| known.is_known(read));
        (partial.holes.is_empty()).then_some(partial.value)
    };
    match &each.source {
        PlannedSource::Items(tree) => match render(tree) {
            Some(Value::List(items)) => Ok(Some((
                Rows::from_values(items),
                "items".to_owned(),
                each.span,
            ))),
            Some(other) => Err(vec![
                Diagnostic::error(
                    Code::WrongType,
                    format!(
                        "`items` must give a list, and it gives {}",
                        other.type_name()
                    ),
                )
                .at(step.home.source(), each.span),
            ]),
            None => Ok(None),
        },
        PlannedSource::File {
            path, path_span, ..
        } => {
            let at = |finding: Diagnostic| match &finding.place {
                Some(_) => finding,
                None => finding.at(step.home.source(), *path_span),
            };
            let Some(Value::Text(written)) = render(path) else {
                return Ok(None);
            };
            let resolved = step
                .home
                .files(rehearser.facts.files)
                .resolve(&written)
                .map_err(|finding| vec![at(finding)])?;
            let format = each.source.format().expect("it is a file");
            let rows = rows::open(&resolved.path, &written, &format)
                .map_err(|findings| findings.into_iter().map(at).collect::<Vec<_>>())?;
            Ok(Some((rows, written, *path_span)))
        }
    }
}

/// Every read of a column that the data lacks, with the node of its template.
fn missing_columns<'p>(
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
                finding.help = did_you_mean(column, columns.iter().map(String::as_str));
                missing.push((finding, node, read));
            }
        }
    };
    for tree in each.key.iter().chain(&each.serialize_by) {
        for (template, node) in tree.templates() {
            check(template.reads(), node);
        }
    }
    if let Some(when) = &each.when {
        check(when.expression.reads(), &when.node);
    }
    for step in leaves(&each.steps) {
        if let Some(when) = &step.when {
            check(when.expression.reads(), &when.node);
        }
        match &step.kind {
            PlannedKind::Action(action) => {
                for (template, node) in action.with.templates() {
                    check(template.reads(), node);
                }
                for condition in &action.expect {
                    check(condition.expression.reads(), &condition.node);
                }
            }
            PlannedKind::Use(used) => {
                // Of the row, a used playbook sees what its step gives it.
                for (template, node) in used.given().flat_map(|given| given.tree.templates()) {
                    check(template.reads(), node);
                }
            }
            PlannedKind::Group(_) | PlannedKind::Loop(_) => {}
        }
    }
    missing
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

fn look_at_rows(
    rehearser: &Rehearser<'_>,
    (step, each): (&PlannedStep, &PlannedLoop),
    rows: Rows,
    name: &str,
    place: crate::source::Span,
) -> Vec<Diagnostic> {
    if each.batch.is_some() {
        return Vec::new();
    }
    let many = match rehearser.facts.rows {
        RowCheck::First => FEW,
        RowCheck::All => usize::MAX,
    };
    let mut found = Vec::new();
    let mut keys = BTreeSet::new();
    for row in rows.take(many) {
        if found.len() >= MOST_FINDINGS {
            break;
        }
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                found.push(
                    Diagnostic::error(Code::Schema, format!("{name}, {error}"))
                        .at(step.home.source(), place),
                );
                continue;
            }
        };
        let mut scope = rehearser.known.scope.child();
        scope.set(each.binding.clone(), row.value.clone());
        let index = Map::from_iter([("index".to_owned(), Value::from(row.number))]);
        scope.set("loop", Value::Map(index));
        let prefix = match row.line {
            Some(line) => format!("{name}, row {} (line {line})", row.number),
            None => format!("{name}, row {}", row.number),
        };
        if let Some(key) = &each.key
            && let Ok(key) = key.render(&scope)
            && let Some(key) = key.scalar_text()
            && !keys.insert(key.clone())
        {
            found.push(
                Diagnostic::error(
                    Code::InvalidValue,
                    format!("{prefix}: the key {key} stands in an earlier row as well"),
                )
                .at(step.home.source(), each.span),
            );
        }
        if let Some(when) = &each.when
            && matches!(when.expression.is_true(&scope), Ok(false))
        {
            continue;
        }
        let known = Known {
            scope,
            ..rehearser.known.clone()
        };
        let mut of_row = Vec::new();
        of_steps(rehearser, &each.steps, &known, &mut of_row);
        // What is wrong whatever a row holds was told when its steps were visited.
        of_row.retain(|finding| !rehearser.findings.contains(finding));
        for finding in of_row {
            let finding = Diagnostic {
                message: format!("{prefix}: {}", finding.message),
                ..finding
            };
            found.push(finding);
        }
    }
    found
}

/// What is wrong with the steps for one row, which is known here.
fn of_steps(
    rehearser: &Rehearser<'_>,
    steps: &[PlannedStep],
    known: &Known<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let is_known = |read: &Read| known.is_known(read);
    for step in leaves(steps) {
        let runs = step.when.as_ref().is_none_or(|when| {
            when.expression.reads().iter().all(is_known)
                && matches!(when.expression.is_true(&known.scope), Ok(true))
        });
        if !(runs && step.selected) {
            continue;
        }
        match &step.kind {
            PlannedKind::Action(action) => {
                let partial = action.with.render_known(&known.scope, &is_known);
                rehearser.check_action(step, action, &partial, found);
            }
            PlannedKind::Use(used) => {
                let entered = enter(step, used, known);
                found.extend(entered.findings);
                let first = found.len();
                for steps in [&used.steps, &used.finally] {
                    of_steps(rehearser, steps, &entered.known, found);
                }
                add_user(&mut found[first..], step, used);
            }
            PlannedKind::Group(_) | PlannedKind::Loop(_) => {}
        }
    }
}
