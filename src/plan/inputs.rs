//! Inputs: what was given, by flag, file or environment, against what the playbook declares.

mod check;
mod missing;
mod pick;

use indexmap::IndexMap;

use self::check::fitting;
use self::missing::{is_no_mapping, missing, report_unknown};
use super::needs::Needed;
use crate::diagnostic::Diagnostic;
use crate::document::Document;
use crate::playbook::Playbook;
use crate::value::Map;

pub(super) use self::check::{check, collect_texts, schema};
pub(super) use self::missing::{how_to_give, why_nothing};
pub(super) use self::pick::{Picked, pick};

/// What the caller gives.
#[derive(Debug, Default)]
pub struct Given {
    /// `-i name=value`, in the order of the command line; a later one wins.
    pub flags: Vec<(String, String)>,
    /// `--inputs FILE`, in the order of the command line; a later one wins.
    pub files: Vec<Document>,
    /// What a run that is gone on with had before.
    pub earlier: Option<Earlier>,
    /// Whether a file was named that could not be read, so that what it gives is not known.
    pub has_unread: bool,
}

/// The inputs of an earlier stretch of a run. One that the playbook does not declare any more is passed over.
#[derive(Debug, Clone)]
pub struct Earlier {
    /// Those that were given: they count as given in a file before all others.
    pub given: Document,
    /// Those that had the playbook's default: what it is today counts, and the environment does not; where there is no
    /// default any more, what it was then.
    pub by_default: Document,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `-i`.
    Flag,
    /// A file, by its name.
    File(String),
    /// An environment variable, by its name.
    Environment(String),
    /// The playbook's own default.
    Default,
}

/// The inputs of one run.
#[derive(Debug, Default)]
pub struct Inputs {
    /// Values by name, in the order of the playbook.
    pub values: Map,
    /// Where each value came from.
    pub origins: IndexMap<String, Origin>,
    /// Names of the inputs whose value is not known: it may be given later, or what was given is wrong, and
    /// that was said.
    pub unknown: Vec<String>,
    /// Texts that must not show anywhere.
    pub secrets: Vec<String>,
}

/// Whether inputs must be complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness<'n> {
    /// For a run: a required input without a value is an error, where the run needs it.
    Required(&'n Needed),
    /// For a check: values may be given later.
    Optional,
}

/// Brings together what was given and what is declared.
///
/// Precedence: `-i`, then `--inputs`, then the environment variable of `from_env`, then the default.
/// Everything that is wrong is in the second part, at its place.
pub fn resolve(
    playbook: &Playbook,
    given: &Given,
    environment: &dyn Fn(&str) -> Option<String>,
    completeness: Completeness<'_>,
) -> (Inputs, Vec<Diagnostic>) {
    let mut findings = Vec::new();
    report_unknown(playbook, given, &mut findings);
    let is_unread = given.has_unread || given.files.iter().any(is_no_mapping);
    let mut inputs = Inputs::default();
    for input in &playbook.inputs {
        let schema = match schema(playbook, input) {
            Ok(schema) => schema,
            Err(finding) => {
                findings.push(finding);
                inputs.unknown.push(input.name.value.clone());
                continue;
            }
        };
        // Where another value takes its place, it stands in the playbook all the same, which journals and diffs show.
        if let Some(default) = input.default.as_ref().filter(|_| input.secret) {
            collect_texts(&default.to_value(), true, &mut inputs.secrets);
        }
        match pick(playbook, input, given, environment, &mut findings) {
            Picked::Value(value, origin) => {
                let value = fitting(input, &schema, value, &origin);
                if input.secret {
                    let is_default = origin == Origin::Default;
                    collect_texts(&value.node.to_value(), is_default, &mut inputs.secrets);
                }
                let before = findings.len();
                check(input, &schema, &value, &origin, &mut findings);
                if findings.len() > before {
                    inputs.unknown.push(input.name.value.clone());
                    continue;
                }
                inputs
                    .values
                    .insert(input.name.value.clone(), value.node.to_value());
                inputs.origins.insert(input.name.value.clone(), origin);
            }
            Picked::Nothing => {
                if let Completeness::Required(needed) = completeness
                    // What the file gives cannot be told from here: that it cannot be read was said.
                    && !is_unread
                {
                    // What has no declaration is wrong already, whoever reads it.
                    if !input.required && input.declaration.entries().is_some() {
                        continue;
                    }
                    if input.required && needed.has(&input.name.value) {
                        findings.push(missing(playbook, input, environment));
                    }
                }
                inputs.unknown.push(input.name.value.clone());
            }
            Picked::Wrong => inputs.unknown.push(input.name.value.clone()),
        }
    }
    (inputs, findings)
}
