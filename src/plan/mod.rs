//! Playbook × catalogue × inputs → Plan, and every check that needs no answer of the CRM.
//!
//! A [`Plan`] can only be made by [`Draft::into_plan`]: whoever holds one knows that ids are unique, actions
//! exist, references point back to something that has that output, and templates compile.

mod answers;
mod batches;
mod compile;
mod findings;
pub mod foresee;
mod home;
mod inputs;
mod left_out;
mod loops;
mod names;
mod needs;
mod optional;
mod outputs;
mod pages;
mod partial;
mod rehearse;
mod secrecy;
mod shape;
mod skipped;
mod source;
mod tree;
mod uses;

use std::sync::Arc;
use std::time::Duration;

use crate::action::Action;
use crate::diagnostic::Diagnostic;
use crate::document::Node;
use crate::playbook::{MaxFailures, OnFailure, Playbook, Retry};
use crate::rows::Row;
use crate::source::{Source, Span, Spanned};
use crate::template::{Expression, Scope};
use crate::value::{Map, Value};

pub use compile::compile;
pub use findings::{Subject, template_diagnostic, violation_diagnostic};
pub use home::Home;
pub use inputs::{Completeness, Earlier, Given, Inputs, Origin, resolve as resolve_inputs};
pub use loops::written_anew;
pub use needs::Needed;
pub use outputs::render_outputs;
pub use rehearse::{
    Facts, Foresight, Inclusion, LookedAt, Rehearsal, RowCheck, file_paths, rehearse,
};
pub use source::PlannedSource;
pub use tree::{Tree, TreeError};
pub use uses::{GivenInput, InputSource, PlannedUse, UsedInput};

/// How long one request may take where neither step nor playbook says otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_mins(1);

/// A playbook that was checked and can be run.
#[derive(Debug)]
pub struct Plan {
    playbook: Arc<Playbook>,
    vars: Vec<(String, Tree)>,
    steps: Vec<PlannedStep>,
    finally: Vec<PlannedStep>,
    outputs: Vec<(String, Tree)>,
    /// What is said to who writes the playbook, and not at each of its runs.
    advice: Vec<Diagnostic>,
}

impl Plan {
    /// The playbook it was made from.
    pub const fn playbook(&self) -> &Arc<Playbook> {
        &self.playbook
    }

    /// The text it was made from.
    pub fn source(&self) -> &Arc<Source> {
        &self.playbook.source
    }

    /// Variables in the order in which they are evaluated.
    pub fn vars(&self) -> &[(String, Tree)] {
        &self.vars
    }

    /// The steps.
    pub fn steps(&self) -> &[PlannedStep] {
        &self.steps
    }

    /// The steps that run also after a failure.
    pub fn finally(&self) -> &[PlannedStep] {
        &self.finally
    }

    /// What the playbook gives.
    pub fn outputs(&self) -> &[(String, Tree)] {
        &self.outputs
    }

    /// Every step, each before those in it, in the order of the file, those of `finally` last; those in rows and in used
    /// playbooks as well.
    fn every_step(&self) -> impl Iterator<Item = &PlannedStep> {
        let both = self.steps.iter().chain(&self.finally);
        both.flat_map(PlannedStep::and_nested)
    }

    /// The step of this id; of a loop over one action, the loop.
    pub fn step(&self, id: &str) -> Option<&PlannedStep> {
        self.every_step().find(|step| step.id == id)
    }

    /// Every step that performs an action, in the order of the file, those of `finally` last.
    pub fn actions(&self) -> Vec<(&PlannedStep, &PlannedAction)> {
        let actions = self.every_step().filter_map(|step| match &step.kind {
            PlannedKind::Action(action) => Some((step, &**action)),
            _ => None,
        });
        actions.collect()
    }

    /// What a person should know of how well its actions are documented, each once, in the order of the file.
    pub fn documentation_remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        for (_, planned) in self.actions() {
            let remark = planned.action.documentation_remark();
            remarks.extend(remark.filter(|remark| !remarks.contains(remark)));
        }
        remarks
    }

    /// Every loop, in the order of the file, those of `finally` last, those in rows and used playbooks as well.
    pub fn loops(&self) -> Vec<(&PlannedStep, &PlannedLoop)> {
        let loops = self.every_step().filter_map(|step| match &step.kind {
            PlannedKind::Loop(each) => Some((step, &**each)),
            _ => None,
        });
        loops.collect()
    }

    /// Every step that runs another playbook, in the order of the run; those inside used playbooks as well.
    pub fn uses(&self) -> Vec<(&PlannedStep, &PlannedUse)> {
        let uses = self.every_step().filter_map(|step| match &step.kind {
            PlannedKind::Use(used) => Some((step, &**used)),
            _ => None,
        });
        uses.collect()
    }
}

