//! CSV in any encoding and with any delimiter → rows of text.

mod delimiter;
mod split;

use std::io::{self, BufRead, Cursor, Read, Seek as _, SeekFrom};
use std::path::Path;

use super::encoding::{Encoding, SAMPLE_BYTES, detect, of_whole};
use super::header::Header;
use super::{MAX_ROW_BYTES, Row, RowError, Rows, file};
use crate::diagnostic::{Code, Diagnostic};
use crate::value::Value;
pub use delimiter::USUAL_DELIMITERS;
use split::{Fault, FaultKind, Record, Splitter};

/// Opens a CSV file, finds out what was not said, and reads the header.
pub(super) fn open(path: &Path, shown_as: &str, delimiter: Option<u8>) -> Result<Rows, Diagnostic> {
    if let Some(wrong) = delimiter.filter(|byte| !byte.is_ascii() || b"\"\r\n\0".contains(byte)) {
        let message = format!("`{}` cannot stand between cells", wrong.escape_ascii());
        return Err(Diagnostic::error(Code::InvalidValue, message)
            .help("use a comma, a semicolon, a tab or a pipe"));
    }
    let mut file = file::open(path, shown_as)?;
    let refused = |error: io::Error| file::unreadable(&error, shown_as);
    let (mut sample, is_whole) = file::sample(&mut file, SAMPLE_BYTES).map_err(refused)?;
    let before = sample.len();
    let mut encoding = encoding_of(&mut sample, shown_as)?;
    let is_marked = sample.len() < before;
    if !is_whole && !is_marked && !encoding.is_utf_16() {
        encoding = of_whole_file(&mut file, before as u64).map_err(refused)?;
    }
    let shown = decoded(encoding, &sample).map_err(refused)?;
    let hint = sep_line(&shown);
    let delimiter = delimiter
        .or(hint.map(|(delimiter, _)| delimiter))
        .unwrap_or_else(|| delimiter::find(&shown, is_whole));
    let (skipped, first_line) = hint.map_or((0, 1), |(_, length)| (length, 2));

    let mut input = encoding.read(Cursor::new(sample).chain(file));
    io::copy(&mut input.by_ref().take(skipped), &mut io::sink()).map_err(refused)?;
    let rows = read(input, encoding, delimiter, first_line, shown_as)?;
    // A spreadsheet takes UTF-8 without the mark for the encoding that this was not in.
    let is_for_spreadsheets = is_marked || encoding != Encoding::Utf8;
    Ok(rows.with_mark(is_for_spreadsheets))
}

/// The encoding of a file without a mark, by all of it; it is read on from where it was.
fn of_whole_file(file: &mut file::Steady, at: u64) -> io::Result<Encoding> {
    file.seek(SeekFrom::Start(0))?;
    let encoding = of_whole(file)?;
    file.seek(SeekFrom::Start(at))?;
    Ok(encoding)
}

/// The rows of a text whose header begins at line `first_line`.
pub(super) fn read(
    input: Box<dyn BufRead + Send>,
    encoding: Encoding,
    delimiter: u8,
    first_line: u64,
    shown_as: &str,
) -> Result<Rows, Diagnostic> {
    let mut splitter = Splitter::new(input, delimiter, first_line);
    let mut record = Record::default();
    if !splitter
        .read(&mut record)
        .map_err(|error| file::unreadable(&error, shown_as))?
    {
        return Err(
            Diagnostic::error(Code::InvalidValue, format!("{shown_as} is empty"))
                .help("its first line names the columns"),
        );
    }
    let header = header_of(&record, delimiter, shown_as)?;
    let columns = header.kept();
    let rows = CsvRows {
        splitter,
        record,
        header,
        encoding,
        number: 0,
    };
    Ok(Rows::with_columns(columns, Some(delimiter), rows))
}

