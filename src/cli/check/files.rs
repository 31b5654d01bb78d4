//! Which files a check looks at, those of folders among them, and what each of them is.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: folders are searched here"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::cli::open::{self, folder_of};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Node;
use crate::project::CONFIG;
use crate::rows;

/// What a file is to be checked as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `voxplay.yaml` or an action file: checked with the project that it belongs to.
    Project,
    /// A file that was named, and is a playbook unless a list stands at its top: then it holds rows.
    Named,
    /// A file of rows, every one of which is read.
    Data,
    /// In a folder inside the folder of actions, where nothing is read.
    BelowActions,
}

/// A file to be looked at.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) path: PathBuf,
    /// None: its content says.
    pub(super) kind: Option<Kind>,
}

/// What stands in a folder, in the order of the names.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// Files that may be playbooks or parts of a project.
    pub(super) asked: Vec<Asked>,
    /// Files that can hold nothing but rows.
    pub(super) data: Vec<Asked>,
}

impl Asked {
    /// What is the same for a file however it was named. A link to a file is another one: its paths begin elsewhere.
    pub(super) fn identity(&self) -> PathBuf {
        let parent = self.path.parent().map(|parent| {
            let is_here = parent.as_os_str().is_empty();
            open::absolute(if is_here { Path::new(".") } else { parent })
        });
        match (parent, self.path.file_name()) {
            (Some(parent), Some(name)) => parent.join(name),
            _ => self.path.clone(),
        }
    }
}

/// Each file once, as it was named first, and for each that was asked for which of them it is.
pub(super) fn each_once(asked: Vec<Asked>) -> (Vec<Asked>, Vec<usize>) {
    let mut files: Vec<Asked> = Vec::new();
    let mut known = BTreeMap::new();
    let mut places = Vec::new();
    for file in asked {
        let place = *known.entry(file.identity()).or_insert(files.len());
        match files.get_mut(place) {
            // One that is named is to be what a folder may leave out.
            Some(first) => first.kind = first.kind.or(file.kind),
            None => files.push(file),
        }
        places.push(place);
    }
    (files, places)
}

/// The files of a folder and of those in it, those of folders that are links last.
pub(super) fn list(folder: &Path, findings: &mut Vec<Diagnostic>) -> Listed {
    let mut listed = Listed::default();
    let mut seen = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        list_real(&folder, &mut seen, &mut listed, findings, &mut folders);
    }
    listed
}

/// The same without links to folders, which are left in `links`: one that leads to where it stands leads there again
/// and again. `seen` are the folders that were looked into, by their real paths.
fn list_real(
    folder: &Path,
    seen: &mut BTreeSet<PathBuf>,
    listed: &mut Listed,
    findings: &mut Vec<Diagnostic>,
    links: &mut Vec<PathBuf>,
) {
    if !seen.insert(open::absolute(folder)) {
        return;
    }
    let Ok(entries) = std::fs::read_dir(folder) else {
        findings.push(Diagnostic::error(
            Code::UnreadableFile,
            format!("the folder {} cannot be read", folder.display()),
        ));
        return;
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        // `check .` names files as `check *` does.
        let path = path.strip_prefix(".").map_or(path.clone(), Path::to_owned);
        if path.file_name().is_none_or(is_not_ours) {
            continue;
        }
        if path.is_dir() && path.is_symlink() {
            links.push(path);
        } else if path.is_dir() {
            list_real(&path, seen, listed, findings, links);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml")
        {
            let kind = kind_by_name(&path);
            listed.asked.push(Asked { path, kind });
        } else if data_format(&path).is_some() {
            let kind = Some(Kind::Data);
            listed.data.push(Asked { path, kind });
        }
    }
}

/// Whether a name is that of a file or a folder that people do not write playbooks in.
fn is_not_ours(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with('.') || name == "node_modules"
}

pub(super) fn kind_by_name(path: &Path) -> Option<Kind> {
    if path.file_name()? == CONFIG {
        return Some(Kind::Project);
    }
    let folder = folder_of(path);
    let is_of_actions = |folder: &Path| {
        folder.file_name().is_some_and(|name| name == "actions")
            && folder_of(folder).join(CONFIG).is_file()
    };
    if is_of_actions(&folder) {
        return Some(Kind::Project);
    }
    let mut above = folder.ancestors().skip(1);
    above.any(is_of_actions).then_some(Kind::BelowActions)
}

/// The format of a file that can hold nothing but rows.
pub(super) fn data_format(path: &Path) -> Option<rows::Format> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    match extension.as_str() {
        "csv" | "tsv" => Some(rows::Format::Csv { delimiter: None }),
        "jsonl" | "ndjson" => Some(rows::Format::Jsonl),
        "xlsx" => Some(rows::Format::Xlsx { sheet: None }),
        _ => None,
    }
}

/// The format of a YAML or JSON file that is a list, as no playbook is.
pub(super) fn rows_in(root: &Node, path: &Path) -> Option<rows::Format> {
    let rows = root.items()?;
    // What was handed over cannot be read a second time.
    path.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let is_of_playbook = |row: &Node| {
        row.get("voxplay").is_some() || (row.get("action").is_some() && row.get("with").is_some())
    };
    if rows.iter().any(is_of_playbook) {
        return None;
    }
    let is_json = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    Some(if is_json {
        rows::Format::Json
    } else {
        rows::Format::Yaml
    })
}

/// Whether a document is a playbook, or was to be one: other programs have `steps` as well.
pub(super) fn is_playbook(root: &Node) -> bool {
    fn has_ours(steps: &Node) -> bool {
        let steps = steps.items().unwrap_or_default();
        steps.iter().any(|step| {
            let keys = ["action", "use", "with", "for_each"];
            keys.iter().any(|key| step.get(key).is_some())
                || step.get("steps").is_some_and(has_ours)
        })
    }
    root.get("voxplay").is_some() || root.get("steps").is_some_and(has_ours)
}

/// A check that looks at nothing must not pass for one that found nothing. `files` is the number of YAML files in the
/// folder.
pub(super) fn nothing_in(folder: &Path, files: usize) -> Diagnostic {
    let seen = match files {
        0 => "there is no .yaml or .yml file in it, however deep, and no data file".to_owned(),
        1 => "its one YAML file has neither `voxplay` nor steps that look like ours at its top"
            .to_owned(),
        files => format!(
            "none of its {files} YAML files has `voxplay` or steps that look like ours at its top"
        ),
    };
    Diagnostic::error(
        Code::MissingFile,
        format!("there is no playbook in the folder {}", folder.display()),
    )
    .help(format!(
        "{seen}: name a playbook, or a folder that has some"
    ))
}

pub(super) fn nothing_at(path: &Path) -> Diagnostic {
    Diagnostic::error(
        Code::MissingFile,
        format!("there is no file or folder {}", path.display()),
    )
    .help("check the name and the folder you are in")
}
