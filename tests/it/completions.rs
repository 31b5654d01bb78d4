//! Completions in a real bash, and the man pages.
#![expect(clippy::disallowed_methods, reason = "tests set the scene on disk")]

use std::path::Path;
use std::process::Command;

use super::needed::leave_out;
use super::schema::voxplay;

/// What bash offers for the words so far, the last of which is being typed.
fn offered(words: &[&str], folder: &Path) -> Option<Vec<String>> {
    answered("_clap_complete_voxplay", words, folder)
}

/// What bash offers for a line, which it takes apart at `=` before it asks.
fn offered_for(line: &str, folder: &Path) -> Option<Vec<String>> {
    let apart = line.replace('=', " = ");
    let mut words: Vec<&str> = apart.split(' ').filter(|word| !word.is_empty()).collect();
    let mut current = words.last().copied().unwrap_or_default();
    if line.ends_with(' ') {
        words.push("");
        current = "";
    } else if current == "=" {
        current = "";
    }
    let function = format!(
        "COMP_LINE={line:?}; COMP_POINT=${{#COMP_LINE}}; _voxplay_words voxplay {current:?} x; : "
    );
    answered(&function, &words, folder)
}

fn answered(function: &str, words: &[&str], folder: &Path) -> Option<Vec<String>> {
    let script = String::from_utf8(voxplay(&["completions", "bash"], folder).stdout).unwrap();
    let bin = Path::new(env!("CARGO_BIN_EXE_voxplay")).parent().unwrap();
    let path = std::env::join_paths(
        std::iter::once(bin.to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    )
    .unwrap();
    let driver = format!(
        "{script}\nCOMP_WORDS=(\"$@\")\nCOMP_CWORD=$(($# - 1))\nCOMP_TYPE=9\n\
         compopt() {{ :; }}\n{function} voxplay \"${{@: -1}}\" \"${{@: -2:1}}\"\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
    );
    let output = Command::new("bash")
        .args(["--norc", "-c", &driver, "bash"])
        .args(words)
        .env("PATH", path)
        .current_dir(folder)
        .output();
    let Ok(output) = output else {
        leave_out("bash", "there is no bash");
        return None;
    };
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && error.is_empty(), "{error}");
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(|line| line.trim().to_owned()).collect())
}

#[test]
fn bash_completes_what_stands_in_the_project() {
    let folder = tempfile::tempdir().unwrap();
    assert!(voxplay(&["init"], folder.path()).status.success());
    let first = "playbooks/first.yaml";
    std::fs::write(
        folder.path().join("playbooks/tags.yaml"),
        "voxplay: 1\nsteps:\n  - id: each\n    for_each: { items: [a] }\n    tags: [nightly, north]\n    \
         steps:\n      - id: every\n        for_each: { items: [b] }\n        \
         action: record.delete\n        with: { module: contacts, wolkvox_id: \"{{ row }}\" }\n",
    )
    .unwrap();
    let tags = "playbooks/tags.yaml";
    let cases: [(&[&str], &[&str]); 8] = [
        (&["voxplay", "sch"], &["schema"]),
        (
            &["voxplay", "run", first, "-i", ""],
            &["contact_id=", "tier="],
        ),
        (&["voxplay", "run", first, "--input", "ti"], &["tier="]),
        (
            &["voxplay", "run", first, "--target", ""],
            &["production", "sandbox"],
        ),
        (
            &["voxplay", "run", tags, "--tags", "n"],
            &["nightly", "north"],
        ),
        (&["voxplay", "run", tags, "--rejected", "e"], &["each="]),
        (
            &["voxplay", "schema", "record."],
            &["record.delete", "record.update"],
        ),
        (
            &["voxplay", "run", "playbooks/fi"],
            &["playbooks/first.yaml"],
        ),
    ];
    for (words, wanted) in cases {
        let Some(mut found) = offered(words, folder.path()) else {
            return;
        };
        found.sort();
        assert_eq!(found, wanted, "{words:?}");
    }
}

