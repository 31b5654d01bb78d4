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
        let project = Project::new(UPDATE, [no()]);
        let ran = human(&project, &["run", "playbook.yaml", "--state-dir", state]);
        assert_eq!(ran.exit, 1, "{ran:?}");
        let run = latest(&project, state);
        let go_on = format!("try it again:\n  voxplay resume {run} --retry-failed{flag}\n");
        assert!(ran.stderr.contains(&go_on), "{ran:?}");
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
    let said = format!("when another request may be sent:\n  voxplay resume {run}\n");
    assert!(ran.stderr.contains(&said), "{ran:?}");
    assert!(ran.stderr.contains("go on from 20"), "{ran:?}");
    // Also where a failure is what it ends with.
    project.server.judge(|_| no());
    let ran = human(
        &project,
        &[
            "run",
            "playbook.yaml",
            "-i",
            "list=rows.csv",
            "--state-dir",
            "other",
        ],
    );
    assert_eq!(ran.exit, 1, "{ran:?}");
    let run = latest(&project, "other");
    let said =
        format!("sent:\n  voxplay resume {run} --state-dir other\nwhat failed stays failed;");
    assert!(ran.stderr.contains(&said), "{ran:?}");
}

#[test]
fn a_journal_that_is_not_found_from_here_is_named_in_every_command() {
    let project = Project::new(CREATE, [Answer::CutRead]);
    std::fs::create_dir(project.folder.path().join("here")).unwrap();
    let elsewhere = |arguments: &[&str]| {
        let mut command = project.voxplay(arguments);
        command.current_dir(project.folder.path().join("here"));
        project.finish(command)
    };
    let report = ["run", "../playbook.yaml", "--report", "markdown=r.md"];
    let ran = elsewhere(&report);
    assert_eq!(ran.exit, 5, "{ran:?}");
    let report = std::fs::read_to_string(project.folder.path().join("here/r.md")).unwrap();
    for text in [ran.stderr.as_str(), &report] {
        let (_, command) = text.split_once("voxplay reconcile ").unwrap();
        let command = command.lines().next().unwrap();
        assert!(command.contains(" --state-dir /"), "{command}");
    }
}

