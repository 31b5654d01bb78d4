//! Parameters of which parts are not known yet → what is known of the body, the query and the effect. What an
//! action only passes on is passed on with its marks; what it would compute of them becomes a mark itself.

use super::body::{Member, RenderError, Shape, as_parts, failed, wrong};
use super::{Action, Effect, Encoding, Scalars, TargetFacts};
use crate::template::{Expression, Name, Read, Template, View};
use crate::value::{Value, map_with_room_for, pointer_step};

/// Which parts of `with` are not known.
pub trait Holes {
    /// The mark of what a JSON pointer of `with` leads into; none where the place is there, marks in it or not.
    fn above(&self, pointer: &str) -> Option<String>;
    /// The mark of what is not known at a JSON pointer of `with`, where nothing of it is known, or above it.
    fn covering(&self, pointer: &str) -> Option<String>;
    /// The mark of what is not known at, above or below a JSON pointer of `with`.
    fn near(&self, pointer: &str) -> Option<String>;
}

/// An effect as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeseenEffect {
    /// The effect to reckon with: of several that are possible, the one that asks for most care.
    pub effect: Effect,
    /// Why it is not the usual one.
    pub because: Option<String>,
    /// Whether it is known.
    pub is_certain: bool,
}

/// Whether a template asks nothing of a value but what it is: a list is one, whatever its items turn out to be.
fn asks_only_shape(text: &str) -> bool {
    const WORDS: [&str; 10] = [
        "{{", "}}", "is", "not", "and", "or", "sequence", "mapping", "string", "defined",
    ];
    text.split_whitespace()
        .all(|word| WORDS.contains(&word) || word.starts_with("with."))
}

/// One rendering.
struct Foresight<'f> {
    holes: &'f dyn Holes,
    /// Where the item of the innermost list comes from.
    item: Option<String>,
}

impl Action {
    /// As [`Action::body`], with marks for what is not known.
    ///
    /// # Errors
    /// As for [`Action::body`].
    pub fn foreseen_body(
        &self,
        with: &Value,
        target: &TargetFacts,
        holes: &dyn Holes,
    ) -> Result<Option<Value>, RenderError> {
        let Some(shape) = &self.body else {
            return Ok(None);
        };
        let with = self.with_defaults(with);
        let target = target.to_value();
        let seen = [("with", &*with), ("target", &target)];
        let foresight = Foresight { holes, item: None };
        let mut body = foresight
            .shape(shape, &seen, "")?
            .unwrap_or_else(super::nothing);
        if self.scalars == Scalars::AsText {
            body = body.with_scalars_as_text();
        }
        if self.encoding == Encoding::Multipart {
            body = as_parts(body)?;
        }
        Ok(Some(body))
    }

    /// As [`Action::query`], with marks for what is not known.
    ///
    /// # Errors
    /// As for [`Action::query`].
    pub fn foreseen_query(
        &self,
        with: &Value,
        target: &TargetFacts,
        holes: &dyn Holes,
    ) -> Result<Vec<(String, String)>, RenderError> {
        let with = self.with_defaults(with);
        let target = target.to_value();
        let seen = [("with", &*with), ("target", &target)];
        let foresight = Foresight { holes, item: None };
        let mut query = Vec::new();
        for (name, shape) in &self.query {
            if let Some(value) = foresight.shape(shape, &seen, &format!("/{name}"))? {
                query.push((name.clone(), value.scalar_text().unwrap_or_default()));
            }
        }
        Ok(query)
    }

    /// As [`Action::effect`], with what is known of the parameters.
    pub fn foreseen_effect(&self, with: &Value, holes: &dyn Holes) -> ForeseenEffect {
        let with = self.with_defaults(with);
        let foresight = Foresight { holes, item: None };
        let is_open = |condition: &Expression| {
            // A parameter that is given is defined, whatever its value turns out to be.
            let asks_presence =
                condition.text().trim().ends_with(" is defined") && condition.reads().len() == 1;
            !asks_presence && foresight.unknown(condition.reads()).is_some()
        };
        match self.effect.case(&with, &is_open) {
            Ok(case) => ForeseenEffect {
                effect: case.map_or(self.effect.default(), |case| case.effect),
                because: case.map(|case| case.because.clone()),
                is_certain: true,
            },
            Err(effect) => ForeseenEffect {
                effect,
                because: None,
                is_certain: false,
            },
        }
    }
}

