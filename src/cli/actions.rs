//! `voxplay actions`: the catalogue, for people and for programs. It knows no action by name.

mod page;
mod parameters;
mod programs;
mod yaml;

use super::Exit;
use super::args::{ActionsArgs, ActionsCommand, Format};
use super::check::literal_tokens;
use super::open::{Project, shown};
use super::surroundings::current_folder;
use super::terminal::{Terminal, width};
use crate::action::{Action, Catalogue};
use crate::diagnostic::render;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::secret::Masker;

/// Where an action comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    /// It is part of the program.
    BuiltIn,
    /// It is a file of the project, by its name as messages show it.
    Project(String),
}

impl Origin {
    fn of(action: &Action, catalogue: &Catalogue) -> Self {
        if catalogue.is_built_in(action.name()) {
            Self::BuiltIn
        } else {
            Self::Project(action.source().name().to_owned())
        }
    }
}

pub(super) fn actions(args: &ActionsArgs) -> Exit {
    let folder = args.project.clone().unwrap_or_else(current_folder);
    let mut terminal = Terminal::new();
    if !folder.is_dir() {
        let finding = Diagnostic::error(
            Code::UnreadableFile,
            format!("there is no folder {}", shown(&folder)),
        );
        return end(&terminal, args.format, &[finding]);
    }
    let project = Project::find(&folder);
    terminal.mask(Masker::new(literal_tokens(&project.findings)));
    let catalogue = &project.catalogue;
    let mut findings = project.findings.clone();
    match &args.command {
        None => terminal.answer(&match args.format {
            Format::Human => page::list(catalogue, width()),
            Format::Json => programs::list(catalogue),
        }),
        Some(ActionsCommand::Show { name }) => match catalogue.get(name) {
            Some(action) => {
                let origin = Origin::of(&action, catalogue);
                terminal.answer(&match args.format {
                    Format::Human => page::show(&action, &origin, width()),
                    Format::Json => programs::show(&action, &origin),
                });
            }
            None => findings.push(unknown(name, catalogue)),
        },
    }
    end(&terminal, args.format, &findings)
}

fn unknown(name: &str, catalogue: &Catalogue) -> Diagnostic {
    let mut finding =
        Diagnostic::error(Code::UnknownAction, format!("no action is called `{name}`"));
    finding.help = did_you_mean(name, catalogue.names());
    finding
}

/// Says what is wrong beside the answer: a broken action file of the project, for one.
fn end(terminal: &Terminal, format: Format, findings: &[Diagnostic]) -> Exit {
    if !findings.is_empty() {
        match format {
            Format::Human => terminal.say(&terminal.findings(findings)),
            Format::Json => terminal.answer(&render::json_lines(findings)),
        }
    }
    Exit::of_findings(findings).unwrap_or(Exit::Ok)
}
