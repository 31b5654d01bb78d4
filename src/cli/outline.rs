//! What the records of a run rest on: the ids of its steps, and what tells its rows apart. Where that has changed, the
//! journal does not say any more what was sent, and nobody can go on with the run.

use std::collections::{BTreeMap, BTreeSet};

use super::fingerprints::digest;
use super::going_on::BySteps;
use crate::diagnostic::{Code, Diagnostic};
use crate::event::{RowShape, RunId, StepShape};
use crate::journal::{Journal, JournalError};
use crate::plan::{Plan, PlannedKind, PlannedLoop, PlannedSource, PlannedStep};
use crate::value::Value;

type Outline = BTreeMap<String, StepShape>;

/// The outline of a plan.
pub(super) fn take(plan: &Plan) -> Outline {
    let mut outline = Outline::new();
    for steps in [plan.steps(), plan.finally()] {
        add(steps, &[], &mut outline);
    }
    outline
}

fn add(steps: &[PlannedStep], loops: &[String], outline: &mut Outline) {
    for step in steps {
        let shape = outline.entry(step.id.clone()).or_default();
        shape.by_place |= is_known_by_place(step);
        let mut inner = loops.to_vec();
        match &step.kind {
            PlannedKind::Action(planned) => {
                shape.action = Some(planned.action.name().to_owned());
                shape.with = Some(digest(&planned.with.written()));
                loops.clone_into(&mut shape.loops);
            }
            PlannedKind::Loop(each) => {
                shape.rows = Some(row_shape(each));
                loops.clone_into(&mut shape.loops);
                inner.push(step.id.clone());
            }
            PlannedKind::Group(_) | PlannedKind::Use(_) => {}
        }
        for nested in step.nested() {
            add(nested, &inner, outline);
        }
    }
}

/// Whether an id was made from the step's number: it does not stand in the text.
fn is_known_by_place(step: &PlannedStep) -> bool {
    let written = step.home.source().slice(step.span);
    written.trim_matches(['"', '\'']) != step.own_id()
}

fn row_shape(each: &PlannedLoop) -> RowShape {
    let source = match &each.source {
        PlannedSource::Items(tree) => format!("items {}", tree.written()),
        PlannedSource::File {
            format,
            path,
            detail,
            ..
        } => {
            let detail = detail.as_ref().map(crate::plan::Tree::written);
            format!("{format:?} {} {}", shown(detail), path.written())
        }
    };
    RowShape {
        key: each.key.as_ref().map(crate::plan::Tree::written),
        by_number: each.knows_rows_by_number(),
        batch: each.batch,
        source: digest(&source),
    }
}

/// The sheet or the delimiter of a file, as JSON: what `Debug` makes of a text depends on the compiler.
fn shown(detail: Option<String>) -> String {
    detail.map_or_else(
        || "None".to_owned(),
        |detail| format!("Some({})", Value::from(detail).to_json_text()),
    )
}

/// Why a run whose playbook has changed cannot be gone on with: nothing is found where it can.
pub(super) fn mixed_up(
    journal: &Journal,
    run: &RunId,
    earlier: &Outline,
    plan: &Plan,
    found: &mut BySteps,
) -> Result<(), JournalError> {
    let compared = Compared {
        journal,
        run,
        earlier,
        now: take(plan),
        plan,
    };
    compared.all(found)
}

struct Compared<'c> {
    journal: &'c Journal,
    run: &'c RunId,
    earlier: &'c Outline,
    now: Outline,
    plan: &'c Plan,
}

type Found = Result<Option<Diagnostic>, JournalError>;

