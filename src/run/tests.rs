//! The machine in memory: a scripted CRM, a ledger, and a crash or an interruption after every event.

mod paged;
mod uses;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::lane::Surroundings;
use super::{Command, History, Input, Lane, LaneEnd, LoopEnd, Meter, Stop, loops};
use crate::action::{Catalogue, Effect, TargetFacts};
use crate::event::{EventKind, RowFinished, step_name};
use crate::journal::Durability;
use crate::outcome::Outcome;
use crate::plan::{self, Plan, PlannedKind, PlannedLoop, PlannedSource, PlannedStep};
use crate::playbook::{self, Limits, Playbook};
use crate::source::Source;
use crate::template::{Clock, Engine, Scope};
use crate::transport::{Completeness, NoAnswerReason, NotSentReason, Response, SendError};
use crate::value::{Map, Value};

/// What the CRM does with one request, and what is seen of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Done,
    /// Done, with a blank id.
    Blank,
    Refused,
    NotNow,
    NotSent,
    /// Done, and the answer is lost.
    LostDone,
    /// Lost on its way.
    LostUndone,
    /// Done, then a broken page.
    BrokenDone,
}

use Answer::{Blank, BrokenDone, Done, LostDone, LostUndone, NotNow, NotSent, Refused};

const ANSWERS: [Answer; 8] = [
    Done, Blank, Refused, NotNow, NotSent, LostDone, LostUndone, BrokenDone,
];

impl Answer {
    const fn does_it(self) -> bool {
        matches!(self, Done | Blank | LostDone | BrokenDone)
    }

    fn seen(self) -> Result<Response, SendError> {
        let answer = |status, body: &str| {
            Ok(Response {
                status,
                retry_after: None,
                content_type: None,
                body: body.as_bytes().to_vec(),
                complete: Completeness::Complete,
                location: None,
                elapsed: Duration::ZERO,
            })
        };
        match self {
            Done => answer(
                200,
                r#"{"code":200,"error":"null","data":{"wolkvox_id":"64cb"}}"#,
            ),
            Blank => answer(
                200,
                r#"{"code":200,"error":"null","data":{"wolkvox_id":" "}}"#,
            ),
            Refused => answer(200, r#"{"code":400,"error":"no"}"#),
            NotNow => answer(429, ""),
            BrokenDone => answer(500, "<html>"),
            NotSent => Err(SendError::NotSent(NotSentReason::Declined)),
            LostDone | LostUndone => Err(SendError::NoAnswer(NoAnswerReason::Interrupted)),
        }
    }
}

/// The scripted CRM: answers by step, in the order of the requests; then [`Done`].
#[derive(Debug, Default, Clone)]
struct Crm {
    script: HashMap<String, Vec<Answer>>,
    sent: HashMap<String, usize>,
    done: HashMap<String, usize>,
}

impl Crm {
    fn take(&mut self, step: &str) -> Answer {
        let sent = self.sent.entry(step.to_owned()).or_default();
        let script = self.script.get(step);
        let answer = script.and_then(|script| script.get(*sent)).copied();
        *sent += 1;
        let answer = answer.unwrap_or(Done);
        if answer.does_it() {
            *self.done.entry(step.to_owned()).or_default() += 1;
        }
        answer
    }
}

/// How a stretch of a run is disturbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    None,
    /// The process is gone once so many events are recorded.
    Crash(usize),
    /// The same, but a request that follows at once is still processed.
    CrashAfterSend(usize),
    /// The same, and what was not yet on disk is gone too.
    PowerLoss(usize),
    /// Told to stop once so many events are recorded.
    Interrupt(usize),
}

#[derive(Debug, Default, Clone)]
struct Ledger {
    events: Vec<EventKind>,
    /// How many of them are on disk.
    durable: usize,
    /// Repeatable requests whose record was lost: they may be sent again without anybody knowing of the first.
    forgotten: Vec<String>,
}

