//! Where the steps of a playbook stand, and which data its loops read: what makes a report point at a line.

use std::collections::BTreeMap;

use crate::document::NodeKind;
use crate::playbook::{Playbook, RowSource, Step, StepKind, WholeStep};

/// Places of steps by their ids.
pub type Places = BTreeMap<String, StepPlace>;

/// Where a step stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepPlace {
    /// The playbook as the user named it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What people call the step.
    pub name: Option<String>,
    /// Whether it is a loop: the end of one whose rows were never read does not tell.
    pub is_loop: bool,
    /// Of a loop, the data file as the playbook names it; it may hold a template.
    pub data: Option<String>,
}

/// The places of all steps of a playbook, and of those of the playbooks that it uses.
pub fn places(playbook: &Playbook) -> Places {
    let mut places = Places::new();
    for WholeStep {
        id, step, source, ..
    } in playbook.whole()
    {
        let at = source.position(step.span.start);
        let place = StepPlace {
            file: source.name().to_owned(),
            line: at.line,
            column: at.column,
            name: step.name.clone(),
            is_loop: matches!(step.kind, StepKind::Loop(..)),
            data: data(step),
        };
        // The step of the rows of a loop that does an action itself stands after the loop, under the same id.
        places.entry(id).or_insert(place);
    }
    places
}

fn data(step: &Step) -> Option<String> {
    let StepKind::Loop(each, _) = &step.kind else {
        return None;
    };
    match &each.source {
        RowSource::File { path, .. } => match &path.kind {
            NodeKind::Text(scalar) => Some(scalar.text.clone()),
            _ => None,
        },
        RowSource::Items(_) | RowSource::Broken => None,
    }
}
