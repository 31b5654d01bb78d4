//! What refuses a run: nothing is sent, the finding has its code, the exit code is 3 or 4.

use super::{Project, Ran, TOKEN, UPDATE};
use crate::server::{Answer, DONE, json};

const DELETE: &str = "
steps:
  - id: one
    action: record.delete
    with: { module: contacts, wolkvox_id: [\"64cb\", \"64cc\"] }
";

fn with_environment(playbook: &str, changes: &[(&str, Option<&str>)]) -> Ran {
    let project = Project::new(playbook, []);
    let mut command = project.command(&[]);
    for (name, value) in changes {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    project.finish(command)
}

#[test]
fn the_target_of_the_environment() {
    for (changes, exit, code) in [
        (vec![("WOLKVOX_TOKEN", None)], 4, "missing-token"),
        (vec![("WOLKVOX_TOKEN", Some(""))], 4, "missing-token"),
        (
            vec![("WOLKVOX_TOKEN", Some("two words"))],
            4,
            "missing-token",
        ),
        (vec![("WOLKVOX_TOKEN", Some("line\n"))], 4, "missing-token"),
        (vec![("WOLKVOX_SERVER", None)], 3, "no-target"),
        (vec![("WOLKVOX_OPERATION", None)], 3, "no-target"),
        (
            vec![("WOLKVOX_SERVER", Some("evil.example"))],
            4,
            "forbidden-host",
        ),
        (
            vec![("WOLKVOX_SERVER", Some("http://crm.wolkvox.com"))],
            4,
            "insecure-http",
        ),
        (
            vec![("WOLKVOX_SERVER", Some("crm.wolkvox.com/path"))],
            3,
            "bad-target",
        ),
        (
            vec![("VOXPLAY_TARGET", Some("nowhere"))],
            3,
            "unknown-target",
        ),
    ] {
        with_environment(UPDATE, &changes).assert_refused(exit, code);
    }
}

#[test]
fn an_empty_environment_twin_is_not_set() {
    let help = Project::new(UPDATE, []);
    let help = help.finish(help.voxplay(&["run", "--help"])).stdout;
    let twins: Vec<&str> = help
        .split("[env: ")
        .skip(1)
        .filter_map(|rest| rest.split('=').next())
        .collect();
    assert!(twins.len() > 15 && twins.contains(&"VOXPLAY_YES"), "{help}");
    let empty: Vec<_> = twins.iter().map(|twin| (*twin, Some(""))).collect();
    assert_eq!(with_environment(UPDATE, &empty).exit, 0);
    // Those that say something still do, and so do flags.
    let mut some = empty;
    some.retain(|(twin, _)| *twin != "VOXPLAY_TARGET");
    some.push(("VOXPLAY_TARGET", Some("nowhere")));
    with_environment(UPDATE, &some).assert_refused(3, "unknown-target");
    let project = Project::new(UPDATE, []);
    let mut command = project.command(&["--target", "nowhere"]);
    command.env("VOXPLAY_TARGET", "").env("VOXPLAY_YES", "");
    project.finish(command).assert_refused(3, "unknown-target");
}

#[test]
fn an_input_that_need_not_be_given_is_missed_where_it_is_read() {
    let of = |with: &str| {
        format!(
            "inputs: {{ opt: {{ type: string, required: false }}, env: {{ type: string, from_env: EMPTY, required: false }} }}\nsteps:\n  - action: record.update\n    with: {{ module: contacts, wolkvox_id: \"1\", fields: {{ A: \"{with}\" }} }}\n"
        )
    };
    for (with, words) in [
        (
            "{{ inputs.opt }}",
            "the input `opt` was not given: pass `-i opt=…`, or write `| default(…)`",
        ),
        (
            "{{ inputs.env }}",
            "the input `env` was not given: set EMPTY, or write `| default(…)`",
        ),
    ] {
        let ran = with_environment(&of(with), &[("EMPTY", Some(""))]);
        ran.assert_refused(3, "undefined-name");
        assert!(ran.stdout.contains(words), "{ran:?}");
    }
    let project = Project::new(&of("{{ inputs.opt }}"), [json(DONE)]);
    let ran = project.run(&["-i", "opt=a"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(!ran.stdout.contains("need not be given"), "{ran:?}");
    let required = format!("inputs: {{ a: {{ type: string, from_env: EMPTY }} }}{UPDATE}");
    let ran = with_environment(&required, &[("EMPTY", Some(""))]);
    ran.assert_refused(3, "missing-input");
    assert!(
        ran.stdout
            .contains("the environment variable EMPTY is empty"),
        "{ran:?}"
    );
}

#[test]
fn an_item_of_a_list_is_named_after_its_list() {
    let input = format!("inputs: {{ ids: {{ type: array, items: {{ type: integer }} }} }}{UPDATE}");
    let ran = Project::new(&input, []).run(&["-i", "ids=[1, a]"]);
    ran.assert_refused(3, "invalid-input");
    assert!(
        ran.stdout.contains("`ids[1]` must be a whole number"),
        "{ran:?}"
    );
}

#[test]
fn inputs_files_and_playbooks_that_are_not_there() {
    let input = format!("inputs: {{ a: {{ type: string, from_env: NOT_SET }} }}{UPDATE}");
    with_environment(&input, &[]).assert_refused(3, "missing-input");
    let file = "\nsteps:\n  - action: case.update\n    with: { wolkvox_id: \"1\", responsible: a, status: b, files: FILE }\n";
    with_environment(&file.replace("FILE", "../../etc/hostname"), &[])
        .assert_refused(4, "outside-project");
    with_environment(&file.replace("FILE", "/etc/hostname"), &[])
        .assert_refused(4, "outside-project");
    with_environment(&file.replace("FILE", "nothing.pdf"), &[]).assert_refused(3, "missing-file");
    let project = Project::new(UPDATE, []);
    std::fs::remove_file(project.folder.path().join("playbook.yaml")).unwrap();
    project.run(&[]).assert_refused(3, "missing-file");
    assert_eq!(Project::new(UPDATE, []).run(&["--nonsense"]).exit, 2);
}

#[test]
fn a_literal_token_does_not_run_and_does_not_show() {
    let project = Project::new(UPDATE, []);
    project.write(
        "voxplay.yaml",
        &format!(
            "targets: {{ a: {{ server: \"{}\", operation: acme, token: {TOKEN} }} }}\n",
            project.server.url()
        ),
    );
    project.run(&[]).assert_refused(3, "literal-token");
}

#[test]
fn a_token_is_read_from_a_file() {
    let project = Project::new(UPDATE, []);
    project.write("token.txt", &format!("{TOKEN}\n"));
    project.write(
        "voxplay.yaml",
        &format!("targets: {{ a: {{ server: \"{}\", operation: acme, token: {{ file: token.txt }} }} }}\n", project.server.url()),
    );
    assert_eq!(project.run(&["--target", "a"]).exit, 0);
    // Some editors begin a file with a mark that nobody sees.
    project.write("token.txt", &format!("\u{feff}{TOKEN}\r\n"));
    assert_eq!(project.run(&["--target", "a"]).exit, 0);
}

#[test]
fn deletes_need_leave() {
    Project::new(DELETE, [])
        .run(&[])
        .assert_refused(4, "delete-not-allowed");
    let project = Project::new(DELETE, []);
    let ran = project.finish(project.command_as("human", &[]));
    assert!(ran.stderr.contains("--> playbook.yaml:"), "{ran:?}");
    assert!(ran.stderr.contains("  - id: one\n"), "{ran:?}");
    assert_eq!(Project::new(DELETE, []).run(&["--allow", "delete"]).exit, 0);
    assert_eq!(Project::new(DELETE, []).run(&["--yes"]).exit, 0);
    let conditional = DELETE.replace("    with", "    when: inputs.x == 1\n    with");
    let conditional = format!("inputs: {{ x: {{ type: integer, default: 1 }} }}{conditional}");
    Project::new(&conditional, [])
        .run(&[])
        .assert_refused(4, "delete-not-allowed");
    let ran = Project::new(&conditional, []).run(&["-i", "x=2"]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 0), "{ran:?}");
}

#[test]
fn limits_and_policy_bound_what_is_sent() {
    let limited = |limits: &str| Project::new(&format!("limits: {limits}{DELETE}"), []);
    limited("{ deletes: 1 }")
        .run(&["--allow", "delete"])
        .assert_refused(4, "limit-passed");
    limited("{ requests: 0 }")
        .run(&["--allow", "delete"])
        .assert_refused(4, "limit-passed");
    assert_eq!(
        limited("{ deletes: 2, requests: 1 }")
            .run(&["--allow", "delete"])
            .exit,
        0
    );
    let with_policy = |playbook: &str, script: Vec<Answer>| {
        let project = Project::new(playbook, script);
        project.write("voxplay.yaml", "policy: { requests: 1, deletes: 1 }\n");
        project
    };
    with_policy(DELETE, vec![])
        .run(&["--allow", "delete"])
        .assert_refused(4, "limit-passed");
    with_policy(&format!("limits: {{ requests: 2 }}{UPDATE}"), vec![])
        .run(&[])
        .assert_refused(4, "limit-passed");
    // What only shows during the run: a retry counts as a request.
    let ran = with_policy(UPDATE, vec![json(r#"{"code":"429"}"#)]).run(&[]);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 1), "{ran:?}");
    let busy = crate::server::status("429 Too Many Requests", "");
    let ran = with_policy(UPDATE, vec![busy]).run(&[]);
    assert_eq!(
        (ran.outcome("one").as_str(), ran.arrived.len(), ran.exit),
        ("failed", 1, 1),
        "{ran:?}"
    );
    // It was sent once, and what came back is not forgotten.
    let end = ran.step("one");
    let error = end["error"].as_str().unwrap();
    assert!(
        error.contains("HTTP 429") && error.contains("; not sent again: "),
        "{error}"
    );
    assert_eq!(
        (&end["http_status"], &end["attempts"]),
        (&429.into(), &1.into())
    );
    let ran = with_policy(UPDATE, vec![Answer::CutRead]).run(&[]);
    assert_eq!(
        (ran.outcome("one").as_str(), ran.arrived.len(), ran.exit),
        ("unknown", 1, 5),
        "{ran:?}"
    );
}

#[test]
fn a_limit_stops_a_list_whose_length_only_an_answer_tells() {
    let playbook = "
limits: { deletes: 2 }
steps:
  - id: one
    action: record.update
    with: { module: contacts, wolkvox_id: \"64cb\", fields: { A: b } }
  - id: two
    action: record.delete
    with: { module: contacts, wolkvox_id: \"{{ steps.one.wolkvox_id }}\" }
";
    let answer = json(r#"{"code":200,"data":{"wolkvox_id":["a","b","c"]}}"#);
    let ran = Project::new(playbook, [answer]).run(&["--allow", "delete"]);
    assert_eq!(
        (ran.outcome("two").as_str(), ran.arrived.len(), ran.exit),
        ("failed", 1, 1),
        "{ran:?}"
    );
}

#[test]
fn what_cannot_be_recorded_is_not_sent() {
    let project = Project::new(UPDATE, []);
    project.write("a_file", "x");
    project
        .run(&["--state-dir", "a_file"])
        .assert_refused(4, "state-folder");
    project
        .run(&["--state-dir", "a_file/below"])
        .assert_refused(4, "state-folder");
    project
        .run(&["--state-dir", "/proc/nowhere"])
        .assert_refused(4, "state-folder");
    project.write(
        "other/journal.sqlite",
        "this is no database, and long enough to be looked at as one",
    );
    project
        .run(&["--state-dir", "other"])
        .assert_refused(4, "state-folder");
    assert_eq!(project.run(&["--state-dir", "fresh/below"]).exit, 0);
}

#[test]
fn one_run_of_a_playbook_at_a_time() {
    let project = Project::new(UPDATE, [Answer::Held(crate::server::DONE)]);
    let first = project.command(&[]).spawn().unwrap();
    project.server.wait_for(1);
    let second = project.run(&[]);
    assert_eq!((second.exit, second.arrived.len()), (4, 1), "{second:?}");
    assert!(second.stdout.contains("state-folder"), "{second:?}");
    project.server.release();
    let output = first.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(project.run(&[]).exit, 0, "the lock goes with its run");
}

#[test]
fn what_the_rows_of_a_loop_come_to_is_known_before_the_first_request() {
    let each = "steps:\n  - id: each\n    for_each: { csv: rows.csv }\n    action: record.delete\n    with: { module: contacts, wolkvox_id: \"{{ row.id }}\" }\n";
    for (limits, flags, said) in [
        (
            "limits: { deletes: 2 }\n",
            &["--allow", "delete"][..],
            "needs 3 deletes",
        ),
        (
            "limits: { requests: 2 }\n",
            &["--allow", "delete"],
            "needs 3 requests",
        ),
        ("", &[], "deletes 3 records"),
    ] {
        let project = Project::new(&format!("{limits}{each}"), []);
        project.write("rows.csv", "id\n1\n2\n3\n");
        let ran = project.run(flags);
        assert_eq!((ran.exit, ran.arrived.len()), (4, 0), "{limits} {ran:?}");
        assert!(ran.stdout.contains(said), "{limits} {ran:?}");
    }
    let project = Project::new(&format!("limits: {{ deletes: 3 }}\n{each}"), []);
    project.write("rows.csv", "id\n1\n2\n3\n");
    let ran = project.run(&["--allow", "delete"]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 3), "{ran:?}");
}

#[test]
fn findings_are_events_among_the_others() {
    let late = "\nsteps:\n  - id: one\n    when: steps.two.outcome == 'ok'\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"1\", fields: { A: b } }\n";
    for (playbook, flags, exit) in [
        (late, &[][..], 3),
        (DELETE, &[], 4),
        (UPDATE, &["--plan", "nowhere.json"], 3),
    ] {
        let ran = Project::new(playbook, []).run(flags);
        assert_eq!(ran.exit, exit, "{ran:?}");
        let findings = ran.events("finding");
        assert!(!findings.is_empty() && findings.len() == ran.stdout.lines().count());
        for finding in findings {
            assert_eq!(
                (&finding["schema"], &finding["level"]),
                (&1.into(), &"error".into())
            );
            assert!(
                finding["time"].is_string()
                    && finding["run"].is_null()
                    && finding["code"].is_string(),
                "{finding}"
            );
        }
    }
    // All events of the journal have the same beginning.
    let project = Project::new(UPDATE, []);
    assert_eq!(project.run(&["--run-id", "r"]).exit, 0);
    let shown = project.finish(project.voxplay(&["runs", "show", "r", "--format", "json"]));
    for line in shown.stdout.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&event["schema"], &event["run"]),
            (&1.into(), &"r".into()),
            "{line}"
        );
    }
}

#[test]
fn a_row_that_fails_inside_a_group_or_a_used_playbook_is_told_in_full() {
    let inner = "- id: mark\n            action: record.update\n            with: { module: contacts, wolkvox_id: \"{{ row }}\", fields: { A: b } }\n";
    let group = format!(
        "\nsteps:\n  - id: each\n    for_each: {{ items: [a] }}\n    steps:\n      - id: group\n        steps:\n          {inner}"
    );
    let used = "\nsteps:\n  - id: each\n    for_each: { items: [a] }\n    steps:\n      - { id: in, use: used.yaml, with: {} }\n".replace(", with: {}", "");
    for playbook in [group, used] {
        let project = Project::new(&playbook, [json(r#"{"code":400,"error":"no","msg":"m"}"#)]);
        project.write("used.yaml", "voxplay: 1\nsteps:\n  - id: mark\n    action: record.update\n    with: { module: contacts, wolkvox_id: x, fields: { A: b } }\n");
        let ran = project.run(&["--report", "json=r.json"]);
        assert_eq!((ran.exit, ran.arrived.len()), (1, 1), "{ran:?}");
        let text = std::fs::read_to_string(project.folder.path().join("r.json")).unwrap();
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        let row = &report["rows"]["listed"][0];
        assert_eq!(
            (&row["attempts"], &row["http_status"]),
            (&1.into(), &200.into()),
            "{row}"
        );
        assert_eq!(
            (&row["action"], &row["code"]),
            (&"record.update".into(), &400.into()),
            "{row}"
        );
        assert!(
            row["answer"].as_str().unwrap().contains("\"msg\":\"m\""),
            "{row}"
        );
    }
}

#[test]
fn a_step_that_is_off_has_no_mistakes_either() {
    let playbook = |with: &str| {
        let off = "inputs: { go: { type: boolean, default: false } }\nsteps:\n  - id: off\n    when: inputs.go\n    action: case.update\n";
        format!(
            "{off}    with: {{ wolkvox_id: \"1\", responsible: \"a@b.co\", status: s, {with} }}\n"
        )
    };
    let refused = Project::new(&playbook("prioritie: high"), []).run(&[]);
    refused.assert_refused(3, "unknown-key");
    // It has no need of its file.
    let ran = Project::new(&playbook("files: nope.pdf"), []).run(&[]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 0), "{ran:?}");
}

#[test]
fn an_effect_depends_on_what_its_conditions_read() {
    let action = super::READ
        .replace("name: record.read", "name: rows.put")
        .replace(
            "effect: read",
            "effect:\n  default: update\n  when:\n    - { if: with.mode == 'insert', effect: create, because: it inserts }\n    - { if: with.mode == 'purge', effect: delete, because: it purges }",
        )
        .replace("required: [module]", "required: [module, mode]")
        .replace(
            "  properties:\n",
            "  properties:\n    mode: { type: string, description: what to do }\n",
        )
        .replace("with: { module: contacts }", "with: { module: contacts, mode: update }");
    let run = |mode: &str| {
        let project = Project::new(
            &format!(
                "steps:\n  - id: each\n    for_each: {{ csv: rows.csv }}\n    action: rows.put\n    with: {{ module: \"{{{{ row.id }}}}\", mode: \"{mode}\" }}\n"
            ),
            [json(r#"{"code":200,"data":{"email":"a@b.co"}}"#)],
        );
        project.write("actions/rows.put.yaml", &action);
        project.write("rows.csv", "id,mode\n1,insert\n");
        project.run(&[])
    };
    let ran = run("insert");
    assert_eq!((ran.exit, ran.arrived.len()), (0, 1), "{ran:?}");
    run("purge").assert_refused(4, "delete-not-allowed");
    run("{{ row.mode }}").assert_refused(4, "delete-not-allowed");
}
