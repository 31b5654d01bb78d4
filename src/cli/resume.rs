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
use crate::event::RunId;
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
    let Some(named) = named else {
        let latest = journal.latest_open().map_err(|error| unreadable(&error))?;
        return latest.ok_or_else(none_recorded);
    };
    let is_run = journal.run(named).map_err(|error| unreadable(&error))?;
    if is_run.is_some() {
        return Ok(named.clone());
    }
    // The beginning of an id is enough, where it is the beginning of one only.
    let mut like = journal
        .runs_like(named)
        .map_err(|error| unreadable(&error))?;
    match like.len() {
        1 => Ok(like.remove(0)),
        0 => Err(
            Diagnostic::error(Code::UnknownRun, format!("no run has the id {named}"))
                .help("`voxplay runs` lists them"),
        ),
        many => Err(Diagnostic::error(
            Code::UnknownRun,
            format!("{many} runs have ids that begin with {named}"),
        )
        .help("write more of the id")),
    }
}

/// That a journal is empty.
pub(super) fn none_recorded() -> Diagnostic {
    Diagnostic::error(Code::UnknownRun, "no run was ever recorded")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, EventKind};
    use crate::journal::Durability;

    const START: &str = r#"{"playbook":"a.yaml","name":null,"target":{"name":"t","server":"s","operation":"o"},
        "voxplay":"0.1.0","playbook_digest":"d","started_at":"2026-03-01T10:00:00Z","steps":1,"inputs":{}}"#;
    const END: &str = r#"{"outcome":"ok","counts":{"ok":1,"failed":0,"unknown":0,"skipped":0,"not_run":0},
        "requests":1,"outputs":{},"duration_ms":5}"#;

    async fn write(journal: &Journal, run: &str, second: u32, has_ended: bool) {
        let run = RunId::parse(run).unwrap();
        let end = has_ended.then_some(("run_finished", END));
        for (kind, body) in [("run_started", START)].into_iter().chain(end) {
            let event = Event {
                time: format!("2026-03-01T10:{:02}:{:02}.000Z", second / 60, second % 60),
                kind: EventKind::parse(kind, body).unwrap(),
            };
            journal
                .append(&run, &event, Durability::Soon)
                .await
                .unwrap();
        }
    }

    #[tokio::test]
    async fn a_run_is_found_by_its_id_or_the_beginning_of_it_or_as_the_latest_left_open() {
        let journal = Journal::memory().unwrap();
        let chosen = |named: Option<&str>| {
            let named = named.map(|named| RunId::parse(named).unwrap());
            let chosen = choose(&journal, named.as_ref());
            chosen.map_or_else(|finding| finding.message, |run| run.to_string())
        };
        assert_eq!(chosen(None), "no run was ever recorded");
        write(&journal, "old-a", 0, true).await;
        write(&journal, "old-ab", 1, false).await;
        write(&journal, "open", 2, false).await;
        write(&journal, "Z.", 3, true).await;
        journal.flush().await.unwrap();
        assert_eq!(chosen(None), "open");
        assert_eq!(chosen(Some("old-a")), "old-a");
        assert_eq!(chosen(Some("old-ab")), "old-ab");
        assert_eq!(chosen(Some("op")), "open");
        assert_eq!(chosen(Some("Z")), "Z.");
        assert_eq!(chosen(Some("old")), "2 runs have ids that begin with old");
        assert_eq!(chosen(Some("old-b")), "no run has the id old-b");
        assert_eq!(chosen(Some("opens")), "no run has the id opens");
    }

    /// More than anybody would list.
    #[tokio::test]
    async fn a_run_is_found_among_many() {
        let journal = Journal::memory().unwrap();
        write(&journal, "first", 0, false).await;
        for number in 0..10_001 {
            write(&journal, &format!("later-{number}"), 1, true).await;
        }
        journal.flush().await.unwrap();
        let run = RunId::parse("first").unwrap();
        for named in [Some("first"), Some("fir"), None] {
            let named = named.map(|named| RunId::parse(named).unwrap());
            assert_eq!(choose(&journal, named.as_ref()).unwrap(), run);
        }
    }
}
