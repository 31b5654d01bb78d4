//! The rows of a loop, driven: read one after another, run side by side, accounted for in their order.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: the driver reads the clock"
)]

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::watch;

use super::answered_rows::{Identity, other_row};
use super::drive::{Driver, Progress, RunError, milliseconds};
use super::ledger::{AccountFile, Ledger};
use super::loops::{LoopEnd, Patience, Tally, row_outcome};
use super::{History, Lane, RowNames, Stop};
use crate::action::Effect;
use crate::event::{Counts, EventKind, RowFinished, StepFinished};
use crate::journal::Durability;
use crate::outcome::Outcome;
use crate::plan::{PlannedKind, PlannedLoop, PlannedSource, PlannedStep, Tree};
use crate::playbook::MaxFailures;
use crate::rows::{self, Items, Layout, Row, RowError, Rows, Stream, cell_text};
use crate::template::Scope;
use crate::value::{Map, Value, is_blank};

/// How far ahead of the oldest unfinished row others may be begun, in rows for each place of `concurrency`:
/// what is finished waits in memory until its turn to be accounted for.
const AHEAD: usize = 16;

/// How many rows that cannot be read are gone past in search of one that shows the columns.
const UNREADABLE: usize = 1000;

/// Where the accounts of one loop are written.
pub type AccountFiles = Vec<AccountFile>;

/// What the steps of a row have left behind.
#[derive(Debug, Default)]
pub(super) struct RowNotes {
    ids: Map,
    bad: Option<(String, Option<Value>, Option<String>)>,
    /// Turns true when the loop is to begin no more rows.
    over: Option<watch::Receiver<bool>>,
    /// Whether the row has sent anything, or is inside a loop of its own.
    has_begun: bool,
    /// Whether the CRM accepted what is bad.
    accepted: bool,
}

impl RowNotes {
    /// Takes note of the end of one of its steps.
    pub(super) fn add(&mut self, end: &StepFinished) {
        if let Some(id) = &end.wolkvox_id {
            self.ids.insert(end.step.clone(), id.clone());
        }
        if self.bad.is_none() && matches!(end.outcome, Outcome::Failed | Outcome::Unknown) {
            self.bad = Some((end.step.clone(), end.code.clone(), end.error.clone()));
            self.accepted = end.accepted;
        }
    }

    /// From now on the row goes to its end, whatever becomes of others: half a row is worse than one more.
    pub(super) const fn begin(&mut self) {
        self.has_begun = true;
    }

    /// Returns when the loop is to begin no more rows and this one has sent nothing; never for any other.
    pub(super) async fn is_too_late(&self) {
        if let Some(over) = self.over.clone().filter(|_| !self.has_begun) {
            over_or_never(over).await;
        } else {
            std::future::pending::<()>().await;
        }
    }
}

/// Returns when it turns true; never where nobody can tell any more.
async fn over_or_never(mut over: watch::Receiver<bool>) {
    if over.wait_for(|over| *over).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// One row, or one batch of rows, on its way.
#[derive(Debug)]
struct Item {
    /// In which order it was read, from 0.
    turn: u64,
    key: String,
    number: u64,
    rows: Vec<Row>,
    scope: Scope,
    serialize_by: Option<String>,
    /// What tells it from another one that may have its number later.
    digest: Option<String>,
    /// Turns true when the loop is to begin no more rows.
    over: watch::Receiver<bool>,
}

/// Whether the end of an item has to be written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It is not in the journal yet.
    News,
    /// An earlier stretch of the run has written it down.
    Known,
}

/// An item that is over.
#[derive(Debug)]
struct Ended {
    rows: Vec<Row>,
    /// What was there instead of a row.
    unreadable: Option<RowError>,
    event: RowFinished,
    standing: Standing,
    stop: Option<Stop>,
    serialize_by: Option<String>,
    turn: u64,
}

/// What was read: an item to run, or one that cannot be.
enum Read {
    Item(Box<Item>),
    Bad(Box<Ended>),
}

