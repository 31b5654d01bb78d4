//! One place where a value breaks its schema, and what to do about it.

use super::{format, steps};
use crate::diagnostic::{did_you_mean, nearest};
use crate::document::Node;
use crate::source::Span;
use crate::value::{Number, Value, unseen_end};

/// One place where a value breaks its schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// JSON pointer of the value that is wrong; for a key, of the object that has or lacks it.
    pub pointer: String,
    /// The unknown or missing key.
    pub key: Option<String>,
    /// The kind of violation.
    pub kind: ViolationKind,
    /// What is wrong, in one sentence without a full stop and without the value.
    pub message: String,
    /// JSON pointer of the keyword that says so, in the schema.
    pub schema_path: String,
    /// Whether the rule holds only by a condition on values (`if`, `anyOf`, `oneOf`, `not`,
    /// `contains`): while values are still unknown, such a violation may go away.
    pub conditional: bool,
    /// Where `conditional`: JSON pointer of the value that the condition looks at. The violation
    /// stands whatever the unknown values turn out to be, unless one lies at or below this place.
    pub rests_on: Option<String>,
}

/// The kinds of violations.
#[derive(Debug, Clone, PartialEq)]
pub enum ViolationKind {
    /// A key that the schema does not know.
    UnknownKey {
        /// The keys that it knows at that place.
        known: Vec<String>,
    },
    /// A key that must be there.
    MissingKey {
        /// What the schema says that it is for.
        description: Option<String>,
    },
    /// Another type of value is wanted.
    WrongType {
        /// The names of the wanted types, as JSON Schema has them.
        wanted: Vec<String>,
        /// Whether the value is a null, which is a blank in another spelling.
        is_null: bool,
        /// Whether something must stand there.
        required: bool,
        /// Whether the text that is wanted is an id: one that white space makes another text of.
        of_id: bool,
    },
    /// A value that is not on the list.
    Enum {
        /// The list.
        allowed: Vec<Value>,
    },
    /// Not the one value that is allowed.
    Const {
        /// That value.
        wanted: Value,
    },
    /// Text in which nothing can be seen.
    Blank,
    /// Text with white space before or behind it, where that makes another text of it.
    Padded,
    /// Text that does not match its pattern.
    Pattern,
    /// Text that does not have its format.
    Format {
        /// The name of the format.
        format: String,
    },
    /// Too short, too long, too few, too many, too small, too large.
    Bounds,
    /// A list with the same item twice.
    Unique,
    /// Not exactly one, or none, of several allowed forms.
    Forms {
        /// What to do about it; it may name keys of the value.
        advice: String,
    },
    /// Anything else.
    Other,
}

impl Violation {
    /// Where it belongs in the text that the checked value was read from, the value being the node
    /// at the JSON pointer `base`: at what is wrong, or at the unknown key. A missing key is told at
    /// the key of the object that lacks it.
    pub fn span_in(&self, root: &Node, base: &str) -> Span {
        let nearest = root.nearest(&format!("{base}{}", self.pointer));
        let unknown = self
            .key
            .as_ref()
            .and_then(|key| nearest.node.entry(key))
            .map(|entry| entry.key_span);
        unknown.unwrap_or_else(|| nearest.span())
    }

    /// What to do about it, where that can be said; `instance` is the whole value that was checked.
    pub fn help(&self, instance: &Value) -> Option<String> {
        let here = self.value_in(instance);
        match &self.kind {
            ViolationKind::UnknownKey { known } => {
                let absent = self.absent_keys(instance);
                let all_there =
                    || "take it out: all that is known here is there already".to_owned();
                did_you_mean(self.key.as_deref()?, absent)
                    .or_else(|| (!known.is_empty()).then(all_there))
            }
            ViolationKind::MissingKey { description } => description.clone(),
            ViolationKind::WrongType {
                is_null: true,
                required: true,
                ..
            } => Some("give it a value".to_owned()),
            ViolationKind::WrongType { wanted, .. } => quoting(wanted, here?),
            ViolationKind::Blank => {
                Some("give it a value: nothing can be seen in what stands here".to_owned())
            }
            ViolationKind::Padded => {
                let text = here?.as_text()?;
                Some(if unseen_end(text).is_some() {
                    format!("it is {text:?}: look the record up, and give its id without it")
                } else {
                    format!("it is {text:?}: take the white space away")
                })
            }
            ViolationKind::Forms { advice } => Some(advice.clone()),
            ViolationKind::Enum { allowed } => {
                let here = here?;
                let written = here.scalar_text()?;
                let texts = allowed.iter().filter_map(Value::as_text);
                let is_same = |value: &&Value| value.scalar_text().as_ref() == Some(&written);
                match (here, allowed.iter().find(is_same)) {
                    (Value::Text(_), Some(_)) => Some("write it without quotes".to_owned()),
                    (_, Some(_)) => Some("write it in quotes".to_owned()),
                    // A number is not a misspelling of another one.
                    (Value::Number(_), None) => None,
                    _ => {
                        let name = nearest(&written, texts)?;
                        Some(format!("did you mean `{name}`?"))
                    }
                }
            }
            ViolationKind::Format { format } => {
                Some(format!("it is written {}", format::words(format)))
            }
            _ => None,
        }
    }

    /// Whether it says that a value fits none of the forms that it may have, which rests on nothing but that value.
    pub fn is_of_every_form(&self) -> bool {
        let mut path = steps(&self.schema_path).collect::<Vec<_>>().into_iter();
        let is_form = matches!(path.next_back().as_deref(), Some("anyOf" | "oneOf"));
        let other = ["if", "then", "else", "not", "contains", "anyOf", "oneOf"];
        is_form
            && self.rests_on.as_ref() == Some(&self.pointer)
            && !path.any(|step| other.contains(&step.as_str()))
    }

    /// The missing key that this unknown key was surely meant to be.
    pub fn meant_key<'a>(&'a self, instance: &'a Value) -> Option<&'a str> {
        nearest(self.key.as_deref()?, self.absent_keys(instance))
    }

    /// The keys that the schema knows where this unknown one stands, and that are not there yet.
    fn absent_keys<'a>(&'a self, instance: &'a Value) -> impl Iterator<Item = &'a str> + Clone {
        let known = match &self.kind {
            ViolationKind::UnknownKey { known } => known.as_slice(),
            _ => &[],
        };
        let here = self.value_in(instance);
        let absent = move |key: &&str| here.is_none_or(|map| map.get(key).is_none());
        known.iter().map(String::as_str).filter(absent)
    }

    /// The value that is wrong, in the whole value that was checked.
    pub fn value_in<'a>(&self, instance: &'a Value) -> Option<&'a Value> {
        steps(&self.pointer).try_fold(instance, |value, step| value.get(&step))
    }
}

fn quoting(wanted: &[String], written: &Value) -> Option<String> {
    let wants = |name: &str| wanted.iter().any(|wanted| wanted == name);
    let help = match written {
        Value::Number(_) if wants("integer") => "write a whole number",
        Value::Number(_) | Value::Bool(_) if wants("string") => {
            "write it in quotes, so that it stays as it is written"
        }
        Value::Text(text)
            if (wants("number") || wants("integer")) && Number::parse(text).is_some() =>
        {
            "write it without quotes"
        }
        Value::Text(_) if wants("boolean") => "write true or false, without quotes",
        Value::Null => "give it a value, or leave the key out",
        _ if wants("array") && !matches!(written, Value::Map(_)) => {
            "write it as a list, even when it has one item"
        }
        _ => return None,
    };
    Some(help.to_owned())
}
