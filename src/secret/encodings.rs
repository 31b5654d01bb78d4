//! The forms in which a text may stand in another text, beyond how its characters are spelled. Knows nothing of
//! masking.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// A base64 form shorter than this says too little to be looked for: it would match by chance.
const SHORTEST_DERIVED: usize = 4;

/// Adds every form of `secret` to `forms`; none if it is empty.
pub(super) fn of(secret: &str, forms: &mut BTreeSet<String>) {
    if secret.is_empty() {
        return;
    }
    forms.insert(secret.to_owned());
    in_shell(secret, forms);
    let mut derived = BTreeSet::new();
    in_base64(secret.as_bytes(), &mut derived);
    forms.extend(
        derived
            .into_iter()
            .filter(|form| form.len() >= SHORTEST_DERIVED),
    );
}

/// Inside single quotes a single quote is left out, quoted by itself: `'\''` or `'"'"'`.
fn in_shell(secret: &str, forms: &mut BTreeSet<String>) {
    forms.insert(secret.replace('\'', r"'\''"));
    forms.insert(secret.replace('\'', r#"'"'"'"#));
}

/// Base64 turns three bytes into four characters, so a secret inside a longer text has one of three shapes, by how
/// many bytes stand before it. Only characters made of nothing but the secret's bits are looked for; at the end of
/// a text the last one is filled up with zero bits and may be followed by padding.
fn in_base64(secret: &[u8], forms: &mut BTreeSet<String>) {
    for before in 0..3_usize {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(secret);
        let first = (before * 8).div_ceil(6);
        let inside = bytes.len() * 8 / 6;
        for encoded in [
            STANDARD_NO_PAD.encode(&bytes),
            URL_SAFE_NO_PAD.encode(&bytes),
        ] {
            let padding = "=".repeat((4 - encoded.len() % 4) % 4);
            forms.insert(encoded.get(first..inside).unwrap_or_default().to_owned());
            let at_end = encoded.get(first..).unwrap_or_default();
            forms.insert(at_end.to_owned());
            forms.insert(format!("{at_end}{padding}"));
        }
    }
}
