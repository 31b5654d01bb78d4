//! The parts of an action file that have to be compiled: schemas, templates, trees of templates.

use super::Reader;
use crate::action::body::{Member, Shape};
use crate::action::templates::{self, PARAMETERS, PARAMETERS_ITEM, SENDING_ITEM, Sees};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::document::{Node, NodeKind};
use crate::schema::Schema;
use crate::source::Span;
use crate::template::{Engine, Expression, Template};

/// A list made from a list.
const EACH: &str = "$each";
/// What becomes of each item of it.
const ITEM: &str = "$item";
/// The keys of another object.
const MERGE: &str = "$merge";

impl Reader<'_> {
    /// The schema that the key `key` holds.
    pub(super) fn schema(&mut self, key: &str, node: &Node) -> Option<Schema> {
        (self.compile)(&node.to_value().to_json())
            .map_err(|error| {
                let message = format!("the schema `{key}` is wrong: {}", error.message);
                let mut finding = Diagnostic::error(Code::InvalidSchema, message)
                    .at(self.source, error.span_in(node));
                finding.help = error.help;
                self.found.push(finding);
            })
            .ok()
    }

    pub(super) fn template(&mut self, node: &Node, sees: Sees) -> Option<Template> {
        let compiled = templates::template(self.source, node, sees, &self.params);
        compiled.map_err(|found| self.found.extend(found)).ok()
    }

    pub(super) fn expression(&mut self, node: &Node, sees: Sees) -> Option<Expression> {
        let compiled = templates::expression(self.source, node, sees, &self.params);
        compiled.map_err(|found| self.found.extend(found)).ok()
    }

    pub(super) fn shape(&mut self, node: &Node, sees: Sees) -> Option<Shape> {
        match &node.kind {
            NodeKind::Text(scalar) if !Engine::is_literal(&scalar.text) => {
                self.template(node, sees).map(Shape::Template)
            }
            NodeKind::List(items) => {
                let items: Vec<_> = items.iter().map(|item| self.shape(item, sees)).collect();
                items.into_iter().collect::<Option<_>>().map(Shape::List)
            }
            NodeKind::Map(_) if node.get(EACH).is_some() => self.each(node, sees),
            NodeKind::Map(_) => self.map(node, sees),
            _ => Some(Shape::Fixed(node.to_value())),
        }
    }

    pub(super) fn map(&mut self, node: &Node, sees: Sees) -> Option<Shape> {
        // Beside a misspelt `$each`, the `$item` that belongs to it is right.
        let is_misspelt = |key: &str| key.starts_with('$') && ![EACH, ITEM, MERGE].contains(&key);
        let misspelt = node.entries()?.iter().any(|entry| is_misspelt(&entry.key));
        let members: Vec<Option<Member>> = node
            .entries()?
            .iter()
            .map(|entry| match entry.key.as_str() {
                MERGE => self.template(&entry.value, sees).map(Member::Merge),
                ITEM if misspelt => None,
                ITEM => {
                    let message = format!("`{ITEM}` stands alone");
                    let finding = Diagnostic::error(Code::MissingKey, message)
                        .at(self.source, entry.key_span)
                        .help(format!("`{EACH}` beside it names the list"));
                    self.found.push(finding);
                    None
                }
                key if key.starts_with('$') => {
                    self.unknown_directive(entry.key_span, key);
                    None
                }
                _ => {
                    let shape = self.shape(&entry.value, sees)?;
                    Some(Member::Key(entry.key.clone(), shape))
                }
            })
            .collect();
        members.into_iter().collect::<Option<_>>().map(Shape::Map)
    }

    fn each(&mut self, node: &Node, sees: Sees) -> Option<Shape> {
        for entry in node.entries()? {
            if entry.key != EACH && entry.key != ITEM {
                self.unknown_directive(entry.key_span, &entry.key);
            }
        }
        let Some(item) = node.get(ITEM) else {
            let finding = Diagnostic::error(Code::MissingKey, format!("`{ITEM}` is missing"))
                .at(self.source, node.head())
                .help(format!(
                    "`{EACH}` names a list, `{ITEM}` what becomes of each `item` of it"
                ));
            self.found.push(finding);
            return None;
        };
        let over = self.template(node.get(EACH)?, sees);
        let inner = if sees == PARAMETERS {
            PARAMETERS_ITEM
        } else {
            SENDING_ITEM
        };
        let item = self.shape(item, inner);
        Some(Shape::Each {
            over: over?,
            item: Box::new(item?),
        })
    }

    fn unknown_directive(&mut self, span: Span, key: &str) {
        let mut finding = Diagnostic::error(Code::UnknownKey, format!("unknown key `{key}`"))
            .at(self.source, span);
        finding.help = did_you_mean(key, [EACH, ITEM, MERGE]);
        self.found.push(finding);
    }
}
