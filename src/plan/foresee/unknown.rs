//! What is not known before the run, and what has to happen before it is.

use std::collections::{BTreeMap, BTreeSet};

use crate::template::Read;

/// What has to happen before a value is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// An input that was not given, of the playbook that is run.
    Input(String),
    /// The answer of a step.
    Step(String),
    /// The row of a loop.
    Row,
    /// The start of the run.
    Run,
}

/// Which names have no value yet, and why.
#[derive(Debug, Clone, Default)]
pub struct Unknowns {
    vars: BTreeMap<String, BTreeSet<Cause>>,
    /// Inputs of a used playbook.
    inputs: BTreeMap<String, BTreeSet<Cause>>,
    /// What stands before the ids of the steps that can be read here.
    prefix: String,
    /// What templates call rows that are not known.
    rows: Vec<String>,
    is_server_unknown: bool,
    /// Steps that are known to be skipped.
    skipped: BTreeSet<String>,
}

impl Unknowns {
    pub(super) fn new(is_server_unknown: bool) -> Self {
        Self {
            is_server_unknown,
            ..Self::default()
        }
    }

    pub(super) fn add_var(&mut self, name: &str, causes: BTreeSet<Cause>) {
        self.vars.insert(name.to_owned(), causes);
    }

    /// Nothing unknown yet inside a playbook that the step `id` uses.
    pub(super) fn inside(&self, id: &str) -> Self {
        Self {
            prefix: format!("{id}."),
            ..Self::new(self.is_server_unknown)
        }
    }

    pub(super) fn add_input(&mut self, name: &str, causes: BTreeSet<Cause>) {
        self.inputs.insert(name.to_owned(), causes);
    }

    /// The same inside a loop whose rows are not known.
    pub(super) fn with_row(&self, binding: &str) -> Self {
        let mut inner = self.clone();
        inner.rows.push(binding.to_owned());
        inner.rows.push("loop".to_owned());
        inner
    }

    /// The same after steps that are known to be skipped.
    pub(super) fn after_skipped(&self, ids: BTreeSet<String>) -> Self {
        Self {
            skipped: ids,
            ..self.clone()
        }
    }

    /// What has to happen before a read has a value; nothing where it has one.
    pub fn causes(&self, read: &Read) -> BTreeSet<Cause> {
        let second = read.path.get(1).map(String::as_str);
        match (read.path.first().map(String::as_str), second) {
            (Some("steps"), Some(id)) if self.skipped.contains(id) => BTreeSet::new(),
            (Some("steps"), Some(id)) => {
                BTreeSet::from([Cause::Step(format!("{}{id}", self.prefix))])
            }
            (Some("steps" | "response" | "status"), _) => {
                BTreeSet::from([Cause::Step(String::new())])
            }
            (Some("run"), None | Some("id")) => BTreeSet::from([Cause::Run]),
            (Some("target"), None | Some("server")) if self.is_server_unknown => {
                BTreeSet::from([Cause::Run])
            }
            (Some("vars"), Some(name)) => self.vars.get(name).cloned().unwrap_or_default(),
            (Some("inputs"), Some(name)) => self.inputs.get(name).cloned().unwrap_or_default(),
            (Some("inputs"), None) => self.inputs.values().flatten().cloned().collect(),
            (Some("vars"), None) => self.vars.values().flatten().cloned().collect(),
            (Some(name), _) if self.rows.iter().any(|row| row == name) => {
                BTreeSet::from([Cause::Row])
            }
            _ => BTreeSet::new(),
        }
    }

    /// Whether a read has a value.
    pub fn is_known(&self, read: &Read) -> bool {
        self.causes(read).is_empty()
    }

    /// What has to happen before all of these have values.
    pub fn of_all<'r>(&self, reads: impl IntoIterator<Item = &'r Read>) -> BTreeSet<Cause> {
        reads
            .into_iter()
            .flat_map(|read| self.causes(read))
            .collect()
    }

    /// The mark for what some reads wait for.
    pub fn mark(&self, reads: &[Read]) -> String {
        mark(&self.of_all(reads))
    }
}

/// What stands where a value is not known: `(known after steps.promote)`, `(input tier, not given)`.
pub fn mark(causes: &BTreeSet<Cause>) -> String {
    let inputs: Vec<&str> = causes
        .iter()
        .filter_map(|cause| match cause {
            Cause::Input(name) => Some(name.as_str()),
            Cause::Step(_) | Cause::Row | Cause::Run => None,
        })
        .collect();
    match inputs.as_slice() {
        [] => {}
        [only] => return format!("(input {only}, not given)"),
        several => return format!("(inputs {}, not given)", several.join(", ")),
    }
    let steps: Vec<String> = causes
        .iter()
        .filter_map(|cause| match cause {
            Cause::Step(id) if id.is_empty() => Some("earlier steps".to_owned()),
            Cause::Step(id) => Some(format!("steps.{id}")),
            Cause::Input(_) | Cause::Row | Cause::Run => None,
        })
        .collect();
    if !steps.is_empty() {
        format!("(known after {})", steps.join(", "))
    } else if causes.contains(&Cause::Row) {
        "(known for each row)".to_owned()
    } else {
        "(known when the run starts)".to_owned()
    }
}
