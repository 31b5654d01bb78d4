//! `run --run-id` and `run --plan` for a second time: what is gone on with, what is refused, and what the messages
//! propose works as it stands.

use crate::run::{Project, Ran};
use crate::server::{Answer, DONE, json};

fn refused() -> Answer {
    json(r#"{"code":403,"error":"not now"}"#)
}

fn voxplay(project: &Project, arguments: &[&str]) -> Ran {
    project.finish(project.voxplay(arguments))
}

/// Two updates with an input, of which the second is refused at first.
fn begun(declared: &str, arguments: &[&str]) -> (Project, String) {
    let playbook = format!(
        r#"
inputs: {{ owner: {{ {declared} }} }}
steps:
  - id: one
    action: record.update
    with: {{ module: contacts, wolkvox_id: "1", fields: {{ A: "{{{{ inputs.owner }}}}" }} }}
  - id: two
    action: record.update
    with: {{ module: contacts, wolkvox_id: "2", fields: {{ A: "{{{{ inputs.owner }}}}" }} }}
"#
    );
    let project = Project::new(&playbook, [json(DONE), refused()]);
    let ran = project.run(&[&["--run-id", "job1"], arguments].concat());
    assert_eq!((ran.exit, ran.arrived.len()), (1, 2), "{ran:?}");
    (project, playbook)
}

/// The message of a finding on one line, as people see it.
fn told(ran: &Ran) -> String {
    let lines = ran
        .stderr
        .lines()
        .map(|line| line.trim_start_matches([' ', '|', '=']));
    lines.collect::<Vec<_>>().join(" ")
}

const RETRY: [&str; 5] = ["resume", "job1", "--retry-failed", "--format", "json"];

#[test]
fn a_default_that_has_changed_counts_once_it_is_accepted() {
    let (project, playbook) = begun("type: string, default: Ana, from_env: OWNER", &[]);
    // Nothing has changed where only the environment has: the run had the default.
    let mut command = project.voxplay(&["resume", "job1"]);
    command.env("OWNER", "Eva");
    assert_eq!(project.finish(command).exit, 1);
    let playbook = playbook.replace("default: Ana", "default: Luz");
    project.write("playbook.yaml", &format!("voxplay: 1\n{playbook}"));
    let ran = voxplay(&project, &RETRY);
    assert_eq!((ran.exit, ran.arrived.len()), (4, 2), "{ran:?}");
    assert!(ran.stdout.contains("changed: the input owner"), "{ran:?}");
    let ran = voxplay(&project, &[&RETRY[..], &["--accept-changes"]].concat());
    assert_eq!((ran.exit, ran.arrived.len()), (0, 3), "{ran:?}");
    assert!(ran.arrived[2].text().contains("Luz"), "{ran:?}");
}

#[test]
fn an_input_keeps_its_value_where_its_default_is_gone_and_goes_where_it_is_gone() {
    let (project, playbook) = begun("type: string, default: Ana", &[]);
    let accept = [&RETRY[..], &["--accept-changes"]].concat();
    let without_default = playbook.replace(", default: Ana", "");
    project.write("playbook.yaml", &format!("voxplay: 1\n{without_default}"));
    let ran = voxplay(&project, &accept);
    assert!(ran.arrived[2].text().contains("Ana"), "{ran:?}");
    let (project, playbook) = begun("type: string", &["-i", "owner=Ana"]);
    let declared = "inputs: { owner: { type: string } }";
    let without_input = playbook.replace(declared, "");
    let without_input = without_input.replace("{{ inputs.owner }}", "Luz");
    project.write("playbook.yaml", &format!("voxplay: 1\n{without_input}"));
    let ran = voxplay(&project, &accept);
    assert_eq!((ran.exit, ran.arrived.len()), (0, 3), "{ran:?}");
    assert!(ran.arrived[2].text().contains("Luz"), "{ran:?}");
}

#[test]
fn a_new_value_is_taken_as_the_message_says() {
    let (project, _) = begun("type: string", &["-i", "owner=Ana"]);
    project.write("in.yaml", "owner: Luz\n");
    let run = ["run", "playbook.yaml", "--run-id", "job1"];
    for (new, said) in [
        (["-i", "owner=Luz"], "--inputs FILE --accept-changes"),
        (["--inputs", "in.yaml"], "--inputs in.yaml --accept-changes"),
    ] {
        let ran = voxplay(&project, &[&run[..], &new].concat());
        assert_eq!((ran.exit, ran.arrived.len()), (4, 2), "{ran:?}");
        let said = format!("`voxplay resume job1 {said}`");
        assert!(told(&ran).contains(&said), "{said}: {ran:?}");
    }
    let accept = ["--inputs", "in.yaml", "--accept-changes"];
    let ran = voxplay(&project, &[&RETRY[..], &accept].concat());
    assert_eq!((ran.exit, ran.arrived.len()), (0, 3), "{ran:?}");
    assert!(ran.arrived[2].text().contains("Luz"), "{ran:?}");
}

#[test]
fn an_id_is_for_one_playbook() {
    let (project, playbook) = begun("type: string, default: Ana", &[]);
    let same = format!("voxplay: 1\n{playbook}");
    let other = "voxplay: 1\nsteps:\n  - action: record.read\n    with: { module: m }\n";
    for text in [same.as_str(), other] {
        project.write("other.yaml", text);
        let run = ["run", "other.yaml", "--run-id", "job1", "-i", "list=a"];
        let ran = voxplay(&project, &[&run[..], &["--state-dir", ".voxplay"]].concat());
        assert_eq!((ran.exit, ran.arrived.len()), (4, 2), "{ran:?}");
        let told = told(&ran);
        assert!(
            told.contains("the run job1 is one of playbook.yaml"),
            "{told}"
        );
        // The folder is where it is looked for anyway.
        assert!(told.contains("`voxplay resume job1`"), "{told}");
    }
    // The same playbook, however it is named, and under a new name once the run has gone on so.
    assert_eq!(
        voxplay(&project, &["run", "./playbook.yaml", "--run-id", "job1"]).exit,
        1
    );
    let from = project.folder.path().join("playbook.yaml");
    std::fs::rename(from, project.folder.path().join("renamed.yaml")).unwrap();
    let run = ["run", "renamed.yaml", "--run-id", "job1"];
    assert_eq!(voxplay(&project, &run).exit, 4);
    let renamed = [&RETRY[..], &["--playbook", "renamed.yaml"]].concat();
    assert_eq!(voxplay(&project, &renamed).exit, 0);
    assert_eq!(voxplay(&project, &run).exit, 0);
}

#[test]
fn proposed_commands_say_where_the_journal_is() {
    let step = "steps:\n  - id: debt\n    action: obligation.insert\n    with: { wolkvox_id: \"1\", id: \"1\", name: Loan }\n";
    for (answer, how, proposes) in [
        (json(DONE), ", which ended ok:", false),
        (Answer::CutRead, ": what it sends", true),
    ] {
        let project = Project::new(step, [answer]);
        let plan = ["plan", "playbook.yaml", "--out", "saved.plan"];
        assert_eq!(voxplay(&project, &plan).exit, 0);
        let run = ["run", "playbook.yaml", "--plan", "saved.plan"];
        let run = [&run[..], &["--state-dir", "state"]].concat();
        let reports = ["--report", "markdown=r.md", "--report", "html=r.html"];
        let mut command = project.voxplay(&[&run[..], &reports].concat());
        command.args(["--ci", "github"]);
        command.env(
            "GITHUB_STEP_SUMMARY",
            project.folder.path().join("summary.md"),
        );
        let first = project.finish(command);
        assert_eq!(first.arrived.len(), 1, "{first:?}");
        let again = told(&voxplay(&project, &run));
        assert!(again.contains(how), "{again}");
        assert_eq!(again.contains(" --state-dir state`"), proposes, "{again}");
        if !proposes {
            continue;
        }
        let read = |name| std::fs::read_to_string(project.folder.path().join(name)).unwrap();
        for text in [
            first.stdout + &first.stderr,
            read("r.md"),
            read("r.html"),
            read("summary.md"),
        ] {
            let (_, rest) = text.split_once("voxplay reconcile ").expect(&text);
            let command = rest.lines().next().unwrap();
            assert!(command.contains(" --state-dir state"), "{command}");
        }
        let show = [
            "runs",
            "--state-dir",
            "state",
            "show",
            "--report",
            "markdown=s.md",
        ];
        assert_eq!(voxplay(&project, &show).exit, 0);
        assert!(read("s.md").contains(" --state-dir state`"));
    }
}

/// The warning of a run that begins, on one line; nothing where it begins without one.
fn warned(ran: &Ran) -> String {
    let first = ran.stdout.lines().next().unwrap();
    let first: serde_json::Value = serde_json::from_str(first).unwrap();
    if first["event"] != "finding" {
        return String::new();
    }
    assert_eq!(
        (&first["level"], &first["code"]),
        (&"warning".into(), &"advice".into())
    );
    let texts = [&first["message"], &first["help"]].map(|text| text.as_str().unwrap());
    texts.join("; ")
}

const CREATE: &str = "steps:\n  - id: debt\n    action: obligation.insert\n    with: { wolkvox_id: \"1\", id: \"1\", name: Loan }\n";

#[test]
fn what_begins_anew_names_the_run_that_did_not_end() {
    const ANEW: &str = ": this one begins anew, and what that one has done may be done twice; to go on with the earlier one instead: ";
    let settle =
        "say what you found in the CRM with `voxplay reconcile r1`, then `voxplay resume r1`";
    let project = Project::new(CREATE, [Answer::CutRead]);
    let run = |id: &str| project.run(&["--run-id", id]);
    assert_eq!(warned(&run("r1")), "");
    let told = warned(&run("r2"));
    let said = format!("an earlier run of this playbook to env, r1, ended in doubt{ANEW}{settle}");
    assert_eq!(told, said);
    // The latest one ended well.
    assert_eq!(warned(&run("r3")), "");

    // By another name of the file, and not of another playbook, nor in the sandbox.
    let project = Project::new(CREATE, [Answer::CutRead]);
    assert_eq!(project.run(&["--run-id", "r1"]).exit, 5);
    project.write("other.yaml", &format!("voxplay: 1\n{CREATE}"));
    let other = ["run", "other.yaml", "--format", "json"];
    assert_eq!(warned(&voxplay(&project, &other)), "");
    let sandbox = ["run", "playbook.yaml", "--sandbox", "--format", "json"];
    assert_eq!(warned(&voxplay(&project, &sandbox)), "");
    assert_eq!(
        voxplay(&project, &["reconcile", "r1", "--ok", "debt=1"]).exit,
        0
    );
    let same = ["run", "./playbook.yaml", "--format", "json"];
    let told = warned(&voxplay(&project, &same));
    let settled = "was settled by `reconcile` and has not gone on since";
    let said = format!("r1, {settled}{ANEW}`voxplay resume r1`");
    assert!(told.ends_with(&said), "{told}");
}

#[test]
fn what_begins_anew_names_a_run_that_was_killed_and_none_that_failed() {
    let project = Project::new(CREATE, [Answer::Held(DONE), refused()]);
    let mut child = project.command(&["--run-id", "killed"]).spawn().unwrap();
    project.server.wait_for(1);
    child.kill().unwrap();
    child.wait().unwrap();
    let ran = project.finish(project.command_as("human", &["--run-id", "failed"]));
    let said = "an earlier run of this playbook to env, killed, did not come to its end";
    assert!(told(&ran).contains(said), "{ran:?}");
    assert!(told(&ran).contains("`voxplay resume killed`"), "{ran:?}");
    assert_eq!(ran.exit, 1, "{ran:?}");
    assert_eq!(warned(&project.run(&[])), "");
}

#[test]
fn a_run_keeps_the_tags_that_it_began_with() {
    let step = |id: &str| {
        format!(
            "  - id: {id}\n    tags: [\"{id}\"]\n    action: obligation.insert\n    with: {{ wolkvox_id: \"1\", id: \"{id}\", name: Loan }}\n"
        )
    };
    let playbook = format!("steps:\n{}{}", step("one"), step("two"));
    for (answer, exit, goes_on) in [(json(DONE), 0, false), (refused(), 1, true)] {
        let project = Project::new(&playbook, [answer]);
        let run = |tags: &[&str]| {
            let run = ["run", "playbook.yaml", "--run-id", "job1"];
            voxplay(&project, &[&run[..], tags].concat())
        };
        assert_eq!(run(&["--tags", "one"]).exit, exit);
        for (tags, now) in [
            (&[][..], "none"),
            (&["--tags", "two"], "two"),
            (&["--tags", "two,one"], "two,one"),
        ] {
            let ran = run(tags);
            assert_eq!((ran.exit, ran.arrived.len()), (4, 1), "{ran:?}");
            let told = told(&ran);
            for said in [
                &format!("changed: the tags (one then, {now} now)"),
                "`--tags one`",
                "another --run-id",
            ] {
                assert!(told.contains(said), "{said}: {told}");
            }
            assert_eq!(told.contains("`voxplay resume job1`"), goes_on, "{told}");
        }
        // What the messages say.
        assert_eq!(run(&["--tags", "one"]).exit, exit);
        let resumed = voxplay(&project, &["resume", "job1", "--retry-failed"]);
        let all = if goes_on { 2 } else { 1 };
        assert_eq!((resumed.exit, resumed.arrived.len()), (0, all));
        assert_eq!(run(&["--tags", "one,one"]).exit, 0);
    }
    // One that began without any is not narrowed either.
    let project = Project::new(&playbook, [json(DONE), refused()]);
    assert_eq!(project.run(&["--run-id", "job1"]).exit, 1);
    let ran = project.run(&["--run-id", "job1", "--tags", "one"]);
    assert_eq!((ran.exit, ran.arrived.len()), (4, 2), "{ran:?}");
    assert!(ran.stdout.contains("VOXPLAY_TAGS away"), "{ran:?}");
}
