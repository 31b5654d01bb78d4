//! A run in a page of Markdown, for the summary of a CI job or a comment on a merge request.

use std::fmt::Write as _;

use super::markup::is_unfit;
use super::record::{NamedRow, RunRecord, word};
use super::words::{duration, plural};
use crate::event::{RunFinished, RunOutcome};
use crate::outcome::Outcome;
use crate::secret::Masker;
use crate::value::Value;

/// How many steps, rows in doubt and reasons are told; the page says how many there are beyond.
const MOST_STEPS: usize = 100;
const MOST_IN_DOUBT: usize = 50;
const MOST_REASONS: usize = 30;
/// The longest text in a cell, in characters.
const CELL: usize = 300;

/// What stands at the end of every page, by which an earlier one is known.
pub const END: &str = "\n<sub>run ";

/// The page.
pub fn document(record: &RunRecord, masker: &Masker) -> String {
    let mut page = Page {
        out: String::new(),
        masker,
    };
    page.head(record);
    page.in_doubt(record);
    page.reasons(record);
    page.steps(record);
    page.outputs(record);
    page.foot(record);
    page.out
}

struct Page<'m> {
    out: String,
    masker: &'m Masker,
}

impl Page<'_> {
    /// Text from anywhere, fit for a line or a cell.
    fn inline(&self, text: &str) -> String {
        escape(&short(&self.masker.mask(text)))
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn head(&mut self, record: &RunRecord) {
        let sign = match record.outcome() {
            Some(RunOutcome::Ok) => "✅",
            Some(RunOutcome::Failed) => "❌",
            Some(RunOutcome::Unknown) => "❓",
            Some(RunOutcome::Budget | RunOutcome::Interrupted) | None => "⏸️",
        };
        let title = self.inline(record.title());
        self.line(&format!("## {sign} {title}: {}\n", record.outcome_words()));
        if let Some(started) = &record.started {
            let target = &started.target;
            let sentence = format!(
                "{} ran against **{}** ({}, operation {}): {} in {}.\n",
                self.inline(&started.playbook),
                self.inline(&target.name),
                self.inline(&target.server),
                self.inline(&target.operation),
                plural(record.requests(), "request"),
                duration(record.duration_ms()),
            );
            self.line(&sentence);
        }
        let counts = record.counts();
        self.line("| ok | failed | unknown | skipped | not run |");
        self.line("| ---: | ---: | ---: | ---: | ---: |");
        let cells: Vec<String> = Outcome::ALL
            .into_iter()
            .map(|outcome| counts.of(outcome).to_string())
            .collect();
        self.line(&format!("| {} |", cells.join(" | ")));
        let finished = record.finished.as_ref();
        if let Some(why) = finished.and_then(RunFinished::stopped_because) {
            let why = self.inline(why);
            self.line(&format!("\nStopped: {why}."));
        }
    }

    fn in_doubt(&mut self, record: &RunRecord) {
        let steps: Vec<String> = record
            .steps_that(Outcome::Unknown)
            .map(|step| {
                let why = step.error.as_deref().unwrap_or_default();
                format!("{}: {}", self.inline(&step.step), self.inline(why))
            })
            .collect();
        let rows = record.rows_in_doubt();
        let rows: Vec<String> = rows
            .iter()
            .map(|row| {
                let why = row.error.as_deref().unwrap_or_default();
                let place = record.row_place(row);
                let place = place.map_or_else(String::new, |place| format!(" ({place})"));
                let name = self.inline(&row.name());
                format!("{name}{}: {}", self.inline(&place), self.inline(why))
            })
            .collect();
        let listed = steps.len() + rows.len();
        if listed == 0 {
            return;
        }
        self.line("\n### In doubt\n");
        self.line("Each of these may or may not have been done. Look it up in the CRM before it is sent again.\n");
        for item in steps.into_iter().chain(rows).take(MOST_IN_DOUBT) {
            self.line(&format!("- {item}"));
        }
        let beyond = u64::try_from(listed.saturating_sub(MOST_IN_DOUBT)).unwrap_or(u64::MAX);
        let beyond = beyond + record.rows_not_listed.unknown;
        if beyond > 0 {
            self.line(&format!("- and {beyond} more"));
        }
        self.line(&format!("\n`{}`", record.settled_by));
    }

    fn reasons(&mut self, record: &RunRecord) {
        if record.reasons.is_empty() {
            return;
        }
        self.line("\n### What went wrong\n");
        self.line("| count | outcome | step | reason | where |");
        self.line("| ---: | --- | --- | --- | --- |");
        for (common, cases) in record.reasons.iter().take(MOST_REASONS) {
            let place = record.place_of(&common.step).unwrap_or_default();
            let rows: Vec<String> = cases.first.iter().map(shown_row).collect();
            let mut whereabouts = self.inline(&place);
            if !rows.is_empty() {
                let more = if cases.count > cases.named() {
                    ", …"
                } else {
                    ""
                };
                if !whereabouts.is_empty() {
                    whereabouts.push_str("; ");
                }
                let _ = write!(whereabouts, "rows {}{more}", self.inline(&rows.join(", ")));
            }
            let line = format!(
                "| {} | {} | {} | {} | {whereabouts} |",
                cases.count,
                word(common.outcome),
                self.inline(&common.step),
                self.inline(&common.reason),
            );
            self.line(&line);
        }
        if let Some(more) = record.reasons.len().checked_sub(MOST_REASONS)
            && more > 0
        {
            self.line(&format!("\nAnd {more} more reasons."));
        }
    }

    fn steps(&mut self, record: &RunRecord) {
        if record.steps.is_empty() {
            return;
        }
        self.line("\n<details><summary>Steps</summary>\n");
        self.line("| step | action | outcome | took |");
        self.line("| --- | --- | --- | ---: |");
        for step in record.steps.iter().take(MOST_STEPS) {
            let kind = if record.is_loop(step) {
                "rows"
            } else {
                "group"
            };
            let line = format!(
                "| {} | {} | {} | {} |",
                self.inline(&step.step),
                self.inline(step.action.as_deref().unwrap_or(kind)),
                word(step.outcome),
                duration(step.duration_ms),
            );
            self.line(&line);
        }
        if let Some(more) = record.steps.len().checked_sub(MOST_STEPS)
            && more > 0
        {
            self.line(&format!("\nAnd {more} more steps."));
        }
        self.line("\n</details>");
    }

    fn outputs(&mut self, record: &RunRecord) {
        let Some(finished) = record.finished.as_ref().filter(|it| !it.outputs.is_empty()) else {
            return;
        };
        self.line("\n### Outputs\n");
        self.line("| name | value |");
        self.line("| --- | --- |");
        for (name, value) in &finished.outputs {
            let shown = value
                .scalar_text()
                .unwrap_or_else(|| Value::to_json_text(value));
            let line = format!("| {} | {} |", self.inline(name), self.inline(&shown));
            self.line(&line);
        }
    }

    fn foot(&mut self, record: &RunRecord) {
        let version = record
            .started
            .as_ref()
            .map_or("", |started| started.voxplay.as_str());
        let version = self.inline(version);
        self.line(&format!(
            "\n<sub>run {}, voxplay {version}</sub>",
            record.run
        ));
    }
}

