//! Where accounts of rows are written: what the command line says comes before what the playbook says.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: looks at what an account would take the place of"
)]

mod owner;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use owner::Owners;

use super::args::RunArgs;
use super::open::{folder_of, shown};
use super::own_columns;
use super::places::{make_folders, obstacle, to_be_made};
use super::reads::{DATA, Reads, whole};
use super::state;
use super::surroundings::current_folder;
use crate::diagnostic::{Code, Diagnostic};
use crate::draft;
use crate::event::AccountFlags;
use crate::plan::{AccountPaths, Plan, PlannedLoop, PlannedStep, Rehearsal};
use crate::project::Confinement;
use crate::run::{AccountFile, AccountFiles, AccountKind};
use crate::source::{Span, Spanned};

/// How much of a file is looked at for a header or a first row, in bytes.
const HEADER: u64 = crate::rows::MAX_ROW_BYTES as u64 + 64 * 1024;

/// All kinds of accounts.
const ALL: [AccountKind; 3] = [
    AccountKind::Rejected,
    AccountKind::Succeeded,
    AccountKind::Unknown,
];

/// What a playbook names for one kind of account.
const fn own(kind: AccountKind, playbook: &AccountPaths) -> Option<&Spanned<String>> {
    match kind {
        AccountKind::Rejected => playbook.rejected.as_ref(),
        AccountKind::Succeeded => playbook.succeeded.as_ref(),
        AccountKind::Unknown => playbook.unknown.as_ref(),
    }
}

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
        plan: &Plan,
        folder: &Path,
        findings: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut accounts = Self {
            given: BTreeMap::new(),
            folder: folder.to_owned(),
        };
        let loops = Owners::of(plan);
        for (flag, values) in [
            ("rejected", &args.rejected),
            ("succeeded", &args.succeeded),
            ("unknown", &args.unknown),
        ] {
            for value in values {
                match loops.named_by(value) {
                    Ok((id, path)) => {
                        let message = format!("--{flag} names two files for {id}");
                        let before = accounts.given.insert((id, flag), PathBuf::from(path));
                        if before.is_some_and(|before| before != Path::new(path)) {
                            let finding = Diagnostic::error(Code::InvalidValue, message);
                            findings.push(
                                finding.help(
                                    "name one; a comma stands between the files of two loops",
                                ),
                            );
                        }
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

    /// Where a playbook names an account; none where the command line does instead.
    fn own_span(&self, id: &str, kind: AccountKind, playbook: &AccountPaths) -> Option<Span> {
        let is_given = self.given.contains_key(&(id.to_owned(), kind.key()));
        let own = own(kind, playbook).filter(|_| !is_given);
        own.map(|path| path.span)
    }

    /// What to say of accounts that are there though the run did not get to their loops: they are of an earlier run, and
    /// fed back they would be taken for this one's.
    pub(super) fn of_earlier_runs(&self, plan: &Plan, reached: &BTreeSet<String>) -> Vec<String> {
        let loops = plan.loops().into_iter();
        loops
            .filter(|(step, _)| !reached.contains(&step.id))
            .flat_map(|(step, each)| {
                let files = self.files(&step.id, &each.accounts).into_iter();
                files.map(move |file| (step, file))
            })
            .filter(|(_, file)| file.path.exists())
            .map(|(step, file)| {
                format!(
                    "note: {} is of an earlier run: this one did not get to the rows of {}\n",
                    shown(&file.path),
                    step.id
                )
            })
            .collect()
    }

    /// Makes the folders of the files that the playbook names itself, before anything is sent.
    pub(super) fn make_folders(&self, plan: &Plan) -> Vec<Diagnostic> {
        let mut findings = Vec::new();
        for (step, each) in plan.loops() {
            for file in self.files(&step.id, &each.accounts) {
                if let Some(span) = self.own_span(&step.id, file.kind, &each.accounts)
                    && let Err(obstacle) = make_folders(&file.path)
                {
                    let name = format!("`{}` of {}", file.kind.key(), step.id);
                    findings.push(obstacle.of(&name).at(step.home.source(), span));
                }
            }
        }
        findings
    }

    /// The files of one loop.
    pub(super) fn files(&self, id: &str, playbook: &AccountPaths) -> AccountFiles {
        ALL.into_iter()
            .filter_map(|kind| {
                let given = self.given.get(&(id.to_owned(), kind.key())).cloned();
                let own = own(kind, playbook).map(|path| self.folder.join(&path.value));
                let path = given.or(own)?;
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
    reads: &Reads,
    reports: &[&Path],
) -> Vec<Diagnostic> {
    let mut taken: Vec<(PathBuf, String)> = Vec::new();
    for report in reports {
        taken.extend(whole(report).map(|path| (path, "a report".to_owned())));
    }
    let secret = plan.loops_over_secrets();
    let mut findings = Vec::new();
    for (step, each) in plan.loops() {
        for file in accounts.files(&step.id, &each.accounts) {
            let key = file.kind.key();
            let name = format!("`{key}` of {}", step.id);
            let own = accounts.own_span(&step.id, file.kind, &each.accounts);
            let path = match own {
                // Its folders are made when it runs.
                Some(_) => whole(&file.path).or_else(|| to_be_made(&file.path)),
                None => whole(&file.path),
            };
            let is_outside = own.is_some()
                && match &path {
                    Some(path) => !files.admits(path),
                    None => files.leads_out(&file.path.display().to_string()),
                };
            let objection = match &path {
                _ if secret.contains(&*step.id) => Some(Objection::secret()),
                _ if is_outside => Some(Objection::outside()),
                None => None,
                Some(path) => objection(path, &taken, reads),
            };
            let finding = match objection {
                Some(mut objection) => {
                    let is_read = path.as_deref().and_then(|path| reads.what(path));
                    if is_read == Some(DATA) && own.is_some() {
                        objection.help = for_this_run(accounts, step, each, file.kind);
                    }
                    Some(objection.of(&name, &file.path))
                }
                None if own.is_some()
                    && !draft::names_folder(&file.path)
                    && !draft::folder_of(&file.path).exists() =>
                {
                    None
                }
                None => obstacle(&file.path).map(|obstacle| obstacle.of(&name)),
            };
            let place = own.unwrap_or(step.span);
            findings.extend(finding.map(|it| it.at(step.home.source(), place)));
            taken.extend(path.map(|path| (path, name)));
        }
    }
    findings
}

/// The same for the files that a playbook names itself, where no command line says anything else.
pub(super) fn check_own(
    plan: &Plan,
    rehearsal: &Rehearsal,
    files: &Confinement,
    (playbook, root): (&Path, &Path),
) -> Vec<Diagnostic> {
    let accounts = Accounts {
        given: BTreeMap::new(),
        folder: folder_of(playbook),
    };
    let reads = Reads::of_plan(plan, rehearsal, files).keeping(&state::of_run(None, root));
    let mut findings = check(&accounts, plan, files, &reads, &[]);
    findings.extend(own_columns::check(&accounts, plan, rehearsal, files));
    findings
}

/// What speaks against a file.
struct Objection {
    code: Code,
    /// What stands before the path, and behind it.
    words: (&'static str, String),
    help: String,
}

impl Objection {
    fn secret() -> Self {
        Self {
            code: Code::InvalidValue,
            words: (
                "the rows come from a secret input, and ",
                " would show them".to_owned(),
            ),
            help: "leave the account out, for reports and `voxplay runs show` name the rows by their numbers; or read the rows from a file with `csv:` or `jsonl:`".to_owned(),
        }
    }

    fn outside() -> Self {
        Self {
            code: Code::OutsideProject,
            words: ("", " is outside the project's folder".to_owned()),
            help: "keep it in the project, list its folder under `allow_paths` in voxplay.yaml, or name the file on the command line".to_owned(),
        }
    }

    /// What it says of the account called `name`.
    fn of(self, name: &str, path: &Path) -> Diagnostic {
        let (before, behind) = self.words;
        let message = format!("{name}: {before}{}{behind}", shown(path));
        Diagnostic::error(self.code, message).help(self.help)
    }
}

/// What to do where the account of an earlier run is the data of this one: both are to stay.
fn for_this_run(
    accounts: &Accounts,
    step: &PlannedStep,
    each: &PlannedLoop,
    kind: AccountKind,
) -> String {
    let key = kind.key();
    let id = &step.id;
    let others = ALL.into_iter().filter(|other| *other != kind);
    let others = others.filter(|other| accounts.own_span(id, *other, &each.accounts).is_some());
    let flags: Vec<String> = others
        .map(|other| format!("`--{} {id}=OTHER`", other.key()))
        .collect();
    let first = format!("give it a file of its own, for one run with `--{key} {id}=OTHER`");
    if flags.is_empty() {
        return first;
    }
    format!(
        "{first}; the other accounts of the loop are replaced as well, unless you name others for them: {}",
        flags.join(", ")
    )
}

/// Why no account may be written to a path.
fn objection(path: &Path, taken: &[(PathBuf, String)], reads: &Reads) -> Option<Objection> {
    let taken = taken.iter().find(|(taken, _)| taken == path);
    let other = reads.what(path);
    let other = other.or_else(|| taken.map(|(_, name)| name.as_str()));
    if let Some(other) = other {
        return Some(Objection {
            code: Code::InvalidValue,
            words: ("", format!(" is {other} as well")),
            help: "give it a file of its own".to_owned(),
        });
    }
    is_something_else(path).then(|| Objection {
        code: Code::InvalidValue,
        words: (
            "",
            " is there already, and is no account of rows: it would be overwritten".to_owned(),
        ),
        help: "name a file that is not there yet".to_owned(),
    })
}

/// Whether a file is there that is neither empty nor an account.
fn is_something_else(path: &Path) -> bool {
    if !path.is_file() {
        return false;
    }
    let mut first = Vec::new();
    let is_read = File::open(path)
        .and_then(|file| BufReader::new(file.take(HEADER)).read_until(b'\n', &mut first))
        .is_ok();
    !is_read || !(first.is_empty() || names_row(&first))
}

/// Whether a header, or the first of JSON lines, has a name by which accounts are known.
fn names_row(line: &[u8]) -> bool {
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    line.split(|byte| !is_of_name(byte))
        .any(|name| name == b"_row")
}
