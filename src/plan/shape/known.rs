//! What is known of the values that the names of a playbook have.

use std::collections::BTreeMap;

use super::{Members, Shape};
use crate::action::Catalogue;
use crate::outcome::Outcome;
use crate::playbook::{Playbook, Step, StepKind};

/// What is known of the values of inputs, of variables, and of what used playbooks give.
#[derive(Debug, Default)]
pub(in crate::plan) struct Shapes {
    /// By the name of the input.
    pub(in crate::plan) inputs: Members,
    /// By the name of the variable; of those that are compiled.
    pub(in crate::plan) vars: Members,
    /// By the index of the step that uses the playbook, then by the name of the output.
    pub(in crate::plan) used: BTreeMap<usize, Members>,
}

impl Shapes {
    /// Those of a playbook of which nothing is compiled yet.
    pub(in crate::plan) fn of(playbook: &Playbook) -> Self {
        let inputs = playbook.inputs.iter();
        Self {
            inputs: inputs
                .map(|input| (input.name.value.clone(), Shape::of_schema(&input.schema)))
                .collect(),
            ..Self::default()
        }
    }
}

impl Shape {
    /// What a step itself has, whatever it does.
    pub(super) fn of_fact(name: &str) -> Self {
        match name {
            "outcome" => Self::Text,
            "http_status" => Self::Number,
            _ => Self::Any,
        }
    }

    /// What a loop gives: counts, and the ids of the steps of its rows.
    pub(in crate::plan) fn of_loop(
        steps: &[Step],
        playbook: &Playbook,
        catalogue: &Catalogue,
    ) -> Members {
        let outcomes = Outcome::ALL.map(Outcome::as_str);
        let counts = std::iter::once("read").chain(outcomes);
        let counts: Members = counts.map(|name| (name.to_owned(), Self::Number)).collect();
        let mut ids = Members::default();
        let is_closed = add_ids(steps, "", (playbook, catalogue), &mut ids);
        let mut members = counts.clone();
        members.push(("counts".to_owned(), Self::closed(counts)));
        let ids = Self::Object {
            members: ids,
            is_closed,
        };
        members.push(("ids".to_owned(), ids));
        members
    }
}

/// Adds the steps of a row that may get an id, as the ids are named; false where not all of them are known.
fn add_ids(
    steps: &[Step],
    prefix: &str,
    (playbook, catalogue): (&Playbook, &Catalogue),
    ids: &mut Members,
) -> bool {
    let mut is_all = true;
    for step in steps {
        let id = format!("{prefix}{}", step.id.value);
        is_all &= match &step.kind {
            StepKind::Action { action, .. } => match catalogue.get(&action.value) {
                Some(action) => {
                    if action.may_give_id() {
                        ids.push((id, Shape::List(Box::new(Shape::Any))));
                    }
                    true
                }
                None => false,
            },
            StepKind::Group(nested) => add_ids(nested, prefix, (playbook, catalogue), ids),
            // Of a loop inside a row there is no single id.
            StepKind::Loop(..) => true,
            StepKind::Use { .. } => playbook.used_by(step).is_some_and(|used| {
                let (inner, below) = (&used.playbook, format!("{id}."));
                let mut lists = [&inner.steps, &inner.finally].into_iter();
                lists.all(|steps| add_ids(steps, &below, (inner, catalogue), ids))
            }),
            StepKind::Broken => false,
        };
    }
    is_all
}
