//! Tokens reach the host of their target and no other place: a playbook reads none, and those of other targets are
//! masked like the run's own.

use crate::run::{Project, TOKEN, UPDATE};
use crate::server::{DONE, json};

/// The token of another target than the one that is run to.
const OTHER: &str = "another-made-up/token==";
const KEPT: &str = "kept-in-a-file-4711";

/// Two targets beside the one of the tests.
fn config(project: &Project) {
    project.write(
        "voxplay.yaml",
        &format!(
            "targets:\n  here: {{ server: \"{}\", operation: acme, token: {{ env: HERE }} }}\n  far: {{ server: crm.wolkvox.com, operation: acme, token: {{ env: FAR }} }}\n  filed: {{ server: crm1.wolkvox.com, operation: acme, token: {{ file: kept/token.txt }} }}\n  absent: {{ server: crm2.wolkvox.com, operation: acme, token: {{ file: nothing }} }}\ndefault_target: here\n",
            project.server.url()
        ),
    );
    project.write("kept/token.txt", &format!("{KEPT}\n"));
}

fn command(project: &Project, arguments: &[&str]) -> std::process::Command {
    let mut command = project.voxplay(arguments);
    command.env("HERE", TOKEN).env("FAR", OTHER);
    command
}

fn reading(variable: &str) -> String {
    format!("inputs: {{ note: {{ type: string, from_env: {variable}, default: a }} }}{UPDATE}")
}

#[test]
fn an_input_that_would_read_a_token_is_refused() {
    for (variable, target) in [("FAR", "far"), ("HERE", "here"), ("WOLKVOX_TOKEN", "env")] {
        let project = Project::new(&reading(variable), []);
        config(&project);
        for arguments in [
            &["check", "playbook.yaml"][..],
            &["plan", "playbook.yaml"],
            &["explain", "playbook.yaml", "one"],
            &["run", "playbook.yaml"],
            &["run", "playbook.yaml", "--sandbox"],
            &["run", "playbook.yaml", "-i", "note=b"],
        ] {
            let ran = project.finish(command(&project, arguments));
            let told = format!("{}{}", ran.stdout, ran.stderr);
            assert_eq!(
                (ran.exit, ran.arrived.len()),
                (3, 0),
                "{arguments:?} {told}"
            );
            assert!(told.contains("playbook.yaml:2:"), "{told}");
            assert!(
                told.contains(&format!("token of target `{target}`")),
                "{told}"
            );
        }
    }
    // A target called `env` takes the place of the environment's.
    let project = Project::new(&reading("WOLKVOX_TOKEN"), [json(DONE)]);
    project.write(
        "voxplay.yaml",
        &format!(
            "targets: {{ env: {{ server: \"{}\", operation: acme, token: {{ env: HERE }} }} }}\n",
            project.server.url()
        ),
    );
    let mut other = command(&project, &["run", "playbook.yaml"]);
    other.env("WOLKVOX_TOKEN", "no token here");
    assert_eq!(project.finish(other).exit, 0);
}

#[test]
fn so_is_one_of_a_used_playbook_and_one_without_a_config() {
    let project = Project::new(&reading("WOLKVOX_TOKEN"), []);
    project.run(&[]).assert_refused(3, "invalid-value");
    let project = Project::new("steps:\n  - { id: inner, use: used.yaml }\n", []);
    project.write("used.yaml", &format!("voxplay: 1\n{}", reading("FAR")));
    config(&project);
    for arguments in [&["check", "playbook.yaml"], &["run", "playbook.yaml"]] {
        let ran = project.finish(command(&project, arguments));
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert_eq!((ran.exit, ran.arrived.len()), (3, 0), "{told}");
        assert!(told.contains("used.yaml:2:"), "{told}");
    }
}

