//! `voxplay init`: the files of a new project, all of them or none.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: makes files and folders"
)]

use std::io;
use std::path::{Path, PathBuf};

use super::Exit;
use super::args::InitArgs;
use super::terminal::Terminal;
use crate::action::Catalogue;
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
    let files = files();
    let present: Vec<PathBuf> = files
        .iter()
        .map(|(path, _)| folder.join(path))
        .filter(|path| path.symlink_metadata().is_ok())
        .collect();
    if !present.is_empty() && !args.force {
        terminal.say(&refusal(&present));
        return Exit::Refused;
    }
    match Making::default().make(&folder, &files) {
        Ok(()) => {
            terminal.answer(&what_next(&folder, &files));
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

fn refusal(present: &[PathBuf]) -> String {
    let present: String = lines(present.iter().map(PathBuf::as_path));
    format!(
        "error: these files are there already, and nothing was changed:\n{present}\
         help: name another folder, or overwrite them with `--force`\n"
    )
}

fn lines<'p>(paths: impl Iterator<Item = &'p Path>) -> String {
    paths
        .map(|path| ["  ", &path.to_string_lossy(), "\n"].concat())
        .collect()
}

fn what_next(folder: &Path, files: &[(String, String)]) -> String {
    let made: Vec<PathBuf> = files.iter().map(|(path, _)| folder.join(path)).collect();
    let made = lines(made.iter().map(PathBuf::as_path));
    let enter = if folder.as_os_str().is_empty() {
        String::new()
    } else {
        format!("  cd {}\n", folder.display())
    };
    format!(
        "A new project:
{made}
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
    drafts: Vec<(PathBuf, PathBuf)>,
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
        for (draft, path) in &self.drafts {
            if let Err(error) = std::fs::rename(draft, path) {
                let path = path.clone();
                self.undo();
                return Err((path, error));
            }
        }
        Ok(())
    }

    fn draft(&mut self, path: &Path, text: &str) -> io::Result<()> {
        if path.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
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
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let draft = path.with_file_name(name);
        self.drafts.push((draft.clone(), path.to_owned()));
        std::fs::write(draft, text)
    }

    fn undo(&self) {
        for (draft, _) in &self.drafts {
            let _ = std::fs::remove_file(draft);
        }
        // Only those that are empty again can be removed, and no others should be.
        for folder in self.folders.iter().rev() {
            let _ = std::fs::remove_dir(folder);
        }
    }
}
