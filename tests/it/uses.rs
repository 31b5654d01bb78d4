//! `use` from outside: a playbook as a step, in every command.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json as object};
use voxplay::schema::Schema;
use voxplay::value::Value;

use crate::run::{Project, Ran};
use crate::server::{Answer, DONE, json};

/// What the tests use: two steps, the second only for some, and one at the end.
const ONBOARD: &str = r#"voxplay: 1
timezone: America/Bogota
inputs:
  contact_id: { type: string, minLength: 2 }
  tier: { type: string, enum: [VIP, Regular], default: VIP }
vars:
  owner: "{{ target.operation }}-{{ inputs.tier }}"
steps:
  - id: mark
    action: record.update
    with: { module: contacts, wolkvox_id: "{{ inputs.contact_id }}", fields: { Owner: "{{ vars.owner }}" } }
  - id: call
    when: inputs.tier == "VIP"
    tags: [calls]
    action: obligation.insert
    with: { wolkvox_id: "{{ steps.mark.wolkvox_id }}", id: "{{ inputs.contact_id }}", name: Loan }
finally:
  - id: tidy
    action: record.update
    with: { module: contacts, wolkvox_id: "{{ inputs.contact_id }}", fields: { Tidy: "yes" } }
outputs:
  contact_id: "{{ steps.mark.wolkvox_id }}"
  call_id: "{{ steps.call.wolkvox_id }}"
"#;

/// Two uses of it, and a step that uses what they give.
const MAIN: &str = r#"
steps:
  - id: first
    use: ./shared/onboard.yaml
    inputs: { contact_id: "c1" }
  - id: second
    use: shared/onboard.yaml
    inputs: { contact_id: "{{ steps.first.contact_id }}", tier: Regular }
  - id: last
    action: record.update
    with: { module: contacts, wolkvox_id: "{{ steps.first.call_id | default('none') }}", fields: { A: "{{ steps.second.outcome }}" } }
outputs:
  first: "{{ steps.first.call_id }}"
  second: "{{ steps.second.call_id }}"
"#;

fn project(main: &str, script: impl IntoIterator<Item = Answer>) -> Project {
    let project = Project::new(main, script);
    project.write("shared/onboard.yaml", ONBOARD);
    project
}

fn done(id: &str) -> Answer {
    json(&DONE.replace("64cb", id))
}

