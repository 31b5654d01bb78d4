//! `resume`, `reconcile` and `runs` from outside: what is refused, what is sent again, what stays.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::run::{Project, Ran};
use crate::server::{Answer, DONE, json, status};

fn refused() -> Answer {
    json(r#"{"code":400,"error":"no such record"}"#)
}

/// Any command, in the project's folder.
fn voxplay(project: &Project, arguments: &[&str]) -> Ran {
    project.finish(project.voxplay(arguments))
}

fn resume(project: &Project, more: &[&str]) -> Ran {
    voxplay(project, &[&["resume", "--format", "json"], more].concat())
}

fn count(ran: &Ran, outcome: &str) -> u64 {
    ran.finished()["counts"][outcome].as_u64().unwrap()
}

fn body(ran: &Ran, number: usize) -> Value {
    serde_json::from_str(ran.arrived[number].text()).unwrap()
}

/// Two updates; the second uses the id of the first, and the time of the start.
const TWO: &str = r#"
inputs:
  owner: { type: string, default: Ana }
steps:
  - id: one
    action: record.update
    with: { module: contacts, wolkvox_id: "1", fields: { A: "{{ run.started_at }}" } }
  - id: two
    action: record.update
    with: { module: contacts, wolkvox_id: "{{ steps.one.wolkvox_id }}", fields: { A: "{{ run.started_at }}", B: "{{ inputs.owner }}", C: "{{ now() | datetime }}" } }
outputs: { last: "{{ steps.two.wolkvox_id }}" }
"#;

fn loop_of(create: bool, more: &str) -> String {
    let action = if create {
        "action: obligation.insert\n        with: { wolkvox_id: \"{{ row.id }}\", id: \"{{ row.id }}\", name: Loan }"
    } else {
        "action: record.update\n        with: { module: contacts, wolkvox_id: \"{{ row.id }}\", fields: { A: b } }"
    };
    format!(
        "steps:\n  - id: each\n    for_each: {{ csv: rows.csv, key: \"k{{{{ row.id }}}}\" }}\n{more}    steps:\n      - id: step\n        {action}\n"
    )
}

#[test]
fn what_failed_is_tried_again_only_when_told_and_sees_the_same_time() {
    let project = Project::new(TWO, [json(DONE), refused()]);
    let ran = project.run(&["-i", "owner=Luz"]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    let again = resume(&project, &[]);
    assert_eq!((again.exit, again.arrived.len()), (1, 2), "{again:?}");
    let again = resume(&project, &["--retry-failed"]);
    assert_eq!((again.exit, again.arrived.len()), (0, 3), "{again:?}");
    assert_eq!(body(&again, 2), body(&again, 1));
    assert_eq!(body(&again, 2)["wolkvox-id"], "64cb");
    assert_eq!(again.finished()["outputs"]["last"], "64cb");
    // Nothing is left to do.
    let run = ran.finished()["run"].as_str().unwrap().to_owned();
    let again = resume(&project, &[&run]);
    assert_eq!((again.exit, again.arrived.len()), (0, 3), "{again:?}");
}

#[test]
fn what_the_crm_accepted_is_not_sent_again_though_it_failed() {
    let playbook = "steps:\n  - id: one\n    action: obligation.insert\n    with: { wolkvox_id: \"1\", id: \"1\", name: Loan }\n    expect: [ \"response.msg == 'other'\" ]\n";
    let project = Project::new(playbook, []);
    assert_eq!(project.run(&[]).exit, 1);
    let again = resume(&project, &["--retry-failed"]);
    assert_eq!((again.exit, again.arrived.len()), (1, 1), "{again:?}");
}

#[test]
fn an_update_whose_answer_was_not_as_expected_can_be_tried_again() {
    let playbook = "steps:\n  - id: one\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"1\", fields: { A: b } }\n    expect: [ \"response.msg == 'other'\" ]\n";
    let project = Project::new(playbook, []);
    assert_eq!(project.run(&[]).exit, 1);
    let again = resume(&project, &[]);
    assert_eq!((again.exit, again.arrived.len()), (1, 1), "{again:?}");
    let again = resume(&project, &["--retry-failed"]);
    assert_eq!((again.exit, again.arrived.len()), (1, 2), "{again:?}");
    project.write(
        "playbook.yaml",
        &format!(
            "voxplay: 1\n{}",
            playbook.replace("'other'", "response.msg")
        ),
    );
    let again = resume(&project, &["--retry-failed", "--accept-changes"]);
    assert_eq!((again.exit, again.arrived.len()), (0, 3), "{again:?}");
}

#[test]
fn changes_are_refused_each_by_its_name() {
    let playbook = loop_of(false, "").replace(
        "steps:\n  - id: each",
        "inputs:\n  owner: { type: string, default: Ana }\nsteps:\n  - id: look\n    action: record.read\n    with: { module: \"{{ inputs.owner }}\" }\n  - id: each",
    );
    let playbook = format!(
        "{playbook}  - id: attach\n    action: case.update\n    with: {{ wolkvox_id: \"1\", responsible: Ana, status: open, files: note.txt }}\n"
    );
    let project = Project::new(&playbook, [json(DONE), refused()]);
    project.write("rows.csv", "id\n1\n2\n");
    project.write("note.txt", "as agreed");
    assert_eq!(project.run(&[]).exit, 1);
    let path = |name: &str| project.folder.path().join(name);
    for (name, from, to, said) in [
        (
            "playbook.yaml",
            "fields: { A: b }",
            "fields: { A: c }",
            &["the playbook", "\\n-", "fields: { A: c }"][..],
        ),
        ("rows.csv", "2\n", "3\n", &["the data rows.csv"]),
        ("note.txt", "as", "not as", &["the attachment note.txt"]),
        (
            "actions/record.read.yaml",
            "Read one record",
            "Read it",
            &["the action record.read", "\\n-", "\\n+", "Read it"],
        ),
    ] {
        let before = std::fs::read_to_string(path(name)).unwrap();
        std::fs::write(path(name), before.replace(from, to)).unwrap();
        let ran = resume(&project, &["--retry-failed"]);
        assert_eq!((ran.exit, ran.arrived.len()), (4, 2), "{name}: {ran:?}");
        for text in said {
            assert!(ran.stdout.contains(text), "{name}: {text}: {ran:?}");
        }
        std::fs::write(path(name), before).unwrap();
    }
    project.write("in.yaml", "owner: Luz\n");
    let ran = resume(&project, &["--retry-failed", "--inputs", "in.yaml"]);
    assert_eq!((ran.exit, ran.arrived.len()), (4, 2), "{ran:?}");
    assert!(ran.stdout.contains("the input owner"), "{ran:?}");
    let ran = resume(
        &project,
        &["--retry-failed", "--inputs", "in.yaml", "--accept-changes"],
    );
    assert_eq!((ran.exit, ran.arrived.len()), (0, 5), "{ran:?}");
}

#[test]
fn a_run_may_be_started_twice_under_one_id() {
    let project = Project::new(TWO, []);
    let ran = project.run(&["--run-id", "nightly-1"]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 2), "{ran:?}");
    let again = project.run(&["--run-id", "nightly-1"]);
    assert_eq!((again.exit, again.arrived.len()), (0, 2), "{again:?}");
    assert_eq!(again.finished()["outputs"], ran.finished()["outputs"]);
    let changed = project.run(&["--run-id", "nightly-1", "-i", "owner=Eva"]);
    assert!(changed.stdout.contains("that run ended ok"), "{changed:?}");
    assert_eq!((changed.exit, changed.arrived.len()), (4, 2), "{changed:?}");
}

#[test]
fn a_state_folder_can_be_taken_elsewhere() {
    let project = Project::new(TWO, [json(DONE), refused()]);
    assert_eq!(project.run(&[]).exit, 1);
    let path = project.folder.path();
    std::fs::rename(path.join(".voxplay"), path.join("taken")).unwrap();
    let ran = resume(&project, &[]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    assert!(ran.stdout.contains("--state-dir"), "{ran:?}");
    let ran = resume(&project, &["--state-dir", "taken", "--retry-failed"]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 3), "{ran:?}");
}

#[test]
fn a_second_one_at_once_is_refused_and_told_who_goes_on() {
    let project = Project::new(TWO, [Answer::Held(DONE)]);
    let child = project.command(&["--run-id", "first"]).spawn().unwrap();
    project.server.wait_for(1);
    for arguments in [
        &["resume", "first", "--format", "json"][..],
        &["reconcile", "first", "--format", "json"],
        &["run", "playbook.yaml", "--format", "json"],
        &[
            "run",
            "playbook.yaml",
            "--run-id",
            "first",
            "--format",
            "json",
        ],
    ] {
        let ran = voxplay(&project, arguments);
        assert_eq!((ran.exit, ran.arrived.len()), (4, 1), "{ran:?}");
        let holder = format!("run first in process {}", child.id());
        assert!(ran.stdout.contains(&holder), "{ran:?}");
    }
    project.server.release();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
}

#[test]
fn an_interrupted_run_goes_on() {
    let project = Project::new(TWO, [Answer::Held(DONE)]);
    let child = project.command(&[]).spawn().unwrap();
    project.server.wait_for(1);
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    // It says so once it has heard; then the answer may come.
    let mut child = child;
    let mut heard = String::new();
    let mut stderr = std::io::BufReader::new(child.stderr.take().unwrap());
    std::io::BufRead::read_line(&mut stderr, &mut heard).unwrap();
    assert!(heard.starts_with("stopping"), "{heard}");
    project.server.release();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
    assert_eq!(project.server.arrived().len(), 1);
    let ran = resume(&project, &[]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 2), "{ran:?}");
}

