//! Which names a template can see, and where: references to what is not there are found before the run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::shape::{Compiled, Members, Shape, Shapes};
use crate::action::STEP_FACTS;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::document::Node;
use crate::outcome::Outcome;
use crate::source::Source;
use crate::template::{Assured, Compared, FUNCTIONS, How, Read, assured};
use crate::value::Value;

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
            findings.extend(found.map(|finding| {
                finding.at(self.source, node.span_of(self.source, read.range.clone()))
            }));
        }
        if !findings[before..].iter().any(Diagnostic::is_error) {
            self.check_values(compiled, node, findings);
        }
    }

    fn check_read(&self, read: &Read) -> Option<Diagnostic> {
        let path: Vec<&str> = read.path.iter().map(String::as_str).collect();
        let (root, rest) = path.split_first()?;
        let member = rest.first().copied();
        match (*root, member) {
            ("inputs", Some(name)) => missing_name("input", "inputs", name, self.inputs),
            ("vars", Some(name)) => self.check_var(name),
            ("target", Some(name)) => fixed_name("target", name, &["name", "server", "operation"]),
            ("run", Some(name)) => fixed_name("run", name, &["id", "started_at"]),
            ("steps", Some(name)) if self.place != PlaceKind::Vars => {
                self.check_step(name, rest.get(1).copied(), read)
            }
            ("steps", _) if self.place == PlaceKind::Vars => Some(
                Diagnostic::error(
                    Code::UndefinedName,
                    "variables are evaluated before the first step, so that `steps` has nothing yet",
                )
                .help("use the step's output in a later step, or under `outputs`"),
            ),
            ("steps", None) if !read.guarded && !self.has_steps() => Some(
                Diagnostic::error(
                    Code::UndefinedName,
                    "no step is over before this one, so that `steps` has nothing yet",
                )
                .help("read the output of an earlier step as `steps.ID.OUTPUT`"),
            ),
            ("response" | "status", _) if self.place != PlaceKind::Expect => Some(
                Diagnostic::error(
                    Code::UndefinedName,
                    format!("`{root}` is only there in `expect`"),
                )
                .help("later steps read what a step gives as `steps.ID.OUTPUT`"),
            ),
            ("loop", Some(name)) if !self.rows.is_empty() => fixed_name("loop", name, &["index"]),
            ("env", _) => Some(
                Diagnostic::error(
                    Code::UndefinedName,
                    "templates cannot read the environment",
                )
                .help("declare an input with `from_env: NAME` and read `inputs.…`"),
            ),
            (root, _) if self.roots().contains(&root) => None,
            // Under `default` or `is defined` too: which names there are depends on nothing but the place, so that one
            // that is not there never will be.
            (root, _) => {
                let mut diagnostic =
                    Diagnostic::error(Code::UndefinedName, format!("`{root}` is not defined"));
                diagnostic.help = self.where_it_is(root);
                Some(diagnostic)
            }
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

    fn where_it_is(&self, name: &str) -> Option<String> {
        let has = |names: &[String]| names.iter().any(|known| known == name);
        if has(self.inputs) {
            return Some(format!("did you mean `inputs.{name}`?"));
        }
        if has(self.all_vars) {
            return Some(format!("did you mean `vars.{name}`?"));
        }
        if self.steps.iter().any(|step| step.id == name) {
            return Some(format!("did you mean `steps.{name}`?"));
        }
        if FUNCTIONS.iter().any(|function| function.name == name) {
            return Some(format!("`{name}` is a function: write `{name}()`"));
        }
        if ["null", "nil", "undefined", "nulo"].contains(&name) {
            return Some(
                "write `none` for null; `is defined` asks whether there is anything".to_owned(),
            );
        }
        did_you_mean(name, self.roots())
    }

    fn check_var(&self, name: &str) -> Option<Diagnostic> {
        if self.vars.iter().any(|known| known == name) {
            return None;
        }
        if self.all_vars.iter().any(|known| known == name) {
            return Some(
                Diagnostic::error(
                    Code::UndefinedName,
                    format!("the variable `{name}` is evaluated later than this"),
                )
                .help("variables are evaluated in their order: move it up"),
            );
        }
        missing_name("variable", "vars", name, self.vars)
    }

    /// The step that an id means: most read of one that has just run.
    pub(super) fn index_of(&self, id: &str) -> Option<usize> {
        let is_meant = |step: &StepName| step.id == id;
        let before = self.steps[..self.before].iter().rposition(is_meant);
        before.or_else(|| self.steps.iter().position(is_meant))
    }

    fn check_step(&self, id: &str, output: Option<&str>, read: &Read) -> Option<Diagnostic> {
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

    /// Whether something that is read here may have no value because a step is skipped.
    pub(super) fn may_miss(&self, reads: &[Read]) -> bool {
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

    fn check_uncertain(
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

    fn check_skipping(
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

fn missing_name(what: &str, root: &str, name: &str, known: &[String]) -> Option<Diagnostic> {
    if known.iter().any(|known| known == name) {
        return None;
    }
    let mut diagnostic = Diagnostic::error(
        Code::UndefinedName,
        format!("`{root}.{name}` is not defined: the playbook has no {what} `{name}`"),
    );
    diagnostic.help = did_you_mean(name, known.iter().map(String::as_str));
    Some(diagnostic)
}

fn fixed_name(root: &str, name: &str, known: &[&'static str]) -> Option<Diagnostic> {
    if known.contains(&name) {
        return None;
    }
    let mut diagnostic = Diagnostic::error(
        Code::UndefinedName,
        format!("`{root}.{name}` is not defined"),
    );
    diagnostic.help = did_you_mean(name, known.iter().copied());
    Some(diagnostic)
}
