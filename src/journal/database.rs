//! The database file: where it lies, whose it is, which version it has, how safely it writes.
#![expect(clippy::disallowed_methods, reason = "an edge: makes the state folder")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::JournalError;
use super::lock::Holder;
use crate::draft::folder_of;

/// `voxp` in ASCII: tells our files from those of other programs (PRAGMA `application_id`).
pub(super) const APPLICATION_ID: i64 = 0x766f_7870;

/// The version that this program reads and writes (PRAGMA `user_version`).
pub(super) const VERSION: u8 = 1;

/// What leads from each version to the next. An entry is never changed once it was released.
const MIGRATIONS: [&str; VERSION as usize] = [include_str!("schema.sql")];

/// A journal of this version without a run in it, with a write-ahead log: a test makes it from the statements.
pub(super) const EMPTY: &[u8] = include_bytes!("empty.sqlite");

/// How long we wait for another process that writes into the same journal.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Where the journal lives.
#[derive(Debug)]
pub(super) enum Place {
    Folder(PathBuf),
    Memory {
        name: String,
        /// How many pages the "disk" holds, to test what happens when it is full.
        pages: Option<u32>,
        /// Who holds which lock.
        held: Mutex<BTreeMap<String, Holder>>,
    },
}

impl Place {
    /// A database of its own in memory. It lives as long as something has it open.
    pub(super) fn memory(pages: Option<u32>) -> Self {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        Self::Memory {
            name: format!("file:/voxplay-journal-{number}?vfs=memdb"),
            pages,
            held: Mutex::default(),
        }
    }

    /// The database, for `SQLite` and for messages.
    pub(super) fn database(&self) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.join("journal.sqlite"),
            Self::Memory { name, .. } => name.into(),
        }
    }

    /// The file that the path means now; none of a database in memory, or where it is not there.
    pub(super) fn file(&self) -> Option<SameFile> {
        match self {
            Self::Folder(_) => SameFile::of(&self.database()),
            Self::Memory { .. } => None,
        }
    }

    /// Opens the connection of the writer; makes folder, file and tables where there are none.
    pub(super) fn open_writer(&self) -> Result<Connection, JournalError> {
        match self {
            Self::Folder(folder) => {
                make_folder(folder)?;
                // Two processes that start at once must not both make the tables.
                let path = folder.join("locks").join("opening.lock");
                let opening = File::create(&path)
                    .and_then(|file| file.lock().map(|()| file))
                    .map_err(|error| JournalError::from_io(&path, &error))?;
                let path = self.database();
                let log = path.with_extension("sqlite-wal");
                match (path.exists(), log.exists()) {
                    (true, _) => {}
                    (false, false) => make(&path)?,
                    // `SQLite` would throw the log away, with all that only it knows.
                    (false, true) => {
                        return Err(JournalError::Corrupt {
                            path,
                            detail: format!("it is not there, and its log {} is", log.display()),
                        });
                    }
                }
                let connection = self.open_prepared()?;
                drop(opening);
                Ok(connection)
            }
            Self::Memory { .. } => self.open_prepared(),
        }
    }

    /// Opens a connection that only reads, beside the writer's.
    pub(super) fn open_reader(&self) -> Result<Connection, JournalError> {
        let open = || {
            // Where the file was taken away, a new one would be an empty journal.
            let connection = self.connect(OpenFlags::empty())?;
            // The last connection that closes tidies up the write-ahead log. So the file is opened
            // for writing, and it is the connection that refuses to write.
            connection.pragma_update(None, "query_only", true)?;
            Ok(connection)
        };
        open().map_err(|error| JournalError::from_sqlite(&self.database(), &error))
    }

    fn connect(&self, more: OpenFlags) -> rusqlite::Result<Connection> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
        if matches!(self, Self::Memory { .. }) {
            flags |= OpenFlags::SQLITE_OPEN_URI;
        }
        let connection = Connection::open_with_flags(self.database(), flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        Ok(connection)
    }

    fn open_prepared(&self) -> Result<Connection, JournalError> {
        let path = self.database();
        let failed = |error: rusqlite::Error| JournalError::from_sqlite(&path, &error);
        let has_log = path.with_extension("sqlite-wal").exists();
        if matches!(self, Self::Folder(_)) {
            refuse_other_formats(&path)?;
        }
        let connection = self
            .connect(OpenFlags::SQLITE_OPEN_CREATE)
            .map_err(failed)?;
        // Until it is known to be ours, not even closing it may move its log into the file.
        let keep_log = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        connection
            .set_db_config(keep_log, has_log)
            .map_err(failed)?;
        let version = identify(&connection, &path)?;
        connection.set_db_config(keep_log, false).map_err(failed)?;
        // Else the planner looks at bound values, and every statement is compiled again for each of them.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
            .map_err(failed)?;
        if connection.is_readonly("main").map_err(failed)? {
            return Err(JournalError::ReadOnly { path });
        }
        if version < i64::from(VERSION) {
            migrate(&connection).map_err(failed)?;
        }
        self.make_durable(&connection, &path)?;
        Ok(connection)
    }

    fn make_durable(&self, connection: &Connection, path: &Path) -> Result<(), JournalError> {
        let failed = |error: rusqlite::Error| JournalError::from_sqlite(path, &error);
        if let Self::Memory { pages, .. } = self {
            if let Some(pages) = pages {
                connection
                    .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
                    .map_err(failed)?;
            }
            return Ok(());
        }
        let mode: String = connection
            .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
            .map_err(failed)?;
        if mode != "wal" {
            return Err(JournalError::Io {
                path: path.to_owned(),
                detail: "its file system cannot hold a write-ahead log; choose a folder on a local disk with --state-dir".to_owned(),
            });
        }
        // FULL: a commit returns when the log is on disk. autocheckpoint: the log may grow to 32 MiB before it is
        // moved into the database, since most of its pages are written again before that. cache_size: in KiB;
        // what is written is seldom read again.
        connection
            .execute_batch(
                "PRAGMA synchronous = FULL;
                 PRAGMA journal_size_limit = 67108864;
                 PRAGMA wal_autocheckpoint = 8192;
                 PRAGMA cache_size = -256;",
            )
            .map_err(failed)?;
        // A plain fsync stops at the disk's cache there; elsewhere these change nothing.
        if cfg!(target_vendor = "apple") {
            connection
                .execute_batch("PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;")
                .map_err(failed)?;
        }
        Ok(())
    }
}

