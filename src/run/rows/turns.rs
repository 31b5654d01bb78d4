//! Rows accounted for in the order in which they were read. It does not know what they do.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: how long a loop takes is told by the clock"
)]

use std::time::Instant;

use super::early::Early;
use super::item::{Ended, Standing};
use crate::event::{Counts, EventKind};
use crate::journal::Durability;
use crate::plan::{PlannedLoop, PlannedStep};
use crate::run::drive::{Driver, Progress, RunError};
use crate::run::ledger::Ledger;
use crate::run::loops::{Tally, name_of_ids};

/// Accounts for rows in the order in which they were read, whatever order they end in.
pub(super) struct Turns<'p, 'd> {
    driver: &'p Driver<'d>,
    step: &'p PlannedStep,
    each: &'p PlannedLoop,
    accounts: Vec<Ledger>,
    pub(super) tally: Tally,
    /// Rows by outcome as soon as they end, out of their order too: what is asked whether more may begin.
    pub(super) ended: Counts,
    early: Early,
    next: u64,
    total: Option<u64>,
    began: Instant,
}

impl<'p, 'd> Turns<'p, 'd> {
    /// Before the first row, of so many where that is known.
    pub(super) fn new(
        driver: &'p Driver<'d>,
        (step, each): (&'p PlannedStep, &'p PlannedLoop),
        accounts: Vec<Ledger>,
        total: Option<u64>,
    ) -> Self {
        Self {
            driver,
            step,
            each,
            accounts,
            tally: Tally::of(step, each),
            ended: Counts::default(),
            early: Early::new(each.concurrency),
            next: 0,
            total,
            began: Instant::now(),
        }
    }
}

impl Turns<'_, '_> {
    pub(super) async fn add(&mut self, mut ended: Ended) -> Result<(), RunError> {
        let size = u64::try_from(ended.rows.len().max(1)).unwrap_or(u64::MAX);
        self.ended.add_many(ended.event.outcome, size);
        if self.accounts.is_empty() {
            // Nobody reads them any more.
            ended.rows.clear();
        }
        self.early.add(ended, size);
        self.tell(false);
        while let Some((ended, size)) = self.early.take(self.next) {
            self.next += 1;
            self.account(ended, size).await?;
        }
        Ok(())
    }

    /// Whether more rows may end before those that stand earlier.
    pub(super) fn have_room(&self) -> bool {
        self.early.has_room()
    }

    async fn account(&mut self, ended: Ended, size: u64) -> Result<(), RunError> {
        let Ended {
            rows,
            mut unreadable,
            mut event,
            standing,
            doubt,
            ..
        } = ended;
        self.tally.counts.add_many(event.outcome, size);
        self.tally.accepted.extend(event.accepted.clone());
        if self.tally.doubt.is_none() {
            self.tally.doubt = doubt;
        }
        if self.each.keeps_ids {
            for (step, id) in &event.wolkvox_ids {
                self.tally
                    .ids
                    .entry(name_of_ids(self.step, step).to_owned())
                    .or_default()
                    .push(id.clone());
            }
        }
        // Accounts are files as others are: what an answer quotes of a secret must not stand there.
        event.mask(self.driver.masker);
        if let Some(error) = &mut unreadable {
            error.mask(self.driver.masker);
        }
        // What cannot be written is said once, when the account is closed.
        for account in &mut self.accounts {
            for row in &rows {
                account.add(row, &event);
            }
            if let Some(error) = &unreadable {
                account.add_unreadable(error, &event);
            }
        }
        if standing == Standing::News {
            self.driver
                .record(EventKind::RowFinished(event), Durability::Soon)
                .await?;
        }
        Ok(())
    }

    fn tell(&self, is_over: bool) {
        self.driver.watcher.borrow_mut().progress(&Progress {
            step: &self.step.id,
            counts: self.ended,
            total: self.total,
            elapsed: self.began.elapsed(),
            is_over,
        });
    }

    /// Finishes the accounts; says what is wrong with them, or with the numbers.
    pub(super) fn close(&mut self) -> Option<String> {
        self.tell(true);
        let mut problems: Vec<String> = self
            .accounts
            .drain(..)
            .filter_map(|account| account.finish().err())
            .collect();
        if self.early.len() > 0 {
            problems.push(format!(
                "{} rows were read and not accounted for: this is a bug of voxplay",
                self.early.len()
            ));
        }
        (!problems.is_empty()).then(|| problems.join("; "))
    }
}