/// The encoding, with its mark taken off the sample.
fn encoding_of(sample: &mut Vec<u8>, shown_as: &str) -> Result<Encoding, Diagnostic> {
    let foreign = |what: &str, help: &str| {
        Diagnostic::error(
            Code::UnreadableFile,
            format!("{shown_as} is not CSV: it is {what}"),
        )
        .help(help)
    };
    if let Some((what, help)) = file::foreign(sample) {
        return Err(foreign(what, help));
    }
    let detected = detect(sample)
        .map_err(|encoding| foreign(&format!("written in {encoding}"), "save it as UTF-8"))?;
    sample.drain(..detected.mark);
    Ok(detected.encoding)
}

fn decoded(encoding: Encoding, sample: &[u8]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let sample = Cursor::new(sample.to_vec());
    encoding.read(sample).read_to_end(&mut text)?;
    Ok(text)
}

/// The line `sep=;` that spreadsheets put above the header: the delimiter, and the bytes to skip.
fn sep_line(text: &[u8]) -> Option<(u8, u64)> {
    let end = text.iter().position(|byte| matches!(byte, b'\n' | b'\r'))?;
    let (head, delimiter) = text[..end].split_at_checked(4)?;
    let is_sep = head.eq_ignore_ascii_case(b"sep=");
    let ([delimiter], true) = (delimiter, is_sep) else {
        return None;
    };
    let length = end
        + if text[end..].starts_with(b"\r\n") {
            2
        } else {
            1
        };
    let is_possible = delimiter.is_ascii() && *delimiter != b'"';
    is_possible.then_some((*delimiter, length as u64))
}

fn header_of(record: &Record, delimiter: u8, shown_as: &str) -> Result<Header, Diagnostic> {
    let names: Vec<String> = record
        .cells()
        .map(|cell| String::from_utf8_lossy(cell).into_owned())
        .collect();
    let shown = names.join(&char::from(delimiter).to_string());
    let at = |finding| file::at_line(finding, shown_as, record.line, &shown);
    if let Some(fault) = record.fault {
        let (message, help) = words(fault);
        let message = format!("the header, column {}: {message}", fault.cell + 1);
        return Err(at(Diagnostic::error(Code::InvalidValue, message).help(help)));
    }
    Header::new(names).map_err(|wrong| {
        let message = format!("{shown_as}, column {}: {}", wrong.index + 1, wrong.message);
        at(Diagnostic::error(Code::InvalidValue, message).help(wrong.help))
    })
}

/// What a fault is and what to do.
fn words(fault: Fault) -> (String, &'static str) {
    match fault.kind {
        FaultKind::AfterQuote => (
            "text stands behind the quote that closes the cell".to_owned(),
            "write a quote inside a quoted cell twice, and look whether an earlier one is not closed",
        ),
        FaultKind::Unclosed => (
            "the quote that opens this cell is never closed, so the rest of the file is one cell"
                .to_owned(),
            "close it, or write the cell without quotes",
        ),
        FaultKind::TooLong => (
            format!(
                "this row is longer than {} MiB",
                MAX_ROW_BYTES / 1024 / 1024
            ),
            "look whether a quote is missing in it, and whether the file is CSV at all",
        ),
    }
}

struct CsvRows {
    splitter: Splitter<Box<dyn BufRead + Send>>,
    record: Record,
    header: Header,
    encoding: Encoding,
    number: u64,
}

impl Iterator for CsvRows {
    type Item = Result<Row, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let found = self.splitter.read(&mut self.record);
        self.number += 1;
        match found {
            Ok(true) => Some(self.row()),
            Ok(false) => None,
            Err(error) => {
                let line = Some(self.record.line);
                Some(Err(RowError::broken(self.number, line, error)))
            }
        }
    }
}

impl CsvRows {
    fn row(&self) -> Result<Row, RowError> {
        self.read()
            .map_err(|error| error.with_raw(Some(self.record.raw())))
    }

