//! The further calls of the family through the program: action files of a project against the emulated CRM.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};

/// The project in `tests/data/family`, in a folder of its own.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/family");
    std::fs::create_dir(folder.path().join("actions")).unwrap();
    for name in ["voxplay.yaml", "family.yaml"] {
        std::fs::copy(from.join(name), folder.path().join(name)).unwrap();
    }
    for entry in std::fs::read_dir(from.join("actions")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        std::fs::copy(&path, folder.path().join("actions").join(name)).unwrap();
    }
    folder
}

fn voxplay(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_voxplay"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("SANDBOX_TOKEN", "sandbox-token")
        .env("COLUMNS", "80")
        .stdin(Stdio::null());
    command
}

/// The last line of what a run wrote as JSON.
fn finished(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|_| panic!("{output:?}"))
}

/// `voxplay sandbox`, ended with its test.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut child = voxplay(folder, &["sandbox", "--port", "0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        reader.read_line(&mut first).unwrap();
        // It writes more, and must not wait for a reader.
        std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
        let url = first.split_whitespace().find(|word| word.contains("://"));
        let url = url.unwrap().trim_end_matches('.').to_owned();
        Self { child, url }
    }

    /// Makes it the target of the project.
    fn serve(self, folder: &Path) -> Self {
        let file = folder.join("voxplay.yaml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace("http://127.0.0.1:9", &self.url)).unwrap();
        self
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_playbook_over_the_whole_family_runs_against_the_sandbox() {
    let folder = project();
    let checked = voxplay(folder.path(), &["check", "."]).output().unwrap();
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    let run = ["run", "family.yaml", "--sandbox", "--format", "json"];
    let output = voxplay(folder.path(), &run).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(
        finished(&output)["outputs"],
        json!({
            "found": ["1001", "1002", "1003"], "left": ["1003"], "recent": 4, "reported": 4,
            "files": ["voxplay.yaml", "attachment-1"], "noted": 2, "balance": "5", "called": true,
            "overdue": 5, "used": 24
        })
    );
}

#[test]
fn every_action_of_the_family_is_in_that_playbook() {
    let folder = project();
    let playbook = std::fs::read_to_string(folder.path().join("family.yaml")).unwrap();
    let mut count = 0;
    for entry in std::fs::read_dir(folder.path().join("actions")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let action = name.strip_suffix(".yaml").unwrap();
        assert!(playbook.contains(&format!("action: {action}")), "{action}");
        count += 1;
    }
    assert_eq!(count, 21);
}

const ONE: &str = "voxplay: 1
steps:
  - { id: add, action: record.insert, with: { module: contacts, idcontact: \"1001\" } }
";

/// Runs a create whose answer is lost, and gives what a look-up proposes.
fn proposed(fault: &str, before: &[&str]) -> (tempfile::TempDir, Served, Value) {
    let folder = project();
    std::fs::write(folder.path().join("one.yaml"), ONE).unwrap();
    let mut flags = vec!["--fault", fault];
    flags.extend(before);
    let served = Served::start(folder.path(), &flags).serve(folder.path());
    let run = ["run", "one.yaml", "--run-id", "r", "--format", "json"];
    let output = voxplay(folder.path(), &run).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    let look = ["reconcile", "r", "--look-up", "--format", "json"];
    let output = voxplay(folder.path(), &look).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let mut doubts = lines.filter(|line: &Value| line["event"] == "in_doubt");
    let proposal = doubts.next().unwrap_or_else(|| panic!("{text}"))["proposal"].clone();
    (folder, served, proposal)
}

#[test]
fn a_create_whose_answer_was_lost_is_found_in_the_sandbox() {
    for seed in [&[][..], &["--seed", "7"]] {
        let (folder, served, proposal) = proposed("custom/insert:lost-answer", seed);
        assert_eq!(proposal["answer"], "found", "{proposal}");
        let id = proposal["wolkvox_id"].as_str().unwrap();
        let settle = ["reconcile", "r", "--ok", "add", "--wolkvox-id", id];
        let output = voxplay(folder.path(), &settle).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        drop(served);
    }
}

#[test]
fn a_create_that_did_not_happen_is_not_found_there() {
    let (_folder, _served, proposal) = proposed("custom/insert:closed", &[]);
    assert_eq!(proposal["answer"], "not_found", "{proposal}");
}

#[test]
fn a_record_that_was_there_before_is_not_taken_for_the_created_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.yaml");
    let old = "sandbox:\n  contacts:\n    - { wolkvox_id: 6553f100397b1dcdaf000001, fields: { idcontact: \"1001\" } }\n";
    std::fs::write(&file, old).unwrap();
    let data = ["--seed-data", file.to_str().unwrap()];
    let (_folder, _served, proposal) = proposed("custom/insert:closed", &data);
    assert_eq!(proposal["answer"], "older", "{proposal}");
}

#[test]
fn pages_are_read_to_the_last_and_a_page_for_ever_is_noticed() {
    let folder = project();
    let playbook = "voxplay: 1
steps:
  - { id: more, action: record.insert_many, with: { module: contacts, records: [{ n: a }, { n: a }, { n: a }, { n: a }, { n: a }] } }
  - { id: find, action: record.query, max_pages: 9, with: { module: contacts, field: n, value: a } }
outputs: { ids: \"{{ steps.find.records | map(attribute='wolkvox_id') | unique | length }}\" }
";
    std::fs::write(folder.path().join("pages.yaml"), playbook).unwrap();
    let run = ["run", "pages.yaml", "--sandbox", "--format", "json"];
    let output = voxplay(folder.path(), &run).output().unwrap();
    let end = finished(&output);
    assert_eq!(
        (&end["outputs"]["ids"], &end["requests"]),
        (&json!(5), &json!(4)),
        "{output:?}"
    );

    let faults = "rules: [{ call: custom/query, fault: first-page }]\n";
    std::fs::write(folder.path().join("faults.yaml"), faults).unwrap();
    let output = voxplay(folder.path(), &run)
        .args(["--sandbox-faults", "faults.yaml"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("one page over and over"),
        "{output:?}"
    );
}
