//! Templates and expressions: text → compiled once → a typed value for each scope. The one door to
//! minijinja, whose parser reads them; their meaning is here, so that nothing undefined gets by,
//! numbers keep their digits and no template takes much time or memory. It knows no playbooks.
//!
//! ```
//! use voxplay::template::{Clock, Engine, Scope};
//! use voxplay::value::Value;
//!
//! let engine = Engine::new(Clock {
//!     now: "2026-03-05T15:30:00Z".parse().unwrap(),
//!     zone: jiff::tz::TimeZone::UTC,
//! });
//! let template = engine.compile("Owes {{ inputs.amount }} since {{ now() | date }}").unwrap();
//! let mut scope = Scope::new();
//! scope.set("inputs", Value::from_json_text(r#"{"amount":10000.10}"#).unwrap());
//! assert_eq!(template.render(&scope).unwrap(), Value::from("Owes 10000.10 since 2026-03-05"));
//! ```

mod builtins;
mod compared;
mod compile;
mod error;
mod evaluate;
mod listed;
mod lookalike;
mod operators;
mod partial;
mod reads;
mod scope;
pub mod spelled;
#[cfg(test)]
mod tests;
mod tree;
mod view;
mod walk;
mod written;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

pub use builtins::{Builtin, FILTERS, FUNCTIONS, TESTS, Usage};
pub use compared::{Assured, Compared, How, assured};
pub use error::{ErrorKind, TemplateError};
pub use evaluate::AS_TEXT;
pub use listed::Listed;
pub use partial::Marked;
pub use reads::Read;
pub use scope::Scope;
pub use view::{Name, View};

use crate::scan;
use crate::value::Value;
use evaluate::Evaluation;
use tree::{Expr, ExprKind, Node};

/// What `now()` and the date filters go by.
#[derive(Debug, Clone)]
pub struct Clock {
    /// When the run started: `now()` is always this, so that a resumed run renders the same.
    pub now: jiff::Timestamp,
    /// The zone of dates and times without an offset, and of those that are written.
    pub zone: jiff::tz::TimeZone,
}

/// Compiles templates for one run. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Engine {
    clock: Arc<Clock>,
    /// What was compiled already, by its text: playbooks say the same again and again.
    templates: Known<Template>,
    expressions: Known<Expression>,
}

type Known<T> = Arc<Mutex<HashMap<String, T>>>;

/// What is known of a text, else what `compile` makes of it, which is known from then on. Errors are made anew.
fn once<T: Clone>(
    known: &Known<T>,
    text: &str,
    compile: impl FnOnce() -> Result<T, TemplateError>,
) -> Result<T, TemplateError> {
    // Whoever panicked with it has added a whole entry or none.
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(compiled) = known.get(text) {
        return Ok(compiled.clone());
    }
    let compiled = compile()?;
    known.insert(text.to_owned(), compiled.clone());
    Ok(compiled)
}

impl Engine {
    /// An engine whose templates see this clock.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock: Arc::new(clock),
            templates: Arc::default(),
            expressions: Arc::default(),
        }
    }

    /// The same engine with the clock of another time zone.
    #[must_use]
    pub fn in_zone(&self, zone: jiff::tz::TimeZone) -> Self {
        Self::new(Clock {
            now: self.clock.now,
            zone,
        })
    }

    /// Whether a text is its own value, because nothing in it begins a template.
    pub fn is_literal(text: &str) -> bool {
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(brace) = scan::position(&bytes[at..], |byte| byte == b'{') {
            at += brace + 1;
            if matches!(bytes.get(at), Some(b'{' | b'%' | b'#')) {
                return false;
            }
        }
        true
    }

    /// Compiles a text that may hold templates.
    ///
    /// # Errors
    /// Where it is not a template, names an unknown filter, test or function, gives one the wrong
    /// arguments, or uses a part of Jinja that playbooks do not have.
    pub fn compile(&self, text: &str) -> Result<Template, TemplateError> {
        once(&self.templates, text, || {
            let nodes = compile::template(text)?;
            Ok(Template(Arc::new(Compiled {
                reads: reads::of_nodes(&nodes),
                text: text.to_owned(),
                root: nodes,
                clock: Arc::clone(&self.clock),
            })))
        })
    }

    /// Compiles a bare expression, as `when` and `expect` have them.
    ///
    /// # Errors
    /// As for [`Engine::compile`].
    pub fn compile_expression(&self, text: &str) -> Result<Expression, TemplateError> {
        once(&self.expressions, text, || {
            let expr = compile::expression(text)?;
            Ok(Expression(Arc::new(Compiled {
                reads: reads::of_expression(&expr),
                text: text.to_owned(),
                root: expr,
                clock: Arc::clone(&self.clock),
            })))
        })
    }
}

/// What to do where an expression gives a list, and would keep it but for white space around it.
pub const AROUND: &str = "a list or an object stays one where nothing stands around the expression, no line end either: write `|-` or `>-` in place of `|` or `>`, or the expression in quotes";

#[derive(Debug)]
struct Compiled<T> {
    text: String,
    root: T,
    reads: Vec<Read>,
    clock: Arc<Clock>,
}