fn shown_row(named: &NamedRow) -> String {
    if let Some(batch) = &named.batch {
        let numbers = format!("{} to {}", batch.first, batch.last);
        return if batch.first.to_string() == named.row {
            numbers
        } else {
            format!("{} (numbers {numbers})", named.row)
        };
    }
    match named.number {
        Some(number) if number.to_string() != named.row => {
            format!("{} (number {number})", named.row)
        }
        _ => named.row.clone(),
    }
}

pub(super) fn short(text: &str) -> String {
    if text.chars().count() <= CELL {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(CELL).collect();
    cut.push('…');
    cut
}

/// Text in which nothing is Markdown or HTML, nobody is mentioned and nothing becomes a link.
pub(super) fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\t' => shown.push(' '),
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            // A character reference is text for Markdown, and no mention and no link for the hosts.
            '@' => shown.push_str("&#64;"),
            ':' => shown.push_str("&#58;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '!' | '|' | '~'
            | '$' => {
                shown.push('\\');
                shown.push(character);
            }
            other if is_unfit(other) => shown.push('\u{fffd}'),
            other => shown.push(other),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(
            escape("a | b\n<img> @all [x](https://y) `c` \u{1b}"),
            "a \\| b &lt;img&gt; &#64;all \\[x\\]\\(https&#58;//y\\) \\`c\\` \u{fffd}"
        );
    }
}
