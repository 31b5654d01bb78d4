//! Secret inputs from outside: neither a finding about their file nor a plan, an explanation or a run shows them,
//! however what is shown is escaped and quoted.

use std::process::{Command, Output};

use tempfile::TempDir;

const CONFIG: &str = "targets:\n  acme: { server: \"http://127.0.0.1:9\", operation: acme, token: { env: TOKEN } }\n";

const PLAYBOOK: &str = r#"voxplay: 1
inputs:
  pin: { type: string, secret: true }
  tier: { type: string, enum: [Gold, Silver], default: Gold }
steps:
  - id: mark
    action: record.update
    with: { module: contacts, wolkvox_id: "1", fields: { Pin: "{{ inputs.pin }}", Tier: "{{ inputs.tier }}" } }
"#;

/// An action with a query string, to which everything goes as JSON.
const ACTION: &str = r#"name: record.list
summary: Find records
documentation: thin
page: { title: "List" }
effect: read
method: GET
path: /server/API/v2/custom/list.php
encoding: none
params:
  type: object
  additionalProperties: false
  required: [filter]
  properties:
    filter: { type: string, description: as JSON }
query: { filter: "{{ with.filter }}" }
response: { type: object }
outputs: { records: "{{ response.data }}" }
examples:
  - { name: one, with: { filter: a } }
"#;

struct Project(TempDir);