impl Driver<'_> {
    /// Runs a loop.
    pub(super) async fn rows<'p>(
        &'p self,
        step: &'p PlannedStep,
        each: &'p PlannedLoop,
        scope: Scope,
        outer: Option<String>,
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
        let (rows, total, accounts) = match opened {
            Ok(opened) => opened,
            Err(problem) => {
                return Ok(LoopEnd {
                    tally: Tally::default(),
                    stop: Some(Stop::Failed),
                    problem: Some(problem),
                    ..LoopEnd::default()
                });
            }
        };
        let patience = Patience::new(each, step.on_failure, total);
        let mut turns = Turns {
            driver: self,
            step,
            each,
            accounts,
            tally: Tally::default(),
            ended: Counts::default(),
            waiting: BTreeMap::new(),
            next: 0,
            total,
            began: Instant::now(),
        };
        let rows = rows.in_items(each.batch);
        let mut input = self.reader(rows, (step, each), scope, outer);
        let halted = self.work(&mut input, &mut turns, patience, clock).await?;
        let problems = [input.broken, turns.close()];
        let problems: Vec<String> = problems.into_iter().flatten().collect();
        let problem = (!problems.is_empty()).then(|| problems.join("; "));
        let tally = turns.tally;
        Ok(LoopEnd {
            stop: halted.or_else(|| patience.stop(&tally.counts)),
            enough: patience.enough(&tally.counts),
            tally,
            problem,
        })
    }

    fn reader<'p>(
        &'p self,
        items: Items,
        (step, each): (&'p PlannedStep, &'p PlannedLoop),
        scope: Scope,
        outer: Option<String>,
    ) -> Reader<'p> {
        Reader {
            items,
            each,
            scope,
            names: RowNames::new(self.run, self.masker, each, outer),
            history: self.history,
            step,
            turn: 0,
            read_items: 0,
            keys: HashSet::new(),
            source: step.home.source(),
            broken: None,
            over: watch::Sender::new(false),
            identity: Identity::of(step, each),
        }
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

    /// Reads, runs and accounts until nothing is left, or no more may begin.
    async fn work<'p>(
        &'p self,
        reader: &mut Reader<'p>,
        turns: &mut Turns<'p, '_>,
        patience: Patience,
        clock: Instant,
    ) -> Result<Option<Stop>, RunError> {
        let places = reader.each.concurrency;
        let ahead = u64::try_from(places * AHEAD).unwrap_or(u64::MAX);
        let mut running = FuturesUnordered::new();
        let mut queues: HashMap<String, VecDeque<Item>> = HashMap::new();
        let mut ready: VecDeque<Item> = VecDeque::new();
        let mut stop = None;
        let mut exhausted = false;
        loop {
            if stop.is_none() && *self.interrupted.borrow() {
                stop = Some(Stop::Interrupted);
            }
            let over = stop.is_some() || patience.exhausted(&turns.ended);
            if patience.exhausted(&turns.ended) {
                reader.over.send_replace(true);
            }
            while !over && running.len() < places {
                if let Some(item) = ready.pop_front() {
                    running.push(self.item(item, reader.step, reader.each, clock));
                    continue;
                }
                if exhausted || reader.turn.saturating_sub(turns.next) > ahead {
                    break;
                }
                match reader.read() {
                    None => exhausted = true,
                    Some(Read::Bad(ended)) => turns.add(*ended).await?,
                    Some(Read::Item(item)) => match &item.serialize_by {
                        // The first of its kind runs; those after it wait for it.
                        Some(value) => {
                            if let Some(queue) = queues.get_mut(value) {
                                queue.push_back(*item);
                            } else {
                                queues.insert(value.clone(), VecDeque::new());
                                ready.push_back(*item);
                            }
                        }
                        None => ready.push_back(*item),
                    },
                }
                if patience.exhausted(&turns.ended) {
                    break;
                }
            }
            let Some(ended) = running.next().await else {
                let over = stop.is_some() || patience.exhausted(&turns.ended);
                if over || (exhausted && ready.is_empty()) {
                    break;
                }
                continue;
            };
            let ended: Ended = ended?;
            if matches!(ended.stop, Some(Stop::Interrupted | Stop::Budget)) {
                stop = stop.or(ended.stop);
            }
            if let Some(value) = &ended.serialize_by {
                match queues.get_mut(value).and_then(VecDeque::pop_front) {
                    Some(next) => ready.push_back(next),
                    None => {
                        queues.remove(value);
                    }
                }
            }
            turns.add(ended).await?;
        }
        // What was read and not begun, and what was never read, is accounted for as well.
        let left: Vec<Item> = ready
            .into_iter()
            .chain(queues.into_values().flatten())
            .collect();
        for item in left {
            let ended = self.left(item, reader.step, reader.each, clock).await?;
            turns.add(ended).await?;
        }
        while let Some(read) = reader.read() {
            let ended = match read {
                Read::Item(item) => self.left(*item, reader.step, reader.each, clock).await?,
                Read::Bad(ended) => *ended,
            };
            turns.add(ended).await?;
        }
        Ok(stop)
    }

    /// Runs the steps of one item.
    async fn item<'p>(
        &'p self,
        item: Item,
        step: &'p PlannedStep,
        each: &'p PlannedLoop,
        clock: Instant,
    ) -> Result<Ended, RunError> {
        if let Some(event) = self.known_row(&item, step, each) {
            return Ok(item.ended(event, Standing::Known, None));
        }
        let mut event = item.event(step, Outcome::Skipped);
        let applies = each
            .when
            .as_ref()
            .map_or(Ok(true), |when| when.expression.is_true(&item.scope));
        match applies {
            Ok(true) => {
                let lane = Lane::new(
                    &each.steps,
                    item.scope.clone(),
                    Some(item.key.clone()),
                    self.around(),
                )
                .of_item(item.digest.clone());
                let over = item.over.clone();
                let row = (each, &mut event);
                let halted = self.steps_of_row(lane, row, over, clock).await?;
                return Ok(item.ended(event, Standing::News, halted));
            }
            Ok(false) => {}
            Err(error) => {
                event.outcome = Outcome::Failed;
                event.error = Some(format!("`when`: {}", error.message));
            }
        }
        Ok(item.ended(event, Standing::News, None))
    }

    /// The end of a row that needs no second look, with ids that a person has added since.
    fn known_row(
        &self,
        item: &Item,
        step: &PlannedStep,
        each: &PlannedLoop,
    ) -> Option<RowFinished> {
        let mut event = self.history.row(&step.id, &item.key)?;
        if each.keeps_ids {
            for step in ids_of(&each.steps) {
                if !event.wolkvox_ids.contains_key(&step)
                    && let Some(end) = self.history.settled(&step, Some(&item.key))
                    && let Some(id) = end.wolkvox_id
                {
                    event.wolkvox_ids.insert(step, id);
                }
            }
        }
        Some(event)
    }

    /// Accounts for an item whose turn did not come. What an earlier stretch of the run has done of it, or
    /// may have, stays true.
    async fn left<'p>(
        &'p self,
        item: Item,
        step: &'p PlannedStep,
        each: &'p PlannedLoop,
        clock: Instant,
    ) -> Result<Ended, RunError> {
        if let Some(event) = self.known_row(&item, step, each) {
            return Ok(item.ended(event, Standing::Known, None));
        }
        let mut event = item.event(step, Outcome::NotRun);
        let has_begun = ids_of(&each.steps)
            .iter()
            .any(|step| self.history.has_begun(step, &item.key));
        if has_begun {
            let mut lane = Lane::new(
                &each.steps,
                item.scope.clone(),
                Some(item.key.clone()),
                self.around(),
            );
            lane.stop_before_start(Stop::Interrupted);
            let over = item.over.clone();
            self.steps_of_row(lane, (each, &mut event), over, clock)
                .await?;
        }
        Ok(item.ended(event, Standing::News, None))
    }

    /// Drives the lane of a row to its end, and writes into `event` what became of it.
    async fn steps_of_row<'p>(
        &'p self,
        lane: Lane<'p>,
        (each, event): (&'p PlannedLoop, &mut RowFinished),
        over: watch::Receiver<bool>,
        clock: Instant,
    ) -> Result<Option<Stop>, RunError> {
        let began = milliseconds(clock);
        let mut notes = RowNotes {
            over: Some(over),
            ..RowNotes::default()
        };
        let end = self.drive(lane, Some(&mut notes), clock, None).await?;
        for restored in &end.restored {
            notes.add(restored);
        }
        event.outcome = row_outcome(&end);
        event.wolkvox_ids = notes.ids;
        if let Some((step, code, error)) = notes.bad {
            event.accepted = notes.accepted && adds_or_removes(&each.steps, &step);
            event.failed_step = Some(step);
            event.code = code;
            event.error = error;
        }
        event.duration_ms = milliseconds(clock).saturating_sub(began);
        Ok(end.stop)
    }

    /// How account files look where the data has no header: as the first row that can be read, which need not be the
    /// first of all. None where there is no such row near the beginning.
    fn layout(&self, step: &PlannedStep, each: &PlannedLoop, scope: &Scope) -> Option<Layout> {
        let rows = with_accounts(self.open(step, each, scope).ok()?).ok()?;
        let mut rows = rows.take(UNREADABLE);
        let first = rows.find_map(Result::ok)?;
        Some(Layout::of_first(Some(&first)))
    }

    fn open(&self, step: &PlannedStep, each: &PlannedLoop, scope: &Scope) -> Result<Rows, String> {
        let of = |tree: &Tree| {
            tree.render(scope).map_err(|error| {
                crate::diagnostic::in_one_line(&error.diagnostic(step.home.source()))
            })
        };
        match &each.source {
            PlannedSource::Items(tree) => match of(tree)? {
                Value::List(items) => Ok(Rows::from_values(items)),
                other => Err(format!(
                    "`items` must give a list, and it gives {}",
                    other.type_name()
                )),
            },
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
                let sheet = each.source.sheet().map(of).transpose()?;
                let format = each.source.format(sheet.as_ref());
                let format = format.expect("it is a file");
                rows::open(&resolved.path, written, &format).map_err(|findings| {
                    let lines: Vec<String> = findings.iter().map(in_one_line).collect();
                    lines.join("; ")
                })
            }
        }
    }
}

