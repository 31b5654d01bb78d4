//! Ways to a node: by keys, and by JSON Pointer as far as it goes. They do not know what the keys mean.

use super::{Node, NodeKind};
use crate::source::Span;

/// The deepest node along a JSON Pointer.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearest<'a> {
    /// The node.
    pub node: &'a Node,
    /// Where the key stands whose value the node is; none for the root and for items of lists.
    pub key: Option<Span>,
    /// The first part of the pointer that leads nowhere; none where the node is the very one.
    pub missing: Option<String>,
}

impl Nearest<'_> {
    /// Whether the pointer leads to the node itself.
    pub const fn is_exact(&self) -> bool {
        self.missing.is_none()
    }

    /// Where a finding about the pointer's target belongs: the value if it is a scalar; for a list,
    /// a mapping, or something missing in it, the key that leads there, else what it begins with.
    pub fn span(&self) -> Span {
        match (&self.node.kind, self.key) {
            (NodeKind::List(_) | NodeKind::Map(_), Some(key)) => key,
            // Nothing is there to point at but the key that has no value.
            (NodeKind::Null, Some(key)) if self.node.span.start == self.node.span.end => key,
            _ => self.node.head(),
        }
    }
}

impl Node {
    /// The node that a list of keys and decimal indices leads to.
    pub fn at(&self, pointer: &[&str]) -> Option<&Self> {
        pointer
            .iter()
            .try_fold(self, |node, part| node.child(part).map(|(child, _)| child))
    }

    /// The deepest node along a JSON Pointer (RFC 6901), so that every pointer ends at a place.
    /// A pointer that does not begin with `/` leads to this node itself.
    pub fn nearest(&self, pointer: &str) -> Nearest<'_> {
        let mut nearest = Nearest {
            node: self,
            key: None,
            missing: None,
        };
        for part in pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            let Some((node, key)) = nearest.node.child(&part) else {
                nearest.missing = Some(part);
                break;
            };
            nearest.node = node;
            nearest.key = key;
        }
        nearest
    }

    /// A short span to point at the whole node with: the scalar, the first key, or the head of the
    /// first item; the brackets of an empty list or mapping.
    pub fn head(&self) -> Span {
        match &self.kind {
            NodeKind::List(items) => items.first().map_or(self.span, Self::head),
            NodeKind::Map(entries) => entries.first().map_or(self.span, |entry| entry.key_span),
            _ => self.span,
        }
    }

    fn child(&self, part: &str) -> Option<(&Self, Option<Span>)> {
        match &self.kind {
            NodeKind::Map(_) => {
                let entry = self.entry(part)?;
                Some((&entry.value, Some(entry.key_span)))
            }
            NodeKind::List(items) => {
                // RFC 6901: digits without leading zeros; Rust's parser would take `+1` as well.
                let is_index = part.bytes().all(|byte| byte.is_ascii_digit())
                    && (part == "0" || !part.starts_with('0'));
                let item = items.get(is_index.then(|| part.parse::<usize>().ok())??)?;
                Some((item, None))
            }
            _ => None,
        }
    }
}
