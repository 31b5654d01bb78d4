//! Answers that come in pages: which page an answer is, whether another follows it, and what its pages give together.
//! It sends nothing, and does not know how many pages somebody wants.

use std::collections::{HashMap, HashSet};

use super::lookup::record_id;
use super::{Action, Outputs, Seen};
use crate::template::Template;
use crate::value::Value;

/// How to read an answer page by page.
#[derive(Debug)]
pub struct Paging {
    /// The parameter that holds the number of the page, from 1.
    pub page: String,
    /// The parameter that holds the number of records a page.
    pub limit: String,
    /// The greatest number of records a page.
    pub max_limit: usize,
    /// The records of a page, over `response`.
    pub records: Template,
    /// The number of pages, over `response`, where the answer has it.
    pub total_pages: Option<Template>,
}

impl Paging {
    /// What the first page is asked with where nothing else is given. What comes without a limit is documented nowhere.
    pub fn beginning(&self) -> [(&str, Value); 2] {
        [
            (&self.limit, Value::from(self.max_limit as u64)),
            (&self.page, Value::from(1)),
        ]
    }
}

impl Action {
    /// The parameters that a first page needs beside these: what neither they nor the action's defaults say.
    pub fn beginning_of_pages(&self, is_given: impl Fn(&str) -> bool) -> Vec<(String, Value)> {
        let beginning = self.paging.iter().flat_map(Paging::beginning);
        beginning
            .filter(|(name, _)| !is_given(name) && !self.defaults.contains_key(*name))
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

/// What an answer says of the pages after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It holds no record; whether another follows it all the same, and of how many, where the answer says so.
    Empty(Option<u64>),
    /// It is the last.
    Last,
    /// Another follows; of how many, where the answer says so.
    Next(Option<u64>),
}

/// Pages on their way: which one is asked for, and how the one before it began.
#[derive(Debug)]
pub struct Pages<'a> {
    paging: &'a Paging,
    page: u64,
    /// The first record of the page before, or its id.
    first: Option<Value>,
}

impl<'a> Pages<'a> {
    /// The pages of an action from the one that these parameters ask for; none where it has no pages.
    ///
    /// # Errors
    /// Why the pages after it have no number, in one sentence without a full stop.
    pub fn begin(action: &'a Action, with: &Value) -> Result<Option<Self>, String> {
        let Some(paging) = &action.paging else {
            return Ok(None);
        };
        let with = action.with_defaults(with);
        let page = match with.get(&paging.page) {
            None => 1,
            Some(given) => whole(given).ok_or_else(|| {
                format!(
                    "`{}` is no whole number, so that the page after it has none",
                    paging.page
                )
            })?,
        };
        Ok(Some(Self {
            paging,
            page,
            first: None,
        }))
    }

    /// The number of the page that is asked for.
    pub const fn page(&self) -> u64 {
        self.page
    }

    /// Takes the answer to what was asked.
    ///
    /// # Errors
    /// Why nobody can tell whether another page follows, in one sentence without a full stop.
    pub fn take(&mut self, seen: &Seen<'_>) -> Result<Turn, String> {
        let unreadable =
            |message: String| format!("the pages of the answer cannot be told: {message}");
        let records = self
            .paging
            .records
            .render(&seen.names())
            .map_err(|error| unreadable(error.message))?;
        let Value::List(records) = records else {
            return Err(unreadable(format!(
                "its records are a JSON {}",
                records.type_name()
            )));
        };
        let total = self.paging.total(seen).map_err(unreadable)?;
        let more = total.filter(|total| self.page < *total);
        let Some(first) = records.first() else {
            return Ok(Turn::Empty(more));
        };
        let shown = record_id(first).map_or_else(|| first.clone(), Value::from);
        if self.first.as_ref() == Some(&shown) {
            return Err(
                "it begins with the same record as the page before: the server seems to give one page over and over"
                    .to_owned(),
            );
        }
        self.first = Some(shown);
        if total.is_some() {
            return Ok(more.map_or(Turn::Last, |total| Turn::Next(Some(total))));
        }
        let limit = seen.with.get(&self.paging.limit).and_then(whole);
        let is_full = records.len() as u64 >= limit.unwrap_or(self.paging.max_limit as u64);
        Ok(if is_full {
            Turn::Next(None)
        } else {
            Turn::Last
        })
    }

    /// Asks for the next page.
    pub fn turn(&mut self, with: &mut Value) {
        self.page += 1;
        if let Value::Map(with) = with {
            let next = match with.get(&self.paging.page) {
                Some(Value::Text(_)) => Value::Text(self.page.to_string()),
                _ => Value::from(self.page),
            };
            with.insert(self.paging.page.clone(), next);
        }
    }
}

