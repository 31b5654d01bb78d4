//! `for_each` compiled: where rows come from, and what their steps see.

use std::collections::BTreeSet;

use super::compile::Compiler;
use super::names::{PlaceKind, RowNames};
use super::{AccountPaths, PlannedKind, PlannedLoop, PlannedSource, PlannedStep, Tree};
use crate::document::Node;
use crate::playbook::{ForEach, RowSource, Step};

impl<'p> Compiler<'p> {
    /// Compiles a step with `for_each`.
    pub(super) fn looped(
        &mut self,
        step: &'p Step,
        each: &'p ForEach,
        nested: &'p [Step],
        (place, index, outer): (PlaceKind, usize, &BTreeSet<String>),
    ) -> PlannedStep {
        let vars = self.vars;
        let source = match &each.source {
            RowSource::Items(node) => {
                PlannedSource::Items(self.tree(node, (place, index, vars, outer)))
            }
            RowSource::File {
                format,
                path,
                delimiter,
                sheet,
            } => PlannedSource::File {
                format: *format,
                path_span: path.span,
                path: self.tree(path, (place, index, vars, outer)),
                delimiter: *delimiter,
                sheet: sheet.clone(),
            },
        };
        let binding = if each.batch.is_some() {
            "rows".to_owned()
        } else {
            each.binding.value.clone()
        };
        self.rows.push(RowNames {
            id: step.id.value.clone(),
            binding: binding.clone(),
        });
        // A condition that looks at the row is asked for each row, any other once.
        let when = step
            .when
            .as_ref()
            .and_then(|node| self.condition(node, "`when`", (place, index, outer)));
        let looks_at_row = when.as_ref().is_some_and(|when| {
            when.expression.reads().iter().any(|read| {
                read.path
                    .first()
                    .is_some_and(|root| *root == binding || root == "loop")
            })
        });
        let (row_when, own_when) = if looks_at_row {
            (when, None)
        } else {
            (None, when)
        };
        let mut conditions = outer.clone();
        conditions.extend(step.when.as_ref().and_then(Node::text).map(str::to_owned));
        let mut of_row = |node: &Option<Node>| -> Option<Tree> {
            node.as_ref()
                .map(|node| self.tree(node, (place, index, vars, &conditions)))
        };
        let key = of_row(&each.key);
        let serialize_by = of_row(&each.serialize_by);
        let steps = self.steps(nested, place, &conditions);
        self.rows.pop();
        let path = |path: &Option<crate::source::Spanned<String>>| {
            path.as_ref().map(|path| path.value.clone())
        };
        PlannedStep {
            id: step.id.value.clone(),
            name: step.name.clone(),
            span: step.id.span,
            when: own_when,
            on_failure: step.on_failure,
            selected: self.names[index].selected,
            kind: PlannedKind::Loop(Box::new(PlannedLoop {
                source,
                span: step.span,
                binding,
                key,
                serialize_by,
                batch: each.batch,
                concurrency: each.concurrency,
                max_failures: each.max_failures,
                accounts: AccountPaths {
                    rejected: path(&each.rejected),
                    succeeded: path(&each.succeeded),
                    unknown: path(&each.unknown),
                },
                when: row_when,
                steps,
                keeps_ids: false,
            })),
        }
    }
}

/// Marks the loops whose ids are read after them.
pub(super) fn keep_ids(steps: &mut [PlannedStep], read: &BTreeSet<String>) {
    for step in steps {
        match &mut step.kind {
            PlannedKind::Action(_) => {}
            PlannedKind::Group(nested) => keep_ids(nested, read),
            PlannedKind::Loop(each) => {
                each.keeps_ids = read.contains(&step.id);
                keep_ids(&mut each.steps, read);
            }
        }
    }
}
