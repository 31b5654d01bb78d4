//! Reports: the same from the journal as live, bounded, valid for readers that are not ours, and quiet about
//! secrets.
#![expect(
    clippy::disallowed_methods,
    reason = "tests make files and read what was written"
)]

mod bounds;
mod edges;
mod fixed;
mod readers;
mod settled;
mod stub;

use std::path::{Path, PathBuf};

use voxplay::report::{html, junit, markdown, run_json};
use voxplay::secret::Masker;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The reports in `docs/` are made here: set `UPDATE_DOCS=1` to write them again.
#[test]
fn the_example_reports_are_what_the_program_makes() {
    let record = fixed::record(400);
    let masker = Masker::none();
    for (name, text) in [
        ("report.html", html::document(&record, &masker)),
        ("report.json", run_json::document(&record, &masker)),
        ("report.junit.xml", junit::document(&record, &masker)),
        ("report.md", markdown::document(&record, &masker)),
    ] {
        let path = repository().join("docs/examples").join(name);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            there == text,
            "{} is out of date: set UPDATE_DOCS=1",
            shown(&path)
        );
    }
}

fn shown(path: &Path) -> String {
    path.strip_prefix(repository())
        .unwrap_or(path)
        .display()
        .to_string()
}
