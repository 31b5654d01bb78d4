//! Rows that must not be fed back as they are: what the CRM accepted of them, or may have, is marked in their accounts,
//! wherever in the row it stands and whatever stretch of the run writes them.

use crate::run::{Project, Ran};
use crate::server::{Answer, json};

/// A create whose `id` tells the server what to answer.
fn create(id: &str, sends: &str, indent: usize, keys: &str) -> String {
    let pad = " ".repeat(indent);
    let keys: Vec<String> = keys.lines().map(|key| format!("{pad}  {key}\n")).collect();
    let keys = keys.concat();
    format!(
        "{pad}- id: {id}\n{keys}{pad}  action: obligation.insert\n{pad}  with: {{ wolkvox_id: \"64cb\", id: \"{sends}\", name: n }}\n"
    )
}

const NEVER: &str = "expect: 1 == 2";
const NEVER_AND_ON: &str = "expect: 1 == 2\non_failure: continue";

/// A loop over one row with these steps, and a server that refuses `refuse`, loses `lose` and does all else.
fn project(steps: &str) -> Project {
    let playbook = format!(
        "steps:\n  - id: each\n    for_each: {{ csv: rows.csv, key: \"{{{{ row.key }}}}\" }}\n    on_failure: continue\n    rejected: bad.csv\n    unknown: open.csv\n    steps:\n{steps}"
    );
    let project = Project::new(&playbook, []);
    project.write("rows.csv", "key,id\nA,7\n");
    project.server.judge(|arrived| {
        if arrived.text().contains("refuse") {
            json(r#"{"code":400,"error":"no"}"#)
        } else if arrived.text().contains("lose") {
            Answer::CutRead
        } else {
            json(r#"{"code":200,"error":"null","data":{"wolkvox_id":"64cb"}}"#)
        }
    });
    project
}

fn file(project: &Project, name: &str) -> String {
    std::fs::read_to_string(project.folder.path().join(name)).unwrap()
}

fn row(project: &Project, name: &str) -> String {
    let text = file(project, name);
    text.lines().nth(1).unwrap_or_default().to_owned()
}

/// Feeds an account back, without accounts of its own; nothing of it may be sent.
fn feed_back(project: &Project, name: &str) -> Ran {
    let sent = project.server.arrived().len();
    project.write("rows.csv", &file(project, name));
    let playbook = file(project, "playbook.yaml");
    let playbook = playbook.replace("    rejected: bad.csv\n    unknown: open.csv\n", "");
    project.write("playbook.yaml", &playbook);
    for command in ["check", "plan"] {
        let said = project.finish(project.voxplay(&[command, "playbook.yaml"]));
        let told = format!("{}{}", said.stdout, said.stderr);
        assert!(
            told.contains("; empty this cell only where"),
            "{command}: {told}"
        );
    }
    let ran = project.run(&[]);
    assert_eq!(ran.arrived.len(), sent, "{ran:?}");
    assert_ne!(ran.exit, 0, "{ran:?}");
    ran
}

/// What `rejected` says of the one row after the run, after it was gone on with, and after failures were tried again:
/// always the same; and fed back, nothing of it is sent.
fn stays_marked(steps: &str) -> String {
    let project = project(steps);
    let ran = project.run(&[]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    let first = row(&project, "bad.csv");
    for arguments in [&["resume"][..], &["resume", "--retry-failed"]] {
        project.finish(project.voxplay(arguments));
        assert_eq!(row(&project, "bad.csv"), first, "{arguments:?}");
    }
    feed_back(&project, "bad.csv");
    first
}

#[test]
fn a_row_is_marked_wherever_the_step_stands_that_was_accepted() {
    let group =
        |keys: &str, steps: &str| format!("      - id: group\n{keys}        steps:\n{steps}");
    let told = stays_marked(&group("", &create("call", "7", 10, NEVER)));
    assert!(
        told.starts_with("A,7,1,call (accepted),failed,200,"),
        "{told}"
    );
    assert!(told.contains("its id is 64cb"), "{told}");
    // In a group that goes on, before a step that fails.
    let on = "        on_failure: continue\n";
    let steps = group(on, &create("call", "7", 10, NEVER)) + &create("debt", "refuse", 6, "");
    let told = stays_marked(&steps);
    assert!(told.starts_with("A,7,1,call (accepted),failed,"), "{told}");
    // Behind a step that failed.
    let steps =
        create("debt", "refuse", 6, "on_failure: continue") + &create("call", "7", 6, NEVER);
    let told = stays_marked(&steps);
    let step = "A,7,1,\"debt, call (accepted)\",failed,400,";
    assert!(told.starts_with(step), "{told}");
    assert!(
        told.contains("the CRM did accept call: its id is 64cb"),
        "{told}"
    );
    // More than one.
    let steps = create("call", "7", 6, NEVER_AND_ON) + &create("debt", "8", 6, NEVER);
    let told = stays_marked(&steps);
    let step = "A,7,1,\"call (accepted), debt (accepted)\",failed,200,";
    assert!(told.starts_with(step), "{told}");
}

#[test]
fn a_row_is_marked_by_what_was_accepted_in_a_loop_inside_it() {
    let inner = "      - id: inner\n        for_each: { items: \"{{ ['c/d', 'e'] }}\", as: it, key: \"{{ it }}\" }\n        on_failure: continue\n        steps:\n";
    let told = stays_marked(&(inner.to_owned() + &create("call", "7", 10, NEVER)));
    let step = "A,7,1,\"inner, call@A/c%2Fd (accepted), call@A/e (accepted)\",failed,,";
    assert!(told.starts_with(step), "{told}");
}

#[test]
fn what_was_accepted_in_a_loop_that_is_passed_over_stays_marked() {
    let inner = "      - id: inner\n        for_each: { items: \"{{ ['c'] }}\", as: it, key: \"{{ it }}\" }\n        on_failure: continue\n        steps:\n";
    let first = create("debt", "refuse", 6, "on_failure: continue");
    let project = project(&(first + inner + &create("call", "7", 10, NEVER)));
    assert_eq!(project.run(&[]).exit, 1);
    let step = "A,7,1,\"debt, call@A/c (accepted)\",failed,400,";
    assert!(row(&project, "bad.csv").starts_with(step));
    // Now the row stops at its first step.
    let playbook = file(&project, "playbook.yaml").replacen(
        "on_failure: continue\n        action",
        "action",
        1,
    );
    project.write("playbook.yaml", &playbook);
    let again = [
        "resume",
        "--retry-failed",
        "--accept-changes",
        "--format",
        "json",
    ];
    let again = project.finish(project.voxplay(&again));
    assert_eq!(again.exit, 1, "{again:?}");
    assert_eq!(again.outcome("inner"), "not_run", "{again:?}");
    let told = row(&project, "bad.csv");
    assert!(told.starts_with(step), "{told}");
}

#[test]
fn a_row_is_marked_by_what_a_used_playbook_did_in_its_finally() {
    let project = project("      - { id: use, use: used.yaml }\n");
    let used = format!(
        "voxplay: 1\nsteps:\n{}finally:\n{}",
        create("debt", "refuse", 2, ""),
        create("call", "7", 2, NEVER)
    );
    project.write("used.yaml", &used);
    assert_eq!(project.run(&[]).exit, 1);
    let first = row(&project, "bad.csv");
    let step = "A,7,1,\"use.debt, use.call (accepted)\",failed,400,";
    assert!(first.starts_with(step), "{first}");
    project.finish(project.voxplay(&["resume"]));
    assert_eq!(row(&project, "bad.csv"), first);
    feed_back(&project, "bad.csv");
}

#[test]
fn a_row_in_doubt_names_the_step_in_doubt_and_is_not_fed_back() {
    let steps = create("debt", "refuse", 6, "on_failure: continue")
        + &create("call", "7", 6, NEVER_AND_ON)
        + &create("last", "lose", 6, "");
    let project = project(&steps);
    let ran = project.run(&[]);
    assert_eq!(ran.exit, 5, "{ran:?}");
    assert_eq!(
        ran.events("row_finished")[0]["failed_step"],
        "last",
        "{ran:?}"
    );
    assert!(ran.events("row_finished")[0]["code"].is_null(), "{ran:?}");
    let first = row(&project, "open.csv");
    assert!(
        first.starts_with("A,7,1,\"last, call (accepted)\",unknown,,"),
        "{first}"
    );
    assert!(
        first.contains("whether the CRM did it is not known"),
        "{first}"
    );
    let again = project.finish(project.voxplay(&["resume"]));
    assert_eq!(again.exit, 5, "{again:?}");
    assert_eq!(row(&project, "open.csv"), first);
    let fed = feed_back(&project, "open.csv");
    let told = format!("{}{}", fed.stdout, fed.stderr);
    assert!(told.contains("`voxplay reconcile`"), "{told}");
}

#[test]
fn rows_of_an_account_are_held_back_wherever_they_come_from() {
    let rows = r#"[{"key":"A","id":"1","_row":1,"_step":"a (accepted)","_outcome":"failed","_code":200,"_message":"x"},
        {"key":"B","id":"2","_row":2,"_step":"a","_outcome":"unknown","_code":null,"_message":"x"},
        {"key":"C","id":"3","_row":3,"_step":"a","_outcome":"failed","_code":null,"_message":"x"}]"#;
    for source in [
        "json: rows.json",
        "yaml: rows.yaml",
        "items: \"{{ inputs.list }}\"",
    ] {
        let playbook = format!(
            "inputs:\n  list: {{ type: array, default: [] }}\nsteps:\n  - id: each\n    for_each: {{ {source} }}\n    on_failure: continue\n    rejected: bad.csv\n    unknown: open.csv\n    steps:\n{}",
            create("a", "{{ row.id }}", 6, "")
        );
        let project = Project::new(&playbook, []);
        project
            .server
            .judge(|_| json(r#"{"code":200,"error":"null","data":{"wolkvox_id":"64cb"}}"#));
        project.write("rows.json", rows);
        project.write("rows.yaml", rows);
        project.write("in.yaml", &format!("list: {rows}\n"));
        let ran = project.run(&["--inputs", "in.yaml"]);
        assert_eq!(ran.arrived.len(), 1, "{source}: {ran:?}");
        assert!(ran.arrived[0].text().contains("\"3\""), "{source}: {ran:?}");
        assert!(
            row(&project, "bad.csv").contains("a (accepted)"),
            "{source}"
        );
    }
}
