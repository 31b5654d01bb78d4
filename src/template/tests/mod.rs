//! The behaviour of templates as their authors meet it.

mod compiling;
mod dates;
mod limits;
mod lookalikes;
mod properties;
mod reading;
mod undefined;
mod values;

use super::{Clock, Engine, Expression, FILTERS, FUNCTIONS, Scope, TESTS, Template, TemplateError};
use crate::value::Value;

/// Five hours behind UTC, without daylight saving, as the examples of the tables say.
fn engine() -> Engine {
    engine_in("<-05>5")
}

fn engine_in(posix_zone: &str) -> Engine {
    Engine::new(Clock {
        now: "2026-03-05T15:30:00.75Z".parse().unwrap(),
        zone: jiff::tz::TimeZone::posix(posix_zone).unwrap(),
    })
}

fn json(text: &str) -> Value {
    Value::from_json_text(text).unwrap()
}

fn scope_of(names: &str) -> Scope {
    let mut scope = Scope::new();
    for (name, value) in json(names).as_map().unwrap() {
        scope.set(name.clone(), value.clone());
    }
    scope
}

fn compile(text: &str) -> Template {
    engine().compile(text).unwrap()
}

fn expression(text: &str) -> Expression {
    engine().compile_expression(text).unwrap()
}

/// The value of a template as JSON text, so that digits show.
fn render(text: &str, names: &str) -> String {
    compile(text)
        .render(&scope_of(names))
        .unwrap()
        .to_json_text()
}

fn eval(text: &str, names: &str) -> String {
    expression(text)
        .eval(&scope_of(names))
        .unwrap()
        .to_json_text()
}

/// The error of a template, at compiling or at rendering.
fn error(text: &str, names: &str) -> TemplateError {
    engine()
        .compile(text)
        .and_then(|template| template.render(&scope_of(names)))
        .expect_err(text)
}

/// The part of the text that an error points at.
fn pointed<'t>(text: &'t str, error: &TemplateError) -> &'t str {
    &text[error.range.clone().expect("a place")]
}

#[test]
fn every_example_of_the_tables_is_true() {
    for builtin in FILTERS.iter().chain(FUNCTIONS).chain(TESTS) {
        let (example, value) = builtin.example;
        assert_eq!(eval(example, r#"{"inputs":{}}"#), value, "{example}");
        assert!(
            example.contains(builtin.name),
            "the example of {} does not use it",
            builtin.name
        );
        assert!(!builtin.summary.contains('\n') && builtin.summary.ends_with('.'));
    }
}

#[test]
fn names_in_the_tables_are_unique() {
    for table in [FILTERS, FUNCTIONS, TESTS] {
        let mut names: Vec<_> = table.iter().map(|builtin| builtin.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), table.len());
    }
}

#[test]
fn a_signature_is_what_an_author_would_write() {
    let signature = |name| super::builtins::filter(name).unwrap().usage();
    assert_eq!(signature("replace"), "value | replace(from, to)");
    assert_eq!(signature("upper"), "value | upper");
    assert_eq!(FUNCTIONS[0].usage(), "now()");
}

#[test]
fn compiled_templates_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + Clone>() {}
    shared::<Engine>();
    shared::<Template>();
    shared::<Expression>();
    shared::<Scope>();
}
