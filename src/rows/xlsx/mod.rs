//! A sheet of a workbook → rows of text. The one door to the reader of workbooks.
//!
//! The sheet is streamed by a thread of its own, for its reader borrows the workbook; the table of shared
//! texts is kept whole, as the format demands.

mod cell;
mod unstored;

use std::collections::BTreeMap;
use std::io::BufReader;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx, XlsxCellReader, XlsxError};

use super::file::Steady;
use super::header::Header;
use super::raw::Raw;
use super::{Row, RowError, Rows, file};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::value::Value;
use unstored::Unstored;

/// How many rows wait at most between the thread and whoever pulls.
const AHEAD: usize = 64;

type Workbook = Xlsx<BufReader<Steady>>;

/// What the thread says, in order: the columns or why there are none, rows, the end.
enum Message {
    Columns(Result<Vec<String>, Diagnostic>),
    Row(Result<Row, RowError>),
    End,
}

/// Opens a workbook and reads the header of a sheet: its first row with something in it.
pub(super) fn open(path: &Path, shown_as: &str, sheet: Option<&str>) -> Result<Rows, Diagnostic> {
    let file = file::open(path, shown_as)?;
    let again = file.again(path);
    let again = again.map_err(|error| file::unreadable(&error, shown_as))?;
    let mut workbook: Workbook =
        Xlsx::new(BufReader::new(file)).map_err(|error| no_workbook(&error, shown_as))?;
    let sheet = choose(&workbook, sheet, shown_as)?;
    let unstored = Unstored::new(again, sheet.clone());
    let (sender, receiver) = sync_channel(AHEAD);
    let shown = shown_as.to_owned();
    std::thread::Builder::new()
        .name("rows of a workbook".to_owned())
        .spawn(move || {
            // Sending fails when nobody wants more rows: then there is nothing left to do.
            let _ = read(&mut workbook, unstored, (&sheet, &shown), &sender);
        })
        .map_err(|error| file::unreadable(&error, shown_as))?;
    match receiver.recv() {
        Ok(Message::Columns(columns)) => {
            let rows = SheetRows {
                receiver,
                number: 0,
            };
            Ok(Rows::with_columns(columns?, None, rows))
        }
        _ => Err(Diagnostic::error(
            Code::UnreadableFile,
            format!("{shown_as} cannot be read as a workbook"),
        )),
    }
}

fn no_workbook(error: &XlsxError, shown_as: &str) -> Diagnostic {
    let (what, help) = match error {
        XlsxError::Password => (
            "it is protected with a password".to_owned(),
            "save it without a password",
        ),
        XlsxError::Io(error) => return file::unreadable(error, shown_as),
        other => (
            other.to_string(),
            "save it as .xlsx in Excel, or as CSV and read it with `csv:`",
        ),
    };
    Diagnostic::error(
        Code::UnreadableFile,
        format!("{shown_as} cannot be read as a workbook: {what}"),
    )
    .help(help)
}

/// The sheet that was named, or the first that can be seen.
fn choose(workbook: &Workbook, named: Option<&str>, shown_as: &str) -> Result<String, Diagnostic> {
    let sheets = || {
        let all = workbook.sheets_metadata().iter();
        all.filter(|sheet| sheet.typ == SheetType::WorkSheet)
    };
    let Some(named) = named else {
        let mut visible = sheets().filter(|sheet| sheet.visible == SheetVisible::Visible);
        return visible
            .next()
            .map(|sheet| sheet.name.clone())
            .ok_or_else(|| {
                let message = format!("{shown_as} has no sheet that can be seen");
                Diagnostic::error(Code::InvalidValue, message).help("name a sheet with `sheet:`")
            });
    };
    if sheets().any(|sheet| sheet.name == named) {
        return Ok(named.to_owned());
    }
    let known: Vec<&str> = sheets().map(|sheet| sheet.name.as_str()).collect();
    let mut finding = Diagnostic::error(
        Code::InvalidValue,
        format!("{shown_as} has no sheet `{named}`"),
    );
    finding.help = did_you_mean(named, known.iter().copied());
    Err(finding)
}

