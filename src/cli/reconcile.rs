//! `voxplay reconcile`: what is in doubt, and a person's word about it.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: the time of a decision is read from the clock"
)]

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::json;

use super::resume::{choose, open, state_folder, unreadable};
use super::run::{refuse, runtime};
use super::runs::folded;
use super::terminal::Terminal;
use super::{Exit, Format, ReconcileArgs};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::event::{AttemptStarted, Decision, Event, EventKind, Reconciled, RunId};
use crate::journal::{Durability, Journal, JournalError};
use crate::report::human::{harmless, plural};
use crate::value::Value;

/// One thing that may or may not have been done.
struct Doubt {
    step: String,
    row: Option<String>,
    /// Why it is in doubt.
    why: String,
    /// When it was sent.
    time: String,
    sent: Option<AttemptStarted>,
}

pub(super) fn reconcile(args: &ReconcileArgs) -> Exit {
    let Ok(runtime) = runtime() else {
        return Exit::Bug;
    };
    match runtime.block_on(work(args)) {
        Ok(exit) => exit,
        Err(finding) => refuse(args.format, &finding),
    }
}

async fn work(args: &ReconcileArgs) -> Result<Exit, Diagnostic> {
    let journal = open(&state_folder(args.state_dir.as_deref()))?;
    journal.verify().map_err(|error| unreadable(&error))?;
    let run = choose(&journal, args.run.as_ref())?;
    let key = first_key(&journal, &run).map_err(|error| unreadable(&error))?;
    // Nobody goes on with the run while its doubts are being settled.
    let _lock = journal
        .lock(&key, &run)
        .map_err(|error| unreadable(&error))?;
    let doubts = doubts(&journal, &run).map_err(|error| unreadable(&error))?;
    let mut words = given(args, &doubts)?;
    let terminal = Terminal::new();
    if words.is_empty() {
        terminal.answer(&match args.format {
            Format::Human => listed(&run, &doubts),
            Format::Json => as_json(&run, &doubts),
        });
        if args.format == Format::Human && Terminal::is_interactive() {
            words = ask(&terminal, &doubts);
        }
    }
    let settled = words.len();
    for word in words {
        let event = Event {
            time: format!("{:.3}", Timestamp::now()),
            kind: EventKind::Reconciled(word),
        };
        journal
            .append(&run, &event, Durability::Now)
            .await
            .map_err(|error| unreadable(&error))?;
    }
    journal.close().await.map_err(|error| unreadable(&error))?;
    let left = doubts.len().saturating_sub(settled);
    if settled > 0 && args.format == Format::Human {
        terminal.say(&format!(
            "{} settled, {left} left; go on with: voxplay resume {run}\n",
            plural(u64::try_from(settled).unwrap_or(u64::MAX), "doubt")
        ));
    }
    Ok(if left == 0 { Exit::Ok } else { Exit::Unknown })
}

fn first_key(journal: &Journal, run: &RunId) -> Result<String, JournalError> {
    for event in journal.events(run) {
        if let (
            _,
            Event {
                kind: EventKind::RunStarted(started),
                ..
            },
        ) = event?
        {
            return Ok(started.from_root);
        }
    }
    Ok(String::new())
}

fn doubts(journal: &Journal, run: &RunId) -> Result<Vec<Doubt>, JournalError> {
    let mut doubts = Vec::new();
    for (_, event) in journal.in_doubt(run)? {
        let (step, row, why) = match &event.kind {
            EventKind::AttemptStarted(sent) => (
                sent.step.clone(),
                sent.row.clone(),
                "the run ended before its answer was written down".to_owned(),
            ),
            // A loop or a group is in doubt by what is in it.
            EventKind::StepFinished(end) if end.action.is_some() => (
                end.step.clone(),
                end.row.clone(),
                end.error.clone().unwrap_or_default(),
            ),
            _ => continue,
        };
        let sent = journal
            .step_events(run, &step, row.as_deref())?
            .into_iter()
            .rev()
            .find_map(|(_, event)| match event.kind {
                EventKind::AttemptStarted(sent) => Some((event.time, sent)),
                _ => None,
            });
        let (time, sent) = match sent {
            Some((time, sent)) => (time, Some(sent)),
            None => (event.time, None),
        };
        // What may be sent again without harm needs nobody's word.
        let harmless = sent
            .as_ref()
            .is_some_and(|sent| sent.effect.is_repeatable())
            && matches!(event.kind, EventKind::AttemptStarted(_));
        if !harmless {
            doubts.push(Doubt {
                step,
                row,
                why,
                time,
                sent,
            });
        }
    }
    Ok(doubts)
}

