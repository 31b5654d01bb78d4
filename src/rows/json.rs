//! JSONL and JSON → rows. A JSON list is cut into its items as the bytes come, so that it is never whole in
//! memory; what an item holds, the reader of [`Value`] says. Numbers keep their digits.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::file::Steady;
use super::header::taken_again;
use super::raw::{READ_BYTES, Raw};
use super::{MAX_ROW_BYTES, Row, RowError, Rows, file};
use crate::diagnostic::{Code, Diagnostic};
use crate::value::Value;

/// Opens a file with one object per line.
pub(super) fn open_lines(path: &Path, shown_as: &str) -> Result<Rows, Diagnostic> {
    Ok(Rows::without_columns(Lines {
        input: begin(path, shown_as)?,
        line: 0,
        number: 0,
        text: Vec::new(),
    }))
}

/// Opens a file that is one list of objects.
pub(super) fn open_list(path: &Path, shown_as: &str) -> Result<Rows, Diagnostic> {
    let mut items = Items {
        input: begin(path, shown_as)?,
        line: 1,
        number: 0,
        text: Vec::new(),
        is_over: false,
    };
    let first = items
        .skip_blanks()
        .map_err(|error| file::unreadable(&error, shown_as))?;
    if first != Some(b'[') {
        return Err(Diagnostic::error(
            Code::WrongType,
            format!("{shown_as} is not a JSON list"),
        )
        .help("write the rows as `[{…}, {…}]`, or read a file with one object per line with `jsonl:`"));
    }
    items.input.consume(1);
    Ok(Rows::without_columns(items))
}

/// Opens a JSON text behind its byte order mark.
fn begin(path: &Path, shown_as: &str) -> Result<BufReader<Steady>, Diagnostic> {
    let mut input = BufReader::with_capacity(64 * 1024, file::open(path, shown_as)?);
    let bytes = input
        .fill_buf()
        .map_err(|error| file::unreadable(&error, shown_as))?;
    let wrong = |what: &str, help: &str| {
        Diagnostic::error(Code::UnreadableFile, format!("{shown_as} is {what}")).help(help)
    };
    if let Some((what, help)) = file::foreign(bytes) {
        return Err(wrong(what, help));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(wrong("written in UTF-16", "save it as UTF-8"));
    }
    if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
        input.consume(3);
    }
    Ok(input)
}

/// One object as a row, its ignored keys left out.
fn row(number: u64, line: u64, text: &[u8]) -> Result<Row, RowError> {
    object(number, line, text).map_err(|error| error.with_raw(Some(Raw::of(text))))
}

fn object(number: u64, line: u64, text: &[u8]) -> Result<Row, RowError> {
    let wrong = |message: String| RowError::new(number, Some(line), message);
    let text = std::str::from_utf8(text).map_err(|error| {
        let byte = text[error.valid_up_to()];
        wrong(format!("byte 0x{byte:02X} in it is not UTF-8")).help("save the file as UTF-8")
    })?;
    let (value, repeated) =
        Value::with_repeated_key(text).map_err(|error| not_json(number, line, &error))?;
    let Value::Map(map) = value else {
        return Err(wrong(format!(
            "a row is an object, and this is of type {}",
            value.type_name()
        ))
        .help("write `{\"column\": value}`"));
    };
    // The value has the last of them, and settles in silence what the other one said.
    if let Some(key) = repeated {
        return Err(wrong(format!("the key `{key}` stands twice")).help("remove one of them"));
    }
    taken_again(number, Some(line), map)
}

fn not_json(number: u64, line: u64, error: &serde_json::Error) -> RowError {
    let words = error.to_string();
    // Its place counts from the beginning of the row, so it is said anew.
    let (words, _) = words.split_once(" at line ").unwrap_or((&words, ""));
    let at = match (error.line(), error.column()) {
        (0 | 1, column) => format!("byte {column} of the row"),
        (lines, column) => format!("line {}, byte {column}", line + lines as u64 - 1),
    };
    RowError::new(
        number,
        Some(line),
        format!("this is not JSON: {words} ({at})"),
    )
}

fn too_long(number: u64, line: u64, text: &[u8]) -> RowError {
    let message = format!(
        "this row is longer than {} MiB",
        MAX_ROW_BYTES / 1024 / 1024
    );
    let error = RowError::new(number, Some(line), message);
    error
        .help("look whether a line end or a quote is missing in it")
        .with_raw(Some(Raw::of(text)))
}

struct Lines {
    input: BufReader<Steady>,
    line: u64,
    number: u64,
    text: Vec<u8>,
}

