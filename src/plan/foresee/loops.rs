//! The rows of a loop: how many there are, what they send, and which of them are shown.

use std::collections::HashSet;
use std::collections::btree_map::Entry;
use std::hash::BuildHasher as _;

use super::super::{Home, PlannedLoop, PlannedSource, PlannedStep, Tree};
use super::count::Tally;
use super::failing::Failure;
use super::values::fill;
use super::walk::{Detail, Place, Reach, Walk};
use super::{
    FailingRows, ItemOutlook, LoopOutlook, RowsShown, Runs, Sample, SampleScope, StepOutlook,
};
use crate::attachment::Attachment;
use crate::diagnostic::in_one_line;
use crate::rows::{self, Row, Rows, cell_text};
use crate::value::{Value, is_blank};

/// So many items of a loop are shown, if they run.
const FIRST_ITEMS: usize = 5;

impl<'c> Walk<'c> {
    pub(super) fn looped(
        &mut self,
        step: &'c PlannedStep,
        each: &'c PlannedLoop,
        place: Place<'_>,
    ) -> (Option<LoopOutlook>, Tally) {
        let mut outlook = LoopOutlook {
            source: "items".to_owned(),
            unknown: None,
            problem: None,
            rows: None,
            unreadable: 0,
            unsendable: 0,
            left_out: 0,
            batch: each.batch,
            concurrency: each.concurrency,
            not_shown: 0,
            items: Vec::new(),
            steps: Vec::new(),
            tally: Tally::default(),
        };
        let skipped = self.skipped.len();
        let rows = if place.reach == Reach::Never {
            None
        } else {
            self.open(&step.home, each, place, &mut outlook)
        };
        if let Some(rows) = rows {
            self.rows(step, each, rows, place, &mut outlook);
        } else if let Some(problem) = &outlook.problem {
            self.fail(problem.clone(), place);
        }
        let (trouble, ends_row) = (self.trouble.take(), self.ends_row);
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
        // That a row would fail says nothing where there may be none.
        (self.trouble, self.ends_row) = (trouble, ends_row);
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
        step: &'c PlannedStep,
        each: &'c PlannedLoop,
        rows: Rows,
        place: Place<'_>,
        outlook: &mut LoopOutlook,
    ) {
        let (mut read, mut turn) = (0, 0);
        let mut names = HashSet::new();
        let skipped = self.skipped.len();
        let outer = self.trouble.take();
        let mut ends_row = false;
        for item in rows.in_items(each.batch) {
            self.ends_row = false;
            let (label, number, count) = match &item {
                Ok(rows) => {
                    let number = rows.first().map_or(0, |first| first.number);
                    (rows::label(rows), number, rows.len() as u64)
                }
                Err(error) => {
                    let label = rows::row_label(error.number, error.line);
                    (label, error.number, 1)
                }
            };
            read += count;
            self.way.push(label);
            match item {
                Ok(rows) => {
                    turn += 1;
                    self.item(each, rows, (turn, &mut names), place, outlook);
                    outlook.unsendable += if self.trouble.is_some() { count } else { 0 };
                    // Another row may come to what this one skips.
                    self.skipped.truncate(skipped);
                }
                Err(error) => {
                    outlook.unreadable += 1;
                    let inner = Place {
                        item: Some("row"),
                        ..place
                    };
                    self.fail(error.message, inner);
                }
            }
            ends_row |= self.ends_row;
            let label = self.way.join(", ");
            self.way.pop();
            if let Some(why) = self.trouble.take() {
                let failure = Failure {
                    label,
                    rows: count,
                    number,
                    why,
                };
                self.note_failure(step, &outlook.source, failure);
            }
        }
        self.trouble = outer;
        self.ends_row = ends_row;
        outlook.rows = Some(read);
    }

