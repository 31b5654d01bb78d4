//! A person asked about one doubt after the other; each answer is written down as it is given.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: the time of a decision is read from the clock"
)]

use jiff::Timestamp;

use super::super::args::Format;
use super::super::refusal::refuse_all;
use super::super::terminal::forget_what_was_typed;
use super::Doubt;
use super::kind::Kind;
use super::proposal::Proposal;
use super::session::Session;
use super::words::why_no_id;
use crate::event::{Decision, Event, EventKind, Reconciled, RunId};
use crate::journal::{Durability, Journal, JournalError};
use crate::report::words::{harmless, plural};

/// What a person wants to be done about one doubt.
enum Answer {
    Settled(Reconciled),
    LookUp,
    Skip,
    /// There is nobody to answer any more.
    End,
}

/// Writes a word down; from then on it holds.
pub(super) async fn write_down(
    journal: &Journal,
    run: &RunId,
    word: &Reconciled,
) -> Result<(), JournalError> {
    let event = Event {
        time: format!("{:.3}", Timestamp::now()),
        kind: EventKind::Reconciled(word.clone()),
    };
    journal.append(run, &event, Durability::Now).await
}

impl Session<'_> {
    /// Asks one by one, and writes each answer down before the next question; what is not answered stays in doubt.
    pub(super) async fn ask(
        &mut self,
        proposals: Vec<Option<Proposal>>,
    ) -> Result<Vec<Reconciled>, JournalError> {
        let mut words = Vec::new();
        'doubts: for (doubt, mut proposal) in self.doubts.iter().zip(proposals) {
            let word = loop {
                match self.answer(doubt, proposal.as_ref()) {
                    Answer::Settled(word) => break word,
                    Answer::LookUp => proposal = self.look(doubt).await?,
                    Answer::Skip => continue 'doubts,
                    Answer::End => break 'doubts,
                }
            };
            write_down(self.journal, self.run, &word).await?;
            self.terminal
                .say(&format!("  noted: {}\n", harmless(&word.said())));
            words.push(word);
        }
        if words.is_empty() && !self.doubts.is_empty() {
            let left = plural(self.doubts.len() as u64, "doubt");
            self.terminal.say(&format!(
                "nothing was settled, {left} left; settle them with: {}\n",
                self.call.reconcile("")
            ));
        }
        Ok(words)
    }

    /// Asks until the answer is understood.
    fn answer(&self, doubt: &Doubt, proposal: Option<&Proposal>) -> Answer {
        let kind = self.looker.kind(doubt);
        let can_look = proposal.is_none() && self.looker.action_for(doubt).is_some();
        let choices = format!(
            "[y]es, [n]o, no and send it [a]gain,{} [s]kip:",
            if can_look { " [l]ook it up," } else { "" }
        );
        let mut question = format!("{}: {} {choices}", harmless(&doubt.name()), kind.question());
        forget_what_was_typed();
        self.terminal.say("\n");
        loop {
            let Some(said) = self.terminal.question(&question) else {
                return Answer::End;
            };
            match said.to_lowercase().as_str() {
                "y" | "yes" => return self.done(doubt, kind, proposal),
                "n" | "no" => return Answer::Settled(doubt.word(Decision::Failed, None)),
                "a" | "again" => return Answer::Settled(doubt.word(Decision::Resend, None)),
                "l" | "look" if can_look => return Answer::LookUp,
                "" | "s" | "skip" => return Answer::Skip,
                _ => question = format!("Please answer with a letter: {choices}"),
            }
        }
    }

    /// That the CRM did it, with the id where there is one; one that was proposed is taken by an empty answer.
    fn done(&self, doubt: &Doubt, kind: Kind, proposal: Option<&Proposal>) -> Answer {
        if !kind.gives_id() {
            return Answer::Settled(doubt.word(Decision::Ok, None));
        }
        let proposed = proposal.and_then(Proposal::id);
        let question = match proposed {
            Some(id) => format!("its wolkvox_id [{}]:", harmless(id)),
            None => "its wolkvox_id, if you have it:".to_owned(),
        };
        loop {
            let Some(said) = self.terminal.question(&question) else {
                return Answer::End;
            };
            if said.is_empty() {
                return Answer::Settled(doubt.word(Decision::Ok, proposed));
            }
            match why_no_id(&said) {
                None => return Answer::Settled(doubt.word(Decision::Ok, Some(&said))),
                Some(why) => self.terminal.say(&format!("{} {why}\n", harmless(&said))),
            }
        }
    }

    /// Looks one up because a person asks for it; none where its target cannot be opened.
    async fn look(&mut self, doubt: &Doubt) -> Result<Option<Proposal>, JournalError> {
        match self.looker.open() {
            Err(findings) => {
                refuse_all(Format::Human, &findings);
                Ok(None)
            }
            Ok(masker) => {
                self.terminal.mask(masker);
                let mut proposal = self.looker.look_at_one(doubt).await?;
                self.hits.add(doubt, proposal.as_ref(), &self.looker);
                let found = proposal.iter_mut().map(|proposal| (doubt, proposal));
                self.hits
                    .withdraw((self.journal, self.run), &self.looker, found)?;
                if let Some(proposal) = &proposal {
                    self.terminal
                        .answer(&proposal.lines(self.call, &doubt.name()));
                }
                Ok(proposal)
            }
        }
    }
}
