//! Looks at files, one independent of the others: as playbooks, as parts of a project, as rows.
#![expect(clippy::disallowed_methods, reason = "an edge: the clock is read here")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::files::{Asked, Kind, data_format, is_playbook, rows_in};
use super::{Found, in_file};
use crate::action::TargetFacts;
use crate::cli::accounts;
use crate::cli::limits::{Needs, check_limits};
use crate::cli::open::{self, Project, folder_of};
use crate::cli::surroundings::Process;
use crate::cli::uses;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{self, Document, read_source};
use crate::plan::{self, Completeness, Facts, Given, RowCheck};
use crate::playbook::{self, Playbook};
use crate::project::{CONFIG, TargetConfig};
use crate::rows;
use crate::template::{Clock, Engine};

/// How many findings about the rows of one file are told.
const MOST_ROWS: usize = 100;

/// The projects that files belong to, each read once.
#[derive(Debug, Default)]
pub(super) struct Projects {
    pub(super) by_root: BTreeMap<PathBuf, Arc<Project>>,
    /// The root of the project of each folder that was asked for.
    roots: BTreeMap<PathBuf, PathBuf>,
}

/// What looks at files, one independent of the others.
pub(super) struct Checker {
    pub(super) rows: RowCheck,
    pub(super) projects: Mutex<Projects>,
}

impl Checker {
    /// Looks at files side by side; what is found in each, in their order.
    pub(super) fn all(&self, asked: &[Asked]) -> Vec<Found> {
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
