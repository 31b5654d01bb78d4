//! What the shell may offer next: inputs, tags and loops of the playbook on the command line, targets of
//! `voxplay.yaml`, actions. What cannot be read offers nothing: a completion has no place for complaints.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: the shell asks with an environment variable and the words so far"
)]

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::CommandFactory as _;
use clap_complete::engine::{
    ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter as _,
};
use clap_complete::env::CompleteEnv;

use super::open::{self, Project};
use super::surroundings::current_folder;
use super::{Cli, reports, schema, uses};
use crate::playbook::{Playbook, StepKind};

/// The variable with which the shell's script asks for completions.
pub(super) const VARIABLE: &str = "VOXPLAY_COMPLETE";

/// Answers the shell and ends the process, where it was the shell that started it. Else it costs one
/// look at the environment.
pub(super) fn answer_shell() {
    if std::env::var_os(VARIABLE).is_some() {
        CompleteEnv::with_factory(Cli::command)
            .var(VARIABLE)
            .complete();
    }
}

/// `NAME=` of the playbook's inputs; after it, the values that it allows.
pub(super) fn inputs() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let typed = typed.to_string_lossy();
        let Some(playbook) = playbook() else {
            return Vec::new();
        };
        let candidates = match typed.split_once('=') {
            None => playbook.inputs.iter().map(name_of_input).collect(),
            Some((name, _)) => values_of_input(&playbook, name),
        };
        beginning(&typed, candidates)
    })
}

fn name_of_input(input: &crate::playbook::Input) -> CompletionCandidate {
    let about = input.schema.get("description").and_then(|it| it.as_str());
    CompletionCandidate::new(format!("{}=", input.name.value))
        .help(about.map(|about| about.to_owned().into()))
}

fn values_of_input(playbook: &Playbook, name: &str) -> Vec<CompletionCandidate> {
    let input = playbook
        .inputs
        .iter()
        .find(|input| input.name.value == name);
    let words = input.and_then(|input| input.schema.get("enum")?.as_array());
    words
        .into_iter()
        .flatten()
        .filter_map(|word| word.as_str())
        .map(|word| CompletionCandidate::new(format!("{name}={word}")))
        .collect()
}

/// Names of targets.
pub(super) fn targets() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let folder = playbook_path().map_or_else(current_folder, |path| open::folder_of(&path));
        let project = Project::find(&folder);
        let names = project.config.targets.iter().map(|target| {
            CompletionCandidate::new(&target.name.value)
                .help(Some(target.server.host().to_owned().into()))
        });
        beginning(&typed.to_string_lossy(), names.collect())
    })
}

/// Tags of the playbook's steps.
pub(super) fn tags() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let Some(playbook) = playbook() else {
            return Vec::new();
        };
        let mut tags: Vec<String> = playbook
            .whole()
            .into_iter()
            .flat_map(|whole| whole.step.tags.iter().map(|tag| tag.value.clone()))
            .collect();
        tags.sort();
        tags.dedup();
        let tags = tags.into_iter().map(CompletionCandidate::new).collect();
        beginning(&typed.to_string_lossy(), tags)
    })
}

/// `STEP=` of the playbook's loops that can have accounts, and paths: by themselves, and after the `=`.
pub(super) fn loops() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let typed = typed.to_string_lossy();
        if typed.contains('=') {
            return paths_after_equals(&typed);
        }
        let playbook = playbook();
        let steps = playbook.iter().flat_map(Playbook::whole);
        let loops = steps
            .filter(|whole| matches!(whole.step.kind, StepKind::Loop(..)) && !whole.is_repeated)
            .map(|whole| CompletionCandidate::new(format!("{}=", whole.id)))
            .collect();
        let mut candidates = beginning(&typed, loops);
        candidates.extend(PathCompleter::any().complete(OsStr::new(&*typed)));
        candidates
    })
}

/// `KIND=` of the reports, and paths after it.
pub(super) fn reports() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let typed = typed.to_string_lossy();
        if typed.contains('=') {
            return paths_after_equals(&typed);
        }
        let kinds = reports::kinds().map(|kind| CompletionCandidate::new(format!("{kind}=")));
        beginning(&typed, kinds.collect())
    })
}

fn paths_after_equals(typed: &str) -> Vec<CompletionCandidate> {
    let Some((name, path)) = typed.split_once('=') else {
        return Vec::new();
    };
    PathCompleter::any()
        .complete(OsStr::new(path))
        .into_iter()
        .map(|candidate| candidate.add_prefix(format!("{name}=")))
        .collect()
}

/// Ids of the playbook's steps.
pub(super) fn steps() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let playbook = playbook();
        let steps = playbook.iter().flat_map(Playbook::whole);
        let ids = steps.map(|whole| {
            let about = whole.step.name.as_ref().map(|name| name.clone().into());
            CompletionCandidate::new(whole.id.clone()).help(about)
        });
        beginning(&typed.to_string_lossy(), ids.collect())
    })
}

/// Names of actions, the project's own among them.
pub(super) fn actions() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| beginning(&typed.to_string_lossy(), action_names()))
}

/// What there is a schema of.
pub(super) fn schemas() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let kinds = schema::KINDS.iter().map(|(kind, about)| {
            CompletionCandidate::new(*kind).help(Some((*about).to_owned().into()))
        });
        let all = kinds.chain(action_names()).collect();
        beginning(&typed.to_string_lossy(), all)
    })
}

fn action_names() -> Vec<CompletionCandidate> {
    let project = Project::find(&current_folder());
    let actions = project.catalogue.actions();
    actions
        .map(|action| {
            CompletionCandidate::new(action.name()).help(Some(action.summary().to_owned().into()))
        })
        .collect()
}

fn beginning(typed: &str, mut candidates: Vec<CompletionCandidate>) -> Vec<CompletionCandidate> {
    candidates.retain(|candidate| candidate.get_value().to_string_lossy().starts_with(typed));
    candidates
}

fn playbook_path() -> Option<PathBuf> {
    let mut words = std::env::args_os().skip_while(|word| word != "--").skip(2);
    words.find_map(|word| {
        let path = PathBuf::from(word);
        let extension = path.extension().and_then(OsStr::to_str);
        (matches!(extension, Some("yaml" | "yml")) && path.is_file()).then_some(path)
    })
}

/// The playbook on the command line that is being completed: its first word that names a YAML file.
fn playbook() -> Option<Playbook> {
    let path = playbook_path()?;
    let mut playbook = open::playbook(&path).0?;
    let project = Project::find(&open::folder_of(&path));
    uses::link(&mut playbook, &path, &project, None, &mut Vec::new());
    Some(playbook)
}
