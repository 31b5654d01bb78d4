//! Parameters → what goes over the wire: the body, the query, the files. It knows no HTTP.

use crate::template::{Name, Template, TemplateError, View};
use crate::value::{Value, map_with_room_for};

use super::{Action, Encoding, Scalars, TargetFacts};

/// A tree of templates.
#[derive(Debug)]
pub(super) enum Shape {
    /// A value that needs no rendering.
    Fixed(Value),
    /// A template; one that is only a path may have no value.
    Template(Template),
    /// A list.
    List(Vec<Shape>),
    /// An object.
    Map(Vec<Member>),
    /// A list made from a list: `item` is what the shape of an item sees.
    Each {
        /// The list.
        over: Template,
        /// What becomes of each of its items.
        item: Box<Shape>,
    },
}

/// A member of an object.
#[derive(Debug)]
pub(super) enum Member {
    /// A key and its value.
    Key(String, Shape),
    /// The keys of another object, none of which may be there already.
    Merge(Template),
}

/// Why parameters have no body, and at which part of the action's body.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct RenderError {
    /// JSON pointer of the part of the body (or the name of the part of the query).
    pub pointer: String,
    /// What is wrong, in one sentence without a full stop; it may hold values.
    pub message: String,
}

/// The files that a call carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachments {
    /// The name of the part of each file.
    pub part: String,
    /// The paths as the playbook has them.
    pub paths: Vec<String>,
}

impl Action {
    /// The body for these parameters, as it is sent; none where the call has no body.
    ///
    /// Of a multipart body, the object of its parts that are text, in their order: an object or a
    /// list in it has become its JSON text.
    ///
    /// # Errors
    /// Where a template has no value for these parameters, which the schema of the parameters
    /// should have kept from happening.
    pub fn body(&self, with: &Value, target: &TargetFacts) -> Result<Option<Value>, RenderError> {
        let Some(shape) = &self.body else {
            return Ok(None);
        };
        let with = self.with_defaults(with);
        let target = target.to_value();
        let seen = [("with", &*with), ("target", &target)];
        let mut body = shape.render_whole(&seen)?;
        if self.scalars == Scalars::AsText {
            body = body.with_scalars_as_text();
        }
        if self.encoding == Encoding::Multipart {
            body = as_parts(body)?;
        }
        Ok(Some(body))
    }

    /// The parts of the query in their order, before they are encoded.
    pub fn query(
        &self,
        with: &Value,
        target: &TargetFacts,
    ) -> Result<Vec<(String, String)>, RenderError> {
        if self.query.is_empty() {
            return Ok(Vec::new());
        }
        let with = self.with_defaults(with);
        let target = target.to_value();
        let seen = [("with", &*with), ("target", &target)];
        let mut query = Vec::new();
        for (name, shape) in &self.query {
            if let Some(value) = shape.render(&seen).map_err(|error| error.within(name))? {
                let text = value.scalar_text().ok_or_else(|| RenderError {
                    pointer: format!("/{name}"),
                    message: format!("`{name}` in the query must be text"),
                })?;
                query.push((name.clone(), text));
            }
        }
        Ok(query)
    }

    /// The files that these parameters attach; none where there are none.
    pub fn attachments(
        &self,
        with: &Value,
        target: &TargetFacts,
    ) -> Result<Option<Attachments>, RenderError> {
        let Some(rule) = &self.files else {
            return Ok(None);
        };
        let paths: Vec<String> = match with.get(&rule.from) {
            Some(Value::Text(path)) => vec![path.clone()],
            Some(Value::List(paths)) => {
                let texts = paths.iter().filter_map(Value::as_text);
                texts.map(str::to_owned).collect()
            }
            _ => Vec::new(),
        };
        if paths.is_empty() {
            return Ok(None);
        }
        let with = self.with_defaults(with);
        let target = target.to_value();
        let seen = [("with", &*with), ("target", &target)];
        let part = rule
            .part
            .render(&seen)
            .map_err(|error| failed(&error))?
            .scalar_text()
            .ok_or_else(|| RenderError {
                pointer: String::new(),
                message: "the name of a file's part must be text".to_owned(),
            })?;
        Ok(Some(Attachments { part, paths }))
    }
}

