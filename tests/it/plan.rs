//! `plan`, `run --plan` and `explain` from outside: what they show is what is sent, and they send nothing.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests say what they leave out, make projects, start processes and listen on loopback"
)]

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::thread::JoinHandle;

use serde_json::Value as Json;
use tempfile::TempDir;
use voxplay::schema::Schema;
use voxplay::value::Value;

const TOKEN: &str = "made-up-token-7f3";
const PIN: &str = "pa\"ss w\u{f6}rd/7";

const PLAYBOOK: &str = r#"voxplay: 1
name: Escalate <an> | overdue account
inputs:
  contact_id: { type: string }
  tier: { type: string, enum: [VIP, Regular], default: VIP }
  pin: { type: string, secret: true, from_env: PIN }
limits: { requests: 100, deletes: 5 }
vars:
  owner: "ADMIN_@{{ target.operation }}"
steps:
  - id: promote
    name: Mark the contact
    action: record.update
    with:
      module: contacts
      wolkvox_id: "{{ inputs.contact_id }}"
      fields:
        Saldo: 10000.10
        Pin: "{{ inputs.pin }}"
        Nota: |
          it's
          two $lines `x`
  - id: evidence
    action: case.update
    with:
      wolkvox_id: "64cb"
      responsible: "@user;type=x"
      status: "<open"
      form: { Dueño: "{{ vars.owner }}", Monto: 10.50 }
      files: ["it's \"año\".pdf"]
  - id: tell
    when: steps.promote.code == 200
    action: record.update
    with:
      module: contacts
      wolkvox_id: "{{ steps.promote.wolkvox_id }}"
      fields: { Texto: "Call {{ steps.promote.wolkvox_id }} of {{ inputs.tier }}" }
  - id: gone
    action: record.delete
    with: { module: contacts, wolkvox_id: [a1, "{{ steps.promote.wolkvox_id }}"] }
  - id: never
    when: inputs.tier == "Regular"
    action: record.delete
    with: { module: contacts, wolkvox_id: b1 }
  - id: each
    for_each:
      items: [{ id: "1" }, { id: "2" }, { id: "3" }]
      as: account
      key: "{{ account.id }}"
    when: account.id != "2"
    steps:
      - id: mark
        action: record.update
        with: { module: accounts, wolkvox_id: "{{ account.id }}", fields: { n: "{{ loop.index }}" } }
"#;

struct Project(TempDir);

