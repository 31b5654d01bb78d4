//! An account as CSV. It gets a column more while it grows, where a row needs it: one that has more than the columns, or
//! one that could not be read.

use std::io::{self, Read as _, Write as _};

use super::partial::Partial;
use crate::rows::header::{MORE, RAW};

/// A CSV file that grows.
#[derive(Debug)]
pub(super) struct Table {
    writer: Box<csv::Writer<Partial>>,
    delimiter: u8,
    /// What the file begins with.
    mark: &'static str,
    /// How many columns the data has.
    data: usize,
    /// Whether it has the column of what a row has beyond them, which stands behind them.
    has_more: bool,
    /// Whether it has the column of what stood in the file, the last of all.
    has_raw: bool,
}

/// One row of it.
pub(super) struct Line<'l> {
    /// As many as the data has columns.
    pub(super) cells: Vec<String>,
    /// What the row has beyond them.
    pub(super) more: Option<String>,
    /// What the account adds.
    pub(super) added: Vec<String>,
    /// What stood in the file, where that is to be kept.
    pub(super) raw: Option<&'l str>,
}

impl Table {
    /// Begins with a mark, or nothing, and a header: so many columns of the data, then those that are added.
    pub(super) fn begin<'h>(
        mut partial: Partial,
        delimiter: u8,
        mark: &'static str,
        header: impl Iterator<Item = &'h String>,
        data: usize,
    ) -> io::Result<Self> {
        partial.write_all(mark.as_bytes())?;
        let mut writer = writer(partial, delimiter);
        writer.write_record(header)?;
        writer.flush()?;
        Ok(Self {
            writer,
            delimiter,
            mark,
            data,
            has_more: false,
            has_raw: false,
        })
    }

    /// Adds a row.
    pub(super) fn write(&mut self, line: Line<'_>) -> io::Result<()> {
        if line.more.is_some() && !self.has_more {
            self.add(MORE, self.data)?;
            self.has_more = true;
        }
        if line.raw.is_some() && !self.has_raw {
            self.add(RAW, usize::MAX)?;
            self.has_raw = true;
        }
        let more = self.has_more.then(|| line.more.unwrap_or_default());
        let raw = line.raw.unwrap_or_default().to_owned();
        let raw = self.has_raw.then_some(raw);
        let cells = line.cells.into_iter().chain(more).chain(line.added);
        Ok(self.writer.write_record(cells.chain(raw))?)
    }

    /// Writes the file anew with a column behind so many others, empty so far. Row by row, for it may be long.
    fn add(&mut self, name: &str, at: usize) -> io::Result<()> {
        self.writer.flush()?;
        let mut narrow = self.writer.get_ref().read_back()?;
        narrow.read_exact(&mut vec![0; self.mark.len()])?;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(false)
            .from_reader(narrow);
        let mut wider = self.writer.get_ref().another()?;
        wider.write_all(self.mark.as_bytes())?;
        let mut wider = writer(wider, self.delimiter);
        let mut record = csv::ByteRecord::new();
        let mut cell = name;
        while reader.read_byte_record(&mut record)? {
            let before = record.iter().take(at);
            let behind = record.iter().skip(at);
            wider.write_record(before.chain([cell.as_bytes()]).chain(behind))?;
            cell = "";
        }
        wider.flush()?;
        let narrow = std::mem::replace(&mut self.writer, wider);
        narrow
            .into_inner()
            .map_err(csv::IntoInnerError::into_error)?
            .discard()
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    /// The file behind it, with all that was written.
    pub(super) fn into_inner(self) -> io::Result<Partial> {
        self.writer
            .into_inner()
            .map_err(csv::IntoInnerError::into_error)
    }
}

fn writer(partial: Partial, delimiter: u8) -> Box<csv::Writer<Partial>> {
    let mut builder = csv::WriterBuilder::new();
    Box::new(builder.delimiter(delimiter).from_writer(partial))
}
