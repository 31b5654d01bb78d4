//! The names of the columns: which are kept, and what is wrong with them.

use std::ops::Range;

use super::raw::Raw;
use super::row::{Earlier, Row, RowError};
use crate::value::{Map, Value};

/// The columns of a table: as many as the header has cells, each kept under its name or ignored.
#[derive(Debug, Clone)]
pub(super) struct Header {
    /// Every name as written, ignored ones too.
    names: Vec<String>,
    /// The columns that an account has added, which are ignored.
    added: Range<usize>,
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
/// What became of a row.
const OUTCOME: &str = "_outcome";
/// What stands there of a row that the CRM may have done.
const UNKNOWN: &str = "unknown";
/// What the CRM answered.
const CODE: &str = "_code";
/// What happened, in words.
const MESSAGE: &str = "_message";
/// How the names of columns with ids begin.
pub(super) const ID: &str = "_wolkvox_id_";
/// What stands behind the name of a step that the CRM has done, though the playbook calls it failed.
pub(super) const ACCEPTED: &str = " (accepted)";
/// What files of refused rows add, in this order.
pub(super) const OF_REFUSED: [&str; 5] = [ROW, STEP, OUTCOME, CODE, MESSAGE];

/// Whether accounts add a column of this name, so that a row of the data with such a one could not be told from theirs.
/// The ids in a file of what succeeded are data: the next playbook wants them.
pub(super) fn is_of_accounts(name: &str) -> bool {
    OF_REFUSED.contains(&name) || [MORE, RAW].contains(&name)
}

/// The columns that an account has added to a table: its whole set, in its order, at the end. Empty where this is no
/// account, but data with names of its own.
fn added(names: &[String]) -> Range<usize> {
    let is_at = |index: usize, name: &str| names.get(index).is_some_and(|found| found == name);
    let from = |row: usize| {
        let has_more = row > 0 && is_at(row - 1, MORE);
        row - usize::from(has_more)
    };
    let end = names.len() - usize::from(names.last().is_some_and(|name| name == RAW));
    if let Some(row) = end.checked_sub(OF_REFUSED.len())
        && OF_REFUSED
            .iter()
            .zip(row..)
            .all(|(name, at)| is_at(at, name))
    {
        return from(row)..names.len();
    }
    let ids = names.iter().rev().take_while(|name| name.starts_with(ID));
    let ids = ids.count();
    match names.len().checked_sub(ids + 1) {
        Some(row) if ids > 0 && is_at(row, ROW) => from(row)..row + 1,
        _ => 0..0,
    }
}

/// What speaks against reading a row of an account again.
#[derive(Debug)]
pub(super) struct Objection {
    /// What is wrong.
    pub(super) message: &'static str,
    /// What to do.
    pub(super) help: &'static str,
    /// What the next account is to say of it.
    pub(super) earlier: Option<Earlier>,
}

/// What speaks against a row by what an account said of it, and the column that says so; what to do is told for a row
/// that could not be read, for one that was done, and for one that may have been.
fn guarded(earlier: Earlier, helps: [&'static str; 3]) -> Option<(&'static str, Objection)> {
    let step = earlier.step.trim_end();
    let (name, message, help) = if earlier.outcome.trim().eq_ignore_ascii_case(UNKNOWN) {
        (
            OUTCOME,
            "whether the CRM has done this row is not known, and it might be done twice",
            helps[2],
        )
    } else if step == READING {
        (STEP, "this row could not be read before", helps[0])
    } else if step.ends_with(ACCEPTED) {
        (
            STEP,
            "the CRM did accept this row, and would do it again",
            helps[1],
        )
    } else {
        return None;
    };
    let objection = Objection {
        message,
        help,
        earlier: Some(earlier),
    };
    Some((name, objection))
}

/// What speaks against reading an object of an account file again.
pub(super) fn objection(map: &Map) -> Option<Objection> {
    let text = |name: &str| map.get(name).and_then(Value::as_text).unwrap_or_default();
    let helps = [
        "put it right as `_message` and `_raw` say, then take `_step` out of it",
        "read `_message`; take `_step` out of it only where it is to be done once more",
        "settle it with `voxplay reconcile`, and go on with `voxplay resume`; take `_outcome` out of it only where you know that nothing was done",
    ];
    map.get(ROW)?;
    let earlier = Earlier {
        step: text(STEP).to_owned(),
        outcome: text(OUTCOME).to_owned(),
        message: text(MESSAGE).to_owned(),
    };
    guarded(earlier, helps).map(|(_, objection)| objection)
}

/// The step at which a row stopped, by what stands in `_step`: what is named after it was accepted.
fn stopped_at(written: &str) -> Option<&str> {
    let step = written.split(',').next().unwrap_or_default().trim();
    (!step.is_empty()).then_some(step)
}

/// An object as a row, without what an account file added to it.
///
/// # Errors
/// Where an account says that it must not be taken again as it is.
pub(super) fn taken_again(number: u64, line: Option<u64>, mut map: Map) -> Result<Row, RowError> {
    let Some(objection) = objection(&map) else {
        let step = map.get(ROW).and_then(|_| map.get(STEP)?.as_text());
        let step = step.and_then(stopped_at).map(str::to_owned);
        without_account(&mut map);
        let row = Row::new(number, line, Value::Map(map));
        return Ok(row.that_stopped_at(step.as_deref()));
    };
    let error = RowError::new(number, line, objection.message).help(objection.help);
    let error = error.with_raw(raw_of(&map)).with_earlier(objection.earlier);
    without_account(&mut map);
    Err(error.with_values(map))
}

/// What an earlier account kept of a row that could not be read.
pub(super) fn raw_of(map: &Map) -> Option<Raw> {
    let raw = map.get(RAW).and_then(Value::as_text)?;
    Some(Raw::kept(raw))
}

/// Takes out of a row what an account file added to it: one that has all the keys of an account. `_step` and `_outcome`
/// may have been taken out by a person.
pub(super) fn without_account(map: &mut Map) {
    let mut refused = OF_REFUSED
        .iter()
        .filter(|name| ![STEP, OUTCOME].contains(name));
    if refused.all(|name| map.contains_key(*name)) {
        map.retain(|name, _| name != RAW && !OF_REFUSED.contains(&name.as_str()));
    } else if map.contains_key(ROW) && map.keys().any(|name| name.starts_with(ID)) {
        map.shift_remove(ROW);
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
        let added = added(&names);
        let mut first = std::collections::HashMap::new();
        for (index, name) in names.iter().enumerate() {
            if added.contains(&index) {
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
        Ok(Self { names, added })
    }

    /// How many cells a row has.
    pub(super) fn width(&self) -> usize {
        self.names.len()
    }

    /// The name of a column, from 0, as written.
    pub(super) fn name(&self, index: usize) -> Option<&str> {
        self.names.get(index).map(String::as_str)
    }

    /// The names that rows have, in order.
    pub(super) fn kept(&self) -> Vec<String> {
        self.keep(self.names.clone())
    }

    /// The cell of a row in the last column of this name.
    fn cell<'c>(&self, name: &str, cells: &'c [String]) -> Option<(usize, &'c str)> {
        let index = self.names.iter().rposition(|known| known == name)?;
        Some((index, cells.get(index)?))
    }

    /// What speaks against reading a row of an account file again, with the column, from 0.
    pub(super) fn objection(&self, cells: &[String]) -> Option<(usize, Objection)> {
        let more = self.cell(MORE, cells);
        if let Some((index, cell)) = more.filter(|(index, _)| self.added.contains(index))
            && !cell.is_empty()
        {
            let objection = Objection {
                message: "what stands there would be lost",
                help: "give it columns of its own, and empty the cell",
                earlier: None,
            };
            return Some((index, objection));
        }
        // Also where a person has put columns of their own behind those of the account: what was marked stays so.
        self.cell(ROW, cells)?;
        self.cell(STEP, cells)?;
        let text = |name| self.cell(name, cells).map_or("", |(_, cell)| cell);
        let helps = [
            "put its other cells right as `_message` and `_raw` say, then empty this one",
            "read `_message`; empty this cell only where it is to be done once more",
            "settle it with `voxplay reconcile`, and go on with `voxplay resume`; empty this cell only where you know that nothing was done",
        ];
        let earlier = Earlier {
            step: text(STEP).to_owned(),
            outcome: text(OUTCOME).to_owned(),
            message: text(MESSAGE).to_owned(),
        };
        let (name, objection) = guarded(earlier, helps)?;
        let (index, _) = self.cell(name, cells)?;
        Some((index, objection))
    }

    /// The step at which a row of an account stopped.
    pub(super) fn stopped_at<'c>(&self, cells: &'c [String]) -> Option<&'c str> {
        if self.added.is_empty() {
            return None;
        }
        let (index, cell) = self.cell(STEP, cells)?;
        stopped_at(cell).filter(|_| self.added.contains(&index))
    }

    /// What an earlier account kept of a row that could not be read.
    pub(super) fn raw(&self, cells: &[String]) -> Option<Raw> {
        let (index, cell) = self.cell(RAW, cells)?;
        (self.added.contains(&index) && !cell.is_empty()).then(|| Raw::kept(cell))
    }

    /// The cells of a row without the ignored ones.
    pub(super) fn keep(&self, cells: Vec<String>) -> Vec<String> {
        let cells = cells.into_iter().enumerate();
        let kept = cells.filter(|(index, _)| !self.added.contains(index));
        kept.map(|(_, cell)| cell).collect()
    }

    /// The cells of a row under their names, without the ignored ones.
    pub(super) fn map(&self, cells: Vec<String>) -> Map {
        let mut map = crate::value::map_with_room_for(self.names.len());
        let named = self.names.iter().zip(cells).enumerate();
        map.extend(
            named
                .filter(|(index, _)| !self.added.contains(index))
                .map(|(_, (name, cell))| (name.clone(), cell.into())),
        );
        map
    }
}