#[test]
fn bash_completes_what_stands_after_an_equals_sign() {
    let folder = tempfile::tempdir().unwrap();
    assert!(voxplay(&["init", "inner"], folder.path()).status.success());
    let first = "inner/playbooks/first.yaml";
    for (rest, wanted) in [
        ("run FIRST -i ti", &["tier="][..]),
        ("run FIRST -i tier=", &["Regular", "VIP"]),
        ("run FIRST -i tier=V", &["VIP"]),
        ("run FIRST --target=s", &["sandbox"]),
        ("run FIRST --target ", &["production", "sandbox"]),
        ("run FIRST -i tier=VIP --targ", &["--target"]),
        ("explain FIRST mar", &["mark"]),
        ("run FIRST --rejected each=inner/pl", &["inner/playbooks/"]),
        ("run FIRST --succeeded inner/pl", &["inner/playbooks/"]),
        ("run FIRST --report ht", &["html="]),
        ("run FIRST --report html=inner/pl", &["inner/playbooks/"]),
    ] {
        let line = format!("voxplay {}", rest.replace("FIRST", first));
        let Some(mut found) = offered_for(&line, folder.path()) else {
            return;
        };
        found.sort();
        assert_eq!(found, wanted, "{line}");
    }
}

#[test]
fn bash_offers_names_as_they_have_to_be_written() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("p")).unwrap();
    for name in [
        "x;touch pwned;.yaml",
        "q'd$(id).yaml",
        "with space.yaml",
        "*.yaml",
    ] {
        std::fs::write(folder.path().join("p").join(name), "").unwrap();
    }
    // What was typed, what bash says of it, what is offered.
    for (typed, current, wanted) in [
        ("p/x", "p/x", r"p/x\;touch\ pwned\;.yaml"),
        ("\"p/x", "p/x", "p/x;touch pwned;.yaml"),
        (r"p/with\ s", r"p/with\ s", r"p/with\ space.yaml"),
        ("\"p/with s", "p/with s", "p/with space.yaml"),
        ("p/q", "p/q", r"p/q\'d\$\(id\).yaml"),
        ("\"p/q", "p/q", r"p/q'd\$(id).yaml"),
        ("'p/q", "p/q", r"p/q'\''d$(id).yaml"),
        (r"p/\*", r"p/\*", r"p/\*.yaml"),
    ] {
        let function = "COMP_LINE=\"voxplay check $3\"; COMP_POINT=${#COMP_LINE}; _voxplay_words voxplay \"$CURRENT\" check; : ";
        let function = format!("CURRENT=$(cat <<'EOT'\n{current}\nEOT\n)\n{function}");
        let words = ["voxplay", "check", typed];
        let Some(found) = answered(&function, &words, folder.path()) else {
            return;
        };
        assert_eq!(found, [wanted], "{typed}");
    }
}

#[test]
fn zsh_leaves_a_home_folder_and_an_unfinished_word_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let script = String::from_utf8(voxplay(&["completions", "zsh"], folder.path()).stdout).unwrap();
    for part in [
        "compset -P '\\~/' &&",
        "local -a unfinished=()",
        "unfinished+=(\"$completion\")",
        "unfinished -S ''",
    ] {
        assert_eq!(script.matches(part).count(), 1, "{part}: {script}");
    }
}

#[test]
fn a_broken_playbook_offers_nothing_and_says_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), "steps: [").unwrap();
    if let Some(found) = offered(&["voxplay", "run", "a.yaml", "-i", ""], folder.path()) {
        assert_eq!(found, [""]);
    }
}

#[test]
fn every_shell_has_a_script() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = voxplay(&["completions", shell], folder.path());
        assert!(output.status.success(), "{shell}");
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(script.contains("VOXPLAY_COMPLETE"), "{shell}");
    }
}

#[test]
fn man_pages_are_written_for_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let output = voxplay(&["man", "man1"], folder.path());
    assert!(output.status.success());
    for name in [
        "voxplay",
        "voxplay-run",
        "voxplay-schema",
        "voxplay-actions-show",
    ] {
        let page = std::fs::read_to_string(folder.path().join(format!("man1/{name}.1"))).unwrap();
        let version = env!("CARGO_PKG_VERSION");
        let title = format!(".TH {name} 1  \"voxplay {version}\"");
        assert!(page.contains(&title), "{name}: {page}");
    }
    let page = String::from_utf8(voxplay(&["man"], folder.path()).stdout).unwrap();
    assert!(page.contains(".TH voxplay 1"));
}
