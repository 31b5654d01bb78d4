//! What a run needs from the machine: the journal, the locks on it, the way to the target, its pace.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: the day of a budget is read from the clock here"
)]

use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::args::RunArgs;
use super::open::{self, folder_of};
use super::ready::Ready;
use super::resume::unreadable;
use super::resumption::Resumption;
use super::{going_on, prepare, private, saved};
use crate::diagnostic::{Code, Diagnostic};
use crate::event::{RunId, RunStarted};
use crate::journal::{Journal, JournalError, RunLock};
use crate::plan::{Plan, PlannedKind, PlannedStep};
use crate::project::Target;
use crate::run::{History, Pace, PaceRules};
use crate::secret::Masker;
use crate::transport::{Endpoint, Transport};

/// What a run needs from the machine.
pub(super) struct Opened {
    pub(super) journal: Journal,
    /// Nobody else runs this playbook, or goes on with this run, while they are held.
    _locks: Vec<RunLock>,
    pub(super) transport: Transport,
    pub(super) history: History,
    pub(super) pace: Pace,
}

impl Opened {
    /// Opens and locks it all, and looks for what only the locked journal can hold against the run. `started` is what
    /// it begins with; of a new run it learns what is kept of secrets.
    pub(super) fn open(
        args: &RunArgs,
        started: &mut RunStarted,
        resumption: Option<&Resumption>,
        ready: &Ready,
        masker: &Masker,
    ) -> Result<Self, Vec<Diagnostic>> {
        let refused = |error: JournalError| {
            vec![Diagnostic::error(Code::StateFolder, error.to_string()).help(journal_help(&error))]
        };
        let journal = Journal::open(&ready.state).map_err(refused)?;
        let keys = lock_keys(args, started.from_root.clone(), ready, resumption);
        let locks = keys.iter().map(|key| journal.lock(key, &ready.run));
        let locks = locks.collect::<Result<_, _>>().map_err(refused)?;
        let going_on = resumption.map(|earlier| (earlier, &*started));
        let against = against_going_on(&journal, args, going_on, ready, masker);
        if !against.is_empty() {
            return Err(against);
        }
        if resumption.is_none() {
            // The state folder, where the key of its digests is, was made just now.
            private::keep(started, ready, &ready.state, masker).map_err(|finding| vec![finding])?;
        }
        let endpoint = Endpoint::new(ready.facts.server.clone(), ready.target.token.clone());
        let transport = Transport::new(&endpoint, limits_of(&ready.plan))
            .map_err(|error| vec![Diagnostic::error(Code::BadTarget, error.to_string())])?;
        let history = match resumption {
            None => History::default(),
            Some(earlier) => {
                let mut history = History::from_journal(&journal, &ready.run).map_err(refused)?;
                if earlier.asked.retry_failed {
                    history = history.retrying_failed();
                }
                if earlier.asked.accept_changes {
                    history = history.of_something_changed();
                }
                history
            }
        };
        let pace = pace(&ready.target, &ready.zone, &journal, &ready.run).map_err(refused)?;
        Ok(Self {
            journal,
            _locks: locks,
            transport,
            history,
            pace,
        })
    }
}

/// What only the journal, once it is locked, can hold against the run.
fn against_going_on(
    journal: &Journal,
    args: &RunArgs,
    resumption: Option<(&Resumption, &RunStarted)>,
    ready: &Ready,
    masker: &Masker,
) -> Vec<Diagnostic> {
    let Some((earlier, now)) = resumption else {
        // Between the look for an earlier stretch and the lock, another process may have begun it, and ended.
        let is_new = args.run_id.is_none() || matches!(journal.run(&ready.run), Ok(None));
        let message = || format!("the run {} was begun by somebody else just now", ready.run);
        if !is_new {
            return vec![Diagnostic::error(Code::StateFolder, message()).help("start it again")];
        }
        // What is sent to an emulated CRM is sent to nobody.
        let plan = ready.saved_plan.as_ref().filter(|_| !args.what.sandbox);
        let was_run = plan.and_then(|plan| saved::was_run(journal, plan, &ready.state));
        return was_run.into_iter().collect();
    };
    // What it may still send was counted, and asked about, before it was locked.
    match journal.last_of(&earlier.run) {
        Ok(last) if last == Some(earlier.last) => {}
        Ok(_) => {
            let message = format!("the run {} has gone on meanwhile", earlier.run);
            let help = "start it again: what was done since counts then";
            return vec![Diagnostic::error(Code::StateFolder, message).help(help)];
        }
        Err(error) => return vec![unreadable(&error)],
    }
    if !earlier.asked.accept_changes {
        return Vec::new();
    }
    going_on::mixed_up(journal, earlier, now, ready, masker)
}

