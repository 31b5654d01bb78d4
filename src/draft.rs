//! A file that is being written: under a name of its own beside its place, which it takes when it is whole. Until then
//! what was there before stays as it is.
//!
//! A symbolic link stands for the file that it leads to: that one is replaced, or made, and the link stays. What is no
//! ordinary file (a device, a pipe, a socket, what is open in a process) is never replaced.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// So many links one after another are followed, as operating systems do.
const MOST_LINKS: usize = 40;

/// How many hexadecimal digits tell the drafts of one file apart.
const DIGITS: usize = 12;

/// Links in these folders stand for what is open, such as standard output, whatever it is.
const KEPT_BY_THE_SYSTEM: [&str; 2] = ["/dev", "/proc"];

/// Why nothing can be written under a path; said of the path.
#[derive(Debug, thiserror::Error)]
pub enum NoPlace {
    /// It is a folder.
    #[error("is a folder")]
    Folder,
    /// It is a device, a pipe, a socket, or a link to one.
    #[error("is no ordinary file")]
    NoFile,
    /// Links that lead back to themselves.
    #[error("is a link that leads to itself")]
    Circle,
    /// Its folder is not there, or cannot be entered.
    #[error("cannot be written: {0}")]
    Unreachable(#[from] io::Error),
}

impl From<NoPlace> for io::Error {
    fn from(why: NoPlace) -> Self {
        match why {
            NoPlace::Unreachable(error) => error,
            other => Self::other(format!("it {other}")),
        }
    }
}

/// The file that a path means, whether or not it is there yet: its folder without links, and its own links followed.
///
/// # Errors
/// Where nothing can be written there.
pub fn place_of(path: &Path) -> Result<PathBuf, NoPlace> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        if names_folder(&path) {
            return Err(NoPlace::Folder);
        }
        let name = path.file_name().ok_or(NoPlace::Folder)?;
        let folder = folder_of(&path).canonicalize()?;
        let place = folder.join(name);
        let there = match place.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(place),
            there => there?.file_type(),
        };
        if !there.is_symlink() {
            return match there {
                it if it.is_dir() => Err(NoPlace::Folder),
                it if it.is_file() => Ok(place),
                _ => Err(NoPlace::NoFile),
            };
        }
        if is_kept_by_the_system(&folder) {
            return Err(NoPlace::NoFile);
        }
        path = folder.join(place.read_link()?);
    }
    Err(NoPlace::Circle)
}

/// Whether what stands there is open somewhere, or a device, rather than a file of a user.
pub fn is_kept_by_the_system(path: &Path) -> bool {
    KEPT_BY_THE_SYSTEM.iter().any(|kept| path.starts_with(kept))
}

/// Whether a path is written as that of a folder, which need not be there: `out/`.
pub fn names_folder(path: &Path) -> bool {
    let written = path.to_string_lossy();
    written.ends_with(std::path::is_separator) || path.file_name().is_none()
}

/// The folder in which a file is, or will be.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Writes a whole file, or leaves what was there.
///
/// # Errors
/// Where it cannot be written.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    Draft::of(path, text)?.finish()
}

/// A file that has not got its name yet; it goes away unless it is [finished](Draft::finish).
#[derive(Debug)]
pub struct Draft {
    file: File,
    own: PathBuf,
    place: PathBuf,
}

impl Draft {
    /// Begins the file that a path means, in the same folder, so that it can be renamed.
    ///
    /// # Errors
    /// Where nothing can be written there.
    pub fn begin(path: &Path) -> io::Result<Self> {
        let place = place_of(path)?;
        let mut name = std::ffi::OsString::from(".");
        name.push(place.file_name().unwrap_or_default());
        let id = uuid::Uuid::now_v7().simple().to_string();
        name.push(format!(".{}.unfinished", &id[id.len() - DIGITS..]));
        let own = place.with_file_name(name);
        let file = File::options().write(true).create_new(true).open(&own)?;
        Ok(Self { file, own, place })
    }

    /// Begins such a file, with all that it is to hold.
    ///
    /// # Errors
    /// Where nothing can be written there.
    pub fn of(path: &Path, text: &str) -> io::Result<Self> {
        let mut draft = Self::begin(path)?;
        draft.file.write_all(text.as_bytes())?;
        Ok(draft)
    }

    /// Puts the file on disk and gives it its name.
    ///
    /// # Errors
    /// Where it cannot be written; then what was there before is still there.
    pub fn finish(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        take_place(&self.own, &self.place)?;
        // Under its name it stays.
        self.own = PathBuf::new();
        Ok(())
    }
}

/// Renames a file that is whole to its [place](place_of), where nothing else has come to stand meanwhile.
///
/// # Errors
/// Where that cannot be done, or what stands there now is no ordinary file.
pub fn take_place(whole: &Path, place: &Path) -> io::Result<()> {
    if place_of(place)? != *place {
        return Err(io::Error::other("it has become a link"));
    }
    std::fs::rename(whole, place)
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.own.as_os_str().is_empty() {
            // What cannot be taken away does no harm: it has no name that anything reads.
            let _ = std::fs::remove_file(&self.own);
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make and read files")]
pub(crate) mod tests {
    use super::*;

    /// What is in a folder, in order.
    pub(crate) fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_written_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        write(&path, "first").unwrap();
        write(&path, "second").unwrap();
        drop(Draft::of(&path, "third").unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "second");
        std::fs::create_dir_all(folder.path().join("taken")).unwrap();
        assert!(write(&folder.path().join("taken"), "fourth").is_err());
        assert_eq!(names(folder.path()), ["report.html", "taken"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_its_file_is_written() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("kept")).unwrap();
        std::fs::write(at("kept/there"), "old").unwrap();
        symlink("kept/there", at("to-there")).unwrap();
        symlink("to-there", at("to-link")).unwrap();
        symlink("kept/new", at("to-nothing")).unwrap();
        symlink("circle", at("circle")).unwrap();
        for (link, file) in [("to-link", "kept/there"), ("to-nothing", "kept/new")] {
            write(&at(link), "new").unwrap();
            assert!(at(link).is_symlink(), "{link}");
            assert_eq!(std::fs::read(at(file)).unwrap(), b"new");
        }
        assert!(matches!(place_of(&at("circle")), Err(NoPlace::Circle)));
        assert_eq!(names(&at("kept")), ["new", "there"]);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_ordinary_file_is_not_replaced_also_not_through_a_link() {
        use std::os::unix::fs::{FileTypeExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let _listener = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        symlink("socket", at("to-socket")).unwrap();
        symlink("/proc/self/fd/0", at("to-input")).unwrap();
        for name in ["socket", "to-socket", "to-input"] {
            let why = write(&at(name), "text").unwrap_err();
            assert_eq!(why.to_string(), "it is no ordinary file", "{name}");
        }
        assert!(at("socket").metadata().unwrap().file_type().is_socket());
        // What takes the place while the file is written is not replaced either.
        let draft = Draft::begin(&at("late")).unwrap();
        symlink("socket", at("late")).unwrap();
        assert!(draft.finish().is_err() && at("late").is_symlink());
    }
}
