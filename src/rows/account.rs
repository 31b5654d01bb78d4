//! What became of the rows, as files: rejected, unknown, succeeded. A path that ends in `.jsonl` or `.ndjson` gives
//! JSON lines, any other gives CSV.
//!
//! In CSV the columns of the data come first, untouched, so that a file of rejected rows can be fed straight
//! back; the columns added behind them are ignored when it is read again. Cells are
//! data: one that a spreadsheet would take for a formula (`=1+1`) is written as it came. Every row has as many cells as
//! the header, for a spreadsheet that saves the file would make it so, and not ask what belongs where. A row that could
//! not be read says so in `_step`, and is refused again until that is taken out; what stood in the file is in `_raw`, a
//! column that a file has from its first such row on. A row that was done all the same, or may have been, is refused too.
//!
//! In JSON lines the object of the row comes first, its values as they came; what is added stands behind them under
//! the names of the columns.
//!
//! A file grows under a temporary name beside its own, readable after a crash, and takes its name when it
//! is [finished](Account::finish).

mod lines;
mod partial;
mod table;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use self::partial::Partial;
use self::table::{Line, Table};
use super::header::{ACCEPTED, ID, OF_REFUSED, RAW, READING, ROW};
use super::raw::{MAX_RAW_BYTES, Raw};
use super::row::cell_text;
use super::{Row, RowError};
use crate::value::{Map, Value};

/// How the rows of an input look in its account files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    columns: Vec<String>,
    delimiter: u8,
    /// Whether the file begins with a byte order mark, by which spreadsheets know UTF-8: where the input had one, or was
    /// in another encoding.
    has_mark: bool,
    /// Whether a row may have keys that are no columns.
    is_open: bool,
}

/// The byte order mark of UTF-8.
const MARK: &str = "\u{feff}";

/// The column, or the key, of rows that are no objects.
const ITEM: &str = "item";

impl Layout {
    /// The columns of a header, and the delimiter of the input: a comma where it has none.
    pub(super) fn new(columns: Vec<String>, delimiter: Option<u8>) -> Self {
        Self {
            columns,
            delimiter: delimiter.unwrap_or(b','),
            has_mark: false,
            is_open: false,
        }
    }

    /// For input without a header: the keys of the first row in their order; a row that is no object
    /// has one column `item`. What later rows have besides stands as JSON in `_more`, a column that a file has from its
    /// first such row on, and such a row is refused when it is read again, for it would lose that. A key without a
    /// value reads as empty text.
    pub fn of_first(row: Option<&Row>) -> Self {
        let columns = match row.and_then(Row::values) {
            Some(map) => map.keys().cloned().collect(),
            None => vec![ITEM.to_owned()],
        };
        Self {
            columns,
            delimiter: b',',
            has_mark: false,
            is_open: true,
        }
    }

    /// The same with a byte order mark, or without.
    #[must_use]
    pub(super) fn with_mark(self, has_mark: bool) -> Self {
        Self { has_mark, ..self }
    }

    /// The columns of the data.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The cells of a row, and what it has beyond the columns.
    fn cells(&self, row: &Row) -> (Vec<String>, Option<String>) {
        let Some(map) = row.values() else {
            let item = |name: &String| match name.as_str() {
                ITEM => cell_text(&row.value),
                _ => String::new(),
            };
            let has_item = self.columns.iter().any(|name| name == ITEM);
            let more = (self.is_open && !has_item).then(|| row.value.to_json_text());
            return (self.columns.iter().map(item).collect(), more);
        };
        self.cells_of_map(map)
    }

    fn cells_of_map(&self, map: &Map) -> (Vec<String>, Option<String>) {
        let cell = |name| map.get(name).map(cell_text).unwrap_or_default();
        let others = map.iter().filter(|(name, _)| !self.columns.contains(name));
        let more: Map = others
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let more = (self.is_open && !more.is_empty()).then(|| Value::Map(more).to_json_text());
        (self.columns.iter().map(cell).collect(), more)
    }

