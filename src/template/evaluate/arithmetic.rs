//! Operators on evaluated values, within what a rendering may spend.

use std::borrow::Cow;
use std::ops::Range;

use super::{Evaluated, Evaluation, flag};
use crate::template::error::TemplateError;
use crate::template::lookalike::{self, Sides};
use crate::template::operators::{self, Operand, type_of};
use crate::template::tree::{Expr, Operator, Relation};
use crate::value::{Number, Value};

impl<'a> Evaluation<'a> {
    pub(super) fn negative(&mut self, inner: &'a Expr) -> Evaluated<'a> {
        let value = self.eval(inner)?;
        let Value::Number(number) = &*value else {
            let message = format!("{} cannot be negative", type_of(&value));
            let error = TemplateError::wrong_types(&[&value], message);
            return Err(match &*value {
                Value::Text(_) => error.help(format!(
                    "make the text a number first: `-({} | int)`",
                    self.text_of(&inner.range)
                )),
                _ => error,
            });
        };
        let text = number.as_str();
        let negated = text
            .strip_prefix('-')
            .map_or_else(|| format!("-{text}"), str::to_owned);
        let negated = if negated == "-0" {
            "0"
        } else {
            negated.as_str()
        };
        Ok(Cow::Owned(Value::Number(
            Number::parse(negated).expect("a number with the other sign is a number"),
        )))
    }

    pub(super) fn arithmetic(
        &mut self,
        operator: Operator,
        left: &'a Expr,
        right: &'a Expr,
    ) -> Evaluated<'a> {
        let left = self.eval(left)?;
        let right = self.eval(right)?;
        self.calculate(operator, &left, &right)
    }

    fn calculate(&mut self, operator: Operator, left: &Value, right: &Value) -> Evaluated<'a> {
        let made = match (operator, left, right) {
            (_, Value::Number(left), Value::Number(right)) => {
                operators::calculate(operator, left, right)?
            }
            (Operator::Add, Value::Text(left), Value::Text(right)) => {
                self.budget.text(left.len() + right.len())?;
                Value::Text(format!("{left}{right}"))
            }
            (Operator::Add, Value::List(a), Value::List(b)) => {
                self.budget.copy(left)?;
                self.budget.copy(right)?;
                Value::List(a.iter().chain(b).cloned().collect())
            }
            (Operator::Multiply, Value::Text(text), Value::Number(times))
            | (Operator::Multiply, Value::Number(times), Value::Text(text)) => {
                let times = repetitions(times)?;
                self.budget.text(text.len().saturating_mul(times))?;
                Value::Text(text.repeat(times))
            }
            (Operator::Multiply, Value::List(items), Value::Number(times))
            | (Operator::Multiply, Value::Number(times), Value::List(items)) => {
                let times = repetitions(times)?;
                self.budget.items(items.len().saturating_mul(times))?;
                let mut repeated = Vec::with_capacity(items.len() * times);
                for _ in 0..times {
                    for item in items {
                        self.budget.copy(item)?;
                        repeated.push(item.clone());
                    }
                }
                Value::List(repeated)
            }
            _ => {
                let error = TemplateError::wrong_types(
                    &[left, right],
                    format!(
                        "`{}` does not work on {} and {}",
                        operator.sign(),
                        type_of(left),
                        type_of(right)
                    ),
                );
                return Err(match (operator, left, right) {
                    (Operator::Add, Value::Text(_), _) | (Operator::Add, _, Value::Text(_)) => {
                        error.help("join texts with `~`, or make the text a number with `| int`")
                    }
                    _ => error,
                });
            }
        };
        Ok(Cow::Owned(made))
    }

    pub(super) fn compare(
        &mut self,
        first: &'a Expr,
        rest: &'a [(Relation, Expr)],
    ) -> Evaluated<'a> {
        let mut left = self.eval(first)?;
        let mut before = first;
        for (relation, next) in rest {
            let mut right = self.eval(next)?;
            // The CRM writes its `code` as a number and as text, and so may whoever asks for it.
            if before.is_code() || next.is_code() {
                lookalike::digits_as_numbers(&mut left);
                lookalike::digits_as_numbers(&mut right);
            }
            self.refuse_lookalikes(*relation, (&left, &before.range), (&right, &next.range))?;
            let holds = match relation {
                Relation::Equal => operators::equal(&left, &right),
                Relation::NotEqual => !operators::equal(&left, &right),
                Relation::Less => operators::order(&left, &right)?.is_lt(),
                Relation::LessOrEqual => operators::order(&left, &right)?.is_le(),
                Relation::Greater => operators::order(&left, &right)?.is_gt(),
                Relation::GreaterOrEqual => operators::order(&left, &right)?.is_ge(),
                Relation::In | Relation::NotIn => {
                    self.budget.steps(size(&right) / 16)?;
                    operators::contains(&right, &left)? == (*relation == Relation::In)
                }
            };
            self.budget.steps(size(&left).min(size(&right)) / 16)?;
            if !holds {
                return Ok(flag(false));
            }
            left = right;
            before = next;
        }
        Ok(flag(true))
    }

    fn refuse_lookalikes(
        &self,
        relation: Relation,
        (left, left_range): (&Value, &Range<usize>),
        (right, right_range): (&Value, &Range<usize>),
    ) -> Result<(), TemplateError> {
        let source = self.text_of(left_range);
        let sides = Sides {
            left: source,
            right: Some(self.text_of(right_range)),
        };
        match (relation, right) {
            (Relation::Equal | Relation::NotEqual, _) => {
                lookalike::refuse(left, right, Some(sides))
            }
            (Relation::In | Relation::NotIn, Value::List(items)) => {
                lookalike::refuse_in(items, left, Some(source))
            }
            (Relation::In | Relation::NotIn, _) => Ok(()),
            (
                Relation::Less
                | Relation::LessOrEqual
                | Relation::Greater
                | Relation::GreaterOrEqual,
                _,
            ) => lookalike::ordered::refuse(left, right, Some(sides)),
        }
    }
}

fn repetitions(times: &Number) -> Result<usize, TemplateError> {
    if times.as_str().starts_with('-') {
        return Err(TemplateError::wrong_value(
            "a text or list cannot be repeated a negative number of times",
        ));
    }
    match Operand::of(times)? {
        Operand::Integer(times) => Ok(usize::try_from(times).unwrap_or(usize::MAX)),
        Operand::Float(_) => Err(TemplateError::wrong_value(
            "a text or list is repeated a whole number of times",
        )),
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len() / 16,
        Value::List(items) => items.len(),
        Value::Map(map) => map.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
    }
}
