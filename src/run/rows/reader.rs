//! Rows made into items: keys, batches, scopes. It runs none of them.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::watch;

use super::item::{Ended, Item, Standing, ids_of};
use crate::event::{Batch, RowFinished};
use crate::outcome::Outcome;
use crate::plan::{PlannedLoop, PlannedStep, Tree};
use crate::rows::{Items, Row, RowError, Stream, cell_text};
use crate::run::answered_rows::Identity;
use crate::run::drive::Driver;
use crate::run::{History, RowNames};
use crate::template::Scope;
use crate::value::{Value, is_blank};

/// What was read: an item to run, or one that cannot be.
pub(super) enum Read {
    Item(Box<Item>),
    Bad(Box<Ended>),
}

/// Makes items of rows: keys, batches, scopes.
pub(super) struct Reader<'p> {
    items: Items,
    pub(super) each: &'p PlannedLoop,
    pub(super) step: &'p PlannedStep,
    scope: Scope,
    names: RowNames<'p>,
    history: &'p History,
    pub(super) turn: u64,
    /// How many items there were so far, without rows that could not be read.
    read_items: u64,
    /// Digests of the keys so far, where the playbook gives keys: one that repeats names two rows.
    keys: HashSet<u64>,
    source: &'p Arc<crate::source::Source>,
    /// Why the rows could not be read to their end.
    pub(super) broken: Option<String>,
    /// Tells the rows that have not begun that no more are to begin.
    pub(super) over: watch::Sender<bool>,
    identity: Identity,
}

impl Driver<'_> {
    /// Reads the items of a loop from their beginning.
    pub(super) fn reader<'p>(
        &'p self,
        items: Items,
        (step, each): (&'p PlannedStep, &'p PlannedLoop),
        scope: Scope,
        outer: Option<String>,
    ) -> Reader<'p> {
        Reader {
            items,
            each,
            scope,
            names: RowNames::new(self.run, self.masker, each, outer),
            history: self.history,
            step,
            turn: 0,
            read_items: 0,
            keys: HashSet::new(),
            source: step.home.source(),
            broken: None,
            over: watch::Sender::new(false),
            identity: Identity::of(step, each),
        }
    }
}

impl Reader<'_> {
    pub(super) fn read(&mut self) -> Option<Read> {
        let turn = self.turn;
        self.turn += 1;
        // A row that cannot be read fails alone, in its place.
        Some(match self.items.next()? {
            Ok(rows) => self.item(turn, rows),
            // That is no row: how many there would be from here on, nobody knows.
            Err(error) if error.stream == Stream::Breaks => {
                self.broken = Some(error.to_string());
                return None;
            }
            // It counts as one row, and how many more it has swallowed, nobody knows.
            Err(error) if error.stream == Stream::Ends => {
                self.broken = Some(error.to_string());
                Read::Bad(Box::new(self.unreadable(turn, error)))
            }
            Err(error) => Read::Bad(Box::new(self.unreadable(turn, error))),
        })
    }

    fn item(&mut self, turn: u64, rows: Vec<Row>) -> Read {
        let number = rows.first().map_or(0, |first| first.number);
        self.read_items += 1;
        let value = if self.each.batch.is_some() {
            Arc::new(Value::List(
                rows.iter().map(|row| (*row.value).clone()).collect(),
            ))
        } else {
            Arc::clone(&rows[0].value)
        };
        let digest = self.identity.digest(&value, self.names.masker());
        let index = if self.each.batch.is_some() {
            self.read_items
        } else {
            number
        };
        let scope = self.each.item_scope(&self.scope, value, index);
        let key = match self.key(&scope, number) {
            Ok(key) => key,
            Err(error) => {
                let key = self.names.of_number(number);
                return Read::Bad(Box::new(self.bad(turn, number, key, rows, error)));
            }
        };
        let serialize_by = match self.text(self.each.serialize_by.as_ref(), &scope) {
            Ok(value) => value,
            Err(error) => return Read::Bad(Box::new(self.bad(turn, number, key, rows, error))),
        };
        Read::Item(Box::new(Item {
            turn,
            key,
            number,
            rows,
            scope,
            serialize_by,
            digest,
            over: self.over.subscribe(),
        }))
    }

    fn key(&mut self, scope: &Scope, number: u64) -> Result<String, String> {
        let Some(key) = self.text(self.each.key.as_ref(), scope)? else {
            return Ok(self.names.of_number(number));
        };
        if is_blank(&key) {
            return Err("the row's `key` is blank".to_owned());
        }
        if !self.keys.insert(digest(&key)) {
            return Err(format!(
                "the row's `key` {key} stands in an earlier row as well"
            ));
        }
        self.name(&key)
    }

    /// What the row with this key is called. An earlier stretch of the run, whose secrets may have been others, has
    /// called it the same.
    fn name(&self, key: &str) -> Result<String, String> {
        let is_known = |name: &str| {
            let mut steps = self.step.and_nested().into_iter();
            steps.any(|step| self.history.has_row(&step.id, name))
        };
        if self.is_begun_otherwise(key) {
            return Err("the row was begun when its steps had no loops, or had some, and its `key` holds `/` or `%`: \
                 nobody could say any more what was sent for it; put the steps back as they were"
                .to_owned());
        }
        let open = self.names.open(key);
        if self.names.shows_secret(key) {
            if is_known(&open) {
                return Err("the row's `key` holds the text of a secret that it did not hold when the row was begun: \
                     go on with the secrets of then"
                    .to_owned());
            }
            return Ok(self.names.hidden(key));
        }
        if self.history.hides_keys() {
            let hidden = self.names.hidden(key);
            if is_known(&hidden) {
                return Ok(hidden);
            }
        }
        Ok(open)
    }

    /// Whether something was done under the name that the row has now, or had then, while rows had other names: then
    /// it was done for this row, or for another one.
    fn is_begun_otherwise(&self, key: &str) -> bool {
        let Some(names) = self.names.either(key) else {
            return false;
        };
        let each = (self.step.id.as_str(), self.names.holds_loops());
        let steps = ids_of(&self.each.steps);
        let mut steps = steps.iter().chain([&self.step.id]);
        steps.any(|step| {
            let mut names = names.iter();
            names.any(|name| self.history.has_row_of_other_names(each, step, name))
        })
    }

    fn text(&self, tree: Option<&Tree>, scope: &Scope) -> Result<Option<String>, String> {
        let Some(tree) = tree else {
            return Ok(None);
        };
        let value = tree
            .render(scope)
            .map_err(|error| crate::diagnostic::in_one_line(&error.diagnostic(self.source)))?;
        // Nothing is blank, not the word `null`.
        Ok(Some(cell_text(&value)))
    }

    fn unreadable(&self, turn: u64, error: RowError) -> Ended {
        let key = self.names.of_number(error.number);
        let mut ended = self.bad(turn, error.number, key, Vec::new(), error.to_string());
        ended.unreadable = Some(error);
        ended
    }

    fn bad(&self, turn: u64, number: u64, key: String, rows: Vec<Row>, error: String) -> Ended {
        let accepted = self.history.accepted(&self.each.steps, &key);
        Ended {
            unreadable: None,
            event: RowFinished {
                error: Some(error),
                accepted,
                batch: Batch::of(rows.iter().map(|row| row.number)),
                ..RowFinished::new(self.step.id.clone(), key, number, Outcome::Failed)
            },
            rows,
            standing: Standing::News,
            doubt: None,
            stop: None,
            serialize_by: None,
            turn,
        }
    }
}

/// A short stand-in for a key, so that a million of them fit into memory.
fn digest(key: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}
