//! What a CI system is told by itself: annotations, a page for the job, values for later steps.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: the CI system's variables are read and its files are written here"
)]

mod appended;
mod refused;

use std::fmt::Write as _;
use std::hash::{BuildHasher as _, Hasher as _};
use std::path::Path;

use clap::ValueEnum;
use sha2::{Digest as _, Sha256};

use super::open::absolute;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::render::annotation;
use crate::outcome::Outcome;
use crate::report::markdown;
use crate::report::record::{RunRecord, word};
use crate::secret::Masker;
use crate::value::Value;

use appended::append_to;
pub(super) use refused::tell_refused;

/// Which CI system is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Ci {
    /// The one that voxplay finds itself in
    Auto,
    /// Nothing
    None,
    /// GitHub Actions: annotations, a step summary, outputs
    Github,
    /// GitLab CI/CD: the summary in a section of the log that can be unfolded
    Gitlab,
}

/// GitHub shows ten annotations of a kind for each step of a job.
const MOST_ANNOTATIONS: usize = 10;
/// GitHub takes a summary of 1 MiB for each step; what was there before counts.
const MOST_SUMMARY: usize = 900 * 1024;

impl Ci {
    /// The CI system that is there, where it was to be found out.
    pub(super) fn resolved(self) -> Self {
        let is_true = |name| std::env::var(name).is_ok_and(|value| value == "true");
        match self {
            Self::Auto if is_true("GITHUB_ACTIONS") => Self::Github,
            Self::Auto if is_true("GITLAB_CI") => Self::Gitlab,
            Self::Auto => Self::None,
            named => named,
        }
    }
}

/// Tells the CI system of a run. Gives what belongs on standard error, and sentences about what did not work.
pub(super) fn tell(ci: Ci, record: &RunRecord, masker: &Masker) -> (String, Vec<String>) {
    match ci.resolved() {
        Ci::Github => {
            let mut problems = Vec::new();
            for (variable, text) in [
                ("GITHUB_STEP_SUMMARY", summary(record, masker)),
                ("GITHUB_OUTPUT", outputs(record, masker)),
            ] {
                if let Err(problem) = append(variable, &text) {
                    problems.push(problem);
                }
            }
            (annotations(record), problems)
        }
        Ci::Gitlab => (section(record, masker), Vec::new()),
        Ci::Auto | Ci::None => (String::new(), Vec::new()),
    }
}

fn summary(record: &RunRecord, masker: &Masker) -> String {
    let mut text = markdown::document(record, masker);
    if text.len() > MOST_SUMMARY {
        text.truncate(text.floor_char_boundary(MOST_SUMMARY));
        text.push_str("\n\n…\n");
    }
    text
}

fn append(variable: &str, text: &str) -> Result<(), String> {
    let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    append_to(Path::new(&path), text)
        .map_err(|error| format!("{variable} could not be written: {error}"))
}

/// One error for each reason, at the line of its step.
fn annotations(record: &RunRecord) -> String {
    let mut lines = String::new();
    for (index, (common, cases)) in record.reasons.iter().enumerate() {
        if index + 1 == MOST_ANNOTATIONS && record.reasons.len() > MOST_ANNOTATIONS {
            let more = record.reasons.len() - index;
            let text = format!("{more} more reasons: see the summary of the job or a report");
            lines.push_str(&annotation("error", None, "voxplay", &text));
            break;
        }
        let mut text = common.reason.clone();
        if !cases.first.is_empty() {
            let rows: Vec<&str> = cases.first.iter().map(|named| named.row.as_str()).collect();
            let more = cases.count - rows.len() as u64;
            let _ = write!(text, "\nrows: {}", rows.join(", "));
            if more > 0 {
                let _ = write!(text, " and {more} more");
            }
        }
        if common.outcome == Outcome::Unknown {
            let _ = write!(text, "\nLook it up in the CRM, then: {}", record.settled_by);
        }
        let title = format!("voxplay: {} {}", common.step, word(common.outcome));
        let place = record.places.get(&common.step);
        let file = place.map(|place| in_repository(&place.file));
        let at = place.zip(file.as_deref());
        let at = at.map(|(place, file)| (file, place.line, place.column));
        lines.push_str(&annotation("error", at, &title, &text));
    }
    lines
}

/// A path as the CI system knows it: from the top of the repository.
fn in_repository(file: &str) -> String {
    let top = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"]
        .into_iter()
        .find_map(|name| std::env::var_os(name).filter(|path| !path.is_empty()));
    let below = |top: &Path| {
        let whole = absolute(Path::new(file));
        let below = whole.strip_prefix(top).ok()?;
        Some(below.display().to_string())
    };
    top.and_then(|top| below(&absolute(Path::new(&top))))
        .unwrap_or_else(|| file.to_owned())
}

