//! The lines for one event, while the run goes on, and how far a loop is.

use std::fmt::Write as _;

use anstyle::AnsiColor;

use super::{BOLD, Columns, DIM, style};
use crate::event::{
    AttemptFailed, Event, EventKind, RowFinished, RunStarted, StepFinished, row_words,
};
use crate::outcome::Outcome;
use crate::report::record::word;
use crate::report::words::{cut, duration, harmless, plural, wrap_into};
use crate::run::Progress;
use crate::value::Value;

/// The lines for one event; none where a person needs none.
pub fn progress(event: &Event, columns: &Columns) -> Option<String> {
    match &event.kind {
        EventKind::RunStarted(started) => Some(run_started(started, columns.width)),
        EventKind::AttemptStarted(_)
        | EventKind::LookedUp(_)
        | EventKind::Reconciled(_)
        | EventKind::RunFinished(_) => None,
        // Rows are many: what went well shows in the counts.
        EventKind::AttemptFailed(failed) if failed.row.is_some() => None,
        EventKind::StepFinished(end) if end.row.is_some() => None,
        EventKind::AttemptFailed(failed) => Some(attempt_failed(failed, columns)),
        EventKind::StepFinished(end) => Some(step_finished(end, columns)),
        EventKind::RowFinished(row) => row_finished(row, columns),
    }
}

fn run_started(started: &RunStarted, width: usize) -> String {
    let title = started.name.as_deref().unwrap_or(&started.playbook);
    let target = &started.target;
    let way = format!(
        "{} to {} ({}, operation {})",
        started.playbook, target.name, target.server, target.operation
    );
    let mut text = format!("{BOLD}{}{BOLD:#}\n{DIM}", harmless(title));
    wrap_into(&mut text, &harmless(&way), 0, width);
    let _ = writeln!(text, "{DIM:#}");
    text
}

fn attempt_failed(failed: &AttemptFailed, columns: &Columns) -> String {
    let text = format!(
        "attempt {}: {}; trying again in {}",
        failed.attempt,
        harmless(&failed.reason),
        duration(failed.wait_ms)
    );
    let yellow = AnsiColor::Yellow.on_default();
    let mut line = format!(
        "  {yellow}{:<8}{yellow:#} {}\n",
        "retry",
        harmless(&failed.step)
    );
    wrap_into(&mut line, &text, 11, columns.width);
    line
}

fn step_finished(end: &StepFinished, columns: &Columns) -> String {
    let style = style(end.outcome);
    let rows = end.outputs.get("counts").filter(|_| end.action.is_none());
    let detail = match end.outcome {
        _ if rows.is_some() => rows.map(shown_rows).unwrap_or_default(),
        Outcome::Ok if end.pages.is_some() => {
            let pages = end.pages.map(|pages| plural(pages, "page"));
            pages.unwrap_or_default()
        }
        Outcome::Ok => end.wolkvox_id.as_ref().map(shown_id).unwrap_or_default(),
        Outcome::Skipped => end.error.clone().unwrap_or_default(),
        _ => String::new(),
    };
    let time = if end.attempts > 0 {
        duration(end.duration_ms)
    } else {
        String::new()
    };
    let is_loop = rows.is_some() || columns.loops.contains(&end.step);
    let kind = if is_loop { "(rows)" } else { "(group)" };
    let action = end.action.as_deref().unwrap_or(kind);
    let fixed = 2 + 8 + 1 + columns.step + 2 + columns.action + 2;
    let room = columns.width.saturating_sub(fixed + time.len() + 2).max(8);
    let mut line = format!(
        "  {style}{:<8}{style:#} {:<step$}  {DIM}{}{DIM:#}",
        word(end.outcome),
        harmless(&end.step),
        harmless(action),
        step = columns.step,
    );
    let detail = harmless(&detail);
    let fits = detail.chars().count() <= room;
    let (beside, below) = if fits { (&*detail, "") } else { ("", &*detail) };
    let gap = columns.action.saturating_sub(action.chars().count()) + 2;
    if !time.is_empty() {
        let _ = write!(line, "{:gap$}{beside:<room$}  {DIM}{time}{DIM:#}", "");
    } else if !beside.is_empty() {
        let _ = write!(line, "{:gap$}{beside}", "");
    }
    line.push('\n');
    if !below.is_empty() {
        wrap_into(&mut line, below, 11, columns.width);
    }
    if matches!(end.outcome, Outcome::Failed | Outcome::Unknown)
        && let Some(error) = &end.error
    {
        wrap_into(&mut line, &harmless(error), 11, columns.width);
    }
    for warning in &end.warnings {
        wrap_into(
            &mut line,
            &format!("warning: {}", harmless(warning)),
            11,
            columns.width,
        );
    }
    line
}

