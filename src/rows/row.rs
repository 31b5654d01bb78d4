//! One row, or what is wrong with one.

use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::raw::Raw;
use crate::attachment::hex;
use crate::diagnostic::{Code, Diagnostic};
use crate::secret::Masker;
use crate::value::{Map, Value};

/// A row of data.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Which row of the data it is, from 1; the header is none, and wrong rows count.
    pub number: u64,
    /// The line of the file where it begins, from 1; in a workbook, the row of the sheet.
    pub line: Option<u64>,
    /// From a file a [`Map`] of column → value, in the order of the file: from CSV and XLSX always
    /// text, from JSON, JSONL and YAML as written. From a list, the item.
    pub value: Arc<Value>,
    /// The step at which it stopped before, where the data is an account that says so.
    pub stopped_at: Option<Box<str>>,
}

impl Row {
    pub(super) fn new(number: u64, line: Option<u64>, value: Value) -> Self {
        Self {
            number,
            line,
            value: value.into(),
            stopped_at: None,
        }
    }

    pub(super) fn that_stopped_at(mut self, step: Option<&str>) -> Self {
        self.stopped_at = step.map(Into::into);
        self
    }

    /// Column → value, where the row is an object.
    pub fn values(&self) -> Option<&Map> {
        self.value.as_map()
    }

    /// 16 hexadecimal digits that differ, for all practical purposes, where the values do. Its number
    /// and line do not matter.
    pub fn fingerprint(&self) -> String {
        hex(&Sha256::digest(self.value.to_json_text().as_bytes())[..8])
    }
}

/// What a cell looks like in a CSV file: text and digits as they are, nothing for null, JSON for
/// lists and objects.
pub fn cell_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::List(_) | Value::Map(_) => value.to_json_text(),
        scalar => scalar.scalar_text().unwrap_or_default(),
    }
}

/// Whether more rows can follow a wrong one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// The next row begins at a place that is sure.
    GoesOn,
    /// The rest of the file cannot be told apart into rows.
    Ends,
    /// The file cannot be read any more: this is no row, and what follows is not known.
    Breaks,
}

/// A row that cannot be used. It counts as one row read, unless the stream [breaks](Stream::Breaks) there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// Which row of the data it is, from 1.
    pub number: u64,
    /// The line of the file (the row of the sheet) where the row begins, or for a quote where it was found.
    pub line: Option<u64>,
    /// The column of the table, from 1, where one is to blame.
    pub column_number: Option<u32>,
    /// The name of that column.
    pub column_name: Option<Box<str>>,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to do.
    pub help: Option<&'static str>,
    /// From CSV and XLSX the cells as far as they can be given back: without the ignored ones where
    /// there are as many as the header has, else all. What cannot be read of a cell of CSV is U+FFFD in it.
    pub cells: Box<[String]>,
    /// What else there is of it for an account.
    kept: Option<Box<Kept>>,
    /// Whether more rows follow.
    pub stream: Stream,
}

/// What there is of a row that cannot be used, beside its cells. Few rows have it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Kept {
    values: Option<Map>,
    raw: Option<Raw>,
    earlier: Option<Earlier>,
}

/// What an account said of a row that was fed back and not put right; the next one says it again, and not that there was
/// an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Earlier {
    pub(super) step: String,
    pub(super) outcome: String,
    pub(super) message: String,
}

impl RowError {
    pub(super) fn new(number: u64, line: Option<u64>, message: impl Into<String>) -> Self {
        Self {
            number,
            line,
            column_number: None,
            column_name: None,
            message: message.into(),
            help: None,
            cells: Box::default(),
            kept: None,
            stream: Stream::GoesOn,
        }
    }

    /// The same at a column; `index` counts from 0.
    pub(super) fn in_column(mut self, index: usize, name: Option<&str>) -> Self {
        self.column_number = u32::try_from(index + 1).ok();
        self.column_name = name.map(Box::from);
        self
    }

    pub(super) fn help(mut self, help: &'static str) -> Self {
        self.help = Some(help);
        self
    }

