//! `voxplay check`: everything that can be known offline, nothing sent.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: folders are searched and the clock is read here"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::Exit;
use super::accounts;
use super::args::{CheckArgs, CheckFormat};
use super::ci::Ci;
use super::limits::{Needs, check_limits};
use super::open::{self, Project, folder_of};
use super::prepare::once;
use super::surroundings::Process;
use super::terminal::Terminal;
use super::uses;
use crate::action::TargetFacts;
use crate::diagnostic::render;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{self, Document, Node, read_source};
use crate::plan::{self, Completeness, Facts, Given, RowCheck};
use crate::playbook::{self, Playbook};
use crate::project::{CONFIG, TargetConfig};
use crate::report::words::plural;
use crate::rows;
use crate::secret::{Masker, Secret, is_worth_hiding};
use crate::template::{Clock, Engine};

/// What a file is to be checked as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `voxplay.yaml` or an action file: checked with the project that it belongs to.
    Project,
    /// A file that was named, and is a playbook unless a list stands at its top: then it holds rows.
    Named,
    /// A file of rows, every one of which is read.
    Data,
    /// In a folder inside the folder of actions, where nothing is read.
    BelowActions,
}

/// How many findings about the rows of one file are told.
const MOST_ROWS: usize = 100;

/// How many sources of rows are named of which not all rows were looked at.
const MOST_NAMES: usize = 3;

/// What was looked at.
#[derive(Debug, Default, Clone, Copy)]
struct Looked {
    playbooks: u64,
    project_files: u64,
    data_files: u64,
    left_out: u64,
}

/// What has been found so far.
#[derive(Debug, Default)]
struct Found {
    findings: Vec<Diagnostic>,
    looked: Looked,
    /// What is worth knowing and no finding, each once.
    notes: BTreeSet<String>,
    /// The data of which only the first rows were looked at, and how many those were at most.
    begun: BTreeMap<String, u64>,
}

impl Found {
    /// Whether it is of a file that is none of those that are checked.
    const fn is_left_out(&self) -> bool {
        self.looked.left_out > 0
    }

    fn add(&mut self, more: Self) {
        self.findings.extend(more.findings);
        self.notes.extend(more.notes);
        self.begun.extend(more.begun);
        self.looked.playbooks += more.looked.playbooks;
        self.looked.project_files += more.looked.project_files;
        self.looked.data_files += more.looked.data_files;
        self.looked.left_out += more.looked.left_out;
    }
}

/// A file to be looked at.
#[derive(Debug)]
struct Asked {
    path: PathBuf,
    /// None: its content says.
    kind: Option<Kind>,
}

/// The projects that files belong to, each read once.
#[derive(Debug, Default)]
struct Projects {
    by_root: BTreeMap<PathBuf, Arc<Project>>,
    /// The root of the project of each folder that was asked for.
    roots: BTreeMap<PathBuf, PathBuf>,
}

/// What looks at files, one independent of the others.
struct Checker {
    rows: RowCheck,
    projects: Mutex<Projects>,
}

