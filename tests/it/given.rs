//! Files that are handed to voxplay, or that it finds: what cannot be read, is elsewhere, or is not where it looks.

use std::path::Path;
use std::process::Command;

const CONFIG: &str = r#"targets: { sandbox: { server: "http://127.0.0.1:9", operation: sandbox, token: { env: X } } }
"#;

const PLAY: &str = r"voxplay: 1
inputs: { a: { type: string, default: x }, b: { type: string, default: x } }
steps:
  - id: one
    action: record.update
    with: { module: contacts, wolkvox_id: a1, fields: { a: '{{ inputs.a ~ inputs.b }}' } }
";

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("actions")).unwrap();
    std::fs::write(folder.path().join("voxplay.yaml"), CONFIG).unwrap();
    std::fs::write(folder.path().join("play.yaml"), PLAY).unwrap();
    folder
}

/// What voxplay says, and its exit code.
fn voxplay(folder: &Path, args: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_voxplay"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let code = output.status.code().unwrap();
    (code, String::from_utf8(text).unwrap())
}

#[test]
fn findings_about_data_say_where_in_every_format() {
    let folder = project();
    std::fs::write(folder.path().join("short.csv"), "a;b\n1;2\n3\n").unwrap();
    let check = |format| {
        voxplay(
            folder.path(),
            &["check", "short.csv", "none.yaml", "--format", format],
        )
    };
    let (code, human) = check("human");
    assert_eq!(code, 3);
    assert!(human.contains("--> short.csv:3\n"), "{human}");
    assert!(human.contains("--> none.yaml\n"), "{human}");
    let (_, json) = check("json");
    assert!(
        json.contains(r#""file":"short.csv","span":{"line":3}"#)
            && json.contains(r#""file":"none.yaml","span":null"#),
        "{json}"
    );
    let (_, github) = check("github");
    assert!(
        github.contains("::error file=short.csv,line=3,title=")
            && github.contains("::error file=none.yaml,title="),
        "{github}"
    );
    let (_, sarif) = check("sarif");
    let log: serde_json::Value = serde_json::from_str(&sarif).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let at = |index: usize| &results[index]["locations"][0]["physicalLocation"];
    assert_eq!(at(0)["artifactLocation"]["uri"], "none.yaml");
    assert_eq!(at(0)["region"], serde_json::Value::Null);
    assert_eq!(at(1)["artifactLocation"]["uri"], "short.csv");
    assert_eq!(at(1)["region"]["startLine"], 3);
}

#[test]
fn a_list_is_data_and_checked_as_rows() {
    let folder = project();
    std::fs::write(folder.path().join("r.json"), r#"[{"id": 1}, 2]"#).unwrap();
    std::fs::write(folder.path().join("r.yaml"), "- id: 1\n- id: 2\n").unwrap();
    let (code, said) = voxplay(folder.path(), &["check", "r.yaml"]);
    assert_eq!(
        (code, said.as_str()),
        (0, "0 playbooks, 1 data file: no errors\n")
    );
    let (code, said) = voxplay(folder.path(), &["check", "r.json"]);
    assert_eq!(code, 3);
    assert!(
        said.contains("row 2") && !said.contains("a playbook must"),
        "{said}"
    );
}

#[cfg(unix)]
#[test]
fn a_pipe_where_a_file_is_looked_for_is_refused_and_not_waited_for() {
    let folder = project();
    let pipe = |name: &str| {
        let path = folder.path().join(name);
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        path
    };
    for name in ["in.yaml", "rows.csv", "actions/a.yaml"] {
        let path = pipe(name);
        let (code, said) = voxplay(folder.path(), &["check", name]);
        assert_eq!(code, 3, "{said}");
        assert!(said.contains("is no ordinary file"), "{said}");
        std::fs::remove_file(path).unwrap();
    }
    pipe("in.yaml");
    for flag in ["--inputs", "--plan"] {
        let args = ["run", "play.yaml", "--sandbox", flag, "in.yaml"];
        let (code, said) = voxplay(folder.path(), &args);
        assert_eq!(code, 3, "{said}");
        assert!(said.contains("is no ordinary file"), "{said}");
    }
    let (code, said) = voxplay(folder.path(), &["check", "."]);
    assert_eq!(code, 3, "{said}");
}

#[cfg(unix)]
#[test]
fn an_action_comes_from_the_project_also_through_links() {
    let folder = project();
    let elsewhere = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string("schemas/actions/record.update.yaml").unwrap();
    let text = text.replace("name: record.update", "name: record.query");
    std::fs::write(elsewhere.path().join("record.query.yaml"), text).unwrap();
    let link = folder.path().join("actions/record.query.yaml");
    std::os::unix::fs::symlink(elsewhere.path().join("record.query.yaml"), link).unwrap();
    let (code, said) = voxplay(folder.path(), &["check", "play.yaml"]);
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("is outside the project's folder"), "{said}");
    let allowed = format!("{CONFIG}allow_paths: [{}]\n", elsewhere.path().display());
    std::fs::write(folder.path().join("voxplay.yaml"), allowed).unwrap();
    let (code, said) = voxplay(folder.path(), &["check", "play.yaml"]);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn an_action_in_a_folder_below_is_said_not_to_be_read() {
    let folder = project();
    std::fs::create_dir(folder.path().join("actions/more")).unwrap();
    std::fs::write(folder.path().join("actions/more/a.b.yaml"), "name: a.b\n").unwrap();
    for path in [".", "actions/more/a.b.yaml"] {
        let (code, said) = voxplay(folder.path(), &["check", path]);
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("this file is not read"), "{said}");
        assert!(!said.contains("left out"), "{said}");
    }
}

#[test]
fn several_files_of_inputs_fit_into_the_variable() {
    let folder = project();
    std::fs::write(folder.path().join("a.yaml"), "a: first\n").unwrap();
    std::fs::write(folder.path().join("b.yaml"), "b: second\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_voxplay"))
        .args(["plan", "play.yaml", "--sandbox"])
        .current_dir(folder.path())
        .env_clear()
        .env("VOXPLAY_INPUTS", "a.yaml,b.yaml")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("firstsecond"), "{said}");
}

