//! Whether what a template reads of a step may have no value, because the step was skipped.

use super::{PlaceKind, Visible};
use crate::diagnostic::{Code, Diagnostic};
use crate::outcome::Outcome;
use crate::template::{Assured, Compared, How, Read, assured};
use crate::value::Value;

impl Visible<'_> {
    /// Whether something that is read here may have no value because a step is skipped.
    pub(in crate::plan) fn may_miss(&self, reads: &[Read]) -> bool {
        reads.iter().any(|read| {
            let [root, id, output @ ..] = read.path.as_slice() else {
                return false;
            };
            let index = self.steps.iter().position(|step| step.id == *id);
            let (Some(index), false) = (index, root != "steps" || read.guarded) else {
                return false;
            };
            let output = output.first().map(String::as_str);
            output != Some("outcome")
                && (self.conditions_of(index).next().is_some()
                    || !self.steps[index].selected
                    || self.is_uncertain(index, output))
        })
    }

    /// The conditions that skip a step where one of them does not hold.
    fn conditions_of(&self, index: usize) -> impl Iterator<Item = &String> {
        let step = &self.steps[index];
        let own = step.when.as_ref();
        let own = own.filter(|_| !self.asked_of_rows.contains(&index));
        step.conditions.iter().chain(own)
    }

    fn is_uncertain(&self, index: usize, output: Option<&str>) -> bool {
        let names = self.uncertain.get(&index);
        names.is_some_and(|names| output.is_some_and(|output| names.contains(output)))
    }

    pub(super) fn check_uncertain(
        &self,
        index: usize,
        output: Option<&str>,
        read: &Read,
    ) -> Option<Diagnostic> {
        let left_out =
            self.is_uncertain(index, output) && !read.guarded && self.place != PlaceKind::Outputs;
        let is_there = |condition: &String| {
            let assured = assured(condition);
            let mut defined = assured.defined.iter();
            defined.any(|known| read.path.starts_with(known) && known.len() > 2)
        };
        (left_out && !self.conditions.iter().any(is_there)).then(|| {
            Diagnostic::warning(
                Code::MaybeSkipped,
                format!(
                    "the playbook that `{}` uses leaves out `{}` where one of its steps is skipped, and then this has no value",
                    self.steps[index].id,
                    output.unwrap_or_default()
                ),
            )
            .help("use `| default(…)`, or a `when` that asks whether it `is defined`")
        })
    }

    pub(super) fn check_skipping(
        &self,
        index: usize,
        output: Option<&str>,
        read: &Read,
    ) -> Option<Diagnostic> {
        let step = &self.steps[index];
        // `outcome` is there whatever became of the step; a guarded read allows for nothing being there.
        if read.guarded || output == Some("outcome") || self.place == PlaceKind::Outputs {
            return None;
        }
        let id = &step.id;
        let mut asked = self.conditions.iter().map(|it| assured(it));
        if asks_for(&read.assured, id) || asked.any(|it| asks_for(&it, id)) {
            return None;
        }
        if !step.selected {
            return Some(
                Diagnostic::error(
                    Code::MaybeSkipped,
                    format!("the step `{id}` is left out by --tags, and this step needs it"),
                )
                .help("choose tags that keep both, or give the value a default"),
            );
        }
        let mut conditions = self.conditions_of(index);
        if conditions.any(|condition| !self.conditions.contains(condition)) {
            return Some(
                Diagnostic::warning(
                    Code::MaybeSkipped,
                    format!(
                        "the step `{id}` may be skipped by its `when`, and then this has no value"
                    ),
                )
                .help("put this step under the same `when`, or use `| default(…)`"),
            );
        }
        (self.place == PlaceKind::Finally && !step.finally).then(|| {
            Diagnostic::warning(
                Code::MaybeSkipped,
                format!("`finally` also runs when the step `{id}` has not been reached, and then this has no value"),
            )
            .help("use `| default(…)`, or a `when` that asks for `steps.ID.outcome`")
        })
    }
}

/// Whether something is only true where a step has run: that it has one of its outputs, or what became of it.
fn asks_for(assured: &Assured, id: &str) -> bool {
    let is_output = |path: &Vec<String>| match path.as_slice() {
        [root, step, output, ..] => root == "steps" && step == id && output != "outcome",
        _ => false,
    };
    let rules_out = |compared: &Compared| {
        let is_outcome = compared.path == ["steps", id, "outcome"];
        let is_skipped = |value: &Value| value.as_text() == Some(Outcome::Skipped.as_str());
        let is_skipped = compared.values.iter().any(is_skipped);
        let rules_out = match compared.how {
            How::Wanted => !is_skipped,
            How::Unwanted => is_skipped,
            How::Ordered => false,
        };
        is_outcome && rules_out
    };
    assured.defined.iter().any(is_output) || assured.compared.iter().any(rules_out)
}
