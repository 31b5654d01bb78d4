//! What templates compare names with, where that is written out: what can never be equal, and what a condition
//! that holds says of a name. It knows no values of names.

use std::ops::Range;

use super::tree::{Expr, ExprKind, Key, Relation};
use super::{Expression, Read, Template, compile, reads, walk};
use crate::value::Value;

/// A name beside values that are written out.
#[derive(Debug, Clone, PartialEq)]
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

/// What is true wherever a condition holds.
#[derive(Debug, Clone, Default, PartialEq)]
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
    let mut compared = Vec::new();
    for part in conjuncts(&expr) {
        of_comparison(part, &mut compared);
    }
    Assured {
        defined: reads::assured(&expr),
        compared,
    }
}

/// The parts that all hold where an expression does.
fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::All(parts) => parts.iter().flat_map(conjuncts).collect(),
        _ => vec![expr],
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
