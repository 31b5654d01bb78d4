//! `voxplay reconcile`: what is in doubt, and a person's word about it.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: the time of a decision is read from the clock"
)]

mod look_up;
mod proposal;
mod session;
mod settled;

use jiff::Timestamp;

use self::look_up::Looker;
use self::proposal::Call;
use self::session::Session;
use self::settled::Settled;
use super::Exit;
use super::args::{Format, ReconcileArgs};
use super::resume::{choose, open, state_folder, unreadable};
use super::run::{refuse_all, runtime};
use super::terminal::Terminal;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::event::{
    AttemptStarted, Decision, Event, EventKind, Reconciled, RunId, RunStarted, step_name,
};
use crate::journal::{Durability, Journal, JournalError};
use crate::report::human::plural;
use crate::value::{Value, is_blank};

/// Why nothing was done.
struct Refused(Vec<Diagnostic>);

impl From<Diagnostic> for Refused {
    fn from(finding: Diagnostic) -> Self {
        Self(vec![finding])
    }
}

impl From<JournalError> for Refused {
    fn from(error: JournalError) -> Self {
        unreadable(&error).into()
    }
}

/// One thing that may or may not have been done.
struct Doubt {
    step: String,
    row: Option<String>,
    /// Why it is in doubt.
    why: String,
    /// When it was sent.
    time: String,
    /// When it was sent for the first time: what is older was not made by it.
    first: String,
    sent: Option<AttemptStarted>,
}

pub(super) fn reconcile(args: &ReconcileArgs) -> Exit {
    let Ok(runtime) = runtime() else {
        return Exit::Bug;
    };
    match runtime.block_on(work(args)) {
        Ok(exit) => exit,
        Err(Refused(findings)) => refuse_all(args.format, &findings),
    }
}

async fn work(args: &ReconcileArgs) -> Result<Exit, Refused> {
    let state = state_folder(args.state.state_dir.as_deref());
    let journal = open(&state)?;
    journal.verify()?;
    let run = choose(&journal, args.run.as_ref())?;
    let started = started(&journal, &run)?;
    // Nobody goes on with the run while its doubts are being settled.
    let _lock = journal.lock(&started.from_root, &run)?;
    let doubts = doubts(&journal, &run)?;
    let before = settled::read(&journal, &run)?;
    let mut words = given(args, &doubts, &before)?;
    let call = Call::new(&run, args.state.state_dir.as_deref());
    if words.is_empty() {
        let mut session = Session {
            terminal: Terminal::new(),
            run: &run,
            call: &call,
            looker: Looker::new(&journal, &run, started, &state),
            doubts: &doubts,
        };
        let proposals = session.list(args).await?;
        if args.format == Format::Human && Terminal::is_interactive() {
            words = session.ask(proposals).await?;
        }
    }
    let settled = words.len();
    let late_ids = words
        .iter()
        .filter(|word| before.iter().any(|settled| settled.is_used_without(word)))
        .count();
    let of_doubts = words.iter().filter(|word| {
        let mut doubts = doubts.iter();
        doubts.any(|doubt| doubt.step == word.step && doubt.row == word.row)
    });
    let of_doubts = of_doubts.count();
    let left = doubts.len().saturating_sub(of_doubts);
    for word in words {
        let event = Event {
            time: format!("{:.3}", Timestamp::now()),
            kind: EventKind::Reconciled(word),
        };
        journal.append(&run, &event, Durability::Now).await?;
    }
    journal.close().await?;
    if settled > 0 && args.format == Format::Human {
        let other_words = settled.saturating_sub(of_doubts + late_ids);
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let mut said = Vec::new();
        if of_doubts > 0 {
            let doubts = plural(count(of_doubts), "doubt");
            said.push(format!("{doubts} settled, {left} left"));
        }
        if other_words > 0 {
            said.push(format!("{} replaced", plural(count(other_words), "word")));
        }
        if late_ids > 0 {
            said.push(format!("{} noted", plural(count(late_ids), "id")));
        }
        let said = said.join("; ");
        // The steps that wait for an id have failed without it.
        let again = if late_ids > 0 { " --retry-failed" } else { "" };
        Terminal::new().say(&format!("{said}; go on with: {}{again}\n", call.resume()));
    }
    Ok(if left == 0 { Exit::Ok } else { Exit::Unknown })
}

