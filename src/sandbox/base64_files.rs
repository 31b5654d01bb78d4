//! A file inside JSON → what the sandbox keeps of it. The vendor's sources show three forms: bare base64, a data address,
//! and an HTML fragment with a data address and a name. Knows no call.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::body::{FileSeen, hex};

/// Reads a file from a text; `number` is its place in the list, for a name where the text has none. `None` where the
/// text is no base64.
pub(super) fn read(text: &str, number: usize) -> Option<FileSeen> {
    let address = text.find("data:").map(|at| &text[at..]);
    let (content_type, base64) = match address {
        Some(address) => {
            let (head, rest) = address.split_once(";base64,")?;
            let end = rest.find(['\'', '"', ' ', '>']).unwrap_or(rest.len());
            (head.strip_prefix("data:"), &rest[..end])
        }
        None => (None, text.trim()),
    };
    let bytes = STANDARD.decode(base64).ok()?;
    let name = attribute(text, "download").or_else(|| attribute(text, "alt"));
    Some(FileSeen {
        name: name.map_or_else(|| format!("attachment-{number}"), str::to_owned),
        content_type: content_type.map(str::to_owned),
        size: bytes.len() as u64,
        sha256: hex(&Sha256::digest(&bytes)),
    })
}

/// The value of an attribute of an HTML fragment.
fn attribute<'a>(html: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = html.split_once(&format!("{name}="))?;
    let quote = rest.chars().next().filter(|quote| "'\"".contains(*quote))?;
    rest[1..]
        .split(quote)
        .next()
        .filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_forms_are_the_same_file() {
        let html = "<a href='data:image/png;base64,aGVsbG8=' download='a b.png'> <img style='max-height: 200px' src='data:image/png;base64,aGVsbG8=' alt='a b.png'> </a>";
        for (text, name, kind) in [
            ("aGVsbG8=", "attachment-1", None),
            (
                "data:image/png;base64,aGVsbG8=",
                "attachment-1",
                Some("image/png"),
            ),
            (html, "a b.png", Some("image/png")),
        ] {
            let file = read(text, 1).unwrap();
            assert_eq!(
                (file.name.as_str(), file.content_type.as_deref(), file.size),
                (name, kind, 5)
            );
            assert!(file.sha256.starts_with("2cf24dba5fb0a30e"), "{text}");
        }
        for text in ["not base64", "data:image/png,aGVsbG8=", "<b>x</b>"] {
            assert!(read(text, 1).is_none(), "{text}");
        }
    }
}
