//! The second opinion: another parser reads the same text, and where it finds another value nobody may go on. It is
//! `serde_yaml`, but for texts that are plain enough for a reader of a few rules.
//!
//! Two parsers with different ancestors rarely share a mistake. It knows nodes and nothing of how they came about.

mod evident;
mod surrogates;

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::plain::quoted;
use super::text::Text;
use super::{Node, NodeKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::value::Number;

/// Compares what another reader finds in the text with the tree.
///
/// # Errors
/// The first node that it reads differently, or the place where it refuses to read on.
pub(super) fn check(text: &Text<'_>, root: &Node) -> Result<(), Diagnostic> {
    if evident::is_same(text.as_str(), root) {
        return Ok(());
    }
    with_serde_yaml(text, root)
}

/// [`check`], whatever the text looks like.
fn with_serde_yaml(text: &Text<'_>, root: &Node) -> Result<(), Diagnostic> {
    let differs = Cell::new(None);
    let theirs = surrogates::replaced(text, root);
    let reader = serde_yaml::Deserializer::from_str(&theirs);
    let seed = Same {
        node: root,
        differs: &differs,
    };
    let Err(error) = seed.deserialize(reader) else {
        return Ok(());
    };
    Err(differs.get().map_or_else(
        || {
            let at = error.location().map_or(0, |location| location.index());
            text.error(
                Code::YamlSyntax,
                text.character(at),
                "readers of YAML disagree whether this is YAML",
            )
            .help("put the text in quotes, or write it in a plainer way")
        },
        |span| different(text, root, span),
    ))
}

fn different(text: &Text<'_>, root: &Node, span: Span) -> Diagnostic {
    let scalar = root.find(span).and_then(|node| match &node.kind {
        NodeKind::Number(number) => Some(number.as_str()),
        NodeKind::Text(scalar) => Some(scalar.text.as_str()),
        _ => None,
    });
    let help = match scalar {
        Some(scalar) if scalar.chars().count() <= 100 => {
            format!("write it in quotes: {}", quoted(scalar))
        }
        _ => "write it in double quotes on one line".to_owned(),
    };
    text.error(
        Code::AmbiguousScalar,
        span,
        "readers of YAML disagree about this scalar",
    )
    .help(help)
}

impl Node {
    /// The scalar at exactly this span.
    fn find(&self, span: Span) -> Option<&Self> {
        match &self.kind {
            NodeKind::List(items) => items.iter().find_map(|item| item.find(span)),
            NodeKind::Map(entries) => entries.iter().find_map(|entry| entry.value.find(span)),
            _ => (self.span == span).then_some(self),
        }
    }
}

/// A node that the other reader is to find as well.
struct Same<'n> {
    node: &'n Node,
    differs: &'n Cell<Option<Span>>,
}

impl Same<'_> {
    fn ensure<E: Error>(&self, same: bool) -> Result<(), E> {
        if same {
            Ok(())
        } else {
            self.differs.set(Some(self.node.span));
            Err(E::custom("read differently"))
        }
    }
}

impl<'de> DeserializeSeed<'de> for Same<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Same<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the same value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.ensure(self.node.kind == NodeKind::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<(), E> {
        self.ensure(self.node.kind == NodeKind::Bool(flag))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.visit_i128(number.into())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.visit_i128(number.into())
    }

    fn visit_i128<E: Error>(self, theirs: i128) -> Result<(), E> {
        self.ensure(self.number().and_then(|ours| ours.parse().ok()) == Some(theirs))
    }

    fn visit_u128<E: Error>(self, theirs: u128) -> Result<(), E> {
        self.ensure(self.number().and_then(|ours| ours.parse().ok()) == Some(theirs))
    }

    fn visit_f64<E: Error>(self, theirs: f64) -> Result<(), E> {
        // Bits, because both come from the same digits: nothing is computed between.
        let ours = self.number().and_then(|ours| ours.parse::<f64>().ok());
        self.ensure(ours.map(f64::to_bits) == Some(theirs.to_bits()))
    }

    fn visit_str<E: Error>(self, theirs: &str) -> Result<(), E> {
        let same = match &self.node.kind {
            NodeKind::Text(scalar) => scalar.text == theirs,
            // Too large for their floats, so they keep the digits as text: nobody misread it.
            NodeKind::Number(ours) => ours.as_str() == theirs && is_too_large(ours),
            _ => false,
        };
        self.ensure(same)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut theirs: A) -> Result<(), A::Error> {
        let NodeKind::List(items) = &self.node.kind else {
            return self.ensure(false);
        };
        for node in items {
            let seed = Same {
                node,
                differs: self.differs,
            };
            let found = theirs.next_element_seed(seed)?;
            self.ensure(found.is_some())?;
        }
        let more = theirs.next_element::<serde::de::IgnoredAny>()?;
        self.ensure(more.is_none())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut theirs: A) -> Result<(), A::Error> {
        let NodeKind::Map(entries) = &self.node.kind else {
            return self.ensure(false);
        };
        for entry in entries {
            let key = SameKey {
                key: &entry.key,
                span: entry.key_span,
                differs: self.differs,
            };
            let found = theirs.next_key_seed(key)?;
            self.ensure(found.is_some())?;
            theirs.next_value_seed(Same {
                node: &entry.value,
                differs: self.differs,
            })?;
        }
        let more = theirs.next_key::<serde::de::IgnoredAny>()?;
        self.ensure(more.is_none())
    }
}

impl Same<'_> {
    fn number(&self) -> Option<&str> {
        match &self.node.kind {
            NodeKind::Number(number) => Some(number.as_str()),
            _ => None,
        }
    }
}

fn is_too_large(number: &Number) -> bool {
    number.as_str().parse::<f64>().is_ok_and(f64::is_infinite)
}

/// A key that the other reader is to find as well.
struct SameKey<'n> {
    key: &'n str,
    span: Span,
    differs: &'n Cell<Option<Span>>,
}

impl<'de> DeserializeSeed<'de> for SameKey<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        // Set first: a key that is no text at all ends in a method that this visitor does not have.
        self.differs.set(Some(self.span));
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for SameKey<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the same key")
    }

    fn visit_str<E: Error>(self, theirs: &str) -> Result<(), E> {
        if theirs == self.key {
            self.differs.set(None);
            Ok(())
        } else {
            Err(E::custom("read differently"))
        }
    }
}
