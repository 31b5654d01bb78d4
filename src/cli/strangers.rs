//! Rows that a run does not know any more: where none of a loop's keys is one that it has recorded, they were changed,
//! and every row would be sent again.

use super::fingerprints::{loops, rows_of};
use super::going_on::BySteps;
use super::outline;
use super::prepare::Prepared;
use crate::diagnostic::{Code, Diagnostic};
use crate::event::RunId;
use crate::journal::{Journal, JournalError};
use crate::plan::{PlannedLoop, PlannedStep};
use crate::rows::{Row, cell_text};
use crate::run::RowNames;
use crate::secret::Masker;
use crate::template::Scope;
use crate::value::{Map, Value};

/// The loops that have sent something and know none of their rows any more.
pub(super) fn find(
    journal: &Journal,
    run: &RunId,
    ready: &Prepared,
    masker: &Masker,
    found: &mut BySteps,
) -> Result<(), JournalError> {
    let mut error = None;
    // The keys of a loop in the rows of another one stand behind those rows' keys: it is looked at with them.
    let outline = outline::take(&ready.plan);
    let is_inside = |step: &PlannedStep| {
        let shape = outline.get(&step.id);
        shape.is_some_and(|shape| shape.loops.iter().any(|outer| *outer != step.id))
    };
    loops(&ready.plan, &ready.rehearsal, &mut |step, each, scope| {
        if error.is_some()
            || found.contains_key(&step.id)
            || each.knows_rows_by_number()
            || is_inside(step)
        {
            return;
        }
        let look = Look {
            journal,
            run,
            ready,
            masker,
            step,
            each,
        };
        match look.knows_none(scope) {
            Ok(false) => {}
            Ok(true) => {
                found.insert(step.id.clone(), finding(step));
            }
            Err(unreadable) => error = Some(unreadable),
        }
    });
    error.map_or(Ok(()), Err)
}

fn finding(step: &PlannedStep) -> Diagnostic {
    Diagnostic::error(
        Code::Changed,
        format!(
            "none of the rows of the loop {} has a key that the run knows: what was sent for them would be sent again",
            step.id
        ),
    )
    .at(step.home.source(), step.span)
    .help("put the keys back as they were and resume; run other rows as a run of their own")
}

struct Look<'l> {
    journal: &'l Journal,
    run: &'l RunId,
    ready: &'l Prepared,
    masker: &'l Masker,
    step: &'l PlannedStep,
    each: &'l PlannedLoop,
}

impl Look<'_> {
    /// Whether rows of it were sent, there are rows now, and none of these is one of those. What cannot be read is for
    /// others to tell.
    fn knows_none(&self, scope: &Scope) -> Result<bool, JournalError> {
        let steps = self.step.and_nested();
        let mut sent = steps.iter();
        let was_sent = sent.try_fold(false, |sent, step| {
            Ok(sent || self.journal.may_have_done(self.run, &step.id)?)
        })?;
        if !was_sent {
            return Ok(false);
        }
        let Some(rows) = rows_of(self.step, self.each, scope, &self.ready.files) else {
            return Ok(false);
        };
        let mut has_rows = false;
        for row in rows.flatten() {
            let Some(key) = self.key(row, scope) else {
                return Ok(false);
            };
            has_rows = true;
            let names = RowNames::new(self.run, self.masker, self.each, None);
            for name in [names.open(&key), names.hidden(&key)] {
                for step in &steps {
                    if self.journal.has_row(self.run, &step.id, &name)? {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(has_rows)
    }

    /// The key of a row.
    fn key(&self, row: Row, scope: &Scope) -> Option<String> {
        let mut scope = scope.child();
        scope.set(self.each.binding.clone(), row.value);
        let index = Map::from_iter([("index".to_owned(), Value::from(row.number))]);
        scope.set("loop", Value::Map(index));
        let key = self.each.key.as_ref()?.render(&scope).ok()?;
        Some(cell_text(&key))
    }
}
