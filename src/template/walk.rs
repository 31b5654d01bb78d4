//! Every expression of a template, in the order of the text. It evaluates nothing.

use super::tree::{Expr, For, Node};

/// The expressions that stand in some nodes, whole: what each is made of is not among them. Those whose value is
/// written into the text come with `true`.
pub(super) fn expressions(nodes: &[Node]) -> Vec<(&Expr, bool)> {
    let mut found = Vec::new();
    visit(nodes, &mut found);
    found
}

/// What the `for` blocks go over.
pub(super) fn iterated(nodes: &[Node]) -> Vec<&Expr> {
    let mut found = Vec::new();
    for node in nodes {
        match node {
            Node::Raw(_) | Node::Emit(_) | Node::Set { .. } => {}
            Node::If { arms, otherwise } => {
                let bodies = arms.iter().map(|(_, body)| body).chain([otherwise]);
                found.extend(bodies.flat_map(|body| iterated(body)));
            }
            Node::For(each) => {
                found.push(&each.over);
                found.extend(iterated(&each.body));
                found.extend(iterated(&each.otherwise));
            }
            Node::Capture { body, .. } | Node::With { body, .. } => found.extend(iterated(body)),
        }
    }
    found
}

/// An expression and all that it is made of.
pub(super) fn and_parts(expr: &Expr) -> Vec<&Expr> {
    let mut all = vec![expr];
    all.extend(expr.parts().into_iter().flat_map(and_parts));
    all
}

fn visit<'t>(nodes: &'t [Node], found: &mut Vec<(&'t Expr, bool)>) {
    for node in nodes {
        match node {
            Node::Raw(_) => {}
            Node::Emit(expr) => found.push((expr, true)),
            Node::Set { value, .. } => found.push((value, false)),
            Node::If { arms, otherwise } => {
                for (test, body) in arms {
                    found.push((test, false));
                    visit(body, found);
                }
                visit(otherwise, found);
            }
            Node::For(each) => visit_for(each, found),
            Node::Capture { body, .. } => visit(body, found),
            Node::With { assignments, body } => {
                found.extend(assignments.iter().map(|(_, value)| (value, false)));
                visit(body, found);
            }
        }
    }
}

fn visit_for<'t>(each: &'t For, found: &mut Vec<(&'t Expr, bool)>) {
    found.push((&each.over, false));
    found.extend(each.filter.iter().map(|filter| (filter, false)));
    visit(&each.body, found);
    visit(&each.otherwise, found);
}
