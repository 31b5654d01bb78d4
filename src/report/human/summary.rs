//! What stands at the end of a run: the outcome, what is in doubt, the outputs, and why rows did not go well.

use std::fmt::Write as _;

use anstyle::AnsiColor;

use super::{DIM, style};
use crate::action::Effect;
use crate::event::{Counts, EventKind, RunFinished, RunOutcome, row_words, step_name};
use crate::outcome::Outcome;
use crate::report::record::{Cases, Common, word};
use crate::report::words::{duration, harmless, plural, wrap_into};

/// How many things in doubt are named.
const NAMED_DOUBTS: usize = 50;

/// How many reasons are told; there may be one for each of many rows.
const MOST_REASONS: usize = 30;

/// What is in doubt at the end of a run: the first ones by name, the others counted.
#[derive(Debug, Clone, Default)]
pub struct InDoubt {
    named: Vec<(String, Option<String>, String)>,
    more: u64,
}

impl InDoubt {
    /// What is in doubt of these.
    pub fn of<'e>(events: impl IntoIterator<Item = &'e EventKind>) -> Self {
        let mut all = Self::default();
        events.into_iter().for_each(|event| all.add(event));
        all
    }

    /// Whether nothing is.
    pub const fn is_empty(&self) -> bool {
        self.named.is_empty()
    }

    /// One step more; what is not in doubt is passed over.
    pub fn add(&mut self, event: &EventKind) {
        let (step, row, action) = match event {
            EventKind::StepFinished(end) if end.outcome == Outcome::Unknown => {
                (&end.step, &end.row, end.action.as_ref())
            }
            EventKind::AttemptStarted(sent) if sent.effect != Effect::Read => {
                (&sent.step, &sent.row, Some(&sent.action))
            }
            _ => return,
        };
        // A loop or a group is in doubt by what is in it.
        let Some(action) = action else {
            return;
        };
        if self.named.len() < NAMED_DOUBTS {
            self.named.push((step.clone(), row.clone(), action.clone()));
        } else {
            self.more += 1;
        }
    }
}

/// Rows that did not go well, by the commonest reasons, with the first of each; nothing where no row is concerned.
pub fn reasons(reasons: &[(Common, Cases)], width: usize) -> String {
    let mut text = String::new();
    let of_rows = || reasons.iter().filter(|(_, cases)| !cases.first.is_empty());
    for (common, cases) in of_rows().take(MOST_REASONS) {
        if text.is_empty() {
            text.push_str("\nrows that did not go well, by reason\n");
        }
        let style = style(common.outcome);
        let _ = writeln!(
            text,
            "  {style}{}{style:#}, {} at the step {}",
            plural(cases.count, "row"),
            common.outcome,
            harmless(&common.step)
        );
        wrap_into(&mut text, &harmless(&common.reason), 4, width);
        let mut first: Vec<String> = cases
            .first
            .iter()
            .map(|row| match row.number {
                _ if row.batch.is_some() => harmless(&row_words(&row.row, row.batch.as_ref())),
                Some(number) if number.to_string() != row.row => {
                    format!("{} (row {number})", harmless(&row.row))
                }
                _ => harmless(&row.row),
            })
            .collect();
        let named = cases.named();
        if cases.count > named {
            first.push(format!("and {} more", cases.count - named));
        }
        wrap_into(&mut text, &first.join(", "), 4, width);
    }
    let more = of_rows().count().saturating_sub(MOST_REASONS);
    if more > 0 {
        let more = plural(u64::try_from(more).unwrap_or(u64::MAX), "more reason");
        let _ = writeln!(text, "  and {more}");
    }
    text
}

/// The requests of the stretch that is over, its time, and those of all stretches where they are more.
fn requests(finished: &RunFinished) -> String {
    let all = finished.requests;
    let here = finished.stretch_requests.unwrap_or(all);
    let mut text = format!(
        "{} in {}",
        plural(here, "request"),
        duration(finished.duration_ms)
    );
    if here != all {
        let _ = write!(text, "; {all} in all");
    }
    text
}