    /// The cells of a row that could not be read, as many as there are columns. What is left over of them is in what
    /// stood in the file.
    fn cells_of_error(&self, error: &RowError) -> (Vec<String>, Option<String>) {
        if let Some(map) = error.values() {
            return self.cells_of_map(map);
        }
        let mut cells = error.cells.to_vec();
        cells.truncate(self.columns.len());
        cells.resize(self.columns.len(), String::new());
        (cells, None)
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

impl AccountKind {
    /// What stands behind the data of a row.
    fn added(&self) -> Vec<String> {
        match self {
            Self::Refused => OF_REFUSED.map(str::to_owned).into(),
            Self::Succeeded { steps } => {
                let ids = steps.iter().map(|step| format!("{ID}{step}"));
                std::iter::once(ROW.to_owned()).chain(ids).collect()
            }
        }
    }
}

/// Why a row is in a file of refused ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal<'a> {
    /// The step it stopped at; none where it could not be read.
    pub step: Option<&'a str>,
    /// `failed`, `unknown` …
    pub outcome: &'a str,
    /// What the CRM answered, where it did.
    pub code: Option<&'a Value>,
    /// What happened, in words.
    pub message: &'a str,
    /// The steps that the CRM has done though they failed, with the ids that it gave; that step may be one of them. Such a
    /// row is marked, and not taken again.
    pub accepted: &'a [(String, Option<&'a Value>)],
    /// How many such steps there are besides.
    pub more: u64,
}

/// An account file that grows while the run goes on. Blocks while it writes.
#[derive(Debug)]
pub struct Account {
    form: Form,
    layout: Layout,
    kind: AccountKind,
    /// The names of what is added to a row.
    added: Vec<String>,
}

/// How an account is written.
#[derive(Debug)]
enum Form {
    Csv(Table),
    JsonLines(io::BufWriter<Partial>),
}

impl Account {
    /// Begins the file `path`: until it is finished it stands beside it under a temporary name, and a
    /// file that has the name already stays as it is.
    pub fn create(path: &Path, kind: AccountKind, mut layout: Layout) -> io::Result<Self> {
        let added = kind.added();
        // Of an id that came from an earlier account, the new one takes the place.
        layout.columns.retain(|name| !added.contains(name));
        let partial = Partial::create(path)?;
        let form = if lines::are_wanted(path) {
            Form::JsonLines(io::BufWriter::new(partial))
        } else {
            let mark = if layout.has_mark { MARK } else { "" };
            let header = layout.columns.iter().chain(&added);
            Form::Csv(Table::begin(
                partial,
                layout.delimiter,
                mark,
                header,
                layout.columns.len(),
            )?)
        };
        Ok(Self {
            form,
            layout,
            kind,
            added,
        })
    }

    /// Adds a row that failed or is unknown.
    pub fn refuse(&mut self, row: &Row, refusal: &Refusal<'_>) -> io::Result<()> {
        self.expect_refused()?;
        let added = added_to_refused(row.number, refusal);
        self.write(row, added)
    }

    /// Adds a row that could not be read; `message` is what the error says, fit to be shown.
    pub fn refuse_unread(&mut self, error: &RowError, message: &str) -> io::Result<()> {
        self.expect_refused()?;
        let earlier = error.earlier();
        let step = earlier.map_or(READING, |earlier| &earlier.step);
        // The text of a row that was done is its cells.
        let raw = error.raw().filter(|_| step == READING);
        let raw = raw.map(Raw::bounded);
        let mut message = earlier
            .map_or(message, |earlier| &earlier.message)
            .to_owned();
        if let Some((_, false)) = raw {
            let kept = MAX_RAW_BYTES / 1024;
            message = format!("{message}; `{RAW}` holds the first {kept} KiB of it");
        }
        let raw = raw.map(|(raw, _)| raw).filter(|raw| !raw.is_empty());
        let refusal = Refusal {
            step: Some(step).filter(|step| !step.is_empty()),
            // What was in doubt stays so until a person says something else.
            outcome: earlier.map_or("failed", |earlier| &earlier.outcome),
            code: None,
            message: &message,
            accepted: &[],
            more: 0,
        };
        let mut added = added_to_refused(error.number, &refusal);
        match &mut self.form {
            Form::Csv(table) => {
                let (cells, more) = self.layout.cells_of_error(error);
                table.write(Line {
                    cells,
                    more,
                    added: added.iter().map(cell_text).collect(),
                    raw,
                })
            }
            Form::JsonLines(writer) => {
                let columns = self.layout.columns.iter().cloned();
                let known = columns.zip(error.cells.iter().cloned().map(Value::from));
                let object = error.values().cloned().unwrap_or_else(|| known.collect());
                let mut names = self.added.clone();
                names.extend(raw.map(|_| RAW.to_owned()));
                added.extend(raw.map(Value::from));
                lines::write(writer, object, &names, added)
            }
        }
    }

