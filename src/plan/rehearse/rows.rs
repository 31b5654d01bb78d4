//! The rows of a loop before the run: columns that templates name, and what the first rows make of the steps.

use std::collections::BTreeSet;

use super::everywhere::{Everywhere, asks_for_no_data};
use super::reads::own_reads;
use super::same::Told;
use super::sent::{Sent, has_settled_rows};
use super::uses::{add_user, enter};
use super::{Known, LookedAt, Rehearser, RowCheck};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::document::Node;
use crate::plan::{
    Condition, PlannedKind, PlannedLoop, PlannedSource, PlannedStep, Tree, template_diagnostic,
};
use crate::playbook::OnFailure;
use crate::rows::{self, Row, Rows, cell_text};
use crate::template::Read;
use crate::template::spelled::did_you_mean_member;
use crate::value::{Value, is_blank};

/// How many rows are looked at where not all are.
const FEW: usize = 10;
/// How many of a list that is in no other rows.
const MANY: usize = 1000;
/// How many findings about rows are told; there may be one for each of a million rows.
const MOST_FINDINGS: usize = 100;

/// What was found about the rows of a loop.
#[derive(Default)]
pub(super) struct Looked {
    /// What is wrong with the data as a whole, the same for whoever reads it.
    pub(super) of_data: Vec<Diagnostic>,
    /// What is wrong with single rows, or keeps them from being read.
    pub(super) of_rows: Vec<Diagnostic>,
    /// How much was looked at; none where the rows are not known.
    pub(super) at: Option<LookedAt>,
    /// What the rows that were looked at send for certain.
    pub(super) sent: Sent,
}

/// What is known of the rows of a loop.
pub(super) fn look(rehearser: &Rehearser<'_>, step: &PlannedStep, each: &PlannedLoop) -> Looked {
    look_within(rehearser, &rehearser.known, (step, each), MANY)
}

/// The same of a loop that may stand in a row of another one: `known` is what its templates see. Of a list, `most` items
/// are looked at.
fn look_within(
    rehearser: &Rehearser<'_>,
    known: &Known<'_>,
    (step, each): (&PlannedStep, &PlannedLoop),
    most: usize,
) -> Looked {
    let (rows, name, place) = match open(rehearser, known, step, each) {
        Ok(Some(opened)) => opened,
        Ok(None) => return Looked::default(),
        Err(of_rows) => {
            return Looked {
                of_rows,
                ..Looked::default()
            };
        }
    };
    let source = step.home.source();
    let missing = rows.columns().map_or_else(Vec::new, |columns| {
        missing_columns(step, each, columns, &name)
    });
    if !missing.is_empty() {
        let missing = missing.into_iter();
        let of_data = missing
            .map(|(finding, node, read)| {
                finding.at(source, node.span_of(source, read.range.clone()))
            })
            .collect();
        return Looked {
            of_data,
            ..Looked::default()
        };
    }
    let mut looker = RowLooker {
        rehearser,
        known,
        step,
        each,
        name,
        says_repeated: false,
        most,
        keys: BTreeSet::new(),
        everywhere: Everywhere::default(),
        of_rows: Told::default(),
        found: Looked::default(),
    };
    looker.look(rows, place);
    looker.forgive();
    let mut found = looker.found;
    let saw_all = found.at.as_ref().is_none_or(|at| !at.has_more);
    found.of_rows = looker.of_rows.into_findings(saw_all);
    found
}

/// The rows, where they come from a place that is known, and their name for messages.
fn open(
    rehearser: &Rehearser<'_>,
    known: &Known<'_>,
    step: &PlannedStep,
    each: &PlannedLoop,
) -> Result<Option<(Rows, String, crate::source::Span)>, Vec<Diagnostic>> {
    let render = |tree: &crate::plan::Tree| {
        let partial = tree.render_known(&known.scope, &|read| known.is_known(read));
        let source = step.home.source();
        let errors = partial.errors.iter();
        let errors: Vec<Diagnostic> = errors.map(|error| error.diagnostic(source)).collect();
        if errors.is_empty() {
            Ok((partial.holes.is_empty()).then_some(partial.value))
        } else {
            Err(errors)
        }
    };
    match &each.source {
        PlannedSource::Items(tree) => {
            let Some(given) = render(tree)? else {
                return Ok(None);
            };
            let items = each.source.list(given, step.home.source());
            let items = items.map_err(|finding| {
                vec![match &finding.place {
                    Some(_) => finding,
                    None => finding.at(step.home.source(), each.span),
                }]
            })?;
            Ok(Some((
                Rows::from_values(items),
                "items".to_owned(),
                each.span,
            )))
        }
        PlannedSource::File {
            path, path_span, ..
        } => {
            let at = |finding: Diagnostic| match &finding.place {
                Some(_) => finding,
                None => finding.at(step.home.source(), *path_span),
            };
            let Some(Value::Text(written)) = render(path)? else {
                return Ok(None);
            };
            let resolved = step
                .home
                .files(rehearser.facts.files)
                .resolve(&written)
                .map_err(|finding| vec![at(finding)])?;
            let detail = match each.source.detail().map(render).transpose()? {
                Some(None) => return Ok(None),
                named => named.flatten(),
            };
            let format = each.source.format(detail.as_ref());
            let format = format
                .map_err(|finding| {
                    let written = each.source.detail().and_then(Tree::place);
                    vec![finding.at(step.home.source(), written.unwrap_or(*path_span))]
                })?
                .expect("it is a file");
            let rows = rows::open(&resolved.path, &written, &format)
                .map_err(|findings| findings.into_iter().map(at).collect::<Vec<_>>())?;
            Ok(Some((rows, written, *path_span)))
        }
    }
}

