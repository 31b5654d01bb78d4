//! The latest run of a playbook, and how it stands: asked before another one begins, so it must cost little however much
//! the journal holds.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension as _, params};

use super::Journal;
use super::error::JournalError;
use super::read::Stored;
use crate::action::TargetFacts;
use crate::event::{EventKind, RunId};

/// The latest run of a playbook.
#[derive(Debug)]
pub struct Latest {
    /// Its id.
    pub run: RunId,
    /// The last that happened in it.
    pub last: EventKind,
}

/// From the latest run back until one fits. What a run began with is read, whole playbooks among it, where the file has
/// the same name; a run that an older voxplay began does not say which project it is one of. A run that was stopped before
/// it sent anything leaves those before it as they were: the first of its events say so.
pub(super) const LATEST: &str = "SELECT runs.id
     FROM runs INDEXED BY runs_by_time CROSS JOIN events AS first ON first.run = runs.id AND first.seq = 1
     WHERE target = ?1 AND server = ?2 AND operation = ?3
       AND substr(playbook, -length(?4)) = ?4
       AND first.body ->> '$.from_root' = ?5
       AND ifnull(first.body ->> '$.root', ?6) = ?6
       AND (runs.outcome IS 'ok' OR EXISTS (
         SELECT 1 FROM events AS early WHERE early.run = runs.id AND early.seq <= 1000
           AND (early.seq = 1000 OR early.kind = 'attempt_started')))
     ORDER BY started_at DESC LIMIT 1";

const LAST: &str =
    "SELECT seq, time, kind, body FROM events WHERE run = ?1 ORDER BY seq DESC LIMIT 1";

impl Journal {
    /// The latest run to a target of the playbook with one of these names from its project's root, which `root` is from
    /// the state folder; none where there is none.
    ///
    /// # Errors
    /// Where the database or the run's last event cannot be read.
    pub fn latest_of(
        &self,
        names: &BTreeSet<String>,
        root: &str,
        target: &TargetFacts,
    ) -> Result<Option<Latest>, JournalError> {
        // To read costs a connection of its own, which most runs in pipelines can do without.
        if self.shared.is_new {
            return Ok(None);
        }
        let mut runs: Vec<(String, Stored)> = Vec::new();
        for name in names {
            let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
            let found = self.read(|connection| {
                let to = (&target.name, &target.server, &target.operation);
                let run: Option<String> = connection
                    .prepare_cached(LATEST)?
                    .query_row(params![to.0, to.1, to.2, file, name, root], |row| {
                        row.get(0)
                    })
                    .optional()?;
                let Some(run) = run else { return Ok(None) };
                let last = connection
                    .prepare_cached(LAST)?
                    .query_row([&run], Stored::read)?;
                Ok(Some((run, last)))
            })?;
            runs.extend(found);
        }
        // Under two names it may have run by turns.
        let latest = runs.into_iter().max_by(|a, b| a.1.time.cmp(&b.1.time));
        let Some((id, last)) = latest else {
            return Ok(None);
        };
        let Some(run) = RunId::parse(&id) else {
            return Ok(None);
        };
        let last = self.revive(&run, vec![last])?;
        Ok(last.into_iter().next().map(|(_, event)| Latest {
            run,
            last: event.kind,
        }))
    }
}
