//! `voxplay reconcile`: what is in doubt, and a person's word about it.

mod asking;
mod held;
mod kind;
mod left;
mod look_up;
mod proposal;
mod session;
mod settled;
mod shared;
mod told;
mod words;

use self::asking::write_down;
use self::look_up::Looker;
use self::session::Session;
use self::settled::{Settled, WithoutId};
use self::shared::Hits;
use self::told::Told;
use self::words::given;
use super::Exit;
use super::args::{Format, ReconcileArgs};
use super::call::Call;
use super::ci::Ci;
use super::held_back::{self, Held};
use super::refusal::refuse_all;
use super::resume::{choose, open, unreadable};
use super::run::runtime;
use super::state;
use super::terminal::Terminal;
use crate::diagnostic::Diagnostic;
use crate::event::{AttemptStarted, Decision, EventKind, Reconciled, RunId, RunStarted, step_name};
use crate::journal::{Journal, JournalError};
use crate::value::Value;

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

/// What a person can say something about.
struct Known<'k> {
    doubts: &'k [Doubt],
    /// Updates that `resume` sends again by itself.
    left: &'k [Doubt],
    held: &'k [Held],
    /// Earlier words, which may be replaced.
    settled: &'k [Settled],
    /// What the CRM gave no id for.
    without_id: &'k [WithoutId],
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
    /// Whether `resume` sends it again by itself where it comes to it.
    is_left: bool,
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
    let state = state::found_here(args.state.state_dir.as_deref());
    let journal = open(&state)?;
    journal.verify()?;
    let run = choose(&journal, args.run.as_ref())?;
    let started = started(&journal, &run)?;
    // Nobody goes on with the run while its doubts are being settled.
    let _lock = journal.lock(&started.from_root, &run)?;
    let (left, doubts): (Vec<_>, Vec<_>) = doubts(&journal, &run)?
        .into_iter()
        .partition(|doubt| doubt.is_left);
    let before = settled::read(&journal, &run)?;
    let held = held_back::find(&journal, &run)?;
    let known = Known {
        doubts: &doubts,
        left: &left,
        held: &held,
        settled: &before.settled,
        without_id: &before.without_id,
    };
    let mut words = given(args, &known)?;
    for word in &words {
        write_down(&journal, &run, word).await?;
    }
    let call = Call::new(&run, &state);
    let mut session = Session {
        terminal: Terminal::of(Ci::Auto),
        journal: &journal,
        run: &run,
        call: &call,
        looker: Looker::new(&journal, &run, started, &state),
        hits: Hits::default(),
        doubts: &doubts,
        left: &left,
        held: &held,
    };
    if words.is_empty() {
        let proposals = session.list(args).await?;
        if args.format == Format::Human && Terminal::is_interactive() {
            words = session.ask(proposals).await?;
        }
    }
    let warnings = shared::warnings(&journal, &run, &words, &session.looker)?;
    let told = Told::of(&words, &known, warnings);
    journal.close().await?;
    if !words.is_empty() {
        let terminal = Terminal::of(Ci::Auto);
        match args.format {
            Format::Human => terminal.say(&told.sentence(&call)),
            Format::Json => terminal.answer(&told.to_json(&run, &words)),
        }
    }
    Ok(if told.left.is_empty() {
        Exit::Ok
    } else {
        Exit::Unknown
    })
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
    for doubt in journal.in_doubt(run)? {
        let event = doubt.event;
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
        doubts.push(Doubt {
            step,
            row,
            why,
            first: first_time.unwrap_or_else(|| time.clone()),
            time,
            sent,
            is_left: doubt.is_left,
        });
    }
    Ok(doubts)
}

impl Doubt {
    fn name(&self) -> String {
        step_name(&self.step, self.row.as_deref())
    }

    /// Whether a name of the command line means this one.
    fn is(&self, name: &str) -> bool {
        self.name() == name || self.step == name
    }

    /// Whether a word is about this one.
    fn is_meant(&self, word: &Reconciled) -> bool {
        self.step == word.step && self.row == word.row
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
