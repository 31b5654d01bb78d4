//! Names of columns that accounts of rows add: data that has one of its own cannot have accounts, for nobody could tell
//! which is which when the account is fed back.

use super::header::is_of_accounts;
use super::raw::Raw;
use super::{Row, RowError, Rows};
use crate::diagnostic::{Code, Diagnostic};

/// How many rows are looked at where there is no header.
const FEW: usize = 20;

const HELP: &str = "rename it, or leave the accounts out";

impl Rows {
    /// The same rows for a loop that has accounts. A row whose key has a name that accounts add cannot be used.
    ///
    /// # Errors
    /// A column has such a name.
    pub fn with_accounts(mut self) -> Result<Self, Diagnostic> {
        let mut columns = self.columns.iter().flatten();
        if let Some(name) = columns.find(|name| is_of_accounts(name)) {
            let message = format!("the column {}", words(name));
            return Err(Diagnostic::error(Code::InvalidValue, message).help(HELP));
        }
        self.has_accounts = self.columns.is_none();
        Ok(self)
    }
}

/// What keeps rows from having accounts, by their header or by the first of them.
pub fn name_taken(rows: Rows) -> Option<Diagnostic> {
    let has_columns = rows.columns.is_some();
    let rows = match rows.with_accounts() {
        Ok(_) if has_columns => return None,
        Ok(rows) => rows,
        Err(finding) => return Some(finding),
    };
    let mut first = rows.stream.take(FEW).filter_map(Result::ok);
    let error = first.find_map(|row| unless_taken(row).err())?;
    Some(Diagnostic::error(Code::InvalidValue, error.to_string()))
}

/// The row, unless one of its keys has a name that accounts add.
pub(super) fn unless_taken(row: Row) -> Result<Row, RowError> {
    let mut keys = row.values().into_iter().flat_map(|map| map.keys());
    let Some(name) = keys.find(|name| is_of_accounts(name)) else {
        return Ok(row);
    };
    let message = format!("the key {}", words(name));
    let error = RowError::new(row.number, row.line, message).help(HELP);
    let text = row.value.to_json_text();
    Err(error.with_raw(Some(Raw::of(text.as_bytes()))))
}

fn words(name: &str) -> String {
    format!("`{name}` has a name that accounts of rows add")
}
