//! What a file is that a request carries: where, how long, which digest, which media type; never its bytes.
//! Does not know how it is sent, nor whether a playbook may name it.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: a file is read once, to digest it"
)]

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::ser::{Serialize, SerializeStruct, Serializer};
use sha2::{Digest, Sha256};

/// Bytes read at a time.
const CHUNK: usize = 64 * 1024;

/// A file as it was when it was described. Serialises as `name`, `size`, `sha256` (hexadecimal) and `media_type`:
/// nothing that differs between two machines with the same file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    path: PathBuf,
    name: String,
    size: u64,
    sha256: [u8; 32],
    media_type: String,
    modified: Option<SystemTime>,
}

impl Attachment {
    /// Reads the file once, in pieces, and says what it is. Blocks while it reads.
    ///
    /// # Errors
    /// The file is missing or unreadable, is not a regular file (a pipe would be used up by looking at it), or its
    /// length changed meanwhile.
    pub fn describe(path: &Path) -> io::Result<Self> {
        let resolved = path.canonicalize()?;
        // Asked before opening: opening a pipe waits for its writer.
        if !resolved.metadata()?.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "not a regular file",
            ));
        }
        let mut file = File::open(&resolved)?;
        let before = file.metadata()?;
        let (size, sha256) = digest(&mut file)?;
        if size != before.len() {
            return Err(io::Error::other("the file changed while it was being read"));
        }
        let name = path
            .file_name()
            .or_else(|| resolved.file_name())
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let media_type = mime_guess::from_path(&name)
            .first_or_octet_stream()
            .essence_str()
            .to_owned();
        Ok(Self {
            path: resolved,
            name,
            size,
            sha256,
            media_type,
            modified: before.modified().ok(),
        })
    }

    /// The absolute path, symbolic links resolved.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file name that the CRM is told: the last part of the path as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Length in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// SHA-256 of the bytes.
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// SHA-256 of the bytes in lower-case hexadecimal.
    pub fn sha256_hex(&self) -> String {
        hex(&self.sha256)
    }

    /// The media type that the extension of the name suggests, `application/octet-stream` when it suggests none.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// When the file was last changed, where the file system says so. The same time and size mean the same bytes.
    pub fn modified(&self) -> Option<SystemTime> {
        self.modified
    }

    /// Whether what `bytes` gives from here to its end is what was described.
    pub fn is_still(&self, bytes: &mut impl Read) -> io::Result<bool> {
        Ok(digest(bytes)? == (self.size, self.sha256))
    }
}

impl Serialize for Attachment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Attachment", 4)?;
        fields.serialize_field("name", &self.name)?;
        fields.serialize_field("size", &self.size)?;
        fields.serialize_field("sha256", &self.sha256_hex())?;
        fields.serialize_field("media_type", &self.media_type)?;
        fields.end()
    }
}

/// Whether a text can name a field or a file of a form: a control character would end its header early.
pub fn fits_a_header(name: &str) -> bool {
    !name.chars().any(char::is_control)
}

fn digest(bytes: &mut impl Read) -> io::Result<(u64, [u8; 32])> {
    let mut digest = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    let mut size = 0;
    loop {
        match bytes.read(&mut chunk) {
            Ok(0) => return Ok((size, digest.finalize().into())),
            Ok(read) => {
                digest.update(&chunk[..read]);
                size += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_size_digest_type_and_not_where_it_lies() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Informe \"año\".PDF");
        std::fs::write(&path, b"abc").unwrap();
        let attachment = Attachment::describe(&path).unwrap();
        let json = serde_json::to_value(&attachment).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "name": "Informe \"año\".PDF",
                "size": 3,
                "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                "media_type": "application/pdf",
            })
        );
        assert!(attachment.path().is_absolute());
        assert!(attachment.modified().is_some());
    }

    #[test]
    fn an_unknown_extension_is_plain_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("noextension");
        std::fs::write(&path, vec![7; CHUNK * 2 + 1]).unwrap();
        let attachment = Attachment::describe(&path).unwrap();
        assert_eq!(
            (attachment.media_type(), attachment.size()),
            ("application/octet-stream", CHUNK as u64 * 2 + 1)
        );
        assert!(
            attachment
                .is_still(&mut File::open(&path).unwrap())
                .unwrap()
        );
        assert!(!attachment.is_still(&mut &b"other"[..]).unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_keeps_its_own_name_and_points_at_the_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("real.bin"), b"x").unwrap();
        std::os::unix::fs::symlink("real.bin", folder.path().join("scan.jpg")).unwrap();
        let attachment = Attachment::describe(&folder.path().join("scan.jpg")).unwrap();
        assert_eq!(
            (attachment.name(), attachment.media_type()),
            ("scan.jpg", "image/jpeg")
        );
        assert!(attachment.path().ends_with("real.bin"));
    }

    #[test]
    fn a_folder_and_a_missing_file_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            Attachment::describe(folder.path()).unwrap_err().kind(),
            io::ErrorKind::InvalidInput
        );
        assert_eq!(
            Attachment::describe(&folder.path().join("none"))
                .unwrap_err()
                .kind(),
            io::ErrorKind::NotFound
        );
    }
}
