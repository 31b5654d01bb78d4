//! The names that a template sees, in layers: a run's, and over it a row's. It does not know templates.

use std::borrow::Cow;
use std::sync::Arc;

use super::tree::Key;
use crate::value::{Map, Value};

/// Names and their values. Cloning and [`Scope::child`] are cheap: values are shared.
#[derive(Debug, Clone, Default)]
pub struct Scope(Arc<Layer>);

#[derive(Debug, Clone, Default)]
struct Layer {
    outer: Option<Scope>,
    /// Few, so that looking at each is quicker than a table.
    names: Vec<(Cow<'static, str>, Entry)>,
    missing: Vec<(Vec<String>, String)>,
}

#[derive(Debug, Clone)]
struct Entry {
    value: Arc<Value>,
    /// Whether members that are not here may come from the same name further out.
    extends_outer: bool,
}

impl Layer {
    fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|(own, _)| own == name)
    }
}

impl Scope {
    /// A scope without names.
    pub fn new() -> Self {
        Self::default()
    }

    /// A scope that sees everything of this one, and can have names of its own over it.
    #[must_use]
    pub fn child(&self) -> Self {
        Self(Arc::new(Layer {
            outer: Some(self.clone()),
            ..Layer::default()
        }))
    }

    /// Gives a name its value. The name further out, if there is one, is hidden.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Arc<Value>>) {
        let entry = Entry {
            value: value.into(),
            extends_outer: false,
        };
        let (name, layer) = (name.into(), Arc::make_mut(&mut self.0));
        match layer.position(&name) {
            Some(at) => layer.names[at].1 = entry,
            None => layer.names.push((name, entry)),
        }
    }

    /// Gives one member of a name its value: `set_member("steps", "call", …)`.
    ///
    /// Members of the same name further out stay visible, so that the steps of a row see those
    /// that ran before the loop, without a copy of them.
    pub fn set_member(&mut self, name: &'static str, key: impl Into<String>, value: Value) {
        let layer = Arc::make_mut(&mut self.0);
        let at = layer.position(name).unwrap_or_else(|| {
            let entry = Entry {
                value: Arc::new(Value::Map(Map::default())),
                extends_outer: true,
            };
            layer.names.push((name.into(), entry));
            layer.names.len() - 1
        });
        let object = Arc::make_mut(&mut layer.names[at].1.value);
        if !matches!(object, Value::Map(_)) {
            *object = Value::Map(Map::default());
        }
        if let Value::Map(map) = object {
            map.insert(key.into(), value);
        }
    }

    /// Notes why a path has no value: errors about it, or about anything below it, say so.
    pub fn explain_missing(&mut self, path: &[&str], reason: impl Into<String>) {
        let path = path.iter().map(|key| (*key).to_owned()).collect();
        Arc::make_mut(&mut self.0)
            .missing
            .push((path, reason.into()));
    }

    /// The value at a path of a name, keys and decimal list indexes.
    ///
    /// For a name that was made by [`Scope::set_member`], the name alone gives the innermost layer.
    pub fn lookup<S: AsRef<str>>(&self, path: &[S]) -> Option<&Value> {
        let (root, keys) = path.split_first()?;
        let first = keys.first().map(AsRef::as_ref);
        let value = self.nearest(root.as_ref(), |value| {
            first.is_none_or(|key| value.get(key).is_some())
        })?;
        keys.iter()
            .try_fold(value, |value, key| value.get(key.as_ref()))
    }

    /// The value of a name, chosen so that the first key is in it if any layer has it.
    pub(super) fn root(&self, name: &str, first: Option<&Key>) -> Option<Cow<'_, Value>> {
        match first {
            Some(key) => self
                .nearest(name, |value| key.of(value).is_some())
                .map(Cow::Borrowed),
            None => self.whole(name),
        }
    }

    /// The names that can be seen, the innermost first, each once.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for layer in self.layers() {
            for (name, _) in &layer.names {
                if !names.contains(&&**name) {
                    names.push(name);
                }
            }
        }
        names
    }

    /// The members of a name in every layer that can be seen.
    pub(super) fn members(&self, name: &str) -> Vec<&str> {
        let mut keys: Vec<&str> = Vec::new();
        for entry in self.entries(name) {
            for key in entry.value.as_map().into_iter().flat_map(Map::keys) {
                if !keys.contains(&key.as_str()) {
                    keys.push(key);
                }
            }
        }
        keys
    }

    /// Why a path is missing, if that was noted for it or for a part of it.
    pub(super) fn reason(&self, path: &[String]) -> Option<&str> {
        self.layers()
            .flat_map(|layer| layer.missing.iter().rev())
            .find(|(noted, _)| path.starts_with(noted))
            .map(|(_, reason)| reason.as_str())
    }

    fn layers(&self) -> impl Iterator<Item = &Layer> {
        std::iter::successors(Some(&*self.0), |layer| {
            layer.outer.as_ref().map(|outer| &*outer.0)
        })
    }

    /// The entries of a name, from the innermost out to the first that hides the rest.
    fn entries(&self, name: &str) -> impl Iterator<Item = &Entry> {
        let mut hidden = false;
        self.layers()
            .filter_map(move |layer| layer.position(name).map(|at| &layer.names[at].1))
            .take_while(move |entry| !std::mem::replace(&mut hidden, !entry.extends_outer))
    }

    fn nearest(&self, name: &str, fits: impl Fn(&Value) -> bool) -> Option<&Value> {
        self.entries(name)
            .find(|entry| fits(&entry.value))
            .or_else(|| self.entries(name).next())
            .map(|entry| &*entry.value)
    }

    fn whole(&self, name: &str) -> Option<Cow<'_, Value>> {
        let mut entries: Vec<&Entry> = self.entries(name).collect();
        if entries.len() < 2 {
            return entries.pop().map(|entry| Cow::Borrowed(&*entry.value));
        }
        let mut merged = Map::default();
        for entry in entries.into_iter().rev() {
            for (key, value) in entry.value.as_map().into_iter().flatten() {
                merged.insert(key.clone(), value.clone());
            }
        }
        Some(Cow::Owned(Value::Map(merged)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(json: &str) -> Value {
        Value::from_json_text(json).unwrap()
    }

    #[test]
    fn a_child_sees_its_parent_and_hides_it() {
        let mut run = Scope::new();
        run.set("row", value(r#"{"a":1,"b":2}"#));
        run.set("vars", value(r#"{"x":1}"#));
        let mut row = run.child();
        row.set("row", value(r#"{"a":3}"#));
        assert_eq!(row.lookup(&["row", "a"]), Some(&value("3")));
        assert_eq!(row.lookup(&["row", "b"]), None, "hidden, not merged");
        assert_eq!(row.lookup(&["vars", "x"]), Some(&value("1")));
        assert_eq!(run.lookup(&["row", "a"]), Some(&value("1")));
        assert_eq!(row.names(), ["row", "vars"]);
    }

    #[test]
    fn members_of_outer_layers_stay_visible() {
        let mut run = Scope::new();
        run.set_member("steps", "login", value(r#"{"id":1}"#));
        let mut row = run.child();
        row.set_member("steps", "call", value(r#"{"id":2}"#));
        row.set_member("steps", "mail", value(r#"{"id":3}"#));
        assert_eq!(row.lookup(&["steps", "login", "id"]), Some(&value("1")));
        assert_eq!(row.lookup(&["steps", "call", "id"]), Some(&value("2")));
        assert_eq!(run.lookup(&["steps", "call", "id"]), None);
        assert_eq!(row.members("steps"), ["call", "mail", "login"]);
        assert_eq!(
            row.root("steps", None).unwrap().to_json_text(),
            r#"{"login":{"id":1},"call":{"id":2},"mail":{"id":3}}"#
        );
    }

    #[test]
    fn setting_after_a_child_was_made_does_not_change_the_child() {
        let mut run = Scope::new();
        run.set("a", value("1"));
        let child = run.child();
        run.set("a", value("2"));
        assert_eq!(child.lookup(&["a"]), Some(&value("1")));
    }

    #[test]
    fn a_reason_holds_for_the_path_and_all_below_it() {
        let mut scope = Scope::new();
        scope.explain_missing(&["steps", "a"], "it was skipped");
        let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            scope.child().reason(&path("steps.a.id")),
            Some("it was skipped")
        );
        assert_eq!(scope.reason(&path("steps.b")), None);
    }
}