impl<T> Compiled<T> {
    fn evaluation<'a>(&'a self, view: impl Into<View<'a>>) -> Evaluation<'a> {
        Evaluation::new(&self.text, &self.clock, view.into())
    }
}

/// A compiled text. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Template(Arc<Compiled<Vec<Node>>>);

impl Template {
    /// Whether the text holds no template syntax, so that it is its own value.
    pub fn is_literal(&self) -> bool {
        match self.0.root.as_slice() {
            [] => self.0.text.is_empty(),
            [Node::Raw(raw)] => *raw == self.0.text,
            _ => false,
        }
    }

    /// Whether the text is exactly one `{{ expression }}`, which keeps the type of its value.
    pub fn is_sole(&self) -> bool {
        self.sole().is_some()
    }

    fn sole(&self) -> Option<&Expr> {
        match self.0.root.as_slice() {
            [Node::Emit(expr)] => Some(expr),
            _ => None,
        }
    }

    /// The white space that the text begins and ends with, whatever stands between; none of a text without templates.
    pub fn white_space(&self) -> (&str, &str) {
        let [first, .., last] = self.0.root.as_slice() else {
            return ("", "");
        };
        let before = match first {
            Node::Raw(raw) => &raw[..raw.len() - raw.trim_start().len()],
            _ => "",
        };
        let after = match last {
            Node::Raw(raw) => &raw[raw.trim_end().len()..],
            _ => "",
        };
        (before, after)
    }

    /// The one expression of a text that has nothing else but white space around it.
    fn wrapped(&self) -> Option<&Expr> {
        let is_blank = |node: &&Node| matches!(node, Node::Raw(raw) if raw.trim().is_empty());
        let mut rest = self.0.root.iter().filter(|node| !is_blank(node));
        match (rest.next(), rest.next()) {
            (Some(Node::Emit(expr)), None) => Some(expr),
            _ => None,
        }
    }

    /// What it reads from its scope, in the order of the text.
    pub fn reads(&self) -> &[Read] {
        &self.0.reads
    }

    /// The text it was compiled from.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The value in a scope or a view: of its type for a sole expression, else text.
    ///
    /// # Errors
    /// Where something is undefined, of the wrong type, or too expensive.
    pub fn render<'a>(&'a self, view: impl Into<View<'a>>) -> Result<Value, TemplateError> {
        let mut evaluation = self.0.evaluation(view);
        if let Some(expr) = self.sole() {
            return evaluation.eval(expr).map(Cow::into_owned);
        }
        if self.is_literal() {
            return Ok(Value::Text(self.0.text.clone()));
        }
        let mut text = String::with_capacity(self.0.text.len());
        match evaluation.nodes(&self.0.root, &mut text) {
            Ok(()) => Ok(Value::Text(text)),
            Err(error)
                if matches!(error.kind, ErrorKind::NoText { .. }) && self.wrapped().is_some() =>
            {
                Err(error.help(AROUND))
            }
            Err(error) => Err(error),
        }
    }

    /// As [`Template::render`], but none where the text is nothing but a path that is undefined.
    ///
    /// # Errors
    /// As for [`Template::render`]; everything else that is undefined is an error here too.
    pub fn render_optional<'a>(
        &'a self,
        view: impl Into<View<'a>>,
    ) -> Result<Option<Value>, TemplateError> {
        match self.sole() {
            Some(expr) if matches!(expr.kind, ExprKind::Path { .. }) => Ok(self
                .0
                .evaluation(view)
                .eval_or_missing(expr)?
                .map(Cow::into_owned)),
            _ => self.render(view).map(Some),
        }
    }
}

/// A compiled expression. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Expression(Arc<Compiled<Expr>>);

impl Expression {
    /// What it reads from its scope, in the order of the text.
    pub fn reads(&self) -> &[Read] {
        &self.0.reads
    }

    /// The text it was compiled from.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The paths that it reads, as they are written, each once and with its value where it has one. What it reads
    /// through a computed subscript has the value of the path before that.
    pub fn values<'a>(&self, view: impl Into<View<'a>>) -> Vec<(&str, Option<&'a Value>)> {
        let view = view.into();
        let mut values: Vec<(&str, Option<&Value>)> = Vec::new();
        for read in self.reads().iter().filter(|read| !read.open) {
            let written = &self.0.text[read.range.clone()];
            if values.iter().all(|(other, _)| *other != written) {
                values.push((written, view.lookup(&read.path)));
            }
        }
        values
    }

    /// The value in a scope.
    ///
    /// # Errors
    /// Where something is undefined, of the wrong type, or too expensive.
    pub fn eval<'a>(&'a self, view: impl Into<View<'a>>) -> Result<Value, TemplateError> {
        self.0
            .evaluation(view)
            .eval(&self.0.root)
            .map(Cow::into_owned)
    }

    /// Whether the value is true, as Jinja has it: not false, null, zero or empty.
    ///
    /// # Errors
    /// As for [`Expression::eval`]; undefined is an error, not false, and so is a text such as `no` or `0`.
    pub fn is_true<'a>(&'a self, view: impl Into<View<'a>>) -> Result<bool, TemplateError> {
        self.0.evaluation(view).holds(&self.0.root)
    }
}
