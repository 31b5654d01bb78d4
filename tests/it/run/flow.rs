//! How a run goes on: chaining, conditions, failures, groups, `finally`, inputs, outputs, secrets.

use super::{Project, READ};
use crate::server::{Answer, DONE, json, status};

fn update(id: &str, value: &str) -> String {
    format!(
        "  - id: {id}\n    action: record.update\n    retry: {{ attempts: 1 }}\n    with: {{ module: contacts, wolkvox_id: \"64cb\", fields: {{ A: {value} }} }}\n"
    )
}

fn refused() -> Answer {
    json(r#"{"code":400,"error":"no such record"}"#)
}

fn id(id: &str) -> Answer {
    json(&format!(
        r#"{{"code":200,"error":"null","data":{{"wolkvox_id":{id}}}}}"#
    ))
}

const CHAIN: &str = r#"
steps:
  - id: first
    action: record.update
    with: { module: contacts, wolkvox_id: "64cb", fields: { A: b } }
  - id: second
    action: record.delete
    with: { module: contacts, wolkvox_id: "{{ steps.first.wolkvox_id }}" }
outputs:
  gone: "{{ steps.second.wolkvox_id }}"
"#;

#[test]
fn ids_are_chained_digit_for_digit() {
    for (answer, wanted) in [
        (r#""64cb""#, r#""64cb""#),
        ("12345678901234567890", r#""12345678901234567890""#),
        (r#"["a","b"]"#, r#"["a","b"]"#),
        // Blanks around an id are none of it.
        (r#"" 64cb\n""#, r#""64cb""#),
        (r#"[" a","b "]"#, r#"["a","b"]"#),
    ] {
        let ran = Project::new(CHAIN, [id(answer), id(answer)]).run(&["--allow", "delete"]);
        assert_eq!(ran.exit, 0, "{ran:?}");
        let body = ran.arrived[1].text();
        assert!(body.contains(&format!("\"wolkvox-id\":{wanted}")), "{body}");
        assert!(
            ran.stdout.contains(&format!("\"gone\":{wanted}")),
            "{ran:?}"
        );
    }
}

#[test]
fn a_blank_id_is_never_used() {
    for blank in [
        r#""""#,
        r#"" ""#,
        "null",
        r#"["",""]"#,
        r#"["a",""]"#,
        "[]",
        "{}",
        "false",
    ] {
        let ran = Project::new(CHAIN, [id(blank)]).run(&["--allow", "delete"]);
        assert_eq!((ran.exit, ran.arrived.len()), (1, 1), "{blank}: {ran:?}");
        assert_eq!(ran.outcome("first"), "ok");
        assert_eq!(ran.outcome("second"), "failed");
        let error = ran.step("second")["error"].as_str().unwrap().to_owned();
        assert!(
            error.contains("not sent") && error.contains("blank id for the step first"),
            "{error}"
        );
        assert!(error.contains("playbook.yaml:9:"), "{error}");
        assert!(ran.finished()["outputs"].as_object().unwrap().is_empty());
        assert!(ran.finished()["missing_outputs"]["gone"].is_string());
    }
}

#[test]
fn numbers_of_outputs_keep_their_digits() {
    let playbook = "inputs: { n: { type: number } }\nsteps:\n  - id: r\n    action: record.read\n    with: { module: contacts }\noutputs: { n: \"{{ inputs.n }}\", e: \"{{ steps.r.email }}\" }\n";
    let answer = json(r#"{"code":200,"data":{"email":10000.10}}"#);
    let ran = Project::new(playbook, [answer]).run(&["-i", "n=12345678901234567890.50"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(
        ran.stdout.contains(r#""n":12345678901234567890.50"#),
        "{ran:?}"
    );
    assert!(ran.stdout.contains(r#""e":10000.10"#), "{ran:?}");
}

#[test]
fn a_failure_stops_or_does_not() {
    let steps = |policy: &str| {
        format!(
            "steps:\n{}    on_failure: {policy}\n{}finally:\n{}",
            update("a", "1"),
            update("b", "2"),
            update("f", "3")
        )
    };
    let ran = Project::new(&steps("stop"), [refused()]).run(&[]);
    let outcomes = ["a", "b", "f"].map(|step| ran.outcome(step));
    assert_eq!(outcomes, ["failed", "not_run", "ok"]);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 2), "{ran:?}");
    let ran = Project::new(&steps("continue"), [refused()]).run(&[]);
    let outcomes = ["a", "b", "f"].map(|step| ran.outcome(step));
    assert_eq!(outcomes, ["failed", "ok", "ok"]);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 3), "{ran:?}");
}

#[test]
fn unknown_stops_whatever_on_failure_says_and_finally_runs() {
    let steps = format!(
        "steps:\n{}    on_failure: continue\n{}finally:\n{}",
        update("a", "1"),
        update("b", "2"),
        update("f", "3")
    );
    let ran = Project::new(&steps, [Answer::CutRead]).run(&[]);
    let outcomes = ["a", "b", "f"].map(|step| ran.outcome(step));
    assert_eq!(outcomes, ["unknown", "not_run", "ok"]);
    assert_eq!((ran.exit, ran.arrived.len()), (5, 2), "{ran:?}");
    // Stronger than a failure after it.
    let ran = Project::new(&steps, [Answer::CutRead, refused()]).run(&[]);
    assert_eq!(
        (ran.outcome("f").as_str(), ran.exit),
        ("failed", 5),
        "{ran:?}"
    );
}

#[test]
fn a_group_ends_at_its_failure_and_says_so() {
    let indented = |text: String| text.replace('\n', "\n    ").trim_end().to_owned();
    let group = |policy: &str| {
        format!(
            "steps:\n  - id: g\n    on_failure: {policy}\n    steps:\n    {}\n    {}\n{}",
            indented(update("a", "1")),
            indented(update("b", "2")),
            update("c", "3")
        )
    };
    for (policy, after) in [("stop", "not_run"), ("continue", "ok")] {
        let ran = Project::new(&group(policy), [refused()]).run(&[]);
        let outcomes = ["a", "b", "g", "c"].map(|step| ran.outcome(step));
        assert_eq!(outcomes, ["failed", "not_run", "failed", after], "{ran:?}");
        assert_eq!(ran.exit, 1);
    }
}

#[test]
fn what_tags_leave_out_needs_nothing() {
    let step = |id: &str, more: &str, of: &str| {
        format!(
            "  - id: {id}\n    action: record.update\n{more}    with: {{ module: c, wolkvox_id: \"{of}\", fields: {{ A: b }} }}\n"
        )
    };
    let playbook = format!(
        "steps:\n{}{}{}{}",
        step("a", "", "1"),
        step("b", "", "{{ steps.a.wolkvox_id }}"),
        step("c", "    tags: [alone]\n", "1"),
        step("d", "    tags: [chained]\n", "{{ steps.b.wolkvox_id }}"),
    );
    let ran = Project::new(&playbook, []).run(&["--tags", "alone"]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 1), "{ran:?}");
    // What is chosen still needs what it reads.
    Project::new(&playbook, [])
        .run(&["--tags", "chained"])
        .assert_refused(3, "maybe-skipped");
}

#[test]
fn inputs_that_only_left_out_steps_read_need_no_value() {
    let step = |id: &str, more: &str| {
        format!(
            "  - id: {id}\n    tags: [{id}]\n{more}    action: record.update\n    with: {{ module: c, wolkvox_id: \"{{{{ inputs.{id} }}}}\", fields: {{ A: b }} }}\n"
        )
    };
    let inputs = ["a", "b", "c", "d", "e", "f", "g"]
        .map(|name| format!("  {name}: {{ type: string, from_env: NO_SUCH_VARIABLE_HERE }}\n"))
        .concat();
    let playbook = |more: &str| {
        format!(
            "inputs:\n{inputs}steps:\n{}{}{}{}",
            step("a", ""),
            step("b", "    when: inputs.c == \"1\"\n"),
            step(
                "d",
                "    for_each: { items: [\"{{ inputs.e }}\"], key: \"{{ inputs.f }}\" }\n"
            ),
            more
        )
    };
    let asked = |tags: &str, more: &str| {
        let ran = Project::new(&playbook(more), []).run(&["--tags", tags]);
        ran.assert_refused(3, "missing-input");
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        let is_asked = |name: &&str| ran.stdout.contains(&format!("the input `{name}`"));
        names.into_iter().filter(is_asked).collect::<String>()
    };
    assert_eq!(asked("a", ""), "a");
    assert_eq!(asked("b", ""), "bc");
    assert_eq!(asked("d", ""), "def");
    assert_eq!(asked("a", "outputs: { o: \"{{ inputs.g }}\" }\n"), "ag");
    assert_eq!(asked("a", "vars: { v: \"{{ inputs.g }}\" }\n"), "ag");
    assert_eq!(
        asked("a", "vars: { v: \"{{ inputs | tojson }}\" }\n"),
        "abcdefg"
    );
    let ran = Project::new(&playbook(""), []).run(&["--tags", "a", "-i", "a=1"]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 1), "{ran:?}");
}

#[test]
fn conditions_and_tags_choose_steps() {
    let steps = format!(
        "steps:\n{}    when: 1 == 2\n{}    tags: [x]\n{}    tags: [y, z]\n",
        update("a", "1"),
        update("b", "2"),
        update("c", "3")
    );
    let ran = Project::new(&steps, []).run(&[]);
    assert_eq!(
        ["a", "b", "c"].map(|step| ran.outcome(step)),
        ["skipped", "ok", "ok"]
    );
    assert_eq!(ran.arrived.len(), 2);
    let ran = Project::new(&steps, []).run(&["--tags", "z"]);
    assert_eq!(
        ["a", "b", "c"].map(|step| ran.outcome(step)),
        ["skipped", "skipped", "ok"]
    );
    Project::new(&steps, [])
        .run(&["--tags", "zz"])
        .assert_refused(3, "invalid-value");
}

#[test]
fn expect_fails_a_step_and_says_that_it_was_done() {
    let steps = format!(
        "steps:\n{}    expect: [status == 200, response.code == 201]\n",
        update("a", "1")
    );
    let ran = Project::new(&steps, []).run(&[]);
    assert_eq!((ran.outcome("a").as_str(), ran.exit), ("failed", 1));
    let error = ran.step("a")["error"].as_str().unwrap().to_owned();
    let expected = "expected `response.code == 201`, and `response.code` is 200 (";
    assert!(error.contains(expected), "{error}");
    assert!(error.contains("did accept"), "{error}");
}

#[test]
fn a_code_that_came_as_text_is_a_number_in_what_is_expected() {
    let steps = |expected: &str| {
        let step = update("a", "1");
        format!("steps:\n{step}    expect: [response.code == 200, {expected}]\n")
    };
    let answer = || json(r#"{"code":"200","error":"null","data":{"a":["x"]}}"#);
    for expected in [
        "status == 200",
        "'response.code == \"200\"'",
        "'\"200\" == response.code'",
        "'response.code in [\"200\", \"201\"]'",
        "'response.code != \"201\"'",
    ] {
        for answer in [answer(), json(DONE)] {
            let ran = Project::new(&steps(expected), [answer]).run(&[]);
            assert_eq!(ran.outcome("a"), "ok", "{expected}: {ran:?}");
        }
    }
    let ran = Project::new(
        &steps("'response.data.b is defined or response.data.a == []'"),
        [answer()],
    )
    .run(&[]);
    let error = ran.step("a")["error"].as_str().unwrap().to_owned();
    let values = ", and `response.data.b` is not there and `response.data.a` is [\"x\"] (";
    assert!(error.contains(values), "{error}");
}

#[test]
fn a_later_step_compares_a_code_either_way() {
    for answer in [
        r#"{"code":"200","error":"null"}"#,
        r#"{"code":200,"error":"null"}"#,
    ] {
        for asked in ["200", "'200'", "201 or '200' == steps.a.code"] {
            let playbook = format!(
                "steps:\n{}{}    when: \"steps.a.code == {asked}\"\n",
                update("a", "1"),
                update("b", "2")
            );
            let ran = Project::new(&playbook, [json(answer)]).run(&[]);
            assert_eq!((ran.exit, ran.arrived.len()), (0, 2), "{asked}: {ran:?}");
        }
    }
}

#[test]
fn a_list_is_not_chosen_from_by_texts_that_say_no() {
    let playbook = "steps:\n  - id: a\n    for_each: { csv: rows.csv, batch: 5 }\n    action: record.update\n    with: { module: c, wolkvox_id: \"{{ (rows | selectattr('active') | list)[0].id }}\", fields: { A: b } }\n";
    let project = Project::new(playbook, []);
    project.write("rows.csv", "id,active\n1,no\n2,yes\n");
    let ran = project.run(&[]);
    assert_eq!((ran.exit, ran.arrived.len()), (3, 0), "{ran:?}");
    assert!(
        ran.stdout.contains("the text `no` would count as true"),
        "{ran:?}"
    );
}

#[test]
fn a_text_that_says_no_sends_nothing() {
    let step = update("a", "1");
    for (when, told) in [
        ("vars.active", "the text `no` would count as true"),
        ("vars.n == 1", "which never equals the number 1"),
    ] {
        let playbook =
            format!("vars: {{ active: 'no', n: '1' }}\nsteps:\n{step}    when: {when}\n");
        let ran = Project::new(&playbook, []).run(&[]);
        assert!(ran.arrived.is_empty(), "{ran:?}");
        assert_eq!(ran.exit, 3, "{ran:?}");
        assert!(ran.stdout.contains(told), "{ran:?}");
    }
}

#[test]
fn what_an_action_cannot_tell_from_its_answer_is_unknown() {
    let action = |effect: &str| {
        READ.replace("record.read", "thing.do")
            .replace("effect: read", &format!("effect: {effect}"))
            .replace("outputs:", "success: response.done == 1\noutputs:")
    };
    let steps = "steps:\n  - id: a\n    action: thing.do\n    with: { module: contacts }\n    retry: { backoff: 1ms }\n";
    for (effect, requests) in [("create", 1), ("delete", 1), ("update", 3), ("read", 3)] {
        for unclear in [r#"{"code":200}"#, r#"{"code":200,"done":"1"}"#] {
            let project = Project::new(steps, std::iter::repeat_with(|| json(unclear)).take(3));
            project.write("actions/thing.do.yaml", &action(effect));
            let ran = project.run(&["--allow", "delete"]);
            assert_eq!(
                (ran.outcome("a").as_str(), ran.exit),
                ("unknown", 5),
                "{ran:?}"
            );
            assert_eq!(ran.arrived.len(), requests, "{effect}");
        }
        let project = Project::new(steps, [json(r#"{"code":200,"done":2}"#)]);
        project.write("actions/thing.do.yaml", &action(effect));
        let ran = project.run(&["--allow", "delete"]);
        assert_eq!(
            (ran.outcome("a").as_str(), ran.exit),
            ("failed", 1),
            "{ran:?}"
        );
    }
}

#[test]
fn a_flag_gives_an_input_whose_schema_names_no_type() {
    let playbook = |schema: &str| {
        format!(
            "inputs: {{ e: {schema} }}\nsteps:\n  - action: record.update\n    with: {{ module: contacts, wolkvox_id: a, fields: {{ e: \"{{{{ inputs.e }}}}\" }} }}\n"
        )
    };
    for (schema, given, sent) in [
        ("{ enum: [1, 2, 3] }", "2", "2"),
        ("{ enum: ['1', 2] }", "1", "\"1\""),
        ("{ const: 5 }", "5", "5"),
        (
            "{ anyOf: [{ type: integer }, { type: boolean }] }",
            "true",
            "true",
        ),
        (
            "{ $ref: '#/$defs/n', $defs: { n: { type: integer } } }",
            "7",
            "7",
        ),
        ("{ minLength: 1 }", "7", "\"7\""),
    ] {
        let project = Project::new(&playbook(schema), []);
        let ran = project.run(&["-i", &format!("e={given}")]);
        assert_eq!(ran.exit, 0, "{schema}: {ran:?}");
        let wanted = format!("\"e\":{sent}}}");
        assert!(ran.arrived[0].text().contains(&wanted), "{ran:?}");
    }
    let ran = Project::new(&playbook("{ enum: [1, 2, 3] }"), []).run(&["-i", "e=x"]);
    assert_eq!(ran.exit, 3, "{ran:?}");
}

#[test]
fn an_answer_that_is_not_as_documented_is_a_warning() {
    let answer = json(r#"{"code":200,"error":"null","msg":7}"#);
    let ran = Project::new(&format!("steps:\n{}", update("a", "1")), [answer]).run(&[]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(!ran.step("a")["warnings"].as_array().unwrap().is_empty());
}

const INPUTS: &str = r#"
inputs:
  who: { type: string, from_env: WHO, default: default }
  count: { type: integer, default: 1 }
  list: { type: array, default: [] }
  flag: { type: boolean, default: false }
steps:
  - action: record.update
    with: { module: contacts, wolkvox_id: "64cb", fields: { who: "{{ inputs.who }}", count: "{{ inputs.count }}", list: "{{ inputs.list }}", flag: "{{ inputs.flag }}", word: no } }
"#;

#[test]
fn inputs_have_types_and_an_order_of_precedence() {
    let fields = |environment: bool, arguments: &[&str]| {
        let project = Project::new(INPUTS, []);
        project.write("one.yaml", "who: file\ncount: 12345678901234567890\n");
        project.write("two.json", r#"{"who":"later file"}"#);
        let mut command = project.command(arguments);
        if environment {
            command.env("WHO", "environment");
        }
        let ran = project.finish(command);
        assert_eq!(ran.exit, 0, "{ran:?}");
        let body = ran.arrived[0].text().to_owned();
        body.split_once("\"fields\":")
            .unwrap()
            .1
            .trim_end_matches("}}")
            .to_owned()
            + "}"
    };
    let plain = r#"{"who":"default","count":1,"list":[],"flag":false,"word":"no"}"#;
    assert_eq!(fields(false, &[]), plain);
    assert_eq!(fields(true, &[]), plain.replace("default", "environment"));
    assert_eq!(
        fields(true, &["--inputs", "one.yaml"]),
        plain
            .replace("default", "file")
            .replace(":1,", ":12345678901234567890,")
    );
    assert_eq!(
        fields(true, &["--inputs", "one.yaml", "--inputs", "two.json"]),
        plain
            .replace("default", "later file")
            .replace(":1,", ":12345678901234567890,")
    );
    assert_eq!(
        fields(
            true,
            &[
                "--inputs",
                "one.yaml",
                "-i",
                "who=0123",
                "-i",
                "count=7",
                "-i",
                "list=[a, {b: 1.50}]",
                "-i",
                "flag=true"
            ]
        ),
        r#"{"who":"0123","count":7,"list":["a",{"b":1.50}],"flag":true,"word":"no"}"#
    );
    assert_eq!(
        fields(false, &["-i", "who=a=b", "-i", "who=true"]),
        plain.replace("default", "true")
    );
}

#[test]
fn wrong_inputs_are_refused() {
    for (arguments, exit, code) in [
        (vec!["-i", "whoo=x"], 3, "unknown-input"),
        (vec!["-i", "count=x"], 3, "invalid-input"),
        (vec!["-i", "count=1.5"], 3, "invalid-input"),
        (vec!["--inputs", "nothing.yaml"], 3, "missing-file"),
    ] {
        Project::new(INPUTS, [])
            .run(&arguments)
            .assert_refused(exit, code);
    }
    let ran = Project::new(INPUTS, []).run(&["-i", "count"]);
    assert_eq!((ran.exit, ran.arrived.len()), (2, 0), "{ran:?}");
}

const SECRET: &str = "s3cret \"päss\"/wörd\\+";

fn secret_playbook(with: &str) -> String {
    format!(
        "inputs:\n  pin: {{ type: string, secret: true, from_env: PIN }}\nsteps:\n  - id: a\n    action: record.update\n    retry: {{ attempts: 1 }}\n    with: {with}\noutputs: {{ p: \"{{{{ inputs.pin }}}}\" }}\n"
    )
}

#[test]
fn secret_inputs_arrive_and_show_nowhere() {
    let playbook = secret_playbook(
        r#"{ module: contacts, wolkvox_id: "64cb", fields: { A: "{{ inputs.pin }}", B: "x{{ inputs.pin | tojson }}" } }"#,
    );
    let echo = serde_json::json!({"code": 200, "error": "null", "msg": SECRET, "data": {"wolkvox_id": SECRET, SECRET: SECRET}});
    let error = serde_json::json!({"code": 400, "error": SECRET, SECRET: 1});
    for (answer, exit) in [
        (json(DONE), 0),
        (json(&echo.to_string()), 0),
        (json(&error.to_string()), 1),
        (status("404 Not Found", SECRET), 1),
        (
            Answer::Http(
                "302 Found",
                "Location: /s3cret%20%22p%C3%A4ss%22%2Fw%C3%B6rd%5C%2B\r\n".to_owned(),
                vec![],
            ),
            5,
        ),
    ] {
        for format in ["json", "human"] {
            let project = Project::new(&playbook, [answer.clone()]);
            let mut command = project.command_as(format, &[]);
            command.env("PIN", SECRET);
            let ran = project.finish(command);
            assert_eq!(ran.exit, exit, "{ran:?}");
            let escaped = serde_json::to_string(SECRET).unwrap();
            assert!(ran.arrived[0].text().contains(&escaped), "{ran:?}");
            project.assert_hidden(SECRET, &ran);
        }
    }
}

#[test]
fn secret_inputs_do_not_show_where_the_run_is_refused() {
    for with in [
        r#"{ module: contacts, wolkvox_id: "64cb", fields: "{{ inputs.pin }}" }"#,
        r#"{ module: contacts, wolkvox_id: "64cb", fields: { A: "{{ inputs.pin | int }}" } }"#,
        r#"{ module: contacts, wolkvox_id: "64cb", fields: { A: "{{ now() | datetime(inputs.pin) | int }}" } }"#,
        r#"{ wolkvox_id: "{{ inputs.pin }}", files: "{{ inputs.pin }}", responsible: a, status: b }"#,
    ] {
        let mut playbook = secret_playbook(with);
        if with.contains("files") {
            playbook = playbook.replace("record.update", "case.update");
        }
        let project = Project::new(&playbook, []);
        let mut command = project.command(&[]);
        command.env("PIN", SECRET);
        let ran = project.finish(command);
        assert_eq!(ran.arrived.len(), 0, "{ran:?}");
        assert!(ran.exit == 3 || ran.exit == 4, "{ran:?}");
        project.assert_hidden(SECRET, &ran);
    }
    // Nor may it be given where process lists show it.
    let playbook = secret_playbook(r#"{ module: contacts, wolkvox_id: "64cb", fields: { A: b } }"#);
    let project = Project::new(&playbook, []);
    let ran = project.run(&["-i", &format!("pin={SECRET}")]);
    ran.assert_refused(3, "invalid-input");
    project.assert_hidden(SECRET, &ran);
}

#[test]
fn a_read_that_is_not_all_there_is_says_so() {
    let action = READ
        .replace("record.read", "thing.query")
        .replace("required: [module]", "required: []")
        .replace(
            "    module: { type: string",
            "    page: { type: integer, default: 1, description: which page }\n    limit: { type: integer, description: how many }\n    module: { type: string",
        )
        .replace(
            "examples:",
            "paging: { page: page, limit: limit, max_limit: 100, records: \"{{ response.records }}\", total_pages: \"{{ response['Total pages'] }}\" }\nexamples:",
        );
    let run = |with: &str, answer: &str| {
        let steps = format!("steps:\n  - id: a\n    action: thing.query\n    with: {with}\n");
        let project = Project::new(&steps, [json(answer)]);
        project.write("actions/thing.query.yaml", &action);
        let ran = project.run(&[]);
        assert_eq!((ran.outcome("a").as_str(), ran.exit), ("ok", 0), "{ran:?}");
        ran.step("a")["warnings"].to_string()
    };
    let answer = r#"{"code":200,"records":[1],"Total pages":"3"}"#;
    let told = run("{ module: contacts }", answer);
    assert!(told.contains("only page 1 of 3 was read"), "{told}");
    assert!(told.contains("`page: 2`"), "{told}");
    let told = run("{ module: contacts, page: 2 }", answer);
    assert!(told.contains("only page 2 of 3 was read"), "{told}");
    assert!(!run("{ module: contacts, page: 3 }", answer).contains("page"));
    let without = r#"{"code":200,"records":[1]}"#;
    assert!(!run("{ module: contacts }", without).contains("page"));
}

#[test]
fn a_value_of_a_skipped_step_is_missed_before_the_run() {
    let playbook = "inputs: { go: { type: boolean, default: false } }\nsteps:\n  - id: a\n    when: inputs.go\n    steps:\n      - id: b\n        action: record.update\n        with: { module: contacts, wolkvox_id: \"1\", fields: { A: b } }\n  - id: c\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"{{ steps.b.wolkvox_id }}\", fields: { A: b } }\n";
    let project = Project::new(playbook, []);
    project.run(&[]).assert_refused(3, "undefined-name");
    let plan = project.finish(project.voxplay(&["plan", "playbook.yaml"]));
    assert_eq!(plan.exit, 3, "{plan:?}");
    let wanted = "`steps.b.wolkvox_id` is undefined: the step b is skipped";
    assert!(plan.stderr.contains(wanted), "{plan:?}");
    assert!(!plan.stderr.contains("may be skipped"), "{plan:?}");
    // A check does not know which inputs a run will have.
    let check = project.finish(project.voxplay(&["check", "playbook.yaml"]));
    assert_eq!(check.exit, 0, "{check:?}");
    // Where it is not sure to be read, or the run goes on, it may never come to matter.
    for (c, exit, sent) in [
        (
            "when: steps.first.code == 201 and steps.b.outcome == 'ok'",
            0,
            1,
        ),
        ("when: inputs.go and steps.first.code == 200", 0, 1),
        ("on_failure: continue", 1, 1),
    ] {
        let first = "steps:\n  - id: first\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"1\", fields: { A: b } }\n";
        let text = playbook
            .replace("steps:\n  - id: a", &format!("{first}  - id: a"))
            .replace("  - id: c\n", &format!("  - id: c\n    {c}\n"));
        let ran = Project::new(&text, []).run(&[]);
        assert_eq!((ran.exit, ran.arrived.len()), (exit, sent), "{c}: {ran:?}");
    }
    // What does not need it runs.
    let guarded = playbook.replace("steps.b.wolkvox_id", "steps.b.wolkvox_id | default('2')");
    let ran = Project::new(&guarded, []).run(&[]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 1), "{ran:?}");
}

#[test]
fn each_step_of_finally_is_tried() {
    let finally = [
        update("f1", "1"),
        update("f2", "\"{{ steps.f1.wolkvox_id }}\""),
        update("f3", "3"),
    ];
    let playbook = format!("steps:\n{}finally:\n{}", update("a", "a"), finally.concat());
    let wanted = ["failed", "failed", "ok"];
    let ran = Project::new(&playbook, [json(DONE), refused()]).run(&[]);
    assert_eq!(["f1", "f2", "f3"].map(|step| ran.outcome(step)), wanted);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 3), "{ran:?}");

    // That of a used playbook, whose step fails all the same.
    let outer = format!(
        "steps:\n  - {{ id: u, use: used.yaml }}\n{}",
        update("b", "b")
    );
    let project = Project::new(&outer, [json(DONE), refused()]);
    project.write("used.yaml", &format!("voxplay: 1\n{playbook}"));
    let ran = project.run(&[]);
    assert_eq!(
        ["u.f1", "u.f2", "u.f3"].map(|step| ran.outcome(step)),
        wanted
    );
    assert_eq!(
        ["u", "b"].map(|step| ran.outcome(step)),
        ["failed", "not_run"]
    );
    assert_eq!((ran.exit, ran.arrived.len()), (1, 3), "{ran:?}");

    // What is in doubt stops it.
    let ran = Project::new(&playbook, [json(DONE), Answer::CutRead]).run(&[]);
    let outcomes = ["f1", "f2", "f3"].map(|step| ran.outcome(step));
    assert_eq!(outcomes, ["unknown", "not_run", "not_run"]);
}

#[test]
fn an_output_whose_template_fails_is_left_out_with_its_place() {
    let playbook = format!(
        "steps:\n{}outputs:\n  number: \"{{{{ steps.a.wolkvox_id | int }}}}\"\n  id: \"{{{{ steps.a.wolkvox_id }}}}\"\n",
        "  - id: a\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"64cb\", fields: { A: b } }\n"
    );
    let answer = r#"{"code":200,"error":"null","msg":"ok","data":{"wolkvox_id":"abc"}}"#;
    let ran = Project::new(&playbook, [json(answer)]).run(&[]);
    let finished = ran.finished();
    assert_eq!((ran.exit, &finished["outputs"]["id"]), (0, &"abc".into()));
    let why = finished["missing_outputs"]["number"].as_str().unwrap();
    assert_eq!(why, "`abc` is not a number (playbook.yaml:7:15)", "{ran:?}");
}

#[cfg(unix)]
#[test]
fn a_file_name_that_no_form_can_hold_is_found_before() {
    let playbook = "steps:\n  - id: a\n    action: case.update\n    with: { wolkvox_id: \"64cb\", responsible: a@b, status: open, files: \"a\\nb.pdf\" }\n";
    let project = Project::new(playbook, []);
    project.write("a\nb.pdf", "x");
    for command in ["check", "plan", "run"] {
        let said = project.finish(project.voxplay(&[command, "playbook.yaml", "--format", "json"]));
        assert_eq!((said.exit, said.arrived.len()), (3, 0), "{said:?}");
        assert!(
            said.stdout.contains("holds a control character"),
            "{said:?}"
        );
    }
}

#[test]
fn an_input_that_is_asked_for_behind_an_answer_may_be_missing() {
    let playbook = r#"
inputs: { note: { type: string, required: false } }
steps:
  - id: first
    action: record.update
    with: { module: contacts, wolkvox_id: "1", fields: { A: x } }
  - id: noted
    when: steps.first.outcome == "ok" and inputs.note is defined
    action: record.update
    with: { module: contacts, wolkvox_id: "1", fields: { A: "{{ inputs.note }}" } }
"#;
    let project = Project::new(playbook, []);
    for (more, sent) in [(&[][..], 1), (&["-i", "note=y"], 3)] {
        let ran = project.run(more);
        assert_eq!((ran.exit, ran.arrived.len()), (0, sent), "{ran:?}");
    }
}
