//! Reports of a run whose doubts a person has settled, and that was not gone on with yet.

use std::fs;

use serde_json::{Value, json};

use crate::run::Project;
use crate::server::{Answer, DONE, json as answer};

const ROWS: &str = r#"
steps:
  - id: each
    for_each: { items: [k1, k2, k3, k4], as: it, key: "{{ it }}" }
    on_failure: continue
    steps:
      - id: debt
        action: obligation.insert
        with: { wolkvox_id: "64cb", id: "{{ it }}", name: Loan }
      - id: mark
        action: record.update
        with: { module: contacts, wolkvox_id: "64cb", fields: { A: b } }
"#;

const NESTED: &str = r#"
steps:
  - id: outer
    for_each: { items: [o1, o2], as: out, key: "{{ out }}" }
    on_failure: continue
    steps:
      - id: inner
        for_each: { items: [i1, i2], as: it, key: "{{ it }}" }
        on_failure: continue
        action: obligation.insert
        with: { wolkvox_id: "64cb", id: "{{ out }}-{{ it }}", name: Loan }
"#;

const STEPS: &str = "
steps:
  - id: group
    steps:
      - id: debt
        action: obligation.insert
        with: { wolkvox_id: \"64cb\", id: a, name: Loan }
  - id: mark
    action: record.update
    with: { module: contacts, wolkvox_id: \"64cb\", fields: { A: b } }
";

/// A run whose creates lose their answers where the body says so.
fn in_doubt(playbook: &str, lost: &'static [&'static str]) -> Project {
    let project = Project::new(playbook, []);
    project.server.judge(|arrived| {
        let is_lost = lost.iter().any(|id| arrived.text().contains(id));
        if is_lost {
            Answer::CutRead
        } else {
            answer(DONE)
        }
    });
    assert_eq!(project.run(&["--run-id", "r"]).exit, 5);
    project
}

/// What the reports say now: JSON, Markdown and `JUnit`.
fn reports(project: &Project) -> (Value, String, String) {
    let mut show = project.voxplay(&["runs", "show", "r"]);
    for (kind, name) in [
        ("json", "r.json"),
        ("markdown", "r.md"),
        ("junit", "r.xml"),
        ("html", "r.html"),
    ] {
        show.args(["--report", &format!("{kind}={name}")]);
    }
    let ran = project.finish(show);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let read = |name: &str| fs::read_to_string(project.folder.path().join(name)).unwrap();
    let report = serde_json::from_str(&read("r.json")).unwrap();
    (report, read("r.md"), read("r.xml"))
}

fn reconcile(project: &Project, words: &[&str]) {
    let ran = project.finish(project.voxplay(&[&["reconcile", "r"], words].concat()));
    assert!(matches!(ran.exit, 0 | 5), "{ran:?}");
}

fn counts([ok, failed, unknown, not_run]: [u64; 4]) -> Value {
    json!({"ok": ok, "failed": failed, "unknown": unknown, "skipped": 0, "not_run": not_run})
}

#[test]
fn rows_are_in_doubt_no_longer_than_until_they_are_settled() {
    let project = in_doubt(ROWS, &["k2", "k3", "k4"]);
    let (report, page, junit) = reports(&project);
    assert_eq!(report["counts"], counts([1, 0, 3, 0]));
    assert!(page.contains("\n- debt&#64;k2 \\(row 2\\): "), "{page}");
    assert!(junit.contains("errors=\"3\""), "{junit}");
    reconcile(&project, &["--ok", "debt@k2=64ff", "--resend", "debt@k3"]);
    let (report, page, junit) = reports(&project);
    assert_eq!(report["counts"], counts([1, 0, 1, 2]));
    assert!(!page.contains("debt&#64;k2"), "{page}");
    assert!(page.contains("debt&#64;k4"), "{page}");
    assert!(junit.contains("errors=\"1\""), "{junit}");
    reconcile(&project, &["--failed", "debt@k4"]);
    let (report, page, junit) = reports(&project);
    assert_eq!(report["stretches"], 1, "{report}");
    assert_eq!(report["outcome"], Value::Null, "{report}");
    assert_eq!(report["counts"], counts([1, 1, 0, 2]));
    assert_eq!(report["rows"]["counts"], counts([1, 1, 0, 2]));
    assert_eq!(report["steps"][0]["rows"], counts([1, 1, 0, 2]));
    let listed = report["rows"]["listed"].as_array().unwrap();
    assert_eq!(listed.len(), 1, "{report}");
    assert_eq!(
        (&listed[0]["row"], &listed[0]["outcome"]),
        (&json!("k4"), &json!("failed"))
    );
    assert!(!page.contains("In doubt"), "{page}");
    assert!(junit.contains("failures=\"1\" errors=\"0\""), "{junit}");
    // Another word takes the place of the earlier one.
    reconcile(&project, &["--failed", "debt@k2", "--resend", "debt@k4"]);
    let (report, ..) = reports(&project);
    assert_eq!(report["counts"], counts([1, 1, 0, 2]));
    assert_eq!(report["rows"]["listed"][0]["row"], "k2", "{report}");
    project.server.judge(|_| answer(DONE));
    let ran = project.finish(project.voxplay(&["resume", "r"]));
    assert_eq!(ran.exit, 1, "{ran:?}");
    let (report, ..) = reports(&project);
    assert_eq!(report["stretches"], 2, "{report}");
    assert_eq!(report["rows"]["counts"], counts([3, 1, 0, 0]));
    assert_eq!(
        report["rows"]["listed"].as_array().unwrap().len(),
        1,
        "{report}"
    );
}

#[test]
fn a_row_is_in_doubt_as_long_as_a_row_inside_it() {
    let project = in_doubt(NESTED, &["o1-i2", "o2-i1", "o2-i2"]);
    let (report, page, _) = reports(&project);
    assert_eq!(report["counts"], counts([0, 0, 2, 0]));
    for doubt in ["inner&#64;o1/i2", "inner&#64;o2/i1", "inner&#64;o2/i2"] {
        assert!(page.contains(&format!("\n- {doubt} ")), "{doubt}: {page}");
    }
    assert_eq!(page.matches("\n- ").count(), 3, "{page}");
    reconcile(&project, &["--ok", "inner@o1/i2", "--ok", "inner@o2/i1"]);
    let (report, page, _) = reports(&project);
    assert_eq!(report["counts"], counts([0, 0, 1, 1]));
    assert_eq!(page.matches("\n- ").count(), 1, "{page}");
    reconcile(&project, &["--ok", "inner@o2/i2"]);
    let (report, page, junit) = reports(&project);
    assert_eq!(report["counts"], counts([0, 0, 0, 2]));
    assert!(!page.contains("In doubt"), "{page}");
    assert!(junit.contains("errors=\"0\""), "{junit}");
}

#[test]
fn a_step_shows_each_of_the_three_words() {
    for (word, outcome, expected) in [
        ("--ok", "ok", [1, 0, 0, 1]),
        ("--failed", "failed", [0, 1, 0, 1]),
        ("--resend", "not_run", [0, 0, 0, 2]),
    ] {
        let project = in_doubt(STEPS, &["\"a\""]);
        let (report, ..) = reports(&project);
        assert_eq!(report["counts"], counts([0, 0, 1, 1]));
        reconcile(&project, &[word, "debt"]);
        let (report, page, junit) = reports(&project);
        assert_eq!(report["counts"], counts(expected), "{word}");
        let steps = report["steps"].as_array().unwrap();
        let debt = steps.iter().find(|step| step["step"] == "debt").unwrap();
        assert_eq!(debt["outcome"], outcome, "{debt}");
        assert!(!page.contains("In doubt"), "{page}");
        assert!(junit.contains("errors=\"0\""), "{junit}");
    }
}
