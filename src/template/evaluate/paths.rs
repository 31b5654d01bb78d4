//! Names and members: finding them, and saying why they are not there.

use std::borrow::Cow;

use super::{Evaluated, Evaluation, Item, nothing};
use crate::diagnostic::nearest;
use crate::template::error::{ErrorKind, TemplateError};
use crate::template::operators::type_of;
use crate::template::scope::Scope;
use crate::template::spelled;
use crate::template::tree::{Expr, Key};
use crate::value::{Number, Value};

/// How many known names an error carries.
const MAX_KNOWN: usize = 20;

impl<'a> Evaluation<'a> {
    pub(super) fn item(&mut self, expr: &'a Expr, of: &'a Expr, key: &'a Expr) -> Evaluated<'a> {
        let value = self.eval(of)?;
        let key = self.eval(key)?;
        let step = match (&*value, &*key) {
            (Value::Map(_), Value::Text(name)) => Some(Key::Name(name.clone())),
            (Value::List(items), Value::Number(number)) => from_back(number, items.len()),
            (Value::Text(text), Value::Number(number)) => {
                let found = from_back(number, text.chars().count()).and_then(|key| match key {
                    Key::Index(index) => text.chars().nth(index),
                    Key::Name(_) => None,
                });
                return found
                    .map(|found| Cow::Owned(Value::Text(found.to_string())))
                    .ok_or_else(|| nothing("the text is shorter"));
            }
            _ => None,
        };
        let found = match (step, &value) {
            (None, _) => None,
            (Some(step), Cow::Borrowed(value)) => step.of(value).map(Cow::Borrowed),
            (Some(step), Cow::Owned(value)) => match step.of(value) {
                Some(found) => {
                    self.budget.copy(found)?;
                    Some(Cow::Owned(found.clone()))
                }
                None => None,
            },
        };
        found.ok_or_else(|| {
            let asked = key.scalar_text().unwrap_or_default();
            undefined(
                self.text_of(&expr.range).to_owned(),
                None,
                (self.text_of(&of.range), &asked),
                member_names(&value),
                why_no_member(&value, &asked),
            )
        })
    }

    pub(super) fn path(&mut self, expr: &'a Expr, root: &'a str, keys: &'a [Key]) -> Evaluated<'a> {
        match self
            .find(root, keys)
            .map_err(|error| error.at(&expr.range))?
        {
            Found::Value(value) => Ok(value),
            Found::Missing { depth } => Err(self.missing_path(root, keys, depth).at(&expr.range)),
        }
    }

    fn local(&self, name: &str) -> Option<&Item<'a>> {
        self.locals
            .iter()
            .rev()
            .find(|(local, _)| *local == name)
            .map(|(_, value)| value)
    }

    pub(super) fn find(&mut self, root: &str, keys: &[Key]) -> Result<Found<'a>, TemplateError> {
        let walked = if let Some(local) = self.local(root) {
            match local {
                Cow::Borrowed(value) => walk(value, keys).map(Cow::Borrowed),
                Cow::Owned(value) => walk(value, keys).map(|value| Cow::Owned(value.clone())),
            }
        } else if let Some(given) = self.view.given(root) {
            walk(given, keys).map(Cow::Borrowed)
        } else {
            let scope: &'a Scope = self.view.scope;
            match scope.root(root, keys.first()) {
                None => return Ok(Found::Missing { depth: 0 }),
                Some(Cow::Borrowed(value)) => walk(value, keys).map(Cow::Borrowed),
                Some(Cow::Owned(value)) => {
                    walk(&value, keys).map(|value| Cow::Owned(value.clone()))
                }
            }
        };
        Ok(match walked {
            Ok(value) => {
                if let Cow::Owned(value) = &value {
                    self.budget.copy(value)?;
                }
                Found::Value(value)
            }
            Err(depth) => self
                .character(root, keys, depth)
                .map_or(Found::Missing { depth: depth + 1 }, Found::Value),
        })
    }

