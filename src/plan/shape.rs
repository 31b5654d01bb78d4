//! What is known of a value before there is one: its type, and the members of an object. Of what is not known nothing
//! is said.

mod ids;
mod items;
mod known;
mod params;
mod references;

use serde_json::Value as Schema;

use crate::value::{Map, Number, Value};

pub(super) use known::Shapes;
pub(super) use references::Compiled;

/// Names, each with what is known of its value.
pub(super) type Members = Vec<(String, Shape)>;

/// What is known of a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// Nothing.
    Any,
    /// It is true or false.
    Flag,
    /// It is a number.
    Number,
    /// It is text.
    Text,
    /// It is one of these, which are of one type.
    OneOf(Vec<Value>),
    /// It is a list of such items.
    List(Box<Self>),
    /// It is an object.
    Object {
        /// Its members, as far as they are known.
        members: Members,
        /// Whether it has no others.
        is_closed: bool,
    },
}

/// A path that leads nowhere.
#[derive(Debug, PartialEq)]
pub(super) struct Astray<'s> {
    /// How many of its keys lead to what lacks the next one.
    pub(super) keys: usize,
    /// What that is.
    pub(super) of: &'s Shape,
}

impl Shape {
    /// What a JSON Schema says of values, where it says one thing: a list of types says nothing.
    pub(super) fn of_schema(schema: &Schema) -> Self {
        if let Some(choice) = Self::of_choice(schema) {
            return choice;
        }
        match schema.get("type").and_then(Schema::as_str) {
            Some("string") => Self::Text,
            Some("integer" | "number") => Self::Number,
            Some("boolean") => Self::Flag,
            Some("array") => Self::List(Box::new(match schema.get("prefixItems") {
                Some(_) => Self::Any,
                None => schema.get("items").map_or(Self::Any, Self::of_schema),
            })),
            Some("object") => {
                let named = schema.get("properties").and_then(Schema::as_object);
                let named = named.into_iter().flatten();
                let closed = Some(&Schema::Bool(false));
                Self::Object {
                    members: named
                        .map(|(name, schema)| (name.clone(), Self::of_schema(schema)))
                        .collect(),
                    is_closed: schema.get("additionalProperties") == closed
                        && schema.get("patternProperties").is_none(),
                }
            }
            _ => Self::Any,
        }
    }

    /// What `enum` or `const` says.
    fn of_choice(schema: &Schema) -> Option<Self> {
        let values = match (schema.get("enum"), schema.get("const")) {
            (Some(values), _) => values.as_array()?.clone(),
            (None, Some(value)) => vec![value.clone()],
            (None, None) => return None,
        };
        let values: Vec<Value> = values.into_iter().map(Value::from).collect();
        let first = Self::type_of(values.first()?)?;
        let is_scalar = matches!(first, Self::Flag | Self::Number | Self::Text);
        let is_alike = |value: &Value| Self::type_of(value).as_ref() == Some(&first);
        (is_scalar && values.iter().all(is_alike)).then_some(Self::OneOf(values))
    }

    /// What a value that is written out tells: of a list and an object that it is one.
    pub(super) fn of_value(value: &Value) -> Self {
        Self::type_of(value).unwrap_or(Self::Any)
    }

    fn type_of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => return None,
            Value::Bool(_) => Self::Flag,
            Value::Number(_) => Self::Number,
            Value::Text(_) => Self::Text,
            Value::List(_) => Self::List(Box::new(Self::Any)),
            Value::Map(_) => Self::Object {
                members: Members::default(),
                is_closed: false,
            },
        })
    }

    /// An object with these members and no others.
    pub(super) const fn closed(members: Members) -> Self {
        Self::Object {
            members,
            is_closed: true,
        }
    }

    /// Its type alone.
    pub(super) fn kind(&self) -> Self {
        match self {
            Self::OneOf(values) => values.first().map_or(Self::Any, Self::of_value),
            other => other.clone(),
        }
    }

    /// What stands at the end of some keys.
    pub(super) fn at(&self, keys: &[String]) -> Result<&Self, Astray<'_>> {
        let mut shape = self;
        for (index, key) in keys.iter().enumerate() {
            let is_index = key.bytes().all(|byte| byte.is_ascii_digit());
            shape = match shape {
                Self::Any => return Ok(&Self::Any),
                Self::List(item) if is_index => item,
                // A character of it.
                Self::Text | Self::OneOf(_) if is_index => return Ok(&Self::Any),
                Self::Object { members, is_closed } => {
                    match members.iter().find(|(name, _)| name == key) {
                        Some((_, member)) => member,
                        None if *is_closed => {
                            return Err(Astray {
                                keys: index,
                                of: shape,
                            });
                        }
                        None => &Self::Any,
                    }
                }
                _ => {
                    return Err(Astray {
                        keys: index,
                        of: shape,
                    });
                }
            };
        }
        Ok(shape)
    }

    /// The names of its members, in their order.
    pub(super) fn names(&self) -> Vec<&str> {
        match self {
            Self::Object { members, .. } => members.iter().map(|(name, _)| name.as_str()).collect(),
            _ => Vec::new(),
        }
    }

    /// The words for its type in messages; none where it is not known.
    pub(super) fn words(&self) -> Option<&'static str> {
        Some(match self.kind() {
            Self::Any | Self::OneOf(_) => return None,
            Self::Flag => "a boolean",
            Self::Number => "a number",
            Self::Text => "text",
            Self::List(_) => "a list",
            Self::Object { .. } => "an object",
        })
    }

    /// A value of its type, for what asks for a type and nothing else; none where it is not known.
    pub(super) fn sample(&self) -> Option<Value> {
        Some(match self.kind() {
            Self::Any | Self::OneOf(_) => return None,
            Self::Flag => Value::Bool(true),
            Self::Number => Value::Number(Number::from(1_u64)),
            Self::Text => Value::Text(super::partial::HOLE.to_owned()),
            Self::List(_) => Value::List(Vec::new()),
            Self::Object { .. } => Value::Map(Map::default()),
        })
    }
}
