//! A step with `max_pages` from outside: what is asked, what its pages give together, and how it ends where one of them
//! does not go well.

use serde_json::{Value, json};

use crate::run::{Project, Ran};
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
  required: [module]
  properties:
    module: { type: string, description: its module }
    limit: { type: integer, minimum: 1, maximum: 2, description: records a page }
    page: { type: integer, minimum: 1, maximum: 8, description: the page }
body:
  operation: "{{ target.operation }}"
  module: "{{ with.module }}"
  limit: "{{ with.limit }}"
  page: "{{ with.page }}"
request: { type: object }
response: { type: object, required: [code, data] }
outputs:
  records: "{{ response.data }}"
  wolkvox_ids: { value: "{{ response.data | map(attribute='wolkvox_id') | list }}", id: true }
  msg_of_page: "{{ response.msg }}"
paging: { page: page, limit: limit, max_limit: 2, records: "{{ response.data }}", total_pages: "{{ response['Total pages'] }}" }
examples:
  - { name: one, with: { module: contacts } }
"#;

/// Finds all, then updates each.
fn find(keys: &str) -> String {
    format!(
        r#"
steps:
  - id: find
    action: record.query
    retry: {{ attempts: 2, backoff: 1ms }}
{keys}    with: {{ module: contacts }}
  - id: each
    for_each: {{ items: "{{{{ steps.find.records }}}}", as: found, key: "{{{{ found.wolkvox_id }}}}" }}
    action: record.update
    with: {{ module: contacts, wolkvox_id: "{{{{ found.wolkvox_id }}}}", fields: {{ A: b }} }}
outputs:
  ids: "{{{{ steps.find.wolkvox_ids }}}}"
  msg: "{{{{ steps.find.msg_of_page }}}}"
"#
    )
}

