//! What the journal has of a run that is gone on with.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::Timestamp;

use super::args::{ResumeArgs, RunArgs};
use super::call::Call;
use super::resumption::Resumption;
use super::spent::Spent;
use super::surroundings::Process;
use super::whereabouts::Whereabouts;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{self, Document};
use crate::event::{EventKind, RunId, RunOutcome, RunStarted};
use crate::journal::{Journal, JournalError};
use crate::plan::Earlier;
use crate::project::Surroundings as _;
use crate::source::Source;
use crate::value::{Map, Value};

/// How a run was asked to go on.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    pub(super) retry_failed: bool,
    pub(super) accept_changes: bool,
    /// The files of `--inputs` of `run --run-id`, which cannot accept changes; none where it was `resume`.
    pub(super) run_again: Option<Vec<PathBuf>>,
}

impl Asked {
    /// By `resume`.
    pub(super) fn resume(args: &ResumeArgs) -> Self {
        Self {
            retry_failed: args.retry_failed,
            accept_changes: args.accept_changes,
            run_again: None,
        }
    }

    /// By `run --run-id`.
    pub(super) fn again(args: &RunArgs) -> Self {
        Self {
            run_again: Some(args.what.inputs.clone()),
            ..Self::default()
        }
    }
}

/// What the journal has of a run.
pub(super) struct Past {
    pub(super) started: RunStarted,
    /// Where the playbook was that it ran last.
    pub(super) whereabouts: Whereabouts,
    spent: Spent,
    pub(super) is_ok: bool,
    /// The number of its last event.
    last: u64,
    /// The names, from the project's root, of the playbooks that its stretches ran.
    pub(super) playbooks: BTreeSet<String>,
}

impl Past {
    pub(super) fn read(journal: &Journal, run: &RunId) -> Result<Self, JournalError> {
        let mut started: Option<RunStarted> = None;
        let mut whereabouts = None;
        let mut spent = Spent::default();
        let mut is_ok = false;
        let mut last = 0;
        let mut playbooks = BTreeSet::new();
        for event in journal.events(run) {
            let (seq, event) = event?;
            last = seq;
            is_ok = false;
            spent.add(&event.kind);
            match event.kind {
                EventKind::RunStarted(start) => {
                    whereabouts = Some(Whereabouts::of(&start));
                    playbooks.extend(Some(start.from_root.clone()).filter(|it| !it.is_empty()));
                    started = Some(match started {
                        Some(earlier) => gone_on(earlier, start),
                        None => start,
                    });
                }
                EventKind::RunFinished(end) => is_ok = end.outcome == RunOutcome::Ok,
                _ => {}
            }
        }
        let begun = "a run is in the journal by its first event";
        Ok(Self {
            started: started.expect(begun),
            whereabouts: whereabouts.expect(begun),
            spent,
            is_ok,
            last,
            playbooks,
        })
    }

    /// The playbook that it ran last, as it is called from the project's root.
    pub(super) fn playbook(&self) -> &str {
        let names = [&self.started.from_root, &self.started.playbook];
        let mut names = names.into_iter().filter(|name| !name.is_empty());
        names.next().map_or("another playbook", String::as_str)
    }

    pub(super) fn resumption(
        self,
        run: RunId,
        asked: Asked,
        call: Call,
    ) -> Result<Resumption, Diagnostic> {
        let started_at: Timestamp = self.started.started_at.parse().map_err(|_| {
            Diagnostic::error(
                Code::StateFolder,
                format!("the journal does not say when the run {run} began"),
            )
        })?;
        let inputs = inputs_of(&run, &self.started)?;
        Ok(Resumption {
            run,
            started_at,
            spent: self.spent,
            inputs,
            asked,
            call,
            is_ok: self.is_ok,
            last: self.last,
            earlier: self.started,
        })
    }
}

/// The inputs that a run is given back.
fn inputs_of(run: &RunId, started: &RunStarted) -> Result<Earlier, Diagnostic> {
    // What the environment gave is asked of it again, so that a change is seen.
    let given_now = |variable: &String| Process.variable(variable).is_some_and(|it| !it.is_empty());
    let is_asked = |name: &String| started.from_env.get(name).is_some_and(given_now);
    let inputs = started.inputs.clone().into_iter();
    let inputs = inputs.filter(|(name, _)| !is_asked(name));
    let (by_default, given): (Map, Map) =
        inputs.partition(|(name, _)| started.by_default.contains(name));
    let document = |values: Map| -> Result<Document, Diagnostic> {
        let values = Value::Map(values).to_json_text();
        document::read(&Source::new(format!("the inputs of run {run}"), values))
            .map_err(|mut findings| findings.swap_remove(0))
    };
    Ok(Earlier {
        given: document(given)?,
        by_default: document(by_default)?,
    })
}

/// What a run is since a later stretch of it began: what it sends rests on what was accepted then. It keeps the name
/// under which it is locked, and the plan that it runs.
fn gone_on(earlier: RunStarted, mut later: RunStarted) -> RunStarted {
    for (id, shape) in earlier.outline {
        later.outline.entry(id).or_insert(shape);
    }
    RunStarted {
        from_root: earlier.from_root,
        named: earlier.named,
        plan: earlier.plan,
        ..later
    }
}