impl Iterator for Lines {
    type Item = Result<Row, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.text.clear();
            self.line += 1;
            let mut part = self.input.by_ref().take(MAX_ROW_BYTES as u64 + 1);
            let read = part.read_until(b'\n', &mut self.text);
            let is_blank = self.text.trim_ascii().is_empty();
            match read {
                Ok(0) => return None,
                Ok(_) if is_blank && self.text.len() <= MAX_ROW_BYTES => continue,
                _ => {}
            }
            self.number += 1;
            return Some(match read {
                Err(error) => Err(RowError::broken(self.number, Some(self.line), error)),
                Ok(length) if length > MAX_ROW_BYTES => self.skip(),
                Ok(_) => row(self.number, self.line, self.text.trim_ascii()),
            });
        }
    }
}

impl Lines {
    /// Goes on to the end of a line that is too long, of which the beginning was read.
    fn skip(&mut self) -> Result<Row, RowError> {
        let is_whole = self.text.ends_with(b"\n");
        let skipped = if is_whole {
            Ok(0)
        } else {
            self.input.skip_until(b'\n')
        };
        Err(match skipped {
            Ok(_) => too_long(self.number, self.line, &self.text),
            Err(error) => RowError::broken(self.number, Some(self.line), error),
        })
    }
}

struct Items {
    /// Behind the `[`, or behind an item and before what follows it.
    input: BufReader<Steady>,
    line: u64,
    number: u64,
    text: Vec<u8>,
    is_over: bool,
}

impl Items {
    /// The next byte that is not blank; it is not taken.
    fn skip_blanks(&mut self) -> io::Result<Option<u8>> {
        loop {
            let bytes = self.input.fill_buf()?;
            let Some(first) = bytes.first().copied() else {
                return Ok(None);
            };
            if !matches!(first, b' ' | b'\t' | b'\n' | b'\r') {
                return Ok(Some(first));
            }
            self.line += u64::from(first == b'\n');
            self.input.consume(1);
        }
    }

    /// Takes the bytes up to the comma or bracket that ends the item, which is not taken; false where
    /// the file ends before. Of an item that is too long only the beginning is kept.
    fn take_item(&mut self) -> io::Result<bool> {
        let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
        self.text.clear();
        loop {
            let bytes = self.input.fill_buf()?;
            if bytes.is_empty() {
                return Ok(false);
            }
            let mut used = 0;
            let mut is_complete = false;
            for byte in bytes {
                match byte {
                    _ if is_escaped => is_escaped = false,
                    b'\\' if is_text => is_escaped = true,
                    b'"' => is_text = !is_text,
                    _ if is_text => {}
                    b'[' | b'{' => depth += 1,
                    b',' | b']' if depth == 0 => {
                        is_complete = true;
                        break;
                    }
                    b']' | b'}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                used += 1;
                self.line += u64::from(*byte == b'\n');
            }
            if self.text.len() <= MAX_ROW_BYTES {
                self.text.extend_from_slice(&bytes[..used]);
            }
            self.input.consume(used);
            if is_complete {
                return Ok(true);
            }
        }
    }

    fn item(&mut self) -> io::Result<Option<Result<Row, RowError>>> {
        let next = self.skip_blanks()?;
        if next == Some(b']') && self.number == 0 {
            self.input.consume(1);
            return self.after_list();
        }
        let line = self.line;
        self.number += 1;
        let is_ended = self.take_item()?;
        if !is_ended {
            let message = "the list is not closed: the file ends here";
            let error = RowError::new(self.number, Some(line), message);
            let error =
                error.help("close what is open in this row, and look whether the file was cut off");
            return Ok(Some(Err(error.with_raw(Some(Raw::of(&self.text))).ends())));
        }
        if self.text.trim_ascii().is_empty() {
            let error = RowError::new(self.number, Some(line), "a comma stands here and no row");
            self.is_over = self.input.fill_buf()?.first() == Some(&b']');
            self.input.consume(1);
            return Ok(Some(Err(error.help("remove one of the commas"))));
        }
        let found = if self.text.len() > MAX_ROW_BYTES {
            Err(too_long(self.number, line, &self.text))
        } else {
            row(self.number, line, self.text.trim_ascii())
        };
        self.is_over = self.input.fill_buf()?.first() == Some(&b']');
        self.input.consume(1);
        Ok(Some(found))
    }

    /// Behind the list only blanks may stand.
    fn after_list(&mut self) -> io::Result<Option<Result<Row, RowError>>> {
        self.is_over = true;
        if self.skip_blanks()?.is_none() {
            return Ok(None);
        }
        let message = "something stands behind the end of the list";
        let error = RowError::new(self.number + 1, Some(self.line), message);
        self.text.clear();
        let mut rest = self.input.by_ref().take(READ_BYTES as u64);
        rest.read_to_end(&mut self.text)?;
        let error = error.help("put all rows into one list");
        Ok(Some(Err(error.with_raw(Some(Raw::of(&self.text))).ends())))
    }
}

impl Iterator for Items {
    type Item = Result<Row, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let found = if self.is_over {
            self.after_list()
        } else {
            self.item()
        };
        match found {
            Ok(found) => found,
            Err(error) => {
                let number = self.number + 1;
                Some(Err(RowError::broken(number, Some(self.line), error)))
            }
        }
    }
}