struct World<'p> {
    plan: &'p Plan,
    crm: Crm,
    ledger: Ledger,
    /// Whether stretches try again what failed.
    retries_failed: bool,
}

struct Crashed;

impl World<'_> {
    /// What a stretch knows that began after so many events.
    fn history(&self, began: usize) -> History {
        let history = History::from_events(&self.ledger.events[..began]);
        if self.retries_failed {
            history.retrying_failed()
        } else {
            history
        }
    }

    /// One stretch of the run. None where it crashed.
    fn stretch(&mut self, trouble: Trouble) -> Option<[LaneEnd; 2]> {
        let history = self.history(self.ledger.events.len());
        let meter = Meter::new(&Limits::default());
        let target = target();
        let plan = self.plan;
        let around = Surroundings {
            target: &target,
            meter: &meter,
            history: &history,
            run: "run",
        };
        let began = self.ledger.events.len();
        let main = Lane::new(plan.steps(), scope(), None, around.clone());
        let main = self.drive(main, trouble, began).ok()?;
        let finally = Lane::last(plan.finally(), main.scope.clone(), around);
        let finally = self.drive(finally, trouble, began).ok()?;
        Some([main, finally])
    }

    /// The rows of a loop, one after another.
    fn rows(
        &mut self,
        (step, each): (&PlannedStep, &PlannedLoop),
        scope: &Scope,
        left_out: Option<&str>,
        trouble: Trouble,
        began: usize,
    ) -> Result<LoopEnd, Crashed> {
        let PlannedSource::Items(tree) = &each.source else {
            panic!("these playbooks have no files");
        };
        let Ok(Value::List(items)) = tree.render(scope) else {
            panic!("these playbooks have lists");
        };
        let history = self.history(began);
        let meter = Meter::new(&Limits::default());
        let target = target();
        let around = Surroundings {
            target: &target,
            meter: &meter,
            history: &history,
            run: "run",
        };
        let total = u64::try_from(items.len()).unwrap();
        let patience = loops::Patience::new(each, step.on_failure, Some(total));
        let mut tally = loops::Tally::default();
        let mut halted = None;
        for (index, item) in items.into_iter().enumerate() {
            let row = (index + 1).to_string();
            let recorded = self.ledger.events.len() - began;
            if matches!(trouble, Trouble::Interrupt(after) if recorded >= after) {
                halted = Some(Stop::Interrupted);
            }
            if let Some(known) = history.row(&step.id, &row) {
                tally.counts.add(known.outcome);
                continue;
            }
            let mut inner = scope.child();
            inner.set(each.binding.clone(), item);
            let mut lane = Lane::new(&each.steps, inner, Some(row.clone()), around.clone());
            if let Some(reason) = left_out {
                lane.leave_out(reason);
            } else if halted.is_some() || patience.exhausted(&tally.counts) {
                lane.stop_before_start(Stop::Interrupted);
            }
            let end = self.drive(lane, trouble, began)?;
            halted = halted.or(end.stop.filter(|stop| *stop == Stop::Interrupted));
            let outcome = loops::row_outcome(&end);
            tally.counts.add(outcome);
            let end = RowFinished::new(step.id.clone(), row, total, outcome);
            self.ledger.events.push(EventKind::RowFinished(end));
        }
        assert_eq!(tally.counts.total(), total, "every row is accounted for");
        Ok(LoopEnd {
            stop: halted.or_else(|| patience.stop(&tally.counts)),
            tally,
            ..LoopEnd::default()
        })
    }

    fn drive(
        &mut self,
        mut lane: Lane<'_>,
        trouble: Trouble,
        began: usize,
    ) -> Result<LaneEnd, Crashed> {
        let mut input = Input::Go;
        loop {
            let recorded = self.ledger.events.len() - began;
            if matches!(trouble, Trouble::Interrupt(after) if recorded >= after) {
                lane.interrupt();
            }
            let command = lane.advance(input, 0);
            match trouble {
                Trouble::Crash(after) if recorded >= after => return Err(Crashed),
                Trouble::CrashAfterSend(after) if recorded >= after => {
                    if let Command::Send(..) = command {
                        self.send();
                    }
                    return Err(Crashed);
                }
                Trouble::PowerLoss(after) if recorded >= after => {
                    self.lose();
                    return Err(Crashed);
                }
                _ => {}
            }
            input = match command {
                Command::Record(event, durability) => {
                    self.ledger.events.push(*event);
                    if durability == Durability::Now {
                        self.ledger.durable = self.ledger.events.len();
                    }
                    Input::Recorded
                }
                Command::Attach(..) => Input::Attached(Ok(Vec::new())),
                Command::Send(..) => Input::Answered(Box::new(self.send().seen())),
                Command::Wait(_) => Input::Woke,
                Command::Admit(_) => Input::Admitted(Ok(0)),
                Command::Loop(step, each, scope, left_out) => {
                    let left_out = left_out.as_deref();
                    let end = self.rows((step, each), &scope, left_out, trouble, began)?;
                    Input::Looped(Box::new(end))
                }
                Command::Done(end) => return Ok(end),
            };
        }
    }

    /// What is not on disk is gone.
    fn lose(&mut self) {
        let lost = self.ledger.events.split_off(self.ledger.durable);
        for event in lost {
            if let EventKind::AttemptStarted(started) = event {
                assert!(
                    started.effect.is_repeatable(),
                    "{started:?} was not on disk"
                );
                self.ledger
                    .forgotten
                    .push(step_name(&started.step, started.row.as_deref()));
            }
        }
    }

    /// The request goes out: what must be true at that moment.
    fn send(&mut self) -> Answer {
        let Some(EventKind::AttemptStarted(started)) = self.ledger.events.last() else {
            panic!("sent without a record: {:?}", self.ledger.events.last());
        };
        let step = step_name(&started.step, started.row.as_deref());
        if !started.effect.is_repeatable() {
            assert_eq!(
                self.ledger.durable,
                self.ledger.events.len(),
                "{step} is not on disk"
            );
            let before = self.crm.sent.get(&step).copied().unwrap_or_default();
            let cleared = self
                .ledger
                .events
                .iter()
                .filter(|event| match event {
                    EventKind::AttemptFailed(failed) => {
                        step_name(&failed.step, failed.row.as_deref()) == step && !failed.in_doubt
                    }
                    EventKind::StepFinished(end) => {
                        step_name(&end.step, end.row.as_deref()) == step
                            && end.outcome == Outcome::Failed
                            && !end.accepted
                            && end.attempts > 0
                            && self.retries_failed
                    }
                    _ => false,
                })
                .count();
            assert!(
                before <= cleared,
                "{step} goes out again, and may have been done"
            );
            let done = self.crm.done.get(&step).copied().unwrap_or_default();
            assert_eq!(done, 0, "{step} goes out again, and was done: {self:?}");
        }
        self.crm.take(&step)
    }

    fn has_loops(&self) -> bool {
        let is_loop = |step: &PlannedStep| matches!(step.kind, PlannedKind::Loop(_));
        self.plan.steps().iter().any(is_loop)
    }

    /// What the journal says of each step in the end.
    fn outcomes(&self) -> HashMap<String, Outcome> {
        let mut outcomes: HashMap<String, Outcome> = HashMap::new();
        for event in &self.ledger.events {
            if let EventKind::StepFinished(end) = event {
                let settled =
                    |outcome: &Outcome| !matches!(outcome, Outcome::NotRun | Outcome::Skipped);
                let name = step_name(&end.step, end.row.as_deref());
                let known = outcomes.get(&name).is_some_and(settled);
                if settled(&end.outcome) || !known {
                    outcomes.insert(name, end.outcome);
                }
            }
        }
        outcomes
    }

    /// What is said of steps of rows is true, and so are the numbers of the loops.
    fn check_rows(&self, ends: &[LaneEnd; 2]) {
        for (name, outcome) in self.outcomes() {
            // A group is what its steps are.
            let is_group = name.split('@').next().map(plan::own_id) == Some("g");
            if !name.contains('@') || is_group {
                continue;
            }
            let done = self.crm.done.get(&name).copied().unwrap_or_default() > 0;
            let may_be_hidden = self.ledger.forgotten.contains(&name);
            match outcome {
                Outcome::Ok => assert!(done, "{name} is called ok and was not done: {self:?}"),
                Outcome::Failed | Outcome::Skipped | Outcome::NotRun => assert!(
                    !done || may_be_hidden,
                    "{name} is called {outcome} and was done: {self:?}"
                ),
                Outcome::Unknown => {}
            }
        }
        for (name, done) in &self.crm.done {
            let said = self.outcomes().contains_key(name);
            assert!(
                said || *done == 0,
                "{name} was done, and nothing is said of it: {self:?}"
            );
        }
        let mut last: HashMap<(String, String), Outcome> = HashMap::new();
        for event in &self.ledger.events {
            if let EventKind::RowFinished(end) = event {
                last.insert((end.step.clone(), end.row.clone()), end.outcome);
            }
        }
        let rows = super::sum(ends.iter().map(|end| end.rows));
        if rows.total() > 0 {
            for outcome in Outcome::ALL {
                let said = last.values().filter(|it| **it == outcome).count() as u64;
                assert_eq!(rows.of(outcome), said, "{outcome}: {self:?}");
            }
        }
    }

    /// Everything is accounted for, and nothing that is said is false.
    fn check(&self, ends: &[LaneEnd; 2]) {
        if self.has_loops() {
            return self.check_rows(ends);
        }
        let outcomes = self.outcomes();
        let actions = self.plan.actions();
        for (step, _) in &actions {
            let id = &step.id;
            let outcome = outcomes
                .get(id)
                .unwrap_or_else(|| panic!("{id} has no outcome"));
            let done = self.crm.done.get(id).copied().unwrap_or_default() > 0;
            // What was accepted before the playbook, or a later answer, called it failed.
            let was_accepted = |event: &EventKind| matches!(event, EventKind::StepFinished(end) if end.step == *id && end.accepted);
            let forgotten =
                self.ledger.forgotten.contains(id) || self.ledger.events.iter().any(was_accepted);
            match outcome {
                Outcome::Ok => assert!(done, "{id} is called ok and was not done"),
                Outcome::Failed | Outcome::Skipped | Outcome::NotRun => {
                    assert!(
                        !done || forgotten,
                        "{id} is called {outcome} and was done: {self:?}"
                    );
                }
                Outcome::Unknown => {}
            }
        }
        let counts = super::sum(ends.iter().map(|end| end.counts));
        // A group whose condition has no value counts beside its steps.
        let groups = outcomes
            .iter()
            .filter(|(id, outcome)| **outcome == Outcome::Failed && id.starts_with("unreadable"));
        let groups = groups.count() as u64;
        assert_eq!(counts.total(), actions.len() as u64 + groups, "{counts:?}");
        for outcome in Outcome::ALL {
            let said = actions
                .iter()
                .filter(|(step, _)| outcomes[&step.id] == outcome);
            let groups = if outcome == Outcome::Failed {
                groups
            } else {
                0
            };
            assert_eq!(
                counts.of(outcome),
                said.count() as u64 + groups,
                "{outcome}: {self:?}"
            );
        }
    }
}