/// What stands at the end: the outcome first, then what a person has to look at, then the outputs.
pub fn summary(finished: &RunFinished, in_doubt: &InDoubt, width: usize) -> String {
    let (style, word) = match finished.outcome {
        RunOutcome::Ok => (AnsiColor::Green.on_default().bold(), "ok"),
        RunOutcome::Failed => (style(Outcome::Failed), "failed"),
        RunOutcome::Unknown => (style(Outcome::Unknown), "unknown"),
        RunOutcome::Budget => (
            AnsiColor::Yellow.on_default().bold(),
            "stopped at the daily budget",
        ),
        RunOutcome::Interrupted => (AnsiColor::Yellow.on_default().bold(), "interrupted"),
    };
    let more = if finished.is_out_of_budget() && finished.outcome != RunOutcome::Budget {
        ", stopped at the daily budget"
    } else {
        ""
    };
    let mut text = format!(
        "\n{style}{word}{style:#}{more}: {} {DIM}({}){DIM:#}\n",
        counts(finished),
        requests(finished),
    );
    if let Some(why) = finished.stopped_because() {
        wrap_into(&mut text, &format!("stopped: {why}"), 0, width);
    }
    if !in_doubt.named.is_empty() {
        text.push('\n');
        wrap_into(
            &mut text,
            "In doubt: each of these may or may not have been done. Look it up in the CRM before you send it again; voxplay will not do so by itself.",
            0,
            width,
        );
        for (step, row, action) in &in_doubt.named {
            let name = step_name(step, row.as_deref());
            let _ = writeln!(text, "  {}  {}", harmless(&name), harmless(action));
        }
        if in_doubt.more > 0 {
            let _ = writeln!(
                text,
                "  and {} more: `voxplay reconcile` lists them",
                in_doubt.more
            );
        }
    }
    if !(finished.outputs.is_empty() && finished.missing_outputs.is_empty()) {
        let longest = finished
            .outputs
            .keys()
            .map(|name| name.chars().count())
            .max();
        let longest = longest.unwrap_or_default();
        let _ = writeln!(text, "\noutputs");
        for (name, value) in &finished.outputs {
            let shown = value.scalar_text().unwrap_or_else(|| value.to_json_text());
            let _ = writeln!(text, "  {name:<longest$}  {}", harmless(&shown));
        }
    }
    for (name, why) in &finished.missing_outputs {
        let _ = write!(text, "{DIM}");
        wrap_into(
            &mut text,
            &format!("{name} is left out: {}", harmless(why)),
            2,
            width,
        );
        let _ = write!(text, "{DIM:#}");
    }
    text
}

/// `2 steps: 1 ok, 1 failed`; of a run with loops, rows and steps apart.
pub(super) fn counts(finished: &RunFinished) -> String {
    let rows = finished.rows;
    let mut steps = Counts::default();
    for outcome in Outcome::ALL {
        let others = finished.counts.of(outcome).saturating_sub(rows.of(outcome));
        steps.add_many(outcome, others);
    }
    match (rows.total(), steps.total()) {
        (0, 0) => "no steps".to_owned(),
        (0, _) => tally(&steps, "step"),
        (_, 0) => tally(&rows, "row"),
        _ => format!("{}; {}", tally(&rows, "row"), tally(&steps, "step")),
    }
}

fn tally(counts: &Counts, what: &str) -> String {
    let total = counts.total();
    if counts.ok == total {
        return format!("{} ok", plural(total, what));
    }
    let parts: Vec<String> = Outcome::ALL
        .into_iter()
        .filter(|outcome| counts.of(*outcome) > 0)
        .map(|outcome| format!("{} {}", counts.of(outcome), word(outcome)))
        .collect();
    format!("{}: {}", plural(total, what), parts.join(", "))
}
