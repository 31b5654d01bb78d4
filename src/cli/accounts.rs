//! Where accounts of rows are written: what the command line says comes before what the playbook says.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: looks at what an account would take the place of"
)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use super::args::RunArgs;
use super::reports;
use super::surroundings::current_folder;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::event::AccountFlags;
use crate::plan::{AccountPaths, Plan};
use crate::project::Confinement;
use crate::run::{AccountFile, AccountFiles, AccountKind};

/// How much of a file is looked at for a header or a first row, in bytes.
const HEADER: u64 = crate::rows::MAX_ROW_BYTES as u64 + 64 * 1024;

/// The paths of the command line, by loop and kind.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    given: BTreeMap<(String, &'static str), PathBuf>,
    /// Where paths of the playbook begin.
    folder: PathBuf,
}

impl Accounts {
    /// Reads `--rejected`, `--succeeded` and `--unknown` for the loops of a playbook in `folder`.
    pub(super) fn read(
        args: &RunArgs,
        loops: &[String],
        folder: &Path,
        findings: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut accounts = Self {
            given: BTreeMap::new(),
            folder: folder.to_owned(),
        };
        for (flag, values) in [
            ("rejected", &args.rejected),
            ("succeeded", &args.succeeded),
            ("unknown", &args.unknown),
        ] {
            for value in values {
                match owner(value, loops) {
                    Ok((id, path)) => {
                        accounts.given.insert((id, flag), PathBuf::from(path));
                    }
                    Err(finding) => findings.push(Diagnostic {
                        message: format!("--{flag} {value}: {}", finding.message),
                        ..finding
                    }),
                }
            }
        }
        accounts
    }

    /// What the command line says, as the journal keeps it: with the loop, and with the path from the project's root
    /// where it lies in there, so that it means the same file wherever the run is gone on with.
    pub(super) fn kept(&self, root: &Path) -> AccountFlags {
        let of = |kind: AccountKind| {
            let given = self.given.iter().filter(|((_, key), _)| *key == kind.key());
            let values = given.map(|((id, _), path)| {
                let whole = current_folder().join(path);
                let path = whole.strip_prefix(root).unwrap_or(&whole);
                format!("{id}={}", path.display())
            });
            values.collect()
        };
        AccountFlags {
            rejected: of(AccountKind::Rejected),
            succeeded: of(AccountKind::Succeeded),
            unknown: of(AccountKind::Unknown),
        }
    }

    /// The files of one loop.
    pub(super) fn files(&self, id: &str, playbook: &AccountPaths) -> AccountFiles {
        [
            (AccountKind::Rejected, &playbook.rejected),
            (AccountKind::Succeeded, &playbook.succeeded),
            (AccountKind::Unknown, &playbook.unknown),
        ]
        .into_iter()
        .filter_map(|(kind, own)| {
            let given = self.given.get(&(id.to_owned(), kind.key())).cloned();
            let path = given.or_else(|| own.as_ref().map(|path| self.folder.join(path)))?;
            Some(AccountFile { kind, path })
        })
        .collect()
    }
}

/// A value that the journal kept, as of the command line.
pub(super) fn given_back(value: &str, root: &Path) -> String {
    value.split_once('=').map_or_else(
        || value.to_owned(),
        |(id, path)| format!("{id}={}", root.join(path).display()),
    )
}