impl std::fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{:#?}", self.crm)?;
        self.ledger.events.iter().try_for_each(|event| match event {
            EventKind::AttemptStarted(e) => {
                writeln!(f, "started {} {} {}", e.step, e.attempt, e.effect)
            }
            EventKind::AttemptFailed(e) => writeln!(f, "again {} {}", e.step, e.reason),
            EventKind::StepFinished(e) => {
                writeln!(f, "finished {} {} {:?}", e.step, e.outcome, e.error)
            }
            other => writeln!(f, "{}", other.tag()),
        })
    }
}

fn target() -> TargetFacts {
    TargetFacts {
        name: "test".to_owned(),
        server: "http://127.0.0.1:1".to_owned(),
        operation: "acme".to_owned(),
    }
}

fn scope() -> Scope {
    let mut scope = Scope::new();
    for name in ["inputs", "vars", "run"] {
        scope.set(name, Value::Map(Map::default()));
    }
    scope
}

fn plan(text: &str) -> Plan {
    planned(text, |_| ())
}

/// The same, where something is done to the playbook before it is compiled.
fn planned(text: &str, link: impl FnOnce(&mut Playbook)) -> Plan {
    let source = Source::new("playbook.yaml", text);
    let (playbook, findings) = playbook::parse(&source);
    assert_eq!(findings, [], "{text}");
    let engine = Engine::new(Clock {
        now: Timestamp::UNIX_EPOCH,
        zone: TimeZone::UTC,
    });
    let mut playbook = playbook.expect("it has no findings");
    link(&mut playbook);
    let playbook = Arc::new(playbook);
    let (draft, findings) = plan::compile(&playbook, &Catalogue::built_in(), &engine, &[]);
    draft
        .into_plan(&findings)
        .unwrap_or_else(|| panic!("{findings:?}\n{text}"))
}

