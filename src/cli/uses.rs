//! The playbooks that a playbook uses: found, read and linked, each file once, with everything that is wrong with
//! them.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: paths are made absolute here"
)]

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::open::{Project, folder_of};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{self, read_source};
use crate::playbook::{self, Playbook, StepKind, UseLink, Used};
use crate::reading::unknown_zone;
use crate::source::Spanned;
use crate::value::Map;

/// How many playbooks may stand in a chain of uses, the one that is run included.
const DEPTH: usize = 16;
/// How many playbooks may run in one, each counted as often as it is used.
const MOST: usize = 500;

/// Reads an environment variable.
pub(super) type Variables<'v> = &'v dyn Fn(&str) -> Option<String>;

/// Links the uses of a playbook to the files that they name. `variables` gives what inputs take from the
/// environment; none for a check, which leaves them open.
pub(super) fn link(
    playbook: &mut Playbook,
    path: &Path,
    project: &Project,
    variables: Option<Variables<'_>>,
    findings: &mut Vec<Diagnostic>,
) {
    let folder = folder_of(path);
    let file = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut linker = Linker {
        project,
        path,
        folder: &folder,
        variables,
        chain: vec![(file, playbook.source.name().to_owned())],
        seen: HashMap::new(),
        findings,
    };
    linker.link(playbook, path);
}

struct Linker<'l> {
    project: &'l Project,
    /// The playbook that is run, as it was named.
    path: &'l Path,
    /// Its folder, symlinks resolved.
    folder: &'l Path,
    variables: Option<Variables<'l>>,
    /// The playbooks on the way to the one that is being linked, itself included.
    chain: Vec<(PathBuf, String)>,
    /// Files that were read; none where one could not be used.
    seen: HashMap<PathBuf, Option<UseLink>>,
    findings: &'l mut Vec<Diagnostic>,
}

impl Linker<'_> {
    /// Links one playbook; gives its height and size, as [`Used`] counts them.
    fn link(&mut self, playbook: &mut Playbook, path: &Path) -> (usize, usize) {
        let objections = self.project.config.objections(playbook);
        self.findings.extend(objections);
        let rules = self.project.confinement(path);
        let steps = playbook.all_steps();
        let written: Vec<Spanned<String>> = steps
            .iter()
            .filter_map(|step| match &step.kind {
                StepKind::Use { path, .. } => Some(path.clone()),
                _ => None,
            })
            .collect();
        let (mut height, mut size) = (1, 1);
        for written in written {
            let found = rules
                .resolve(&written.value)
                .and_then(|resolved| self.follow(&resolved.path, &written.value))
                .and_then(|link| match link {
                    Some(link) if self.chain.len() + link.height > DEPTH => Err(too_deep()),
                    Some(link) if size + link.size > MOST => Err(Diagnostic::error(
                        Code::InvalidValue,
                        format!("more than {MOST} playbooks would run, each counted as often as it is used"),
                    )
                    .help("run a loop over one `use` step instead of many steps")),
                    other => Ok(other),
                });
            match found {
                Ok(Some(link)) => {
                    height = height.max(link.height + 1);
                    size += link.size;
                    playbook.uses.insert(written.value, link);
                }
                Ok(None) => {}
                Err(finding) if finding.code == Code::MissingFile => {
                    playbook.missing_uses.insert(written.value, finding);
                }
                Err(finding) => self
                    .findings
                    .push(finding.at(&playbook.source, written.span)),
            }
        }
        (height, size)
    }

    /// The playbook in a file; none where something is wrong with the file itself, and that was said.
    fn follow(&mut self, file: &Path, written: &str) -> Result<Option<UseLink>, Diagnostic> {
        if let Some(first) = self.chain.iter().position(|(known, _)| known == file) {
            let names = self.chain[first..].iter().chain([&self.chain[first]]);
            let names: Vec<&str> = names.map(|(_, name)| name.as_str()).collect();
            return Err(Diagnostic::error(
                Code::InvalidValue,
                format!("a playbook cannot use itself: {}", names.join(" → ")),
            )
            .help("take one of these uses out"));
        }
        if let Some(known) = self.seen.get(file) {
            return Ok(known.clone());
        }
        if self.chain.len() >= DEPTH {
            return Err(too_deep());
        }
        let link = self.load(file, written)?;
        self.seen.insert(file.to_owned(), link.clone());
        Ok(link)
    }

    fn load(&mut self, file: &Path, written: &str) -> Result<Option<UseLink>, Diagnostic> {
        let path = relative(self.folder, file);
        let shown = beside(self.path, &path);
        let source = match read_source(file, &shown) {
            Ok(source) => source,
            Err(findings) => {
                self.findings.extend(findings);
                return Ok(None);
            }
        };
        let (document, found) = document::read_on(&source);
        self.findings.extend(found);
        let Some(document) = document else {
            return Ok(None);
        };
        if document.root.get("voxplay").is_none() && document.root.get("steps").is_none() {
            return Err(Diagnostic::error(
                Code::InvalidValue,
                format!("{written} is not a playbook: neither `voxplay` nor `steps` in it"),
            )
            .help("name the file of a playbook"));
        }
        let (playbook, found) = playbook::parse_document(&document);
        self.findings.extend(found);
        let Some(mut playbook) = playbook else {
            return Ok(None);
        };
        self.chain.push((file.to_owned(), shown));
        let (height, size) = self.link(&mut playbook, file);
        self.chain.pop();
        let zone = playbook.timezone.as_ref().and_then(|name| {
            TimeZone::get(&name.value)
                .map_err(|_| {
                    let finding = unknown_zone(&name.value).at(&playbook.source, name.span);
                    self.findings.push(finding);
                })
                .ok()
        });
        let environment = self.variables.map(|variables| {
            let names = playbook
                .inputs
                .iter()
                .filter_map(|input| input.from_env.as_ref());
            names
                .filter_map(|name| Some((name.value.clone(), variables(&name.value)?.into())))
                .collect::<Map>()
        });
        Ok(Some(Arc::new(Used {
            playbook,
            path,
            folder: folder_of(file),
            zone,
            environment,
            height,
            size,
        })))
    }
}

