//! A run that is gone on with after its playbook, its rows or their names have changed: nothing is sent twice, and
//! nothing that was never sent counts as done.

use crate::run::{Project, Ran};
use crate::server::{Answer, DONE, json, status};

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
fn a_batch_is_not_known_by_a_key_of_one_of_its_rows() {
    let each = "csv: rows.csv, batch: 2, key: \"{{ rows[0].id }}\"";
    let step = "action: record.delete\n    with: { module: m, wolkvox_id: \"{{ rows | map(attribute='id') | list }}\" }";
    let playbook = looped(each, step);
    let project = Project::new(&playbook, [json(DONE), Answer::CutRead]);
    project.write("rows.csv", "id\na\nb\nc\nd\ne\n");
    let ran = project.run(&["--run-id", "r", "--allow", "delete"]);
    assert_eq!((ran.exit, ran.arrived.len()), (5, 2), "{ran:?}");
    project.write("rows.csv", "id\na\nc\nd\ne\n");
    assert_refused(&accepting(&project), 2, "are known by their numbers");
}

#[test]
fn rows_whose_keys_were_all_changed_are_not_sent_again() {
    let debt = DEBT.replace("ID", "{{ row.id }}");
    let playbook = |month: &str| {
        let each = looped(
            "csv: rows.csv, key: \"{{ vars.month }}-{{ row.id }}\"",
            &debt,
        );
        format!("vars: {{ month: \"{month}\" }}\n{each}")
    };
    let (project, ran) = changed(&playbook("10"), &playbook("11"), 1);
    assert_refused(&ran, 2, "none of the rows of the loop each has a key");
    // Some of them are known still: the others are new, or corrected.
    project.write("playbook.yaml", &format!("voxplay: 1\n{}", playbook("10")));
    project.write("rows.csv", "id\nnew\na\n");
    let ran = accepting(&project);
    assert_eq!((ran.exit, ran.arrived.len()), (5, 3), "{ran:?}");
    // A number is no key.
    let counted = looped("csv: rows.csv, key: \"{{ loop.index }}\"", &debt);
    let (project, _) = changed(&counted, &counted, 1);
    project.write("rows.csv", "id\nnew\na\nb\n");
    assert_refused(&accepting(&project), 2, "are known by their numbers");
}

#[test]
fn what_was_sent_is_not_sent_again_from_another_step() {
    let debt = |id: &str, of: &str| format!("  - id: {id}\n    {}\n", DEBT.replace("ID", of));
    let unnamed = |of: &str| format!("  - {}\n", DEBT.replace("ID", of));
    let refused = [
        // Two steps without ids change places.
        (unnamed("1") + &unnamed("2"), unnamed("2") + &unnamed("1")),
        // The first one goes, and one more comes.
        (unnamed("1") + &unnamed("2"), unnamed("2") + &unnamed("3")),
        // Two steps change their ids.
        (
            debt("a", "1") + &debt("b", "2"),
            debt("b", "1") + &debt("a", "2"),
        ),
    ];
    for (before, after) in refused {
        let before = format!("steps:\n{before}");
        let (_, ran) = changed(&before, &format!("steps:\n{after}"), 1);
        assert_refused(&ran, 2, "has sent its request");
    }
    // What was not done may be put right, also without an id.
    let before = format!("steps:\n{}{}", unnamed("1"), unnamed("2"));
    let refusal = json(r#"{"code":400,"error":"no"}"#);
    let project = Project::new(&before, [json(DONE), refusal]);
    assert_eq!(project.run(&["--run-id", "r"]).exit, 1);
    let after = format!("voxplay: 1\nsteps:\n{}{}", unnamed("1"), unnamed("22"));
    project.write("playbook.yaml", &after);
    let ran = voxplay(
        &project,
        &[
            "resume",
            "r",
            "--accept-changes",
            "--retry-failed",
            "--format",
            "json",
        ],
    );
    assert_eq!((ran.exit, ran.arrived.len()), (0, 3), "{ran:?}");
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
    let ran = voxplay(
        &project,
        &["run", "moved.yaml", "--run-id", "r", "--format", "json"],
    );
    assert_refused(&ran, 2, "the run r is one of playbook.yaml");
    let mut attempts: Vec<Vec<&str>> = vec![vec!["resume", "r", "--playbook", "moved.yaml"]];
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

#[test]
fn reports_tell_nothing_of_rows_that_were_put_right_under_another_name() {
    let playbook = looped(
        "csv: rows.csv, key: \"{{ row.id }}\"",
        "action: record.update\n    with: { module: m, wolkvox_id: \"{{ row.id }}\", fields: { A: b } }\n    on_failure: continue",
    );
    let project = Project::new(&playbook, []);
    // The second row cannot be read, and so has no key.
    project.write("rows.csv", "id,name\na,1\nb\nc,3\n");
    assert_eq!(project.run(&["--run-id", "r"]).exit, 1);
    project.write("rows.csv", "id,name\na,1\nb,2\nc,3\n");
    let arguments = [
        "resume",
        "r",
        "--accept-changes",
        "--retry-failed",
        "--report",
        "junit=r.xml",
        "--report",
        "json=r.json",
    ];
    let ran = voxplay(&project, &arguments);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 3), "{ran:?}");
    assert!(!ran.stdout.contains("did not go well"), "{ran:?}");
    let read = |name: &str| std::fs::read_to_string(project.folder.path().join(name)).unwrap();
    assert!(
        read("r.xml").contains("failures=\"0\""),
        "{}",
        read("r.xml")
    );
    let report: serde_json::Value = serde_json::from_str(&read("r.json")).unwrap();
    assert_eq!(report["rows"]["listed"], serde_json::json!([]), "{report}");
}

