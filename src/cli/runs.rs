//! `voxplay runs`: what the journal has.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: the age of a run is told by the clock"
)]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::Exit;
use super::args::{Format, RunsArgs, RunsCommand};
use super::call::Call;
use super::ci::Ci;
use super::open::Project;
use super::reads::Reads;
use super::refusal::refuse;
use super::reports::{self, ReportTo};
use super::resume::{choose, none_recorded, open, unreadable};
use super::state;
use super::surroundings::current_folder;
use super::terminal::{Terminal, width};
use crate::diagnostic::{Code, Diagnostic};
use crate::event::{Event, EventKind, RowFinished, RunId, row_words, rows_in};
use crate::journal::{Journal, Old, RunSummary};
use crate::outcome::Outcome;
use crate::playbook;
use crate::report::json;
use crate::report::record::{places, record_from_journal, word};
use crate::report::words::{harmless, plural, wrap};
use crate::secret::Masker;
use crate::source::Source;
use crate::value::Value;

pub(super) fn runs(args: &RunsArgs) -> Exit {
    match work(args) {
        Ok(text) => {
            Terminal::of(Ci::Auto).answer(&text);
            Exit::Ok
        }
        Err(finding) => refuse(args.format, &finding),
    }
}

fn work(args: &RunsArgs) -> Result<String, Diagnostic> {
    let state = state::found_here(args.state_dir.as_deref());
    let journal = open(&state)?;
    match &args.command {
        None => {
            let runs = journal.runs(200).map_err(|error| unreadable(&error))?;
            Ok(match args.format {
                Format::Human => list(&runs),
                Format::Json => runs.iter().fold(String::new(), |mut text, run| {
                    let _ = writeln!(text, "{}", as_json(run));
                    text
                }),
            })
        }
        Some(RunsCommand::Show {
            run,
            report,
            step,
            row,
        }) => {
            let run = match run {
                Some(run) => choose(&journal, Some(run))?,
                None => latest(&journal)?,
            };
            if !report.is_empty() {
                let call = Call::new(&run, &state);
                return written(&journal, &run, report, &call);
            }
            let filter = Filter {
                step: step.as_deref(),
                row: row.as_deref(),
            };
            show(&journal, &run, &filter, args.format)
        }
        Some(RunsCommand::Prune { older_than }) => {
            let gone = prune(&journal, &state, *older_than)?;
            Ok(match args.format {
                Format::Human => format!("{} forgotten\n", plural(gone, "run")),
                Format::Json => {
                    format!(
                        "{}\n",
                        json!({"schema": crate::event::SCHEMA, "forgotten": gone})
                    )
                }
            })
        }
    }
}

/// The longest day there is: one on which the clock is set back by an hour.
const LONGEST_DAY: SignedDuration = SignedDuration::from_hours(25);

/// How long a saved plan or an id that was given is remembered at least: a pipeline that is started again would
/// send everything once more.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Forgets old runs, and says how many. Those of today stay where a target has a daily budget: it is counted from them.
fn prune(journal: &Journal, state: &Path, days: u32) -> Result<u64, Diagnostic> {
    let ago = |age: SignedDuration| {
        let then = Timestamp::now().checked_sub(age).unwrap_or(Timestamp::MIN);
        format!("{then:.3}")
    };
    let age = SignedDuration::from_hours(24 * i64::from(days));
    // The state folder may be asked about from elsewhere, and it may lie elsewhere.
    let folders = [Some(current_folder()), state.parent().map(Path::to_owned)];
    let is_budgeted = folders.iter().flatten().any(|folder| {
        let project = Project::find(folder);
        let targets = &project.config.targets;
        targets.iter().any(|target| target.daily_budget.is_some())
            || project.findings.iter().any(Diagnostic::is_error)
    });
    let counted = is_budgeted.then(|| ago(LONGEST_DAY));
    journal
        .prune(Old {
            before: &ago(age),
            repeatable_before: &ago(age.max(REMEMBERED)),
            counted: counted.as_deref(),
        })
        .map_err(|error| unreadable(&error))
}

