//! The schemas in yaml-language-server and in ajv. Both come from `tests/lsp/package.json`; where they are
//! not installed the tests say so and pass, unless `VOXPLAY_REQUIRE` has `lsp`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};

use super::{bad, files, good, root, value};
use crate::needed::leave_out;

/// The folder `node_modules`, where there is one, and node too.
fn modules() -> Option<PathBuf> {
    let folder = std::env::var_os("VOXPLAY_LSP_DIR")
        .map_or_else(|| root().join("tests/lsp/node_modules"), PathBuf::from);
    let reason = if !folder.join("yaml-language-server").is_dir() || !folder.join("ajv").is_dir() {
        format!("no yaml-language-server and ajv in {}", folder.display())
    } else if Command::new("node").arg("--version").output().is_err() {
        "there is no node".to_owned()
    } else {
        return Some(folder);
    };
    leave_out(
        "lsp",
        &format!("{reason}; `npm install --prefix tests/lsp --ignore-scripts` installs them"),
    );
    None
}

/// Hands the questions to a script and gives its answers.
fn ask(script: &str, modules: &Path, questions: &Json) -> Vec<Json> {
    let mut child = Command::new("node")
        .arg(root().join(script))
        .arg(modules)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(questions.to_string().as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{script} failed");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn question(what: &str, text: &str) -> Json {
    let schema = root().join("schemas/playbook.schema.json");
    json!({ "ask": what, "schema": schema, "text": text })
}

fn session(questions: &[Json]) -> Option<Vec<Json>> {
    let modules = modules()?;
    Some(ask("tests/lsp/session.js", &modules, &json!(questions)))
}

#[test]
fn good_playbooks_have_no_diagnostics() {
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        // A line for the editor in the file itself would win over the schema of this test.
        text.replace("# yaml-language-server:", "# ")
    };
    let good = good();
    let questions: Vec<Json> = good
        .iter()
        .map(|path| question("diagnostics", &read(path)))
        .collect();
    let Some(answers) = session(&questions) else {
        return;
    };
    for (path, answer) in good.iter().zip(answers) {
        assert_eq!(answer, json!([]), "{}", path.display());
    }
}

#[test]
fn bad_playbooks_have_diagnostics_in_the_right_lines() {
    let bad = bad();
    let texts: Vec<String> = bad
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let questions: Vec<Json> = texts
        .iter()
        .map(|text| question("diagnostics", text))
        .collect();
    let Some(answers) = session(&questions) else {
        return;
    };
    for ((path, text), answer) in bad.iter().zip(&texts).zip(answers) {
        let wanted: Vec<u64> = (1..)
            .zip(text.lines())
            .filter(|(_, line)| line.ends_with("# <-"))
            .map(|(number, _)| number)
            .collect();
        let mut found: Vec<u64> = answer
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["line"].as_u64().unwrap())
            .collect();
        found.sort_unstable();
        found.dedup();
        assert_eq!(found, wanted, "{}: {answer:#}", path.display());
    }
}

const HEAD: &str = "voxplay: 1\nsteps:\n";

#[test]
fn completion_offers_keys_actions_parameters_and_values() {
    let step = |text: &str| format!("{HEAD}{text}");
    let cases: [(String, &[&str], &[&str]); 11] = [
        (
            "voxplay: 1\n‸\n".to_owned(),
            &["name", "inputs", "steps", "finally", "outputs"],
            &["action", "voxplay"],
        ),
        (
            step("  - id: a\n    ‸\n"),
            &[
                "action", "with", "use", "when", "for_each", "retry", "expect",
            ],
            &["vars"],
        ),
        (
            step("  - use: shared/greet.yaml\n    ‸\n"),
            &["inputs", "when", "on_failure"],
            &["use"],
        ),
        (
            step("  - action: ‸\n"),
            &["record.update", "case.update", "obligation.insert"],
            &[],
        ),
        (
            step("  - action: record.‸\n"),
            &["record.update", "record.delete"],
            &[],
        ),
        (
            step("  - action: record.update\n    with:\n      ‸\n"),
            &["module", "wolkvox_id", "fields"],
            &["priority", "form"],
        ),
        (
            step("  - action: case.update\n    with:\n      wolkvox_id: \"1\"\n      ‸\n"),
            &["responsible", "status", "files", "file_part"],
            &["module", "wolkvox_id"],
        ),
        (
            step("  - action: call_activity.insert\n    with:\n      priority: ‸\n"),
            &["high", "normal", "low"],
            &[],
        ),
        (
            step("  - action: call_activity.insert\n    with:\n      phone:\n        ‸\n"),
            &["country", "code", "value"],
            &[],
        ),
        (step("  - on_failure: ‸\n"), &["stop", "continue"], &[]),
        (
            step("  - for_each:\n      ‸\n"),
            &["csv", "items", "as", "key", "batch"],
            &[],
        ),
    ];
    let questions: Vec<Json> = cases
        .iter()
        .map(|(text, ..)| question("completion", text))
        .collect();
    let Some(answers) = session(&questions) else {
        return;
    };
    for ((text, wanted, unwanted), answer) in cases.iter().zip(answers) {
        let labels: Vec<&str> = answer
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|item| item["label"].as_str())
            .collect();
        for label in *wanted {
            assert!(
                labels.contains(label),
                "{text}\n`{label}` is not among {labels:?}"
            );
        }
        for label in *unwanted {
            assert!(
                !labels.contains(label),
                "{text}\n`{label}` is among {labels:?}"
            );
        }
    }
}

