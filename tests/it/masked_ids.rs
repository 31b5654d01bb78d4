//! Ids and answers in which a secret stands, when a run is gone on with: no mask is ever sent in the place of an id.

use std::process::Command;

use crate::run::{Project, READ, Ran};
use crate::server::{DONE, json};

const PIN: &str = "2611";

fn with_pin(project: &Project, mut command: Command) -> Ran {
    command.env("PIN", PIN);
    project.finish(command)
}

fn resume(project: &Project) -> Ran {
    let arguments = ["resume", "--retry-failed", "--allow", "delete"];
    with_pin(project, project.voxplay(&arguments))
}

/// Creates for the rows of a file, each with an update behind it, then a delete of all that was created.
fn created_and_deleted() -> Project {
    let playbook = r#"
inputs:
  pin: { type: string, secret: true, from_env: PIN }
steps:
  - id: each
    for_each: { csv: rows.csv, key: "{{ row.id }}" }
    succeeded: good.csv
    steps:
      - id: debt
        action: obligation.insert
        with: { wolkvox_id: "64", id: "{{ row.id }}", name: Loan }
      - id: next
        action: record.update
        with: { module: contacts, wolkvox_id: "{{ steps.debt.wolkvox_id }}", fields: { A: "{{ row.id }}" } }
  - id: gone
    action: record.delete
    with: { module: contacts, wolkvox_id: "{{ steps.each.ids.debt }}" }
"#;
    let project = Project::new(playbook, []);
    project.write("rows.csv", "id\nk1\nk2\n");
    project
}

/// The CRM, which gives these ids, and refuses the update of the second row where it is not willing.
fn giving(project: &Project, ids: [&'static str; 2], is_willing: bool) {
    project.server.judge(move |arrived| {
        let text = arrived.text();
        let row = usize::from(text.contains("k2"));
        if text.contains("Loan") {
            let id = ids[row];
            return json(&format!(
                r#"{{"code":"200","error":"null","data":{{"wolkvox_id":"{id}"}}}}"#
            ));
        }
        let is_refused = row == 1 && !is_willing;
        json(if is_refused {
            r#"{"code":"400","error":"locked"}"#
        } else {
            DONE
        })
    });
}

#[test]
fn an_id_that_holds_a_short_secret_by_chance_is_kept() {
    let ids = ["6553f100397b1dcdaf20012611", "6553f100397b1dcdaf20032611"];
    let project = created_and_deleted();
    giving(&project, ids, false);
    let ran = with_pin(&project, project.command(&["--allow", "delete"]));
    assert_eq!(ran.exit, 1, "{ran:?}");
    giving(&project, ids, true);
    let ran = resume(&project);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let deleted = ran.arrived.last().unwrap().text();
    assert!(ids.iter().all(|id| deleted.contains(id)), "{deleted}");
    let good = std::fs::read_to_string(project.folder.path().join("good.csv")).unwrap();
    assert!(ids.iter().all(|id| good.contains(id)), "{good}");
}

#[test]
fn an_id_that_is_a_secret_is_left_out_and_not_masked() {
    let project = created_and_deleted();
    giving(&project, ["64ff", PIN], false);
    let ran = with_pin(&project, project.command(&["--allow", "delete"]));
    assert_eq!(ran.exit, 1, "{ran:?}");
    giving(&project, ["64ff", PIN], true);
    let ran = resume(&project);
    let bodies = ran.arrived.iter().map(crate::server::Arrived::text);
    assert!(
        bodies.into_iter().all(|body| !body.contains("***")),
        "{ran:?}"
    );
    project.assert_hidden(&format!("\"{PIN}\""), &ran);
}

#[test]
fn what_could_not_be_written_down_of_a_read_is_read_again() {
    let playbook = r#"
inputs:
  pin: { type: string, secret: true, from_env: PIN }
steps:
  - id: find
    action: record.read
    with: { module: "{{ inputs.pin }}" }
  - id: stop
    action: obligation.insert
    with: { wolkvox_id: "64", id: stop, name: Loan }
  - id: all
    for_each: { items: "{{ [steps.find.email] }}", key: "{{ loop.index }}" }
    action: obligation.insert
    with: { wolkvox_id: "64", id: "{{ row }}", name: Loan }
"#;
    let project = Project::new(playbook, []);
    project.write("actions/record.read.yaml", READ);
    let answers = |is_willing: bool| {
        project.server.judge(move |arrived| match arrived.text() {
            text if text.contains("module") => {
                json(r#"{"code":"200","error":"null","data":{"email":"a2611@b.co"}}"#)
            }
            text if text.contains("stop") && !is_willing => json(r#"{"code":"400","error":"no"}"#),
            _ => json(DONE),
        });
    };
    answers(false);
    let ran = with_pin(&project, project.command(&[]));
    assert_eq!((ran.exit, ran.arrived.len()), (1, 2), "{ran:?}");
    answers(true);
    let ran = resume(&project);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 5), "{ran:?}");
    assert!(ran.arrived[4].text().contains("a2611@b.co"), "{ran:?}");
}
