//! Plan × inputs → every request as it will be sent, as far as that is known before the first answer. It reads
//! data files and what requests attach; it sends nothing and shows nothing.

mod count;
mod failing;
mod found;
mod loops;
mod request;
mod unknown;
mod uses;
mod values;
mod walk;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::action::{Effect, TargetFacts};
use crate::attachment::Attachment;
use crate::project::Confinement;
use crate::request::Request;
use crate::source::Span;
use crate::template::Scope;
use crate::value::Value;

use super::{Home, Inputs, Plan, PlannedStep};

pub use count::{Count, Tally};
pub use failing::FailingRows;
pub use found::Found;
pub use unknown::{Unknowns, mark};
pub use values::{Hole, HoleList, MarkedValue, fill};

/// What is known when the future is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'c> {
    /// The checked playbook.
    pub plan: &'c Plan,
    /// Its inputs.
    pub inputs: &'c Inputs,
    /// Where requests go.
    pub target: &'c TargetFacts,
    /// Whether `target.server` is the one that the run will use; the sandbox inside a run takes a free port.
    pub server: Knowledge,
    /// The instant that `now()` gives, in RFC 3339.
    pub started_at: &'c str,
    /// Which files may be read.
    pub files: &'c Confinement,
    /// Which rows are shown.
    pub rows: RowsShown,
}

/// Which rows of a loop are shown; the others are only counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowsShown {
    /// The first that run, and each further one that sends a request of a step that nothing shown sends.
    Some,
    /// All that run.
    All,
}

/// Whether something is known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knowledge {
    /// It is.
    Known,
    /// Only the run will tell.
    AtRun,
}

/// What a run will do.
#[derive(Debug)]
pub struct Outlook {
    /// What templates see before the first step, as far as it is known.
    pub scope: Scope,
    /// Why names are not known.
    pub unknowns: Unknowns,
    /// The steps.
    pub steps: Vec<StepOutlook>,
    /// The steps that run also after a failure.
    pub finally: Vec<StepOutlook>,
    /// Requests and records, counted.
    pub tally: Tally,
    /// Every file that a request will carry, by its path as the playbook has it.
    pub attachments: BTreeMap<String, Attachment>,
    /// Every file of rows, by its path as the playbook has it.
    pub data: BTreeMap<String, Attachment>,
    /// The rows that are known to fail, of each loop that has some.
    pub failing: Vec<FailingRows>,
}

/// What a step will do.
#[derive(Debug)]
pub struct StepOutlook {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: Option<String>,
    /// The playbook that it is written in.
    pub home: Arc<Home>,
    /// Where it stands there.
    pub span: Span,
    /// Whether it will run.
    pub runs: Runs,
    /// What it does.
    pub kind: OutlookKind,
}

/// Whether a step will run, if nothing before it fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runs {
    /// It will.
    Yes,
    /// Only if this condition holds, which depends on what the mark says.
    OnlyIf {
        /// The condition as it was written.
        condition: String,
        /// What has to happen before it is known.
        mark: String,
    },
    /// It will not, for this reason.
    No(String),
}

/// What a step does.
#[derive(Debug)]
pub enum OutlookKind {
    /// It sends one request, or one for each page.
    Request(Box<RequestOutlook>),
    /// It holds steps.
    Group(Vec<StepOutlook>),
    /// It runs its steps for each row.
    Loop(Box<LoopOutlook>),
    /// It runs another playbook.
    Use(Box<UseOutlook>),
}

/// What a used playbook will do.
#[derive(Debug)]
pub struct UseOutlook {
    /// Its path, from the folder of the playbook that is run.
    pub path: String,
    /// What it is given, by the step or otherwise, with marks for what is not known.
    pub inputs: MarkedValue,
    /// What its templates see before its first step, as far as it is known.
    pub scope: Scope,
    /// Why it cannot begin.
    pub problem: Option<String>,
    /// Its steps.
    pub steps: Vec<StepOutlook>,
    /// Its steps that run also after a failure in it.
    pub finally: Vec<StepOutlook>,
}

/// One request, as far as it is known.
#[derive(Debug)]
pub struct RequestOutlook {
    /// The action.
    pub action: String,
    /// What it does.
    pub effect: Effect,
    /// Why that is not its usual effect.
    pub because: Option<String>,
    /// Whether the effect is known; where it is not, it is the one that asks for most care.
    pub effect_is_certain: bool,
    /// How many records it acts on, where the action takes a list of them; the inner none where that is not known.
    pub records: Option<Option<u64>>,
    /// How many pages are read at most, a request each, of which this is the first.
    pub max_pages: Option<u64>,
    /// The parameters, with marks for what is not known.
    pub with: MarkedValue,
    /// The request, with marks for what is not known; or why none can be made. None for a step that will not run.
    pub request: Option<Result<Request, String>>,
    /// The marks that stand in it.
    pub marks: Vec<Mark>,
}