fn too_deep() -> Diagnostic {
    Diagnostic::error(
        Code::InvalidValue,
        format!("playbooks use each other deeper than {DEPTH}"),
    )
    .help("write some of the steps out")
}

/// The way from a folder to a file, both absolute; slashes between.
fn relative(folder: &Path, file: &Path) -> String {
    let folder: Vec<Component<'_>> = folder.components().collect();
    let file: Vec<Component<'_>> = file.components().collect();
    let same = folder
        .iter()
        .zip(&file)
        .take_while(|(one, other)| one == other)
        .count();
    let up = folder[same..].iter().map(|_| "..".to_owned());
    let down = file[same..]
        .iter()
        .map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// The file at the end of a way that begins beside another file, as messages show it: in the words in which the
/// other was named.
fn beside(file: &Path, way: &str) -> String {
    let mut shown = file.parent().map(Path::to_owned).unwrap_or_default();
    for part in way.split('/') {
        let ends_in_a_name = matches!(shown.components().next_back(), Some(Component::Normal(_)));
        if part == ".." && ends_in_a_name {
            shown.pop();
        } else {
            shown.push(part);
        }
    }
    shown.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_between_files() {
        let folder = Path::new("/project/playbooks");
        let way = |file: &str| relative(folder, Path::new(file));
        assert_eq!(way("/project/playbooks/shared/a.yaml"), "shared/a.yaml");
        assert_eq!(way("/project/shared/a.yaml"), "../shared/a.yaml");
        assert_eq!(
            beside(Path::new("main.yaml"), "shared/a.yaml"),
            "shared/a.yaml"
        );
        assert_eq!(beside(Path::new("main.yaml"), "../a.yaml"), "../a.yaml");
        assert_eq!(
            beside(Path::new("playbooks/main.yaml"), "../shared/a.yaml"),
            "shared/a.yaml"
        );
    }
}
