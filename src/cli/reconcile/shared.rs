//! Ids that are known from elsewhere: one that the CRM gave for another create of the run, or that fits another doubt as
//! well, does not say that this create was done.

use std::collections::{BTreeMap, BTreeSet};

use super::Doubt;
use super::look_up::Looker;
use super::proposal::Proposal;
use crate::event::{Decision, EventKind, Reconciled, RunId, step_name};
use crate::journal::{Journal, JournalError};
use crate::report::words::harmless;
use crate::value::Value;

/// So many steps and rows are named.
const NAMED: usize = 3;

/// An id of what an action creates: the action, and the id.
type Created = (String, String);
/// The names of steps and rows, by what they have created.
type Names = BTreeMap<Created, BTreeSet<String>>;

/// What fits the doubts that were looked up in this call.
#[derive(Default)]
pub(super) struct Hits(Names);

impl Hits {
    /// Takes what was found for a doubt.
    pub(super) fn add(&mut self, doubt: &Doubt, proposal: Option<&Proposal>, looker: &Looker<'_>) {
        if let Some(created) = proposal.and_then(|it| created(doubt, it, looker)) {
            self.0.entry(created).or_default().insert(doubt.name());
        }
    }

    /// Takes back what is proposed of one record for several doubts, or though the run has it from elsewhere.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub(super) fn withdraw<'d>(
        &self,
        (journal, run): (&Journal, &RunId),
        looker: &Looker<'_>,
        found: impl Iterator<Item = (&'d Doubt, &'d mut Proposal)>,
    ) -> Result<(), JournalError> {
        let found: Vec<_> = found
            .filter_map(|(doubt, proposal)| {
                Some((created(doubt, proposal, looker)?, doubt.name(), proposal))
            })
            .collect();
        let wanted = found.iter().map(|(created, ..)| created.clone()).collect();
        let given = given(journal, run, &wanted)?;
        for (created, name, proposal) in found {
            let others = |names: &Names| -> Vec<String> {
                let names = names.get(&created).into_iter().flatten();
                names.filter(|it| **it != name).cloned().collect()
            };
            let (makers, fits) = (others(&given), others(&self.0));
            if !makers.is_empty() {
                proposal.is_of_another(format!(
                    "{} created it, so it cannot be told whether this one was made too",
                    listed(&makers)
                ));
            } else if !fits.is_empty() {
                proposal.is_of_another(format!(
                    "it fits {} as well, and it cannot be told which of them made it",
                    listed(&fits)
                ));
            }
        }
        Ok(())
    }
}

/// What a look-up says that a doubt has created; none where no id is proposed, or a record may be changed many times.
fn created(doubt: &Doubt, proposal: &Proposal, looker: &Looker<'_>) -> Option<Created> {
    let action = &doubt.sent.as_ref()?.action;
    let id = proposal.id()?.to_owned();
    looker.creates(action).then(|| (action.clone(), id))
}

/// Warnings about ids that a person gave for one create, and that the run has for another one as well. The words are
/// written down.
///
/// # Errors
/// Where the journal cannot be read.
pub(super) fn warnings(
    journal: &Journal,
    run: &RunId,
    words: &[Reconciled],
    looker: &Looker<'_>,
) -> Result<Vec<String>, JournalError> {
    let mut wanted = BTreeSet::new();
    for word in words {
        let (Decision::Ok, Some(action)) = (word.decision, &word.action) else {
            continue;
        };
        if looker.creates(action) {
            let ids = ids(word.wolkvox_id.as_ref()).into_iter();
            wanted.extend(ids.map(|id| (action.clone(), id)));
        }
    }
    let given = given(journal, run, &wanted)?;
    let shared = given.iter().filter(|(_, names)| names.len() > 1);
    Ok(shared
        .map(|((_, id), names)| {
            let names: Vec<String> = names.iter().cloned().collect();
            format!(
                "{} have the wolkvox_id {}: each create makes a record of its own. Say it again where one is wrong",
                listed(&names),
                harmless(id)
            )
        })
        .collect())
}

/// Which steps and rows have these ids, by an answer of the CRM or by the latest word of a person.
fn given(
    journal: &Journal,
    run: &RunId,
    wanted: &BTreeSet<Created>,
) -> Result<Names, JournalError> {
    let mut names = Names::new();
    let mut said: BTreeMap<String, Vec<Created>> = BTreeMap::new();
    if wanted.is_empty() {
        return Ok(names);
    }
    let wanted_of = |action: Option<String>, id: Option<&Value>| -> Vec<Created> {
        let Some(action) = action else {
            return Vec::new();
        };
        let created = ids(id).into_iter().map(|id| (action.clone(), id));
        created.filter(|it| wanted.contains(it)).collect()
    };
    for event in journal.events(run) {
        match event?.1.kind {
            EventKind::StepFinished(end) => {
                let name = step_name(&end.step, end.row.as_deref());
                for created in wanted_of(end.action, end.wolkvox_id.as_ref()) {
                    names.entry(created).or_default().insert(name.clone());
                }
            }
            EventKind::Reconciled(word) => {
                let name = step_name(&word.step, word.row.as_deref());
                said.insert(name, wanted_of(word.action, word.wolkvox_id.as_ref()));
            }
            _ => {}
        }
    }
    for (name, created) in said {
        for created in created {
            names.entry(created).or_default().insert(name.clone());
        }
    }
    Ok(names)
}

/// An id, or each of a list.
fn ids(id: Option<&Value>) -> Vec<String> {
    match id {
        Some(Value::List(ids)) => ids.iter().filter_map(Value::scalar_text).collect(),
        id => id.and_then(Value::scalar_text).into_iter().collect(),
    }
}

fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let mut said: Vec<String> = names.iter().take(NAMED).map(|it| harmless(it)).collect();
    if more > 0 {
        said.push(format!("{more} more"));
    }
    let last = said.pop().unwrap_or_default();
    if said.is_empty() {
        last
    } else {
        format!("{} and {last}", said.join(", "))
    }
}