    /// A literal index into a text, which is no value that could be borrowed.
    fn character(&self, root: &str, keys: &[Key], depth: usize) -> Option<Item<'a>> {
        let (Key::Index(index), true) = (keys.get(depth)?, depth + 1 == keys.len()) else {
            return None;
        };
        let text = self.parent(root, &keys[..depth])?.as_text()?;
        let found = text.chars().nth(*index)?;
        Some(Cow::Owned(Value::Text(found.to_string())))
    }

    /// `depth` keys of the path were looked for, the last of them in vain; with none, the name.
    fn missing_path(&self, root: &str, keys: &[Key], depth: usize) -> TemplateError {
        let mut of = String::new();
        let mut spelled = root.to_owned();
        let mut path = vec![root.to_owned()];
        for key in &keys[..depth] {
            of = spelled;
            spelled = match key {
                Key::Name(name) => spelled::member(&of, name),
                Key::Index(index) => format!("{of}[{index}]"),
            };
            path.push(key.to_text());
        }
        let asked = path.last().cloned().unwrap_or_default();
        let is_local = self.local(root).is_some() || self.view.given(root).is_some();
        let reason = (!is_local).then(|| self.view.scope.reason(&path)).flatten();
        let (known, why) = match depth.checked_sub(1) {
            None => {
                let mut names: Vec<String> = self
                    .locals
                    .iter()
                    .map(|(name, _)| (*name).to_owned())
                    .collect();
                names.extend(self.view.names.iter().map(|(name, _)| (*name).to_owned()));
                names.extend(self.view.scope.names().into_iter().map(str::to_owned));
                names.dedup();
                (names, None)
            }
            Some(0) if !is_local && !self.view.scope.members(root).is_empty() => {
                let names = self.view.scope.members(root).into_iter();
                (names.map(str::to_owned).collect(), None)
            }
            Some(last) => {
                let parent = self.parent(root, &keys[..last]);
                (
                    parent.map(member_names).unwrap_or_default(),
                    parent.and_then(|parent| why_no_member(parent, &asked)),
                )
            }
        };
        undefined(spelled, reason, (&of, &asked), known, why)
    }

    fn parent(&self, root: &str, keys: &[Key]) -> Option<&Value> {
        if let Some(value) = self.local(root) {
            return walk(value, keys).ok();
        }
        if let Some(value) = self.view.given(root) {
            return walk(value, keys).ok();
        }
        let path: Vec<String> = std::iter::once(root.to_owned())
            .chain(keys.iter().map(Key::to_text))
            .collect();
        self.view.scope.lookup(&path)
    }
}

pub(super) enum Found<'a> {
    Value(Item<'a>),
    Missing { depth: usize },
}

/// Follows keys; in vain, how many were followed.
fn walk<'v>(value: &'v Value, keys: &[Key]) -> Result<&'v Value, usize> {
    keys.iter()
        .enumerate()
        .try_fold(value, |value, (depth, key)| key.of(value).ok_or(depth))
}

/// An index into a list of this length; a negative one counts from the end.
fn from_back(number: &Number, length: usize) -> Option<Key> {
    let index: i64 = number.as_str().parse().ok()?;
    let index = if index < 0 {
        length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?
    } else {
        usize::try_from(index).ok()?
    };
    Some(Key::Index(index))
}

fn member_names(value: &Value) -> Vec<String> {
    value
        .as_map()
        .map(|map| map.keys().cloned().collect())
        .unwrap_or_default()
}

fn why_no_member(parent: &Value, asked: &str) -> Option<String> {
    match parent {
        Value::Map(map) if map.is_empty() => Some("the object is empty".to_owned()),
        Value::Map(_) => None,
        Value::List(items) if asked.parse::<i64>().is_ok() => Some(match items.len() {
            0 => "the list is empty".to_owned(),
            1 => "the list has 1 item".to_owned(),
            count => format!("the list has {count} items"),
        }),
        Value::List(_) => Some("a list has items, not names: use an index or `| map`".to_owned()),
        Value::Null => Some("what stands before it is null".to_owned()),
        other => Some(format!("{} has no members", type_of(other))),
    }
}

/// The error for something that is not there, with the names that are, the nearest first. What was asked for comes with
/// what it was asked of.
fn undefined(
    path: String,
    reason: Option<&str>,
    (of, asked): (&str, &str),
    mut known: Vec<String>,
    why: Option<String>,
) -> TemplateError {
    if let Some(near) = nearest(asked, known.iter().map(String::as_str))
        && let Some(at) = known.iter().position(|name| name == near)
    {
        known[..=at].rotate_right(1);
    }
    known.truncate(MAX_KNOWN);
    let message = match (reason, why) {
        (Some(reason), _) => format!("`{path}` is undefined: {reason}"),
        (None, Some(why)) => format!("`{path}` is undefined: {why}"),
        (None, None) => format!("`{path}` is undefined"),
    };
    let help = match reason {
        Some(_) => None,
        None => spelled::did_you_mean_member(of, asked, known.iter().map(String::as_str)),
    };
    TemplateError::new(ErrorKind::Undefined { path, known }, message).maybe_help(help)
}
