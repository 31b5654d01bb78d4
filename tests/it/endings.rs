//! What a run says at its end: its requests, what to do next, and which file its rows came from.

use std::process::Command;

use serde_json::{Value, json};

use crate::run::{Project, Ran, UPDATE};
use crate::server::{Answer, DONE, json as answer};

/// Nobody listens there.
const NOBODY: &str = "http://127.0.0.1:9";

const CREATE: &str = "
steps:
  - id: debt
    action: obligation.insert
    with: { wolkvox_id: \"64cb\", id: a, name: Loan }
";

const ROWS: &str = "
inputs: { list: { type: string } }
steps:
  - id: each
    for_each: { csv: \"{{ inputs.list }}\", as: it, key: \"{{ it.id }}\" }
    on_failure: continue
    action: record.update
    with: { module: contacts, wolkvox_id: \"{{ it.id }}\", fields: { A: b } }
";

fn human(project: &Project, arguments: &[&str]) -> Ran {
    project.finish(project.voxplay(arguments))
}

fn no() -> Answer {
    answer(r#"{"code":400,"error":"no such record"}"#)
}

/// The ids of all runs, the latest first.
fn latest(project: &Project, state: &str) -> String {
    let runs = ["runs", "--format", "json", "--state-dir", state];
    let ran = human(project, &runs);
    let run: Value = serde_json::from_str(ran.stdout.lines().next().unwrap()).unwrap();
    run["run"].as_str().unwrap().to_owned()
}

#[test]
fn a_run_that_stopped_names_the_commands_that_go_on_with_it() {
    for (state, flag) in [(".voxplay", ""), ("elsewhere", " --state-dir elsewhere")] {
        let project = Project::new(CREATE, [Answer::CutRead]);
        let ran = human(&project, &["run", "playbook.yaml", "--state-dir", state]);
        assert_eq!(ran.exit, 5, "{ran:?}");
        let run = latest(&project, state);
        let commands = format!("\n  voxplay reconcile {run}{flag}\n  voxplay resume {run}{flag}\n");
        assert!(ran.stderr.contains(&commands), "{ran:?}");
    }
    let project = Project::new(ROWS, [answer(DONE)]);
    project.write("rows.csv", "id\na\nb\n");
    project.write(
        "voxplay.yaml",
        &format!(
            "targets:\n  t: {{ server: \"{}\", operation: acme, token: {{ env: WOLKVOX_TOKEN }}, daily_budget: 1 }}\ndefault_target: t\n",
            project.server.url()
        ),
    );
    let ran = human(&project, &["run", "playbook.yaml", "-i", "list=rows.csv"]);
    assert_eq!(ran.exit, 6, "{ran:?}");
    let run = latest(&project, ".voxplay");
    let said = format!("when another 1 request may be sent:\n  voxplay resume {run}\n");
    assert!(ran.stderr.contains(&said), "{ran:?}");
    assert!(ran.stderr.contains("go on from 20"), "{ran:?}");
}

#[test]
fn a_stretch_tells_its_own_requests_and_those_of_all() {
    let project = Project::new(ROWS, [answer(DONE), no(), answer(DONE)]);
    project.write("rows.csv", "id\na\nb\n");
    let run = ["run", "playbook.yaml", "-i", "list=rows.csv"];
    let ran = human(&project, &run);
    assert!(ran.stdout.contains("(2 requests in "), "{ran:?}");
    assert!(!ran.stdout.contains("in all"), "{ran:?}");
    let ran = human(&project, &["resume", "--retry-failed"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(ran.stdout.contains("(1 request in "), "{ran:?}");
    assert!(ran.stdout.contains("; 3 in all)"), "{ran:?}");
    let shown = human(&project, &["runs", "show", "--format", "json"]);
    let ends = shown.events("run_finished");
    let requests = |end: &Value| (end["requests"].clone(), end["stretch_requests"].clone());
    assert_eq!(requests(&ends[0]), (json!(2), json!(2)));
    assert_eq!(requests(&ends[1]), (json!(3), json!(1)));
}

#[test]
fn what_provably_did_not_leave_counts_against_no_limit() {
    let project = Project::new(
        &format!("limits: {{ requests: 1 }}{UPDATE}"),
        [answer(DONE)],
    );
    let at = |server: &str, mut command: Command| {
        command.env("WOLKVOX_SERVER", server);
        project.finish(command)
    };
    for _ in 0..2 {
        let ran = at(NOBODY, project.command(&["--run-id", "r"]));
        assert_eq!(ran.exit, 1, "{ran:?}");
        assert_eq!(ran.finished()["requests"], 0, "{ran:?}");
        let again = at(NOBODY, project.voxplay(&["resume", "r", "--retry-failed"]));
        assert!(
            again.stderr.contains("was refused (after 2 attempts)"),
            "{again:?}"
        );
        assert!(again.stdout.contains("(0 requests in "), "{again:?}");
    }
    let resume = ["resume", "r", "--retry-failed", "--accept-changes"];
    let ran = human(&project, &resume);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 1), "{ran:?}");
}

#[test]
fn reports_name_the_file_that_was_read() {
    let project = Project::new(ROWS, [no()]);
    project.write("rows.csv", "id\na\n");
    let report = ["-i", "list=rows.csv", "--report", "json=run.json"];
    assert_eq!(project.run(&report).exit, 1);
    let junit = ["runs", "show", "--report", "junit=run.xml"];
    assert_eq!(human(&project, &junit).exit, 0);
    let read = |name: &str| std::fs::read_to_string(project.folder.path().join(name)).unwrap();
    let report: Value = serde_json::from_str(&read("run.json")).unwrap();
    assert_eq!(report["rows"]["listed"][0]["data"], "rows.csv");
    let junit = read("run.xml");
    assert!(
        junit.contains("rows.csv, row 1") && !junit.contains("inputs.list"),
        "{junit}"
    );
}

#[test]
fn what_is_forgotten_is_told_to_programs_as_json() {
    let project = Project::new(UPDATE, [answer(DONE)]);
    assert_eq!(project.run(&[]).exit, 0);
    let prune = ["runs", "prune", "--older-than", "0d", "--format", "json"];
    let ran = human(&project, &prune);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(told, json!({"schema": 1, "forgotten": 1}));
}