impl Project {
    fn new(server: &str) -> Self {
        let project = Self(tempfile::tempdir().unwrap());
        project.write(
            "voxplay.yaml",
            &format!("targets:\n  acme: {{ server: \"{server}\", operation: acme, token: {{ env: TOKEN }}, daily_budget: 100 }}\ndefault_target: acme\n"),
        );
        project.write("pb.yaml", PLAYBOOK);
        project.write("it's \"año\".pdf", "made-up bytes");
        project
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    fn voxplay(&self, args: &[&str]) -> Output {
        let mut command = self.command(args);
        command.env("TOKEN", TOKEN).env("PIN", PIN);
        command.output().unwrap()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_voxplay"));
        command
            .args(args)
            .current_dir(self.path())
            .env_clear()
            .env("COLUMNS", "80");
        command
    }

    fn plan(&self, more: &[&str]) -> Output {
        let args = ["plan", "pb.yaml", "-i", "contact_id=64cb"];
        self.voxplay(&[&args, more].concat())
    }

    fn run_plan(&self, more: &[&str]) -> Output {
        let args = ["run", "pb.yaml", "--plan", "p.json", "--allow", "delete"];
        self.voxplay(&[&args, more].concat())
    }

    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Without the instant, which differs each time.
fn timeless(text: &str) -> String {
    let mut kept = String::new();
    for line in text.lines() {
        let line = match line.find("planned at ") {
            Some(at) => format!("{}planned at TIME{}", &line[..at], &line[at + 37..]),
            None => line.to_owned(),
        };
        kept.push_str(&line);
        kept.push('\n');
    }
    kept
}

/// A request as it arrived.
#[derive(Debug, Clone, PartialEq)]
struct Received {
    line: String,
    token: String,
    content_type: String,
    body: Vec<u8>,
}

/// Answers so many requests with success, and gives them back.
fn serve(listener: TcpListener, count: usize) -> JoinHandle<Vec<Received>> {
    std::thread::spawn(move || (0..count).map(|_| receive(&listener)).collect())
}

fn receive(listener: &TcpListener) -> Received {
    let (stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let (mut token, mut content_type, mut length) = (String::new(), String::new(), 0);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        let Some((name, value)) = header.trim_end().split_once(':') else {
            break;
        };
        let value = value.trim().to_owned();
        match name.to_lowercase().as_str() {
            "wolkvox-token" => token = value,
            "content-type" => content_type = value,
            "content-length" => length = value.parse().unwrap(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    // The boundary differs each time.
    if let Some((kind, boundary)) = content_type.clone().split_once("; boundary=") {
        let text = String::from_utf8(body).unwrap();
        body = text.replace(boundary, "BOUNDARY").into_bytes();
        kind.clone_into(&mut content_type);
    }
    let answer = r#"{"code":200,"error":"null","msg":"ok","data":{"wolkvox_id":"64cb"}}"#;
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        answer.len()
    );
    let stream = reader.get_mut();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(answer.as_bytes()).unwrap();
    Received {
        line: line.trim_end().to_owned(),
        token,
        content_type,
        body,
    }
}

fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    (listener, server)
}

const SERVER: &str = "https://crm0001.wolkvox.com";

/// A message as it reads, however its lines are broken.
fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_plan_for_people() {
    let output = Project::new(SERVER).plan(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(
        text.lines()
            .all(|line| line.chars().count() <= 80 || line.contains('"'))
    );
    insta::assert_snapshot!("plan_human", timeless(&text));
}

#[test]
fn a_plan_for_a_merge_request() {
    let output = Project::new(SERVER).plan(&["--format", "markdown"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    insta::assert_snapshot!("plan_markdown", timeless(&stdout(&output)));
}

#[test]
fn no_value_of_a_plan_is_read_in_another_order_than_it_is_sent_in() {
    for format in ["human", "json", "markdown"] {
        let project = Project::new(SERVER);
        let id = "contact_id=64\u{202e}cb\u{2066}1";
        let output = project.voxplay(&["plan", "pb.yaml", "-i", id, "--format", format]);
        let text = stdout(&output);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(!text.contains(['\u{202e}', '\u{2066}']), "{text}");
        assert!(text.contains("64\\u202ecb\\u20661"), "{text}");
    }
}

#[test]
fn an_explanation_for_people() {
    let output =
        Project::new(SERVER).voxplay(&["explain", "pb.yaml", "tell", "-i", "contact_id=64cb"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    insta::assert_snapshot!("explain_human", stdout(&output));
}

#[test]
fn the_document_fits_its_schema() {
    let schema = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/plan.schema.json"),
    )
    .unwrap();
    let schema = Schema::compile(&serde_json::from_str(&schema).unwrap()).unwrap();
    for more in [
        &["--format", "json"][..],
        &["--format", "json", "--sandbox"],
    ] {
        let output = Project::new(SERVER).plan(more);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let document = Value::from_json_text(&stdout(&output)).unwrap();
        assert_eq!(schema.violations(&document), []);
        assert!(stdout(&output).contains("10000.10"), "digit for digit");
    }
}

#[test]
fn a_plan_needs_no_token_sends_nothing_and_writes_nothing() {
    let (listener, server) = listener();
    let project = Project::new(&server);
    let before = project.files();
    let mut command = project.command(&["plan", "pb.yaml", "-i", "contact_id=64cb"]);
    let output = command.env("PIN", PIN).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("a plan needs no token, a run does"));
    let explained = project.voxplay(&["explain", "pb.yaml", "promote", "-i", "contact_id=64cb"]);
    assert_eq!(explained.status.code(), Some(0));
    assert_eq!(project.files(), before);
    listener.set_nonblocking(true).unwrap();
    let knocked = listener.accept().map(|_| ());
    assert_eq!(knocked.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn secrets_are_nowhere() {
    let project = Project::new(SERVER);
    let mut texts = vec![stdout(&project.plan(&["--out", "p.json"]))];
    texts.push(std::fs::read_to_string(project.path().join("p.json")).unwrap());
    for format in ["json", "markdown"] {
        texts.push(stdout(&project.plan(&["--format", format])));
    }
    for format in ["human", "json"] {
        let args = [
            "explain",
            "pb.yaml",
            "promote",
            "-i",
            "contact_id=64cb",
            "--format",
            format,
        ];
        texts.push(stdout(&project.voxplay(&args)));
    }
    let plain_digest = {
        use sha2::Digest as _;
        let json = serde_json::to_string(PIN).unwrap();
        let digest = sha2::Sha256::digest(json);
        digest.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    };
    for text in &texts {
        assert!(text.contains("***"), "{text}");
        for form in [
            PIN,
            TOKEN,
            "pa\\\"ss",
            "pa%22ss",
            "cGEic3Mgd8O2cmQvN",
            plain_digest.as_str(),
        ] {
            assert!(!text.contains(form), "{form} in {text}");
        }
    }
}

#[test]
fn a_saved_plan_that_nothing_changed_runs() {
    let (listener, server) = listener();
    let project = Project::new(&server);
    project.write(
        "pb.yaml",
        "voxplay: 1\nsteps:\n  - id: a\n    action: record.update\n    with: { module: m, wolkvox_id: x, fields: { at: \"{{ now() }}\" } }\n",
    );
    assert_eq!(
        project
            .voxplay(&["plan", "pb.yaml", "--out", "p.json"])
            .status
            .code(),
        Some(0)
    );
    let saved: Json =
        serde_json::from_str(&std::fs::read_to_string(project.path().join("p.json")).unwrap())
            .unwrap();
    let guard = listener.try_clone().unwrap();
    let requests = serve(listener, 1);
    let output = project.run_plan(&["--run-id", "first"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let sent: Json = serde_json::from_slice(&requests.join().unwrap()[0].body).unwrap();
    assert_eq!(
        sent, saved["steps"][0]["request"]["json"],
        "the dates that were reviewed are the dates that are sent"
    );
    // Once, that is: what was reviewed was not reviewed to be sent twice.
    let output = project.run_plan(&[]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    let said = stderr(&output);
    assert!(said.contains("was run already, as run first"), "{said}");
    guard.set_nonblocking(true).unwrap();
    assert!(guard.accept().is_err());
    // A run that is begun twice under its id is gone on with, and is done.
    let output = project.run_plan(&["--run-id", "first"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(guard.accept().is_err());
}

#[test]
fn drift_of_each_kind_is_named_and_nothing_is_sent() {
    type Change = fn(&Project);
    let cases: [(&str, &[&str], Change); 6] = [
        ("the playbook has changed", &[], |project| {
            project.write("pb.yaml", &format!("{PLAYBOOK}\n# more\n"));
        }),
        (
            "the input contact_id has changed",
            &["-i", "contact_id=other"],
            |_| {},
        ),
        ("--tags was none and is t", &["--tags", "t"], |_| {}),
        (
            "the attachment it's \"año\".pdf has changed",
            &[],
            |project| {
                project.write("it's \"año\".pdf", "other bytes");
            },
        ),
        (
            "the target's operation was acme and is other",
            &[],
            |project| {
                let config = std::fs::read_to_string(project.path().join("voxplay.yaml")).unwrap();
                project.write(
                    "voxplay.yaml",
                    &config.replace("operation: acme", "operation: other"),
                );
            },
        ),
        ("the action note.add has changed", &[], |project| {
            let path = project.path().join("actions/note.add.yaml");
            let action = std::fs::read_to_string(&path).unwrap();
            std::fs::write(path, action.replace("Add a note", "Add one note")).unwrap();
        }),
    ];
    for (named, more, change) in cases {
        let (listener, server) = listener();
        let project = Project::new(&server);
        std::fs::create_dir(project.path().join("actions")).unwrap();
        project.write("actions/note.add.yaml", ACTION);
        let playbook = PLAYBOOK.replace(
            "  - id: promote\n",
            "  - id: note\n    tags: [t]\n    action: note.add\n    with: { text: x }\n  - id: promote\n    tags: [t]\n",
        );
        project.write("pb.yaml", &playbook);
        let planned = project.plan(&["--out", "p.json"]);
        assert_eq!(planned.status.code(), Some(0), "{}", stderr(&planned));
        change(&project);
        let given: &[&str] = if more.first() == Some(&"-i") {
            more
        } else {
            &["-i", "contact_id=64cb"]
        };
        let tags: &[&str] = if more.first() == Some(&"--tags") {
            more
        } else {
            &[]
        };
        let output = project.run_plan(&[given, tags].concat());
        assert_eq!(
            output.status.code(),
            Some(4),
            "{named}: {}",
            stderr(&output)
        );
        assert!(
            in_one_line(&stderr(&output)).contains(named),
            "{named}: {}",
            stderr(&output)
        );
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_err(), "{named}: nothing may be sent");
    }
}

const ACTION: &str = r#"name: note.add
summary: Add a note
documentation: thin
page: { title: None, url: "https://example.com/" }
effect: create
method: POST
path: /server/API/v2/note.php
encoding: json
params:
  type: object
  additionalProperties: false
  required: [text]
  properties:
    text: { type: string, description: the note }
body:
  text: "{{ with.text }}"
request: { type: object, required: [text], properties: { text: { type: string } } }
response: { type: object }
outputs: {}
examples:
  - name: one
    with: { text: x }
    body: { text: x }
"#;

#[test]
fn rows_of_a_file_are_counted_and_their_drift_is_named() {
    let (listener, server) = listener();
    let project = Project::new(&server);
    let header = "id;note\n";
    let rows = (1..=1000).fold(String::new(), |mut rows, n| {
        let _ = writeln!(rows, "{n:04};n{n}");
        rows
    });
    project.write("data.csv", &format!("{header}{rows}"));
    project.write(
        "pb.yaml",
        r#"voxplay: 1
steps:
  - id: each
    for_each: { csv: data.csv, as: row, key: "{{ row.id }}" }
    action: record.update
    when: row.id != "0001"
    with: { module: m, wolkvox_id: "{{ row.id }}", fields: { note: "{{ row.note }}" } }
"#,
    );
    let planned = project.voxplay(&["plan", "pb.yaml", "--out", "p.json"]);
    assert_eq!(planned.status.code(), Some(0), "{}", stderr(&planned));
    let text = stdout(&planned);
    assert!(
        text.contains("1000 rows, 1 left out by `when`: 999 requests (999 update)"),
        "{text}"
    );
    assert!(text.contains("row 2, line 3, key 0002:"), "{text}");
    assert!(text.contains("\"wolkvox-id\": \"0002\""), "{text}");
    let explained = project.voxplay(&["explain", "pb.yaml", "each"]);
    let text = stdout(&explained);
    assert!(
        text.contains("row.id: `id` of the row of data.csv; here row 2, line 3"),
        "{text}"
    );
    project.write("data.csv", &format!("{header}{rows}1001;more\n"));
    let output = project.run_plan(&[]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(stderr(&output).contains("the data file data.csv has changed"));
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err());
}

#[test]
fn a_plan_is_saved_in_the_place_of_nothing_but_a_plan() {
    let project = Project::new(SERVER);
    let before = project.files();
    for (path, said) in [
        ("pb.yaml", "is no saved plan: it would be overwritten"),
        ("voxplay.yaml", "is no saved plan: it would be overwritten"),
        (".", "--out: . is a folder"),
        (
            "nowhere/p.json",
            "--out: there is no folder for nowhere/p.json",
        ),
    ] {
        let output = project.plan(&["--out", path]);
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(3), "{path} {told}");
        assert!(in_one_line(&told).contains(said), "{path} {told}");
    }
    assert_eq!(project.files(), before);
    for _ in 0..2 {
        assert_eq!(project.plan(&["--out", "p.json"]).status.code(), Some(0));
    }
}

#[test]
fn what_is_no_plan_is_refused_as_invalid() {
    let project = Project::new(SERVER);
    project.write("p.json", "{}");
    let output = project.run_plan(&["-i", "contact_id=64cb"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("is not a plan that can be run"));
}

#[test]
fn a_plan_that_somebody_has_changed_is_not_run() {
    let project = Project::new(SERVER);
    assert_eq!(project.plan(&["--out", "p.json"]).status.code(), Some(0));
    let text = std::fs::read_to_string(project.path().join("p.json")).unwrap();
    let mut saved: Json = serde_json::from_str(&text).unwrap();
    let refused = |text: &str, said: &str| {
        project.write("p.json", text);
        let output = project.run_plan(&["-i", "contact_id=64cb"]);
        let told = in_one_line(&stderr(&output));
        assert_eq!(output.status.code(), Some(4), "{told}");
        assert!(
            told.contains(said) && told.contains("make a new plan"),
            "{told}"
        );
    };
    let changed = "the plan p.json was changed since it was written";
    refused(&text.replace("VIP", "REVIEWED"), changed);
    refused(
        &text.replace("\"planned_at\": \"2", "\"planned_at\": \"1"),
        changed,
    );
    let twice = text.replacen("\"steps\": [", "\"steps\": [], \"steps\": [", 1);
    refused(
        &twice,
        "was changed since it was written: the key `steps` stands twice in one object",
    );
    saved["steps"] = Json::Array(Vec::new());
    refused(&saved.to_string(), changed);
    saved.as_object_mut().unwrap().remove("digest");
    refused(&saved.to_string(), "has no `digest`");
}

#[test]
fn an_explanation_needs_no_inputs_and_says_what_is_not_given() {
    let playbook = r#"voxplay: 1
inputs:
  who: { type: string }
  pin: { type: string, secret: true }
  tier: { type: string, default: VIP }
  note: { type: string, required: false }
vars: { owner: "ADMIN_{{ inputs.who }}" }
steps:
  - id: mark
    when: inputs.who != "x"
    action: record.update
    with: { module: m, wolkvox_id: "{{ inputs.who }}", fields: { A: "{{ inputs.tier }} {{ vars.owner }} {{ inputs.note | default('-') }}", B: "{{ inputs.pin }}" } }
  - id: one
    use: one.yaml
    inputs: { a: "{{ inputs.who }}" }
"#;
    let project = Project::new(SERVER);
    project.write("pb.yaml", playbook);
    project.write("one.yaml", "voxplay: 1\ninputs: { a: { type: string } }\nsteps:\n  - id: two\n    action: record.update\n    with: { module: m, wolkvox_id: \"{{ inputs.a }}\", fields: { A: b } }\n");
    let explain = |step: &str| {
        let output = project.voxplay(&["explain", "pb.yaml", step]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        in_one_line(&stdout(&output))
    };
    let told = explain("mark");
    for said in [
        "`inputs.who != \"x\"` (input who, not given)",
        "wolkvox_id = (input who, not given)",
        "inputs.who: an input that is not given",
        "fields.A = VIP (input who, not given) -",
        "fields.B = (input pin, not given)",
        "\"wolkvox-id\":\"(input who, not given)\"",
        "inputs that are not given: who; `-i NAME=VALUE`",
        "secret inputs that are not given: pin; `--inputs FILE`",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
    assert!(explain("one.two").contains("wolkvox_id = (input who, not given)"));
    // What is given and wrong is said as before, and a plan needs all of them.
    let wrong = project.voxplay(&["explain", "pb.yaml", "mark", "-i", "whom=1"]);
    assert_eq!(wrong.status.code(), Some(3), "{wrong:?}");
    assert_eq!(project.voxplay(&["plan", "pb.yaml"]).status.code(), Some(3));
}

#[test]
fn a_plan_of_another_playbook_is_named_once() {
    let project = Project::new(SERVER);
    assert_eq!(project.plan(&["--out", "p.json"]).status.code(), Some(0));
    project.write("other.yaml", "voxplay: 1\nsteps:\n  - id: x\n    action: record.update\n    with: { module: m, wolkvox_id: x, fields: { a: b } }\n");
    let output = project.voxplay(&["run", "other.yaml", "--plan", "p.json"]);
    let told = in_one_line(&stderr(&output));
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(
        told.contains("the plan is of the playbook pb.yaml, and this is other.yaml")
            && told.contains("1 error: nothing was sent"),
        "{told}"
    );
}

#[test]
fn a_passed_limit_is_shown_and_refused_and_not_saved() {
    let project = Project::new(SERVER);
    project.write("pb.yaml", &PLAYBOOK.replace("deletes: 5", "deletes: 1"));
    let output = project.plan(&["--out", "p.json"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(stdout(&output).contains("DELETES 2 records"));
    assert!(!project.files().contains(&"p.json".to_owned()));
}

#[test]
fn an_explanation_says_what_the_steps_around_it_mean_for_a_step() {
    let playbook = r#"voxplay: 1
inputs: { contact_id: { type: string } }
steps:
  - id: group
    when: inputs.contact_id == "other"
    steps:
      - { id: one, action: record.update, with: { module: contacts, wolkvox_id: "1", fields: { A: b } } }
  - id: empty
    for_each: { items: [{ n: 1 }, { n: 2 }], as: it }
    when: it.n > 2
    steps:
      - { id: two, action: record.update, with: { module: contacts, wolkvox_id: "2", fields: { A: b } } }
  - id: some
    for_each: { items: [{ n: 1 }, { n: 2, w: x }], as: it }
    steps:
      - { id: three, when: it.n > 1, action: record.update, with: { module: contacts, wolkvox_id: "{{ it.w }}", fields: { A: b } } }
      - { id: four, when: it.n > 2, action: record.update, with: { module: contacts, wolkvox_id: "{{ it.w }}", fields: { A: b } } }
"#;
    let project = Project::new(SERVER);
    project.write("pb.yaml", playbook);
    for (step, says, is_sent) in [
        (
            "one",
            "within   `group`, which is skipped, because `when: inputs.contact_id",
            false,
        ),
        (
            "two",
            "within   `empty`, for each row of items, of which no row runs: all are left",
            false,
        ),
        ("three", "within   `some`, for each row of items\n", true),
        ("three", "when     `it.n > 1` holds\n", true),
        ("three", "here row 2", true),
        (
            "four",
            "when     `it.n > 2` does not hold: the step is skipped",
            false,
        ),
        ("four", "wolkvox_id = (it has no value)", false),
    ] {
        let output = project.voxplay(&["explain", "pb.yaml", step, "-i", "contact_id=1"]);
        let text = stdout(&output);
        assert!(text.contains(says), "{step}: {says}\n{text}");
        assert_eq!(text.contains("as curl"), is_sent, "{step}\n{text}");
    }
}

#[test]
fn an_unknown_step_gets_a_proposal() {
    let output =
        Project::new(SERVER).voxplay(&["explain", "pb.yaml", "promot", "-i", "contact_id=1"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("did you mean `promote`?"));
}

#[test]
fn the_curl_command_sends_what_a_run_sends() {
    if Command::new("curl").arg("--version").output().is_err() {
        println!("left out: there is no curl here");
        return;
    }
    for step in ["promote", "evidence"] {
        let (listener, server) = listener();
        let project = Project::new(&server);
        // Only the step that is looked at, and no secret: a secret is masked in the command.
        let playbook = PLAYBOOK
            .split_once("  - id: tell")
            .unwrap()
            .0
            .replace("\"{{ inputs.pin }}\"", "none")
            .replace(
                &format!("  - id: {step}\n"),
                &format!("  - id: {step}\n    tags: [this]\n"),
            );
        project.write("pb.yaml", &playbook);
        let args = ["pb.yaml", "-i", "contact_id=64cb", "--tags", "this"];
        let requests = serve(listener, 2);
        let ran = project.voxplay(&[&["run"], &args[..]].concat());
        assert_eq!(ran.status.code(), Some(0), "{}", stderr(&ran));
        let explained = project.voxplay(
            &[
                &["explain"],
                &args[..1],
                &[step],
                &args[1..],
                &["--format", "json"],
            ]
            .concat(),
        );
        let document: Json = serde_json::from_slice(&explained.stdout).unwrap();
        let curl = document["curl"].as_str().unwrap();
        let pasted = Command::new("bash")
            .args(["-c", curl])
            .current_dir(project.path())
            .env("TOKEN", TOKEN)
            .output()
            .unwrap();
        assert!(pasted.status.success(), "{curl}: {}", stderr(&pasted));
        let requests = requests.join().unwrap();
        assert_eq!(requests[0].token, TOKEN);
        assert_eq!(
            String::from_utf8_lossy(&requests[0].body),
            String::from_utf8_lossy(&requests[1].body)
        );
        assert_eq!(requests[0], requests[1]);
    }
}
