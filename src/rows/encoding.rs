//! In which encoding a text file is, judged by its beginning, and its bytes as UTF-8.
//!
//! A byte order mark decides. Without one, a text with a zero in every other byte is UTF-16; a text
//! that is UTF-8 to its end is UTF-8; else it is windows-1252, unless there are as many well-formed characters of
//! several bytes as bytes that fit nowhere, or more: then it is a damaged UTF-8 file. All of it is looked at before the
//! first row, so that no row is sent before an accent further down is found to be another; what was decided holds for the
//! whole file: a byte that does not fit makes its row an error, and never changes how the others are read.

use std::io::{self, BufRead, Read};

use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How many bytes of the beginning are looked at together, at most: for marks, zeros, and what stands between cells.
pub(super) const SAMPLE_BYTES: u64 = 128 * 1024;

/// An encoding that data files come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
    Windows1252,
}

/// What a file begins with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Detected {
    pub(super) encoding: Encoding,
    /// Length of the byte order mark.
    pub(super) mark: usize,
}

/// Finds the encoding of a text that begins with `sample`.
///
/// # Errors
/// UTF-32, which nothing writes by accident and browsers have given up.
pub(super) fn detect(sample: &[u8]) -> Result<Detected, &'static str> {
    if sample.starts_with(&[0xff, 0xfe, 0, 0]) || sample.starts_with(&[0, 0, 0xfe, 0xff]) {
        return Err("UTF-32");
    }
    let marks: [(&[u8], Encoding); 3] = [
        (&[0xef, 0xbb, 0xbf], Encoding::Utf8),
        (&[0xff, 0xfe], Encoding::Utf16Le),
        (&[0xfe, 0xff], Encoding::Utf16Be),
    ];
    for (mark, encoding) in marks {
        if sample.starts_with(mark) {
            let mark = mark.len();
            return Ok(Detected { encoding, mark });
        }
    }
    let encoding = without_mark(sample);
    Ok(Detected { encoding, mark: 0 })
}

fn without_mark(sample: &[u8]) -> Encoding {
    let zeros = |from: usize| {
        sample
            .iter()
            .skip(from)
            .step_by(2)
            .filter(|byte| **byte == 0)
            .count()
    };
    let (high_first, low_first) = (zeros(0), zeros(1));
    // Latin letters have a zero half; stray zeros in another encoding fall on both halves or are few.
    let is_most = |count: usize| count * 4 > sample.len() && sample.len() >= 4;
    if is_most(low_first) && high_first * 20 < low_first {
        return Encoding::Utf16Le;
    }
    if is_most(high_first) && low_first * 20 < high_first {
        return Encoding::Utf16Be;
    }
    let mut census = Census::default();
    census.take(sample);
    census.encoding()
}

/// What the bytes of a text are as UTF-8, counted piece by piece.
#[derive(Debug, Default)]
struct Census {
    /// Characters of several bytes.
    fitting: u64,
    /// Bytes that fit nowhere.
    stray: u64,
    /// The beginning of a character that the last piece has ended in.
    begun: Vec<u8>,
}

impl Census {
    fn take(&mut self, piece: &[u8]) {
        let mut bytes = std::mem::take(&mut self.begun);
        let mut rest = if bytes.is_empty() {
            piece
        } else {
            bytes.extend_from_slice(piece);
            bytes.as_slice()
        };
        loop {
            let (valid, bad) = match std::str::from_utf8(rest) {
                Ok(text) => (text, None),
                Err(error) => {
                    let valid = std::str::from_utf8(&rest[..error.valid_up_to()])
                        .expect("the reader has found this part valid");
                    (valid, Some(error.error_len()))
                }
            };
            if !valid.is_ascii() {
                let several = valid.chars().filter(|letter| !letter.is_ascii());
                self.fitting += several.count() as u64;
            }
            rest = &rest[valid.len()..];
            match bad {
                Some(Some(bad)) => {
                    self.stray += bad as u64;
                    rest = &rest[bad..];
                }
                // The piece ends inside a character.
                Some(None) => {
                    self.begun = rest.to_vec();
                    return;
                }
                None => return,
            }
        }
    }

    const fn encoding(&self) -> Encoding {
        if self.stray == 0 || self.fitting >= self.stray {
            Encoding::Utf8
        } else {
            Encoding::Windows1252
        }
    }
}

/// Whether a text without a mark is UTF-8 or windows-1252, judged by all of it: the first accent may stand a long way
/// down. Reads it in pieces.
pub(super) fn of_whole(text: &mut impl Read) -> io::Result<Encoding> {
    let mut census = Census::default();
    let mut piece = vec![0; CHUNK];
    loop {
        let read = text.read(&mut piece)?;
        if read == 0 {
            return Ok(census.encoding());
        }
        census.take(&piece[..read]);
    }
}

