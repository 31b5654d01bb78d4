//! What is measured: each scenario makes its files, then runs both sides in turn.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: makes the files of each scenario"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::Size;
use super::cost::{self, Cost, Server};
use super::table::{Result, median};

/// The program that was built for this bench, or the one that `VOXPLAY_BENCHED` names.
fn voxplay() -> PathBuf {
    std::env::var_os("VOXPLAY_BENCHED").map_or_else(
        || PathBuf::from(env!("CARGO_BIN_EXE_voxplay")),
        PathBuf::from,
    )
}

/// One scenario, at a size.
type Scenario = fn(Size) -> Result;

/// All scenarios, or those whose names begin with one of the wanted words.
pub(crate) fn all(size: Size, wanted: &[&str]) -> Vec<Result> {
    let scenarios: [(&str, Scenario); 7] = [
        ("start", start_up),
        ("chain", chain),
        ("loop", chain_in_loop),
        ("check", check),
        ("rows", rows),
        ("slow", slow),
        ("memory", memory),
    ];
    scenarios
        .into_iter()
        .filter(|(name, _)| wanted.is_empty() || wanted.contains(name))
        .map(|(_, scenario)| scenario(size))
        .collect()
}

/// One side of a comparison.
struct Side<'s> {
    program: PathBuf,
    arguments: Vec<String>,
    folder: &'s Path,
    base: &'s str,
}

impl<'s> Side<'s> {
    fn voxplay(folder: &'s Path, base: &'s str, arguments: &[&str]) -> Self {
        Self {
            program: voxplay(),
            arguments: arguments.iter().map(|&text| text.to_owned()).collect(),
            folder,
            base,
        }
    }

    fn bare(folder: &'s Path, base: &'s str, arguments: &[&str]) -> Self {
        let mut side = Self::voxplay(folder, base, arguments);
        side.program = cost::this();
        side
    }

    fn cost(&self) -> Cost {
        // A journal of its own for each round.
        let _ = std::fs::remove_dir_all(self.folder.join(".voxplay"));
        cost::of(&self.program, &self.arguments, self.folder, self.base)
    }
}

/// Runs both sides in turn, after one round each that does not count.
fn in_turn(rounds: usize, ours: &Side<'_>, theirs: &Side<'_>) -> (Vec<Cost>, Vec<Cost>) {
    if rounds > 1 {
        ours.cost();
        theirs.cost();
    }
    (0..rounds).map(|_| (ours.cost(), theirs.cost())).unzip()
}

fn compared(
    (our_rounds, their_rounds): (Vec<Cost>, Vec<Cost>),
    what: fn(&Cost) -> f64,
    per: usize,
) -> Result {
    let per = f64::from(u32::try_from(per).expect("a count"));
    let of = |rounds: &[Cost]| median(rounds.iter().map(what).collect()) / per;
    let (ours, theirs) = (of(&our_rounds), of(&their_rounds));
    Result {
        scenario: "",
        unit: "ms",
        ours,
        theirs,
        aim: "",
        value: ours / theirs,
        our_rounds,
        their_rounds,
    }
}

fn start_up(size: Size) -> Result {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(0);
    write(folder.path(), "one.yaml", &chained(1));
    let rounds = in_turn(
        size.rounds * 4,
        &Side::voxplay(folder.path(), &server.base, &["run", "one.yaml"]),
        &Side::bare(
            folder.path(),
            &server.base,
            &["bare", &server.base, "chain", "1"],
        ),
    );
    let result = compared(rounds, |cost| cost.cpu_ms, 1);
    Result {
        scenario: "start-up and one request, CPU",
        aim: "at most 2 ms more",
        value: result.ours - result.theirs,
        ..result
    }
}

fn chain(size: Size) -> Result {
    let folder = tempfile::tempdir().expect("a folder");
    Result {
        scenario: "chain of steps written out, CPU of a step",
        ..beside_bare_chain(size, folder.path(), &chained(size.steps))
    }
}

