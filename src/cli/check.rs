//! `voxplay check`: everything that can be known offline, nothing sent.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: folders are searched and the clock is read here"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::ci::Ci;
use super::open::{self, Project, folder_of};
use super::prepare::{Needs, check_limits};
use super::surroundings::Process;
use super::terminal::Terminal;
use super::{CheckArgs, CheckFormat, Exit};
use crate::action::TargetFacts;
use crate::diagnostic::render;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Document, read_source};
use crate::plan::{self, Completeness, Facts, Given, RowCheck};
use crate::playbook::{self, Playbook};
use crate::project::{CONFIG, TargetConfig};
use crate::report::human::plural;
use crate::secret::{Masker, Secret};
use crate::template::{Clock, Engine};

/// What a file is to be checked as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Playbook,
    /// `voxplay.yaml` or an action file: checked with the project that it belongs to.
    Project,
}

/// What was looked at.
#[derive(Debug, Default)]
struct Looked {
    playbooks: u64,
    project_files: u64,
    left_out: u64,
}

/// One check over all paths.
struct Checker {
    rows: RowCheck,
    findings: Vec<Diagnostic>,
    projects: BTreeMap<PathBuf, Project>,
    /// The root of the project of each folder that was asked for.
    roots: BTreeMap<PathBuf, PathBuf>,
    looked: Looked,
}

pub(super) fn check(args: &CheckArgs) -> Exit {
    let mut checker = Checker {
        rows: if args.all_rows {
            RowCheck::All
        } else {
            RowCheck::First
        },
        findings: Vec::new(),
        projects: BTreeMap::new(),
        roots: BTreeMap::new(),
        looked: Looked::default(),
    };
    for path in &args.paths {
        if path.is_dir() {
            checker.folder(path, 0);
        } else {
            let kind = kind_by_name(path).unwrap_or(Kind::Playbook);
            checker.file(path, kind);
        }
    }
    for project in checker.projects.values() {
        checker.findings.extend(project.findings.iter().cloned());
        let targets = &project.config.targets;
        checker
            .findings
            .extend(targets.iter().flat_map(TargetConfig::warnings));
    }
    let mut terminal = Terminal::of(args.ci);
    terminal.mask(Masker::new(literal_tokens(&checker.findings)));
    match args.format {
        CheckFormat::Json => terminal.answer(&render::json_lines(&checker.findings)),
        CheckFormat::Github => terminal.answer(&render::github(&checker.findings)),
        CheckFormat::Sarif => terminal.answer(&render::sarif(&checker.findings)),
        CheckFormat::Gitlab => terminal.answer(&render::gitlab(&checker.findings)),
        CheckFormat::Human => {
            terminal.answer(&checker.answer(&terminal));
            if args.ci.resolved() == Ci::Github {
                terminal.command(&render::github(&checker.findings));
            }
        }
    }
    Exit::of_findings(&checker.findings).unwrap_or(Exit::Ok)
}

/// Tokens that somebody wrote into a file: the finding says where, and shows none of it.
pub(super) fn literal_tokens(findings: &[Diagnostic]) -> Vec<Secret> {
    findings
        .iter()
        .filter_map(|finding| Some((finding.code, finding.place.as_ref()?)))
        .filter_map(|(code, place)| {
            let written = place.source.slice(place.span).trim_matches(['"', '\'']);
            match code {
                Code::LiteralToken => Some(written.to_owned()),
                // `https://user:password@host`
                Code::BadTarget => {
                    let (user, _) = written.rsplit_once('@')?;
                    let user = user.split_once("://").map_or(user, |(_, user)| user);
                    Some(user.to_owned())
                }
                _ => None,
            }
        })
        .map(Secret::new)
        .collect()
}

