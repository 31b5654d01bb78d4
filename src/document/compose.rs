//! Parser events → nodes. It refuses what playbooks do not use of YAML and goes on, so that one reading
//! finds as much as can be known at once.

use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span as Mark, StructureStyle, options};

use super::plain::{self, Plain};
use super::read::{MAX_DEPTH, MAX_FINDINGS};
use super::template::{self, Around};
use super::text::Text;
use super::{Entry, Node, NodeKind, Scalar, Style, refusal, syntax};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// What speaks against a text.
pub(super) struct Refused {
    pub(super) findings: Vec<Diagnostic>,
    /// The tree, where only scalars are wrong with it; those are text in it.
    pub(super) root: Option<Node>,
}

/// Builds the tree; none where the text has no document.
pub(super) fn compose(text: &Text<'_>) -> Result<Option<Node>, Refused> {
    let mut composer = Composer {
        text,
        stack: Vec::new(),
        root: None,
        found: Vec::new(),
        last_end: 0,
        muted_at: None,
        documents: 0,
    };
    let options = options! {
        disallow_directives: true,
        // Findings at each alias, instead of an end at the first that has no anchor.
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    for next in Parser::new_from_str_with_options(text.as_str(), options) {
        let next = match next {
            Ok((event, mark)) => composer.event(event, &mark),
            Err(error) => {
                composer.syntax_error(&error);
                Next::Stop
            }
        };
        if next == Next::Stop || composer.found.len() >= MAX_FINDINGS {
            break;
        }
    }
    composer.finish()
}

/// Whether there is a point in reading on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Continue,
    Stop,
}

/// A collection that is not closed yet.
enum Frame {
    List {
        around: Around,
        start: usize,
        items: Vec<Node>,
    },
    Map {
        around: Around,
        start: usize,
        key: Key,
        entries: Vec<Entry>,
    },
}

impl Frame {
    const fn around(&self) -> Around {
        match self {
            Self::List { around, .. } | Self::Map { around, .. } => *around,
        }
    }
}

/// What a mapping is waiting for.
enum Key {
    /// The next key.
    Awaited,
    /// The value of this key.
    Known(String, Span),
    /// A value whose key was refused: it is read and dropped.
    Refused,
}

struct Composer<'a> {
    text: &'a Text<'a>,
    stack: Vec<Frame>,
    root: Option<Node>,
    found: Vec<Diagnostic>,
    /// Where the last node, bracket or document marker ended.
    last_end: usize,
    /// The depth of an unquoted template: what is inside it is no YAML and not judged.
    muted_at: Option<usize>,
    documents: usize,
}

