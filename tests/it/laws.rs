//! The two laws of the house: the order of the modules, and one door for each foreign library.

use std::path::{Path, PathBuf};

struct File {
    /// From `src/`, with slashes.
    path: String,
    /// Without comments and `#[cfg(test)]` parts.
    code: String,
}

impl File {
    /// The module of `lib.rs` that it belongs to.
    fn module(&self) -> &str {
        let first = self.path.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }
}

fn files() -> Vec<File> {
    fn visit(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(&path, into);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                into.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    visit(&root, &mut paths);
    paths
        .into_iter()
        .map(|path| File {
            code: without_tests(&std::fs::read_to_string(&path).unwrap()),
            path: path
                .strip_prefix(&root)
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/"),
        })
        .filter(|file| {
            !file
                .path
                .split('/')
                .any(|part| part == "tests" || part == "tests.rs")
        })
        .collect()
}

/// The code without comments and without items under `#[cfg(test)]`. The repository is formatted, so that an
/// item ends with the line `}` of its own indentation, or with a `;` in its first line.
fn without_tests(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() == "#[cfg(test)]" {
            let indent = &line[..line.len() - line.trim_start().len()];
            let end = format!("{indent}}}");
            let item = lines.by_ref().find(|line| {
                !line.trim_start().starts_with(['#', ')', '/']) && !in_attribute(line)
            });
            if item.is_some_and(|item| !item.trim_end().ends_with(';')) {
                lines.by_ref().find(|line| *line == end);
            }
            continue;
        }
        let comment = line.trim_start().starts_with("//");
        kept.push_str(if comment { "" } else { line });
        kept.push('\n');
    }
    kept
}

/// A line inside an attribute that spans several.
fn in_attribute(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("clippy::") || line.starts_with("reason")
}

/// The modules of `lib.rs`, in the order in which it declares them.
fn order() -> Vec<String> {
    let lib = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
    std::fs::read_to_string(lib)
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .collect()
}

/// The modules of this crate that the code names: `crate::x`, and `super::super::x` that leads to the top.
fn named(file: &File) -> Vec<String> {
    let depth = file.path.trim_end_matches("/mod.rs").matches('/').count() + 1;
    let to_the_top = "super::".repeat(depth);
    ["crate::", &to_the_top]
        .into_iter()
        .flat_map(|start| {
            file.code
                .match_indices(start)
                .filter(|(at, _)| {
                    !file.code[..*at].ends_with("super::") && !file.code[..*at].ends_with('$')
                })
                .map(move |(at, start)| at + start.len())
        })
        .flat_map(|at| {
            let rest = &file.code[at..];
            match rest.strip_prefix('{') {
                Some(list) => {
                    let list = list.split("};").next().unwrap_or_default();
                    list.split(',').map(|entry| word(entry.trim())).collect()
                }
                None => vec![word(rest)],
            }
        })
        .collect()
}

fn word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

#[test]
fn a_module_names_only_those_declared_before_it() {
    let order = order();
    let place = |name: &str| order.iter().position(|module| module == name);
    let mut broken = Vec::new();
    for file in files() {
        let Some(own) = place(file.module()) else {
            assert!(["lib", "main"].contains(&file.module()), "{}", file.path);
            continue;
        };
        for name in named(&file) {
            if place(&name).is_some_and(|used| used > own) {
                broken.push(format!("{} names {name}, which comes later", file.path));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn every_module_is_on_the_map() {
    let order = order();
    for file in files() {
        assert!(
            order.iter().any(|module| module == file.module())
                || ["lib", "main"].contains(&file.module()),
            "{}",
            file.path
        );
    }
    assert!(order.len() > 15, "{order:?}");
}

/// A library, and the beginnings of the paths that may name it.
const DOORS: &[(&str, &[&str])] = &[
    ("serde_yaml", &["document/"]),
    ("granit_parser", &["document/"]),
    ("jsonschema", &["schema/"]),
    ("minijinja", &["template/"]),
    ("reqwest", &["transport/"]),
    ("hyper", &["transport/"]),
    ("h2", &["transport/"]),
    ("rustls", &["transport/"]),
    ("rusqlite", &["journal/", "sandbox/store"]),
    ("clap", &["cli/"]),
    ("clap_complete", &["cli/"]),
    ("axum", &["sandbox/"]),
    ("terminal_size", &["cli/"]),
    ("nix", &["cli/terminal/"]),
    ("annotate_snippets", &["diagnostic/"]),
];

/// Whether code names a library: its name, not a part of a longer word, before `::` or after `use`.
fn names_library(code: &str, library: &str) -> bool {
    code.match_indices(library).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = &code[at + library.len()..];
        let whole = !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':');
        whole
            && (after.starts_with("::")
                || (code[..at].ends_with("use ") && after.starts_with([';', ' '])))
    })
}

#[test]
fn each_foreign_library_has_one_door() {
    let files = files();
    let mut broken = Vec::new();
    for (library, doors) in DOORS {
        let users: Vec<&File> = files
            .iter()
            .filter(|file| names_library(&file.code, library))
            .collect();
        broken.extend(
            users
                .iter()
                .filter(|file| !doors.iter().any(|door| file.path.starts_with(door)))
                .map(|file| format!("{} names {library}", file.path)),
        );
    }
    assert_eq!(broken, Vec::<String>::new());
    // The test would see it: some of them are surely in use.
    for library in ["minijinja", "reqwest", "rusqlite", "clap", "jsonschema"] {
        assert!(
            files.iter().any(|file| names_library(&file.code, library)),
            "{library}"
        );
    }
}

#[test]
fn no_code_names_an_endpoint() {
    let broken: Vec<String> = files()
        .into_iter()
        .filter(|file| !file.path.starts_with("sandbox/"))
        .filter(|file| file.code.contains(".php"))
        .map(|file| file.path)
        .collect();
    assert_eq!(broken, Vec::<String>::new());
}
