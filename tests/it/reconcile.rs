//! `reconcile`: what it says of creates, changes and deletes, and what failed though the CRM accepted it.

use serde_json::Value;

use crate::run::{Project, Ran};
use crate::server::{Answer, DONE, json};

fn voxplay(project: &Project, arguments: &[&str]) -> Ran {
    project.finish(project.voxplay(arguments))
}

/// One row a kind of request, each of which loses its answer.
const KINDS: &str = r#"
steps:
  - id: each
    for_each: { items: [create, change, delete, file], as: kind, key: "{{ kind }}" }
    on_failure: continue
    steps:
      - id: add
        when: kind == "create"
        action: obligation.insert
        with: { wolkvox_id: "64cb", id: D-1, name: Loan }
      - id: mark
        when: kind == "change"
        action: record.update
        retry: { attempts: 1 }
        with: { module: contacts, wolkvox_id: "64cb", fields: { A: b } }
      - id: drop
        when: kind == "delete"
        action: record.delete
        with: { module: contacts, wolkvox_id: "64cb" }
      - id: attach
        when: kind == "file"
        action: case.update
        with: { wolkvox_id: "64cb", responsible: Ana, status: open, files: note.txt }
"#;

fn in_doubt(kinds: &str) -> Project {
    let playbook = KINDS.replace("[create, change, delete, file]", kinds);
    let project = Project::new(&playbook, []);
    project.server.judge(|_| Answer::CutRead);
    project.write("note.txt", "as agreed");
    let ran = project.run(&["--run-id", "r", "--allow", "delete"]);
    assert_eq!(ran.exit, 5, "{ran:?}");
    project
}

#[test]
fn what_to_say_depends_on_what_was_to_become_of_the_record() {
    let create = "  it is there\n    voxplay reconcile r --ok add@create=ID\n  it is not: send it\n    voxplay reconcile r --resend add@create\n  it is not: leave it\n    voxplay reconcile r --failed add@create\n";
    let change = create.replace("it is there", "the change is there");
    let change = change.replace("add@create=ID", "mark@change");
    let change = change.replace("add@create", "mark@change");
    let file = change.replace("mark@change", "attach@file");
    let delete = "  the record is gone\n    voxplay reconcile r --ok drop@delete\n  it is still there: delete it\n    voxplay reconcile r --resend drop@delete\n  it is still there: leave it\n    voxplay reconcile r --failed drop@delete\n";
    for (kinds, said) in [
        ("[create]", create),
        ("[change]", &change),
        ("[delete]", delete),
        ("[file]", &file),
    ] {
        let ran = voxplay(&in_doubt(kinds), &["reconcile"]);
        let intro = "say what you found:\n";
        assert!(ran.stdout.ends_with(&format!("{intro}{said}")), "{ran:?}");
    }
    let project = in_doubt("[create, change, delete, file]");
    let ran = voxplay(&project, &["reconcile"]);
    let said = format!(
        "say what you found:\n\nWhat was to be created:\n{create}\nWhat was to be changed:\n{change}\nWhat was to be deleted:\n{delete}"
    );
    assert!(ran.stdout.ends_with(&said), "{ran:?}");
}

#[test]
fn as_json_it_says_which_words_it_took_and_what_is_left() {
    let project = in_doubt("[create, change, delete]");
    let json = ["reconcile", "--format", "json"];
    let words = ["--ok", "add=64ff", "--resend", "drop@delete"];
    let ran = voxplay(&project, &[&json[..], &words].concat());
    assert_eq!((ran.exit, ran.stderr.as_str()), (5, ""), "{ran:?}");
    let said = serde_json::json!({
        "event": "reconciled",
        "schema": 1,
        "run": "r",
        "words": [
            { "step": "add", "row": "create", "action": "obligation.insert", "decision": "ok", "wolkvox_id": "64ff" },
            { "step": "drop", "row": "delete", "action": "record.delete", "decision": "resend", "wolkvox_id": null },
        ],
        "in_doubt": [{ "step": "mark", "row": "change", "name": "mark@change" }],
        "warnings": [],
    });
    assert_eq!(ran.lines(), [said]);
    let ran = voxplay(&project, &[&json[..], &["--ok", "mark"]].concat());
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert_eq!(ran.lines()[0]["in_doubt"], serde_json::json!([]));
}

