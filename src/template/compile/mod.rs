//! Template text → tree, by minijinja's parser, with everything refused that playbooks do not have.
//! It knows the built-in names, and nothing of the values.

mod arguments;
mod expressions;
mod foreign;
mod guard;

use std::ops::Range;

use minijinja::machinery::{self, ast};
use minijinja::syntax::SyntaxConfig;

use super::Engine;
use super::error::TemplateError;
use super::tree::{Expr, For, Node, Target};

use guard::guard_parser;

type Compiled<T> = Result<T, TemplateError>;

/// How deep a tree may be, so that walking it cannot exhaust the stack.
const MAX_DEPTH: usize = 64;

/// Compiles a template text into its parts.
pub(super) fn template(text: &str) -> Compiled<Vec<Node>> {
    if Engine::is_literal(text) {
        return Ok(vec![Node::Raw(text.to_owned())]);
    }
    let syntax = SyntaxConfig::builder()
        .keep_trailing_newline(true)
        .build()
        .expect("the default delimiters are valid");
    guard_parser(text, false, &syntax)?;
    let root = machinery::parse(text, "", syntax).map_err(|error| parse_error(text, &error))?;
    let ast::Stmt::Template(root) = root else {
        unreachable!("the parser gives a template")
    };
    Compiler { text, depth: 0 }.nodes(&root.children)
}

/// Compiles a bare expression.
pub(super) fn expression(text: &str) -> Compiled<Expr> {
    guard_parser(text, true, &SyntaxConfig::default())?;
    let parsed = machinery::parse_expr(text).map_err(|error| {
        let error = parse_error(text, &error);
        if text.contains("{{") {
            error.help("this is an expression already: write it without `{{ }}`")
        } else {
            error
        }
    })?;
    Compiler { text, depth: 0 }.expr(&parsed)
}

fn parse_error(text: &str, error: &minijinja::Error) -> TemplateError {
    let detail = error.detail().unwrap_or("it cannot be read");
    let result = TemplateError::syntax(format!("not a template: {detail}"));
    let range = error.range().unwrap_or(0..text.len());
    let end = text.floor_char_boundary(range.end.min(text.len()));
    let start = text.floor_char_boundary(range.start.min(end));
    let result = result.at(&(start..end));
    let help = foreign::operator(text, start).map(str::to_owned);
    result.maybe_help(help.or_else(|| foreign::name(text, start)))
}

fn place(text: &str, start: u32, end: u32) -> Range<usize> {
    let end = text.floor_char_boundary((end as usize).min(text.len()));
    text.floor_char_boundary((start as usize).min(end))..end
}

struct Compiler<'t> {
    text: &'t str,
    depth: usize,
}

