//! `when` and `expect`: bare expressions.

use std::collections::BTreeSet;

use super::super::Condition;
use super::super::answers;
use super::super::findings::template_diagnostic;
use super::super::names::PlaceKind;
use super::super::shape::Compiled;
use super::Compiler;
use crate::action::Action;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Node, NodeKind};

impl Compiler<'_> {
    pub(super) fn expectation(
        &mut self,
        node: &Node,
        index: usize,
        conditions: &BTreeSet<String>,
        action: Option<&Action>,
    ) -> Option<Condition> {
        let place = (PlaceKind::Expect, index, conditions);
        let condition = self.condition(node, "`expect`", place)?;
        if let Some(action) = action {
            let reads = condition.expression.reads();
            let found = answers::unknown_keys(action, reads, node, self.source);
            self.findings.extend(found);
        }
        Some(condition)
    }

    /// Compiles a bare expression; `true` and `false` are expressions too.
    pub(in crate::plan) fn condition(
        &mut self,
        node: &Node,
        what: &str,
        (place, before, conditions): (PlaceKind, usize, &BTreeSet<String>),
    ) -> Option<Condition> {
        let text = match &node.kind {
            NodeKind::Text(scalar) => scalar.text.clone(),
            NodeKind::Bool(flag) => flag.to_string(),
            _ => {
                self.error(
                    Code::WrongType,
                    node.span,
                    format!(
                        "{what} must be an expression, and this is {}",
                        node.type_words()
                    ),
                )
                .help = Some(match (place, joined(node)) {
                    (PlaceKind::Expect, _) => "write for example: response.code == 200".to_owned(),
                    (_, Some(only)) if node.items().is_some_and(|items| items.len() == 1) => {
                        format!("write it without brackets: `{only}`")
                    }
                    (_, Some(joined)) => format!("join conditions with `and`: `{joined}`"),
                    _ => "write for example: inputs.tier == \"VIP\"".to_owned(),
                });
                return None;
            }
        };
        if text.trim_start().starts_with("{{") {
            self.error(
                Code::TemplateSyntax,
                node.span,
                format!("{what} is an expression already, without braces"),
            )
            .help = Some("leave out `{{` and `}}`".to_owned());
            return None;
        }
        match self.sheet.engine.compile_expression(&text) {
            Ok(expression) => {
                let mut found = Vec::new();
                let visible = self.visible(place, before, self.vars, conditions);
                let compiled = Compiled::Expression(&expression);
                visible.check(compiled, node, &mut found);
                let advice = visible.unguarded(compiled, node);
                self.advice.extend(advice);
                self.note_reads(expression.reads());
                let sound = !found.iter().any(Diagnostic::is_error);
                self.findings.extend(found);
                sound.then(|| Condition {
                    expression,
                    text,
                    span: node.span,
                    node: node.clone(),
                })
            }
            Err(error) => {
                self.findings
                    .push(template_diagnostic(&error, node, self.source));
                None
            }
        }
    }
}

/// The conditions of a list as one.
fn joined(node: &Node) -> Option<String> {
    let conditions: Option<Vec<&str>> = node.items()?.iter().map(Node::text).collect();
    let conditions: Vec<String> = conditions?
        .into_iter()
        .map(|condition| {
            if condition.contains(" or ") {
                format!("({condition})")
            } else {
                condition.to_owned()
            }
        })
        .collect();
    (!conditions.is_empty()).then(|| conditions.join(" and "))
}
