//! `voxplay schema`: what it prints, the files under `schemas/`, and that good and bad playbooks are told
//! apart by the program and the schema alike.
#![expect(
    clippy::disallowed_methods,
    reason = "tests set the scene on disk, and say what they skip"
)]

mod servers;

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value as Json;

/// The command that renews the files under `schemas/`.
const RENEW: &str = "cargo run -- schema --write schemas --calls --project .";

pub(super) fn voxplay(arguments: &[&str], folder: &Path) -> Output {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_voxplay"));
    for (name, _) in std::env::vars() {
        if name.starts_with("VOXPLAY_") || name.starts_with("WOLKVOX_") {
            command.env_remove(name);
        }
    }
    command
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn printed(arguments: &[&str]) -> Json {
    let folder = tempfile::tempdir().unwrap();
    let output = voxplay(arguments, folder.path());
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

pub(super) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files of a folder with an extension, in the order of their names.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    files
}

/// Playbooks that are right: those of the tests, of the repository, and of a new project.
fn good() -> Vec<PathBuf> {
    let mut good = files(&root().join("tests/lsp/good"), "yaml");
    assert!(!good.is_empty());
    let mut others = files(&root().join("playbooks"), "yaml");
    others.extend(files(&root().join("src/cli/init"), "yaml"));
    others.retain(|path| path.file_name().unwrap() != "voxplay.yaml");
    good.extend(others);
    good
}

fn bad() -> Vec<PathBuf> {
    let bad = files(&root().join("tests/lsp/bad"), "yaml");
    assert!(!bad.is_empty());
    bad
}

fn value(path: &Path) -> Json {
    let document = voxplay::document::Document::load(path, &path.display().to_string()).unwrap();
    document.root.to_value().to_json()
}

#[test]
fn the_files_under_schemas_are_what_the_program_prints() {
    let folder = tempfile::tempdir().unwrap();
    let output = voxplay(&["schema", "--write", "new", "--calls"], folder.path());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let mut stale = Vec::new();
    for line in text(&output.stdout).lines() {
        let name = line.strip_prefix("new/").unwrap();
        let wanted = std::fs::read_to_string(folder.path().join(line)).unwrap();
        let kept = root().join("schemas").join(name);
        if std::fs::read_to_string(&kept).ok().as_deref() != Some(wanted.as_str()) {
            stale.push(format!("schemas/{name}"));
            if std::env::var_os("UPDATE_SCHEMAS").is_some() {
                std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
                std::fs::write(&kept, wanted).unwrap();
            }
        }
    }
    assert!(
        stale.is_empty(),
        "these files are not what the program prints: {stale:?}\nrenew them: {RENEW}"
    );
}

#[test]
fn the_schemas_of_what_programs_read_are_printed_too() {
    for name in ["plan", "report"] {
        let file = format!("schemas/{name}.schema.json");
        let kept = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
        let kept: Json = serde_json::from_str(&kept.unwrap()).unwrap();
        assert_eq!(printed(&["schema", name]), kept);
    }
}

#[test]
fn what_the_program_accepts_the_schema_accepts() {
    let schema = jsonschema::draft202012::new(&printed(&["schema", "playbook"])).unwrap();
    let project = tempfile::tempdir().unwrap();
    assert!(voxplay(&["init"], project.path()).status.success());
    for path in good() {
        let errors: Vec<String> = schema
            .iter_errors(&value(&path))
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
        if path.starts_with(root().join("tests")) {
            let copy = project
                .path()
                .join("playbooks")
                .join(path.file_name().unwrap());
            std::fs::copy(&path, &copy).unwrap();
            let output = voxplay(&["check", copy.to_str().unwrap()], project.path());
            assert!(output.status.success(), "{}", text(&output.stdout));
        }
    }
}

#[test]
fn what_the_program_refuses_the_schema_refuses() {
    let schema = jsonschema::draft202012::new(&printed(&["schema", "playbook"])).unwrap();
    for path in bad() {
        assert!(!schema.is_valid(&value(&path)), "{}", path.display());
        let output = voxplay(&["check", path.to_str().unwrap()], &root());
        assert_eq!(output.status.code(), Some(3), "{}", path.display());
    }
}

#[test]
fn config_schema_accepts_the_config_of_a_new_project_and_no_literal_token() {
    let schema = jsonschema::draft202012::new(&printed(&["schema", "config"])).unwrap();
    let mut config = value(&root().join("src/cli/init/voxplay.yaml"));
    assert!(schema.is_valid(&config));
    config["targets"]["production"]["token"] = "made-up-token".into();
    assert!(!schema.is_valid(&config));
}

#[test]
fn every_built_in_action_fits_the_schema_of_action_files() {
    let schema = jsonschema::draft202012::new(&printed(&["schema", "action"])).unwrap();
    for path in files(&root().join("schemas/actions"), "yaml") {
        assert!(schema.is_valid(&value(&path)), "{}", path.display());
    }
}

#[test]
fn a_request_and_a_response_have_schemas_of_their_own() {
    let request = printed(&["schema", "--request", "record.update"]);
    assert!(request["properties"].get("wolkvox-id").is_some());
    let response = printed(&["schema", "--response", "record.update"]);
    assert_eq!(response["required"], serde_json::json!(["code"]));
    let with = printed(&["schema", "record.update"]);
    assert!(with["properties"].get("wolkvox_id").is_some());
}

#[test]
fn an_unknown_name_gets_the_nearest() {
    let folder = tempfile::tempdir().unwrap();
    let output = voxplay(&["schema", "record.updat"], folder.path());
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text(&output.stderr).contains("record.update"),
        "{}",
        text(&output.stderr)
    );
    let output = voxplay(&["schema", "playbook", "--list"], folder.path());
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_projects_own_actions_are_in_it() {
    let project = tempfile::tempdir().unwrap();
    let deep = project.path().join("playbooks/deep");
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::create_dir(project.path().join("actions")).unwrap();
    std::fs::write(project.path().join("voxplay.yaml"), "targets: {}\n").unwrap();
    let built_in = root().join("schemas/actions/record.update.yaml");
    let own = std::fs::read_to_string(built_in)
        .unwrap()
        .replace("name: record.update", "name: record.touch");
    std::fs::write(project.path().join("actions/record.touch.yaml"), &own).unwrap();

    let list = text(&voxplay(&["schema", "--list"], &deep).stdout);
    assert!(list.contains("record.touch"), "{list}");
    let output = voxplay(&["schema", "playbook"], &deep);
    let schema: Json = serde_json::from_slice(&output.stdout).unwrap();
    let known = &schema["$defs"]["step"]["properties"]["action"]["enum"];
    assert!(known.as_array().unwrap().contains(&"record.touch".into()));
    let elsewhere = tempfile::tempdir().unwrap();
    let project_path = project.path().to_str().unwrap();
    let output = voxplay(
        &["schema", "record.touch", "--project", project_path],
        elsewhere.path(),
    );
    assert!(output.status.success());

    std::fs::write(
        project.path().join("actions/record.touch.yaml"),
        "name: 5\n",
    )
    .unwrap();
    // An editor gets all that can be had, and is told what is broken.
    for what in ["playbook", "action", "config", "record.update"] {
        let output = voxplay(&["schema", what], &deep);
        assert_eq!(output.status.code(), Some(3));
        assert!(text(&output.stderr).contains("actions/record.touch.yaml:1:7"));
        let schema: Json = serde_json::from_slice(&output.stdout).unwrap();
        let known = &schema["$defs"]["step"]["properties"]["action"]["enum"];
        assert!(known.as_array().is_none_or(|known| known.len() == 5));
    }
    let output = voxplay(&["schema", "record.touch"], &deep);
    assert_eq!(output.status.code(), Some(3));
    assert!(output.stdout.is_empty());
    assert!(text(&output.stderr).contains("its file is broken"));
    // Files that are kept would lose an action without a word.
    let output = voxplay(&["schema", "--write", "kept"], &deep);
    assert_eq!(output.status.code(), Some(3));
    assert!(!deep.join("kept").exists());
}
