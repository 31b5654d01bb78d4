//! Runs and plans that are refused, as GitHub Actions is told of them.

use std::path::Path;
use std::process::{Command, Output};

const CONFIG: &str = r#"targets: { sandbox: { server: "http://127.0.0.1:9", operation: sandbox, token: { env: X } } }
"#;

const TOO_MANY: &str = r#"voxplay: 1
name: "::error::forged"
limits: { requests: 1 }
steps:
  - id: one
    for_each: { items: [1, 2, 3] }
    action: record.update
    with: { module: contacts, wolkvox_id: "a{{ row }}", fields: { a: b } }
"#;

fn project(playbook: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("voxplay.yaml"), CONFIG).unwrap();
    std::fs::write(folder.path().join("play.yaml"), playbook).unwrap();
    folder
}

fn on_github(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_voxplay"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_OUTPUT", folder.join("outputs"))
        .env("GITHUB_STEP_SUMMARY", folder.join("summary"))
        .output()
        .unwrap()
}

#[test]
fn a_refused_run_has_an_outcome_and_a_summary() {
    let folder = project(TOO_MANY);
    let output = on_github(folder.path(), &["run", "play.yaml", "--sandbox"]);
    assert_eq!(output.status.code(), Some(4));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("::error file=play.yaml,line=3,"), "{said}");
    let outputs = std::fs::read_to_string(folder.path().join("outputs")).unwrap();
    let lines: Vec<&str> = outputs.lines().collect();
    assert!(lines[0].starts_with("outcome<<"), "{outputs}");
    assert_eq!(lines[1], "refused");
    let summary = std::fs::read_to_string(folder.path().join("summary")).unwrap();
    assert!(
        summary.starts_with("## ⛔ play.yaml: refused\n\nNothing was sent: 1 error.\n"),
        "{summary}"
    );
    assert!(summary.contains("the run needs 3 requests"), "{summary}");
    let quiet = on_github(
        folder.path(),
        &["run", "play.yaml", "--sandbox", "--ci", "none"],
    );
    assert!(
        !String::from_utf8(quiet.stderr)
            .unwrap()
            .contains("::error file")
    );
}

#[test]
fn a_refused_plan_is_annotated_and_a_name_is_no_command() {
    let folder = project(TOO_MANY);
    let planned = on_github(folder.path(), &["plan", "play.yaml", "--sandbox"]);
    assert_eq!(planned.status.code(), Some(4));
    let said = String::from_utf8(planned.stderr).unwrap();
    assert!(said.contains("::error file=play.yaml,line=3,"), "{said}");
    std::fs::write(
        folder.path().join("play.yaml"),
        TOO_MANY.replace("requests: 1", "requests: 9"),
    )
    .unwrap();
    for args in [
        ["plan", "play.yaml", "--sandbox"],
        ["run", "play.yaml", "--sandbox"],
    ] {
        let output = on_github(folder.path(), &args);
        assert_eq!(output.status.code(), Some(0));
        for text in [output.stdout, output.stderr] {
            let text = String::from_utf8(text).unwrap();
            assert!(
                text.lines()
                    .all(|line| !line.trim_start().starts_with("::error")),
                "{text}"
            );
        }
    }
}
