//! A file on disk → a document. Everything a file can be that is not a text in UTF-8 is said here.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: reads the files that users name"
)]

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;

use super::read::{MAX_BYTES, too_large};
use super::{Document, read};
use crate::diagnostic::{Code, Diagnostic};
use crate::draft::is_kept_by_the_system;
use crate::source::{Source, Span};

/// What to do about a text that cannot be read for no usual reason.
const OTHERWISE: &str = "check the disk or the network share it is on";

/// Reads the text of a file that people write; `shown_as` is its name in messages.
///
/// A byte order mark is no part of the source, so that spans count as editors do.
///
/// # Errors
/// `missing-file` or `unreadable-file` without a place, or with the place of the first byte that is
/// not UTF-8.
pub fn read_source(path: &Path, shown_as: &str) -> Result<Arc<Source>, Vec<Diagnostic>> {
    let bytes = bytes_of(path, shown_as).map_err(|finding| vec![finding])?;
    let text = decode(bytes, shown_as).map_err(|finding| vec![finding])?;
    Ok(Source::new(shown_as, text))
}

impl Document {
    /// Reads a YAML or JSON file; `shown_as` is its name in messages, as the user wrote it.
    ///
    /// A byte order mark is no part of the source, so that spans count as editors do.
    ///
    /// # Errors
    /// `missing-file` or `unreadable-file` without a place, or with the place of the first byte that
    /// is not UTF-8; else what [`read()`] finds.
    pub fn load(path: &Path, shown_as: &str) -> Result<Self, Vec<Diagnostic>> {
        read(&read_source(path, shown_as)?)
    }
}

fn bytes_of(path: &Path, shown_as: &str) -> Result<Vec<u8>, Diagnostic> {
    let refused = |error: io::Error| unreadable(&error, shown_as, OTHERWISE);
    let file = open_ordinary(path).map_err(refused)?;
    if file.metadata().map_err(refused)?.is_dir() {
        return Err(unreadable(
            &ErrorKind::IsADirectory.into(),
            shown_as,
            OTHERWISE,
        ));
    }
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file that is too large, also one that never ends.
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX) + 1;
    file.take(limit).read_to_end(&mut bytes).map_err(refused)?;
    if bytes.len() > MAX_BYTES {
        return Err(too_large(shown_as));
    }
    Ok(bytes)
}

/// Opens a file that can be read without waiting for somebody who writes into it. A pipe or a device that was handed over,
/// as `<(…)` and `/dev/stdin` are, has its writer, and stands under `/dev` or nowhere.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for a pipe, a socket or a device that stands in another folder; else why it cannot be opened.
pub(crate) fn open_ordinary(path: &Path) -> io::Result<File> {
    // Asked before opening: opening a pipe waits for its writer.
    let metadata = path.metadata()?;
    let is_ordinary = metadata.is_file() || metadata.is_dir();
    let stands_elsewhere = || {
        // What was handed over may have no path that leads to it.
        let real = path.canonicalize();
        real.is_ok_and(|real| !is_kept_by_the_system(&real))
    };
    if !is_ordinary && !path.starts_with("/dev/fd") && stands_elsewhere() {
        return Err(ErrorKind::Unsupported.into());
    }
    File::open(path)
}

/// The text of such a file.
///
/// # Errors
/// As for [`open_ordinary`], and where it is no text in UTF-8.
pub(crate) fn ordinary_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    open_ordinary(path)?.read_to_string(&mut text)?;
    Ok(text)
}

/// What is said of such a file, and what to do.
pub(crate) const NOT_ORDINARY: (&str, &str) = (
    "no ordinary file",
    "write what comes out of it into a file first, and name that one",
);

/// Why a file could not be read, and what to do; `otherwise` is the advice where the reason is none of the
/// usual ones.
pub(crate) fn unreadable(error: &io::Error, shown_as: &str, otherwise: &'static str) -> Diagnostic {
    let (code, message, help) = match error.kind() {
        ErrorKind::NotFound => (
            Code::MissingFile,
            format!("there is no file {shown_as}"),
            "check the name and the folder you are in",
        ),
        ErrorKind::IsADirectory => (
            Code::UnreadableFile,
            format!("{shown_as} is a folder"),
            "name a file in it",
        ),
        ErrorKind::Unsupported => (
            Code::UnreadableFile,
            format!("{shown_as} is {}", NOT_ORDINARY.0),
            NOT_ORDINARY.1,
        ),
        ErrorKind::PermissionDenied => (
            Code::UnreadableFile,
            format!("you may not read {shown_as}"),
            "ask its owner for the permission to read it",
        ),
        _ => (
            Code::UnreadableFile,
            format!("{shown_as} cannot be read: {error}"),
            otherwise,
        ),
    };
    Diagnostic::error(code, message).help(help)
}

