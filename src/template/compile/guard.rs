//! What minijinja's parser may be given: it calls itself, and its trees drop recursively, so some
//! texts would exhaust the stack.

use minijinja::machinery::{self, Token};
use minijinja::syntax::SyntaxConfig;

use super::{Compiled, parse_error, place};
use crate::template::error::TemplateError;

/// The longest text that may hold template syntax, in bytes.
const MAX_TEXT: usize = 256 * 1024;
/// Tokens in one `{{ }}` or `{% %}`: minijinja drops long chains of operators recursively.
const MAX_TOKENS_IN_TAG: usize = 2_000;
/// Tokens for which minijinja's parser calls itself without counting: `not`, `-`, `else`, `elif`.
const MAX_RECURSIVE_TOKENS: usize = 200;
/// How deep brackets may stand in each other, and blocks: minijinja's own limit is too much for
/// the stack of a thread.
const MAX_NESTING: usize = 32;

/// Refuses texts on which the parser itself could exhaust the stack.
pub(super) fn guard_parser(text: &str, in_expression: bool, syntax: &SyntaxConfig) -> Compiled<()> {
    if text.len() > MAX_TEXT {
        return Err(TemplateError::too_expensive(format!(
            "a template may have {MAX_TEXT} bytes, this one has {}",
            text.len()
        )));
    }
    let mut extent = Extent::default();
    for token in machinery::tokenize(text, in_expression, syntax.clone()) {
        // The parser must not be relied on to meet it: behind a text it takes a character that means nothing for the
        // end, and what follows would be silently left out.
        let (token, span) = token.map_err(|error| parse_error(text, &error))?;
        if !extent.admits(&token) {
            return Err(
                TemplateError::too_expensive("this template is too long or too nested").at(&place(
                    text,
                    span.start_offset,
                    span.end_offset,
                )),
            );
        }
    }
    Ok(())
}

/// How far a template reaches, as its tokens pass.
#[derive(Default)]
struct Extent {
    tokens_in_tag: usize,
    recursive_tokens: usize,
    brackets: usize,
    blocks: usize,
    /// The tag is a `set`, and no `=` has been seen yet.
    may_open_set: bool,
}

impl Extent {
    fn admits(&mut self, token: &Token<'_>) -> bool {
        self.tokens_in_tag += 1;
        match token {
            Token::TemplateData(_) | Token::VariableStart | Token::BlockStart => {
                self.tokens_in_tag = 0;
                self.brackets = 0;
            }
            Token::BlockEnd => self.blocks += usize::from(std::mem::take(&mut self.may_open_set)),
            Token::Assign => self.may_open_set = false,
            Token::ParenOpen | Token::BracketOpen | Token::BraceOpen => self.brackets += 1,
            Token::ParenClose | Token::BracketClose | Token::BraceClose => {
                self.brackets = self.brackets.saturating_sub(1);
            }
            Token::Minus => self.recursive_tokens += 1,
            Token::Ident(name) => self.ident(name),
            _ => {}
        }
        self.tokens_in_tag <= MAX_TOKENS_IN_TAG
            && self.recursive_tokens <= MAX_RECURSIVE_TOKENS
            && self.brackets <= MAX_NESTING
            && self.blocks <= MAX_NESTING
    }

    fn ident(&mut self, name: &str) {
        if matches!(name, "not" | "else" | "elif") {
            self.recursive_tokens += 1;
        }
        if self.tokens_in_tag == 1 {
            match name {
                "set" => self.may_open_set = true,
                "if" | "for" | "with" | "autoescape" | "filter" | "block" | "macro" | "call" => {
                    self.blocks += 1;
                }
                _ if name.starts_with("end") => self.blocks = self.blocks.saturating_sub(1),
                _ => {}
            }
        }
    }
}
