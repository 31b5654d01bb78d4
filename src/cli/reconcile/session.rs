//! The doubts of a run shown to a person: listed, and looked up where that is asked for.

use std::fmt::Write as _;

use serde_json::json;

use super::super::args::{Format, ReconcileArgs};
use super::super::call::Call;
use super::super::held_back::Held;
use super::super::runs::folded;
use super::super::terminal::Terminal;
use super::kind::choices;
use super::look_up::Looker;
use super::proposal::Proposal;
use super::shared::Hits;
use super::{Doubt, Refused, held, left};
use crate::event::{RunId, step_name};
use crate::journal::{Journal, JournalError};
use crate::report::words::harmless;
use crate::value::Value;

/// What is shown, and then asked, about the doubts of a run.
pub(super) struct Session<'s> {
    pub(super) terminal: Terminal,
    pub(super) journal: &'s Journal,
    pub(super) run: &'s RunId,
    pub(super) call: &'s Call,
    pub(super) looker: Looker<'s>,
    pub(super) hits: Hits,
    pub(super) doubts: &'s [Doubt],
    /// Updates that `resume` sends again by itself.
    pub(super) left: &'s [Doubt],
    /// What failed though the CRM accepted it.
    pub(super) held: &'s [Held],
}

impl Session<'_> {
    /// Lists the doubts, each with what a look-up shows of it where that is asked for.
    pub(super) async fn list(
        &mut self,
        args: &ReconcileArgs,
    ) -> Result<Vec<Option<Proposal>>, Refused> {
        let can_look = |doubt| self.looker.action_for(doubt).is_some();
        let is_lookable = self.doubts.iter().any(can_look);
        if args.look_up && is_lookable {
            let masker = self.looker.open().map_err(Refused)?;
            self.terminal.mask(masker);
        }
        if args.format == Format::Human {
            self.terminal.answer(&heading(self.run, self.doubts));
        }
        let proposals = if args.look_up {
            self.look_up().await?
        } else {
            self.doubts.iter().map(|_| None).collect()
        };
        for (doubt, proposal) in self.doubts.iter().zip(&proposals) {
            let by = self.looker.action_for(doubt);
            self.terminal.answer(&match args.format {
                Format::Json => as_json(self.run, doubt, by.as_deref(), proposal.as_ref()),
                Format::Human => {
                    let mut text = shown(doubt);
                    match proposal {
                        Some(proposal) => {
                            text.push_str(&proposal.lines(self.call, &doubt.name()));
                        }
                        None if args.look_up => text.push_str(NO_LOOK_UP),
                        None => {}
                    }
                    text
                }
            });
        }
        if args.format == Format::Human && !self.doubts.is_empty() {
            let offer = is_lookable && !args.look_up;
            self.terminal.answer(&self.closing(&proposals, offer));
        }
        self.terminal.answer(&match args.format {
            Format::Human => left::shown(self.left, self.call),
            Format::Json => (self.left.iter())
                .map(|it| left::as_json(self.run, it))
                .collect(),
        });
        let held: Vec<_> = self.held.iter().filter(|held| held.is_once()).collect();
        self.terminal.answer(&match args.format {
            Format::Human => held::shown(&held, self.call),
            Format::Json => held.iter().map(|it| held::as_json(self.run, it)).collect(),
        });
        Ok(proposals)
    }

    /// Looks all of them up: what is proposed of one rests on what was found for the others.
    async fn look_up(&mut self) -> Result<Vec<Option<Proposal>>, JournalError> {
        let mut proposals = Vec::new();
        for doubt in self.doubts {
            let proposal = self.looker.look(doubt).await?;
            self.hits.add(doubt, proposal.as_ref(), &self.looker);
            proposals.push(proposal);
        }
        let found = self.doubts.iter().zip(&mut proposals);
        let found = found.filter_map(|(doubt, proposal)| Some((doubt, proposal.as_mut()?)));
        self.hits
            .withdraw((self.journal, self.run), &self.looker, found)?;
        Ok(proposals)
    }

    /// What a person can do about the doubts; `offer` where the CRM could be asked.
    fn closing(&self, proposals: &[Option<Proposal>], offer: bool) -> String {
        let mut text = String::new();
        if proposals.iter().flatten().any(Proposal::proposes) {
            text.push_str("\nThese are proposals: nothing is settled before you say so.\n");
        }
        let proposes =
            |proposal: &Option<Proposal>| proposal.as_ref().is_some_and(Proposal::proposes);
        let open = self.doubts.iter().zip(proposals);
        let open = open.filter(|(_, proposal)| !proposes(proposal));
        let open: Vec<_> = open
            .map(|(doubt, _)| (self.looker.kind(doubt), doubt.name()))
            .collect();
        if !open.is_empty() {
            text.push_str("\nLook each one up in the CRM, then say what you found:\n");
            let open = open.iter().map(|(kind, name)| (*kind, name.as_str()));
            text.push_str(&choices(self.call, open));
        }
        if offer {
            let _ = write!(
                text,
                "Or let voxplay ask it and propose an answer; what it reads counts against the\n\
                 day's requests:\n    {}\n",
                self.call.reconcile("--look-up")
            );
        }
        text
    }
}

const NO_LOOK_UP: &str = "  found  not known: its action names no look-up\n";

fn heading(run: &RunId, doubts: &[Doubt]) -> String {
    if doubts.is_empty() {
        format!("nothing is in doubt in run {run}\n")
    } else {
        // With an id that voxplay gives, in one line it would be wider than a terminal.
        format!("In doubt in run {run}:\neach may or may not have been done.\n")
    }
}

fn shown(doubt: &Doubt) -> String {
    let mut text = format!("\n{}\n", harmless(&doubt.name()));
    let _ = writeln!(text, "  sent   {}", doubt.time);
    field(&mut text, "why", &harmless(&doubt.why));
    if let Some(sent) = &doubt.sent {
        let part = |key: &str| {
            sent.request
                .value()
                .get(key)
                .and_then(Value::as_text)
                .unwrap_or_default()
        };
        let _ = writeln!(
            text,
            "  action {} ({})\n         {} {}",
            sent.action,
            sent.effect.as_str(),
            part("method"),
            part("path")
        );
        let body = sent
            .request
            .value()
            .get("json")
            .or(sent.request.value().get("multipart"));
        if let Some(body) = body {
            field(&mut text, "body", &harmless(&body.to_json_text()));
        }
    }
    text
}

/// A named text, in lines that fit.
pub(super) fn field(text: &mut String, name: &str, value: &str) {
    let mut lines = String::new();
    folded(&mut lines, "         ", value);
    let _ = write!(text, "  {name:<6} {}", lines.trim_start());
}

fn as_json(
    run: &RunId,
    doubt: &Doubt,
    look_up: Option<&str>,
    proposal: Option<&Proposal>,
) -> String {
    let line = Value::from(json!({
        "event": "in_doubt",
        "schema": crate::event::SCHEMA,
        "run": run.as_str(),
        "step": doubt.step,
        "row": doubt.row,
        "name": step_name(&doubt.step, doubt.row.as_deref()),
        "why": doubt.why,
        "time": doubt.time,
        "action": doubt.sent.as_ref().map(|sent| sent.action.clone()),
        "effect": doubt.sent.as_ref().map(|sent| sent.effect.as_str()),
        "request": null,
        "look_up": look_up,
        "proposal": proposal.map(Proposal::to_json),
    }));
    let sent = doubt.sent.as_ref();
    let request = sent.map(|sent| sent.request.value().clone());
    let line = line.with_members([("request", request.unwrap_or_default())]);
    format!("{}\n", line.to_json_text())
}
