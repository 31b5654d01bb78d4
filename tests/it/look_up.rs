//! `reconcile --look-up` from outside: what is asked, what is proposed, and that nothing is settled by it.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::run::{Project, Ran, TOKEN};
use crate::server::{Answer, Arrived, DONE, json, status};

const QUERY: &str = r#"
name: record.query
summary: Find records by one field
documentation: documented
page: { title: "Query" }
effect: read
method: POST
path: /server/API/v2/custom/query.php
encoding: json
params:
  type: object
  additionalProperties: false
  required: [module, field, value]
  properties:
    module: { type: string, description: its module }
    field: { type: string, description: the field }
    value: { type: [string, number], description: what stands in it }
    limit: { type: integer, minimum: 1, maximum: 2, description: records a page }
    page: { type: integer, minimum: 1, description: the page }
body:
  operation: "{{ target.operation }}"
  module: "{{ with.module }}"
  field: "{{ with.field }}"
  value: "{{ with.value }}"
  limit: "{{ with.limit }}"
  page: "{{ with.page }}"
request: { type: object }
response: { type: object, required: [code, data] }
outputs: { records: "{{ response.data }}" }
paging: { page: page, limit: limit, max_limit: 2, records: "{{ response.data }}", total_pages: "{{ response['Total pages'] }}" }
examples:
  - { name: one, with: { module: contacts, field: ref, value: a } }
"#;

const INSERT: &str = r#"
name: record.insert
summary: Add a record
documentation: documented
page: { title: "Insert" }
effect: create
method: POST
path: /server/API/v2/custom/insert.php
encoding: json
params:
  type: object
  additionalProperties: false
  required: [module, ref]
  properties:
    module: { type: string, description: its module }
    ref: { type: string, description: a reference of our own }
    note: { type: string, description: a note }
body: { operation: "{{ target.operation }}", module: "{{ with.module }}", fields: { ref: "{{ with.ref }}", note: "{{ with.note }}" } }
request: { type: object }
response: { type: object }
outputs: { wolkvox_id: { value: "{{ response.data.wolkvox_id }}", id: true } }
lookup:
  action: record.query
  with: { module: "{{ with.module }}", field: ref, value: "{{ with.ref }}" }
  same: found.ref == with.ref
  description: the reference is unique
examples:
  - { name: one, with: { module: contacts, ref: a } }
"#;

/// A create that is looked up, and an update that needs its id.
const PLAYBOOK: &str = r#"
steps:
  - id: add
    action: record.insert
    with: { module: contacts, ref: r-1 }
  - id: mark
    action: record.update
    with: { module: contacts, wolkvox_id: "{{ steps.add.wolkvox_id }}", fields: { A: b } }
"#;

/// A project whose create loses its answer; queries are answered with these records.
fn project(playbook: &str, records: &'static str) -> Project {
    let project = Project::new(playbook, [Answer::CutRead]);
    project.write("actions/record.query.yaml", QUERY);
    project.write("actions/record.insert.yaml", INSERT);
    project.server.judge(move |arrived| {
        if is_query(arrived) {
            let is_first = body(arrived)["page"] == 1;
            let records = if is_first { records } else { "[]" };
            json(&format!(
                r#"{{"code":"200","error":"null","data":{records}}}"#
            ))
        } else {
            json(DONE)
        }
    });
    let ran = project.run(&["--run-id", "r"]);
    assert_eq!((ran.exit, ran.arrived.len()), (5, 1), "{ran:?}");
    project
}

fn is_query(arrived: &Arrived) -> bool {
    arrived.line.contains("/query.php")
}

fn voxplay(project: &Project, arguments: &[&str]) -> Ran {
    project.finish(project.voxplay(arguments))
}

fn look_up(project: &Project) -> Ran {
    voxplay(
        project,
        &["reconcile", "r", "--look-up", "--format", "json"],
    )
}

/// The only proposal; nothing may be settled by it.
fn proposal(project: &Project) -> Value {
    let ran = look_up(project);
    assert_eq!(ran.exit, 5, "{ran:?}");
    let doubts = ran.events("in_doubt");
    assert_eq!(doubts.len(), 1, "{ran:?}");
    let again = voxplay(project, &["reconcile", "r", "--format", "json"]);
    assert_eq!(again.events("in_doubt").len(), 1, "{again:?}");
    assert!(again.events("in_doubt")[0]["proposal"].is_null());
    doubts[0]["proposal"].clone()
}

fn body(arrived: &Arrived) -> Value {
    serde_json::from_str(arrived.text()).unwrap()
}

