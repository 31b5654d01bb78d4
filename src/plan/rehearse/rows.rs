//! The rows of a loop before the run: columns that templates name, and what the first rows make of the steps.

mod columns;
mod looker;

use std::collections::BTreeSet;

use self::columns::missing_columns;
use self::looker::RowLooker;
use super::everywhere::Everywhere;
use super::same::Told;
use super::sent::Sent;
use super::uses::{add_user, enter};
use super::{Known, LookedAt, Rehearser};
use crate::diagnostic::Diagnostic;
use crate::plan::{
    Condition, PlannedKind, PlannedLoop, PlannedSource, PlannedStep, Tree, template_diagnostic,
};
use crate::rows::{self, Rows};
use crate::value::Value;

/// How many rows are looked at where not all are.
const FEW: usize = 10;
/// How many of a list that is in no other rows.
const MANY: usize = 1000;

/// What was found about the rows of a loop.
#[derive(Default)]
pub(super) struct Looked {
    /// What is wrong with the data as a whole, the same for whoever reads it.
    pub(super) of_data: Vec<Diagnostic>,
    /// What is wrong with single rows, or keeps them from being read.
    pub(super) of_rows: Vec<Diagnostic>,
    /// How much was looked at; none where the rows are not known.
    pub(super) at: Option<LookedAt>,
    /// What the rows that were looked at send for certain.
    pub(super) sent: Sent,
}

/// What is known of the rows of a loop.
pub(super) fn look(rehearser: &Rehearser<'_>, step: &PlannedStep, each: &PlannedLoop) -> Looked {
    look_within(rehearser, &rehearser.known, (step, each), MANY)
}

/// The same of a loop that may stand in a row of another one: `known` is what its templates see. Of a list, `most` items
/// are looked at.
fn look_within(
    rehearser: &Rehearser<'_>,
    known: &Known<'_>,
    (step, each): (&PlannedStep, &PlannedLoop),
    most: usize,
) -> Looked {
    let (rows, name, place) = match open(rehearser, known, step, each) {
        Ok(Some(opened)) => opened,
        Ok(None) => return Looked::default(),
        Err(of_rows) => {
            return Looked {
                of_rows,
                ..Looked::default()
            };
        }
    };
    let source = step.home.source();
    let missing = rows.columns().map_or_else(Vec::new, |columns| {
        missing_columns(step, each, columns, &name)
    });
    if !missing.is_empty() {
        let missing = missing.into_iter();
        let of_data = missing
            .map(|(finding, node, read)| {
                finding.at(source, node.span_of(source, read.range.clone()))
            })
            .collect();
        return Looked {
            of_data,
            ..Looked::default()
        };
    }
    let mut looker = RowLooker {
        rehearser,
        known,
        step,
        each,
        name,
        says_repeated: false,
        most,
        keys: BTreeSet::new(),
        everywhere: Everywhere::default(),
        of_rows: Told::default(),
        found: Looked::default(),
    };
    looker.look(rows, place);
    looker.forgive();
    let mut found = looker.found;
    let saw_all = found.at.as_ref().is_none_or(|at| !at.has_more);
    found.of_rows = looker.of_rows.into_findings(saw_all);
    found
}

/// The rows, where they come from a place that is known, and their name for messages.
fn open(
    rehearser: &Rehearser<'_>,
    known: &Known<'_>,
    step: &PlannedStep,
    each: &PlannedLoop,
) -> Result<Option<(Rows, String, crate::source::Span)>, Vec<Diagnostic>> {
    let render = |tree: &crate::plan::Tree| {
        let partial = tree.render_known(&known.scope, &|read| known.is_known(read));
        let source = step.home.source();
        let errors = partial.errors.iter();
        let errors: Vec<Diagnostic> = errors.map(|error| error.diagnostic(source)).collect();
        if errors.is_empty() {
            Ok((partial.holes.is_empty()).then_some(partial.value))
        } else {
            Err(errors)
        }
    };
    match &each.source {
        PlannedSource::Items(tree) => {
            let Some(given) = render(tree)? else {
                return Ok(None);
            };
            let items = each.source.list(given, step.home.source());
            let items = items.map_err(|finding| {
                vec![match &finding.place {
                    Some(_) => finding,
                    None => finding.at(step.home.source(), each.span),
                }]
            })?;
            Ok(Some((
                Rows::from_values(items),
                "items".to_owned(),
                each.span,
            )))
        }
        PlannedSource::File {
            path, path_span, ..
        } => {
            let at = |finding: Diagnostic| match &finding.place {
                Some(_) => finding,
                None => finding.at(step.home.source(), *path_span),
            };
            let Some(Value::Text(written)) = render(path)? else {
                return Ok(None);
            };
            let resolved = step
                .home
                .files(rehearser.facts.files)
                .resolve(&written)
                .map_err(|finding| vec![at(finding)])?;
            let detail = match each.source.detail().map(render).transpose()? {
                Some(None) => return Ok(None),
                named => named.flatten(),
            };
            let format = each.source.format(detail.as_ref());
            let format = format
                .map_err(|finding| {
                    let written = each.source.detail().and_then(Tree::place);
                    vec![finding.at(step.home.source(), written.unwrap_or(*path_span))]
                })?
                .expect("it is a file");
            let rows = rows::open(&resolved.path, &written, &format)
                .map_err(|findings| findings.into_iter().map(at).collect::<Vec<_>>())?;
            Ok(Some((rows, written, *path_span)))
        }
    }
}

/// Whether a condition holds for a row; none where that is not known. What is wrong with it is found.
fn holds(
    when: &Condition,
    known: &Known<'_>,
    step: &PlannedStep,
    found: &mut Vec<Diagnostic>,
) -> Option<bool> {
    when.expression
        .is_true_as_far_as_known(&known.scope, &|read| known.is_known(read))
        .unwrap_or_else(|error| {
            found.push(template_diagnostic(&error, &when.node, step.home.source()));
            None
        })
}

/// What is wrong with the steps for one row, which is known here.
fn of_steps(
    rehearser: &Rehearser<'_>,
    steps: &[PlannedStep],
    known: &mut Known<'_>,
    found: &mut Looked,
) {
    for step in steps.iter().filter(|step| step.selected) {
        let when = step.when.as_ref();
        let runs = when.map_or(Some(true), |when| {
            holds(when, known, step, &mut found.of_rows)
        });
        if runs == Some(false) {
            known.skip(step);
        }
        if runs != Some(true) {
            continue;
        }
        let sent_before = found.sent;
        match &step.kind {
            PlannedKind::Action(action) => {
                let partial = action
                    .with
                    .render_known(&known.scope, &|read| known.is_known(read));
                rehearser.check_action(step, action, &partial, &mut found.of_rows);
                found.sent.add_call(&action.action, &partial);
            }
            PlannedKind::Use(used) => {
                let mut entered = enter(step, used, known);
                found.of_rows.extend(entered.findings);
                let first = found.of_rows.len();
                for steps in [&used.steps, &used.finally] {
                    of_steps(rehearser, steps, &mut entered.known, found);
                }
                add_user(&mut found.of_rows[first..], step, used);
                known.leave(step, used, entered.known);
            }
            PlannedKind::Group(nested) => of_steps(rehearser, nested, known, found),
            PlannedKind::Loop(each) => {
                let looked = look_within(rehearser, known, (step, each), FEW);
                found.of_data.extend(looked.of_data);
                found.of_rows.extend(looked.of_rows);
                found.sent.add(looked.sent);
            }
        }
        if !rehearser.settles(when) {
            found.sent = sent_before;
        }
    }
}
