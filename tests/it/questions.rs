//! What is asked at a terminal, and what counts as an answer.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::run::Project;
use crate::server::{Answer, json};

/// Long enough for everything that comes at all.
const GUARD: Duration = Duration::from_mins(1);
const END_OF_INPUT: &str = "\u{4}";
const TWO: &str = r#"
steps:
  - id: each
    for_each: { items: [1, 2], as: n, key: "{{ n }}" }
    on_failure: continue
    action: obligation.insert
    with: { wolkvox_id: "64cb", id: "D-{{ n }}", name: Loan }
"#;
const DELETES: &str = "
steps:
  - id: drop
    action: record.delete
    with: { module: contacts, wolkvox_id: 64cb }
";

/// A program at a terminal of its own.
struct Seat {
    keys: File,
    shown: Receiver<Vec<u8>>,
    screen: String,
    child: Child,
}

impl Seat {
    /// Starts a command; `typed` is typed before it is there.
    fn new(mut command: Command, typed: &str) -> Self {
        let terminal = nix::pty::openpty(None, None).unwrap();
        let mut keys = File::from(terminal.master);
        keys.write_all(typed.as_bytes()).unwrap();
        let child = command
            .env("TERM", "dumb")
            .stdin(terminal.slave.try_clone().unwrap())
            .stdout(terminal.slave.try_clone().unwrap())
            .stderr(terminal.slave)
            .spawn()
            .unwrap();
        // What the command holds of the terminal would keep it open.
        drop(command);
        let mut screen = keys.try_clone().unwrap();
        let (sender, shown) = channel();
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut piece) {
                if sender.send(piece[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            keys,
            shown,
            screen: String::new(),
            child,
        }
    }

    /// Waits until this is shown, once more than what was waited for before.
    fn sees(&mut self, text: &str) -> &mut Self {
        while !self.screen.contains(text) {
            let piece = self.shown.recv_timeout(GUARD).expect(&self.screen);
            self.screen.push_str(&String::from_utf8_lossy(&piece));
        }
        let (_, rest) = self.screen.split_once(text).unwrap();
        self.screen = rest.to_owned();
        self
    }

    fn types(&mut self, keys: &str) -> &mut Self {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self
    }

    fn exit(&mut self) -> i32 {
        // What it says to the end.
        while let Ok(piece) = self.shown.recv_timeout(GUARD) {
            self.screen.push_str(&String::from_utf8_lossy(&piece));
        }
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

fn in_doubt() -> Project {
    let project = Project::new(TWO, []);
    project.server.judge(|_| Answer::CutRead);
    assert_eq!(project.run(&["--run-id", "r"]).exit, 5);
    project
}

fn reconcile(project: &Project) -> Seat {
    Seat::new(project.voxplay(&["reconcile"]), "")
}

/// What was said of each row: the decision, and the id.
fn words(project: &Project) -> Vec<(String, Value)> {
    let show = project.voxplay(&["runs", "show", "r", "--format", "json"]);
    let events = project.finish(show).events("reconciled");
    let word = |event: &Value| {
        let decision = event["decision"].as_str().unwrap();
        let row = event["row"].as_str().unwrap();
        (format!("{row} {decision}"), event["wolkvox_id"].clone())
    };
    events.iter().map(word).collect()
}

#[test]
fn what_is_no_id_is_asked_for_again() {
    let project = in_doubt();
    let mut seat = reconcile(&project);
    seat.sees("each@1: is it in the CRM?").types("y\n");
    for wrong in ["6553f\u{1b}[D100397b", "x y z", "65\u{200b}"] {
        seat.sees("if you have it:").types(&format!("{wrong}\n"));
        seat.sees("is no id");
    }
    seat.sees("if you have it:").types(" 6553f100397b \n");
    seat.sees("noted: ok with the id 6553f100397b");
    seat.sees("each@2: is it in the CRM?").types("y\n");
    seat.sees("if you have it:").types("\n");
    seat.sees("2 doubts settled, 0 left");
    assert_eq!(seat.exit(), 0);
    let said = words(&project);
    assert_eq!(said[0], ("1 ok".to_owned(), "6553f100397b".into()));
    assert_eq!(said[1], ("2 ok".to_owned(), Value::Null));
    let show = project.voxplay(&["runs", "show", "r", "--row", "1"]);
    let shown = project.finish(show).stdout;
    let line = "a person says: ok with the id 6553f100397b";
    assert!(shown.contains(line), "{shown}");
}

#[test]
fn the_command_line_takes_no_such_id_either() {
    let project = in_doubt();
    let own = ["--ok", "each@1=65\u{1b}[A5"];
    let flagged = ["--ok", "each@1", "--wolkvox-id", "65 3"];
    for arguments in [&own[..], &flagged] {
        let command = project.voxplay(&[&["reconcile"], arguments].concat());
        let ran = project.finish(command);
        assert_eq!(ran.exit, 3, "{ran:?}");
        assert!(ran.stderr.contains("is no id"), "{ran:?}");
    }
    assert_eq!(words(&project), []);
}

#[test]
fn the_end_of_input_leaves_a_doubt_open() {
    let project = in_doubt();
    let mut seat = reconcile(&project);
    seat.sees("each@1: is it in the CRM?").types("y\n");
    seat.sees("if you have it:").types(END_OF_INPUT);
    seat.sees("\r\nnothing was settled, 2 doubts left; settle them with: voxplay reconcile r");
    assert_eq!(seat.exit(), 5);
    let mut seat = reconcile(&project);
    seat.sees("each@1: is it in the CRM?").types(END_OF_INPUT);
    assert_eq!(seat.exit(), 5);
    assert_eq!(words(&project), []);
}

#[test]
fn an_answer_holds_as_soon_as_it_is_given() {
    let project = in_doubt();
    let mut seat = reconcile(&project);
    seat.sees("each@1: is it in the CRM?").types("n\n");
    seat.sees("each@2: is it in the CRM?");
    seat.child.kill().unwrap();
    assert_eq!(seat.exit(), -1);
    assert_eq!(words(&project), [("1 failed".to_owned(), Value::Null)]);
}

#[test]
fn what_is_not_understood_is_asked_again() {
    let project = in_doubt();
    let mut seat = reconcile(&project);
    seat.sees("each@1: is it in the CRM?").types("yup\n");
    seat.sees("Please answer with a letter:").types("S\n");
    seat.sees("each@2: is it in the CRM?").types("A\n");
    seat.sees("1 doubt settled, 1 left");
    assert_eq!(seat.exit(), 5);
    assert_eq!(words(&project), [("2 resend".to_owned(), Value::Null)]);
}

#[test]
fn nothing_is_deleted_by_what_was_typed_before_the_question() {
    let project = Project::new(DELETES, []);
    let mut seat = Seat::new(project.command_as("human", &[]), "y\n");
    seat.sees("which nothing can undo. Go on? [y/N]");
    seat.types("what?\n").sees("Please answer y or n.");
    seat.types("n\n").sees("the answer was no");
    assert_eq!(seat.exit(), 4);
    assert_eq!(project.server.arrived().len(), 0);
    let mut seat = Seat::new(project.command_as("human", &[]), "");
    seat.sees("Go on? [y/N]").types("Y\n");
    assert_eq!(seat.exit(), 0, "{}", seat.screen);
    assert_eq!(project.server.arrived().len(), 1);
}

#[test]
fn a_run_that_went_on_while_the_question_was_shown_is_not_gone_on_with() {
    let refused = r#"{"code":400,"error":"no such record"}"#;
    let project = Project::new(DELETES, [json(refused)]);
    let ran = project.run(&["--run-id", "r", "--allow", "delete"]);
    assert_eq!(ran.exit, 1, "{ran:?}");
    let again = ["resume", "r", "--retry-failed"];
    let mut seat = Seat::new(project.voxplay(&again), "");
    seat.sees("Go on? [y/N]");
    let other = project.voxplay(&[&again[..], &["--allow", "delete"]].concat());
    assert_eq!(project.finish(other).exit, 0);
    let arrived = project.server.arrived().len();
    seat.types("y\n").sees("the run r has gone on meanwhile");
    seat.sees("nothing was sent");
    assert_eq!(seat.exit(), 4);
    assert_eq!(project.server.arrived().len(), arrived);
}
