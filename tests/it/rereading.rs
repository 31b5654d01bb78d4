//! Rows of a run that is gone on with: which are looked at again, which are taken for others, and what they are called.

use serde_json::Value;

use crate::run::{Project, Ran};
use crate::server::{Answer, Arrived, DONE, json};

fn refused() -> Answer {
    json(r#"{"code":400,"error":"no such record"}"#)
}

fn voxplay(project: &Project, arguments: &[&str]) -> Ran {
    project.finish(project.voxplay(arguments))
}

fn resume(project: &Project, more: &[&str]) -> Ran {
    voxplay(project, &[&["resume", "--format", "json"], more].concat())
}

fn bodies(ran: &Ran) -> Vec<Value> {
    let body = |arrived: &Arrived| serde_json::from_str(arrived.text()).unwrap();
    ran.arrived.iter().map(body).collect()
}

/// Creates for the rows of a file, then an update of each record that was created; `key` is the second loop's.
fn chained(key: &str) -> Project {
    let playbook = format!(
        "steps:\n  - id: each\n    for_each: {{ csv: rows.csv, key: \"{{{{ row.id }}}}\" }}\n    on_failure: continue\n    action: obligation.insert\n    with: {{ wolkvox_id: \"{{{{ row.id }}}}\", id: \"1\", name: Loan }}\n  - id: later\n    for_each: {{ items: \"{{{{ steps.each.ids.each }}}}\"{key} }}\n    action: record.update\n    with: {{ module: contacts, wolkvox_id: \"{{{{ row }}}}\", fields: {{ A: b }} }}\n"
    );
    let project = Project::new(&playbook, []);
    project.write("rows.csv", "id\n1\n2\n3\n");
    project
}

/// The CRM, which loses its answer to the create for this row.
fn losing(project: &Project, lost: &'static str) {
    project.server.judge(move |arrived| {
        let body: Value = serde_json::from_str(arrived.text()).unwrap();
        match body["wolkvox_id"].as_str() {
            Some(row) if row == lost => Answer::CutRead,
            Some(row) => json(&format!(
                r#"{{"code":200,"error":"null","data":{{"wolkvox_id":"new{row}"}}}}"#
            )),
            None => json(DONE),
        }
    });
}

/// The records that were updated.
fn updated(ran: &Ran) -> Vec<String> {
    let bodies = bodies(ran).into_iter();
    bodies
        .filter_map(|body| body["wolkvox-id"].as_str().map(str::to_owned))
        .collect()
}

#[test]
fn a_loop_over_answers_sees_what_was_recovered_since() {
    let project = chained(", key: \"{{ row }}\"");
    losing(&project, "2");
    let ran = project.run(&[]);
    assert_eq!(
        (ran.exit, updated(&ran).as_slice()),
        (5, &["new1".to_owned(), "new3".to_owned()][..])
    );
    voxplay(&project, &["reconcile", "--ok", "each@2=new2"]);
    let ran = resume(&project, &[]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert_eq!(updated(&ran), ["new1", "new3", "new2"]);
    assert_eq!(ran.finished()["rows"]["ok"], 6, "{ran:?}");
}

#[test]
fn numbers_that_mean_other_rows_now_are_not_taken_for_those_that_were_sent() {
    let project = chained("");
    losing(&project, "2");
    let ran = project.run(&[]);
    assert_eq!((ran.exit, ran.arrived.len()), (5, 5), "{ran:?}");
    voxplay(&project, &["reconcile", "--ok", "each@2=new2"]);
    for _ in 0..2 {
        let ran = resume(&project, &[]);
        assert_eq!((ran.exit, ran.arrived.len()), (1, 5), "{ran:?}");
        let ends = ran.events("step_finished");
        let error = ends.last().unwrap()["error"].as_str().unwrap();
        assert!(
            error.contains("row 2, known by its number alone"),
            "{error}"
        );
    }

    // A list that only grew at its end is gone on with.
    let project = chained("");
    losing(&project, "3");
    let ran = project.run(&[]);
    assert_eq!((ran.exit, ran.arrived.len()), (5, 5), "{ran:?}");
    voxplay(&project, &["reconcile", "--ok", "each@3=new3"]);
    let ran = resume(&project, &[]);
    assert_eq!(
        (ran.exit, updated(&ran)),
        (0, ["new1", "new2", "new3"].map(str::to_owned).to_vec())
    );
}

#[test]
fn rows_that_were_added_are_run_where_changes_are_accepted() {
    let playbook = "steps:\n  - id: each\n    for_each: { csv: rows.csv, key: \"{{ row.id }}\" }\n    succeeded: done.csv\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"{{ row.id }}\", fields: { A: b } }\n  - id: after\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"9\", fields: { A: b } }\n";
    let project = Project::new(playbook, [json(DONE), json(DONE), refused()]);
    project.write("rows.csv", "id\n1\n2\n");
    let ran = project.run(&[]);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 3), "{ran:?}");
    // Nothing has changed: the loop is done, and its account is one of this run.
    let ran = voxplay(&project, &["resume"]);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 3), "{ran:?}");
    assert!(!ran.stderr.contains("of an earlier run"), "{ran:?}");
    project.write("rows.csv", "id\n1\n2\n3\n");
    let ran = resume(&project, &["--accept-changes", "--retry-failed"]);
    assert_eq!(
        (ran.exit, updated(&ran)[3..].to_vec()),
        (0, vec!["3".to_owned(), "9".to_owned()]),
        "{ran:?}"
    );
    assert_eq!(ran.finished()["rows"]["ok"], 3, "{ran:?}");
    let done = project.folder.path().join("done.csv");
    assert_eq!(std::fs::read_to_string(done).unwrap().lines().count(), 4);
}

#[test]
fn a_row_without_a_key_of_its_own_takes_no_other_row_s_name() {
    let playbook = "steps:\n  - id: each\n    for_each: { csv: rows.csv, key: \"{{ row.id }}\" }\n    on_failure: continue\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"{{ row.id }}\", fields: { A: b } }\n";
    let project = Project::new(playbook, [refused()]);
    // The second row has the key of the first, and the first has the second's number for a key.
    project.write("rows.csv", "id\n2\n2\n9\n");
    let reports = ["--report", "json=out.json", "--report", "junit=out.xml"];
    let ran = project.run(&reports);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 2), "{ran:?}");
    let rows = ran.events("row_finished");
    let names: Vec<&str> = rows
        .iter()
        .map(|row| row["row"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["2", "#2", "9"]);
    let report = std::fs::read_to_string(project.folder.path().join("out.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(
        report["rows"]["listed"].as_array().unwrap().len(),
        2,
        "{report}"
    );
    let report = std::fs::read_to_string(project.folder.path().join("out.xml")).unwrap();
    assert!(report.contains("failures=\"2\""), "{report}");
}