/// Moves everything in the journal back by more than the longest day.
fn a_day_later(state: &Path) {
    let journal = rusqlite::Connection::open(state.join("journal.sqlite")).unwrap();
    journal
        .execute_batch(
            "UPDATE events SET time = strftime('%Y-%m-%dT%H:%M:%fZ', time, '-26 hours');
             UPDATE runs SET finished_at = strftime('%Y-%m-%dT%H:%M:%fZ', finished_at, '-26 hours');
             UPDATE events SET body = json_set(body, '$.started_at', strftime('%Y-%m-%dT%H:%M:%fZ', body ->> '$.started_at', '-26 hours')) WHERE kind = 'run_started';",
        )
        .unwrap();
}

#[test]
fn a_daily_budget_is_counted_from_the_journal_and_new_the_next_day() {
    let project = Project::new(&loop_of(true, ""), []);
    project.write("rows.csv", "id\n1\n2\n3\n4\n5\n");
    project.write(
        "voxplay.yaml",
        &format!(
            "targets:\n  t: {{ server: \"{}\", operation: acme, token: {{ env: WOLKVOX_TOKEN }}, daily_budget: 2, timezone: America/Bogota }}\ndefault_target: t\n",
            project.server.url()
        ),
    );
    let ran = project.run(&["--succeeded", "good.csv"]);
    assert_eq!((ran.exit, ran.arrived.len()), (6, 2), "{ran:?}");
    assert_eq!((count(&ran, "ok"), count(&ran, "not_run")), (2, 3));
    let ran = resume(&project, &[]);
    assert_eq!((ran.exit, ran.arrived.len()), (6, 2), "{ran:?}");
    assert_eq!((count(&ran, "ok"), count(&ran, "not_run")), (2, 3));
    let state = project.folder.path().join(".voxplay");
    a_day_later(&state);
    let ran = resume(&project, &[]);
    assert_eq!((ran.exit, ran.arrived.len()), (6, 4), "{ran:?}");
    a_day_later(&state);
    let ran = resume(&project, &[]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 5), "{ran:?}");
    assert_eq!(count(&ran, "ok"), 5);
    let good = std::fs::read_to_string(project.folder.path().join("good.csv")).unwrap();
    assert_eq!(good.lines().count(), 6, "{good}");
}

