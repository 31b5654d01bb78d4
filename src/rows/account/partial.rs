//! A file that grows under a temporary name of its own, so that two runs that write the same account do not
//! disturb each other: the one that ends last gives the file its content, and it is whole.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: writes the account files that users ask for"
)]

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::draft::{NoPlace, folder_of, place_of, take_place};

/// How a temporary name ends.
const ENDING: &str = ".partial";
/// How many hexadecimal digits tell temporary names apart.
const DIGITS: usize = 12;

/// A file that has not got its name yet.
#[derive(Debug)]
pub(super) struct Partial {
    /// Locked as long as it is written to.
    file: File,
    path: PathBuf,
    temporary: PathBuf,
}

impl Partial {
    /// Begins the file that `path` [means](place_of) as `<name>.<digits>.partial` beside it. What a crash has left under such a name is
    /// taken away: nobody writes it any more.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let path = place_of(path)?;
        let name = path.file_name().ok_or(NoPlace::Folder)?;
        remove_left_over(&path);
        loop {
            let id = uuid::Uuid::now_v7().simple().to_string();
            let mut own = name.to_owned();
            own.push(format!(".{}{ENDING}", &id[id.len() - DIGITS..]));
            let temporary = path.with_file_name(own);
            let file = File::options()
                .write(true)
                .create_new(true)
                .open(&temporary)?;
            // Where a file system knows no locks, nothing is taken away either.
            let _ = file.lock();
            // Until it was locked, another run may have taken it for left over.
            if temporary.try_exists()? {
                return Ok(Self {
                    file,
                    path,
                    temporary,
                });
            }
        }
    }

    /// What was written so far.
    pub(super) fn read_back(&self) -> io::Result<File> {
        File::open(&self.temporary)
    }

    /// Begins the same file once more, under a temporary name of its own.
    pub(super) fn another(&self) -> io::Result<Self> {
        Self::create(&self.path)
    }

    /// Takes the file away before it got its name.
    pub(super) fn discard(self) -> io::Result<()> {
        std::fs::remove_file(&self.temporary)
    }

    /// Puts the file on disk and gives it its name.
    pub(super) fn finish(self) -> io::Result<PathBuf> {
        self.file.sync_all()?;
        take_place(&self.temporary, &self.path)?;
        Ok(self.path)
    }
}

impl Write for Partial {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Removes the temporary files of earlier runs, which are those that nobody holds locked. Where that fails, they
/// stay and do no harm.
fn remove_left_over(path: &Path) {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return;
    };
    let Ok(entries) = std::fs::read_dir(folder_of(path)) else {
        return;
    };
    for entry in entries.flatten() {
        let found = entry.file_name();
        if !found.to_str().is_some_and(|found| is_of(name, found)) {
            continue;
        }
        let Ok(file) = File::options().write(true).open(entry.path()) else {
            continue;
        };
        if file.try_lock().is_ok() {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Whether a file is a temporary one of the account called `name`.
fn is_of(name: &str, found: &str) -> bool {
    let digits = found
        .strip_prefix(name)
        .and_then(|rest| rest.strip_prefix('.'))
        .and_then(|rest| rest.strip_suffix(ENDING));
    digits.is_some_and(|digits| {
        digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::tests::names;

    #[test]
    fn two_runs_write_the_same_account_and_what_a_crash_left_goes_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bad.csv");
        for foreign in [
            "bad.csv.partial",
            "bad.csv.0123.partial",
            "other.csv.0123456789ab.partial",
        ] {
            std::fs::write(folder.path().join(foreign), "of somebody else").unwrap();
        }
        let left = folder.path().join("bad.csv.0123456789ab.partial");
        std::fs::write(&left, "of a crash").unwrap();
        let mut one = Partial::create(&path).unwrap();
        assert!(!left.exists());
        let mut two = Partial::create(&path).unwrap();
        one.write_all(b"one").unwrap();
        two.write_all(b"two").unwrap();
        one.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        two.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(
            names(folder.path()),
            [
                "bad.csv",
                "bad.csv.0123.partial",
                "bad.csv.partial",
                "other.csv.0123456789ab.partial"
            ]
        );
    }
}
