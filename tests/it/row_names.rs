//! What is done stays with the row that it was done for, whatever the row's key is and whatever comes later.

use crate::run::{Project, Ran};
use crate::server::{Answer, Arrived, DONE, json};

const CREATED: &str =
    r#"{"code":200,"error":"null","msg":"Succesfully","data":{"wolkvox_id":"ID"}}"#;

fn refused() -> Answer {
    json(r#"{"code":403,"error":"wrong PIN"}"#)
}

fn run_as(project: &Project, pin: &str, arguments: &[&str]) -> Ran {
    let mut command = project.voxplay(arguments);
    command.env("PIN", pin);
    project.finish(command)
}

fn arrivals(ran: &Ran, word: &str) -> usize {
    let texts = ran.arrived.iter().map(Arrived::text);
    texts.filter(|text| text.contains(word)).count()
}

#[test]
fn a_condition_without_a_value_takes_nothing_back_of_what_was_done() {
    let playbook = r#"
steps:
  - id: mark
    action: record.update
    on_failure: continue
    with: { module: contacts, wolkvox_id: "64cb", fields: { A: b } }
    expect: response.msg == "not this one"
  - id: debt
    when: steps.mark.wolkvox_id != "none"
    action: obligation.insert
    with: { wolkvox_id: "64cb", id: D-1, name: Loan }
"#;
    let project = Project::new(playbook, [json(DONE), json(CREATED), refused()]);
    let ran = project.run(&[]);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 2), "{ran:?}");
    // The update is refused now, so that the condition has no value; then it is accepted again.
    for updates in [2, 3] {
        let retry = ["resume", "--retry-failed", "--format", "json"];
        let ran = project.finish(project.voxplay(&retry));
        assert_eq!(ran.exit, 1, "{ran:?}");
        assert_eq!(arrivals(&ran, "\"module\""), updates, "{ran:?}");
        assert_eq!(arrivals(&ran, "D-1"), 1, "{ran:?}");
        assert_eq!(ran.finished()["counts"]["ok"], 1, "{ran:?}");
    }
}

#[test]
fn a_row_whose_key_looks_like_one_inside_another_is_told_from_it() {
    let playbook = r#"
steps:
  - id: outer
    concurrency: 2
    for_each: { items: [{ k: A, word: slow }, { k: A/1, word: quick }], key: "{{ row.k }}" }
    steps:
      - id: inner
        for_each: { items: "{{ [1] }}", as: one }
        action: obligation.insert
        with: { wolkvox_id: "64cb", id: "{{ row.word }}", name: Loan }
"#;
    let project = Project::new(playbook, []);
    project.server.judge(|arrived| {
        if arrived.text().contains("slow") {
            Answer::Stall
        } else {
            json(CREATED)
        }
    });
    let mut child = project.command(&[]).spawn().unwrap();
    let journal = project.folder.path().join(".voxplay/journal.sqlite");
    let is_written = || {
        let open = rusqlite::Connection::open(&journal).ok()?;
        let count = "SELECT count(*) FROM events WHERE kind = 'row_finished'";
        let rows: i64 = open.query_row(count, [], |row| row.get(0)).ok()?;
        (rows >= 1).then_some(())
    };
    project.server.wait_for(2);
    while is_written().is_none() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let doubts = project.finish(project.voxplay(&["reconcile"]));
    assert!(doubts.stdout.contains("inner@A/1"), "{doubts:?}");
    let ran = project.finish(project.voxplay(&["resume", "--format", "json"]));
    assert_eq!((ran.exit, ran.arrived.len()), (5, 2), "{ran:?}");
    let counts = &ran.finished()["rows"];
    assert_eq!((&counts["ok"], &counts["unknown"]), (&1.into(), &1.into()));
}

#[test]
fn a_row_that_gains_a_loop_is_not_begun_anew() {
    let playbook = r#"
steps:
  - id: each
    for_each: { items: [A/1, B2], key: "{{ row }}" }
    on_failure: continue
    steps:
      - id: debt
        action: obligation.insert
        with: { wolkvox_id: "64cb", id: "{{ row }}", name: Loan }
      - id: mark
        action: record.update
        with: { module: contacts, wolkvox_id: "64cb", fields: { A: b } }
"#;
    let project = Project::new(playbook, []);
    project.server.judge(|arrived| {
        if arrived.text().contains("Loan") {
            json(CREATED)
        } else {
            refused()
        }
    });
    assert_eq!(project.run(&[]).exit, 1);
    let inner = "      - id: more\n        for_each: { items: [1], as: one }\n        action: record.update\n        with: { module: contacts, wolkvox_id: \"64cb\", fields: { A: c } }\n";
    project.write("playbook.yaml", &format!("voxplay: 1\n{playbook}{inner}"));
    let resume = [
        "resume",
        "--retry-failed",
        "--accept-changes",
        "--format",
        "json",
    ];
    let ran = project.finish(project.voxplay(&resume));
    assert_eq!((ran.exit, arrivals(&ran, "Loan")), (1, 2), "{ran:?}");
    assert!(
        ran.stdout.contains("put the steps back as they were"),
        "{ran:?}"
    );
}

