//! `voxplay init`: a project that is right from the start, made whole or not at all.
#![expect(
    clippy::disallowed_methods,
    reason = "tests set the scene on disk, and say what they skip"
)]

use std::path::Path;

use super::schema::{root, voxplay};

fn listing(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
}

const FILES: [&str; 13] = [
    ".github/workflows/voxplay.yml",
    ".gitignore",
    ".gitlab-ci.yml",
    ".vscode/extensions.json",
    ".vscode/settings.json",
    "README.md",
    "data/contacts.csv",
    "playbooks/contacts.yaml",
    "playbooks/first.yaml",
    "schemas/action.schema.json",
    "schemas/playbook.schema.json",
    "schemas/voxplay.schema.json",
    "voxplay.yaml",
];

#[test]
fn a_new_project_passes_check_and_runs_against_the_sandbox() {
    let folder = tempfile::tempdir().unwrap();
    let output = voxplay(&["init", "new/project"], folder.path());
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("cd new/project"), "{said}");
    assert!(said.contains("\n  voxplay check ."), "{said}");

    let project = folder.path().join("new/project");
    assert_eq!(listing(&project), FILES);
    let output = voxplay(&["check", "."], &project);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    // What it says to do next works as it stands.
    let run: Vec<&str> = said
        .lines()
        .find_map(|line| line.trim().strip_prefix("voxplay run"))
        .unwrap()
        .split_whitespace()
        .collect();
    let output = voxplay(&[&["run"], run.as_slice()].concat(), &project);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]

fn its_second_playbook_runs_over_its_data() {
    let folder = tempfile::tempdir().unwrap();
    assert!(voxplay(&["init"], folder.path()).status.success());
    let arguments = [
        "run",
        "playbooks/contacts.yaml",
        "--sandbox",
        "--format",
        "json",
    ];
    let output = voxplay(&arguments, folder.path());
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    let last: serde_json::Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!(last["outputs"]["marked"], 3);
}

#[test]
fn files_that_are_there_are_listed_and_left_alone_and_the_others_made() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("README.md"), "mine").unwrap();
    std::fs::write(folder.path().join(".gitignore"), "mine").unwrap();
    let output = voxplay(&["init"], folder.path());
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stdout).unwrap();
    let (made, kept) = said.split_once("\nThere already").unwrap();
    for name in ["README.md", ".gitignore"] {
        assert!(kept.contains(&format!("  {name}\n")), "{said}");
        assert!(!made.contains(&format!("  {name}\n")), "{said}");
        let text = std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(text, "mine");
    }
    assert!(made.contains("  voxplay.yaml\n"), "{said}");
    assert_eq!(listing(folder.path()), FILES);

    let again = voxplay(&["init"], folder.path());
    assert_eq!(again.status.code(), Some(0));
    let said = String::from_utf8(again.stdout).unwrap();
    assert!(said.starts_with("Nothing is missing here.\n"), "{said}");

    let output = voxplay(&["init", "--force"], folder.path());
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(listing(folder.path()), FILES);
    assert_ne!(
        std::fs::read_to_string(folder.path().join("README.md")).unwrap(),
        "mine"
    );
}

#[test]
fn what_cannot_be_made_whole_is_not_made_at_all() {
    let folder = tempfile::tempdir().unwrap();
    // A file where a folder has to be: found only when most of the others are written.
    std::fs::write(folder.path().join("schemas"), "in the way").unwrap();
    let output = voxplay(&["init"], folder.path());
    assert_eq!(output.status.code(), Some(4));
    assert_eq!(listing(folder.path()), ["schemas"]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn ci_and_editor_files_are_what_their_readers_want() {
    let templates = root().join("src/cli/init");
    let read = |name: &str| std::fs::read_to_string(templates.join(name)).unwrap();
    let settings: serde_json::Value = serde_json::from_str(&read("settings.json")).unwrap();
    for (schema, globs) in settings["yaml.schemas"].as_object().unwrap() {
        assert!(
            FILES.contains(&schema.strip_prefix("./").unwrap()),
            "{schema}"
        );
        assert!(!globs.as_array().unwrap().is_empty());
    }
    for name in ["github.yml", "gitlab.yml"] {
        let pipeline: serde_yaml::Value = serde_yaml::from_str(&read(name)).unwrap();
        assert!(pipeline.is_mapping());
        let text = read(name);
        for part in [
            "voxplay check .",
            "voxplay run",
            ".voxplay/",
            "production",
            "WOLKVOX_TOKEN",
        ] {
            assert!(text.contains(part), "{name}: {part}");
        }
    }
    for name in ["first.yaml", "contacts.yaml"] {
        let line = "# yaml-language-server: $schema=../schemas/playbook.schema.json\n";
        assert!(read(name).starts_with(line), "{name}");
    }
}
