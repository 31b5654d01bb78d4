//! Which rows of a loop a plan shows, and what it counts of the others.

use std::process::{Command, Output};

use serde_json::Value as Json;
use tempfile::TempDir;
use voxplay::schema::Schema;
use voxplay::value::Value;

const CONFIG: &str = "targets:\n  acme: { server: \"http://127.0.0.1:9\", operation: acme, token: { env: TOKEN } }\n";

fn plan(playbook: &str, more: &[&str]) -> Output {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("voxplay.yaml"), CONFIG).unwrap();
    std::fs::write(folder.path().join("pb.yaml"), playbook).unwrap();
    let rows: Vec<String> = (1..=20).map(|row| format!("{row}\n")).collect();
    let rows = format!("it\n{}", rows.concat());
    std::fs::write(folder.path().join("rows.csv"), rows).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_voxplay"));
    command
        .args([&["plan", "pb.yaml"], more].concat())
        .current_dir(folder.path())
        .env_clear()
        .env("COLUMNS", "80")
        .env("TOKEN", "made-up-token-7f3");
    command.output().unwrap()
}

fn human(playbook: &str, more: &[&str]) -> String {
    let output = plan(playbook, more);
    String::from_utf8(output.stdout).unwrap()
}

fn document(playbook: &str, more: &[&str]) -> Json {
    let output = plan(playbook, &[&["--format", "json"], more].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    let schema = include_str!("../../schemas/plan.schema.json");
    let schema = Schema::compile(&serde_json::from_str(schema).unwrap()).unwrap();
    let violations = schema.violations(&Value::from_json_text(&text).unwrap());
    assert_eq!(violations, [], "{text}");
    serde_json::from_str(&text).unwrap()
}

/// Twelve rows, of which the second is left out and the eleventh deletes.
const LOOP: &str = r#"voxplay: 1
steps:
  - id: each
    for_each: { items: "{{ range(1, 13) | map('string') | list }}", as: it }
    when: it != "2"
    steps:
      - { id: mark, action: record.update, with: { module: contacts, wolkvox_id: "{{ it }}", fields: { A: b } } }
      - { id: gone, when: it == "11", action: record.delete, with: { module: contacts, wolkvox_id: "{{ it }}" } }
"#;

fn numbers(of: &Json) -> Vec<u64> {
    let first = &of["rows"]["sample"];
    let more = of["more_items"].as_array().unwrap();
    let more = more.iter().map(|item| &item["sample"]);
    let all = [first].into_iter().chain(more);
    all.map(|sample| sample["number"].as_u64().unwrap())
        .collect()
}

#[test]
fn the_first_rows_are_shown_and_each_that_does_something_new() {
    let document = document(LOOP, &[]);
    let each = &document["steps"][0];
    assert_eq!(numbers(each), [1, 3, 4, 5, 6, 11]);
    assert_eq!(each["not_shown"], 5);
    assert_eq!(each["counts"]["update"]["certain"], 11);
    let last = &each["more_items"][4]["steps"][1];
    assert_eq!(last["request"]["json"]["wolkvox-id"], "11");
    let skipped = &each["steps"][1];
    assert_eq!(
        skipped["because"],
        "in this row `when: it == \"11\"` does not hold"
    );
    let text = human(LOOP, &[]);
    assert!(text.contains("\n  row 11:\n"), "{text}");
    assert!(
        text.contains("5 more rows run and are not shown: --all-rows shows them"),
        "{text}"
    );
    let text = human(LOOP, &["--format", "markdown"]);
    assert!(text.contains("Row 11, key `11`"), "{text}");
    assert!(text.contains("5 more rows run and are not shown"), "{text}");
}

#[test]
fn all_rows_are_shown_where_that_is_asked_for() {
    let document = document(LOOP, &["--all-rows"]);
    let each = &document["steps"][0];
    assert_eq!(numbers(each), [1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    assert_eq!(each["not_shown"], 0);
    assert!(!human(LOOP, &["--all-rows"]).contains("not shown"));
}

/// The inner loop of the seventh row deletes with its last row.
const NESTED: &str = r#"voxplay: 1
steps:
  - id: outer
    for_each: { items: "{{ range(1, 9) | list }}", as: a }
    steps:
      - id: inner
        for_each: { items: "{{ range(1, 8) | list }}", as: b }
        steps:
          - { id: mark, action: record.update, with: { module: contacts, wolkvox_id: "{{ a }}-{{ b }}", fields: { A: b } } }
          - { id: gone, when: a == 7 and b == 7, action: record.delete, with: { module: contacts, wolkvox_id: "x{{ b }}" } }
"#;

#[test]
fn a_loop_in_a_loop_shows_what_is_new_as_well() {
    let document = document(NESTED, &[]);
    let outer = &document["steps"][0];
    assert_eq!(numbers(outer), [1, 2, 3, 4, 5, 7]);
    let inner = &outer["more_items"][4]["steps"][0];
    assert_eq!(numbers(inner), [1, 2, 3, 4, 5, 7]);
    assert_eq!(outer["counts"]["update"]["certain"], 56);
    assert_eq!(document["counts"]["delete"]["certain"], 1);
}

#[test]
fn batches_are_items_too() {
    let playbook = r#"voxplay: 1
steps:
  - id: each
    for_each: { items: "{{ range(1, 15) | map('string') | list }}", batch: 2 }
    action: record.delete
    with: { module: contacts, wolkvox_id: "{{ rows }}" }
"#;
    let document = document(playbook, &[]);
    assert_eq!(numbers(&document["steps"][0]), [1, 3, 5, 7, 9]);
    assert_eq!(document["counts"]["records_deleted"]["certain"], 14);
    let text = human(playbook, &[]);
    assert!(
        text.contains("2 more batches run and are not shown"),
        "{text}"
    );
}

const OPEN: &str = r#"voxplay: 1
limits: { requests: 2, deletes: 3 }
steps:
  - { id: mark, action: record.update, with: { module: contacts, wolkvox_id: "1", fields: { A: b } } }
  - id: ids
    for_each: { csv: "{{ steps.mark.wolkvox_id }}.csv", as: row }
    action: record.delete
    with: { module: contacts, wolkvox_id: "{{ row.id }}" }
"#;

#[test]
fn only_what_is_not_known_is_open() {
    let document = document(OPEN, &[]);
    let counts = &document["counts"];
    assert_eq!(counts["update"]["open"], false);
    assert_eq!(counts["delete"]["open"], true);
    assert_eq!(counts["records_deleted"]["open"], true);
    let text = human(OPEN, &[]);
    for line in [
        "DELETES an unknown number of records, which nothing can undo",
        "  update   1 request\n",
        "  delete   an unknown number of requests for an unknown number of records",
        "  limits   requests 1 or more of 2, may be more than allowed: a run would stop",
        "for each row of (known after steps.mark).csv",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let wide = text.lines().find(|line| line.chars().count() > 80);
    assert_eq!(wide, None);
}

#[test]
fn a_limit_that_is_surely_passed_is_said_to_be() {
    let playbook = OPEN.split_once("  - id: ids").unwrap().0;
    let playbook = playbook.replace("requests: 2", "requests: 0");
    let output = plan(&playbook, &[]);
    assert_eq!(output.status.code(), Some(4));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("limits   requests 1 of 0, more than allowed: a run is refused"),
        "{text}"
    );
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("the run needs 1 request, and 0 are allowed"),
        "{told}"
    );
}

/// Twenty rows; no request can be made of two beyond the first ten, and one has no key.
const BROKEN: &str = r#"voxplay: 1
steps:
  - id: each
    for_each: { csv: rows.csv, key: "{{ '' if row.it == '19' else row.it }}" }
    on_failure: continue
    steps:
      - { id: mark, action: record.update, with: { module: contacts, wolkvox_id: "{{ row.it }}", fields: { A: b } } }
      - { id: due, action: record.update, with: { module: contacts, wolkvox_id: "{{ '' if row.it == '12' else 'x' }}", fields: { A: "{{ 'soon' | int if row.it == '15' else 1 }}" } } }
      - { id: then, action: record.update, with: { module: contacts, wolkvox_id: "1", fields: { A: b } } }
"#;

#[test]
fn what_cannot_be_sent_is_not_counted_and_told() {
    let document = document(BROKEN, &[]);
    let each = &document["steps"][0];
    // 17 rows send three requests, two send the first one, and one sends nothing.
    let counts = serde_json::json!({ "certain": 53, "possible": 53, "open": false });
    assert_eq!(document["counts"]["requests"], counts);
    assert_eq!(each["counts"]["update"], counts);
    assert_eq!(each["rows"]["unsendable"], 3);
    assert_eq!(each["not_shown"], 14);
    let findings = document["findings"].as_array().unwrap();
    let told: Vec<&str> = findings
        .iter()
        .map(|finding| finding["message"].as_str().unwrap())
        .collect();
    let said =
        "3 rows of rows.csv cannot be sent: row 12 (line 13), row 15 (line 16), row 19 (line 20)";
    assert_eq!(told, [said]);
    assert_eq!(findings[0]["level"], "warning");
    let help = findings[0]["help"].as_str().unwrap();
    assert!(
        help.starts_with(
            "row 12 (line 13): `with` of record.update: `wolkvox_id` must not be blank;"
        )
    );
    assert!(help.ends_with("or they will count as failed"), "{help}");
    let text = human(BROKEN, &[]);
    assert!(
        text.contains("3 that cannot be sent and will fail"),
        "{text}"
    );
    assert!(plan(BROKEN, &[]).status.success());
    let markdown = plan(BROKEN, &["--format", "markdown"]);
    let markdown = String::from_utf8(markdown.stdout).unwrap();
    assert!(markdown.contains(said), "{markdown}");
}

#[test]
fn steps_behind_a_request_that_cannot_be_made_are_passed_over() {
    let document = document(BROKEN, &["--all-rows"]);
    let items = document["steps"][0]["more_items"].as_array().unwrap();
    // The row without a key sends nothing, and is not shown.
    assert_eq!(items.len(), 18);
    let steps = &items[10]["steps"];
    assert!(
        steps[1]["request"]["problem"]
            .as_str()
            .unwrap()
            .contains("blank")
    );
    assert_eq!(steps[2]["runs"], "no");
    let because = steps[2]["because"].as_str().unwrap();
    assert_eq!(because, "nothing can be sent for `due` before it");
}

#[test]
fn rows_in_rows_are_told_with_the_way_to_them() {
    let playbook = r#"voxplay: 1
steps:
  - id: outer
    for_each: { csv: rows.csv, as: o }
    steps:
      - id: inner
        for_each: { items: [a, b], as: i }
        action: record.update
        with: { module: contacts, wolkvox_id: "{{ '' if o.it == '11' and i == 'b' else i }}", fields: { A: b } }
      - { id: then, action: record.update, with: { module: contacts, wolkvox_id: "1", fields: { A: b } } }
"#;
    let document = document(playbook, &[]);
    assert_eq!(document["counts"]["requests"]["certain"], 58);
    let finding = &document["findings"][0];
    assert_eq!(
        finding["message"],
        "1 row of items cannot be sent: row 11 (line 12), row 2"
    );
    let help = finding["help"].as_str().unwrap();
    assert!(
        help.ends_with("put it right: the run stops there"),
        "{help}"
    );
}

#[test]
fn what_is_known_not_to_be_sent_is_in_no_count() {
    let twice = r#"voxplay: 1
steps:
  - id: each
    for_each: { items: [{ k: a, id: "1" }, { k: b, id: "2" }, { k: a, id: "3" }], key: "{{ row.k }}" }
    on_failure: continue
    action: record.delete
    with: { module: contacts, wolkvox_id: "{{ row.id }}" }
"#;
    let skipped = r#"voxplay: 1
steps:
  - id: never
    when: target.operation == "other"
    action: record.update
    with: { module: contacts, wolkvox_id: "1", fields: { A: b } }
  - id: sent
    action: record.delete
    with: { module: contacts, wolkvox_id: "1" }
  - id: alone
    on_failure: continue
    action: record.delete
    with: { module: contacts, wolkvox_id: "{{ steps.never.wolkvox_id }}" }
  - id: group
    on_failure: continue
    steps:
      - { id: first, action: record.delete, with: { module: contacts, wolkvox_id: "{{ steps.never.wolkvox_id }}" } }
      - { id: behind, action: record.delete, with: { module: contacts, wolkvox_id: "1" } }
  - id: last
    action: record.delete
    with: { module: contacts, wolkvox_id: "2" }
"#;
    for playbook in [twice, skipped] {
        let document = document(playbook, &[]);
        let deletes = &document["counts"]["delete"];
        assert_eq!(
            (&deletes["certain"], &deletes["possible"]),
            (&2.into(), &2.into()),
            "{playbook}"
        );
    }
}
