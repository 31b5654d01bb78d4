//! The log of calls, and the remarks in it.

use rusqlite::{Row, params};
use serde::Serialize;
use serde_json::Value;

use super::{Store, StoreError, now, value};
use crate::sandbox::answer::Documented;
use crate::sandbox::faults::Kind;

/// After how many calls old ones are removed.
const SWEEP: i64 = 256;

/// One call and its answer. No token is in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Call {
    /// Counts from 1, without gaps.
    pub seq: i64,
    /// When it was answered, as RFC 3339 in UTC.
    pub at: String,
    /// The HTTP method.
    pub method: String,
    /// The path, without a query.
    pub path: String,
    /// The operation that its body names.
    pub operation: Option<String>,
    /// The body: JSON as sent; form-data as a list of parts, a file by its name, type, size and digest; a text that
    /// is not JSON as that text, shortened; null where there is none.
    pub body: Value,
    /// The HTTP status of the answer; none where no answer was sent.
    pub http_status: Option<u16>,
    /// The body of the answer: JSON as sent; another text as that text, shortened; null where none was sent.
    pub answer: Value,
    /// The fault that hit the call.
    pub fault: Option<&'static str>,
    /// Whether what the call asked for was done. A client cannot always see this.
    pub done: bool,
    /// Whether the answer is one that the vendor shows.
    pub documented: Documented,
    /// Remarks on what is invented or unusual about it.
    pub notes: Vec<String>,
}

/// A remark, and the calls that got it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The remark.
    pub text: String,
    /// The first call in the log that got it.
    pub first_call: i64,
    /// How many calls got it.
    pub calls: u64,
}

/// A call to be logged, without tokens.
#[derive(Debug)]
pub(in crate::sandbox) struct Entry<'a> {
    pub(in crate::sandbox) method: &'a str,
    pub(in crate::sandbox) path: &'a str,
    pub(in crate::sandbox) operation: Option<String>,
    pub(in crate::sandbox) body: &'a Value,
    pub(in crate::sandbox) http_status: Option<u16>,
    pub(in crate::sandbox) answer: &'a Value,
    pub(in crate::sandbox) fault: Option<&'static str>,
    pub(in crate::sandbox) done: bool,
    pub(in crate::sandbox) documented: Documented,
    pub(in crate::sandbox) notes: Vec<String>,
}

impl Store {
    /// Adds a call to the log and drops what is older than the log keeps.
    pub(in crate::sandbox) fn log(&self, entry: &Entry<'_>) -> Result<(), StoreError> {
        let sql = "INSERT INTO calls (at, method, path, operation, body, http_status, answer, fault, done,
            documented, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        self.connection.prepare_cached(sql)?.execute(params![
            now(),
            entry.method,
            entry.path,
            entry.operation,
            entry.body.to_string(),
            entry.http_status,
            entry.answer.to_string(),
            entry.fault,
            entry.done,
            entry.documented.word(),
            entry.notes.join("\n"),
        ])?;
        let last = self.connection.last_insert_rowid();
        // What the log no longer shows goes in batches: one more statement a call would cost more than the space.
        if last % SWEEP == 0 && last > self.keep_calls {
            self.connection
                .prepare_cached("DELETE FROM calls WHERE seq <= ?")?
                .execute([last - self.keep_calls])?;
        }
        Ok(())
    }

    /// The log, oldest first.
    pub(in crate::sandbox) fn calls(&self) -> Result<Vec<Call>, StoreError> {
        self.calls_after(0, u32::MAX)
    }

    /// The newest `most` calls after the one with that number, oldest first.
    pub(in crate::sandbox) fn calls_after(
        &self,
        seq: i64,
        most: u32,
    ) -> Result<Vec<Call>, StoreError> {
        let sql = "SELECT * FROM (
                SELECT seq, at, method, path, operation, body, http_status, answer, fault, done, documented, note
                FROM calls WHERE seq > ? ORDER BY seq DESC LIMIT ?
            ) ORDER BY seq";
        let after = seq.max(self.last_call()?.saturating_sub(self.keep_calls));
        let mut statement = self.connection.prepare_cached(sql)?;
        let calls = statement.query_map(params![after, most], call)?;
        Ok(calls.collect::<Result<_, _>>()?)
    }

    /// The number of the newest call; 0 before the first.
    pub(in crate::sandbox) fn last_call(&self) -> Result<i64, StoreError> {
        let sql = "SELECT coalesce(max(seq), 0) FROM calls";
        Ok(self
            .connection
            .prepare_cached(sql)?
            .query_row([], |row| row.get(0))?)
    }

    /// The remarks in the log, each once.
    pub(in crate::sandbox) fn notes(&self) -> Result<Vec<Note>, StoreError> {
        self.notes_of_last(self.keep_calls)
    }

    /// The same of the newest calls.
    pub(in crate::sandbox) fn notes_of_last(&self, calls: i64) -> Result<Vec<Note>, StoreError> {
        let sql = "SELECT seq, note FROM calls WHERE note <> '' AND seq > ? ORDER BY seq";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([self.last_call()?.saturating_sub(calls)])?;
        let mut notes = indexmap::IndexMap::<String, Note>::new();
        while let Some(row) = rows.next()? {
            let first_call = row.get(0)?;
            for text in row
                .get_ref(1)?
                .as_str()
                .map_err(rusqlite::Error::from)?
                .lines()
            {
                let fresh = || Note {
                    text: text.to_owned(),
                    first_call,
                    calls: 0,
                };
                notes.entry(text.to_owned()).or_insert_with(fresh).calls += 1;
            }
        }
        Ok(notes.into_values().collect())
    }
}

fn call(row: &Row<'_>) -> rusqlite::Result<Call> {
    let documented = match row.get_ref(10)?.as_str()? {
        "documented" => Documented::Documented,
        _ => Documented::Invented,
    };
    Ok(Call {
        seq: row.get(0)?,
        at: row.get(1)?,
        method: row.get(2)?,
        path: row.get(3)?,
        operation: row.get(4)?,
        body: value(row, 5)?,
        http_status: row.get(6)?,
        answer: value(row, 7)?,
        fault: row
            .get_ref(8)?
            .as_str_or_null()?
            .and_then(Kind::named)
            .map(|kind| kind.name),
        done: row.get(9)?,
        documented,
        notes: row
            .get_ref(11)?
            .as_str()?
            .lines()
            .map(str::to_owned)
            .collect(),
    })
}
