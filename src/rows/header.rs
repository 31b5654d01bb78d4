//! The names of the columns: which are kept, and what is wrong with them.

use super::raw::Raw;

/// The columns of a table: as many as the header has cells, each kept under its name or ignored.
#[derive(Debug, Clone)]
pub(super) struct Header {
    /// Every name as written, ignored ones too.
    names: Vec<String>,
    /// Whether this is an account file.
    is_account: bool,
}

/// A header that cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HeaderError {
    /// From 0.
    pub(super) index: usize,
    pub(super) message: String,
    pub(super) help: &'static str,
}

/// The column by which an account file is known, and the number that a row had there.
pub(super) const ROW: &str = "_row";
/// The step at which a row stopped.
pub(super) const STEP: &str = "_step";
/// What stands there of a row that could not be read.
pub(super) const READING: &str = "(reading)";
/// What a row had beyond the columns, as JSON.
pub(super) const MORE: &str = "_more";
/// What stood in the file where a row could not be read.
pub(super) const RAW: &str = "_raw";
/// What account files add, and leave out of rows when they are read again. The ids in a file of what succeeded are
/// data: the next playbook wants them.
const OF_ACCOUNTS: [&str; 7] = [MORE, ROW, STEP, "_outcome", "_code", "_message", RAW];

fn is_of_accounts(name: &str) -> bool {
    OF_ACCOUNTS.contains(&name)
}

/// What speaks against reading an object of an account file again: what is wrong, what to do.
pub(super) fn objection(map: &crate::value::Map) -> Option<(&'static str, &'static str)> {
    let is_unread = map.contains_key(ROW)
        && map.get(STEP).and_then(crate::value::Value::as_text) == Some(READING);
    is_unread.then_some((
        "this row could not be read before",
        "put it right as `_message` and `_raw` say, then take `_step` out of it",
    ))
}

/// What an earlier account kept of a row that could not be read.
pub(super) fn raw_of(map: &crate::value::Map) -> Option<Raw> {
    let raw = map.get(RAW).and_then(crate::value::Value::as_text)?;
    Some(Raw::kept(raw))
}

/// Takes out of a row what an account file added to it.
pub(super) fn without_account(map: &mut crate::value::Map) {
    if map.contains_key(ROW) {
        map.retain(|name, _| !is_of_accounts(name));
    }
}

impl Header {
    pub(super) fn new(names: Vec<String>) -> Result<Self, HeaderError> {
        let wrong = |index, message, help| HeaderError {
            index,
            message,
            help,
        };
        for (index, name) in names.iter().enumerate() {
            if name.trim().is_empty() {
                return Err(wrong(
                    index,
                    "the header of this column is blank".to_owned(),
                    "give the column a name, or remove it from every row",
                ));
            }
            if name.contains(['\0', '\u{fffd}']) {
                return Err(wrong(
                    index,
                    "the header of this column holds a character that cannot be read".to_owned(),
                    "save the file as UTF-8",
                ));
            }
        }
        let is_account = names.iter().any(|name| name == ROW);
        let mut first = std::collections::HashMap::new();
        for (index, name) in names.iter().enumerate() {
            if is_account && is_of_accounts(name) {
                continue;
            }
            if let Some(before) = first.insert(name.as_str(), index) {
                return Err(wrong(
                    index,
                    format!("`{name}` is already the header of column {}", before + 1),
                    "give each column a name of its own",
                ));
            }
        }
        if first.is_empty() {
            return Err(wrong(
                0,
                "there is no column but those that an account of rows adds".to_owned(),
                "those are ignored: rename the ones with data",
            ));
        }
        Ok(Self { names, is_account })
    }

    /// How many cells a row has.
    pub(super) fn width(&self) -> usize {
        self.names.len()
    }

    /// The name of a column, from 0, as written.
    pub(super) fn name(&self, index: usize) -> Option<&str> {
        self.names.get(index).map(String::as_str)
    }

    fn is_kept(&self, name: &str) -> bool {
        !(self.is_account && is_of_accounts(name))
    }

    /// The names that rows have, in order.
    pub(super) fn kept(&self) -> Vec<String> {
        let kept = self.names.iter().filter(|name| self.is_kept(name));
        kept.cloned().collect()
    }

    /// What speaks against reading a row of an account file again: the column, from 0, what is wrong, what to do.
    pub(super) fn objection(
        &self,
        cells: &[String],
    ) -> Option<(usize, &'static str, &'static str)> {
        if !self.is_account {
            return None;
        }
        let mut named = self.names.iter().zip(cells).enumerate();
        named.find_map(|(index, (name, cell))| match name.as_str() {
            MORE if !cell.is_empty() => Some((
                index,
                "what stands there would be lost",
                "give it columns of its own, and empty the cell",
            )),
            STEP if cell == READING => Some((
                index,
                "this row could not be read before",
                "put its other cells right as `_message` and `_raw` say, then empty this one",
            )),
            _ => None,
        })
    }

    /// What an earlier account kept of a row that could not be read.
    pub(super) fn raw(&self, cells: &[String]) -> Option<Raw> {
        let mut named = self.names.iter().zip(cells);
        let raw = named.find(|(name, cell)| self.is_account && *name == RAW && !cell.is_empty());
        raw.map(|(_, cell)| Raw::kept(cell))
    }

    /// The cells of a row without the ignored ones.
    pub(super) fn keep(&self, cells: Vec<String>) -> Vec<String> {
        let named = self.names.iter().zip(cells);
        named
            .filter(|(name, _)| self.is_kept(name))
            .map(|(_, cell)| cell)
            .collect()
    }

    /// The cells of a row under their names, without the ignored ones.
    pub(super) fn map(&self, cells: Vec<String>) -> crate::value::Map {
        let mut map = crate::value::map_with_room_for(self.names.len());
        let named = self.names.iter().zip(cells);
        map.extend(
            named
                .filter(|(name, _)| self.is_kept(name))
                .map(|(name, cell)| (name.clone(), cell.into())),
        );
        map
    }
}
