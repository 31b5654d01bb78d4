//! What a condition leaves out when a run is gone on with, and an earlier stretch has begun: what was done, failed or is
//! in doubt stays so.

use crate::run::{Project, Ran};
use crate::server::{Answer, DONE, json};

fn refused() -> Answer {
    json(r#"{"code":403,"error":"not now"}"#)
}

fn voxplay(project: &Project, arguments: &[&str]) -> Ran {
    project.finish(project.voxplay(arguments))
}

fn resume(project: &Project, more: &[&str]) -> Ran {
    voxplay(project, &[&["resume", "--format", "json"], more].concat())
}

/// Ok, failed, unknown, skipped, not run.
fn counts(ran: &Ran) -> [u64; 5] {
    let counts = &ran.finished()["rows"];
    ["ok", "failed", "unknown", "skipped", "not_run"]
        .map(|outcome| counts[outcome].as_u64().unwrap())
}

fn file(project: &Project, name: &str) -> String {
    std::fs::read_to_string(project.folder.path().join(name)).unwrap()
}

#[test]
fn the_rows_of_a_loop_whose_condition_does_not_hold_any_more() {
    let playbook = r#"
steps:
  - id: first
    for_each: { items: ["1", "2"], key: "{{ row }}" }
    on_failure: continue
    action: record.update
    with: { module: contacts, wolkvox_id: "{{ row }}", fields: { A: x } }
  - id: alarm
    when: steps.first.failed > 0
    for_each: { csv: rows.csv, key: "{{ row.id }}" }
    on_failure: continue
    succeeded: good.csv
    unknown: doubt.csv
    action: obligation.insert
    with: { wolkvox_id: "{{ row.id }}", id: "{{ row.id }}", name: Loan }
"#;
    let project = Project::new(playbook, []);
    project.write("rows.csv", "id\nk1\nk2\nk3\n");
    project.server.judge(|arrived| {
        let text = arrived.text();
        match ["\"2\"", "\"k2\"", "\"k3\""].map(|id| text.contains(id)) {
            [true, _, _] | [_, _, true] => refused(),
            [_, true, _] => Answer::CutRead,
            _ => json(DONE),
        }
    });
    let ran = project.run(&[]);
    assert_eq!((ran.exit, counts(&ran)), (5, [2, 2, 1, 0, 0]), "{ran:?}");
    let sent = ran.arrived.len();
    // What failed is tried again, and of the second loop nothing: its condition says so.
    project.server.judge(|_| json(DONE));
    let ran = resume(&project, &["--retry-failed"]);
    assert_eq!((ran.exit, counts(&ran)), (5, [3, 0, 1, 1, 0]), "{ran:?}");
    assert_eq!(ran.arrived.len(), sent + 1, "{ran:?}");
    assert!(file(&project, "good.csv").contains("\nk1,"), "{ran:?}");
    assert!(file(&project, "doubt.csv").contains("\nk2,"), "{ran:?}");
    let ran = voxplay(&project, &["reconcile", "--ok", "alarm@k2=64ff"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let ran = resume(&project, &[]);
    assert_eq!((ran.exit, counts(&ran)), (0, [4, 0, 0, 1, 0]), "{ran:?}");
    assert_eq!(ran.arrived.len(), sent + 1, "{ran:?}");
    assert!(file(&project, "good.csv").contains("64ff"), "{ran:?}");
}

#[test]
fn a_loop_that_never_had_rows_is_left_out_without_reading_them() {
    let playbook = r#"
steps:
  - id: first
    action: record.update
    with: { module: contacts, wolkvox_id: "1", fields: { A: x } }
  - id: each
    when: steps.first.outcome == "failed"
    for_each: { csv: rows.csv }
    action: record.update
    with: { module: contacts, wolkvox_id: "{{ row.id }}", fields: { A: x } }
  - id: last
    action: record.update
    with: { module: contacts, wolkvox_id: "2", fields: { A: x } }
"#;
    let project = Project::new(playbook, [json(DONE), refused(), json(DONE)]);
    project.write("rows.csv", "id\n1\n");
    assert_eq!(project.run(&[]).exit, 1);
    let ran = resume(&project, &["--retry-failed"]);
    assert_eq!((ran.exit, counts(&ran)), (0, [0; 5]), "{ran:?}");
}

const CHOSEN: &str = r#"
steps:
  - id: each
    for_each: { csv: rows.csv, key: "{{ row.id }}" }
    when: row.go == "y"
    on_failure: continue
    rejected: bad.csv
    succeeded: good.csv
    unknown: doubt.csv
    steps:
      - id: debt
        action: obligation.insert
        with: { wolkvox_id: "{{ row.id }}", id: "{{ row.id }}", name: Loan }
      - id: mark
        action: record.update
        with: { module: contacts, wolkvox_id: "{{ row.id }}", fields: { A: x } }
"#;

#[test]
fn rows_whose_condition_does_not_hold_any_more() {
    let project = Project::new(CHOSEN, []);
    project.write("rows.csv", "id,go\na,y\nb,y\nc,y\nd,n\n");
    project.server.judge(|arrived| {
        let text = arrived.text();
        let is_mark = text.contains("contacts");
        match ["\"a\"", "\"b\"", "\"c\""].map(|id| text.contains(id)) {
            [true, _, _] => refused(),
            [_, true, _] if is_mark => refused(),
            [_, _, true] if !is_mark => Answer::CutRead,
            _ => json(DONE),
        }
    });
    let ran = project.run(&[]);
    assert_eq!((ran.exit, counts(&ran)), (5, [0, 2, 1, 1, 0]), "{ran:?}");
    let sent = ran.arrived.len();
    let accounts = || ["bad.csv", "good.csv", "doubt.csv"].map(|name| file(&project, name));
    let rows = |accounts: [String; 3]| accounts.map(|text| text.lines().count() - 1);
    assert_eq!(rows(accounts()), [2, 0, 1]);
    project.write("rows.csv", "id,go\na,n\nb,n\nc,n\nd,n\n");
    let ran = resume(&project, &["--accept-changes"]);
    assert_eq!((ran.exit, counts(&ran)), (5, [0, 2, 1, 1, 0]), "{ran:?}");
    assert_eq!((ran.arrived.len(), rows(accounts())), (sent, [2, 0, 1]));
    // Nothing of it is tried again, though that was asked for: the create that was done counts.
    let ran = resume(&project, &["--accept-changes", "--retry-failed"]);
    assert_eq!((ran.exit, counts(&ran)), (5, [1, 0, 1, 2, 0]), "{ran:?}");
    assert_eq!((ran.arrived.len(), rows(accounts())), (sent, [0, 1, 1]));
    let ran = voxplay(&project, &["reconcile", "--ok", "debt@c=64ff"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let ran = resume(&project, &["--accept-changes"]);
    assert_eq!((ran.exit, counts(&ran)), (0, [2, 0, 0, 2, 0]), "{ran:?}");
    assert!(file(&project, "good.csv").contains("64ff"), "{ran:?}");
    assert_eq!(ran.arrived.len(), sent, "{ran:?}");
}

#[test]
fn an_update_that_was_on_its_way_is_in_doubt_where_it_is_left_out() {
    let project = Project::new(CHOSEN, []);
    project.write("rows.csv", "id,go\na,y\nb,y\n");
    project.server.judge(|arrived| {
        let is_second = arrived.text().contains("\"b\"") && arrived.text().contains("contacts");
        if is_second { Answer::Stall } else { json(DONE) }
    });
    let run = project.command(&[]).spawn().unwrap();
    project.server.wait_for(4);
    project.kill_once_written(run, "attempt_started", 4);
    project.write("rows.csv", "id,go\na,y\nb,n\n");
    let ran = resume(&project, &["--accept-changes"]);
    assert_eq!((ran.exit, counts(&ran)), (5, [1, 0, 1, 0, 0]), "{ran:?}");
    assert!(file(&project, "doubt.csv").contains("\nb,"), "{ran:?}");
    let ran = voxplay(&project, &["reconcile", "--ok", "mark@b"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let ran = resume(&project, &["--accept-changes"]);
    assert_eq!((ran.exit, counts(&ran)), (0, [2, 0, 0, 0, 0]), "{ran:?}");
    assert_eq!(ran.arrived.len(), 4, "{ran:?}");
}

#[test]
fn nothing_goes_on_over_a_step_in_doubt_that_is_left_out() {
    let playbook = |when: &str| {
        format!(
            r#"
steps:
  - id: one
    when: {when}
    action: obligation.insert
    with: {{ wolkvox_id: "1", id: "1", name: Loan }}
  - id: two
    action: obligation.insert
    with: {{ wolkvox_id: "2", id: "2", name: Loan }}
"#
        )
    };
    let project = Project::new(&playbook("true"), [Answer::Stall]);
    let run = project.command(&[]).spawn().unwrap();
    project.server.wait_for(1);
    project.kill_once_written(run, "attempt_started", 1);
    let left_out = format!("voxplay: 1\n{}", playbook("false"));
    project.write("playbook.yaml", &left_out);
    let ran = resume(&project, &["--accept-changes"]);
    assert_eq!((ran.exit, ran.arrived.len()), (5, 1), "{ran:?}");
    let ran = voxplay(&project, &["reconcile", "--failed", "one"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let ran = resume(&project, &["--accept-changes", "--retry-failed"]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 2), "{ran:?}");
}

/// A create, a group or a used playbook that is asked for where it failed, and a create after that.
fn around_a_doubt(kind: &str) -> String {
    format!(
        r#"
steps:
  - id: first
    on_failure: continue
    action: obligation.insert
    with: {{ wolkvox_id: "1", id: first, name: Loan }}
  - id: inner
    when: steps.first.outcome == "failed"
    {kind}
  - id: last
    action: obligation.insert
    with: {{ wolkvox_id: "1", id: last, name: Loan }}
"#
    )
}

const IN_DOUBT: &str = r#"voxplay: 1
steps:
  - id: doubt
    action: obligation.insert
    with: { wolkvox_id: "1", id: doubt, name: Loan }
"#;

#[test]
fn nothing_goes_on_over_a_doubt_inside_what_is_left_out() {
    let group = IN_DOUBT
        .replacen("voxplay: 1\n", "", 1)
        .replace('\n', "\n    ");
    for (kind, name) in [(group.trim(), "doubt"), ("use: inner.yaml", "inner.doubt")] {
        let project = Project::new(&around_a_doubt(kind), []);
        project.write("inner.yaml", IN_DOUBT);
        project.server.judge(|arrived| match arrived.text() {
            text if text.contains("first") => refused(),
            text if text.contains("doubt") => Answer::CutRead,
            _ => json(DONE),
        });
        let ran = project.run(&[]);
        assert_eq!((ran.exit, ran.arrived.len()), (5, 2), "{ran:?}");
        project.server.judge(|_| json(DONE));
        let ran = resume(&project, &["--retry-failed"]);
        assert_eq!((ran.exit, ran.arrived.len()), (5, 3), "{ran:?}");
        let ran = voxplay(&project, &["reconcile", "--failed", name]);
        assert_eq!(ran.exit, 0, "{ran:?}");
        let ran = resume(&project, &[]);
        assert_eq!(ran.arrived.len(), 4, "{ran:?}");
        assert!(ran.arrived[3].text().contains("last"), "{ran:?}");
    }
}

#[test]
fn the_rows_of_a_used_playbook_that_is_left_out() {
    let project = Project::new(
        &around_a_doubt("use: inner.yaml\n    inputs: { list: rows.csv }"),
        [],
    );
    project.write(
        "inner.yaml",
        r#"voxplay: 1
inputs: { list: { type: string } }
steps:
  - id: each
    for_each: { csv: "{{ inputs.list }}", key: "{{ row.id }}" }
    on_failure: continue
    succeeded: good.csv
    unknown: doubt.csv
    action: obligation.insert
    with: { wolkvox_id: "1", id: "{{ row.id }}", name: Loan }
"#,
    );
    project.write("rows.csv", "id\nk1\nk2\n");
    project.server.judge(|arrived| match arrived.text() {
        text if text.contains("first") => refused(),
        text if text.contains("k1") => Answer::CutRead,
        _ => json(DONE),
    });
    let ran = project.run(&[]);
    assert_eq!((ran.exit, counts(&ran)), (5, [1, 0, 1, 0, 0]), "{ran:?}");
    project.server.judge(|_| json(DONE));
    let ran = resume(&project, &["--retry-failed"]);
    assert_eq!((ran.exit, counts(&ran)), (5, [1, 0, 1, 0, 0]), "{ran:?}");
    let ran = voxplay(&project, &["reconcile", "--ok", "inner.each@k1=64ff"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let ran = resume(&project, &[]);
    assert_eq!((ran.exit, counts(&ran)), (0, [2, 0, 0, 0, 0]), "{ran:?}");
    assert!(file(&project, "good.csv").contains("64ff"), "{ran:?}");
    assert_eq!(file(&project, "doubt.csv").lines().count(), 1, "{ran:?}");
}
