//! What `resume --accept-changes` takes as the new state of a run, and what it does not.

use crate::run::{Project, Ran};
use crate::server::{Answer, DONE, json};

fn refused() -> Answer {
    json(r#"{"code":403,"error":"not now"}"#)
}

fn with_codes(project: &Project, codes: &str, arguments: &[&str]) -> Ran {
    let mut command = project.voxplay(arguments);
    command.args(["--format", "json"]).env("CODES", codes);
    project.finish(command)
}

#[test]
fn a_secret_list_that_has_changed_moves_no_row_to_the_place_of_another() {
    for key in ["", ", key: \"{{ code }}\""] {
        let playbook = format!(
            r#"
inputs:
  codes: {{ type: array, secret: true, from_env: CODES }}
steps:
  - id: each
    for_each: {{ items: "{{{{ inputs.codes }}}}", as: code{key} }}
    action: obligation.insert
    with: {{ wolkvox_id: "64cb", id: "{{{{ code }}}}", name: Loan }}
"#
        );
        let project = Project::new(&playbook, []);
        project.server.judge(|arrived| {
            if arrived.text().contains("refused-code") {
                refused()
            } else {
                json(DONE)
            }
        });
        let first = r#"["first-code", "refused-code"]"#;
        let ran = with_codes(&project, first, &["run", "playbook.yaml"]);
        assert_eq!((ran.exit, ran.arrived.len()), (1, 2), "{ran:?}");
        let accept = ["resume", "--retry-failed", "--accept-changes"];
        let other = r#"["other-code", "first-code"]"#;
        let ran = with_codes(&project, other, &accept);
        let created = |ran: &Ran, code: &str| {
            let texts = ran.arrived.iter().map(crate::server::Arrived::text);
            texts.filter(|text| text.contains(code)).count()
        };
        assert_eq!(created(&ran, "first-code"), 1, "{ran:?}");
        if !key.is_empty() {
            assert_eq!((ran.exit, created(&ran, "other-code")), (0, 1), "{ran:?}");
            continue;
        }
        assert_eq!((ran.exit, ran.arrived.len()), (4, 2), "{ran:?}");
        assert!(ran.stdout.contains("the data of the loop each"), "{ran:?}");
        // As it was, nothing speaks against it.
        let ran = with_codes(&project, first, &accept);
        assert_eq!(created(&ran, "first-code"), 1, "{ran:?}");
        assert_eq!(created(&ran, "refused-code"), 2, "{ran:?}");
    }
}

#[test]
fn what_was_accepted_need_not_be_accepted_again() {
    let playbook = r#"
inputs:
  owner: { type: string, default: Ana }
steps:
  - id: mark
    action: record.update
    with: { module: contacts, wolkvox_id: "64cb", fields: { Owner: "{{ inputs.owner }}" } }
"#;
    let project = Project::new(playbook, [refused(), refused(), refused(), json(DONE)]);
    assert_eq!(project.run(&[]).exit, 1);
    project.write("in.yaml", "owner: Luz\n");
    project.write(
        "playbook.yaml",
        &format!("voxplay: 1\n{playbook}# put right\n"),
    );
    let again = ["resume", "--retry-failed", "--format", "json"];
    let accept = [&again[..], &["--accept-changes", "--inputs", "in.yaml"]].concat();
    assert_eq!(project.finish(project.voxplay(&accept)).exit, 1);
    let ran = project.finish(project.voxplay(&again));
    assert_eq!((ran.exit, ran.arrived.len()), (1, 3), "{ran:?}");
    assert!(ran.arrived[2].text().contains("Luz"), "{ran:?}");
    // What it was before is a change by now.
    project.write("playbook.yaml", &format!("voxplay: 1\n{playbook}"));
    let ran = project.finish(project.voxplay(&again));
    assert_eq!((ran.exit, ran.arrived.len()), (4, 3), "{ran:?}");
    let ran = project.finish(project.voxplay(&[&again[..], &["--accept-changes"]].concat()));
    assert_eq!((ran.exit, ran.arrived.len()), (0, 4), "{ran:?}");
}

#[test]
fn data_that_was_accepted_may_not_be_what_it_was_before() {
    let playbook = r#"
steps:
  - id: mark
    action: record.update
    with: { module: contacts, wolkvox_id: "64cb", fields: { A: b } }
  - id: each
    for_each: { csv: rows.csv }
    action: obligation.insert
    with: { wolkvox_id: "64cb", id: "{{ row.id }}", name: Loan }
"#;
    let project = Project::new(playbook, [refused(), json(DONE), json(DONE), refused()]);
    project.write("rows.csv", "id\nD-1\nD-2\nD-3\n");
    assert_eq!(project.run(&[]).exit, 1);
    project.write("rows.csv", "id\nD-3\nD-1\n");
    let again = ["resume", "--retry-failed", "--format", "json"];
    let accept = [&again[..], &["--accept-changes"]].concat();
    let ran = project.finish(project.voxplay(&accept));
    assert_eq!((ran.exit, ran.arrived.len()), (1, 4), "{ran:?}");
    // By number, D-3 is row 1 of the rows that were sent, and row 3 of the first file.
    project.write("rows.csv", "id\nD-1\nD-2\nD-3\n");
    for resume in [&again[..], &accept] {
        let ran = project.finish(project.voxplay(resume));
        assert_eq!((ran.exit, ran.arrived.len()), (4, 4), "{ran:?}");
    }
    project.write("rows.csv", "id\nD-3\nD-1\n");
    let ran = project.finish(project.voxplay(&again));
    assert_eq!((ran.exit, ran.arrived.len()), (0, 5), "{ran:?}");
}
