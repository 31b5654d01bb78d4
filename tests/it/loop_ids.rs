//! The ids of a loop, where there are none: a list without items, so that what goes over them goes over none.

use crate::run::{Project, Ran};
use crate::server::{Answer, DONE, json};

/// An update of each row, then what `after` holds.
fn project(rows: &str, after: &str, script: impl IntoIterator<Item = Answer>) -> Project {
    let each = "steps:\n  - id: each\n    for_each: { csv: rows.csv }\n    on_failure: continue\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"{{ row.id }}\", fields: { A: b } }\n";
    let project = Project::new(&format!("{each}{after}"), script);
    project.write("rows.csv", rows);
    project
}

const MARK: &str = "  - id: mark\n    for_each: { items: \"{{ steps.each.ids.each }}\", as: id }\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"{{ id }}\", fields: { C: d } }\noutputs: { ids: \"{{ steps.each.ids }}\" }\n";

fn refused() -> Answer {
    json(r#"{"code":400,"error":"no such record"}"#)
}

fn blank() -> Answer {
    json(r#"{"code":200,"error":"null","data":{"wolkvox_id":" "}}"#)
}

fn ids(ran: &Ran) -> String {
    ran.finished()["outputs"]["ids"].to_string()
}

#[test]
fn a_loop_over_no_ids_has_no_rows() {
    let none = r#"{"each":[]}"#;
    for (rows, answer, exit, sent, wanted) in [
        ("id\n", None, 0, 0, none),
        ("id\n1\n", Some(refused()), 1, 1, none),
        ("id\n1\n", Some(blank()), 0, 1, none),
        ("id\n1\n", Some(json(DONE)), 0, 2, r#"{"each":["64cb"]}"#),
    ] {
        let project = project(rows, MARK, answer.into_iter().chain([json(DONE)]));
        let ran = project.run(&[]);
        assert_eq!((ran.exit, ran.arrived.len()), (exit, sent), "{ran:?}");
        assert_eq!(ids(&ran), wanted);
    }
}

#[test]
fn one_id_of_none_is_never_sent() {
    let after = "  - id: mark\n    action: record.delete\n    with: { module: contacts, wolkvox_id: \"{{ steps.each.ids.each | first }}\" }\n";
    let project = project("id\n1\n", after, [blank()]);
    let ran = project.run(&["--allow", "delete"]);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 1), "{ran:?}");
    assert_eq!(ran.outcome("mark"), "failed");
}

#[test]
fn the_ids_of_a_loop_in_a_row_are_a_list_in_each_row() {
    let playbook = "inputs: { groups: { type: array, default: [{ of: A, ids: [1, 2] }, { of: B, ids: [] }] } }\nsteps:\n  - id: outer\n    for_each: { items: \"{{ inputs.groups }}\", as: group }\n    steps:\n      - id: inner\n        for_each: { items: \"{{ group.ids }}\", as: id }\n        steps:\n          - id: mark\n            action: record.update\n            with: { module: contacts, wolkvox_id: \"{{ group.of }}{{ id }}\", fields: { A: b } }\n      - id: sum\n        action: record.update\n        with: { module: contacts, wolkvox_id: \"{{ group.of }}\", fields: { ids: \"{{ steps.inner.ids.mark }}\" } }\n";
    let project = Project::new(playbook, []);
    project.server.judge(|_| json(DONE));
    let ran = project.run(&[]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 4), "{ran:?}");
    let body: serde_json::Value = serde_json::from_str(ran.arrived[3].text()).unwrap();
    assert_eq!(body["fields"]["ids"], serde_json::json!([]), "{body}");
}

#[test]
fn no_ids_are_a_list_after_a_resume_too() {
    let after = format!(
        "  - id: held\n    action: record.update\n    with: {{ module: contacts, wolkvox_id: \"1\", fields: {{ A: b }} }}\n{MARK}"
    );
    let project = project("id\n", &after, [refused(), json(DONE)]);
    assert_eq!(project.run(&[]).exit, 1);
    let command = project.voxplay(&["resume", "--retry-failed", "--format", "json"]);
    let ran = project.finish(command);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 2), "{ran:?}");
    assert_eq!(
        (ran.outcome("mark"), ids(&ran)),
        ("ok".to_owned(), r#"{"each":[]}"#.to_owned())
    );
}
