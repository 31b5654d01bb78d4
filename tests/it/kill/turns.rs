//! A playbook whose conditions turn over between the stretches of its run, killed, resumed and settled in any order: no
//! create comes twice, none comes behind a doubt, every row is counted, and every id is known.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::crm::Chance;
use super::{seeds, total};
use crate::run::{Project, Ran};
use crate::server::{Answer, Arrived, json, status};

/// What comes after what: nothing comes behind one of these that is in doubt, but the other rows of the loop.
const ORDER: [&str; 9] = ["a", "b", "c", "d", "e1", "e2", "f1", "f2", "z"];

const PLAYBOOK: &str = r#"
steps:
  - { id: a, on_failure: continue, action: obligation.insert, with: { wolkvox_id: "1", id: MK-a, name: x } }
  - id: group
    on_failure: continue
    when: steps.a.outcome == "failed"
    steps:
      - { id: b, action: obligation.insert, with: { wolkvox_id: "1", id: MK-b, name: x } }
  - { id: sub, on_failure: continue, use: child.yaml, when: steps.a.outcome == "ok" }
  - id: each
    when: steps.group.outcome != "failed"
    on_failure: continue
    for_each: { items: ["1", "2"], key: "{{ row }}" }
    steps:
      - { id: e, on_failure: continue, action: obligation.insert, with: { wolkvox_id: "1", id: "MK-e{{ row }}", name: x } }
      - { id: f, when: steps.e.outcome == "ok", action: obligation.insert, with: { wolkvox_id: "1", id: "MK-f{{ row }}", name: x } }
  - { id: z, when: steps.sub.outcome != "failed", action: obligation.insert, with: { wolkvox_id: "1", id: MK-z, name: x } }
"#;

const CHILD: &str = r#"voxplay: 1
steps:
  - { id: c, on_failure: continue, action: obligation.insert, with: { wolkvox_id: "1", id: MK-c, name: x } }
  - { id: d, when: steps.c.outcome == "ok", action: obligation.insert, with: { wolkvox_id: "1", id: MK-d, name: x } }
"#;

/// What the CRM knows of one create.
#[derive(Debug, Default)]
struct Record {
    id: Option<String>,
    /// Whether its answer was lost, and nobody has said since what became of it.
    in_doubt: bool,
}

#[derive(Debug)]
struct Truth {
    chance: Chance,
    is_kind: bool,
    records: BTreeMap<String, Record>,
    wrong: Vec<String>,
}

impl Truth {
    fn answer(&mut self, arrived: &Arrived) -> Answer {
        let text = arrived.text();
        let key = ORDER.iter().find(|key| {
            let id = format!("MK-{key}\"");
            text.contains(&id)
        });
        let key = *key.expect(text);
        let record = self.records.entry(key.to_owned()).or_default();
        if record.in_doubt || record.id.is_some() {
            self.wrong.push(format!("{key} came again"));
        }
        let is_behind = |doubt: &String| comes_behind(key, doubt);
        let doubts = self.records.iter().filter(|(_, it)| it.in_doubt);
        if let Some((doubt, _)) = doubts.into_iter().find(|(doubt, _)| is_behind(doubt)) {
            self.wrong.push(format!("{key} came behind {doubt}"));
        }
        let fate = if self.is_kind {
            0
        } else {
            self.chance.below(6)
        };
        let record = self.records.get_mut(key).unwrap();
        let id = format!("id-of-{key}");
        match fate {
            0..=2 => record.id = Some(id.clone()),
            3 => return status("400 Bad Request", r#"{"code":400,"error":"not now"}"#),
            4 => {
                record.in_doubt = true;
                return Answer::CutRead;
            }
            _ => {
                record.in_doubt = true;
                record.id = Some(id);
                return Answer::CutRead;
            }
        }
        json(&format!(
            r#"{{"code":"200","error":"null","msg":"","data":{{"wolkvox_id":"{id}"}}}}"#
        ))
    }
}

/// Whether one create waits for another one.
fn comes_behind(key: &str, doubt: &str) -> bool {
    let place = |key: &str| ORDER.iter().position(|it| *it == key);
    // The loop goes on over a row in doubt, and so does what comes after the loop.
    let is_row = doubt.len() == 2;
    place(key) > place(doubt) && (!is_row || (key.len() == 2 && key[1..] == doubt[1..]))
}

struct Scene {
    project: Project,
    truth: Arc<Mutex<Truth>>,
    seed: u64,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let project = Project::new(PLAYBOOK, []);
        project.write("child.yaml", CHILD);
        let truth = Arc::new(Mutex::new(Truth {
            chance: Chance(seed ^ 0x7042),
            is_kind: false,
            records: BTreeMap::new(),
            wrong: Vec::new(),
        }));
        let shared = Arc::clone(&truth);
        project
            .server
            .judge(move |arrived| shared.lock().unwrap().answer(arrived));
        Self {
            project,
            truth,
            seed,
        }
    }

