//! Findings as workflow commands of GitHub Actions, which show them beside the lines of a pull request.

use super::{harmless, in_order};
use crate::diagnostic::Diagnostic;

/// One command a finding: `::error file=…,line=…,col=…::message`, the remedy in a second line of it.
///
/// The names in it are the user's: GitHub finds the file where they are relative to the repository.
pub fn github(findings: &[Diagnostic]) -> String {
    let lines: Vec<String> = in_order(findings).into_iter().map(command).collect();
    lines.concat()
}

/// One command about something that is no finding: `level` is `error`, `warning` or `notice`, the place is file,
/// line and column.
pub fn annotation(
    level: &'static str,
    at: Option<(&str, usize, usize)>,
    title: &str,
    text: &str,
) -> String {
    let mut properties = Vec::new();
    if let Some((file, line, column)) = at {
        properties.push(format!("file={}", property(file)));
        properties.push(format!("line={line}"));
        properties.push(format!("col={column}"));
    }
    properties.push(format!("title={}", property(title)));
    format!("::{level} {}::{}\n", properties.join(","), data(text))
}

fn command(finding: &Diagnostic) -> String {
    let mut properties = Vec::new();
    if let Some(place) = &finding.place {
        let (start, end) = (place.start(), place.end());
        properties.push(format!("file={}", property(place.source.name())));
        let is_known = !place.source.is_unread();
        if is_known || place.source.only_line().is_some() {
            properties.push(format!("line={}", start.line));
        }
        // GitHub takes columns only where both are in one line.
        if !is_known {
            // The text is not here.
        } else if start.line == end.line {
            properties.push(format!("col={}", start.column));
            properties.push(format!("endColumn={}", end.column));
        } else {
            properties.push(format!("endLine={}", end.line));
        }
    }
    properties.push(format!("title=voxplay {}", finding.code));
    let mut text = finding.message.clone();
    for more in [&finding.label, &finding.help].into_iter().flatten() {
        text.push('\n');
        text.push_str(more);
    }
    format!(
        "::{} {}::{}\n",
        finding.severity.as_str(),
        properties.join(","),
        data(&text)
    )
}

/// Escapes the text of a command, as the toolkit of GitHub Actions does (`escapeData`).
fn data(text: &str) -> String {
    // What this leaves of control characters comes after the escapes of GitHub, which keep line ends.
    harmless(
        &text
            .replace('%', "%25")
            .replace('\r', "%0D")
            .replace('\n', "%0A"),
    )
    .into_owned()
}

/// Escapes a property of a command (`escapeProperty`).
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
