//! Text → a tree of nodes, each with its place and each scalar with its spelling. The one door to YAML.
//!
//! It knows YAML 1.2 core and nothing of playbooks. JSON is read by the same reader, being a part of YAML.

mod agree;
mod characters;
mod compose;
mod file;
mod path;
mod place;
mod plain;
mod read;
mod refusal;
mod syntax;
mod template;
mod text;

use std::sync::Arc;

use crate::source::{Source, Span};
use crate::value::{Number, Value};

pub use file::read_source;
pub(crate) use file::{NOT_ORDINARY, open_ordinary, ordinary_text, unreadable as unreadable_file};
pub use path::Nearest;
pub use plain::quoted;
pub use read::{MAX_BYTES, MAX_DEPTH, read, read_on};

/// One YAML document whose root may be anything.
#[derive(Debug, Clone)]
pub struct Document {
    /// The text it was read from.
    pub source: Arc<Source>,
    /// The tree.
    pub root: Node,
}

/// A node and its place.
///
/// The span of a scalar is what was written, quotes included; of a block scalar from its `|` or `>`
/// to the end of its last line that is not blank; of a list or mapping from its first child (key) to
/// the end of its last, in flow style from bracket to bracket; of nothing the empty span where
/// something could stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: NodeKind,
}

/// The kinds of nodes.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeKind {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number with its digits.
    Number(Number),
    /// Text.
    Text(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A mapping with unique text keys, in the order of the file.
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key, byte for byte.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// Its value.
    pub value: Node,
}

/// The text of a scalar and how it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The text as YAML reads it.
    pub text: String,
    /// How it was written.
    pub style: Style,
}

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

impl Node {
    /// The entries, where this is a mapping.
    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.kind {
            NodeKind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items, where this is a list.
    pub fn items(&self) -> Option<&[Self]> {
        match &self.kind {
            NodeKind::List(items) => Some(items),
            _ => None,
        }
    }

    /// The text, where this is text.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Text(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// The entry of a key, where this is a mapping that has it.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries()?.iter().find(|entry| entry.key == key)
    }

    /// The value of a key, where this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The node without its places.
    pub fn to_value(&self) -> Value {
        match &self.kind {
            NodeKind::Null => Value::Null,
            NodeKind::Bool(flag) => Value::Bool(*flag),
            NodeKind::Number(number) => Value::Number(number.clone()),
            NodeKind::Text(scalar) => Value::Text(scalar.text.clone()),
            NodeKind::List(items) => Value::List(items.iter().map(Self::to_value).collect()),
            NodeKind::Map(entries) => Value::Map(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.value.to_value()))
                    .collect(),
            ),
        }
    }

    /// What the node is, for messages: `text`, `a number`, `a list` …
    pub const fn type_words(&self) -> &'static str {
        match &self.kind {
            NodeKind::Null => "nothing",
            NodeKind::Bool(_) => "true or false",
            NodeKind::Number(_) => "a number",
            NodeKind::Text(_) => "text",
            NodeKind::List(_) => "a list",
            NodeKind::Map(_) => "a mapping",
        }
    }
}

/// A value that stands in no file: its nodes are all at the start of one.
impl From<Value> for Node {
    fn from(value: Value) -> Self {
        let kind = match value {
            Value::Null => NodeKind::Null,
            Value::Bool(flag) => NodeKind::Bool(flag),
            Value::Number(number) => NodeKind::Number(number),
            Value::Text(text) => NodeKind::Text(Scalar {
                text,
                style: Style::Plain,
            }),
            Value::List(items) => NodeKind::List(items.into_iter().map(Self::from).collect()),
            Value::Map(map) => {
                let entries = map.into_iter().map(|(key, value)| Entry {
                    key,
                    key_span: Span::default(),
                    value: Self::from(value),
                });
                NodeKind::Map(entries.collect())
            }
        };
        Self {
            span: Span::default(),
            kind,
        }
    }
}

#[cfg(test)]
mod tests;
