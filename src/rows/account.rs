//! What became of the rows, as CSV files: rejected, unknown, succeeded.
//!
//! The columns of the data come first, untouched, so that a file of rejected rows can be fed straight
//! back; the columns added behind them are ignored when it is read again. Cells are
//! data: one that a spreadsheet would take for a formula (`=1+1`) is written as it came. Every row has as many cells as
//! the header, for a spreadsheet that saves the file would make it so, and not ask what belongs where. A row that could
//! not be read says so in `_step`, and is refused again until that is taken out.
//!
//! A file grows under a temporary name beside its own, readable after a crash, and takes its name when it
//! is [finished](Account::finish).
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: writes the account files that users ask for"
)]

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::header::{MORE, READING, ROW, STEP};
use super::row::cell_text;
use super::{Row, RowError};
use crate::value::Value;

/// How the rows of an input look in its account files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    columns: Vec<String>,
    delimiter: u8,
    /// Whether a row may have keys that are no columns.
    is_open: bool,
}

/// The column of rows that are no objects.
const ITEM: &str = "item";

impl Layout {
    /// The columns of a header, and the delimiter of the input: a comma where it has none.
    pub(super) fn new(columns: Vec<String>, delimiter: Option<u8>) -> Self {
        Self {
            columns,
            delimiter: delimiter.unwrap_or(b','),
            is_open: false,
        }
    }

    /// For input without a header: the keys of the first row in their order; a row that is no object
    /// has one column `item`. What later rows have besides stands as JSON in `_more`, and such a row is
    /// refused when it is read again, for it would lose that. A key without a value reads as empty text.
    pub fn of_first(row: Option<&Row>) -> Self {
        let columns = match row.and_then(Row::values) {
            Some(map) => map.keys().cloned().collect(),
            None => vec![ITEM.to_owned()],
        };
        Self {
            columns,
            delimiter: b',',
            is_open: true,
        }
    }

    /// The columns of the data.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    fn cells(&self, row: &Row) -> Vec<String> {
        let Some(map) = row.values() else {
            let item = |name: &String| match name.as_str() {
                ITEM => cell_text(&row.value),
                _ => String::new(),
            };
            let mut cells: Vec<String> = self.columns.iter().map(item).collect();
            let has_item = self.columns.iter().any(|name| name == ITEM);
            if self.is_open {
                cells.push(if has_item {
                    String::new()
                } else {
                    row.value.to_json_text()
                });
            }
            return cells;
        };
        let mut cells: Vec<String> = self
            .columns
            .iter()
            .map(|name| map.get(name).map(cell_text).unwrap_or_default())
            .collect();
        if self.is_open {
            let more: crate::value::Map = map
                .iter()
                .filter(|(name, _)| !self.columns.contains(name))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            cells.push(if more.is_empty() {
                String::new()
            } else {
                Value::Map(more).to_json_text()
            });
        }
        cells
    }

    /// The cells of a row that could not be read, as many as there are columns, and what is left over of them.
    fn cells_of_error(&self, error: &RowError) -> (Vec<String>, Vec<String>) {
        let mut cells = error.cells.to_vec();
        let surplus = cells.split_off(cells.len().min(self.columns.len()));
        cells.resize(
            self.columns.len() + usize::from(self.is_open),
            String::new(),
        );
        (cells, surplus)
    }
}

/// What an account file lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountKind {
    /// Rows that failed, or whose outcome is unknown: `_row`, `_step`, `_outcome`, `_code`, `_message`.
    Refused,
    /// Rows that succeeded: `_row`, then `_wolkvox_id_<step>` for each of these steps.
    Succeeded {
        /// The steps that return an id, in their order.
        steps: Vec<String>,
    },
}

/// Why a row is in a file of refused ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal<'a> {
    /// The step it stopped at; none where it could not be read.
    pub step: Option<&'a str>,
    /// `failed`, `unknown` …
    pub outcome: &'a str,
    /// What the CRM answered, where it did.
    pub code: Option<&'a str>,
    /// What happened, in words.
    pub message: &'a str,
}

/// An account file that grows while the run goes on. Blocks while it writes.
#[derive(Debug)]
pub struct Account {
    writer: csv::Writer<File>,
    layout: Layout,
    kind: AccountKind,
    path: PathBuf,
    partial: PathBuf,
}

