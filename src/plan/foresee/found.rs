//! One step of what a run will do, and what stands around it.

use super::{LoopOutlook, Outlook, OutlookKind, Sample, StepOutlook};
use crate::template::Scope;

/// A step that performs an action and what its templates see, for who explains it: of a step in a loop, of the first
/// row that sends it.
#[derive(Debug, Clone)]
pub struct Found<'o> {
    /// What it will do.
    pub outlook: &'o StepOutlook,
    /// What its templates see.
    pub scope: Scope,
    /// The loops it stands in whose rows its templates see, the outermost first, with the row that they are shown for.
    pub loops: Vec<(&'o LoopOutlook, Option<&'o Sample>)>,
    /// The groups and loops of its playbook that it stands in, the outermost first.
    pub above: Vec<&'o StepOutlook>,
    /// The step that uses the playbook it is written in, as it will be; none for the playbook that is run.
    pub by: Option<Box<Found<'o>>>,
}

impl<'o> Found<'o> {
    /// Whether it sends a request.
    fn is_sent(&self) -> bool {
        matches!(&self.outlook.kind, OutlookKind::Request(request) if request.request.is_some())
    }

    /// All that it stands in, the outermost first, also of the playbooks that use its own.
    pub fn around(&self) -> Vec<&'o StepOutlook> {
        let mut around = self.by.as_ref().map_or_else(Vec::new, |by| {
            let mut around = by.around();
            around.push(by.outlook);
            around
        });
        around.extend(&self.above);
        around
    }
}

impl Outlook {
    /// The step with an id; of the steps in loops, as the first row has it that sends it.
    pub fn find(&self, id: &str) -> Option<Found<'_>> {
        let way = Way {
            scope: &self.scope,
            loops: Vec::new(),
            above: Vec::new(),
            by: None,
        };
        way.find(&self.steps, id)
            .or_else(|| way.find(&self.finally, id))
    }
}

/// How a list of steps was come to.
#[derive(Clone)]
struct Way<'o> {
    scope: &'o Scope,
    loops: Vec<(&'o LoopOutlook, Option<&'o Sample>)>,
    above: Vec<&'o StepOutlook>,
    by: Option<Box<Found<'o>>>,
}

impl<'o> Way<'o> {
    fn find(&self, steps: &'o [StepOutlook], id: &str) -> Option<Found<'o>> {
        steps.iter().find_map(|step| {
            self.find_in(step, id)
                .or_else(|| (step.id == id).then(|| self.found(step)))
        })
    }

    fn found(&self, step: &'o StepOutlook) -> Found<'o> {
        Found {
            outlook: step,
            scope: self.scope.clone(),
            loops: self.loops.clone(),
            above: self.above.clone(),
            by: self.by.clone(),
        }
    }

    fn find_in(&self, step: &'o StepOutlook, id: &str) -> Option<Found<'o>> {
        let mut inner = self.clone();
        inner.above.push(step);
        match &step.kind {
            OutlookKind::Request(_) => None,
            OutlookKind::Group(nested) => inner.find(nested, id),
            OutlookKind::Loop(each) => {
                let mut found = each.lists_of_steps().filter_map(|(row, steps)| {
                    let mut inner = inner.clone();
                    inner.scope = row.map_or(self.scope, |row| &row.scope.0);
                    inner.loops.push((each, row));
                    inner.find(steps, id)
                });
                let first = found.next()?;
                if first.is_sent() {
                    return Some(first);
                }
                Some(found.find(Found::is_sent).unwrap_or(first))
            }
            OutlookKind::Use(used) => {
                let inner = Way {
                    scope: &used.scope,
                    loops: Vec::new(),
                    above: Vec::new(),
                    by: Some(Box::new(self.found(step))),
                };
                inner
                    .find(&used.steps, id)
                    .or_else(|| inner.find(&used.finally, id))
            }
        }
    }
}