fn world<'p>(plan: &'p Plan, script: &HashMap<String, Vec<Answer>>) -> World<'p> {
    World {
        plan,
        crm: Crm {
            script: script.clone(),
            ..Crm::default()
        },
        ledger: Ledger::default(),
        retries_failed: false,
    }
}

/// Runs it undisturbed, then with every trouble after every event and a resumption after it.
fn everywhere(plan: &Plan, script: &HashMap<String, Vec<Answer>>) {
    let mut quiet = world(plan, script);
    let ends = quiet.stretch(Trouble::None).expect("nothing disturbs it");
    quiet.check(&ends);
    for after in 0..=quiet.ledger.events.len() {
        for trouble in [
            Trouble::Crash(after),
            Trouble::CrashAfterSend(after),
            Trouble::PowerLoss(after),
            Trouble::Interrupt(after),
        ] {
            let mut world = world(plan, script);
            let first = world.stretch(trouble);
            if let Some(ends) = &first {
                world.check(ends);
            }
            // Killed again at once, then left alone.
            world.stretch(Trouble::CrashAfterSend(1));
            let ends = world.stretch(Trouble::None).expect("nothing disturbs it");
            world.check(&ends);
            let before = world.crm.sent.clone();
            let again = world.stretch(Trouble::None).expect("nothing disturbs it");
            world.check(&again);
            assert_eq!(
                world.crm.sent, before,
                "a run that is over sends nothing more"
            );
            // What failed is tried again, and again, and is killed at it: nothing that was done is sent.
            world.retries_failed = true;
            world.stretch(Trouble::None).expect("nothing disturbs it");
            world.stretch(Trouble::None).expect("nothing disturbs it");
            world.stretch(Trouble::CrashAfterSend(1));
            world.stretch(Trouble::None).expect("nothing disturbs it");
        }
    }
}