impl Encoding {
    /// Whether two bytes, or four, make a character.
    pub(super) const fn is_utf_16(self) -> bool {
        matches!(self, Self::Utf16Le | Self::Utf16Be)
    }

    /// The text of `bytes` as UTF-8. Bytes of a UTF-8 file pass as they are, right or wrong; where other
    /// encodings have something impossible, U+FFFD stands.
    pub(super) fn read<R: Read + Send + 'static>(self, bytes: R) -> Box<dyn BufRead + Send> {
        let decoder = match self {
            Self::Utf8 => return Box::new(io::BufReader::with_capacity(CHUNK, bytes)),
            Self::Utf16Le => UTF_16LE.new_decoder_without_bom_handling(),
            Self::Utf16Be => UTF_16BE.new_decoder_without_bom_handling(),
            Self::Windows1252 => WINDOWS_1252.new_decoder_without_bom_handling(),
        };
        Box::new(Decoded {
            bytes: io::BufReader::with_capacity(CHUNK, bytes),
            decoder,
            text: vec![0; CHUNK],
            at: 0,
            end: 0,
            is_done: false,
        })
    }
}

/// Bytes read at a time.
const CHUNK: usize = 64 * 1024;

struct Decoded<R: Read> {
    bytes: io::BufReader<R>,
    decoder: Decoder,
    text: Vec<u8>,
    at: usize,
    end: usize,
    is_done: bool,
}

impl<R: Read> BufRead for Decoded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at == self.end && !self.is_done {
            let bytes = self.bytes.fill_buf()?;
            let is_last = bytes.is_empty();
            let (result, read, written, _) =
                self.decoder.decode_to_utf8(bytes, &mut self.text, is_last);
            self.bytes.consume(read);
            self.at = 0;
            self.end = written;
            self.is_done = is_last && result == CoderResult::InputEmpty;
        }
        Ok(&self.text[self.at..self.end])
    }

    fn consume(&mut self, count: usize) {
        self.at = self.end.min(self.at + count);
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut text = self.fill_buf()?;
        let count = text.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoding(sample: &[u8]) -> Encoding {
        detect(sample).unwrap().encoding
    }

    #[test]
    fn the_mark_decides() {
        assert_eq!(detect(b"\xef\xbb\xbfa\xf1").unwrap().mark, 3);
        assert_eq!(encoding(b"\xef\xbb\xbfa\xf1"), Encoding::Utf8);
        assert_eq!(encoding(b"\xff\xfea\0"), Encoding::Utf16Le);
        assert_eq!(encoding(b"\xfe\xff\0a"), Encoding::Utf16Be);
        assert_eq!(detect(b"\xff\xfe\0\0a\0\0\0"), Err("UTF-32"));
    }

    #[test]
    fn without_a_mark_the_text_decides() {
        assert_eq!(encoding(b""), Encoding::Utf8);
        assert_eq!(encoding(b"id;name"), Encoding::Utf8);
        assert_eq!(encoding("Muñoz".as_bytes()), Encoding::Utf8);
        assert_eq!(encoding(b"Mu\xf1oz"), Encoding::Windows1252);
        assert_eq!(encoding(b"i\0d\0;\0n\0\xf1\0"), Encoding::Utf16Le);
        assert_eq!(encoding(b"\0i\0d\0;\0n\0\xf1"), Encoding::Utf16Be);
        // Characters may be cut by the end of a piece.
        let mut census = Census::default();
        for byte in "Mu\u{f1}oz \u{20ac}".as_bytes() {
            census.take(&[*byte]);
        }
        assert_eq!((census.fitting, census.stray), (2, 0));
        // A stray zero is not UTF-16, and a sample may end inside a character.
        assert_eq!(encoding(b"id;na\0me;phone"), Encoding::Utf8);
        assert_eq!(encoding(b"Mu\xc3"), Encoding::Utf8);
    }

    #[test]
    fn one_bad_byte_does_not_turn_a_utf_8_file_into_another() {
        assert_eq!(
            encoding("Muñoz, Peña, Núñez \u{0}".replace('\0', "x").as_bytes()),
            Encoding::Utf8
        );
        let mut text = "Muñoz, Peña, Núñez".as_bytes().to_vec();
        text.push(0xf1);
        text.push(b'a');
        assert_eq!(encoding(&text), Encoding::Utf8);
        // What is written in both fails where it is neither, and is not sent in a spelling that nobody wrote.
        assert_eq!(encoding(b"Mu\xc3\xb1oz\nPe\xf1a\n"), Encoding::Utf8);
    }
}
