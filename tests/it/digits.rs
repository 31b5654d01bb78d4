//! Numbers leave voxplay with the digits that they were written with, wherever they go.

use crate::run::Project;
use crate::server::{Answer, DONE, json};

/// What a float would change.
const WRITTEN: [&str; 4] = ["1000.10", "1e3", "12345678901234567890123", "0.1000"];

fn assert_written(text: &str, what: &str) {
    for number in WRITTEN {
        let ends = [",", "\n", "]", "}"].map(|end| format!("{number}{end}"));
        assert!(
            ends.iter().any(|it| text.contains(it)),
            "{what} has no {number}: {text}"
        );
    }
}

#[test]
fn in_the_report_and_the_outputs_for_github() {
    let all = WRITTEN.join(", ");
    let playbook = format!(
        "inputs: {{ debts: {{ type: array, default: [{all}] }} }}\nsteps:\n  - id: one\n    action: record.update\n    with: {{ module: m, wolkvox_id: \"1\", fields: {{ A: b }} }}\n  - id: each\n    for_each: {{ items: [1], as: row }}\n    action: record.update\n    with: {{ module: m, wolkvox_id: \"1\", fields: {{ A: b }} }}\noutputs: {{ debts: \"{{{{ inputs.debts }}}}\", one: 1000.10 }}\n"
    );
    let answer = r#"{"code":400.0,"error":"no","msg":"","data":[]}"#;
    let project = Project::new(&playbook, [json(DONE), json(answer)]);
    let outputs = project.folder.path().join("outputs");
    let mut command = project.command(&["--report", "json=r.json"]);
    command
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_OUTPUT", &outputs);
    let ran = project.finish(command);
    assert_eq!(ran.exit, 1, "{ran:?}");
    assert_written(&ran.stdout, "the line of the end");
    let report = std::fs::read_to_string(project.folder.path().join("r.json")).unwrap();
    let (inputs, rest) = report.split_once("\n  \"outputs\"").unwrap();
    assert_written(inputs, "inputs");
    assert_written(rest, "outputs");
    assert!(rest.contains("\n        \"code\": 400.0,\n"), "{rest}");
    assert!(rest.ends_with("}\n") && !rest.ends_with("\n\n"), "{rest}");
    let outputs = std::fs::read_to_string(outputs).unwrap();
    let all = outputs.lines().find(|line| line.starts_with('{')).unwrap();
    assert_written(all, "outputs of the job");
    assert!(all.contains("\"one\":1000.10"), "{all}");
}

/// The action of the project with a parameter for numbers, which it sends as they are.
fn own_action(project: &Project, effect: &str) {
    let path = "actions/record.read.yaml";
    let action = std::fs::read_to_string(project.folder.path().join(path)).unwrap();
    let numbers = WRITTEN.join(", ");
    let action = action
        .replace("effect: read", &format!("effect: {effect}"))
        .replace(
            "  properties:\n",
            "  properties:\n    n: { type: array, description: numbers }\n",
        )
        .replace("body:\n", "body:\n  n: \"{{ with.n }}\"\n")
        .replace(
            "    with: { module: contacts }\n    body: {",
            &format!(
                "    with: {{ module: contacts, n: [{numbers}] }}\n    body: {{ n: [{numbers}],"
            ),
        );
    project.write("voxplay.yaml", "{}\n");
    project.write(path, &action);
}

#[test]
fn in_what_reconcile_lists() {
    for effect in ["update", "create"] {
        let numbers = WRITTEN.join(", ");
        let playbook = format!(
            "steps:\n  - id: one\n    action: record.read\n    retry: {{ attempts: 1 }}\n    with: {{ module: m, n: [{numbers}] }}\n"
        );
        let project = Project::new(&playbook, [Answer::CutRead]);
        own_action(&project, effect);
        let ran = project.run(&["--run-id", "r"]);
        assert_eq!(ran.exit, 5, "{ran:?}");
        let listed = project.finish(project.voxplay(&["reconcile", "r", "--format", "json"]));
        assert!(listed.stdout.contains("\"request\":{"), "{listed:?}");
        assert_written(&listed.stdout, "reconcile");
    }
}

#[test]
fn in_the_examples_of_an_action() {
    let project = Project::new("steps: []\n", []);
    own_action(&project, "read");
    let arguments = ["actions", "show", "record.read", "--format", "json"];
    let shown = project.finish(project.voxplay(&arguments));
    let (_, examples) = shown.stdout.split_once("\"examples\":").unwrap();
    assert_written(examples, "actions show");
}