#[test]
fn after_failures_it_is_said_how_they_are_tried_again() {
    let again = "what failed stays failed; once its cause is gone, try it again:\n";
    let also = "what failed stays failed; with `--retry-failed` it is tried again\n";
    let project = Project::new(ROWS, [no(), answer(DONE), no()]);
    project.write("rows.csv", "id\na\nb\n");
    let run = ["run", "playbook.yaml", "-i", "list=rows.csv"];
    let first = human(&project, &run);
    let resumed = human(&project, &["resume"]);
    let retried = human(&project, &["resume", "--retry-failed"]);
    let run = latest(&project, ".voxplay");
    let command = format!("{again}  voxplay resume {run} --retry-failed\n");
    for ran in [first, resumed, retried] {
        assert_eq!(ran.exit, 1, "{ran:?}");
        assert!(ran.stderr.contains(&command), "{ran:?}");
    }
    let ran = human(&project, &["resume", "--retry-failed"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(!ran.stderr.contains("voxplay resume"), "{ran:?}");

    // Beside what has to be done first.
    let creates = ROWS.replace("record.update", "obligation.insert").replace(
        "{ module: contacts, wolkvox_id: \"{{ it.id }}\", fields: { A: b } }",
        "{ wolkvox_id: \"{{ it.id }}\", id: a, name: Loan }",
    );
    let project = Project::new(&creates, [no(), Answer::CutRead]);
    project.write("rows.csv", "id\na\nb\n");
    let ran = human(&project, &["run", "playbook.yaml", "-i", "list=rows.csv"]);
    assert_eq!(ran.exit, 5, "{ran:?}");
    assert!(ran.stderr.contains(also) && !ran.stderr.contains(again));

    // In a sandbox that is gone with the process, nothing can be tried again.
    let project = Project::new(&format!("{UPDATE}    expect: [status == 201]\n"), []);
    let ran = human(&project, &["run", "playbook.yaml", "--sandbox"]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    assert!(!ran.stderr.contains("voxplay resume"), "{ran:?}");
}

#[test]
fn what_the_crm_accepted_is_looked_up_and_not_tried_again() {
    let project = Project::new(
        &format!("{CREATE}    expect: [status == 201]\n"),
        [answer(DONE)],
    );
    let first = human(&project, &["run", "playbook.yaml"]);
    let run = latest(&project, ".voxplay");
    assert_eq!(first.exit, 1, "{first:?}");
    let said = format!("take it as done:\n  voxplay reconcile {run}\n");
    assert!(first.stderr.contains(&said), "{first:?}");
    assert!(!first.stderr.contains("--retry-failed"), "{first:?}");
    // Also where this stretch has sent nothing.
    let again = human(&project, &["resume"]);
    assert_eq!(again.exit, 1, "{again:?}");
    assert!(again.stderr.contains(&said), "{again:?}");
    assert!(!again.stderr.contains("--retry-failed"), "{again:?}");
    let again = human(&project, &["resume", "--retry-failed"]);
    assert!(again.stderr.contains("--ok debt"), "{again:?}");
    assert!(!again.stderr.contains("try it again"), "{again:?}");
}

#[test]
fn what_failed_in_an_earlier_stretch_is_tried_again_beside_what_was_accepted() {
    let playbook = format!(
        "{CREATE}    on_failure: continue\n    expect: [status == 201]\n{}",
        UPDATE.replace("\nsteps:\n", "")
    );
    let project = Project::new(&playbook, [answer(DONE), no()]);
    assert_eq!(human(&project, &["run", "playbook.yaml"]).exit, 1);
    let again = human(&project, &["resume"]);
    assert_eq!((again.exit, again.arrived.len()), (1, 2), "{again:?}");
    let said = format!("resume {} --retry-failed\n", latest(&project, ".voxplay"));
    assert!(again.stderr.contains(&said), "{again:?}");
}

#[test]
fn a_loop_that_is_left_out_is_a_loop_still() {
    let playbook = ROWS.replace(
        "    on_failure: continue\n",
        "    on_failure: continue\n    when: inputs.list == \"none\"\n",
    );
    let project = Project::new(&playbook, []);
    project.write("rows.csv", "id\n1\n");
    let reports = ["--report", "markdown=r.md", "--report", "junit=r.xml"];
    let run = ["run", "playbook.yaml", "-i", "list=rows.csv"];
    let ran = human(&project, &[&run[..], &reports].concat());
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(ran.stderr.contains("skipped  each  (rows)"), "{ran:?}");
    let read = |name: &str| std::fs::read_to_string(project.folder.path().join(name)).unwrap();
    let (page, junit) = (read("r.md"), read("r.xml"));
    assert!(page.contains("| each | rows | skipped |"), "{page}");
    assert!(junit.contains("classname=\"for_each\""), "{junit}");
}

#[test]
fn the_command_that_goes_on_with_deletes_allows_them_as_the_first_one_did() {
    let delete = |id: &str, key: &str| {
        format!(
            "  - id: {id}\n    action: record.delete\n    {key}\n    with: {{ module: contacts, wolkvox_id: \"{id}\" }}\n"
        )
    };
    let goes_on = "on_failure: continue";
    let both = |key: &str| format!("steps:\n{}{}", delete("a1", key), delete("a2", key));
    let rows = "steps:\n  - id: each\n    for_each: { csv: rows.csv }\n    action: record.delete\n    with: { module: contacts, wolkvox_id: \"{{ row.id }}\" }\n";
    let allow = "--allow delete";
    let create = "  - id: debt\n    action: obligation.insert\n    with: { wolkvox_id: \"1\", id: \"1\", name: Loan }\n";
    let before_a_create = format!("steps:\n{}{create}", delete("a1", goes_on));
    // The second delete is left, or failed, or is in doubt, and may have to be sent again; or none is left.
    for (playbook, answers, flags) in [
        (
            both("name: d"),
            vec![no()],
            " --retry-failed --allow delete",
        ),
        (
            both(goes_on),
            vec![answer(DONE), no()],
            " --retry-failed --allow delete",
        ),
        (both("name: d"), vec![Answer::CutRead], " --allow delete"),
        (
            both(goes_on),
            vec![answer(DONE), Answer::CutRead],
            " --allow delete",
        ),
        (before_a_create, vec![answer(DONE), Answer::CutRead], ""),
        (
            rows.to_owned(),
            vec![answer(DONE), Answer::CutRead],
            " --allow delete",
        ),
        (
            rows.to_owned(),
            vec![answer(DONE), answer(DONE), Answer::CutRead],
            " --allow delete",
        ),
    ] {
        let project = Project::new(&playbook, answers);
        project.write("rows.csv", "id\n1\n2\n3\n");
        let ran = human(&project, &["run", "playbook.yaml", "--allow", "delete"]);
        let run = latest(&project, ".voxplay");
        let command = format!("\n  voxplay resume {run}{flags}\n");
        assert!(ran.stderr.contains(&command), "{command}{ran:?}");
        if flags.contains("--retry-failed") {
            // Also by a stretch that deletes nothing itself, and so needs no leave.
            if playbook.contains(goes_on) {
                let resumed = human(&project, &["resume"]);
                assert!(resumed.stderr.contains(&command), "{resumed:?}");
            }
            let (_, words) = command.split_once("voxplay ").unwrap();
            let again = human(&project, &words.split_whitespace().collect::<Vec<_>>());
            assert_eq!(again.exit, 0, "{again:?}");
        }
    }
    // A run that ends for another reason deletes nothing more.
    let playbook = format!(
        "steps:\n{}{}",
        delete("a1", "name: d"),
        UPDATE.replace("\nsteps:\n", "")
    );
    let project = Project::new(&playbook, [answer(DONE), no()]);
    let ran = human(&project, &["run", "playbook.yaml", "--allow", "delete"]);
    assert!(
        ran.stderr.contains("--retry-failed\n") && !ran.stderr.contains(allow),
        "{ran:?}"
    );
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

#[test]
fn a_long_run_is_shown_as_far_as_it_can_be_read() {
    let rows: Vec<String> = (1..=300).map(|row| format!("k{row}")).collect();
    let items = rows.join(", ");
    let each = format!(
        "
steps:
  - id: each
    for_each: {{ items: [{items}], as: n, key: \"{{{{ n }}}}\" }}
    action: record.update
    with: {{ module: contacts, wolkvox_id: \"{{{{ n }}}}\", fields: {{ A: b }} }}
"
    );
    let project = Project::new(&each, []);
    let ran = project.run(&["--run-id", "r"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    let show = ["runs", "show", "r", "--format", "json"];
    let whole = human(&project, &show).stdout;
    let journal = project.folder.path().join(".voxplay/journal.sqlite");
    rusqlite::Connection::open(journal)
        .unwrap()
        .execute(
            "UPDATE events SET kind = 'moon' WHERE kind = 'run_finished'",
            [],
        )
        .unwrap();
    let ran = human(&project, &show);
    assert_eq!(ran.exit, 4, "{ran:?}");
    let (events, refusal) = ran.stdout.trim_end().rsplit_once('\n').unwrap();
    assert!(refusal.contains("moon"), "{refusal}");
    assert!(events.len() > 64 * 1024 && whole.starts_with(events));
}

/// A loop over rows that are known once a read was answered: what it needs is not known before the run.
fn late_rows(limits: &str, step: &str) -> String {
    format!(
        "{limits}steps:\n  - id: get\n    action: record.read\n    with: {{ module: m }}\n  - id: each\n    for_each: {{ items: \"{{{{ (steps.get.code ~ ',b,c') | split(',') }}}}\", key: \"{{{{ row }}}}\" }}\n    on_failure: continue\n    {step}\n"
    )
}

#[test]
fn a_limit_that_was_reached_is_to_be_raised_before_more_is_sent() {
    let update = "action: record.update\n    with: { module: m, wolkvox_id: \"{{ row }}\", fields: { A: b } }";
    let delete = "action: record.delete\n    with: { module: m, wolkvox_id: \"{{ row }}\" }";
    let create =
        "action: obligation.insert\n    with: { wolkvox_id: \"1\", id: \"{{ row }}\", name: Loan }";
    let config = |project: &Project, policy: &str| {
        let target = format!(
            "targets:\n  t: {{ server: \"{}\", operation: acme, token: {{ env: WOLKVOX_TOKEN }} }}\ndefault_target: t\n",
            project.server.url()
        );
        project.write("voxplay.yaml", &format!("{policy}{target}"));
    };
    for (limit, policy, step, answers, words, flags) in [
        (
            "limits: { requests: 2 }\n",
            "",
            update,
            vec![],
            "raise `limits.requests` (playbook.yaml:2:21) if more is meant to be sent, then try it again:",
            " --retry-failed --accept-changes",
        ),
        (
            "limits: { deletes: 1 }\n",
            "",
            delete,
            vec![],
            "raise `limits.deletes` (playbook.yaml:2:20) if more is meant to be sent, then try it again:",
            " --retry-failed --accept-changes --allow delete",
        ),
        (
            "",
            "policy: { requests: 2 }\n",
            update,
            vec![],
            "raise `policy.requests` (voxplay.yaml:1:21) if more is meant to be sent, then try it again:",
            " --retry-failed",
        ),
        (
            "limits: { requests: 2 }\n",
            "",
            create,
            vec![answer(DONE), Answer::CutRead],
            "say what you found in the CRM, raise `limits.requests` (playbook.yaml:2:21), then go on:",
            " --accept-changes",
        ),
    ] {
        let in_doubt = !answers.is_empty();
        let project = Project::new(&late_rows(limit, step), answers);
        config(&project, policy);
        let run = ["run", "playbook.yaml", "--run-id", "r", "--allow", "delete"];
        let ran = human(&project, &run);
        let exit = if in_doubt { 5 } else { 1 };
        assert_eq!((ran.exit, ran.arrived.len()), (exit, 2), "{ran:?}");
        let command = format!("voxplay resume r{flags}");
        assert!(ran.stderr.contains(words), "{words}: {ran:?}");
        assert!(ran.stderr.contains(&format!("  {command}\n")), "{ran:?}");
        if in_doubt {
            continue;
        }
        // It does as it is told.
        let raised = |text: &str| text.replace(": 1 }", ": 9 }").replace(": 2 }", ": 9 }");
        let playbook = late_rows(&raised(limit), step);
        project.write("playbook.yaml", &format!("voxplay: 1\n{playbook}"));
        config(&project, &raised(policy));
        let words: Vec<&str> = command.split_whitespace().skip(1).collect();
        let ran = human(&project, &words);
        assert_eq!((ran.exit, ran.arrived.len()), (0, 4), "{ran:?}");
        assert!(!ran.stderr.contains("raise"), "{ran:?}");
    }
}
