//! Batches of rows that are larger than what one call takes: known from the playbook and the action, whatever the rows are.

use super::{PlannedKind, PlannedStep, Tree};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Spanned;

/// What is wrong with a batch of so many rows, which the steps see as the list `rows`: that one of them hands it whole to a
/// call that takes fewer.
pub(super) fn check(
    batch: &Spanned<usize>,
    rows: &str,
    steps: &[PlannedStep],
) -> Option<Diagnostic> {
    let (step, most) = least(steps, rows)?;
    let source = step.home.source();
    // There may be fewer rows, or a `when` that looks how many there are.
    (batch.value > most).then(|| {
        Diagnostic::warning(
            Code::InvalidValue,
            format!(
                "a batch of {} rows is more than one call takes: the step `{}` hands it over whole, and its action takes at most {most}",
                batch.value, step.id
            ),
        )
        .at(source, batch.span)
        .help(format!("write `batch: {most}`, or fewer"))
    })
}

/// The step whose call takes the fewest, of those that are handed the list whole, and how many that are.
fn least<'s>(steps: &'s [PlannedStep], rows: &str) -> Option<(&'s PlannedStep, usize)> {
    let found = steps.iter().filter_map(|step| match &step.kind {
        PlannedKind::Action(planned) => {
            let items = planned.action.items_param()?;
            let given = planned.with.member(items)?;
            Some((step, planned.action.max_items()?)).filter(|_| is_whole(given, rows))
        }
        PlannedKind::Group(nested) => least(nested, rows),
        // There, `rows` may be another list.
        PlannedKind::Loop(_) | PlannedKind::Use(_) => None,
    });
    found.min_by_key(|(_, most)| *most)
}

/// Whether a template gives the list as it is.
fn is_whole(given: &Tree, rows: &str) -> bool {
    let templates = given.templates();
    let [(template, _)] = templates.as_slice() else {
        return false;
    };
    let inner = template.text().trim();
    let inner = inner
        .strip_prefix("{{")
        .and_then(|it| it.strip_suffix("}}"));
    template.is_sole() && inner.is_some_and(|inner| inner.trim_matches('-').trim() == rows)
}