#[test]
fn two_runs_at_once_share_the_budget_of_a_day() {
    let project = Project::new(&loop_of(true, ""), [json(DONE), Answer::Held(DONE)]);
    project.write("rows.csv", "id\n1\n2\n3\n4\n5\n");
    project.write("other.yaml", &format!("voxplay: 1\n{}", loop_of(true, "")));
    let config = "targets:\n  t: { server: \"SERVER\", operation: acme, token: { env: WOLKVOX_TOKEN }, daily_budget: 4 }\ndefault_target: t\n";
    project.write(
        "voxplay.yaml",
        &config.replace("SERVER", &project.server.url()),
    );
    let first = project.command(&[]).spawn().unwrap();
    project.server.wait_for(2);
    let second = project.voxplay(&["run", "other.yaml", "--format", "json"]);
    let second = project.finish(second);
    assert_eq!((second.exit, second.arrived.len()), (6, 4), "{second:?}");
    project.server.release();
    let first = first.wait_with_output().unwrap();
    assert_eq!(first.status.code(), Some(6), "{first:?}");
    // It began with three left, of which the other took two.
    assert_eq!(project.server.arrived().len(), 4);
}

#[test]
fn rows_that_were_done_stay_done_where_a_later_stretch_does_not_reach_them() {
    let playbook = loop_of(true, "    concurrency: 4\n");
    let project = Project::new(&playbook, []);
    project.write("rows.csv", "id\n1\n2\n3\n4\n5\n6\n7\n8\n");
    // All four of the first are on their way when one is refused.
    project.server.judge(|arrived| {
        if arrived.text().contains("\"id\":\"1\"") {
            refused()
        } else {
            json(DONE)
        }
    });
    let ran = project.run(&["--succeeded", "good.csv"]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    let (ok, sent) = (count(&ran, "ok"), ran.arrived.len());
    let good = || std::fs::read_to_string(project.folder.path().join("good.csv")).unwrap();
    let before = good();
    let again = resume(&project, &[]);
    assert_eq!((again.exit, again.arrived.len()), (1, sent), "{again:?}");
    assert_eq!((count(&again, "ok"), count(&again, "failed")), (ok, 1));
    assert_eq!(good(), before);
    project.server.judge(|_| json(DONE));
    let again = resume(&project, &["--retry-failed"]);
    assert_eq!((again.exit, count(&again, "ok")), (0, 8), "{again:?}");
    assert_eq!(again.arrived.len(), 9);
}

#[test]
fn a_loop_that_was_done_still_counts_its_rows() {
    let playbook = loop_of(true, "")
        + "  - id: after\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"{{ steps.each.ids.step[2] }}\", fields: { A: b } }\n";
    let project = Project::new(&playbook, [json(DONE), json(DONE), json(DONE), refused()]);
    project.write("rows.csv", "id\n1\n2\n3\n");
    assert_eq!(project.run(&[]).exit, 1);
    let ran = resume(&project, &["--retry-failed"]);
    assert_eq!(
        (ran.exit, ran.arrived.len(), count(&ran, "ok")),
        (0, 5, 4),
        "{ran:?}"
    );
    assert_eq!(ran.finished()["rows"]["ok"], 3, "{ran:?}");
    assert_eq!(body(&ran, 4)["wolkvox-id"], "64cb");
}

#[test]
fn a_second_try_that_was_killed_is_in_doubt_and_not_failed() {
    let playbook = loop_of(true, "");
    let project = Project::new(&playbook, [refused(), Answer::Stall]);
    project.write("rows.csv", "id\n1\n");
    assert_eq!(project.run(&["--rejected", "bad.csv"]).exit, 1);
    let mut child = project
        .voxplay(&["resume", "--retry-failed"])
        .spawn()
        .unwrap();
    project.server.wait_for(2);
    child.kill().unwrap();
    child.wait().unwrap();
    for more in [&[][..], &["--retry-failed"]] {
        let ran = resume(&project, more);
        assert_eq!((ran.exit, ran.arrived.len()), (5, 2), "{ran:?}");
        assert_eq!(count(&ran, "unknown"), 1);
        let bad = std::fs::read_to_string(project.folder.path().join("bad.csv")).unwrap();
        assert_eq!(bad.lines().count(), 1, "{bad}");
    }
}

#[test]
fn doubts_are_listed_and_settled_by_name() {
    let playbook = loop_of(true, "    on_failure: continue\n");
    let project = Project::new(&playbook, vec![Answer::CutRead; 3]);
    project.write("rows.csv", "id\n1\n2\n3\n4\n");
    let ran = project.run(&["--run-id", "r"]);
    assert_eq!((ran.exit, count(&ran, "unknown")), (5, 3), "{ran:?}");
    let ran = voxplay(&project, &["reconcile", "r", "--format", "human"]);
    assert_eq!(ran.exit, 5);
    for line in ran.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(ran.stdout.contains("step@k2"), "{ran:?}");
    for (words, said) in [
        (&["--ok", "step@k22"][..], "did you mean"),
        (&["--ok", "nothing"], "known here: step@k1"),
        (&["--ok", "step=64aa"], "one id is given"),
        (&["--ok", "step@k1", "--failed", "step"], "decided twice"),
        (
            &["--ok", "step@k1", "--ok", "step@k2", "--wolkvox-id", "x"],
            "--ok STEP@ROW=ID",
        ),
        (&["--ok", "step@k1", "--wolkvox-id", " "], "is blank"),
        (
            &["--ok", "step@k1=a", "--wolkvox-id", "b"],
            "two ids are given",
        ),
    ] {
        let ran = voxplay(
            &project,
            &[&["reconcile", "r", "--format", "json"], words].concat(),
        );
        assert!((2..=4).contains(&ran.exit), "{words:?} {ran:?}");
        assert!(ran.stdout.contains(said), "{words:?} {ran:?}");
    }
    let words = [
        "reconcile",
        "r",
        "--ok",
        "step@k1=64aa",
        "--failed",
        "step@k2",
        "--resend",
        "step@k3",
    ];
    let ran = voxplay(&project, &words);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let ran = resume(&project, &["r"]);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 5), "{ran:?}");
    assert_eq!((count(&ran, "ok"), count(&ran, "failed")), (3, 1));
    assert!(ran.stdout.contains("64aa"), "{ran:?}");
}

