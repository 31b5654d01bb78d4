//! What templates compare names with, where that is written out: what can never be equal, and what a condition
//! that holds says of a name. It knows no values of names.

use std::ops::Range;

use super::tree::{Expr, ExprKind, For, Key, Node, Relation};
use super::{Expression, Template, compile, reads};
use crate::value::Value;

/// A name beside values that are written out.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// The name and the keys after it, as [`Read`](super::Read) has them.
    pub path: Vec<String>,
    /// Whether it is to be one of the values; else it is to be none of them.
    pub is_wanted: bool,
    /// The values: one, or those of a list.
    pub values: Vec<Value>,
    /// Where they stand, in bytes of the text.
    pub range: Range<usize>,
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
        let mut found = Vec::new();
        of_nodes(&self.0.root, &mut found);
        found
    }
}

impl Expression {
    /// What it compares, wherever in it.
    pub fn compared(&self) -> Vec<Compared> {
        let mut found = Vec::new();
        of_expression(&self.0.root, &mut found);
        found
    }
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

fn of_nodes(nodes: &[Node], found: &mut Vec<Compared>) {
    for node in nodes {
        match node {
            Node::Raw(_) => {}
            Node::Emit(expr) | Node::Set { value: expr, .. } => of_expression(expr, found),
            Node::If { arms, otherwise } => {
                for (test, body) in arms {
                    of_expression(test, found);
                    of_nodes(body, found);
                }
                of_nodes(otherwise, found);
            }
            Node::For(each) => of_for(each, found),
            Node::Capture { body, .. } => of_nodes(body, found),
            Node::With { assignments, body } => {
                for (_, value) in assignments {
                    of_expression(value, found);
                }
                of_nodes(body, found);
            }
        }
    }
}

fn of_for(each: &For, found: &mut Vec<Compared>) {
    of_expression(&each.over, found);
    if let Some(filter) = &each.filter {
        of_expression(filter, found);
    }
    of_nodes(&each.body, found);
    of_nodes(&each.otherwise, found);
}

fn of_expression(expr: &Expr, found: &mut Vec<Compared>) {
    of_comparison(expr, found);
    for part in expr.parts() {
        of_expression(part, found);
    }
}

/// What an expression itself compares, pair after pair.
fn of_comparison(expr: &Expr, found: &mut Vec<Compared>) {
    let ExprKind::Compare { first, rest } = &expr.kind else {
        return;
    };
    let mut left = &**first;
    for (relation, right) in rest {
        let pair = match relation {
            Relation::Equal | Relation::NotEqual => {
                of_pair(left, right).or_else(|| of_pair(right, left))
            }
            Relation::In | Relation::NotIn => of_pair(left, right),
            _ => None,
        };
        found.extend(pair.map(|pair| Compared {
            is_wanted: matches!(relation, Relation::Equal | Relation::In),
            ..pair
        }));
        left = right;
    }
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
        is_wanted: true,
        values: values_of,
        range: values.range.clone(),
    })
}
