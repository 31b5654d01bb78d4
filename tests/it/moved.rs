//! Which playbook `resume` goes on with, where projects and journals are copied, moved, or lie apart.

use std::path::PathBuf;

use crate::run::{Project, Ran};
use crate::server::json;

const STEP: &str = "voxplay: 1
steps:
  - action: record.update
    with: { module: contacts, wolkvox_id: \"1\", fields: { A: b } }
";

const REFUSED: &str = r#"{"code":403,"error":"not now"}"#;

/// Folders that are projects of their own, each with a `p.yaml` of the same text.
struct World(Project);

impl World {
    /// The first request is refused, so that a run of it can be gone on with.
    fn of(folders: &[&str]) -> Self {
        let world = Self(Project::new(
            "",
            [json(r#"{"code":403,"error":"not now"}"#)],
        ));
        for folder in folders {
            world.0.write(&format!("{folder}/p.yaml"), STEP);
            world
                .0
                .write(&format!("{folder}/voxplay.yaml"), "targets: {}\n");
        }
        world
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.folder.path().canonicalize().unwrap().join(path)
    }

    fn path(&self, path: &str) -> String {
        self.at(path).to_str().unwrap().to_owned()
    }

    fn copy(&self, from: &str, to: &str) {
        let copied = std::process::Command::new("cp")
            .args(["-a", &self.path(from), &self.path(to)])
            .status();
        assert!(copied.unwrap().success());
    }

    fn rename(&self, from: &str, to: &str) {
        std::fs::rename(self.at(from), self.at(to)).unwrap();
    }

    fn voxplay(&self, folder: &str, arguments: &[&str]) -> Ran {
        let mut command = self.0.voxplay(arguments);
        command.current_dir(self.at(folder));
        self.0.finish(command)
    }

    /// Begins a run, which fails.
    fn run(&self, folder: &str, arguments: &[&str]) {
        let ran = self.voxplay(folder, &[&["run"], arguments].concat());
        assert_eq!((ran.exit, ran.arrived.len()), (1, 1), "{ran:?}");
    }

    /// Goes on with it, with the playbook that is said.
    fn resume(&self, folder: &str, arguments: &[&str], playbook: &str) {
        let how = ["resume", "--retry-failed", "--format", "json"];
        let ran = self.voxplay(folder, &[&how, arguments].concat());
        assert_eq!((ran.exit, ran.arrived.len()), (0, 2), "{ran:?}");
        let started = ran.stdout.lines().next().unwrap();
        let started: serde_json::Value = serde_json::from_str(started).unwrap();
        let taken = self.at(folder).join(started["playbook"].as_str().unwrap());
        assert_eq!(taken.canonicalize().unwrap(), self.at(playbook));
    }

    /// Is asked which playbook is meant, and goes on with the one that is said.
    fn asks(&self, folder: &str, arguments: &[&str], proposed: &str) {
        let ran = self.voxplay(folder, &[&["resume", "--retry-failed"], arguments].concat());
        assert_eq!((ran.exit, ran.arrived.len()), (4, 1), "{ran:?}");
        let told: String = ran.stderr.split_whitespace().collect();
        let named = self.at(proposed);
        let named = named.strip_prefix(self.at(folder)).unwrap_or(&named);
        let flag = format!("`--playbook{}`", named.display());
        assert!(told.contains(&flag), "{flag}: {ran:?}");
        let flag = ["--playbook", named.to_str().unwrap()];
        self.resume(folder, &[arguments, &flag].concat(), proposed);
    }
}

const STATE: &str = "--state-dir";

#[test]
fn a_copied_project_goes_on_with_its_own_playbook() {
    for named in ["orig/p.yaml", "/orig/p.yaml"] {
        let world = World::of(&["orig"]);
        let absolute = world.path("orig/p.yaml");
        world.run(
            "",
            &[if named.starts_with('/') {
                &absolute
            } else {
                named
            }],
        );
        world.copy("orig", "copy");
        world.resume("copy", &[], "copy/p.yaml");
    }
    let world = World::of(&["orig"]);
    world.run("orig", &["p.yaml", STATE, "out/state"]);
    world.copy("orig", "copy");
    world.resume("", &[STATE, "copy/out/state"], "copy/p.yaml");
    // What stands in the copy is looked at, not what it was copied from.
    let world = World::of(&["orig"]);
    world.run("", &[&world.path("orig/p.yaml")]);
    world.copy("orig", "copy");
    world.0.write("copy/p.yaml", &STEP.replace("A: b", "A: c"));
    let ran = world.voxplay("copy", &["resume", "--retry-failed"]);
    assert_eq!((ran.exit, ran.arrived.len()), (4, 1), "{ran:?}");
    assert!(ran.stderr.contains("changed: the playbook"), "{ran:?}");
}

#[test]
fn a_journal_says_whose_it_is_wherever_one_stands() {
    let world = World::of(&["a", "b"]);
    world.run("a", &["p.yaml"]);
    world.resume("b", &[STATE, "../a/.voxplay"], "a/p.yaml");
    // Also where it lies in another project.
    let world = World::of(&["a", "b"]);
    world.run("b", &["p.yaml", STATE, "../a/.voxplay"]);
    world.resume("b", &[STATE, "../a/.voxplay"], "b/p.yaml");
    let world = World::of(&["a", "b"]);
    world.run("b", &["p.yaml", STATE, "../a/.voxplay"]);
    world.asks("a", &[], "b/p.yaml");
}

#[test]
fn what_lies_together_is_found_from_everywhere() {
    for (folder, named, state) in [
        ("", "a/p.yaml", "a/.voxplay"),
        ("a", "p.yaml", ".voxplay"),
        ("a/sub", "../p.yaml", "../.voxplay"),
    ] {
        for from in ["a", "a/sub", "", "b"] {
            let world = World::of(&["a", "b"]);
            world.0.write("a/sub/p.yaml", STEP);
            world.run(folder, &[named, STATE, state]);
            let state = world.path("a/.voxplay");
            world.resume(from, &[STATE, &state], "a/p.yaml");
        }
    }
    // A state folder apart, from the project and from where there is none.
    for from in ["a", "a/sub", ""] {
        for named in ["a/p.yaml", "/a/p.yaml"] {
            let world = World::of(&["a"]);
            world.0.write("a/sub/p.yaml", STEP);
            let absolute = world.path("a/p.yaml");
            let named = if named.starts_with('/') {
                &absolute
            } else {
                named
            };
            world.run("", &[named, STATE, "state"]);
            let state = world.path("state");
            world.resume(from, &[STATE, &state], "a/p.yaml");
        }
    }
}

#[test]
fn what_was_moved_is_found_where_it_is_now() {
    let world = World::of(&["a"]);
    world.run("", &[&world.path("a/p.yaml")]);
    world.rename("a", "b");
    world.resume("b", &[], "b/p.yaml");
    // The project without its state folder, and the state folder without its project.
    let world = World::of(&["a"]);
    world.run("a", &["p.yaml", STATE, "../state"]);
    world.rename("a", "b");
    world.resume("b", &[STATE, "../state"], "b/p.yaml");
    for restored in ["restored", "b/restored"] {
        let world = World::of(&["a"]);
        world.run("a", &["p.yaml"]);
        world.rename("a", "b");
        std::fs::create_dir(world.at(restored)).unwrap();
        world.rename("b/.voxplay", &format!("{restored}/.voxplay"));
        let state = world.path(&format!("{restored}/.voxplay"));
        world.resume("b", &[STATE, &state], "b/p.yaml");
    }
}

#[test]
fn where_it_may_be_another_one_it_is_asked_for() {
    // The journal without the playbook that it names.
    let world = World::of(&["a"]);
    world.run("", &[&world.path("a/p.yaml")]);
    std::fs::create_dir(world.at("b")).unwrap();
    world.copy("a/.voxplay", "b/.voxplay");
    world.asks("b", &[], "a/p.yaml");
    // A copy of the project that shares its journal, which lies elsewhere.
    for proposed in ["a/p.yaml", "b/p.yaml"] {
        let world = World::of(&["a"]);
        world.run("a", &["p.yaml", STATE, "../state"]);
        world.copy("a", "b");
        world.asks("b", &[STATE, "../state"], proposed);
    }
    // Nor is one of another project taken where the own one is gone.
    let world = World::of(&["a", "b"]);
    world.run("a", &["p.yaml"]);
    world.rename("a/p.yaml", "a/renamed.yaml");
    world.asks("b", &[STATE, "../a/.voxplay"], "b/p.yaml");
}

#[test]
fn it_stays_with_the_playbook_that_it_went_on_with_last() {
    let world = World::of(&["a"]);
    world.0.server.judge(|_| json(REFUSED));
    world.run("a", &["p.yaml"]);
    world.copy("a/p.yaml", "a/new.yaml");
    let how = ["resume", "--retry-failed", "--playbook", "new.yaml"];
    let ran = world.voxplay("a", &how);
    assert_eq!((ran.exit, ran.arrived.len()), (1, 2), "{ran:?}");
    let ran = world.voxplay("", &["resume", STATE, "a/.voxplay"]);
    assert!(ran.stderr.starts_with("a/new.yaml"), "{ran:?}");
}
