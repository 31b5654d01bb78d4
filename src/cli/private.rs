//! Whether secret inputs are still what they were when a run began. The journal keeps digests of them under a key of
//! the state folder: who has the journal alone cannot find a short secret by trying.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::fingerprints;
use super::open::shown;
use super::prepare::Prepared;
use crate::attachment::hex;
use crate::diagnostic::{Code, Diagnostic};
use crate::event::{PrivatePrints, RunStarted};
use crate::secret::Masker;

/// The file of the key, in the state folder.
const FILE: &str = "key";
/// No key is shorter, in bytes.
const LEAST: usize = 32;

/// Writes down of a run what its secret inputs are, and the lists that show secrets.
///
/// # Errors
/// Where the key cannot be read, or made where there is none yet.
pub(super) fn keep(
    started: &mut RunStarted,
    prepared: &Prepared,
    state: &Path,
    masker: &Masker,
) -> Result<(), Diagnostic> {
    started.private = prints(prepared, &started.fingerprints, state, masker)?.map(Box::new);
    Ok(())
}

/// Digests of what is secret in a run, and so is not among the `open` ones; none where nothing is.
fn prints(
    prepared: &Prepared,
    open: &BTreeMap<String, String>,
    state: &Path,
    masker: &Masker,
) -> Result<Option<PrivatePrints>, Diagnostic> {
    let values: Vec<_> = fingerprints::values(&prepared.plan, &prepared.inputs)
        .filter(|(_, is_secret, _)| *is_secret)
        .collect();
    let (plan, rehearsal) = (&prepared.plan, &prepared.rehearsal);
    let lists = fingerprints::secret_lists(plan, rehearsal, open, masker);
    if values.is_empty() && lists.is_empty() {
        return Ok(None);
    }
    let key = key(state).map_err(|error| {
        let path = shown(&state.join(FILE));
        Diagnostic::error(
            Code::StateFolder,
            format!("the key {path} cannot be used: {error}"),
        )
        .help("make the state folder writable, or name another with --state-dir")
    })?;
    Ok(Some(PrivatePrints {
        key: digest(&key, "the key itself"),
        inputs: values
            .into_iter()
            .map(|(name, _, value)| (name, digest(&key, &value.to_json_text())))
            .collect::<BTreeMap<_, _>>(),
        data: lists
            .into_iter()
            .map(|(name, list)| (name, digest(&key, &list)))
            .collect(),
    }))
}

/// What has changed of the secret inputs since a run began, each in a few words.
pub(super) fn changes(earlier: &RunStarted, now: &RunStarted) -> Vec<String> {
    // A run that an older voxplay began says nothing of them.
    let (Some(before), Some(after)) = (&earlier.private, &now.private) else {
        return Vec::new();
    };
    let names = before
        .inputs
        .keys()
        .filter(|name| after.inputs.contains_key(*name));
    if before.key != after.key {
        return names
            .map(|name| {
                format!("the secret input {name}, perhaps (the state folder has another key now, so nobody can tell)")
            })
            .collect();
    }
    names
        .filter(|name| before.inputs.get(*name) != after.inputs.get(*name))
        .map(|name| format!("the secret input {name}"))
        .collect()
}

/// A digest that nobody can make, and so compare with a guess, without the key.
fn digest(key: &[u8], text: &str) -> String {
    let keyed = |part: &[u8]| {
        Sha256::new()
            .chain_update(key)
            .chain_update(part)
            .finalize()
    };
    hex(&keyed(&keyed(text.as_bytes())))
}

/// The key of a state folder, which is there; made at the first use.
fn key(state: &Path) -> std::io::Result<Vec<u8>> {
    let path = state.join(FILE);
    if !path.exists() {
        // Under another name first, so that nobody ever reads a half of it; who comes second takes the first one's.
        let draft = state.join(format!("{FILE}.{}", std::process::id()));
        let written = private(&draft).and_then(|mut file| {
            file.write_all(new_key().as_bytes())?;
            file.sync_all()
        });
        let linked = written.and_then(|()| match std::fs::hard_link(&draft, &path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            // Not every file system has links.
            Err(_) => std::fs::rename(&draft, &path),
            Ok(()) => Ok(()),
        });
        let _ = std::fs::remove_file(&draft);
        linked?;
    }
    let mut key = Vec::new();
    OpenOptions::new()
        .read(true)
        .open(&path)?
        .read_to_end(&mut key)?;
    if key.len() < LEAST {
        return Err(std::io::Error::new(
            ErrorKind::InvalidData,
            "it is too short",
        ));
    }
    Ok(key)
}

fn private(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Two random UUIDs have 244 bits that nobody can guess: all of them are drawn from the system, as those of the ids that
/// sort by time are not.
fn new_key() -> String {
    let mut digest = Sha256::new();
    for _ in 0..2 {
        digest.update(uuid::Uuid::new_v4().as_bytes());
    }
    hex(&digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let first = key(folder.path()).unwrap();
        assert_eq!(key(folder.path()).unwrap(), first);
        assert_ne!(key(tempfile::tempdir().unwrap().path()).unwrap(), first);
        assert_ne!(digest(&first, "1234"), hex(&Sha256::digest("1234")));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = folder
                .path()
                .join(FILE)
                .metadata()
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }
}
