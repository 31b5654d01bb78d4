//! The pipelines that `init` writes: their own commands, in a shell, with stand-ins for what the CI system does. Whatever
//! job is started again, nothing is sent twice.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use serde_yaml::Value;

use crate::server::{Answer, Arrived, Server, status};

/// Six creates, one after the other.
const PLAYBOOK: &str = r#"
voxplay: 1
name: Debts
inputs: { contact_id: { type: string } }
steps:
  - id: each
    for_each: { items: "{{ range(1, 7) | list }}", as: n }
    action: obligation.insert
    with: { wolkvox_id: "{{ inputs.contact_id }}", id: "D-{{ n }}", name: "Debt {{ n }}" }
"#;

/// A project as `init` makes it, and what is around it.
struct Pipeline {
    folder: tempfile::TempDir,
    crm: Server,
    file: Value,
}

impl Pipeline {
    fn new(file: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("project");
        let made = Command::new(env!("CARGO_BIN_EXE_voxplay"))
            .args(["init", "project"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        std::fs::write(project.join("playbooks/first.yaml"), PLAYBOOK).unwrap();
        let text = std::fs::read_to_string(project.join(file)).unwrap();
        Self {
            folder,
            crm: Server::start([]),
            file: serde_yaml::from_str(&text).unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The project as it comes from git, with so many requests a day.
    fn check_out(&self, requests: usize) {
        let work = self.path("work");
        let _ = std::fs::remove_dir_all(&work);
        let copied = Command::new("cp")
            .arg("-r")
            .args([&self.path("project"), &work])
            .status()
            .unwrap();
        assert!(copied.success());
        let config = format!(
            "targets:\n  production: {{ server: \"{}\", operation: acme, token: {{ env: WOLKVOX_TOKEN }}, daily_budget: {requests} }}\n",
            self.crm.url()
        );
        std::fs::write(work.join("voxplay.yaml"), config).unwrap();
    }

    /// A shell in the project, which finds this voxplay and the stand-ins.
    fn shell(&self, script: &str, variables: &[(&str, &str)]) -> Output {
        let program = Path::new(env!("CARGO_BIN_EXE_voxplay")).parent().unwrap();
        let path = [program, &self.path("bin"), Path::new("/usr/bin:/bin")]
            .map(|folder| folder.to_str().unwrap().to_owned())
            .join(":");
        Command::new("sh")
            .args(["-e", "-c", script])
            .current_dir(self.path("work"))
            .env_clear()
            .env("PATH", path)
            .env("WOLKVOX_TOKEN", "made-up-token")
            .env("VOXPLAY_INPUT", "contact_id=64cb")
            .envs(variables.iter().copied())
            .output()
            .unwrap()
    }

    /// The debts that the CRM was sent, in order.
    fn sent(&self) -> Vec<String> {
        let id = |arrived: &Arrived| {
            let (_, rest) = arrived.text().split_once("\"D-").unwrap();
            format!("D-{}", &rest[..1])
        };
        self.crm.arrived().iter().map(id).collect()
    }
}

fn lines(job: &Value, key: &str) -> String {
    let lines = job[key].as_sequence().unwrap().iter();
    let lines: Vec<&str> = lines.map(|line| line.as_str().unwrap()).collect();
    lines.join("\n")
}

const ALL: [&str; 6] = ["D-1", "D-2", "D-3", "D-4", "D-5", "D-6"];

fn refused(output: &Output) -> String {
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8(said).unwrap();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("othing was sent"), "{said}");
    said
}

fn stopped(output: &Output) {
    assert_eq!(output.status.code(), Some(6), "{output:?}");
}

fn done(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

/// A package registry: what is put there can be had from there, by job tokens only.
fn registry() -> Server {
    let server = Server::start([]);
    let files: Arc<Mutex<HashMap<String, Vec<u8>>>> = Arc::default();
    server.judge(move |arrived| {
        assert_eq!(arrived.header("job-token"), ["job-token-1"]);
        let mut words = arrived.line.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let mut files = files.lock().unwrap();
        if method == "PUT" {
            files.insert(path.to_owned(), arrived.body.clone());
            return status("201 Created", "{}");
        }
        match files.get(path) {
            Some(file) => Answer::Http("200 OK", String::new(), file.clone()),
            None => status("404 Not Found", "{}"),
        }
    });
    server
}

/// What GitLab does with a job: a fresh checkout, its script, and what comes after, unless the job is `cut` off.
fn gitlab_try(
    it: &Pipeline,
    url: &str,
    (job, pipeline): (&str, &str),
    requests: usize,
    cut: bool,
) -> Output {
    it.check_out(requests);
    let api = format!("{url}/api/v4");
    let variables = [
        ("CI_API_V4_URL", api.as_str()),
        ("CI_PROJECT_ID", "7"),
        ("CI_PIPELINE_ID", pipeline),
        ("CI_JOB_URL", "https://gitlab.example.com/job/1"),
        ("CI_JOB_TOKEN", "job-token-1"),
    ];
    let output = it.shell(&lines(&it.file[job], "script"), &variables);
    if !cut {
        let after = it.shell(&lines(&it.file[".sends"], "after_script"), &variables);
        done(&after);
    }
    output
}

#[test]
fn a_gitlab_job_that_is_retried_sends_nothing_twice() {
    let it = Pipeline::new(".gitlab-ci.yml");
    let registry = registry();
    let start = |job, requests| gitlab_try(&it, &registry.url(), (job, "55"), requests, false);
    refused(&start("resume", 2));
    stopped(&start("run", 2));
    let said = refused(&start("run", 100));
    assert!(said.contains("Start its job resume"), "{said}");
    stopped(&start("resume", 4));
    // The same job again: it goes on where its own first try stopped.
    stopped(&start("resume", 5));
    done(&start("resume", 100));
    done(&start("resume", 100));
    refused(&start("run", 100));
    assert_eq!(it.sent(), ALL);
    // Another pipeline is another run.
    let another = gitlab_try(&it, &registry.url(), ("run", "56"), 100, false);
    done(&another);
    assert_eq!(it.sent().len(), 12);
}

#[test]
fn a_gitlab_try_whose_journal_was_lost_is_not_gone_on_with() {
    let it = Pipeline::new(".gitlab-ci.yml");
    let registry = registry();
    let start = |job, cut| gitlab_try(&it, &registry.url(), (job, "55"), 2, cut);
    stopped(&start("run", true));
    let said = refused(&start("resume", false));
    assert!(said.contains("https://gitlab.example.com/job/1"), "{said}");
    refused(&start("run", false));
    assert_eq!(it.sent(), ALL[..2]);
}

#[test]
fn without_a_package_registry_gitlab_sends_nothing() {
    let it = Pipeline::new(".gitlab-ci.yml");
    for (get, put) in [
        ("404 Not Found", "403 Forbidden"),
        ("500 Internal Server Error", "201 Created"),
    ] {
        let broken = Server::start([]);
        broken.judge(move |arrived| {
            status(
                if arrived.line.starts_with("PUT") {
                    put
                } else {
                    get
                },
                "{}",
            )
        });
        for job in ["run", "resume"] {
            refused(&gitlab_try(&it, &broken.url(), (job, "55"), 9, false));
        }
    }
    // Nor where it cannot be reached.
    refused(&gitlab_try(
        &it,
        "http://127.0.0.1:1",
        ("run", "55"),
        9,
        false,
    ));
    assert_eq!(it.sent(), Vec::<String>::new());
}

#[test]
fn the_gitlab_pipeline_says_how_it_ended() {
    let it = Pipeline::new(".gitlab-ci.yml");
    // A job that is cut off writes nothing more: the mark is one of success, and is made last.
    let script = lines(&it.file["run"], "script");
    assert!(script.ends_with("\ntouch .voxplay/ended-ok"), "{script}");
    let verdict = lines(&it.file["verdict"], "script");
    assert_eq!(verdict, "test -e .voxplay/ended-ok");
    for job in ["run", "resume"] {
        assert_eq!(it.file[job]["extends"], ".sends");
    }
    let shared = &it.file[".sends"];
    assert!(shared["variables"]["RUNNER_SCRIPT_TIMEOUT"].is_string());
    assert!(shared["resource_group"].is_string());
}

/// A workflow run as GitHub starts it.
#[derive(Clone, Copy)]
struct Started {
    job: &'static str,
    id: &'static str,
    attempt: &'static str,
    state_of: &'static str,
    requests: usize,
}

const GH: &str = r#"#!/bin/sh
case "$*" in
*"actions/workflows/voxplay.yml/runs?event=workflow_dispatch"*".display_title == \"resume $STATE_OF\" and .run_number < $GITHUB_RUN_NUMBER"*)
  [ ! -e "$RUNS/$STATE_OF" ] || cat "$RUNS/$STATE_OF" ;;
*) exit 1 ;;
esac
"#;

impl Pipeline {
    /// What GitHub does with a job: its steps in order, and those that come always also where one has failed.
    fn github(&self, run: Started) -> Output {
        self.check_out(run.requests);
        let names = self.path("names");
        let variables = [
            ("GITHUB_RUN_ATTEMPT", run.attempt),
            ("GITHUB_RUN_ID", run.id),
            ("GITHUB_RUN_NUMBER", run.id),
            ("GITHUB_REPOSITORY", "acme/crm"),
            ("STATE_OF", run.state_of),
            ("RUNS", names.to_str().unwrap()),
        ];
        let mut last: Option<Output> = None;
        for step in self.file["jobs"][run.job]["steps"].as_sequence().unwrap() {
            let is_over = last.as_ref().is_some_and(|last| !last.status.success());
            if (is_over && step["if"] != "always()") || step["name"] == "Install voxplay" {
                continue;
            }
            let uses = step["uses"].as_str().unwrap_or_default();
            let kept = |id: &str| format!("{}/{id}", self.path("artifacts").display());
            let script = match uses.split('@').next().unwrap() {
                "actions/checkout" => continue,
                "actions/download-artifact" => format!("cp -r {} .voxplay", kept(run.state_of)),
                "actions/upload-artifact" => {
                    let to = kept(run.id);
                    let upload = format!("[ ! -e .voxplay ] || cp -r .voxplay {to}");
                    done(&self.shell(&upload, &variables));
                    continue;
                }
                _ => step["run"].as_str().unwrap().to_owned(),
            };
            last = Some(self.shell(&script, &variables));
        }
        if run.job == "resume" && run.attempt == "1" {
            let name = names.join(run.state_of);
            let earlier = std::fs::read_to_string(&name).unwrap_or_default();
            std::fs::write(name, format!("{earlier}{}\n", run.id)).unwrap();
        }
        last.unwrap()
    }
}

#[test]
fn a_github_job_that_is_run_again_sends_nothing_twice() {
    use std::os::unix::fs::PermissionsExt;
    let it = Pipeline::new(".github/workflows/voxplay.yml");
    for folder in ["bin", "names", "artifacts"] {
        std::fs::create_dir(it.path(folder)).unwrap();
    }
    std::fs::write(it.path("bin/gh"), GH).unwrap();
    std::fs::set_permissions(it.path("bin/gh"), PermissionsExt::from_mode(0o755)).unwrap();
    let name = it.file["run-name"].as_str().unwrap();
    assert!(
        name.contains("format('resume {0}', inputs.state_of)"),
        "{name}"
    );

    let run = Started {
        job: "run",
        id: "11",
        attempt: "1",
        state_of: "",
        requests: 2,
    };
    stopped(&it.github(run));
    let said = refused(&it.github(Started {
        attempt: "2",
        ..run
    }));
    assert!(said.contains("with the number 11"), "{said}");
    let resume = Started {
        job: "resume",
        id: "12",
        state_of: "11",
        requests: 4,
        ..run
    };
    stopped(&it.github(resume));
    let said = refused(&it.github(Started {
        attempt: "2",
        requests: 100,
        ..resume
    }));
    assert!(said.contains("with the number 12"), "{said}");
    // The number of the first run once more: its journal knows nothing of what came after it.
    for state_of in ["11", "011", "11 ", "1x"] {
        let said = refused(&it.github(Started {
            id: "13",
            state_of,
            requests: 100,
            ..resume
        }));
        assert!(state_of != "11" || said.contains(" 12\n"), "{said}");
    }
    let next = Started {
        id: "14",
        state_of: "12",
        requests: 100,
        ..resume
    };
    done(&it.github(next));
    assert_eq!(it.sent(), ALL);
}
