//! The rows of a loop: how many there are, what they send, and which of them are shown.

use std::collections::btree_map::Entry;
use std::sync::Arc;

use super::super::{Home, PlannedLoop, PlannedSource};
use super::count::Tally;
use super::values::fill;
use super::walk::{Detail, Place, Reach, Walk, holds};
use super::{ItemOutlook, LoopOutlook, RowsShown, Runs, Sample, SampleScope, StepOutlook};
use crate::attachment::Attachment;
use crate::diagnostic::in_one_line;
use crate::rows::{self, Row, Rows};
use crate::value::{Map, Value};

/// So many items of a loop are shown, if they run.
const FIRST_ITEMS: usize = 5;

impl<'c> Walk<'c> {
    pub(super) fn looped(
        &mut self,
        home: &Home,
        each: &'c PlannedLoop,
        place: Place<'_>,
    ) -> (Option<LoopOutlook>, Tally) {
        let mut outlook = LoopOutlook {
            source: "items".to_owned(),
            unknown: None,
            problem: None,
            rows: None,
            unreadable: 0,
            left_out: 0,
            batch: each.batch,
            concurrency: each.concurrency,
            running: 0,
            items: Vec::new(),
            steps: Vec::new(),
            tally: Tally::default(),
        };
        let skipped = self.skipped.len();
        let rows = if place.reach == Reach::Never {
            None
        } else {
            self.open(home, each, place, &mut outlook)
        };
        if let Some(rows) = rows {
            self.rows(each, rows, place, &mut outlook);
        }
        let is_shown = place.detail == Detail::Shown;
        if outlook.unknown.is_some() || (outlook.items.is_empty() && is_shown) {
            // Nothing to show them with: the steps as any row has them.
            let unknowns = place.unknowns.with_row(&each.binding);
            let runs_none = outlook.rows.is_some();
            let inner = Place {
                unknowns: &unknowns,
                reach: if runs_none { Reach::Never } else { place.reach },
                ..place
            };
            let (steps, tally) = self.steps(&each.steps, inner);
            outlook.steps = steps;
            if outlook.unknown.is_some() {
                outlook.tally = tally.of_any_number();
            }
        }
        self.skipped.truncate(skipped);
        let tally = outlook.tally;
        (is_shown.then_some(outlook), tally)
    }

    fn open(
        &mut self,
        home: &Home,
        each: &'c PlannedLoop,
        place: Place<'_>,
        outlook: &mut LoopOutlook,
    ) -> Option<Rows> {
        let tree = match &each.source {
            PlannedSource::Items(tree) | PlannedSource::File { path: tree, .. } => tree,
        };
        let marked = fill(tree, place.scope, place.unknowns);
        if let Some(hole) = marked.holes.0.first() {
            outlook.unknown = Some(hole.mark.clone());
            if let PlannedSource::File { .. } = &each.source {
                outlook.source = if hole.is_whole {
                    "a file".to_owned()
                } else {
                    marked.value.scalar_text().unwrap_or_default()
                };
            }
            return None;
        }
        let opened = match (&each.source, marked.error, marked.value) {
            (_, Some(error), _) => Err(error),
            (PlannedSource::Items(_), None, given) => each
                .source
                .list(given, home.source())
                .map(Rows::from_values)
                .map_err(|finding| in_one_line(&finding)),
            (PlannedSource::File { .. }, None, Value::Text(written)) => {
                outlook.source.clone_from(&written);
                let detail = each.source.detail();
                let detail = detail.map(|detail| fill(detail, place.scope, place.unknowns));
                if let Some(hole) = detail.as_ref().and_then(|detail| detail.holes.0.first()) {
                    outlook.unknown = Some(hole.mark.clone());
                    return None;
                }
                match detail.map_or((None, None), |detail| (detail.error, Some(detail.value))) {
                    (Some(error), _) => Err(error),
                    (None, detail) => self.open_file(home, each, &written, detail.as_ref()),
                }
            }
            (PlannedSource::File { .. }, None, _) => {
                Err("the path of the rows must be text".to_owned())
            }
        };
        opened
            .map_err(|problem| outlook.problem = Some(problem))
            .ok()
    }

