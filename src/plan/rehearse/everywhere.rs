//! Which findings about rows are mistakes of the playbook: no row's data brings them about, or a name is one that no row
//! has.

use std::sync::Arc;

use super::reads::own_reads;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::plan::{PlannedKind, PlannedStep};
use crate::template::Read;

/// The places where every row so far lacks a name.
#[derive(Debug, Default)]
pub(super) struct Everywhere {
    /// None before the first row.
    places: Option<Vec<Place>>,
}

impl Everywhere {
    /// Takes in what was found in one more row.
    pub(super) fn narrow(&mut self, of_row: &[Diagnostic]) {
        // What a row's own data brings about, a blank or a bad date, is the row's, and be it in all of them.
        let errors = of_row
            .iter()
            .filter(|finding| finding.is_error() && finding.code == Code::UndefinedName);
        let wrong = errors.filter_map(|finding| finding.place.as_ref());
        match &mut self.places {
            Some(places) => {
                let wrong: Vec<&Place> = wrong.collect();
                places.retain(|place| wrong.iter().any(|other| is_same(place, other)));
            }
            None => self.places = Some(wrong.cloned().collect()),
        }
    }

    /// Whether one more row can tell anything.
    pub(super) fn is_open(&self) -> bool {
        self.places.as_ref().is_none_or(|places| !places.is_empty())
    }

    /// Whether every row is wrong where a finding is.
    pub(super) fn has(&self, finding: &Diagnostic) -> bool {
        let places = self.places.iter().flatten();
        let of_finding = finding.place.as_ref();
        of_finding.is_some_and(|of_finding| places.into_iter().any(|it| is_same(it, of_finding)))
    }
}

fn is_same(one: &Place, other: &Place) -> bool {
    one.span == other.span && one.source.name() == other.source.name()
}

/// Whether a finding about a row of the loop that a step is stands in a template that asks for no more of the row than
/// its number.
pub(super) fn asks_for_no_data(step: &PlannedStep, finding: &Diagnostic) -> bool {
    let Some(place) = &finding.place else {
        return false;
    };
    let steps = step.and_nested();
    let rows: Vec<&str> = steps
        .iter()
        .filter_map(|step| match &step.kind {
            PlannedKind::Loop(each) => Some(each.binding.as_str()),
            _ => None,
        })
        .collect();
    // What became of an earlier step may depend on the row as well.
    let is_of_row = |read: &Read| {
        let root = read.path.first();
        root.is_some_and(|root| root == "steps" || rows.contains(&root.as_str()))
    };
    let mut around = steps
        .iter()
        // What is given to a used playbook may be of the row, by whatever name it has there.
        .filter(|inner| Arc::ptr_eq(&inner.home, &step.home))
        .filter(|inner| Arc::ptr_eq(inner.home.source(), &place.source))
        .flat_map(|inner| own_reads(inner))
        .filter(|(_, node)| node.span.start <= place.span.start && place.span.end <= node.span.end)
        .peekable();
    around.peek().is_some() && around.all(|(reads, _)| !reads.iter().any(is_of_row))
}
