//! Reports, accounts and saved plans go where a link leads; what is no ordinary file is refused, and stays.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests make projects and start processes"
)]

use std::os::unix::fs::{FileTypeExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

const PLAYBOOK: &str = r#"voxplay: 1
steps:
  - id: each
    for_each: { items: [{ id: a }, { id: b }], as: it, key: "{{ it.id }}" }
    action: record.update
    with: { module: m, wolkvox_id: "{{ it.id }}", fields: { a: b } }
"#;

struct Project(TempDir);

impl Project {
    fn new() -> Self {
        let project = Self(tempfile::tempdir().unwrap());
        std::fs::write(project.at("pb.yaml"), PLAYBOOK).unwrap();
        std::fs::create_dir(project.at("kept")).unwrap();
        let made = Command::new("mkfifo").arg(project.at("pipe")).status();
        assert!(made.unwrap().success());
        symlink("pipe", project.at("to-pipe")).unwrap();
        symlink("/proc/self/fd/1", project.at("to-output")).unwrap();
        symlink("kept/new", project.at("to-nothing")).unwrap();
        project
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn voxplay(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_voxplay"));
        command.args(args).current_dir(&self.0).env_clear();
        command.env("COLUMNS", "80").output().unwrap()
    }
}

fn run<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["run", "pb.yaml", "--sandbox"], more].concat()
}

/// Standard error in one line.
fn told(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_is_no_ordinary_file_is_refused_before_anything_is_sent() {
    let project = Project::new();
    for name in ["pipe", "to-pipe", "to-output"] {
        let report = format!("json={name}");
        let schemas = format!("schemas-{name}");
        std::fs::create_dir(project.at(&schemas)).unwrap();
        let config = project.at(&schemas).join("playbook.schema.json");
        symlink(project.at(name), config).unwrap();
        for args in [
            run(&["--report", &report]),
            run(&["--succeeded", name]),
            vec!["plan", "pb.yaml", "--sandbox", "--out", name],
        ] {
            let output = project.voxplay(&args);
            let told = told(&output);
            assert_eq!(output.status.code(), Some(3), "{args:?} {told}");
            assert!(told.contains("is no ordinary file"), "{args:?} {told}");
        }
        // What a link leads to need not be a schema.
        let output = project.voxplay(&["schema", "--write", &schemas]);
        let told = told(&output);
        assert_eq!(output.status.code(), Some(3), "{told}");
        assert!(told.contains("it is not written through"), "{told}");
    }
    let pipe = project.at("pipe").symlink_metadata().unwrap();
    assert!(pipe.file_type().is_fifo());
    assert!(project.at("to-pipe").is_symlink() && project.at("to-output").is_symlink());
    assert!(!project.at(".voxplay").exists(), "no run was begun");
}

#[test]
fn a_link_stays_and_leads_to_what_was_written() {
    let project = Project::new();
    let written = |link: &str| {
        assert!(project.at(link).is_symlink(), "{link}");
        std::fs::read_to_string(project.at(link)).unwrap()
    };
    for args in [
        run(&["--report", "json=to-nothing"]),
        run(&["--report", "markdown=to-nothing"]),
    ] {
        assert_eq!(project.voxplay(&args).status.code(), Some(0), "{args:?}");
    }
    assert!(written("to-nothing").starts_with("## "));
    symlink("kept/rows.csv", project.at("to-rows")).unwrap();
    symlink("kept/plan.json", project.at("to-plan")).unwrap();
    for _ in 0..2 {
        let output = project.voxplay(&run(&["--succeeded", "to-rows"]));
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let plan = ["plan", "pb.yaml", "--sandbox", "--out", "to-plan"];
        assert_eq!(project.voxplay(&plan).status.code(), Some(0));
    }
    assert!(written("to-rows").contains("_row") && written("to-plan").contains("\"digest\""));
    // Two links to one file are one file, also where it is not there yet.
    symlink("kept/other", project.at("one")).unwrap();
    symlink("kept/other", project.at("two")).unwrap();
    let two = ["--report", "json=one", "--report", "html=two"];
    let output = project.voxplay(&run(&two));
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let kept = std::fs::read_dir(project.at("kept")).unwrap();
    assert_eq!(kept.count(), 3, "no draft is left");
}

#[test]
fn folders_of_the_accounts_that_a_playbook_names_are_made() {
    let project = Project::new();
    let with = |path: &str| {
        let text = format!("{PLAYBOOK}    succeeded: {path}\n");
        std::fs::write(project.at("pb.yaml"), text).unwrap();
    };
    with("out/today/done.csv");
    for args in [
        vec!["check", "pb.yaml"],
        vec!["plan", "pb.yaml", "--sandbox"],
    ] {
        let output = project.voxplay(&args);
        let told = told(&output);
        assert_eq!(output.status.code(), Some(0), "{args:?} {told}");
    }
    assert!(!project.at("out").exists(), "only a run makes them");
    assert_eq!(project.voxplay(&run(&[])).status.code(), Some(0));
    assert!(project.at("out/today/done.csv").exists());
    let refused = |args: &[&str], exit: i32, said: &str| {
        let output = project.voxplay(&run(args));
        let told = told(&output);
        assert_eq!(output.status.code(), Some(exit), "{told}");
        assert!(told.contains(said), "{told}");
    };
    // A folder of the command line may be mistyped.
    let no_folder = "there is no folder for nowhere/done.csv";
    refused(&["--succeeded", "nowhere/done.csv"], 3, no_folder);
    refused(&["--report", "json=nowhere/done.csv"], 3, no_folder);
    with("../out/done.csv");
    refused(&[], 4, "is outside the project's folder");
    let outside = tempfile::tempdir().unwrap();
    symlink(outside.path(), project.at("away")).unwrap();
    with("away/new/done.csv");
    refused(&[], 4, "is outside the project's folder");
    assert!(
        Path::new(outside.path())
            .read_dir()
            .unwrap()
            .next()
            .is_none()
    );
}

#[test]
fn nothing_takes_the_place_of_what_a_state_folder_will_keep() {
    let project = Project::new();
    let with = |path: &str| {
        let text = format!("{PLAYBOOK}    succeeded: {path}\n");
        std::fs::write(project.at("pb.yaml"), text).unwrap();
    };
    let refused = |args: &[&str], said: &str| {
        let output = project.voxplay(args);
        let told = told(&output);
        assert_eq!(output.status.code(), Some(3), "{args:?} {told}");
        assert!(told.contains(said), "{args:?} {told}");
    };
    for (path, said) in [
        (".voxplay/journal.sqlite", "is the journal"),
        (".voxplay/journal.sqlite-wal", "is the journal"),
        (".voxplay/key", "is a file of the state folder"),
        (".voxplay/locks", "is a file of the state folder"),
        (
            "kept/../.voxplay/.gitignore",
            "is a file of the state folder",
        ),
    ] {
        with(path);
        // The folder is not there before the first run.
        refused(&run(&[]), said);
        let check = project.voxplay(&["check", "pb.yaml"]);
        assert_eq!(check.status.code(), Some(3), "{path}");
        assert!(!project.at(".voxplay").exists(), "{path}");
    }
    with("st/journal.sqlite");
    refused(&run(&["--state-dir", "st"]), "is the journal");
    with("st/done.csv");
    let output = project.voxplay(&run(&["--state-dir", "st"]));
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
}
