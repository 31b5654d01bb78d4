//! `voxplay schema`.

use std::path::Path;

use super::Exit;
use super::args::SchemaArgs;
use super::check::literal_tokens;
use super::files::write_whole;
use super::open::Project;
use super::surroundings::current_folder;
use super::terminal::Terminal;
use crate::action::{Action, Catalogue};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::editor;
use crate::secret::Masker;

/// What there is a schema of besides the actions.
pub(super) const KINDS: [(&str, &str); 5] = [
    ("playbook", "a playbook"),
    ("config", "voxplay.yaml"),
    ("action", "an action file"),
    ("plan", "what `plan --format json` writes"),
    ("report", "what `--report json=PATH` writes"),
];

pub(super) fn schema(args: &SchemaArgs) -> Exit {
    let mut terminal = Terminal::new();
    let folder = args.project.clone().unwrap_or_else(current_folder);
    let project = Project::find(&folder);
    terminal.mask(Masker::new(literal_tokens(&project.findings)));
    let mut findings = project.findings;
    let broken = Exit::of_findings(&findings);
    // Files that are kept are written whole or not at all; what is only shown is of use to an editor without the rest.
    if args.write.is_none() || broken.is_none() {
        match answer(args, &project.catalogue) {
            Ok(text) => terminal.answer(&text),
            Err(finding) => findings.push(finding),
        }
    }
    terminal.say(&terminal.findings(&findings));
    Exit::of_findings(&findings).unwrap_or(Exit::Ok)
}

fn answer(args: &SchemaArgs, catalogue: &Catalogue) -> Result<String, Diagnostic> {
    if args.list {
        return Ok(list(catalogue));
    }
    if let Some(folder) = &args.write {
        return write(folder, args.calls, catalogue);
    }
    let schema = match (&args.what, &args.request, &args.response) {
        (_, Some(name), _) => {
            let found = find(name, catalogue)?;
            editor::request(&found).ok_or_else(|| {
                Diagnostic::error(
                    Code::InvalidValue,
                    format!("`{name}` sends no body: its parameters stand in the address"),
                )
                .help(format!("see `voxplay schema {name}`"))
            })?
        }
        (_, _, Some(name)) => editor::response(&*find(name, catalogue)?),
        (Some(what), ..) => match what.as_str() {
            "playbook" => editor::playbook(catalogue),
            "config" => editor::config(),
            "action" => editor::action_file(),
            "plan" => editor::plan(),
            "report" => editor::report(),
            name => editor::with(&*find(name, catalogue)?),
        },
        (None, None, None) => editor::playbook(catalogue),
    };
    Ok(editor::text_of(&schema))
}

fn find(name: &str, catalogue: &Catalogue) -> Result<std::sync::Arc<Action>, Diagnostic> {
    catalogue.get(name).ok_or_else(|| {
        if catalogue.is_broken(name) {
            let message = format!("there is no schema of `{name}`: its file is broken");
            return Diagnostic::error(Code::UnknownAction, message)
                .help("mend what is said of the file");
        }
        let mut finding = Diagnostic::error(
            Code::UnknownAction,
            format!("there is no schema of `{name}`"),
        );
        let kinds = KINDS.map(|(kind, _)| kind);
        finding.help = did_you_mean(name, kinds.into_iter().chain(catalogue.names()))
            .or_else(|| Some("`voxplay schema --list` shows what there is".to_owned()));
        finding
    })
}

fn list(catalogue: &Catalogue) -> String {
    let actions: Vec<_> = catalogue.actions().collect();
    let entries = KINDS.into_iter().chain(
        actions
            .iter()
            .map(|action| (action.name(), action.summary())),
    );
    let width = entries
        .clone()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or(0);
    let lines: Vec<String> = entries
        .map(|(name, about)| format!("{name:width$}  {about}"))
        .collect();
    lines.join("\n") + "\n"
}

fn write(folder: &Path, calls: bool, catalogue: &Catalogue) -> Result<String, Diagnostic> {
    let mut files: Vec<_> = editor::files(catalogue)
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text))
        .collect();
    if calls {
        files.extend(editor::call_files(catalogue));
    }
    let mut written = String::new();
    for (name, text) in files {
        let path = folder.join(name);
        if path.is_symlink() {
            // What it leads to need not be a schema.
            return Err(Diagnostic::error(
                Code::InvalidValue,
                format!("{} is a link: it is not written through", path.display()),
            )
            .help("remove it, or choose a folder of schemas alone"));
        }
        write_whole(&path, &text).map_err(|error| {
            Diagnostic::error(
                Code::UnreadableFile,
                format!("{} cannot be written: {error}", path.display()),
            )
            .help("choose a folder that you may write to")
        })?;
        written.push_str(&path.to_string_lossy());
        written.push('\n');
    }
    Ok(written)
}