/// Two creates, the second with the id of the first, whose answer is not as expected.
const EXPECTING: &str = r#"
steps:
  - id: one
    action: obligation.insert
    with: { wolkvox_id: "64cb", id: D-1, name: Loan }
    expect: response.msg == "not this one"
  - id: two
    action: obligation.insert
    with: { wolkvox_id: "{{ steps.one.wolkvox_id }}", id: D-2, name: Loan }
"#;

#[test]
fn what_the_crm_accepted_can_be_taken_as_done() {
    for (id, sent) in [("", "64cb"), ("=64ff", "64ff")] {
        let project = Project::new(EXPECTING, [json(DONE), json(DONE)]);
        assert_eq!(project.run(&["--run-id", "r"]).exit, 1);
        let retry = ["resume", "r", "--retry-failed"];
        let ran = voxplay(&project, &retry);
        assert_eq!((ran.exit, ran.arrived.len()), (1, 1), "{ran:?}");
        assert!(
            ran.stderr.contains("voxplay reconcile r --ok one\n"),
            "{ran:?}"
        );
        // It is no doubt.
        let listed = voxplay(&project, &["reconcile", "r"]);
        assert_eq!(listed.exit, 0, "{listed:?}");
        assert!(
            listed.stdout.contains("Failed, though the CRM accepted it"),
            "{listed:?}"
        );
        let listed = voxplay(&project, &["reconcile", "r", "--format", "json"]);
        assert_eq!(listed.lines()[0]["event"], "accepted", "{listed:?}");
        let ok = ["reconcile", "r", "--ok", &format!("one{id}")];
        for refused in ["--failed", "--resend"] {
            let refuse = ["reconcile", "r", refused, "one"];
            assert_eq!(voxplay(&project, &refuse).exit, 3);
            assert_eq!(voxplay(&project, &ok).exit, 0);
            // Nor where that was said already.
            assert_eq!(voxplay(&project, &refuse).exit, 3);
        }
        let ran = voxplay(&project, &["resume", "r", "--format", "json"]);
        assert_eq!((ran.exit, ran.arrived.len()), (0, 2), "{ran:?}");
        assert!(
            ran.arrived[1].text().contains(&format!("\"{sent}\"")),
            "{ran:?}"
        );
        assert_eq!(ran.finished()["counts"]["ok"], 2, "{ran:?}");
    }
}

#[test]
fn rows_that_the_crm_accepted_can_be_taken_as_done() {
    let playbook = r#"
steps:
  - id: each
    for_each: { items: [a, b], as: ref, key: "{{ ref }}" }
    on_failure: continue
    rejected: rejected.csv
    steps:
      - id: one
        action: obligation.insert
        with: { wolkvox_id: "64cb", id: "{{ ref }}", name: Loan }
        expect: response.msg == "not this one"
      - id: two
        action: record.update
        with: { module: contacts, wolkvox_id: "{{ steps.one.wolkvox_id }}", fields: { A: b } }
"#;
    let project = Project::new(playbook, []);
    assert_eq!(project.run(&["--run-id", "r"]).exit, 1);
    for (name, sent, exit) in [("one@a", 3, 1), ("one", 4, 0)] {
        let settle = ["reconcile", "r", "--ok", name];
        assert_eq!(voxplay(&project, &settle).exit, 0);
        let ran = voxplay(&project, &["resume", "r", "--format", "json"]);
        assert_eq!((ran.exit, ran.arrived.len()), (exit, sent), "{ran:?}");
    }
}