/// Whether a step may create or delete something, so that it must not be done twice.
fn adds_or_removes(steps: &[PlannedStep], id: &str) -> bool {
    let within = steps.iter().flat_map(PlannedStep::and_nested);
    let mut found = within.filter(|step| step.id == id);
    found.any(|step| match &step.kind {
        PlannedKind::Action(planned) => {
            let effects = planned.action.possible_effects();
            effects.contains(&Effect::Create) || effects.contains(&Effect::Delete)
        }
        _ => false,
    })
}

/// The rows of a loop that has accounts.
fn with_accounts(rows: Rows) -> Result<Rows, String> {
    let with = rows.with_accounts();
    with.map_err(|finding| crate::diagnostic::in_one_line(&finding))
}

/// The steps of a row that may get an id.
fn ids_of(steps: &[PlannedStep]) -> Vec<String> {
    let mut ids = Vec::new();
    for step in steps {
        match &step.kind {
            PlannedKind::Action(_) => ids.push(step.id.clone()),
            PlannedKind::Group(nested) => ids.extend(ids_of(nested)),
            PlannedKind::Use(used) => {
                ids.extend(ids_of(&used.steps));
                ids.extend(ids_of(&used.finally));
            }
            // Of a loop inside a row there is no single id.
            PlannedKind::Loop(_) => {}
        }
    }
    ids
}

