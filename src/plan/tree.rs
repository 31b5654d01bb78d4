//! A part of the playbook whose texts may be templates: compiled once, rendered when its turn comes.

use std::sync::Arc;

use super::findings::template_diagnostic;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Node, NodeKind};
use crate::source::{Source, Span};
use crate::template::{Engine, Scope, Template, TemplateError};
use crate::value::{Value, map_with_room_for, pointer_step};

/// A node with its templates compiled.
#[derive(Debug)]
pub enum Tree {
    /// No template in it.
    Fixed(Value),
    /// A text that is or holds a template, and the node it stands in.
    Template(Box<(Template, Node)>),
    /// A template that something is wrong with: it was said, and nothing more is known of its value.
    Broken,
    /// A list with a template in it.
    List(Vec<Tree>),
    /// An object with a template in it.
    Map(Vec<(String, Tree)>),
}

/// A template that could not be rendered, and the node it stands in.
#[derive(Debug)]
pub struct TreeError<'t> {
    /// What went wrong.
    pub error: Box<TemplateError>,
    /// Where.
    pub node: &'t Node,
}

impl TreeError<'_> {
    /// The same as a finding at its place.
    pub fn diagnostic(&self, source: &Arc<Source>) -> Diagnostic {
        template_diagnostic(&self.error, self.node, source)
    }
}