/// Which file a path meant. A file that was taken away can still be written to, and nobody will ever read it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SameFile {
    /// Device and inode, where files have them.
    id: (u64, u64),
}

impl SameFile {
    pub(super) fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        #[cfg(unix)]
        let id = {
            use std::os::unix::fs::MetadataExt as _;
            (metadata.dev(), metadata.ino())
        };
        #[cfg(not(unix))]
        let id = (0, u64::from(metadata.is_file()));
        Some(Self { id })
    }
}

/// Refuses a file that is no database. `SQLite` does so too, but takes a very short one for empty.
fn refuse_other_formats(path: &Path) -> Result<(), JournalError> {
    const MAGIC: &[u8] = b"SQLite format 3\0";
    let mut start = Vec::new();
    match File::open(path) {
        Ok(file) => file
            .take(MAGIC.len() as u64)
            .read_to_end(&mut start)
            .map_err(|error| JournalError::from_io(path, &error))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(JournalError::from_io(path, &error)),
    };
    if start == MAGIC {
        return Ok(());
    }
    // A journal gets its name when it is whole, so that an empty one has lost what was in it. To go on with it would
    // send everything again.
    if start.is_empty() {
        return Err(JournalError::Corrupt {
            path: path.to_owned(),
            detail: "it is empty; take it away if no run in it matters".to_owned(),
        });
    }
    Err(JournalError::Foreign {
        path: path.to_owned(),
        detail: "it is not an SQLite database".to_owned(),
    })
}

/// Says which version the database has, 0 where it is new; refuses what is not ours.
fn identify(connection: &Connection, path: &Path) -> Result<i64, JournalError> {
    let failed = |error: rusqlite::Error| JournalError::from_sqlite(path, &error);
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let application = number("PRAGMA application_id").map_err(failed)?;
    let version = number("PRAGMA user_version").map_err(failed)?;
    let is_ours = application == APPLICATION_ID || {
        let tables = number("SELECT count(*) FROM sqlite_schema").map_err(failed)?;
        application == 0 && version == 0 && tables == 0
    };
    if !is_ours {
        return Err(JournalError::Foreign {
            path: path.to_owned(),
            detail: "it is the SQLite database of another program".to_owned(),
        });
    }
    if version > i64::from(VERSION) {
        return Err(JournalError::Newer {
            path: path.to_owned(),
            found: version,
            known: VERSION,
        });
    }
    Ok(version)
}

/// Brings the tables up to date: all of it or nothing.
pub(super) fn migrate(connection: &Connection) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let done = usize::try_from(version).unwrap_or_default();
    for step in MIGRATIONS.iter().skip(done) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// Makes an empty journal: whole or not at all, and durably. `SQLite` itself would write it in several steps, each
/// waiting for the disk, once it has understood the statements of all versions.
fn make(path: &Path) -> Result<(), JournalError> {
    let draft = path.with_extension("sqlite-new");
    let write = || {
        let mut file = File::create(&draft)?;
        file.write_all(EMPTY)?;
        file.sync_all()?;
        // That the name stays is waited for with the first commit, which makes the log beside it: `SQLite` then
        // waits for the folder. Nothing has been sent until then.
        fs::rename(&draft, path)
    };
    write().map_err(|error| JournalError::from_io(path, &error))
}

/// Makes what was renamed into a folder, or made in it, stay there after a power cut.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Makes the state folder, durably, and keeps it out of git.
fn make_folder(folder: &Path) -> Result<(), JournalError> {
    let failed = |error: std::io::Error| JournalError::from_io(folder, &error);
    let is_new = !folder.exists();
    fs::create_dir_all(folder.join("locks")).map_err(failed)?;
    let ignore = folder.join(".gitignore");
    if !ignore.exists() {
        fs::write(&ignore, "*\n").map_err(failed)?;
    }
    if is_new {
        // A folder that a power cut can take away takes the journal with it.
        sync_folder(folder_of(folder)).map_err(failed)?;
    }
    Ok(())
}