struct SheetRows {
    receiver: Receiver<Message>,
    number: u64,
}

impl Iterator for SheetRows {
    type Item = Result<Row, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.number += 1;
        match self.receiver.recv() {
            Ok(Message::Row(row)) => Some(row),
            Ok(Message::End) => None,
            // Without its last word the thread has died: what came so far is not the whole sheet.
            Ok(Message::Columns(_)) | Err(_) => {
                let why = "its reader has failed";
                Some(Err(RowError::broken(self.number, None, why)))
            }
        }
    }
}

/// Nobody listens any more.
struct Unheard;

fn say(sender: &SyncSender<Message>, message: Message) -> Result<(), Unheard> {
    sender.send(message).map_err(|_| Unheard)
}

fn read(
    workbook: &mut Workbook,
    unstored: Unstored,
    (sheet, shown_as): (&str, &str),
    sender: &SyncSender<Message>,
) -> Result<(), Unheard> {
    let reader = match workbook.worksheet_cells_reader(sheet) {
        Ok(reader) => reader,
        Err(error) => {
            let finding = no_workbook(&error, shown_as);
            return say(sender, Message::Columns(Err(finding)));
        }
    };
    let mut lines = SheetLines {
        reader,
        unstored,
        ahead: None,
        is_over: false,
    };
    let (first, header) = match header_of(&mut lines, shown_as, sheet) {
        Ok(found) => found,
        Err(finding) => return say(sender, Message::Columns(Err(finding))),
    };
    say(sender, Message::Columns(Ok(header.kept())))?;
    for number in 1.. {
        let row = match lines.next_line() {
            Ok(None) => break,
            Ok(Some(line)) => row_of(number, line, (first, &header), sheet),
            Err(message) => Err(RowError::broken(number, None, message)
                .help("save the workbook again in Excel, or as CSV")),
        };
        say(sender, Message::Row(row))?;
    }
    say(sender, Message::End)
}

/// What a cell holds.
type Text = Result<String, cell::Unusable>;

/// A cell that is not empty: row and column from 0, and what it holds.
type Placed = (u32, u32, Text);

/// A row of the sheet that is not empty: its number from 1, and its cells by column from 0.
struct SheetLine {
    number: u64,
    cells: BTreeMap<u32, Text>,
}

struct SheetLines<'a> {
    reader: XlsxCellReader<'a, BufReader<Steady>>,
    unstored: Unstored,
    /// The first cell of the next line.
    ahead: Option<Placed>,
    is_over: bool,
}

impl SheetLines<'_> {
    fn next_line(&mut self) -> Result<Option<SheetLine>, String> {
        let mut line: Option<(u32, SheetLine)> = None;
        loop {
            let Some((row, column, text)) = self.next_cell()? else {
                return Ok(line.map(|(_, line)| line));
            };
            match &mut line {
                Some((current, line)) if *current == row => {
                    line.cells.insert(column, text);
                }
                Some((current, _)) if *current < row => {
                    self.ahead = Some((row, column, text));
                    return Ok(line.map(|(_, line)| line));
                }
                Some(_) => return Err("the rows of the sheet are not in order".to_owned()),
                None => {
                    let cells = BTreeMap::from([(column, text)]);
                    let number = u64::from(row) + 1;
                    line = Some((row, SheetLine { number, cells }));
                }
            }
        }
    }

    /// The next cell with something in it.
    fn next_cell(&mut self) -> Result<Option<Placed>, String> {
        if let Some(cell) = self.ahead.take() {
            return Ok(Some(cell));
        }
        while !self.is_over {
            let next = self.reader.next_cell_with_style_id();
            let Some((cell, style)) = next.map_err(|error| error.to_string())? else {
                self.is_over = true;
                break;
            };
            let (row, column) = cell.get_position();
            let style = self.reader.styles().get(style);
            let format = style.and_then(|style| style.number_format.as_ref());
            let value = cell.get_value();
            if *value == DataRef::Empty && self.unstored.has((row, column))? {
                return Ok(Some((row, column, Err(cell::without_value()))));
            }
            let text = cell::text(value, format.map(|it| it.format_code.as_str()));
            if text.as_ref().is_ok_and(String::is_empty) {
                continue;
            }
            return Ok(Some((row, column, text)));
        }
        Ok(None)
    }
}