    fn note_failure(&mut self, step: &PlannedStep, source: &str, failure: Failure) {
        let known = self.failing.iter().position(|known| known.id == step.id);
        let at = known.unwrap_or_else(|| {
            self.failing.push(FailingRows::of(step, source));
            self.failing.len() - 1
        });
        self.failing[at].add(failure);
    }

    /// Why a row has no name, or no place in the order of others; none where that is known, or only the run will tell.
    /// No two rows of a loop may have the same of the `names`.
    fn nameless(each: &PlannedLoop, place: Place<'_>, names: &mut HashSet<u64>) -> Option<String> {
        let of_row = |tree: &Tree| {
            let marked = fill(tree, place.scope, place.unknowns);
            let is_known = marked.holes.is_empty() && marked.error.is_none();
            (is_known.then(|| cell_text(&marked.value)), marked.error)
        };
        let (key, error) = each.key.as_ref().map_or((None, None), of_row);
        if let Some(key) = key {
            if is_blank(&key) {
                return Some("the `key` is blank".to_owned());
            }
            // The names themselves would take much room where there are many rows.
            let mark = names.hasher().hash_one(&key);
            if !names.insert(mark) {
                return Some(format!("the key {key} stands in an earlier row as well"));
            }
        }
        error.or_else(|| of_row(each.serialize_by.as_ref()?).1)
    }

    fn item(
        &mut self,
        each: &'c PlannedLoop,
        rows: Vec<Row>,
        (turn, names): (u64, &mut HashSet<u64>),
        place: Place<'_>,
        outlook: &mut LoopOutlook,
    ) {
        let Some(first) = rows.first() else { return };
        let (number, line) = (first.number, first.line);
        let count = rows.len() as u64;
        let scope = each.scope_of(place.scope, rows, turn);
        let mut inner = Place {
            scope: &scope,
            item: Some(if each.batch.is_some() { "batch" } else { "row" }),
            ..place
        };
        if let Some(why) = Self::nameless(each, inner, names) {
            self.fail(why, inner);
            return;
        }
        let when = each.when.as_ref();
        match when.map_or(Runs::Yes, |when| self.holds(when, inner)) {
            Runs::Yes => {}
            Runs::OnlyIf { .. } => inner.reach = Reach::Possible,
            Runs::No(_) => {
                outlook.left_out += count;
                return;
            }
        }
        if self.trouble.is_some() {
            return;
        }
        let is_among_first =
            self.around.rows == RowsShown::All || outlook.items.len() < FIRST_ITEMS;
        let (shown, tally) = if place.detail == Detail::Counted {
            (None, self.steps(&each.steps, inner).1)
        } else if is_among_first {
            let (steps, tally) = self.steps(&each.steps, inner);
            (Some(steps), tally)
        } else {
            self.new_steps(each, inner)
        };
        outlook.tally.join(tally);
        match shown {
            Some(steps) => {
                let key = each.key.as_ref();
                let key = key.and_then(|key| key.render(&scope).ok()?.scalar_text());
                let sample = Sample {
                    number,
                    line,
                    key: key.unwrap_or_else(|| number.to_string()),
                    scope: SampleScope(scope),
                };
                outlook.items.push(ItemOutlook { sample, steps });
            }
            None if self.trouble.is_none() || tally.requests().possible > 0 => {
                outlook.not_shown += 1;
            }
            None => {}
        }
    }

    /// Counts an item that comes late; its steps, where it sends a request of a step that nothing shown sends.
    fn new_steps(
        &mut self,
        each: &'c PlannedLoop,
        place: Place<'_>,
    ) -> (Option<Vec<StepOutlook>>, Tally) {
        self.is_new = false;
        let counted = Place {
            detail: Detail::Counted,
            ..place
        };
        let (_, tally) = self.steps(&each.steps, counted);
        if !self.is_new {
            return (None, tally);
        }
        // What fails in it was noted.
        let noted = std::mem::take(&mut self.failing);
        let steps = self.steps(&each.steps, place).0;
        self.failing = noted;
        (Some(steps), tally)
    }
}
