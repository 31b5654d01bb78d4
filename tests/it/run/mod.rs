//! `voxplay run` against a scripted server: what arrives, what is said, how it ends.

mod answers;
mod bodies;
mod flow;
mod guards;
mod signals;

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::server::{Answer, Arrived, Server};

pub(crate) const TOKEN: &str = "made-up/token+0123456789==";

/// An action that only reads.
pub(crate) const READ: &str = r#"
name: record.read
summary: Read one record
documentation: documented
page: { title: "Read", url: "https://crmvox.com/apis-v2/read" }
effect: read
method: POST
path: /server/API/v2/custom/query.php
encoding: json
params:
  type: object
  additionalProperties: false
  required: [module]
  properties:
    module: { type: string, pattern: \S, description: its module }
body:
  operation: "{{ target.operation }}"
  module: "{{ with.module }}"
request: { type: object }
response: { type: object }
outputs:
  email: { value: "{{ response.data.email }}", description: its address }
examples:
  - name: one
    with: { module: contacts }
    body: { operation: sandbox, module: contacts }
"#;

/// A project in a folder of its own, and a server for it.
pub(crate) struct Project {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) server: Server,
}

/// How a run went.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) arrived: Vec<Arrived>,
}

impl Project {
    pub(crate) fn new(playbook: &str, script: impl IntoIterator<Item = Answer>) -> Self {
        let project = Self {
            folder: tempfile::tempdir().unwrap(),
            server: Server::start(script),
        };
        project.write("playbook.yaml", &format!("voxplay: 1\n{playbook}"));
        project.write("actions/record.read.yaml", READ);
        project
    }

    /// Kills a run once so many events of a kind were written down.
    pub(crate) fn kill_once_written(&self, mut run: Child, kind: &str, least: i64) {
        let journal = self.folder.path().join(".voxplay/journal.sqlite");
        let is_written = || {
            let open = rusqlite::Connection::open(&journal).ok()?;
            let count = "SELECT count(*) FROM events WHERE kind = ?1";
            let rows: i64 = open.query_row(count, [kind], |row| row.get(0)).ok()?;
            (rows >= least).then_some(())
        };
        while is_written().is_none() {
            std::thread::yield_now();
        }
        run.kill().unwrap();
        run.wait().unwrap();
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// `voxplay run playbook.yaml --format json` with the server as target.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_as("json", arguments)
    }

    pub(crate) fn command_as(&self, format: &str, arguments: &[&str]) -> Command {
        let mut command = self.voxplay(&["run", "playbook.yaml", "--format", format]);
        command.args(arguments);
        command
    }

    /// Any command, in the project's folder and with the server as target.
    pub(crate) fn voxplay(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_voxplay"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("WOLKVOX_SERVER", self.server.url())
            .env("WOLKVOX_OPERATION", "acme")
            .env("WOLKVOX_TOKEN", TOKEN)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.finish(self.command(arguments))
    }

    pub(crate) fn finish(&self, mut command: Command) -> Ran {
        let ran = self.ran(command.output().unwrap());
        self.assert_hidden(TOKEN, &ran);
        for arrived in ran
            .arrived
            .iter()
            .filter(|arrived| !arrived.line.is_empty())
        {
            assert_eq!(arrived.header("wolkvox-token"), [TOKEN]);
            let elsewhere = arrived
                .headers
                .iter()
                .any(|(name, value)| name != "wolkvox-token" && value.contains(TOKEN));
            assert!(!elsewhere && !arrived.line.contains(TOKEN), "{arrived:?}");
            assert!(!String::from_utf8_lossy(&arrived.body).contains(TOKEN));
        }
        ran
    }

    /// How a process of this project went.
    pub(crate) fn ran(&self, output: Output) -> Ran {
        Ran {
            exit: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            arrived: self.server.arrived(),
        }
    }

    /// The secret is in no output and in no file of the state folder, in none of its forms.
    pub(crate) fn assert_hidden(&self, secret: &str, ran: &Ran) {
        let mut texts = vec![
            ran.stdout.clone().into_bytes(),
            ran.stderr.clone().into_bytes(),
        ];
        files(&self.folder.path().join(".voxplay"), &mut texts);
        for form in forms(secret) {
            for text in &texts {
                let found = text
                    .windows(form.len())
                    .any(|window| window == form.as_bytes());
                assert!(!found, "{form} shows in {}", String::from_utf8_lossy(text));
            }
        }
    }
}

/// A secret as it is, and as it may be written.
fn forms(secret: &str) -> Vec<String> {
    use base64::Engine as _;
    let json = serde_json::to_string(secret).unwrap();
    vec![
        secret.to_owned(),
        json.trim_matches('"').to_owned(),
        percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC)
            .to_string(),
        base64::engine::general_purpose::STANDARD.encode(secret),
    ]
}

fn files(folder: &Path, into: &mut Vec<Vec<u8>>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            files(&entry.path(), into);
        } else {
            into.push(std::fs::read(entry.path()).unwrap());
        }
    }
}

impl Ran {
    /// Its output, a JSON object a line.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let lines = self.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).expect(line))
            .collect()
    }

    pub(crate) fn events(&self, kind: &str) -> Vec<Value> {
        let mut events = self.lines();
        events.retain(|event| event["event"] == kind);
        events
    }

    /// The end of a step.
    pub(crate) fn step(&self, id: &str) -> Value {
        let ends = self.events("step_finished");
        let mut ends = ends.into_iter().filter(|end| end["step"] == id);
        let end = ends
            .next()
            .unwrap_or_else(|| panic!("no end of {id}: {self:?}"));
        assert!(ends.next().is_none(), "two ends of {id}: {self:?}");
        end
    }

    pub(crate) fn outcome(&self, id: &str) -> String {
        self.step(id)["outcome"].as_str().unwrap().to_owned()
    }

    pub(crate) fn finished(&self) -> Value {
        self.events("run_finished")
            .pop()
            .unwrap_or_else(|| panic!("{self:?}"))
    }

    /// Refused before anything was sent, with this code in its findings.
    pub(crate) fn assert_refused(&self, exit: i32, code: &str) {
        assert_eq!(self.exit, exit, "{self:?}");
        assert_eq!(self.arrived.len(), 0, "{self:?}");
        assert!(
            self.stdout.contains(&format!("\"{code}\"")),
            "{code}: {self:?}"
        );
        assert_eq!(self.events("run_started").len(), 0, "{self:?}");
    }
}

pub(crate) const UPDATE: &str = "
steps:
  - id: one
    action: record.update
    retry: { attempts: 2, backoff: 1ms }
    with: { module: contacts, wolkvox_id: \"64cb\", fields: { A: b } }
";