/// What is held while a run goes on: its playbook under this name and under the one it has without links; and where
/// a run is gone on with, or may be begun twice, the name that its playbook had first, and the run itself.
fn lock_keys(
    args: &RunArgs,
    key: String,
    ready: &Ready,
    resumption: Option<&Resumption>,
) -> BTreeSet<String> {
    let mut keys = names_of(&args.what.playbook, &ready.root);
    keys.insert(key);
    keys.extend(resumption.map(|earlier| earlier.earlier.from_root.clone()));
    if resumption.is_some() || args.run_id.is_some() {
        keys.insert(format!("run {}", ready.run));
    }
    keys
}

/// One run at a time of one playbook: its path from the project's root names it.
pub(super) fn lock_key(playbook: &Path, root: &Path) -> String {
    let name = playbook.file_name().unwrap_or_default();
    from_root(&folder_of(playbook).join(name), root)
}

/// The name of a playbook from the project's root, and the one that it has without links.
pub(super) fn names_of(playbook: &Path, root: &Path) -> BTreeSet<String> {
    let real = from_root(&open::absolute(playbook), root);
    BTreeSet::from([real, lock_key(playbook, root)])
}

fn from_root(path: &Path, root: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .display()
        .to_string()
}

fn journal_help(error: &JournalError) -> String {
    match error {
        JournalError::Locked { .. } => {
            "wait for it to end, or give this run a state folder of its own with --state-dir"
        }
        _ => "nothing is sent that cannot be recorded: repair the folder, or name another with --state-dir",
    }
    .to_owned()
}

/// The target's pace, with what is left of today's requests: the day is one of the target's time zone. What other
/// runs send in the meantime, and record in this journal, is taken from it as well.
pub(super) fn pace(
    target: &Target,
    zone: &TimeZone,
    journal: &Journal,
    mine: &RunId,
) -> Result<Pace, JournalError> {
    let mut rules = PaceRules {
        interval: target.interval,
        concurrency: target.concurrency,
        left_today: None,
    };
    let Some(budget) = target.daily_budget else {
        return Ok(Pace::new(&rules));
    };
    let (server, operation) = (target.server.base().to_owned(), target.operation.clone());
    // First the mark, then the count: what is recorded between the two is counted twice rather than not at all.
    let (_, start) = journal.requests_of_others((&server, &operation), mine, None)?;
    let midnight = prepare::midnight(Timestamp::now(), zone);
    let sent = journal.requests_since(&server, &operation, &format!("{midnight:.3}"))?;
    rules.left_today = Some(budget.saturating_sub(sent));
    let (journal, mine, mark) = (journal.clone(), mine.clone(), Cell::new(start));
    Ok(Pace::new(&rules).shared_with(move || {
        let place = (server.as_str(), operation.as_str());
        // A journal that cannot be read cannot be written either: the request is not sent.
        let Ok((count, next)) = journal.requests_of_others(place, &mine, Some(mark.get())) else {
            return 0;
        };
        mark.set(next);
        count
    }))
}

/// As many connections are kept as requests can be on their way at once: with fewer, most of a wide loop's
/// requests would open one of their own.
fn limits_of(plan: &Plan) -> crate::transport::Limits {
    let mut limits = crate::transport::Limits::default();
    limits.pool_idle = limits
        .pool_idle
        .max(widest(plan.steps()))
        .max(widest(plan.finally()));
    limits
}

/// How many requests of these steps can be on their way at once.
fn widest(steps: &[PlannedStep]) -> usize {
    let widths = steps.iter().map(|step| match &step.kind {
        PlannedKind::Action(_) => 1,
        PlannedKind::Group(nested) => widest(nested),
        PlannedKind::Use(used) => widest(&used.steps).max(widest(&used.finally)),
        PlannedKind::Loop(each) => each.concurrency.saturating_mul(widest(&each.steps)),
    });
    widths.max().unwrap_or(0)
}
