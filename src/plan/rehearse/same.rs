//! One mistake of the playbook that many rows have is told once, with how often it was found.

use super::everywhere::is_of_the_playbook;
use crate::diagnostic::Diagnostic;

/// What is wrong with rows, each mistake of the playbook once: as it was found first.
#[derive(Debug, Default)]
pub(super) struct Told {
    found: Vec<(Diagnostic, u64)>,
    /// Of those that are mistakes of the playbook, what is the same in every row, and which of the found it is.
    mistakes: Vec<(String, usize)>,
}

impl Told {
    /// How many different findings there are.
    pub(super) const fn len(&self) -> usize {
        self.found.len()
    }

    /// Adds a finding about the row that `prefix` names at the beginning of its message.
    pub(super) fn add(&mut self, finding: Diagnostic, prefix: &str) {
        let message = finding.message.strip_prefix(prefix);
        let is_mistake = is_of_the_playbook(&finding) && finding.place.is_some();
        let Some(message) = message.filter(|_| is_mistake) else {
            // What a row's own data brings about is told for each row.
            self.found.push((finding, 1));
            return;
        };
        let wrong = without_indices(message);
        let is_same = |(other, index): &&(String, usize)| {
            let earlier = &self.found[*index].0;
            *other == wrong
                && earlier.code == finding.code
                && earlier.severity == finding.severity
                && earlier.place == finding.place
        };
        if let Some((_, index)) = self.mistakes.iter().find(is_same) {
            self.found[*index].1 += 1;
        } else {
            self.mistakes.push((wrong, self.found.len()));
            self.found.push((finding, 1));
        }
    }

    /// The findings, so that they can be changed.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Diagnostic> {
        self.found.iter_mut().map(|(finding, _)| finding)
    }

    /// The findings with how often each was found, in all rows or, where not all were looked at, at least.
    pub(super) fn into_findings(self, saw_all: bool) -> Vec<Diagnostic> {
        let least = if saw_all { "" } else { "at least " };
        let told = self.found.into_iter().map(|(mut finding, times)| {
            if times > 1 {
                finding.message = format!("{} ({least}{times} times)", finding.message);
            }
            finding
        });
        told.collect()
    }
}

/// A message without the numbers of items in it: `records[0].id` in one batch is `records[3].id` in another.
fn without_indices(message: &str) -> String {
    let mut shown = String::with_capacity(message.len());
    let mut is_index = false;
    for letter in message.chars() {
        is_index &= letter.is_ascii_digit();
        if !is_index {
            shown.push(letter);
        }
        is_index |= letter == '[';
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::source::{Source, Span};

    #[test]
    fn a_mistake_is_told_once_and_data_for_each_row() {
        let source = Source::new("play.yaml", "with: a\n");
        let mut told = Told::default();
        for row in 1..=3 {
            let prefix = format!("items, row {row}");
            let missing = format!("{prefix}: `id` is missing in `records[{row}]`");
            let blank = format!("{prefix}: `id` must not be blank");
            for (code, message) in [(Code::MissingKey, missing), (Code::Schema, blank)] {
                let finding = Diagnostic::error(code, message).at(&source, Span::new(6, 7));
                told.add(finding, &prefix);
            }
        }
        assert_eq!(told.len(), 4);
        let messages: Vec<String> = told
            .into_findings(false)
            .into_iter()
            .map(|finding| finding.message)
            .collect();
        assert_eq!(
            messages,
            [
                "items, row 1: `id` is missing in `records[1]` (at least 3 times)",
                "items, row 1: `id` must not be blank",
                "items, row 2: `id` must not be blank",
                "items, row 3: `id` must not be blank",
            ]
        );
    }
}