impl Compared<'_> {
    /// Everything that is found; of each step one thing.
    fn all(&self, found: &mut BySteps) -> Result<(), JournalError> {
        let mut tell = |id: &str, finding: Option<Diagnostic>| {
            if let Some(finding) = finding {
                found.entry(id.to_owned()).or_insert(finding);
            }
        };
        let mut is_told = false;
        let mut moves = BTreeSet::new();
        for (id, before) in self.earlier {
            let Some(now) = self.now.get(id) else {
                continue;
            };
            // What stood together and was moved together is one change.
            let is_move = before.loops != now.loops;
            if is_move && moves.contains(&(&before.loops, &now.loops)) {
                continue;
            }
            let finding = self.other_rows(id, before, now)?;
            if is_move && finding.is_some() {
                moves.insert((&before.loops, &now.loops));
            }
            is_told |= finding.is_some();
            tell(id, finding);
        }
        for (id, before) in self.earlier {
            let finding = self.other_work(id, before)?;
            is_told |= finding.is_some();
            tell(id, finding);
        }
        // Where one step without an id shows that they were shifted, all of them are.
        if !is_told && let Some((id, finding)) = self.other_places()? {
            tell(&id, Some(finding));
        }
        for (gone, before) in self.earlier {
            tell(gone, self.other_name(gone, before)?);
        }
        Ok(())
    }

    /// A step that has sent what is not to be sent twice, and does something else now, or what it did stands elsewhere.
    fn other_work(&self, id: &str, before: &StepShape) -> Found {
        let (Some(now), Some(action)) = (self.now.get(id), &before.action) else {
            return Ok(None);
        };
        let same_work =
            |other: &StepShape| other.action == before.action && other.with == before.with;
        if same_work(now) {
            return Ok(None);
        }
        let moved = self.now.iter().find(|(other, shape)| {
            let was = self.earlier.get(*other);
            *other != id && same_work(shape) && !was.is_some_and(same_work)
        });
        let is_known_by_place = before.by_place && before.loops.is_empty();
        let message = match moved {
            Some((other, _)) => format!(
                "the step {id} has sent its request, and that request stands at {other} now, where it would be sent again"
            ),
            None if now.action.as_ref() != Some(action) => format!(
                "the step {id} has sent its request to {action}, and is to do something else now, which would count as done"
            ),
            None if is_known_by_place => format!(
                "the step {id} has no id of its own and has sent its request, which is another one now and would count as done"
            ),
            None => return Ok(None),
        };
        if !self.journal.may_have_done(self.run, id)? {
            return Ok(None);
        }
        let help =
            "leave the step as it was; what is new is a step of its own, with an id of its own";
        Ok(Some(self.changed(id, message, help)))
    }

    /// Rows that have begun, and are told apart in another way now.
    fn other_rows(&self, id: &str, before: &StepShape, now: &StepShape) -> Found {
        let message = match (&before.rows, &now.rows) {
            _ if before.loops != now.loops => {
                format!("the step {id} stands in other loops than when the run began")
            }
            (Some(then), Some(now)) if then.key != now.key => {
                format!("the `key` of the loop {id} is another than when the run began")
            }
            (Some(then), Some(now)) if then.batch != now.batch => {
                format!("the `batch` of the loop {id} is another than when the run began")
            }
            (Some(then), Some(now)) if then.by_number && then.source != now.source => {
                format!(
                    "the rows of the loop {id} come from elsewhere, and are known by their numbers"
                )
            }
            (Some(_), None) | (None, Some(_)) => {
                format!("the step {id} was a loop and is none, or is one and was none")
            }
            _ => return Ok(None),
        };
        if !self.has_begun(id)? {
            return Ok(None);
        }
        let message = format!("{message}: nobody could say any more which of its rows were sent");
        let help = "put it back as it was and resume, then run what is new as a run of its own";
        Ok(Some(self.changed(id, message, help)))
    }

    /// The finding about a step, at its place where the playbook still has it.
    fn changed(&self, id: &str, message: String, help: impl Into<String>) -> Diagnostic {
        let finding = Diagnostic::error(Code::Changed, message).help(help);
        match self.plan.step(id) {
            Some(step) => finding.at(step.home.source(), step.span),
            None => finding,
        }
    }

    fn has_begun(&self, id: &str) -> Result<bool, JournalError> {
        let within = |shape: &StepShape| shape.loops.iter().any(|outer| outer == id);
        let mut steps = self
            .earlier
            .iter()
            .filter(|(step, shape)| *step == id || within(shape))
            .map(|(step, _)| step);
        steps.try_fold(false, |begun, step| {
            Ok(begun
                || self.journal.has_rows(self.run, step)?
                || self.journal.has_sent(self.run, step)?)
        })
    }

    /// Steps without an id that have sent something, where such steps came or went.
    fn other_places(&self) -> Result<Option<(String, Diagnostic)>, JournalError> {
        let unnamed = |outline: &Outline| -> Vec<(String, Option<String>)> {
            let steps = outline.iter().filter(|(_, shape)| shape.by_place);
            steps
                .map(|(id, shape)| (id.clone(), shape.action.clone()))
                .collect()
        };
        let before = unnamed(self.earlier);
        if before == unnamed(&self.now) {
            return Ok(None);
        }
        for (id, _) in before {
            if self.journal.may_have_done(self.run, &id)? {
                let message = format!(
                    "the step {id} has no id of its own and has sent a request, and steps without an id came or went: nobody could say any more which one it was"
                );
                let finding = Diagnostic::error(Code::Changed, message)
                    .help("put them back in their places and resume; what is new goes behind them, with an id");
                return Ok(Some((id, finding)));
            }
        }
        Ok(None)
    }

    /// A step that has sent what is not to be sent twice and is gone, where another one came that does the same.
    fn other_name(&self, gone: &str, before: &StepShape) -> Found {
        if self.now.contains_key(gone) {
            return Ok(None);
        }
        let mut new = self
            .now
            .iter()
            .filter(|(id, shape)| shape.action.is_some() && !self.earlier.contains_key(*id));
        let Some((again, _)) = new.find(|(_, shape)| shape.action == before.action) else {
            return Ok(None);
        };
        if !self.journal.may_have_done(self.run, gone)? {
            return Ok(None);
        }
        let message = format!(
            "the step {gone} has sent its request and is gone, and {again} is new and does the same: under another name it would be sent again"
        );
        let help = format!("call it {gone} again; run what is new as a run of its own");
        Ok(Some(self.changed(again, message, help)))
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_sheet_is_shown_as_json() {
        for (sheet, expected) in [
            (Some("A\u{f1}o"), "Some(\"A\u{f1}o\")"),
            (Some("\u{301}A"), "Some(\"\u{301}A\")"),
            (None, "None"),
        ] {
            assert_eq!(shown(sheet.map(str::to_owned)), expected, "{sheet:?}");
        }
    }
}
