//! `voxplay init`: the files of a new project, all that are missing or none.

use std::io;
use std::path::{Path, PathBuf};

use super::Exit;
use super::args::InitArgs;
use super::terminal::Terminal;
use crate::action::Catalogue;
use crate::draft::Draft;
use crate::editor;
use crate::project::CONFIG;

/// The files beside the schemas: path, text.
const FILES: [(&str, &str); 10] = [
    (CONFIG, include_str!("init/voxplay.yaml")),
    ("playbooks/first.yaml", include_str!("init/first.yaml")),
    (
        "playbooks/contacts.yaml",
        include_str!("init/contacts.yaml"),
    ),
    ("data/contacts.csv", include_str!("init/contacts.csv")),
    (
        ".github/workflows/voxplay.yml",
        include_str!("init/github.yml"),
    ),
    (".gitlab-ci.yml", include_str!("init/gitlab.yml")),
    (".vscode/settings.json", include_str!("init/settings.json")),
    (
        ".vscode/extensions.json",
        include_str!("init/extensions.json"),
    ),
    (".gitignore", include_str!("init/gitignore")),
    ("README.md", include_str!("init/README.md")),
];

pub(super) fn init(args: &InitArgs) -> Exit {
    let terminal = Terminal::new();
    let folder = args.folder.clone().unwrap_or_default();
    let is_there = |path: &str| folder.join(path).symlink_metadata().is_ok();
    let (kept, missing): (Vec<_>, Vec<_>) = files()
        .into_iter()
        .partition(|(path, _)| !args.force && is_there(path));
    match Making::default().make(&folder, &missing) {
        Ok(()) => {
            terminal.answer(&made(&folder, &missing, &kept));
            Exit::Ok
        }
        Err((path, error)) => {
            terminal.say(&format!(
                "error: {} cannot be written: {error}\n",
                path.display()
            ));
            Exit::Refused
        }
    }
}

/// Every file of a new project, in the order in which people read about them.
fn files() -> Vec<(String, String)> {
    let schemas = editor::files(&Catalogue::built_in());
    let schemas = schemas
        .into_iter()
        .map(|(name, text)| (format!("schemas/{name}"), text));
    FILES
        .iter()
        .map(|(path, text)| {
            let text = text.replace("@VERSION@", env!("CARGO_PKG_VERSION"));
            ((*path).to_owned(), text)
        })
        .chain(schemas)
        .collect()
}

fn lines<'p>(paths: impl Iterator<Item = &'p Path>) -> String {
    paths
        .map(|path| ["  ", &path.to_string_lossy(), "\n"].concat())
        .collect()
}

/// What was made, what was kept as it was, and what to do next.
fn made(folder: &Path, made: &[(String, String)], kept: &[(String, String)]) -> String {
    let listed = |files: &[(String, String)]| {
        let paths: Vec<PathBuf> = files.iter().map(|(path, _)| folder.join(path)).collect();
        lines(paths.iter().map(PathBuf::as_path))
    };
    let made = match made {
        [] => "Nothing is missing here.\n".to_owned(),
        made => format!("A new project:\n{}", listed(made)),
    };
    let kept = match kept {
        [] => String::new(),
        kept => format!(
            "\nThere already, and left as they are (`--force` overwrites them):\n{}",
            listed(kept)
        ),
    };
    let enter = if folder.as_os_str().is_empty() {
        String::new()
    } else {
        format!("  cd {}\n", folder.display())
    };
    format!(
        "{made}{kept}
Next:
{enter}  voxplay check .
  voxplay run playbooks/first.yaml --sandbox -i contact_id=64cb

Then put your server and operation into voxplay.yaml, and the token into WOLKVOX_TOKEN.
"
    )
}

/// What was made so far, to be taken away again where the rest cannot be.
#[derive(Default)]
struct Making {
    folders: Vec<PathBuf>,
    drafts: Vec<(PathBuf, Draft)>,
}

impl Making {
    /// Writes every file under another name, and only then puts them in their places: a full disk or a
    /// folder that may not be written to changes nothing.
    fn make(
        mut self,
        folder: &Path,
        files: &[(String, String)],
    ) -> Result<(), (PathBuf, io::Error)> {
        for (path, text) in files {
            let path = folder.join(path);
            if let Err(error) = self.draft(&path, text) {
                self.undo();
                return Err((path, error));
            }
        }
        let mut drafts = std::mem::take(&mut self.drafts).into_iter();
        while let Some((path, draft)) = drafts.next() {
            if let Err(error) = draft.finish() {
                // Those that are left keep their folders from being empty.
                drop(drafts);
                self.undo();
                return Err((path, error));
            }
        }
        Ok(())
    }

    fn draft(&mut self, path: &Path, text: &str) -> io::Result<()> {
        let missing: Vec<PathBuf> = path
            .ancestors()
            .skip(1)
            .take_while(|above| !above.as_os_str().is_empty() && !above.exists())
            .map(Path::to_owned)
            .collect();
        for above in missing.into_iter().rev() {
            std::fs::create_dir(&above)?;
            self.folders.push(above);
        }
        self.drafts.push((path.to_owned(), Draft::of(path, text)?));
        Ok(())
    }

    fn undo(&mut self) {
        self.drafts.clear();
        // Only those that are empty again can be removed, and no others should be.
        for folder in self.folders.iter().rev() {
            let _ = std::fs::remove_dir(folder);
        }
    }
}
