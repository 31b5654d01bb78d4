//! The read that can tell whether a create whose answer was lost has happened: what it asks for, page after
//! page, and which of the records that it finds is the created one. It sends nothing and decides nothing.

use super::body::{Member, Shape};
use super::paging::{Pages, Turn, whole};
use super::{Action, RenderError};
use crate::template::{Expression, Read, Template};
use crate::value::{Value, is_blank};

/// The read that can tell whether a create whose answer was lost has happened.
#[derive(Debug)]
pub struct Lookup {
    /// The name of the reading action.
    pub action: String,
    /// Its parameters, each a template over `with` of the create.
    pub(super) with: Shape,
    /// What it found, over `response` of the read; the records of its pages where this is not given.
    pub records: Option<Template>,
    /// Whether one of them, `found`, is the one that was to be created, over `found` and `with`.
    pub same: Expression,
    /// What it can and cannot prove.
    pub description: Option<String>,
}

impl Lookup {
    /// The parameters of the read, from those of the create.
    pub fn with(&self, with: &Value) -> Result<Value, RenderError> {
        self.with.render_whole(&[("with", with)])
    }

    /// The names of the parameters that it gives the read; none where only a run can tell.
    pub(super) fn given(&self) -> Option<Vec<&str>> {
        let Shape::Map(members) = &self.with else {
            return None;
        };
        let names = members.iter().map(|member| match member {
            Member::Key(name, _) => Some(name.as_str()),
            Member::Merge(_) => None,
        });
        names.collect()
    }

    /// Which of these parameters of the create it needs.
    pub fn needs<'n>(&self, names: &'n [String]) -> Vec<&'n str> {
        let mut reads = Vec::new();
        self.with.reads(&mut reads);
        reads.extend(self.records.iter().flat_map(Template::reads));
        reads.extend(self.same.reads());
        let needs = |name: &&String| reads.iter().any(|read| reads_parameter(read, name));
        names.iter().filter(needs).map(String::as_str).collect()
    }

    /// The records in an answer of the read.
    fn records(&self, read: &Action, response: &Value, with: &Value) -> Result<Vec<Value>, String> {
        let of_pages = || read.paging.as_ref().map(|paging| &paging.records);
        let found = match self.records.as_ref().or_else(of_pages) {
            Some(template) => template
                .render(&[("response", response), ("with", with)])
                .map_err(|error| format!("what it found cannot be read: {}", error.message))?,
            None => match response {
                Value::List(_) => response.clone(),
                _ => response.get("data").cloned().unwrap_or_default(),
            },
        };
        match found {
            Value::List(records) => Ok(records),
            // Of one thing, such as a token, the CRM answers an object.
            Value::Map(record) if !record.is_empty() => Ok(vec![Value::Map(record)]),
            other => Err(format!(
                "what it found is {} in place of a list of records",
                match other {
                    Value::Null => "nothing".to_owned(),
                    other => format!("a JSON {}", other.type_name()),
                }
            )),
        }
    }

    fn is_same(&self, found: &Value, with: &Value) -> Result<bool, String> {
        self.same
            .is_true(&[("found", found), ("with", with)])
            .map_err(|error| {
                format!(
                    "`same` cannot be told of a record that it found: {}",
                    error.message
                )
            })
    }
}

/// Whether a read may look at this parameter.
fn reads_parameter(read: &Read, name: &str) -> bool {
    match read.path.as_slice() {
        [first, second, ..] => first == "with" && second == name,
        [first] => first == "with",
        [] => false,
    }
}

/// So many pages are read and no more: a look-up that finds this much asks for too much.
const MOST_PAGES: u64 = 20;

/// A look-up on its way: which page is asked for next, and what was found so far.
#[derive(Debug)]
pub struct Search<'l> {
    lookup: &'l Lookup,
    read: &'l Action,
    /// The parameters of the create.
    with: &'l Value,
    /// The parameters of the next read.
    ask: Value,
    /// None where there are no pages, or the look-up chose one itself.
    pages: Option<Pages<'l>>,
    same: Vec<Value>,
    seen: usize,
}

