//! An action whose description called a create an update: once that is put right, what was sent then is not sent again.

use crate::run::{Project, Ran};
use crate::server::{Answer, DONE, json, status};

fn note(effect: &str) -> String {
    format!(
        r#"
name: note.add
summary: Add a note
documentation: documented
page: {{ title: "Insert" }}
effect: {effect}
method: POST
path: /server/API/v2/custom/insert.php
encoding: json
params:
  type: object
  additionalProperties: false
  required: [text]
  properties:
    text: {{ type: string, description: its text }}
body: {{ operation: "{{{{ target.operation }}}}", text: "{{{{ with.text }}}}" }}
request: {{ type: object }}
response: {{ type: object }}
outputs: {{ wolkvox_id: {{ value: "{{{{ response.data.wolkvox_id }}}}", id: true }} }}
examples:
  - {{ name: one, with: {{ text: a }} }}
"#
    )
}

const PLAYBOOK: &str = r#"
steps:
  - id: add
    action: note.add
    with: { text: Called }
    retry: { attempts: 2, backoff: 1m }
    expect: [ "response.msg == 'other'" ]
"#;

fn accepting(project: &Project) -> Ran {
    let resume = [
        "resume",
        "--accept-changes",
        "--retry-failed",
        "--format",
        "json",
    ];
    project.finish(project.voxplay(&resume))
}

/// A run that was killed once so many events of a kind were written down.
fn killed(answer: Answer, kind: &str) -> Project {
    let project = Project::new(PLAYBOOK, [answer]);
    project.write("actions/note.add.yaml", &note("update"));
    let run = project.command(&[]).spawn().unwrap();
    project.server.wait_for(1);
    project.kill_once_written(run, kind, 1);
    project
}

#[test]
fn what_was_in_flight_as_an_update_is_in_doubt_as_a_create() {
    for effect in ["create", "delete"] {
        for (answer, kind) in [
            (Answer::Stall, "attempt_started"),
            // It waits for another attempt, and the one before it may have been processed.
            (status("500 Broken", ""), "attempt_failed"),
        ] {
            let project = killed(answer, kind);
            project.write("actions/note.add.yaml", &note(effect));
            let mut resume = project.voxplay(&["resume", "--accept-changes", "--format", "json"]);
            resume.args(["--allow", "delete"]);
            let ran = project.finish(resume);
            assert_eq!((ran.exit, ran.arrived.len()), (5, 1), "{ran:?}");
            let listed = project.finish(project.voxplay(&["reconcile"]));
            assert!(listed.stdout.contains("note.add"), "{listed:?}");
        }
    }
    // As it was, it is sent again.
    let project = killed(Answer::Stall, "attempt_started");
    assert_eq!(accepting(&project).arrived.len(), 2);
}

#[test]
fn what_was_accepted_as_an_update_is_not_sent_again_as_a_create() {
    let project = Project::new(PLAYBOOK, [json(DONE)]);
    project.write("actions/note.add.yaml", &note("update"));
    assert_eq!(project.run(&[]).exit, 1);
    project.write("actions/note.add.yaml", &note("create"));
    let ran = accepting(&project);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 1), "{ran:?}");
    // A person is told, and can take it as done.
    let told = project.finish(project.voxplay(&["resume", "--accept-changes", "--retry-failed"]));
    let words = told.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "add was not sent again, on purpose: the CRM did accept it when its action counted as an update",
        "--ok add",
    ] {
        assert!(words.contains(said), "{said}: {told:?}");
    }
    assert_eq!(told.arrived.len(), 1, "{told:?}");
    project.write("actions/note.add.yaml", &note("update"));
    assert_eq!(accepting(&project).arrived.len(), 2);
}