impl Foresight<'_> {
    fn shape(
        &self,
        shape: &Shape,
        seen: &[Name<'_>],
        at: &str,
    ) -> Result<Option<Value>, RenderError> {
        match shape {
            Shape::Fixed(value) => Ok(Some(value.clone())),
            Shape::Template(template) => self.template(template, seen, at),
            Shape::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    list.extend(self.shape(item, seen, &format!("{at}/{index}"))?);
                }
                Ok(Some(Value::List(list)))
            }
            Shape::Map(members) => self.map(members, seen, at).map(Some),
            Shape::Each { over, item } => self.each(over, item, seen, at),
        }
    }

    fn template(
        &self,
        template: &Template,
        seen: &[Name<'_>],
        at: &str,
    ) -> Result<Option<Value>, RenderError> {
        let unknown = if template.is_path() {
            // A value that is passed on takes the marks in it along.
            template.reads().iter().find_map(|read| {
                let pointer = self.pointer(read)?;
                self.holes.above(&pointer)
            })
        } else if asks_only_shape(template.text()) {
            template.reads().iter().find_map(|read| {
                let pointer = self.pointer(read)?;
                self.holes.covering(&pointer)
            })
        } else {
            self.unknown(template.reads())
        };
        match unknown {
            Some(mark) => Ok(Some(Value::Text(mark))),
            None => template
                .render_optional(View::from(seen))
                .map_err(|error| RenderError {
                    pointer: at.to_owned(),
                    ..failed(&error)
                }),
        }
    }

    fn map(&self, members: &[Member], seen: &[Name<'_>], at: &str) -> Result<Value, RenderError> {
        let mut map = map_with_room_for(members.len());
        for member in members {
            match member {
                Member::Key(key, shape) => {
                    if let Some(value) = self.shape(shape, seen, &format!("{at}/{key}"))? {
                        map.insert(key.clone(), value);
                    }
                }
                Member::Merge(template) => match self.template(template, seen, at)? {
                    Some(Value::Map(more)) => map.extend(more),
                    // Which keys there will be is not known: one that cannot be missed stands for them.
                    Some(Value::Text(mark)) => {
                        map.insert("…".to_owned(), Value::Text(mark));
                    }
                    _ => return Err(wrong(at, "what is merged must be an object")),
                },
            }
        }
        Ok(Value::Map(map))
    }

    fn each(
        &self,
        over: &Template,
        item: &Shape,
        seen: &[Name<'_>],
        at: &str,
    ) -> Result<Option<Value>, RenderError> {
        let rows = match self.template(over, seen, at)? {
            Some(Value::List(rows)) => rows,
            other => return Ok(other),
        };
        let from = over
            .is_path()
            .then(|| over.reads().first().and_then(|read| self.pointer(read)))
            .flatten();
        let mut list = Vec::with_capacity(rows.len());
        for (index, row) in rows.iter().enumerate() {
            let mut inner = seen.to_vec();
            inner.push(("item", row));
            let of_item = Foresight {
                holes: self.holes,
                item: from.as_ref().map(|from| format!("{from}/{index}")),
            };
            list.extend(of_item.shape(item, &inner, &format!("{at}/{index}"))?);
        }
        Ok(Some(Value::List(list)))
    }

    /// The mark of the first read that has something unknown in it or around it.
    fn unknown(&self, reads: &[Read]) -> Option<String> {
        reads.iter().find_map(|read| {
            let pointer = self.pointer(read)?;
            self.holes.near(&pointer)
        })
    }

    /// Where in `with` a read looks; none where it looks elsewhere.
    fn pointer(&self, read: &Read) -> Option<String> {
        let (root, keys) = read.path.split_first()?;
        let mut pointer = match root.as_str() {
            "with" => String::new(),
            "item" => self.item.clone()?,
            _ => return None,
        };
        for key in keys {
            pointer.push('/');
            pointer.push_str(&pointer_step(key));
        }
        Some(pointer)
    }
}
