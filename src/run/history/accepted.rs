//! What the CRM accepted of steps that failed, read from the records of a row and of the rows inside it: where this
//! stretch of the run does not come to them, nothing else says so.

use super::History;
use crate::event::Accepted;
use crate::plan::{PlannedKind, PlannedStep};
use crate::run::found::accepted;

impl History {
    /// What an earlier stretch saw accepted of these steps, for this row and for rows of loops inside it.
    pub fn accepted(&self, steps: &[PlannedStep], row: &str) -> Accepted {
        let mut all = Accepted::default();
        for step in steps {
            self.add_accepted(step, row, false, &mut all);
        }
        all
    }

    /// The same of one step; `is_inside` where it stands in a loop inside the row.
    pub(in crate::run) fn add_accepted(
        &self,
        step: &PlannedStep,
        row: &str,
        is_inside: bool,
        into: &mut Accepted,
    ) {
        if step.adds_or_removes() {
            let rows = if is_inside {
                self.rows_inside(&step.id, row)
            } else {
                vec![row.to_owned()]
            };
            for row in rows {
                let known = self.known(&step.id, Some(&row));
                let end = known.and_then(|known| known.settled);
                if let Some(found) = end.and_then(|end| accepted(step, &end)) {
                    into.add(found);
                }
            }
        }
        let is_inside = is_inside || matches!(step.kind, PlannedKind::Loop(_));
        for nested in step.nested().flatten() {
            self.add_accepted(nested, row, is_inside, into);
        }
    }

    /// The rows inside this one that a step has ended for, and may have been accepted.
    fn rows_inside(&self, step: &str, row: &str) -> Vec<String> {
        if let Some((journal, run)) = &self.rows {
            return self.read(journal.rows_accepted_inside(run, step, row));
        }
        let names = self.steps.keys().filter(|(known, _)| known == step);
        let names = names.filter_map(|(_, name)| name.as_ref());
        let is_inside = |name: &&String| {
            let rest = name.strip_prefix(row);
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        let mut names: Vec<String> = names.filter(is_inside).cloned().collect();
        names.sort();
        names
    }
}