impl Paging {
    /// The number of pages, where the answer has it.
    fn total(&self, seen: &Seen<'_>) -> Result<Option<u64>, String> {
        let Some(total) = &self.total_pages else {
            return Ok(None);
        };
        let total = total
            .render_optional(&seen.names())
            .map_err(|error| error.message)?;
        Ok(total.as_ref().and_then(whole))
    }
}

impl Seen<'_> {
    /// That an answer is not all there is, for who reads one page of several.
    pub fn more_pages(&self) -> Option<String> {
        let paging = self.action.paging.as_ref()?;
        let total = paging.total(self).ok()??;
        let page = self.with.get(&paging.page).and_then(whole).unwrap_or(1);
        (page < total).then(|| {
            let (name, next, all) = (&paging.page, page + 1, total - page + 1);
            format!(
                "only page {page} of {total} was read: `{name}: {next}` reads the next, and `max_pages: {all}` on the step all from here on"
            )
        })
    }
}

/// What pages give together: lists joined in their order, all else as the first page has it.
#[derive(Debug, Default)]
pub struct Joined {
    outputs: Outputs,
    lists: HashMap<String, Joint>,
    has_begun: bool,
}

/// What is known of one list.
#[derive(Debug, Default)]
struct Joint {
    /// The ids of what stands in it.
    ids: HashSet<String>,
    /// What was left out, because an earlier page has it.
    repeated: u64,
}

impl Joined {
    /// Adds the outputs of the next page. What stands on an earlier page as well is left out of a list of records or of
    /// ids: records move from one page to another while others are added.
    ///
    /// A list that a page has no value for is taken away whole, as one page's would be: what is left would not stand
    /// for all records.
    pub fn add(&mut self, action: &Action, page: Outputs) {
        for (name, value) in page.values {
            if self.is_lost(&name) {
                continue;
            }
            match (value, self.outputs.values.get_mut(&name)) {
                (Value::List(items), Some(Value::List(list))) => {
                    let is_id = action.id_outputs().any(|id| id == name);
                    self.lists.entry(name).or_default().join(items, is_id, list);
                }
                (Value::List(items), None) => {
                    let is_id = action.id_outputs().any(|id| id == name);
                    let mut list = Vec::new();
                    let joint = self.lists.entry(name.clone()).or_default();
                    joint.join(items, is_id, &mut list);
                    self.outputs.values.insert(name, Value::List(list));
                }
                (value, None) if !self.has_begun => {
                    self.outputs.values.insert(name, value);
                }
                _ => {}
            }
        }
        for name in page.blank {
            if self.loses(&name) {
                self.outputs.blank.push(name);
            }
        }
        for (name, problem) in page.failed {
            if self.loses(&name) {
                self.outputs.failed.push((name, problem));
            }
        }
        self.has_begun = true;
    }

    /// Whether a page was added.
    pub const fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// How many records were left out, because they stood on two pages.
    pub fn repeated(&self) -> u64 {
        let repeated = self.lists.values().map(|joint| joint.repeated);
        repeated.max().unwrap_or_default()
    }

    /// What was joined.
    pub fn into_outputs(self) -> Outputs {
        self.outputs
    }

    fn is_lost(&self, name: &str) -> bool {
        let outputs = &self.outputs;
        outputs.blank.iter().any(|other| other == name)
            || outputs.failed.iter().any(|(other, _)| other == name)
    }

    /// Whether an output is lost by a page that has none; what is no list, the first page alone gives.
    fn loses(&mut self, name: &str) -> bool {
        if self.is_lost(name) {
            return false;
        }
        let was_list = matches!(self.outputs.values.get(name), Some(Value::List(_)));
        if was_list {
            self.outputs.values.shift_remove(name);
        }
        was_list || !self.has_begun
    }
}

impl Joint {
    fn join(&mut self, items: Vec<Value>, is_id: bool, list: &mut Vec<Value>) {
        let id = |item: &Value| {
            if is_id {
                item.scalar_text()
            } else {
                record_id(item)
            }
        };
        let before = items.len();
        let fresh: Vec<Value> = items
            .into_iter()
            .filter(|item| id(item).is_none_or(|id| !self.ids.contains(&id)))
            .collect();
        self.repeated += (before - fresh.len()) as u64;
        self.ids.extend(fresh.iter().filter_map(id));
        list.extend(fresh);
    }
}

/// A whole number, also as text: the vendor's own samples have both.
pub(super) fn whole(value: &Value) -> Option<u64> {
    value.scalar_text()?.trim().parse().ok()
}
