//! Events as lines that a person reads while a run goes on, and its summary. Plain text with ANSI
//! colours, which the writer takes out where they do not belong.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::record::{Cases, Common, word};
use crate::action::Effect;
use crate::event::{
    AttemptFailed, Counts, Event, EventKind, RowFinished, RunFinished, RunOutcome, RunStarted,
    StepFinished, row_words, step_name,
};
use crate::outcome::Outcome;
use crate::run::Progress;
use crate::value::Value;

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

/// How wide the first columns are: they follow the longest names of the playbook, within bounds.
#[derive(Debug, Clone)]
pub struct Columns {
    step: usize,
    action: usize,
    width: usize,
    loops: BTreeSet<String>,
}

impl Columns {
    /// Columns for steps and actions of these names, in lines of at most `width` characters.
    pub fn new<'n>(names: impl IntoIterator<Item = (&'n str, &'n str)>, width: usize) -> Self {
        let (step, action) = names.into_iter().fold((4, 6), |(step, action), (a, b)| {
            (step.max(a.chars().count()), action.max(b.chars().count()))
        });
        Self {
            step: step.min(24),
            action: action.min(24),
            width,
            loops: BTreeSet::new(),
        }
    }

    /// Says which steps are loops: the end of one whose rows were never read does not tell.
    #[must_use]
    pub fn with_loops<'n>(mut self, ids: impl IntoIterator<Item = &'n str>) -> Self {
        self.loops = ids.into_iter().map(str::to_owned).collect();
        self
    }
}

fn style(outcome: Outcome) -> Style {
    match outcome {
        Outcome::Ok => AnsiColor::Green.on_default(),
        Outcome::Failed => AnsiColor::Red.on_default().bold(),
        Outcome::Unknown => AnsiColor::Magenta.on_default().bold(),
        Outcome::Skipped | Outcome::NotRun => DIM,
    }
}

/// Text that came from outside, without anything that could steer a terminal.
pub fn harmless(text: &str) -> String {
    if !text.chars().any(char::is_control) {
        return text.to_owned();
    }
    text.chars()
        .flat_map(|c| {
            if c.is_control() {
                c.escape_default().collect::<Vec<_>>()
            } else {
                vec![c]
            }
        })
        .collect()
}

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

/// A duration in milliseconds as people say it.
pub fn duration(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        _ => match (milliseconds / 60_000, milliseconds % 60_000 / 1_000) {
            (minutes, 0) => format!("{minutes} min"),
            (minutes, seconds) => format!("{minutes} min {seconds} s"),
        },
    }
}

fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(room.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Adds text in lines of at most `width` characters, each indented; a longer word stands alone.
fn wrap_into(into: &mut String, text: &str, indent: usize, width: usize) {
    for line in wrap(text, width.saturating_sub(indent).max(20)) {
        let _ = writeln!(into, "{:indent$}{line}", "");
    }
}

/// Whether a word is the unit of the number before it: the two stay in one line.
fn is_unit_of(word: &str, before: &str) -> bool {
    let word = word.trim_end_matches([',', ';', ':', ')', '.']);
    let is_unit = matches!(word, "ms" | "s" | "min" | "h" | "B" | "KiB" | "MiB");
    is_unit && before.ends_with(|c: char| c.is_ascii_digit())
}

/// Text in lines of at most `room` characters, at least one line; a longer word stands alone, and so does a number with
/// its unit.
pub(crate) fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut line = String::new();
    let mut lines = Vec::new();
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match words.last_mut() {
            Some(before) if is_unit_of(word, before) => {
                before.push(' ');
                before.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    for word in &words {
        let longer = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && longer > room {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
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
fn counts(finished: &RunFinished) -> String {
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

/// `1 step`, `2 steps`.
pub fn plural(count: u64, what: &str) -> String {
    if count == 1 {
        format!("1 {what}")
    } else {
        format!("{count} {what}s")
    }
}
