//! A tree of templates → its value with marks, and where they stand.

use super::super::Tree;
use super::unknown::Unknowns;
use crate::action::Holes;
use crate::template::Scope;
use crate::value::{Value, pointer_step};

/// A value with marks for what is not known.
#[derive(Debug, Clone, Default)]
pub struct MarkedValue {
    /// The value.
    pub value: Value,
    /// What is not known of it.
    pub holes: HoleList,
    /// Why a part of it cannot be rendered, the first of them.
    pub error: Option<String>,
}

/// Something in a value that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    /// JSON pointer.
    pub pointer: String,
    /// What stands there, or in the text there.
    pub mark: String,
    /// Whether nothing else stands there.
    pub is_whole: bool,
}

/// The holes of a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HoleList(pub Vec<Hole>);

impl HoleList {
    /// Whether nothing is unknown.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn is_below(pointer: &str, above: &str) -> bool {
    pointer
        .strip_prefix(above)
        .is_some_and(|rest| rest.starts_with('/'))
}

impl Holes for HoleList {
    fn above(&self, pointer: &str) -> Option<String> {
        let hole = self
            .0
            .iter()
            .find(|hole| is_below(pointer, &hole.pointer))?;
        Some(hole.mark.clone())
    }

    fn covering(&self, pointer: &str) -> Option<String> {
        let at = |hole: &&Hole| hole.is_whole && hole.pointer == pointer;
        let here = self.0.iter().find(at).map(|hole| hole.mark.clone());
        here.or_else(|| self.above(pointer))
    }

    fn near(&self, pointer: &str) -> Option<String> {
        let hole = self.0.iter().find(|hole| {
            hole.pointer == pointer
                || is_below(pointer, &hole.pointer)
                || is_below(&hole.pointer, pointer)
        })?;
        Some(hole.mark.clone())
    }
}

/// Renders as far as it is known.
pub fn fill(tree: &Tree, scope: &Scope, unknowns: &Unknowns) -> MarkedValue {
    let mut marked = MarkedValue::default();
    marked.value = value(tree, scope, unknowns, &mut String::new(), &mut marked);
    marked
}

fn value(
    tree: &Tree,
    scope: &Scope,
    unknowns: &Unknowns,
    pointer: &mut String,
    into: &mut MarkedValue,
) -> Value {
    match tree {
        Tree::Fixed(value) => value.clone(),
        Tree::Broken => Value::Null,
        Tree::Template(pair) => {
            let rendered = pair
                .0
                .render_marked(scope, &|read| unknowns.is_known(read), &|reads| {
                    unknowns.mark(reads)
                });
            match rendered {
                Ok(marked) => {
                    into.holes
                        .0
                        .extend(marked.marks.into_iter().map(|mark| Hole {
                            pointer: pointer.clone(),
                            mark,
                            is_whole: marked.is_mark,
                        }));
                    marked.value
                }
                Err(error) => {
                    let place = format!("`{}`: {}", pair.0.text().trim(), error.message);
                    into.error.get_or_insert(place);
                    Value::Null
                }
            }
        }
        Tree::List(items) => Value::List(
            items
                .iter()
                .enumerate()
                .map(|(index, item)| {
                    below(pointer, &index.to_string(), |pointer| {
                        value(item, scope, unknowns, pointer, into)
                    })
                })
                .collect(),
        ),
        Tree::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|(key, tree)| {
                    let value = below(pointer, key, |pointer| {
                        value(tree, scope, unknowns, pointer, into)
                    });
                    (key.clone(), value)
                })
                .collect(),
        ),
    }
}

/// Runs `then` with the pointer one key deeper (RFC 6901).
pub(super) fn below<T>(pointer: &mut String, key: &str, then: impl FnOnce(&mut String) -> T) -> T {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(&pointer_step(key));
    let result = then(pointer);
    pointer.truncate(length);
    result
}
