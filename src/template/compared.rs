//! What templates compare names with, where that is written out: what can never be equal, and what a condition
//! that holds says of a name. It knows no values of names.

use std::ops::Range;

use super::builtins::Usage;
use super::operators::{equal, is_true};
use super::tree::{Expr, ExprKind, Key, Relation};
use super::{Expression, Read, Template, compile, reads, walk};
use crate::value::Value;

/// A name beside values that are written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The name and the keys after it, as [`Read`](super::Read) has them.
    pub path: Vec<String>,
    /// How it is compared with them.
    pub how: How,
    /// The values: one, or those of a list.
    pub values: Vec<Value>,
    /// Where they stand, in bytes of the text.
    pub range: Range<usize>,
    /// Where the name stands.
    name: Range<usize>,
}

/// How a name is compared with values that are written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It is to be one of them.
    Wanted,
    /// It is to be none of them.
    Unwanted,
    /// It is to come before or after the one value.
    Ordered,
}

impl How {
    /// How it is compared where the comparison does not hold.
    const fn opposite(self) -> Self {
        match self {
            Self::Wanted => Self::Unwanted,
            Self::Unwanted => Self::Wanted,
            Self::Ordered => Self::Ordered,
        }
    }
}

/// What is true wherever a condition holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assured {
    /// Paths that have a value.
    pub defined: Vec<Vec<String>>,
    /// Comparisons that hold.
    pub compared: Vec<Compared>,
}

impl Template {
    /// What it compares, wherever in it.
    pub fn compared(&self) -> Vec<Compared> {
        let expressions = walk::expressions(&self.0.root).into_iter();
        let found = expressions.flat_map(|(expr, _)| of_expression(expr));
        in_scope(found, self.reads())
    }
}

impl Expression {
    /// What it compares, wherever in it.
    pub fn compared(&self) -> Vec<Compared> {
        in_scope(of_expression(&self.0.root), self.reads())
    }
}

/// Those of names of the scope, and not of names that the template itself sets.
fn in_scope(found: impl IntoIterator<Item = Compared>, reads: &[Read]) -> Vec<Compared> {
    let is_read = |compared: &Compared| reads.iter().any(|read| read.range == compared.name);
    found.into_iter().filter(is_read).collect()
}

/// What is true wherever a condition holds; nothing where it is no expression.
pub fn assured(condition: &str) -> Assured {
    let Ok(expr) = compile::expression(condition) else {
        return Assured::default();
    };
    Assured::where_it(&expr, true)
}

impl Assured {
    /// What is true where an expression holds, or does not.
    pub(super) fn where_it(expr: &Expr, holds: bool) -> Self {
        let mut assured = Self::default();
        assured.add(expr, holds);
        assured
    }

    /// Adds what is true where an expression holds, or does not.
    pub(super) fn add(&mut self, expr: &Expr, holds: bool) {
        match &expr.kind {
            ExprKind::Apply { builtin, input, .. }
                if (builtin.name == "defined" && holds)
                    || (builtin.name == "undefined" && !holds) =>
            {
                self.defined.extend(reads::path_of(input));
            }
            ExprKind::Apply { .. } if holds => {
                let default = default_of(expr).filter(|(_, default)| !is_true(default));
                self.defined.extend(default.map(|(path, _)| path));
            }
            ExprKind::Path { .. } if holds => self.defined.extend(reads::path_of(expr)),
            ExprKind::Not(inner) => self.add(inner, !holds),
            ExprKind::All(parts) if holds => parts.iter().for_each(|part| self.add(part, true)),
            ExprKind::Any(parts) if !holds => parts.iter().for_each(|part| self.add(part, false)),
            ExprKind::Compare { first, rest } => self.add_comparison(expr, (first, rest), holds),
            _ => {}
        }
    }

    fn add_comparison(
        &mut self,
        expr: &Expr,
        (first, rest): (&Expr, &[(Relation, Expr)]),
        holds: bool,
    ) {
        let mut compared = Vec::new();
        of_comparison(expr, &mut compared);
        let [(relation, right)] = rest else {
            // Of several it is one that does not hold, and nobody knows which.
            self.compared.extend(compared.into_iter().filter(|_| holds));
            return;
        };
        self.compared
            .extend(compared.into_iter().map(|it| Compared {
                how: if holds { it.how } else { it.how.opposite() },
                ..it
            }));
        let is_other = matches!(
            (relation, holds),
            (Relation::NotEqual, true) | (Relation::Equal, false)
        );
        if let (Some((path, default)), ExprKind::Constant(other)) = (default_of(first), &right.kind)
            && is_other
            && equal(default, other)
        {
            self.defined.push(path);
        }
    }
}

/// A path and what stands for it where it is not there, for an expression such as `path | default('')`.
fn default_of(expr: &Expr) -> Option<(Vec<String>, &Value)> {
    let ExprKind::Apply {
        builtin,
        input,
        arguments,
    } = &expr.kind
    else {
        return None;
    };
    let is_default =
        builtin.usage_kind == Usage::Filter && ["default", "d"].contains(&builtin.name);
    match arguments.slots.first()?.as_ref().map(|given| &given.kind) {
        Some(ExprKind::Constant(value)) if is_default => Some((reads::path_of(input)?, value)),
        _ => None,
    }
}

fn of_expression(expr: &Expr) -> Vec<Compared> {
    let mut found = Vec::new();
    for part in walk::and_parts(expr) {
        of_comparison(part, &mut found);
    }
    found
}

/// What an expression itself compares, pair after pair.
fn of_comparison(expr: &Expr, found: &mut Vec<Compared>) {
    let ExprKind::Compare { first, rest } = &expr.kind else {
        return;
    };
    let mut left = &**first;
    for (relation, right) in rest {
        let how = match relation {
            Relation::Equal | Relation::In => How::Wanted,
            Relation::NotEqual | Relation::NotIn => How::Unwanted,
            _ => How::Ordered,
        };
        let pair = match relation {
            // In a text it is a part that is looked for, which no list of values says.
            Relation::In | Relation::NotIn if !is_list(right) => None,
            Relation::In | Relation::NotIn => of_pair(left, right),
            _ => of_pair(left, right).or_else(|| of_pair(right, left)),
        };
        found.extend(pair.map(|pair| Compared { how, ..pair }));
        left = right;
    }
}

const fn is_list(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::List(_) | ExprKind::Constant(Value::List(_))
    )
}

fn of_pair(name: &Expr, values: &Expr) -> Option<Compared> {
    let ExprKind::Path { root, keys } = &name.kind else {
        return None;
    };
    let constant = |expr: &Expr| match &expr.kind {
        ExprKind::Constant(value) => Some(value.clone()),
        _ => None,
    };
    let values_of = match &values.kind {
        ExprKind::Constant(Value::List(items)) => items.clone(),
        ExprKind::Constant(value) => vec![value.clone()],
        ExprKind::List(items) => items.iter().map(constant).collect::<Option<_>>()?,
        _ => return None,
    };
    let keys = keys.iter().map(Key::to_text);
    Some(Compared {
        path: std::iter::once(root.clone()).chain(keys).collect(),
        how: How::Wanted,
        values: values_of,
        range: values.range.clone(),
        name: name.range.clone(),
    })
}