impl RenderError {
    /// The same, seen from one level further out.
    fn within(mut self, key: impl std::fmt::Display) -> Self {
        self.pointer = format!("/{key}{}", self.pointer);
        self
    }
}

impl Shape {
    /// The value of a shape that is there whatever its templates find.
    pub(super) fn render_whole(&self, seen: &[Name<'_>]) -> Result<Value, RenderError> {
        Ok(self.render(seen)?.unwrap_or_else(super::nothing))
    }

    /// The value; none where the shape is only a path to something that is not there.
    pub(super) fn render(&self, seen: &[Name<'_>]) -> Result<Option<Value>, RenderError> {
        match self {
            Self::Fixed(value) => Ok(Some(value.clone())),
            Self::Template(template) => template
                .render_optional(View::from(seen))
                .map_err(|error| failed(&error)),
            Self::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    list.extend(item.render(seen).map_err(|error| error.within(index))?);
                }
                Ok(Some(Value::List(list)))
            }
            Self::Map(members) => render_map(members, seen).map(Some),
            Self::Each { over, item } => render_each(over, item, seen),
        }
    }
}

fn render_map(members: &[Member], seen: &[Name<'_>]) -> Result<Value, RenderError> {
    let mut map = map_with_room_for(members.len());
    for member in members {
        match member {
            Member::Key(key, shape) => {
                if let Some(value) = shape.render(seen).map_err(|error| error.within(key))? {
                    map.insert(key.clone(), value);
                }
            }
            Member::Merge(template) => {
                let value = template
                    .render(View::from(seen))
                    .map_err(|error| failed(&error))?;
                let Value::Map(more) = value else {
                    return Err(wrong("", "what is merged must be an object"));
                };
                for (key, value) in more {
                    // Data must not take the place of a key that the action itself sets.
                    if map.insert(key.clone(), value).is_some() {
                        let message = format!("`{key}` is set by the action and cannot be given");
                        return Err(wrong("", message));
                    }
                }
            }
        }
    }
    Ok(Value::Map(map))
}

fn render_each(
    over: &Template,
    item: &Shape,
    seen: &[Name<'_>],
) -> Result<Option<Value>, RenderError> {
    let rows = match over.render_optional(View::from(seen)) {
        Ok(Some(Value::List(rows))) => rows,
        Ok(Some(_)) => return Err(wrong("", "this must be a list")),
        Ok(None) => return Ok(None),
        Err(error) => return Err(failed(&error)),
    };
    let mut list = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        let mut inner = seen.to_vec();
        inner.push(("item", row));
        list.extend(item.render(&inner).map_err(|error| error.within(index))?);
    }
    Ok(Some(Value::List(list)))
}

/// The text of each part of a form.
pub(super) fn as_parts(body: Value) -> Result<Value, RenderError> {
    let Value::Map(parts) = body else {
        return Err(wrong("", "the body of a form must be an object"));
    };
    let text = |(name, value): (String, Value)| {
        let text = match value {
            Value::List(_) | Value::Map(_) => value.to_json_text(),
            other => other.scalar_text().ok_or_else(|| {
                wrong(
                    &format!("/{name}"),
                    format!("`{name}` is null, which a form cannot say"),
                )
            })?,
        };
        Ok((name, Value::Text(text)))
    };
    Ok(Value::Map(
        parts.into_iter().map(text).collect::<Result<_, _>>()?,
    ))
}

pub(super) fn wrong(at: &str, message: impl Into<String>) -> RenderError {
    RenderError {
        pointer: at.to_owned(),
        message: message.into(),
    }
}

pub(super) fn failed(error: &TemplateError) -> RenderError {
    wrong("", error.message.clone())
}
