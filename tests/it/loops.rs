//! Loops from outside: order, side by side, failures, accounts, sources, pace.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use proptest::prelude::*;

use crate::run::{Project, Ran, TOKEN};
use crate::server::{Answer, Arrived, DONE, json};

/// A loop of one update a row: what `for_each` holds, and the keys beside it.
fn each(source: &str, keys: &str) -> String {
    format!(
        "steps:\n  - id: each\n    for_each: {{ {source} }}\n{keys}    steps:\n      - id: mark\n        action: record.update\n        retry: {{ attempts: 2, backoff: 1ms }}\n        with: {{ module: contacts, wolkvox_id: \"{{{{ row.id }}}}\", fields: {{ A: b }} }}\n"
    )
}

fn keys(keys: &[&str]) -> String {
    let lines: Vec<String> = keys.iter().map(|key| format!("    {key}\n")).collect();
    lines.concat()
}

fn csv(rows: std::ops::RangeInclusive<usize>) -> String {
    let rows: Vec<String> = rows.map(|row| format!("{row}\n")).collect();
    format!("id\n{}", rows.concat())
}

/// The id that an update speaks of.
fn id_of(arrived: &Arrived) -> String {
    let body: serde_json::Value = serde_json::from_str(arrived.text()).unwrap();
    body["wolkvox-id"].as_str().unwrap().to_owned()
}

fn ids(ran: &Ran) -> Vec<String> {
    ran.arrived.iter().map(id_of).collect()
}

/// Done, with the id that the request named.
fn echo(arrived: &Arrived) -> Answer {
    json(&format!(
        r#"{{"code":200,"error":"null","data":{{"wolkvox_id":"{}"}}}}"#,
        id_of(arrived)
    ))
}

fn refused() -> Answer {
    json(r#"{"code":400,"error":"no such record"}"#)
}

/// A project with rows 1 to `rows`, of which some are refused.
fn refusing(playbook: &str, rows: usize, bad: &'static [&'static str]) -> Project {
    let project = Project::new(playbook, []);
    project.write("rows.csv", &csv(1..=rows));
    project.server.judge(move |arrived| {
        if bad.contains(&id_of(arrived).as_str()) {
            refused()
        } else {
            echo(arrived)
        }
    });
    project
}

fn rows(ran: &Ran) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    ran.events("row_finished")
        .iter()
        .map(|row| (text(&row["row"]), text(&row["outcome"])))
        .collect()
}

fn counts(ran: &Ran) -> BTreeMap<String, u64> {
    let counts = ran.finished()["counts"].clone();
    let counts: BTreeMap<String, u64> = serde_json::from_value(counts).unwrap();
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}

fn expected(counts: &[(&str, u64)]) -> BTreeMap<String, u64> {
    let counts = counts.iter();
    counts
        .map(|(name, count)| ((*name).to_owned(), *count))
        .collect()
}

fn file(project: &Project, name: &str) -> String {
    std::fs::read_to_string(project.folder.path().join(name)).unwrap()
}