fn step(id: &str, effect: Effect, more: &str) -> String {
    let action = match effect {
        Effect::Create => {
            "action: obligation.insert, with: { wolkvox_id: \"1\", id: \"1\", name: Loan }"
        }
        Effect::Delete => "action: record.delete, with: { module: contacts, wolkvox_id: \"1\" }",
        _ => {
            "action: record.update, with: { module: contacts, wolkvox_id: \"1\", fields: { A: b } }"
        }
    };
    format!("{{ id: {id}, {action}, retry: {{ attempts: 3 }}{more} }}")
}

fn scripted(script: &[(&str, &[Answer])]) -> HashMap<String, Vec<Answer>> {
    script
        .iter()
        .map(|(step, answers)| ((*step).to_owned(), answers.to_vec()))
        .collect()
}

#[test]
fn hand_made_runs_survive_every_trouble() {
    let chain = "{ id: chain, action: record.delete, with: { module: contacts, wolkvox_id: \"{{ steps.b.wolkvox_id }}\" } }";
    let text = format!(
        "voxplay: 1\nsteps:\n  - {}\n  - {}\n  - id: g\n    on_failure: continue\n    steps:\n      - {}\n      - {}\n  - {}\n  - {chain}\n  - {}\nfinally:\n  - {}\n  - {}\n",
        step("a", Effect::Update, ""),
        step("b", Effect::Create, ", on_failure: continue"),
        step("c", Effect::Create, ", when: steps.a.outcome == 'ok'"),
        step("d", Effect::Update, ""),
        step("e", Effect::Delete, ", when: 1 == 2"),
        step("f", Effect::Create, ""),
        step("x", Effect::Create, ", on_failure: continue"),
        step("y", Effect::Update, ""),
    );
    let plan = plan(&text);
    for script in [
        scripted(&[]),
        scripted(&[
            ("a", &[LostDone, NotNow, Done]),
            ("c", &[NotNow, NotSent, Done]),
        ]),
        scripted(&[("a", &[LostUndone, Refused]), ("b", &[NotNow, Refused])]),
        scripted(&[("b", &[Blank]), ("x", &[Refused])]),
        scripted(&[("c", &[Refused]), ("f", &[NotNow, LostDone])]),
        scripted(&[("a", &[NotSent, NotSent, NotSent])]),
        scripted(&[("a", &[BrokenDone, NotSent, NotSent]), ("x", &[LostUndone])]),
        scripted(&[("f", &[NotSent, NotNow, BrokenDone]), ("y", &[LostDone; 3])]),
    ] {
        everywhere(&plan, &script);
    }
}