impl Composer<'_> {
    fn event(&mut self, event: Event<'_>, mark: &Mark) -> Next {
        let range = mark.byte_range().unwrap_or(self.last_end..self.last_end);
        if let Some(tag) = event.tag() {
            let tag_range = mark.tag_span().and_then(|span| span.byte_range());
            let tag_range = tag_range.unwrap_or(range.start..range.start);
            self.report(refusal::tag(self.text, &tag.original(), &tag_range));
        }
        match event {
            Event::DocumentStart(is_explicit, _) => return self.document(is_explicit, &range),
            Event::Anchor(..) => self.report(refusal::anchor_or_alias(self.text, &range)),
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.report(refusal::anchor_or_alias(self.text, &range));
                self.place_refused(self.text.span(range.start, range.end));
                self.last_end = range.end;
            }
            Event::Scalar(value, style, ..) => {
                self.scalar(&value, style, &range);
                self.last_end = self.last_end.max(range.end);
            }
            Event::SequenceStart(style, ..) => {
                let around = around(style);
                return self.open(Frame::List {
                    around,
                    start: range.start,
                    items: Vec::new(),
                });
            }
            Event::MappingStart(style, ..) => {
                let around = around(style);
                if around == Around::Flow {
                    self.template(range.start);
                }
                return self.open(Frame::Map {
                    around,
                    start: range.start,
                    key: Key::Awaited,
                    entries: Vec::new(),
                });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(&range),
            _ => {}
        }
        Next::Continue
    }

    fn document(&mut self, is_explicit: bool, range: &Range<usize>) -> Next {
        self.documents += 1;
        if is_explicit {
            self.last_end = range.end;
        }
        if self.documents < 2 {
            return Next::Continue;
        }
        self.report(refusal::second_document(self.text, range));
        Next::Stop
    }

    fn open(&mut self, frame: Frame) -> Next {
        let (Frame::List { start, .. } | Frame::Map { start, .. }) = frame;
        if self.stack.len() >= MAX_DEPTH {
            self.report(refusal::too_deep(self.text, start));
            return Next::Stop;
        }
        if frame.around() == Around::Flow {
            self.last_end = self.last_end.max((start + 1).min(self.text.as_str().len()));
        }
        self.stack.push(frame);
        Next::Continue
    }

    fn close(&mut self, range: &Range<usize>) {
        let Some(frame) = self.stack.pop() else {
            return;
        };
        let brackets = |start: usize| self.text.span(start, range.end);
        let here = self.text.span(range.start, range.start);
        let node = match frame {
            Frame::List {
                around,
                start,
                items,
            } => {
                let children = ends(items.first().map(|n| n.span), items.last().map(|n| n.span));
                Node {
                    span: match around {
                        Around::Flow => brackets(start),
                        Around::Block => children.unwrap_or(here),
                    },
                    kind: NodeKind::List(items),
                }
            }
            Frame::Map {
                around,
                start,
                entries,
                ..
            } => {
                self.duplicates(&entries);
                let children = ends(
                    entries.first().map(|entry| entry.key_span),
                    entries.last().map(|entry| entry.value.span),
                );
                Node {
                    span: match around {
                        Around::Flow => brackets(start),
                        Around::Block => children.unwrap_or(here),
                    },
                    kind: NodeKind::Map(entries),
                }
            }
        };
        self.last_end = self.last_end.max(range.end);
        if self.muted_at == Some(self.stack.len()) {
            self.muted_at = None;
            self.place_refused(node.span);
        } else {
            self.place(node);
        }
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, node: Node) {
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Frame::List { items, .. }) => items.push(node),
            Some(Frame::Map { key, entries, .. }) => match std::mem::replace(key, Key::Awaited) {
                Key::Known(name, key_span) => entries.push(Entry {
                    key: name,
                    key_span,
                    value: node,
                }),
                Key::Refused => {}
                Key::Awaited => {
                    let read = self.key(node);
                    if let Some(Frame::Map { key, .. }) = self.stack.last_mut() {
                        *key = read;
                    }
                }
            },
        }
    }

    /// Puts something in the place of a node that has its finding already.
    fn place_refused(&mut self, span: Span) {
        if let Some(Frame::Map {
            key: key @ Key::Awaited,
            ..
        }) = self.stack.last_mut()
        {
            *key = Key::Refused;
        } else {
            self.place(Node {
                span,
                kind: NodeKind::Null,
            });
        }
    }

    fn key(&mut self, node: Node) -> Key {
        let span = node.span;
        let refused = refusal::key(self.text, &node);
        let is_refused = refused.is_some();
        if let Some(finding) = refused {
            self.report(finding);
        }
        match node.kind {
            NodeKind::Text(scalar) if !is_refused => Key::Known(scalar.text, span),
            // As it is written, as other scalars that are refused: so that it is not missed as well.
            NodeKind::Number(_) | NodeKind::Bool(_) => {
                let written = &self.text.as_str()[self.text.offsets(span)];
                Key::Known(written.to_owned(), span)
            }
            _ => Key::Refused,
        }
    }

    fn scalar(&mut self, value: &str, style: ScalarStyle, range: &Range<usize>) {
        let style = match style {
            ScalarStyle::Plain => return self.plain(value, range),
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        let span = match style {
            Style::Literal | Style::Folded => self.block(range),
            _ => self.text.span(range.start, range.end),
        };
        self.place(text_node(value, style, span));
    }

    /// The parser's span of a block scalar begins after the header and ends before the next token.
    fn block(&self, range: &Range<usize>) -> Span {
        let start = self
            .text
            .find_indicator(self.last_end, ['|', '>'])
            .filter(|start| *start <= range.start)
            .unwrap_or(range.start);
        let written = &self.text.as_str()[start..range.end.max(start)];
        self.text.span(start, start + written.trim_end().len())
    }

    fn plain(&mut self, value: &str, range: &Range<usize>) {
        let mut span = self.text.span(range.start, range.end);
        if range.is_empty() {
            // Nothing was written. The parser marks the place before the colon; after it is where
            // a value could stand.
            let is_value = matches!(
                self.stack.last(),
                Some(Frame::Map {
                    key: Key::Known(..),
                    ..
                })
            );
            if is_value && self.text.as_str()[range.start..].starts_with(':') {
                span = self.text.span(range.start + 1, range.start + 1);
            }
            return self.place(Node {
                span,
                kind: NodeKind::Null,
            });
        }
        let kind = match plain::resolve(value) {
            Plain::Null => NodeKind::Null,
            Plain::Bool(flag) => NodeKind::Bool(flag),
            Plain::Number(number) => NodeKind::Number(number),
            Plain::Text => {
                if let Some(finding) = refusal::list_in_text(self.text, range) {
                    self.report(finding);
                }
                return self.place(text_node(value, Style::Plain, span));
            }
            Plain::Ambiguous => {
                self.report(refusal::ambiguous(self.text, span, value));
                return self.place(text_node(value, Style::Plain, span));
            }
        };
        self.place(Node { span, kind });
    }

    fn template(&mut self, start: usize) {
        if self.muted_at.is_some() || !template::begins_at(self.text, start) {
            return;
        }
        let around = self.stack.last().map_or(Around::Block, Frame::around);
        self.report(template::unquoted(self.text, start, around));
        self.muted_at = Some(self.stack.len());
    }

    fn duplicates(&mut self, entries: &[Entry]) {
        for finding in refusal::duplicates(self.text, entries) {
            self.report(finding);
        }
    }

    fn syntax_error(&mut self, error: &granit_parser::ScanError) {
        let finding = syntax::explain(self.text, error, self.last_end);
        // What has a finding in the same line is most likely why the parser stumbled.
        let line = |finding: &Diagnostic| finding.place.as_ref().map(|place| place.start().line);
        if !self.found.iter().any(|one| line(one) == line(&finding)) {
            self.found.push(finding);
        }
    }

    fn report(&mut self, finding: Diagnostic) {
        if self.muted_at.is_none() && self.found.len() < MAX_FINDINGS {
            self.found.push(finding);
        }
    }

    fn finish(mut self) -> Result<Option<Node>, Refused> {
        // After a stop the open mappings are judged by what they have so far.
        self.muted_at = None;
        for frame in std::mem::take(&mut self.stack) {
            if let Frame::Map { entries, .. } = frame {
                self.duplicates(&entries);
            }
        }
        if self.found.is_empty() {
            return Ok(self.root);
        }
        self.found
            .sort_by_key(|finding| finding.place.as_ref().map(|place| place.span));
        // A scalar that is two things to two readers leaves the rest of the tree as sure as it was.
        let is_whole = self
            .found
            .iter()
            .all(|finding| finding.code == Code::AmbiguousScalar);
        Err(Refused {
            findings: self.found,
            root: self.root.filter(|_| is_whole),
        })
    }
}

const fn around(style: StructureStyle) -> Around {
    match style {
        StructureStyle::Block => Around::Block,
        StructureStyle::Flow => Around::Flow,
    }
}

fn text_node(value: &str, style: Style, span: Span) -> Node {
    Node {
        span,
        kind: NodeKind::Text(Scalar {
            text: value.to_owned(),
            style,
        }),
    }
}

fn ends(first: Option<Span>, last: Option<Span>) -> Option<Span> {
    Some(first?.join(last?))
}
