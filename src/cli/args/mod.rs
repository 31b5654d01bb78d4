//! What the command line takes, one struct a command: docs and help are made from it.

mod foresee;
mod journal;
mod project;
mod run;
mod sandbox;

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};

use super::{ci, complete, reports};
use crate::event::RunId;

pub(super) use foresee::{ExplainArgs, ExplainFormat, PlanArgs, PlanFormat};
pub(super) use journal::{ReconcileArgs, RunsArgs, RunsCommand};
pub(super) use project::{
    ActionsArgs, ActionsCommand, CheckArgs, CheckFormat, CompletionsArgs, InitArgs, ManArgs,
    SchemaArgs,
};
pub(super) use run::{ResumeArgs, RunArgs};
pub(super) use sandbox::{
    SandboxArgs, SandboxFilePart, SandboxIds, SandboxOverLimit, SandboxUnknownIds,
    SandboxWrongToken,
};

/// How answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// For programs: one JSON object per line
    Json,
}

/// What may be done though nothing can undo it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Allowed {
    /// Deleting records
    Delete,
}

/// Which playbook, with which inputs, to which target.
#[derive(Debug, Args)]
pub(crate) struct PlaybookArgs {
    /// The playbook
    #[arg(value_name = "PLAYBOOK", value_hint = clap::ValueHint::FilePath)]
    pub(crate) playbook: PathBuf,
    /// Give an input its value; can be repeated. The variable holds one NAME=VALUE per line
    #[arg(short, long = "input", value_name = "NAME=VALUE", env = "VOXPLAY_INPUT", value_parser = pair, add = complete::inputs())]
    pub(crate) input: Vec<(String, String)>,
    /// Read inputs from a YAML or JSON file; can be repeated
    #[arg(long, value_name = "FILE", env = "VOXPLAY_INPUTS", value_delimiter = ',', value_hint = clap::ValueHint::FilePath)]
    pub(crate) inputs: Vec<PathBuf>,
    /// Send to this target of voxplay.yaml
    #[arg(long, value_name = "NAME", env = "VOXPLAY_TARGET", add = complete::targets())]
    pub(crate) target: Option<String>,
    /// Send to a CRM that is emulated inside this process, and nowhere else
    #[arg(long, env = "VOXPLAY_SANDBOX", value_parser = BoolishValueParser::new())]
    pub(crate) sandbox: bool,
    /// Run only steps with one of these tags
    #[arg(long, value_name = "TAG", env = "VOXPLAY_TAGS", value_delimiter = ',', add = complete::tags())]
    pub(crate) tags: Vec<String>,
}

/// Where the journal is.
#[derive(Debug, Clone, Args)]
pub(crate) struct StateArgs {
    /// The folder of the journal [default: .voxplay beside voxplay.yaml]
    #[arg(long, value_name = "DIR", env = "VOXPLAY_STATE_DIR", value_hint = clap::ValueHint::DirPath)]
    pub(crate) state_dir: Option<PathBuf>,
}

/// What a person has agreed to.
#[derive(Debug, Clone, Args)]
pub(crate) struct AllowArgs {
    /// Allow what nothing can undo; without it, deletes need a yes at the terminal, and are refused elsewhere
    #[arg(long, value_name = "WHAT", env = "VOXPLAY_ALLOW", value_enum)]
    pub(crate) allow: Vec<Allowed>,
    /// Answer yes to every question
    #[arg(short, long, env = "VOXPLAY_YES", value_parser = BoolishValueParser::new())]
    pub(crate) yes: bool,
}

/// Who is told of a run once it is over.
#[derive(Debug, Clone, Args)]
pub(crate) struct ReportArgs {
    /// Write a report once the run is over (KIND: junit, json, html or markdown); can be repeated, and commas separate
    /// several
    #[arg(long, value_name = "KIND=PATH", env = "VOXPLAY_REPORT", value_delimiter = ',', value_parser = reports::parse, add = complete::reports())]
    pub(crate) report: Vec<reports::ReportTo>,
    /// Which CI system to report to without being asked
    #[arg(long, value_enum, default_value = "auto", env = "VOXPLAY_CI")]
    pub(crate) ci: ci::Ci,
}

fn run_id(text: &str) -> Result<RunId, String> {
    RunId::parse(text)
        .ok_or_else(|| "an id has 1 to 64 letters, digits, `-`, `_` or `.`".to_owned())
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("write NAME=VALUE, for example contact_id=64cb")?;
    if name.is_empty() {
        return Err("the name before `=` is missing".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}
