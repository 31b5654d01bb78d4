//! `voxplay check` over `tests/cases/check`: a case is a file or a folder, its findings are a snapshot beside it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Beginnings of made-up tokens in the cases; none may show, also where a line is cut.
const WRITTEN_TOKENS: [&str; 3] = ["tok-ma", "987654321098", "user:pw"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/check")
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

/// What `voxplay check` says, and its exit code, seen from a folder.
fn check(folder: &Path, path: &str, format: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_voxplay"))
        .args(["check", path, "--format", format])
        .current_dir(folder)
        .env_clear()
        .env("COLUMNS", "80")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{path}");
    for token in WRITTEN_TOKENS {
        assert!(!text.contains(token), "{path} shows a token:\n{text}");
    }
    format!("{text}exit code {}\n", output.status.code().unwrap())
}

fn compare(snapshots: &Path, name: &str, shown: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(snapshots);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, shown));
}

fn assert_no_stale_snapshots(folder: &Path, names: &BTreeSet<String>) {
    let stale: Vec<PathBuf> = sorted(folder)
        .into_iter()
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "snap")
        })
        .filter(|path| !names.contains(&stem(path)))
        .collect();
    assert!(stale.is_empty(), "snapshots without a case: {stale:?}");
}

#[test]
fn playbooks() {
    let folder = root().join("playbook");
    let mut names = BTreeSet::new();
    for path in sorted(&folder) {
        let is_case = path
            .extension()
            .is_some_and(|extension| extension == "yaml")
            && stem(&path) != "voxplay";
        if is_case {
            let name = path.file_name().unwrap().to_str().unwrap();
            compare(&folder, &stem(&path), &check(&folder, name, "human"));
            names.insert(stem(&path));
        }
    }
    assert_no_stale_snapshots(&folder, &names);
}

#[test]
fn projects() {
    let folder = root().join("project");
    let mut names = BTreeSet::new();
    for path in sorted(&folder).into_iter().filter(|path| path.is_dir()) {
        let name = stem(&path);
        if name != "shared_files" {
            compare(&folder, &name, &check(&path, ".", "human"));
            names.insert(name);
        }
    }
    assert_no_stale_snapshots(&folder, &names);
}

#[test]
fn every_format_hides_what_looks_like_a_token() {
    for format in ["human", "json", "github"] {
        for case in [
            "literal_token",
            "literal_token_block",
            "unreadable_token",
            "bad_targets",
        ] {
            check(&root().join("project").join(case), ".", format);
        }
        check(&root().join("playbook"), "top_token.yaml", format);
    }
}

#[test]
fn a_folder_with_nothing_to_check_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("playbooks")).unwrap();
    std::fs::write(folder.path().join("playbooks/read.me"), "nothing").unwrap();
    let shown = check(folder.path(), "playbooks", "human");
    let begins = "error[missing-file]: there is no playbook in the folder playbooks\n";
    assert!(shown.starts_with(begins), "{shown}");
    assert!(shown.contains("no .yaml or .yml file in it"), "{shown}");
    let ends = "0 playbooks: 1 error\nexit code 3\n";
    assert!(shown.ends_with(ends), "{shown}");

    std::fs::create_dir(folder.path().join("playbooks/deep")).unwrap();
    std::fs::write(folder.path().join("playbooks/deep/a.yml"), "a: 1\n").unwrap();
    std::fs::write(folder.path().join("b.yaml"), "voxplay: 1\nsteps: []\n").unwrap();
    let shown = check(folder.path(), "playbooks", "human");
    assert!(shown.starts_with(begins), "{shown}");
    assert!(shown.contains("its one YAML file has neither"), "{shown}");
    assert!(shown.ends_with("exit code 3\n"), "{shown}");
    // One playbook anywhere in it is something to check.
    let shown = check(folder.path(), ".", "human");
    assert!(!shown.contains("there is no playbook"), "{shown}");
}