    fn voxplay(&self, arguments: &[&str]) -> Ran {
        let json = ["--format", "json"];
        let command = self.project.voxplay(&[arguments, &json].concat());
        self.project.finish(command)
    }

    /// Runs a stretch to its end; every row is counted once.
    fn stretch(&self, arguments: &[&str]) -> Ran {
        let ran = self.voxplay(arguments);
        assert!(matches!(ran.exit, 0 | 1 | 5), "seed {}: {ran:?}", self.seed);
        if ran.stderr.contains("nothing to go on with") {
            return ran;
        }
        let rows = total(&ran.finished()["rows"]);
        assert!(matches!(rows, 0 | 2), "seed {}: {ran:?}", self.seed);
        self.check();
        ran
    }

    /// Runs a stretch and kills it once so many more requests have arrived, or it is over.
    fn kill(&self, arguments: &[&str], more: usize) {
        let wanted = self.project.server.arrived().len() + more;
        let mut child = self.project.voxplay(arguments).spawn().unwrap();
        while self.project.server.arrived().len() < wanted && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        self.check();
    }

    fn check(&self) {
        let truth = self.truth.lock().unwrap();
        assert!(truth.wrong.is_empty(), "seed {}: {truth:?}", self.seed);
    }

    /// Says of each doubt what the CRM knows.
    fn settle(&self) {
        let doubts = self.voxplay(&["reconcile", "r"]).events("in_doubt");
        for doubt in doubts {
            let name = doubt["name"].as_str().unwrap();
            let step = doubt["step"].as_str().unwrap().trim_start_matches("sub.");
            let key = format!("{step}{}", doubt["row"].as_str().unwrap_or_default());
            let word = {
                let mut truth = self.truth.lock().unwrap();
                let record = truth.records.entry(key).or_default();
                record.in_doubt = false;
                record.id.as_ref().map(|id| format!("{name}={id}"))
            };
            let words = match &word {
                Some(word) => ["reconcile", "r", "--ok", word],
                None => ["reconcile", "r", "--resend", name],
            };
            let ran = self.voxplay(&words);
            assert!(matches!(ran.exit, 0 | 5), "seed {}: {ran:?}", self.seed);
        }
    }

    /// What the CRM has is what the run knows of.
    fn check_ids(&self) {
        let shown = self.voxplay(&["runs", "show", "r"]);
        for (key, record) in &self.truth.lock().unwrap().records {
            let Some(id) = &record.id else {
                continue;
            };
            let is_known = shown.stdout.contains(&format!("\"{id}\""));
            assert!(is_known, "seed {}: {key}: {shown:?}", self.seed);
        }
    }
}

#[test]
fn conditions_that_turn_over_repeat_nothing_and_lose_nothing() {
    for seed in seeds(8) {
        let mut chance = Chance(seed);
        let scene = Scene::new(seed);
        let run = ["run", "playbook.yaml", "--run-id", "r"];
        if chance.below(2) == 0 {
            scene.stretch(&run);
        } else {
            scene.kill(&run, 1 + usize::try_from(chance.below(4)).unwrap());
            // It may have been killed before it was begun.
            scene.stretch(&run);
        }
        for _ in 0..4 {
            let retry = ["resume", "r", "--retry-failed"];
            let resume = if chance.below(3) == 0 {
                &retry[..2]
            } else {
                &retry
            };
            match chance.below(4) {
                0 => scene.kill(resume, usize::try_from(chance.below(3)).unwrap()),
                1 => scene.settle(),
                _ => drop(scene.stretch(resume)),
            }
        }
        scene.truth.lock().unwrap().is_kind = true;
        // What failed stays so where its condition does not hold any more.
        let is_over = (0..6).any(|_| {
            scene.settle();
            scene.stretch(&["resume", "r", "--retry-failed"]).exit < 5
        });
        assert!(is_over, "seed {seed}: it never ends");
        scene.check_ids();
    }
}
