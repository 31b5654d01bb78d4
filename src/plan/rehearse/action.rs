//! One step that performs an action, before the run: its parameters against the schema, its files, its advice.

use std::path::PathBuf;

use indexmap::IndexMap;

use super::Rehearser;
use crate::action::Action;
use crate::attachment::fits_a_header;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::plan::findings::{Subject, violation_diagnostic};
use crate::plan::partial::Partial;
use crate::plan::{PlannedAction, PlannedStep};
use crate::reading::{is_token, literal_token};
use crate::request;
use crate::schema::{Violation, ViolationKind};
use crate::value::{Value, is_blank};

impl Rehearser<'_> {
    pub(in crate::plan) fn check_action(
        &self,
        step: &PlannedStep,
        planned: &PlannedAction,
        partial: &Partial<'_>,
        findings: &mut Vec<Diagnostic>,
    ) {
        let source = step.home.source();
        let action = &planned.action;
        let what = format!("`with` of {}", action.name());
        let subject = Subject {
            what: &what,
            node: &planned.with_node,
            key: Some(planned.with_span),
            source,
            advice: crate::playbook::belongs,
        };
        findings.extend(partial.errors.iter().map(|error| error.diagnostic(source)));
        if planned.with_node.entries().is_none() {
            // That was said, and its schema could only say it again.
            return;
        }
        let known = action.params_schema().get("properties");
        let is_known = |key: &str| known.is_some_and(|known| known.get(key).is_some());
        let given = planned.with_node.entries().unwrap_or_default().iter();
        findings.extend(
            given
                .filter(|entry| !is_known(&entry.key) && is_token(entry))
                .map(|entry| literal_token(source, entry.value.span)),
        );
        let violations: Vec<Violation> = action
            .check_params(&partial.value)
            .into_iter()
            .filter(|violation| stands(violation, partial))
            .collect();
        findings.extend(
            violations
                .iter()
                .map(|violation| violation_diagnostic(violation, subject, &partial.value)),
        );
        if self.facts.run.is_none() {
            findings.extend(advice(action, partial, subject));
        }
        if self.looks_at_files() {
            self.check_files(step, planned, partial, findings);
        }
        let (Some(target), true) = (
            self.facts.target,
            partial.holes.is_empty() && violations.is_empty(),
        ) else {
            return;
        };
        if let Err(problem) = request::render(action, &partial.value, target, Vec::new()) {
            findings.push(
                Diagnostic::error(Code::InvalidAction, problem.to_string())
                    .at(source, planned.with_span),
            );
        }
    }

    /// The files that a step attaches, as far as they are known and can be read.
    pub(super) fn attached(
        &self,
        step: &PlannedStep,
        planned: &PlannedAction,
        partial: &Partial<'_>,
    ) -> Vec<(String, PathBuf)> {
        let files = step.home.files(self.facts.files);
        let named = planned.action.file_param().into_iter();
        named
            .flat_map(|param| file_paths(param, &partial.value))
            .filter(|(pointer, _)| !partial.is_hole(pointer))
            .filter_map(|(_, written)| {
                let resolved = files.resolve(&written).ok()?;
                Some((step.home.label(&written), resolved.path))
            })
            .collect()
    }

    fn check_files(
        &self,
        step: &PlannedStep,
        planned: &PlannedAction,
        partial: &Partial<'_>,
        findings: &mut Vec<Diagnostic>,
    ) {
        let Some(param) = planned.action.file_param() else {
            return;
        };
        let source = step.home.source();
        let files = step.home.files(self.facts.files);
        for (pointer, written) in file_paths(param, &partial.value) {
            // That a path is blank, its schema says.
            if partial.is_hole(&pointer) || is_blank(&written) {
                continue;
            }
            let span = planned.with_node.nearest(&pointer).span();
            match files.resolve(&written) {
                Err(diagnostic) => findings.push(diagnostic.at(source, span)),
                Ok(_) if !is_nameable(&written) => findings.push(
                    Diagnostic::error(
                        Code::InvalidValue,
                        format!("the file name {written:?} holds a control character"),
                    )
                    .at(source, span)
                    .help("no form can name such a file: give it another name"),
                ),
                Ok(_) if !planned.action.lists_extension_of(&written) => findings.push(
                    Diagnostic::warning(
                        Code::FileExtension,
                        format!("the vendor does not list files such as {written}"),
                    )
                    .at(source, span)
                    .help(format!(
                        "listed: {}",
                        planned.action.extensions().join(", ")
                    )),
                ),
                Ok(_) => {}
            }
        }
    }
}

/// What the action advises and these parameters do not follow: for who writes the playbook, not for each of its runs.
pub(super) fn advice(
    action: &Action,
    partial: &Partial<'_>,
    subject: Subject<'_>,
) -> Vec<Diagnostic> {
    let found = action.advice(&partial.value).into_iter();
    found
        .filter(|(violation, _)| stands(violation, partial))
        .map(|(violation, because)| Diagnostic {
            code: Code::Advice,
            severity: Severity::Warning,
            message: format!("{}: {because}", subject.what),
            help: None,
            ..violation_diagnostic(&violation, subject, &partial.value)
        })
        .collect()
}

/// Whether a violation stands whatever the holes turn out to hold.
pub(in crate::plan) fn stands(violation: &Violation, partial: &Partial<'_>) -> bool {
    if partial.is_hole(&violation.pointer) {
        // What stands in a hole has none of its own, but its template may have some around it.
        return matches!(violation.kind, ViolationKind::Padded);
    }
    if matches!(violation.kind, ViolationKind::Unique) && partial.touches_hole(&violation.pointer) {
        return false;
    }
    match &violation.rests_on {
        Some(place) => {
            !partial.touches_hole(place) && (!place.is_empty() || partial.holes.is_empty())
        }
        None => !violation.conditional || partial.holes.is_empty(),
    }
}

/// Whether a form can name a file, as it is written; it names the last part of the path.
fn is_nameable(written: &str) -> bool {
    let name = std::path::Path::new(written).file_name();
    name.is_none_or(|name| fits_a_header(&name.to_string_lossy()))
}

/// The paths that a file parameter names, each with its JSON pointer in `with`.
pub fn file_paths(param: &str, with: &Value) -> IndexMap<String, String> {
    let mut paths = IndexMap::new();
    match with.get(param) {
        Some(Value::Text(path)) => {
            paths.insert(format!("/{param}"), path.clone());
        }
        Some(Value::List(items)) => {
            for (index, item) in items.iter().enumerate() {
                if let Value::Text(path) = item {
                    paths.insert(format!("/{param}/{index}"), path.clone());
                }
            }
        }
        _ => {}
    }
    paths
}