impl Tree {
    /// Compiles a node; every template that does not compile is a finding.
    pub fn compile(
        node: &Node,
        engine: &Engine,
        source: &Arc<Source>,
        findings: &mut Vec<Diagnostic>,
    ) -> Self {
        match &node.kind {
            NodeKind::Text(scalar) if Engine::is_literal(&scalar.text) => {
                Self::Fixed(node.to_value())
            }
            NodeKind::Text(scalar) => match engine.compile(&scalar.text) {
                Ok(template) => Self::Template(Box::new((template, node.clone()))),
                Err(error) => {
                    findings.push(template_diagnostic(&error, node, source));
                    Self::Broken
                }
            },
            NodeKind::List(items) => {
                let trees: Vec<Self> = items
                    .iter()
                    .map(|item| Self::compile(item, engine, source, findings))
                    .collect();
                if trees.iter().all(Self::is_fixed) {
                    Self::Fixed(node.to_value())
                } else {
                    Self::List(trees)
                }
            }
            NodeKind::Map(entries) => {
                let templates = entries
                    .iter()
                    .filter(|entry| !Engine::is_literal(&entry.key));
                findings.extend(templates.map(|entry| {
                    Diagnostic::error(Code::TemplateSyntax, "no template may stand in a key")
                        .at(source, entry.key_span)
                        .help("write the key out: a plan shows which fields a step writes")
                }));
                let trees: Vec<(String, Self)> = entries
                    .iter()
                    .map(|entry| {
                        (
                            entry.key.clone(),
                            Self::compile(&entry.value, engine, source, findings),
                        )
                    })
                    .collect();
                if trees.iter().all(|(_, tree)| tree.is_fixed()) {
                    Self::Fixed(node.to_value())
                } else {
                    Self::Map(trees)
                }
            }
            NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) => {
                Self::Fixed(node.to_value())
            }
        }
    }

    /// Whether no template is in it.
    pub const fn is_fixed(&self) -> bool {
        matches!(self, Self::Fixed(_))
    }

    /// What stands under a key that is written out.
    pub fn member(&self, key: &str) -> Option<&Self> {
        let Self::Map(entries) = self else {
            return None;
        };
        let entry = entries.iter().find(|(name, _)| name == key);
        entry.map(|(_, tree)| tree)
    }

    /// Where it stands in its text; none without a template.
    pub fn place(&self) -> Option<Span> {
        self.templates().first().map(|(_, node)| node.span)
    }

    /// Every sound template in it, with its node.
    pub fn templates(&self) -> Vec<(&Template, &Node)> {
        match self {
            Self::Fixed(_) | Self::Broken => Vec::new(),
            Self::Template(pair) => vec![(&pair.0, &pair.1)],
            Self::List(items) => items.iter().flat_map(Self::templates).collect(),
            Self::Map(entries) => entries
                .iter()
                .flat_map(|(_, tree)| tree.templates())
                .collect(),
        }
    }

    /// What it was made from: templates as they are written, all else, keys among it, as JSON. Two trees with the same
    /// text give the same values in the same scope. Digests of it are kept: one tree has one text, whatever compiler
    /// this program was built with.
    pub fn written(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        match self {
            Self::Fixed(value) => text.push_str(&value.to_json_text()),
            Self::Broken => {}
            Self::Template(pair) => text.push_str(pair.0.text()),
            Self::List(items) => {
                text.push('[');
                for (number, item) in items.iter().enumerate() {
                    text.push_str(if number == 0 { "" } else { "," });
                    item.write(text);
                }
                text.push(']');
            }
            Self::Map(entries) => {
                text.push('{');
                for (number, (key, tree)) in entries.iter().enumerate() {
                    text.push_str(if number == 0 { "" } else { "," });
                    text.push_str(&Value::from(key.as_str()).to_json_text());
                    text.push(':');
                    tree.write(text);
                }
                text.push('}');
            }
        }
    }

    /// Looks at every template with its node; those that `is_sound` denies count as broken from then on.
    pub fn check(&mut self, is_sound: &mut dyn FnMut(&Template, &Node) -> bool) {
        match self {
            Self::Fixed(_) | Self::Broken => {}
            Self::Template(pair) => {
                if !is_sound(&pair.0, &pair.1) {
                    *self = Self::Broken;
                }
            }
            Self::List(items) => items.iter_mut().for_each(|item| item.check(is_sound)),
            Self::Map(entries) => entries
                .iter_mut()
                .for_each(|(_, tree)| tree.check(is_sound)),
        }
    }

    /// What stands at a JSON pointer, where that is written out.
    pub(super) fn at(&self, pointer: &str) -> Option<&Self> {
        let Some(below) = pointer.strip_prefix('/') else {
            return Some(self);
        };
        let (key, rest) = below.split_at(below.find('/').unwrap_or(below.len()));
        let found = match self {
            Self::Fixed(_) | Self::Template(_) | Self::Broken => None,
            Self::List(items) => items.get(key.parse::<usize>().ok()?),
            Self::Map(entries) => {
                let mut entries = entries.iter();
                let is_meant = |(name, _): &&(String, Self)| pointer_step(name) == key;
                entries.find(is_meant).map(|(_, tree)| tree)
            }
        };
        found?.at(rest)
    }

    /// Makes what stands at a JSON pointer count as broken from then on.
    pub fn break_at(&mut self, pointer: &str) {
        let (key, rest) = match pointer.strip_prefix('/') {
            None => {
                *self = Self::Broken;
                return;
            }
            Some(below) => match below.find('/') {
                Some(end) => below.split_at(end),
                None => (below, ""),
            },
        };
        let below = match self {
            Self::Fixed(_) | Self::Template(_) | Self::Broken => None,
            Self::List(items) => key
                .parse::<usize>()
                .ok()
                .and_then(|index| items.get_mut(index)),
            Self::Map(entries) => {
                let is_meant = |(name, _): &&mut (String, Self)| pointer_step(name) == key;
                entries.iter_mut().find(is_meant).map(|(_, tree)| tree)
            }
        };
        if let Some(below) = below {
            below.break_at(rest);
        }
    }

    /// The value, all templates rendered.
    ///
    /// # Errors
    /// The first template that cannot be rendered.
    ///
    /// # Panics
    /// Where a template is broken: no plan is made of those.
    pub fn render(&self, scope: &Scope) -> Result<Value, TreeError<'_>> {
        Ok(match self {
            Self::Fixed(value) => value.clone(),
            Self::Broken => unreachable!("a plan has no broken templates"),
            Self::Template(pair) => pair.0.render(scope).map_err(|error| TreeError {
                error: Box::new(error),
                node: &pair.1,
            })?,
            Self::List(items) => Value::List(
                items
                    .iter()
                    .map(|item| item.render(scope))
                    .collect::<Result<_, _>>()?,
            ),
            Self::Map(entries) => {
                let mut map = map_with_room_for(entries.len());
                for (key, tree) in entries {
                    map.insert(key.clone(), tree.render(scope)?);
                }
                Value::Map(map)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::document;
    use crate::template::Clock;

    /// The text of a mapping with one key, whose value is a template.
    fn written(key: &str) -> String {
        let key = Value::from(key).to_json_text();
        let source = Source::new("play.yaml", format!("{key}: '{{{{ inputs.a }}}}'\n"));
        let document = document::read(&source).unwrap();
        let engine = Engine::new(Clock {
            now: Timestamp::UNIX_EPOCH,
            zone: TimeZone::UTC,
        });
        let mut findings = Vec::new();
        let tree = Tree::compile(&document.root, &engine, &source, &mut findings);
        assert!(findings.is_empty(), "{findings:?}");
        tree.written()
    }

    #[test]
    fn keys_are_written_as_json() {
        for (key, expected) in [
            ("a\u{f1}o", "{\"a\u{f1}o\":{{ inputs.a }}}"),
            // What `Debug` escapes depends on the Unicode tables of the compiler.
            ("\u{301}e", "{\"\u{301}e\":{{ inputs.a }}}"),
            ("a\u{200d}b", "{\"a\u{200d}b\":{{ inputs.a }}}"),
            ("\"a\"", "{\"\\\"a\\\"\":{{ inputs.a }}}"),
        ] {
            assert_eq!(written(key), expected, "{key:?}");
        }
    }
}
