//! The CRM asked about doubts: the run's own target opened as `resume` opens it, and each look-up written down.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: how old a doubt is follows from the clock"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::open::{self, Project, folder_of};
use super::super::opened::pace;
use super::super::resume::{SANDBOX, unreadable};
use super::super::surroundings::{Process, current_folder};
use super::super::whereabouts::Whereabouts;
use super::Doubt;
use super::kind::Kind;
use super::proposal::{Proposal, Times};
use crate::action::{Action, Effect, Search, TargetFacts};
use crate::diagnostic::{Code, Diagnostic};
use crate::event::{AttemptStarted, Event, EventKind, LookedUp, RunId, RunStarted};
use crate::journal::{Durability, Journal, JournalError};
use crate::project::Target;
use crate::run::{Looked, Pace, Reader};
use crate::secret::Masker;
use crate::source::{Span, Spanned};
use crate::transport::{Endpoint, Limits, Transport};

/// After so many look-ups in a row that came to nothing, the others are not asked for: each costs a request.
const MOST_IN_VAIN: u32 = 3;

/// Looks doubts of one run up.
pub(super) struct Looker<'l> {
    journal: &'l Journal,
    run: &'l RunId,
    started: RunStarted,
    playbook: Option<PathBuf>,
    project: Project,
    opened: Option<Opened>,
    in_vain: u32,
}

/// A target that reads may go to.
struct Opened {
    facts: TargetFacts,
    transport: Transport,
    pace: Pace,
    masker: Masker,
}

impl<'l> Looker<'l> {
    /// Of a run that began so. Nothing is opened yet.
    pub(super) fn new(
        journal: &'l Journal,
        run: &'l RunId,
        started: RunStarted,
        state: &Path,
    ) -> Self {
        let playbook = Whereabouts::of(&started).find(state).ok();
        let folder = playbook.as_deref().map_or_else(current_folder, folder_of);
        Self {
            journal,
            run,
            started,
            playbook,
            project: Project::find(&folder),
            opened: None,
            in_vain: 0,
        }
    }

    /// The name of the action that can look a doubt up.
    pub(super) fn action_for(&self, doubt: &Doubt) -> Option<String> {
        Some(self.actions(doubt)?.1.name().to_owned())
    }

    /// What was to become of a record.
    pub(super) fn kind(&self, doubt: &Doubt) -> Kind {
        let Some(sent) = &doubt.sent else {
            return Kind::Create;
        };
        let action = self.project.catalogue.get(&sent.action);
        let may_update =
            action.is_some_and(|action| action.possible_effects().contains(&Effect::Update));
        match sent.effect {
            Effect::Delete => Kind::Delete,
            // With a file, an update adds the file, and is an update still.
            Effect::Create if !may_update => Kind::Create,
            Effect::Create | Effect::Update | Effect::Read => Kind::Change,
        }
    }

    /// Whether each request of an action makes a record of its own.
    pub(super) fn creates(&self, action: &str) -> bool {
        let action = self.project.catalogue.get(action);
        let effects = action.map(|action| action.possible_effects());
        effects.is_some_and(|it| it.contains(&Effect::Create) && !it.contains(&Effect::Update))
    }

    /// The action in doubt, and the one that reads.
    fn actions(&self, doubt: &Doubt) -> Option<(Arc<Action>, Arc<Action>)> {
        // A record that is found says of a delete that it was not done.
        if self.kind(doubt) == Kind::Delete {
            return None;
        }
        let catalogue = &self.project.catalogue;
        let action = catalogue.get(&doubt.sent.as_ref()?.action)?;
        let read = catalogue.get(&action.lookup()?.action)?;
        Some((action, read))
    }

    /// Opens the run's target, once; gives what must not show from then on.
    ///
    /// # Errors
    /// Everything that speaks against it. Nothing was sent then.
    pub(super) fn open(&mut self) -> Result<Masker, Vec<Diagnostic>> {
        let opened = match self.opened.take() {
            Some(opened) => opened,
            None => self.opened_now()?,
        };
        let masker = opened.masker.clone();
        self.opened = Some(opened);
        Ok(masker)
    }

    fn opened_now(&self) -> Result<Opened, Vec<Diagnostic>> {
        if self.project.findings.iter().any(Diagnostic::is_error) {
            return Err(self.project.findings.clone());
        }
        let target = self.target().map_err(|finding| vec![finding])?;
        let facts = TargetFacts {
            name: target.name.clone(),
            server: target.server.base().to_owned(),
            operation: target.operation.clone(),
        };
        let endpoint = Endpoint::new(facts.server.clone(), target.token.clone());
        let transport = Transport::new(&endpoint, Limits::default())
            .map_err(|error| vec![Diagnostic::error(Code::BadTarget, error.to_string())])?;
        let pace = pace(&target, &self.zone(&target), self.journal, self.run)
            .map_err(|error| vec![unreadable(&error)])?;
        let tokens = self.project.config.tokens(&self.project.root, &Process);
        let tokens = tokens.into_iter();
        Ok(Opened {
            facts,
            transport,
            pace,
            masker: Masker::new(tokens.chain([target.token])),
        })
    }

