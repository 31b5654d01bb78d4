//! The stretches of a run, as far as the names of rows depend on them: a loop gives its rows other names where loops are
//! in its steps.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::event::RunStarted;

/// The stretches of a run, in their order.
#[derive(Debug, Default)]
pub(super) struct Stretches(Vec<Stretch>);

#[derive(Debug)]
struct Stretch {
    /// The number of its first event.
    first: u64,
    /// The loops that had loops in their steps; none where that was not written down.
    outer: Option<BTreeSet<String>>,
}

impl Stretches {
    /// Takes the first event of the next stretch, and its number.
    pub(super) fn add(&mut self, first: u64, started: &RunStarted) {
        let outline = &started.outline;
        let inner = outline.iter().filter(|(_, shape)| shape.rows.is_some());
        // A loop over one action has the id of its step, which stands in it.
        let outer = inner.flat_map(|(id, shape)| shape.loops.iter().filter(move |it| *it != id));
        let outer = (!outline.is_empty()).then(|| outer.cloned().collect());
        self.0.push(Stretch { first, outer });
    }

    /// The numbers of the events of those stretches in which a loop gave its rows other names than it does now.
    pub(super) fn of_other_names(
        &self,
        each: &str,
        holds_loops: bool,
        is_changed: bool,
    ) -> Vec<Range<u64>> {
        let ends = self.0.iter().skip(1).map(|stretch| stretch.first);
        let others = self.0.iter().zip(ends.chain([u64::MAX]));
        others
            .filter(|(stretch, _)| match &stretch.outer {
                Some(outer) => outer.contains(each) != holds_loops,
                // Nothing can have changed where nothing was accepted as changed.
                None => is_changed,
            })
            .map(|(stretch, end)| stretch.first..end)
            .collect()
    }
}