#[test]
fn a_loop_that_does_an_action_itself_has_its_doubts_settled_too() {
    let playbook = "steps:\n  - id: each\n    for_each: { csv: rows.csv, key: \"k{{ row.id }}\" }\n    on_failure: continue\n    action: obligation.insert\n    with: { wolkvox_id: \"{{ row.id }}\", id: \"{{ row.id }}\", name: Loan }\n";
    let project = Project::new(playbook, [json(DONE), Answer::CutRead, Answer::CutRead]);
    project.write("rows.csv", "id\n1\n2\n3\n");
    let ran = project.run(&["--run-id", "r"]);
    assert_eq!((ran.exit, count(&ran, "unknown")), (5, 2), "{ran:?}");
    let journal =
        rusqlite::Connection::open(project.folder.path().join(".voxplay/journal.sqlite")).unwrap();
    let doubts = || -> Vec<String> {
        let mut asked = journal
            .prepare("SELECT step || '@' || coalesce(\"row\", 'none') FROM in_doubt ORDER BY 1")
            .unwrap();
        let rows = asked.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    assert_eq!(doubts(), ["each@k2", "each@k3"]);
    let words = [
        "reconcile",
        "r",
        "--failed",
        "each@k2",
        "--resend",
        "each@k3",
    ];
    let ran = voxplay(&project, &words);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert_eq!(doubts(), [""; 0]);
    let ran = resume(&project, &["r"]);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 4), "{ran:?}");
    assert_eq!((count(&ran, "ok"), count(&ran, "failed")), (2, 1));
}

