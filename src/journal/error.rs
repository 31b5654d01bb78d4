//! Why something could not be recorded or read back, said so that a person can act on it.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::lock::Holder;
use crate::event::RunId;

/// Why the journal refused. After any error of [`append`](super::Journal::append) the request that
/// it was to record must not be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// No space is left for the journal.
    #[error("no space is left to record the run in {}: make room, then resume the run", path.display())]
    Full {
        /// The database.
        path: PathBuf,
    },
    /// The journal can be read but not written.
    #[error("{} cannot be written: change its permissions, or choose another folder with --state-dir", path.display())]
    ReadOnly {
        /// The database.
        path: PathBuf,
    },
    /// The database is damaged.
    #[error(
        "the journal {} is damaged ({detail}): keep a copy of it, save what can be read with `sqlite3 {} .recover`, and choose another folder with --state-dir",
        path.display(), path.display()
    )]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The file is not a journal of voxplay.
    #[error("{} is not a journal of voxplay ({detail}): move it away, or choose another folder with --state-dir", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The database was made by a newer voxplay. It was not touched.
    #[error("the journal {} has version {found}, and this voxplay knows versions up to {known}: use a newer voxplay", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that this program knows.
        known: u8,
    },
    /// Another program kept the database locked for longer than we wait.
    #[error("another program keeps the journal {} locked: close it, then try again", path.display())]
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// A run of the same playbook goes on in this state folder.
    #[error("a run of this playbook is already going on here{}", by.as_ref().map(|by| format!(": {by}")).unwrap_or_default())]
    Locked {
        /// Who holds the lock; none in the instant before the holder has said so.
        by: Option<Holder>,
    },
    /// A run of which a part is gone: what became of it cannot be said any more.
    #[error(
        "the run {run} is being forgotten: let `voxplay runs prune --older-than 30` forget the rest of it, or use another id"
    )]
    HalfForgotten {
        /// The run.
        run: RunId,
    },
    /// An event that this program cannot write or read.
    #[error("the journal {} has an event that cannot be read ({detail}): was it written by a newer voxplay?", path.display())]
    Unreadable {
        /// The database.
        path: PathBuf,
        /// Which event, and what is wrong with it.
        detail: String,
    },
    /// The journal was closed, or its writer has ended.
    #[error("the journal {} is closed", path.display())]
    Closed {
        /// The database.
        path: PathBuf,
    },
    /// Anything else that the disk or the system said.
    #[error("the journal {} cannot be used: {detail}", path.display())]
    Io {
        /// The database, a lock or the folder.
        path: PathBuf,
        /// What was said.
        detail: String,
    },
}

impl JournalError {
    /// What an error of `SQLite` means for the person who runs a playbook.
    pub(super) fn from_sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        let detail = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt { path, detail },
            Some(ErrorCode::NotADatabase) => Self::Foreign {
                path,
                detail: "it is not an SQLite database".to_owned(),
            },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            _ => Self::Io { path, detail },
        }
    }

    /// What an error of the file system means.
    pub(super) fn from_io(path: &Path, error: &std::io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Self::Full { path }
            }
            std::io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path },
            _ => Self::Io {
                path,
                detail: error.to_string(),
            },
        }
    }
}