/// A snippet that is taken as it is, with the words that stand at its places, is a playbook without mistakes.
#[test]
fn each_snippet_of_a_step_is_a_good_step() {
    let Some(answers) = session(&[question("completion", &format!("{HEAD}  ‸\n"))]) else {
        return;
    };
    let snippets: Vec<(String, String)> = answers[0]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["label"].as_str().unwrap().starts_with("step: "))
        .map(|item| {
            let filled = filled(item["insert"].as_str().unwrap());
            let filled = filled.replace('\n', "\n  ");
            (item["label"].to_string(), format!("{HEAD}  {filled}\n"))
        })
        .filter(|(label, _)| !label.contains("for each"))
        .collect();
    // The five actions, and another playbook.
    assert_eq!(snippets.len(), 6);
    let questions: Vec<Json> = snippets
        .iter()
        .map(|(_, text)| question("diagnostics", text))
        .collect();
    for ((label, text), answer) in snippets.iter().zip(session(&questions).unwrap()) {
        assert_eq!(answer, json!([]), "{label}\n{text}");
    }
}

/// A snippet with its places filled: `${1:word}` → `word`, `${1|a,b|}` → `a`.
fn filled(snippet: &str) -> String {
    let mut filled = String::new();
    let mut rest = snippet;
    while let Some(start) = rest.find("${") {
        let end = start + rest[start..].find('}').unwrap();
        filled += &rest[..start];
        let place = rest[start + 2..end].trim_start_matches(|c: char| c.is_ascii_digit());
        filled += match place.strip_prefix('|') {
            Some(choices) => choices.split([',', '|']).next().unwrap(),
            None => place.trim_start_matches(':'),
        };
        rest = &rest[end + 1..];
    }
    filled + rest
}

#[test]
fn hovering_explains_keys_actions_and_parameters() {
    let step = |text: &str| format!("{HEAD}{text}");
    let cases = [
        (
            step("  - act‸ion: record.update\n    with: {}\n"),
            "one call of the CRM",
        ),
        (
            step("  - action: record.up‸date\n    with: {}\n"),
            "Change fields of one record",
        ),
        (
            step("  - action: record.update\n    with:\n      wolkvox‸_id: \"5\"\n"),
            "id of the record",
        ),
        (
            step("  - action: call_activity.insert\n    with:\n      remem‸ber: \"{{ x }}\"\n"),
            "whether the CRM reminds",
        ),
        (step("  - ret‸ry: { attempts: 3 }\n"), "tried again"),
        (
            "voxplay: 1\nfin‸ally: []\n".to_owned(),
            "also after a failure",
        ),
    ];
    let questions: Vec<Json> = cases
        .iter()
        .map(|(text, _)| question("hover", text))
        .collect();
    let Some(answers) = session(&questions) else {
        return;
    };
    for ((text, wanted), answer) in cases.iter().zip(answers) {
        assert!(
            answer.as_str().unwrap().contains(wanted),
            "{text}\n{answer}"
        );
    }
}

#[test]
fn ajv_compiles_every_schema_in_strict_mode_and_judges_alike() {
    let Some(modules) = modules() else {
        return;
    };
    let mut schemas = files(&root().join("schemas"), "json");
    schemas.extend(files(&root().join("schemas/calls"), "json"));
    assert!(schemas.len() > 3);
    let (good, bad) = (good(), bad());
    let values: Vec<Json> = good.iter().chain(&bad).map(|path| value(path)).collect();
    let questions: Vec<Json> = schemas
        .iter()
        .map(|path| {
            let is_playbook = path.file_name().unwrap() == "playbook.schema.json";
            json!({ "schema": path, "values": if is_playbook { json!(values) } else { json!([]) } })
        })
        .collect();
    let answers = ask("tests/ajv/strict.js", &modules, &json!(questions));
    for (path, answer) in schemas.iter().zip(answers) {
        assert_eq!(answer["error"], Json::Null, "{}", path.display());
        for (file, valid) in good
            .iter()
            .chain(&bad)
            .zip(answer["valid"].as_array().unwrap())
        {
            assert_eq!(*valid, json!(good.contains(file)), "{}", file.display());
        }
    }
}
