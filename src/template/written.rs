//! Which names a template writes into a text, so that their values must have one. It knows no values of names.

use super::tree::{Expr, ExprKind};
use super::{Expression, Read, Template, walk};

impl Template {
    /// The paths of its scope that it writes into a text; not the one that a text is nothing but: that keeps its type.
    pub fn written(&self) -> Vec<&Read> {
        let is_sole = self.is_sole();
        let expressions = walk::expressions(&self.0.root).into_iter();
        let found = expressions.flat_map(|(expr, is_emitted)| {
            let whole = (is_emitted && !is_sole).then_some(expr);
            whole.into_iter().chain(concatenated(expr))
        });
        in_scope(found, self.reads())
    }

    /// The path of its scope that the text is nothing but.
    pub fn sole_path(&self) -> Option<&Read> {
        self.is_path().then(|| self.reads().first()).flatten()
    }

    /// Whether nothing but white space keeps the text from being one expression, which keeps its type.
    pub fn is_padded(&self) -> bool {
        self.wrapped().is_some() && !self.is_sole()
    }
}

impl Expression {
    /// The paths of its scope that it writes into a text.
    pub fn written(&self) -> Vec<&Read> {
        in_scope(concatenated(&self.0.root), self.reads())
    }
}

/// The parts of every `~` in an expression.
fn concatenated(expr: &Expr) -> impl Iterator<Item = &Expr> {
    let all = walk::and_parts(expr).into_iter();
    all.flat_map(|expr| match &expr.kind {
        ExprKind::Concat(parts) => parts.as_slice(),
        _ => &[],
    })
}

/// Those that are paths of the scope, and no names that the template itself sets.
fn in_scope<'t>(found: impl IntoIterator<Item = &'t Expr>, reads: &'t [Read]) -> Vec<&'t Read> {
    let paths = found
        .into_iter()
        .filter(|expr| matches!(expr.kind, ExprKind::Path { .. }));
    paths
        .filter_map(|expr| reads.iter().find(|read| read.range == expr.range))
        .collect()
}
