//! Findings as SARIF 2.1.0 (OASIS, 2020), which GitHub code scanning and editors read.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Serialize;

use super::fingerprint::fingerprints;
use super::{NO_FILE, harmless, in_order};
use crate::diagnostic::{Diagnostic, Place};
use crate::source::Source;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
struct Rule {
    id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: [Location<'a>; 1],
    partial_fingerprints: Fingerprints,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "voxplay/v1")]
    first: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    physical_location: PhysicalLocation<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation<'a> {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region<'a>>,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

/// Lines and columns from 1; columns in UTF-16 code units, the end after the last character.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region<'a> {
    start_line: usize,
    #[serde(flatten)]
    columns: Option<Columns>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<RegionMessage<'a>>,
}

/// What is not known in a file whose text is not here.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Columns {
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
struct RegionMessage<'a> {
    text: std::borrow::Cow<'a, str>,
}

/// One log with one run. The names in it are the user's, as relative references where they are relative.
pub fn sarif(findings: &[Diagnostic]) -> String {
    let findings = in_order(findings);
    let rules: BTreeSet<&'static str> = findings.iter().map(|it| it.code.as_str()).collect();
    let rules: Vec<&'static str> = rules.into_iter().collect();
    let results = findings
        .iter()
        .zip(fingerprints(&findings))
        .map(|(finding, fingerprint)| result(finding, fingerprint, &rules))
        .collect();
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "voxplay",
                    version: env!("CARGO_PKG_VERSION"),
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    rules: rules.iter().map(|id| Rule { id }).collect(),
                },
            },
            column_kind: "utf16CodeUnits",
            results,
        }],
    };
    let mut text = serde_json::to_string_pretty(&log).expect("texts and numbers are always JSON");
    text.push('\n');
    text
}

fn result<'a>(finding: &'a Diagnostic, fingerprint: String, rules: &[&'static str]) -> Finding<'a> {
    let rule_id = finding.code.as_str();
    let mut text = harmless(&finding.message).into_owned();
    if let Some(help) = &finding.help {
        text.push_str(". ");
        text.push_str(&harmless(help));
    }
    Finding {
        rule_id,
        rule_index: rules
            .binary_search(&rule_id)
            .expect("the rules are made of the findings"),
        level: finding.severity.as_str(),
        message: Message { text },
        locations: [finding
            .place
            .as_ref()
            .map_or_else(nowhere, |place| location(place, finding.label.as_deref()))],
        partial_fingerprints: Fingerprints { first: fingerprint },
    }
}

/// Code scanning wants a place for each finding: what has none stands in `voxplay.yaml`.
fn nowhere<'a>() -> Location<'a> {
    in_file(NO_FILE, None)
}

fn in_file<'a>(name: &str, region: Option<Region<'a>>) -> Location<'a> {
    Location {
        physical_location: PhysicalLocation {
            artifact_location: Artifact {
                uri: reference(name),
            },
            region,
        },
    }
}

fn location<'a>(place: &Place, label: Option<&'a str>) -> Location<'a> {
    let region = if place.source.is_unread() {
        place.source.only_line().map(|start_line| Region {
            start_line,
            columns: None,
            message: None,
        })
    } else {
        let (start_line, start_column) = utf16(&place.source, place.span.start);
        let (end_line, end_column) = utf16(&place.source, place.span.end);
        Some(Region {
            start_line,
            columns: Some(Columns {
                start_column,
                end_line,
                end_column,
            }),
            message: label.map(|label| RegionMessage {
                text: harmless(label),
            }),
        })
    };
    in_file(place.source.name(), region)
}

/// Line and column of a byte, the column in UTF-16 code units.
fn utf16(source: &Source, offset: usize) -> (usize, usize) {
    let position = source.position(offset);
    let line = source
        .text()
        .lines()
        .nth(position.line - 1)
        .unwrap_or_default();
    let before = line.chars().take(position.column - 1);
    let units: usize = before.map(char::len_utf16).sum();
    (position.line, units + 1)
}

/// A path as the reference that RFC 3986 makes of it.
fn reference(path: &str) -> String {
    let mut shown = String::with_capacity(path.len());
    let path = path.strip_prefix("./").unwrap_or(path);
    let begin = if path.starts_with('/') { "file://" } else { "" };
    shown.push_str(begin);
    for byte in path.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=@".contains(&byte);
        if is_plain {
            shown.push(char::from(byte));
        } else if byte == b'\\' {
            shown.push('/');
        } else {
            let _ = write!(shown, "%{byte:02X}");
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::source::Span;

    #[test]
    fn columns_count_utf16_code_units() {
        let source = Source::new("plays/ñ b.yaml", "a: 1\nb: 😀ñ nope\n");
        let start = source.text().find("nope").unwrap();
        let finding = Diagnostic::error(Code::UndefinedName, "no such name")
            .at(&source, Span::new(start, start + 4))
            .help("write another");
        let log: serde_json::Value = serde_json::from_str(&sarif(&[finding])).unwrap();
        let result = &log["runs"][0]["results"][0];
        let location = &result["locations"][0]["physicalLocation"];
        assert_eq!(location["artifactLocation"]["uri"], "plays/%C3%B1%20b.yaml");
        // The face takes two code units, the blank and the letter one each.
        assert_eq!(location["region"]["startColumn"], 8);
        assert_eq!(location["region"]["endColumn"], 12);
        assert_eq!(result["message"]["text"], "no such name. write another");
        assert_eq!(
            log["runs"][0]["tool"]["driver"]["rules"][0]["id"],
            "undefined-name"
        );
    }
}
