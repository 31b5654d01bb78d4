//! Checks of documented keys: presence, spelling, type, form. Knows no endpoint; the first objection ends the check.

use serde_json::{Map, Value};

use super::answer::Refusal;
use super::dates::{is_date_time, is_minute};

/// A JSON object as a call sent it, with the path that leads to it.
#[derive(Debug, Clone)]
pub(super) struct Keys<'a> {
    pub(super) map: &'a Map<String, Value>,
    path: String,
}

impl<'a> Keys<'a> {
    /// The outermost object of a body.
    pub(super) fn of(map: &'a Map<String, Value>) -> Self {
        Self {
            map,
            path: String::new(),
        }
    }

    fn required(&self, key: &str) -> Result<&'a Value, Refusal> {
        self.map.get(key).ok_or_else(|| {
            let near = self.map.keys().find(|sent| folded(sent) == folded(key));
            let hint = near
                .map(|sent| format!(" ({sent:?} was sent; the spelling counts)"))
                .unwrap_or_default();
            Refusal::bad_request(format!("{}{key} is required{hint}", self.path))
        })
    }

    fn wrong(&self, key: &str, wanted: &str) -> Refusal {
        Refusal::bad_request(format!("{}{key} must be {wanted}", self.path))
    }

    /// A remark where a required text is no user.
    pub(super) fn no_user(&self, key: &str) -> Result<Option<String>, Refusal> {
        let is_user = self.text(key)?.contains('@');
        Ok((!is_user).then(|| {
            format!(
                "{}{key} has no @; its documented form is user@operation",
                self.path
            )
        }))
    }

    /// A required text with something in it.
    pub(super) fn text(&self, key: &str) -> Result<&'a str, Refusal> {
        let text = self.any_text(key)?;
        if text.trim().is_empty() {
            Err(self.wrong(key, "text that is not blank"))
        } else {
            Ok(text)
        }
    }

    /// A required text, which may be blank.
    pub(super) fn any_text(&self, key: &str) -> Result<&'a str, Refusal> {
        let value = self.required(key)?;
        value.as_str().ok_or_else(|| self.wrong(key, "text"))
    }

    /// A required text that is one of a closed list.
    pub(super) fn one_of(&self, key: &str, allowed: &[&str]) -> Result<&'a str, Refusal> {
        let text = self.text(key)?;
        if allowed.contains(&text) {
            Ok(text)
        } else {
            Err(self.wrong(key, &format!("one of {}", allowed.join(", "))))
        }
    }

    /// A required JSON true or false.
    pub(super) fn boolean(&self, key: &str) -> Result<bool, Refusal> {
        self.required(key)?
            .as_bool()
            .ok_or_else(|| self.wrong(key, "true or false, not text"))
    }

    /// A required JSON object.
    pub(super) fn object(&self, key: &str) -> Result<Keys<'a>, Refusal> {
        let map = self
            .required(key)?
            .as_object()
            .ok_or_else(|| self.wrong(key, "an object"))?;
        Ok(Keys {
            map,
            path: format!("{}{key}.", self.path),
        })
    }

    /// A required text that is a date and time of the calendar, `YYYY-MM-DD HH:MM:SS`, without a zone.
    pub(super) fn date_time(&self, key: &str) -> Result<(), Refusal> {
        if is_date_time(self.text(key)?) {
            Ok(())
        } else {
            Err(self.wrong(key, "a date and time, YYYY-MM-DD HH:MM:SS"))
        }
    }

    /// The same without seconds: `YYYY-MM-DD HH:MM`.
    pub(super) fn minute(&self, key: &str) -> Result<&'a str, Refusal> {
        let text = self.text(key)?;
        if is_minute(text) {
            Ok(text)
        } else {
            Err(self.wrong(key, "a date and time without seconds, YYYY-MM-DD HH:MM"))
        }
    }

    /// A required text or number, as text: what is searched for.
    pub(super) fn wanted(&self, key: &str) -> Result<String, Refusal> {
        match self.required(key)? {
            Value::String(_) => Ok(self.text(key)?.to_owned()),
            Value::Number(number) => Ok(number.to_string()),
            _ => Err(self.wrong(key, "text or a number")),
        }
    }

    /// A whole number, be it a number or a text of digits; absent is fine.
    pub(super) fn whole(&self, key: &str) -> Result<Option<u64>, Refusal> {
        let number = match self.map.get(key) {
            None => return Ok(None),
            Some(Value::String(text)) => text.parse().ok(),
            Some(value) => value.as_u64(),
        };
        number
            .filter(|number| *number > 0)
            .map(Some)
            .ok_or_else(|| self.wrong(key, "a whole number from 1"))
    }

    /// A required list of at least one object with at least one key.
    pub(super) fn objects(&self, key: &str) -> Result<Vec<Keys<'a>>, Refusal> {
        let wanted = "a list of at least one object";
        let list = self
            .required(key)?
            .as_array()
            .filter(|list| !list.is_empty())
            .ok_or_else(|| self.wrong(key, wanted))?;
        let mut found = Vec::new();
        for (place, item) in list.iter().enumerate() {
            let map = item.as_object().filter(|map| !map.is_empty());
            let what = format!("{key}[{place}]");
            let map = map.ok_or_else(|| self.wrong(&what, "an object with at least one key"))?;
            found.push(Keys {
                map,
                path: format!("{}{what}.", self.path),
            });
        }
        Ok(found)
    }

    /// A required list of at least one text that is not blank.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<&'a str>, Refusal> {
        let list = self
            .required(key)?
            .as_array()
            .filter(|list| !list.is_empty());
        let texts = list.map(|list| list.iter().map(|item| item.as_str()));
        texts
            .and_then(Iterator::collect::<Option<Vec<&str>>>)
            .filter(|texts| texts.iter().all(|text| !text.trim().is_empty()))
            .ok_or_else(|| self.wrong(key, "a list of at least one text that is not blank"))
    }

    /// One id in a text, or a list of at least one. The flag says whether it was a list.
    pub(super) fn ids(&self, key: &str) -> Result<(Vec<&'a str>, Shape), Refusal> {
        match self.required(key)? {
            Value::String(_) => Ok((vec![self.text(key)?], Shape::Text)),
            Value::Array(list) if list.is_empty() => Err(self.wrong(key, "at least one id")),
            Value::Array(list) => {
                let ids: Option<Vec<&str>> = list
                    .iter()
                    .map(|id| id.as_str().filter(|id| !id.trim().is_empty()))
                    .collect();
                ids.map(|ids| (ids, Shape::List))
                    .ok_or_else(|| self.wrong(key, "a list of texts that are not blank"))
            }
            _ => Err(self.wrong(key, "text or a list of texts")),
        }
    }

    /// Refuses a key whose value does not satisfy; absent is fine.
    pub(super) fn optional(
        &self,
        key: &str,
        wanted: &str,
        fits: impl Fn(&Value) -> bool,
    ) -> Result<(), Refusal> {
        match self.map.get(key) {
            Some(value) if !fits(value) => Err(self.wrong(key, wanted)),
            _ => Ok(()),
        }
    }

    /// A remark on each key outside the documented ones.
    pub(super) fn undocumented(&self, documented: &[&str]) -> Vec<String> {
        let strangers = self
            .map
            .keys()
            .filter(|key| !documented.contains(&key.as_str()));
        strangers
            .map(|key| format!("{}{key:?} is not documented for this call", self.path))
            .collect()
    }
}

/// How ids were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    List,
}

/// A spelling without what people confuse: case, hyphen, underscore, space.
fn folded(key: &str) -> String {
    key.chars()
        .filter(|c| !matches!(c, '-' | '_' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}