fn latest(journal: &Journal) -> Result<RunId, Diagnostic> {
    let latest = journal.latest().map_err(|error| unreadable(&error))?;
    latest.ok_or_else(none_recorded)
}

/// Reports of a run, made again from the journal, whose events are masked already.
fn written(
    journal: &Journal,
    run: &RunId,
    report: &[ReportTo],
    call: &Call,
) -> Result<String, Diagnostic> {
    if let Some(finding) = reports::check(report, &Reads::default()).into_iter().next() {
        return Err(finding);
    }
    let mut record = record_from_journal(journal, run)
        .map_err(|error| unreadable(&error))?
        .ok_or_else(|| Diagnostic::error(Code::UnknownRun, format!("no run has the id {run}")))?;
    record.settled_by = call.reconcile("");
    if let Some(started) = &record.started {
        let source = Source::new(started.playbook.clone(), started.text.clone());
        if let (Some(playbook), _) = playbook::parse(&source) {
            record.places = places(&playbook);
        }
    }
    match reports::write(report, &record, &Masker::none())
        .into_iter()
        .next()
    {
        Some(problem) => Err(Diagnostic::error(Code::StateFolder, problem)),
        None => Ok(String::new()),
    }
}

/// `2026-11-21T23:44:20.450Z` as people read it.
fn when(time: &str) -> String {
    time.get(..19).unwrap_or(time).replace('T', " ")
}

fn ended(run: &RunSummary) -> &'static str {
    match run.outcome {
        None => "not finished",
        Some(outcome) => outcome.as_str(),
    }
}

fn list(runs: &[RunSummary]) -> String {
    if runs.is_empty() {
        return "no runs\n".to_owned();
    }
    let mut text = String::new();
    for run in runs {
        let counts = run.counts.map_or_else(String::new, |counts| {
            let parts: Vec<String> = Outcome::ALL
                .into_iter()
                .filter(|outcome| counts.of(*outcome) > 0)
                .map(|outcome| format!("{} {}", counts.of(outcome), word(outcome)))
                .collect();
            parts.join(", ")
        });
        let _ = writeln!(
            text,
            "{}  {}  {}",
            run.id,
            when(&run.started_at),
            ended(run),
        );
        let line = format!(
            "{} to {}{}{counts}",
            harmless(run.name.as_deref().unwrap_or(&run.playbook)),
            harmless(&run.target.name),
            if counts.is_empty() { "" } else { ": " },
        );
        folded(&mut text, "    ", &line);
    }
    text
}

fn as_json(run: &RunSummary) -> serde_json::Value {
    json!({
        "run": run.id.as_str(),
        "schema": crate::event::SCHEMA,
        "playbook": run.playbook,
        "name": run.name,
        "target": run.target,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "outcome": run.outcome.map(crate::event::RunOutcome::as_str),
        "counts": run.counts,
        "voxplay": run.voxplay,
    })
}

/// Which events are shown; nothing named is all of them.
struct Filter<'a> {
    step: Option<&'a str>,
    row: Option<&'a str>,
}

