//! Files → project and playbook, for the commands that need them.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: files and folders are looked up here"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::surroundings::current_folder;
use crate::action::Catalogue;
use crate::diagnostic::Diagnostic;
use crate::document::read_source;
use crate::playbook::{self, Playbook};
use crate::project::{self, CONFIG, Config, Confinement};
use crate::reading::unknown_zone;
use crate::source::{Source, Spanned};

/// A project: its folder, what `voxplay.yaml` says, and its actions.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) root: PathBuf,
    pub(super) config: Config,
    pub(super) catalogue: Catalogue,
    /// What is wrong with `voxplay.yaml` and the actions beside it.
    pub(super) findings: Vec<Diagnostic>,
}

impl Project {
    /// The project that a folder belongs to: the nearest `voxplay.yaml` on the way up marks its root.
    /// Without one, the folder itself is the root.
    pub(super) fn find(folder: &Path) -> Self {
        let root = root_above(folder);
        let mut findings = Vec::new();
        let config = root.as_ref().map_or_else(Config::default, |root| {
            let path = root.join(CONFIG);
            let read = read_source(&path, &shown(&path)).and_then(|source| project::parse(&source));
            match read {
                Ok((config, warnings)) => {
                    findings.extend(warnings);
                    config
                }
                Err(errors) => {
                    findings.extend(errors);
                    Config::default()
                }
            }
        });
        let root = root.unwrap_or_else(|| absolute(folder));
        let actions = root.join("actions");
        let confined = Confinement::new(&actions, &root, &further(&config));
        let (catalogue, broken) = Catalogue::with_folder(Path::new(&shown(&actions)), &|path| {
            confined.objection(path)
        });
        findings.extend(broken);
        Self {
            root,
            config,
            catalogue,
            findings,
        }
    }

    /// Which files a playbook in this folder may read.
    pub(super) fn confinement(&self, playbook: &Path) -> Confinement {
        Confinement::new(&folder_of(playbook), &self.root, &further(&self.config))
            .without(self.config.token_files(&self.root))
    }
}

/// The root of the project that a folder belongs to.
pub(super) fn root_of(folder: &Path) -> PathBuf {
    root_above(folder).unwrap_or_else(|| absolute(folder))
}

/// The nearest folder on the way up that is marked as the root of a project.
pub(super) fn root_above(folder: &Path) -> Option<PathBuf> {
    let folder = absolute(folder);
    let marked = folder.ancestors().find(|folder| {
        let config = folder.join(CONFIG);
        // Also one that cannot be read, which is said then.
        config.exists() && !config.is_dir()
    });
    marked.map(Path::to_owned)
}

/// The folders beyond the project's own that may be read from.
fn further(config: &Config) -> Vec<PathBuf> {
    let paths = config.allow_paths.iter();
    paths.map(|path| PathBuf::from(&path.value)).collect()
}

/// The folder of a file, absolute.
pub(super) fn folder_of(file: &Path) -> PathBuf {
    let absolute = absolute(file);
    absolute.parent().map_or(absolute.clone(), Path::to_owned)
}

/// The path from the root, without links and `..` where something is there.
pub(super) fn absolute(path: &Path) -> PathBuf {
    let path = if path.is_absolute() {
        path.to_owned()
    } else {
        current_folder().join(path)
    };
    std::fs::canonicalize(&path).unwrap_or(path)
}

/// A path as messages show it: from the current folder where it is below it.
pub(super) fn shown(path: &Path) -> String {
    let here = absolute(&current_folder());
    path.strip_prefix(&here)
        .unwrap_or(path)
        .display()
        .to_string()
}

/// Reads a playbook, with everything that is wrong with its form; what could be read of it comes back all
/// the same, so that the rest is checked in the same go.
pub(super) fn playbook(path: &Path) -> (Option<Playbook>, Vec<Diagnostic>) {
    match read_source(path, &path.display().to_string()) {
        Ok(source) => playbook::parse(&source),
        Err(errors) => (None, errors),
    }
}

/// The zone of `now()`: the playbook's, else the target's, else UTC, so that a laptop and a CI runner
/// render the same.
pub(super) fn zone(
    playbook: &Playbook,
    target: Option<(Option<&Arc<Source>>, &Spanned<String>)>,
    findings: &mut Vec<Diagnostic>,
) -> TimeZone {
    let named = playbook
        .timezone
        .as_ref()
        .map(|zone| (Some(&playbook.source), zone))
        .or(target);
    let Some((source, name)) = named else {
        return TimeZone::UTC;
    };
    TimeZone::get(&name.value).unwrap_or_else(|_| {
        let mut diagnostic = unknown_zone(&name.value);
        if let Some(source) = source {
            diagnostic = diagnostic.at(source, name.span);
        }
        findings.push(diagnostic);
        TimeZone::UTC
    })
}

/// What a time zone is called.
pub(super) fn zone_name(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("UTC").to_owned()
}