impl Project {
    fn new(playbook: &str) -> Self {
        let project = Self(tempfile::tempdir().unwrap());
        project.write("voxplay.yaml", CONFIG);
        project.write("pb.yaml", playbook);
        project
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn voxplay(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_voxplay"));
        command
            .args(args)
            .current_dir(self.0.path())
            .env_clear()
            .env("COLUMNS", "80")
            .env("TOKEN", "made-up-token-7f3");
        command.output().unwrap()
    }
}

/// Everything that was written.
fn all(output: &Output) -> String {
    let stdout = String::from_utf8_lossy(&output.stdout);
    format!("{stdout}{}", String::from_utf8_lossy(&output.stderr))
}

#[test]
fn findings_about_a_file_of_inputs_show_nothing_of_it() {
    let texts = [
        ("pin: 00778812", "in.yaml:1:6"),
        ("pin: @Zx9", "in.yaml:1:6"),
        ("pin: \"Zx9", "in.yaml:1:6"),
        ("pin: a: Zx9", "in.yaml:1:6"),
        ("pin: Zx9\npin: b", "in.yaml:2:1"),
        ("pinn: Zx9", "in.yaml:1:1"),
        ("Zx9: pin", "in.yaml:1:1"),
        ("{ pinn: Zx9, tier: Gol }", "in.yaml:1:20"),
        ("- Zx9", "in.yaml:1:"),
        ("{\"pin\": 00778812}", "in.yaml:1:9"),
        ("{\"pin\": {\"Zx9\": \"Zx9\"}}", "in.yaml:1:10"),
    ];
    for (text, place) in texts {
        let project = Project::new(PLAYBOOK);
        project.write("in.yaml", text);
        for args in [
            &["plan", "pb.yaml"][..],
            &["plan", "pb.yaml", "--format", "json"],
            &["explain", "pb.yaml", "mark"],
            &["run", "pb.yaml"],
            &["run", "pb.yaml", "--format", "json", "--ci", "github"],
        ] {
            let output = project.voxplay(&[args, &["--inputs", "in.yaml"]].concat());
            let shown = all(&output);
            assert_eq!(output.status.code(), Some(3), "{text} {args:?}\n{shown}");
            assert!(!shown.contains("Zx9"), "{text} {args:?}\n{shown}");
            assert!(!shown.contains("00778812"), "{text} {args:?}\n{shown}");
            if args.len() == 2 {
                assert!(shown.contains(place), "{text} {args:?}\n{shown}");
            }
        }
    }
}

#[test]
fn an_input_of_a_file_that_cannot_be_read_is_not_called_missing() {
    for text in ["pin: 00778812", "- a"] {
        let project = Project::new(PLAYBOOK);
        project.write("in.yaml", text);
        let shown = all(&project.voxplay(&["plan", "pb.yaml", "--inputs", "in.yaml"]));
        assert!(shown.contains("in.yaml:1"), "{shown}");
        assert!(!shown.contains("has no value"), "{shown}");
        assert!(shown.contains("1 error"), "{shown}");
    }
}

#[test]
fn without_secrets_the_line_is_shown() {
    let project = Project::new(&PLAYBOOK.replace(", secret: true", ""));
    project.write("in.yaml", "pin: 00778812");
    let shown = all(&project.voxplay(&["plan", "pb.yaml", "--inputs", "in.yaml"]));
    assert!(shown.contains("1 | pin: 00778812"), "{shown}");
}

/// Whether a part of the secret shows that stands in nothing else here.
fn leaks(shown: &str) -> bool {
    shown.contains("topZx9") || shown.contains("endZx9")
}

#[test]
fn a_secret_is_masked_before_it_is_escaped_or_quoted() {
    let playbook = r#"voxplay: 1
inputs:
  pin: { type: string, secret: true }
steps:
  - { id: json, action: record.update, with: { module: contacts, wolkvox_id: "1", fields: { Pin: "{{ inputs.pin }}" } } }
  - id: form
    action: case.update
    with:
      wolkvox_id: "2"
      responsible: r
      status: open
      solution: "a\n{{ inputs.pin }}"
      form: { Pin: "{{ inputs.pin }}" }
  - { id: query, action: record.list, with: { filter: "{{ {'k': inputs.pin} | tojson }}" } }
  - id: each
    for_each:
      items: [1]
      as: item
      key: "{{ inputs.pin }}"
    steps:
      - { id: one, action: record.update, with: { module: contacts, wolkvox_id: "{{ inputs.pin }}", fields: { a: b } } }
"#;
    let project = Project::new(playbook);
    project.write("actions/record.list.yaml", ACTION);
    for secret in [
        "topZx9'endZx9",
        "topZx9'\"\\endZx9",
        "topZx9\nendZx9",
        "topZx9 endZx9",
        "topZx9'\tendZx9/\u{f6}",
        "topZx9 a b c d e f g h i j k l m n o p q r s t u v w x y z aa bb cc dd ee ff gg hh ii jj endZx9",
    ] {
        let json = serde_json::json!({ "pin": secret }).to_string();
        project.write("in.json", &json);
        for format in ["human", "json"] {
            for step in ["json", "form", "query", "one"] {
                let args = [
                    "explain", "pb.yaml", step, "--inputs", "in.json", "--format", format,
                ];
                let shown = all(&project.voxplay(&args));
                assert!(!leaks(&shown), "{step}\n{shown}");
                assert!(shown.contains("*** stands for a secret"), "{shown}");
            }
        }
        for format in ["human", "json", "markdown"] {
            let args = ["plan", "pb.yaml", "--inputs", "in.json", "--format", format];
            let shown = all(&project.voxplay(&args));
            assert!(!leaks(&shown), "{format}\n{shown}");
            assert!(shown.contains("record.list"), "{shown}");
        }
        let args = [
            "run",
            "pb.yaml",
            "--inputs",
            "in.json",
            "--sandbox",
            "--tags",
            "a",
        ];
        let shown = all(&project.voxplay(&args));
        assert!(!leaks(&shown), "{shown}");
    }
}

#[test]
fn the_remarks_of_the_sandbox_show_no_secret() {
    let playbook = r#"voxplay: 1
inputs:
  id: { type: string, secret: true }
steps:
  - { id: one, action: record.update, with: { module: contacts, wolkvox_id: "{{ inputs.id }}", fields: { a: b } } }
"#;
    let project = Project::new(playbook);
    for secret in ["it's-topZx9", "\"topZx9\\"] {
        let json = serde_json::json!({ "id": secret }).to_string();
        project.write("in.json", &json);
        for format in ["human", "json"] {
            let args = [
                "run",
                "pb.yaml",
                "--inputs",
                "in.json",
                "--sandbox",
                "--format",
                format,
            ];
            let output = project.voxplay(&args);
            let shown = all(&output);
            assert_eq!(output.status.code(), Some(0), "{shown}");
            if format == "human" {
                assert!(shown.contains("no record"), "{shown}");
            }
            assert!(!leaks(&shown), "{shown}");
        }
    }
}

#[test]
fn a_short_default_that_everybody_can_read_spoils_no_output() {
    let of = |default: &str| {
        PLAYBOOK.replace("secret: true", &format!("secret: true, default: {default}"))
    };
    let project = Project::new(&of("x"));
    for args in [
        &["check", "pb.yaml"][..],
        &["plan", "pb.yaml"],
        &["run", "pb.yaml", "--sandbox"],
    ] {
        let shown = all(&project.voxplay(args));
        assert!(!shown.contains('*') && shown.contains("pb.yaml"), "{shown}");
    }
    // What is given is no default, whatever it is; and a longer one may be a secret.
    project.write("in.yaml", "pin: x");
    let shown = all(&project.voxplay(&["plan", "pb.yaml", "--inputs", "in.yaml"]));
    assert!(shown.contains("\"Pin\": \"***\""), "{shown}");
    project.write("pb.yaml", &of("Zx9-4"));
    for args in [&["check", "pb.yaml"][..], &["plan", "pb.yaml"]] {
        let shown = all(&project.voxplay(args));
        assert!(!shown.contains("Zx9-4") && shown.contains('*'), "{shown}");
    }
}

#[test]
fn a_default_of_which_another_value_takes_the_place_is_written_down_nowhere() {
    let default = "Other-Pin-77";
    let project = Project::new(
        &PLAYBOOK.replace("secret: true", &format!("secret: true, default: {default}")),
    );
    project.write("in.yaml", "pin: hush-hush-9");
    let shown = project.voxplay(&["run", "pb.yaml", "--inputs", "in.yaml", "--sandbox"]);
    assert_eq!(shown.status.code(), Some(0), "{}", all(&shown));
    let journal = std::fs::read(project.0.path().join(".voxplay/journal.sqlite")).unwrap();
    assert!(!String::from_utf8_lossy(&journal).contains(default));
    project.write("pb.yaml", "voxplay: 1\nsteps: []\n");
    let shown = all(&project.voxplay(&["resume", "--retry-failed"]));
    assert!(!shown.contains(default), "{shown}");
}