/// A project whose server has these pages of ids; `total` is what it says of their number.
fn project(keys: &str, pages: &'static [&'static [&'static str]], total: &'static str) -> Project {
    let project = Project::new(&find(keys), []);
    project.write("actions/record.query.yaml", QUERY);
    project.server.judge(move |arrived| match page(arrived) {
        Some(page) => records(pages, page, total),
        None => json(DONE),
    });
    project
}

/// The page that is asked for; none of what is no query.
fn page(arrived: &Arrived) -> Option<usize> {
    let is_query = arrived.line.contains("/query.php");
    is_query.then(|| usize::try_from(body(arrived)["page"].as_u64().unwrap_or(1)).unwrap())
}

fn records(pages: &[&[&str]], page: usize, total: &str) -> Answer {
    let ids = pages.get(page - 1).copied().unwrap_or_default();
    let records: Vec<Value> = ids.iter().map(|id| json!({"wolkvox_id": id})).collect();
    json(&format!(
        r#"{{"code":"200","error":"null","msg":"page {page}","data":{}{total}}}"#,
        Value::from(records)
    ))
}

fn body(arrived: &Arrived) -> Value {
    serde_json::from_str(arrived.text()).unwrap()
}

/// The pages that were asked for, in their order.
fn asked(ran: &Ran) -> Vec<usize> {
    ran.arrived.iter().filter_map(page).collect()
}

fn outputs(ran: &Ran) -> Value {
    ran.finished()["outputs"].clone()
}

fn warnings(ran: &Ran) -> String {
    ran.step("find")["warnings"].to_string()
}

const THREE: &[&[&str]] = &[&["1", "2"], &["3", "4"], &["5"]];

#[test]
fn all_pages_are_read_and_each_record_is_updated() {
    for total in ["", r#","Total pages":3"#, r#","Total pages":"3""#] {
        let project = project("    max_pages: 20\n", THREE, total);
        let ran = project.run(&[]);
        assert_eq!((ran.exit, asked(&ran)), (0, vec![1, 2, 3]), "{ran:?}");
        assert_eq!(
            body(&ran.arrived[0]),
            json!({"operation": "acme", "module": "contacts", "limit": 2, "page": 1})
        );
        assert_eq!(
            outputs(&ran),
            json!({"ids": ["1", "2", "3", "4", "5"], "msg": "page 1"})
        );
        let end = ran.step("find");
        assert_eq!((&end["pages"], &end["attempts"]), (&json!(3), &json!(3)));
        assert_eq!(warnings(&ran), "[]");
        let updated: Vec<Value> = ran.arrived[3..]
            .iter()
            .map(|arrived| body(arrived)["wolkvox-id"].clone())
            .collect();
        assert_eq!(updated, ["1", "2", "3", "4", "5"]);
        assert_eq!(ran.finished()["requests"], 8);
    }
}

#[test]
fn a_page_that_is_empty_is_the_last_and_takes_nothing_away() {
    const GAPS: [&[&[&str]]; 2] = [&[&["1", "2"], &[], &["5"]], &[&[], &["3", "4"], &["5"]]];
    let project = project("    max_pages: 20\n", &[&["1", "2"], &["3", "4"]], "");
    let ran = project.run(&[]);
    assert_eq!((ran.exit, asked(&ran)), (0, vec![1, 2, 3]), "{ran:?}");
    assert_eq!(outputs(&ran)["ids"], json!(["1", "2", "3", "4"]));
    // Unless the answer says that others follow it.
    for (pages, ids) in GAPS.into_iter().zip([["1", "2", "5"], ["3", "4", "5"]]) {
        let project = crate::paging::project("    max_pages: 20\n", pages, r#","Total pages":3"#);
        let ran = project.run(&[]);
        assert_eq!((ran.exit, asked(&ran)), (0, vec![1, 2, 3]), "{ran:?}");
        assert_eq!(outputs(&ran)["ids"], json!(ids));
    }
}

#[test]
fn a_record_that_moves_to_the_next_page_is_taken_once() {
    let moved: &[&[&str]] = &[&["1", "2"], &["2", "3"], &["4"]];
    let project = project("    max_pages: 20\n", moved, "");
    let ran = project.run(&[]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert_eq!(outputs(&ran)["ids"], json!(["1", "2", "3", "4"]));
    let told = warnings(&ran);
    assert!(told.contains("1 record stood on two pages"), "{told}");
}

#[test]
fn at_the_cap_it_says_that_there_is_more() {
    for (total, said) in [
        (r#","Total pages":3"#, "only pages 1 to 2 of 3 were read"),
        ("", "there may be more"),
    ] {
        let project = project("    max_pages: 2\n", THREE, total);
        let ran = project.run(&[]);
        assert_eq!((ran.exit, asked(&ran)), (0, vec![1, 2]), "{ran:?}");
        assert_eq!(outputs(&ran)["ids"], json!(["1", "2", "3", "4"]));
        let told = warnings(&ran);
        assert!(
            told.contains(said) && told.contains("`max_pages` is 2"),
            "{told}"
        );
    }
    let without = project("", THREE, r#","Total pages":3"#);
    let ran = without.run(&[]);
    assert_eq!((ran.exit, asked(&ran)), (0, vec![1]), "{ran:?}");
    let told = warnings(&ran);
    assert!(told.contains("`max_pages: 3`"), "{told}");
}

#[test]
fn a_page_that_is_given_is_the_first() {
    let project = project("    max_pages: 20\n", THREE, r#","Total pages":3"#);
    let playbook = find("    max_pages: 20\n").replace(
        "with: { module: contacts }",
        "with: { module: contacts, page: 2, limit: 1 }",
    );
    project.write("playbook.yaml", &format!("voxplay: 1\n{playbook}"));
    let ran = project.run(&[]);
    assert_eq!((ran.exit, asked(&ran)), (0, vec![2, 3]), "{ran:?}");
    assert_eq!(body(&ran.arrived[1])["limit"], 1);
    assert_eq!(outputs(&ran)["ids"], json!(["3", "4", "5"]));
}

#[test]
fn a_page_that_fails_makes_the_step_fail() {
    let refuse = |answer: &'static str, keys: &str| {
        let project = project(keys, THREE, "");
        project.server.judge(move |arrived| match page(arrived) {
            Some(2) => match answer {
                "busy" => status("500 Internal Server Error", "<html>"),
                answer => json(answer),
            },
            Some(page) => records(THREE, page, ""),
            None => json(DONE),
        });
        project.run(&[])
    };
    let pages = "    max_pages: 20\n";
    let ran = refuse(r#"{"code":400,"error":"no"}"#, pages);
    assert_eq!((ran.exit, asked(&ran)), (1, vec![1, 2]), "{ran:?}");
    let end = ran.step("find");
    assert_eq!(end["outcome"], "failed");
    assert_eq!(end["error"], "page 2: HTTP 200, code 400, no");
    assert_eq!(end["pages"], 1);
    assert_eq!(outputs(&ran), json!({}), "what one page gave is not all");

    // Each page is retried by itself, as often as the step says.
    let ran = refuse("busy", pages);
    assert_eq!((ran.exit, asked(&ran)), (5, vec![1, 2, 2]), "{ran:?}");
    let error = ran.step("find")["error"].to_string();
    assert!(
        error.contains("page 2: HTTP 500 (after 2 attempts)"),
        "{error}"
    );

    let expect = format!("{pages}    expect: response.msg != 'page 3'\n");
    let ran = project(&expect, THREE, "").run(&[]);
    assert_eq!((ran.exit, asked(&ran)), (1, vec![1, 2, 3]), "{ran:?}");
    let error = ran.step("find")["error"].to_string();
    assert!(error.contains("page 3: expected `response.msg"), "{error}");
}

#[test]
fn a_page_that_was_busy_once_is_read_again() {
    let project = Project::new(
        &find("    max_pages: 20\n"),
        [
            records(THREE, 1, ""),
            status("500 Internal Server Error", "<html>"),
            records(THREE, 2, ""),
            Answer::CutRead,
            records(THREE, 3, ""),
        ],
    );
    project.write("actions/record.query.yaml", QUERY);
    let ran = project.run(&[]);
    assert_eq!((ran.exit, asked(&ran)), (0, vec![1, 2, 2, 3, 3]), "{ran:?}");
    assert_eq!(outputs(&ran)["ids"], json!(["1", "2", "3", "4", "5"]));
    let end = ran.step("find");
    assert_eq!((&end["pages"], &end["attempts"]), (&json!(3), &json!(5)));
    let shown = project.ran(project.voxplay(&["runs", "show"]).output().unwrap());
    for said in [
        "find  page 1  POST",
        "find  page 2 failed",
        "find  page 3  POST",
    ] {
        assert!(shown.stdout.contains(said), "{said} {shown:?}");
    }
    assert!(!shown.stdout.contains("find  attempt"), "{shown:?}");
}

#[test]
fn a_server_that_gives_one_page_for_ever_ends_the_step() {
    for total in ["", r#","Total pages":1000"#] {
        let project = project("    max_pages: 500\n", THREE, "");
        project.server.judge(move |_| records(THREE, 1, total));
        let ran = project.run(&[]);
        assert_eq!((ran.exit, ran.arrived.len()), (1, 2), "{ran:?}");
        let error = ran.step("find")["error"].to_string();
        assert!(error.contains("one page over and over"), "{error}");
    }
    // One that gives other records for ever ends at the cap, or where the action has no such page.
    let endless = |keys: &str| {
        let project = project(keys, THREE, "");
        project.server.judge(|arrived| match page(arrived) {
            Some(page) => json(&format!(
                r#"{{"code":"200","data":[{{"wolkvox_id":"{page}a"}},{{"wolkvox_id":"{page}b"}}]}}"#
            )),
            None => json(DONE),
        });
        project.run(&[])
    };
    let ran = endless("    max_pages: 5\n");
    assert_eq!((ran.exit, asked(&ran).len()), (0, 5), "{ran:?}");
    let ran = endless("    max_pages: 500\n");
    assert_eq!((ran.exit, asked(&ran).len()), (1, 8), "{ran:?}");
    let error = ran.step("find")["error"].to_string();
    assert!(
        error.contains("page 9: not sent: `page` must be"),
        "{error}"
    );
}

#[test]
fn a_limit_and_a_budget_count_each_page() {
    let project = project("    max_pages: 20\n", THREE, "");
    let playbook = format!(
        "voxplay: 1\nlimits: {{ requests: 2 }}\n{}",
        find("    max_pages: 20\n")
    );
    project.write("playbook.yaml", &playbook);
    let ran = project.run(&[]);
    assert_eq!((ran.exit, asked(&ran)), (1, vec![1, 2]), "{ran:?}");
    let error = ran.step("find")["error"].to_string();
    assert!(
        error.contains("page 3 was not read: `limits.requests` is 2"),
        "{error}"
    );

    let project = self::project("    max_pages: 20\n", THREE, "");
    let budget = |daily: u64| {
        format!(
            "targets:\n  t: {{ server: \"{}\", operation: acme, token: {{ env: WOLKVOX_TOKEN }}, daily_budget: {daily} }}\ndefault_target: t\n",
            project.server.url()
        )
    };
    project.write("voxplay.yaml", &budget(2));
    let ran = project.run(&["--run-id", "r"]);
    assert_eq!((ran.exit, asked(&ran)), (6, vec![1, 2]), "{ran:?}");
    let end = ran.step("find");
    assert_eq!(end["outcome"], "not_run");
    assert!(
        end["error"].to_string().contains("page 3 was not read"),
        "{end}"
    );
    // Nothing is in doubt, and the next stretch reads from the first page.
    let doubts = project.finish(project.voxplay(&["reconcile", "r", "--format", "json"]));
    assert_eq!(
        (doubts.exit, doubts.events("in_doubt").len()),
        (0, 0),
        "{doubts:?}"
    );
    project.write("voxplay.yaml", &budget(100));
    let ran = project.finish(project.voxplay(&["resume", "r", "--format", "json"]));
    assert_eq!((ran.exit, asked(&ran)), (0, vec![1, 2, 1, 2, 3]), "{ran:?}");
    assert_eq!(outputs(&ran)["ids"], json!(["1", "2", "3", "4", "5"]));
    assert_eq!(ran.finished()["requests"], 10);
}

#[test]
fn what_is_ahead_counts_the_pages() {
    let project = project("    max_pages: 20\n", THREE, "");
    let voxplay = |arguments: &[&str]| {
        let mut command = project.voxplay(arguments);
        command.env("COLUMNS", "80");
        project.finish(command)
    };
    let plan = voxplay(&["plan", "playbook.yaml"]);
    assert_eq!((plan.exit, plan.arrived.len()), (0, 0), "{plan:?}");
    for said in [
        "1 to 20 requests",
        "up to 20 pages are read, a request each",
        "\"page\": 1",
    ] {
        assert!(plan.stdout.contains(said), "{said}: {}", plan.stdout);
    }
    let plan = voxplay(&["plan", "playbook.yaml", "--format", "json"]);
    let document: Value = serde_json::from_str(&plan.stdout).unwrap();
    assert_eq!(document["steps"][0]["max_pages"], 20);
    assert_eq!(
        document["counts"]["read"],
        json!({"certain": 1, "possible": 20, "open": false})
    );
    let plan = voxplay(&["plan", "playbook.yaml", "--format", "markdown"]);
    assert!(plan.stdout.contains("up to 20 pages"), "{}", plan.stdout);
    let explained = voxplay(&["explain", "playbook.yaml", "find"]);
    assert!(
        explained.stdout.contains("up to 20 pages, a request each"),
        "{explained:?}"
    );
}

#[test]
fn a_saved_plan_and_a_report_fit_their_schemas() {
    let project = project("    max_pages: 20\n", THREE, "");
    let plan = project.finish(project.voxplay(&["plan", "playbook.yaml", "--format", "json"]));
    let ran = project.run(&[
        "--report",
        "json=report.json",
        "--report",
        "html=report.html",
    ]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let read = |path: &str| std::fs::read_to_string(project.folder.path().join(path)).unwrap();
    let report = read("report.json");
    for (schema, document) in [("plan", &plan.stdout), ("report", &report)] {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let schema = std::fs::read_to_string(root.join(format!("schemas/{schema}.schema.json")));
        let schema: Value = serde_json::from_str(&schema.unwrap()).unwrap();
        let document: Value = serde_json::from_str(document).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let wrong: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(wrong, [""; 0]);
    }
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["steps"][0]["pages"], 3);
    assert_eq!(report["requests"], 8);
    let sent: u64 = report["series"]["buckets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bucket| bucket["requests"].as_u64().unwrap())
        .sum();
    assert_eq!(sent, 8, "each page is a request of the series");
    assert!(read("report.html").contains("3 pages, 3 requests"));
}

#[test]
fn pages_are_for_actions_that_have_some() {
    let project = project("    max_pages: 20\n", THREE, "");
    let check = |action: &str, from: &str, to: &str| {
        project.write("actions/record.query.yaml", &QUERY.replace(from, to));
        let playbook = format!(
            "voxplay: 1\nsteps:\n  - action: {action}\n    max_pages: 3\n    with: {{ module: contacts }}\n"
        );
        project.write("playbook.yaml", &playbook);
        let checked = project.finish(project.voxplay(&["check", "playbook.yaml"]));
        assert_eq!(checked.exit, 3, "{checked:?}");
        checked.stdout + &checked.stderr
    };
    let told = check("record.read", "", "");
    assert!(
        told.contains("`max_pages` means nothing for record.read"),
        "{told}"
    );
    assert!(told.contains("playbook.yaml:4:5"), "{told}");
    let told = check("record.query", "effect: read", "effect: update");
    assert!(
        told.contains("`paging` is for calls with the effect `read`"),
        "{told}"
    );
}
