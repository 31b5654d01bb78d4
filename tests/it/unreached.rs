//! Updates that were on their way when the run was killed: sent again where `resume` comes to them, and in doubt until a
//! person settles them where it does not.
#![expect(clippy::disallowed_methods, reason = "tests read what was written")]

use std::fs;

use serde_json::Value;

use crate::run::{Project, Ran};
use crate::server::{Answer, DONE, json, status};

/// Rows b and c are left out or not by their cells.
const ROWS: &str = r#"
steps:
  - id: each
    for_each: { csv: rows.csv, as: it, key: "{{ it.id }}" }
    on_failure: continue
    succeeded: succeeded.csv
    unknown: unknown.csv
    steps:
      - id: mark
        when: it.go == "yes"
        action: record.update
        retry: { attempts: 2, backoff: 20s, max_backoff: 20s }
        with: { module: contacts, wolkvox_id: "64cb", fields: { Row: "{{ it.id }}" } }
"#;

const STEP: &str = "
steps:
  - id: mark
    action: record.update
    with: { module: contacts, wolkvox_id: \"64cb\", fields: { A: b } }
";

fn voxplay(project: &Project, arguments: &[&str]) -> Ran {
    project.finish(project.voxplay(arguments))
}

/// A run that was killed once so many events of a kind were written down.
fn killed(playbook: &str, script: &[Answer], (kind, count): (&str, i64)) -> Project {
    let project = Project::new(playbook, script.to_vec());
    project.write("rows.csv", "id,go\na,yes\nb,yes\nc,yes\n");
    let run = project.command(&["--run-id", "r"]).spawn().unwrap();
    project.server.wait_for(script.len());
    project.kill_once_written(run, kind, count);
    project
}

/// Killed while the update of row b was on its way.
fn in_row_b() -> Project {
    killed(ROWS, &[json(DONE), Answer::Stall], ("attempt_started", 2))
}

#[test]
fn what_resume_comes_to_is_sent_again_and_is_no_doubt() {
    let project = in_row_b();
    let listed = voxplay(&project, &["reconcile", "r"]);
    assert_eq!(listed.exit, 0, "{listed:?}");
    for said in [
        "nothing is in doubt in run r\n",
        "each is sent again by itself",
        "\n  mark@b  record.update, sent ",
    ] {
        assert!(listed.stdout.contains(said), "{said}: {listed:?}");
    }
    let listed = voxplay(&project, &["reconcile", "r", "--format", "json"]).lines();
    let [update] = &listed[..] else {
        panic!("{listed:?}");
    };
    assert_eq!(update["event"], "left_to_resume");
    assert_eq!(update["name"], "mark@b");
    // Of a run without an end, reports say what becomes of it.
    let report = ["runs", "show", "r", "--report", "markdown=r.md"];
    assert_eq!(voxplay(&project, &report).exit, 0);
    let page = fs::read_to_string(project.folder.path().join("r.md")).unwrap();
    assert!(page.contains("sends it again by itself"), "{page}");
    let ran = voxplay(&project, &["resume", "r"]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 4), "{ran:?}");
}

#[test]
fn an_update_whose_row_is_gone_is_in_doubt_until_it_is_settled() {
    for word in ["--ok", "--failed", "--resend"] {
        let project = in_row_b();
        project.write("rows.csv", "id,go\na,yes\nc,yes\n");
        let mut resume = vec!["resume", "r", "--accept-changes"];
        resume.extend(["--report", "json=r.json", "--report", "markdown=r.md"]);
        let ran = voxplay(&project, &resume);
        assert_eq!((ran.exit, ran.arrived.len()), (5, 3), "{ran:?}");
        assert!(ran.stdout.contains("  mark@b  record.update"), "{ran:?}");
        let read = |name: &str| fs::read_to_string(project.folder.path().join(name)).unwrap();
        let report: Value = serde_json::from_str(&read("r.json")).unwrap();
        assert_eq!(report["counts"]["unknown"], 1, "{report}");
        assert_eq!(report["rows"]["counts"]["unknown"], 1, "{report}");
        assert_eq!(report["rows"]["listed"][0]["row"], "b", "{report}");
        let page = read("r.md");
        assert!(page.contains("\n- mark&#64;b: "), "{page}");
        assert!(!page.contains("by itself"), "{page}");
        // Time passes, and it stays so.
        assert_eq!(voxplay(&project, &["resume", "r"]).exit, 5);
        let listed = voxplay(&project, &["reconcile", "r"]);
        assert_eq!(listed.exit, 5, "{listed:?}");
        assert!(listed.stdout.contains("--ok mark@b"), "{listed:?}");
        let said = voxplay(&project, &["reconcile", "r", word, "mark@b"]);
        assert_eq!(said.exit, 0, "{said:?}");
        assert!(said.stderr.contains("1 doubt settled, 0 left"), "{said:?}");
        let ran = voxplay(&project, &resume);
        assert_eq!((ran.exit, ran.arrived.len()), (0, 3), "{ran:?}");
        let report: Value = serde_json::from_str(&read("r.json")).unwrap();
        assert_eq!(report["counts"]["unknown"], 0, "{report}");
        assert_eq!(report["rows"]["listed"], serde_json::json!([]), "{report}");
    }
}