/// As many requests, each with the id of the one before, by a short playbook: here it hardly counts what it costs to
/// read it.
fn chain_in_loop(size: Size) -> Result {
    const STEPS: usize = 10;
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "rows.csv", &csv(size.steps / STEPS));
    let steps = chained(STEPS);
    let (_, steps) = steps.split_once("steps:\n").expect("it has steps");
    let steps = steps.replace('\n', "\n    ");
    let head = "voxplay: 1\nname: Chains\nsteps:\n  - id: each\n    for_each: { csv: rows.csv, as: account }\n";
    let playbook = format!("{head}    steps:\n    {}\n", steps.trim_end());
    Result {
        scenario: "chains of ten steps in a loop, CPU of a step",
        ..beside_bare_chain(size, folder.path(), &playbook)
    }
}

/// A playbook that sends as many requests as the size has steps, one after the other.
fn beside_bare_chain(size: Size, folder: &Path, playbook: &str) -> Result {
    let server = Server::start(0);
    write(folder, "chain.yaml", playbook);
    let steps = size.steps.to_string();
    let rounds = in_turn(
        size.rounds,
        &Side::voxplay(folder, &server.base, &["run", "chain.yaml"]),
        &Side::bare(
            folder,
            &server.base,
            &["bare", &server.base, "chain", &steps],
        ),
    );
    Result {
        unit: "µs",
        aim: "at most 2 times",
        ..compared(rounds, |cost| cost.cpu_ms * 1000.0, size.steps)
    }
}

fn check(size: Size) -> Result {
    let folder = tempfile::tempdir().expect("a folder");
    let playbooks = folder.path().join("playbooks");
    std::fs::create_dir(&playbooks).expect("a folder");
    write(folder.path(), "voxplay.yaml", "targets: {}\n");
    for number in 0..size.playbooks {
        write(&playbooks, &format!("{number:04}.yaml"), &of_12_kb(number));
    }
    let rounds = in_turn(
        size.rounds,
        &Side::voxplay(folder.path(), "", &["check", "playbooks"]),
        &Side::bare(folder.path(), "", &["bare-yaml", "playbooks"]),
    );
    let result = compared(rounds, |cost| cost.cpu_ms, 1);
    Result {
        scenario: "check of playbooks of 12 KB, CPU",
        aim: "500 in less than 600 ms",
        value: result.ours,
        ..result
    }
}

fn rows(size: Size) -> Result {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(0);
    write(folder.path(), "rows.csv", &csv(size.rows));
    write(folder.path(), "rows.yaml", &looped(64));
    let rounds = in_turn(
        size.rounds,
        &Side::voxplay(folder.path(), &server.base, &["run", "rows.yaml"]),
        &Side::bare(
            folder.path(),
            &server.base,
            &["bare", &server.base, "rows", "rows.csv", "64"],
        ),
    );
    let result = compared(rounds, |cost| cost.cpu_ms * 1000.0, size.rows);
    Result {
        scenario: "rows, 64 at once, CPU of a row",
        unit: "µs",
        aim: "at most 2 times",
        ..result
    }
}

fn slow(size: Size) -> Result {
    const LATENCY_MS: u32 = 50;
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(LATENCY_MS.into());
    write(folder.path(), "rows.csv", &csv(size.slow_rows));
    write(folder.path(), "rows.yaml", &looped(256));
    let rounds = in_turn(
        size.rounds.min(2),
        &Side::voxplay(folder.path(), &server.base, &["run", "rows.yaml"]),
        &Side::bare(
            folder.path(),
            &server.base,
            &["bare", &server.base, "rows", "rows.csv", "256"],
        ),
    );
    let result = compared(rounds, |cost| cost.wall_ms, 1);
    let waves = u32::try_from(size.slow_rows.div_ceil(256)).expect("a count");
    Result {
        scenario: "rows, 256 at once, 50 ms each, wall / ideal",
        aim: "at most 1.1 times the ideal",
        value: result.ours / f64::from(waves * LATENCY_MS),
        ..result
    }
}

