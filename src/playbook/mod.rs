//! Document → Playbook: well formed, every part with its place. It knows no actions and no values yet.

mod defaults;
mod forms;
mod keys;
mod loops;
mod parse;
mod percentage;
mod uses;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::document::{Node, NodeKind};
use crate::source::{Source, Span, Spanned};

pub(crate) use forms::belongs;
pub(crate) use keys::{INPUT_KEYS, LOOP_KEYS};
pub(crate) use loops::{A_DELIMITER, DELIMITERS, MOST_CONCURRENT, TAKEN_NAMES, read_delimiter};
pub use parse::{parse, parse_document, read_limits};
pub use percentage::Percentage;
pub use uses::{UseLink, Used, WholeStep};

#[cfg(test)]
pub(crate) use keys::{LIMIT_KEYS, PLAYBOOK_KEYS, RETRY_KEYS, STEP_KEYS};
#[cfg(test)]
pub(crate) use loops::FOR_EACH_KEYS;

/// A playbook as it was written.
#[derive(Debug)]
pub struct Playbook {
    /// The text.
    pub source: Arc<Source>,
    /// What people call it.
    pub name: Option<Spanned<String>>,
    /// What it is for.
    pub description: Option<String>,
    /// The name of the default target.
    pub target: Option<Spanned<String>>,
    /// The zone of `now()`.
    pub timezone: Option<Spanned<String>>,
    /// What it takes.
    pub inputs: Vec<Input>,
    /// Its variables, in the order in which they are evaluated.
    pub vars: Vec<Named>,
    /// Its steps.
    pub steps: Vec<Step>,
    /// Steps that run also after a failure.
    pub finally: Vec<Step>,
    /// What it gives.
    pub outputs: Vec<Named>,
    /// The most that it may send.
    pub limits: Limits,
    /// The playbooks that its steps use, by the path as it is written. One that could not be read is not here, and
    /// that was said or is in the next.
    pub uses: BTreeMap<String, UseLink>,
    /// Of the paths of its steps with `use`, those where no file is: it is said at each step that needs the file.
    pub missing_uses: BTreeMap<String, Diagnostic>,
}

impl Playbook {
    /// Every step with its nested steps, in the order of the file, those of `finally` last.
    /// Those of the playbooks that it uses are not among them.
    pub fn all_steps(&self) -> Vec<&Step> {
        fn visit<'p>(steps: &'p [Step], into: &mut Vec<&'p Step>) {
            for step in steps {
                into.push(step);
                visit(step.nested(), into);
            }
        }
        let mut all = Vec::new();
        visit(&self.steps, &mut all);
        visit(&self.finally, &mut all);
        all
    }
}

/// A name and the node it stands for.
#[derive(Debug)]
pub struct Named {
    /// The name.
    pub name: Spanned<String>,
    /// What it stands for; its texts may be templates.
    pub value: Node,
}

/// What a playbook takes.
#[derive(Debug)]
pub struct Input {
    /// Its name.
    pub name: Spanned<String>,
    /// The JSON Schema of its value, without the keys that are ours.
    pub schema: serde_json::Value,
    /// The declaration, for places of what its schema says.
    pub declaration: Node,
    /// Whether a run needs a value.
    pub required: bool,
    /// Whether its value is masked wherever it shows.
    pub secret: bool,
    /// The environment variable that may give the value.
    pub from_env: Option<Spanned<String>>,
    /// The value that it has by itself.
    pub default: Option<Node>,
}

impl Input {
    /// Whether a text given on the command line is the value as it stands, and not YAML to be read; where no type is
    /// named, if the schema takes it so, and the default is not of another kind.
    pub fn takes_text(&self) -> bool {
        match self.schema.get("type") {
            None => self
                .default
                .as_ref()
                .is_none_or(|default| matches!(default.kind, NodeKind::Text(_) | NodeKind::Null)),
            Some(serde_json::Value::String(name)) => name == "string",
            Some(serde_json::Value::Array(names)) => names.iter().any(|name| name == "string"),
            Some(_) => false,
        }
    }
}

/// The most that a run may send; none is no bound.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// Requests, retries included.
    pub requests: Option<Spanned<u64>>,
    /// Records deleted: a delete of three ids counts three.
    pub deletes: Option<Spanned<u64>>,
}