/// A run of eight rows, two of which are on their way when it is killed; of the first, the answer is lost before.
fn killed_in_the_middle(key: &str) -> Project {
    let playbook = format!(
        "steps:\n  - id: each\n    for_each: {{ csv: rows.csv{key} }}\n    on_failure: continue\n    concurrency: 2\n    action: obligation.insert\n    with: {{ wolkvox_id: \"{{{{ row.id }}}}\", id: \"{{{{ row.id }}}}\", name: Loan }}\n"
    );
    let project = Project::new(&playbook, []);
    project.write("rows.csv", "id\na\nb\nc\nd\ne\nf\ng\nh\n");
    project.server.judge(|arrived| {
        let text = arrived.text();
        if text.contains("\"id\":\"a\"") {
            Answer::CutRead
        } else if ["\"id\":\"e\"", "\"id\":\"f\""]
            .iter()
            .any(|id| text.contains(id))
        {
            Answer::Stall
        } else {
            json(DONE)
        }
    });
    let mut child = project.voxplay(&[
        "run",
        "playbook.yaml",
        "--run-id",
        "r",
        "--state-dir",
        ".voxplay",
    ]);
    let mut child = child.spawn().unwrap();
    project.server.wait_for(6);
    child.kill().unwrap();
    child.wait().unwrap();
    project.server.judge(|_| json(DONE));
    project
}

#[test]
fn rows_without_a_key_are_not_gone_on_with_once_their_numbers_mean_others() {
    let project = killed_in_the_middle("");
    project.write("rows.csv", "id\nnew\na\nb\nc\nd\ne\nf\ng\nh\n");
    let ran = resume(&project, &["r", "--accept-changes"]);
    assert_eq!((ran.exit, ran.arrived.len()), (4, 6), "{ran:?}");
    assert!(ran.stdout.contains("are known by their numbers"), "{ran:?}");
    // As it was, it is gone on with.
    project.write("rows.csv", "id\na\nb\nc\nd\ne\nf\ng\nh\n");
    let ran = resume(&project, &["r", "--accept-changes"]);
    assert_eq!((ran.exit, ran.arrived.len()), (5, 8), "{ran:?}");
    assert_eq!((count(&ran, "ok"), count(&ran, "unknown")), (5, 3));
}

#[test]
fn a_doubt_stays_though_its_row_is_no_longer_in_the_data() {
    let project = killed_in_the_middle(", key: \"{{ row.id }}\"");
    project.write("rows.csv", "id\nb\nc\nd\ng\nh\nnew\n");
    let ran = resume(&project, &["r", "--accept-changes"]);
    assert_eq!((ran.exit, ran.arrived.len()), (5, 9), "{ran:?}");
    assert_eq!((count(&ran, "ok"), count(&ran, "unknown")), (6, 0));
    assert_eq!(ran.finished()["outcome"], "unknown", "{ran:?}");
    let ran = voxplay(
        &project,
        &["resume", "r", "--accept-changes", "--format", "human"],
    );
    assert_eq!((ran.exit, ran.arrived.len()), (5, 9), "{ran:?}");
    for doubt in ["each@a", "each@e", "each@f"] {
        assert!(ran.stdout.contains(doubt), "{doubt} {ran:?}");
    }
    let ran = voxplay(&project, &["reconcile", "r", "--ok", "each"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let ran = resume(&project, &["r", "--accept-changes"]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 9), "{ran:?}");
}

#[test]
fn a_step_in_doubt_cannot_be_given_another_name() {
    let step = |id: &str| {
        format!(
            "steps:\n  - id: {id}\n    action: obligation.insert\n    with: {{ wolkvox_id: \"1\", id: \"1\", name: Loan }}\n"
        )
    };
    let project = Project::new(&step("one"), [Answer::CutRead]);
    assert_eq!(project.run(&["--run-id", "r"]).exit, 5);
    project.write("playbook.yaml", &format!("voxplay: 1\n{}", step("other")));
    let ran = resume(&project, &["r", "--accept-changes"]);
    assert_eq!((ran.exit, ran.arrived.len()), (4, 1), "{ran:?}");
    assert!(ran.stdout.contains("reconcile r"), "{ran:?}");
    assert_eq!(
        voxplay(&project, &["reconcile", "r", "--failed", "one"]).exit,
        0
    );
    let ran = resume(&project, &["r", "--accept-changes"]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 2), "{ran:?}");
}

#[test]
fn a_list_with_a_secret_has_no_digest_that_can_be_guessed() {
    let list = |items: &str| {
        format!(
            "inputs:\n  pin: {{ type: string, secret: true, from_env: PIN }}\nsteps:\n  - id: each\n    for_each: {{ items: \"{items}\" }}\n    action: record.update\n    with: {{ module: contacts, wolkvox_id: \"1\", fields: {{ A: b }} }}\n"
        )
    };
    for (items, kept) in [("{{ ['open'] }}", true), ("{{ [inputs.pin] }}", false)] {
        let project = Project::new(&list(items), []);
        let mut command = project.command(&[]);
        command.env("PIN", "48151623");
        let ran = project.finish(command);
        assert_eq!(ran.exit, 0, "{ran:?}");
        let journal =
            rusqlite::Connection::open(project.folder.path().join(".voxplay/journal.sqlite"))
                .unwrap();
        let ask = "SELECT body ->> '$.fingerprints' LIKE '%the items of each%' FROM events WHERE kind = 'run_started'";
        let has: bool = journal.query_row(ask, [], |row| row.get(0)).unwrap();
        assert_eq!(has, kept, "{items}");
    }
}