#[test]
fn a_folder_is_searched_for_playbooks_alone() {
    let folder = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    put("ours.yaml", "steps: [{ with: {} }]\n");
    put("inner/ours.yaml", "voxplay: 1\n");
    put(
        "build.yaml",
        "steps:\n  - { name: docker, args: [build] }\n",
    );
    put("node_modules/theirs.yaml", "voxplay: 1\n");
    put(".hidden/theirs.yaml", "voxplay: 1\n");
    let shown = check(folder.path(), ".", "human");
    assert!(shown.contains("2 playbooks: "), "{shown}");
    for name in ["build.yaml", "node_modules", ".hidden"] {
        assert!(!shown.contains(name), "{shown}");
        let path = format!("{name}/theirs.yaml");
        let path = if name == "build.yaml" { name } else { &path };
        let named = check(folder.path(), path, "human");
        assert!(named.contains("1 playbook: "), "{named}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_a_folder_is_followed_once() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("playbooks");
    std::fs::create_dir_all(inner.join("deep")).unwrap();
    std::fs::write(inner.join("deep/one.yaml"), "voxplay: 1\n").unwrap();
    for link in ["a", "playbooks/b", "playbooks/deep/c", "playbooks/deep/d"] {
        symlink(folder.path(), folder.path().join(link)).unwrap();
    }
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::write(elsewhere.path().join("two.yaml"), "voxplay: 1\n").unwrap();
    symlink(elsewhere.path(), folder.path().join("z")).unwrap();
    let shown = check(folder.path(), ".", "human");
    assert!(shown.contains("2 playbooks: "), "{shown}");
    assert!(shown.contains("--> playbooks/deep/one.yaml"), "{shown}");
    assert!(shown.contains("--> z/two.yaml"), "{shown}");
}

#[test]
fn what_is_not_there_is_said() {
    for path in [
        "nothing.yaml",
        "nofolder",
        "nothing.csv",
        "actions/nothing.yaml",
    ] {
        let shown = check(&root(), path, "human");
        let begins = format!("error[missing-file]: there is no file or folder {path}\n");
        assert!(shown.starts_with(&begins), "{shown}");
        let ends = "\n0 playbooks: 1 error\nexit code 3\n";
        assert!(shown.ends_with(ends), "{shown}");
    }
}

/// What a CI system reads of `voxplay check`, started in a folder of the repository.
fn in_ci(format: &str, top: &str) -> String {
    let repository = tempfile::tempdir().unwrap();
    let folder = repository.path().join("crm/playbooks");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("bad.yaml"), "voxplay: 1\nstep: []\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_voxplay"))
        .args(["check", "../playbooks/bad.yaml", "--format", format])
        .current_dir(&folder)
        .env_clear()
        .env("GITHUB_ACTIONS", "true")
        .env(top, repository.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn ci_systems_are_told_of_findings_by_paths_of_the_repository() {
    let shown = in_ci("github", "GITHUB_WORKSPACE");
    assert!(
        shown.starts_with("::error file=crm/playbooks/bad.yaml,line=2,"),
        "{shown}"
    );
    let shown = in_ci("gitlab", "CI_PROJECT_DIR");
    assert!(
        shown.contains("\"path\": \"crm/playbooks/bad.yaml\""),
        "{shown}"
    );
    let shown = in_ci("sarif", "GITHUB_WORKSPACE");
    assert!(shown.contains("\"crm/playbooks/bad.yaml\""), "{shown}");
}

#[test]
fn data_files_are_read_to_their_last_row() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("good.csv"), "id;name\n1;Ana\n").unwrap();
    std::fs::write(folder.path().join("bad.csv"), "id,name\n1,Ana\n2\n3,x,y\n").unwrap();
    std::fs::write(folder.path().join("bad.jsonl"), "{\"id\":1}\n[]\n").unwrap();
    assert_eq!(
        check(folder.path(), "good.csv", "human"),
        "0 playbooks, 1 data file: no errors\nexit code 0\n"
    );
    let shown = check(folder.path(), "bad.csv", "human");
    assert!(
        shown.contains("--> bad.csv:3\n") && shown.contains("row 3 (line 4)"),
        "{shown}"
    );
    assert!(shown.ends_with("exit code 3\n"), "{shown}");
    let shown = check(folder.path(), "bad.jsonl", "human");
    assert!(
        shown.contains("row 2 (line 2)") && shown.contains("--> bad.jsonl:2\n"),
        "{shown}"
    );
}

#[test]
fn a_folder_of_data_alone_has_its_data_checked() {
    let folder = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    put("data/right.csv", "id,name\n1,Ana\n");
    put("data/deep/wrong.jsonl", "{\"id\":\n");
    put("data/read.me", "nothing");
    let shown = check(folder.path(), "data", "human");
    assert!(shown.contains("data/deep/wrong.jsonl"), "{shown}");
    let ends = "0 playbooks, 2 data files: 1 error\nexit code 3\n";
    assert!(shown.ends_with(ends), "{shown}");
    // Where there are playbooks they are what is looked for; rows are looked at as those read them.
    put(
        "play.yaml",
        "voxplay: 1\nsteps: [{ action: record.delete, with: { module: c, wolkvox_id: a } }]\n",
    );
    let shown = check(folder.path(), ".", "human");
    assert!(shown.starts_with("1 playbook: no errors\n"), "{shown}");
    assert!(!shown.contains("data"), "{shown}");
}

#[test]
fn a_file_that_is_reached_twice_is_checked_once() {
    let folder = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &str| std::fs::write(folder.path().join(path), text).unwrap();
    put("play.yaml", "voxplay: 1\nsteps: []\n");
    put("rows.csv", "id\n1\n");
    put("other.yaml", "a: 1\n");
    let shown = |paths: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_voxplay"));
        let output = command
            .arg("check")
            .args(paths)
            .current_dir(folder.path())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let many = shown(&["play.yaml", "./play.yaml", ".", "rows.csv"]);
    assert!(
        many.contains("1 playbook, 1 data file: 1 error\n"),
        "{many}"
    );
    assert!(many.contains("1 YAML file left out"), "{many}");
    assert!(!many.contains("data file left out"), "{many}");
    // What is named is looked at as a playbook, though a folder may leave it out.
    let named = shown(&[".", "other.yaml"]);
    assert!(named.contains("2 playbooks: "), "{named}");
}