fn row_finished(row: &RowFinished, columns: &Columns) -> Option<String> {
    if !matches!(row.outcome, Outcome::Failed | Outcome::Unknown) {
        return None;
    }
    let style = style(row.outcome);
    let step = row.failed_step.as_deref().unwrap_or(&row.step);
    let mut line = format!(
        "  {style}{:<8}{style:#} {} of {}{}\n",
        word(row.outcome),
        harmless(&row_words(&row.row, row.batch.as_ref())),
        harmless(&row.step),
        if step == row.step {
            String::new()
        } else {
            format!(", step {}", harmless(step))
        },
    );
    if let Some(error) = &row.error {
        wrap_into(&mut line, &harmless(error), 11, columns.width);
    }
    Some(line)
}

/// One line about how far a loop is, where nothing else shows it: whole, for a log has no width.
pub fn loop_progress(progress: &Progress<'_>) -> String {
    format!("  {DIM}{}{DIM:#}\n", loop_state(progress, usize::MAX))
}

/// How far a loop is, in at most `room` characters.
pub fn loop_state(progress: &Progress<'_>, room: usize) -> String {
    let counts = &progress.counts;
    let done = counts.total();
    let seconds = progress.elapsed.as_secs_f64().max(0.001);
    #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
    let rate = done as f64 / seconds;
    let of = progress
        .total
        .map_or_else(String::new, |total| format!(" of {total}"));
    let is_one = progress.total.unwrap_or(done) == 1;
    let rows = if is_one { "row" } else { "rows" };
    let mut line = format!(
        "{}: {done}{of} {rows}, {rate:.0}/s, {} ok, {} failed, {} unknown",
        harmless(progress.step),
        counts.ok,
        counts.failed,
        counts.unknown
    );
    if let Some(total) = progress.total.filter(|_| rate > 0.0) {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an estimate for people to read"
        )]
        let left = (total.saturating_sub(done) as f64 / rate * 1000.0) as u64;
        let _ = write!(line, ", {} left", duration(left));
    }
    cut(&line, room)
}

/// The counts of a loop in a few words.
fn shown_rows(counts: &Value) -> String {
    let of = |name: &str| counts.get(name).and_then(Value::scalar_text);
    let parts: Vec<String> = Outcome::ALL
        .into_iter()
        .filter_map(|outcome| {
            let count = of(outcome.as_str()).filter(|count| count != "0")?;
            Some(format!("{count} {}", word(outcome)))
        })
        .collect();
    let read = of("read").unwrap_or_default();
    match parts.as_slice() {
        [] => "no rows".to_owned(),
        parts if read == "1" => format!("1 row: {}", parts.join(", ")),
        parts => format!("{read} rows: {}", parts.join(", ")),
    }
}

fn shown_id(id: &Value) -> String {
    match id {
        Value::List(ids) => match ids.as_slice() {
            [only] => shown_id(only),
            ids => format!("{} ids", ids.len()),
        },
        other => other.scalar_text().unwrap_or_else(|| other.to_json_text()),
    }
}