#[test]
fn accounts_go_on_in_the_same_files_from_whatever_folder() {
    let project = Project::new(&loop_of(false, ""), [json(DONE), refused()]);
    project.write("rows.csv", "id\n1\n2\n");
    project.write("voxplay.yaml", "allow_paths: []\n");
    std::fs::create_dir(project.folder.path().join("elsewhere")).unwrap();
    assert_eq!(
        project
            .run(&["--succeeded", "good.csv", "--run-id", "r"])
            .exit,
        1
    );
    let mut command = project.voxplay(&["resume", "r", "--retry-failed"]);
    command.current_dir(project.folder.path().join("elsewhere"));
    let ran = project.finish(command);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let good = std::fs::read_to_string(project.folder.path().join("good.csv")).unwrap();
    assert_eq!(good.lines().count(), 3, "{good}");
    assert!(!project.folder.path().join("elsewhere/good.csv").exists());
}

#[test]
fn a_secret_input_is_needed_again() {
    let playbook = TWO.replace(
        "owner: { type: string, default: Ana }",
        "owner: { type: string, secret: true, from_env: OWNER }",
    );
    let project = Project::new(&playbook, [json(DONE), refused()]);
    let mut first = project.command(&[]);
    first.env("OWNER", "hush-hush-9");
    let ran = project.finish(first);
    assert_eq!(ran.exit, 1, "{ran:?}");
    project.assert_hidden("hush-hush-9", &ran);
    let ran = resume(&project, &["--retry-failed"]);
    assert_eq!((ran.exit, ran.arrived.len()), (3, 2), "{ran:?}");
    assert!(ran.stdout.contains("OWNER"), "{ran:?}");
    let mut again = project.voxplay(&["resume", "--retry-failed", "--format", "json"]);
    again.env("OWNER", "hush-hush-9");
    let ran = project.finish(again);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 3), "{ran:?}");
    assert_eq!(body(&ran, 2), body(&ran, 1));
    project.assert_hidden("hush-hush-9", &ran);
}

#[test]
fn a_secret_in_the_playbook_s_own_text_is_not_in_the_journal() {
    let playbook = TWO.replace(
        "owner: { type: string, default: Ana }",
        "owner: { type: string, secret: true, from_env: OWNER } # hush-hush-9",
    );
    assert_ne!(playbook, TWO);
    let project = Project::new(&playbook, [json(DONE), refused()]);
    let run = |mut command: Command| {
        command.env("OWNER", "hush-hush-9");
        project.finish(command)
    };
    let ran = run(project.command(&[]));
    assert_eq!(ran.exit, 1, "{ran:?}");
    project.assert_hidden("hush-hush-9", &ran);
    // Only what has changed is shown as changed.
    let path = project.folder.path().join("playbook.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}# more\n")).unwrap();
    let ran = run(project.voxplay(&["resume", "--retry-failed"]));
    assert_eq!(ran.exit, 4, "{ran:?}");
    let lines = ran.stderr.lines().map(str::trim_start);
    let changed: Vec<&str> = lines
        .filter(|line| line.starts_with(['+', '-']) && !line.contains("the playbook"))
        .collect();
    assert_eq!(changed, ["+# more"], "{ran:?}");
}

#[test]
fn a_loop_that_had_enough_failures_goes_on_when_they_are_tried_again() {
    let project = Project::new(&loop_of(true, "    max_failures: 1\n"), vec![refused(); 2]);
    project.write("rows.csv", "id\n1\n2\n3\n4\n");
    let ran = project.run(&[]);
    assert_eq!(
        (ran.exit, ran.arrived.len(), count(&ran, "not_run")),
        (1, 2, 2),
        "{ran:?}"
    );
    let ran = resume(&project, &["--retry-failed"]);
    assert_eq!(
        (ran.exit, ran.arrived.len(), count(&ran, "ok")),
        (0, 6, 4),
        "{ran:?}"
    );
}

#[test]
fn runs_are_listed_shown_and_forgotten() {
    let project = Project::new(
        &loop_of(true, "    on_failure: continue\n"),
        [refused(), Answer::CutRead],
    );
    let rows: Vec<String> = (1..=60).map(|row| format!("{row}\n")).collect();
    project.write("rows.csv", &format!("id\n{}", rows.concat()));
    let ran = project.run(&["--run-id", "big"]);
    assert_eq!(ran.exit, 5, "{ran:?}");
    let list = voxplay(&project, &["runs"]);
    assert!(
        list.stdout.contains("big") && list.stdout.contains("58 ok"),
        "{list:?}"
    );
    let shown = voxplay(&project, &["runs", "show", "big"]);
    assert_eq!(shown.exit, 0, "{shown:?}");
    let lines = shown.stdout.lines().count();
    assert!(lines < 60, "{lines}: {}", shown.stdout);
    for text in [
        "58 ok",
        "1 failed",
        "1 unknown",
        "step@k1",
        "step@k2",
        "no such record",
    ] {
        assert!(shown.stdout.contains(text), "{text}: {}", shown.stdout);
    }
    for line in shown.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let one = voxplay(&project, &["runs", "show", "big", "--row", "k7"]);
    assert!(
        one.stdout.contains("step@k7") && !one.stdout.contains("step@k1 "),
        "{one:?}"
    );
    let json = voxplay(&project, &["runs", "show", "big", "--format", "json"]);
    assert_eq!(json.events("row_finished").len(), 60);
    let json = voxplay(
        &project,
        &["runs", "show", "big", "--row", "k7", "--format", "json"],
    );
    assert_eq!(json.events("row_finished").len(), 1);
    // One that can be gone on with is not forgotten.
    a_day_later(&project.folder.path().join(".voxplay"));
    let prune = voxplay(&project, &["runs", "prune", "--older-than", "0d"]);
    assert!(prune.stdout.contains("0 runs"), "{prune:?}");
}