/// One entry of `steps`.
#[derive(Debug)]
pub struct Step {
    /// Its id, given or made from its number.
    pub id: Spanned<String>,
    /// What people call it.
    pub name: Option<String>,
    /// Where it stands: its first key.
    pub span: Span,
    /// What it does.
    pub kind: StepKind,
    /// A condition.
    pub when: Option<Node>,
    /// What must be true of the answer.
    pub expect: Vec<Node>,
    /// How often and how patiently to try again.
    pub retry: Option<Retry>,
    /// The longest time for one request.
    pub timeout: Option<Duration>,
    /// How many pages of an answer are read at most, and where that is said.
    pub max_pages: Option<Spanned<u64>>,
    /// What a failure means for the steps after it.
    pub on_failure: OnFailure,
    /// Words that `--tags` chooses by.
    pub tags: Vec<Spanned<String>>,
}

impl Step {
    /// The steps in it: of a group, or of each row of a loop.
    pub fn nested(&self) -> &[Self] {
        match &self.kind {
            StepKind::Action { .. } | StepKind::Use { .. } | StepKind::Broken => &[],
            StepKind::Group(nested) | StepKind::Loop(_, nested) => nested,
        }
    }
}

/// What a step does.
#[derive(Debug)]
pub enum StepKind {
    /// It performs an action.
    Action {
        /// The action's name.
        action: Spanned<String>,
        /// Its parameters; texts in it may be templates.
        with: Option<Node>,
        /// Where `with` is missing, or what it stands under.
        with_span: Span,
    },
    /// It holds steps.
    Group(Vec<Step>),
    /// It runs another playbook.
    Use {
        /// The path of its file, as it is written.
        path: Spanned<String>,
        /// What it is given; texts in it may be templates.
        inputs: Option<Node>,
        /// Where `inputs` is missing, or what it stands under.
        inputs_span: Span,
    },
    /// It holds steps that are run for each row. Of a step with `for_each` and `action` (or `use`), the action is the one
    /// step of each row and has the id of the loop.
    Loop(Box<ForEach>, Vec<Step>),
    /// Its form is wrong, and that was said: it stands here so that references to it are not called wrong too.
    Broken,
}

/// `for_each`, and the keys beside it that speak of rows.
#[derive(Debug)]
pub struct ForEach {
    /// Where the rows come from.
    pub source: RowSource,
    /// What templates call a row.
    pub binding: Spanned<String>,
    /// What identifies a row in journal and reports: a template. Its number where there is none.
    pub key: Option<Node>,
    /// Rows with the same value keep their order: a template.
    pub serialize_by: Option<Node>,
    /// How many rows make one item of the list `rows`.
    pub batch: Option<Spanned<usize>>,
    /// How many rows are on their way at once.
    pub concurrency: usize,
    /// The loop stops when more rows have failed.
    pub max_failures: Option<MaxFailures>,
    /// Where rows go that did not go well.
    pub rejected: Option<Spanned<String>>,
    /// Where rows go that went well.
    pub succeeded: Option<Spanned<String>>,
    /// Where rows go that are in doubt.
    pub unknown: Option<Spanned<String>>,
}

/// Where rows come from.
#[derive(Debug)]
pub enum RowSource {
    /// A file.
    File {
        /// How it is written.
        format: FileFormat,
        /// Its path: a template.
        path: Node,
        /// Which part of its form is meant, a template: what stands between the cells of a CSV file, found out when not
        /// given; the sheet of a workbook, the first when not given.
        detail: Option<Node>,
    },
    /// A list: a template.
    Items(Node),
    /// What stands there cannot be read, and that was said: nobody knows which rows are meant.
    Broken,
}

/// How a file of rows is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// Cells between delimiters, the first line names the columns.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// A JSON list of objects.
    Json,
    /// A YAML list of mappings.
    Yaml,
    /// A workbook of Excel.
    Xlsx,
}

/// How many rows may fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxFailures {
    /// So many rows.
    Count(u64),
    /// So large a part of the rows read.
    Percent(Percentage),
}

/// What a failure means for the steps after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFailure {
    /// They are not run.
    #[default]
    Stop,
    /// They are run.
    Continue,
}

/// How often and how patiently to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Attempts, the first included.
    pub attempts: u32,
    /// The wait after the first attempt; each later one is twice as long.
    pub backoff: Duration,
    /// The longest wait.
    pub max_backoff: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 3,
            backoff: Duration::from_secs(1),
            max_backoff: Duration::from_secs(30),
        }
    }
}
