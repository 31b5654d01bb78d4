//! A look into a journal that writes nothing: no folder, no file, no log beside the database.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: whether there is a journal is asked here"
)]

use std::path::Path;

use rusqlite::{Connection, OpenFlags, params};

use super::JournalError;

/// As [`super::Journal::requests_since`], of the journal of a state folder that may not exist: none where there is
/// no journal.
///
/// # Errors
/// Where there is one and it cannot be read.
pub fn requests_since(
    state_dir: &Path,
    server: &str,
    operation: &str,
    since: &str,
) -> Result<Option<u64>, JournalError> {
    let path = state_dir.join("journal.sqlite");
    if !path.is_file() {
        return Ok(None);
    }
    let log = std::fs::metadata(state_dir.join("journal.sqlite-wal"));
    let failed = |error: rusqlite::Error| JournalError::from_sqlite(&path, &error);
    // Without a log nobody writes, and reading such a file as if nobody could leaves no trace. With one, its
    // index is there as well, made by who writes.
    let is_still = log.map_or(true, |log| log.len() == 0);
    let mut address = url::Url::from_file_path(std::path::absolute(&path).unwrap_or_default())
        .map_or_else(|()| path.display().to_string(), String::from);
    address.push_str(if is_still { "?immutable=1" } else { "?mode=ro" });
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(address, flags).map_err(failed)?;
    super::read::count_requests(&connection, params![server, operation, since])
        .map(Some)
        .map_err(failed)
}