#[test]
fn an_update_that_waited_for_another_attempt_is_no_less_in_doubt() {
    let script = [json(DONE), status("500 Broken", "")];
    let project = killed(ROWS, &script, ("attempt_failed", 1));
    project.write("rows.csv", "id,go\na,yes\nc,yes\n");
    let ran = voxplay(&project, &["resume", "r", "--accept-changes"]);
    assert_eq!((ran.exit, ran.arrived.len()), (5, 3), "{ran:?}");
    assert!(ran.stdout.contains("  mark@b  record.update"), "{ran:?}");
    assert_eq!(voxplay(&project, &["reconcile", "--ok", "mark@b"]).exit, 0);
    let ran = voxplay(&project, &["resume", "r"]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 3), "{ran:?}");
}

#[test]
fn an_update_that_its_condition_now_leaves_out_is_no_success() {
    let project = in_row_b();
    project.write("rows.csv", "id,go\na,yes\nb,no\nc,yes\n");
    let ran = voxplay(&project, &["resume", "r", "--accept-changes"]);
    assert_eq!((ran.exit, ran.arrived.len()), (5, 3), "{ran:?}");
    let read = |name: &str| fs::read_to_string(project.folder.path().join(name)).unwrap();
    let (succeeded, unknown) = (read("succeeded.csv"), read("unknown.csv"));
    assert!(!succeeded.contains("\nb,"), "{succeeded}");
    assert!(unknown.contains("\nb,no,2,mark,unknown,"), "{unknown}");
    assert_eq!(voxplay(&project, &["reconcile", "--ok", "mark@b"]).exit, 0);
    let ran = voxplay(&project, &["resume", "r"]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 3), "{ran:?}");
    assert!(read("succeeded.csv").contains("\nb,"));
}

#[test]
fn an_update_whose_step_has_another_name_is_settled_first() {
    for word in ["--ok", "--failed", "--resend"] {
        let project = killed(STEP, &[Answer::Stall], ("attempt_started", 1));
        let renamed = format!("voxplay: 1\n{}", STEP.replace("mark", "other"));
        project.write("playbook.yaml", &renamed);
        let resume = ["resume", "r", "--accept-changes"];
        let ran = voxplay(&project, &resume);
        assert_eq!((ran.exit, ran.arrived.len()), (4, 1), "{ran:?}");
        let listed = voxplay(&project, &["reconcile", "r"]);
        assert!(listed.stdout.contains("--ok mark\n"), "{listed:?}");
        let said = voxplay(&project, &["reconcile", "r", word, "mark"]);
        assert_eq!(said.exit, 0, "{said:?}");
        assert!(said.stderr.contains("1 update settled"), "{said:?}");
        let ran = voxplay(&project, &resume);
        assert_eq!((ran.exit, ran.arrived.len()), (0, 2), "{ran:?}");
    }
}

#[test]
fn what_only_reads_is_no_doubt_though_nothing_comes_to_it_any_more() {
    let playbook = STEP.replace("record.update", "record.read");
    let playbook = playbook.replace(", wolkvox_id: \"64cb\", fields: { A: b }", "");
    let project = killed(&playbook, &[Answer::Stall], ("attempt_started", 1));
    let renamed = format!("voxplay: 1\n{}", playbook.replace("mark", "other"));
    project.write("playbook.yaml", &renamed);
    let ran = voxplay(&project, &["resume", "r", "--accept-changes"]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 2), "{ran:?}");
}