impl Account {
    /// Begins the file `path`: until it is finished it stands beside it as `<name>.partial`, and a
    /// file that has the name already stays as it is.
    pub fn create(path: &Path, kind: AccountKind, mut layout: Layout) -> io::Result<Self> {
        let mut name = path
            .file_name()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "this is no file name"))?
            .to_owned();
        name.push(".partial");
        let partial = path.with_file_name(name);
        let mut writer = csv::WriterBuilder::new()
            .delimiter(layout.delimiter)
            .from_writer(File::create(&partial)?);
        let added: Vec<String> = match &kind {
            AccountKind::Refused => [STEP, "_outcome", "_code", "_message"]
                .map(str::to_owned)
                .into(),
            AccountKind::Succeeded { steps } => {
                let ids = steps.iter().map(|step| format!("_wolkvox_id_{step}"));
                ids.collect()
            }
        };
        // Of an id that came from an earlier account, the new one takes the place.
        layout.columns.retain(|name| !added.contains(name));
        let mut header = layout.columns.clone();
        if layout.is_open {
            header.push(MORE.to_owned());
        }
        header.push(ROW.to_owned());
        header.extend(added);
        writer.write_record(header)?;
        writer.flush()?;
        Ok(Self {
            writer,
            layout,
            kind,
            path: path.to_owned(),
            partial,
        })
    }

    /// Adds a row that failed or is unknown.
    pub fn refuse(&mut self, row: &Row, refusal: &Refusal<'_>) -> io::Result<()> {
        self.expect_refused()?;
        let cells = self.layout.cells(row);
        self.write_refused(cells, row.number, refusal)
    }

    /// Adds a row that could not be read.
    pub fn refuse_unread(&mut self, error: &RowError) -> io::Result<()> {
        self.expect_refused()?;
        let (cells, surplus) = self.layout.cells_of_error(error);
        let mut message = error.to_string();
        if !surplus.is_empty() {
            message.push_str("; beyond the last column: ");
            message.push_str(
                &Value::List(surplus.into_iter().map(Value::from).collect()).to_json_text(),
            );
        }
        let refusal = Refusal {
            step: Some(READING),
            outcome: "failed",
            code: None,
            message: &message,
        };
        self.write_refused(cells, error.number, &refusal)
    }

    /// Adds a row that succeeded, with the ids that its steps returned: (step, id).
    pub fn succeed(&mut self, row: &Row, ids: &[(&str, &str)]) -> io::Result<()> {
        let AccountKind::Succeeded { steps } = &self.kind else {
            return Err(io::Error::other("this file lists refused rows"));
        };
        let mut cells = self.layout.cells(row);
        cells.push(row.number.to_string());
        cells.extend(steps.iter().map(|step| {
            let mut ids = ids.iter();
            let id = ids.find(|(name, _)| name == step);
            id.map_or_else(String::new, |(_, id)| (*id).to_owned())
        }));
        Ok(self.writer.write_record(cells)?)
    }

    /// Gives what was written so far to the operating system, so that others can read it.
    pub fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    /// Puts the file on disk and gives it its name. Without this it stays under the temporary one.
    pub fn finish(mut self) -> io::Result<PathBuf> {
        self.writer.flush()?;
        self.writer.get_ref().sync_all()?;
        drop(self.writer);
        std::fs::rename(&self.partial, &self.path)?;
        Ok(self.path)
    }

    fn expect_refused(&self) -> io::Result<()> {
        match self.kind {
            AccountKind::Refused => Ok(()),
            AccountKind::Succeeded { .. } => {
                Err(io::Error::other("this file lists rows that succeeded"))
            }
        }
    }

    fn write_refused(
        &mut self,
        mut cells: Vec<String>,
        number: u64,
        refusal: &Refusal<'_>,
    ) -> io::Result<()> {
        cells.extend([
            number.to_string(),
            refusal.step.unwrap_or_default().to_owned(),
            refusal.outcome.to_owned(),
            refusal.code.unwrap_or_default().to_owned(),
            // A file that holds these cannot be read again, and an answer of the CRM may.
            refusal.message.replace(['\0', '\u{fffd}'], " "),
        ]);
        Ok(self.writer.write_record(cells)?)
    }
}