/// What templates of its own playbook call a step, of its id in the run.
pub fn own_id(id: &str) -> &str {
    id.rsplit('.').next().unwrap_or(id)
}

/// A playbook that was compiled, whether or not something is wrong with it: it can be rehearsed, so that
/// all errors are found at once, and not run.
#[derive(Debug)]
pub struct Draft(Plan);

impl Draft {
    /// The plan, where nothing that was found is an error; `findings` are those of the compilation and of
    /// the rehearsal.
    pub fn into_plan(self, findings: &[Diagnostic]) -> Option<Plan> {
        (!findings.iter().any(Diagnostic::is_error)).then_some(self.0)
    }

    /// As [`Plan::documentation_remarks`].
    pub fn documentation_remarks(&self) -> Vec<String> {
        self.0.documentation_remarks()
    }
}

/// A step that was checked.
#[derive(Debug)]
pub struct PlannedStep {
    /// Its id, unique in the run: of a step of a used playbook, after the id of the step that uses it and a dot.
    pub id: String,
    /// The playbook that it is written in.
    pub home: Arc<Home>,
    /// What people call it.
    pub name: Option<String>,
    /// Where it stands.
    pub span: Span,
    /// Its condition.
    pub when: Option<Condition>,
    /// What a failure means for the steps after it.
    pub on_failure: OnFailure,
    /// Whether `--tags`, where given, chooses it.
    pub selected: bool,
    /// What it does.
    pub kind: PlannedKind,
}

impl PlannedStep {
    /// What templates of its own playbook call it.
    pub fn own_id(&self) -> &str {
        own_id(&self.id)
    }

    /// Whether it is an action that may create or delete something, so that it must not be done twice.
    pub fn adds_or_removes(&self) -> bool {
        let PlannedKind::Action(planned) = &self.kind else {
            return false;
        };
        let effects = planned.action.possible_effects();
        effects.iter().any(|effect| !effect.is_repeatable())
    }

    /// The step, then all that is in it, however deep; each before those in it.
    pub fn and_nested(&self) -> Vec<&Self> {
        let mut all = vec![self];
        all.extend(self.nested().flatten().flat_map(Self::and_nested));
        all
    }

    /// As [`and_nested`](Self::and_nested), without the steps of rows.
    pub fn without_rows(&self) -> Vec<&Self> {
        let mut all = vec![self];
        if !matches!(self.kind, PlannedKind::Loop(_)) {
            all.extend(self.nested().flatten().flat_map(Self::without_rows));
        }
        all
    }

    /// The steps in it, list after list: of a group, of each row of a loop, of the playbook that it uses.
    pub fn nested(&self) -> impl Iterator<Item = &[Self]> {
        let lists: [&[Self]; 2] = match &self.kind {
            PlannedKind::Action(_) => [&[], &[]],
            PlannedKind::Group(nested) => [nested, &[]],
            PlannedKind::Loop(each) => [&each.steps, &[]],
            PlannedKind::Use(used) => [&used.steps, &used.finally],
        };
        lists.into_iter()
    }
}

/// What a step does.
#[derive(Debug)]
pub enum PlannedKind {
    /// It performs an action.
    Action(Box<PlannedAction>),
    /// It holds steps.
    Group(Vec<PlannedStep>),
    /// It holds steps that are run for each row.
    Loop(Box<PlannedLoop>),
    /// It runs another playbook.
    Use(Box<PlannedUse>),
}