#[test]
fn deletes_that_are_done_are_not_asked_for_again() {
    let playbook = r#"
steps:
  - id: drop
    action: record.delete
    with: { module: contacts, wolkvox_id: "64cb" }
  - id: each
    for_each: { items: [a, b, c], as: ref, key: "{{ ref }}" }
    on_failure: continue
    action: record.delete
    with: { module: contacts, wolkvox_id: "{{ ref }}" }
"#;
    let refused = || json(r#"{"code":403,"error":"not now"}"#);
    let script = [Answer::CutRead, json(DONE), refused(), Answer::CutRead];
    let project = Project::new(playbook, script);
    let ran = project.run(&["--run-id", "r", "--allow", "delete"]);
    assert_eq!((ran.exit, ran.arrived.len()), (5, 1), "{ran:?}");
    let resume = |more: &[&str]| voxplay(&project, &[&["resume", "r"], more].concat());
    assert_eq!(
        voxplay(&project, &["reconcile", "r", "--ok", "drop"]).exit,
        0
    );
    let ran = resume(&[]);
    assert!(ran.stderr.contains("deletes 3 records"), "{ran:?}");
    let ran = resume(&["--allow", "delete"]);
    assert_eq!((ran.exit, ran.arrived.len()), (5, 4), "{ran:?}");
    assert_eq!(
        voxplay(&project, &["reconcile", "r", "--resend", "each@c"]).exit,
        0
    );
    for (more, records) in [(&[][..], "1 record,"), (&["--retry-failed"], "2 records,")] {
        let ran = resume(more);
        assert_eq!((ran.exit, ran.arrived.len()), (4, 4), "{ran:?}");
        assert!(
            ran.stderr.contains(&format!("deletes {records}")),
            "{ran:?}"
        );
    }
    assert_eq!(
        voxplay(&project, &["reconcile", "r", "--ok", "each@c"]).exit,
        0
    );
    let ran = resume(&[]);
    assert_eq!(ran.exit, 1, "{ran:?}");
}

#[test]
fn reports_take_the_word_of_a_person() {
    let playbook = r#"
steps:
  - id: add
    action: obligation.insert
    with: { wolkvox_id: "64cb", id: D-1, name: Loan }
  - id: mark
    action: record.update
    with: { module: contacts, wolkvox_id: "64cb", fields: { A: b } }
"#;
    for (flag, exit, outcome) in [("--ok", 0, "ok"), ("--failed", 1, "failed")] {
        let project = Project::new(playbook, [Answer::CutRead, json(DONE)]);
        assert_eq!(project.run(&["--run-id", "r"]).exit, 5);
        let said = voxplay(&project, &["reconcile", "r", flag, "add"]);
        assert_eq!(said.exit, 0, "{said:?}");
        let resume = [
            "resume",
            "r",
            "--report",
            "json=r.json",
            "--report",
            "junit=r.xml",
        ];
        let ran = voxplay(&project, &resume);
        assert_eq!(ran.exit, exit, "{ran:?}");
        let read = |name: &str| std::fs::read_to_string(project.folder.path().join(name)).unwrap();
        let report: Value = serde_json::from_str(&read("r.json")).unwrap();
        assert_eq!(report["steps"][0]["step"], "add", "{report}");
        assert_eq!(report["steps"][0]["outcome"], outcome, "{report}");
        assert!(!report.to_string().contains("is not known"), "{report}");
        let failures = read("r.xml").contains("<failure");
        assert_eq!(failures, exit == 1, "{}", read("r.xml"));
        assert!(!read("r.xml").contains("<error"), "{}", read("r.xml"));
    }
}

/// The CRM does what is asked, and gives no id.
const BLANK: &str = r#"{"code":200,"error":"null","msg":"","data":{"wolkvox_id":" "}}"#;

const USING: &str = r#"
      - id: debt
        action: obligation.insert
        with: { wolkvox_id: "64cb", id: D-1, name: Loan }
      - id: note
        action: record.update
        with: { module: contacts, wolkvox_id: "{{ steps.debt.wolkvox_id }}", fields: { A: b } }
"#;

#[test]
fn an_id_that_the_crm_left_blank_can_be_given() {
    let project = Project::new(&format!("steps:{USING}"), [json(BLANK)]);
    let ran = project.run(&["--run-id", "r"]);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 1), "{ran:?}");
    let said =
        "look the record up in the CRM, and give its id with `voxplay reconcile --ok debt=ID`";
    assert!(ran.stdout.contains(said), "{ran:?}");
    let again = ["resume", "r", "--retry-failed", "--format", "json"];
    for word in [
        ["--ok", "debt"],
        ["--failed", "debt"],
        ["--resend", "debt"],
        ["--ok", "note=a1"],
    ] {
        let ran = voxplay(&project, &[&["reconcile"], &word[..]].concat());
        assert_eq!(ran.exit, 3, "{word:?} {ran:?}");
        assert_eq!(
            ran.stderr.contains("`--ok debt=ID`"),
            word[1] == "debt",
            "{ran:?}"
        );
    }
    let ran = voxplay(&project, &again);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 1), "{ran:?}");
    // Until the run has gone on with it, it can be put right, and not be taken back.
    for word in ["debt=a1", "debt=a2"] {
        assert_eq!(voxplay(&project, &["reconcile", "--ok", word]).exit, 0);
    }
    for word in ["--failed", "--resend"] {
        assert_eq!(voxplay(&project, &["reconcile", word, "debt"]).exit, 3);
    }
    let ran = voxplay(&project, &again);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 2), "{ran:?}");
    assert!(ran.arrived[1].text().contains("\"a2\""), "{ran:?}");
    // What has an id gets no other one.
    for word in ["debt=a3", "note=a3"] {
        let ran = voxplay(&project, &["reconcile", "r", "--ok", word]);
        assert_eq!(ran.exit, 3, "{ran:?}");
    }
    let report = ["runs", "show", "r", "--report", "json=r.json"];
    assert_eq!(voxplay(&project, &report).exit, 0);
    let path = project.folder.path().join("r.json");
    let report = std::fs::read_to_string(path).unwrap();
    assert!(report.contains("\"a2\""), "{report}");
}