#[test]
fn without_a_name_the_schema_is_that_of_playbooks() {
    let folder = project();
    let named = voxplay(folder.path(), &["schema", "playbook"]);
    assert_eq!(voxplay(folder.path(), &["schema"]), named);
    assert_eq!(named.0, 0);
}

#[test]
fn one_mistake_of_all_rows_is_told_once() {
    let folder = project();
    let play = r#"voxplay: 1
steps:
  - id: one
    for_each: { jsonl: rows.jsonl }
    action: record.update
    with: { module: contacts, wolkvox_id: "{{ row.id }}", fields: { a: b } }
"#;
    std::fs::write(folder.path().join("play.yaml"), play).unwrap();
    std::fs::write(folder.path().join("rows.jsonl"), "{\"id\":1}\n".repeat(5)).unwrap();
    let (code, said) = voxplay(folder.path(), &["check", "play.yaml"]);
    assert_eq!(code, 3);
    assert!(
        said.contains("rows.jsonl, row 1 (line 1): ") && said.contains("(5 times)"),
        "{said}"
    );
    assert!(said.ends_with("1 playbook: 1 error\n"), "{said}");
}

#[test]
fn a_batch_that_no_call_takes_is_warned_of_without_data() {
    let folder = project();
    let text = std::fs::read_to_string("schemas/actions/record.delete.yaml").unwrap();
    let text = text
        .replace("name: record.delete", "name: record.wipe")
        .replace(
            "\nitems: wolkvox_id\n",
            "\nitems: wolkvox_id\nmax_items: 100\n",
        );
    std::fs::write(folder.path().join("actions/record.wipe.yaml"), text).unwrap();
    let play = |batch: u64| {
        let play = format!(
            "voxplay: 1\ninputs: {{ f: {{ type: string }} }}\nsteps:\n  - id: one\n    for_each: {{ csv: '{{{{ inputs.f }}}}', batch: {batch} }}\n    action: record.wipe\n    with: {{ module: contacts, wolkvox_id: '{{{{ rows }}}}' }}\n"
        );
        std::fs::write(folder.path().join("play.yaml"), play).unwrap();
        voxplay(folder.path(), &["check", "play.yaml"])
    };
    // A file may have fewer rows.
    let warning = "warning[invalid-value]: a batch of 101 rows is more than one call takes";
    let (code, said) = play(101);
    assert!(code == 0 && said.contains(warning), "{said}");
    let (code, said) = play(100);
    assert!(code == 0 && !said.contains("is more than"), "{said}");
}

#[test]
fn quotes_that_are_proposed_for_a_flag_reach_the_program() {
    let folder = project();
    let play = "voxplay: 1\ninputs: { code: { type: [integer, array] }, ids: { type: array } }\nsteps:\n  - id: one\n    action: record.update\n    with: { module: m, wolkvox_id: a1, fields: { a: '{{ inputs.code }}', b: '{{ inputs.ids }}' } }\n";
    std::fs::write(folder.path().join("play.yaml"), play).unwrap();
    let told = |code: &str, ids: &str| {
        let args = ["plan", "play.yaml", "--sandbox", "-i", code, "-i", ids];
        voxplay(folder.path(), &args).1.replace("\n          ", " ")
    };
    let said = told("code=007", "ids=[007]");
    let whole = r#"write it in quotes that the shell leaves: `-i 'code="007"'`"#;
    assert!(said.contains(whole), "{said}");
    let part = "unless others stand around them: `-i 'ids=…'`";
    assert!(said.contains(part), "{said}");
    let said = told("code=7", r#"ids=["007"]"#);
    assert!(
        said.contains(r#""007""#) && !said.contains("error["),
        "{said}"
    );
}

#[test]
fn explain_names_what_gives_a_secret_input_its_value() {
    let folder = project();
    let play = "voxplay: 1\ninputs:\n  a: { type: string }\n  b: { type: string, secret: true, from_env: KEY_B }\n  c: { type: string, secret: true }\nsteps:\n  - id: one\n    action: record.update\n    with: { module: m, wolkvox_id: a1, fields: { a: '{{ inputs.a }}', b: '{{ inputs.b ~ inputs.c }}' } }\n";
    std::fs::write(folder.path().join("play.yaml"), play).unwrap();
    let (_, said) = voxplay(folder.path(), &["explain", "play.yaml", "one"]);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "inputs that are not given: a; `-i NAME=VALUE` or `--inputs FILE` gives values",
        "secret inputs that are not given: b, c; the environment variable KEY_B or `--inputs FILE` gives values",
    ] {
        assert!(said.contains(words), "{said}");
    }
}
