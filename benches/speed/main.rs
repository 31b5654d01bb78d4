//! What voxplay costs beside a bare loop over the same client that sends the same requests.
//!
//! `cargo bench` prints a table and writes `speed.json` beside the build. After `--`: `--quick` for a
//! smoke run, `--million` for a million rows, names of scenarios for only those. Ratios of one run can be
//! compared, times of two cannot. `VOXPLAY_BENCHED` names another build to be measured.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "an edge: the bench makes files, starts processes and prints a table"
)]

mod bare;
mod cost;
mod scenarios;
mod serve;
mod table;

use std::path::Path;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
struct Size {
    /// How often each side of a comparison runs.
    rounds: usize,
    /// Rows of the loop.
    rows: usize,
    /// Steps of the chain.
    steps: usize,
    /// Playbooks to check.
    playbooks: usize,
    /// Rows against the slow server.
    slow_rows: usize,
    /// Rows of the two runs whose memory is compared.
    memory: [usize; 2],
}

impl Size {
    const USUAL: Self = Self {
        rounds: 5,
        rows: 20_000,
        steps: 1_000,
        playbooks: 500,
        slow_rows: 10_000,
        memory: [10_000, 100_000],
    };
    const QUICK: Self = Self {
        rounds: 1,
        rows: 2_000,
        steps: 200,
        playbooks: 50,
        slow_rows: 1_024,
        memory: [2_000, 10_000],
    };
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        // The bench starts itself in these roles.
        ["serve", latency] => serve::serve(latency.parse().expect("milliseconds")),
        ["cost", command @ ..] => cost::of_child(command),
        ["bare", base, what @ ..] => bare::run(base, what),
        ["bare-yaml", folder] => bare::read_yaml(Path::new(folder)),
        flags => measure(flags),
    }
}

fn measure(flags: &[&str]) {
    let mut size = if flags.contains(&"--quick") {
        Size::QUICK
    } else {
        Size::USUAL
    };
    if flags.contains(&"--million") {
        size.memory[1] = 1_000_000;
    }
    // `cargo bench` adds --bench; a word without hyphens chooses scenarios.
    let wanted: Vec<&str> = flags
        .iter()
        .copied()
        .filter(|flag| !flag.starts_with('-'))
        .collect();
    let results = scenarios::all(size, &wanted);
    print!("{}", table::text(&results));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let path = target.parent().unwrap_or(target).join("speed.json");
    std::fs::write(&path, table::json(&results)).expect("the build's folder can be written");
    println!("\nwritten to {}", path.display());
}
