//! One row, or one batch of rows, from its beginning to its end. It does not know which is next, nor in what order they
//! are accounted for.

use std::time::Instant;

use tokio::sync::watch;

use super::notes::RowNotes;
use crate::event::{Batch, RowFinished};
use crate::outcome::Outcome;
use crate::plan::{PlannedKind, PlannedLoop, PlannedStep};
use crate::rows::{Row, RowError};
use crate::run::drive::{Driver, RunError, milliseconds};
use crate::run::loops::row_outcome;
use crate::run::{Lane, Stop};
use crate::template::Scope;

/// One row, or one batch of rows, on its way.
#[derive(Debug)]
pub(super) struct Item {
    /// In which order it was read, from 0.
    pub(super) turn: u64,
    pub(super) key: String,
    pub(super) number: u64,
    pub(super) rows: Vec<Row>,
    pub(super) scope: Scope,
    pub(super) serialize_by: Option<String>,
    /// What tells it from another one that may have its number later.
    pub(super) digest: Option<String>,
    /// Turns true when the loop is to begin no more rows.
    pub(super) over: watch::Receiver<bool>,
}

/// Whether the end of an item has to be written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is not in the journal yet.
    News,
    /// An earlier stretch of the run has written it down.
    Known,
}

/// An item that is over.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) rows: Vec<Row>,
    /// What was there instead of a row.
    pub(super) unreadable: Option<RowError>,
    pub(super) event: RowFinished,
    pub(super) standing: Standing,
    pub(super) stop: Option<Stop>,
    /// The first request in doubt, as `reconcile` calls it.
    pub(super) doubt: Option<String>,
    pub(super) serialize_by: Option<String>,
    pub(super) turn: u64,
}

impl Item {
    fn event(&self, step: &PlannedStep, outcome: Outcome) -> RowFinished {
        RowFinished {
            item: self.digest.clone().filter(|_| outcome != Outcome::NotRun),
            batch: Batch::of(self.rows.iter().map(|row| row.number)),
            ..RowFinished::new(step.id.clone(), self.key.clone(), self.number, outcome)
        }
    }

    fn ended(self, event: RowFinished, standing: Standing, stop: Option<Stop>) -> Ended {
        Ended {
            rows: self.rows,
            unreadable: None,
            event,
            standing,
            stop,
            doubt: None,
            serialize_by: self.serialize_by,
            turn: self.turn,
        }
    }
}

impl Driver<'_> {
    /// Runs the steps of one item.
    pub(super) async fn item<'p>(
        &'p self,
        item: Item,
        step: &'p PlannedStep,
        each: &'p PlannedLoop,
        clock: Instant,
    ) -> Result<Ended, RunError> {
        let known = self.known_row(&item, step, each);
        self.check_history()?;
        if let Some(event) = known {
            return Ok(item.ended(event, Standing::Known, None));
        }
        let applies = each
            .when
            .as_ref()
            .map_or(Ok(true), |when| when.expression.is_true(&item.scope));
        match (applies, &each.when) {
            (Ok(false), Some(when)) => {
                let reason = format!("when: {}", when.text.trim());
                self.not_run(item, (step, each), Some(&reason), clock).await
            }
            (Ok(_), _) => {
                let lane = self.lane_of(&item, each);
                self.driven(item, (step, Outcome::Skipped), lane, clock)
                    .await
            }
            (Err(error), _) => {
                let digest = item.digest.clone();
                let mut ended = self.not_run(item, (step, each), None, clock).await?;
                if ended.event.outcome != Outcome::Unknown {
                    ended.event.item = digest;
                    ended.event.outcome = Outcome::Failed;
                    ended.event.error = Some(format!("`when`: {}", error.message));
                }
                Ok(ended)
            }
        }
    }

    /// The end of a row that needs no second look, with ids that a person has added since.
    fn known_row(
        &self,
        item: &Item,
        step: &PlannedStep,
        each: &PlannedLoop,
    ) -> Option<RowFinished> {
        let mut event = self.history.row(&step.id, &item.key)?;
        if each.keeps_ids {
            for step in ids_of(&each.steps) {
                if !event.wolkvox_ids.contains_key(&step)
                    && let Some(end) = self.history.settled(&step, Some(&item.key))
                    && let Some(id) = end.wolkvox_id
                {
                    event.wolkvox_ids.insert(step, id);
                }
            }
        }
        Some(event)
    }

    /// Accounts for an item whose turn did not come, or that is left out for a reason. What an earlier stretch of the
    /// run has done of it, or may have, stays true.
    pub(super) async fn left<'p>(
        &'p self,
        item: Item,
        (step, each): (&'p PlannedStep, &'p PlannedLoop),
        left_out: Option<&str>,
        clock: Instant,
    ) -> Result<Ended, RunError> {
        let known = self.known_row(&item, step, each);
        self.check_history()?;
        match known {
            Some(event) => Ok(item.ended(event, Standing::Known, None)),
            None => self.not_run(item, (step, each), left_out, clock).await,
        }
    }

    /// The same of an item that needs a second look.
    async fn not_run<'p>(
        &'p self,
        item: Item,
        (step, each): (&'p PlannedStep, &'p PlannedLoop),
        left_out: Option<&str>,
        clock: Instant,
    ) -> Result<Ended, RunError> {
        let outcome = left_out.map_or(Outcome::NotRun, |_| Outcome::Skipped);
        let has_begun = self.history.has_begun_any(&each.steps, &item.key);
        self.check_history()?;
        if !has_begun {
            let event = item.event(step, outcome);
            return Ok(item.ended(event, Standing::News, None));
        }
        let mut lane = self.lane_of(&item, each);
        match left_out {
            Some(reason) => lane.leave_out(reason),
            None => lane.stop_before_start(Stop::Interrupted),
        }
        let ended = self.driven(item, (step, outcome), lane, clock).await?;
        // What keeps its steps from being run is no news to the loop.
        Ok(Ended {
            stop: None,
            ..ended
        })
    }

    fn lane_of<'p>(&'p self, item: &Item, each: &'p PlannedLoop) -> Lane<'p> {
        let (scope, row) = (item.scope.clone(), item.key.clone());
        Lane::new(&each.steps, scope, Some(row), self.around()).of_item(item.digest.clone())
    }

    /// Drives the lane of a row to its end; `outcome` is that of a row of which nothing is run.
    async fn driven<'p>(
        &'p self,
        item: Item,
        (step, outcome): (&'p PlannedStep, Outcome),
        lane: Lane<'p>,
        clock: Instant,
    ) -> Result<Ended, RunError> {
        let began = milliseconds(clock);
        let mut notes = RowNotes {
            over: Some(item.over.clone()),
            ..RowNotes::default()
        };
        let end = self.drive(lane, Some(&mut notes), clock, None).await?;
        let mut event = item.event(step, outcome);
        event.outcome = row_outcome(&end);
        let doubt = end.found.doubt().cloned();
        end.found.tell(&mut event);
        event.duration_ms = milliseconds(clock).saturating_sub(began);
        Ok(Ended {
            doubt,
            ..item.ended(event, Standing::News, end.stop)
        })
    }
}

/// The steps of a row that may get an id: of those of a loop inside it there is no single one.
pub(super) fn ids_of(steps: &[PlannedStep]) -> Vec<String> {
    let steps = steps.iter().flat_map(PlannedStep::without_rows);
    let actions = steps.filter(|step| matches!(step.kind, PlannedKind::Action(_)));
    actions.map(|step| step.id.clone()).collect()
}
