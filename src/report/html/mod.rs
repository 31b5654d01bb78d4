//! A run as one page of HTML: nothing in it is loaded from outside, and all of it can be read without
//! scripts. What a person has to look at stands first.

mod charts;
mod rows;
mod steps;

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::markup::Markup;
use super::record::{RunRecord, word};
use super::words::{duration, plural};
use crate::event::RunOutcome;
use crate::outcome::Outcome;
use crate::secret::Masker;
use crate::value::Map;

const STYLE: &str = include_str!("style.css");
const FILTER: &str = include_str!("filter.js");

/// How every page begins, by which an earlier one is known.
pub const BEGINNING: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;; style-src ";

/// The page.
pub fn document(record: &RunRecord, masker: &Masker) -> String {
    let mut markup = Markup::new(masker);
    head(&mut markup, record);
    markup.raw("<body>\n<a class=\"skip\" href=\"#main\">Skip to the content</a>\n");
    header(&mut markup, record);
    markup.raw("<main id=\"main\">\n");
    tiles(&mut markup, record);
    rows::in_doubt(&mut markup, record);
    rows::reasons(&mut markup, record);
    steps::timeline(&mut markup, record);
    over_time(&mut markup, record);
    rows::all(&mut markup, record);
    outputs(&mut markup, record);
    about(&mut markup, record);
    markup.raw("</main>\n");
    footer(&mut markup, record);
    markup
        .raw("<script>")
        .raw(FILTER)
        .raw("</script>\n</body>\n</html>\n");
    markup.finish()
}

fn head(markup: &mut Markup<'_>, record: &RunRecord) {
    markup.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    let digest = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    // The page itself forbids what it does not hold.
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        digest(STYLE),
        digest(FILTER)
    );
    markup.open(
        "meta",
        &[
            ("http-equiv", "Content-Security-Policy".into()),
            ("content", policy.into()),
        ],
    );
    markup.raw("\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    markup.raw("<meta name=\"color-scheme\" content=\"light dark\">\n");
    markup.raw("<meta name=\"referrer\" content=\"no-referrer\">\n");
    markup.raw("<link rel=\"icon\" href=\"data:,\">\n");
    let title = format!("{}: {}", record.outcome_words(), record.title());
    markup.element("title", &[], &title).raw("\n<style>");
    markup.raw(STYLE).raw("</style>\n</head>\n");
}

fn header(markup: &mut Markup<'_>, record: &RunRecord) {
    markup.raw("<header>\n").element("h1", &[], record.title());
    if let Some(started) = &record.started {
        let target = &started.target;
        markup.raw("\n<p class=\"soft\">").text(&started.playbook);
        markup.raw(" against ").element("strong", &[], &target.name);
        markup.raw(" (").text(&target.server).raw(", operation ");
        markup.text(&target.operation).raw(")</p>");
    }
    let class = match record.outcome() {
        Some(RunOutcome::Ok) => "verdict ok",
        Some(RunOutcome::Failed) => "verdict failed",
        Some(RunOutcome::Unknown) => "verdict unknown",
        Some(RunOutcome::Budget | RunOutcome::Interrupted) | None => "verdict paused",
    };
    markup.raw("\n").open("p", &[("class", class.into())]);
    markup.element("strong", &[], record.outcome_words());
    markup
        .raw(" <span>")
        .text(&meaning(record))
        .raw("</span></p>\n");
    markup.raw("<nav aria-label=\"Sections\"><ul>");
    for (anchor, name, is_there) in [
        ("#in-doubt", "In doubt", record.counts().unknown > 0),
        ("#reasons", "What went wrong", !record.reasons.is_empty()),
        ("#steps", "Steps", !record.steps.is_empty()),
        ("#over-time", "Over time", record.requests() > 0),
        ("#rows", "Rows", !record.rows.is_empty()),
        ("#about", "About this run", true),
    ] {
        if is_there {
            markup.raw("<li>");
            markup
                .element("a", &[("href", anchor.into())], name)
                .raw("</li>");
        }
    }
    markup.raw("</ul></nav>\n</header>\n");
}

/// What the outcome means, in one sentence.
fn meaning(record: &RunRecord) -> String {
    let counts = record.counts();
    let of = plural(counts.total(), "step");
    let what = if record.row_counts().total() > 0 {
        "steps and rows".to_owned()
    } else {
        of
    };
    let stopped = record
        .finished
        .as_ref()
        .and_then(|finished| finished.stopped.as_ref())
        .map_or_else(String::new, |why| format!(" It stopped early: {why}."));
    let told = match record.outcome() {
        Some(RunOutcome::Ok) => "Everything that was to be done is done.".to_owned(),
        Some(RunOutcome::Failed) => {
            format!(
                "{} of {} {what} failed, none is in doubt.",
                counts.failed,
                counts.total()
            )
        }
        Some(RunOutcome::Unknown) => format!(
            "{} of {} {what} may or may not have been done: look at them first.",
            counts.unknown,
            counts.total()
        ),
        Some(RunOutcome::Budget) => {
            "The day's requests are used up. It can be resumed tomorrow.".to_owned()
        }
        Some(RunOutcome::Interrupted) => "It can be resumed.".to_owned(),
        None => "It goes on, or it was killed: then it can be resumed.".to_owned(),
    };
    told.replace("steps steps", "steps") + &stopped
}

fn tiles(markup: &mut Markup<'_>, record: &RunRecord) {
    let counts = record.counts();
    markup.raw("<h2 class=\"skip\">Counts</h2>\n<dl class=\"tiles\">");
    for outcome in Outcome::ALL {
        let count = counts.of(outcome);
        let class = if count == 0 { "none" } else { outcome.as_str() };
        tile(markup, class, word(outcome), &grouped(count));
    }
    tile(markup, "", "requests", &grouped(record.requests()));
    tile(markup, "", "retries", &grouped(record.retries));
    tile(markup, "", "took", &duration(record.duration_ms()));
    markup.raw("</dl>\n");
}

