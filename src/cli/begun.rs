//! `run --run-id` with an id that exists: its run is gone on with, where it is one of the same playbook.

use std::collections::BTreeSet;

use super::args::RunArgs;
use super::call::Call;
use super::open::{folder_of, root_of};
use super::opened::names_of;
use super::past::{Asked, Past};
use super::resume::unreadable;
use super::resumption::Resumption;
use super::state;
use crate::diagnostic::{Code, Diagnostic};
use crate::event::RunId;
use crate::journal::{Journal, JournalError};

/// The run that `--run-id` names; none where no run has begun under it.
pub(super) fn begun(args: &RunArgs, id: &RunId) -> Option<Result<Resumption, Diagnostic>> {
    let root = root_of(&folder_of(&args.what.playbook));
    let state = state::of_run(args.state.state_dir.as_deref(), &root);
    if !state.join("journal.sqlite").is_file() {
        return None;
    }
    let past = match Journal::open(&state).and_then(|journal| past(&journal, id)) {
        Ok(past) => past?,
        Err(error) => return Some(Err(unreadable(&error))),
    };
    let own = names_of(&args.what.playbook, &root);
    let call = Call::new(id, &state);
    Some(match other_playbook(&call, id, &past, &own) {
        Some(finding) => Err(finding),
        None => past.resumption(id.clone(), Asked::again(args), call),
    })
}

fn past(journal: &Journal, id: &RunId) -> Result<Option<Past>, JournalError> {
    if journal.run(id)?.is_none() {
        return Ok(None);
    }
    journal.verify()?;
    Past::read(journal, id).map(Some)
}

/// That the id is one of another playbook. What stands in the two says nothing: a copy is another playbook, and one that
/// has changed is the same.
fn other_playbook(
    call: &Call,
    id: &RunId,
    past: &Past,
    own: &BTreeSet<String>,
) -> Option<Diagnostic> {
    // A run that an older voxplay began may not say what it is one of.
    if past.playbooks.is_empty() || !past.playbooks.is_disjoint(own) {
        return None;
    }
    let (go_on, renamed) = (call.resume(""), call.resume("--playbook FILE"));
    Some(
        Diagnostic::error(
            Code::Changed,
            format!(
                "the run {id} is one of {}, and this is {}: an id is for one playbook",
                past.playbook(),
                own.first().map_or("another one", String::as_str),
            ),
        )
        .help(format!(
            "choose another id, best with the playbook's name in it; to go on with that run: `{go_on}`; where its playbook has another name now: `{renamed}`"
        )),
    )
}
