//! `voxplay check`: everything that can be known offline, nothing sent.

mod answer;
mod checker;
mod files;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use self::checker::Checker;
use self::files::{
    Asked, Kind, data_format, each_once, kind_by_name, list, nothing_at, nothing_in,
};
use super::Exit;
use super::args::{CheckArgs, CheckFormat};
use super::ci::Ci;
use super::prepare::once;
use super::terminal::Terminal;
use crate::diagnostic::render;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::RowCheck;
use crate::project::TargetConfig;
use crate::secret::{Masker, Secret, is_worth_hiding};

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
            let listed = list(path, &mut found.findings);
            asked.extend(listed.asked);
            let is_read = found.findings.len() == before;
            folders.push((path, first..asked.len(), listed.data, is_read));
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
    let named: BTreeSet<_> = asked.iter().map(Asked::identity).collect();
    let (files, places) = each_once(asked);
    let mut by_file = checker.all(&files);
    let mut data = Vec::new();
    for (folder, within, mut rows, is_read) in folders {
        let mut within = places[within].iter().map(|place| &by_file[*place]);
        let (number, has_rows) = (within.len(), !rows.is_empty());
        rows.retain(|file| !named.contains(&file.identity()));
        // Beside playbooks, rows are looked at as those read them.
        if within.all(Found::is_left_out) {
            if !has_rows && is_read {
                let finding = nothing_in(folder, number);
                found.findings.extend(in_file(vec![finding], folder));
            }
            data.extend(rows);
        }
    }
    by_file.extend(checker.all(&each_once(data).0));
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