#[test]
fn what_was_done_is_found_again_when_a_secret_in_the_keys_has_changed() {
    let playbook = r#"
inputs:
  pin: { type: string, secret: true, from_env: PIN }
steps:
  - id: each
    for_each: { items: [F-7025-1, F-7025-2, F-7026-1], as: no, key: "{{ no }}" }
    on_failure: continue
    steps:
      - id: debt
        action: obligation.insert
        with: { wolkvox_id: "64cb", id: "{{ no }}", name: Loan }
      - id: mark
        action: record.update
        with: { module: contacts, wolkvox_id: "{{ steps.debt.wolkvox_id }}", fields: { PIN: "{{ inputs.pin }}", of: "{{ no }}" } }
"#;
    for (pins, done) in [(["7025", "7026"], 2), (["7026", "7025"], 1)] {
        let project = Project::new(playbook, []);
        project.server.judge(move |arrived| {
            let text = arrived.text();
            let number = text.split_once("F-702").map_or("", |(_, rest)| &rest[..3]);
            let accepted =
                text.contains("Loan") || text.contains(&format!("\"PIN\":\"{}\"", pins[1]));
            if accepted {
                json(&CREATED.replace("ID", &format!("id{number}")))
            } else {
                refused()
            }
        });
        let ran = run_as(
            &project,
            pins[0],
            &["run", "playbook.yaml", "--format", "json"],
        );
        assert_eq!((ran.exit, ran.arrived.len()), (1, 6), "{ran:?}");
        assert!(!ran.stdout.contains(pins[0]), "{ran:?}");
        let resume = [
            "resume",
            "--retry-failed",
            "--accept-changes",
            "--format",
            "json",
        ];
        let ran = run_as(&project, pins[1], &resume);
        assert!(!ran.stdout.contains(pins[1]), "{ran:?}");
        for number in ["5-1", "5-2", "6-1"] {
            let debts = ran.arrived.iter().map(Arrived::text);
            let debts = debts.filter(|text| text.contains("Loan") && text.contains(number));
            assert_eq!(debts.count(), 1, "{ran:?}");
        }
        // Rows that were begun under a key in which the secret of today stands cannot be written down any more.
        assert_eq!(ran.finished()["rows"]["ok"], done, "{ran:?}");
        let marks = ran.arrived[6..].iter().map(Arrived::text);
        for mark in marks {
            let number = mark.split_once("F-702").unwrap().1;
            assert!(mark.contains(&format!("id{}", &number[..3])), "{mark}");
        }
    }
}

/// Rows with loops in their steps, one of which has the name that another one would have without them.
const NESTED: &str = r#"
steps:
  - id: each
    for_each: { csv: rows.csv, key: "{{ row.key }}" }
    on_failure: continue
    steps:
      - id: inner
        for_each: { items: [1], as: one }
        action: record.update
        with: { module: contacts, wolkvox_id: "64cb", fields: { A: "{{ row.key }}" } }
      - id: debt
        action: obligation.insert
        with: { wolkvox_id: "64cb", id: "{{ row.key }}", name: Loan }
"#;

#[test]
fn rows_of_one_run_are_not_taken_for_each_other() {
    let project = Project::new(NESTED, []);
    project.write("rows.csv", "key\na/b\na%2Fb\na%252Fb\nlast\n");
    project.server.judge(|arrived| {
        if arrived.text().contains("last") {
            refused()
        } else {
            json(CREATED)
        }
    });
    assert_eq!(project.run(&[]).exit, 1);
    for more in [&[][..], &["--accept-changes"]] {
        let resume = [&["resume", "--retry-failed", "--format", "json"], more].concat();
        let ran = project.finish(project.voxplay(&resume));
        assert_eq!(arrivals(&ran, "Loan"), 3, "{ran:?}");
        let rows = &ran.finished()["rows"];
        assert_eq!((&rows["ok"], &rows["failed"]), (&3.into(), &1.into()));
    }
}

#[test]
fn a_row_that_is_new_is_not_taken_for_one_of_when_there_were_no_loops() {
    let (before, rest) = NESTED.split_once("      - id: inner").unwrap();
    let (_, after) = rest.split_once("      - id: debt").unwrap();
    let flat = format!("{before}      - id: debt{after}");
    let project = Project::new(&flat, []);
    project.write("rows.csv", "key\na%2Fb\nlast\n");
    project.server.judge(|arrived| {
        if arrived.text().contains("last") {
            refused()
        } else {
            json(CREATED)
        }
    });
    assert_eq!(project.run(&[]).exit, 1);
    let resume = |playbook: &str, rows: &str| {
        project.write("playbook.yaml", &format!("voxplay: 1\n{playbook}"));
        project.write("rows.csv", rows);
        let accept = ["resume", "--retry-failed", "--accept-changes"];
        let mut command = project.voxplay(&accept);
        command.args(["--format", "json"]);
        project.finish(command)
    };
    // With loops, the new row has the name that the old one had without them.
    let ran = resume(NESTED, "key\na%2Fb\na/b\nlast\n");
    assert_eq!(arrivals(&ran, "Loan"), 2, "{ran:?}");
    assert_eq!(ran.finished()["rows"]["failed"], 3, "{ran:?}");
    // As it was, each has its own name again.
    let ran = resume(&flat, "key\na%2Fb\na/b\nlast\n");
    assert_eq!(arrivals(&ran, "Loan"), 4, "{ran:?}");
    assert_eq!(ran.finished()["rows"]["ok"], 2, "{ran:?}");
}
