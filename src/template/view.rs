//! What one rendering sees: a scope, and over it a few names whose values stay where they are. A scope owns its
//! values; what is looked at once need not be copied into one.

use std::sync::OnceLock;

use super::scope::Scope;
use crate::value::Value;

/// A name and its value.
pub type Name<'a> = (&'a str, &'a Value);

/// What a template sees while it is rendered.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    pub(super) scope: &'a Scope,
    pub(super) names: &'a [Name<'a>],
}

impl<'a> View<'a> {
    /// These names, and behind them a scope, whose names of the same spelling they hide.
    pub const fn over(scope: &'a Scope, names: &'a [Name<'a>]) -> Self {
        Self { scope, names }
    }

    /// The value that a name over the scope has.
    pub(super) fn given(&self, name: &str) -> Option<&'a Value> {
        let mut names = self.names.iter().rev();
        names.find_map(|(given, value)| (*given == name).then_some(*value))
    }

    /// The value at a path of a name, keys and decimal list indexes.
    pub(super) fn lookup(&self, path: &[String]) -> Option<&'a Value> {
        let (root, keys) = path.split_first()?;
        match self.given(root) {
            Some(given) => keys.iter().try_fold(given, |value, key| value.get(key)),
            None => self.scope.lookup(path),
        }
    }
}

impl<'a> From<&'a Scope> for View<'a> {
    fn from(scope: &'a Scope) -> Self {
        Self { scope, names: &[] }
    }
}

impl<'a> From<&'a [Name<'a>]> for View<'a> {
    fn from(names: &'a [Name<'a>]) -> Self {
        static NOTHING: OnceLock<Scope> = OnceLock::new();
        Self {
            scope: NOTHING.get_or_init(Scope::new),
            names,
        }
    }
}

impl<'a, const N: usize> From<&'a [Name<'a>; N]> for View<'a> {
    fn from(names: &'a [Name<'a>; N]) -> Self {
        names.as_slice().into()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Clock, Engine};
    use super::*;

    #[test]
    fn names_hide_those_of_the_scope_and_are_told_of_in_errors() {
        let engine = Engine::new(Clock {
            now: jiff::Timestamp::UNIX_EPOCH,
            zone: jiff::tz::TimeZone::UTC,
        });
        let mut scope = Scope::new();
        scope.set("row", Value::from("outer"));
        scope.set("run", Value::from("r1"));
        let row = Value::from_json_text(r#"{"id":"a1"}"#).unwrap();
        let names = [("row", &row)];
        let view = View::over(&scope, &names);
        let render = |text: &str| engine.compile(text).unwrap().render(view);
        assert_eq!(render("{{ row.id }} {{ run }}").unwrap(), "a1 r1".into());
        let error = render("{{ rwo }}").unwrap_err();
        assert_eq!(error.message, "`rwo` is undefined");
        assert!(error.help.unwrap().contains("row"));
        let error = render("{{ row.di }}").unwrap_err();
        assert!(error.help.unwrap().contains("id"));
    }
}