#[test]
fn a_condition_without_a_value_survives_every_trouble() {
    let text = format!(
        "voxplay: 1\nsteps:\n  - {}\n  - id: unreadable\n    on_failure: continue\n    when: steps.a.wolkvox_id == '64cb'\n    steps: [{}, {}]\n  - {}\n  - {}\n",
        step("a", Effect::Create, ""),
        step("b", Effect::Create, ""),
        step("c", Effect::Update, ""),
        step("d", Effect::Create, ", when: steps.a.wolkvox_id == '64cb'"),
        step("e", Effect::Create, ""),
    );
    let plan = plan(&text);
    everywhere(&plan, &scripted(&[("a", &[Blank])]));
    everywhere(
        &plan,
        &scripted(&[("a", &[NotNow, Done]), ("c", &[LostDone; 3])]),
    );
}

#[test]
fn a_condition_that_loses_its_value_survives_every_trouble() {
    let text = format!(
        "voxplay: 1\nsteps:\n  - {}\n  - {}\n",
        step(
            "a",
            Effect::Update,
            ", on_failure: continue, expect: response.code == 201"
        ),
        step("b", Effect::Create, ", when: steps.a.wolkvox_id == '64cb'"),
    );
    // It is accepted and fails; when it is tried again it is refused, and then accepted again.
    everywhere(&plan(&text), &scripted(&[("a", &[Done, Refused])]));
}