/// What the run was when it began.
fn started(journal: &Journal, run: &RunId) -> Result<RunStarted, JournalError> {
    for event in journal.events(run) {
        if let EventKind::RunStarted(started) = event?.1.kind {
            return Ok(started);
        }
    }
    unreachable!("a run is in the journal by its first event")
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
        let mut attempts = journal
            .step_events(run, &step, row.as_deref())?
            .into_iter()
            .filter_map(|(_, event)| match event.kind {
                EventKind::AttemptStarted(sent) => Some((event.time, sent)),
                _ => None,
            });
        let first = attempts.next();
        let first_time = first.as_ref().map(|(time, _)| time.clone());
        let (time, sent) = match attempts.next_back().or(first) {
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
                first: first_time.unwrap_or_else(|| time.clone()),
                time,
                sent,
            });
        }
    }
    Ok(doubts)
}

/// The decisions of the command line.
fn given(
    args: &ReconcileArgs,
    doubts: &[Doubt],
    settled: &[Settled],
) -> Result<Vec<Reconciled>, Diagnostic> {
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
                    (before, Some(not_blank(id, "the id after `=`")?))
                }
                _ => (name.as_str(), None),
            };
            let meant: Vec<&Doubt> = doubts.iter().filter(|doubt| doubt.is(name)).collect();
            let flagged = flagged_id(args)?;
            if meant.is_empty() {
                let id = own_id.or(flagged).filter(|_| decision == Decision::Ok);
                match settled.iter().find(|settled| settled.is(name)) {
                    Some(settled) => add(settled.another_word(decision, id)?, &mut words)?,
                    None => return Err(nothing_of(name, doubts)),
                }
                continue;
            }
            if let (Some(own), Some(flagged)) = (own_id, flagged) {
                return Err(Diagnostic::error(
                    Code::InvalidValue,
                    format!("two ids are given for {name}: {own} and {flagged}"),
                )
                .help("leave --wolkvox-id away, or the id after `=`"));
            }
            let id = own_id.or(flagged);
            if id.is_some() && decision == Decision::Ok && meant.len() > 1 {
                return Err(Diagnostic::error(
                    Code::InvalidValue,
                    format!("one id is given, and {name} names {} doubts", meant.len()),
                )
                .help("name one row: --ok STEP@ROW=ID"));
            }
            for doubt in meant {
                let id = id.filter(|_| decision == Decision::Ok);
                add(doubt.word(decision, id), &mut words)?;
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

/// Takes one word, where there is none yet for the same.
fn add(word: Reconciled, words: &mut Vec<Reconciled>) -> Result<(), Diagnostic> {
    let is_same = |other: &Reconciled| other.step == word.step && other.row == word.row;
    if words.iter().any(is_same) {
        let name = step_name(&word.step, word.row.as_deref());
        return Err(Diagnostic::error(
            Code::InvalidValue,
            format!("{name} is decided twice"),
        ));
    }
    words.push(word);
    Ok(())
}

/// The id of `--wolkvox-id`; a blank one is no id, and most often a variable that was never set.
fn flagged_id(args: &ReconcileArgs) -> Result<Option<&str>, Diagnostic> {
    args.wolkvox_id
        .as_deref()
        .map(|id| not_blank(id, "the id that --wolkvox-id gives"))
        .transpose()
}

fn not_blank<'i>(id: &'i str, what: &str) -> Result<&'i str, Diagnostic> {
    let id = id.trim();
    if is_blank(id) {
        return Err(
            Diagnostic::error(Code::InvalidValue, format!("{what} is blank")).help(
                "give the id that the CRM gave, or say `--ok` without one where nobody knows it",
            ),
        );
    }
    Ok(id)
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
        step_name(&self.step, self.row.as_deref())
    }

    /// Whether a name of the command line means this one.
    fn is(&self, name: &str) -> bool {
        self.name() == name || self.step == name
    }

    fn word(&self, decision: Decision, wolkvox_id: Option<&str>) -> Reconciled {
        Reconciled {
            step: self.step.clone(),
            row: self.row.clone(),
            action: self.sent.as_ref().map(|sent| sent.action.clone()),
            decision,
            wolkvox_id: wolkvox_id.map(Value::from),
        }
    }
}
