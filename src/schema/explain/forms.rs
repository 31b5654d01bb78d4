//! A value that fits none of several forms: the violations of the one that was meant, or what to say of all.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value as Json;

use super::rule::{types, wrong_type};
use super::{describe, parent};
use crate::schema::{Violation, ViolationKind, blank};

/// The violations of the one alternative that was meant, told by its type; else what to say of all.
pub(super) fn alternatives(
    error: &ValidationError<'_>,
    context: &[Vec<ValidationError<'static>>],
    schema: &Json,
) -> Result<Vec<Violation>, (ViolationKind, String)> {
    let own = error.instance_path().as_str();
    let is_here = |error: &ValidationError<'_>| error.instance_path().as_str() == own;
    let is_other_type =
        |error: &ValidationError<'_>| is_here(error) && matches!(error.kind(), Kind::Type { .. });
    let is_other_value = |error: &ValidationError<'_>| {
        is_here(error) && matches!(error.kind(), Kind::Constant { .. } | Kind::Enum { .. })
    };
    let mut meant: Vec<_> = context
        .iter()
        .filter(|branch| !branch.iter().any(is_other_type))
        .collect();
    if meant.len() > 1 {
        // `{ const: "" }` beside a format: the format is what the author tried to fit.
        meant.retain(|branch| !branch.iter().any(is_other_value));
    }
    match meant.as_slice() {
        [branch] => Ok(branch
            .iter()
            .flat_map(|error| describe(error, schema, error.instance_path().as_str(), Some(own)))
            .collect()),
        [] => {
            let mut wanted: Vec<String> = Vec::new();
            for name in context
                .iter()
                .flatten()
                .filter(|error| is_other_type(error))
                .flat_map(types)
            {
                if !wanted.contains(&name) {
                    wanted.push(name);
                }
            }
            let mut places = context.iter().flatten().filter_map(|error| {
                let path = error.schema_path().as_str();
                schema.pointer(parent(path)?)
            });
            Err(wrong_type(error, wanted, places.any(blank::is_of_id)))
        }
        several => {
            let advice = forms(several, schema);
            Err((
                ViolationKind::Forms { advice },
                "fits none of the allowed forms".to_owned(),
            ))
        }
    }
}

/// How many forms are told of.
const MOST_FORMS: usize = 3;

/// What keeps the value from each of the forms that it might have been meant to have.
pub(super) fn forms(branches: &[&Vec<ValidationError<'static>>], schema: &Json) -> String {
    let first = |branch: &&Vec<ValidationError<'static>>| {
        let error = branch.first()?;
        let told = describe(error, schema, error.instance_path().as_str(), None);
        told.into_iter().next().map(|violation| violation.message)
    };
    let told: Vec<String> = branches.iter().filter_map(first).collect();
    let mut words: Vec<String> = Vec::new();
    for (index, message) in told.iter().take(MOST_FORMS).enumerate() {
        words.push(format!("form {}: {message}", index + 1));
    }
    if told.len() > MOST_FORMS {
        words.push(format!("and {} more", told.len() - MOST_FORMS));
    }
    words.join("; ")
}
