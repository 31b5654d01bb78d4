//! The file that a step is written in: its text for messages, and where its paths begin.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::playbook::Used;
use crate::project::Confinement;
use crate::source::Source;

/// A playbook as a place: the one that is run, or one that a step uses.
#[derive(Debug)]
pub struct Home {
    source: Arc<Source>,
    /// Of a used playbook: its folder, and its path for messages.
    away: Option<(PathBuf, String)>,
    /// The zone of its times, where it is not the run's.
    zone: Option<TimeZone>,
}

impl Home {
    /// The playbook that is run.
    pub(super) fn of_run(source: &Arc<Source>) -> Arc<Self> {
        Arc::new(Self {
            source: Arc::clone(source),
            away: None,
            zone: None,
        })
    }

    /// A playbook that a step of `outer` uses.
    pub(super) fn of_used(used: &Used, outer: &Self) -> Arc<Self> {
        Arc::new(Self {
            source: Arc::clone(&used.playbook.source),
            away: Some((used.folder.clone(), used.path.clone())),
            zone: used.zone.clone().or_else(|| outer.zone.clone()),
        })
    }

    /// Its text.
    pub const fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The zone of its times; none where it is the run's.
    pub const fn zone(&self) -> Option<&TimeZone> {
        self.zone.as_ref()
    }

    /// Which files it may read, given those of the playbook that is run: the same, looked up beside itself first.
    pub fn files<'f>(&self, of_run: &'f Confinement) -> Cow<'f, Confinement> {
        match &self.away {
            None => Cow::Borrowed(of_run),
            Some((folder, _)) => Cow::Owned(of_run.beside(folder)),
        }
    }

    /// A path that is written in it, as seen from the playbook that is run.
    pub(super) fn beside(&self, written: &str) -> String {
        match &self.away {
            None => written.to_owned(),
            Some((folder, _)) => folder.join(written).display().to_string(),
        }
    }

    /// The name under which a file that it names is listed: two playbooks may mean different files by one path.
    pub fn label(&self, written: &str) -> String {
        match &self.away {
            None => written.to_owned(),
            Some((_, path)) => format!("{written} (of {path})"),
        }
    }
}
