//! The rows of a loop, driven: read one after another, run side by side, accounted for in their order.

mod early;
mod item;
mod notes;
mod open;
mod reader;
mod turns;
mod unbegun;

use std::time::Instant;

use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::Stop;
use super::answered_rows::{Identity, other_row};
use super::drive::{Driver, RunError};
use super::ledger::{AccountFile, Ledger};
use super::loops::{LoopEnd, Patience, Tally};
use crate::plan::{PlannedLoop, PlannedStep};
use crate::playbook::MaxFailures;
use crate::template::Scope;
use early::NEAR;
use item::{Ended, ids_of};
pub(super) use notes::RowNotes;
use open::with_accounts;
use reader::{Read, Reader};
use turns::Turns;
use unbegun::Unbegun;

/// Where the accounts of one loop are written.
pub type AccountFiles = Vec<AccountFile>;

impl Driver<'_> {
    /// Runs a loop; or only accounts for its rows, where they are left out for a reason.
    pub(super) async fn rows<'p>(
        &'p self,
        (step, each): (&'p PlannedStep, &'p PlannedLoop),
        scope: Scope,
        outer: Option<String>,
        left_out: Option<String>,
        clock: Instant,
    ) -> Result<LoopEnd, RunError> {
        let opened = self.open(step, each, &scope).and_then(|rows| {
            // A percentage is one of all rows, so they are counted first.
            let total = if let Some(MaxFailures::Percent(_)) = each.max_failures {
                let counted = self.open(step, each, &scope)?.count();
                Some(u64::try_from(counted).unwrap_or(u64::MAX))
            } else {
                None
            };
            if self.history.is_of_journal() && Identity::of(step, each) == Identity::Told {
                let rows = self.open(step, each, &scope)?.in_items(each.batch);
                let reader = self.reader(rows, (step, each), scope.clone(), outer.clone());
                self.check_items(reader)?;
            }
            let files = (self.accounts)(&step.id, &each.accounts);
            let rows = if files.is_empty() {
                rows
            } else {
                with_accounts(rows)?
            };
            let layout = match rows.layout() {
                None if !files.is_empty() => self.layout(step, each, &scope),
                known => known,
            };
            let accounts = files
                .into_iter()
                .map(|file| Ledger::create(file, layout.clone(), ids_of(&each.steps)))
                .collect::<Result<Vec<_>, _>>()?;
            Ok((rows, total, accounts))
        });
        self.check_history()?;
        let (rows, total, accounts) = match opened {
            Ok(opened) => opened,
            Err(problem) => {
                return Ok(LoopEnd {
                    tally: Tally::of(step, each),
                    problem: Some(problem),
                    ..LoopEnd::default()
                });
            }
        };
        let patience = Patience::new(each, step.on_failure, total);
        let mut turns = Turns::new(self, (step, each), accounts, total);
        let rows = rows.in_items(each.batch);
        let mut input = self.reader(rows, (step, each), scope, outer);
        let halted = match left_out {
            None => self.work(&mut input, &mut turns, patience, clock).await?,
            Some(reason) => {
                self.leave(&mut input, &mut turns, Some(&reason), clock)
                    .await?;
                None
            }
        };
        let problems = [input.broken, turns.close()];
        let problems: Vec<String> = problems.into_iter().flatten().collect();
        let problem = (!problems.is_empty()).then(|| problems.join("; "));
        let tally = turns.tally;
        let enough = match halted {
            Some(Stop::Limit(limit)) => Some(limit.reached()),
            _ => patience.enough(&tally.counts),
        };
        Ok(LoopEnd {
            stop: halted.or_else(|| patience.stop(&tally.counts)),
            enough,
            tally,
            problem,
        })
    }

    /// Looks whether rows that are known by their numbers are the ones that an earlier stretch began under them.
    fn check_items(&self, mut reader: Reader<'_>) -> Result<(), String> {
        let mut steps = ids_of(&reader.each.steps);
        steps.push(reader.step.id.clone());
        while let Some(read) = reader.read() {
            let Read::Item(item) = read else {
                continue;
            };
            let mut earlier = steps
                .iter()
                .filter_map(|step| self.history.item(step, &item.key));
            let is_other = |earlier| Some(earlier) != item.digest;
            if earlier.next().is_some_and(is_other) {
                return Err(other_row(item.number));
            }
        }
        Ok(())
    }

    /// Reads and accounts for rows of which none is to begin, or is left out for a reason.
    async fn leave<'p>(
        &'p self,
        reader: &mut Reader<'p>,
        turns: &mut Turns<'p, '_>,
        left_out: Option<&str>,
        clock: Instant,
    ) -> Result<(), RunError> {
        let of = (reader.step, reader.each);
        while let Some(read) = reader.read() {
            self.check_history()?;
            let ended = match read {
                Read::Item(item) => self.left(*item, of, left_out, clock).await?,
                Read::Bad(ended) => *ended,
            };
            turns.add(ended).await?;
        }
        Ok(())
    }

    /// Reads, runs and accounts until nothing is left, or no more may begin.
    async fn work<'p>(
        &'p self,
        reader: &mut Reader<'p>,
        turns: &mut Turns<'p, '_>,
        patience: Patience,
        clock: Instant,
    ) -> Result<Option<Stop>, RunError> {
        let places = reader.each.concurrency;
        let mut running = FuturesUnordered::new();
        let mut unbegun = Unbegun::default();
        let mut stop = None;
        let mut exhausted = false;
        loop {
            if stop.is_none() && *self.interrupted.borrow() {
                stop = Some(Stop::Interrupted);
            }
            let enough = patience.exhausted(&turns.ended);
            if enough || matches!(stop, Some(Stop::Limit(_))) {
                reader.over.send_replace(true);
            }
            let over = stop.is_some() || enough;
            while !over && running.len() < places {
                if let Some(item) = unbegun.next() {
                    running.push(self.item(item, reader.step, reader.each, clock));
                    continue;
                }
                if exhausted || unbegun.len() >= places * NEAR || !turns.have_room() {
                    break;
                }
                let read = reader.read();
                self.check_history()?;
                match read {
                    None => exhausted = true,
                    Some(Read::Bad(ended)) => turns.add(*ended).await?,
                    Some(Read::Item(item)) => unbegun.add(*item),
                }
                if patience.exhausted(&turns.ended) {
                    break;
                }
            }
            let Some(ended) = running.next().await else {
                let over = stop.is_some() || patience.exhausted(&turns.ended);
                if over || (exhausted && unbegun.has_none_ready()) {
                    break;
                }
                continue;
            };
            let ended: Ended = ended?;
            if ended.stop.is_some_and(Stop::ends_loops) {
                stop = stop.or(ended.stop);
            }
            if let Some(value) = &ended.serialize_by {
                unbegun.is_over(value);
            }
            turns.add(ended).await?;
        }
        // What was read and not begun, and what was never read, is accounted for as well.
        for item in unbegun.into_items() {
            let of = (reader.step, reader.each);
            let ended = self.left(item, of, None, clock).await?;
            turns.add(ended).await?;
        }
        self.leave(reader, turns, None, clock).await?;
        Ok(stop)
    }
}
