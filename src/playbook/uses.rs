//! Which playbook each `use` means. Files are read elsewhere: here they are only named and held together.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::{Limits, Playbook, Step, StepKind};
use crate::source::{Source, Spanned};
use crate::value::Map;

/// A playbook that a step of another one uses, with what only the edge could find out about it.
#[derive(Debug)]
pub struct Used {
    /// The playbook, its own uses linked.
    pub playbook: Playbook,
    /// Its path from the folder of the playbook that is run, for messages and fingerprints.
    pub path: String,
    /// Its folder, symlinks resolved: where relative paths in it begin.
    pub folder: PathBuf,
    /// Its `timezone`, where it names one that exists.
    pub zone: Option<TimeZone>,
    /// The values of the environment variables that its inputs name, by variable; none where a check leaves them
    /// open.
    pub environment: Option<Map>,
    /// How many playbooks the longest chain from it on has, itself included.
    pub height: usize,
    /// How many playbooks run when it runs, itself included, each as often as it is used.
    pub size: usize,
}

/// A step of the playbook that is run, or of one that it uses.
#[derive(Debug, Clone)]
pub struct WholeStep<'p> {
    /// Its id in the run.
    pub id: String,
    /// The step.
    pub step: &'p Step,
    /// The text that it is written in.
    pub source: &'p Arc<Source>,
    /// The playbook that it uses.
    pub used: Option<&'p Playbook>,
    /// Whether it runs once for each row of a loop.
    pub is_repeated: bool,
}

/// What a `use` is linked to.
pub type UseLink = Arc<Used>;

impl Playbook {
    /// The lowest limit of requests that it or a playbook that it uses sets, and the text that sets it.
    pub fn most_requests(&self) -> Option<(&Arc<Source>, &Spanned<u64>)> {
        self.lowest(|limits| limits.requests.as_ref())
    }

    /// The lowest limit of deletes that it or a playbook that it uses sets, and the text that sets it.
    pub fn most_deletes(&self) -> Option<(&Arc<Source>, &Spanned<u64>)> {
        self.lowest(|limits| limits.deletes.as_ref())
    }

    /// Limits bound a whole run: those of a used playbook as well, so that using it never loosens one.
    fn lowest(
        &self,
        of: fn(&Limits) -> Option<&Spanned<u64>>,
    ) -> Option<(&Arc<Source>, &Spanned<u64>)> {
        let own = of(&self.limits).map(|limit| (&self.source, limit));
        let used = self.uses.values();
        own.into_iter()
            .chain(used.filter_map(|used| used.playbook.lowest(of)))
            .min_by_key(|(_, limit)| limit.value)
    }

    /// Every step of the run: those of used playbooks stand after the step that uses them, their ids after its own.
    pub fn whole(&self) -> Vec<WholeStep<'_>> {
        let mut all = Vec::new();
        self.add_whole("", false, &mut all);
        all
    }

    fn add_whole<'p>(&'p self, prefix: &str, is_repeated: bool, into: &mut Vec<WholeStep<'p>>) {
        for steps in [&self.steps, &self.finally] {
            self.add_steps(steps, (prefix, is_repeated), into);
        }
    }

    fn add_steps<'p>(
        &'p self,
        steps: &'p [Step],
        (prefix, is_repeated): (&str, bool),
        into: &mut Vec<WholeStep<'p>>,
    ) {
        for step in steps {
            let id = format!("{prefix}{}", step.id.value);
            let used = self.used_by(step);
            let below = format!("{id}.");
            into.push(WholeStep {
                id,
                step,
                source: &self.source,
                used: used.map(|used| &used.playbook),
                is_repeated,
            });
            let is_repeated = is_repeated || matches!(step.kind, StepKind::Loop(..));
            if let Some(used) = used {
                used.playbook.add_whole(&below, is_repeated, into);
            }
            self.add_steps(step.nested(), (prefix, is_repeated), into);
        }
    }

    /// The playbook that a step uses, where it uses one that could be read.
    pub fn used_by(&self, step: &Step) -> Option<&UseLink> {
        match &step.kind {
            StepKind::Use { path, .. } => self.uses.get(&path.value),
            _ => None,
        }
    }
}
