//! Checks of documented keys: presence, spelling, type, form. Knows no endpoint; the first objection ends the check.

use jiff::civil::{Date, Time};
use serde_json::{Map, Value};

use super::answer::Refusal;

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

/// `YYYY-MM-DD HH:MM:SS`, exactly so many digits, and a moment that the calendar has.
pub(super) fn is_date_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once(' ') else {
        return false;
    };
    let (Some([year, month, day]), Some([hour, minute, second])) =
        (numbers(date, '-', [4, 2, 2]), numbers(time, ':', [2, 2, 2]))
    else {
        return false;
    };
    is_date(year, month, day) && Time::new(small(hour), small(minute), small(second), 0).is_ok()
}

/// `DD-MM-YYYY`, exactly so many digits, and a day that the calendar has.
pub(super) fn is_day_first_date(text: &str) -> bool {
    numbers(text, '-', [2, 2, 4]).is_some_and(|[day, month, year]| is_date(year, month, day))
}

fn is_date(year: i16, month: i16, day: i16) -> bool {
    Date::new(year, small(month), small(day)).is_ok()
}

/// Two digits always fit.
fn small(number: i16) -> i8 {
    i8::try_from(number).unwrap_or(i8::MAX)
}

fn numbers(text: &str, separator: char, widths: [usize; 3]) -> Option<[i16; 3]> {
    let mut parts = text.split(separator);
    let mut found = [0; 3];
    for (slot, width) in found.iter_mut().zip(widths) {
        let part = parts.next()?;
        if part.len() != width || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *slot = part.parse().ok()?;
    }
    parts.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_times_have_one_form_and_a_calendar() {
        for good in ["2023-07-30 00:00:00", "2024-02-29 23:59:59"] {
            assert!(is_date_time(good), "{good}");
        }
        for bad in [
            "20230730 000000",
            "2023-07-30",
            "2023-07-30T00:00:00",
            "2023-02-29 00:00:00",
            "2023-13-01 00:00:00",
            "2023-07-30 24:00:00",
            "2023-07-30 00:00:00Z",
            "2023-7-30 00:00:00",
            "30-07-2023 00:00:00",
            " 2023-07-30 00:00:00",
            "+023-07-30 00:00:00",
        ] {
            assert!(!is_date_time(bad), "{bad}");
        }
    }

    #[test]
    fn dates_of_obligations_put_the_day_first() {
        assert!(is_day_first_date("25-05-2024"));
        assert!(is_day_first_date("29-02-2024"));
        for bad in [
            "2024-05-25",
            "05-25-2024",
            "29-02-2023",
            "5-5-2024",
            "25/05/2024",
            "25-05-2024 00:00:00",
            "",
        ] {
            assert!(!is_day_first_date(bad), "{bad}");
        }
    }
}
