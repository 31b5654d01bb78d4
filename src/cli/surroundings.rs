//! The environment of the process, read nowhere else.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: environment variables and token files are read here"
)]

use std::io::ErrorKind;
use std::path::Path;

use crate::document::{NOT_ORDINARY, ordinary_text};
use crate::project::Surroundings;

/// The real environment.
pub(super) struct Process;

impl Surroundings for Process {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn token_file(&self, path: &Path) -> Result<String, String> {
        ordinary_text(path).map_err(|error| match error.kind() {
            ErrorKind::Unsupported => format!("it is {}", NOT_ORDINARY.0),
            _ => error.to_string(),
        })
    }
}

/// The folder that the process was started in.
pub(super) fn current_folder() -> std::path::PathBuf {
    std::env::current_dir().unwrap_or_default()
}

/// Whether an environment variable is set, to nothing.
pub(super) fn is_empty(name: &std::ffi::OsStr) -> bool {
    std::env::var_os(name).is_some_and(|value| value.is_empty())
}

/// Whether some environment variable whose name begins so is set to nothing.
pub(super) fn has_empty_variable(prefix: &str) -> bool {
    std::env::vars_os().any(|(name, value)| {
        value.is_empty() && name.as_encoded_bytes().starts_with(prefix.as_bytes())
    })
}