/// Steps that are run for each row.
#[derive(Debug)]
pub struct PlannedLoop {
    /// Where the rows come from.
    pub source: PlannedSource,
    /// Where `for_each` stands.
    pub span: Span,
    /// What templates call a row; a batch of rows is called `rows`.
    pub binding: String,
    /// What identifies a row; its number where there is none.
    pub key: Option<Tree>,
    /// Rows with the same value keep their order.
    pub serialize_by: Option<Tree>,
    /// How many rows make one item of the list `rows`.
    pub batch: Option<usize>,
    /// How many rows are on their way at once.
    pub concurrency: usize,
    /// The loop stops when more rows have failed.
    pub max_failures: Option<MaxFailures>,
    /// Where accounts of the rows are written, as the playbook names the files.
    pub accounts: AccountPaths,
    /// A condition that looks at the row; one that does not is the step's own.
    pub when: Option<Condition>,
    /// The steps of a row.
    pub steps: Vec<PlannedStep>,
    /// Whether something after the loop reads the ids that its rows got.
    pub keeps_ids: bool,
}

impl PlannedLoop {
    /// What the templates of an item see: a row, or the rows of a batch, by its name, and `loop.index`.
    pub fn item_scope(&self, outer: &Scope, value: Arc<Value>, index: u64) -> Scope {
        let mut scope = outer.child();
        scope.set(self.binding.clone(), value);
        let index = Map::from_iter([("index".to_owned(), Value::from(index))]);
        scope.set("loop", Value::Map(index));
        scope
    }

    /// The same of rows that nobody needs any more; `turn` counts the items.
    fn scope_of(&self, outer: &Scope, rows: Vec<Row>, turn: u64) -> Scope {
        let number = rows.first().map_or(turn, |first| first.number);
        let mut values = rows.into_iter().map(|row| row.value);
        if self.batch.is_some() {
            let values = values.map(Arc::unwrap_or_clone).collect();
            self.item_scope(outer, Arc::new(Value::List(values)), turn)
        } else {
            self.item_scope(outer, values.next().unwrap_or_default(), number)
        }
    }

    /// Whether its rows are known by their numbers alone: they have no key, or one that is the same whatever they hold,
    /// or the key of a batch, which does not say what else is in it.
    pub fn knows_rows_by_number(&self) -> bool {
        let looks_at_row = |tree: &Tree| {
            let templates = tree.templates().into_iter();
            let mut reads = templates.flat_map(|(template, _)| template.reads());
            reads.any(|read| read.path.first() == Some(&self.binding))
        };
        self.batch.is_some() || !self.key.as_ref().is_some_and(looks_at_row)
    }

    /// Whether where its rows come from is known before the first request, so that no answer changes them. In a used
    /// playbook, whose inputs may be answers, it is not known to be so.
    pub fn has_fixed_rows(&self, step: &PlannedStep) -> bool {
        let (PlannedSource::Items(tree) | PlannedSource::File { path: tree, .. }) = &self.source;
        let is_fixed = |read: &crate::template::Read| {
            let first = read.path.first().map(String::as_str);
            matches!(first, Some("inputs" | "vars" | "target" | "run"))
        };
        let templates = tree.templates().into_iter();
        let mut reads = templates.flat_map(|(template, _)| template.reads());
        let is_own = step.id == step.own_id();
        reads.all(|read| is_own && is_fixed(read))
    }
}

/// Where accounts of rows are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountPaths {
    /// Rows that did not go well.
    pub rejected: Option<Spanned<String>>,
    /// Rows that went well.
    pub succeeded: Option<Spanned<String>>,
    /// Rows in doubt.
    pub unknown: Option<Spanned<String>>,
}

/// What a loop gives to later steps.
pub const LOOP_FACTS: [&str; 8] = [
    "read", "ok", "failed", "unknown", "skipped", "not_run", "counts", "ids",
];

/// An action with its parameters, ready to be rendered.
#[derive(Debug)]
pub struct PlannedAction {
    /// The action.
    pub action: Arc<Action>,
    /// Its parameters.
    pub with: Tree,
    /// The parameters as they were written, for places in them.
    pub with_node: Node,
    /// Where the key `with` stands.
    pub with_span: Span,
    /// What must be true of the answer.
    pub expect: Vec<Condition>,
    /// How often and how patiently to try again.
    pub retry: Retry,
    /// The longest time for one request.
    pub timeout: Duration,
    /// How many pages it reads at most, a request each; none where it reads one answer.
    pub max_pages: Option<u64>,
}

/// A bare expression of the playbook and where it stands.
#[derive(Debug)]
pub struct Condition {
    /// The compiled expression.
    pub expression: Expression,
    /// As it was written.
    pub text: String,
    /// Where.
    pub span: Span,
    /// Its node, for places inside it.
    pub node: Node,
}

#[cfg(test)]
mod tests;