#[test]
fn tokens_of_other_targets_are_masked_everywhere() {
    for token in [OTHER, KEPT] {
        let playbook = "inputs: { note: { type: string } }\nsteps:\n  - id: one\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"1\", fields: { Note: \"{{ inputs.note }}\" } }\noutputs: { note: \"{{ inputs.note }}\" }\n";
        let project = Project::new(playbook, [json(DONE)]);
        config(&project);
        let given = format!("note={token}");
        let given = ["playbook.yaml", "-i", &given];
        let ways: [(&[&str], &[&str]); 6] = [
            (&["plan"], &[]),
            (&["plan"], &["--format", "json", "--out", "saved.json"]),
            (&["explain", "playbook.yaml", "one", "-i"], &[]),
            (
                &["run"],
                &["--report", "json=r.json", "--report", "html=r.html"],
            ),
            (&["run"], &["--format", "json", "--sandbox"]),
            (&["runs", "show"], &[]),
        ];
        for (before, after) in ways {
            let given = match before[0] {
                "explain" => &given[2..],
                "runs" => &[],
                _ => &given[..],
            };
            let arguments = [before, given, after].concat();
            let ran = project.ran(command(&project, &arguments).output().unwrap());
            assert_eq!(ran.exit, 0, "{ran:?}");
            project.assert_hidden(token, &ran);
        }
        for file in ["saved.json", "r.json", "r.html"] {
            let text = std::fs::read_to_string(project.folder.path().join(file)).unwrap();
            assert!(
                text.contains("***") && !text.contains(token),
                "{file} {text}"
            );
        }
    }
}

#[test]
fn no_playbook_reads_the_file_of_a_token() {
    let attaching = |path: &str| {
        format!(
            "steps:\n  - id: one\n    action: case.update\n    with: {{ wolkvox_id: \"1\", responsible: a@b, status: s, files: {path} }}\n"
        )
    };
    let rows = |path: &str| {
        format!(
            "steps:\n  - id: one\n    for_each: {{ csv: {path}, as: row }}\n    action: record.delete\n    with: {{ module: contacts, wolkvox_id: \"{{{{ row.id }}}}\" }}\n"
        )
    };
    for playbook in [
        attaching("kept/token.txt"),
        attaching("link.pdf"),
        rows("kept/token.txt"),
        "steps:\n  - { id: one, use: link.pdf }\n".to_owned(),
    ] {
        let project = Project::new(&playbook, []);
        config(&project);
        let token = project.folder.path().join("kept/token.txt");
        std::os::unix::fs::symlink(token, project.folder.path().join("link.pdf")).unwrap();
        for arguments in [&["check", "playbook.yaml"][..], &["run", "playbook.yaml"]] {
            let ran = project.finish(command(&project, arguments));
            let told = format!("{}{}", ran.stdout, ran.stderr);
            assert_eq!((ran.exit, ran.arrived.len()), (4, 0), "{told}");
            assert!(told.contains("error[token-file]"), "{told}");
            assert!(!told.contains(KEPT), "{told}");
        }
    }
}

#[test]
fn a_path_that_turns_out_to_be_the_file_of_a_token_is_not_sent() {
    let playbook = "steps:\n  - id: find\n    action: record.read\n    with: { module: contacts }\n  - id: one\n    action: case.update\n    with: { wolkvox_id: \"1\", responsible: a@b, status: s, files: \"{{ steps.find.email }}\" }\n";
    let found = r#"{"code":"200","error":null,"data":{"email":"kept/token.txt"}}"#;
    let project = Project::new(playbook, [json(found), json(DONE)]);
    config(&project);
    let ran = project.finish(command(
        &project,
        &["run", "playbook.yaml", "--format", "json"],
    ));
    assert_eq!((ran.exit, ran.arrived.len()), (1, 1), "{ran:?}");
    assert_eq!(ran.outcome("one"), "failed");
    let error = ran.step("one")["error"].as_str().unwrap().to_owned();
    assert!(error.contains("holds the token of a target"), "{error}");
}
