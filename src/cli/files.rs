//! Files that commands write for people: whole or not at all, with their folders.
#![expect(clippy::disallowed_methods, reason = "an edge: makes folders")]

use std::io;
use std::path::Path;

use crate::draft;

/// Writes a file, and makes its folder where there is none.
pub(super) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    std::fs::create_dir_all(draft::folder_of(path))?;
    draft::write(path, text)
}
