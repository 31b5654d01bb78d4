//! The parts of a template after each other: text, conditions, loops and names that are set.

use std::borrow::Cow;

use super::{Evaluation, Item};
use crate::template::builtins::into_items;
use crate::template::error::TemplateError;
use crate::template::operators::type_of;
use crate::template::tree::{For, Node, Target};
use crate::value::{Map, Value};

impl<'a> Evaluation<'a> {
    /// Renders the parts of a template after each other.
    pub(in crate::template) fn nodes(
        &mut self,
        nodes: &'a [Node],
        text: &mut String,
    ) -> Result<(), TemplateError> {
        nodes.iter().try_for_each(|node| self.node(node, text))
    }

    fn node(&mut self, node: &'a Node, text: &mut String) -> Result<(), TemplateError> {
        self.budget.steps(1)?;
        match node {
            Node::Raw(raw) => {
                self.reserve(text, raw.len())?;
                text.push_str(raw);
                Ok(())
            }
            Node::Emit(expr) => {
                let value = self.eval(expr)?;
                self.write(text, &value, &expr.range)
            }
            Node::If { arms, otherwise } => {
                for (test, body) in arms {
                    if self.holds(test)? {
                        return self.nodes(body, text);
                    }
                }
                self.nodes(otherwise, text)
            }
            Node::For(each) => self.each(each, text),
            Node::Set { target, value } => {
                let value = self.eval(value)?;
                self.assign(target, value)
            }
            Node::Capture { name, body } => {
                let mut captured = String::new();
                self.within(|inner| inner.nodes(body, &mut captured))?;
                self.locals.push((name, Cow::Owned(Value::Text(captured))));
                Ok(())
            }
            Node::With { assignments, body } => self.within(|inner| {
                for (target, value) in assignments {
                    let value = inner.eval(value)?;
                    inner.assign(target, value)?;
                }
                inner.nodes(body, text)
            }),
        }
    }

    /// Names that are set inside end with it.
    fn within<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, TemplateError>,
    ) -> Result<T, TemplateError> {
        let outer = self.locals.len();
        let result = inner(self);
        self.locals.truncate(outer);
        result
    }

    fn each(&mut self, each: &'a For, text: &mut String) -> Result<(), TemplateError> {
        let over = self.eval(&each.over)?;
        let mut items =
            into_items(over, &mut self.budget).map_err(|error| error.at(&each.over.range))?;
        if let Some(filter) = &each.filter {
            let mut kept = Vec::new();
            for item in items {
                let keep = self.within(|inner| {
                    inner.assign(&each.target, item.clone())?;
                    inner.holds(filter)
                })?;
                if keep {
                    kept.push(item);
                }
            }
            items = kept;
        }
        if items.is_empty() {
            return self.nodes(&each.otherwise, text);
        }
        let count = items.len();
        for (index, item) in items.into_iter().enumerate() {
            self.budget.items(8)?;
            self.within(|inner| {
                inner
                    .locals
                    .push(("loop", Cow::Owned(position(index, count))));
                inner.assign(&each.target, item)?;
                inner.nodes(&each.body, text)
            })?;
        }
        Ok(())
    }

    fn assign(&mut self, target: &'a Target, value: Item<'a>) -> Result<(), TemplateError> {
        match target {
            Target::Name(name) => {
                self.locals.push((name, value));
                Ok(())
            }
            Target::Items(targets, range) => {
                let items = match &*value {
                    Value::List(items) if items.len() == targets.len() => {
                        into_items(value, &mut self.budget).map_err(|error| error.at(range))?
                    }
                    other => {
                        return Err(TemplateError::wrong_types(
                            &[other],
                            format!(
                                "{} names cannot be given to {}",
                                targets.len(),
                                match other {
                                    Value::List(items) => format!("a list of {}", items.len()),
                                    other => type_of(other).to_owned(),
                                }
                            ),
                        )
                        .at(range));
                    }
                };
                targets
                    .iter()
                    .zip(items)
                    .try_for_each(|(target, item)| self.assign(target, item))
            }
        }
    }
}

/// What `loop` is inside a `for`.
fn position(index: usize, count: usize) -> Value {
    let number = |number: usize| Value::from(number as u64);
    Value::Map(Map::from_iter([
        ("index".to_owned(), number(index + 1)),
        ("index0".to_owned(), number(index)),
        ("revindex".to_owned(), number(count - index)),
        ("revindex0".to_owned(), number(count - index - 1)),
        ("first".to_owned(), Value::Bool(index == 0)),
        ("last".to_owned(), Value::Bool(index + 1 == count)),
        ("length".to_owned(), number(count)),
    ]))
}
