//! Bytes in UTF-8 → records, by RFC 4180. Strict where leniency would join rows or cells in silence: text
//! behind a closing quote, and a quote that is never closed, are said. A quote inside a cell that does not
//! begin with one is a character, as in spreadsheets.

use std::io::{self, BufRead};

use crate::rows::MAX_ROW_BYTES;
use crate::rows::raw::{READ_BYTES, Raw};

/// One record: its cells one behind another.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// The line where it begins, from 1.
    pub(super) line: u64,
    /// What is wrong with it.
    pub(super) fault: Option<Fault>,
    text: Vec<u8>,
    ends: Vec<usize>,
    /// How many cells have ended, also those that are not kept.
    ended: usize,
    /// Whether it is longer than any row, so that its cells are not kept.
    is_too_long: bool,
    /// The bytes that it was made of, as many as an account of it needs.
    raw: Vec<u8>,
}

/// What is wrong with a record, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: FaultKind,
    /// The cell, from 0.
    pub(super) cell: usize,
    /// The line, from 1.
    pub(super) line: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultKind {
    /// Text behind a closing quote.
    AfterQuote,
    /// A quote that is never closed; its line is where it was opened.
    Unclosed,
    /// Longer than any row; where it ends is known.
    TooLong,
}

impl Record {
    /// How many cells it has.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The cells, unquoted.
    pub(super) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, end)| &self.text[start..*end])
    }

    /// What it was made of.
    pub(super) fn raw(&self) -> Raw {
        Raw::of(&self.raw)
    }

    fn restart(&mut self) {
        self.raw.clear();
        self.text.clear();
        self.ends.clear();
        self.ended = 0;
        self.is_too_long = false;
        self.fault = None;
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = READ_BYTES - self.raw.len();
        self.raw.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn push(&mut self, byte: u8) {
        if !self.is_too_long {
            self.text.push(byte);
        }
    }

    fn end_cell(&mut self) {
        self.ended += 1;
        if !self.is_too_long {
            self.ends.push(self.text.len());
        }
    }

    /// Keeps no more of it where it is too long: what fills the memory is of no use to anybody.
    fn bound(&mut self) {
        if !self.is_too_long && self.text.len() + self.ends.len() > MAX_ROW_BYTES {
            self.found(FaultKind::TooLong, self.line);
            self.is_too_long = true;
            self.text = Vec::new();
            self.ends = Vec::new();
        }
    }

    fn found(&mut self, kind: FaultKind, line: u64) {
        let cell = self.ended;
        self.fault.get_or_insert(Fault { kind, cell, line });
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the beginning of a cell.
    Start,
    /// In a cell without quotes.
    Plain,
    /// Between quotes.
    Quoted,
    /// Behind a quote that ends the cell, unless another follows.
    Closed,
}

/// Splits a text into records.
#[derive(Debug)]
pub(super) struct Splitter<R> {
    input: R,
    delimiter: u8,
    /// Of the next byte.
    line: u64,
    /// Whether the last byte was a carriage return, whose line feed starts no further line.
    was_return: bool,
}

impl<R: BufRead> Splitter<R> {
    /// `line` is the number of the first line.
    pub(super) const fn new(input: R, delimiter: u8, line: u64) -> Self {
        Self {
            input,
            delimiter,
            line,
            was_return: false,
        }
    }

    /// Reads the next record into `record`; false at the end. Empty lines are no records.
    pub(super) fn read(&mut self, record: &mut Record) -> io::Result<bool> {
        record.restart();
        record.line = self.line;
        let mut state = State::Start;
        let mut opened = self.line;
        loop {
            let bytes = match self.input.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if bytes.is_empty() {
                return Ok(Self::end_of_file(record, state, opened));
            }
            let (mut used, mut begin) = (0, 0);
            let mut is_complete = false;
            for byte in bytes {
                used += 1;
                let is_end_of_line = matches!(byte, b'\n' | b'\r');
                if *byte == b'\r' || (*byte == b'\n' && !self.was_return) {
                    self.line += 1;
                }
                self.was_return = *byte == b'\r';
                state = match (state, *byte) {
                    (State::Start, b'"') => {
                        opened = self.line;
                        State::Quoted
                    }
                    (State::Quoted, b'"') => State::Closed,
                    (State::Closed, b'"') => {
                        record.push(b'"');
                        State::Quoted
                    }
                    (State::Start, _) if is_end_of_line && record.ended == 0 => {
                        record.line = self.line;
                        record.raw.clear();
                        begin = used;
                        State::Start
                    }
                    (State::Start | State::Plain | State::Closed, _) if is_end_of_line => {
                        record.end_cell();
                        is_complete = true;
                        break;
                    }
                    (State::Start | State::Plain | State::Closed, byte)
                        if byte == self.delimiter =>
                    {
                        record.end_cell();
                        State::Start
                    }
                    (State::Quoted, byte) => {
                        record.push(byte);
                        State::Quoted
                    }
                    (state, byte) => {
                        if state == State::Closed {
                            record.found(FaultKind::AfterQuote, self.line);
                        }
                        record.push(byte);
                        State::Plain
                    }
                };
            }
            record.keep(&bytes[begin..used]);
            self.input.consume(used);
            record.bound();
            if is_complete {
                return Ok(true);
            }
        }
    }

    fn end_of_file(record: &mut Record, state: State, opened: u64) -> bool {
        if state == State::Start && record.ended == 0 {
            return false;
        }
        if state == State::Quoted {
            // An earlier fault of this record follows from the same quote.
            record.fault = None;
            record.found(FaultKind::Unclosed, opened);
        }
        record.end_cell();
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Found = (u64, Vec<String>, Option<Fault>);

    fn split(text: &str, delimiter: u8) -> Vec<Found> {
        // A small buffer, so that every state also meets its end.
        let input = io::BufReader::with_capacity(3, text.as_bytes());
        let mut splitter = Splitter::new(input, delimiter, 1);
        let mut record = Record::default();
        let mut found = Vec::new();
        while splitter.read(&mut record).unwrap() {
            let cells = record
                .cells()
                .map(|cell| String::from_utf8(cell.to_vec()).unwrap());
            found.push((record.line, cells.collect(), record.fault));
        }
        found
    }

    fn cells(text: &str) -> Vec<Vec<String>> {
        split(text, b',').into_iter().map(|it| it.1).collect()
    }

    #[test]
    fn lines_are_counted_whatever_ends_them() {
        for end in ["\n", "\r\n", "\r"] {
            let text = format!("a,b{end}{end}1,\"x{end}y\"{end}2,z{end}");
            let found = split(&text, b',');
            let lines: Vec<_> = found.iter().map(|it| it.0).collect();
            assert_eq!(lines, [1, 3, 5], "{end:?}");
            assert_eq!(found[1].1[1], format!("x{end}y"));
        }
    }

    #[test]
    fn quotes() {
        assert_eq!(cells("\"a \"\"b\"\", c\",d"), [["a \"b\", c", "d"]]);
        assert_eq!(cells("5\" pipe,\"\""), [["5\" pipe", ""]]);
        assert_eq!(cells("\"\"\n"), [[""]]);
        assert_eq!(cells("a,\n,"), [["a", ""], ["", ""]]);
    }

    #[test]
    fn bad_quotes_are_said() {
        let found = split("a,b\n1,\"x\"y\n2,z\n", b',');
        let fault = Fault {
            kind: FaultKind::AfterQuote,
            cell: 1,
            line: 2,
        };
        assert_eq!(found[1].2, Some(fault));
        assert_eq!(found[2].1, ["2", "z"]);
        let found = split("a,b\n1,\"x\n2,z\n", b',');
        let fault = Fault {
            kind: FaultKind::Unclosed,
            cell: 1,
            line: 2,
        };
        assert_eq!(found[1].2, Some(fault));
        assert_eq!(found.len(), 2);
    }

    proptest! {
        #[test]
        fn reads_what_the_csv_crate_reads(text in "[a,;\"\n\r ñ]{0,40}") {
            let found = split(&text, b',');
            // Where this reader objects, the other one guesses.
            prop_assume!(found.iter().all(|record| record.2.is_none()));
            let mut other = ::csv::ReaderBuilder::new();
            let mut other = other.has_headers(false).flexible(true).from_reader(text.as_bytes());
            let other: Vec<Vec<String>> = other
                .records()
                .map(|record| record.unwrap().iter().map(str::to_owned).collect())
                .collect();
            prop_assert_eq!(found.into_iter().map(|it| it.1).collect::<Vec<_>>(), other);
        }

        #[test]
        fn reads_back_what_the_csv_crate_writes(
            rows in prop::collection::vec(prop::collection::vec("[a-c,;|\t\"\n\r ñ0]{0,6}", 1..5), 1..6),
            delimiter in prop::sample::select(b",;\t|".to_vec()),
        ) {
            let mut writer = ::csv::WriterBuilder::new()
                .flexible(true)
                .delimiter(delimiter)
                .from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let found = split(&text, delimiter);
            prop_assert!(found.iter().all(|record| record.2.is_none()));
            prop_assert_eq!(found.into_iter().map(|it| it.1).collect::<Vec<_>>(), rows);
        }
    }
}