#[test]
fn rows_run_side_by_side_and_are_told_in_their_order() {
    let playbook = each("csv: rows.csv", &keys(&["concurrency: 4"]))
        + "outputs: { ids: \"{{ steps.each.ids.mark }}\" }\n";
    // Nobody is answered before four are there: with fewer at once it would never end.
    let project = Project::new(&playbook, vec![Answer::Held(DONE); 4]);
    project.write("rows.csv", &csv(1..=9));
    project.server.judge(echo);
    let child = project.command(&[]).spawn().unwrap();
    project.server.wait_for(4);
    let mut first: Vec<String> = project.server.arrived().iter().map(id_of).collect();
    first.sort();
    assert_eq!(first, ["1", "2", "3", "4"]);
    project.server.release();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));

    // The first row ends last, and is still told first.
    let project = Project::new(&playbook, [Answer::Held(DONE)]);
    project.write("rows.csv", &csv(1..=9));
    project.server.judge(echo);
    let playbook = playbook.replace("concurrency: 4", "concurrency: 2");
    project.write("playbook.yaml", &format!("voxplay: 1\n{playbook}"));
    let child = project.command(&[]).spawn().unwrap();
    project.server.wait_for(9);
    project.server.release();
    let ran = project.ran(child.wait_with_output().unwrap());
    assert_eq!(ran.exit, 0);
    let order: Vec<String> = rows(&ran).into_iter().map(|(row, _)| row).collect();
    assert_eq!(order, ["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    // Ids too; the one that was held was given another.
    let outputs = ran.finished()["outputs"]["ids"].clone();
    let ids: Vec<String> = serde_json::from_value(outputs).unwrap();
    let held = ids.iter().position(|id| id == "64cb").unwrap();
    assert!(held < 2, "{ids:?}");
    for (number, id) in ids.iter().enumerate().filter(|(number, _)| *number != held) {
        assert_eq!(*id, (number + 1).to_string());
    }
}

#[test]
fn rows_of_one_kind_keep_their_order_and_never_overlap() {
    let playbook = each(
        "csv: rows.csv, serialize_by: \"{{ row.kind }}\"",
        &keys(&["concurrency: 8"]),
    );
    let project = Project::new(&playbook, vec![Answer::Held(DONE); 2]);
    project.write("rows.csv", "id,kind\n1,a\n2,a\n3,a\n4,b\n5,a\n6,b\n");
    project.server.judge(echo);
    let child = project.command(&[]).spawn().unwrap();
    // Six places are free, and only the first of each kind are there.
    project.server.wait_for(2);
    let mut first: Vec<String> = project.server.arrived().iter().map(id_of).collect();
    first.sort();
    assert_eq!(first, ["1", "4"]);
    project.server.release();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
    let all: Vec<String> = project.server.arrived().iter().map(id_of).collect();
    let of = |kind: &[&str]| -> Vec<String> {
        let all = all.iter().filter(|id| kind.contains(&id.as_str()));
        all.cloned().collect()
    };
    assert_eq!(of(&["1", "2", "3", "5"]), ["1", "2", "3", "5"]);
    assert_eq!(of(&["4", "6"]), ["4", "6"]);
}

#[test]
fn an_account_of_an_earlier_run_is_told_where_its_loop_was_not_reached() {
    let playbook = |first: &str| {
        let rows = each("csv: rows.csv", &keys(&["rejected: bad.csv"]));
        let first = format!(
            "  - id: first\n    action: record.update\n    with: {{ module: c, wolkvox_id: \"{first}\", fields: {{ A: b }} }}\n"
        );
        format!(
            "voxplay: 1\n{}",
            rows.replacen("steps:\n", &format!("steps:\n{first}"), 1)
        )
    };
    let project = Project::new("steps: []", []);
    project.write("rows.csv", &csv(1..=1));
    project.write("playbook.yaml", &playbook("0"));
    let ran = project.finish(project.command_as("human", &[]));
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(!ran.stderr.contains("earlier run"), "{ran:?}");
    project
        .server
        .judge(|_| json(r#"{"code":400,"error":"no"}"#));
    let ran = project.finish(project.command_as("human", &[]));
    assert_eq!(ran.exit, 1, "{ran:?}");
    assert!(
        ran.stderr.contains("note: bad.csv is of an earlier run"),
        "{ran:?}"
    );
}

/// A loop that goes on: a create, then an update with this id, for each row of `rows.csv`.
fn going_on(condition: &str, id: &str) -> String {
    format!(
        "steps:\n  - id: each\n    for_each: {{ csv: rows.csv }}\n    on_failure: continue\n    steps:\n      - id: owe\n        action: obligation.insert\n        with: {{ wolkvox_id: \"{{{{ row.id }}}}\", id: \"{{{{ row.id }}}}\", name: Loan }}\n      - id: mark\n        when: {condition}\n        action: record.update\n        with: {{ module: contacts, wolkvox_id: \"{id}\", fields: {{ A: b }} }}\n"
    )
}

#[test]
fn a_mistake_of_the_playbook_is_none_of_the_row() {
    let rows = |blank: std::ops::Range<usize>| {
        let cell = |row| if blank.contains(&row) { "" } else { "x" };
        let rows = (1..=30).map(|row| format!("{row},{}\n", cell(row)));
        format!("id,name\n{}", rows.collect::<String>())
    };
    for (condition, id, blank) in [
        // Whatever a row holds: a number where text is wanted, in all rows or in those that come to it.
        ("true", "{{ loop.index }}", 0..0),
        ("row.id == '3'", "{{ loop.index }}", 0..0),
        ("loop.index == '1'", "{{ row.id }}", 0..0),
        // A name that no row has, and a type that fits in none.
        ("true", "{{ row.nam }}", 0..0),
        ("true", "{{ row.name | length }}", 0..0),
        // A cell is text, whatever it holds: it is never smaller than a number, and has no sum with one.
        ("row.id < 10", "{{ row.id }}", 0..0),
        ("row.id == 10 or row.id > 2", "{{ row.id }}", 0..0),
        ("true", "{{ row.id + 1 }}", 0..0),
    ] {
        let project = Project::new(&going_on(condition, id), []);
        project.write("rows.csv", &rows(blank));
        let ran = project.run(&[]);
        assert_eq!((ran.exit, ran.arrived.len()), (3, 0), "{id}: {ran:?}");
        let plan = project.finish(project.voxplay(&["plan", "playbook.yaml"]));
        assert_eq!(plan.exit, 3, "{id}: {plan:?}");
    }
    // What a row holds is the row's, and be it the same in all.
    for (id, blank, ok, failed) in [
        ("{{ row.name }}", 1..21, 10, 20),
        ("{{ row.name }}", 0..99, 0, 30),
        ("{{ row.name | parse_date('%Y') }}", 0..0, 0, 30),
        // A null is a blank in another spelling.
        ("{{ none if row.name else row.name }}", 0..0, 0, 30),
        ("{{ (none if row.name else row.name) + 'x' }}", 0..0, 0, 30),
        // A type that only some rows have, and a text that is none of a number.
        ("{{ row.id + 1 if row.name else row.id }}", 1..21, 20, 10),
        ("{{ row.name | int }}", 0..0, 0, 30),
    ] {
        let project = Project::new(&going_on("true", id), vec![]);
        project.write("rows.csv", &rows(blank));
        project.server.judge(|_| json(DONE));
        let ran = project.run(&[]);
        assert_eq!(ran.exit, 1, "{ran:?}");
        let wanted = [("ok", ok), ("failed", failed)];
        let wanted: Vec<_> = wanted.into_iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(counts(&ran), expected(&wanted));
    }
}

#[test]
fn what_a_row_skips_is_known_before() {
    let playbook = "steps:\n  - id: each\n    for_each: { csv: rows.csv }\n    steps:\n      - id: owe\n        when: row.id != '2'\n        action: obligation.insert\n        with: { wolkvox_id: \"{{ row.id }}\", id: \"{{ row.id }}\", name: Loan }\n      - id: mark\n        action: record.update\n        with: { module: contacts, wolkvox_id: \"{{ steps.owe.wolkvox_id }}\", fields: { A: b } }\n";
    let project = Project::new(playbook, []);
    project.write("rows.csv", &csv(1..=3));
    let ran = project.run(&[]);
    assert_eq!((ran.exit, ran.arrived.len()), (3, 0), "{ran:?}");
    assert!(
        ran.stdout.contains(
            "row 2 (line 3): `steps.owe.wolkvox_id` is undefined: the step owe is skipped"
        ),
        "{ran:?}"
    );
    assert!(!ran.stdout.contains("row 3"), "{ran:?}");
    // Where the others go on, only that row fails; the plan says so.
    let goes_on = playbook.replace("    steps:", "    on_failure: continue\n    steps:");
    project.write("playbook.yaml", &format!("voxplay: 1\n{goes_on}"));
    let plan = project.finish(project.voxplay(&["plan", "playbook.yaml"]));
    assert_eq!(plan.exit, 0, "{plan:?}");
    let marks = plan.stdout.matches("(known after steps.owe)").count();
    let none = plan.stdout.matches("no request can be made").count();
    assert_eq!((marks, none), (2, 1), "{plan:?}");
}

#[test]
fn batches_are_counted_the_same_before_and_in_a_run() {
    let playbook = "steps:\n  - id: each\n    for_each: { csv: rows.csv, batch: 2 }\n    on_failure: continue\n    action: record.update\n    with: { module: c, wolkvox_id: \"{{ rows[0].id }}\", fields: { A: \"{{ loop.index }}\" } }\n";
    let project = Project::new(playbook, []);
    project.write("rows.csv", "id,name\na,1\nb\nc,3\nd,4\ne,5\n");
    let ran = project.run(&[]);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 3), "{ran:?}");
    let plan = project.finish(project.voxplay(&["plan", "playbook.yaml", "--format", "json"]));
    for (number, arrived) in ran.arrived.iter().enumerate() {
        let body: serde_json::Value = serde_json::from_str(arrived.text()).unwrap();
        assert_eq!(body["fields"]["A"], number + 1, "{ran:?}");
        // What was planned is what is sent.
        let sent = body.to_string();
        let squeezed: String = plan.stdout.split_whitespace().collect();
        assert!(squeezed.contains(&sent), "{sent}\n{}", plan.stdout);
    }
}

#[test]
fn batches_groups_loops_in_loops_and_conditions() {
    let project = Project::new(
        "steps:\n  - id: each\n    for_each: { csv: rows.csv, batch: 2 }\n    steps:\n      - id: gone\n        action: record.delete\n        with: { module: contacts, wolkvox_id: \"{{ rows | map(attribute='id') | list }}\" }\n",
        [],
    );
    project.write("rows.csv", &csv(1..=5));
    let ran = project.run(&["--allow", "delete"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert_eq!(ran.arrived.len(), 3);
    assert!(ran.arrived[2].text().contains(r#"["5"]"#), "{ran:?}");
    assert_eq!(counts(&ran), expected(&[("ok", 5)]));

    let project = Project::new(
        "steps:\n  - id: each\n    for_each: { jsonl: rows.jsonl, key: \"{{ row.id }}\" }\n    when: row.go\n    steps:\n      - id: group\n        steps:\n          - id: inner\n            for_each: { items: \"{{ row.subs }}\", as: sub }\n            steps:\n              - id: mark\n                action: record.update\n                with: { module: contacts, wolkvox_id: \"{{ row.id }}-{{ sub }}\", fields: { A: \"{{ loop.index }}\" } }\n",
        [],
    );
    project.write(
        "rows.jsonl",
        "{\"id\":\"a\",\"go\":true,\"subs\":[\"x\",\"y\"]}\n{\"id\":\"b\",\"go\":false,\"subs\":[\"x\"]}\n{\"id\":\"c/d\",\"go\":true,\"subs\":[\"z\"]}\n",
    );
    let ran = project.run(&[]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert_eq!(ids(&ran), ["a-x", "a-y", "c/d-z"]);
    let told: Vec<String> = rows(&ran).into_iter().map(|(row, _)| row).collect();
    assert_eq!(told, ["a/1", "a/2", "a", "b", "c%2Fd/1", "c%2Fd"]);
    assert_eq!(counts(&ran), expected(&[("ok", 2), ("skipped", 1)]));
}

#[test]
fn failures_stop_a_loop_or_not() {
    let after = "  - id: after\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"99\", fields: { A: b } }\n";
    for (more, exit, wanted, sent) in [
        (
            &[][..],
            1,
            &[("ok", 1), ("failed", 1), ("not_run", 9)][..],
            2,
        ),
        (
            &["on_failure: continue"],
            1,
            &[("ok", 9), ("failed", 2)],
            11,
        ),
        (
            &["max_failures: 1"],
            1,
            &[("ok", 3), ("failed", 2), ("not_run", 6)],
            5,
        ),
        (
            &["max_failures: 10%"],
            1,
            &[("ok", 3), ("failed", 2), ("not_run", 6)],
            5,
        ),
        // Written out, the default of `on_failure` means what it means left out.
        (
            &["max_failures: 19.5%", "on_failure: stop"],
            1,
            &[("ok", 3), ("failed", 2), ("not_run", 6)],
            5,
        ),
        (
            &["max_failures: 0.5%"],
            1,
            &[("ok", 1), ("failed", 1), ("not_run", 9)],
            2,
        ),
        (
            &["max_failures: 20%", "on_failure: continue"],
            1,
            &[("ok", 9), ("failed", 2)],
            11,
        ),
        (
            &["max_failures: 0", "on_failure: continue"],
            1,
            &[("ok", 1), ("failed", 1), ("not_run", 9)],
            2,
        ),
    ] {
        let playbook = each("csv: rows.csv", &keys(more)) + after;
        let project = refusing(&playbook, 10, &["2", "5"]);
        let ran = project.run(&["--rejected", "bad.csv", "--succeeded", "good.csv"]);
        assert_eq!(ran.exit, exit, "{more:?} {ran:?}");
        assert_eq!(counts(&ran), expected(wanted), "{more:?}");
        assert_eq!(ran.arrived.len(), sent, "{more:?}");
        let rows = rows(&ran);
        assert_eq!(rows.len(), 10, "{more:?}");
        let bad = rows
            .iter()
            .filter(|(_, outcome)| outcome == "failed")
            .count();
        assert_eq!(
            file(&project, "bad.csv").lines().count(),
            bad + 1,
            "{more:?}"
        );
    }
}

#[test]
fn a_row_in_doubt_is_not_among_those_to_be_fed_back() {
    let playbook = "steps:\n  - id: each\n    for_each: { csv: rows.csv, key: \"{{ row.id }}\" }\n    on_failure: continue\n    steps:\n      - id: owe\n        action: obligation.insert\n        with: { wolkvox_id: \"{{ row.id }}\", id: \"{{ row.id }}\", name: Loan }\n";
    let project = Project::new(playbook, [json(DONE), Answer::CutRead, refused()]);
    project.write(
        "rows.csv",
        "id,name\n007,Ana\n008,\"Luz; \"\"x\"\"\"\n009,Eva\n010,Pia\n",
    );
    let files = [
        "--rejected",
        "bad.csv",
        "--succeeded",
        "good.csv",
        "--unknown",
        "doubt.csv",
    ];
    let ran = project.run(&files);
    assert_eq!(ran.exit, 5, "{ran:?}");
    assert_eq!(
        counts(&ran),
        expected(&[("ok", 2), ("failed", 1), ("unknown", 1)])
    );
    let first = |name: &str| -> Vec<String> {
        let text = file(&project, name);
        text.lines()
            .map(|line| line.split(',').next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(first("good.csv"), ["id", "007", "010"]);
    assert_eq!(first("bad.csv"), ["id", "009"]);
    assert_eq!(first("doubt.csv"), ["id", "008"]);
    // What was rejected goes straight back.
    std::fs::copy(
        project.folder.path().join("bad.csv"),
        project.folder.path().join("rows.csv"),
    )
    .unwrap();
    let ran = project.run(&["--rejected", "bad.csv"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(ran.arrived[4].text().contains("\"009\""), "{ran:?}");
    assert_eq!(file(&project, "bad.csv").lines().count(), 1);
}

#[test]
fn a_row_that_cannot_be_read_or_has_a_known_key_fails_alone() {
    let playbook = each(
        "csv: rows.csv, key: \"{{ row.id }}\"",
        &keys(&["on_failure: continue", "concurrency: 3"]),
    );
    let project = Project::new(&playbook, []);
    project.write("rows.csv", "id,name\n1,a\n2,b,c,d\n1,again\n ,blank\n5,e\n");
    let ran = project.run(&["--rejected", "bad.csv"]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    let mut sent = ids(&ran);
    sent.sort();
    assert_eq!(sent, ["1", "5"]);
    assert_eq!(counts(&ran), expected(&[("ok", 2), ("failed", 3)]));
    assert_eq!(file(&project, "bad.csv").lines().count(), 4);
}

#[test]
fn accounts_of_several_loops_are_named() {
    let one = each("csv: rows.csv", &keys(&["on_failure: continue"]));
    let two = one
        .replace("steps:\n  - id: each", "  - id: other")
        .replace("id: mark", "id: mark2");
    let project = refusing(&(one + &two), 3, &["2"]);
    project
        .run(&["--rejected", "bad.csv"])
        .assert_refused(3, "invalid-value");
    let ran = project.run(&["--rejected", "other=bad.csv"]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    assert!(file(&project, "bad.csv").contains("mark2"));
}

#[test]
fn rows_come_from_every_kind_of_file() {
    for (source, name, text) in [
        (
            "jsonl: r.jsonl",
            "r.jsonl",
            "{\"id\":\"José\"}\n{\"id\":\"007\"}\n".as_bytes(),
        ),
        (
            "json: r.json",
            "r.json",
            r#"[{"id":"José"},{"id":"007"}]"#.as_bytes(),
        ),
        (
            "yaml: r.yaml",
            "r.yaml",
            "- id: José\n- id: \"007\"\n".as_bytes(),
        ),
        (
            "csv: r.csv",
            "r.csv",
            "\u{feff}id;x\r\nJosé;1\r\n007;2\r\n".as_bytes(),
        ),
        ("csv: r.csv", "r.csv", b"id;x\nJos\xe9;1\n007;2\n"),
    ] {
        let project = Project::new(&each(source, ""), []);
        std::fs::write(project.folder.path().join(name), text).unwrap();
        let ran = project.run(&[]);
        assert_eq!(ran.exit, 0, "{source}: {ran:?}");
        assert_eq!(ids(&ran), ["José", "007"], "{source}");
    }
    let playbook = each("items: \"{{ steps.before.wolkvox_id }}\"", "")
        .replace("row.id", "row")
        .replace(
            "steps:\n  - id: each",
            "steps:\n  - id: before\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"1\", fields: { A: b } }\n  - id: each",
        );
    let several = json(r#"{"code":200,"error":"null","data":{"wolkvox_id":["a","b"]}}"#);
    let ran = Project::new(&playbook, [several]).run(&[]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert_eq!(ids(&ran), ["1", "a", "b"]);
}

#[test]
fn a_file_that_is_not_there_fails_the_loop_and_the_run() {
    let looped = each("csv: \"{{ steps.before.wolkvox_id }}\"", "")
        .replace("steps:\n  - id: each", "- id: each");
    let looped = looped.replace('\n', "\n    ");
    let playbook = format!(
        "steps:\n  - id: before\n    action: record.update\n    with: {{ module: contacts, wolkvox_id: \"1\", fields: {{ A: b }} }}\n  - id: group\n    on_failure: continue\n    steps:\n      {}\n",
        looped.trim_end()
    );
    let ran = Project::new(&playbook, []).run(&[]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    assert_eq!(counts(&ran), expected(&[("ok", 1), ("failed", 1)]));
}

fn paced(project: &Project, rules: &str) -> Ran {
    project.write(
        "voxplay.yaml",
        &format!(
            "targets:\n  t: {{ server: \"{}\", operation: acme, token: {{ env: WOLKVOX_TOKEN }}, {rules} }}\n",
            project.server.url()
        ),
    );
    project.run(&["--target", "t"])
}

#[test]
fn the_pace_of_the_target_is_shared_by_all_rows() {
    let playbook = each("csv: rows.csv", &keys(&["concurrency: 8"]));
    let project = refusing(&playbook, 10, &[]);
    let ran = paced(&project, "rate: 20/s");
    assert_eq!(ran.exit, 0, "{ran:?}");
    let span = ran.arrived[9].at.duration_since(ran.arrived[0].at);
    assert!(span >= Duration::from_millis(400), "{span:?}");

    // With one request at once, the second is not sent while the first is held: else two would be there.
    let project = Project::new(&playbook, [Answer::Held(DONE)]);
    project.write("rows.csv", &csv(1..=3));
    project.server.judge(echo);
    project.server.release();
    let ran = paced(&project, "concurrency: 1");
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert_eq!(ids(&ran), ["1", "2", "3"]);

    // One row is asked to wait: all do, and then still keep the rate.
    let wait = Answer::Http("429 Too Many", "Retry-After: 1\r\n".to_owned(), Vec::new());
    let project = Project::new(&playbook, [wait]);
    project.write("rows.csv", &csv(1..=8));
    project.server.judge(echo);
    let ran = paced(&project, "rate: 20/s");
    assert_eq!((ran.exit, ran.arrived.len()), (0, 9), "{ran:?}");
    let gaps: Vec<Duration> = ran
        .arrived
        .windows(2)
        .map(|two| two[1].at - two[0].at)
        .collect();
    let longest = gaps.iter().max().unwrap();
    assert!(*longest >= Duration::from_millis(800), "{gaps:?}");
    let held = gaps.iter().position(|gap| gap == longest).unwrap();
    let after = ran.arrived.len() - held - 1;
    assert!(after >= 3, "{gaps:?}");
    let rest = ran.arrived[8].at - ran.arrived[held + 1].at;
    let least = Duration::from_millis(40) * u32::try_from(after - 1).unwrap();
    assert!(rest >= least, "{gaps:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// read = ok + failed + unknown + skipped + not_run; each row is told once, in order, as the CRM saw it.
    #[test]
    fn every_row_is_accounted_for(
        fates in proptest::collection::vec(0_u8..6, 1..40),
        concurrency in 1_usize..12,
        policy in proptest::sample::select(vec!["on_failure: stop", "on_failure: continue", "max_failures: 3", "max_failures: 25%"]),
        kinds in 1_usize..5,
    ) {
        let playbook = each(
            "csv: rows.csv, serialize_by: \"{{ row.kind }}\"",
            &keys(&[&format!("concurrency: {concurrency}"), policy, "when: row.go == 'yes'"]),
        );
        let project = Project::new(&playbook, []);
        let mut rows_file = "id,kind,go\n".to_owned();
        for (row, fate) in fates.iter().enumerate() {
            let go = if *fate == 5 { "no" } else { "yes" };
            writeln!(rows_file, "{row},{},{go}", row % kinds).unwrap();
        }
        project.write("rows.csv", &rows_file);
        let of_rows = fates.clone();
        project.server.judge(move |arrived| match of_rows[id_of(arrived).parse::<usize>().unwrap()] {
            3 => refused(),
            4 => Answer::CutRead,
            _ => echo(arrived),
        });
        let ran = project.run(&["--rejected", "bad.csv", "--succeeded", "good.csv", "--unknown", "doubt.csv"]);
        let told = rows(&ran);
        let order: Vec<String> = told.iter().map(|(row, _)| row.clone()).collect();
        let all: Vec<String> = (1..=fates.len()).map(|row| row.to_string()).collect();
        prop_assert_eq!(order, all);
        let counts = counts(&ran);
        prop_assert_eq!(counts.values().sum::<u64>(), fates.len() as u64);
        let came: Vec<String> = ids(&ran);
        for ((_, outcome), (row, fate)) in told.iter().zip(fates.iter().enumerate()) {
            let sent = came.contains(&row.to_string());
            let wanted = match (sent, fate) {
                (true, 3) => "failed",
                (true, 4) => "unknown",
                (true, _) => "ok",
                (false, 5) if outcome == "skipped" => "skipped",
                (false, _) => "not_run",
            };
            prop_assert_eq!(outcome, wanted);
        }
        for (name, outcome) in [("bad.csv", "failed"), ("good.csv", "ok"), ("doubt.csv", "unknown")] {
            let lines = file(&project, name).lines().count() as u64;
            prop_assert_eq!(lines, counts.get(outcome).copied().unwrap_or_default() + 1);
        }
        let wanted = if counts.contains_key("unknown") { 5 } else { i32::from(counts.contains_key("failed")) };
        prop_assert_eq!(ran.exit, wanted);
    }
}

#[test]
fn a_secret_in_the_key_of_a_row_shows_nowhere_and_the_row_is_known_again() {
    let playbook = format!(
        "inputs:\n  pin: {{ type: string, secret: true, from_env: PIN }}\n{}",
        each(
            "csv: rows.csv, as: row, key: \"{{ inputs.pin }}-{{ row.id }}\"",
            &keys(&["on_failure: continue"])
        )
    );
    let project = refusing(&playbook, 3, &["2"]);
    let run = |arguments: &[&str]| {
        let mut command = project.command(arguments);
        command.env("PIN", "s3cret-s3cret");
        project.finish(command)
    };
    let first = run(&["--run-id", "once"]);
    assert_eq!(counts(&first), expected(&[("ok", 2), ("failed", 1)]));
    project.assert_hidden("s3cret-s3cret", &first);
    let again = run(&["--run-id", "once"]);
    assert_eq!(again.arrived.len(), 3, "what became of them is known");
    project.assert_hidden("s3cret-s3cret", &again);
}

/// Two loops over one file, of which the first names an account itself where `own` says so.
fn two_loops(own: &str) -> Project {
    let each = |id: &str, own: &str| {
        format!(
            "  - id: {id}\n    for_each: {{ csv: rows.csv }}\n{own}    action: record.update\n    with: {{ module: contacts, wolkvox_id: \"{{{{ row.id }}}}\", fields: {{ A: b }} }}\n"
        )
    };
    let project = Project::new(
        &format!("steps:\n{}{}", each("one", own), each("two", "")),
        [],
    );
    project.write("rows.csv", "id\n1\n2\n");
    project
}

#[test]
fn accounts_take_the_place_of_nothing_but_accounts() {
    let outside = tempfile::tempdir().unwrap();
    let outside = outside.path().join("bad.csv").display().to_string();
    for (own, flags, said) in [
        ("", "--rejected one=rows.csv", "the data of a loop"),
        ("", "--rejected one=./out/../rows.csv", "the data of a loop"),
        ("", "--rejected one=playbook.yaml", "the playbook as well"),
        (
            "",
            "--unknown one=.voxplay/journal.sqlite",
            "the journal as well",
        ),
        ("", "--succeeded one=out", "is a folder"),
        ("", "--succeeded one=nowhere/a.csv", "there is no folder"),
        ("", "--succeeded one=a.csv --rejected two=a.csv", "as well"),
        ("", "--succeeded one=a.csv --report json=a.csv", "as well"),
        ("", "--succeeded three=a.csv", "names none of them"),
        ("    rejected: rows.csv\n", "", "the data of a loop"),
        ("    rejected: playbook.yaml\n", "", "the playbook as well"),
        (
            &format!("    rejected: {outside}\n"),
            "",
            "outside the project",
        ),
    ] {
        let project = two_loops(own);
        std::fs::create_dir(project.folder.path().join("out")).unwrap();
        std::fs::create_dir(project.folder.path().join(".voxplay")).unwrap();
        project.write(".voxplay/journal.sqlite", "of somebody else");
        let flags: Vec<&str> = flags.split_whitespace().collect();
        let ran = project.run(&flags);
        let exit = if said == "outside the project" { 4 } else { 3 };
        assert_eq!(
            (ran.exit, ran.arrived.len()),
            (exit, 0),
            "{flags:?} {own} {ran:?}"
        );
        assert!(ran.stdout.contains(said), "{flags:?} {own} {ran:?}");
        let rows = std::fs::read_to_string(project.folder.path().join("rows.csv")).unwrap();
        assert_eq!(rows, "id\n1\n2\n");
    }
    let project = two_loops("    rejected: out/bad.csv\n");
    std::fs::create_dir(project.folder.path().join("out")).unwrap();
    // Its own accounts of an earlier run it does replace.
    for _ in 0..2 {
        let ran = project.run(&["--succeeded", &format!("two={outside}")]);
        assert_eq!(ran.exit, 0, "{ran:?}");
    }
    assert!(project.folder.path().join("out/bad.csv").is_file());
}

#[test]
fn a_loop_that_is_not_there_is_not_taken_for_a_path() {
    let playbook = "steps:\n  - id: one\n    for_each: { csv: rows.csv }\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"{{ row.id }}\", fields: { A: b } }\n";
    let project = Project::new(playbook, []);
    project.write("rows.csv", "id\n1\n");
    let ran = project.run(&["--rejected", "other=a.csv"]);
    assert_eq!((ran.exit, ran.arrived.len()), (3, 0), "{ran:?}");
    assert!(ran.stdout.contains("no loop is called other"), "{ran:?}");
    assert_eq!(project.run(&["--rejected", "./other=a.csv"]).exit, 0);
}

#[test]
fn a_loop_in_rows_has_no_account_of_its_own() {
    let inner = |indent: &str| {
        format!(
            "{indent}- id: inner\n{indent}  for_each: {{ items: [x, y] }}\n{indent}  action: record.update\n{indent}  with: {{ module: contacts, wolkvox_id: \"{{{{ row }}}}\", fields: {{ A: b }} }}\n"
        )
    };
    let used = "steps:\n  - id: outer\n    for_each: { items: [A, B] }\n    use: shared.yaml\n";
    let nested = format!(
        "steps:\n  - id: outer\n    for_each: {{ items: [A, B], as: letter }}\n    steps:\n{}",
        inner("      ")
    );
    for (playbook, id) in [(&*nested, "inner"), (used, "outer.inner")] {
        let project = Project::new(playbook, []);
        project.write(
            "shared.yaml",
            &format!("voxplay: 1\nsteps:\n{}", inner("  ")),
        );
        project.server.judge(echo);
        for flag in ["rejected", "succeeded", "unknown"] {
            let account = format!("{id}=a.csv");
            let said = format!(
                "--{flag} {account}: `{id}` runs once for each row of `outer`, and would write its file anew each time"
            );
            let by_flag = project.run(&[&format!("--{flag}"), &account]);
            let variable = format!("VOXPLAY_{}", flag.to_uppercase());
            let mut command = project.command(&[]);
            command.env(variable, &account);
            let by_twin = project.finish(command);
            for ran in [by_flag, by_twin] {
                assert_eq!((ran.exit, ran.arrived.len()), (3, 0), "{ran:?}");
                assert!(ran.stdout.contains(&said), "{ran:?}");
                assert!(ran.stdout.contains("write outer=PATH"), "{ran:?}");
            }
        }
        // The one loop that can have an account is the one that a bare path is of.
        let ran = project.run(&["--succeeded", "a.csv"]);
        assert_eq!((ran.exit, ran.arrived.len()), (0, 4), "{ran:?}");
        let account = std::fs::read_to_string(project.folder.path().join("a.csv")).unwrap();
        assert_eq!(account.lines().count(), 3, "{account}");
    }
}

#[test]
fn a_row_with_a_bad_key_names_its_loop_in_its_account() {
    let project = Project::new(
        &each(
            "csv: rows.csv, key: \"{{ row.key }}\"",
            &keys(&["on_failure: continue", "rejected: bad.csv"]),
        ),
        [],
    );
    let rows = "id,key\n1,a\n2,\n3,a\n";
    project.write("rows.csv", rows);
    project.server.judge(echo);
    assert_eq!(project.run(&[]).exit, 1);
    let account = std::fs::read_to_string(project.folder.path().join("bad.csv")).unwrap();
    let lines: Vec<&str> = account.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "2,,2,each,failed,,the row's `key` is blank",
            "3,a,3,each,failed,,the row's `key` a stands in an earlier row as well",
        ]
    );
}

#[test]
fn all_rows_are_looked_at_before_the_first_request_where_that_is_asked_for() {
    let project = Project::new(&each("csv: rows.csv", ""), []);
    let rows = csv(1..=12) + "\"\"\n";
    project.write("rows.csv", &rows);
    project.server.judge(echo);
    let flag = project.run(&["--all-rows"]);
    let mut twin = project.command(&[]);
    twin.env("VOXPLAY_ALL_ROWS", "1");
    for ran in [flag, project.finish(twin)] {
        ran.assert_refused(3, "schema");
        assert!(ran.stdout.contains("rows.csv, row 13 (line 14)"), "{ran:?}");
    }
    let ran = project.run(&[]);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 12), "{ran:?}");
}

#[test]
fn accounts_mask_what_the_answer_says_and_leave_the_data_alone() {
    let cell = format!("of the data: {TOKEN}");
    for ending in ["csv", "jsonl"] {
        let playbook = "steps:\n  - id: each\n    for_each: { csv: rows.csv }\n    on_failure: continue\n    action: obligation.insert\n    with: { wolkvox_id: \"64cb\", id: \"{{ row.id }}\", name: x }\n";
        let project = Project::new(playbook, [Answer::CutRead]);
        project.write(
            "rows.csv",
            &format!("id,note\n1,{cell}\n2,{cell}\n3,{cell}\n"),
        );
        project.server.judge(|arrived| {
            let token = arrived.header("wolkvox-token")[0].to_owned();
            let ok = arrived.text().contains("\"3\"");
            json(&if ok {
                format!(r#"{{"code":200,"error":"null","data":{{"wolkvox_id":"{token}"}}}}"#)
            } else {
                format!(r#"{{"code":400,"error":"bad token {token}"}}"#)
            })
        });
        let files: Vec<String> = ["rejected", "succeeded", "unknown"]
            .iter()
            .flat_map(|kind| [format!("--{kind}"), format!("{kind}.{ending}")])
            .collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let ran = project.run(&files);
        assert_eq!(ran.exit, 5, "{ran:?}");
        let [rejected, succeeded, unknown] = ["rejected", "succeeded", "unknown"]
            .map(|kind| file(&project, &format!("{kind}.{ending}")));
        assert!(rejected.contains("bad token ***"), "{rejected}");
        // A mask would be taken for an id by whoever goes on with the file.
        assert!(!succeeded.contains("***"), "{succeeded}");
        for text in [rejected, succeeded, unknown] {
            assert_eq!(text.matches(&cell).count(), 1, "{text}");
            assert_eq!(text.matches(TOKEN).count(), 1, "{text}");
        }
    }
}

#[test]
fn two_runs_at_once_write_the_same_account_and_leave_nothing_beside_it() {
    let playbook = each("csv: rows.csv", "");
    let project = Project::new(&playbook, [Answer::Held(DONE)]);
    project.write("rows.csv", &csv(1..=3));
    project.server.judge(echo);
    let flags = |state: &'static str| ["--succeeded", "good.csv", "--state-dir", state];
    let first = project.command(&flags("one")).spawn().unwrap();
    project.server.wait_for(1);
    assert_eq!(project.run(&flags("two")).exit, 0);
    let whole = file(&project, "good.csv");
    assert_eq!(whole, "id,_row,_wolkvox_id_mark\n1,1,1\n2,2,2\n3,3,3\n");
    project.server.release();
    let output = first.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(
        file(&project, "good.csv"),
        whole.replace("1,1,1", "1,1,64cb")
    );
    let entries = std::fs::read_dir(project.folder.path()).unwrap();
    let left = entries.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().contains("partial")
    });
    assert_eq!(left.count(), 0);
}

#[test]
fn json_lines_of_what_was_rejected_go_straight_back_with_their_types() {
    let playbook = "steps:\n  - id: each\n    for_each: { jsonl: rows.jsonl }\n    on_failure: continue\n    rejected: bad.jsonl\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"{{ row.id }}\", fields: \"{{ row.fields }}\" }\n";
    let project = Project::new(playbook, [json(DONE), refused(), refused()]);
    let good = "{\"id\":\"1\",\"fields\":{\"A\":\"x\"}}\n";
    let bad = "{\"id\":\"2\",\"n\":10.0,\"fields\":{\"Z\":\"y\",\"A\":[\"b\"]},\"no\":null}";
    project.write("rows.jsonl", &format!("{good}{bad}\n"));
    assert_eq!(project.run(&[]).exit, 1);
    let first = file(&project, "bad.jsonl");
    let added = r#","_row":2,"_step":"each","_outcome":"failed","_code":400,"_message":"#;
    assert!(
        first.starts_with(&format!("{}{added}", bad.trim_end_matches('}'))),
        "{first}"
    );
    project.write("rows.jsonl", &first);
    let ran = project.run(&[]);
    let again = file(&project, "bad.jsonl");
    assert_eq!(again, first.replace("\"_row\":2", "\"_row\":1"));
    project.write("rows.jsonl", &again);
    let last = project.run(&[]);
    assert_eq!(last.exit, 0, "{last:?}");
    assert_eq!(ran.arrived[2].body, last.arrived[3].body);
    assert_eq!(ran.arrived[1].body, last.arrived[3].body);
    assert_eq!(file(&project, "bad.jsonl"), "");
    // An empty account is one, and another file is none because a name in it ends like that.
    assert_eq!(project.run(&[]).exit, 0);
    project.write("bad.jsonl", "{\"narrow_row\":1}\n");
    assert_eq!(project.run(&[]).exit, 3);
}

#[test]
fn accounts_that_a_playbook_names_are_looked_at_before_any_run() {
    for (path, exit, said) in [
        ("rows.csv/bad.csv", 3, "rows.csv/bad.csv"),
        ("rows.csv", 3, "rows.csv is the data of a loop as well"),
        ("playbook.yaml", 3, "playbook.yaml is the playbook as well"),
        ("notes.txt", 3, "is no account of rows"),
        ("/nowhere/at/all.csv", 4, "outside-project"),
        ("../bad.csv", 4, "outside-project"),
        ("\"{{ inputs.a }}.csv\"", 3, "`rejected` is not a template"),
    ] {
        let project = two_loops(&format!("    rejected: {path}\n"));
        project.write("notes.txt", "my_rows\n");
        project.write("voxplay.yaml", "{}\n");
        for command in ["check", "plan", "run"] {
            let ran = project.finish(project.voxplay(&[command, "playbook.yaml"]));
            let told = format!("{}{}", ran.stdout, ran.stderr);
            assert_eq!(ran.exit, exit, "{command} {path} {told}");
            assert!(told.contains(said), "{command} {path} {told}");
            // At the value, not at the step.
            assert!(
                told.contains("playbook.yaml:5:15"),
                "{command} {path} {told}"
            );
            assert_eq!(ran.arrived.len(), 0);
        }
    }
}

#[test]
fn rows_of_a_secret_input_are_written_into_no_account() {
    let inputs = "inputs:\n  pins: { type: array, secret: true, from_env: PINS }\n  open: { type: array, default: [] }\nvars: { few: \"{{ inputs.pins[:2] }}\" }\n";
    for (items, is_secret) in [
        ("{{ inputs.pins }}", true),
        ("{{ vars.few }}", true),
        ("{{ inputs.open }}", false),
    ] {
        let playbook = inputs.to_owned()
            + &each(
                &format!("items: \"{items}\""),
                &keys(&["rejected: bad.csv"]),
            )
            .replace("row.id", "row | string");
        let project = Project::new(&playbook, []);
        let run = |mut command: std::process::Command| {
            command.env("PINS", r#"["s3cret-one", "s3cret-two"]"#);
            project.finish(command)
        };
        for command in [
            project.voxplay(&["check", "playbook.yaml"]),
            project.command(&[]),
        ] {
            let ran = run(command);
            let told = format!("{}{}", ran.stdout, ran.stderr);
            assert_eq!(ran.exit, if is_secret { 3 } else { 0 }, "{items} {told}");
            assert_eq!(
                told.contains("the rows come from a secret input"),
                is_secret,
                "{items} {told}"
            );
            project.assert_hidden("s3cret-", &ran);
        }
        // One that the command line names is one as well.
        project.write(
            "playbook.yaml",
            &format!(
                "voxplay: 1\n{}",
                playbook.replace("    rejected: bad.csv\n", "")
            ),
        );
        let ran = run(project.command(&["--succeeded", "good.jsonl"]));
        assert_eq!(ran.exit, if is_secret { 3 } else { 0 }, "{ran:?}");
        assert_eq!(run(project.command(&[])).exit, 0);
    }
}

#[test]
fn a_file_that_changes_on_the_way_fails_the_loop_and_no_row() {
    let playbook = each("csv: rows.csv", "")
        + "  - id: after\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"9\", fields: { A: b } }\n";
    let project = Project::new(&playbook, [Answer::Held(DONE)]);
    project.write("rows.csv", &csv(1..=3));
    project.server.judge(echo);
    let child = project.command(&["--rejected", "bad.csv"]).spawn().unwrap();
    project.server.wait_for(1);
    project.write("rows.csv", &csv(1..=4));
    project.server.release();
    let ran = project.ran(child.wait_with_output().unwrap());
    assert_eq!(ran.exit, 1, "{ran:?}");
    assert_eq!(rows(&ran).len(), 3, "{ran:?}");
    assert_eq!(file(&project, "bad.csv").lines().count(), 1);
    // The loop has failed beside its rows, and what comes after it may count on them.
    assert_eq!(
        counts(&ran),
        expected(&[("ok", 3), ("failed", 1), ("not_run", 1)])
    );
    let error = ran.step("each")["error"].as_str().unwrap().to_owned();
    assert!(
        error.contains("it was changed while it was read") && error.contains("were not read"),
        "{error}"
    );
}

#[test]
fn a_row_without_an_end_fails_the_loop_beside_itself() {
    let playbook = each("csv: rows.csv", &keys(&["on_failure: continue"]));
    let project = Project::new(&playbook, []);
    project.server.judge(echo);
    project.write("rows.csv", "id\n1\n\"2\n3\n");
    let ran = project.run(&["--rejected", "bad.csv"]);
    assert_eq!((ran.exit, ids(&ran)), (1, vec!["1".to_owned()]));
    assert_eq!(counts(&ran), expected(&[("ok", 1), ("failed", 2)]));
    let error = ran.step("each")["error"].as_str().unwrap().to_owned();
    assert!(error.contains("is never closed") && error.contains("were not read"));
    // One that is only too long costs itself.
    let long = "x".repeat(17 * 1024 * 1024);
    project.write("rows.csv", &format!("id\n1\n\"{long}\"\n3\n"));
    let ran = project.run(&["--rejected", "bad.csv"]);
    assert_eq!(counts(&ran), expected(&[("ok", 2), ("failed", 1)]));
    let outcomes: Vec<String> = rows(&ran).into_iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(outcomes, ["ok", "failed", "ok"]);
}

#[test]
fn own_columns_with_names_of_accounts_are_data_and_have_no_account() {
    let playbook = each("csv: rows.csv", "").replace("A: b", "A: \"{{ row._message }}\"");
    let project = Project::new(&playbook, []);
    project.write("rows.csv", "id,_message\n1,hello\n");
    let ran = project.run(&["--rejected", "bad.csv"]);
    ran.assert_refused(3, "invalid-value");
    let told = format!("{}{}", ran.stdout, ran.stderr);
    assert!(told.contains("`_message`"), "{told}");
    assert!(!project.folder.path().join("bad.csv").exists());
    let ran = project.run(&[]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(ran.arrived[0].text().contains("hello"));
}

#[test]
fn what_was_created_is_not_fed_back_and_retrying_names_it() {
    let playbook = "steps:\n  - id: each\n    for_each: { csv: rows.csv }\n    rejected: bad.csv\n    action: obligation.insert\n    with: { wolkvox_id: \"1\", id: \"{{ row.id }}\", name: n }\n    expect: response.data.wolkvox_id == \"zz\"\n";
    let project = Project::new(playbook, []);
    project
        .server
        .judge(|_| json(r#"{"code":200,"error":"null","data":{"wolkvox_id":"64cb"}}"#));
    project.write("rows.csv", "id\n7\n");
    let ran = project.run(&[]);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 1), "{ran:?}");
    let bad = file(&project, "bad.csv");
    assert!(bad.contains("7,1,each (accepted),failed,200,"), "{bad}");
    assert!(bad.contains("its id is 64cb"), "{bad}");
    let again = project.finish(project.voxplay(&["resume", "--retry-failed"]));
    assert_eq!(again.arrived.len(), 1, "{again:?}");
    let told = format!("{}{}", again.stdout, again.stderr);
    assert!(
        told.contains("each (row 1) was not sent again, on purpose"),
        "{told}"
    );
    // It is marked in the account of the second stretch as well.
    assert_eq!(file(&project, "bad.csv"), bad);
    let fed = playbook
        .replace("rows.csv", "again.csv")
        .replace("    rejected: bad.csv\n", "");
    project.write("again.csv", &bad);
    project.write("playbook.yaml", &format!("voxplay: 1\n{fed}"));
    let ran = project.run(&[]);
    assert_eq!((ran.exit, ran.arrived.len()), (3, 1), "{ran:?}");
}

#[test]
fn an_account_that_is_fed_back_is_not_written_over() {
    let playbook = format!(
        "inputs:\n  list: {{ type: string, default: rows.csv }}\n{}",
        each(
            "csv: \"{{ inputs.list }}\"",
            &keys(&[
                "on_failure: continue",
                "rejected: bad.csv",
                "succeeded: good.csv"
            ])
        )
    );
    let project = refusing(&playbook, 2, &["2"]);
    assert_eq!(project.run(&[]).exit, 1);
    let ran = project.run(&["-i", "list=bad.csv"]);
    assert_eq!((ran.exit, ran.arrived.len()), (3, 2), "{ran:?}");
    let told = format!("{}{}", ran.stdout, ran.stderr);
    for words in ["--rejected each=OTHER", "--succeeded each=OTHER"] {
        assert!(told.contains(words), "{told}");
    }
    let good = file(&project, "good.csv");
    let others = [
        "--rejected",
        "each=bad2.csv",
        "--succeeded",
        "each=good2.csv",
    ];
    let ran = project.run(&[&["-i", "list=bad.csv"], &others[..]].concat());
    assert_eq!((ran.exit, ran.arrived.len()), (1, 3), "{ran:?}");
    assert_eq!(file(&project, "good.csv"), good);
}

#[test]
fn a_batch_is_told_and_counted_as_its_rows() {
    let playbook = "steps:\n  - id: each\n    for_each: { csv: rows.csv, batch: 4 }\n    on_failure: continue\n    action: record.delete\n    with: { module: contacts, wolkvox_id: \"{{ rows | map(attribute='id') | list }}\" }\n";
    let project = Project::new(playbook, []);
    project.write("rows.csv", &csv(1..=10));
    project.server.judge(|arrived| {
        if arrived.text().contains("\"5\"") {
            refused()
        } else {
            json(DONE)
        }
    });
    let ran = project.run(&["--allow", "delete", "--report", "junit=r.xml"]);
    let bad = ran.events("row_finished").swap_remove(1);
    let batch = serde_json::json!({"rows": 4, "first": 5, "last": 8});
    assert_eq!((&bad["row"], &bad["batch"]), (&"5".into(), &batch), "{bad}");
    let junit = file(&project, "r.xml");
    assert!(junit.contains("each: rows 5 to 8\""), "{junit}");
    assert!(junit.contains("each: the other rows: 6 ok\""), "{junit}");
    let again = ["resume", "--retry-failed", "--allow", "delete"];
    let again = project.finish(project.voxplay(&again));
    assert!(again.stderr.contains("rows 5 to 8 of each"), "{again:?}");
    let reason = "4 rows, failed at the step each";
    assert!(again.stdout.contains(reason), "{again:?}");
    let shown = project.finish(project.voxplay(&["runs", "show"]));
    assert!(
        shown.stdout.contains("rows 5 to 8 of each  failed"),
        "{shown:?}"
    );
}

#[test]
fn two_accounts_of_one_loop_never_share_a_file() {
    let playbook = each(
        "csv: rows.csv",
        &keys(&["rejected: a.csv", "unknown: a.csv"]),
    );
    let project = refusing(&playbook, 1, &[]);
    let ran = project.run(&[]);
    let told = format!("{}{}", ran.stdout, ran.stderr);
    let said = "`rejected` and `unknown` of `each` name the same file";
    assert!(told.contains(said), "{told}");
}

#[test]
fn the_sheet_of_a_workbook_may_be_a_template() {
    let playbook = format!(
        "inputs:\n  month: {{ type: string, default: Errores }}\n{}",
        each("xlsx: book.xlsx, sheet: \"{{ inputs.month }}\"", "")
    );
    let project = Project::new(&playbook, []);
    let book = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/workbook.xlsx");
    std::fs::copy(book, project.folder.path().join("book.xlsx")).unwrap();
    for command in ["check", "plan", "run"] {
        let ran = |arguments: &[&str]| {
            let ran = project.finish(project.voxplay(arguments));
            format!("{}{}", ran.stdout, ran.stderr)
        };
        let told = ran(&[command, "playbook.yaml"]);
        assert!(told.contains("of the sheet `Errores`"), "{told}");
        if command != "check" {
            let told = ran(&[command, "playbook.yaml", "-i", "month=May"]);
            assert!(told.contains("has no sheet `May`"), "{told}");
        }
    }
}

#[test]
fn a_delimiter_may_be_a_template() {
    let loops = each("csv: rows.csv, delimiter: \"{{ inputs.cut }}\"", "");
    let playbook = format!("inputs: {{ cut: {{ type: string }} }}\n{loops}");
    let project = Project::new(&playbook, []);
    // By itself the program would take the comma.
    project.write("rows.csv", "id;n,n\n1;b,c\n2;d,e\n");
    let ran = project.run(&["-i", "cut=;"]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 2), "{ran:?}");
    for command in ["plan", "run"] {
        let mut refused = project.voxplay(&[command, "playbook.yaml", "-i", "cut=;;"]);
        let said = refused.output().unwrap();
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&said.stdout),
            String::from_utf8_lossy(&said.stderr)
        );
        assert!(
            said.contains("must be one character, and no quote or line end: it gives \";;\""),
            "{said}"
        );
        assert!(said.contains("playbook.yaml:"), "{said}");
    }
}

#[test]
fn a_row_in_doubt_by_a_loop_inside_it_names_the_request() {
    let playbook = "steps:\n  - id: each\n    for_each: { items: [a, b], key: \"{{ row }}\" }\n    on_failure: continue\n    unknown: open.csv\n    steps:\n      - id: inner\n        for_each: { items: [x, \"y\"], key: \"{{ sub }}\", as: sub }\n        on_failure: continue\n        steps:\n          - id: owe\n            action: obligation.insert\n            with: { wolkvox_id: \"{{ row }}{{ sub }}\", id: \"1\", name: Loan }\n";
    let project = Project::new(
        playbook,
        [
            json(DONE),
            Answer::CutRead,
            Answer::CutRead,
            Answer::CutRead,
        ],
    );
    let ran = project.run(&["--run-id", "r"]);
    assert_eq!(ran.exit, 5, "{ran:?}");
    let rows = ran.events("row_finished");
    let of_each = rows.iter().filter(|row| row["step"] == "each");
    let told: Vec<_> = of_each.map(|row| &row["error"]).collect();
    assert_eq!(
        told,
        [
            "of 2 rows: 1 unknown (owe@a/y)",
            "of 2 rows: 2 unknown (owe@b/x is the first)"
        ],
        "{ran:?}"
    );
    let open = file(&project, "open.csv");
    assert!(open.contains("1 unknown (owe@a/y)"), "{open}");
    // By that name it is settled.
    let word = project.finish(project.voxplay(&["reconcile", "r", "--failed", "owe@a/y"]));
    assert!(!word.stderr.contains("error"), "{word:?}");
}
