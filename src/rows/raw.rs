//! What stood in the file where a row cannot be read: kept for its account, so that a person can put the row right
//! with nothing lost.

use std::fmt::Write as _;

use crate::secret::Masker;

/// How much of a row an account keeps, in bytes; what is longer is no row that a person would mend there.
pub(super) const MAX_RAW_BYTES: usize = 64 * 1024;

/// How much is kept until it is masked: a secret across the end of what is kept would not be found.
pub(super) const READ_BYTES: usize = 2 * MAX_RAW_BYTES;

/// The text of a row as it stands in the file, without its line end, or its beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Raw {
    text: String,
    is_whole: bool,
}

impl Raw {
    /// Of the first bytes of a row, at least [`READ_BYTES`] where it has as many. What an account could not be read
    /// with again, bytes that are not UTF-8 and zeros, is spelled `\xF1`.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let is_whole = bytes.len() < READ_BYTES;
        let bytes = &bytes[..bytes.len().min(READ_BYTES)];
        let end = bytes.trim_ascii_end().len();
        let ended = bytes[end..]
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'));
        let mut text = String::with_capacity(bytes.len());
        for chunk in bytes[..ended.map_or(bytes.len(), |at| end + at)].utf8_chunks() {
            for letter in chunk.valid().chars() {
                match letter {
                    '\0' => text.push_str("\\x00"),
                    '\u{fffd}' => text.push_str("\\u{FFFD}"),
                    letter => text.push(letter),
                }
            }
            for byte in chunk.invalid() {
                let _ = write!(text, "\\x{byte:02X}");
            }
        }
        Self { text, is_whole }
    }

    /// Of cells, as a line of CSV.
    pub(super) fn of_cells<'c>(cells: impl Iterator<Item = &'c [u8]>) -> Self {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let line = writer.write_record(cells).and_then(|()| {
            writer
                .into_inner()
                .map_err(|error| error.into_error().into())
        });
        Self::of(&line.expect("memory takes what is written into it"))
    }

    /// What an earlier account kept.
    pub(super) fn kept(text: &str) -> Self {
        Self::of(text.as_bytes())
    }

    /// Covers what is secret.
    pub(super) fn mask(&mut self, masker: &Masker) {
        self.text = masker.mask(&self.text).into_owned();
    }

    /// What an account keeps of it, and whether that is all.
    pub(super) fn bounded(&self) -> (&str, bool) {
        let end = self.text.floor_char_boundary(MAX_RAW_BYTES);
        (&self.text[..end], self.is_whole && end == self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_account_may_hold_is_spelled() {
        for (bytes, text) in [
            (&b"1;\"a\"b \r\n"[..], "1;\"a\"b "),
            (b"Mu\xf1oz;\0\n", "Mu\\xF1oz;\\x00"),
            ("a\u{fffd}b".as_bytes(), "a\\u{FFFD}b"),
            ("año\n\"x\ny\"\n\n".as_bytes(), "año\n\"x\ny\""),
            (b"", ""),
        ] {
            assert_eq!(Raw::of(bytes).bounded(), (text, true));
        }
    }

    #[test]
    fn what_is_long_is_cut_where_no_letter_and_no_secret_is_torn() {
        let (text, is_whole) = ("ñ".repeat(40_000), "x".repeat(MAX_RAW_BYTES));
        assert_eq!(Raw::of(is_whole.as_bytes()).bounded(), (&*is_whole, true));
        let raw = Raw::of(text.as_bytes());
        let (kept, is_whole) = raw.bounded();
        assert!(kept.len() == MAX_RAW_BYTES && !is_whole);
        let across = format!("{}s3cret-s3cret;rest", "x".repeat(MAX_RAW_BYTES - 4));
        let mut raw = Raw::of(across.as_bytes());
        raw.mask(&Masker::new([crate::secret::Secret::new(
            "s3cret-s3cret".to_owned(),
        )]));
        assert!(!raw.bounded().0.contains("s3"));
    }
}
