//! `--report KIND=PATH`: which reports are wanted, whether they can be written, and writing them whole.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: looks at what a report would take the place of"
)]

use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};

use super::places::obstacle_to_writing;
use super::reads::{Reads, whole};
use crate::diagnostic::{Code, Diagnostic};
use crate::draft;
use crate::report::record::RunRecord;
use crate::report::{html, junit, markdown, run_json};
use crate::secret::Masker;

/// What a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Junit,
    Json,
    Html,
    Markdown,
}

const KINDS: [(&str, Kind); 4] = [
    ("junit", Kind::Junit),
    ("json", Kind::Json),
    ("html", Kind::Html),
    ("markdown", Kind::Markdown),
];

/// What reports are called.
pub(super) fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|(name, _)| *name)
}

/// A report that was asked for.
#[derive(Debug, Clone)]
pub(super) struct ReportTo {
    kind: Kind,
    path: PathBuf,
}

impl ReportTo {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Reads `KIND=PATH`.
pub(super) fn parse(text: &str) -> Result<ReportTo, String> {
    let kinds: Vec<&str> = kinds().collect();
    let usage = || {
        format!(
            "write KIND=PATH, for example html=report.html; KIND is one of {}",
            kinds.join(", ")
        )
    };
    let (name, path) = text.split_once('=').ok_or_else(usage)?;
    let kind = KINDS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, kind)| *kind)
        .ok_or_else(|| format!("no report is called `{name}`; {}", usage()))?;
    if path.is_empty() {
        return Err(usage());
    }
    Ok(ReportTo {
        kind,
        path: PathBuf::from(path),
    })
}

/// What speaks against the reports before anything is sent: their folders, two at one path, and files that they
/// would take the place of. An earlier report, of whichever kind, they may replace.
pub(super) fn check(reports: &[ReportTo], reads: &Reads) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for (index, report) in reports.iter().enumerate() {
        let shown = report.path.display();
        let path = whole(&report.path);
        let mut wrong = |problem: String, help: &str| {
            let message = format!("--report: {problem}");
            findings.push(Diagnostic::error(Code::InvalidValue, message).help(help));
        };
        let mut before = reports[..index].iter();
        if before.any(|other| {
            other.path == report.path || (path.is_some() && whole(&other.path) == path)
        }) {
            wrong(
                format!("two reports go to {shown}"),
                "give each a path of its own",
            );
        } else if let Some(what) = path.as_deref().and_then(|path| reads.what(path)) {
            wrong(
                format!("{shown} is {what}: it would be overwritten"),
                "name another file",
            );
        } else if let Some(obstacle) = obstacle_to_writing(&report.path) {
            findings.push(obstacle.of("--report"));
        } else if is_something_else(&report.path) {
            wrong(
                format!("{shown} is there already, and is no report: it would be overwritten"),
                "name a file that is not there yet",
            );
        }
    }
    findings
}

/// How much of the beginning and of the end of a file is looked at, in bytes.
const GLANCE: u64 = 1024;

/// Whether a file is there that is neither empty nor a report.
fn is_something_else(path: &Path) -> bool {
    let Ok(length) = path.metadata().map(|there| there.len()) else {
        return false;
    };
    let is_report = glance(path, length).is_ok_and(|(start, end)| is_report(&start, &end));
    length > 0 && !is_report
}

fn glance(path: &Path, length: u64) -> std::io::Result<(String, String)> {
    let mut file = std::fs::File::open(path)?;
    let mut read = |from: u64| -> std::io::Result<String> {
        let mut bytes = Vec::new();
        file.seek(std::io::SeekFrom::Start(from))?;
        std::io::Read::by_ref(&mut file)
            .take(GLANCE)
            .read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    Ok((read(0)?, read(length.saturating_sub(GLANCE))?))
}

/// Whether a file is a report, by how it begins and ends.
fn is_report(start: &str, end: &str) -> bool {
    start.starts_with(html::BEGINNING)
        || start.contains(junit::BEGINNING)
        || (start.starts_with(run_json::BEGINNING) && start.contains("\n  \"voxplay\": "))
        || (start.starts_with("## ") && end.contains(markdown::END))
}

/// Writes the reports; gives a sentence for each that could not be written.
pub(super) fn write(reports: &[ReportTo], record: &RunRecord, masker: &Masker) -> Vec<String> {
    reports
        .iter()
        .filter_map(|report| {
            let text = match report.kind {
                Kind::Junit => junit::document(record, masker),
                Kind::Json => run_json::document(record, masker),
                Kind::Html => html::document(record, masker),
                Kind::Markdown => markdown::document(record, masker),
            };
            let error = draft::write(&report.path, &text).err()?;
            Some(format!(
                "the report {} could not be written: {error}",
                report.path.display()
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_a_kind_and_a_path() {
        let report = parse("html=out/a=b.html").unwrap();
        assert_eq!(report.kind, Kind::Html);
        assert_eq!(report.path, Path::new("out/a=b.html"));
        assert!(
            parse("pdf=a")
                .unwrap_err()
                .contains("junit, json, html, markdown")
        );
        assert!(parse("html").is_err() && parse("html=").is_err());
    }
}
