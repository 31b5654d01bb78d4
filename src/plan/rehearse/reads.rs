//! What the templates and conditions of one step read, each with the node that it stands in.

use crate::document::Node;
use crate::plan::{Condition, PlannedKind, PlannedStep, Tree};
use crate::template::Read;

/// The reads of a step itself, not those of steps in it; of a step with `use`, those of what it gives; of a loop, those
/// that are asked for each row.
pub(super) fn own_reads(step: &PlannedStep) -> Vec<(&[Read], &Node)> {
    let mut reads: Vec<(&[Read], &Node)> = Vec::new();
    let of_condition = |when| -> (&[Read], &Node) {
        let when: &Condition = when;
        (when.expression.reads(), &when.node)
    };
    let of_tree = |tree| {
        let tree: &Tree = tree;
        let templates = tree.templates().into_iter();
        templates.map(|(template, node)| (template.reads(), node))
    };
    reads.extend(step.when.iter().map(of_condition));
    match &step.kind {
        PlannedKind::Action(action) => {
            reads.extend(of_tree(&action.with));
            reads.extend(action.expect.iter().map(of_condition));
        }
        PlannedKind::Use(used) => {
            reads.extend(used.given().flat_map(|given| of_tree(&given.tree)));
        }
        PlannedKind::Loop(each) => {
            reads.extend(each.key.iter().chain(&each.serialize_by).flat_map(of_tree));
            reads.extend(each.when.iter().map(of_condition));
        }
        PlannedKind::Group(_) => {}
    }
    reads
}
