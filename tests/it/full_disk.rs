//! An answer that cannot be written: that is said, and no command ends as if all were well.

use std::fs::File;
use std::process::{Command, Output, Stdio};

use crate::run::{Project, UPDATE};

/// A file that takes nothing but a number stands for a full disk: not every container has `/dev/full`.
const FULL: &str = "/proc/self/oom_score_adj";

fn on_full_disk(mut command: Command) -> Output {
    let full = File::options().write(true).open(FULL).unwrap();
    command.stdout(full).output().unwrap()
}

fn assert_lost(arguments: &[&str], output: &Output, exit: i32) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let said = stderr
        .matches("error: standard output cannot be written to")
        .count();
    assert_eq!(
        (output.status.code(), said),
        (Some(exit), 1),
        "{arguments:?}: {stderr}"
    );
}

#[test]
fn nothing_is_lost_without_a_word() {
    for arguments in [
        &["check", "playbook.yaml"][..],
        &["plan", "playbook.yaml"],
        &["plan", "playbook.yaml", "--format", "json"],
        &["explain", "playbook.yaml", "one"],
        &["schema", "playbook"],
        &["actions"],
        &["completions", "bash"],
        &["man"],
        &["--help"],
        &["--version"],
    ] {
        let project = Project::new(UPDATE, []);
        let output = on_full_disk(project.voxplay(arguments));
        assert_lost(arguments, &output, 4);
    }
    for format in ["human", "json"] {
        let project = Project::new(UPDATE, []);
        let output = on_full_disk(project.command_as(format, &[]));
        assert_lost(&["run", format], &output, 1);
        assert_eq!(project.server.arrived().len(), 1);
    }
}

#[test]
fn what_went_wrong_itself_is_stronger() {
    let project = Project::new("steps: 5\n", []);
    let output = on_full_disk(project.voxplay(&["check", "playbook.yaml"]));
    assert_lost(&["check"], &output, 3);
}

#[test]
fn a_reader_who_has_read_enough_is_no_error() {
    for arguments in [
        &["schema", "playbook"][..],
        &["--help"],
        &["check", "playbook.yaml"],
    ] {
        let project = Project::new(UPDATE, []);
        let mut child = project
            .voxplay(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}
