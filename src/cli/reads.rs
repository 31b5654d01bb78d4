//! The files that a run reads or keeps: nothing that it writes for people may take their place.

use std::path::{Path, PathBuf};

use super::args::RunArgs;
use super::fingerprints;
use super::places::to_be_made;
use super::prepare::Prepared;
use super::surroundings::current_folder;
use crate::draft::{folder_of, place_of};
use crate::plan::{Plan, Rehearsal};
use crate::project::{CONFIG, Confinement, TokenSource};

/// What the rows of a loop are read from.
pub(super) const DATA: &str = "the data of a loop";

/// Files, each with what it is in words.
#[derive(Debug, Default)]
pub(super) struct Reads {
    files: Vec<(PathBuf, &'static str)>,
    /// The folder of the journal, which may not be there yet.
    state: Option<PathBuf>,
}

impl Reads {
    /// What a plan names: playbooks, actions, data, attachments.
    pub(super) fn of_plan(plan: &Plan, rehearsal: &Rehearsal, files: &Confinement) -> Self {
        let mut reads = Self::default();
        // A source is called by its path as the process sees it.
        reads.add(Path::new(plan.source().name()), "the playbook");
        for (_, used) in plan.uses() {
            reads.add(Path::new(used.home.source().name()), "a used playbook");
        }
        for (_, planned) in plan.actions() {
            reads.add(
                Path::new(planned.action.source().name()),
                "the file of an action",
            );
        }
        for path in fingerprints::data_files(plan, rehearsal, files) {
            reads.add(&path, DATA);
        }
        for path in rehearsal.attached.values() {
            reads.add(path, "an attachment");
        }
        reads
    }

    /// The same and all else that a run is made of. `state` is the folder of its journal.
    pub(super) fn of_run(args: &RunArgs, prepared: &Prepared, state: &Path) -> Self {
        let mut reads = Self::of_plan(&prepared.plan, &prepared.rehearsal, &prepared.files);
        reads.add(
            &prepared.root.join(CONFIG),
            "the configuration of the project",
        );
        for path in &args.what.inputs {
            reads.add(path, "a file of inputs");
        }
        if let Some(path) = &args.plan {
            reads.add(path, "the saved plan");
        }
        if let Some(path) = &args.sandbox_faults {
            reads.add(path, "the faults of the sandbox");
        }
        if let Some(TokenSource::File(path)) = &prepared.token {
            reads.add(&prepared.root.join(path), "the file of the token");
        }
        reads.keeping(state)
    }

    /// The same, and what a state folder keeps.
    #[must_use]
    pub(super) fn keeping(mut self, state: &Path) -> Self {
        self.state = Some(state.to_owned());
        self
    }

    fn add(&mut self, path: &Path, what: &'static str) {
        self.files.push((path.to_owned(), what));
    }

    /// What a file is to the run, where it is anything; the path is a [whole] one. Most runs write no file and never ask:
    /// where the files really lie is looked up only here.
    pub(super) fn what(&self, path: &Path) -> Option<&'static str> {
        let mut known = self.files.iter();
        let known = known.find(|(known, _)| whole(known).as_deref() == Some(path));
        known.map(|(_, what)| *what).or_else(|| self.kept_as(path))
    }

    /// What a file is to the state folder: also one that will be there once the run begins.
    fn kept_as(&self, path: &Path) -> Option<&'static str> {
        let state = self.state.as_deref()?;
        let state = whole(state).or_else(|| to_be_made(&current_folder().join(state)))?;
        let inside = path.strip_prefix(state).ok()?;
        let first = inside.components().next()?.as_os_str().to_str()?;
        if first.starts_with("journal.sqlite") {
            Some("the journal")
        } else if matches!(first, "key" | "locks" | ".gitignore") {
            Some("a file of the state folder")
        } else {
            None
        }
    }
}

/// The path without links and `..`, where its folder is there.
pub(super) fn whole(path: &Path) -> Option<PathBuf> {
    if let Ok(place) = place_of(path).or_else(|_| path.canonicalize()) {
        return Some(place);
    }
    let folder = folder_of(path).canonicalize().ok()?;
    folder.is_dir().then_some(folder.join(path.file_name()?))
}