/// The findings with the names of their files as the CI system knows them.
pub(super) fn named_for_repository(findings: &[Diagnostic]) -> Vec<Diagnostic> {
    let mut findings = findings.to_vec();
    for place in findings
        .iter_mut()
        .filter_map(|finding| finding.place.as_mut())
    {
        let name = in_repository(place.source.name());
        if name != place.source.name() {
            place.source = place.source.renamed(name);
        }
    }
    findings
}

/// The output that has all outputs of the run, as JSON.
const ALL_OUTPUTS: &str = "outputs";

/// The values that later steps of the job can use.
fn outputs(record: &RunRecord, masker: &Masker) -> String {
    let counts = record.counts();
    let outcome = record.outcome_words().to_owned();
    let mut values = vec![
        ("run-id".to_owned(), record.run.to_string()),
        ("outcome".to_owned(), outcome),
    ];
    for outcome in Outcome::ALL {
        let name = outcome.as_str().replace('_', "-");
        values.push((name, counts.of(outcome).to_string()));
    }
    if let Some(finished) = &record.finished {
        for (name, value) in &finished.outputs {
            let shown = value.scalar_text().unwrap_or_else(|| value.to_json_text());
            values.push((format!("output-{}", plain_name(name)), shown));
        }
        let all = Value::Map(finished.outputs.clone()).to_json_text();
        values.push((ALL_OUTPUTS.to_owned(), all));
    }
    let mut text = String::new();
    for (name, value) in values {
        let value = match name.as_str() {
            ALL_OUTPUTS => masker.mask_json_text(&value),
            _ => masker.mask(&value),
        };
        // Nobody can guess the line that ends a value, so no value can begin another.
        let end = delimiter();
        let _ = write!(text, "{name}<<{end}\n{value}\n{end}\n");
    }
    text
}

/// A name without anything that has a meaning in the file of outputs.
fn plain_name(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        })
        .collect()
}

fn delimiter() -> String {
    let mut digest = Sha256::new();
    digest.update(uuid::Uuid::now_v7().as_bytes());
    for _ in 0..4 {
        // The keys of a map's hasher come from the system's source of randomness.
        let hasher = std::collections::hash_map::RandomState::new().build_hasher();
        digest.update(hasher.finish().to_le_bytes());
    }
    format!("voxplay-{}", crate::attachment::hex(&digest.finalize()))
}

/// The summary in a folded section of a GitLab log.
fn section(record: &RunRecord, masker: &Masker) -> String {
    let time = record
        .last_event
        .as_ref()
        .and_then(|time| time.parse::<jiff::Timestamp>().ok())
        .map_or(0, jiff::Timestamp::as_second);
    let page = markdown::document(record, masker);
    format!(
        "\u{1b}[0Ksection_start:{time}:voxplay[collapsed=true]\r\u{1b}[0Kvoxplay: the run in detail\n{page}\u{1b}[0Ksection_end:{time}:voxplay\r\u{1b}[0K\n"
    )
}

/// Text for the log of GitHub Actions in which nothing is a command: a line that begins with `::`, or `##[`
/// anywhere, would be one, and answers of the CRM stand in the log.
pub(super) fn without_commands(text: &str) -> String {
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| {
            let line = line.replace("##[", "## [");
            match beginning(&line) {
                Some(begins) => format!("{}: :{}", &line[..begins], &line[begins + 2..]),
                None => line,
            }
        })
        .collect();
    lines.join("\n")
}

/// Where a line begins with `::`: after blanks and colours, which are taken out where the log has none.
fn beginning(line: &str) -> Option<usize> {
    let mut rest = line;
    loop {
        rest = rest.trim_start();
        let Some(sequence) = rest.strip_prefix("\u{1b}[") else {
            break;
        };
        rest = sequence.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        rest = rest.strip_prefix('m').unwrap_or(rest);
    }
    rest.starts_with("::").then(|| line.len() - rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_a_log_is_no_command() {
        assert_eq!(
            without_commands("a ::b\n  ::error::x\n##[add-mask]y\n"),
            "a ::b\n  : :error::x\n## [add-mask]y\n"
        );
        assert_eq!(
            without_commands("\u{1b}[1m::error::bold\u{1b}[0m \u{1b}[1;31m :: x"),
            "\u{1b}[1m: :error::bold\u{1b}[0m \u{1b}[1;31m :: x"
        );
    }

    #[test]
    fn delimiters_differ() {
        assert_ne!(delimiter(), delimiter());
        assert_eq!(delimiter().len(), 8 + 64);
    }
}
