//! A run that comes to one of its `limits`: what is sent until then, what becomes of the rest, and how it goes on.

use crate::run::{Project, Ran};
use crate::server::{Answer, DONE, json};

/// A loop over 20 rows between two steps, of which nobody knows before how many requests it needs.
const PLAYBOOK: &str = r#"
limits: { requests: 4 }
steps:
  - id: before
    action: record.update
    with: { module: contacts, wolkvox_id: "b", fields: { A: b } }
  - id: each
    for_each: { csv: rows.csv }
    on_failure: continue
    rejected: bad.csv
    steps:
      - id: owe
        when: steps.before.outcome == 'ok'
        action: obligation.insert
        with: { wolkvox_id: "{{ row.id }}", id: "{{ row.id }}", name: Loan }
  - id: after
    action: record.update
    with: { module: contacts, wolkvox_id: "a", fields: { A: b } }
finally:
  - id: last
    action: record.update
    with: { module: contacts, wolkvox_id: "z", fields: { A: b } }
"#;

fn project(playbook: &str) -> Project {
    let project = Project::new(playbook, []);
    let rows: Vec<String> = (1..=20).map(|row| format!("{row}\n")).collect();
    project.write("rows.csv", &format!("id\n{}", rows.concat()));
    project.server.judge(|_| json(DONE));
    project
}

/// The rows of a run with this outcome, in their order.
fn rows(ran: &Ran, outcome: &str) -> Vec<String> {
    let ends = ran.events("row_finished");
    let ends = ends.iter().filter(|end| end["outcome"] == outcome);
    ends.map(|end| end["row"].as_str().unwrap().to_owned())
        .collect()
}

fn numbers(range: std::ops::RangeInclusive<u32>) -> Vec<String> {
    range.map(|row| row.to_string()).collect()
}

#[test]
fn a_limit_ends_a_loop_that_goes_on_after_failures() {
    let project = project(PLAYBOOK);
    let ran = project.run(&["--run-id", "r"]);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 4), "{}", ran.stdout);
    assert_eq!(rows(&ran, "ok"), numbers(1..=3));
    assert_eq!(rows(&ran, "failed"), ["4"]);
    assert_eq!(rows(&ran, "not_run"), numbers(5..=20));
    assert_eq!(ran.outcome("after"), "not_run");
    // It is tried as after any other failure.
    assert_eq!(ran.outcome("last"), "failed");
    assert_eq!(ran.finished()["outcome"], "failed");
    let stopped = ran.finished()["stopped"].to_string();
    assert!(stopped.contains("`limits.requests` is 4"), "{stopped}");
    let ends = ran.events("step_finished");
    let each = ends.iter().find(|end| end["step"] == "each").unwrap();
    let error = each["error"].to_string();
    let said =
        "of 20 rows: 1 failed, 16 not run; stopped: a limit was reached (`limits.requests` is 4)";
    assert!(error.contains(said), "{error}");
    let bad = std::fs::read_to_string(project.folder.path().join("bad.csv")).unwrap();
    assert_eq!(bad.lines().count(), 2, "{bad}");

    // With a higher limit the rows that were left are sent, each once; what failed waits to be told.
    let higher = PLAYBOOK.replace("requests: 4", "requests: 50");
    project.write("playbook.yaml", &format!("voxplay: 1\n{higher}"));
    let resume = |flags: &[&str]| {
        let mut command = project.voxplay(&["resume", "r", "--format", "json"]);
        command.args(flags);
        project.finish(command)
    };
    assert_eq!(resume(&[]).exit, 4);
    let ran = resume(&["--accept-changes"]);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 4 + 17), "{}", ran.stdout);
    assert_eq!(rows(&ran, "ok"), numbers(5..=20));
    assert_eq!(ran.outcome("after"), "ok");
    let ran = resume(&["--retry-failed"]);
    assert_eq!(
        (ran.exit, ran.arrived.len()),
        (0, 4 + 17 + 2),
        "{}",
        ran.stdout
    );
    assert_eq!(rows(&ran, "ok"), ["4"]);
}

