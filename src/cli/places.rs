//! Where files for people are written: what stands in the way of one, in the same words for reports, accounts and
//! saved plans, and the folders that a playbook's own accounts need.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: makes folders for accounts"
)]

use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use super::open::shown;
use crate::diagnostic::{Code, Diagnostic};
use crate::draft::{Draft, NoPlace, folder_of, place_of};

/// Why nothing can be written under a path.
pub(super) struct Obstacle {
    code: Code,
    message: String,
    help: &'static str,
}

impl Obstacle {
    /// What it says, behind what the path is for.
    pub(super) fn of(self, what: &str) -> Diagnostic {
        Diagnostic::error(self.code, format!("{what}: {}", self.message)).help(self.help)
    }
}

/// What stands in the way of a file, as far as it can be seen without writing anything.
pub(super) fn obstacle(path: &Path) -> Option<Obstacle> {
    let why = place_of(path).err()?;
    let name = shown(path);
    let (code, message, help) = match &why {
        NoPlace::Unreachable(error) if error.kind() == ErrorKind::NotFound => (
            Code::MissingFile,
            format!("there is no folder for {name}"),
            "make the folder first, or name another",
        ),
        NoPlace::Folder => (
            Code::InvalidValue,
            format!("{name} {why}"),
            "name a file in it",
        ),
        _ => (
            Code::InvalidValue,
            format!("{name} {why}"),
            "name an ordinary file, or one that is not there yet",
        ),
    };
    Some(Obstacle {
        code,
        message,
        help,
    })
}

/// The same, found out by beginning a file there, which goes away again.
pub(super) fn obstacle_to_writing(path: &Path) -> Option<Obstacle> {
    obstacle(path).or_else(|| {
        let error = Draft::begin(path).err()?;
        let folder = shown(folder_of(path));
        Some(Obstacle {
            code: Code::InvalidValue,
            message: format!("no file can be written into {folder}: {error}"),
            help: "name a file in a folder that you may write into",
        })
    })
}

/// Where a file will be once its folders are made: what is there of them without links, then the rest as it is written.
pub(super) fn to_be_made(path: &Path) -> Option<PathBuf> {
    let there = path.ancestors().skip(1).find(|folder| folder.exists())?;
    let missing = path.strip_prefix(there).ok()?;
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    let there = there.canonicalize().ok().filter(|folder| folder.is_dir())?;
    missing
        .components()
        .all(is_plain)
        .then(|| there.join(missing))
}

/// Makes the folders of a file where they are not there.
///
/// # Errors
/// Where they cannot be made, or nothing can be written into them.
pub(super) fn make_folders(path: &Path) -> Result<(), Obstacle> {
    let made = match to_be_made(path) {
        Some(place) if !folder_of(path).exists() => std::fs::create_dir_all(folder_of(&place)),
        _ => Ok(()),
    };
    if let Err(error) = made {
        return Err(Obstacle {
            code: Code::InvalidValue,
            message: format!(
                "there is no folder for {}, and it cannot be made: {error}",
                shown(path)
            ),
            help: "make the folder first, or name another",
        });
    }
    obstacle_to_writing(path).map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_are_missing_are_made_below_one_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out/of/today/rejected.csv");
        let real = folder.path().canonicalize().unwrap();
        assert_eq!(
            to_be_made(&path),
            Some(real.join("out/of/today/rejected.csv"))
        );
        assert!(to_be_made(&folder.path().join("out/../x/rejected.csv")).is_none());
        assert!(make_folders(&path).is_ok());
        assert_eq!(
            std::fs::read_dir(path.parent().unwrap()).unwrap().count(),
            0
        );
        std::fs::write(folder.path().join("file"), "").unwrap();
        assert!(make_folders(&folder.path().join("file/in/it.csv")).is_err());
    }
}
