//! The parser's errors in words of our own, each at the place where the mistake is rather than where
//! the parser gave up, with a remedy.

use granit_parser::{ErrorKind as Kind, ScanError};

use super::refusal::too_deep;
use super::template::{self, in_quotes, without_comment};
use super::text::Text;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

const COLUMN: &str = "the keys of one mapping, and the items of one list, begin in the same column";

/// Where the parser stood when it gave up.
struct Scene<'a> {
    text: &'a Text<'a>,
    /// Where it gave up.
    at: usize,
    /// Where the last complete node ended.
    last_end: usize,
}

/// The finding for an error of the parser; `last_end` is where the last node before it ended.
pub(super) fn explain(text: &Text<'_>, error: &ScanError, last_end: usize) -> Diagnostic {
    let at = text.floor(error.marker().byte_offset().unwrap_or(last_end));
    let scene = Scene { text, at, last_end };
    if *error.kind() == Kind::RecursionLimitExceeded {
        return too_deep(text, at);
    }
    template::in_line_of(text, at)
        .or_else(|| scene.quotes(error.kind()))
        .or_else(|| scene.brackets(error.kind()))
        .or_else(|| scene.features(error.kind()))
        .unwrap_or_else(|| scene.lines(error.kind()))
}

impl Scene<'_> {
    fn say(&self, span: Span, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
        self.text.error(Code::YamlSyntax, span, message).help(help)
    }

    fn here(&self) -> Span {
        self.text.character(self.at)
    }

    /// What stands in the line from an offset on, without a comment.
    fn rest(&self, at: usize) -> &str {
        let (start, line) = self.text.line(at);
        without_comment(line.get(at - start..).unwrap_or_default())
    }

    fn rest_span(&self, at: usize) -> Span {
        self.text.span(at, at + self.rest(at).len())
    }

    fn quotes(&self, kind: &Kind) -> Option<Diagnostic> {
        Some(match kind {
            Kind::UnclosedQuotedScalar
            | Kind::DocumentIndicatorInQuotedScalar
            | Kind::InvalidQuotedScalarIndent => {
                let opening = self.text.find_indicator(self.last_end, ['"', '\'']);
                self.say(
                    self.text.character(opening.unwrap_or(self.at)),
                    "the quote that opens here is not closed",
                    "close it; further lines of a text in quotes must be indented deeper than their key",
                )
            }
            Kind::InvalidTrailingSingleQuotedScalar => self.say(
                self.rest_span(self.at),
                "something follows the closing quote",
                "put the whole value in quotes; inside '…' an apostrophe is written twice: 'don''t'",
            ),
            Kind::InvalidTrailingDoubleQuotedScalar => self.say(
                self.rest_span(self.at),
                "something follows the closing quote",
                "put the whole value in quotes; inside \"…\" a quote is written \\\", or use '…' around it",
            ),
            Kind::UnknownQuotedScalarEscape
            | Kind::InvalidQuotedScalarHexEscape
            | Kind::InvalidLowSurrogateHexEscape
            | Kind::InvalidLowSurrogate
            | Kind::MissingLowSurrogate
            | Kind::UnpairedLowSurrogate
            | Kind::InvalidUnicodeEscape => {
                let span = self.bad_escape(kind);
                self.say(
                    span,
                    "an escape that YAML does not know",
                    "write a backslash as \\\\ inside double quotes, or put the text in single quotes",
                )
            }
            _ => return None,
        })
    }

    /// The escape itself: the parser points at the quote that opens the text.
    fn bad_escape(&self, kind: &Kind) -> Span {
        let rest = &self.text.as_str()[self.at..];
        let mut characters = rest.char_indices();
        while let Some((at, character)) = characters.next() {
            if character != '\\' {
                continue;
            }
            let Some((after, escaped)) = characters.next() else {
                break;
            };
            let is_bad = if *kind == Kind::UnknownQuotedScalarEscape {
                !"0abt\tnvfre \"/\\N_LPxuU\r\n".contains(escaped)
            } else {
                "xuU".contains(escaped)
            };
            if is_bad {
                let end = self.at + after + escaped.len_utf8();
                return self.text.span(self.at + at, end);
            }
        }
        self.here()
    }

    fn brackets(&self, kind: &Kind) -> Option<Diagnostic> {
        Some(match kind {
            Kind::UnclosedFlowCollection { open } => self.say(
                self.here(),
                format!("the bracket `{open}` is never closed"),
                "close it, or put the value in quotes if it is text",
            ),
            Kind::UnexpectedEofFlowSequence
            | Kind::UnexpectedEofFlowMapping
            | Kind::UnexpectedEofImplicitFlowMapping
            | Kind::UnexpectedEof
            | Kind::InvalidFlowScalarIndent
            | Kind::InvalidColonPlacement
            | Kind::ExpectedFlowMappingSeparator
            | Kind::ExpectedFlowSequenceSeparator => self.say(
                self.here(),
                "a comma or a closing bracket is missing before this",
                "close the bracket that was opened before, or separate with `, `; put text with `[ ] { } ,` or `: ` in quotes",
            ),
            Kind::MisplacedFlowCollectionEnd => self.say(
                self.here(),
                "a bracket closes that was never opened",
                "remove it, or put the value in quotes if it is text",
            ),
            Kind::MismatchedFlowCollectionEnd { open, close } => self.say(
                self.here(),
                format!("`{close}` cannot close what `{open}` opened"),
                "close the brackets in the order they were opened",
            ),
            Kind::BlockEntryInFlowCollection | Kind::PlainScalarStartsWithDashFlowIndicator => {
                self.say(
                    self.here(),
                    "`- ` does not stand inside brackets",
                    "separate the items with commas: [a, b]",
                )
            }
            Kind::FlowMappingValueAdjacentCollection | Kind::InvalidMappingValueWhitespace => self
                .say(
                    self.here(),
                    "a blank is missing after `:`",
                    "write `key: value`",
                ),
            _ => return None,
        })
    }

    fn features(&self, kind: &Kind) -> Option<Diagnostic> {
        let (message, help) = match kind {
            Kind::DirectiveDisallowed
            | Kind::MissingDocumentEndBeforeDirective
            | Kind::InvalidDirectiveName
            | Kind::MissingDirectiveName => (
                "directives (`%…` at the beginning of a line) are not used here",
                "remove the line",
            ),
            Kind::UndeclaredTagHandle
            | Kind::ExpectedTagBang
            | Kind::InvalidTagTerminator
            | Kind::MissingTagUri
            | Kind::UnclosedVerbatimTag
            | Kind::InvalidGlobalTagCharacter
            | Kind::InvalidTagEscape
            | Kind::InvalidTagUtf8
            | Kind::InvalidTagUtf8LeadingByte
            | Kind::InvalidTagUtf8TrailingByte => (
                "a value that begins with `!` is a tag, and tags are not used here",
                "put the value in quotes if it is text",
            ),
            Kind::MissingAnchorOrAliasName | Kind::UnknownAnchor => (
                "a value that begins with `*` or `&` is an alias or anchor, and these are not used here",
                "put the value in quotes if it is text",
            ),
            _ => return None,
        };
        let span = self.rest_span(self.at);
        Some(self.text.error(Code::YamlFeature, span, message).help(help))
    }

    fn lines(&self, kind: &Kind) -> Diagnostic {
        match kind {
            Kind::TabNotAllowed
            | Kind::TabInBlockIndentation
            | Kind::TabInIndentation
            | Kind::TabInPlainScalar
            | Kind::TabAtBlockScalarStart => self.say(
                self.tab(),
                "a tab in the indentation",
                "indent with spaces; YAML does not allow tabs there",
            ),
            Kind::UnexpectedCharacter { character } => self.character(*character),
            Kind::MappingValueNotAllowed => self.second_colon(),
            Kind::BlockSequenceEntryNotAllowed => self.say(
                self.rest_span(self.at),
                "a list cannot begin in the line of its key",
                "begin it in the next line, or put the value in quotes if it is text that begins with `-`",
            ),
            Kind::MappingKeyNotAllowed => self.say(
                self.rest_span(self.at),
                "`? ` begins a key, and no key can stand here",
                "put the value in quotes if it is text that begins with `?`",
            ),
            Kind::SimpleKeyExpected | Kind::InvalidSimpleKey => {
                self.comment_in_key().unwrap_or_else(|| self.say(
                    self.rest_span(self.at),
                    "a key without `: ` after it",
                    "write `key: value` with a blank after the colon, or indent the line if it continues the text above",
                ))
            }
            Kind::InvalidBlockScalarHeader | Kind::ZeroBlockScalarIndent => self.say(
                self.rest_span(self.at),
                "text in the line of `|` or `>`",
                "begin the text in the next line, indented; put it in quotes if `|` or `>` belongs to it",
            ),
            Kind::CommentNotSeparated | Kind::CommentInterceptedScalar => self.say(
                self.rest_span(self.at),
                "a comment interrupts the text around it",
                "move the comment, or put the text in quotes if `#` belongs to it",
            ),
            Kind::InvalidDocumentEnd => self.say(
                self.rest_span(self.at),
                "something follows the end of the document (`...`)",
                "remove the line `...` or what follows it",
            ),
            _ => self.misplaced(),
        }
    }

    /// A key that ` #` cuts off: what follows reads as one, with its colon.
    fn comment_in_key(&self) -> Option<Diagnostic> {
        let (start, line) = self.text.line(self.at);
        let rest = line.get(self.at - start..)?;
        let comment = rest.find(" #")?;
        let colon = comment + rest[comment..].find(':')?;
        let is_key = rest[colon + 1..]
            .chars()
            .next()
            .is_none_or(char::is_whitespace);
        let key = rest[..colon].trim_end();
        (is_key && !key.contains(['"', '\''])).then(|| {
            self.say(
                self.text.span(self.at + comment + 1, self.at + colon),
                "` #` begins a comment, which cuts this key off",
                format!("write the key in quotes: `\"{key}\": …`"),
            )
        })
    }

    /// A line in the wrong column, or something after a value that was complete.
    fn misplaced(&self) -> Diagnostic {
        let (start, line) = self.text.line(self.at);
        let before = line.get(..self.at - start).unwrap_or_default();
        if before.trim().is_empty() {
            let indent = line.len() - line.trim_start().len();
            self.say(
                self.rest_span(start + indent),
                "this line does not fit the lines above it",
                COLUMN,
            )
        } else {
            self.say(
                self.rest_span(self.at),
                "something follows a value that is complete",
                "put the whole value in quotes if it is one text, or move what follows to the next line",
            )
        }
    }

    /// The first tab in the indentation of this line or the next two; the parser may stop before it.
    fn tab(&self) -> Span {
        let (mut start, _) = self.text.line(self.at);
        for line in self.text.as_str()[start..].split_inclusive('\n').take(3) {
            let indent = &line[..line.len() - line.trim_start().len()];
            if let Some(tab) = indent.find('\t') {
                return self.text.span(start + tab, start + tab + 1);
            }
            start += line.len();
        }
        self.here()
    }

    fn character(&self, character: char) -> Diagnostic {
        if matches!(character, '@' | '`' | '%') {
            self.say(
                self.rest_span(self.at),
                format!("a value cannot begin with `{character}`"),
                in_quotes(self.rest(self.at)),
            )
        } else {
            self.say(
                self.here(),
                format!(
                    "the character `{}` cannot stand here",
                    character.escape_debug()
                ),
                "put the text in quotes",
            )
        }
    }

    /// A colon where no key can be: `key: value: more`, or a key under a text.
    fn second_colon(&self) -> Diagnostic {
        let (start, line) = self.text.line(self.at);
        let before = line.get(..self.at - start).unwrap_or_default();
        match before.find(": ") {
            Some(colon) => {
                let blanks = before[colon + 1..].len() - before[colon + 1..].trim_start().len();
                let value = start + colon + 1 + blanks;
                let help = if before.contains(['"', '\'']) {
                    in_quotes("")
                } else {
                    in_quotes(self.rest(value))
                };
                self.say(
                    self.rest_span(value),
                    "a value that holds `: ` must be in quotes",
                    help,
                )
            }
            None => self.say(
                self.rest_span(start + line.len() - line.trim_start().len()),
                "a key cannot stand here, because the line above is a text that goes on",
                format!("{COLUMN}; look above for a `:` without a blank after it, or a key that has a value already"),
            ),
        }
    }
}