fn tile(markup: &mut Markup<'_>, class: &'static str, name: &str, value: &str) {
    markup.open("div", &[("class", class.into())]);
    markup.element("dt", &[], name).element("dd", &[], value);
    markup.raw("</div>");
}

/// A number with its thousands apart, so that it can be read.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push('\u{202f}');
        }
        shown.push(digit);
    }
    shown
}

fn over_time(markup: &mut Markup<'_>, record: &RunRecord) {
    if record.requests() == 0 {
        return;
    }
    section_begins(markup, "over-time", "Over time");
    let latency = &record.latency;
    let mut told = format!(
        "Half of the requests took {} or less, 95 of 100 took {} or less, the longest took {}.",
        duration(latency.percentile(50)),
        duration(latency.percentile(95)),
        duration(latency.max()),
    );
    let waited = record.finished.as_ref().map_or(0, |it| it.waited_ms);
    if waited > 0 {
        let _ = write!(
            told,
            " Requests waited {} for the target's pace, added up.",
            duration(waited)
        );
    }
    markup.element("p", &[], &told);
    let series = &record.series;
    if series.buckets().len() > 2 {
        markup.raw("\n<div class=\"charts\">");
        charts::rate(markup, series);
        charts::latency(markup, series);
        for waiting in [charts::Waiting::Pace, charts::Waiting::Retries] {
            if series.buckets().iter().any(|it| waiting.of(it) > 0) {
                charts::waiting(markup, series, waiting);
            }
        }
        markup.raw("</div>\n");
        steps::series_table(markup, series);
    }
    section_ends(markup);
}

fn outputs(markup: &mut Markup<'_>, record: &RunRecord) {
    let Some(finished) = &record.finished else {
        return;
    };
    if finished.outputs.is_empty() && finished.missing_outputs.is_empty() {
        return;
    }
    section_begins(markup, "outputs", "Outputs");
    markup.raw("<dl class=\"facts\">");
    values(markup, &finished.outputs);
    for (name, why) in &finished.missing_outputs {
        markup
            .element("dt", &[], name)
            .raw("<dd class=\"soft\">left out: ");
        markup.text(why).raw("</dd>");
    }
    markup.raw("</dl>");
    section_ends(markup);
}

fn values(markup: &mut Markup<'_>, values: &Map) {
    for (name, value) in values {
        let shown = value.scalar_text().unwrap_or_else(|| value.to_json_text());
        markup.element("dt", &[], name);
        markup.raw("<dd>").element("code", &[], &shown).raw("</dd>");
    }
}

fn about(markup: &mut Markup<'_>, record: &RunRecord) {
    section_begins(markup, "about", "About this run");
    markup.raw("<dl class=\"facts\">");
    let mut fact = |name: &str, value: &str| {
        markup
            .element("dt", &[], name)
            .raw("<dd>")
            .text(value)
            .raw("</dd>");
    };
    fact("run", record.run.as_str());
    if let Some(started) = &record.started {
        fact("started", &started.started_at);
        if let Some(last) = &record.last_event {
            fact(
                if record.finished.is_some() {
                    "ended"
                } else {
                    "last heard of"
                },
                last,
            );
        }
        if record.stretches > 1 {
            fact(
                "stretches",
                &format!("{}: it was resumed", record.stretches),
            );
        }
        fact("playbook", &started.playbook);
        fact("its SHA-256", &started.playbook_digest);
        fact("target", &started.target.name);
        fact("server", &started.target.server);
        fact("operation", &started.target.operation);
        fact("voxplay", &started.voxplay);
    }
    markup.raw("</dl>");
    if let Some(inputs) = record.started.as_ref().map(|started| &started.inputs)
        && !inputs.is_empty()
    {
        markup.raw("\n<h3>Inputs</h3>\n<dl class=\"facts\">");
        values(markup, inputs);
        markup.raw("</dl>");
    }
    section_ends(markup);
}

fn footer(markup: &mut Markup<'_>, record: &RunRecord) {
    markup.raw("<footer><p>Made by voxplay from run <code>");
    markup
        .text(record.run.as_str())
        .raw("</code>. Secrets are masked as ***.</p></footer>\n");
}

fn section_begins(markup: &mut Markup<'_>, id: &'static str, title: &'static str) {
    let heading = format!("{id}-title");
    let class = if id == "in-doubt" { "first" } else { "part" };
    let attributes = [
        ("id", id.into()),
        ("class", class.into()),
        ("aria-labelledby", heading.clone().into()),
    ];
    markup.open("section", &attributes).raw("\n");
    markup
        .element("h2", &[("id", heading.into())], title)
        .raw("\n");
}

fn section_ends(markup: &mut Markup<'_>) {
    markup.raw("\n</section>\n");
}

/// An outcome as a word with a sign, so that colour is never all there is.
fn badge(markup: &mut Markup<'_>, outcome: Outcome) {
    let sign = match outcome {
        Outcome::Ok => "✓ ",
        Outcome::Failed => "✕ ",
        Outcome::Unknown => "? ",
        Outcome::Skipped => "» ",
        Outcome::NotRun => "· ",
    };
    let class = format!("badge {}", outcome.as_str());
    markup.open("span", &[("class", class.into())]);
    markup
        .raw("<span aria-hidden=\"true\">")
        .raw(sign)
        .raw("</span>");
    markup.text(word(outcome)).raw("</span>");
}
