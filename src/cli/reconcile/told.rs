//! What is said once words were taken: how many, of what, and what is left; for people and as JSON.

use std::fmt::Write as _;

use serde_json::json;

use super::super::call::Call;
use super::super::held_back::Held;
use super::super::runs::folded;
use super::{Doubt, Known};
use crate::event::{Reconciled, RunId, step_name};
use crate::report::words::plural;

/// What was settled, and what is left.
pub(super) struct Told<'t> {
    doubts: usize,
    /// Of those that are left to `resume`.
    updates: usize,
    accepted: usize,
    replaced: usize,
    late_ids: usize,
    /// What is worth a second look.
    warnings: Vec<String>,
    pub(super) left: Vec<&'t Doubt>,
}

impl<'t> Told<'t> {
    /// Of these words.
    pub(super) fn of(words: &[Reconciled], known: &Known<'t>, warnings: Vec<String>) -> Self {
        let is_about = |doubt: &Doubt| words.iter().any(|word| doubt.is_meant(word));
        let left: Vec<_> = known
            .doubts
            .iter()
            .filter(|doubt| !is_about(doubt))
            .collect();
        let doubts = known.doubts.len() - left.len();
        let updates = known.left.iter().filter(|doubt| is_about(doubt)).count();
        let is_taken = |held: &&Held| {
            let end = &held.end;
            words
                .iter()
                .any(|it| it.step == end.step && it.row == end.row)
        };
        let accepted = known.held.iter().filter(is_taken).count();
        let is_late = |word: &&Reconciled| {
            known.settled.iter().any(|it| it.is_used_without(word))
                || known.without_id.iter().any(|it| it.is_meant(word))
        };
        let late_ids = words.iter().filter(is_late).count();
        Self {
            doubts,
            updates,
            accepted,
            replaced: words
                .len()
                .saturating_sub(doubts + updates + accepted + late_ids),
            late_ids,
            warnings,
            left,
        }
    }

    pub(super) fn sentence(&self, call: &Call) -> String {
        let count =
            |count: usize, what: &str| plural(u64::try_from(count).unwrap_or(u64::MAX), what);
        let mut said = Vec::new();
        if self.doubts > 0 {
            let doubts = count(self.doubts, "doubt");
            said.push(format!("{doubts} settled, {} left", self.left.len()));
        }
        if self.updates > 0 {
            said.push(format!("{} settled", count(self.updates, "update")));
        }
        if self.accepted > 0 {
            said.push(format!("{} taken as done", count(self.accepted, "step")));
        }
        if self.replaced > 0 {
            said.push(format!("{} replaced", count(self.replaced, "word")));
        }
        if self.late_ids > 0 {
            said.push(format!("{} noted", count(self.late_ids, "id")));
        }
        // The steps that wait for an id have failed without it.
        let again = if self.late_ids > 0 {
            "--retry-failed"
        } else {
            ""
        };
        let mut text = String::new();
        for warning in &self.warnings {
            folded(&mut text, "", &format!("warning: {warning}"));
        }
        let _ = writeln!(
            text,
            "{}; go on with: {}",
            said.join("; "),
            call.resume(again)
        );
        text
    }

    pub(super) fn to_json(&self, run: &RunId, words: &[Reconciled]) -> String {
        let words: Vec<_> = words
            .iter()
            .map(|word| {
                json!({
                    "step": word.step,
                    "row": word.row,
                    "action": word.action,
                    "decision": word.decision,
                    "wolkvox_id": word.wolkvox_id.as_ref().map(crate::value::Value::to_json),
                })
            })
            .collect();
        let left = self.left.iter();
        let left: Vec<_> = left
            .map(|doubt| {
                let name = step_name(&doubt.step, doubt.row.as_deref());
                json!({ "step": doubt.step, "row": doubt.row, "name": name })
            })
            .collect();
        let line = json!({
            "event": "reconciled",
            "schema": crate::event::SCHEMA,
            "run": run.as_str(),
            "words": words,
            "in_doubt": left,
            "warnings": self.warnings,
        });
        format!("{line}\n")
    }
}