#[test]
fn a_run_out_of_budget_that_has_failures_too_says_so_and_is_not_forgotten() {
    let project = Project::new(&loop_of(true, "    on_failure: continue\n"), [refused()]);
    project.write("rows.csv", "id\n1\n2\n3\n4\n5\n");
    project.write(
        "voxplay.yaml",
        &format!(
            "targets:\n  t: {{ server: \"{}\", operation: acme, token: {{ env: WOLKVOX_TOKEN }}, daily_budget: 2 }}\ndefault_target: t\n",
            project.server.url()
        ),
    );
    let ran = project.finish(project.command_as("human", &[]));
    assert_eq!(ran.exit, 1, "{ran:?}");
    assert!(
        ran.stdout
            .contains("failed, stopped at the daily budget: 5 rows"),
        "{ran:?}"
    );
    let prune = ["runs", "prune", "--older-than", "0d"];
    let kept = voxplay(&project, &prune);
    assert!(kept.stdout.contains("0 runs"), "{kept:?}");
    for _ in 0..2 {
        a_day_later(&project.folder.path().join(".voxplay"));
        resume(&project, &[]);
    }
    // Its last requests are of today, and count.
    let kept = voxplay(&project, &prune);
    assert!(kept.stdout.contains("0 runs"), "{kept:?}");
    a_day_later(&project.folder.path().join(".voxplay"));
    let gone = voxplay(&project, &prune);
    assert!(gone.stdout.contains("1 run forgotten"), "{gone:?}");
}

