//! Where the journal of a run is: in the folder that is named, else in `.voxplay` of a project.

use std::path::{Path, PathBuf};

use super::open::root_of;
use super::surroundings::current_folder;

/// What a project's own state folder is called.
pub(super) const FOLDER: &str = ".voxplay";

/// The state folder of a run: as it was named, else that of the project whose root this is.
pub(super) fn of_run(named: Option<&Path>, root: &Path) -> PathBuf {
    named.map_or_else(|| root.join(FOLDER), Path::to_owned)
}

/// The state folder of a command that names no playbook: as it was named, else that of the project that this folder is
/// in.
pub(super) fn found_here(named: Option<&Path>) -> PathBuf {
    named.map_or_else(|| of_run(None, &root_of(&current_folder())), Path::to_owned)
}
