//! Which names a template can see, and where: references to what is not there are found before the run.

mod read;
mod skipping;
mod step;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::shape::{Compiled, Members, Shape, Shapes};
use crate::diagnostic::Diagnostic;
use crate::document::Node;
use crate::source::Source;

/// A step as references see it.
#[derive(Debug)]
pub(super) struct StepName {
    /// Its id.
    pub id: String,
    /// The index of the last step inside it; its own where it is no group.
    pub end: usize,
    /// What later steps can read of it; none where that is not known (its action is not).
    pub outputs: Option<Vec<String>>,
    /// What it has beside them, as a step of its kind.
    pub facts: &'static [&'static str],
    /// What is known of the values of some of them.
    pub shapes: Members,
    /// The conditions of what it stands in.
    pub conditions: BTreeSet<String>,
    /// Its own condition.
    pub when: Option<String>,
    /// Whether `--tags` leaves it out.
    pub selected: bool,
    /// Whether everything in it is chosen: no tags are asked for, or it has one of them.
    pub chosen_whole: bool,
    /// Whether it is one of `finally`.
    pub finally: bool,
    /// The loop whose rows it runs for.
    pub in_loop: Option<String>,
}

/// What templates of a row see beside everything else.
#[derive(Debug, Clone)]
pub(super) struct RowNames {
    /// The loop's id.
    pub id: String,
    /// What the row is called; `rows` for a batch.
    pub binding: String,
    /// What is known of its value.
    pub shape: Shape,
}

/// The names that exist at one place of the playbook.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visible<'p> {
    /// The text.
    pub source: &'p Arc<Source>,
    /// Declared inputs.
    pub inputs: &'p [String],
    /// Those of them that need not be given.
    pub optional: &'p [String],
    /// Variables declared before this place.
    pub vars: &'p [String],
    /// Every variable, for references to later ones.
    pub all_vars: &'p [String],
    /// What is known of the values of names.
    pub shapes: &'p Shapes,
    /// Every step of the playbook in order.
    pub steps: &'p [StepName],
    /// How many of them come before this place.
    pub before: usize,
    /// The conditions that this place stands under.
    pub conditions: &'p BTreeSet<String>,
    /// What kind of place it is.
    pub place: PlaceKind,
    /// The loops that it is in, the outermost first.
    pub rows: &'p [RowNames],
    /// Of the steps that use a playbook, by index: outputs that are left out where a step in it is skipped.
    pub uncertain: &'p BTreeMap<usize, BTreeSet<String>>,
    /// Of the same steps: outputs for which the step gives no input, each with that input.
    pub ungiven: &'p BTreeMap<usize, BTreeMap<String, String>>,
    /// The loops, by index, whose own condition is asked of each row and skips none of them whole.
    pub asked_of_rows: &'p BTreeSet<usize>,
}

/// The kinds of places that hold templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PlaceKind {
    /// `vars`: before the first step.
    Vars,
    /// A step of `steps`.
    Step,
    /// A step of `finally`: an earlier step may not have run.
    Finally,
    /// `expect`: the answer can be seen.
    Expect,
    /// `outputs`: a value that is not there is left out.
    Outputs,
}

impl Visible<'_> {
    fn roots(&self) -> Vec<&str> {
        let mut roots = vec!["inputs", "vars", "target", "run"];
        if !self.rows.is_empty() {
            roots.push("loop");
            roots.extend(self.rows.iter().map(|row| row.binding.as_str()));
        }
        if self.place != PlaceKind::Vars {
            roots.push("steps");
        }
        if self.place == PlaceKind::Expect {
            roots.extend(["response", "status"]);
        }
        roots
    }

    /// What is wrong with the references of one template or condition; `node` is the scalar that holds it.
    pub(super) fn check(
        &self,
        compiled: Compiled<'_>,
        node: &Node,
        findings: &mut Vec<Diagnostic>,
    ) {
        let before = findings.len();
        for read in compiled.reads() {
            let found = self.check_read(read).or_else(|| self.check_members(read));
            let found = found.map(|finding| read::or_quoted(finding, read, node));
            findings.extend(found.map(|finding| {
                finding.at(self.source, node.span_of(self.source, read.range.clone()))
            }));
        }
        if !findings[before..].iter().any(Diagnostic::is_error) {
            self.check_values(compiled, node, findings);
        }
    }

    /// Whether this is evaluated in a step that `--tags` leaves out.
    fn is_left_out(&self) -> bool {
        let here = self.steps.get(self.before);
        here.is_some_and(|step| !step.selected)
    }

    /// Whether a step is over where this is evaluated.
    fn has_steps(&self) -> bool {
        let before = &self.steps[..self.before];
        before.iter().any(|step| step.end < self.before)
    }

    /// The step that an id means: most read of one that has just run.
    pub(super) fn index_of(&self, id: &str) -> Option<usize> {
        let is_meant = |step: &StepName| step.id == id;
        let before = self.steps[..self.before].iter().rposition(is_meant);
        before.or_else(|| self.steps.iter().position(is_meant))
    }
}