    /// The target that the run went to, and no other.
    fn target(&self) -> Result<Target, Diagnostic> {
        let then = &self.started.target;
        let refused = |message: String| Diagnostic::error(Code::Changed, message);
        if self.started.sandbox && then.name == SANDBOX {
            return Err(refused(
                "the run went to a sandbox of its own, which ended with it: there is nothing left to look at"
                    .to_owned(),
            ));
        }
        let chosen = self
            .project
            .config
            .choose(Some(&then.name), None, &Process)?;
        for (what, then, now) in [
            ("server", then.server.as_str(), chosen.server.base()),
            ("operation", &then.operation, &chosen.operation),
        ] {
            if then != now {
                return Err(refused(format!(
                    "the {what} of the target {} is {now}, and the run went to {then}: what is there says nothing of the run",
                    chosen.name.value
                ))
                .help("look up where the run went: give the target its settings back"));
            }
        }
        chosen.with_token(&self.project.root, &Process)
    }

    /// The zone whose day a budget is for: that of the run's playbook, else the target's.
    fn zone(&self, target: &Target) -> TimeZone {
        let of_target = target.timezone.as_ref();
        let playbook = self.playbook.as_deref().map(open::playbook);
        if let Some((Some(playbook), _)) = playbook {
            let of_target = of_target.map(|zone| Spanned::new(zone.clone(), Span::default()));
            let of_target = of_target.as_ref().map(|zone| (None, zone));
            return open::zone(&playbook, of_target, &mut Vec::new());
        }
        of_target
            .and_then(|zone| TimeZone::get(zone).ok())
            .unwrap_or(TimeZone::UTC)
    }

    /// Looks one doubt up, where its action names a look-up. The target is open.
    ///
    /// # Errors
    /// Where what was asked cannot be written down.
    pub(super) async fn look(&mut self, doubt: &Doubt) -> Result<Option<Proposal>, JournalError> {
        let Some((action, read)) = self.actions(doubt) else {
            return Ok(None);
        };
        let looked = if self.in_vain < MOST_IN_VAIN {
            self.ask(doubt, &action, &read).await
        } else {
            Looked::nothing(format!(
                "it was not asked for: {MOST_IN_VAIN} look-ups before it came to nothing"
            ))
        };
        if looked.requests > 0 {
            self.in_vain = if looked.same.is_ok() {
                0
            } else {
                self.in_vain + 1
            };
        }
        let description = action
            .lookup()
            .and_then(|lookup| lookup.description.as_deref());
        let mut proposal = Proposal::of(
            looked,
            read.name(),
            description,
            Times {
                first: doubt.first.parse().ok(),
                last: doubt.time.parse().ok(),
                now: Timestamp::now(),
            },
        );
        if proposal.id().is_some_and(|id| self.is_hidden(id)) {
            proposal.hides_id();
        }
        if proposal.requests > 0 {
            self.write_down(doubt, &proposal).await?;
        }
        Ok(Some(proposal))
    }

    fn is_hidden(&self, id: &str) -> bool {
        let opened = self.opened.as_ref();
        opened.is_some_and(|opened| opened.masker.mask(id) != id)
    }

    /// As [`Self::look`], where a person asks for this one: whatever came of those before.
    pub(super) async fn look_at_one(
        &mut self,
        doubt: &Doubt,
    ) -> Result<Option<Proposal>, JournalError> {
        self.in_vain = 0;
        self.look(doubt).await
    }

    async fn ask(&self, doubt: &Doubt, action: &Action, read: &Action) -> Looked {
        let (Some(opened), Some(sent), Some(lookup)) = (&self.opened, &doubt.sent, action.lookup())
        else {
            return Looked::nothing("the target is not open".to_owned());
        };
        let AttemptStarted { with, withheld, .. } = sent;
        let Some(with) = with else {
            return Looked::nothing(format!(
                "the journal does not hold the parameters of {}, which named no look-up when it was sent",
                action.name()
            ));
        };
        if let [secret, ..] = lookup.needs(withheld).as_slice() {
            return Looked::nothing(format!(
                "`{secret}` holds a secret, which was not written down, and the look-up needs it"
            ));
        }
        match Search::new(lookup, read, with) {
            Err(reason) => Looked::nothing(reason),
            Ok(search) => {
                let reader = Reader {
                    target: &opened.facts,
                    transport: &opened.transport,
                    pace: &opened.pace,
                };
                let seed = format!("{}/{}", self.run, doubt.name());
                reader.look_up(read, search, &seed).await
            }
        }
    }

    /// What was asked and seen, for who wants to know later; requests count against the day's.
    async fn write_down(&self, doubt: &Doubt, proposal: &Proposal) -> Result<(), JournalError> {
        let kind = EventKind::LookedUp(LookedUp {
            step: doubt.step.clone(),
            row: doubt.row.clone(),
            action: proposal.read.clone(),
            requests: proposal.requests,
            answer: proposal.word().to_owned(),
            wolkvox_ids: proposal.ids(),
            reason: proposal.reason().map(str::to_owned),
        });
        let masker = self.opened.as_ref().map(|opened| &opened.masker);
        let event = Event {
            time: format!("{:.3}", Timestamp::now()),
            kind: kind.masked(masker.unwrap_or(&Masker::none())),
        };
        self.journal
            .append(self.run, &event, Durability::Soon)
            .await
    }
}
