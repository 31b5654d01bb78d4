//! Paths that templates make of secrets: they stand nowhere in clear, and what they name is compared all the same when a
//! run is gone on with.

use crate::run::{Project, Ran};
use crate::server::{DONE, json};

const SECRETS: [&str; 2] = ["Qx7-first-val", "Qx7-second-val"];

const INPUTS: &str = "inputs:\n  a: { type: string, secret: true, from_env: A }\n  b: { type: string, secret: true, from_env: B }\n";

fn voxplay(project: &Project, arguments: &[&str]) -> Ran {
    let mut command = project.voxplay(arguments);
    command.env("A", SECRETS[0]).env("B", SECRETS[1]);
    let ran = project.finish(command);
    for secret in SECRETS {
        project.assert_hidden(secret, &ran);
    }
    ran
}

/// A run that is not over, over two files each of which is named by a secret.
fn begun(steps: &str, extension: &str) -> Project {
    let refused = json(r#"{"code":400,"error":"no such record"}"#);
    let project = Project::new(
        &format!("{INPUTS}{steps}"),
        [json(DONE), json(DONE), json(DONE), json(DONE), refused],
    );
    for secret in SECRETS {
        project.write(&format!("{secret}.{extension}"), "id\na\nb\n");
    }
    let ran = voxplay(
        &project,
        &["run", "playbook.yaml", "--run-id", "r", "--format", "json"],
    );
    assert_eq!((ran.exit, ran.arrived.len()), (1, 5), "{ran:?}");
    project
}

fn resume(project: &Project, more: &[&str]) -> Ran {
    let arguments = ["resume", "r", "--retry-failed", "--format", "json"];
    voxplay(project, &[&arguments, more].concat())
}

const LAST: &str = "  - { id: last, action: record.update, with: { module: m, wolkvox_id: \"1\", fields: { A: b } } }\n";

#[test]
fn attachments_are_compared_by_the_names_that_are_left() {
    let attach = |id: &str, input: &str| {
        format!(
            "  - id: {id}\n    action: case.update\n    with: {{ wolkvox_id: \"1\", responsible: a@b, status: s, files: \"{{{{ inputs.{input} }}}}.pdf\" }}\n"
        )
    };
    let other = |id: &str| LAST.replace("last", id);
    let steps = [
        "steps:\n",
        &attach("x", "a"),
        &attach("y", "b"),
        &other("z"),
        &other("v"),
        LAST,
    ];
    for changed in SECRETS {
        let project = begun(&steps.concat(), "pdf");
        project.write(&format!("{changed}.pdf"), "something else");
        let ran = resume(&project, &[]);
        assert_eq!((ran.exit, ran.arrived.len()), (4, 5), "{ran:?}");
        assert!(ran.stdout.contains("the attachment ***.pdf"), "{ran:?}");
        project.write(&format!("{changed}.pdf"), "id\na\nb\n");
        let ran = resume(&project, &[]);
        assert_eq!((ran.exit, ran.arrived.len()), (0, 6), "{ran:?}");
    }
}

#[test]
fn so_are_data_and_rows_keep_their_numbers() {
    let over = |id: &str, input: &str| {
        format!(
            "  - id: {id}\n    for_each: {{ csv: \"{{{{ inputs.{input} }}}}.csv\", as: row }}\n    action: record.update\n    with: {{ module: m, wolkvox_id: \"{{{{ row.id }}}}\", fields: {{ A: b }} }}\n"
        )
    };
    let steps = ["steps:\n", &over("x", "a"), &over("y", "b"), LAST].concat();
    for changed in SECRETS {
        let project = begun(&steps, "csv");
        project.write(&format!("{changed}.csv"), "id\nb\na\n");
        let ran = resume(&project, &[]);
        assert_eq!((ran.exit, ran.arrived.len()), (4, 5), "{ran:?}");
        let ran = resume(&project, &["--accept-changes"]);
        assert_eq!((ran.exit, ran.arrived.len()), (4, 5), "{ran:?}");
        assert!(ran.stdout.contains("known by their numbers"), "{ran:?}");
        project.write(&format!("{changed}.csv"), "id\na\nb\n");
        let ran = resume(&project, &["--accept-changes"]);
        assert_eq!((ran.exit, ran.arrived.len()), (0, 6), "{ran:?}");
    }
}

#[test]
fn a_saved_plan_notices_a_change_of_either_file() {
    let attach = |input: &str| {
        format!(
            "  - action: case.update\n    with: {{ wolkvox_id: \"1\", responsible: a@b, status: s, files: \"{{{{ inputs.{input} }}}}.pdf\" }}\n"
        )
    };
    for changed in SECRETS {
        let steps = format!("{INPUTS}steps:\n{}{}", attach("a"), attach("b"));
        let project = Project::new(&steps, []);
        for secret in SECRETS {
            project.write(&format!("{secret}.pdf"), "one");
        }
        let planned = voxplay(&project, &["plan", "playbook.yaml", "--out", "p.json"]);
        assert_eq!(planned.exit, 0, "{planned:?}");
        project.write(&format!("{changed}.pdf"), "another");
        let ran = voxplay(
            &project,
            &[
                "run",
                "playbook.yaml",
                "--plan",
                "p.json",
                "--format",
                "json",
            ],
        );
        ran.assert_refused(4, "plan-changed");
    }
}
