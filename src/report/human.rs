//! Events as lines that a person reads while a run goes on, and its summary. Plain text with ANSI
//! colours, which the writer takes out where they do not belong.

mod progress;
mod summary;

pub use progress::{loop_progress, loop_state, progress};
pub use summary::{InDoubt, reasons, summary};

use std::collections::BTreeSet;

use anstyle::{AnsiColor, Style};

use crate::outcome::Outcome;

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

/// How wide the first columns are: they follow the longest names of the playbook, within bounds.
#[derive(Debug, Clone)]
pub struct Columns {
    step: usize,
    action: usize,
    width: usize,
    loops: BTreeSet<String>,
}

impl Columns {
    /// Columns for steps and actions of these names, in lines of at most `width` characters.
    pub fn new<'n>(names: impl IntoIterator<Item = (&'n str, &'n str)>, width: usize) -> Self {
        let (step, action) = names.into_iter().fold((4, 6), |(step, action), (a, b)| {
            (step.max(a.chars().count()), action.max(b.chars().count()))
        });
        Self {
            step: step.min(24),
            action: action.min(24),
            width,
            loops: BTreeSet::new(),
        }
    }

    /// Says which steps are loops: the end of one whose rows were never read does not tell.
    #[must_use]
    pub fn with_loops<'n>(mut self, ids: impl IntoIterator<Item = &'n str>) -> Self {
        self.loops = ids.into_iter().map(str::to_owned).collect();
        self
    }
}

fn style(outcome: Outcome) -> Style {
    match outcome {
        Outcome::Ok => AnsiColor::Green.on_default(),
        Outcome::Failed => AnsiColor::Red.on_default().bold(),
        Outcome::Unknown => AnsiColor::Magenta.on_default().bold(),
        Outcome::Skipped | Outcome::NotRun => DIM,
    }
}
