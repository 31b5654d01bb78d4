//! The command line: reports from real runs, what CI is told, and secrets that show nowhere.
#![expect(
    clippy::disallowed_methods,
    reason = "tests make files and read what was written"
)]

use std::path::Path;

use assert_cmd::Command;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use super::stub::Stub;

const TOKEN: &str = "t0k\"en/+<&>'42-of-made-up-things";
const KEY: &str = "k\u{e9}y \"of\" <made> & up /1";

/// A project whose default target is a server on loopback.
fn project(stub: &Stub, playbook: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "targets:\n  stub: {{ server: \"http://{}\", operation: acme, token: {{ env: STUB_TOKEN }} }}\ndefault_target: stub\n",
        stub.address
    );
    std::fs::write(folder.path().join("voxplay.yaml"), config).unwrap();
    std::fs::write(folder.path().join("play.yaml"), playbook).unwrap();
    folder
}

fn voxplay(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_voxplay"));
    command
        .current_dir(folder)
        .env("STUB_TOKEN", TOKEN)
        .env("API_KEY", KEY)
        .env("NO_PROXY", "*");
    for name in [
        "GITHUB_ACTIONS",
        "GITLAB_CI",
        "GITHUB_STEP_SUMMARY",
        "GITHUB_OUTPUT",
        "GITHUB_WORKSPACE",
    ] {
        command.env_remove(name);
    }
    command
}

const LEAKY: &str = r#"voxplay: 1
name: A playbook whose CRM repeats what it was told
inputs:
  key: { type: string, secret: true, from_env: API_KEY }
  note: { type: string, default: "one\nEOF\nrun-id=forged" }
steps:
  - id: alone
    on_failure: continue
    action: record.update
    with: { module: contacts, wolkvox_id: a1, fields: { Clave: "{{ inputs.key }}" } }
  - id: each
    for_each: { items: [{ id: x1 }, { id: x2 }], as: it, key: "{{ it.id }}" }
    on_failure: continue
    steps:
      - id: one
        action: record.update
        with: { module: contacts, wolkvox_id: "{{ it.id }}", fields: { Clave: "{{ inputs.key }}" } }
outputs:
  key: "{{ inputs.key }}"
  note: "{{ inputs.note }}"
"#;

/// A secret in every form in which it might show.
fn forms(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).unwrap();
    let percent = percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC);
    vec![
        secret.to_owned(),
        json.trim_matches('"').to_owned(),
        percent.to_string(),
        STANDARD.encode(secret),
    ]
}

/// A secret as markup would show it, were it escaped before it is masked.
fn escaped_forms(secret: &str) -> Vec<String> {
    let entities = secret
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let quoted = entities.replace('"', "&quot;");
    vec![quoted.replace('\'', "&#39;"), quoted, entities]
}

fn leaky_answer() -> String {
    let said = format!(
        "{}\n::error::forged\n##[error]forged",
        [forms(TOKEN), forms(KEY)].concat().join(" | ")
    );
    serde_json::json!({"code": "401", "error": said, "msg": said, "data": [said]}).to_string()
}

