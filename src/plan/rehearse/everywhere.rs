//! Which findings about rows are mistakes of the playbook: no row's data brings them about, or every row has them.

use std::sync::Arc;

use super::reads::own_reads;
use crate::diagnostic::{Code, Diagnostic, Objection, Place};
use crate::plan::{PlannedKind, PlannedStep};
use crate::template::Read;

/// The names and types that are wrong with every row so far: the same at the same place.
#[derive(Debug, Default)]
pub(super) struct Everywhere {
    /// None before the first row.
    mistakes: Option<Vec<Mistake>>,
}

impl Everywhere {
    /// Takes in what was found in one more row, of which everything is looked at that comes to its turn.
    pub(super) fn narrow(&mut self, of_row: &[Diagnostic]) {
        let errors = of_row.iter().filter(|finding| finding.is_error());
        let here: Vec<Mistake> = errors.filter_map(Mistake::of).collect();
        match &mut self.mistakes {
            Some(mistakes) => mistakes.retain(|mistake| here.contains(mistake)),
            None => self.mistakes = Some(here),
        }
    }

    /// Whether one more row can tell anything.
    pub(super) fn is_open(&self) -> bool {
        self.mistakes.as_ref().is_none_or(|all| !all.is_empty())
    }

    /// Whether every row has what was found in one.
    pub(super) fn has(&self, finding: &Diagnostic) -> bool {
        let mistake = Mistake::of(finding);
        mistake.is_some_and(|mistake| self.mistakes.iter().flatten().any(|it| *it == mistake))
    }
}

/// Whether a finding is about a name or a type. What a row's own data brings about, a blank or a bad date, is the row's,
/// and be it in all of them.
pub(super) const fn is_of_the_playbook(finding: &Diagnostic) -> bool {
    match finding.objection {
        Objection::Type => true,
        Objection::Null => false,
        Objection::Content => matches!(
            finding.code,
            Code::UndefinedName | Code::WrongType | Code::UnknownKey | Code::MissingKey
        ),
    }
}

/// What is wrong, whichever row it is wrong in.
#[derive(Debug, Clone)]
struct Mistake {
    place: Place,
    code: Code,
    /// The message without what differs from row to row: numbers, and the values that it quotes.
    reason: String,
}

impl Mistake {
    fn of(finding: &Diagnostic) -> Option<Self> {
        is_of_the_playbook(finding).then_some(())?;
        Some(Self {
            place: finding.place.clone()?,
            code: finding.code,
            reason: without_values(&finding.message),
        })
    }
}

impl PartialEq for Mistake {
    fn eq(&self, other: &Self) -> bool {
        is_same(&self.place, &other.place) && self.code == other.code && self.reason == other.reason
    }
}

fn without_values(message: &str) -> String {
    let mut quote = None;
    let is_kept = |c: &char| match (quote, *c) {
        (Some(open), c) => {
            quote = (c != open).then_some(open);
            false
        }
        (None, '`' | '"') => {
            quote = Some(*c);
            false
        }
        (None, c) => !c.is_ascii_digit(),
    };
    message.chars().filter(is_kept).collect()
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