#[test]
fn a_person_s_word_is_in_the_journal_and_an_id_can_come_later() {
    let playbook = "steps:\n  - id: each\n    for_each: { csv: rows.csv, key: \"{{ row.id }}\" }\n    on_failure: continue\n    steps:\n      - id: debt\n        action: obligation.insert\n        with: { wolkvox_id: \"64cb\", id: \"{{ row.id }}\", name: Loan }\n      - id: mark\n        action: record.update\n        with: { module: contacts, wolkvox_id: \"{{ steps.debt.wolkvox_id }}\", fields: { A: b } }\n";
    let project = Project::new(playbook, vec![Answer::CutRead; 3]);
    project.write("rows.csv", "id\nA\nB\nC\n");
    assert_eq!(project.run(&["--run-id", "r"]).exit, 5);
    let settle = |words: &[&str]| voxplay(&project, &[&["reconcile", "r"], words].concat());
    let ran = settle(&[
        "--ok",
        "debt@A=64aa",
        "--ok",
        "debt@B",
        "--failed",
        "debt@C",
    ]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let view = || -> Vec<String> {
        let journal = project.folder.path().join(".voxplay/journal.sqlite");
        let journal = rusqlite::Connection::open(journal).unwrap();
        let mut asked = journal
            .prepare("SELECT concat_ws('|', \"row\", outcome, action, wolkvox_id) FROM steps WHERE step = 'debt' ORDER BY 1")
            .unwrap();
        let rows = asked.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    let settled = [
        "A|ok|obligation.insert|64aa",
        "B|ok|obligation.insert",
        "C|failed|obligation.insert",
    ];
    assert_eq!(view(), settled);
    let ran = resume(&project, &["r"]);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 4), "{ran:?}");
    assert_eq!(view(), settled);
    assert!(
        ran.stdout.contains("settled by hand without an id") && ran.stdout.contains("debt@B=ID"),
        "{ran:?}"
    );
    // Only what has no id gets one, and only with one.
    for words in [
        &["--ok", "debt@B"][..],
        &["--ok", "debt@A=x"],
        &["--failed", "debt@B"],
    ] {
        let ran = settle(words);
        assert!(
            ran.exit > 1
                && ran.stderr.contains(", and the run has gone on with that")
                && ran.stderr.contains("nothing is in doubt"),
            "{words:?} {ran:?}"
        );
    }
    let ran = settle(&["--ok", "debt@B=64bb"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(ran.stderr.contains("1 id noted") && ran.stderr.contains("--retry-failed"));
    assert_eq!(view()[1], "B|ok|obligation.insert|64bb");
    let ran = resume(&project, &["r", "--retry-failed"]);
    assert_eq!(body(&ran, 4)["wolkvox-id"], "64bb", "{ran:?}");
}

#[test]
fn a_word_may_be_taken_back_until_the_run_has_gone_on_with_it() {
    let playbook = "steps:\n  - id: debt\n    action: obligation.insert\n    with: { wolkvox_id: \"64cb\", id: \"1\", name: Loan }\n  - id: mark\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"{{ steps.debt.wolkvox_id }}\", fields: { A: b } }\n";
    let project = Project::new(playbook, [Answer::CutRead]);
    assert_eq!(project.run(&["--run-id", "r"]).exit, 5);
    let settle = |words: &[&str]| voxplay(&project, &[&["reconcile", "r"], words].concat());
    for blank in ["debt=", "debt= "] {
        let ran = settle(&["--ok", blank]);
        assert!(
            ran.exit == 3 && ran.stderr.contains("the id after `=` is blank"),
            "{ran:?}"
        );
    }
    assert_eq!(settle(&["--resend", "debt"]).exit, 0);
    assert_eq!(settle(&["--ok", "debt=wrong"]).exit, 0);
    assert_eq!(settle(&["--failed", "debt"]).exit, 0);
    let ran = settle(&["--ok", "debt=64dd"]);
    assert!(
        ran.exit == 0 && ran.stderr.contains("1 word replaced"),
        "{ran:?}"
    );
    let ran = resume(&project, &["r"]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 2), "{ran:?}");
    assert_eq!(body(&ran, 1)["wolkvox-id"], "64dd", "{ran:?}");
    let ran = settle(&["--ok", "debt=64ee"]);
    assert!(
        ran.exit == 3
            && ran
                .stderr
                .contains("debt was settled as ok with the id 64dd at"),
        "{ran:?}"
    );
}

#[test]
fn an_id_of_the_crm_that_holds_the_digits_of_a_pin_is_not_lost() {
    let playbook = "inputs: { pin: { type: string, secret: true, from_env: PIN } }\nsteps:\n  - id: debt\n    action: obligation.insert\n    with: { wolkvox_id: \"64cb\", id: \"1\", name: \"{{ inputs.pin }}\" }\n  - id: mark\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"{{ steps.debt.wolkvox_id }}\", fields: { A: b } }\n";
    let made =
        json(r#"{"code":200,"error":"null","msg":"ok","data":{"wolkvox_id":"64cb2025ab00"}}"#);
    let refused = status("403 Forbidden", r#"{"code":403,"error":"no"}"#);
    let project = Project::new(playbook, [made, refused]);
    let with_pin = |arguments: &[&str]| {
        let mut command = project.voxplay(arguments);
        command.env("PIN", "2025");
        project.finish(command)
    };
    let run = ["run", "playbook.yaml", "--run-id", "r", "--format", "json"];
    assert_eq!(with_pin(&run).exit, 1);
    let ran = with_pin(&["resume", "r", "--retry-failed", "--format", "json"]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 3), "{ran:?}");
    assert_eq!(body(&ran, 2)["wolkvox-id"], "64cb2025ab00");
    assert!(!ran.stdout.contains("2025ab00"), "{ran:?}");
}

#[test]
fn a_run_of_a_saved_plan_began_when_it_ran_and_is_remembered() {
    let refused = || status("403 Forbidden", r#"{"code":403,"error":"no"}"#);
    let playbook = "steps:\n  - id: debt\n    action: obligation.insert\n    with: { wolkvox_id: \"64cb\", id: \"1\", name: Loan }\n";
    let project = Project::new(playbook, [refused(), refused()]);
    let plan = ["plan", "playbook.yaml", "--out", "saved.json"];
    assert_eq!(voxplay(&project, &plan).exit, 0);
    assert_eq!(project.run(&[]).exit, 1);
    assert_eq!(project.run(&["--plan", "saved.json"]).exit, 1);
    // The latest is the one of the plan, though its `now()` is older.
    let runs = voxplay(&project, &["runs", "--format", "json"]);
    let latest: serde_json::Value =
        serde_json::from_str(runs.stdout.lines().next().unwrap()).unwrap();
    let shown = voxplay(&project, &["runs", "show", "--format", "json"]);
    assert!(
        shown.stdout.contains(latest["run"].as_str().unwrap()),
        "{shown:?}"
    );
    let ran = resume(&project, &["--retry-failed"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(
        ran.stdout.contains(latest["run"].as_str().unwrap()),
        "{ran:?}"
    );

    let prune = || voxplay(&project, &["runs", "prune", "--older-than", "0d"]);
    let gone = prune();
    assert!(gone.stdout.contains("1 run forgotten"), "{gone:?}");
    let ran = project.run(&["--plan", "saved.json"]);
    assert_eq!((ran.exit, ran.arrived.len()), (4, 3), "{ran:?}");
    for _ in 0..28 {
        a_day_later(&project.folder.path().join(".voxplay"));
    }
    let gone = prune();
    assert!(gone.stdout.contains("1 run forgotten"), "{gone:?}");
}
