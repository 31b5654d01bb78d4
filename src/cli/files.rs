//! Files that commands write for people: whole or not at all.
#![expect(clippy::disallowed_methods, reason = "an edge: writes files")]

use std::io;
use std::path::{Path, PathBuf};

/// Writes a file under another name and puts it in its place when it is whole. Folders are made.
pub(super) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    make_folder_of(path)?;
    let draft = draft_of(path);
    std::fs::write(&draft, text)
        .and_then(|()| std::fs::rename(&draft, path))
        .inspect_err(|_| {
            // What is half written is of no use to anybody.
            let _ = std::fs::remove_file(&draft);
        })
}

/// Makes the folder that a file goes into.
fn make_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => std::fs::create_dir_all(folder),
        _ => Ok(()),
    }
}

fn draft_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}