/// Something in a request that is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Where: a JSON pointer into [`Request::describe`].
    pub at: String,
    /// What stands there.
    pub text: String,
    /// Whether nothing else stands there.
    pub is_whole: bool,
    /// The type that the schema of the request, or of the parameter, asks for.
    pub kind: Option<String>,
}

/// What a loop will do.
#[derive(Debug)]
pub struct LoopOutlook {
    /// Where the rows come from: the path of a file, or `items`.
    pub source: String,
    /// What the rows are not known before; none where they are there to be looked at.
    pub unknown: Option<String>,
    /// Why the rows cannot be read.
    pub problem: Option<String>,
    /// How many rows there are.
    pub rows: Option<u64>,
    /// How many of them cannot be read, and will fail.
    pub unreadable: u64,
    /// How many more are known to fail, because a request of theirs cannot be made.
    pub unsendable: u64,
    /// How many rows are left out by the loop's `when`.
    pub left_out: u64,
    /// How many rows make one item.
    pub batch: Option<usize>,
    /// How many items are on their way at once.
    pub concurrency: usize,
    /// How many items, rows or batches, send something or may, and are not shown.
    pub not_shown: u64,
    /// The items that are shown, in their order; the first that runs is among them.
    pub items: Vec<ItemOutlook>,
    /// Where no item is shown: the steps of any.
    pub steps: Vec<StepOutlook>,
    /// What all rows together send.
    pub tally: Tally,
}

impl LoopOutlook {
    /// The steps of each item that is shown, or those of any where none is.
    pub fn lists_of_steps(&self) -> impl Iterator<Item = (Option<&Sample>, &[StepOutlook])> {
        let of_any = self
            .items
            .is_empty()
            .then_some((None, self.steps.as_slice()));
        let of_items = self
            .items
            .iter()
            .map(|item| (Some(&item.sample), item.steps.as_slice()));
        of_any.into_iter().chain(of_items)
    }
}

/// A row, or a batch of rows, that a loop is shown with.
#[derive(Debug)]
pub struct ItemOutlook {
    /// Which it is.
    pub sample: Sample,
    /// What its steps do.
    pub steps: Vec<StepOutlook>,
}

/// Which row it is; of a batch, its first.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its number, from 1.
    pub number: u64,
    /// Its line in the file.
    pub line: Option<u64>,
    /// What identifies it in journal and reports.
    pub key: String,
    /// What its templates see.
    pub scope: SampleScope,
}

/// The scope of a row; two of them are never compared.
#[derive(Debug, Clone)]
pub struct SampleScope(pub Scope);

impl PartialEq for SampleScope {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Outlook {
    /// Every step with its nested steps, in the order of the file, those of `finally` last; of a loop, as often as
    /// items are shown.
    pub fn all_steps(&self) -> Vec<&StepOutlook> {
        fn visit<'o>(steps: &'o [StepOutlook], into: &mut Vec<&'o StepOutlook>) {
            for step in steps {
                into.push(step);
                match &step.kind {
                    OutlookKind::Request(_) => {}
                    OutlookKind::Group(nested) => visit(nested, into),
                    OutlookKind::Loop(each) => {
                        for (_, steps) in each.lists_of_steps() {
                            visit(steps, into);
                        }
                    }
                    OutlookKind::Use(used) => {
                        visit(&used.steps, into);
                        visit(&used.finally, into);
                    }
                }
            }
        }
        let mut all = Vec::new();
        visit(&self.steps, &mut all);
        visit(&self.finally, &mut all);
        all
    }
}

/// Looks ahead: renders, reads the rows of every loop, describes files.
pub fn foresee(circumstances: Circumstances<'_>) -> Outlook {
    let mut walk = walk::Walk::begin(circumstances);
    let plan = circumstances.plan;
    let steps = walk.main(plan.steps());
    let finally = walk.main(plan.finally());
    walk.end(steps, finally)
}

/// The planned step with an id; where a loop and its only step share one, the step.
pub fn planned<'p>(steps: &'p [PlannedStep], id: &str) -> Option<&'p PlannedStep> {
    steps.iter().find_map(|step| {
        step.nested()
            .find_map(|nested| planned(nested, id))
            .or_else(|| (step.id == id).then_some(step))
    })
}

/// A value without marks.
impl From<Value> for MarkedValue {
    fn from(value: Value) -> Self {
        Self {
            value,
            holes: HoleList::default(),
            error: None,
        }
    }
}