    /// Adds a row that succeeded, with the ids that its steps returned: (step, id).
    pub fn succeed(&mut self, row: &Row, ids: &[(&str, &Value)]) -> io::Result<()> {
        let AccountKind::Succeeded { steps } = &self.kind else {
            return Err(io::Error::other("this file lists refused rows"));
        };
        let mut added = vec![Value::from(row.number)];
        added.extend(steps.iter().map(|step| {
            let mut ids = ids.iter();
            let id = ids.find(|(name, _)| name == step);
            id.map_or(Value::Null, |(_, id)| (*id).clone())
        }));
        self.write(row, added)
    }

    /// Gives what was written so far to the operating system, so that others can read it.
    pub fn flush(&mut self) -> io::Result<()> {
        match &mut self.form {
            Form::Csv(table) => table.flush(),
            Form::JsonLines(writer) => writer.flush(),
        }
    }

    /// Puts the file on disk and gives it its name. Without this it stays under the temporary one.
    pub fn finish(self) -> io::Result<PathBuf> {
        let partial = match self.form {
            Form::Csv(table) => table.into_inner()?,
            Form::JsonLines(writer) => writer
                .into_inner()
                .map_err(io::IntoInnerError::into_error)?,
        };
        partial.finish()
    }

    fn expect_refused(&self) -> io::Result<()> {
        match self.kind {
            AccountKind::Refused => Ok(()),
            AccountKind::Succeeded { .. } => {
                Err(io::Error::other("this file lists rows that succeeded"))
            }
        }
    }

    fn write(&mut self, row: &Row, added: Vec<Value>) -> io::Result<()> {
        match &mut self.form {
            Form::Csv(table) => {
                let (cells, more) = self.layout.cells(row);
                table.write(Line {
                    cells,
                    more,
                    added: added.iter().map(cell_text).collect(),
                    raw: None,
                })
            }
            Form::JsonLines(writer) => lines::write(writer, lines::object(row), &self.added, added),
        }
    }
}

/// What is added to a row that failed or is unknown.
fn added_to_refused(number: u64, refusal: &Refusal<'_>) -> Vec<Value> {
    let (steps, message) = told(refusal);
    vec![
        Value::from(number),
        if steps.is_empty() {
            Value::Null
        } else {
            Value::from(steps.join(", "))
        },
        Value::from(refusal.outcome),
        refusal.code.cloned().unwrap_or(Value::Null),
        // A file that holds these cannot be read again, and an answer of the CRM may.
        Value::from(message.replace(['\0', '\u{fffd}'], " ")),
    ]
}

/// The steps that stand in `_step`: the one that the row did not get past, then all that the CRM accepted, each with its
/// mark; and the message, with their ids.
fn told(refusal: &Refusal<'_>) -> (Vec<String>, String) {
    let mut message = refusal.message.to_owned();
    let mut steps: Vec<String> = refusal.step.map(str::to_owned).into_iter().collect();
    for (step, id) in refusal.accepted {
        let id = id.map(|id| format!("its id is {}", cell_text(id)));
        if Some(step.as_str()) == refusal.step {
            steps[0].push_str(ACCEPTED);
            message.extend(id.map(|id| format!("; {id}")));
        } else {
            steps.push(format!("{step}{ACCEPTED}"));
            let id = id.map_or_else(String::new, |id| format!(": {id}"));
            message = format!("{message}; the CRM did accept {step}{id}");
        }
    }
    if refusal.more > 0 {
        message = format!(
            "{message}; the CRM did accept {} more of its steps",
            refusal.more
        );
    }
    (steps, message)
}
