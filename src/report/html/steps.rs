//! The steps on a line of time, and the series as a table for who cannot see its charts.

use super::{badge, charts, section_begins, section_ends};
use crate::outcome::Outcome;
use crate::report::markup::Markup;
use crate::report::record::{RunRecord, Series, StepRecord, word};
use crate::report::words::{duration, plural};

/// How many steps are shown.
const MOST_STEPS: usize = 2_000;

pub(super) fn timeline(markup: &mut Markup<'_>, record: &RunRecord) {
    if record.steps.is_empty() {
        return;
    }
    section_begins(markup, "steps", "Steps");
    markup.raw("<div class=\"wide\"><table class=\"stacks\"><caption>In the order in which they ended; each bar is the time from the first request to the outcome.</caption>\n<thead><tr><th scope=\"col\">Step</th><th scope=\"col\">Action</th><th scope=\"col\">Outcome</th><th scope=\"col\">When</th><th scope=\"col\" class=\"number\">Took</th><th scope=\"col\">Result</th></tr></thead>\n<tbody>\n");
    for step in record.steps.iter().take(MOST_STEPS) {
        line(markup, record, step);
    }
    markup.raw("</tbody></table></div>");
    if record.steps.len() > MOST_STEPS {
        markup
            .raw("\n<p>And ")
            .show(record.steps.len() - MOST_STEPS);
        markup.raw(" more steps: the JSON report has them all.</p>");
    }
    section_ends(markup);
}

fn line(markup: &mut Markup<'_>, record: &RunRecord, step: &StepRecord) {
    markup
        .raw("<tr><th scope=\"row\" class=\"id\">")
        .text(&step.step);
    if let Some(place) = record.places.get(&step.step)
        && let Some(name) = &place.name
    {
        markup
            .raw("<br><span class=\"soft\">")
            .text(name)
            .raw("</span>");
    }
    markup.raw("</th><td>");
    let kind = if record.is_loop(step) {
        "rows"
    } else {
        "group"
    };
    match &step.action {
        Some(action) => markup.element("code", &[], action),
        None => markup.text(kind),
    };
    markup.raw("</td><td>");
    badge(markup, step.outcome);
    markup.raw("</td><td class=\"bar\">");
    charts::stretch(markup, step, record.duration_ms());
    markup.raw("</td><td class=\"number\">");
    if step.attempts > 0 || step.duration_ms > 0 {
        markup.text(&duration(step.duration_ms));
    }
    markup.raw("</td><td class=\"why\">");
    result(markup, record, step);
    markup.raw("</td></tr>\n");
}

fn result(markup: &mut Markup<'_>, record: &RunRecord, step: &StepRecord) {
    if let Some(rows) = step.rows {
        let parts: Vec<String> = Outcome::ALL
            .into_iter()
            .filter(|outcome| rows.of(*outcome) > 0)
            .map(|outcome| format!("{} {}", rows.of(outcome), word(outcome)))
            .collect();
        markup.text(&parts.join(", "));
    }
    if let Some(id) = &step.wolkvox_id {
        let shown = id.scalar_text().unwrap_or_else(|| id.to_json_text());
        markup.element("code", &[], &shown);
    }
    if let Some(error) = step.error.as_deref().filter(|_| step.rows.is_none()) {
        markup.text(error);
    }
    for warning in &step.warnings {
        markup.raw("<br>warning: ").text(warning);
    }
    if let Some(pages) = step.pages {
        let sent = plural(u64::from(step.attempts), "request");
        markup
            .raw(" <span class=\"soft\">")
            .text(&format!("{}, {sent}", plural(pages, "page")))
            .raw("</span>");
    } else if step.attempts > 1 {
        markup
            .raw(" <span class=\"soft\">")
            .show(step.attempts)
            .raw(" attempts</span>");
    }
    let is_bad = matches!(step.outcome, Outcome::Failed | Outcome::Unknown);
    if is_bad && let Some(place) = record.place_of(&step.step) {
        markup
            .raw("<br><span class=\"soft mono\">")
            .text(&place)
            .raw("</span>");
    }
    if is_bad && let Some(answer) = &step.answer {
        answer_of(markup, answer);
    }
}

/// The answer of the CRM, folded.
pub(super) fn answer_of(markup: &mut Markup<'_>, answer: &str) {
    markup.raw("<details><summary>Answer</summary>");
    markup.element("pre", &[], answer).raw("</details>");
}

pub(super) fn series_table(markup: &mut Markup<'_>, series: &Series) {
    markup.raw("<details><summary>The same as a table</summary>\n<div class=\"wide\"><table><caption>Requests by stretches of ");
    markup.text(&duration(series.width_ms()));
    markup.raw("</caption>\n<thead><tr><th scope=\"col\" class=\"number\">From</th><th scope=\"col\" class=\"number\">Requests</th><th scope=\"col\" class=\"number\">In trouble</th><th scope=\"col\" class=\"number\">Half within</th><th scope=\"col\" class=\"number\">95 of 100 within</th><th scope=\"col\" class=\"number\">Longest</th><th scope=\"col\" class=\"number\">Waited before retries</th><th scope=\"col\" class=\"number\">Waited for the pace</th></tr></thead>\n<tbody>\n");
    let mut from = 0u64;
    for bucket in series.buckets() {
        markup.raw("<tr>");
        for cell in [
            duration(from),
            bucket.requests.to_string(),
            bucket.troubled.to_string(),
            duration(bucket.latency.percentile(50)),
            duration(bucket.latency.percentile(95)),
            duration(bucket.latency.max()),
            duration(bucket.backoff_ms),
            duration(bucket.pace_ms),
        ] {
            markup.element("td", &[("class", "number".into())], &cell);
        }
        markup.raw("</tr>\n");
        from = from.saturating_add(series.width_ms());
    }
    markup.raw("</tbody></table></div></details>");
}
