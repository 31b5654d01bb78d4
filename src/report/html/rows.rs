//! What did not go well: in doubt first, then grouped by reason, then row by row.

use super::steps::answer_of;
use super::{badge, section_begins, section_ends};
use crate::event::row_words;
use crate::outcome::Outcome;
use crate::report::markup::Markup;
use crate::report::record::{Cases, Common, RowRecord, RunRecord};
use crate::report::words::plural;
use crate::value::Value;

/// How large the page may become by its rows, in bytes: so it opens anywhere.
const MOST_BYTES: usize = 4_000_000;
/// The longest answer shown for a row, in characters.
const ANSWER: usize = 600;
/// How many rows in doubt stand at the top.
const MOST_IN_DOUBT: usize = 500;

pub(super) fn in_doubt(markup: &mut Markup<'_>, record: &RunRecord) {
    let rows = record.rows_that(Outcome::Unknown).count();
    let steps = record.steps_that(Outcome::Unknown).count();
    if rows + steps == 0 {
        return;
    }
    section_begins(markup, "in-doubt", "In doubt: look at these first");
    markup.raw("<p>Each of these may or may not have been done. Look it up in the CRM before it is sent again, then say what you found: <code>");
    markup.text(&record.settled_by).raw("</code></p>\n");
    markup.raw("<div class=\"wide\"><table class=\"stacks\"><caption>Steps and rows whose outcome is not known</caption>\n<thead><tr><th scope=\"col\">Step</th><th scope=\"col\">Row</th><th scope=\"col\">Action</th><th scope=\"col\">Why</th><th scope=\"col\">Where</th></tr></thead>\n<tbody>\n");
    for step in record.steps_that(Outcome::Unknown) {
        markup.raw("<tr>");
        markup.element("th", &[("scope", "row".into())], &step.step);
        markup.raw("<td></td><td><code>");
        markup.text(step.action.as_deref().unwrap_or_default());
        markup.raw("</code></td><td class=\"why\">");
        why(markup, step.error.as_deref(), step.answer.as_deref());
        markup.raw("</td><td class=\"mono\">");
        markup.text(&record.place_of(&step.step).unwrap_or_default());
        markup.raw("</td></tr>\n");
    }
    for row in record.rows_that(Outcome::Unknown).take(MOST_IN_DOUBT) {
        let step = row.failed_step.as_deref().unwrap_or(&row.of);
        markup.raw("<tr>");
        markup.element("th", &[("scope", "row".into())], step);
        markup
            .raw("<td data-name=\"row\">")
            .text(&row.row)
            .raw("</td><td><code>");
        markup.text(row.action.as_deref().unwrap_or_default());
        markup.raw("</code></td><td class=\"why\">");
        why(markup, row.error.as_deref(), row.answer.as_deref());
        markup.raw("</td><td class=\"mono\">");
        markup.text(&whereabouts(record, row)).raw("</td></tr>\n");
    }
    markup.raw("</tbody></table></div>");
    let beyond = u64::try_from(rows.saturating_sub(MOST_IN_DOUBT)).unwrap_or(u64::MAX);
    let beyond = beyond + record.rows_not_listed.unknown;
    if beyond > 0 {
        markup.raw("\n<p>And ").text(&plural(beyond, "more row"));
        markup.raw(": the command above lists them all.</p>");
    }
    section_ends(markup);
}

pub(super) fn reasons(markup: &mut Markup<'_>, record: &RunRecord) {
    if record.reasons.is_empty() {
        return;
    }
    section_begins(markup, "reasons", "What went wrong");
    markup.raw("<div class=\"wide\"><table class=\"stacks\"><caption>Failures by reason; … stands for what differs from case to case</caption>\n<thead><tr><th scope=\"col\" class=\"number\">Count</th><th scope=\"col\">Outcome</th><th scope=\"col\">Step</th><th scope=\"col\">Reason</th><th scope=\"col\">Where</th></tr></thead>\n<tbody>\n");
    for (common, cases) in &record.reasons {
        reason(markup, record, common, cases);
    }
    markup.raw("</tbody></table></div>");
    section_ends(markup);
}

