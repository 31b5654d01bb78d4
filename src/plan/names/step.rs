//! A reference to a step: whether there is one, it is over, it has one value here, and that output.

use super::{PlaceKind, Visible};
use crate::action::STEP_FACTS;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::template::Read;

impl Visible<'_> {
    pub(super) fn check_step(
        &self,
        id: &str,
        output: Option<&str>,
        read: &Read,
    ) -> Option<Diagnostic> {
        let Some(index) = self.index_of(id) else {
            let mut diagnostic =
                Diagnostic::error(Code::UnknownStep, format!("no step has the id `{id}`"));
            diagnostic.help = did_you_mean(
                id,
                self.steps[..self.before]
                    .iter()
                    .map(|step| step.id.as_str())
                    // The one step of a loop has no name of its own.
                    .filter(|id| !id.is_empty()),
            )
            .or_else(|| Some("no step comes before this one".to_owned()));
            return Some(diagnostic);
        };
        let step = &self.steps[index];
        if let Some((message, help)) = self.not_yet(index, step.end) {
            return Some(
                Diagnostic::error(Code::LaterStep, format!("the step `{id}` {message}")).help(help),
            );
        }
        if let Some(each) = &step.in_loop
            && !self.rows.iter().any(|row| row.id == *each)
        {
            return Some(
                Diagnostic::error(
                    Code::UnknownStep,
                    format!("the step `{id}` runs once for each row of `{each}`, so that here it has no single value"),
                )
                .help(self.instead_of(id, each)),
            );
        }
        if let (Some(output), Some(outputs)) = (output, &step.outputs)
            && !outputs.iter().any(|known| known == output)
            && !step.facts.contains(&output)
        {
            let mut diagnostic = Diagnostic::error(
                Code::UnknownOutput,
                format!("the step `{id}` has no output `{output}`"),
            );
            diagnostic.help = if let Some(help) = self.read_by_itself(index, output) {
                Some(help)
            } else if STEP_FACTS.contains(&output) {
                Some(format!(
                    "it sends nothing itself, and has an `outcome`; `{output}` is what the steps in it have"
                ))
            } else {
                let facts = step.facts.iter().copied();
                did_you_mean(output, outputs.iter().map(String::as_str).chain(facts))
            };
            return Some(diagnostic);
        }
        if self.is_left_out() {
            // What --tags leaves out needs nothing.
            return None;
        }
        self.check_skipping(index, output, read)
            .or_else(|| self.check_uncertain(index, output, read))
    }

    /// What to do where a step is read as a member of the group or the loop that it stands in.
    fn read_by_itself(&self, index: usize, id: &str) -> Option<String> {
        let inside = &self.steps[index + 1..=self.steps[index].end];
        let step = inside.iter().find(|step| step.id == id)?;
        match &step.in_loop {
            Some(each) if self.rows.iter().all(|row| row.id != *each) => {
                Some(self.instead_of(id, each))
            }
            _ => Some(format!(
                "a step is read by its own id, wherever it stands: `steps.{id}`"
            )),
        }
    }

    /// Why a step has no outcome yet where this is evaluated, and what to do about it.
    fn not_yet(&self, index: usize, end: usize) -> Option<(&'static str, &'static str)> {
        if index == self.before {
            return Some(if self.place == PlaceKind::Expect {
                (
                    "is not over while its answer is looked at",
                    "read the answer itself: `response` and `status`",
                )
            } else {
                (
                    "cannot use its own outputs",
                    "only later steps see what a step gives",
                )
            });
        }
        if index > self.before {
            return Some((
                "comes later than this one",
                "steps run in their order: move the other step up",
            ));
        }
        let is_own_loop = self.rows.iter().any(|row| row.id == self.steps[index].id);
        if is_own_loop && end >= self.before {
            return Some((
                "is the loop whose rows this runs for, and is not over yet",
                "only later steps see what a loop gives",
            ));
        }
        (end >= self.before && self.place != PlaceKind::Outputs).then_some((
            "is the group that this step is in, and is not over yet",
            "read the steps before this one, or move this step out of the group",
        ))
    }
}