#[test]
fn what_was_created_is_proposed_and_gone_on_with_once_a_person_says_so() {
    let project = project(
        PLAYBOOK,
        r#"[{"wolkvox_id":"64cc","ref":"R-1"},{"wolkvox_id":"64cb","ref":"r-1"}]"#,
    );
    // A first look costs nothing, and says that there is a second.
    let listed = voxplay(&project, &["reconcile", "r"]);
    assert_eq!((listed.exit, listed.arrived.len()), (5, 1), "{listed:?}");
    assert!(
        listed.stdout.contains("reconcile r --look-up"),
        "{listed:?}"
    );

    let ran = look_up(&project);
    let doubt = &ran.events("in_doubt")[0];
    assert_eq!(doubt["look_up"], "record.query");
    assert_eq!(doubt["proposal"]["answer"], "found");
    assert_eq!(doubt["proposal"]["decisions"], json!(["ok"]));
    assert_eq!(doubt["proposal"]["wolkvox_id"], "64cb");
    assert_eq!(ran.arrived.len(), 3, "a full page has another after it");
    assert_eq!(
        body(&ran.arrived[1]),
        json!({"operation": "acme", "module": "contacts", "field": "ref", "value": "r-1", "limit": 2, "page": 1})
    );

    let human = voxplay(&project, &["reconcile", "r", "--look-up"]);
    assert_eq!(human.exit, 5, "{human:?}");
    let command = "voxplay reconcile r --ok add --wolkvox-id 64cb\n";
    assert!(human.stdout.contains(command), "{human:?}");
    assert!(
        human.stdout.contains("the reference is unique"),
        "{human:?}"
    );
    for line in human.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    // Asking has settled nothing.
    let early = voxplay(&project, &["resume", "r", "--format", "json"]);
    assert_eq!(early.exit, 5, "{early:?}");

    let words: Vec<&str> = command.split_whitespace().skip(1).collect();
    let settled = voxplay(&project, &words);
    assert_eq!(settled.exit, 0, "{settled:?}");
    let sent = settled.arrived.len();
    let resumed = voxplay(&project, &["resume", "r", "--format", "json"]);
    assert_eq!((resumed.exit, resumed.arrived.len()), (0, sent + 1));
    assert_eq!(body(&resumed.arrived[sent])["wolkvox-id"], "64cb");
}

