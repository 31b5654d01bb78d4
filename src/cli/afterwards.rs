//! What a person does after a run that stopped before its end: the commands, as they can be typed here.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: the next day is told by the clock"
)]

use std::fmt;

use jiff::{Timestamp, ToSpan as _};

use super::args::RunArgs;
use super::call::Call;
use super::deletes;
use super::ending::say_end;
use super::failures::Failures;
use super::open::shown;
use super::prepare::Prepared;
use super::ready::Ready;
use super::terminal::Terminal;
use crate::diagnostic::Place;
use crate::event::{RunFinished, RunOutcome};
use crate::report::human::InDoubt;
use crate::report::record::RunRecord;
use crate::report::words::plural;
use crate::secret::Masker;

/// A run that has ended, as far as it decides what is done next.
pub(super) struct Ended<'e> {
    pub(super) args: &'e RunArgs,
    pub(super) ready: &'e Ready,
    pub(super) finished: &'e RunFinished,
    pub(super) record: &'e RunRecord,
    pub(super) in_doubt: &'e InDoubt,
    pub(super) failures: &'e Failures,
    /// What was said of what failed though the CRM accepted it.
    pub(super) held_back: &'e str,
    /// The commands that go on with it.
    pub(super) call: &'e Call,
}

impl Ended<'_> {
    /// Says how it ended, what is done next, and where it is recorded.
    pub(super) fn tell(&self, terminal: &Terminal, masker: &Masker) {
        say_end(terminal, self.finished, self.in_doubt, self.record, masker);
        terminal.say(self.held_back);
        terminal.say(&self.advice());
        terminal.say(&format!(
            "run {} is recorded in {}\n",
            self.ready.run,
            shown(&self.ready.state.join("journal.sqlite"))
        ));
    }

    /// What is done next; nothing where the run is over.
    fn advice(&self) -> String {
        let is_out_of_budget = self.finished.is_out_of_budget();
        let until = is_out_of_budget.then(|| next_day(self.ready)).flatten();
        let raise = self.limit().map(|limit| format!("raise {limit}"));
        let (words, commands) = if !self.in_doubt.is_empty() {
            let raise = raise.map_or_else(String::new, |raise| format!(", {raise}"));
            let words = match &until {
                Some(until) => {
                    format!("say what you found in the CRM{raise}; then, {until}, go on:")
                }
                None => format!("say what you found in the CRM{raise}, then go on:"),
            };
            (words, vec![self.call.reconcile(""), self.resume(false)])
        } else if is_out_of_budget || self.finished.outcome == RunOutcome::Interrupted {
            let raise = raise.map_or_else(String::new, |raise| format!("{raise}, then "));
            let words = match &until {
                Some(until) => format!("{raise}go on {until}:"),
                None => format!("{raise}go on with it:"),
            };
            (words, vec![self.resume(false)])
        } else {
            return self.after_failures();
        };
        let mut text = lines(&words, &commands);
        if self.has_failed() && !self.are_all_held() {
            text.push_str("what failed stays failed; with `--retry-failed` it is tried again\n");
        }
        text
    }

    /// Of a run that has come to its end, and of which something failed.
    fn after_failures(&self) -> String {
        if !self.has_failed() {
            String::new()
        } else if !self.are_all_held() {
            let words = match self.limit() {
                Some(limit) => format!(
                    "what failed stays failed; raise {limit} if more is meant to be sent, then try it again:"
                ),
                None => {
                    "what failed stays failed; once its cause is gone, try it again:".to_owned()
                }
            };
            lines(&words, &[self.resume(true)])
        } else if !self.held_back.is_empty() {
            // Each of them was named, with the command that settles it.
            String::new()
        } else {
            lines(
                "look up what the CRM accepted; where it is as it should be, take it as done:",
                &[self.call.reconcile("")],
            )
        }
    }

    /// Whether something failed that the target still knows of: a sandbox inside the process is gone with it.
    fn has_failed(&self) -> bool {
        self.finished.counts.failed > 0 && !self.args.what.sandbox
    }

    /// Whether nothing failed but what the CRM accepted, and would do a second time.
    const fn are_all_held(&self) -> bool {
        !self.failures.any_other && (self.failures.any_held || !self.held_back.is_empty())
    }

    /// `resume`, with what it cannot do without.
    fn resume(&self, retries: bool) -> String {
        let are_left = || deletes::are_left(self.ready, self.record, retries);
        let deletes = deletes::need_a_flag(self.args) && are_left();
        // A policy is none of the things that must be unchanged.
        let changes = self.limit().is_some_and(|limit| limit.is_of_playbook);
        let words = [
            (retries, "--retry-failed"),
            (changes, "--accept-changes"),
            (deletes, "--allow delete"),
        ];
        let words = words.into_iter().filter(|(is_needed, _)| *is_needed);
        let words: Vec<_> = words.map(|(_, words)| words).collect();
        self.call.resume(&words.join(" "))
    }

    /// The limit of the run that kept something from being sent, where one did.
    fn limit(&self) -> Option<Bound> {
        let mut reasons = self.record.reasons.iter();
        let refused = |what: &str| format!("`limits.{what}` is ");
        let what = reasons.find_map(|(common, cases)| {
            ["requests", "deletes"]
                .into_iter()
                .find(|what| cases.count > 0 && common.reason.contains(&refused(what)))
        })?;
        Bound::of(what, self.ready)
    }
}

/// What bounds how much a run may send, and where it is set.
struct Bound {
    name: String,
    place: String,
    /// Whether a playbook sets it; else it is the project's policy.
    is_of_playbook: bool,
}

impl Bound {
    fn of(what: &str, prepared: &Prepared) -> Option<Self> {
        let (playbook, config) = (prepared.playbook(), &prepared.project.config);
        let (limit, policy) = if what == "requests" {
            (playbook.most_requests(), &config.policy.requests)
        } else {
            (playbook.most_deletes(), &config.policy.deletes)
        };
        let (of, (source, bound)) = match limit {
            Some(limit) => ("limits", limit),
            None => ("policy", config.source.as_ref().zip(policy.as_ref())?),
        };
        Some(Self {
            name: format!("{of}.{what}"),
            place: Place::new(source, bound.span).to_string(),
            is_of_playbook: limit.is_some(),
        })
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({})", self.name, self.place)
    }
}

/// Commands below the words that lead to them.
fn lines(words: &str, commands: &[String]) -> String {
    commands.iter().fold(format!("{words}\n"), |text, command| {
        format!("{text}  {command}\n")
    })
}

/// When the target takes requests again, and how many.
fn next_day(prepared: &Prepared) -> Option<String> {
    let daily = prepared.target.daily_budget?;
    let now = Timestamp::now().to_zoned(prepared.zone.clone());
    let then = now.checked_add(1.day()).ok()?.start_of_day().ok()?;
    Some(format!(
        "from {}, when another {} may be sent",
        then.strftime("%Y-%m-%d %H:%M %:z"),
        if daily == 1 {
            "request".to_owned()
        } else {
            plural(daily, "request")
        }
    ))
}