#[test]
fn a_limit_ends_rows_that_run_at_once_and_loops_around_them() {
    let playbook = PLAYBOOK.replace("    on_failure", "    concurrency: 4\n    on_failure");
    let ran = project(&playbook).run(&[]);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 4), "{}", ran.stdout);
    assert_eq!(rows(&ran, "ok").len(), 3, "{}", ran.stdout);
    // Those that were on their way to the same request.
    let failed = rows(&ran, "failed").len();
    assert!((1..=4).contains(&failed), "{}", ran.stdout);
    assert_eq!(rows(&ran, "not_run").len(), 17 - failed, "{}", ran.stdout);

    let inner = "      - id: inner\n        for_each: { items: [1, 2, 3], as: n }\n        on_failure: continue\n        when: steps.before.outcome == 'ok'\n        action: record.update\n        with: { module: contacts, wolkvox_id: \"{{ row.id }}\", fields: { A: \"{{ n }}\" } }\n";
    let (head, tail) = PLAYBOOK.split_once("      - id: owe").unwrap();
    let (_, tail) = tail.split_once("  - id: after").unwrap();
    let nested = format!("{head}{inner}  - id: after{tail}");
    let nested = nested.replace("requests: 4", "requests: 6");
    let ran = project(&nested).run(&[]);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 6), "{}", ran.stdout);
    let of_each = |outcome: &str| {
        let mut rows = rows(&ran, outcome);
        rows.retain(|row| !row.contains('/'));
        rows
    };
    assert_eq!(of_each("ok"), ["1"]);
    assert_eq!(of_each("failed"), ["2"]);
    assert_eq!(of_each("not_run"), numbers(3..=20));
    assert_eq!(ran.outcome("after"), "not_run");
}

#[test]
fn a_limit_of_deletes_leaves_what_finally_does() {
    let playbook = PLAYBOOK.replace("requests: 4", "deletes: 4").replace(
        "        action: obligation.insert\n        with: { wolkvox_id: \"{{ row.id }}\", id: \"{{ row.id }}\", name: Loan }",
        "        action: record.delete\n        with: { module: contacts, wolkvox_id: \"{{ row.id }}\" }",
    );
    let ran = project(&playbook).run(&["--allow", "delete"]);
    assert_eq!(
        (ran.exit, ran.arrived.len()),
        (1, 1 + 4 + 1),
        "{}",
        ran.stdout
    );
    assert_eq!(rows(&ran, "ok"), numbers(1..=4));
    assert_eq!(rows(&ran, "not_run"), numbers(6..=20));
    assert_eq!(ran.outcome("after"), "not_run");
    assert_eq!(ran.outcome("last"), "ok");
}

#[test]
fn an_attempt_that_a_limit_refuses_leaves_what_is_in_doubt_in_doubt() {
    let playbook = PLAYBOOK.replace(
        "        action: obligation.insert\n        with: { wolkvox_id: \"{{ row.id }}\", id: \"{{ row.id }}\", name: Loan }",
        "        retry: { attempts: 2, backoff: 1ms }\n        action: record.update\n        with: { module: contacts, wolkvox_id: \"{{ row.id }}\", fields: { A: b } }",
    );
    let project = project(&playbook);
    project.server.judge(|arrived| {
        if arrived.text().contains("\"3\"") {
            Answer::CutRead
        } else {
            json(DONE)
        }
    });
    let ran = project.run(&[]);
    assert_eq!((ran.exit, ran.arrived.len()), (5, 4), "{}", ran.stdout);
    assert_eq!(rows(&ran, "unknown"), ["3"]);
    assert_eq!(rows(&ran, "not_run"), numbers(4..=20));
}

#[test]
fn what_a_limit_refuses_waits_for_no_turn() {
    let project = project(PLAYBOOK);
    let url = project.server.url();
    project.write(
        "voxplay.yaml",
        &format!(
            "targets:\n  t: {{ server: \"{url}\", operation: acme, token: {{ env: WOLKVOX_TOKEN }}, rate: 4/s }}\ndefault_target: t\n"
        ),
    );
    let ran = project.run(&[]);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 4), "{}", ran.stdout);
    // Four that were sent: the first at once, the others a quarter of a second after the one before.
    let waited = ran.finished()["waited_ms"].as_u64().unwrap();
    assert!(waited <= 750, "{waited}");
}