    fn read(&self) -> Result<Row, RowError> {
        let line = Some(self.record.line);
        if let Some(fault) = self.record.fault {
            return Err(self.faulty(fault));
        }
        let (width, found) = (self.header.width(), self.record.len());
        if found != width {
            let cells = if found == 1 { "cell" } else { "cells" };
            let message = format!("this row has {found} {cells} and the header has {width}");
            // The first cell that should not be there, or the first column that has none.
            let index = found.min(width);
            return Err(RowError::new(self.number, line, message)
                .in_column(index, self.header.name(index))
                .help("put a cell that holds the delimiter or a line end in double quotes")
                .cells(self.lossy()));
        }
        let mut cells = Vec::with_capacity(width);
        for (index, cell) in self.record.cells().enumerate() {
            let text = self.text(cell).map_err(|(message, help)| {
                let error = RowError::new(self.number, line, message)
                    .in_column(index, self.header.name(index))
                    .help(help);
                let cells = self.lossy();
                // What an account says of it stays true, whatever else is wrong now.
                let earlier = self.header.objection(&cells);
                let earlier = earlier.and_then(|(_, objection)| objection.earlier);
                let error = error.with_raw(self.header.raw(&cells));
                let error = error.with_earlier(earlier);
                error.cells(self.header.keep(cells))
            })?;
            cells.push(text.to_owned());
        }
        if let Some((index, objection)) = self.header.objection(&cells) {
            let error = RowError::new(self.number, line, objection.message)
                .in_column(index, self.header.name(index))
                .help(objection.help)
                .with_earlier(objection.earlier);
            let error = error.with_raw(self.header.raw(&cells));
            return Err(error.cells(self.header.keep(cells)));
        }
        let stopped_at = self.header.stopped_at(&cells).map(str::to_owned);
        let map = self.header.map(cells);
        let row = Row::new(self.number, line, Value::Map(map));
        Ok(row.that_stopped_at(stopped_at.as_deref()))
    }

    /// The text of a cell, or what is wrong with it and what to do.
    fn text<'a>(&self, cell: &'a [u8]) -> Result<&'a str, (String, &'static str)> {
        let save = match self.encoding {
            Encoding::Utf8 => "the file was taken for UTF-8; save it as UTF-8",
            Encoding::Utf16Le | Encoding::Utf16Be => {
                "the file was taken for UTF-16; save it as UTF-8"
            }
            Encoding::Windows1252 => "the file was taken for windows-1252; save it as UTF-8",
        };
        let text = std::str::from_utf8(cell).map_err(|error| {
            let byte = cell[error.valid_up_to()];
            (format!("byte 0x{byte:02X} in it is not UTF-8"), save)
        })?;
        let is_wrong = |letter: char| match letter {
            '\0' | '\u{fffd}' => true,
            // What windows-1252 leaves undefined: the file is in another encoding.
            '\u{80}'..='\u{9f}' => self.encoding == Encoding::Windows1252,
            _ => false,
        };
        match text.chars().find(|letter| is_wrong(*letter)) {
            None => Ok(text),
            Some('\0') => Err((
                "it holds a zero byte".to_owned(),
                "remove it: the program that wrote the file has left it there",
            )),
            Some('\u{fffd}') => Err((
                "a character in it was lost when the file was converted (U+FFFD)".to_owned(),
                "write the character again, or save the original as UTF-8",
            )),
            Some(letter) => Err((
                format!(
                    "byte 0x{:02X} in it means nothing in windows-1252",
                    u32::from(letter)
                ),
                save,
            )),
        }
    }

    /// Every cell for the account. What cannot be read becomes U+FFFD, which is refused when read again.
    fn lossy(&self) -> Vec<String> {
        let cells = self.record.cells();
        cells
            .map(|cell| String::from_utf8_lossy(cell).into_owned())
            .collect()
    }

    fn faulty(&self, fault: Fault) -> RowError {
        let (message, help) = words(fault);
        let error = RowError::new(self.number, Some(fault.line), message)
            .in_column(fault.cell, self.header.name(fault.cell))
            .help(help);
        match fault.kind {
            // Most often a quote inside a cell that was not doubled, and the line end is sure. The cells
            // are a guess, so none is given back: repaired in silence they could be read again.
            FaultKind::AfterQuote | FaultKind::TooLong => error,
            FaultKind::Unclosed => error.ends(),
        }
    }
}
