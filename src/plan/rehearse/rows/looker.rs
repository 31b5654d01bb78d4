//! Looks at the rows of one loop, one item after another: what is wrong with each, and which of it stops the run.

use std::collections::BTreeSet;

use super::{FEW, Looked, holds, of_steps};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::plan::rehearse::everywhere::{Everywhere, asks_for_no_data};
use crate::plan::rehearse::same::Told;
use crate::plan::rehearse::sent::has_settled_rows;
use crate::plan::rehearse::{Known, LookedAt, Rehearser, RowCheck};
use crate::plan::{PlannedLoop, PlannedSource, PlannedStep, Tree};
use crate::playbook::OnFailure;
use crate::rows::{self, Row, Rows, cell_text};
use crate::value::is_blank;

/// How many findings about rows are told; there may be one for each of a million rows.
const MOST_FINDINGS: usize = 100;

/// Looks at the rows of one loop, one item after another.
pub(super) struct RowLooker<'l> {
    pub(super) rehearser: &'l Rehearser<'l>,
    /// What templates see outside of the rows.
    pub(super) known: &'l Known<'l>,
    pub(super) step: &'l PlannedStep,
    pub(super) each: &'l PlannedLoop,
    /// What messages call the data.
    pub(super) name: String,
    /// Whether it is said that rows do again what they have done.
    pub(super) says_repeated: bool,
    /// How many items of a list are looked at.
    pub(super) most: usize,
    pub(super) keys: BTreeSet<String>,
    /// What is wrong with every row.
    pub(super) everywhere: Everywhere,
    pub(super) of_rows: Told,
    pub(super) found: Looked,
}

