//! One run of one playbook at a time in a state folder, by a lock of the operating system: a
//! process that died does not hold it.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: reads the clock to say since when a lock is held"
)]

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Shared;
use super::database::Place;
use super::error::JournalError;
use crate::attachment::hex;
use crate::event::RunId;

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The run.
    pub run: RunId,
    /// The process.
    pub pid: u32,
    /// Since when, as RFC 3339 text in UTC.
    pub since: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { run, pid, since } = self;
        write!(f, "run {run} in process {pid}, since {since}")
    }
}

/// A lock that is held until this is dropped, or the process ends.
#[derive(Debug)]
#[must_use = "the lock is held only as long as this lives"]
pub struct RunLock(Held);

#[derive(Debug)]
enum Held {
    File(File),
    Memory(Arc<Shared>, String),
}

impl Drop for RunLock {
    fn drop(&mut self) {
        match &mut self.0 {
            Held::File(file) => {
                // The name in it is only a courtesy to whoever finds the lock taken.
                let _ = file.set_len(0);
                let _ = file.unlock();
            }
            Held::Memory(shared, key) => {
                if let Place::Memory { held, .. } = &shared.place {
                    held.lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .remove(key);
                }
            }
        }
    }
}

/// Takes the lock of a playbook, or says who has it.
pub(super) fn take(shared: &Arc<Shared>, key: &str, run: &RunId) -> Result<RunLock, JournalError> {
    let holder = Holder {
        run: run.clone(),
        pid: std::process::id(),
        since: jiff::Timestamp::now().strftime("%FT%T.%3fZ").to_string(),
    };
    let name = file_name(key);
    match &shared.place {
        Place::Folder(folder) => {
            let path = folder.join("locks").join(&name);
            take_file(&path, &holder).map(|file| RunLock(Held::File(file)))
        }
        Place::Memory { held, .. } => {
            let mut held = held
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            if let Some(by) = held.get(&name) {
                return Err(JournalError::Locked {
                    by: Some(by.clone()),
                });
            }
            held.insert(name.clone(), holder);
            Ok(RunLock(Held::Memory(Arc::clone(shared), name)))
        }
    }
}

fn take_file(path: &Path, holder: &Holder) -> Result<File, JournalError> {
    let failed = |error: std::io::Error| JournalError::from_io(path, &error);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            // Empty before the holder has written it, and not readable at all on some systems.
            let by = file
                .read_to_string(&mut text)
                .ok()
                .and_then(|_| serde_json::from_str(&text).ok());
            return Err(JournalError::Locked { by });
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    let text = serde_json::to_string(holder).expect("texts and a number have a JSON form");
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(text.as_bytes()))
        .map_err(failed)?;
    Ok(file)
}

/// A file name that any key fits into.
fn file_name(key: &str) -> String {
    format!("{}.lock", hex(&Sha256::digest(key.as_bytes())))
}