impl Filter<'_> {
    const fn is_all(&self) -> bool {
        self.step.is_none() && self.row.is_none()
    }

    fn takes(&self, event: &EventKind) -> bool {
        let (step, row) = place(event);
        // The rows of a loop in a row are named after it.
        let within = |wanted: &str| {
            row.is_some_and(|row| {
                row.strip_prefix(wanted)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        self.step.is_none_or(|wanted| step == Some(wanted)) && self.row.is_none_or(within)
    }
}

/// The step and the row that an event speaks of.
fn place(event: &EventKind) -> (Option<&str>, Option<&str>) {
    let (step, row) = match event {
        EventKind::RunStarted(_) | EventKind::RunFinished(_) => return (None, None),
        EventKind::AttemptStarted(it) => (&it.step, &it.row),
        EventKind::AttemptFailed(it) => (&it.step, &it.row),
        EventKind::StepFinished(it) => (&it.step, &it.row),
        EventKind::LookedUp(it) => (&it.step, &it.row),
        EventKind::Reconciled(it) => (&it.step, &it.row),
        EventKind::RowFinished(it) => return (Some(&it.step), Some(&it.row)),
    };
    (Some(step), row.as_deref())
}

/// So many rows are told in all their events; of more, only those that want a look.
const ROWS_IN_FULL: usize = 10;
/// How many rows of each outcome that wants a look are named.
const NAMED_ROWS: usize = 10;

fn show(
    journal: &Journal,
    run: &RunId,
    filter: &Filter<'_>,
    format: Format,
) -> Result<String, Diagnostic> {
    let mut text = String::new();
    let rows = if format == Format::Human && filter.is_all() {
        Rows::read(journal, run)?
    } else {
        Rows::default()
    };
    let in_short = rows.ends.len() > ROWS_IN_FULL;
    let mut found = false;
    for event in journal.events(run) {
        let (_, event) = event.map_err(|error| unreadable(&error))?;
        if !filter.takes(&event.kind) {
            continue;
        }
        found = true;
        match format {
            Format::Json => {
                let line = json::line(run, &event).unwrap_or_else(|| json::whole_line(run, &event));
                let _ = writeln!(text, "{line}");
            }
            Format::Human if in_short && place(&event.kind).1.is_some() => {}
            Format::Human => text.push_str(&told(&event)),
        }
    }
    if !found {
        let named = [("step", filter.step), ("row", filter.row)];
        let named: Vec<String> = named
            .iter()
            .filter_map(|(what, name)| name.map(|name| format!("{what} {name}")))
            .collect();
        return Err(Diagnostic::error(
            Code::UnknownStep,
            format!("the run {run} has nothing of {}", named.join(", ")),
        )
        .help(format!("`voxplay runs show {run}` shows what it has")));
    }
    if in_short {
        rows.tell(run, &mut text);
    }
    Ok(text)
}

/// How the rows of a run ended, the last word on each.
#[derive(Default)]
struct Rows {
    ends: HashMap<(String, String), RowFinished>,
}

impl Rows {
    fn read(journal: &Journal, run: &RunId) -> Result<Self, Diagnostic> {
        let mut rows = Self::default();
        for event in journal.events(run) {
            let (_, event) = event.map_err(|error| unreadable(&error))?;
            if let EventKind::RowFinished(mut end) = event.kind {
                end.wolkvox_ids.clear();
                rows.ends.insert((end.step.clone(), end.row.clone()), end);
            }
        }
        Ok(rows)
    }

    fn tell(&self, run: &RunId, text: &mut String) {
        let mut ends: Vec<&RowFinished> = self.ends.values().collect();
        ends.sort_by(|a, b| (&a.step, a.number, &a.row).cmp(&(&b.step, b.number, &b.row)));
        let mut loops: Vec<&str> = ends.iter().map(|end| end.step.as_str()).collect();
        loops.dedup();
        for step in loops {
            let of = |outcome: Outcome| -> Vec<&RowFinished> {
                let own = ends.iter().copied();
                own.filter(|end| end.step == step && end.outcome == outcome)
                    .collect()
            };
            let counts: Vec<String> = Outcome::ALL
                .into_iter()
                .map(|outcome| (size(&of(outcome)), outcome))
                .filter(|(count, _)| *count > 0)
                .map(|(count, outcome)| format!("{count} {}", word(outcome)))
                .collect();
            let _ = writeln!(text, "\nrows of {}: {}", harmless(step), counts.join(", "));
            for outcome in [Outcome::Unknown, Outcome::Failed] {
                let bad = of(outcome);
                for end in bad.iter().take(NAMED_ROWS) {
                    let name = end.failed_step.as_ref().unwrap_or(&end.step);
                    let why = end.error.as_deref().unwrap_or_default();
                    let rows = end.batch.map(|batch| format!("  {}", batch.words()));
                    let rows = rows.unwrap_or_default();
                    let line = format!("{name}@{}{rows}  {outcome}: {why}", end.row);
                    folded(text, "  ", &harmless(&line));
                }
                let more = size(bad.get(NAMED_ROWS..).unwrap_or_default());
                if more > 0 {
                    let _ = writeln!(text, "  and {more} more {outcome}");
                }
            }
        }
        let _ = writeln!(text, "\nRequests and answers of one row:");
        let _ = writeln!(text, "  voxplay runs show {run} --row KEY");
    }
}

/// How many rows these are, each of a batch counted.
fn size(ends: &[&RowFinished]) -> u64 {
    ends.iter().map(|end| rows_in(end.batch.as_ref())).sum()
}

/// Adds a text in lines that fit, each behind `indent`; what has no spaces is cut.
pub(super) fn folded(into: &mut String, indent: &str, text: &str) {
    let room = width().saturating_sub(indent.len()).max(20);
    for line in wrap(text, room) {
        let letters: Vec<char> = line.chars().collect();
        for piece in letters.chunks(room) {
            let piece: String = piece.iter().collect();
            let _ = writeln!(into, "{indent}{piece}");
        }
    }
}

/// What a request is called: of a step that reads pages, the page, whichever attempt it is.
fn try_of(page: Option<u64>, attempt: u32) -> String {
    page.map_or_else(
        || format!("attempt {attempt}"),
        |page| format!("page {page}"),
    )
}

fn told(event: &Event) -> String {
    let time = when(&event.time);
    let time = time.get(11..).unwrap_or(&time);
    let named = |step: &str, row: &Option<String>| match row {
        Some(row) => format!("{}@{}", harmless(step), harmless(row)),
        None => harmless(step),
    };
    let mut text = String::new();
    match &event.kind {
        EventKind::RunStarted(it) => {
            let line = format!(
                "{} {} to {} ({}, operation {})",
                when(&event.time),
                harmless(&it.playbook),
                harmless(&it.target.name),
                harmless(&it.target.server),
                harmless(&it.target.operation)
            );
            folded(&mut text, "", &line);
        }
        EventKind::AttemptStarted(it) => {
            let part = |key: &str| {
                it.request
                    .value()
                    .get(key)
                    .and_then(Value::as_text)
                    .unwrap_or("")
            };
            let _ = writeln!(
                text,
                "{time}  {}  {}  {} {}",
                named(&it.step, &it.row),
                try_of(it.page, it.attempt),
                part("method"),
                part("path")
            );
            let body = it
                .request
                .value()
                .get("json")
                .or(it.request.value().get("multipart"));
            if let Some(body) = body {
                folded(&mut text, "          ", &harmless(&body.to_json_text()));
            }
        }
        EventKind::AttemptFailed(it) => {
            let _ = writeln!(
                text,
                "{time}  {}  {} failed",
                named(&it.step, &it.row),
                try_of(it.page, it.attempt),
            );
            folded(&mut text, "          ", &harmless(&it.reason));
        }
        EventKind::StepFinished(it) => {
            let outcome = word(it.outcome);
            let _ = writeln!(text, "{time}  {}  {outcome}", named(&it.step, &it.row));
            if let Some(error) = &it.error {
                folded(&mut text, "          ", &harmless(error));
            }
            if let Some(answer) = &it.answer {
                folded(&mut text, "          ", &harmless(answer.trim()));
            }
        }
        EventKind::LookedUp(it) => {
            let _ = writeln!(
                text,
                "{time}  {}  looked up with {}: {} {}",
                named(&it.step, &it.row),
                it.action,
                it.answer.replace('_', " "),
                harmless(&it.wolkvox_ids.join(", "))
            );
            if let Some(reason) = &it.reason {
                folded(&mut text, "          ", &harmless(reason));
            }
        }
        EventKind::Reconciled(it) => {
            let _ = writeln!(
                text,
                "{time}  {}  a person says: {}",
                named(&it.step, &it.row),
                harmless(&it.said())
            );
        }
        EventKind::RowFinished(it) => {
            let _ = writeln!(
                text,
                "{time}  {} of {}  {}",
                harmless(&row_words(&it.row, it.batch.as_ref())),
                harmless(&it.step),
                word(it.outcome)
            );
        }
        EventKind::RunFinished(it) => {
            let _ = writeln!(text, "{time}  the run ended: {}", it.outcome.as_str());
        }
    }
    text
}
