//! The action files of a project's folder.
#![expect(clippy::disallowed_methods, reason = "an edge: lists the folder")]

use std::path::{Path, PathBuf};

use super::Catalogue;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Document;

impl Catalogue {
    /// The built-in actions and those of a folder (`*.yaml`, `*.yml`), which need not be there;
    /// and everything in its files that their authors have to change. `objection` is what speaks against reading a
    /// file: an action decides what is sent, so it comes from where playbooks and data may come from.
    pub fn with_folder(
        folder: &Path,
        objection: &dyn Fn(&Path) -> Option<Diagnostic>,
    ) -> (Self, Vec<Diagnostic>) {
        let mut found = Vec::new();
        let mut documents = Vec::new();
        let mut unread = Vec::new();
        let files = files_of(folder).unwrap_or_else(|error| {
            let message = format!("the folder {} cannot be read: {error}", folder.display());
            found.push(Diagnostic::error(Code::UnreadableFile, message));
            Vec::new()
        });
        for path in files {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let shown = path.to_string_lossy();
            let read = match objection(&path) {
                Some(finding) => Err(vec![finding]),
                None => Document::load(&path, &shown),
            };
            match read {
                Ok(document) => documents.push((name.into_owned(), document)),
                Err(findings) => {
                    let findings = findings.into_iter();
                    found.extend(findings.map(|finding| finding.in_file(&shown, None)));
                    unread.push(name.into_owned());
                }
            }
        }
        let (mut catalogue, findings) = Self::built_in().with_documents(documents);
        for name in &unread {
            catalogue.add_broken(name);
        }
        found.extend(findings);
        (catalogue, found)
    }
}

/// The action files, in the order of their names.
fn files_of(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let extension = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
        if extension.is_some_and(|extension| extension == "yaml" || extension == "yml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
