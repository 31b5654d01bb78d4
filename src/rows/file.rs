//! A data file on disk: opened, or described so that a later run can tell whether it is still the same.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: opens the data files that playbooks name"
)]

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::attachment::Attachment;
use crate::diagnostic::Diagnostic;
use crate::document::{open_ordinary, unreadable_file};
use crate::source::{Source, Span};

/// A data file as it was when it was described.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFile {
    /// The path as it was given.
    pub path: PathBuf,
    /// Length in bytes.
    pub size: u64,
    /// SHA-256 of the bytes in lower-case hexadecimal.
    pub sha256: String,
}

impl DataFile {
    /// Reads the file once, in pieces. Blocks while it reads.
    ///
    /// # Errors
    /// The file is missing, unreadable or not a regular file, or changed while it was read.
    pub fn describe(path: &Path) -> io::Result<Self> {
        let file = Attachment::describe(path)?;
        Ok(Self {
            path: path.to_owned(),
            size: file.size(),
            sha256: file.sha256_hex(),
        })
    }

    /// Whether both are the same bytes, wherever they lie.
    pub fn has_same_bytes(&self, other: &Self) -> bool {
        self.size == other.size && self.sha256 == other.sha256
    }
}

/// A file that stays as it is while it is read. What is read of one that somebody writes into may be the head of one row
/// and the tail of another, and such an id names a record that nobody meant.
#[derive(Debug)]
pub(super) struct Steady {
    file: File,
    opened_as: State,
}

/// What shows that a file was written into.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    size: u64,
    modified: Option<SystemTime>,
}

impl State {
    fn of(metadata: &Metadata) -> Self {
        Self {
            size: metadata.len(),
            // A system that keeps no such time has the size alone.
            modified: metadata.modified().ok(),
        }
    }
}

impl Read for Steady {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(into)?;
        if State::of(&self.file.metadata()?) != self.opened_as {
            return Err(io::Error::other(
                "it was changed while it was read; write a new file and move it into place, or wait for the run to end",
            ));
        }
        Ok(read)
    }
}

impl Seek for Steady {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// Opens a file for reading.
pub(super) fn open(path: &Path, shown_as: &str) -> Result<Steady, Diagnostic> {
    let refused = |error: io::Error| unreadable(&error, shown_as);
    let file = open_ordinary(path).map_err(refused)?;
    let metadata = file.metadata().map_err(refused)?;
    if metadata.is_dir() {
        return Err(unreadable(&ErrorKind::IsADirectory.into(), shown_as));
    }
    Ok(Steady {
        opened_as: State::of(&metadata),
        file,
    })
}

impl Steady {
    /// The same file once more, read from its beginning; another file under its name is one that was changed.
    pub(super) fn again(&self, path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: File::open(path)?,
            opened_as: self.opened_as.clone(),
        })
    }
}

/// The first bytes of a file, at most `count`, and whether that is all of it.
pub(super) fn sample(file: &mut impl Read, count: u64) -> io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    file.by_ref().take(count).read_to_end(&mut bytes)?;
    let is_whole = (bytes.len() as u64) < count;
    Ok((bytes, is_whole))
}

/// Why a file could not be read, and what to do.
pub(super) fn unreadable(error: &io::Error, shown_as: &str) -> Diagnostic {
    const OTHERWISE: &str =
        "close it in other programs, and check the disk or the network share it is on";
    unreadable_file(error, shown_as, OTHERWISE)
}

/// A finding in the header: the place is the whole of a line, shown as `text`.
pub(super) fn at_line(finding: Diagnostic, shown_as: &str, line: u64, text: &str) -> Diagnostic {
    let before = usize::try_from(line.saturating_sub(1)).unwrap_or(0);
    // Lines before a header are few, but a file of a million empty lines must not become an excerpt.
    if before > 1000 {
        return finding;
    }
    let source = Source::new(shown_as, format!("{}{text}", "\n".repeat(before)));
    finding.at(&source, Span::new(before, before + text.len()))
}

/// The kind of file that begins like this, where it is certainly no text.
pub(super) fn foreign(sample: &[u8]) -> Option<(&'static str, &'static str)> {
    if sample.starts_with(b"PK\x03\x04") {
        Some((
            "a workbook or another packed file",
            "read an Excel workbook with `xlsx:`",
        ))
    } else if sample.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        Some((
            "a workbook of old Excel, or one with a password",
            "save it as .xlsx without a password and read it with `xlsx:`",
        ))
    } else if sample.starts_with(b"%PDF-") {
        Some(("a PDF", "name the file with the data"))
    } else if sample.starts_with(b"\x1f\x8b") {
        Some(("packed with gzip", "unpack it first"))
    } else {
        None
    }
}
