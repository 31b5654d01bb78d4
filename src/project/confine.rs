//! Which files a playbook may read: those of its project, after symlinks are resolved.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: paths are resolved here"
)]

use std::path::{Path, PathBuf};

use crate::diagnostic::{Code, Diagnostic};
use crate::document::NOT_ORDINARY;

/// The folders that a playbook may read from, and where its relative paths begin.
#[derive(Debug, Clone)]
pub struct Confinement {
    /// Where relative paths begin: the playbook's folder, then the project's root.
    bases: Vec<PathBuf>,
    /// The project's root and what `allow_paths` adds, symlinks resolved.
    allowed: Vec<PathBuf>,
    /// Files that hold tokens: no playbook reads them, wherever they lie.
    tokens: Vec<PathBuf>,
}

/// A file that may be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Its path with symlinks resolved.
    pub path: PathBuf,
}

impl Confinement {
    /// The rules for one playbook: its folder, its project's root, and further folders (relative to the root).
    pub fn new(playbook_folder: &Path, root: &Path, further: &[PathBuf]) -> Self {
        let resolve = |path: &Path| std::fs::canonicalize(path).ok();
        let mut bases = vec![playbook_folder.to_owned()];
        if playbook_folder != root {
            bases.push(root.to_owned());
        }
        Self {
            bases,
            allowed: std::iter::once(root.to_owned())
                .chain(further.iter().map(|path| root.join(path)))
                .filter_map(|path| resolve(&path))
                .collect(),
            tokens: Vec::new(),
        }
    }

    /// The same rules, and these files are read by no playbook: they hold tokens.
    #[must_use]
    pub fn without(self, tokens: Vec<PathBuf>) -> Self {
        Self { tokens, ..self }
    }

    /// The same rules for a playbook in another folder.
    #[must_use]
    pub fn beside(&self, playbook_folder: &Path) -> Self {
        let root = self.bases.last().filter(|root| *root != playbook_folder);
        Self {
            bases: std::iter::once(playbook_folder)
                .chain(root.map(PathBuf::as_path))
                .map(Path::to_owned)
                .collect(),
            allowed: self.allowed.clone(),
            tokens: self.tokens.clone(),
        }
    }

    /// The file that a path written in the playbook means. It is looked up beside the playbook, then
    /// from the project's root.
    ///
    /// # Errors
    /// `missing-file`, `outside-project`, `token-file`, or `unreadable-file` for what is not a file; without a place.
    pub fn resolve(&self, written: &str) -> Result<Resolved, Diagnostic> {
        let candidates = self.bases.iter().map(|base| base.join(written));
        let mut found = None;
        for candidate in candidates {
            match std::fs::canonicalize(&candidate) {
                Ok(path) => {
                    found = Some(path);
                    break;
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(Diagnostic::error(
                        Code::UnreadableFile,
                        format!("the file {written} cannot be read: {error}"),
                    ));
                }
            }
        }
        let Some(path) = found else {
            // A path that leads out is named as such even where nothing is there: it could not be used anyway.
            if self.leads_out(written) {
                return Err(outside(written));
            }
            return Err(Diagnostic::error(
                Code::MissingFile,
                format!("the file {written} is not there"),
            )
            .help(
                "paths are looked up beside the playbook, then from the folder of voxplay.yaml",
            ));
        };
        if !self.allowed.iter().any(|folder| path.starts_with(folder)) {
            return Err(outside(written));
        }
        if self.holds_token(&path) {
            return Err(token_file(written));
        }
        let metadata = std::fs::metadata(&path).map_err(|error| {
            Diagnostic::error(
                Code::UnreadableFile,
                format!("the file {written} cannot be read: {error}"),
            )
        })?;
        if !metadata.is_file() {
            let (what, help) = if metadata.is_dir() {
                ("a folder", "name a file in it")
            } else {
                NOT_ORDINARY
            };
            return Err(
                Diagnostic::error(Code::UnreadableFile, format!("{written} is {what}")).help(help),
            );
        }
        Ok(Resolved { path })
    }