#[test]
fn loops_survive_every_trouble() {
    for policy in ["stop", "continue"] {
        let text = format!(
            "voxplay: 1\nsteps:\n  - {}\n  - id: each\n    for_each: {{ items: [1, 2, 3] }}\n    on_failure: {policy}\n    steps:\n      - {}\n      - id: g\n        steps: [{}, {}]\n  - {}\nfinally: [{}]\n",
            step("a", Effect::Update, ""),
            step("u", Effect::Update, ""),
            step("c", Effect::Create, ""),
            step("d", Effect::Delete, ", when: steps.c.outcome == 'ok'"),
            step("z", Effect::Create, ""),
            step("f", Effect::Create, ""),
        );
        let plan = plan(&text);
        for script in [
            scripted(&[]),
            scripted(&[("u@1", &[LostDone, NotNow, Done]), ("c@2", &[NotNow, Done])]),
            scripted(&[("c@1", &[Refused]), ("d@3", &[LostDone])]),
            scripted(&[("u@2", &[LostDone; 3]), ("c@3", &[BrokenDone])]),
            scripted(&[("c@2", &[LostUndone]), ("u@3", &[NotSent; 3])]),
        ] {
            everywhere(&plan, &script);
        }
    }
}

#[test]
fn rows_that_are_refused_at_once_do_not_come_back_at_once() {
    let inner = step("u", Effect::Update, "");
    let items = "items: [1, 2, 3, 4, 5, 6, 7, 8]";
    let text =
        format!("voxplay: 1\nsteps: [{{ id: each, for_each: {{ {items} }}, steps: [{inner}] }}]\n");
    let plan = plan(&text);
    let names: Vec<String> = (1..=8).map(|row| format!("u@{row}")).collect();
    let script: Vec<(&str, &[Answer])> = names
        .iter()
        .map(|name| (name.as_str(), &[NotNow][..]))
        .collect();
    let mut world = world(&plan, &scripted(&script));
    world.stretch(Trouble::None).expect("nothing disturbs it");
    let waits = world.ledger.events.iter().filter_map(|event| match event {
        EventKind::AttemptFailed(failed) => Some(failed.wait_ms),
        _ => None,
    });
    let mut waits: Vec<u64> = waits.collect();
    assert_eq!(waits.len(), 8);
    waits.sort_unstable();
    waits.dedup();
    assert!(waits.len() > 4, "{waits:?}");
}

/// A step or a group of steps, as YAML in flow style, indented by the caller.
fn any_step(id: String) -> impl Strategy<Value = String> {
    let effects = prop_oneof![
        Just(Effect::Update),
        Just(Effect::Create),
        Just(Effect::Delete)
    ];
    let more = prop_oneof![
        4 => Just(""),
        2 => Just(", on_failure: continue"),
        1 => Just(", when: 1 == 2"),
        1 => Just(", when: run.id is undefined"),
    ];
    (effects, more).prop_map(move |(effect, more)| step(&id, effect, more))
}

fn any_playbook() -> impl Strategy<Value = String> {
    let group = |n: usize| {
        let policy = prop_oneof![Just("stop"), Just("continue")];
        (any_step(format!("s{n}")), any_step(format!("t{n}")), policy).prop_map(
            move |(a, b, policy)| {
                format!("{{ id: g{n}, on_failure: {policy}, steps: [{a}, {b}] }}")
            },
        )
    };
    let entry = move |n: usize| prop_oneof![3 => any_step(format!("s{n}")), 1 => group(n)];
    (entry(0), entry(1), entry(2), entry(3))
        .prop_map(|(a, b, c, d)| format!("voxplay: 1\nsteps: [{a}, {b}, {c}]\nfinally: [{d}]\n"))
}

fn any_script() -> impl Strategy<Value = HashMap<String, Vec<Answer>>> {
    let answers = proptest::collection::vec(proptest::sample::select(&ANSWERS[..]), 0..4);
    proptest::collection::vec(answers, 8).prop_map(|all| {
        let names = ["s0", "t0", "s1", "t1", "s2", "t2", "s3", "t3"];
        names
            .iter()
            .map(|name| (*name).to_owned())
            .zip(all)
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_run_survives_every_trouble(text in any_playbook(), script in any_script()) {
        everywhere(&plan(&text), &script);
    }
}
