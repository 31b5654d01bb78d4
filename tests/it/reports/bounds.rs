//! A record stays small, and is the same from the journal as live.

use voxplay::event::{Accepted, Event, EventKind, RowFinished, StepFinished};
use voxplay::journal::{Durability, Journal};
use voxplay::outcome::Outcome;
use voxplay::report::record::{MOST_ROWS, Recorder, record_from_journal};
use voxplay::report::{html, junit, markdown, run_json};
use voxplay::secret::Masker;
use voxplay::value::Map;

use super::fixed;

#[tokio::test]
async fn the_journal_gives_the_same_record_as_the_run() {
    let journal = Journal::memory().unwrap();
    let run = fixed::run_id();
    let mut events = Vec::new();
    fixed::tell(60, &mut |event| events.push(event));
    let mut live = Recorder::new(run.clone());
    for event in &events {
        live.add(event);
        journal.append(&run, event, Durability::Soon).await.unwrap();
    }
    journal.flush().await.unwrap();
    let later = record_from_journal(&journal, &run).unwrap().unwrap();
    let masker = Masker::none();
    assert_eq!(
        run_json::document(&later, &masker),
        run_json::document(&live.record(), &masker)
    );
    let nobody = voxplay::event::RunId::parse("nobody").unwrap();
    assert!(record_from_journal(&journal, &nobody).unwrap().is_none());
}

#[test]
fn a_killed_run_leaves_its_open_requests_in_doubt() {
    let mut recorder = Recorder::new(fixed::run_id());
    let mut events = Vec::new();
    fixed::tell(5, &mut |event| events.push(event));
    let last_intent = events
        .iter()
        .rposition(|event| {
            matches!(&event.kind, EventKind::AttemptStarted(started) if started.row.is_some())
        })
        .unwrap();
    for event in &events[..=last_intent] {
        recorder.add(event);
    }
    let record = recorder.record();
    assert_eq!(record.outcome(), None);
    let in_doubt: Vec<_> = record.rows_that(Outcome::Unknown).collect();
    assert_eq!(in_doubt.len(), 1);
    assert_eq!(in_doubt[0].row, "A-00005");
    assert_eq!(record.row_counts().unknown, 1);
    assert!(junit::document(&record, &Masker::none()).contains("row A-00005"));
}

#[test]
fn a_resumed_row_is_counted_once_and_the_gap_is_left_out() {
    let mut recorder = Recorder::new(fixed::run_id());
    let mut events = Vec::new();
    fixed::tell(10, &mut |event| events.push(event));
    for event in &events {
        recorder.add(event);
    }
    let day_ms = 86_400_000;
    let again = serde_json::json!({
        "step": "each_account", "row": "A-00007", "number": 7, "outcome": "ok", "failed_step": null,
        "code": null, "error": null, "duration_ms": 5,
    });
    recorder.add(&fixed::event(day_ms, "row_finished", &again));
    let record = recorder.record();
    assert_eq!(record.stretches, 2);
    assert_eq!(record.row_counts().total(), 10);
    assert_eq!(record.row_counts().failed, 0);
    assert!(record.rows.iter().all(|row| row.row != "A-00007"));
    assert!(
        record
            .reasons
            .iter()
            .all(|(common, _)| common.step != "mark")
    );
    assert!(record.duration_ms() < day_ms);
}

#[test]
fn a_hundred_thousand_failures_make_a_page_under_five_megabytes() {
    let masker = Masker::none();
    let mut recorder = Recorder::new(fixed::run_id()).with_places(fixed::places_of_playbook());
    let many = 100_000;
    for number in 1..=many {
        for event in failing_row(number) {
            recorder.add(&event);
        }
    }
    let record = recorder.record();
    assert_eq!(record.rows.len(), 2 * MOST_ROWS);
    assert_eq!(record.row_counts().total(), many);
    assert_eq!(record.rows_not_listed.total(), many - 2 * MOST_ROWS as u64);
    assert_eq!(record.reasons.len(), 2);
    let page = html::document(&record, &masker);
    assert!(page.len() < 5_000_000, "{}", page.len());
    assert!(markdown::document(&record, &masker).len() < 60_000);
}

fn failing_row(number: u64) -> [Event; 2] {
    let outcome = if number.is_multiple_of(2) {
        Outcome::Failed
    } else {
        Outcome::Unknown
    };
    let error = format!(
        "the id {number:024x} cannot be found here; ask whoever keeps the list of accounts"
    );
    let step = StepFinished {
        step: "mark".to_owned(),
        row: Some(format!("A-{number}")),
        action: Some("record.update".to_owned()),
        outcome,
        http_status: Some(200),
        code: None,
        msg: None,
        wolkvox_id: None,
        pages: None,
        attempts: 1,
        unsent: false,
        accepted: false,
        duration_ms: 20,
        error: Some(error.clone()),
        warnings: Vec::new(),
        outputs: Map::default(),
        blank: Vec::new(),
        withheld: Vec::new(),
        answer: Some("<&\">".repeat(2_000)),
    };
    let row = RowFinished {
        step: "each_account".to_owned(),
        row: format!("A-{number}"),
        number,
        batch: None,
        outcome,
        failed_step: Some("mark".to_owned()),
        code: None,
        error: Some(error),
        accepted: Accepted::default(),
        wolkvox_ids: Map::default(),
        duration_ms: 20,
        item: None,
    };
    let time = "2026-11-20T12:00:00.000Z".to_owned();
    [EventKind::StepFinished(step), EventKind::RowFinished(row)].map(|kind| Event {
        time: time.clone(),
        kind,
    })
}
