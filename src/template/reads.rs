//! Which names and members a template reads, and where. It evaluates nothing.

use std::ops::Range;

use super::compared::Assured;
use super::tree::{Expr, ExprKind, For, Node, Target};

/// A path that a template reads from its scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The name and the literal keys and indexes after it: `["steps", "promote", "wolkvox_id"]`.
    pub path: Vec<String>,
    /// The bytes of the template text that it stands at, up to its last subscript.
    pub range: Range<usize>,
    /// Whether it may be undefined: it stands under `is defined`, `is undefined`, `default` or
    /// `required`, or is only read where such a test has said that it is there.
    pub guarded: bool,
    /// Whether more follows that only a run can tell: a computed subscript, or a slice.
    pub open: bool,
    /// What has been asked before it is read, and is true where it is: in `a and b`, what `a` says.
    pub assured: Assured,
}

pub(super) fn of_nodes(nodes: &[Node]) -> Vec<Read> {
    let mut reader = Reader::default();
    reader.nodes(nodes);
    reader.reads
}

pub(super) fn of_expression(expr: &Expr) -> Vec<Read> {
    let mut reader = Reader::default();
    reader.expr(expr, false);
    reader.reads
}

#[derive(Default)]
struct Reader<'t> {
    reads: Vec<Read>,
    locals: Vec<&'t str>,
    /// What was asked and holds.
    assured: Assured,
}

impl<'t> Reader<'t> {
    fn nodes(&mut self, nodes: &'t [Node]) {
        for node in nodes {
            self.node(node);
        }
    }

    fn node(&mut self, node: &'t Node) {
        match node {
            Node::Raw(_) => {}
            Node::Emit(expr) => self.expr(expr, false),
            Node::If { arms, otherwise } => {
                let before = self.assured.clone();
                for (test, body) in arms {
                    self.expr(test, false);
                    self.assuming(test, true, |reader| reader.nodes(body));
                    // What follows is only reached where this test was false.
                    self.assured.add(test, false);
                }
                self.nodes(otherwise);
                self.assured = before;
            }
            Node::For(each) => self.each(each),
            Node::Set { target, value } => {
                self.expr(value, false);
                self.declare(target);
            }
            Node::Capture { name, body } => {
                self.within(|reader| reader.nodes(body));
                self.locals.push(name);
            }
            Node::With { assignments, body } => self.within(|reader| {
                for (target, value) in assignments {
                    reader.expr(value, false);
                    reader.declare(target);
                }
                reader.nodes(body);
            }),
        }
    }

    fn each(&mut self, each: &'t For) {
        self.expr(&each.over, false);
        self.within(|reader| {
            reader.declare(&each.target);
            if let Some(filter) = &each.filter {
                reader.expr(filter, false);
            }
            reader.locals.push("loop");
            reader.nodes(&each.body);
        });
        self.within(|reader| reader.nodes(&each.otherwise));
    }

    fn declare(&mut self, target: &'t Target) {
        self.locals.extend(target.names());
    }

    fn within(&mut self, inner: impl FnOnce(&mut Self)) {
        let outer = self.locals.len();
        inner(self);
        self.locals.truncate(outer);
    }

    fn assuming(&mut self, test: &Expr, holds: bool, inner: impl FnOnce(&mut Self)) {
        let before = self.assured.clone();
        self.assured.add(test, holds);
        inner(self);
        self.assured = before;
    }

    fn read(&mut self, expr: &Expr, range: &Range<usize>, guarded: bool, open: bool) {
        let Some(path) = path_of(expr) else { return };
        if self.locals.contains(&path[0].as_str()) {
            return;
        }
        let mut defined = self.assured.defined.iter();
        let is_there = defined.any(|known| path.starts_with(known));
        self.reads.push(Read {
            path,
            range: range.clone(),
            guarded: guarded || is_there,
            open,
            assured: self.assured.clone(),
        });
    }

    fn expr(&mut self, expr: &'t Expr, guarded: bool) {
        match &expr.kind {
            ExprKind::Constant(_) => {}
            ExprKind::Path { .. } => self.read(expr, &expr.range, guarded, false),
            ExprKind::Item { of, key } => {
                self.open(of, &expr.range, guarded);
                self.expr(key, false);
            }
            ExprKind::Slice { of, bounds } => {
                self.open(of, &expr.range, false);
                for bound in bounds.iter().flatten() {
                    self.expr(bound, false);
                }
            }
            ExprKind::Not(inner) | ExprKind::Negative(inner) => self.expr(inner, false),
            ExprKind::Arithmetic { left, right, .. } => {
                self.expr(left, false);
                self.expr(right, false);
            }
            ExprKind::Concat(parts) | ExprKind::List(parts) => {
                for part in parts {
                    self.expr(part, false);
                }
            }
            ExprKind::Compare { first, rest } => {
                self.expr(first, false);
                for (_, right) in rest {
                    self.expr(right, false);
                }
            }
            ExprKind::All(parts) => self.each_assuming(parts, true),
            ExprKind::Any(parts) => self.each_assuming(parts, false),
            ExprKind::If {
                test,
                then,
                otherwise,
            } => {
                self.expr(test, false);
                self.assuming(test, true, |reader| reader.expr(then, guarded));
                if let Some(otherwise) = otherwise {
                    self.assuming(test, false, |reader| reader.expr(otherwise, guarded));
                }
            }
            ExprKind::Apply {
                builtin,
                input,
                arguments,
            } => {
                self.expr(input, builtin.allows_missing);
                for argument in arguments.all() {
                    self.expr(argument, false);
                }
            }
            ExprKind::Call { arguments, .. } => {
                for argument in arguments.all() {
                    self.expr(argument, false);
                }
            }
            ExprKind::Map(entries) => {
                for (key, value) in entries {
                    self.expr(key, false);
                    self.expr(value, false);
                }
            }
        }
    }

    /// Each part is only reached where all before it held, or did not.
    fn each_assuming(&mut self, parts: &'t [Expr], holds: bool) {
        let before = self.assured.clone();
        for part in parts {
            self.expr(part, false);
            self.assured.add(part, holds);
        }
        self.assured = before;
    }

    /// What a computed member or a slice is taken of: its path ends here, though more follows.
    fn open(&mut self, of: &'t Expr, range: &Range<usize>, guarded: bool) {
        match &of.kind {
            ExprKind::Path { .. } => self.read(of, range, guarded, true),
            ExprKind::Item { of: inner, key } => {
                self.open(inner, range, guarded);
                self.expr(key, false);
            }
            _ => self.expr(of, guarded),
        }
    }
}

pub(super) fn path_of(expr: &Expr) -> Option<Vec<String>> {
    let ExprKind::Path { root, keys } = &expr.kind else {
        return None;
    };
    Some(
        std::iter::once(root.clone())
            .chain(keys.iter().map(super::tree::Key::to_text))
            .collect(),
    )
}