impl Compiler<'_> {
    fn place(&self, span: machinery::Span) -> Range<usize> {
        place(self.text, span.start_offset, span.end_offset)
    }

    fn refused(&self, tag: &str, span: machinery::Span) -> TemplateError {
        TemplateError::syntax(format!("playbooks have no `{{% {tag} %}}`"))
            .at(&self.place(span))
            .help("the tags that there are: if, for, set, with")
    }

    fn deeper<T>(
        &mut self,
        range: impl FnOnce(&Self) -> Range<usize>,
        inner: impl FnOnce(&mut Self) -> Compiled<T>,
    ) -> Compiled<T> {
        if self.depth == MAX_DEPTH {
            return Err(
                TemplateError::too_expensive("this template is nested too deeply").at(&range(self)),
            );
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn nodes(&mut self, statements: &[ast::Stmt<'_>]) -> Compiled<Vec<Node>> {
        statements
            .iter()
            .map(|statement| self.deeper(|_| 0..0, |deeper| deeper.node(statement)))
            .collect()
    }

    fn node(&mut self, statement: &ast::Stmt<'_>) -> Compiled<Node> {
        use ast::Stmt;
        Ok(match statement {
            Stmt::EmitRaw(raw) => Node::Raw(raw.raw.to_owned()),
            Stmt::EmitExpr(emit) => Node::Emit(self.expr(&emit.expr)?),
            Stmt::IfCond(condition) => self.condition(condition)?,
            Stmt::ForLoop(each) => self.each(each, self.place(each.span()))?,
            Stmt::Set(set) => Node::Set {
                target: self.target(&set.target)?,
                value: self.expr(&set.expr)?,
            },
            Stmt::SetBlock(set) => {
                if set.filter.is_some() {
                    return Err(self.refused("set … | filter", set.span()));
                }
                match self.target(&set.target)? {
                    Target::Name(name) => Node::Capture {
                        name,
                        body: self.nodes(&set.body)?,
                    },
                    Target::Items(_, range) => {
                        return Err(TemplateError::syntax("a block has one name").at(&range));
                    }
                }
            }
            Stmt::WithBlock(with) => Node::With {
                assignments: with
                    .assignments
                    .iter()
                    .map(|(target, value)| Ok((self.target(target)?, self.expr(value)?)))
                    .collect::<Compiled<_>>()?,
                body: self.nodes(&with.body)?,
            },
            Stmt::Template(inner) => return Err(self.refused("template", inner.span())),
            Stmt::AutoEscape(tag) => return Err(self.refused("autoescape", tag.span())),
            Stmt::FilterBlock(tag) => return Err(self.refused("filter", tag.span())),
            Stmt::Block(tag) => return Err(self.refused("block", tag.span())),
            Stmt::Import(tag) => return Err(self.refused("import", tag.span())),
            Stmt::FromImport(tag) => return Err(self.refused("from", tag.span())),
            Stmt::Extends(tag) => return Err(self.refused("extends", tag.span())),
            Stmt::Include(tag) => return Err(self.refused("include", tag.span())),
            Stmt::Macro(tag) => return Err(self.refused("macro", tag.span())),
            Stmt::CallBlock(tag) => return Err(self.refused("call", tag.span())),
            Stmt::Do(tag) => return Err(self.refused("do", tag.span())),
        })
    }

    /// An `elif` is an `if` alone in the `else`: a chain of them becomes one list.
    fn condition(&mut self, condition: &ast::IfCond<'_>) -> Compiled<Node> {
        let mut arms = Vec::new();
        let mut condition = condition;
        loop {
            arms.push((
                self.expr(&condition.expr)?,
                self.nodes(&condition.true_body)?,
            ));
            match condition.false_body.as_slice() {
                [ast::Stmt::IfCond(next)] => condition = next,
                otherwise => {
                    return Ok(Node::If {
                        arms,
                        otherwise: self.nodes(otherwise)?,
                    });
                }
            }
        }
    }

    fn each(&mut self, each: &ast::ForLoop<'_>, range: Range<usize>) -> Compiled<Node> {
        if each.recursive {
            return Err(TemplateError::syntax("playbooks have no recursive loops").at(&range));
        }
        Ok(Node::For(Box::new(For {
            target: self.target(&each.target)?,
            over: self.expr(&each.iter)?,
            filter: each
                .filter_expr
                .as_ref()
                .map(|filter| self.expr(filter))
                .transpose()?,
            body: self.nodes(&each.body)?,
            otherwise: self.nodes(&each.else_body)?,
        })))
    }

    fn target(&mut self, target: &ast::Expr<'_>) -> Compiled<Target> {
        let range = self.place(target.span());
        match target {
            ast::Expr::Var(name) => Ok(Target::Name(name.id.to_owned())),
            ast::Expr::List(list) => self.deeper(
                |_| range.clone(),
                |deeper| {
                    let items = list
                        .items
                        .iter()
                        .map(|item| deeper.target(item))
                        .collect::<Compiled<_>>()?;
                    Ok(Target::Items(items, range.clone()))
                },
            ),
            _ => Err(TemplateError::syntax("only a name can be given a value").at(&range)),
        }
    }

    fn boxed(&mut self, expr: &ast::Expr<'_>) -> Compiled<Box<Expr>> {
        self.expr(expr).map(Box::new)
    }

    fn maybe(&mut self, expr: Option<&ast::Expr<'_>>) -> Compiled<Option<Expr>> {
        expr.map(|expr| self.expr(expr)).transpose()
    }

    fn all(&mut self, exprs: &[ast::Expr<'_>]) -> Compiled<Vec<Expr>> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn expr(&mut self, expr: &ast::Expr<'_>) -> Compiled<Expr> {
        self.deeper(
            |compiler| compiler.place(expr.span()),
            |deeper| deeper.expr_here(expr),
        )
    }
}