fn reason(markup: &mut Markup<'_>, record: &RunRecord, common: &Common, cases: &Cases) {
    markup
        .raw("<tr><td class=\"number\" data-name=\"count\">")
        .show(cases.count)
        .raw("</td><td>");
    badge(markup, common.outcome);
    markup.raw("</td>").element("td", &[], &common.step);
    markup
        .raw("<td class=\"why\">")
        .text(&common.reason)
        .raw("</td><td>");
    if let Some(place) = record.place_of(&common.step) {
        markup
            .raw("<span class=\"mono\">")
            .text(&place)
            .raw("</span>");
    }
    if !cases.first.is_empty() {
        let rows: Vec<String> = cases
            .first
            .iter()
            .map(|named| match named.number {
                _ if named.batch.is_some() => row_words(&named.row, named.batch.as_ref()),
                Some(number) => format!("{} (row {number})", named.row),
                None => named.row.clone(),
            })
            .collect();
        let listed = cases.named();
        markup
            .raw("<br><span class=\"soft\">")
            .text(&rows.join(", "));
        if cases.count > listed {
            markup.raw(" and ").show(cases.count - listed).raw(" more");
        }
        markup.raw("</span>");
    }
    markup.raw("</td></tr>\n");
}

pub(super) fn all(markup: &mut Markup<'_>, record: &RunRecord) {
    if record.rows.is_empty() {
        return;
    }
    section_begins(markup, "rows", "Rows that did not go well");
    markup.raw("<form id=\"filter\" class=\"filter\" role=\"search\" hidden><label for=\"filter-words\">Filter by words<input id=\"filter-words\" type=\"search\" autocomplete=\"off\"></label><label for=\"filter-outcome\">Outcome<select id=\"filter-outcome\"><option value=\"\">any</option><option value=\"failed\">failed</option><option value=\"unknown\">unknown</option></select></label><p id=\"filter-told\" class=\"soft\" role=\"status\"></p></form>\n");
    markup.raw("<div class=\"wide\"><table class=\"stacks\"><caption>Rows that failed or are in doubt, in the order in which they ended</caption>\n<thead><tr><th scope=\"col\">Row</th><th scope=\"col\">Outcome</th><th scope=\"col\">Step</th><th scope=\"col\">Code</th><th scope=\"col\">Why</th><th scope=\"col\">Where</th></tr></thead>\n<tbody>\n");
    let mut shown = 0;
    // In doubt first: they must not fall victim to the bound.
    let order = record.rows_that(Outcome::Unknown).chain(
        record
            .rows
            .iter()
            .filter(|row| row.outcome != Outcome::Unknown),
    );
    for row in order {
        if markup.len() > MOST_BYTES {
            break;
        }
        line(markup, record, row);
        shown += 1;
    }
    markup.raw("</tbody></table></div>");
    let left = u64::try_from(record.rows.len() - shown).unwrap_or(u64::MAX);
    let left = left + record.rows_not_listed.total();
    if left > 0 {
        markup.raw("\n<p>And ").text(&plural(left, "more row"));
        markup.raw(": the file named by <code>--rejected</code> has them all.</p>");
    }
    section_ends(markup);
}

fn line(markup: &mut Markup<'_>, record: &RunRecord, row: &RowRecord) {
    markup.open("tr", &[("data-outcome", row.outcome.as_str().into())]);
    let attributes = [("scope", "row".into()), ("class", "id".into())];
    markup.element("th", &attributes, &row.row).raw("<td>");
    badge(markup, row.outcome);
    markup.raw("</td>");
    markup.element("td", &[], row.failed_step.as_deref().unwrap_or(&row.of));
    let code = row.code.as_ref().and_then(Value::scalar_text);
    let code = code.or_else(|| row.http_status.map(|status| format!("HTTP {status}")));
    markup.open(
        "td",
        &[("data-name", "code".into()), ("class", "nowrap".into())],
    );
    markup
        .text(&code.unwrap_or_default())
        .raw("</td><td class=\"why\">");
    let answer = row.answer.as_deref().map(|text| {
        let end = text
            .char_indices()
            .nth(ANSWER)
            .map_or(text.len(), |(at, _)| at);
        &text[..end]
    });
    why(markup, row.error.as_deref(), answer);
    markup.raw("</td><td class=\"mono\">");
    markup.text(&whereabouts(record, row)).raw("</td></tr>\n");
}

fn why(markup: &mut Markup<'_>, error: Option<&str>, answer: Option<&str>) {
    markup.text(error.unwrap_or_default());
    if let Some(answer) = answer {
        answer_of(markup, answer);
    }
}

/// The row in the data, and the step in the playbook.
fn whereabouts(record: &RunRecord, row: &RowRecord) -> String {
    let step = row.failed_step.as_deref().unwrap_or(&row.of);
    let parts = [record.row_place(row), record.place_of(step)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
