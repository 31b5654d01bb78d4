//! Runs that are killed at any instant, or lose their connections or their disk, and go on: nothing is
//! created twice, nothing is lost, and what is in doubt is said. `VOXPLAY_KILL_SEEDS=2000` tries so many.

mod crm;
mod disk;
mod turns;

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crm::{Chance, Crm};

const ROWS: usize = 200;

/// The create uses the id that the update gave.
const UPDATE_FIRST: &str = r#"
      - id: first
        action: record.update
        retry: { attempts: 3, backoff: 1ms }
        with: { module: contacts, wolkvox_id: "{{ r.id }}", fields: { A: "{{ r.name }}" } }
      - id: second
        action: obligation.insert
        retry: { attempts: 3, backoff: 1ms }
        with: { wolkvox_id: "{{ steps.first.wolkvox_id }}", id: "{{ r.id }}", name: Loan }
"#;

/// The update uses the id that the create gave.
const CREATE_FIRST: &str = r#"
      - id: first
        action: call_activity.insert
        retry: { attempts: 3, backoff: 1ms }
        with:
          name: Call
          priority: high
          name_module: contacts
          id_record: "{{ r.id }}"
          completion_date: "{{ now() | datetime }}"
          remember: false
          description: late
          location: N/A
          wolkvox_owner: ADMIN
          phone: { country: COLOMBIA, code: "57", value: "300" }
      - id: second
        action: record.update
        retry: { attempts: 3, backoff: 1ms }
        with: { module: contacts, wolkvox_id: "{{ steps.first.wolkvox_id }}", fields: { A: "{{ r.name }}" } }
"#;

/// A project whose target is a CRM that remembers.
struct Scene {
    folder: tempfile::TempDir,
    crm: Crm,
    state: PathBuf,
    seed: u64,
}

/// How a stretch of the run ended.
#[derive(Debug)]
struct Stretch {
    exit: Option<i32>,
    stdout: String,
    /// Whether it only said that there was nothing left to do.
    had_ended: bool,
}

impl Stretch {
    fn finished(&self) -> Value {
        let last = self.stdout.lines().last().unwrap_or_default();
        let event: Value = serde_json::from_str(last).unwrap_or_default();
        assert_eq!(event["event"], "run_finished", "{self:?}");
        event
    }
}

