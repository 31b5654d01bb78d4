//! The latest run of a playbook, and how it stands: asked before another one begins, so it must cost little however much
//! the journal holds.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

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

/// The runs to a target whose playbook has this file name, from the one that began last back: by its first event, for
/// the `started_at` of one that a saved plan was run as is when the plan was made, perhaps weeks before. Of each run it
/// reads the beginning of two rows, and no playbook.
pub(super) const TO_TARGET: &str = "SELECT runs.id, first.time
     FROM runs CROSS JOIN events AS first ON first.run = runs.id AND first.seq = 1
     WHERE target = ?1 AND server = ?2 AND operation = ?3
       AND substr(playbook, -length(?4)) = ?4
     ORDER BY first.time DESC, runs.id DESC";

/// Whether a run is one of the playbook that has this name from its project's root; it reads what the run began with,
/// whole playbooks among it. A run that an older voxplay began does not say which project it is one of. A run that was
/// stopped before it sent anything leaves those before it as they were: the first of its events say so.
pub(super) const FITS: &str = "SELECT EXISTS (
     SELECT 1 FROM runs CROSS JOIN events AS first ON first.run = runs.id AND first.seq = 1
     WHERE runs.id = ?1
       AND first.body ->> '$.from_root' = ?2
       AND ifnull(first.body ->> '$.root', ?3) = ?3
       AND (runs.outcome IS 'ok' OR EXISTS (
         SELECT 1 FROM events AS early WHERE early.run = runs.id AND early.seq <= 1000
           AND (early.seq = 1000 OR early.kind = 'attempt_started'))))";

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
        let mut runs: Vec<(String, String)> = Vec::new();
        for name in names {
            let found = self.read(|connection| latest_named(connection, name, root, target))?;
            runs.extend(found);
        }
        // Under two names it may have run by turns.
        let Some((_, id)) = runs.into_iter().max() else {
            return Ok(None);
        };
        let last = self.read(|connection| {
            connection
                .prepare_cached(LAST)?
                .query_row([&id], Stored::read)
        })?;
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

/// When the latest run of the playbook of this name began, and its id.
fn latest_named(
    connection: &Connection,
    name: &str,
    root: &str,
    to: &TargetFacts,
) -> rusqlite::Result<Option<(String, String)>> {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let mut runs = connection.prepare_cached(TO_TARGET)?;
    let mut runs = runs.query(params![to.name, to.server, to.operation, file])?;
    let mut fits = connection.prepare_cached(FITS)?;
    while let Some(run) = runs.next()? {
        let (id, began): (String, String) = (run.get(0)?, run.get(1)?);
        if fits.query_row(params![id, name, root], |row| row.get(0))? {
            return Ok(Some((began, id)));
        }
    }
    Ok(None)
}