#[test]
fn no_secret_shows_in_any_report() {
    let stub = Stub::start(200, leaky_answer());
    for format in ["human", "json"] {
        let folder = project(&stub, LEAKY);
        let output = voxplay(folder.path())
            .args(["run", "play.yaml", "--format", format])
            .args(["--report", "junit=r.xml", "--report", "json=r.json"])
            .args(["--report", "html=r.html", "--report", "markdown=r.md"])
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_STEP_SUMMARY", folder.path().join("summary.md"))
            .env("GITHUB_OUTPUT", folder.path().join("output.txt"))
            .output()
            .unwrap();
        assert_eq!(
            output.status.code(),
            Some(1),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let mut texts = vec![
            ("stdout", String::from_utf8(output.stdout).unwrap()),
            ("stderr", String::from_utf8(output.stderr).unwrap()),
        ];
        for name in [
            "r.xml",
            "r.json",
            "r.html",
            "r.md",
            "summary.md",
            "output.txt",
        ] {
            let text = std::fs::read_to_string(folder.path().join(name)).unwrap();
            assert!(
                text.replace('\\', "").contains("***"),
                "{name} tells nothing of what was masked"
            );
            texts.push((name, text));
        }
        for (name, text) in &texts {
            for form in [TOKEN, KEY]
                .map(|secret| [forms(secret), escaped_forms(secret)].concat())
                .concat()
            {
                assert!(!text.contains(&form), "{name} shows {form}");
            }
        }
        // What the CRM said is no command, wherever it stands in the log.
        for (_, log) in &texts[..2] {
            let forged = log.lines().filter(|line| {
                line.trim_start().starts_with("::error::forged")
                    || line.contains("##[error]forged") && !line.starts_with("::error ")
            });
            assert_eq!(forged.count(), 0, "{log}");
        }
        roxmltree::Document::parse(&texts[2].1).unwrap();
    }
}

#[test]
fn github_is_told_by_itself_where_and_how_it_ended() {
    let stub = Stub::start(
        200,
        serde_json::json!({"code": "404", "error": "gone", "msg": "", "data": []}).to_string(),
    );
    let folder = project(&stub, LEAKY);
    let (summary, outputs) = (
        folder.path().join("summary.md"),
        folder.path().join("output.txt"),
    );
    std::fs::write(&summary, "before\n").unwrap();
    let output = voxplay(folder.path())
        .args(["run", "play.yaml"])
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_WORKSPACE", folder.path().parent().unwrap())
        .env("GITHUB_STEP_SUMMARY", &summary)
        .env("GITHUB_OUTPUT", &outputs)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let name = folder.path().file_name().unwrap().to_str().unwrap();
    assert!(
        said.contains(&format!("::error file={name}/play.yaml,line=7,col=5,title=voxplay%3A alone failed::HTTP 200%2C code 404%2C gone"))
            || said.contains(&format!("::error file={name}/play.yaml,line=7,col=5,title=voxplay%3A alone failed::HTTP 200, code 404, gone")),
        "{said}"
    );
    assert!(said.contains("rows: x1, x2"), "{said}");
    let summary = std::fs::read_to_string(summary).unwrap();
    assert!(
        summary.starts_with("before\n## ❌ A playbook whose CRM"),
        "{summary}"
    );
    let values = read_outputs(&std::fs::read_to_string(outputs).unwrap());
    let of = |name: &str| {
        values
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    };
    assert_eq!(of("outcome"), Some("failed"));
    assert_eq!(of("failed"), Some("3"));
    assert_eq!(of("output-note"), Some("one\nEOF\nrun-id=forged"));
    assert_eq!(
        values.iter().filter(|(name, _)| name == "run-id").count(),
        1
    );

    let quiet = voxplay(folder.path())
        .args(["run", "play.yaml", "--ci", "none"])
        .env("GITHUB_ACTIONS", "true")
        .output()
        .unwrap();
    assert!(!String::from_utf8(quiet.stderr).unwrap().contains("::error"));
}

/// Reads a file of outputs as the runner of GitHub Actions does.
fn read_outputs(text: &str) -> Vec<(String, String)> {
    let mut values = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let (name, end) = line.split_once("<<").unwrap();
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
        values.push((name.to_owned(), value.join("\n")));
    }
    values
}

#[test]
fn a_wrong_folder_is_found_before_the_first_request() {
    let stub = Stub::start(
        200,
        r#"{"code":"200","error":"null","msg":"","data":[]}"#.to_owned(),
    );
    let folder = project(&stub, LEAKY);
    let run = |reports: &[&str]| {
        let mut command = voxplay(folder.path());
        command.args(["run", "play.yaml"]);
        for report in reports {
            command.args(["--report", report]);
        }
        command.output().unwrap()
    };
    let wrong = run(&["html=nowhere/r.html"]);
    assert_eq!(wrong.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("nowhere"));
    assert_eq!(run(&["html=a", "json=a"]).status.code(), Some(3));
    assert_eq!(run(&["html=."]).status.code(), Some(3));
    assert_eq!(run(&["pdf=a"]).status.code(), Some(2));
    assert_eq!(stub.requests(), 0);
    let right = voxplay(folder.path())
        .args(["run", "play.yaml"])
        .env("VOXPLAY_REPORT", "html=r.html,junit=r.xml")
        .output()
        .unwrap();
    assert_eq!(
        right.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&right.stderr)
    );
    assert!(folder.path().join("r.html").is_file() && folder.path().join("r.xml").is_file());
    let left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .file_name()
                .to_string_lossy()
                .contains("unfinished")
        })
        .collect();
    assert!(left.is_empty());
}

#[test]
fn a_report_that_cannot_be_written_does_not_lose_the_run() {
    let stub = Stub::start(
        200,
        r#"{"code":"200","error":"null","msg":"","data":[]}"#.to_owned(),
    );
    let folder = project(&stub, LEAKY);
    // The summary is a folder: it is looked at after the run only.
    let output = voxplay(folder.path())
        .args(["run", "play.yaml", "--report", "json=r.json"])
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr)
            .contains("GITHUB_STEP_SUMMARY could not be written")
    );
    let report = std::fs::read_to_string(folder.path().join("r.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["outcome"], "ok");
    assert_eq!(report["counts"]["ok"], 3);
    assert_eq!(report["steps"][0]["place"]["line"], 7);
}

#[test]
fn findings_for_code_scanning_and_code_quality() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("bad.yaml"),
        "voxplay: 1\nsteps:\n  - id: a\n    acton: record.update\n",
    )
    .unwrap();
    let check = |format: &str| {
        let output = voxplay(folder.path())
            .args(["check", "bad.yaml", "--format", format])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(3));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let sarif = check("sarif");
    assert_eq!(sarif["version"], "2.1.0");
    let line_of = |result: &serde_json::Value| {
        let place = &result["locations"][0]["physicalLocation"];
        place["region"]["startLine"].as_u64()
    };
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let found = results
        .iter()
        .find(|result| result["ruleId"] == "unknown-key");
    assert_eq!(found.and_then(line_of), Some(4));
    let quality = check("gitlab");
    assert_eq!(quality[0]["location"]["path"], "bad.yaml");
    assert_eq!(quality[0]["fingerprint"].as_str().unwrap().len(), 32);

    let output = voxplay(folder.path())
        .args(["check", "bad.yaml"])
        .env("GITHUB_ACTIONS", "true")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("::error file=bad.yaml,line=4"));
}