impl Scene {
    fn new(seed: u64, cuts: Option<Chance>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let steps = if seed.is_multiple_of(2) {
            UPDATE_FIRST
        } else {
            CREATE_FIRST
        };
        let playbook = format!(
            "voxplay: 1\nsteps:\n  - id: each\n    for_each: {{ csv: rows.csv, as: r, key: \"{{{{ r.id }}}}\" }}\n    concurrency: 16\n    on_failure: continue\n    steps:{steps}"
        );
        std::fs::write(folder.path().join("playbook.yaml"), playbook).unwrap();
        let rows: Vec<String> = (0..ROWS).map(|row| format!("r-{row},Ana {row}")).collect();
        let rows = format!("id,name\n{}\n", rows.join("\n"));
        std::fs::write(folder.path().join("rows.csv"), rows).unwrap();
        Self {
            state: folder.path().join(".voxplay"),
            folder,
            crm: Crm::start(cuts),
            seed,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_voxplay"));
        command
            .args(arguments)
            .args(["--format", "json", "--state-dir"])
            .arg(&self.state)
            .current_dir(self.folder.path())
            .env_clear()
            .env("WOLKVOX_SERVER", self.crm.url())
            .env("WOLKVOX_OPERATION", "acme")
            .env("WOLKVOX_TOKEN", "made-up-token")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs or resumes; kills the process once so many requests have arrived in all.
    fn stretch(&self, first: bool, kill_at: Option<(usize, u64)>) -> Stretch {
        let run = [
            "run",
            "playbook.yaml",
            "--run-id",
            "the-run",
            "--succeeded",
            "good.csv",
            "--rejected",
            "bad.csv",
            "--unknown",
            "doubt.csv",
        ];
        let arguments: &[&str] = if first { &run } else { &["resume", "the-run"] };
        let mut child = self.command(arguments).spawn().unwrap();
        self.crm.truth().is_over = false;
        let over = self.crm.is_over();
        let output = child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                text.push_str(&line);
                text.push('\n');
            }
            over();
            text
        });
        if let Some((requests, spins)) = kill_at {
            self.crm.wait_for(requests);
            for _ in 0..spins {
                std::hint::spin_loop();
            }
            child.kill().unwrap();
        }
        let stdout = reader.join().unwrap();
        let output = child.wait_with_output().unwrap();
        self.crm.wait_for_the_rest();
        let stderr = String::from_utf8(output.stderr).unwrap();
        // It can be killed in the instant between the end of the run and its own.
        let had_ended = stderr == "nothing to go on with: the run ended ok\n";
        assert!(had_ended || stderr.is_empty(), "{stderr}{stdout}");
        Stretch {
            exit: output.status.code(),
            stdout,
            had_ended,
        }
    }

    fn reconcile(&self, words: &[&str]) -> Vec<Value> {
        let arguments = [&["reconcile", "the-run"], words].concat();
        let output = self.command(&arguments).output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let code = output.status.code();
        assert!(
            code == Some(0) || code == Some(5),
            "{words:?}: {stdout} {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let lines = stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        let doubts: Vec<Value> = lines.collect();
        // What `resume` sends again by itself waits for nobody.
        let mut open = doubts.iter();
        let is_open = open.any(|doubt| doubt["event"] != "left_to_resume");
        assert!(
            !words.is_empty() || is_open == (code == Some(5)),
            "{doubts:?} {code:?}"
        );
        doubts
    }

    /// Looks each doubt up in the CRM, and says what is found there.
    fn settle(&self) -> Vec<String> {
        let doubts = self.reconcile(&[]);
        let mut again = Vec::new();
        let mut done: Vec<String> = Vec::new();
        let mut names = Vec::new();
        for doubt in &doubts {
            let (step, row) = (
                doubt["step"].as_str().unwrap(),
                doubt["row"].as_str().unwrap(),
            );
            let name = format!("{step}@{row}");
            let record = self.crm.truth().rows.get(row).cloned().unwrap_or_default();
            let creates = doubt["effect"] == "create";
            let id = if creates {
                record.created
            } else {
                record.updated
            };
            match id {
                Some(id) if done.is_empty() => {
                    self.reconcile(&["--ok", &name, "--wolkvox-id", &id]);
                    done.push(String::new());
                }
                Some(id) => done.push(format!("{name}={id}")),
                None => again.push(name.clone()),
            }
            names.push(name);
        }
        if done.len() > 1 {
            let words: Vec<&str> = done[1..]
                .iter()
                .flat_map(|name| ["--ok", name.as_str()])
                .collect();
            self.reconcile(&words);
        }
        if !again.is_empty() {
            let words: Vec<&str> = again
                .iter()
                .flat_map(|name| ["--resend", name.as_str()])
                .collect();
            self.reconcile(&words);
            let mut truth = self.crm.truth();
            for name in &again {
                let (step, row) = name.split_once('@').unwrap();
                let creates = doubts
                    .iter()
                    .any(|doubt| doubt["step"] == step && doubt["effect"] == "create");
                if creates {
                    // A person said so: once more.
                    let record = truth.rows.entry(row.to_owned()).or_default();
                    record.allowed = record.arrived + 1;
                }
            }
        }
        assert_eq!(self.reconcile(&[]).len(), 0, "seed {}", self.seed);
        names
    }

    /// Resumes and settles doubts until nothing is left to do.
    fn to_the_end(&self) {
        for _ in 0..20 {
            let stretch = self.stretch(false, None);
            // Nothing is left, or nothing was.
            if stretch.exit == Some(0) {
                self.check(&stretch);
                return;
            }
            assert_eq!(stretch.exit, Some(5), "seed {}: {stretch:?}", self.seed);
            let counts = &stretch.finished()["counts"];
            let names = self.settle();
            assert_eq!(
                counts["unknown"],
                names.len(),
                "seed {}: {names:?}",
                self.seed
            );
            assert_eq!(total(counts), ROWS as u64, "seed {}", self.seed);
        }
        panic!("seed {}: it never ends", self.seed);
    }

    fn check(&self, last: &Stretch) {
        let seed = self.seed;
        if !last.had_ended {
            let counts = &last.finished()["counts"];
            assert_eq!(counts["ok"], ROWS, "seed {seed}: {counts}");
            assert_eq!(total(counts), ROWS as u64, "seed {seed}");
        }
        let truth = self.crm.truth();
        assert_eq!(truth.wrong, Vec::<String>::new(), "seed {seed}");
        assert_eq!(truth.rows.len(), ROWS, "seed {seed}");
        for (row, record) in &truth.rows {
            assert_eq!(record.done, 1, "seed {seed}: {row} {record:?}");
            assert!(record.updates > 0, "seed {seed}: {row} {record:?}");
        }
        let text = std::fs::read_to_string(self.folder.path().join("good.csv")).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), ROWS + 1, "seed {seed}: {text}");
        for (number, line) in lines[1..].iter().enumerate() {
            let row = format!("r-{number}");
            let start = format!("{row},Ana {number},");
            assert!(line.starts_with(&start), "seed {seed}: {line}");
            let record = &truth.rows[&row];
            for id in [&record.created, &record.updated] {
                let id = id.as_ref().unwrap();
                let known = line.split(',').any(|cell| cell == id);
                assert!(known, "seed {seed}: {id} is not in {line}");
            }
        }
        for name in ["bad.csv", "doubt.csv"] {
            let text = std::fs::read_to_string(self.folder.path().join(name)).unwrap();
            assert_eq!(text.lines().count(), 1, "seed {seed}: {name}: {text}");
        }
    }

    /// No create came twice of itself.
    fn check_creates(&self) {
        for (row, record) in &self.crm.truth().rows {
            let allowed = record.allowed.max(1);
            assert!(
                record.arrived <= allowed,
                "seed {}: {row} {record:?}",
                self.seed
            );
        }
    }
}