    pub(super) fn cells(mut self, cells: Vec<String>) -> Self {
        self.cells = cells.into();
        self
    }

    /// The same with the values of an object of an account that was not put right.
    pub(super) fn with_values(mut self, values: Map) -> Self {
        self.kept.get_or_insert_default().values = Some(values);
        self
    }

    /// The same with what stands in the file, unless that is known already.
    pub(super) fn with_raw(mut self, raw: Option<Raw>) -> Self {
        if let Some(raw) = raw {
            self.kept.get_or_insert_default().raw.get_or_insert(raw);
        }
        self
    }

    /// The same with what an earlier account said of it.
    pub(super) fn with_earlier(mut self, earlier: Option<Earlier>) -> Self {
        if let Some(earlier) = earlier {
            self.kept.get_or_insert_default().earlier = Some(earlier);
        }
        self
    }

    /// What an earlier account said of it.
    pub(super) fn earlier(&self) -> Option<&Earlier> {
        self.kept.as_ref()?.earlier.as_ref()
    }

    /// Of an object of an account that was not put right: what it holds beside what the account added.
    pub(super) fn values(&self) -> Option<&Map> {
        self.kept.as_ref()?.values.as_ref()
    }

    /// What stands in the file; none where it could not be read.
    pub(super) fn raw(&self) -> Option<&Raw> {
        self.kept.as_ref()?.raw.as_ref()
    }

    /// Covers what is secret in what stands in the file, and in what an earlier account said. The cells are the user's own and stay as they are.
    pub fn mask(&mut self, masker: &Masker) {
        let Some(kept) = &mut self.kept else { return };
        if let Some(raw) = &mut kept.raw {
            raw.mask(masker);
        }
        if let Some(earlier) = &mut kept.earlier {
            earlier.message = masker.mask(&earlier.message).into_owned();
        }
    }

    /// The file could not be read further where this row would stand.
    pub(super) fn broken(number: u64, line: Option<u64>, why: impl fmt::Display) -> Self {
        let message = format!("the file could not be read further: {why}");
        Self {
            stream: Stream::Breaks,
            ..Self::new(number, line, message)
        }
    }

    pub(super) fn ends(mut self) -> Self {
        self.stream = Stream::Ends;
        self
    }

    /// The same as a finding about the file called `file`.
    pub fn finding(&self, file: &str) -> Diagnostic {
        let mut message = self.place_words();
        let _ = write!(message, ": {}", self.message);
        let rest = (self.stream != Stream::GoesOn).then_some(NOT_READ);
        let help: Vec<&str> = self.help.into_iter().chain(rest).collect();
        let finding = Diagnostic::error(Code::Schema, message).in_file(file, self.line);
        if help.is_empty() {
            finding
        } else {
            finding.help(help.join("; "))
        }
    }

    /// ``row 3 (line 5), column 2 `name` ``
    fn place_words(&self) -> String {
        let mut words = row_label(self.number, self.line);
        if let Some(column) = self.column_number {
            let _ = write!(words, ", column {column}");
        }
        if let Some(name) = &self.column_name {
            let _ = write!(words, " `{name}`");
        }
        words
    }
}

/// What messages call a row: `row 3 (line 4)`.
pub fn row_label(number: u64, line: Option<u64>) -> String {
    match line {
        Some(line) => format!("row {number} (line {line})"),
        None => format!("row {number}"),
    }
}

/// What messages call one row, or the rows of a batch: `rows 3 to 5`.
pub fn label(rows: &[Row]) -> String {
    match rows {
        [] => String::new(),
        [only] => row_label(only.number, only.line),
        [first, .., last] => format!("rows {} to {}", first.number, last.number),
    }
}

/// What is said of a row after which no other can be read.
const NOT_READ: &str = "the rows from there on were not read";

impl fmt::Display for RowError {
    /// `row 3 (line 5), column 2 `name`: what is wrong; what to do`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place_words(), self.message)?;
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        match self.stream {
            Stream::GoesOn => Ok(()),
            Stream::Ends | Stream::Breaks => write!(f, "; {NOT_READ}"),
        }
    }
}

impl std::error::Error for RowError {}
