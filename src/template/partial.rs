//! A template as far as it is known: each part that reads something that is not becomes a mark, and the text
//! around it stays. It does not know what is known, nor what marks look like.

use super::reads::{self, Read};
use super::tree::{ExprKind, Node};
use super::{Expression, Scope, Template, TemplateError};
use crate::value::Value;

/// What a template gives while parts of it are not known.
#[derive(Debug, Clone, PartialEq)]
pub struct Marked {
    /// The value, or text with marks in it.
    pub value: Value,
    /// The marks that it holds, in their order.
    pub marks: Vec<String>,
    /// Whether the value is nothing but one mark: its type is not known either.
    pub is_mark: bool,
}

impl Template {
    /// Whether the text is nothing but one path, whose value is passed on as it is.
    pub fn is_path(&self) -> bool {
        self.sole()
            .is_some_and(|expr| matches!(expr.kind, ExprKind::Path { .. }))
    }

    /// As [`Template::render`], but where a part reads what `is_known` denies, the mark that `mark` makes for
    /// these reads stands in its place.
    ///
    /// # Errors
    /// As for [`Template::render`], for the parts that are known.
    pub fn render_marked(
        &self,
        scope: &Scope,
        is_known: &dyn Fn(&Read) -> bool,
        mark: &dyn Fn(&[Read]) -> String,
    ) -> Result<Marked, TemplateError> {
        if self.reads().iter().all(is_known) {
            return self.render(scope).map(|value| Marked {
                value,
                marks: Vec::new(),
                is_mark: false,
            });
        }
        let mut marks = Vec::new();
        let mut text = String::new();
        let mut evaluation = self.0.evaluation(scope);
        // Names that the template itself sets, each with the unknown reads that it rests on.
        let mut locals: Vec<(&str, Vec<Read>)> = Vec::new();
        for node in &self.0.root {
            let mut unknown = Vec::new();
            for read in reads::of_nodes(std::slice::from_ref(node)) {
                let local = locals.iter().rev().find(|(name, _)| *name == read.path[0]);
                match local {
                    Some((_, rests_on)) => unknown.extend(rests_on.iter().cloned()),
                    None if is_known(&read) => {}
                    None => unknown.push(read),
                }
            }
            if unknown.is_empty() {
                evaluation.nodes(std::slice::from_ref(node), &mut text)?;
            } else if !matches!(node, Node::Set { .. } | Node::Capture { .. }) {
                let mark = mark(&unknown);
                text.push_str(&mark);
                marks.push(mark);
            }
            match node {
                Node::Set { target, .. } => {
                    let names = target.names().into_iter();
                    locals.extend(names.map(|name| (name, unknown.clone())));
                }
                Node::Capture { name, .. } => locals.push((name, unknown)),
                _ => {}
            }
        }
        Ok(Marked {
            is_mark: self.is_sole(),
            value: Value::Text(text),
            marks,
        })
    }
}

impl Expression {
    /// As [`Expression::is_true`], but none where that rests on a part that reads what `is_known` denies: an `and` of
    /// which another part does not hold, does not hold whatever that part is.
    ///
    /// # Errors
    /// As for [`Expression::is_true`], where all of it is known.
    pub fn is_true_as_far_as_known(
        &self,
        scope: &Scope,
        is_known: &dyn Fn(&Read) -> bool,
    ) -> Result<Option<bool>, TemplateError> {
        if self.reads().iter().all(is_known) {
            return self.is_true(scope).map(Some);
        }
        let ExprKind::All(parts) = &self.0.root.kind else {
            return Ok(None);
        };
        let fails = parts.iter().any(|part| {
            let is_inside = |read: &&Read| {
                part.range.start <= read.range.start && read.range.end <= part.range.end
            };
            let mut reads = self.reads().iter().filter(is_inside);
            reads.all(is_known) && self.0.evaluation(scope).holds(part) == Ok(false)
        });
        Ok(fails.then_some(false))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Clock, Engine};
    use super::*;

    fn marked(text: &str) -> Marked {
        let engine = Engine::new(Clock {
            now: "2026-03-05T15:30:00Z".parse().unwrap(),
            zone: jiff::tz::TimeZone::UTC,
        });
        let mut scope = Scope::new();
        scope.set("inputs", Value::from_json_text(r#"{"a":1.50}"#).unwrap());
        engine
            .compile(text)
            .unwrap()
            .render_marked(&scope, &|read| read.path[0] != "steps", &|reads| {
                let paths: Vec<String> = reads.iter().map(|read| read.path.join(".")).collect();
                format!("<{}>", paths.join(","))
            })
            .unwrap()
    }

    #[test]
    fn what_is_known_stays_around_the_mark() {
        let found = marked("Owes {{ inputs.a }} to {{ steps.b.id }}!");
        assert_eq!(found.value, Value::from("Owes 1.50 to <steps.b.id>!"));
        assert!(!found.is_mark);
        assert_eq!(found.marks, ["<steps.b.id>"]);
    }

    #[test]
    fn a_sole_expression_is_a_mark_and_a_known_one_keeps_its_type() {
        assert!(marked("{{ steps.b.id | digits }}").is_mark);
        assert_eq!(marked("{{ inputs.a }}").value.to_json_text(), "1.50");
    }

    #[test]
    fn what_rests_on_an_unknown_name_is_unknown() {
        let found = marked("{% set x = steps.b.id %}{% set y = inputs.a %}{{ y }} {{ x }}");
        assert_eq!(found.value, Value::from("1.50 <steps.b.id>"));
        let found = marked("a{% if steps.b.id %}b{% endif %}c");
        assert_eq!(found.value, Value::from("a<steps.b.id>c"));
    }

    #[test]
    fn an_and_fails_where_one_part_of_it_does() {
        let engine = Engine::new(Clock {
            now: "2026-03-05T15:30:00Z".parse().unwrap(),
            zone: jiff::tz::TimeZone::UTC,
        });
        let mut scope = Scope::new();
        scope.set("inputs", Value::from_json_text(r#"{"a":1}"#).unwrap());
        for (text, wanted) in [
            ("steps.b.code == 1 and inputs.x is defined", Some(false)),
            ("inputs.a == 2 and steps.b.code == 1", Some(false)),
            ("steps.b.code == 1 and inputs.a == 1", None),
            ("steps.b.code == 1 and (inputs.a == steps.c.d)", None),
            ("steps.b.code == 1 or inputs.x is defined", None),
            ("steps.b.code == 1 and inputs.x > 1", None),
            ("inputs.a == 1", Some(true)),
            ("inputs.x is defined and inputs.x > 1", Some(false)),
        ] {
            let expression = engine.compile_expression(text).unwrap();
            let is_known = |read: &Read| read.path[0] != "steps";
            let found = expression.is_true_as_far_as_known(&scope, &is_known);
            assert_eq!(found, Ok(wanted), "{text}");
        }
    }
}
