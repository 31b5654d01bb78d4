//! Failures grouped by what they have in common. It knows texts, and nothing of steps.

use indexmap::IndexMap;

use crate::event::{Batch, rows_in};
use crate::outcome::Outcome;

/// How many reasons are kept apart; what comes after is counted together.
const MOST: usize = 200;
/// How many rows of each reason are named.
const NAMED_ROWS: usize = 5;
/// What stands for the reasons beyond those kept apart.
const OTHERS: &str = "other reasons";

/// What a group has in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Common {
    /// The step that did not go well.
    pub step: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, with `…` for what differs from one case to the next.
    pub reason: String,
}

/// The cases of one reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cases {
    /// How many; of a batch, each of its rows.
    pub count: u64,
    /// The first rows of them; empty for a step outside of loops.
    pub first: Vec<NamedRow>,
}

/// A row as people find it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRow {
    /// Its loop.
    pub of: String,
    /// Its key.
    pub row: String,
    /// Its number in the data, from 1, where it is known.
    pub number: Option<u64>,
    /// Its rows, where it is a batch of several.
    pub batch: Option<Batch>,
}

impl Cases {
    /// How many of the rows are named.
    pub fn named(&self) -> u64 {
        let rows = self.first.iter();
        rows.map(|row| rows_in(row.batch.as_ref())).sum()
    }
}

/// Reasons with their cases.
#[derive(Debug, Clone, Default)]
pub(super) struct Reasons(IndexMap<Common, Cases>);

impl Reasons {
    pub(super) fn add(&mut self, common: Common, row: Option<NamedRow>) {
        let common = self.known(common);
        let cases = self.0.entry(common).or_default();
        cases.count += size(row.as_ref());
        if cases.first.len() < NAMED_ROWS {
            cases.first.extend(row);
        }
    }

    /// Takes back a case: a later stretch of the run had better luck with it.
    pub(super) fn take_back(&mut self, common: Common, row: Option<&NamedRow>) {
        let common = self.known(common);
        if let Some(cases) = self.0.get_mut(&common) {
            cases.count = cases.count.saturating_sub(size(row));
            cases.first.retain(|named| Some(named) != row);
        }
    }

    fn known(&self, common: Common) -> Common {
        if self.0.contains_key(&common) || self.0.len() < MOST {
            return common;
        }
        Common {
            reason: OTHERS.to_owned(),
            ..common
        }
    }

    /// What a person has to look at first, then the most frequent.
    pub(super) fn sorted(self) -> Vec<(Common, Cases)> {
        let mut all: Vec<_> = self
            .0
            .into_iter()
            .filter(|(_, cases)| cases.count > 0)
            .collect();
        all.sort_by_key(|(common, cases)| {
            (
                common.outcome != Outcome::Unknown,
                std::cmp::Reverse(cases.count),
            )
        });
        all
    }
}

fn size(row: Option<&NamedRow>) -> u64 {
    rows_in(row.and_then(|row| row.batch.as_ref()))
}

/// The reason without what differs from case to case: ids and other long numbers become `…`.
pub(super) fn pattern(error: &str) -> String {
    let mut shown = String::with_capacity(error.len());
    let mut word = String::new();
    for character in error.chars() {
        if character.is_ascii_alphanumeric() {
            word.push(character);
        } else {
            push_word(&mut shown, &word);
            word.clear();
            shown.push(character);
        }
    }
    push_word(&mut shown, &word);
    shown
}

fn push_word(shown: &mut String, word: &str) {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let is_hexadecimal = word.len() >= 8 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let varies = (is_hexadecimal && digits > 0) || digits > 4;
    shown.push_str(if varies { "…" } else { word });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_statuses_do_not() {
        assert_eq!(
            pattern(
                "HTTP 400, code 4031, the id 64cbdd2f9a1b7c001e2f3a4b is not known (row 123456)"
            ),
            "HTTP 400, code 4031, the id … is not known (row …)"
        );
        assert_eq!(pattern("deadline facade"), "deadline facade");
    }

    #[test]
    fn beyond_the_most_reasons_the_rest_is_counted_together() {
        let mut reasons = Reasons::default();
        for number in 0..5_000u32 {
            let letters: String = number
                .to_string()
                .bytes()
                .map(|digit| char::from(digit + 49))
                .collect();
            let common = Common {
                step: "up".to_owned(),
                outcome: Outcome::Failed,
                reason: letters,
            };
            reasons.add(common, None);
        }
        let sorted = reasons.sorted();
        assert_eq!(sorted.len(), MOST + 1);
        assert_eq!(sorted[0].0.reason, OTHERS);
        assert_eq!(
            sorted.iter().map(|(_, cases)| cases.count).sum::<u64>(),
            5_000
        );
    }
}
