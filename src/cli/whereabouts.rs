//! Where the playbook of a run is when the run is gone on with: in the project that its journal belongs to. What has the
//! same name elsewhere may be a copy, or what it was copied from, with a target and data of its own.

use std::path::{Component, Path, PathBuf};

use super::call::word;
use super::open::{absolute, folder_of, root_above, root_of, shown};
use super::opened::lock_key;
use super::state;
use super::surroundings::current_folder;
use crate::diagnostic::{Code, Diagnostic};
use crate::event::RunStarted;

/// Where the playbook of a run was when a stretch of it began.
#[derive(Debug, Clone)]
pub(super) struct Whereabouts {
    /// As the user named it.
    named: PathBuf,
    /// From the project's root.
    from_root: PathBuf,
    /// The project's root from the state folder; none where an older voxplay did not write it down.
    root: Option<PathBuf>,
}

impl Whereabouts {
    pub(super) fn of(started: &RunStarted) -> Self {
        Self {
            named: PathBuf::from(&started.playbook),
            from_root: PathBuf::from(&started.from_root),
            root: started.root.as_deref().map(PathBuf::from),
        }
    }

    /// The playbook, as the user named it where that is it.
    ///
    /// # Errors
    /// `missing-file` where it is nowhere; `changed` where it cannot be told from another one of its name.
    pub(super) fn find(&self, state: &Path) -> Result<PathBuf, Diagnostic> {
        let place = place_of(state);
        let here = self.here();
        let found = match (self.own(&place), here) {
            (Some(own), Some(here)) if self.is_kept_apart(&place) && !is_same(&own, &here) => {
                return Err(self.two_of_its_name(&own, &here));
            }
            (Some(own), _) => own,
            (None, here) => self.of_moved_journal(&place, here)?,
        };
        Ok(if is_same(&found, &self.named) {
            self.named.clone()
        } else {
            PathBuf::from(shown(&found))
        })
    }

    /// Whether the state folder was not one inside of the project, so that the one can be moved without the other.
    fn is_kept_apart(&self, place: &Path) -> bool {
        self.root
            .as_ref()
            .map_or(!place.ends_with(state::FOLDER), |root| {
                !root.components().all(|part| part == Component::ParentDir)
            })
    }

    /// The playbook in the project that the run was one of, as the state folder lies to it.
    fn own(&self, place: &Path) -> Option<PathBuf> {
        let root = match &self.root {
            Some(root) => joined(place, root),
            None if self.is_kept_apart(place) => return None,
            None => place.parent()?.to_owned(),
        };
        let by_link = || self.named_in(&root);
        self.in_project(&root).or_else(by_link)
    }

    /// The playbook in the project that the user stands in.
    fn here(&self) -> Option<PathBuf> {
        let named = || {
            let is_it =
                |root: &PathBuf| lock_key(&self.named, root) == self.from_root.to_string_lossy();
            let root = root_of(&folder_of(&self.named));
            let is_found = self.named.is_relative() && self.named.is_file() && is_it(&root);
            is_found.then(|| absolute(&self.named))
        };
        self.in_project(&root_of(&current_folder())).or_else(named)
    }

    /// Where the journal no longer lies as it did to the playbook: it was moved or copied, or the playbook was.
    fn of_moved_journal(&self, place: &Path, here: Option<PathBuf>) -> Result<PathBuf, Diagnostic> {
        let around = match self.root {
            Some(_) => root_above(place),
            None => place.parent().map(Path::to_owned),
        };
        let is_apart = self.is_kept_apart(place);
        let near = around.as_deref().and_then(|root| self.in_project(root));
        if let Some(near) = near.clone().filter(|_| !is_apart) {
            return Ok(near);
        }
        let is_named = self.named.is_absolute() && self.named.is_file();
        let elsewhere = is_named.then(|| absolute(&self.named));
        let elsewhere = elsewhere.filter(|path| here.as_ref() != Some(path));
        // A project that has a journal of its own is none to look past.
        let is_of_another = !is_apart
            && around.is_some_and(|root| self.root.is_some() && root != root_of(&current_folder()));
        match (here, elsewhere) {
            (Some(here), None) if !is_of_another => Ok(here),
            (None, Some(named)) if self.root.is_none() && is_apart => Ok(named),
            (None, None) => near.ok_or_else(|| {
                Diagnostic::error(
                    Code::MissingFile,
                    format!("the playbook {} is not where it was", self.named.display()),
                )
                .help("say where it is now with --playbook FILE")
            }),
            (here, elsewhere) => Err(self.left_behind(place, [elsewhere, here])),
        }
    }

    fn in_project(&self, root: &Path) -> Option<PathBuf> {
        let path = root.join(&self.from_root);
        path.is_file().then_some(path)
    }

    /// The playbook as it was named, where that is in a project: the name of a link is none that the project has.
    fn named_in(&self, root: &Path) -> Option<PathBuf> {
        let is_in = || root_of(&folder_of(&self.named)) == root;
        (self.named.is_file() && is_in()).then(|| self.named.clone())
    }

    fn two_of_its_name(&self, own: &Path, here: &Path) -> Diagnostic {
        let name = self.from_root.display();
        Diagnostic::error(
            Code::Changed,
            format!(
                "the run was begun with {}, and the project here has a {name} as well, with data and a target of its own",
                own.display()
            ),
        )
        .help(format!(
            "say which of them it goes on with: `--playbook {}`, or `--playbook {}`",
            given(own),
            given(here)
        ))
    }

    fn left_behind(&self, place: &Path, others: [Option<PathBuf>; 2]) -> Diagnostic {
        let folder = place.parent().unwrap_or(place);
        let flags = others.into_iter().flatten();
        let flags = flags.map(|other| format!("`--playbook {}`", given(&other)));
        Diagnostic::error(
            Code::Changed,
            format!(
                "the playbook {} is not where the journal lies, in {}: the journal was moved or copied away from it, or the playbook was moved",
                self.named.display(),
                folder.display()
            ),
        )
        .help(format!(
            "say which playbook the run is to go on with: {}",
            flags.collect::<Vec<_>>().join(", or ")
        ))
    }
}

/// A project's root as it lies to the state folder, to be written down: it is found by that also where both were moved.
pub(super) fn root_from(state: &Path, root: &Path) -> String {
    let place = place_of(state);
    let mut from = place.components().peekable();
    let mut to = root.components().peekable();
    // On another drive there is no way from here.
    if from.peek() != to.peek() {
        return root.display().to_string();
    }
    while from.peek().is_some() && from.peek() == to.peek() {
        from.next();
        to.next();
    }
    let way: PathBuf = from.map(|_| Component::ParentDir).chain(to).collect();
    way.display().to_string()
}

/// A state folder under its own name, also where that is a link: it belongs to the project that the link is in.
fn place_of(state: &Path) -> PathBuf {
    match (state.parent(), state.file_name()) {
        (Some(parent), Some(name)) => absolute(parent).join(name),
        _ => absolute(state),
    }
}

/// A folder and the way from it, without asking where links lead.
fn joined(place: &Path, way: &Path) -> PathBuf {
    let mut path = place.to_owned();
    for part in way.components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            other => path.push(other),
        }
    }
    path
}

fn is_same(one: &Path, other: &Path) -> bool {
    absolute(one) == absolute(other)
}

/// A file as it can be typed.
fn given(path: &Path) -> String {
    word(&shown(path))
}
