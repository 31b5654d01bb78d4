//! What was measured, for people and for programs.

use std::fmt::Write as _;

use serde::Serialize;

use super::cost::Cost;

/// One comparison.
#[derive(Debug, Serialize)]
pub(crate) struct Result {
    /// What was done.
    pub(crate) scenario: &'static str,
    /// What `unit` is counted in.
    pub(crate) unit: &'static str,
    /// Of voxplay, the median.
    pub(crate) ours: f64,
    /// Of what it is compared with, the median.
    pub(crate) theirs: f64,
    /// What is to hold, in words.
    pub(crate) aim: &'static str,
    /// `ours / theirs`, or what else the aim speaks of.
    pub(crate) value: f64,
    /// Every round: voxplay.
    pub(crate) our_rounds: Vec<Cost>,
    /// Every round: the other side.
    pub(crate) their_rounds: Vec<Cost>,
}

/// The middle one.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// A table of all.
pub(crate) fn text(results: &[Result]) -> String {
    let mut text = format!(
        "\n{:<44} {:>10} {:>10} {:<8} {:>8}  {}\n",
        "", "voxplay", "bare", "unit", "value", "aim"
    );
    for result in results {
        let _ = writeln!(
            text,
            "{:<44} {:>10.2} {:>10.2} {:<8} {:>8.2}  {}",
            result.scenario, result.ours, result.theirs, result.unit, result.value, result.aim
        );
    }
    text
}

/// The same with every round.
pub(crate) fn json(results: &[Result]) -> String {
    serde_json::to_string_pretty(results).expect("numbers and texts")
}