/// The header, and the column of the sheet, from 0, where it begins.
fn header_of(
    lines: &mut SheetLines<'_>,
    shown_as: &str,
    sheet: &str,
) -> Result<(u32, Header), Diagnostic> {
    let wrong = |message: String, help: &str| {
        Diagnostic::error(
            Code::InvalidValue,
            format!("{shown_as}, sheet `{sheet}`: {message}"),
        )
        .help(help)
    };
    let line = lines
        .next_line()
        .map_err(|message| wrong(message, "save the workbook again in Excel, or as CSV"))?
        .ok_or_else(|| wrong("it is empty".to_owned(), "its first row names the columns"))?;
    let at = |column: u32| format!("cell {}{}", cell::column_letters(column), line.number);
    let (first, last) = match (line.cells.first_key_value(), line.cells.last_key_value()) {
        (Some((first, _)), Some((last, _))) => (*first, *last),
        _ => unreachable!("a line that is not empty has a cell"),
    };
    let mut names = Vec::new();
    for column in first..=last {
        names.push(match line.cells.get(&column) {
            None => String::new(),
            Some(Ok(text)) => text.clone(),
            Some(Err(unusable)) => {
                let message = format!("{}: {}", at(column), unusable.message);
                return Err(wrong(message, unusable.help));
            }
        });
    }
    let header = Header::new(names).map_err(|error| {
        let column = first + u32::try_from(error.index).unwrap_or(0);
        wrong(format!("{}: {}", at(column), error.message), error.help)
    })?;
    Ok((first, header))
}

fn row_of(
    number: u64,
    line: SheetLine,
    (first, header): (u32, &Header),
    sheet: &str,
) -> Result<Row, RowError> {
    let mut cells = vec![String::new(); header.width()];
    let mut surplus = Vec::new();
    let mut error: Option<RowError> = None;
    for (column, text) in line.cells {
        let index = column.checked_sub(first).map(|index| index as usize);
        let place = format!(
            "cell {}{} of the sheet `{sheet}`",
            cell::column_letters(column),
            line.number
        );
        let wrong = |message: String| RowError::new(number, Some(line.number), message);
        let Some(index) = index.filter(|index| *index < header.width()) else {
            let message = format!("{place} stands in a column without a header");
            error.get_or_insert_with(|| {
                wrong(message).help("give the column a name in the header, or empty the cell")
            });
            surplus.push(text.unwrap_or_else(|unusable| unusable.shown));
            continue;
        };
        match text {
            Ok(text) => cells[index] = text,
            Err(unusable) => {
                cells[index] = unusable.shown;
                error.get_or_insert_with(|| {
                    let message = format!("{place}: {}", unusable.message);
                    wrong(message)
                        .in_column(index, header.name(index))
                        .help(unusable.help)
                });
            }
        }
    }
    let raw = if let Some((index, objection)) = header.objection(&cells) {
        let marked = error.take().unwrap_or_else(|| {
            RowError::new(number, Some(line.number), objection.message)
                .in_column(index, header.name(index))
                .help(objection.help)
        });
        error = Some(marked.with_earlier(objection.earlier));
        header.raw(&cells)
    } else {
        None
    };
    match error {
        None => {
            let stopped_at = header.stopped_at(&cells).map(str::to_owned);
            let row = Row::new(number, Some(line.number), Value::Map(header.map(cells)));
            Ok(row.that_stopped_at(stopped_at.as_deref()))
        }
        Some(error) => {
            // A sheet has no text of its own, so its cells stand for it as a line of CSV.
            let all = cells.iter().chain(&surplus).map(String::as_bytes);
            let error = error.with_raw(raw.or_else(|| Some(Raw::of_cells(all))));
            Err(error.cells(header.keep(cells)))
        }
    }
}