impl<'l> Search<'l> {
    /// A search for what a create with these parameters was to make.
    ///
    /// # Errors
    /// Why it cannot be looked up, in one sentence without a full stop.
    pub fn new(lookup: &'l Lookup, read: &'l Action, with: &'l Value) -> Result<Self, String> {
        let mut ask = lookup
            .with(with)
            .map_err(|error| format!("the look-up's parameters have no value: {error}"))?;
        let mut pages = None;
        if let (Some(paging), Value::Map(given)) = (&read.paging, &mut ask)
            && !given.contains_key(&paging.page)
        {
            for (name, value) in read.beginning_of_pages(|name| given.contains_key(name)) {
                given.insert(name, value);
            }
            pages = Pages::begin(read, &ask)?;
        }
        let search = Self {
            lookup,
            read,
            with,
            ask,
            pages,
            same: Vec::new(),
            seen: 0,
        };
        match search.read.check_params(&search.ask).first() {
            None => Ok(search),
            Some(violation) => Err(format!(
                "the look-up's parameters do not fit {}: {}",
                read.name(),
                violation.message
            )),
        }
    }

    /// The parameters of the next read.
    pub const fn ask(&self) -> &Value {
        &self.ask
    }

    /// The records that are the created one, by its look-up; each id once.
    pub fn same(&self) -> &[Value] {
        &self.same
    }

    /// How many records were looked at.
    pub const fn seen(&self) -> usize {
        self.seen
    }

    /// Takes an answer, and says whether another page has to be read.
    ///
    /// # Errors
    /// Why nothing follows from what was found, in one sentence without a full stop.
    pub fn take(&mut self, response: &Value) -> Result<bool, String> {
        let records = self.lookup.records(self.read, response, self.with)?;
        self.seen += records.len();
        for record in records {
            let is_new = record_id(&record).is_none_or(|id| {
                let mut before = self.same.iter().filter_map(record_id);
                before.all(|other| other != id)
            });
            if self.lookup.is_same(&record, self.with)? && is_new {
                self.same.push(record);
            }
        }
        // Two are enough to know that it is not one.
        if self.same.len() > 1 {
            return Ok(false);
        }
        let Some(pages) = &mut self.pages else {
            return match more_pages(response) {
                Some(pages) => Err(format!(
                    "the answer has {pages} pages, and only one of them was read"
                )),
                None => Ok(false),
            };
        };
        if !matches!(
            pages.take(&self.read.seen(response, &self.ask))?,
            Turn::Next(_) | Turn::Empty(Some(_))
        ) {
            return Ok(false);
        }
        if pages.page() == MOST_PAGES {
            return Err(format!(
                "it finds more than {MOST_PAGES} pages of records, which is too much to look at"
            ));
        }
        pages.turn(&mut self.ask);
        Ok(true)
    }
}

/// The id of a record that was found, without blanks around it; none where it shows none, or a blank one.
pub fn record_id(record: &Value) -> Option<String> {
    let id = record.get("wolkvox_id")?.scalar_text()?;
    (!is_blank(&id)).then(|| id.trim().to_owned())
}

/// How many pages the vendor's envelope speaks of, where that is more than one.
fn more_pages(response: &Value) -> Option<u64> {
    let pages = response.get("Total pages").and_then(whole)?;
    let own = response.get("page").and_then(whole).unwrap_or(1);
    (pages > 1 && own < pages).then_some(pages)
}

impl Shape {
    /// What its templates read.
    fn reads<'s>(&'s self, into: &mut Vec<&'s Read>) {
        match self {
            Self::Fixed(_) => {}
            Self::Template(template) => into.extend(template.reads()),
            Self::List(items) => items.iter().for_each(|item| item.reads(into)),
            Self::Map(members) => {
                for member in members {
                    match member {
                        Member::Key(_, shape) => shape.reads(into),
                        Member::Merge(template) => into.extend(template.reads()),
                    }
                }
            }
            Self::Each { over, item } => {
                into.extend(over.reads());
                item.reads(into);
            }
        }
    }
}
