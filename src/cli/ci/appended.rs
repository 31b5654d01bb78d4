//! Files of the CI system to which every command of a job adds its own.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: the CI system's files are written here"
)]

use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;

/// Writes behind what earlier commands of the job have written, in a line of its own.
pub(super) fn append_to(path: &Path, text: &str) -> io::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)?;
    let end_of_line = if is_in_a_line(path) { "\n" } else { "" };
    file.write_all([end_of_line, text].concat().as_bytes())
}

/// Whether a file ends with a line that has no end; not of what is no file, or cannot be read.
fn is_in_a_line(path: &Path) -> bool {
    let last = || -> io::Result<[u8; 1]> {
        let mut last = [b'\n'];
        if std::fs::metadata(path)?.is_file() {
            let mut file = std::fs::File::open(path)?;
            file.seek(io::SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
        }
        Ok(last)
    };
    last().is_ok_and(|last| last != [b'\n'])
}

#[cfg(test)]
mod tests {
    use super::append_to;

    #[test]
    fn what_is_added_to_a_file_begins_a_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("output");
        for (before, whole) in [
            ("", "b=2\n"),
            ("a=1", "a=1\nb=2\n"),
            ("a=1\n", "a=1\nb=2\n"),
        ] {
            std::fs::write(&path, before).expect("a file");
            append_to(&path, "b=2\n").expect("it can be written");
            let now = std::fs::read_to_string(&path).expect("it can be read");
            assert_eq!(now, whole, "{before:?}");
        }
    }
}