/// Every read of a column that the data lacks, with the node of its template.
fn missing_columns<'p>(
    step: &'p PlannedStep,
    each: &'p PlannedLoop,
    columns: &[String],
    name: &str,
) -> Vec<(Diagnostic, &'p Node, &'p Read)> {
    let mut missing = Vec::new();
    let mut check = |reads: &'p [Read], node: &'p Node| {
        for read in reads.iter().filter(|read| !read.guarded) {
            if let [root, column, ..] = read.path.as_slice()
                && *root == each.binding
                && each.batch.is_none()
                && !columns.contains(column)
            {
                let mut finding = Diagnostic::error(
                    Code::UndefinedName,
                    format!("{name} has no column `{column}`"),
                );
                finding.help = wrong_delimiter(each, columns).or_else(|| {
                    did_you_mean_member(root, column, columns.iter().map(String::as_str))
                });
                missing.push((finding, node, read));
            }
        }
    };
    for (reads, node) in own_reads(step) {
        check(reads, node);
    }
    for step in leaves(&each.steps) {
        // Of the row, a used playbook sees what its step gives it.
        for (reads, node) in own_reads(step) {
            check(reads, node);
        }
    }
    missing
}

/// What to do where the file is one column, whose name looks like several: most often its `delimiter` is another one.
fn wrong_delimiter(each: &PlannedLoop, columns: &[String]) -> Option<String> {
    let [only] = columns else { return None };
    let apart = rows::USUAL_DELIMITERS
        .map(char::from)
        .into_iter()
        .find(|usual| only.contains(*usual))?;
    each.source.detail()?;
    let apart = apart.escape_default();
    Some(format!(
        "the whole header is one column: write `delimiter: \"{apart}\"`, or take `delimiter` away, and it is found out"
    ))
}

/// The steps that an action or another playbook does, those of groups among them.
fn leaves(steps: &[PlannedStep]) -> Vec<&PlannedStep> {
    let mut found = Vec::new();
    for step in steps {
        match &step.kind {
            PlannedKind::Action(_) | PlannedKind::Use(_) => found.push(step),
            PlannedKind::Group(nested) => found.extend(leaves(nested)),
            // The rows of a loop inside are only known when the outer row is.
            PlannedKind::Loop(_) => {}
        }
    }
    found
}

/// Looks at the rows of one loop, one item after another.
struct RowLooker<'l> {
    rehearser: &'l Rehearser<'l>,
    /// What templates see outside of the rows.
    known: &'l Known<'l>,
    step: &'l PlannedStep,
    each: &'l PlannedLoop,
    /// What messages call the data.
    name: String,
    /// Whether it is said that rows do again what they have done.
    says_repeated: bool,
    /// How many items of a list are looked at.
    most: usize,
    keys: BTreeSet<String>,
    /// What is wrong with every row.
    everywhere: Everywhere,
    of_rows: Told,
    found: Looked,
}

impl RowLooker<'_> {
    fn look(&mut self, rows: Rows, place: crate::source::Span) {
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
    fn forgive(&mut self) {
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

/// Whether a condition holds for a row; none where that is not known. What is wrong with it is found.
fn holds(
    when: &Condition,
    known: &Known<'_>,
    step: &PlannedStep,
    found: &mut Vec<Diagnostic>,
) -> Option<bool> {
    let mut reads = when.expression.reads().iter();
    if !reads.all(|read| known.is_known(read)) {
        return None;
    }
    when.expression
        .is_true(&known.scope)
        .map_err(|error| {
            found.push(template_diagnostic(&error, &when.node, step.home.source()));
        })
        .ok()
}

/// What is wrong with the steps for one row, which is known here.
fn of_steps(
    rehearser: &Rehearser<'_>,
    steps: &[PlannedStep],
    known: &mut Known<'_>,
    found: &mut Looked,
) {
    for step in steps.iter().filter(|step| step.selected) {
        let when = step.when.as_ref();
        let runs = when.map_or(Some(true), |when| {
            holds(when, known, step, &mut found.of_rows)
        });
        if runs == Some(false) {
            known.skip(step);
        }
        if runs != Some(true) {
            continue;
        }
        let sent_before = found.sent;
        match &step.kind {
            PlannedKind::Action(action) => {
                let partial = action
                    .with
                    .render_known(&known.scope, &|read| known.is_known(read));
                rehearser.check_action(step, action, &partial, &mut found.of_rows);
                found.sent.add_call(&action.action, &partial);
            }
            PlannedKind::Use(used) => {
                let mut entered = enter(step, used, known);
                found.of_rows.extend(entered.findings);
                let first = found.of_rows.len();
                for steps in [&used.steps, &used.finally] {
                    of_steps(rehearser, steps, &mut entered.known, found);
                }
                add_user(&mut found.of_rows[first..], step, used);
            }
            PlannedKind::Group(nested) => of_steps(rehearser, nested, known, found),
            PlannedKind::Loop(each) => {
                let looked = look_within(rehearser, known, (step, each), FEW);
                found.of_data.extend(looked.of_data);
                found.of_rows.extend(looked.of_rows);
                found.sent.add(looked.sent);
            }
        }
        if !rehearser.settles(when) {
            found.sent = sent_before;
        }
    }
}