pub(super) fn check(args: &CheckArgs) -> Exit {
    let checker = Checker {
        rows: RowCheck::of(args.all_rows),
        projects: Mutex::default(),
    };
    let mut found = Found::default();
    let mut asked = Vec::new();
    let mut folders = Vec::new();
    for path in &args.paths {
        if path.is_dir() {
            let (first, before) = (asked.len(), found.findings.len());
            list(path, &mut asked, &mut found.findings);
            if found.findings.len() == before {
                folders.push((path, first..asked.len()));
            }
        } else if !path.exists() {
            let finding = nothing_at(path);
            found.findings.extend(in_file(vec![finding], path));
        } else {
            asked.push(Asked {
                path: path.clone(),
                kind: kind_by_name(path)
                    .or_else(|| data_format(path).map(|_| Kind::Data))
                    .or(Some(Kind::Named)),
            });
        }
    }
    let by_file = checker.all(&asked);
    for (folder, files) in folders {
        if by_file[files.clone()].iter().all(Found::is_left_out) {
            let finding = nothing_in(folder, files.len());
            found.findings.extend(in_file(vec![finding], folder));
        }
    }
    for more in by_file {
        found.add(more);
    }
    once(&mut found.findings);
    let projects = checker.projects.into_inner();
    let projects = projects.unwrap_or_else(PoisonError::into_inner);
    for project in projects.by_root.values() {
        found.findings.extend(project.findings.iter().cloned());
        let targets = &project.config.targets;
        found
            .findings
            .extend(targets.iter().flat_map(TargetConfig::warnings));
    }
    let mut terminal = Terminal::of(args.ci);
    terminal.mask(Masker::new(literal_tokens(&found.findings)));
    let of_repository = || super::ci::named_for_repository(&found.findings);
    match args.format {
        CheckFormat::Json => terminal.answer(&render::json_lines(&found.findings)),
        CheckFormat::Github => terminal.answer_command(&render::github(&of_repository())),
        CheckFormat::Sarif => terminal.answer(&render::sarif(&of_repository())),
        CheckFormat::Gitlab => terminal.answer(&render::gitlab(&of_repository())),
        CheckFormat::Human => {
            terminal.answer(&found.answer(&terminal));
            if args.ci.resolved() == Ci::Github {
                terminal.command(&render::github(&of_repository()));
            }
        }
    }
    Exit::of_findings(&found.findings).unwrap_or(Exit::Ok)
}

/// The findings, those without a place as ones about a file as a whole.
fn in_file(findings: Vec<Diagnostic>, path: &Path) -> Vec<Diagnostic> {
    let name = path.display().to_string();
    let findings = findings.into_iter();
    findings.map(|it| it.in_file(&name, None)).collect()
}

/// A check that looks at nothing must not pass for one that found nothing. `files` is the number of YAML files in the
/// folder.
fn nothing_in(folder: &Path, files: usize) -> Diagnostic {
    let seen = match files {
        0 => "there is no .yaml or .yml file in it, however deep".to_owned(),
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

fn nothing_at(path: &Path) -> Diagnostic {
    Diagnostic::error(
        Code::MissingFile,
        format!("there is no file or folder {}", path.display()),
    )
    .help("check the name and the folder you are in")
}

/// The files of a folder and of those in it that may be playbooks or parts of a project, in the order of their
/// names; those of folders that are links come last.
fn list(folder: &Path, asked: &mut Vec<Asked>, findings: &mut Vec<Diagnostic>) {
    let mut seen = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        list_real(&folder, &mut seen, asked, findings, &mut folders);
    }
}

/// The same without links to folders, which are left in `links`: one that leads to where it stands leads there again
/// and again. `seen` are the folders that were looked into, by their real paths.
fn list_real(
    folder: &Path,
    seen: &mut BTreeSet<PathBuf>,
    asked: &mut Vec<Asked>,
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
            list_real(&path, seen, asked, findings, links);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml")
        {
            let kind = kind_by_name(&path);
            asked.push(Asked { path, kind });
        }
    }
}

/// Whether a name is that of a file or a folder that people do not write playbooks in.
fn is_not_ours(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with('.') || name == "node_modules"
}