/// The decisions of the command line.
fn given(args: &ReconcileArgs, doubts: &[Doubt]) -> Result<Vec<Reconciled>, Diagnostic> {
    let mut words: Vec<Reconciled> = Vec::new();
    for (decision, names) in [
        (Decision::Ok, &args.ok),
        (Decision::Failed, &args.failed),
        (Decision::Resend, &args.resend),
    ] {
        for name in names {
            let (name, own_id) = match name.rsplit_once('=') {
                // A row's key may hold a `=` of its own.
                Some((before, id))
                    if decision == Decision::Ok && !doubts.iter().any(|doubt| doubt.is(name)) =>
                {
                    (before, Some(id).filter(|id| !id.trim().is_empty()))
                }
                _ => (name.as_str(), None),
            };
            let meant: Vec<&Doubt> = doubts.iter().filter(|doubt| doubt.is(name)).collect();
            if meant.is_empty() {
                return Err(nothing_of(name, doubts));
            }
            let id = own_id.or(args.wolkvox_id.as_deref());
            if id.is_some() && decision == Decision::Ok && meant.len() > 1 {
                return Err(Diagnostic::error(
                    Code::InvalidValue,
                    format!("one id is given, and {name} names {} doubts", meant.len()),
                )
                .help("name one row: --ok STEP@ROW=ID"));
            }
            for doubt in meant {
                if words
                    .iter()
                    .any(|word| word.step == doubt.step && word.row == doubt.row)
                {
                    return Err(Diagnostic::error(
                        Code::InvalidValue,
                        format!("{} is decided twice", doubt.name()),
                    ));
                }
                words.push(doubt.word(decision, id.filter(|_| decision == Decision::Ok)));
            }
        }
    }
    let told = words
        .iter()
        .filter(|word| word.wolkvox_id.is_some())
        .count();
    if args.wolkvox_id.is_some() && told > 1 && args.ok.len() > 1 {
        return Err(Diagnostic::error(
            Code::InvalidValue,
            "--wolkvox-id is the id of one doubt, and several are called ok",
        )
        .help("give each its own: --ok STEP@ROW=ID"));
    }
    Ok(words)
}

fn nothing_of(name: &str, doubts: &[Doubt]) -> Diagnostic {
    let known: Vec<String> = doubts.iter().map(Doubt::name).collect();
    let mut finding = Diagnostic::error(
        Code::UnknownStep,
        format!("nothing is in doubt under the name {name}"),
    );
    finding.help = did_you_mean(name, known.iter().map(String::as_str))
        .or_else(|| Some("nothing is in doubt in this run".to_owned()));
    finding
}

impl Doubt {
    fn name(&self) -> String {
        match &self.row {
            Some(row) => format!("{}@{row}", self.step),
            None => self.step.clone(),
        }
    }

    /// Whether a name of the command line means this one.
    fn is(&self, name: &str) -> bool {
        self.name() == name || self.step == name
    }

    fn word(&self, decision: Decision, wolkvox_id: Option<&str>) -> Reconciled {
        Reconciled {
            step: self.step.clone(),
            row: self.row.clone(),
            decision,
            wolkvox_id: wolkvox_id.map(Value::from),
        }
    }
}

fn listed(run: &RunId, doubts: &[Doubt]) -> String {
    if doubts.is_empty() {
        return format!("nothing is in doubt in run {run}\n");
    }
    let mut text = format!("In doubt in run {run}: each may or may not have been done.\n");
    for doubt in doubts {
        let _ = writeln!(text, "\n{}", harmless(&doubt.name()));
        let _ = writeln!(text, "  sent   {}", doubt.time);
        field(&mut text, "why", &harmless(&doubt.why));
        if let Some(sent) = &doubt.sent {
            let part = |key: &str| {
                sent.request
                    .value()
                    .get(key)
                    .and_then(Value::as_text)
                    .unwrap_or_default()
            };
            let _ = writeln!(
                text,
                "  action {} ({})\n         {} {}",
                sent.action,
                sent.effect.as_str(),
                part("method"),
                part("path")
            );
            let body = sent
                .request
                .value()
                .get("json")
                .or(sent.request.value().get("multipart"));
            if let Some(body) = body {
                field(&mut text, "body", &harmless(&body.to_json_text()));
            }
        }
    }
    text.push('\n');
    text.push_str("Look each one up in the CRM, then say what you found:\n");
    let example = harmless(&doubts[0].name());
    let _ = write!(
        text,
        "  it is there\n    voxplay reconcile {run} --ok {example}=ID\n  \
           it is not: send it\n    voxplay reconcile {run} --resend {example}\n  \
           it is not: leave it\n    voxplay reconcile {run} --failed {example}\n"
    );
    text
}

/// A named text, in lines that fit.
fn field(text: &mut String, name: &str, value: &str) {
    let mut lines = String::new();
    folded(&mut lines, "         ", value);
    let _ = write!(text, "  {name:<6} {}", lines.trim_start());
}

fn as_json(run: &RunId, doubts: &[Doubt]) -> String {
    let mut text = String::new();
    for doubt in doubts {
        let line = json!({
            "event": "in_doubt",
            "schema": crate::event::SCHEMA,
            "run": run.as_str(),
            "step": doubt.step,
            "row": doubt.row,
            "why": doubt.why,
            "time": doubt.time,
            "action": doubt.sent.as_ref().map(|sent| sent.action.clone()),
            "effect": doubt.sent.as_ref().map(|sent| sent.effect.as_str()),
            "request": doubt.sent.as_ref().map(|sent| sent.request.value().to_json()),
        });
        let _ = writeln!(text, "{line}");
    }
    text
}

/// Asks one by one; what is not answered stays in doubt.
fn ask(terminal: &Terminal, doubts: &[Doubt]) -> Vec<Reconciled> {
    let mut words = Vec::new();
    for doubt in doubts {
        let question = format!(
            "\n{}: did the CRM do it? [y]es, [n]o, no and send it [a]gain, [s]kip:",
            harmless(&doubt.name())
        );
        let word = match terminal.question(&question).as_str() {
            "y" | "yes" => {
                let id = terminal.question("  its wolkvox_id, if you have it:");
                doubt.word(Decision::Ok, Some(id.as_str()).filter(|id| !id.is_empty()))
            }
            "n" | "no" => doubt.word(Decision::Failed, None),
            "a" | "again" => doubt.word(Decision::Resend, None),
            _ => continue,
        };
        words.push(word);
    }
    words
}
