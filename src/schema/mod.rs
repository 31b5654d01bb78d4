//! JSON Schema 2020-12: the one door to the validator. Offline, strict about the schemas themselves.
//!
//! It knows values and their schemas, and nothing of what they describe.

mod blank;
mod explain;
mod format;
mod keyword;
mod lint;
mod node;
mod pattern;
mod plain_number;
mod violation;

use std::fmt;
use std::sync::{Arc, OnceLock};

use jsonschema::{Draft, Retrieve, ValidationError, ValidationOptions, Validator};
use serde_json::Value as Json;

use crate::document::Node;
use crate::source::Span;
use crate::value::Value;
use node::Values;

pub use explain::subject_words;
pub use format::words as format_in_words;
pub use plain_number::KEYWORD as PLAIN_NUMBER;
pub use violation::{Violation, ViolationKind};

/// A schema that is ready to check values.
pub struct Schema {
    raw: Json,
    validator: OnceLock<Validator<Values>>,
}

/// What is wrong with a schema, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SchemaError {
    /// JSON pointer of the part of the schema that is wrong.
    pub pointer: String,
    /// Whether it is the keyword there that is wrong, rather than its value.
    pub is_of_keyword: bool,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to do, where that is known.
    pub help: Option<String>,
}

impl SchemaError {
    /// Where it belongs in the text that the schema was read from.
    pub fn span_in(&self, schema: &Node) -> Span {
        let nearest = schema.nearest(&self.pointer);
        nearest
            .key
            .filter(|_| self.is_of_keyword && nearest.is_exact())
            .unwrap_or_else(|| nearest.span())
    }
}

impl Schema {
    /// Makes a schema ready for use. Nothing is fetched: a `$ref` stays inside the schema.
    ///
    /// # Errors
    /// Where it is not a valid schema of draft 2020-12, or holds a keyword or a format that the
    /// draft does not know and that would therefore check nothing (`typ`). Keywords of one's own
    /// begin with `x-`.
    pub fn compile(schema: &Json) -> Result<Self, SchemaError> {
        let options = options();
        lint::check(schema, &|name| {
            options.is_known_format(Draft::Draft202012, name)
        })?;
        let validator = build(&options, schema).map_err(|error| explain::of_schema(&error))?;
        Ok(Self {
            raw: schema.clone(),
            validator: validator.into(),
        })
    }

    /// A schema that is part of the program, made ready when a value is checked. A test has to [`Schema::compile`]
    /// it: with a wrong one, the check of a value panics.
    pub(crate) const fn known(schema: Json) -> Self {
        Self {
            raw: schema,
            validator: OnceLock::new(),
        }
    }

    fn validator(&self) -> &Validator<Values> {
        self.validator.get_or_init(|| {
            build(&options(), &self.raw).expect("a test compiles every schema of the program")
        })
    }

    /// The schema as it was written.
    pub const fn as_json(&self) -> &Json {
        &self.raw
    }

    /// Everything in the value that breaks the schema; nothing where it fits. A misspelt key is one
    /// violation, not two: the key that it was meant to be does not count as missing.
    pub fn violations(&self, value: &Value) -> Vec<Violation> {
        let validator = self.validator();
        if validator.is_valid(value) {
            return Vec::new();
        }
        let mut found: Vec<Violation> = Vec::new();
        for error in validator.iter_errors(value) {
            for violation in explain::of_instance(&error, &self.raw) {
                if !found.contains(&violation) {
                    found.push(violation);
                }
            }
        }
        let meant: Vec<(String, String)> = found
            .iter()
            .filter_map(|unknown| {
                let key = unknown.meant_key(value)?;
                Some((unknown.pointer.clone(), key.to_owned()))
            })
            .collect();
        found.retain(|violation| {
            let is_meant = |(pointer, key): &(String, String)| {
                *pointer == violation.pointer && Some(key) == violation.key.as_ref()
            };
            !(matches!(violation.kind, ViolationKind::MissingKey { .. })
                && meant.iter().any(is_meant))
        });
        without_types_of_numbers(&mut found);
        found
    }
}

/// Where a number is not written as its action wants it, that says more than which types fit.
fn without_types_of_numbers(found: &mut Vec<Violation>) {
    let is_spelled_wrong = |violation: &&Violation| {
        let keyword = violation.schema_path.rsplit('/').next();
        keyword == Some(plain_number::KEYWORD)
    };
    let spelled_wrong = found.iter().filter(is_spelled_wrong);
    let places: Vec<String> = spelled_wrong
        .map(|violation| violation.pointer.clone())
        .collect();
    found.retain(|violation| {
        !(matches!(violation.kind, ViolationKind::WrongType { .. })
            && places.contains(&violation.pointer))
    });
}

/// How schemas are compiled and values checked.
type Options = ValidationOptions<'static, Arc<dyn Retrieve>, Values>;

fn options() -> Options {
    let options = blank::with_not_blank(jsonschema::options_for::<Values>());
    let options = plain_number::with_plain_number(options);
    format::with_own_formats(options)
        .with_draft(Draft::Draft202012)
        .offline()
        .should_validate_formats(true)
        .should_ignore_unknown_formats(false)
}

fn build(options: &Options, schema: &Json) -> Result<Validator<Values>, ValidationError<'static>> {
    let mut schema = schema.clone();
    blank::put_into(&mut schema);
    options.build(&schema)
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Schema").field(&self.raw).finish()
    }
}

/// The steps of a JSON pointer, unescaped.
fn steps(pointer: &str) -> impl Iterator<Item = String> {
    pointer
        .split('/')
        .skip(1)
        .map(|step| step.replace("~1", "/").replace("~0", "~"))
}

#[cfg(test)]
mod tests;