    /// What speaks against reading a file that is there: links that lead to where the playbook may not go.
    pub fn objection(&self, path: &Path) -> Option<Diagnostic> {
        let real = std::fs::canonicalize(path).ok()?;
        (!self.admits(&real)).then(|| outside(&path.display().to_string()))
    }

    /// Whether a path without links is one of the files that hold tokens. Where their own links lead is looked up each
    /// time: it may change while a run goes on.
    fn holds_token(&self, path: &Path) -> bool {
        let mut tokens = self.tokens.iter();
        tokens.any(|token| std::fs::canonicalize(token).is_ok_and(|real| real == path))
    }

    /// Whether a path without links and `..` lies where the playbook may go.
    pub fn admits(&self, path: &Path) -> bool {
        self.allowed.iter().any(|folder| path.starts_with(folder))
    }

    /// Whether a path as it is written leads to where the playbook may not go, whether or not anything is there.
    pub fn leads_out(&self, written: &str) -> bool {
        self.bases.iter().all(|base| {
            let mut path = PathBuf::new();
            for part in std::fs::canonicalize(base)
                .unwrap_or_default()
                .join(written)
                .components()
            {
                match part {
                    std::path::Component::ParentDir => {
                        path.pop();
                    }
                    other => path.push(other),
                }
            }
            !self.allowed.iter().any(|folder| path.starts_with(folder))
        })
    }
}

fn outside(written: &str) -> Diagnostic {
    Diagnostic::error(
        Code::OutsideProject,
        format!("the file {written} is outside the project's folder"),
    )
    .help("move it into the project, or list its folder under `allow_paths` in voxplay.yaml")
}

fn token_file(written: &str) -> Diagnostic {
    Diagnostic::error(
        Code::TokenFile,
        format!("the file {written} holds the token of a target, and no playbook may read it"),
    )
    .help("name another file: a token goes to the host of its target and nowhere else")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_outside_are_refused_also_through_symlinks() {
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("project");
        let playbooks = root.join("playbooks");
        std::fs::create_dir_all(&playbooks).unwrap();
        std::fs::write(outer.path().join("secret.txt"), "x").unwrap();
        std::fs::write(root.join("data.csv"), "x").unwrap();
        std::fs::write(playbooks.join("near.pdf"), "x").unwrap();
        std::os::unix::fs::symlink(outer.path().join("secret.txt"), playbooks.join("link.txt"))
            .unwrap();
        let rules = Confinement::new(&playbooks, &root, &[]);
        let code = |path: &str| rules.resolve(path).err().map(|finding| finding.code);
        assert_eq!(code("near.pdf"), None);
        assert_eq!(code("data.csv"), None, "looked up from the root as well");
        assert_eq!(code("../data.csv"), None);
        assert_eq!(code("link.txt"), Some(Code::OutsideProject));
        assert_eq!(code("../../secret.txt"), Some(Code::OutsideProject));
        assert_eq!(code("../../nothing.txt"), Some(Code::OutsideProject));
        assert_eq!(code("nothing.txt"), Some(Code::MissingFile));
        assert_eq!(code("/etc/passwd"), Some(Code::OutsideProject));
        assert_eq!(code("."), Some(Code::UnreadableFile));
        let wider = Confinement::new(&playbooks, &root, &[outer.path().to_owned()]);
        assert!(wider.resolve("link.txt").is_ok());
    }

    #[test]
    fn a_file_that_holds_a_token_is_read_under_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let inner = root.join("inner");
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(root.join("kept"), "x").unwrap();
        std::fs::write(root.join("other"), "x").unwrap();
        std::os::unix::fs::symlink(root.join("kept"), root.join("token")).unwrap();
        std::os::unix::fs::symlink(root.join("token"), root.join("link.pdf")).unwrap();
        let rules = Confinement::new(root, root, &[])
            .without(vec![root.join("token"), root.join("not there")]);
        for rules in [&rules, &rules.beside(&inner)] {
            for written in ["token", "kept", "link.pdf", "inner/../token"] {
                let refused = rules.resolve(written).unwrap_err();
                assert_eq!(refused.code, Code::TokenFile, "{written}");
            }
            assert!(rules.resolve("other").is_ok());
        }
    }
}