impl Item {
    fn event(&self, step: &PlannedStep, outcome: Outcome) -> RowFinished {
        RowFinished {
            step: step.id.clone(),
            row: self.key.clone(),
            number: self.number,
            outcome,
            failed_step: None,
            code: None,
            error: None,
            accepted: false,
            wolkvox_ids: Map::default(),
            duration_ms: 0,
            item: self.digest.clone().filter(|_| outcome != Outcome::NotRun),
        }
    }

    fn ended(self, event: RowFinished, standing: Standing, stop: Option<Stop>) -> Ended {
        Ended {
            rows: self.rows,
            unreadable: None,
            event,
            standing,
            stop,
            serialize_by: self.serialize_by,
            turn: self.turn,
        }
    }
}

/// Makes items of rows: keys, batches, scopes.
struct Reader<'p> {
    items: Items,
    each: &'p PlannedLoop,
    step: &'p PlannedStep,
    scope: Scope,
    names: RowNames<'p>,
    history: &'p History,
    turn: u64,
    /// How many items there were so far, without rows that could not be read.
    read_items: u64,
    /// Digests of the keys so far, where the playbook gives keys: one that repeats names two rows.
    keys: HashSet<u64>,
    source: &'p std::sync::Arc<crate::source::Source>,
    /// Why the rows could not be read to their end.
    broken: Option<String>,
    /// Tells the rows that have not begun that no more are to begin.
    over: watch::Sender<bool>,
    identity: Identity,
}