fn total(counts: &Value) -> u64 {
    let counts = counts.as_object().unwrap();
    counts.values().map(|count| count.as_u64().unwrap()).sum()
}

fn seeds(usual: u64) -> std::ops::Range<u64> {
    let wanted = std::env::var("VOXPLAY_KILL_SEEDS").ok();
    0..wanted.map_or(usual, |seeds| seeds.parse().expect("a number of seeds"))
}

#[test]
fn a_run_that_is_killed_at_any_instant_goes_on_and_creates_nothing_twice() {
    for seed in seeds(3) {
        let mut chance = Chance(seed);
        let scene = Scene::new(seed, None);
        let mut requests = 0;
        for kill in 0..=chance.below(3) {
            requests += usize::try_from(1 + chance.below(160)).unwrap();
            let spins = chance.below(2_000_000);
            let stretch = scene.stretch(kill == 0, Some((requests, spins)));
            assert!(matches!(stretch.exit, None | Some(0 | 5)), "{stretch:?}");
            scene.check_creates();
            requests = requests.max(scene.crm.truth().requests);
            if chance.below(2) == 0 {
                scene.settle();
            }
        }
        scene.to_the_end();
        scene.check_creates();
    }
}

#[test]
fn connections_that_are_cut_at_random_lose_and_repeat_nothing() {
    for seed in seeds(2) {
        let mut chance = Chance(seed ^ 0xC07);
        let scene = Scene::new(seed, Some(Chance(seed)));
        let kill = (chance.below(2) == 0).then(|| (200, chance.below(500_000)));
        let stretch = scene.stretch(true, kill);
        assert!(matches!(stretch.exit, None | Some(0 | 5)), "{stretch:?}");
        scene.to_the_end();
    }
}
