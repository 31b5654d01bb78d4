//! Where the rows of a loop come from, and how their accounts look.

use super::super::drive::Driver;
use crate::plan::{PlannedLoop, PlannedSource, PlannedStep, Tree};
use crate::rows::{self, Layout, Rows};
use crate::template::Scope;

/// How many rows that cannot be read are gone past in search of one that shows the columns.
const UNREADABLE: usize = 1000;

impl Driver<'_> {
    /// How account files look where the data has no header: as the first row that can be read, which need not be the
    /// first of all. None where there is no such row near the beginning.
    pub(super) fn layout(
        &self,
        step: &PlannedStep,
        each: &PlannedLoop,
        scope: &Scope,
    ) -> Option<Layout> {
        let rows = with_accounts(self.open(step, each, scope).ok()?).ok()?;
        let mut rows = rows.take(UNREADABLE);
        let first = rows.find_map(Result::ok)?;
        Some(Layout::of_first(Some(&first)))
    }

    pub(super) fn open(
        &self,
        step: &PlannedStep,
        each: &PlannedLoop,
        scope: &Scope,
    ) -> Result<Rows, String> {
        let of = |tree: &Tree| {
            tree.render(scope).map_err(|error| {
                crate::diagnostic::in_one_line(&error.diagnostic(step.home.source()))
            })
        };
        match &each.source {
            PlannedSource::Items(tree) => {
                let items = each.source.list(of(tree)?, step.home.source());
                let items = items.map_err(|finding| crate::diagnostic::in_one_line(&finding))?;
                Ok(Rows::from_values(items))
            }
            PlannedSource::File { path, .. } => {
                let path = of(path)?;
                let written = path
                    .as_text()
                    .ok_or_else(|| "the path of the rows must be text".to_owned())?;
                let in_one_line = crate::diagnostic::in_one_line;
                let resolved = step
                    .home
                    .files(self.files)
                    .resolve(written)
                    .map_err(|finding| in_one_line(&finding))?;
                let detail = each.source.detail().map(of).transpose()?;
                let format = each.source.format(detail.as_ref());
                let format = format
                    .map_err(|finding| in_one_line(&finding))?
                    .expect("it is a file");
                rows::open(&resolved.path, written, &format).map_err(|findings| {
                    let lines: Vec<String> = findings.iter().map(in_one_line).collect();
                    lines.join("; ")
                })
            }
        }
    }
}

/// The rows of a loop that has accounts.
pub(super) fn with_accounts(rows: Rows) -> Result<Rows, String> {
    let with = rows.with_accounts();
    with.map_err(|finding| crate::diagnostic::in_one_line(&finding))
}
