//! Tree × scope → value or text. Values are borrowed from the scope until something new is made, so
//! numbers keep their digits; everything that has no value is an error at the place where it is read.

mod arithmetic;
mod blocks;
mod paths;

use std::borrow::Cow;
use std::ops::Range;

use super::Clock;
use super::builtins::{Budget, Builtin, Call, slice, within_text};
use super::error::{ErrorKind, TemplateError};
use super::lookalike::{self, digits_as_numbers};
use super::operators::{is_true, type_of};
use super::tree::{Arguments, Expr, ExprKind};
use super::view::View;
use crate::value::{Value, map_with_room_for};

use paths::Found;

/// What to do where a list or an object is to be written into a text.
pub const AS_TEXT: &str = "write it as JSON with `| tojson`, or a list with `| join`";

type Item<'a> = Cow<'a, Value>;
type Evaluated<'a> = Result<Item<'a>, TemplateError>;

/// One rendering.
pub(super) struct Evaluation<'a> {
    source: &'a str,
    clock: &'a Clock,
    view: View<'a>,
    locals: Vec<(&'a str, Item<'a>)>,
    budget: Budget,
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(source: &'a str, clock: &'a Clock, view: View<'a>) -> Self {
        Self {
            source,
            clock,
            view,
            locals: Vec::new(),
            budget: Budget::new(),
        }
    }

    fn text_of(&self, range: &Range<usize>) -> &'a str {
        &self.source[range.clone()]
    }

    /// The value of an expression; no value is an error.
    pub(super) fn eval(&mut self, expr: &'a Expr) -> Evaluated<'a> {
        self.budget
            .steps(1)
            .map_err(|error| error.at(&expr.range))?;
        self.eval_here(expr)
            .map_err(|error| self.placed(error, &expr.range))
    }

    /// Whether an expression lets a condition hold. The parts of `and`, `or` and `… if … else …` are conditions too.
    pub(super) fn holds(&mut self, expr: &'a Expr) -> Result<bool, TemplateError> {
        match &expr.kind {
            ExprKind::All(parts) => self.until(parts, false),
            ExprKind::Any(parts) => self.until(parts, true),
            ExprKind::If {
                test,
                then,
                otherwise: Some(otherwise),
            } => {
                let holds = self.holds(test)?;
                self.holds(if holds { then } else { otherwise })
            }
            _ => {
                let value = self.eval(expr)?;
                self.decided(&value, expr)
            }
        }
    }

    fn until(&mut self, parts: &'a [Expr], wanted: bool) -> Result<bool, TemplateError> {
        for part in parts {
            if self.holds(part)? == wanted {
                return Ok(wanted);
            }
        }
        Ok(!wanted)
    }

    fn decided(&self, value: &Value, expr: &Expr) -> Result<bool, TemplateError> {
        lookalike::decides(value, self.text_of(&expr.range)).map_err(|error| error.at(&expr.range))
    }

    /// The value of an expression, or none if it is this expression itself that has none: a path
    /// that is not there, or a filter such as `first` on an empty list.
    pub(super) fn eval_or_missing(
        &mut self,
        expr: &'a Expr,
    ) -> Result<Option<Item<'a>>, TemplateError> {
        match &expr.kind {
            ExprKind::Path { root, keys } => {
                self.budget
                    .steps(1)
                    .map_err(|error| error.at(&expr.range))?;
                match self
                    .find(root, keys)
                    .map_err(|error| error.at(&expr.range))?
                {
                    Found::Value(value) => Ok(Some(value)),
                    Found::Missing { .. } => Ok(None),
                }
            }
            ExprKind::If {
                test,
                then,
                otherwise,
            } => {
                let chosen = if self.holds(test)? {
                    Some(then)
                } else {
                    otherwise.as_ref()
                };
                chosen.map_or(Ok(None), |chosen| self.eval_or_missing(chosen))
            }
            _ => match self.eval(expr) {
                Ok(value) => Ok(Some(value)),
                Err(error) if error.is_missing(self.text_of(&expr.range)) => Ok(None),
                Err(error) => Err(error),
            },
        }
    }

    fn eval_here(&mut self, expr: &'a Expr) -> Evaluated<'a> {
        match &expr.kind {
            ExprKind::Constant(value) => Ok(Cow::Borrowed(value)),
            ExprKind::Path { root, keys } => self.path(expr, root, keys),
            ExprKind::Item { of, key } => self.item(expr, of, key),
            ExprKind::Slice { of, bounds } => self.slice(of, bounds),
            ExprKind::Not(inner) => Ok(flag(!self.holds(inner)?)),
            ExprKind::Negative(inner) => self.negative(inner),
            ExprKind::Arithmetic {
                operator,
                left,
                right,
            } => self.arithmetic(*operator, left, right),
            ExprKind::Concat(parts) => self.concat(parts),
            ExprKind::Compare { first, rest } => self.compare(first, rest),
            ExprKind::All(parts) => self.all(parts),
            ExprKind::Any(parts) => self.any(parts),
            ExprKind::If {
                test,
                then,
                otherwise,
            } => self.choose(test, then, otherwise.as_deref()),
            ExprKind::Apply {
                builtin,
                input,
                arguments,
            } => self.apply(builtin, Some(input), arguments),
            ExprKind::Call { builtin, arguments } => self.apply(builtin, None, arguments),
            ExprKind::List(items) => self.list(items),
            ExprKind::Map(entries) => self.map(entries),
        }
    }

    fn slice(&mut self, of: &'a Expr, bounds: &'a [Option<Expr>; 3]) -> Evaluated<'a> {
        let input = Some(self.eval(of)?);
        let slots = bounds
            .iter()
            .map(|bound| bound.as_ref().map(|bound| self.eval(bound)).transpose())
            .collect::<Result<_, _>>()?;
        slice(&mut self.call(input, slots, Vec::new()))
    }

    fn concat(&mut self, parts: &'a [Expr]) -> Evaluated<'a> {
        let mut text = String::new();
        for part in parts {
            let value = self.eval(part)?;
            self.write(&mut text, &value, &part.range)?;
        }
        Ok(Cow::Owned(Value::Text(text)))
    }

    fn choose(
        &mut self,
        test: &'a Expr,
        then: &'a Expr,
        otherwise: Option<&'a Expr>,
    ) -> Evaluated<'a> {
        match (self.holds(test)?, otherwise) {
            (true, _) => self.eval(then),
            (false, Some(otherwise)) => self.eval(otherwise),
            (false, None) => Err(nothing("its condition is false and it has no `else`")),
        }
    }

    fn apply(
        &mut self,
        builtin: &'static Builtin,
        input: Option<&'a Expr>,
        arguments: &'a Arguments,
    ) -> Evaluated<'a> {
        let is_about_code = builtin.compares()
            && input
                .into_iter()
                .chain(arguments.slots.iter().flatten())
                .any(Expr::is_code);
        let mut input = match input {
            Some(input) if builtin.allows_missing => self.eval_or_missing(input)?,
            Some(input) => Some(self.eval(input)?),
            None => None,
        };
        let (mut slots, rest) = self.arguments(arguments)?;
        if is_about_code {
            let sides = input.iter_mut().chain(slots.iter_mut().flatten());
            sides.for_each(digits_as_numbers);
        }
        builtin.run(&mut self.call(input, slots, rest))
    }

    fn list(&mut self, items: &'a [Expr]) -> Evaluated<'a> {
        self.budget.items(items.len())?;
        let items = items.iter().map(|item| self.owned(item));
        Ok(Cow::Owned(Value::List(items.collect::<Result<_, _>>()?)))
    }

    /// `and`: what stands before the last part is only asked whether it holds.
    fn all(&mut self, parts: &'a [Expr]) -> Evaluated<'a> {
        let mut value = flag(true);
        for (index, part) in parts.iter().enumerate() {
            value = self.eval(part)?;
            if index + 1 < parts.len() && !self.decided(&value, part)? {
                break;
            }
        }
        Ok(value)
    }

    /// `or`, which also gives one value in the place of an empty other: a text such as `no` is a value here.
    fn any(&mut self, parts: &'a [Expr]) -> Evaluated<'a> {
        let mut value = flag(false);
        for part in parts {
            value = self.eval(part)?;
            if is_true(&value) {
                break;
            }
        }
        Ok(value)
    }

    fn call<'c>(
        &'c mut self,
        input: Option<Item<'a>>,
        slots: Vec<Option<Item<'a>>>,
        rest: Vec<Item<'a>>,
    ) -> Call<'c, 'a> {
        Call {
            input,
            slots,
            rest,
            budget: &mut self.budget,
            clock: self.clock,
        }
    }

    fn arguments(
        &mut self,
        arguments: &'a Arguments,
    ) -> Result<(Vec<Option<Item<'a>>>, Vec<Item<'a>>), TemplateError> {
        let slots = arguments
            .slots
            .iter()
            .map(|slot| slot.as_ref().map(|slot| self.eval(slot)).transpose())
            .collect::<Result<_, _>>()?;
        let rest = arguments
            .rest
            .iter()
            .map(|argument| self.eval(argument))
            .collect::<Result<_, _>>()?;
        Ok((slots, rest))
    }

    fn owned(&mut self, expr: &'a Expr) -> Result<Value, TemplateError> {
        match self.eval(expr)? {
            Cow::Owned(value) => Ok(value),
            Cow::Borrowed(value) => {
                self.budget
                    .copy(value)
                    .map_err(|error| error.at(&expr.range))?;
                Ok(value.clone())
            }
        }
    }

    fn map(&mut self, entries: &'a [(Expr, Expr)]) -> Evaluated<'a> {
        let mut map = map_with_room_for(entries.len());
        for (key, value) in entries {
            let Value::Text(name) = self.owned(key)? else {
                return Err(
                    TemplateError::type_mismatch("a key of an object is text").at(&key.range)
                );
            };
            let value = self.owned(value)?;
            map.insert(name, value);
        }
        self.budget.items(map.len())?;
        Ok(Cow::Owned(Value::Map(map)))
    }

    /// An error of a built-in has no place and does not know what it was applied to.
    fn placed(&self, mut error: TemplateError, range: &Range<usize>) -> TemplateError {
        if let ErrorKind::Undefined { path, .. } = &mut error.kind
            && path.is_empty()
            && error.range.is_none()
        {
            self.text_of(range).clone_into(path);
            error.message = format!("`{path}` has no value: {}", error.message);
        }
        error.at(range)
    }

    /// Adds a scalar to a text.
    fn write(
        &mut self,
        text: &mut String,
        value: &Value,
        range: &Range<usize>,
    ) -> Result<(), TemplateError> {
        let length = match value {
            Value::Text(part) => part.len(),
            Value::Number(number) => number.as_str().len(),
            Value::Bool(_) => 5,
            Value::Null | Value::List(_) | Value::Map(_) => {
                let message = format!(
                    "`{}` is {}, which has no text of its own",
                    self.text_of(range),
                    type_of(value)
                );
                let is_null = matches!(value, Value::Null);
                let error = TemplateError::new(ErrorKind::NoText { is_null }, message).at(range);
                return Err(match value {
                    Value::Null => {
                        error.help("write `| default('…', true)` to say what stands there instead")
                    }
                    _ => error.help(AS_TEXT),
                });
            }
        };
        self.reserve(text, length)
            .map_err(|error| error.at(range))?;
        match value {
            Value::Text(part) => text.push_str(part),
            Value::Number(number) => text.push_str(number.as_str()),
            Value::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
            Value::Null | Value::List(_) | Value::Map(_) => {}
        }
        Ok(())
    }

    fn reserve(&mut self, text: &str, more: usize) -> Result<(), TemplateError> {
        self.budget.text(more)?;
        within_text(text.len() + more)
    }
}

fn flag<'a>(flag: bool) -> Item<'a> {
    Cow::Owned(Value::Bool(flag))
}

fn nothing(why: &str) -> TemplateError {
    TemplateError::new(
        ErrorKind::Undefined {
            path: String::new(),
            known: Vec::new(),
        },
        why,
    )
}
