//! Reports as readers see them that are not ours: XML parsers and schemas, a JSON Schema validator, a browser.
#![expect(
    clippy::disallowed_methods,
    reason = "tests make files and read what was written"
)]

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use voxplay::report::record::Recorder;
use voxplay::report::{html, junit, run_json};
use voxplay::secret::Masker;

use super::stub::Stub;
use super::{fixed, repository};
use crate::needed::leave_out;

/// A program, where it is installed.
fn program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|path| path.is_file())
}

#[test]
fn junit_is_what_jenkins_takes() {
    let record = fixed::record(100);
    let document = junit::document(&record, &Masker::none());
    let parsed = roxmltree::Document::parse(&document).unwrap();
    let suite = parsed
        .descendants()
        .find(|node| node.has_tag_name("testsuite"))
        .unwrap();
    let number = |name| suite.attribute(name).unwrap().parse::<usize>().unwrap();
    let count = |tag| {
        suite
            .descendants()
            .filter(|node| node.has_tag_name(tag))
            .count()
    };
    assert_eq!(number("tests"), count("testcase"));
    assert_eq!(number("failures"), count("failure"));
    assert_eq!(number("errors"), count("error"));
    assert_eq!(number("skipped"), count("skipped"));
    // Of the loop each row that did not go well, and one case for the rest.
    let bad = usize::try_from(record.row_counts().failed + record.row_counts().unknown).unwrap();
    assert_eq!(count("testcase"), 3 + bad + 1);
    let failure = suite
        .descendants()
        .find(|node| node.has_tag_name("failure"))
        .unwrap();
    assert!(failure.text().unwrap().contains("was not found"));

    let Some(xmllint) = program(&["xmllint"]) else {
        leave_out("xmllint", "without xmllint the schema is not checked");
        return;
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &document).unwrap();
    let checked = Command::new(xmllint)
        .args(["--noout", "--nonet", "--schema"])
        .arg(repository().join("tests/data/reports/jenkins-junit.xsd"))
        .arg(file.path())
        .output()
        .unwrap();
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
}

#[test]
fn junit_holds_what_xml_cannot() {
    let mut recorder = Recorder::new(fixed::run_id());
    let hostile = "\u{0}\u{1b}[2J ]]> <!-- \u{fffe} \u{85} &amp; \"'";
    let end = serde_json::json!({
        "step": hostile, "action": hostile, "outcome": "failed", "http_status": 400, "code": hostile,
        "msg": hostile, "wolkvox_id": hostile, "attempts": 1, "duration_ms": 5, "error": hostile,
        "warnings": [hostile], "answer": hostile,
    });
    recorder.add(&fixed::event(1, "step_finished", &end));
    let document = junit::document(&recorder.record(), &Masker::none());
    let parsed = roxmltree::Document::parse(&document).unwrap();
    let failure = parsed
        .descendants()
        .find(|node| node.has_tag_name("failure"))
        .unwrap();
    assert_eq!(
        failure.attribute("message").unwrap(),
        "\u{fffd}\u{fffd}[2J ]]> <!-- \u{fffd} \u{fffd} &amp; \"'"
    );
}

#[test]
fn the_json_report_is_what_its_schema_says() {
    let schema = std::fs::read_to_string(repository().join("schemas/report.schema.json")).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut killed = Recorder::new(fixed::run_id());
    let mut events = Vec::new();
    fixed::tell(5, &mut |event| events.push(event));
    for event in &events[..9] {
        killed.add(event);
    }
    for record in [
        fixed::record(150),
        killed.record(),
        Recorder::new(fixed::run_id()).record(),
    ] {
        let document = run_json::document(&record, &Masker::none());
        let document: serde_json::Value = serde_json::from_str(&document).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, Vec::<String>::new());
    }
}

#[test]
fn the_page_names_nothing_outside_itself() {
    let page = html::document(&fixed::record(100), &Masker::none());
    for name in [" src=", " href=", "url(", "@import", " action=", " style="] {
        for (at, _) in page.match_indices(name) {
            let value: String = page[at + name.len()..].chars().take(8).collect();
            assert!(
                value.starts_with("\"#") || value.starts_with("\"data:,\""),
                "{name}{value}"
            );
        }
    }
    assert!(page.contains("default-src &#39;none&#39;"));
}

#[test]
fn a_browser_shows_the_page_without_complaint_and_without_a_request() {
    let Some(chromium) = program(&["chromium", "chromium-browser", "google-chrome"]) else {
        leave_out("chromium", "without Chromium the page is not opened");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("report.html");
    std::fs::write(&page, html::document(&fixed::record(100), &Masker::none())).unwrap();
    // Whatever the browser asks for beyond this machine comes here.
    let proxy = Stub::start(404, String::new());
    let output = assert_cmd::Command::new(chromium)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .args([
            "--enable-logging=stderr",
            "--dump-dom",
            "--proxy-bypass-list=<-loopback>",
        ])
        .arg(format!("--proxy-server=http://{}", proxy.address))
        .arg(format!(
            "--user-data-dir={}",
            folder.path().join("user").display()
        ))
        .arg(format!("file://{}", page.display()))
        .timeout(Duration::from_mins(1))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let complaints: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("CONSOLE"))
        .collect();
    assert_eq!(complaints, Vec::<&str>::new());
    // Proof that the script ran: it is the policy of the page that lets it.
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains(" rows shown"), "{said}");
    // Chromium talks to its maker by itself, whatever the page says.
    let outside: Vec<String> = proxy
        .first_lines()
        .into_iter()
        .filter(|line| !line.contains("google") && !line.contains("gstatic.com"))
        .collect();
    assert_eq!(outside, Vec::<String>::new());
}