fn decode(bytes: Vec<u8>, shown_as: &str) -> Result<String, Diagnostic> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let unit = match bytes[0] {
            0xff => u16::from_le_bytes,
            _ => u16::from_be_bytes,
        };
        let units = bytes[2..].chunks_exact(2);
        let units: Vec<u16> = units.map(|pair| unit([pair[0], pair[1]])).collect();
        let shown = Source::new(shown_as, String::from_utf16_lossy(&units));
        return Err(Diagnostic::error(
            Code::UnreadableFile,
            format!("{shown_as} is written in UTF-16, and only UTF-8 can be read"),
        )
        .at(&shown, Span::new(0, 0))
        .help("save it as UTF-8: editors offer that beside the name, under \"encoding\""));
    }
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.into_bytes();
        // The source of the finding is what can be read, so that the line can be shown.
        let shown = Source::new(shown_as, String::from_utf8_lossy(&bytes));
        Diagnostic::error(
            Code::UnreadableFile,
            format!("{shown_as} is not UTF-8: byte {at} is 0x{:02X}", bytes[at]),
        )
        .at(&shown, Span::new(at, at + '\u{fffd}'.len_utf8()))
        .help("save it as UTF-8; older programs on Windows write other encodings")
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(bytes: &[u8]) -> Result<Document, Vec<Diagnostic>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("play.yaml");
        std::fs::write(&path, bytes).unwrap();
        Document::load(&path, "play.yaml")
    }

    fn finding(result: Result<Document, Vec<Diagnostic>>) -> Diagnostic {
        let mut findings = result.unwrap_err();
        assert_eq!(findings.len(), 1, "{findings:?}");
        findings.remove(0)
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_source() {
        let document = load("\u{feff}a: ñ".as_bytes()).unwrap();
        assert_eq!(document.source.text(), "a: ñ");
        assert_eq!(
            document.source.slice(document.root.get("a").unwrap().span),
            "ñ"
        );
    }

    #[test]
    fn what_is_not_utf_8_is_shown_at_its_place() {
        let finding = finding(load(b"a: 1\nname: Mu\xf1oz\n"));
        assert_eq!(finding.code, Code::UnreadableFile);
        assert_eq!(finding.message, "play.yaml is not UTF-8: byte 13 is 0xF1");
        assert_eq!(finding.place.unwrap().to_string(), "play.yaml:2:9");
    }

    #[test]
    fn utf_16_is_recognised() {
        for bytes in [b"\xff\xfea\0:\0", b"\xfe\xff\0a\0:"] {
            let finding = finding(load(bytes));
            assert!(finding.message.contains("UTF-16"));
            let place = finding.place.unwrap();
            assert_eq!(
                (place.to_string().as_str(), place.source.text()),
                ("play.yaml:1:1", "a:")
            );
        }
    }

    /// Opening it would wait for ever.
    #[cfg(unix)]
    #[test]
    fn a_pipe_in_a_folder_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe.yaml");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let refused = finding(Document::load(&path, "pipe.yaml"));
        assert_eq!(refused.message, "pipe.yaml is no ordinary file");
        assert_eq!(
            open_ordinary(Path::new("/dev/null"))
                .err()
                .map(|it| it.kind()),
            None
        );
    }

    #[test]
    fn missing_files_folders_and_large_files() {
        let folder = tempfile::tempdir().unwrap();
        let missing = finding(Document::load(&folder.path().join("x"), "x"));
        assert_eq!(missing.code, Code::MissingFile);
        let not_a_file = finding(Document::load(folder.path(), "f"));
        assert_eq!(not_a_file.message, "f is a folder");
        let large = finding(load(&vec![b'a'; MAX_BYTES + 1]));
        assert_eq!(large.message, "play.yaml is larger than 16 MiB");
    }
}