#[test]
fn what_is_not_there_may_be_sent_again_or_left() {
    let project = project(PLAYBOOK, r#"[{"wolkvox_id":"64cc","ref":"r-10"}]"#);
    let proposal = proposal(&project);
    assert_eq!(proposal["answer"], "not_found");
    assert_eq!(proposal["decisions"], json!(["resend", "failed"]));
    assert_eq!(
        (&proposal["seen"], &proposal["requests"]),
        (&json!(1), &json!(1))
    );
    let human = voxplay(&project, &["reconcile", "r", "--look-up"]);
    assert!(human.stdout.contains("does not show it yet"), "{human:?}");
    assert!(
        human.stdout.contains("reconcile r --resend add\n"),
        "{human:?}"
    );
    assert!(
        human.stdout.contains("reconcile r --failed add\n"),
        "{human:?}"
    );
}

#[test]
fn of_two_that_fit_none_is_proposed() {
    let project = project(
        PLAYBOOK,
        r#"[{"wolkvox_id":"64ca","ref":"r-1"},{"wolkvox_id":"64cb","ref":"r-1"}]"#,
    );
    let proposal = proposal(&project);
    assert_eq!(proposal["answer"], "several");
    assert_eq!(proposal["decisions"], json!([]));
    let human = voxplay(&project, &["reconcile", "r", "--look-up"]);
    assert!(human.stdout.contains("64ca") && human.stdout.contains("64cb"));
    assert!(human.stdout.contains("--ok add=ID"), "{human:?}");
}

#[test]
fn a_record_that_was_there_before_is_not_proposed() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let before = now.as_secs() - 3600;
    let records = format!(r#"[{{"wolkvox_id":"{before:08x}397b1dcdaf000001","ref":"r-1"}}]"#);
    let project = project(PLAYBOOK, records.leak());
    let proposal = proposal(&project);
    assert_eq!(
        (&proposal["answer"], &proposal["decisions"]),
        (&json!("older"), &json!([]))
    );
}

#[test]
fn a_read_that_is_refused_tells_nothing() {
    let project = project(PLAYBOOK, "[]");
    project
        .server
        .judge(|_| status("404 Not Found", r#"{"code":404,"error":"no such module"}"#));
    let refused = proposal(&project);
    assert_eq!(refused["answer"], "not_known");
    assert_eq!(refused["reason"], "HTTP 404, code 404, no such module");
    assert_eq!(
        (&refused["decisions"], &refused["requests"]),
        (&json!([]), &json!(1))
    );
    // Nor does one whose records do not show what is compared.
    project
        .server
        .judge(|_| json(r#"{"code":"200","data":[{"wolkvox_id":"64cb"}]}"#));
    let other = proposal(&project);
    assert_eq!(other["answer"], "not_known");
    assert!(
        other["reason"].as_str().unwrap().contains("same"),
        "{other}"
    );
}

#[test]
fn a_read_is_sent_again_where_its_answer_is_lost() {
    let project = project(PLAYBOOK, "[]");
    let first = std::sync::atomic::AtomicBool::new(true);
    project.server.judge(move |_| {
        if first.swap(false, std::sync::atomic::Ordering::SeqCst) {
            return Answer::CutRead;
        }
        json(r#"{"code":"200","data":[{"wolkvox_id":"64cb","ref":"r-1"}]}"#)
    });
    let proposal = proposal(&project);
    assert_eq!(
        (&proposal["answer"], &proposal["requests"]),
        (&json!("found"), &json!(2))
    );
}

#[test]
fn pages_are_read_to_the_last_and_a_server_that_repeats_one_is_noticed() {
    let project = project(PLAYBOOK, "[]");
    project.server.judge(|arrived| {
        let page = body(arrived)["page"].as_u64().unwrap();
        let records = match page {
            1 => r#"[{"wolkvox_id":"1","ref":"a"},{"wolkvox_id":"2","ref":"b"}]"#,
            2 => r#"[{"wolkvox_id":"3","ref":"c"},{"wolkvox_id":"4","ref":"r-1"}]"#,
            _ => panic!("there is no such page"),
        };
        json(&format!(
            r#"{{"code":"200","page":{page},"Total pages":2,"data":{records}}}"#
        ))
    });
    let last = proposal(&project);
    assert_eq!(
        (&last["wolkvox_id"], &last["seen"]),
        (&json!("4"), &json!(4))
    );
    project.server.judge(|_| {
        json(r#"{"code":"200","data":[{"wolkvox_id":"1","ref":"a"},{"wolkvox_id":"2","ref":"b"}]}"#)
    });
    let same = proposal(&project);
    assert_eq!(
        (&same["answer"], &same["requests"]),
        (&json!("not_known"), &json!(2))
    );
    assert!(
        same["reason"].as_str().unwrap().contains("over and over"),
        "{same}"
    );
}

#[test]
fn a_secret_is_not_searched_for_by_its_mask() {
    let playbook = |where_it_is: &str| {
        format!(
            "inputs:\n  pin: {{ type: string, secret: true, from_env: PIN }}\nsteps:\n  - id: add\n    action: record.insert\n    with: {{ module: contacts, {where_it_is} }}\n"
        )
    };
    for (where_it_is, answer) in [
        ("ref: \"x-{{ inputs.pin }}\"", "not_known"),
        // The look-up does not need it.
        ("ref: r-1, note: \"{{ inputs.pin }}\"", "not_found"),
    ] {
        let project = Project::new(&playbook(where_it_is), [Answer::CutRead]);
        project.write("actions/record.query.yaml", QUERY);
        project.write("actions/record.insert.yaml", INSERT);
        project
            .server
            .judge(|_| json(r#"{"code":"200","data":[]}"#));
        let mut run = project.command(&["--run-id", "r"]);
        run.env("PIN", "hush-hush-9");
        let ran = project.finish(run);
        assert_eq!(ran.exit, 5, "{ran:?}");
        let proposal = proposal(&project);
        assert_eq!(proposal["answer"], answer, "{proposal}");
        let ran = look_up(&project);
        project.assert_hidden("hush-hush-9", &ran);
        if answer == "not_known" {
            let reason = proposal["reason"].as_str().unwrap();
            assert!(reason.contains("`ref` holds a secret"), "{reason}");
            assert_eq!(ran.arrived.len(), 1, "nothing was asked");
        }
    }
}

#[test]
fn only_where_the_run_went_is_looked() {
    let config = |server: &str, operation: &str| {
        format!(
            "targets:\n  t: {{ server: \"{server}\", operation: {operation}, token: {{ env: WOLKVOX_TOKEN }}, daily_budget: 3 }}\ndefault_target: t\n"
        )
    };
    let project = Project::new(PLAYBOOK, [Answer::CutRead]);
    let server = project.server.url();
    project.write("actions/record.query.yaml", QUERY);
    project.write("actions/record.insert.yaml", INSERT);
    project
        .server
        .judge(|_| json(r#"{"code":"200","data":[]}"#));
    project.write("voxplay.yaml", &config(&server, "acme"));
    assert_eq!(project.run(&["--run-id", "r"]).exit, 5);
    for (server, operation, said) in [
        ("http://127.0.0.1:9", "acme", "changed"),
        (server.as_str(), "other", "changed"),
        ("evil.example", "acme", "forbidden-host"),
    ] {
        project.write("voxplay.yaml", &config(server, operation));
        let ran = look_up(&project);
        assert_eq!((ran.exit, ran.arrived.len()), (4, 1), "{ran:?}");
        assert!(ran.stdout.contains(said), "{said}: {ran:?}");
        assert_eq!(ran.events("in_doubt").len(), 0, "{ran:?}");
    }
    // It counts against the day's requests, also after the run has ended.
    project.write("voxplay.yaml", &config(&server, "acme"));
    for (answer, arrived) in [("not_found", 2), ("not_found", 3), ("not_known", 3)] {
        let ran = look_up(&project);
        let doubt = &ran.events("in_doubt")[0];
        assert_eq!(doubt["proposal"]["answer"], answer, "{ran:?}");
        assert_eq!(ran.arrived.len(), arrived, "{ran:?}");
    }
    // A run that has ended has ended, whatever was looked up since.
    let list = voxplay(&project, &["runs"]);
    assert!(list.stdout.contains("unknown"), "{list:?}");
    let shown = voxplay(&project, &["runs", "show", "r"]);
    assert!(
        shown
            .stdout
            .contains("looked up with record.query: not found"),
        "{shown:?}"
    );
}

#[test]
fn look_ups_that_come_to_nothing_are_not_gone_on_with() {
    let playbook = "steps:\n  - id: each\n    for_each: { csv: rows.csv, key: \"k{{ row.id }}\" }\n    on_failure: continue\n    steps:\n      - id: add\n        action: record.insert\n        with: { module: contacts, ref: \"{{ row.id }}\" }\n";
    let project = Project::new(playbook, vec![Answer::CutRead; 5]);
    project.write("actions/record.query.yaml", QUERY);
    project.write("actions/record.insert.yaml", INSERT);
    project.write("rows.csv", "id\n1\n2\n3\n4\n5\n");
    project.server.judge(|_| status("401 Unauthorized", ""));
    assert_eq!(project.run(&["--run-id", "r"]).exit, 5);
    let ran = look_up(&project);
    assert_eq!(ran.events("in_doubt").len(), 5, "{ran:?}");
    assert_eq!(ran.arrived.len(), 5 + 3, "{ran:?}");
    // The commands find a journal that lies elsewhere.
    let path = |name: &str| project.folder.path().join(name);
    std::fs::rename(path(".voxplay"), path("the state")).unwrap();
    // One by one they are proposed under their rows.
    project.server.judge(|arrived| {
        let value = body(arrived)["value"].as_str().unwrap().to_owned();
        json(&format!(
            r#"{{"code":"200","data":[{{"wolkvox_id":"id-{value}","ref":"{value}"}}]}}"#
        ))
    });
    let human = voxplay(
        &project,
        &["reconcile", "r", "--look-up", "--state-dir", "the state"],
    );
    for row in 1..=5 {
        let command = format!(
            "voxplay reconcile r --ok add@k{row} --wolkvox-id id-{row} --state-dir 'the state'\n"
        );
        assert!(human.stdout.contains(&command), "{human:?}");
    }
}

#[test]
fn without_a_look_up_nothing_is_sent_and_nothing_more_is_kept() {
    let playbook = "steps:\n  - id: debt\n    action: obligation.insert\n    with: { wolkvox_id: \"1\", id: \"1\", name: Loan }\n";
    let project = Project::new(playbook, [Answer::CutRead]);
    assert_eq!(project.run(&["--run-id", "r"]).exit, 5);
    let ran = look_up(&project);
    assert_eq!((ran.exit, ran.arrived.len()), (5, 1), "{ran:?}");
    let doubt = &ran.events("in_doubt")[0];
    assert!(doubt["look_up"].is_null() && doubt["proposal"].is_null());
    let human = voxplay(&project, &["reconcile", "r", "--look-up"]);
    assert!(human.stdout.contains("names no look-up"), "{human:?}");
    let listed = voxplay(&project, &["reconcile", "r"]);
    assert!(!listed.stdout.contains("--look-up"), "{listed:?}");
    let shown = voxplay(&project, &["runs", "show", "r", "--format", "json"]);
    let attempts = shown.events("attempt_started");
    assert!(attempts[0].get("with").is_none(), "{attempts:?}");
    let both = voxplay(
        &project,
        &["reconcile", "r", "--look-up", "--failed", "debt"],
    );
    assert_eq!(both.exit, 2, "{both:?}");
}

/// Two rows whose creates have the same reference; these answers come to them.
fn twins(answers: [Answer; 2], id: &str) -> Project {
    let playbook = "steps:\n  - id: each\n    for_each: { items: [k0, k1], as: row, key: \"{{ row }}\" }\n    on_failure: continue\n    steps:\n      - id: add\n        action: record.insert\n        with: { module: contacts, ref: r-1, note: \"{{ row }}\" }\n";
    let project = Project::new(playbook, answers);
    project.write("actions/record.query.yaml", QUERY);
    project.write("actions/record.insert.yaml", INSERT);
    let found =
        format!(r#"{{"code":"200","error":"null","data":[{{"wolkvox_id":"{id}","ref":"r-1"}}]}}"#);
    project.server.judge(move |_| json(&found));
    assert_eq!(project.run(&["--run-id", "r"]).exit, 5);
    project
}

/// The id that [`DONE`] gives.
const GIVEN: &str = "64cb";

#[test]
fn a_record_that_another_row_has_created_is_not_proposed() {
    let project = twins([json(DONE), Answer::CutRead], GIVEN);
    let proposal = proposal(&project);
    assert_eq!(
        (&proposal["answer"], &proposal["decisions"]),
        (&json!("shared"), &json!([]))
    );
    assert!(proposal["wolkvox_id"].is_null(), "{proposal}");
    assert_eq!(proposal["records"][0]["wolkvox_id"], GIVEN);
    let human = voxplay(&project, &["reconcile", "r", "--look-up"]);
    assert!(human.stdout.contains("add@k0 created it"), "{human:?}");
    assert!(!human.stdout.contains("--wolkvox-id"), "{human:?}");

    // Who says it all the same is warned, and believed; another id is nothing to warn of.
    for (id, warned) in [(GIVEN, true), ("64cc", false)] {
        let word = format!("add@k1={id}");
        let said = voxplay(
            &project,
            &["reconcile", "r", "--ok", &word, "--format", "json"],
        );
        assert_eq!(said.exit, 0, "{said:?}");
        let warnings = &said.events("reconciled")[0]["warnings"];
        let text = warnings.to_string();
        assert_eq!(text.contains("add@k0 and add@k1 have"), warned, "{said:?}");
        assert_eq!(warnings == &json!([]), !warned, "{said:?}");
    }
    let word = format!("add@k1={GIVEN}");
    let said = voxplay(&project, &["reconcile", "r", "--ok", &word]);
    assert!(
        said.stderr.contains("warning: add@k0 and add@k1"),
        "{said:?}"
    );
}

#[test]
fn of_two_doubts_one_record_is_proposed_for_neither() {
    let project = twins([Answer::CutRead, Answer::CutRead], "64cd");
    let ran = look_up(&project);
    let doubts = ran.events("in_doubt");
    assert_eq!(doubts.len(), 2, "{ran:?}");
    for (doubt, other) in doubts.iter().zip(["add@k1", "add@k0"]) {
        let proposal = &doubt["proposal"];
        assert_eq!(proposal["answer"], "shared", "{proposal}");
        let reason = proposal["reason"].as_str().unwrap();
        assert!(
            reason.contains(&format!("fits {other} as well")),
            "{reason}"
        );
    }
    // Once it is known whose it is, it says nothing of the other one.
    let ok = voxplay(&project, &["reconcile", "r", "--ok", "add@k0=64cd"]);
    assert_eq!(ok.exit, 5, "{ok:?}");
    assert!(!ok.stderr.contains("warning"), "{ok:?}");
    let proposal = proposal(&project);
    let reason = proposal["reason"].as_str().unwrap();
    assert!(reason.contains("add@k0 created it"), "{reason}");
}

#[test]
fn no_command_is_proposed_with_an_id_that_is_masked() {
    let project = twins([json(DONE), Answer::CutRead], TOKEN);
    let proposal = proposal(&project);
    assert_eq!(proposal["answer"], "not_known", "{proposal}");
    assert!(proposal["wolkvox_id"].is_null(), "{proposal}");
    let reason = proposal["reason"].as_str().unwrap();
    assert!(reason.contains("holds a secret"), "{reason}");
    let human = voxplay(&project, &["reconcile", "r", "--look-up"]);
    assert!(!human.stdout.contains("--wolkvox-id"), "{human:?}");
    assert!(human.stdout.contains("--ok add@k1=ID"), "{human:?}");
}