    fn open_file(
        &mut self,
        home: &Home,
        each: &'c PlannedLoop,
        written: &str,
        detail: Option<&Value>,
    ) -> Result<Rows, String> {
        let told = |finding: crate::diagnostic::Diagnostic| in_one_line(&finding);
        let files = home.files(self.around.files);
        let resolved = files.resolve(written).map_err(told)?;
        if let Entry::Vacant(unknown) = self.data.entry(home.label(written)) {
            let described = Attachment::describe(&resolved.path)
                .map_err(|error| format!("the file {written} cannot be read: {error}"))?;
            unknown.insert(described);
        }
        let format = each.source.format(detail).map_err(told)?;
        let format = format.expect("it is a file");
        rows::open(&resolved.path, written, &format).map_err(|findings| {
            let lines: Vec<String> = findings.iter().map(in_one_line).collect();
            lines.join("; ")
        })
    }

    /// Counts all rows; of those that run the first are shown, and later ones that do something new.
    fn rows(
        &mut self,
        each: &'c PlannedLoop,
        rows: Rows,
        place: Place<'_>,
        outlook: &mut LoopOutlook,
    ) {
        let (mut read, mut turn) = (0, 0);
        let skipped = self.skipped.len();
        for item in rows.in_items(each.batch) {
            if let Ok(rows) = item {
                read += rows.len() as u64;
                turn += 1;
                self.item(each, rows, turn, place, outlook);
                // Another row may come to what this one skips.
                self.skipped.truncate(skipped);
            } else {
                read += 1;
                outlook.unreadable += 1;
            }
        }
        outlook.rows = Some(read);
    }

    fn item(
        &mut self,
        each: &'c PlannedLoop,
        rows: Vec<Row>,
        turn: u64,
        place: Place<'_>,
        outlook: &mut LoopOutlook,
    ) {
        let Some(first) = rows.first() else { return };
        let (number, line) = (first.number, first.line);
        let count = rows.len() as u64;
        let mut scope = place.scope.child();
        let index = if each.batch.is_some() {
            let items = rows
                .into_iter()
                .map(|row| Arc::unwrap_or_clone(row.value))
                .collect();
            scope.set(each.binding.clone(), Value::List(items));
            turn
        } else {
            let row = rows.into_iter().next().expect("it was just looked at");
            scope.set(each.binding.clone(), row.value);
            number
        };
        let index = Map::from_iter([("index".to_owned(), Value::from(index))]);
        scope.set("loop", Value::Map(index));
        let mut inner = Place {
            scope: &scope,
            item: Some(if each.batch.is_some() { "batch" } else { "row" }),
            ..place
        };
        match each
            .when
            .as_ref()
            .map_or(Runs::Yes, |when| holds(when, inner))
        {
            Runs::Yes => {}
            Runs::OnlyIf { .. } => inner.reach = Reach::Possible,
            Runs::No(_) => {
                outlook.left_out += count;
                return;
            }
        }
        outlook.running += 1;
        let is_among_first =
            self.around.rows == RowsShown::All || outlook.items.len() < FIRST_ITEMS;
        let shown = if place.detail == Detail::Counted {
            let (_, tally) = self.steps(&each.steps, inner);
            outlook.tally.join(tally);
            None
        } else if is_among_first {
            let (steps, tally) = self.steps(&each.steps, inner);
            outlook.tally.join(tally);
            Some(steps)
        } else {
            self.new_steps(each, inner, outlook)
        };
        if let Some(steps) = shown {
            let key = each
                .key
                .as_ref()
                .and_then(|key| key.render(&scope).ok()?.scalar_text());
            let sample = Sample {
                number,
                line,
                key: key.unwrap_or_else(|| number.to_string()),
                scope: SampleScope(scope),
            };
            outlook.items.push(ItemOutlook { sample, steps });
        }
    }

    /// Counts an item that comes late; its steps, where it sends a request of a step that nothing shown sends.
    fn new_steps(
        &mut self,
        each: &'c PlannedLoop,
        place: Place<'_>,
        outlook: &mut LoopOutlook,
    ) -> Option<Vec<StepOutlook>> {
        self.is_new = false;
        let counted = Place {
            detail: Detail::Counted,
            ..place
        };
        let (_, tally) = self.steps(&each.steps, counted);
        outlook.tally.join(tally);
        self.is_new.then(|| self.steps(&each.steps, place).0)
    }
}
