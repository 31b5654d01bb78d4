//! Findings as a code quality report of GitLab, which shows them in the merge request.

use serde::Serialize;

use super::fingerprint::fingerprints;
use super::{NO_FILE, harmless, in_order};
use crate::diagnostic::{Diagnostic, Severity};

#[derive(Serialize)]
struct Finding<'a> {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
}

/// One list with one object a finding. GitLab wants a place for each: what has none stands at the first line of
/// `voxplay.yaml`.
pub fn gitlab(findings: &[Diagnostic]) -> String {
    let findings = in_order(findings);
    let list: Vec<Finding<'_>> = findings
        .iter()
        .zip(fingerprints(&findings))
        .map(|(finding, fingerprint)| {
            let mut description = harmless(&finding.message).into_owned();
            if let Some(help) = &finding.help {
                description.push_str(". ");
                description.push_str(&harmless(help));
            }
            Finding {
                description,
                check_name: finding.code.as_str(),
                fingerprint,
                severity: match finding.severity {
                    Severity::Error => "major",
                    Severity::Warning => "minor",
                },
                location: location(finding),
            }
        })
        .collect();
    let mut text = serde_json::to_string_pretty(&list).expect("texts and numbers are always JSON");
    text.push('\n');
    text
}

fn location(finding: &Diagnostic) -> Location<'_> {
    let (path, begin) = finding.place.as_ref().map_or((NO_FILE, 1), |place| {
        let name = place.source.name();
        (name.strip_prefix("./").unwrap_or(name), place.start().line)
    });
    Location {
        path,
        lines: Lines { begin },
    }
}
