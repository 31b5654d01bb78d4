//! What a check answers to a person: the findings, what was looked at, and what is worth knowing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Found;
use crate::cli::terminal::Terminal;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::render;
use crate::report::words::plural;

/// How many sources of rows are named of which not all rows were looked at.
const MOST_NAMES: usize = 3;

impl Found {
    pub(super) fn answer(&self, terminal: &Terminal) -> String {
        let mut text = terminal.findings(&self.findings);
        if !text.is_empty() {
            text.push('\n');
        }
        let mut parts = vec![plural(self.looked.playbooks, "playbook")];
        if self.looked.project_files > 0 {
            parts.push(plural(self.looked.project_files, "project file"));
        }
        if self.looked.data_files > 0 {
            parts.push(plural(self.looked.data_files, "data file"));
        }
        let looked_at = parts.join(", ");
        let summary = render::summary(&self.findings);
        let _ = writeln!(text, "{looked_at}: {summary}");
        if self.looked.left_out > 0 {
            let left_out = plural(self.looked.left_out, "YAML file");
            let _ = writeln!(
                text,
                "{left_out} left out: neither `voxplay` nor `steps` in it"
            );
        }
        // Beside errors they would only be in the way.
        if !self.findings.iter().any(Diagnostic::is_error) {
            for note in &self.notes {
                let _ = writeln!(text, "note: {note}");
            }
        }
        if let Some(note) = first_rows(&self.begun) {
            let _ = writeln!(text, "note: {note}");
        }
        text
    }
}

/// What to say where only the first rows of some data were looked at; `begun` has how many those were.
fn first_rows(begun: &BTreeMap<String, u64>) -> Option<String> {
    let mut by_number: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for (data, rows) in begun {
        by_number.entry(*rows).or_default().push(data);
    }
    let parts = by_number.into_iter().map(|(rows, mut data)| {
        let more = data.len().saturating_sub(MOST_NAMES);
        data.truncate(MOST_NAMES);
        let more = match more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let rows = plural(rows, "row");
        format!("the first {rows} of {}{more}", data.join(", "))
    });
    let parts: Vec<String> = parts.collect();
    (!parts.is_empty()).then(|| {
        let parts = parts.join(", and ");
        format!("{parts} were looked at; --all-rows looks at all of them")
    })
}
