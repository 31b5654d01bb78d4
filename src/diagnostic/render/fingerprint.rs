//! What makes a finding the same finding after the lines above it have changed.

use std::collections::HashMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::diagnostic::Diagnostic;

/// A fingerprint for each finding, in 32 hexadecimal digits: of its code, file, message and the text of its
/// line, and of how many like it stand before it. The number of the line is no part of it.
pub(super) fn fingerprints(findings: &[&Diagnostic]) -> Vec<String> {
    let mut seen: HashMap<String, u32> = HashMap::new();
    findings
        .iter()
        .map(|finding| {
            let content = content(finding);
            let before = seen.entry(content.clone()).or_default();
            let digest = Sha256::digest(format!("{content}\0{before}").as_bytes());
            *before += 1;
            digest.iter().take(16).fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            })
        })
        .collect()
}

fn content(finding: &Diagnostic) -> String {
    let (file, line) = finding.place.as_ref().map_or(("", ""), |place| {
        let at = place.start().line - 1;
        let line = place.source.text().lines().nth(at);
        (place.source.name(), line.unwrap_or_default().trim())
    });
    [finding.code.as_str(), file, &finding.message, line].join("\0")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::source::{Source, Span};

    fn finding(text: &str) -> Diagnostic {
        let source = Source::new("a.yaml", text);
        let start = text.find("modul").unwrap();
        Diagnostic::error(Code::UnknownKey, "unknown key").at(&source, Span::new(start, start + 5))
    }

    #[test]
    fn a_line_above_changes_nothing_and_a_second_one_differs() {
        let (one, moved) = (finding("  modul: x\n"), finding("# new\n  modul: x\n"));
        let first = fingerprints(&[&one]);
        assert_eq!(first, fingerprints(&[&moved]));
        let twice = fingerprints(&[&one, &moved]);
        assert_eq!(twice[0], first[0]);
        assert_ne!(twice[0], twice[1]);
        assert_ne!(fingerprints(&[&finding("modul: y")]), first);
    }
}
