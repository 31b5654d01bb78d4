//! Ctrl-C, SIGTERM and SIGHUP while a request is in flight.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command};

use super::{Project, Ran};
use crate::server::{Answer, DONE};

const STEPS: &str = "
steps:
  - id: one
    action: obligation.insert
    with: { wolkvox_id: \"64cb\", id: \"1\", name: Loan }
  - id: two
    action: obligation.insert
    with: { wolkvox_id: \"64cb\", id: \"2\", name: Loan }
";

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

/// Starts a run, and sends it a signal once its first request is in flight; `then` goes on when it was heard.
fn interrupted(
    playbook: &str,
    answer: Answer,
    name: &str,
    then: impl FnOnce(&Project, &Child),
) -> Ran {
    let project = Project::new(playbook, [answer]);
    let mut child = project.command(&[]).spawn().unwrap();
    project.server.wait_for(1);
    signal(&child, name);
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut heard = String::new();
    stderr.read_line(&mut heard).unwrap();
    assert!(heard.starts_with("stopping"), "{heard}");
    then(&project, &child);
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    let output = child.wait_with_output().unwrap();
    let ran = Ran {
        exit: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: heard + &rest,
        arrived: project.server.arrived(),
    };
    project.assert_hidden(super::TOKEN, &ran);
    ran
}

#[test]
fn a_request_in_flight_may_finish_and_nothing_more_is_sent() {
    for (name, exit) in [("INT", 130), ("TERM", 143)] {
        let ran = interrupted(STEPS, Answer::Held(DONE), name, |project, _| {
            project.server.release();
        });
        assert_eq!((ran.exit, ran.arrived.len()), (exit, 1), "{ran:?}");
        assert_eq!(ran.outcome("one"), "ok");
        assert_eq!(ran.outcome("two"), "not_run");
        assert_eq!(ran.finished()["outcome"], "interrupted");
    }
}

#[test]
fn a_request_that_does_not_finish_is_unknown() {
    let ran = interrupted(STEPS, Answer::Stall, "INT", |_, _| {});
    assert_eq!((ran.exit, ran.arrived.len()), (130, 1), "{ran:?}");
    assert_eq!(ran.outcome("one"), "unknown");
    assert_eq!(ran.outcome("two"), "not_run");
    assert_eq!(ran.finished()["counts"]["unknown"], 1);
}

#[test]
fn a_second_signal_stops_at_once() {
    for (first, second, exit) in [("INT", "INT", 130), ("TERM", "TERM", 143)] {
        let ran = interrupted(STEPS, Answer::Stall, first, |_, child| {
            signal(child, second);
        });
        assert_eq!((ran.exit, ran.arrived.len()), (exit, 1), "{ran:?}");
        assert_eq!(ran.events("run_finished").len(), 0, "{ran:?}");
    }
}

#[test]
fn an_interruption_does_not_wait_for_a_retry() {
    let patient = STEPS.replace("    with: { wolkvox_id: \"64cb\", id: \"1\"", "    retry: { attempts: 2, backoff: 1h, max_backoff: 1h }\n    with: { wolkvox_id: \"64cb\", id: \"1\"");
    let project = Project::new(
        &patient,
        [crate::server::status("429 Too Many Requests", "")],
    );
    let mut child = project.command_as("human", &[]).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("retry") {
        assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "{said}");
    }
    signal(&child, "INT");
    stderr.read_to_string(&mut said).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(130), "{said}");
    assert_eq!(project.server.arrived().len(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_that_goes_away_stops_a_run_as_cleanly() {
    let ran = interrupted(STEPS, Answer::Held(DONE), "HUP", |project, child| {
        // The shell says it, and the system too: that is no wish to stop at once.
        signal(child, "HUP");
        project.server.release();
    });
    assert_eq!((ran.exit, ran.arrived.len()), (129, 1), "{ran:?}");
    assert_eq!(ran.outcome("one"), "ok");
    assert_eq!(ran.finished()["outcome"], "interrupted");
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_that_is_to_outlive_its_terminal_does() {
    let project = Project::new(STEPS, [Answer::Held(DONE)]);
    let run = project.command(&[]);
    let mut command = Command::new("sh");
    command
        .args(["-c", "trap '' HUP; exec \"$0\" \"$@\""])
        .arg(run.get_program())
        .args(run.get_args())
        .current_dir(run.get_current_dir().unwrap())
        .envs(
            run.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    project.server.wait_for(1);
    signal(&child, "HUP");
    project.server.release();
    let ran = project.ran(child.wait_with_output().unwrap());
    assert_eq!((ran.exit, ran.arrived.len()), (0, 2), "{ran:?}");
}
