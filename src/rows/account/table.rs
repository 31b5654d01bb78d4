//! An account as CSV. It gets a column more while it grows, where a row needs it that could not be read.

use std::io;

use super::partial::Partial;
use crate::rows::header::RAW;

/// A CSV file that grows.
#[derive(Debug)]
pub(super) struct Table {
    writer: Box<csv::Writer<Partial>>,
    delimiter: u8,
    /// Whether it has the column of what stood in the file.
    has_raw: bool,
}

impl Table {
    /// Begins with a header.
    pub(super) fn begin<'n>(
        partial: Partial,
        delimiter: u8,
        header: impl Iterator<Item = &'n str>,
    ) -> io::Result<Self> {
        let mut writer = writer(partial, delimiter);
        writer.write_record(header)?;
        writer.flush()?;
        Ok(Self {
            writer,
            delimiter,
            has_raw: false,
        })
    }

    /// Adds a row, and what stood in the file where that is to be kept.
    pub(super) fn write(
        &mut self,
        cells: impl Iterator<Item = String>,
        raw: Option<&str>,
    ) -> io::Result<()> {
        if raw.is_some() && !self.has_raw {
            self.add_raw()?;
        }
        let raw = self.has_raw.then(|| raw.unwrap_or_default().to_owned());
        Ok(self.writer.write_record(cells.chain(raw))?)
    }

    /// Writes the file anew with the column, empty so far. Row by row, for it may be long.
    fn add_raw(&mut self) -> io::Result<()> {
        self.writer.flush()?;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(false)
            .from_reader(self.writer.get_ref().read_back()?);
        let mut wider = writer(self.writer.get_ref().another()?, self.delimiter);
        let mut record = csv::ByteRecord::new();
        let mut last = RAW;
        while reader.read_byte_record(&mut record)? {
            wider.write_record(record.iter().chain([last.as_bytes()]))?;
            last = "";
        }
        wider.flush()?;
        let narrow = std::mem::replace(&mut self.writer, wider);
        self.has_raw = true;
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
