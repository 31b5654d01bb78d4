//! A compiled template: what the evaluator walks. It knows no syntax and no values but constants.

use std::ops::Range;

use super::builtins::Builtin;
use crate::value::Value;

/// An expression and the bytes it stands at.
#[derive(Debug)]
pub(super) struct Expr {
    pub(super) range: Range<usize>,
    pub(super) kind: ExprKind,
}

impl Expr {
    /// Whether it is the code of an answer: `response.code`, or what a later step has of it. The CRM writes it as a
    /// number and as text.
    pub(super) fn is_code(&self) -> bool {
        let ExprKind::Path { root, keys } = &self.kind else {
            return false;
        };
        let is_named = |key: &Key| matches!(key, Key::Name(name) if name == "code");
        match (root.as_str(), keys.as_slice()) {
            ("response", [code]) | ("steps", [_, code]) => is_named(code),
            _ => false,
        }
    }
}

#[derive(Debug)]
pub(super) enum ExprKind {
    Constant(Value),
    /// A name and the literal keys after it.
    Path {
        root: String,
        keys: Vec<Key>,
    },
    /// A subscript that must be computed, or a member of something that is not a path.
    Item {
        of: Box<Expr>,
        key: Box<Expr>,
    },
    Slice {
        of: Box<Expr>,
        /// Start, end and step.
        bounds: Box<[Option<Expr>; 3]>,
    },
    Not(Box<Expr>),
    Negative(Box<Expr>),
    Arithmetic {
        operator: Operator,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Concat(Vec<Expr>),
    Compare {
        first: Box<Expr>,
        rest: Vec<(Relation, Expr)>,
    },
    /// `and`: the first value that is not true, else the last.
    All(Vec<Expr>),
    /// `or`: the first value that is true, else the last.
    Any(Vec<Expr>),
    If {
        test: Box<Expr>,
        then: Box<Expr>,
        otherwise: Option<Box<Expr>>,
    },
    /// A filter (`input | name(…)`) or a test (`input is name(…)`).
    Apply {
        builtin: &'static Builtin,
        input: Box<Expr>,
        arguments: Arguments,
    },
    Call {
        builtin: &'static Builtin,
        arguments: Arguments,
    },
    List(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
}

impl Expr {
    /// The expressions that it is made of, in the order of the text.
    pub(super) fn parts(&self) -> Vec<&Self> {
        match &self.kind {
            ExprKind::Constant(_) | ExprKind::Path { .. } => Vec::new(),
            ExprKind::Item { of, key } => vec![of, key],
            ExprKind::Slice { of, bounds } => {
                let bounds = bounds.iter().flatten();
                std::iter::once(&**of).chain(bounds).collect()
            }
            ExprKind::Not(inner) | ExprKind::Negative(inner) => vec![inner],
            ExprKind::Arithmetic { left, right, .. } => vec![left, right],
            ExprKind::Concat(parts)
            | ExprKind::All(parts)
            | ExprKind::Any(parts)
            | ExprKind::List(parts) => parts.iter().collect(),
            ExprKind::Compare { first, rest } => {
                let rest = rest.iter().map(|(_, right)| right);
                std::iter::once(&**first).chain(rest).collect()
            }
            ExprKind::If {
                test,
                then,
                otherwise,
            } => {
                let otherwise = otherwise.as_deref();
                [&**test, then].into_iter().chain(otherwise).collect()
            }
            ExprKind::Apply {
                input, arguments, ..
            } => std::iter::once(&**input).chain(arguments.all()).collect(),
            ExprKind::Call { arguments, .. } => arguments.all().collect(),
            ExprKind::Map(entries) => {
                let entries = entries.iter();
                entries.flat_map(|(key, value)| [key, value]).collect()
            }
        }
    }
}

/// Arguments in the order of the parameters, then what is left over.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    pub(super) slots: Vec<Option<Expr>>,
    pub(super) rest: Vec<Expr>,
}

impl Arguments {
    pub(super) fn all(&self) -> impl Iterator<Item = &Expr> {
        self.slots.iter().flatten().chain(&self.rest)
    }
}

/// One literal step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    Name(String),
    Index(usize),
}

impl Key {
    /// The member of an object, or the item of a list.
    pub(super) fn of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        match (self, value) {
            (Self::Name(name), Value::Map(map)) => map.get(name),
            (Self::Index(index), Value::List(items)) => items.get(*index),
            _ => None,
        }
    }

    /// As [`Read`](super::Read) and [`Scope`](super::Scope) spell it.
    pub(super) fn to_text(&self) -> String {
        match self {
            Self::Name(name) => name.clone(),
            Self::Index(index) => index.to_string(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Remainder,
    Power,
}

impl Operator {
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::FloorDivide => "//",
            Self::Remainder => "%",
            Self::Power => "**",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}

/// A part of a template.
#[derive(Debug)]
pub(super) enum Node {
    Raw(String),
    Emit(Expr),
    If {
        arms: Vec<(Expr, Vec<Node>)>,
        otherwise: Vec<Node>,
    },
    For(Box<For>),
    Set {
        target: Target,
        value: Expr,
    },
    /// `{% set name %}…{% endset %}`
    Capture {
        name: String,
        body: Vec<Node>,
    },
    With {
        assignments: Vec<(Target, Expr)>,
        body: Vec<Node>,
    },
}

#[derive(Debug)]
pub(super) struct For {
    pub(super) target: Target,
    pub(super) over: Expr,
    pub(super) filter: Option<Expr>,
    pub(super) body: Vec<Node>,
    pub(super) otherwise: Vec<Node>,
}

/// What an assignment gives names to.
#[derive(Debug)]
pub(super) enum Target {
    Name(String),
    /// The items of a list of this length.
    Items(Vec<Target>, Range<usize>),
}

impl Target {
    pub(super) fn names(&self) -> Vec<&str> {
        match self {
            Self::Name(name) => vec![name],
            Self::Items(items, _) => items.iter().flat_map(Self::names).collect(),
        }
    }
}