/// The smaller run stands where the bare loop stands elsewhere.
fn memory(size: Size) -> Result {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(0);
    write(folder.path(), "rows.yaml", &looped(64));
    let of = |rows: usize| {
        write(folder.path(), "rows.csv", &csv(rows));
        Side::voxplay(folder.path(), &server.base, &["run", "rows.yaml"]).cost()
    };
    let [few, many] = size.memory.map(of);
    let result = compared((vec![many], vec![few]), |cost| cost.peak_mib, 1);
    Result {
        scenario: "peak memory, many rows beside few",
        unit: "MiB",
        aim: "less than 24 MiB, 1.0 times",
        ..result
    }
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("the bench's folder can be written");
}

/// A playbook whose steps each use the id of the one before.
fn chained(steps: usize) -> String {
    let mut text = "voxplay: 1\nname: A chain\nsteps:\n".to_owned();
    let mut id = "64cb".to_owned();
    for number in 0..steps {
        let _ = write!(
            text,
            "  - id: step{number}\n    action: record.update\n    with:\n      module: contacts\n      \
             wolkvox_id: \"{id}\"\n      fields:\n        Tipo de cliente: VIP\n        Nota: \"after {id}\"\n"
        );
        id = format!("{{{{ steps.step{number}.wolkvox_id }}}}");
    }
    text
}

/// A loop over `rows.csv`.
fn looped(concurrency: usize) -> String {
    format!(
        r#"voxplay: 1
name: Many rows
inputs:
  tier: {{ type: string, enum: [VIP, Regular], default: VIP }}
steps:
  - id: each
    for_each: {{ csv: rows.csv, as: account }}
    concurrency: {concurrency}
    on_failure: continue
    steps:
      - id: mark
        action: record.update
        with:
          module: contacts
          wolkvox_id: "{{{{ account.id }}}}"
          fields:
            Nombre: "{{{{ account.name }}}}"
            Tipo de cliente: "{{{{ inputs.tier }}}}"
            Saldo: "{{{{ account.balance }}}}"
            Nota: "Debe {{{{ account.balance }}}} desde {{{{ account.since }}}}"
            Correo: "{{{{ account.mail | lower }}}}"
"#
    )
}

fn csv(rows: usize) -> String {
    let mut text = "id,name,balance,since,mail\n".to_owned();
    for number in 0..rows {
        let _ = writeln!(
            text,
            "64cb{number:07},Cliente número {number},{}.50,2026-03-05,Cliente{number}@Example.com",
            number * 7 % 100_000
        );
    }
    text
}

/// A playbook of about 12 KB, as people write them: inputs, a few steps of each kind, comments.
fn of_12_kb(number: usize) -> String {
    let mut text = format!(
        "voxplay: 1\nname: Playbook {number}\ninputs:\n  contact_id: {{ type: string, description: the contact }}\n  \
         tier: {{ type: string, enum: [VIP, Regular], default: VIP }}\nvars:\n  owner: \"user{number}@acme\"\nsteps:\n"
    );
    let mut step = 0;
    while text.len() < 11_700 {
        step += 1;
        let _ = write!(
            text,
            r#"
  # Mark the contact, then plan a call to it.
  - id: mark{step}
    name: Mark the contact
    action: record.update
    when: inputs.tier == "VIP"
    with:
      module: contacts
      wolkvox_id: "{{{{ inputs.contact_id }}}}"
      fields:
        Tipo de cliente: "{{{{ inputs.tier }}}}"
        Última gestión: "{{{{ now() | date }}}}"
    expect:
      - response.code == 200
  - id: call{step}
    action: call_activity.insert
    with:
      name: Call about the overdue balance
      priority: high
      name_module: contacts
      id_record: "{{{{ inputs.contact_id }}}}"
      completion_date: "{{{{ now() | add_days(2) | datetime }}}}"
      remember: true
      reminder_date: "{{{{ now() | add_days(1) | datetime }}}}"
      description: "Balance is overdue"
      location: N/A
      wolkvox_owner: "{{{{ vars.owner }}}}"
      phone: {{ country: COLOMBIA, code: "57", value: "3001234567" }}
"#
        );
    }
    text
}
