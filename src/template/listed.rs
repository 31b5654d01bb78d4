//! Where a template takes a value for a list, so that of an object its names come out in the place of its values. It
//! knows no values of names.

use super::builtins::{Builtin, Usage};
use super::tree::{Expr, ExprKind};
use super::{Expression, Read, Template, walk};

/// The filters for which an object is the list of its names.
const OF_LISTS: [&str; 18] = [
    "list",
    "first",
    "last",
    "length",
    "count",
    "join",
    "sort",
    "unique",
    "reverse",
    "min",
    "max",
    "sum",
    "batch",
    "map",
    "select",
    "reject",
    "selectattr",
    "rejectattr",
];

/// A path of the scope that is taken for a list.
#[derive(Debug, PartialEq)]
pub struct Listed<'t> {
    /// The path.
    pub read: &'t Read,
    /// The filter that does it; none where `for` does.
    pub filter: Option<&'static str>,
}

impl Template {
    /// The paths of its scope that it takes for lists; none that it also looks up computed members of, for which it may
    /// well want their names.
    pub fn listed(&self) -> Vec<Listed<'_>> {
        let expressions = walk::expressions(&self.0.root).into_iter();
        let filtered = expressions.flat_map(|(expr, _)| of_filters(expr));
        let loops = walk::iterated(&self.0.root).into_iter();
        let found = filtered.chain(loops.map(|over| (over, None)));
        in_scope(found, self.reads())
    }

    /// The path whose value as JSON the text is nothing but.
    pub fn sole_json(&self) -> Option<&Read> {
        let ExprKind::Apply { builtin, input, .. } = &self.sole()?.kind else {
            return None;
        };
        let is_path = matches!(input.kind, ExprKind::Path { .. });
        (builtin.name == "tojson" && is_path)
            .then(|| self.reads().first())
            .flatten()
    }
}

impl Expression {
    /// The paths of its scope that it takes for lists, as a template does.
    pub fn listed(&self) -> Vec<Listed<'_>> {
        in_scope(of_filters(&self.0.root), self.reads())
    }
}

/// What the filters of an expression take for a list, with the filter.
fn of_filters(expr: &Expr) -> Vec<(&Expr, Option<&'static str>)> {
    let all = walk::and_parts(expr).into_iter();
    let filtered = all.filter_map(|expr| match &expr.kind {
        ExprKind::Apply { builtin, input, .. } if takes_a_list(builtin) => {
            Some((&**input, Some(builtin.name)))
        }
        _ => None,
    });
    filtered.collect()
}

fn takes_a_list(builtin: &Builtin) -> bool {
    builtin.usage_kind == Usage::Filter && OF_LISTS.contains(&builtin.name)
}

/// Those whose value is one of the scope, wherever it comes from in the expression.
fn in_scope<'t>(
    found: impl IntoIterator<Item = (&'t Expr, Option<&'static str>)>,
    reads: &'t [Read],
) -> Vec<Listed<'t>> {
    let mut listed = Vec::new();
    for (expr, filter) in found {
        for path in handed_on(expr) {
            let read = reads.iter().find(|read| read.range == path.range);
            let is_looked_up = |read: &Read| reads.iter().any(|it| it.open && it.path == read.path);
            if let Some(read) = read.filter(|read| !read.open && !is_looked_up(read)) {
                listed.push(Listed { read, filter });
            }
        }
    }
    listed
}

/// The paths whose values an expression may hand on as they are.
fn handed_on(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Path { .. } => vec![expr],
        // `default` and `required`.
        ExprKind::Apply { builtin, input, .. }
            if builtin.allows_missing && builtin.usage_kind == Usage::Filter =>
        {
            handed_on(input)
        }
        ExprKind::If {
            then, otherwise, ..
        } => {
            let otherwise = otherwise.as_deref();
            let both = [&**then].into_iter().chain(otherwise);
            both.flat_map(handed_on).collect()
        }
        ExprKind::All(parts) | ExprKind::Any(parts) => parts.iter().flat_map(handed_on).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::builtins::FILTERS;
    use super::super::{Clock, Engine, Scope};
    use super::*;
    use crate::value::Value;

    fn engine() -> Engine {
        Engine::new(Clock {
            now: jiff::Timestamp::UNIX_EPOCH,
            zone: jiff::tz::TimeZone::UTC,
        })
    }

    fn listed(text: &str) -> Vec<(String, Option<&'static str>)> {
        let template = engine().compile(text).unwrap();
        let listed = template.listed().into_iter();
        listed
            .map(|it| (it.read.path.join("."), it.filter))
            .collect()
    }

    #[test]
    fn the_filters_that_take_an_object_for_its_names_are_known() {
        let object = Value::from_json_text(r#"{"o":{"a":["x"],"b":["y"]}}"#).unwrap();
        let mut scope = Scope::new();
        scope.set("o", object.get("o").unwrap().clone());
        for filter in FILTERS {
            let needed = filter.parameters.iter().filter(|it| !it.ends_with('?'));
            let arguments: Vec<&str> = needed.map(|_| "2").collect();
            let text = format!("o | {}({})", filter.name, arguments.join(", "));
            let Ok(expression) = engine().compile_expression(&text) else {
                continue;
            };
            // One that refuses an object cannot give its names.
            if let Ok(value) = expression.eval(&scope) {
                let hands_on = ["default", "d", "required", "tojson", "items"];
                let is_known = OF_LISTS.contains(&filter.name);
                assert_ne!(
                    is_known,
                    hands_on.contains(&filter.name),
                    "{text}: {value:?}"
                );
            }
        }
    }

    #[test]
    fn what_is_taken_for_a_list_is_found_behind_what_hands_it_on() {
        let of = |filter| vec![("a.b".to_owned(), filter)];
        for (text, found) in [
            ("{{ a.b | first }}", of(Some("first"))),
            ("x {{ a.b | default({}) | list | last }}", of(Some("list"))),
            ("{{ (a.b if a.c else []) | join }}", of(Some("join"))),
            ("{{ 1 + (a.b or []) | length }}", of(Some("length"))),
            ("{% for x in a.b %}{{ x }}{% endfor %}", of(None)),
            ("{{ a.b | tojson }}", Vec::new()),
            ("{{ a.b is mapping }}", Vec::new()),
            (
                "{% for x, y in a.b | items %}{{ x }}{% endfor %}",
                Vec::new(),
            ),
            (
                "{% for x in a.b %}{{ a.b[x] | join }}{% endfor %}",
                Vec::new(),
            ),
            ("{% set b = a.b %}{{ b | list }}", Vec::new()),
        ] {
            assert_eq!(listed(text), found, "{text}");
        }
    }
}
