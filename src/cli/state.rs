//! Where the journal of a run is: in the folder that is named, else in `.voxplay` of a project.

use std::path::{Path, PathBuf};

use super::open::Project;
use super::surroundings::current_folder;

/// The state folder of a run: as it was named, else that of the project whose root this is.
pub(super) fn of_run(named: Option<&Path>, root: &Path) -> PathBuf {
    named.map_or_else(|| root.join(".voxplay"), Path::to_owned)
}

/// The state folder of a command that names no playbook: as it was named, else that of the project that this folder is
/// in.
pub(super) fn found_here(named: Option<&Path>) -> PathBuf {
    named.map_or_else(
        || of_run(None, &Project::find(&current_folder()).root),
        Path::to_owned,
    )
}