impl Checker {
    fn folder(&mut self, folder: &Path, depth: usize) {
        let Ok(entries) = std::fs::read_dir(folder) else {
            self.findings.push(Diagnostic::error(
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
            let hidden = path
                .file_name()
                .is_none_or(|name| name.to_string_lossy().starts_with('.'));
            if hidden {
                continue;
            }
            if path.is_dir() {
                if depth < 32 {
                    self.folder(&path, depth + 1);
                }
            } else if path
                .extension()
                .is_some_and(|extension| extension == "yaml" || extension == "yml")
            {
                match kind_by_name(&path) {
                    Some(kind) => self.file(&path, kind),
                    None => self.file_by_content(&path),
                }
            }
        }
    }

    fn file(&mut self, path: &Path, kind: Kind) {
        match kind {
            Kind::Project => {
                self.looked.project_files += 1;
                let folder = folder_of(path);
                let root = if path.file_name().is_some_and(|name| name == CONFIG) {
                    folder
                } else {
                    folder_of(&folder)
                };
                if path.exists() {
                    self.project(&root);
                } else {
                    // Reading it says what is wrong in the usual words.
                    if let Err(errors) = read_source(path, &path.display().to_string()) {
                        self.findings.extend(errors);
                    }
                }
            }
            Kind::Playbook => self.playbook(path, open::playbook(path)),
        }
    }

    /// A playbook has `voxplay` or `steps` at its top; what cannot be read might have been one.
    fn file_by_content(&mut self, path: &Path) {
        let read = match Document::load(path, &path.display().to_string()) {
            Ok(document)
                if document.root.get("voxplay").is_none()
                    && document.root.get("steps").is_none() =>
            {
                self.looked.left_out += 1;
                return;
            }
            Ok(document) => {
                let (playbook, findings) = playbook::parse_document(&document);
                (playbook.map(Arc::new), findings)
            }
            // What cannot be read might have been a playbook; reading on finds what else is wrong.
            Err(_) => open::playbook(path),
        };
        self.playbook(path, read);
    }

    /// The project of a folder, read once however many files are in it.
    fn project(&mut self, folder: &Path) -> &Project {
        if !self.roots.contains_key(folder) {
            let project = Project::find(folder);
            let root = project.root.clone();
            self.roots.insert(folder.to_owned(), root.clone());
            self.projects.entry(root).or_insert(project);
        }
        &self.projects[&self.roots[folder]]
    }

    fn playbook(&mut self, path: &Path, read: (Option<Arc<Playbook>>, Vec<Diagnostic>)) {
        self.looked.playbooks += 1;
        let (playbook, mut found) = read;
        if let Some(playbook) = playbook {
            self.meaning(path, &playbook, &mut found);
        }
        self.findings.extend(found);
    }

    /// Everything but the form of a playbook.
    fn meaning(&mut self, path: &Path, playbook: &Arc<Playbook>, found: &mut Vec<Diagnostic>) {
        let rows = self.rows;
        let project = self.project(&folder_of(path));
        let broken = project.findings.iter().any(Diagnostic::is_error);
        let named = playbook
            .target
            .as_ref()
            .map(|target| (&playbook.source, target));
        // Without a target of its own, which one a run goes to is said by its command line.
        let target: Option<TargetConfig> = match project.config.choose(None, named, &Process) {
            Ok(target) => Some(target),
            Err(diagnostic) if named.is_some() && !broken => {
                found.push(diagnostic);
                None
            }
            Err(_) => None,
        };
        let facts = target.as_ref().map(|target| TargetFacts {
            name: target.name.value.clone(),
            server: target.server.base().to_owned(),
            operation: target.operation.clone(),
        });
        let of_target = target
            .as_ref()
            .and_then(|target| Some((project.config.source.as_ref(), target.timezone.as_ref()?)));
        let zone = open::zone(playbook, of_target, found);
        let engine = Engine::new(Clock {
            now: Timestamp::now(),
            zone,
        });
        let (inputs, wrong) = plan::resolve_inputs(
            playbook,
            &Given::default(),
            &|_| None,
            Completeness::Optional,
        );
        found.extend(wrong);
        let (draft, wrong) = plan::compile(playbook, &project.catalogue, &engine, &[]);
        found.extend(wrong);
        let files = project.confinement(path);
        let rehearsal = plan::rehearse(
            &draft,
            &inputs,
            &Facts {
                target: facts.as_ref(),
                run: None,
                files: &files,
                rows,
            },
        );
        check_limits(playbook, project, Needs::from(&rehearsal), found);
        found.extend(rehearsal.findings);
    }

    fn answer(&self, terminal: &Terminal) -> String {
        let mut text = terminal.findings(&self.findings);
        if !text.is_empty() {
            text.push('\n');
        }
        let mut parts = vec![plural(self.looked.playbooks, "playbook")];
        if self.looked.project_files > 0 {
            parts.push(plural(self.looked.project_files, "project file"));
        }
        let looked_at = parts.join(", ");
        let summary = render::summary(&self.findings);
        let _ = writeln!(text, "{looked_at}: {summary}");
        if self.looked.left_out > 0 {
            let left_out = plural(self.looked.left_out, "YAML file");
            let _ = writeln!(
                text,
                "{left_out} left out: neither `voxplay` nor `steps` in it"
            );
        }
        text
    }
}

fn kind_by_name(path: &Path) -> Option<Kind> {
    if path.file_name()? == CONFIG {
        return Some(Kind::Project);
    }
    let folder = folder_of(path);
    (folder.file_name()? == "actions" && folder_of(&folder).join(CONFIG).is_file())
        .then_some(Kind::Project)
}