impl Reader<'_> {
    fn read(&mut self) -> Option<Read> {
        let turn = self.turn;
        self.turn += 1;
        // A row that cannot be read fails alone, in its place.
        Some(match self.items.next()? {
            Ok(rows) => self.item(turn, rows),
            // That is no row: how many there would be from here on, nobody knows.
            Err(error) if error.stream == Stream::Breaks => {
                self.broken = Some(error.to_string());
                return None;
            }
            // It counts as one row, and how many more it has swallowed, nobody knows.
            Err(error) if error.stream == Stream::Ends => {
                self.broken = Some(error.to_string());
                Read::Bad(Box::new(self.unreadable(turn, error)))
            }
            Err(error) => Read::Bad(Box::new(self.unreadable(turn, error))),
        })
    }

    fn item(&mut self, turn: u64, rows: Vec<Row>) -> Read {
        let number = rows.first().map_or(0, |first| first.number);
        self.read_items += 1;
        let mut scope = self.scope.child();
        let value = if self.each.batch.is_some() {
            Arc::new(Value::List(
                rows.iter().map(|row| (*row.value).clone()).collect(),
            ))
        } else {
            Arc::clone(&rows[0].value)
        };
        let digest = self.identity.digest(&value, self.names.masker());
        scope.set(self.each.binding.clone(), value);
        let index = if self.each.batch.is_some() {
            self.read_items
        } else {
            number
        };
        scope.set(
            "loop",
            Value::Map(Map::from_iter([("index".to_owned(), Value::from(index))])),
        );
        let key = match self.key(&scope, number) {
            Ok(key) => key,
            Err(error) => {
                let key = self.names.of_number(number);
                return Read::Bad(Box::new(self.bad(turn, number, key, rows, error)));
            }
        };
        let serialize_by = match self.text(self.each.serialize_by.as_ref(), &scope) {
            Ok(value) => value,
            Err(error) => return Read::Bad(Box::new(self.bad(turn, number, key, rows, error))),
        };
        Read::Item(Box::new(Item {
            turn,
            key,
            number,
            rows,
            scope,
            serialize_by,
            digest,
            over: self.over.subscribe(),
        }))
    }

    fn key(&mut self, scope: &Scope, number: u64) -> Result<String, String> {
        let Some(key) = self.text(self.each.key.as_ref(), scope)? else {
            return Ok(self.names.of_number(number));
        };
        if is_blank(&key) {
            return Err("the row's `key` is blank".to_owned());
        }
        if !self.keys.insert(digest(&key)) {
            return Err(format!(
                "the row's `key` {key} stands in an earlier row as well"
            ));
        }
        self.name(&key)
    }

    /// What the row with this key is called. An earlier stretch of the run, whose secrets may have been others, has
    /// called it the same.
    fn name(&self, key: &str) -> Result<String, String> {
        let is_known = |name: &str| {
            let mut steps = self.step.and_nested().into_iter();
            steps.any(|step| self.history.has_row(&step.id, name))
        };
        let open = self.names.open(key);
        if self.names.shows_secret(key) {
            if is_known(&open) {
                return Err("the row's `key` holds the text of a secret that it did not hold when the row was begun: \
                     go on with the secrets of then"
                    .to_owned());
            }
            return Ok(self.names.hidden(key));
        }
        if self.history.hides_keys() {
            let hidden = self.names.hidden(key);
            if is_known(&hidden) {
                return Ok(hidden);
            }
        }
        Ok(open)
    }

    fn text(&self, tree: Option<&Tree>, scope: &Scope) -> Result<Option<String>, String> {
        let Some(tree) = tree else {
            return Ok(None);
        };
        let value = tree
            .render(scope)
            .map_err(|error| crate::diagnostic::in_one_line(&error.diagnostic(self.source)))?;
        // Nothing is blank, not the word `null`.
        Ok(Some(cell_text(&value)))
    }

    fn unreadable(&self, turn: u64, error: RowError) -> Ended {
        let key = self.names.of_number(error.number);
        let mut ended = self.bad(turn, error.number, key, Vec::new(), error.to_string());
        ended.unreadable = Some(error);
        ended
    }

    fn bad(&self, turn: u64, number: u64, key: String, rows: Vec<Row>, error: String) -> Ended {
        Ended {
            rows,
            unreadable: None,
            event: RowFinished {
                step: self.step.id.clone(),
                row: key,
                number,
                outcome: Outcome::Failed,
                failed_step: None,
                code: None,
                error: Some(error),
                accepted: false,
                wolkvox_ids: Map::default(),
                duration_ms: 0,
                item: None,
            },
            standing: Standing::News,
            stop: None,
            serialize_by: None,
            turn,
        }
    }
}