/// Whether a document is a playbook, or was to be one: other programs have `steps` as well.
fn is_playbook(root: &Node) -> bool {
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

/// Tokens that somebody wrote into a file: the finding says where, and shows none of it.
pub(super) fn literal_tokens(findings: &[Diagnostic]) -> Vec<Secret> {
    findings
        .iter()
        .filter_map(|finding| Some((finding, finding.place.as_ref()?)))
        .filter_map(|(finding, place)| {
            let written = place.source.slice(place.span).trim_matches(['"', '\'']);
            match finding.code {
                // A warning speaks of a default.
                Code::LiteralToken if finding.is_error() || is_worth_hiding(written) => {
                    Some(written.to_owned())
                }
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
    /// Looks at files side by side; what is found in each, in their order.
    fn all(&self, asked: &[Asked]) -> Vec<Found> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            while let Some((index, asked)) = nth(asked, next.fetch_add(1, Ordering::Relaxed)) {
                done.push((index, self.one(asked)));
            }
            done
        };
        let mut done = std::thread::scope(|scope| {
            // One that cannot be started is done without. They have the room that the first one has.
            let others: Vec<_> = (1..threads.min(asked.len()))
                .filter_map(|_| {
                    let thread = std::thread::Builder::new().stack_size(8 << 20);
                    thread.spawn_scoped(scope, work).ok()
                })
                .collect();
            let mut done = work();
            for other in others {
                done.extend(
                    other
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                );
            }
            done
        });
        done.sort_by_key(|(index, _)| *index);
        done.into_iter().map(|(_, found)| found).collect()
    }

    fn one(&self, asked: &Asked) -> Found {
        let path = &asked.path;
        let mut found = match asked.kind {
            Some(Kind::Project) => self.project_file(path),
            Some(Kind::Named) => self.named(path),
            Some(Kind::Data) => match data_format(path) {
                Some(format) => data_file(path, &format),
                None => Found::default(),
            },
            Some(Kind::BelowActions) => below_actions(),
            None => self.by_content(path),
        };
        found.findings = in_file(found.findings, path);
        found
    }

    fn project_file(&self, path: &Path) -> Found {
        let mut found = Found::default();
        found.looked.project_files = 1;
        let folder = folder_of(path);
        let root = if path.file_name().is_some_and(|name| name == CONFIG) {
            folder
        } else {
            folder_of(&folder)
        };
        self.project(&root);
        found
    }

    /// A file that was named, which is a playbook unless rows stand in it.
    fn named(&self, path: &Path) -> Found {
        self.read(path, |document| {
            let format = rows_in(&document.root, path)?;
            Some(data_file(path, &format))
        })
    }

    /// A playbook has `voxplay` at its top, or steps such as ours; what cannot be read might have been one.
    fn by_content(&self, path: &Path) -> Found {
        self.read(path, |document| {
            let mut found = Found::default();
            found.looked.left_out = 1;
            (!is_playbook(&document.root)).then_some(found)
        })
    }

    /// Reads a file once, as a playbook unless `other` makes something else of it.
    fn read(&self, path: &Path, other: impl FnOnce(&Document) -> Option<Found>) -> Found {
        let source = match read_source(path, &path.display().to_string()) {
            Ok(source) => source,
            Err(findings) => return self.playbook(path, (None, findings)),
        };
        let read = match document::read(&source) {
            Ok(document) => match other(&document) {
                Some(found) => return found,
                None => playbook::parse_document(&document),
            },
            // What cannot be read might have been a playbook; reading on finds what else is wrong.
            Err(_) => playbook::parse(&source),
        };
        self.playbook(path, read)
    }

    /// The project of a folder, read once however many files are in it.
    fn project(&self, folder: &Path) -> Arc<Project> {
        let mut projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(root) = projects.roots.get(folder) {
            return Arc::clone(&projects.by_root[root]);
        }
        let project = Project::find(folder);
        let root = project.root.clone();
        projects.roots.insert(folder.to_owned(), root.clone());
        Arc::clone(
            projects
                .by_root
                .entry(root)
                .or_insert_with(|| Arc::new(project)),
        )
    }

    fn playbook(
        &self,
        path: &Path,
        (playbook, findings): (Option<Playbook>, Vec<Diagnostic>),
    ) -> Found {
        let mut found = Found {
            findings,
            ..Found::default()
        };
        if let Some(mut playbook) = playbook {
            let project = self.project(&folder_of(path));
            uses::link(&mut playbook, path, &project, None, &mut found.findings);
            self.meaning(path, &Arc::new(playbook), &mut found);
        }
        found.looked.playbooks = 1;
        found
    }

    /// Everything but the form of a playbook.
    fn meaning(&self, path: &Path, playbook: &Arc<Playbook>, into: &mut Found) {
        let found = &mut into.findings;
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
                rows: self.rows,
            },
        );
        check_limits(playbook, &project, Needs::from(&rehearsal), found);
        into.notes.extend(draft.documentation_remarks());
        if self.rows == RowCheck::First {
            into.begun.extend(rehearsal.partly_looked_at());
        }
        found.extend(rehearsal.findings.iter().cloned());
        if let Some(plan) = draft.into_plan(found) {
            found.extend(accounts::check_own(
                &plan,
                &rehearsal,
                &files,
                (path, &project.root),
            ));
        }
    }
}