#[test]
fn an_id_that_the_crm_left_blank_can_be_given_for_a_row() {
    let each = "for_each: { items: [a/b, \"c=d\"], as: it, key: \"{{ it }}\" }";
    let each = format!("{each}\n    on_failure: continue\n    succeeded: good.csv");
    let playbook = format!("steps:\n  - id: each\n    {each}\n    steps:{USING}");
    let project = Project::new(&playbook, [json(BLANK), json(BLANK)]);
    let ran = project.run(&["--run-id", "r"]);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 2), "{ran:?}");
    let ok = ["reconcile", "r", "--ok"];
    let ran = voxplay(&project, &[&ok[..], &["debt=a1"]].concat());
    assert!(ran.stderr.contains("debt names 2 steps"), "{ran:?}");
    let ran = voxplay(&project, &[&ok[..], &["debt@c=d"]].concat());
    assert!(ran.stderr.contains("`--ok debt@c=d=ID`"), "{ran:?}");
    let words = ["debt@a/b=a1", "--ok", "debt@c=d=a2"];
    let ran = voxplay(&project, &[&ok[..], &words].concat());
    let said = "2 ids noted; go on with: voxplay resume r --retry-failed\n";
    assert_eq!((ran.exit, ran.stderr.as_str()), (0, said));
    let ran = voxplay(&project, &["resume", "r", "--retry-failed"]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 4), "{ran:?}");
    let good = std::fs::read_to_string(project.folder.path().join("good.csv")).unwrap();
    assert!(
        good.contains("a/b,1,a1,") && good.contains("c=d,2,a2,"),
        "{good}"
    );
}
