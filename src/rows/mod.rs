//! Data files → a stream of rows, one at a time: a million rows cost no more memory than a thousand.
//!
//! It knows CSV, JSONL, JSON, YAML and XLSX. It does not know what a row is for, and sends nothing.

mod account;
mod csv;
mod encoding;
mod file;
mod header;
mod items;
mod json;
mod raw;
mod row;
mod taken;
mod xlsx;
mod yaml;

use std::path::Path;

use crate::diagnostic::Diagnostic;
use crate::value::Value;

pub use account::{Account, AccountKind, Layout, Refusal};
pub use csv::USUAL_DELIMITERS;
pub use file::DataFile;
pub use items::Items;
pub use row::{Row, RowError, Stream, cell_text, label, row_label};
pub use taken::name_taken;

/// The longest single row, in bytes: only a mistake such as a quote that is never closed is longer.
pub const MAX_ROW_BYTES: usize = 16 * 1024 * 1024;

/// What a data file is, as the playbook says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// Text with a header and delimited cells. The encoding is found out; the delimiter too, when not given.
    Csv {
        /// An ASCII character; none to find it out among comma, semicolon, tab and pipe.
        delimiter: Option<u8>,
    },
    /// One JSON object per line.
    Jsonl,
    /// One JSON list of objects.
    Json,
    /// One YAML list of mappings, read whole: at most 16 MiB.
    Yaml,
    /// A workbook of Excel 2007 or later.
    Xlsx {
        /// The sheet's name; none for the first that is visible.
        sheet: Option<String>,
    },
}

/// The rows of one source. Blocks while it reads, and reads only what is asked for.
pub struct Rows {
    columns: Option<Vec<String>>,
    delimiter: Option<u8>,
    /// Whether account files begin with a byte order mark.
    has_mark: bool,
    stream: Box<dyn Iterator<Item = Result<Row, RowError>> + Send>,
    has_ended: bool,
    /// Whether rows with a key that accounts add are refused.
    has_accounts: bool,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows")
            .field("columns", &self.columns)
            .field("delimiter", &self.delimiter)
            .finish_non_exhaustive()
    }
}

/// Opens a data file and reads as much as its columns need; `shown_as` is its name in messages.
///
/// The columns that an [`Account`] adds are ignored in a file that ends with its whole set of them (in JSON: in a row
/// that has all its keys), so that the file it wrote can be read again; single ones are data. An empty line of a CSV
/// file, or an empty row of a sheet, is no row.
///
/// # Errors
/// The file is missing or unreadable, is not of this format, or its header cannot be used: blank or
/// repeated names. A wrong row is an item of the stream, not an error here; only YAML, which is read
/// whole, says here everything that is wrong.
pub fn open(path: &Path, shown_as: &str, format: &Format) -> Result<Rows, Vec<Diagnostic>> {
    match format {
        Format::Csv { delimiter } => csv::open(path, shown_as, *delimiter).map_err(|it| vec![it]),
        Format::Jsonl => json::open_lines(path, shown_as).map_err(|it| vec![it]),
        Format::Json => json::open_list(path, shown_as).map_err(|it| vec![it]),
        Format::Yaml => yaml::open(path, shown_as),
        Format::Xlsx { sheet } => {
            xlsx::open(path, shown_as, sheet.as_deref()).map_err(|it| vec![it])
        }
    }
}

impl Rows {
    /// The items of a list as rows; an item may be any value. One that comes from an account file is taken as from that.
    pub fn from_values(values: Vec<Value>) -> Self {
        let rows = (1..).zip(values).map(|(number, value)| match value {
            Value::Map(map) => header::taken_again(number, None, map),
            other => Ok(Row::new(number, None, other)),
        });
        Self::without_columns(rows)
    }

    fn with_columns(
        columns: Vec<String>,
        delimiter: Option<u8>,
        stream: impl Iterator<Item = Result<Row, RowError>> + Send + 'static,
    ) -> Self {
        Self {
            columns: Some(columns),
            delimiter,
            has_mark: false,
            stream: Box::new(stream),
            has_ended: false,
            has_accounts: false,
        }
    }

    fn without_columns(
        stream: impl Iterator<Item = Result<Row, RowError>> + Send + 'static,
    ) -> Self {
        Self {
            columns: None,
            delimiter: None,
            has_mark: false,
            stream: Box::new(stream),
            has_ended: false,
            has_accounts: false,
        }
    }

    /// The same rows, whose account files begin with a byte order mark where `has_mark` is set.
    fn with_mark(self, has_mark: bool) -> Self {
        Self { has_mark, ..self }
    }

    /// The columns that every row has, where the file has a header (CSV, XLSX), without the ignored ones.
    pub fn columns(&self) -> Option<&[String]> {
        self.columns.as_deref()
    }

    /// How account files of these rows look; none where only the first row tells: see [`Layout::of_first`].
    pub fn layout(&self) -> Option<Layout> {
        let columns = self.columns.clone()?;
        Some(Layout::new(columns, self.delimiter).with_mark(self.has_mark))
    }
}

impl Iterator for Rows {
    type Item = Result<Row, RowError>;

    /// The next row. After an error that [ends the stream](Stream::Ends) or [breaks it](Stream::Breaks) there is none.
    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let next = self.stream.next();
        self.has_ended = match &next {
            None => true,
            Some(Err(error)) => error.stream != Stream::GoesOn,
            Some(Ok(_)) => false,
        };
        match next {
            Some(Ok(row)) if self.has_accounts => Some(taken::unless_taken(row)),
            next => next,
        }
    }
}

/// The beginning of a data file, for a look at it before anything is sent.
#[derive(Debug)]
pub struct Preview {
    /// See [`Rows::columns`].
    pub columns: Option<Vec<String>>,
    /// The first rows, or what is wrong with them.
    pub rows: Vec<Result<Row, RowError>>,
    /// Whether more rows follow.
    pub has_more: bool,
}

/// The header and the first `count` rows of a file.
///
/// # Errors
/// As [`open`].
pub fn preview(
    path: &Path,
    shown_as: &str,
    format: &Format,
    count: usize,
) -> Result<Preview, Vec<Diagnostic>> {
    let mut rows = open(path, shown_as, format)?;
    Ok(Preview {
        columns: rows.columns.clone(),
        rows: rows.by_ref().take(count).collect(),
        has_more: rows.next().is_some(),
    })
}

#[cfg(test)]
mod tests;