/// What speaks against the files of these loops before anything is sent. They take the place of what is there, so
/// they must not be anything but accounts of an earlier run; and what a playbook names stays in its project.
pub(super) fn check(
    accounts: &Accounts,
    plan: &Plan,
    files: &Confinement,
    data: &[PathBuf],
    reports: &[&Path],
) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let mut taken: Vec<(PathBuf, String)> = Vec::new();
    for report in reports {
        taken.extend(whole(report).map(|path| (path, "a report".to_owned())));
    }
    for data in data {
        taken.push((data.clone(), "the data of a loop".to_owned()));
    }
    for (step, each) in plan.loops() {
        for file in accounts.files(&step.id, &each.accounts) {
            let name = format!("`{}` of {}", file.kind.key(), step.id);
            let is_own = !accounts
                .given
                .contains_key(&(step.id.clone(), file.kind.key()));
            let tell = |problem: String, help: &str| {
                Diagnostic::error(Code::InvalidValue, format!("{name}: {problem}"))
                    .at(step.home.source(), step.span)
                    .help(help)
            };
            let shown = file.path.display();
            let Some(path) = whole(&file.path) else {
                findings.push(tell(
                    format!("there is no folder for {shown}"),
                    "make the folder first, or name another",
                ));
                continue;
            };
            if let Some((_, other)) = taken.iter().find(|(taken, _)| *taken == path) {
                findings.push(tell(
                    format!("{shown} is {other} as well"),
                    "give it a file of its own",
                ));
            } else if is_own && !files.admits(&path) {
                findings.push(tell(
                    format!("{shown} is outside the project's folder"),
                    "keep it in the project, list its folder under `allow_paths` in voxplay.yaml, or name the file on the command line",
                ));
            } else if let Some(problem) = replaced(&path) {
                findings.push(tell(
                    format!("{shown} {problem}"),
                    "name a file that is not there yet",
                ));
            }
            taken.push((path, name));
        }
    }
    findings
}

/// The path without links and `..`, where its folder is there.
fn whole(path: &Path) -> Option<PathBuf> {
    if let Ok(there) = path.canonicalize() {
        return Some(there);
    }
    let folder = reports::folder_of(path).canonicalize().ok()?;
    folder.is_dir().then_some(folder.join(path.file_name()?))
}

/// Why what is there must not be replaced.
fn replaced(path: &Path) -> Option<&'static str> {
    let metadata = path.metadata().ok()?;
    if metadata.is_dir() {
        return Some("is a folder");
    }
    if !metadata.is_file() {
        return Some("is no ordinary file");
    }
    let mut first = Vec::new();
    let is_read = File::open(path)
        .and_then(|file| BufReader::new(file.take(HEADER)).read_until(b'\n', &mut first))
        .is_ok();
    (!is_read || !(first.is_empty() || names_row(&first)))
        .then_some("is there already, and is no account of rows: it would be overwritten")
}

/// Whether a header, or the first of JSON lines, has a name by which accounts are known.
fn names_row(line: &[u8]) -> bool {
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    line.split(|byte| !is_of_name(byte))
        .any(|name| name == b"_row")
}

/// The loop that a value speaks of, and the path.
fn owner<'v>(value: &'v str, loops: &[String]) -> Result<(String, &'v str), Diagnostic> {
    if let Some((id, path)) = value.split_once('=')
        && loops.iter().any(|known| known == id)
    {
        return Ok((id.to_owned(), path));
    }
    match loops {
        [only] => match value.split_once('=') {
            Some((id, _)) if is_name(id) && !has_folder(value) => Err(Diagnostic::error(
                Code::InvalidValue,
                format!("no loop is called {id}"),
            )
            .help(format!(
                "write {only}=PATH, or only PATH; for a file of that name ./{value}"
            ))),
            _ => Ok((only.clone(), value)),
        },
        [] => Err(
            Diagnostic::error(Code::InvalidValue, "the playbook has no `for_each`")
                .help("leave the flag away"),
        ),
        many => {
            let mut finding = Diagnostic::error(
                Code::InvalidValue,
                "the playbook has several loops, and this names none of them",
            );
            let written = value.split_once('=').map_or("", |(id, _)| id);
            finding.help = did_you_mean(written, many.iter().map(String::as_str))
                .map(|help| format!("write STEP=PATH; {help}"));
            Err(finding)
        }
    }
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    !text.is_empty() && text != "." && text != ".." && text.chars().all(fits)
}

fn has_folder(path: &str) -> bool {
    Path::new(path)
        .parent()
        .is_some_and(|folder| !folder.as_os_str().is_empty() && folder.is_dir())
}