/// An input that is public and one that is secret, both from the environment; the second request is refused.
const FROM_ENV: &str = "inputs:
  t: { type: string, from_env: TT }
  pin: { type: string, secret: true, from_env: SS }
steps:
  - id: a
    action: obligation.insert
    with: { wolkvox_id: \"1\", id: \"a-{{ inputs.t }}\", name: Loan }
  - id: b
    action: obligation.insert
    with: { wolkvox_id: \"1\", id: \"b-{{ inputs.t }}-{{ inputs.pin }}\", name: Loan }
";

fn with_inputs(project: &Project, arguments: &[&str], t: &str, pin: &str) -> Ran {
    let mut command = project.voxplay(arguments);
    command.env("TT", t).env("SS", pin);
    let ran = project.finish(command);
    for secret in ["secretone", "secrettwo"] {
        project.assert_hidden(secret, &ran);
    }
    ran
}

#[test]
fn inputs_that_have_changed_are_named_and_taken_where_that_is_accepted() {
    let refused = status("403 Forbidden", r#"{"code":403,"error":"expired"}"#);
    let project = Project::new(FROM_ENV, [json(DONE), refused]);
    let run = ["run", "playbook.yaml", "--run-id", "r", "--format", "json"];
    let again = ["resume", "r", "--retry-failed", "--format", "json"];
    let ran = with_inputs(&project, &run, "1", "secretone");
    assert_eq!((ran.exit, ran.arrived.len()), (1, 2), "{ran:?}");
    for arguments in [&again[..], &run[..]] {
        let ran = with_inputs(&project, arguments, "1", "secrettwo");
        assert_refused(&ran, 2, "the secret input pin");
        assert!(ran.stdout.contains("--accept-changes"), "{ran:?}");
        let ran = with_inputs(&project, arguments, "2", "secretone");
        assert_refused(&ran, 2, "the input t");
    }
    let accepted = [&again[..], &["--accept-changes"]].concat();
    let ran = with_inputs(&project, &accepted, "1", "secrettwo");
    assert_eq!((ran.exit, ran.arrived.len()), (0, 3), "{ran:?}");
    let body = String::from_utf8_lossy(&ran.arrived[2].body);
    assert!(body.contains("b-1-secrettwo"), "{body}");
}

#[test]
fn secret_inputs_are_not_compared_under_another_key() {
    let refused = status("403 Forbidden", r#"{"code":403,"error":"expired"}"#);
    let project = Project::new(FROM_ENV, [json(DONE), refused]);
    let run = ["run", "playbook.yaml", "--run-id", "r", "--format", "json"];
    let again = ["resume", "r", "--retry-failed", "--format", "json"];
    assert_eq!(with_inputs(&project, &run, "1", "secretone").exit, 1);
    let key = project.folder.path().join(".voxplay/key");
    std::fs::remove_file(&key).unwrap();
    let ran = with_inputs(&project, &again, "1", "secretone");
    assert_refused(&ran, 2, "the state folder has another key now");
    // What nobody set this time is as it was; a new token is no change.
    let mut command = project.voxplay(&[&again[..], &["--accept-changes"]].concat());
    command.env("SS", "secretone");
    let ran = project.finish(command);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 3), "{ran:?}");
}

#[test]
fn another_time_zone_is_a_change() {
    let refused = status("403 Forbidden", r#"{"code":403,"error":"expired"}"#);
    let project = Project::new(&format!("steps:\n  - {DEBT}\n"), [refused]);
    let zone = |zone: &str| {
        let server = project.server.url();
        let text = format!(
            "targets:\n  t: {{ server: \"{server}\", operation: acme, token: {{ env: WOLKVOX_TOKEN }}, timezone: {zone} }}\ndefault_target: t\n"
        );
        project.write("voxplay.yaml", &text);
    };
    zone("America/Bogota");
    assert_eq!(project.run(&["--run-id", "r"]).exit, 1);
    zone("Europe/Madrid");
    let again = ["resume", "r", "--retry-failed", "--format", "json"];
    let ran = voxplay(&project, &again);
    assert_refused(
        &ran,
        1,
        "the time zone (America/Bogota then, Europe/Madrid now)",
    );
    zone("America/Bogota");
    assert_eq!(voxplay(&project, &again).exit, 0);
}

#[test]
fn a_saved_plan_says_nothing_of_a_short_secret() {
    let project = Project::new(FROM_ENV, []);
    let plan = [
        "plan",
        "playbook.yaml",
        "--out",
        "saved.json",
        "--format",
        "json",
    ];
    let run = [
        "run",
        "playbook.yaml",
        "--plan",
        "saved.json",
        "--format",
        "json",
    ];
    let kept = |pin: &str| -> serde_json::Value {
        let ran = with_inputs(&project, &plan, "1", pin);
        assert_eq!(ran.exit, 0, "{ran:?}");
        let note = "the secret input pin has fewer than 8 characters";
        assert_eq!(ran.stdout.contains(note), pin.len() < 8, "{ran:?}");
        let saved = std::fs::read_to_string(project.folder.path().join("saved.json")).unwrap();
        serde_json::from_str(&saved).unwrap()
    };
    assert!(kept("1234")["identity"]["inputs"].get("pin").is_none());
    assert!(kept("secretone")["identity"]["inputs"].get("pin").is_some());
    assert_refused(
        &with_inputs(&project, &run, "1", "secrettwo"),
        0,
        "the input pin",
    );
    kept("1234");
    assert_eq!(with_inputs(&project, &run, "1", "5678").exit, 0);
}

#[test]
fn all_that_speaks_against_going_on_is_told_at_once() {
    let debt = |id: &str| {
        format!(
            "  - id: {id}\n    {}\n",
            DEBT.replace("ID", "{{ inputs.t }}")
        )
    };
    let delete =
        "  - id: gone\n    action: record.delete\n    with: { module: m, wolkvox_id: \"1\" }\n";
    let inputs = "inputs: { t: { type: string, default: \"1\" } }\n";
    let of = |inputs: &str, ids: [&str; 2]| {
        format!("{inputs}steps:\n{}{}{delete}", debt(ids[0]), debt(ids[1]))
    };
    let project = Project::new(&of(inputs, ["one", "two"]), [json(DONE), Answer::CutRead]);
    let ran = project.run(&["--run-id", "r", "--allow", "delete"]);
    assert_eq!((ran.exit, ran.arrived.len()), (5, 2), "{ran:?}");
    let other = of(&inputs.replace('1', "2"), ["uno", "dos"]);
    project.write("playbook.yaml", &format!("voxplay: 1\n{other}"));
    let refused = voxplay(&project, &["resume", "r"]);
    assert_eq!((refused.exit, refused.arrived.len()), (4, 2), "{refused:?}");
    for said in [
        "this has changed: the input t, the playbook",
        "first see to what else is told of its steps, which no flag accepts",
        "the step one has sent its request and is gone",
        "the step two is in doubt, and the playbook has no step of that id any more",
        "what is left of this run deletes 1 record, and nobody has allowed it",
        "4 errors: nothing was sent",
    ] {
        let told = refused
            .stderr
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert!(told.contains(said), "{said}: {refused:?}");
    }
}