/// A short stand-in for a key, so that a million of them fit into memory.
fn digest(key: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// Accounts for rows in the order in which they were read, whatever order they end in.
struct Turns<'p, 'd> {
    driver: &'p Driver<'d>,
    step: &'p PlannedStep,
    each: &'p PlannedLoop,
    accounts: Vec<Ledger>,
    tally: Tally,
    /// Rows by outcome as soon as they end, out of their order too: what is asked whether more may begin.
    ended: Counts,
    waiting: BTreeMap<u64, Ended>,
    next: u64,
    total: Option<u64>,
    began: Instant,
}

impl Turns<'_, '_> {
    async fn add(&mut self, ended: Ended) -> Result<(), RunError> {
        let rows = u64::try_from(ended.rows.len().max(1)).unwrap_or(u64::MAX);
        self.ended.add_many(ended.event.outcome, rows);
        self.waiting.insert(ended.turn, ended);
        while let Some(ended) = self.waiting.remove(&self.next) {
            self.next += 1;
            self.account(ended).await?;
        }
        Ok(())
    }

    async fn account(&mut self, ended: Ended) -> Result<(), RunError> {
        let Ended {
            rows,
            mut unreadable,
            mut event,
            standing,
            ..
        } = ended;
        let size = rows.len().max(1);
        for _ in 0..size {
            self.tally.counts.add(event.outcome);
        }
        if self.each.keeps_ids {
            // Its own playbook reads them, by the names that it knows.
            let above = self.step.id.len() - self.step.own_id().len();
            for (step, id) in &event.wolkvox_ids {
                self.tally
                    .ids
                    .entry(step.get(above..).unwrap_or(step).to_owned())
                    .or_default()
                    .push(id.clone());
            }
        }
        // Accounts are files as others are: what an answer quotes of a secret must not stand there.
        event.mask(self.driver.masker);
        if let Some(error) = &mut unreadable {
            error.mask(self.driver.masker);
        }
        // What cannot be written is said once, when the account is closed.
        for account in &mut self.accounts {
            for row in &rows {
                account.add(row, &event);
            }
            if let Some(error) = &unreadable {
                account.add_unreadable(error, &event);
            }
        }
        if standing == Standing::News {
            self.driver
                .record(EventKind::RowFinished(event), Durability::Soon)
                .await?;
        }
        self.tell(false);
        Ok(())
    }

    fn tell(&self, is_over: bool) {
        self.driver.watcher.borrow_mut().progress(&Progress {
            step: &self.step.id,
            counts: self.tally.counts,
            total: self.total,
            elapsed: self.began.elapsed(),
            is_over,
        });
    }

    /// Finishes the accounts; says what is wrong with them, or with the numbers.
    fn close(&mut self) -> Option<String> {
        self.tell(true);
        let mut problems: Vec<String> = self
            .accounts
            .drain(..)
            .filter_map(|account| account.finish().err())
            .collect();
        if !self.waiting.is_empty() {
            problems.push(format!(
                "{} rows were read and not accounted for: this is a bug of voxplay",
                self.waiting.len()
            ));
        }
        (!problems.is_empty()).then(|| problems.join("; "))
    }
}