#[test]
fn the_journal_gives_the_same_reports_later() {
    let folder = TempDir::new().unwrap();
    let playbook = repository_playbook("overdue-accounts.yaml");
    let both = |when: &str| {
        ["html", "json", "junit", "markdown"]
            .into_iter()
            .flat_map(|kind| ["--report".to_owned(), format!("{kind}={when}.{kind}")])
            .collect::<Vec<_>>()
    };
    voxplay(folder.path())
        .arg("run")
        .arg(playbook)
        .args(["--sandbox", "--state-dir", "state"])
        .args(both("live"))
        .assert()
        .success();
    voxplay(folder.path())
        .args(["runs", "show", "--state-dir", "state"])
        .args(both("later"))
        .assert()
        .success();
    for kind in ["html", "json", "junit", "markdown"] {
        let read = |when: &str| {
            std::fs::read_to_string(folder.path().join(format!("{when}.{kind}"))).unwrap()
        };
        assert!(read("live") == read("later"), "{kind} differs");
    }
}

fn repository_playbook(name: &str) -> std::path::PathBuf {
    super::repository().join("playbooks").join(name)
}

#[test]
fn a_report_takes_the_place_of_nothing_but_a_report() {
    let stub = Stub::start(
        200,
        r#"{"code":"200","error":"null","msg":"","data":[]}"#.to_owned(),
    );
    let folder = project(
        &stub,
        "voxplay: 1\nsteps:\n  - { id: one, use: used.yaml }\n  - id: two\n    action: case.update\n    with: { wolkvox_id: \"1\", responsible: a@b.co, status: x, case_type: y, files: file.pdf }\n",
    );
    let path = |name: &str| folder.path().join(name);
    let write = |name: &str, text: &str| std::fs::write(path(name), text).unwrap();
    write(
        "used.yaml",
        "voxplay: 1\nsteps:\n  - id: each\n    for_each: { json: rows.json }\n    action: record.update\n    with: { module: contacts, wolkvox_id: \"{{ row.schema }}\", fields: { A: b } }\n",
    );
    write("file.pdf", "%PDF-1.4");
    write("faults.yaml", "faults: []\n");
    // It looks like a report, and is data.
    write(
        "rows.json",
        "[{\n  \"schema\": \"1\",\n  \"voxplay\": \"\" }]\n",
    );
    write("notes.md", "## Notes\n");
    let run = |report: &str| {
        let mut command = voxplay(folder.path());
        command.args([
            "run",
            "play.yaml",
            "--state-dir",
            "state",
            "--report",
            report,
        ]);
        command.output().unwrap()
    };
    let first = run("html=r.html");
    assert_eq!(
        stub.requests(),
        2,
        "{}",
        String::from_utf8_lossy(&first.stderr)
    );
    std::os::unix::fs::symlink("rows.json", path("link.json")).unwrap();
    for (name, said) in [
        ("rows.json", "is the data of a loop"),
        ("link.json", "is the data of a loop"),
        ("play.yaml", "is the playbook"),
        ("./used.yaml", "is a used playbook"),
        ("file.pdf", "is an attachment"),
        ("voxplay.yaml", "is the configuration of the project"),
        ("state/journal.sqlite", "is the journal"),
        ("notes.md", "is no report"),
        ("/dev/null", "is no ordinary file"),
    ] {
        let before = std::fs::read(path(name)).unwrap();
        let refused = run(&format!("json={name}"));
        let told = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(3), "{name} {told}");
        assert!(told.contains(said), "{name} {told}");
        assert_eq!(std::fs::read(path(name)).unwrap(), before);
    }
    assert_eq!(stub.requests(), 2);
    // Any kind takes the place of any other, and of an empty file.
    write("r.html", "");
    let kinds = ["html", "json", "junit", "markdown"];
    for (before, after) in kinds
        .iter()
        .flat_map(|one| kinds.iter().map(move |two| (one, two)))
    {
        for kind in [before, after] {
            let ran = run(&format!("{kind}=r.html"));
            let told = String::from_utf8_lossy(&ran.stderr);
            assert!(!told.contains("--report"), "{before} {after} {told}");
        }
    }
    let mut show = voxplay(folder.path());
    show.args([
        "runs",
        "show",
        "--state-dir",
        "state",
        "--report",
        "json=notes.md",
    ]);
    assert_eq!(show.output().unwrap().status.code(), Some(3));
}