impl RowLooker<'_> {
    pub(super) fn look(&mut self, rows: Rows, place: crate::source::Span) {
        let many = match (self.rehearser.facts.rows, &self.each.source) {
            (RowCheck::All, _) => usize::MAX,
            // They are in memory, and mostly written out.
            (RowCheck::First, PlannedSource::Items(_)) => self.most,
            (RowCheck::First, PlannedSource::File { .. }) => FEW,
        };
        let (mut read, mut turn) = (0, 0);
        let mut at = LookedAt {
            source: self.name.clone(),
            is_file: matches!(self.each.source, PlannedSource::File { .. }),
            rows: 0,
            has_more: false,
        };
        for item in rows.in_items(self.each.batch) {
            let is_told = self.of_rows.len() < MOST_FINDINGS && read < many;
            // Further rows are only looked at to see whether one of them is right where all others are wrong.
            let looks_on = self.forgives() && self.everywhere.is_open();
            at.has_more |= !is_told;
            if !is_told && !looks_on {
                break;
            }
            let mut prefix = String::new();
            let found = match item {
                Ok(rows) => {
                    read += rows.len();
                    turn += 1;
                    prefix = self.prefix(&rows);
                    let (applies, found) = self.item(rows, turn, &prefix, is_told);
                    // What a row shows that is skipped, or cannot be read, is nothing about the others.
                    if applies {
                        self.everywhere.narrow(&found);
                    }
                    found
                }
                Err(error) => {
                    read += 1;
                    let message = format!("{}, {error}", self.name);
                    let finding = Diagnostic::error(Code::Schema, message);
                    vec![finding.at(self.step.home.source(), place)]
                }
            };
            if is_told {
                at.rows = read as u64;
                for finding in found {
                    self.of_rows.add(finding, &prefix);
                }
            }
        }
        self.found.at = Some(at);
    }

    /// What messages call a row or a batch of rows.
    fn prefix(&self, rows: &[Row]) -> String {
        format!("{}, {}", self.name, rows::label(rows))
    }

    /// A run whose other rows go on is not refused for one: that row will fail, and be accounted for.
    fn forgives(&self) -> bool {
        let goes_on =
            self.step.on_failure == OnFailure::Continue || self.each.max_failures.is_some();
        self.rehearser.facts.run.is_some() && goes_on
    }

    /// Makes warnings of what is wrong with rows, where it need not stop the run. What is wrong with all of them, and
    /// what is wrong whatever a row holds, is a mistake of the playbook, and no row would come of it.
    pub(super) fn forgive(&mut self) {
        if !self.forgives() {
            return;
        }
        let errors = self.of_rows.iter_mut().filter(|it| it.is_error());
        for finding in errors {
            if self.everywhere.has(finding) || asks_for_no_data(self.step, finding) {
                continue;
            }
            finding.severity = Severity::Warning;
            finding
                .help
                .get_or_insert_with(|| "the row will count as failed".to_owned());
        }
    }

    /// One row, or one batch of rows, that messages call as `prefix` says: whether it is not skipped, and what is wrong
    /// with it.
    fn item(
        &mut self,
        rows: Vec<Row>,
        turn: u64,
        prefix: &str,
        is_told: bool,
    ) -> (bool, Vec<Diagnostic>) {
        let stopped_at = rows.iter().find_map(|row| row.stopped_at.clone());
        let mut known = Known {
            scope: self.each.scope_of(&self.known.scope, rows, turn),
            ..self.known.clone()
        };
        let mut of_row = Looked::default();
        self.names(&known, is_told, &mut of_row.of_rows);
        let when = self.each.when.as_ref();
        let applies = when.map_or(Some(true), |when| {
            holds(when, &known, self.step, &mut of_row.of_rows)
        });
        if let Some(repeated) = stopped_at.and_then(|step| self.repeated(&step))
            && applies != Some(false)
            && !std::mem::replace(&mut self.says_repeated, true)
        {
            of_row.of_rows.push(repeated);
        }
        if applies == Some(true) {
            of_steps(self.rehearser, &self.each.steps, &mut known, &mut of_row);
        }
        // What is wrong whatever a row holds was told when its steps were visited.
        let told = &self.rehearser.findings;
        of_row.of_rows.retain(|finding| !told.contains(finding));
        for finding in of_row.of_data {
            if !self.found.of_data.contains(&finding) {
                self.found.of_data.push(finding);
            }
        }
        let is_certain = !of_row.of_rows.iter().any(Diagnostic::is_error)
            && (self.rehearser.facts.run.is_some() || has_settled_rows(self.each));
        if is_told && is_certain && self.rehearser.settles(when) {
            self.found.sent.add(of_row.sent);
        }
        let found = of_row.of_rows.into_iter().map(|finding| Diagnostic {
            message: format!("{prefix}: {}", finding.message),
            ..finding
        });
        (applies != Some(false), found.collect())
    }

    /// What a row of an account does once more that stopped at a step before: what was created or deleted until then.
    fn repeated(&self, stopped_at: &str) -> Option<Diagnostic> {
        let steps = self.each.steps.iter();
        let steps: Vec<_> = steps.flat_map(PlannedStep::without_rows).collect();
        let at = steps.iter().position(|step| step.id == stopped_at)?;
        let done = steps[..at].iter().filter(|step| step.adds_or_removes());
        let done: Vec<String> = done.map(|step| format!("`{}`", step.id)).collect();
        if done.is_empty() {
            return None;
        }
        let message = format!(
            "it stopped at `{stopped_at}` and begins anew: what {} did is done once more",
            done.join(", ")
        );
        let finding = Diagnostic::warning(Code::InvalidValue, message)
            .at(self.step.home.source(), self.each.span)
            .help("go on with that run by `voxplay resume --retry-failed` instead: it repeats nothing that is done");
        Some(finding)
    }

    /// What names a row, and what keeps its order. `remembers` is whether later rows are compared with it.
    fn names(&mut self, known: &Known<'_>, remembers: bool, found: &mut Vec<Diagnostic>) {
        let source = self.step.home.source();
        let mut render = |tree: &Tree| {
            let partial = tree.render_known(&known.scope, &|read| known.is_known(read));
            found.extend(partial.errors.iter().map(|error| error.diagnostic(source)));
            (partial.holes.is_empty() && partial.errors.is_empty()).then_some(partial.value)
        };
        if let Some(serialize_by) = &self.each.serialize_by {
            render(serialize_by);
        }
        let Some(value) = self.each.key.as_ref().and_then(render) else {
            return;
        };
        let key = cell_text(&value);
        let message = if is_blank(&key) {
            "the `key` is blank".to_owned()
        } else if self.keys.contains(&key) {
            format!("the key {key} stands in an earlier row as well")
        } else {
            if remembers {
                self.keys.insert(key);
            }
            return;
        };
        let written = self.each.key.as_ref().and_then(Tree::place);
        let finding = Diagnostic::error(Code::InvalidValue, message);
        found.push(finding.at(source, written.unwrap_or(self.each.span)));
    }
}
