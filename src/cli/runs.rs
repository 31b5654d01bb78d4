//! `voxplay runs`: what the journal has.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: the age of a run is told by the clock"
)]

mod rows;
mod show;
mod told;

use std::fmt::Write as _;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use self::show::{Filter, show};
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
use crate::event::RunId;
use crate::journal::{Journal, Old, RunSummary};
use crate::outcome::Outcome;
use crate::playbook;
use crate::report::record::{places, record_from_journal, word};
use crate::report::words::{harmless, plural, wrap};
use crate::secret::Masker;
use crate::source::Source;

pub(super) fn runs(args: &RunsArgs) -> Exit {
    match work(args, &Terminal::of(Ci::Auto)) {
        Ok(()) => Exit::Ok,
        Err(finding) => refuse(args.format, &finding),
    }
}

fn work(args: &RunsArgs, terminal: &Terminal) -> Result<(), Diagnostic> {
    let state = state::found_here(args.state_dir.as_deref());
    let journal = open(&state)?;
    let answer = match &args.command {
        None => {
            let runs = journal.runs(200).map_err(|error| unreadable(&error))?;
            match args.format {
                Format::Human => list(&runs),
                Format::Json => runs.iter().fold(String::new(), |mut text, run| {
                    let _ = writeln!(text, "{}", as_json(run));
                    text
                }),
            }
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
                return written(&journal, &run, report, &Call::new(&run, &state));
            }
            let filter = Filter {
                step: step.as_deref(),
                row: row.as_deref(),
            };
            return show(&journal, &run, &filter, args.format, terminal);
        }
        Some(RunsCommand::Prune { older_than }) => {
            let gone = prune(&journal, &state, *older_than)?;
            match args.format {
                Format::Human => format!("{} forgotten\n", plural(gone, "run")),
                Format::Json => {
                    format!(
                        "{}\n",
                        json!({"schema": crate::event::SCHEMA, "forgotten": gone})
                    )
                }
            }
        }
    };
    terminal.answer(&answer);
    Ok(())
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
) -> Result<(), Diagnostic> {
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
        None => Ok(()),
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
