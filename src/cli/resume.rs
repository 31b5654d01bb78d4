//! `voxplay resume`, and `run --run-id` with an id that exists.
use std::path::Path;

use super::Exit;
use super::accounts;
use super::args::{PlaybookArgs, ResumeArgs, RunArgs, StateArgs};
use super::call::Call;
use super::ci::Ci;
use super::open::{folder_of, root_of, shown};
use super::past::{Asked, Past};
use super::refusal::refuse_run;
use super::resumption::Resumption;
use super::run::go;
use super::state;
use super::terminal::Terminal;
use crate::diagnostic::{Code, Diagnostic};
use crate::event::{RunId, RunOutcome};
use crate::journal::{Journal, JournalError};

/// What `--sandbox` calls its target.
pub(super) const SANDBOX: &str = "sandbox";

pub(super) fn resume(args: &ResumeArgs) -> Exit {
    match prepare(args) {
        Err(finding) => {
            let playbook = args.playbook.as_deref().unwrap_or(Path::new("resume"));
            refuse_run(args.format, args.reports.ci, playbook, &finding)
        }
        Ok(None) => {
            Terminal::of(Ci::Auto).say("nothing to go on with: the run ended ok\n");
            Exit::Ok
        }
        Ok(Some((run_args, resumption))) => go(&run_args, Some(&resumption)),
    }
}

fn prepare(args: &ResumeArgs) -> Result<Option<(RunArgs, Resumption)>, Diagnostic> {
    let state = state::found_here(args.state.state_dir.as_deref());
    let journal = open(&state)?;
    journal.verify().map_err(|error| unreadable(&error))?;
    let run = choose(&journal, args.run.as_ref())?;
    let past = Past::read(&journal, &run).map_err(|error| unreadable(&error))?;
    if past.is_ok {
        return Ok(None);
    }
    let playbook = match &args.playbook {
        Some(path) => path.clone(),
        None => past.whereabouts.find(&state)?,
    };
    let root = root_of(&folder_of(&playbook));
    let given_back = |values: &[String]| -> Vec<String> {
        let values = values.iter();
        values
            .map(|value| accounts::given_back(value, &root))
            .collect()
    };
    let call = Call::new(&run, &state);
    let run_args = RunArgs {
        what: PlaybookArgs {
            playbook,
            input: Vec::new(),
            inputs: args.inputs.clone(),
            target: Some(past.started.target.name.clone()).filter(|name| name != SANDBOX),
            sandbox: past.started.target.name == SANDBOX && past.started.sandbox,
            tags: past.started.tags.clone(),
        },
        plan: None,
        all_rows: false,
        agreed: args.agreed.clone(),
        sandbox_faults: None,
        state: StateArgs {
            state_dir: Some(state),
        },
        rejected: given_back(&past.started.accounts.rejected),
        succeeded: given_back(&past.started.accounts.succeeded),
        unknown: given_back(&past.started.accounts.unknown),
        run_id: None,
        reports: args.reports.clone(),
        format: args.format,
    };
    let resumption = past.resumption(run, Asked::resume(args), call)?;
    Ok(Some((run_args, resumption)))
}

/// The journal of a state folder that has one.
pub(super) fn open(state: &Path) -> Result<Journal, Diagnostic> {
    if !state.join("journal.sqlite").is_file() {
        return Err(Diagnostic::error(
            Code::UnknownRun,
            format!("no run was ever recorded in {}", shown(state)),
        )
        .help("go to the project's folder, or name the state folder with --state-dir"));
    }
    Journal::open(state).map_err(|error| unreadable(&error))
}

/// The run that is named, else the latest that did not end ok.
pub(super) fn choose(journal: &Journal, named: Option<&RunId>) -> Result<RunId, Diagnostic> {
    let runs = journal.runs(10_000).map_err(|error| unreadable(&error))?;
    let Some(named) = named else {
        return runs
            .iter()
            .find(|run| run.outcome != Some(RunOutcome::Ok))
            .or(runs.first())
            .map(|run| run.id.clone())
            .ok_or_else(|| Diagnostic::error(Code::UnknownRun, "no run was ever recorded"));
    };
    // The beginning of an id is enough, where it is the beginning of one only.
    let matching: Vec<&RunId> = runs
        .iter()
        .map(|run| &run.id)
        .filter(|id| *id == named || id.as_str().starts_with(named.as_str()))
        .collect();
    match matching.as_slice() {
        [only] => Ok((*only).clone()),
        [] => Err(
            Diagnostic::error(Code::UnknownRun, format!("no run has the id {named}"))
                .help("`voxplay runs` lists them"),
        ),
        many => many
            .iter()
            .find(|id| **id == named)
            .map(|id| (*id).clone())
            .ok_or_else(|| {
                Diagnostic::error(
                    Code::UnknownRun,
                    format!("{} runs have ids that begin with {named}", many.len()),
                )
                .help("write more of the id")
            }),
    }
}

/// A journal that cannot be used.
pub(super) fn unreadable(error: &JournalError) -> Diagnostic {
    let finding = Diagnostic::error(Code::StateFolder, error.to_string());
    match error {
        JournalError::Unreadable { .. } => finding.help(
            "go on with the voxplay that wrote it; if the file is damaged, put a whole copy of it back, or look up in the CRM what was done and begin anew with --state-dir",
        ),
        JournalError::Locked { .. } => finding.help("wait for it to end, or stop it with Ctrl-C first"),
        _ => finding,
    }
}
