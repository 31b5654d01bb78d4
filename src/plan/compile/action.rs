//! A step that performs an action: the action looked up, its parameters and expectations compiled.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Compiler;
use crate::action::Action;
use crate::diagnostic::{Code, did_you_mean};
use crate::document::{Node, NodeKind};
use crate::plan::names::PlaceKind;
use crate::plan::{DEFAULT_TIMEOUT, PlannedAction, Tree};
use crate::playbook::Step;
use crate::source::{Span, Spanned};
use crate::value::{Map, Value};

impl Compiler<'_> {
    /// A step that performs an action: as it is written (the action's name, `with` and where that stands), and where it
    /// stands. None where there is no such action.
    pub(super) fn performed(
        &mut self,
        step: &Step,
        (action, with, with_span): (&Spanned<String>, Option<&Node>, Span),
        (place, index, conditions): (PlaceKind, usize, &BTreeSet<String>),
    ) -> Option<PlannedAction> {
        let found = self.action(action);
        let max_pages = found
            .as_ref()
            .and_then(|action| self.max_pages(step, action));
        let tree = match with {
            Some(node) => {
                let from = (place, index, self.vars, conditions);
                let mut tree = self.tree(node, from);
                if let Some(action) = &found {
                    self.check_types(&mut tree, (action, node, with_span), from);
                }
                tree
            }
            None => Tree::Fixed(Value::Map(Map::default())),
        };
        if let Some(node) = with
            && node.entries().is_none()
        {
            let message = format!(
                "`with` must be a mapping of parameters, and this is {}",
                node.type_words()
            );
            self.error(Code::WrongType, node.span, message);
        }
        let expect = step
            .expect
            .iter()
            .filter_map(|node| self.expectation(node, index, conditions, found.as_deref()))
            .collect();
        let action = found?;
        Some(PlannedAction {
            with: match max_pages {
                Some(_) => tree.with_first_page(&action),
                None => tree,
            },
            max_pages,
            action,
            with_node: with.cloned().unwrap_or(Node {
                span: with_span,
                kind: NodeKind::Map(Vec::new()),
            }),
            with_span,
            expect,
            retry: step.retry.unwrap_or_default(),
            timeout: step.timeout.unwrap_or(DEFAULT_TIMEOUT),
        })
    }

    fn action(&mut self, name: &Spanned<String>) -> Option<Arc<Action>> {
        let found = self.sheet.catalogue.get(&name.value);
        if found.is_none() && !self.sheet.catalogue.is_broken(&name.value) {
            let help = did_you_mean(&name.value, self.sheet.catalogue.names());
            self.error(
                Code::UnknownAction,
                name.span,
                format!("no action is called `{}`", name.value),
            )
            .help = help;
        }
        found
    }
}