/// The file at an index, where there is one.
fn nth(asked: &[Asked], index: usize) -> Option<(usize, &Asked)> {
    Some((index, asked.get(index)?))
}

impl Found {
    fn answer(&self, terminal: &Terminal) -> String {
        let mut text = terminal.findings(&self.findings);
        if !text.is_empty() {
            text.push('\n');
        }
        let mut parts = vec![plural(self.looked.playbooks, "playbook")];
        if self.looked.project_files > 0 {
            parts.push(plural(self.looked.project_files, "project file"));
        }
        if self.looked.data_files > 0 {
            parts.push(plural(self.looked.data_files, "data file"));
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
        // Beside errors they would only be in the way.
        if !self.findings.iter().any(Diagnostic::is_error) {
            for note in &self.notes {
                let _ = writeln!(text, "note: {note}");
            }
        }
        if let Some(note) = first_rows(&self.begun) {
            let _ = writeln!(text, "note: {note}");
        }
        text
    }
}

/// What to say where only the first rows of some data were looked at; `begun` has how many those were.
fn first_rows(begun: &BTreeMap<String, u64>) -> Option<String> {
    let mut by_number: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for (data, rows) in begun {
        by_number.entry(*rows).or_default().push(data);
    }
    let parts = by_number.into_iter().map(|(rows, mut data)| {
        let more = data.len().saturating_sub(MOST_NAMES);
        data.truncate(MOST_NAMES);
        let more = match more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let rows = plural(rows, "row");
        format!("the first {rows} of {}{more}", data.join(", "))
    });
    let parts: Vec<String> = parts.collect();
    (!parts.is_empty()).then(|| {
        let parts = parts.join(", and ");
        format!("{parts} were looked at; --all-rows looks at all of them")
    })
}

/// The format of a file that can hold nothing but rows.
fn data_format(path: &Path) -> Option<rows::Format> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    match extension.as_str() {
        "csv" | "tsv" => Some(rows::Format::Csv { delimiter: None }),
        "jsonl" | "ndjson" => Some(rows::Format::Jsonl),
        "xlsx" => Some(rows::Format::Xlsx { sheet: None }),
        _ => None,
    }
}

/// The format of a YAML or JSON file that is a list, as no playbook is.
fn rows_in(root: &Node, path: &Path) -> Option<rows::Format> {
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

/// Whether a file can be read, to its last row.
fn data_file(path: &Path, format: &rows::Format) -> Found {
    let mut found = Found::default();
    found.looked.data_files = 1;
    let name = path.display().to_string();
    match rows::open(path, &name, format) {
        Err(findings) => found.findings = findings,
        Ok(rows) => {
            let wrong = rows.filter_map(Result::err).take(MOST_ROWS);
            found.findings = wrong.map(|error| error.finding(&name)).collect();
        }
    }
    found
}

/// An action that no command reads.
fn below_actions() -> Found {
    let finding = Diagnostic::warning(
        Code::Advice,
        "this file is not read: actions stand in the folder `actions` itself, and not in folders inside it",
    );
    let mut found = Found {
        findings: vec![finding.help("move it up, or out of `actions`")],
        ..Found::default()
    };
    found.looked.project_files = 1;
    found
}

fn kind_by_name(path: &Path) -> Option<Kind> {
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