fn refused() -> Answer {
    json(r#"{"code":400,"error":"no such record"}"#)
}

fn voxplay(project: &Project, arguments: &[&str]) -> Ran {
    project.finish(project.voxplay(arguments))
}

fn bodies(ran: &Ran) -> Vec<Json> {
    let arrived = ran.arrived.iter();
    arrived
        .map(|arrived| serde_json::from_str(arrived.text()).unwrap())
        .collect()
}

/// The steps that ended, in their order, with their outcomes.
fn ends(ran: &Ran) -> Vec<String> {
    let ends = ran.events("step_finished");
    ends.iter()
        .map(|end| {
            let row = end["row"].as_str();
            let row = row.map_or_else(String::new, |row| format!("@{row}"));
            let step = end["step"].as_str().unwrap();
            format!("{step}{row} {}", end["outcome"].as_str().unwrap())
        })
        .collect()
}

#[test]
fn a_playbook_runs_as_a_step_as_often_as_it_is_used() {
    let script = ["c1", "call-1", "c1", "c1"].map(done);
    let project = project(MAIN, script);
    let ran = project.run(&[]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert_eq!(
        ends(&ran),
        [
            "first.mark ok",
            "first.call ok",
            "first.tidy ok",
            "first ok",
            "second.mark ok",
            "second.call skipped",
            "second.tidy ok",
            "second ok",
            "last ok"
        ]
    );
    let sent = bodies(&ran);
    assert_eq!(sent[0]["fields"], object!({ "Owner": "acme-VIP" }));
    assert_eq!(sent[1]["wolkvox_id"], "c1");
    assert_eq!(sent[2]["fields"], object!({ "Tidy": "yes" }));
    assert_eq!(sent[3]["fields"], object!({ "Owner": "acme-Regular" }));
    assert_eq!(sent[5]["wolkvox-id"], "call-1");
    assert_eq!(sent[5]["fields"], object!({ "A": "ok" }));
    // What a skipped step would have given is left out.
    assert_eq!(ran.finished()["outputs"], object!({ "first": "call-1" }));
}

#[test]
fn a_failure_inside_stops_what_comes_after_and_the_inner_finally_runs() {
    let project = project(MAIN, [refused()]);
    let ran = project.run(&[]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    assert_eq!(
        ends(&ran),
        [
            "first.mark failed",
            "first.call not_run",
            "first.tidy ok",
            "first failed",
            "second not_run",
            "second.mark not_run",
            "second.call not_run",
            "second.tidy not_run",
            "last not_run"
        ]
    );
    assert_eq!(ran.arrived.len(), 2);
}

#[test]
fn inputs_are_checked_before_the_first_step() {
    let main = MAIN.replace(
        "  - id: second\n",
        "  - id: second\n    on_failure: continue\n",
    );
    // The id that comes back is too short for the input.
    let project = project(&main, [done("c"), done("call-1")]);
    let ran = project.run(&[]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    let end = ran.step("second");
    assert_eq!(end["outcome"], "failed");
    let error = end["error"].as_str().unwrap();
    assert!(
        error.starts_with("not sent: the input `contact_id` of shared/onboard.yaml: "),
        "{error}"
    );
    assert!(error.contains("(playbook.yaml:10:15)"), "{error}");
    assert_eq!(ran.outcome("second.tidy"), "not_run");
    assert_eq!(ran.outcome("last"), "ok");
    assert_eq!(ran.arrived.len(), 4, "{ran:?}");
    assert_eq!(bodies(&ran)[3]["fields"], object!({ "A": "failed" }));
}

#[test]
fn messages_of_a_run_point_into_the_file_they_speak_of() {
    let project = project(MAIN, []);
    let text = ONBOARD.replace(
        "  - id: mark\n",
        "  - id: mark\n    expect: response.code == 201\n",
    );
    project.write("shared/onboard.yaml", &text);
    let ran = project.run(&[]);
    let error = ran.step("first.mark")["error"].as_str().unwrap().to_owned();
    assert!(error.contains("(shared/onboard.yaml:10:13)"), "{error}");
}

#[test]
fn resume_goes_on_inside_and_refuses_a_changed_file() {
    let project = project(MAIN, [done("c1"), refused(), done("c1")]);
    let ran = project.run(&[]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    project.write("shared/onboard.yaml", &format!("{ONBOARD}# changed\n"));
    let ran = voxplay(&project, &["resume", "--retry-failed"]);
    assert_eq!(ran.exit, 4, "{ran:?}");
    let said = "since the run began, this has changed: the used playbook shared/onboard.yaml";
    assert!(ran.stderr.contains(said), "{ran:?}");
    let header = "--- the used playbook shared/onboard.yaml, when the run began";
    for line in [header, "+# changed"] {
        assert!(ran.stderr.contains(line), "{line}: {ran:?}");
    }
    assert!(!ran.stderr.contains("--- the playbook"), "{ran:?}");
    assert_eq!(ran.arrived.len(), 3);

    project.write("shared/onboard.yaml", ONBOARD);
    let ran = voxplay(&project, &["resume", "--retry-failed", "--format", "json"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    // `mark` and `tidy` are done; what `mark` gave is back.
    let sent = bodies(&ran);
    assert_eq!(sent.len(), 7, "{ran:?}");
    assert_eq!(sent[3]["wolkvox_id"], "c1");
}

#[test]
fn a_saved_plan_knows_the_used_file_and_fits_its_schema() {
    let project = project(MAIN, []);
    let made = voxplay(
        &project,
        &[
            "plan",
            "playbook.yaml",
            "--out",
            "plan.json",
            "--format",
            "json",
        ],
    );
    assert_eq!(made.exit, 0, "{made:?}");
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/plan.schema.json");
    let schema = std::fs::read_to_string(schema).unwrap();
    let schema = Schema::compile(&serde_json::from_str(&schema).unwrap()).unwrap();
    let document = Value::from_json_text(&made.stdout).unwrap();
    assert_eq!(schema.violations(&document), []);
    let document: Json = serde_json::from_str(&made.stdout).unwrap();
    let second = &document["steps"][1];
    assert_eq!(second["kind"], "use");
    assert_eq!(second["inputs"]["contact_id"], "(known after steps.first)");
    assert_eq!(second["steps"][0]["id"], "second.mark");
    assert_eq!(second["steps"][0]["place"], "shared/onboard.yaml:9:9");
    assert_eq!(second["finally"][0]["id"], "second.tidy");
    assert_eq!(
        document["counts"]["requests"],
        object!({ "certain": 6, "possible": 6, "open": false })
    );

    project.write("shared/onboard.yaml", &format!("{ONBOARD}# changed\n"));
    let ran = project.run(&["--plan", "plan.json"]);
    assert_eq!(ran.exit, 4, "{ran:?}");
    assert!(
        ran.stdout
            .contains("the used playbook shared/onboard.yaml has changed"),
        "{ran:?}"
    );
    project.write("shared/onboard.yaml", ONBOARD);
    let ran = project.run(&["--plan", "plan.json"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
}

#[test]
fn explain_follows_a_value_out_of_the_used_playbook() {
    let project = project(MAIN, []);
    let ran = voxplay(&project, &["explain", "playbook.yaml", "second.mark"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    for line in [
        "wolkvox_id = (known after steps.first)",
        "{{ inputs.contact_id }}, shared/onboard.yaml:11:43",
        "inputs.contact_id: given by the step second (playbook.yaml:9:27)",
        "steps.first.contact_id: the contact_id of the step first, known after it",
        "vars.owner: the variable owner = acme-Regular (shared/onboard.yaml:7:10)",
    ] {
        let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(line), "{line}\n{}", ran.stdout);
    }
    let ran = voxplay(&project, &["explain", "playbook.yaml", "second.marc"]);
    assert!(
        ran.stderr.contains("did you mean `second.mark`?"),
        "{ran:?}"
    );
}

#[test]
fn tags_choose_steps_of_a_used_playbook() {
    let project = project(MAIN, []);
    let standalone = ONBOARD.replace(
        "\"{{ steps.mark.wolkvox_id }}\"",
        "\"{{ steps.mark.wolkvox_id | default('c9') }}\"",
    );
    project.write("shared/onboard.yaml", &standalone);
    let main = "voxplay: 1\nsteps:\n  - { id: first, use: shared/onboard.yaml, inputs: { contact_id: c1 } }\n  - { id: whole, use: shared/onboard.yaml, tags: [calls], inputs: { contact_id: c2 } }\n";
    project.write("playbook.yaml", main);
    let ran = project.run(&["--tags", "calls"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let ok: Vec<String> = ends(&ran)
        .into_iter()
        .filter(|end| end.ends_with(" ok"))
        .collect();
    assert_eq!(
        ok,
        [
            "first.call ok",
            "first ok",
            "whole.mark ok",
            "whole.call ok",
            "whole.tidy ok",
            "whole ok"
        ]
    );
}

#[test]
fn tags_warn_of_nothing_in_what_they_leave_out() {
    let inner = "voxplay: 1\nsteps:\n  - id: a\n    when: run.id == \"x\"\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"1\", fields: { A: b } }\noutputs: { id: \"{{ steps.a.wolkvox_id }}\" }\n";
    let main = "voxplay: 1\nsteps:\n  - { id: inner, use: shared/inner.yaml }\n  - id: out\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"1\", fields: { A: \"{{ steps.inner.id }}\" } }\n  - id: own\n    tags: [solo]\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"1\", fields: { A: b } }\n";
    let project = project(main, []);
    project.write("playbook.yaml", main);
    project.write("shared/inner.yaml", inner);
    let ran = project.run(&["--tags", "solo"]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 1), "{ran:?}");
    let all = format!("{}{}", ran.stdout, ran.stderr);
    assert!(!all.contains("leaves out"), "{ran:?}");
}

#[test]
fn tags_ask_for_no_file_and_no_input_of_what_they_leave_out() {
    let inner = r#"voxplay: 1
inputs:
  first: { type: string, from_env: VOXPLAY_TEST_NO_SUCH_VARIABLE }
  second: { type: string, from_env: VOXPLAY_TEST_NO_SUCH_VARIABLE }
  third: { type: string }
steps:
  - id: a
    tags: [some]
    action: record.update
    with: { module: contacts, wolkvox_id: "{{ inputs.first }}", fields: { A: b } }
  - id: b
    action: record.update
    with: { module: contacts, wolkvox_id: "{{ inputs.second }}{{ inputs.third }}", fields: { A: b } }
"#;
    let own = "  - id: own\n    tags: [alone]\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"1\", fields: { A: b } }\n";
    let run = |of_inner: &str, of_none: &str, tags: &[&str]| {
        let main = format!(
            "voxplay: 1\nsteps:\n{own}  - {{ id: inner, use: shared/inner.yaml{of_inner} }}\n  - {{ id: none, use: shared/none.yaml{of_none} }}\n"
        );
        let project = project(&main, []);
        project.write("playbook.yaml", &main);
        project.write("shared/inner.yaml", inner);
        project.run(tags)
    };
    let says = |ran: &Ran, words: &str| ran.stdout.contains(words) || ran.stderr.contains(words);
    let ran = run("", "", &["--tags", "alone"]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 1), "{ran:?}");
    assert!(says(&ran, "shared/none.yaml is not there"), "{ran:?}");
    assert_eq!(ran.outcome("none"), "skipped");
    // What is chosen in it needs what it reads, and nothing else.
    let ran = run("", "", &["--tags", "some"]);
    ran.assert_refused(3, "missing-input");
    let asked = ["first", "second", "third"].map(|name| says(&ran, &format!("the input `{name}`")));
    assert_eq!(asked, [true, false, false], "{ran:?}");
    let ran = run(", inputs: { first: c1 }", "", &["--tags", "some"]);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 1), "{ran:?}");
    // Without tags everything is asked for, and a step that is chosen needs its file.
    run("", "", &[]).assert_refused(3, "missing-file");
    run("", ", tags: [alone]", &["--tags", "alone"]).assert_refused(3, "missing-file");
}

/// Each row runs the playbook.
const ROWS: &str = r#"
steps:
  - id: each
    for_each: { csv: rows.csv, as: contact, key: "k{{ contact.id }}" }
    on_failure: continue
    use: shared/onboard.yaml
    inputs: { contact_id: "{{ contact.id }}", tier: "{{ contact.tier }}" }
outputs: { ok: "{{ steps.each.ok }}" }
"#;

#[test]
fn rows_run_a_playbook_each_and_are_reconciled_by_its_steps() {
    let project = project(ROWS, [done("r1"), Answer::CutRead, done("r1")]);
    project.write("rows.csv", "id,tier\n11,VIP\n22,Regular\n3,VIP\n");
    let checked = voxplay(&project, &["check", "playbook.yaml"]);
    assert_eq!(checked.exit, 3, "{checked:?}");
    assert!(
        checked
            .stdout
            .contains("rows.csv, row 3 (line 4): the input `contact_id` of shared/onboard.yaml"),
        "{checked:?}"
    );
    let ran = project.run(&["--rejected", "rejected.csv", "--succeeded", "succeeded.csv"]);
    assert_eq!(ran.exit, 5, "{ran:?}");
    let rows: Vec<String> = ran
        .events("row_finished")
        .iter()
        .map(|row| {
            format!(
                "{} {}",
                row["row"].as_str().unwrap(),
                row["outcome"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(rows, ["k11 unknown", "k22 ok", "k3 failed"]);
    let read = |name: &str| std::fs::read_to_string(project.folder.path().join(name)).unwrap();
    assert!(
        read("rejected.csv").contains("3,VIP,3,each,failed,"),
        "{}",
        read("rejected.csv")
    );
    let succeeded = read("succeeded.csv");
    assert!(succeeded.contains("22,Regular"), "{succeeded}");

    let shown = voxplay(&project, &["reconcile", "--ok", "each.call@k11=call-1"]);
    assert_eq!(shown.exit, 0, "{shown:?}");
    let before = shown.arrived.len();
    let ran = voxplay(&project, &["resume", "--format", "json"]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    // Everything else of the first row was done; the third cannot be.
    assert_eq!(ran.arrived.len(), before, "{ran:?}");
}

#[test]
fn a_used_playbook_has_its_own_files_and_loops_read_their_own_steps() {
    let text = r#"voxplay: 1
inputs: { list: { type: string, default: rows.csv } }
steps:
  - id: each
    for_each: { csv: "{{ inputs.list }}" }
    steps:
      - id: mark
        action: record.update
        with: { module: contacts, wolkvox_id: "{{ row.id }}", fields: { A: b } }
  - id: case
    action: case.update
    with: { wolkvox_id: "7", responsible: a, status: open, solution: "{{ steps.each.ids.mark | join('+') }}", files: letter.txt }
outputs: { ids: "{{ steps.each.ids.mark }}", ok: "{{ steps.each.ok }}" }
"#;
    let main = "\nsteps:\n  - { id: one, use: shared/files.yaml }\noutputs: { ids: \"{{ steps.one.ids }}\" }\n";
    let project = project(main, [done("a"), done("b")]);
    project.write("shared/files.yaml", text);
    project.write("shared/rows.csv", "id\n1\n2\n");
    project.write("shared/letter.txt", "Dear customer");
    let ran = project.run(&[]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let case = String::from_utf8_lossy(&ran.arrived[2].body).into_owned();
    assert!(
        case.contains("Dear customer") && case.contains("a+b"),
        "{case}"
    );
    assert_eq!(ran.finished()["outputs"]["ids"], object!(["a", "b"]));
    let plan = voxplay(&project, &["plan", "playbook.yaml", "--format", "json"]);
    let plan: Json = serde_json::from_str(&plan.stdout).unwrap();
    assert!(
        plan["identity"]["data"]["rows.csv (of shared/files.yaml)"].is_object(),
        "{plan}"
    );
}

#[test]
fn secret_inputs_are_masked_wherever_their_value_comes_from() {
    let text = r#"voxplay: 1
inputs:
  pin: { type: string, secret: true }
  code: { type: string, secret: true, from_env: CODE }
steps:
  - id: mark
    action: record.update
    with: { module: contacts, wolkvox_id: "1", fields: { Pin: "{{ inputs.pin }}", Code: "{{ inputs.code }}" } }
"#;
    let main = "\nvars: { pin: \"{{ target.operation }}-made-up-pin\" }\nsteps:\n  - { id: one, use: shared/secret.yaml, inputs: { pin: \"{{ vars.pin }}\" } }\n";
    let project = project(main, []);
    project.write("shared/secret.yaml", text);
    let ran = project.run(&[]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    assert!(
        ran.stdout
            .contains("the environment variable CODE is not set"),
        "{ran:?}"
    );
    let mut command = project.command(&[]);
    command.env("CODE", "made-up code 4711");
    let ran = project.finish(command);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert_eq!(bodies(&ran)[0]["fields"]["Pin"], "acme-made-up-pin");
    project.assert_hidden("acme-made-up-pin", &ran);
    project.assert_hidden("made-up code 4711", &ran);
    for format in ["human", "json", "markdown"] {
        let mut command =
            command_with_code(&project, &["plan", "playbook.yaml", "--format", format]);
        command.stdin(Stdio::null());
        let ran = project.finish(command);
        project.assert_hidden("acme-made-up-pin", &ran);
        project.assert_hidden("made-up code 4711", &ran);
    }
}

fn command_with_code(project: &Project, arguments: &[&str]) -> Command {
    let mut command = project.voxplay(arguments);
    command.env("CODE", "made-up code 4711");
    command
}

#[test]
fn what_the_environment_gave_must_stay() {
    let text = "voxplay: 1\ninputs: { region: { type: string, from_env: CODE } }\nsteps:\n  - { id: mark, action: record.update, with: { module: contacts, wolkvox_id: \"1\", fields: { A: \"{{ inputs.region }}\" } } }\n";
    let main = "\nsteps:\n  - { id: one, use: shared/region.yaml }\n";
    let project = project(main, [refused()]);
    project.write("shared/region.yaml", text);
    let mut command = project.command(&[]);
    command.env("CODE", "north");
    assert_eq!(project.finish(command).exit, 1);
    let ran = project.finish(command_with_code(&project, &["resume", "--retry-failed"]));
    assert_eq!(ran.exit, 4, "{ran:?}");
    assert!(
        ran.stderr
            .contains("this has changed: the input one.region"),
        "{ran:?}"
    );
}

#[test]
fn limits_of_a_used_playbook_bound_the_run() {
    let project = project(MAIN, []);
    project.write(
        "shared/onboard.yaml",
        &ONBOARD.replace("vars:\n", "limits: { requests: 4 }\nvars:\n"),
    );
    let ran = project.run(&[]);
    assert_eq!((ran.exit, ran.arrived.len()), (4, 0), "{ran:?}");
    assert!(
        ran.stdout
            .contains("the run needs 6 requests, and 4 are allowed"),
        "{ran:?}"
    );
    assert!(ran.stdout.contains("shared/onboard.yaml"), "{ran:?}");
}

#[test]
fn deletes_of_a_used_playbook_need_leave() {
    let text = "voxplay: 1\nsteps:\n  - { id: gone, action: record.delete, with: { module: contacts, wolkvox_id: [\"1\", \"2\"] } }\n";
    let project = project("\nsteps:\n  - { id: one, use: shared/gone.yaml }\n", []);
    project.write("shared/gone.yaml", text);
    let ran = project.run(&[]);
    assert_eq!((ran.exit, ran.arrived.len()), (4, 0), "{ran:?}");
    assert!(ran.stdout.contains("delete-not-allowed"), "{ran:?}");
    assert_eq!(project.run(&["--allow", "delete"]).exit, 0);
}

#[test]
fn two_uses_never_write_one_account() {
    let text = "voxplay: 1\nsteps:\n  - id: each\n    for_each: { items: [a] }\n    rejected: rejected.csv\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"{{ row }}\", fields: { A: b } }\n";
    let one = "  - { id: one, use: shared/rows.yaml }\n";
    let project = project(&format!("\nsteps:\n{one}"), []);
    project.write("shared/rows.yaml", text);
    assert_eq!(project.run(&[]).exit, 0);
    assert!(project.folder.path().join("shared/rejected.csv").is_file());
    let two = format!("voxplay: 1\nsteps:\n{one}{}", one.replace("one", "two"));
    project.write("playbook.yaml", &two);
    let checked = voxplay(&project, &["check", "playbook.yaml"]);
    let said = "`rejected` of `two.each` names the same file as `rejected` of `one.each`";
    assert!(checked.stdout.contains(said), "{checked:?}");
    let rows = "voxplay: 1\nsteps:\n  - { id: rows, for_each: { items: [a, b] }, use: shared/rows.yaml }\n";
    project.write("playbook.yaml", rows);
    let checked = voxplay(&project, &["check", "playbook.yaml"]);
    let said = "`rows.each` runs once for each row of `rows`";
    assert!(checked.stdout.contains(said), "{checked:?}");
}

#[test]
fn chains_and_crowds_of_playbooks_have_a_bound() {
    let project = project("\nsteps:\n  - { id: one, use: d1.yaml }\n", []);
    for depth in 1..=20 {
        let text = format!(
            "voxplay: 1\nsteps:\n  - {{ id: s, use: d{}.yaml }}\n",
            depth + 1
        );
        project.write(&format!("d{depth}.yaml"), &text);
    }
    project.write("d21.yaml", "voxplay: 1\nsteps: []\n");
    let ran = voxplay(&project, &["check", "playbook.yaml"]);
    assert!(ran.stdout.contains("deeper than 16"), "{ran:?}");
    // Each uses the next twice: 2 to the power of 15 playbooks.
    for depth in 1..=15 {
        let one = format!("use: d{}.yaml", depth + 1);
        project.write(
            &format!("d{depth}.yaml"),
            &format!("voxplay: 1\nsteps:\n  - {{ id: s, {one} }}\n  - {{ id: t, {one} }}\n"),
        );
    }
    project.write("d15.yaml", ONBOARD);
    let ran = voxplay(&project, &["check", "playbook.yaml"]);
    assert!(ran.stdout.contains("more than 500 playbooks"), "{ran:?}");
}

#[test]
fn an_output_for_want_of_an_input_is_missed_before_the_first_request() {
    let sub = r#"voxplay: 1
inputs:
  note: { type: string, required: false }
steps:
  - id: mark
    action: record.update
    with: { module: contacts, wolkvox_id: "1", fields: { A: b } }
outputs:
  note: "{{ inputs.note }}"
"#;
    let main = |value: &str| {
        format!(
            r#"
steps:
  - id: used
    use: sub.yaml
  - id: last
    action: record.update
    with: {{ module: contacts, wolkvox_id: "2", fields: {{ A: "{value}" }} }}
"#
        )
    };
    let wrong = Project::new(&main("{{ steps.used.note }}"), []);
    wrong.write("sub.yaml", sub);
    for command in ["check", "plan", "run"] {
        let ran = voxplay(&wrong, &[command, "playbook.yaml"]);
        assert_eq!(ran.exit, 3, "{command}: {}", ran.stderr);
        let told = format!("{}{}", ran.stdout, ran.stderr).replace('\n', " ");
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            told.contains("add it under `inputs` of the step `used`"),
            "{told}"
        );
        assert_eq!(bodies(&ran).len(), 0);
    }
    let right = Project::new(
        &main("{{ steps.used.note | default('c') }}"),
        [done("1"), done("2")],
    );
    right.write("sub.yaml", sub);
    let ran = right.run(&[]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert_eq!(bodies(&ran)[1]["fields"]["A"], "c");
}
