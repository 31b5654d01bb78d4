//! A tree rendered as far as its values are known: where one is not, a hole is left.

use crate::action::Holes;
use crate::plan::tree::{Tree, TreeError};
use crate::template::{Read, Scope};
use crate::value::Value;

/// What stands in a hole.
pub(super) const HOLE: &str = "(not known yet)";

/// A value with holes.
#[derive(Debug, Default)]
pub struct Partial<'t> {
    /// The value; each hole holds [`HOLE`], and what white space is known to stand around it.
    pub value: Value,
    /// JSON pointers of the holes.
    pub holes: Vec<String>,
    /// Templates that could have been rendered and were not.
    pub errors: Vec<TreeError<'t>>,
}

impl Partial<'_> {
    /// Whether the place of a JSON pointer, or anything below it, is a hole.
    pub fn touches_hole(&self, pointer: &str) -> bool {
        self.holes.iter().any(|hole| {
            hole == pointer
                || hole
                    .strip_prefix(pointer)
                    .is_some_and(|rest| rest.starts_with('/'))
        })
    }

    /// Whether the place of a JSON pointer itself is a hole.
    pub fn is_hole(&self, pointer: &str) -> bool {
        self.holes.iter().any(|hole| hole == pointer)
    }
}

impl Holes for Partial<'_> {
    fn above(&self, pointer: &str) -> Option<String> {
        let is_above = |hole: &String| {
            let rest = pointer.strip_prefix(hole.as_str());
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        let above = self.holes.iter().any(is_above);
        above.then(|| HOLE.to_owned())
    }

    fn covering(&self, pointer: &str) -> Option<String> {
        let here = self.is_hole(pointer).then(|| HOLE.to_owned());
        here.or_else(|| self.above(pointer))
    }

    fn near(&self, pointer: &str) -> Option<String> {
        let below = self.touches_hole(pointer).then(|| HOLE.to_owned());
        below.or_else(|| self.above(pointer))
    }
}

impl Tree {
    /// The value as far as it is known: where a template reads something that is not, a hole is left.
    ///
    /// Every template that could be rendered and was not is an error in the second part.
    pub fn render_known<'t>(
        &'t self,
        scope: &Scope,
        is_known: &dyn Fn(&Read) -> bool,
    ) -> Partial<'t> {
        let mut partial = Partial::default();
        let value = self.fill(scope, is_known, &mut String::new(), &mut partial);
        partial.value = value;
        partial
    }

    fn fill<'t>(
        &'t self,
        scope: &Scope,
        is_known: &dyn Fn(&Read) -> bool,
        pointer: &mut String,
        partial: &mut Partial<'t>,
    ) -> Value {
        match self {
            Self::Fixed(value) => value.clone(),
            Self::Template(pair) => {
                if pair.0.reads().iter().all(is_known) {
                    match pair.0.render(scope) {
                        Ok(value) => return value,
                        Err(error) => partial.errors.push(TreeError {
                            error: Box::new(error),
                            node: &pair.1,
                        }),
                    }
                    return hole(pointer, partial);
                }
                // The white space around an expression is known before its value is.
                let (before, after) = pair.0.white_space();
                partial.holes.push(pointer.to_owned());
                Value::Text(format!("{before}{HOLE}{after}"))
            }
            Self::Broken => hole(pointer, partial),
            Self::List(items) => Value::List(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| {
                        below(pointer, &index.to_string(), |pointer| {
                            item.fill(scope, is_known, pointer, partial)
                        })
                    })
                    .collect(),
            ),
            Self::Map(entries) => Value::Map(
                entries
                    .iter()
                    .map(|(key, tree)| {
                        let value = below(pointer, key, |pointer| {
                            tree.fill(scope, is_known, pointer, partial)
                        });
                        (key.clone(), value)
                    })
                    .collect(),
            ),
        }
    }
}

/// A text, so that it reads as a scalar; nothing that is said of it is believed, but that white space stands around it.
fn hole(pointer: &str, partial: &mut Partial<'_>) -> Value {
    partial.holes.push(pointer.to_owned());
    Value::Text(HOLE.to_owned())
}

/// Runs `then` with the pointer one key deeper (RFC 6901).
pub(super) fn below<T>(pointer: &mut String, key: &str, then: impl FnOnce(&mut String) -> T) -> T {
    let length = pointer.len();
    pointer.push('/');
    for c in key.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
    let result = then(pointer);
    pointer.truncate(length);
    result
}
