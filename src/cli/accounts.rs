//! Where accounts of rows are written: what the command line says comes before what the playbook says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::args::RunArgs;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::plan::{AccountPaths, PlannedKind, PlannedStep};
use crate::run::{AccountFile, AccountFiles, AccountKind};

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

    /// The files of one loop.
    pub(super) fn files(&self, id: &str, playbook: &AccountPaths) -> AccountFiles {
        [
            (AccountKind::Rejected, "rejected", &playbook.rejected),
            (AccountKind::Succeeded, "succeeded", &playbook.succeeded),
            (AccountKind::Unknown, "unknown", &playbook.unknown),
        ]
        .into_iter()
        .filter_map(|(kind, flag, own)| {
            let given = self.given.get(&(id.to_owned(), flag)).cloned();
            let path = given.or_else(|| own.as_ref().map(|path| self.folder.join(path)))?;
            Some(AccountFile { kind, path })
        })
        .collect()
    }
}

/// The loop that a value speaks of, and the path.
fn owner<'v>(value: &'v str, loops: &[String]) -> Result<(String, &'v str), Diagnostic> {
    if let Some((id, path)) = value.split_once('=')
        && loops.iter().any(|known| known == id)
    {
        return Ok((id.to_owned(), path));
    }
    match loops {
        [only] => Ok((only.clone(), value)),
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

/// The ids of the loops in these steps, those inside loops included.
pub(super) fn loops(steps: &[PlannedStep]) -> Vec<String> {
    let mut ids = Vec::new();
    for step in steps {
        if matches!(step.kind, PlannedKind::Loop(_)) {
            ids.push(step.id.clone());
        }
        ids.extend(step.nested().flat_map(loops));
    }
    ids
}
