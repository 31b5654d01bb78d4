//! A run that is gone on with after its playbook, its rows or their names have changed: nothing is sent twice, and
//! nothing that was never sent counts as done.

use crate::run::{Project, Ran};
use crate::server::{Answer, DONE, json};

const DEBT: &str =
    "action: obligation.insert\n    with: { wolkvox_id: \"1\", id: \"ID\", name: Loan }";

fn voxplay(project: &Project, arguments: &[&str]) -> Ran {
    project.finish(project.voxplay(arguments))
}

fn accepting(project: &Project) -> Ran {
    voxplay(
        project,
        &[
            "resume",
            "r",
            "--accept-changes",
            "--allow",
            "delete",
            "--format",
            "json",
        ],
    )
}

/// Runs a playbook to the request that gets no answer, changes it, and goes on.
fn changed(before: &str, after: &str, answered: usize) -> (Project, Ran) {
    let mut script: Vec<Answer> = (0..answered).map(|_| json(DONE)).collect();
    script.push(Answer::CutRead);
    let project = Project::new(before, script);
    project.write("rows.csv", "id\na\nb\nc\nd\n");
    let ran = project.run(&["--run-id", "r", "--allow", "delete"]);
    assert_eq!((ran.exit, ran.arrived.len()), (5, answered + 1), "{ran:?}");
    project.write("playbook.yaml", &format!("voxplay: 1\n{after}"));
    let ran = accepting(&project);
    (project, ran)
}

fn assert_refused(ran: &Ran, sent: usize, said: &str) {
    assert_eq!((ran.exit, ran.arrived.len()), (4, sent), "{ran:?}");
    assert!(ran.stdout.contains(said), "{said}: {ran:?}");
}

fn looped(each: &str, step: &str) -> String {
    format!("steps:\n  - id: each\n    for_each: {{ {each} }}\n    {step}\n")
}

#[test]
fn rows_do_not_get_other_names() {
    let debt = DEBT.replace("ID", "{{ row.id }}");
    let keyed = looped("csv: rows.csv, key: \"{{ row.id }}\"", &debt);
    for other in [
        "csv: rows.csv, key: \"x{{ row.id }}\"",
        "csv: rows.csv",
        "csv: rows.csv, key: \"{{ loop.index }}\", batch: 2",
    ] {
        let (project, ran) = changed(
            &keyed,
            &looped(other, &debt.replace("row.id", "loop.index | string")),
            2,
        );
        assert_refused(&ran, 3, "the `key` of the loop each");
        // As it was, it is gone on with: the third row is in doubt, the last one is new.
        project.write("playbook.yaml", &format!("voxplay: 1\n{keyed}"));
        let ran = accepting(&project);
        assert_eq!((ran.exit, ran.arrived.len()), (5, 3), "{ran:?}");
    }
}

#[test]
fn batches_do_not_get_another_size() {
    let each = |batch: usize| {
        looped(
            &format!("csv: rows.csv, batch: {batch}"),
            "action: record.delete\n    with: { module: m, wolkvox_id: \"{{ rows | map(attribute='id') | list }}\" }",
        )
    };
    for (before, after) in [(1, 2), (2, 4), (4, 2)] {
        let (_, ran) = changed(&each(before), &each(after), 0);
        assert_refused(&ran, 1, "the `batch` of the loop each");
    }
}

#[test]
fn rows_that_are_known_by_numbers_do_not_come_from_elsewhere() {
    let debt = DEBT.replace("ID", "{{ row }}");
    let read = "  - id: get\n    action: record.read\n    with: { module: m }\n";
    let of = |items: &str| {
        let each = looped(&format!("items: \"{items}\""), &debt);
        each.replacen("steps:\n", &format!("steps:\n{read}"), 1)
    };
    let (_, ran) = changed(
        &of("{{ (steps.get.code ~ ',a,b') | split(',') }}"),
        &of("{{ (steps.get.code ~ ',x,a,b') | split(',') }}"),
        2,
    );
    assert_refused(&ran, 3, "the rows of the loop each come from elsewhere");
}

#[test]
fn what_was_sent_keeps_its_name_and_its_place() {
    let named = |id: &str| format!("  - id: {id}\n    {DEBT}\n");
    let unnamed = format!("  - {DEBT}\n");
    let ask = "  - id: ask\n    action: obligation.insert\n    with: { wolkvox_id: \"2\", id: \"2\", name: Other }\n";
    // The first is done, the second in doubt.
    let (_, ran) = changed(
        &format!("steps:\n{}{ask}", named("one")),
        &format!("steps:\n{}{ask}", named("two")),
        1,
    );
    assert_refused(&ran, 2, "under another name it would be sent again");
    let (_, ran) = changed(
        &format!("steps:\n{unnamed}{ask}"),
        &format!("steps:\n{unnamed}{unnamed}{ask}"),
        1,
    );
    assert_refused(&ran, 2, "steps without an id came or went");
    // What is new, and what is gone, may be.
    let (_, ran) = changed(
        &format!("steps:\n{}{ask}", named("one")),
        &format!("steps:\n{ask}{}{}", named("one"), named("more")),
        1,
    );
    assert_eq!((ran.exit, ran.arrived.len()), (5, 2), "{ran:?}");
    let (_, ran) = changed(
        &format!("steps:\n{}{ask}", named("one")),
        &format!("steps:\n{ask}"),
        1,
    );
    assert_eq!((ran.exit, ran.arrived.len()), (5, 2), "{ran:?}");
}

#[test]
fn a_step_does_not_become_a_loop() {
    let each = looped("csv: rows.csv", &DEBT.replace("ID", "{{ row.id }}"));
    let step = format!("steps:\n  - id: each\n    {DEBT}\n");
    let (_, ran) = changed(&each, &step, 1);
    assert_refused(&ran, 2, "the step each");
    let (_, ran) = changed(&step, &each, 0);
    assert_refused(&ran, 1, "the step each");
}

#[test]
fn a_run_that_goes_on_is_not_gone_on_with_under_another_name() {
    let debt = DEBT.replace("ID", "{{ row.id }}");
    let playbook = looped("csv: rows.csv, key: \"{{ row.id }}\"", &debt);
    let project = Project::new(&playbook, [json(DONE), Answer::Stall]);
    project.write("rows.csv", "id\na\nb\nc\n");
    let mut child = project.command(&["--run-id", "r"]).spawn().unwrap();
    project.server.wait_for(2);
    let text = std::fs::read_to_string(project.folder.path().join("playbook.yaml")).unwrap();
    project.write("moved.yaml", &text);
    let mut attempts: Vec<Vec<&str>> = vec![
        vec!["resume", "r", "--playbook", "moved.yaml"],
        vec!["run", "moved.yaml", "--run-id", "r"],
    ];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("playbook.yaml", project.folder.path().join("link.yaml"))
            .unwrap();
        attempts.push(vec!["run", "link.yaml"]);
        attempts.push(vec!["run", "link.yaml", "--run-id", "r"]);
    }
    for arguments in &attempts {
        let ran = voxplay(&project, &[arguments, &["--format", "json"][..]].concat());
        assert_refused(&ran, 2, "run r in process");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // Nobody holds it any more.
    let ran = voxplay(&project, &["resume", "r", "--playbook", "moved.yaml"]);
    assert_eq!((ran.exit, ran.arrived.len()), (5, 2), "{ran:?}");
}
