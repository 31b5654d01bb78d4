//! A step that reads page after page, disturbed after every event: each request is written down before it goes out, and
//! whoever goes on reads from the first page again.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{scope, target};
use crate::action::Catalogue;
use crate::document;
use crate::event::{EventKind, StepFinished};
use crate::outcome::Outcome;
use crate::plan::{self, Plan};
use crate::playbook::{self, Limits};
use crate::run::lane::Surroundings;
use crate::run::{Command, History, Input, Lane, Meter, NoLeave};
use crate::source::Source;
use crate::template::{Clock, Engine};
use crate::transport::{Completeness, Response};
use crate::value::Value;

const QUERY: &str = r#"name: thing.query
summary: A call
documentation: thin
page: { title: A page }
effect: read
method: POST
path: /server/API/v2/things/query.php
encoding: json
params:
  type: object
  additionalProperties: false
  properties:
    limit: { type: integer, description: records a page }
    page: { type: integer, description: the page }
body: { page: "{{ with.page }}" }
request: { type: object }
response: { type: object }
outputs: { records: "{{ response.data }}" }
paging: { page: page, limit: limit, max_limit: 2, records: "{{ response.data }}" }
examples: [{ name: one, with: {}, body: {} }]
"#;

const PLAYBOOK: &str =
    "voxplay: 1\nsteps: [{ id: a, action: thing.query, max_pages: 9, retry: { attempts: 2 } }]\n";

fn plan() -> Plan {
    let action = document::read(&Source::new("actions/thing.query.yaml", QUERY)).unwrap();
    let documents = [("thing.query".to_owned(), action)];
    let (catalogue, findings) = Catalogue::built_in().with_documents(documents);
    assert_eq!(findings, []);
    let (playbook, findings) = playbook::parse(&Source::new("playbook.yaml", PLAYBOOK));
    assert_eq!(findings, []);
    let engine = Engine::new(Clock {
        now: Timestamp::UNIX_EPOCH,
        zone: TimeZone::UTC,
    });
    let playbook = Arc::new(playbook.expect("it has no findings"));
    let (draft, findings) = plan::compile(&playbook, &catalogue, &engine, &[]);
    draft
        .into_plan(&findings)
        .expect("nothing is wrong with it")
}

fn answer(status: u16, body: &str) -> Input {
    Input::Answered(Box::new(Ok(Response {
        status,
        retry_after: None,
        content_type: None,
        body: body.as_bytes().to_vec(),
        complete: Completeness::Complete,
        location: None,
        elapsed: std::time::Duration::ZERO,
    })))
}

/// What breaks a stretch off once so many events are recorded.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    Crash(usize),
    Interrupt(usize),
    Budget(usize),
}

/// Three pages of two, two and one; the second answers badly the first time. The end of the step, where it came to one.
fn stretch(events: &mut Vec<EventKind>, trouble: Option<Trouble>) -> Option<StepFinished> {
    let plan = plan();
    let history = History::from_events(&*events);
    let meter = Meter::new(&Limits::default());
    let target = target();
    let around = Surroundings {
        target: &target,
        meter: &meter,
        history: &history,
        run: "run",
    };
    let mut lane = Lane::new(plan.steps(), scope(), None, around);
    let (mut input, mut sent) = (Input::Go, Vec::new());
    let began = events.len();
    loop {
        let recorded = events.len() - began;
        match trouble {
            Some(Trouble::Crash(after)) if recorded >= after => return None,
            Some(Trouble::Interrupt(after)) if recorded >= after => lane.interrupt(),
            _ => {}
        }
        input = match lane.advance(input, 0) {
            Command::Record(event, _) => {
                events.push(*event);
                Input::Recorded
            }
            Command::Admit(_) => Input::Admitted(match trouble {
                Some(Trouble::Budget(after)) if recorded >= after => Err(NoLeave::Budget),
                _ => Ok(0),
            }),
            Command::Send(request, _) => {
                assert!(matches!(events.last(), Some(EventKind::AttemptStarted(_))));
                let page = request
                    .describe()
                    .get("json")
                    .and_then(|json| json.get("page"))
                    .and_then(Value::scalar_text);
                let page = page.expect("each request says which page");
                let is_first_time = !sent.contains(&page);
                sent.push(page.clone());
                match page.as_str() {
                    "2" if is_first_time => answer(500, "busy"),
                    "1" => answer(200, r#"{"code":200,"data":[1,2]}"#),
                    "2" => answer(200, r#"{"code":200,"data":[3,4]}"#),
                    "3" => answer(200, r#"{"code":200,"data":[5]}"#),
                    other => panic!("nobody asks for page {other}"),
                }
            }
            Command::Wait(_) => Input::Woke,
            Command::Done(_) => break,
            other => panic!("{other:?}"),
        };
    }
    assert!(
        sent.is_empty() || sent[0] == "1",
        "from the first page: {sent:?}"
    );
    events.iter().rev().find_map(|event| match event {
        EventKind::StepFinished(end) => Some(end.clone()),
        _ => None,
    })
}

fn assert_whole(end: &StepFinished) {
    assert_eq!(end.outcome, Outcome::Ok, "{end:?}");
    let records = end.outputs.get("records").map(Value::to_json_text);
    assert_eq!(records.as_deref(), Some("[1,2,3,4,5]"));
    assert_eq!(end.pages, Some(3));
}

#[test]
fn pages_survive_every_trouble() {
    let mut quiet = Vec::new();
    assert_whole(&stretch(&mut quiet, None).expect("nothing disturbs it"));
    let shown: Vec<String> = quiet
        .iter()
        .map(|event| match event {
            EventKind::AttemptStarted(it) => format!("{} after {}", it.attempt, it.pages_read),
            EventKind::AttemptFailed(it) => it.reason.clone(),
            other => other.tag().to_owned(),
        })
        .collect();
    assert_eq!(
        shown,
        [
            "1 after 0",
            "2 after 1",
            "page 2: HTTP 500",
            "3 after 1",
            "4 after 2",
            "step_finished"
        ]
    );
    for after in 0..=quiet.len() {
        for trouble in [
            Trouble::Crash(after),
            Trouble::Interrupt(after),
            Trouble::Budget(after),
        ] {
            let mut events = Vec::new();
            let end = stretch(&mut events, Some(trouble));
            if let Some(end) = end.filter(|end| end.outcome != Outcome::Ok) {
                assert!(end.outputs.is_empty(), "{trouble:?}: {end:?}");
                // An answer that says nothing is not asked for again once the run is to stop.
                if end.outcome == Outcome::Unknown && matches!(trouble, Trouble::Interrupt(_)) {
                    continue;
                }
                assert_eq!(end.outcome, Outcome::NotRun, "{trouble:?}: {end:?}");
            }
            let end = stretch(&mut events, None).unwrap_or_else(|| panic!("{trouble:?}"));
            assert_whole(&end);
        }
    }
}
