//! Of the commands that need no run: `check`, `actions`, `schema`, `init`, `man`, `completions`.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, Subcommand, ValueEnum};

use super::Format;
use crate::cli::{ci, complete};

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people: with an excerpt
    Human,
    /// For programs: one JSON object per line
    Json,
    /// Annotations for GitHub Actions
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// A code quality report of GitLab
    Gitlab,
}

/// Check playbooks, voxplay.yaml and action files; send nothing
///
/// Finds every error that can be known offline, each with its line and column. A folder is searched
/// for YAML files: those with a key `voxplay` or `steps` are playbooks.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  voxplay check playbooks
  voxplay check playbook.yaml voxplay.yaml --format github")]
pub(crate) struct CheckArgs {
    /// Look at every row of every data file, not only at the first ones
    #[arg(long, env = "VOXPLAY_ALL_ROWS", value_parser = BoolishValueParser::new())]
    pub(crate) all_rows: bool,
    /// Files or folders; data files (csv, jsonl, xlsx) are read to the last row
    #[arg(value_name = "PATH", required = true, value_hint = clap::ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// Which CI system to report to without being asked
    #[arg(long, value_enum, default_value = "auto", env = "VOXPLAY_CI")]
    pub(crate) ci: ci::Ci,
    /// How to write findings
    #[arg(long, value_enum, default_value = "human", env = "VOXPLAY_FORMAT")]
    pub(crate) format: CheckFormat,
}

/// List the actions, or show one with its parameters, examples and the vendor's page
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  voxplay actions
  voxplay actions show case.update")]
pub(crate) struct ActionsArgs {
    #[command(subcommand)]
    pub(crate) command: Option<ActionsCommand>,
    /// Look for the project's own actions from this folder upwards [default: the current folder]
    #[arg(long, value_name = "DIR", env = "VOXPLAY_PROJECT", global = true, value_hint = clap::ValueHint::DirPath)]
    pub(crate) project: Option<PathBuf>,
    /// How to write the answer
    #[arg(
        long,
        value_enum,
        default_value = "human",
        env = "VOXPLAY_FORMAT",
        global = true
    )]
    pub(crate) format: Format,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ActionsCommand {
    /// Show one action
    Show {
        /// Its name
        #[arg(add = complete::actions())]
        name: String,
    },
}

/// Print the JSON Schema of playbooks, of voxplay.yaml, of action files, of plans, of reports, or of one action
///
/// Without a name, it prints that of playbooks. Schemas follow draft 2020-12 and include the project's own actions.
/// Editors get completion, help and checks from them: `--write` saves them as files.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  voxplay schema playbook
  voxplay schema record.update              what stands under `with`
  voxplay schema --request record.update    the body as it is sent
  voxplay schema --write schemas            files for the editor")]
#[command(group = clap::ArgGroup::new("wanted"))]
pub(crate) struct SchemaArgs {
    /// `playbook`, `config` (voxplay.yaml), `action` (an action file), `plan` or `report` (as JSON), or the name of an
    /// action: its `with`
    #[arg(value_name = "WHAT", group = "wanted", add = complete::schemas())]
    pub(crate) what: Option<String>,
    /// List everything that has a schema
    #[arg(long, group = "wanted", env = "VOXPLAY_SCHEMA_LIST", value_parser = BoolishValueParser::new())]
    pub(crate) list: bool,
    /// The body of an action's request
    #[arg(
        long,
        value_name = "ACTION",
        group = "wanted",
        env = "VOXPLAY_SCHEMA_REQUEST", add = complete::actions()
    )]
    pub(crate) request: Option<String>,
    /// The answer to an action's request
    #[arg(
        long,
        value_name = "ACTION",
        group = "wanted",
        env = "VOXPLAY_SCHEMA_RESPONSE", add = complete::actions()
    )]
    pub(crate) response: Option<String>,
    /// Write the schemas that editors use into this folder, replacing those of another version
    #[arg(long, value_name = "DIR", group = "wanted", env = "VOXPLAY_SCHEMA_WRITE", value_hint = clap::ValueHint::DirPath)]
    pub(crate) write: Option<PathBuf>,
    /// With `--write`: also every action's `with`, request and response, under `calls/`
    #[arg(long, requires = "write", env = "VOXPLAY_SCHEMA_CALLS", value_parser = BoolishValueParser::new())]
    pub(crate) calls: bool,
    /// Look for the project's own actions from this folder upwards [default: the current folder]
    #[arg(long, value_name = "DIR", env = "VOXPLAY_PROJECT", value_hint = clap::ValueHint::DirPath)]
    pub(crate) project: Option<PathBuf>,
}

/// Begin a new project: config, playbooks, data, CI, editor settings
///
/// It passes `voxplay check` as it is and runs against the sandbox. Existing files are kept as they are.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  voxplay init
  voxplay init crm-playbooks")]
pub(crate) struct InitArgs {
    /// The folder; created if it does not exist [default: the current folder]
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub(crate) folder: Option<PathBuf>,
    /// Overwrite existing files
    #[arg(long, env = "VOXPLAY_FORCE", value_parser = BoolishValueParser::new())]
    pub(crate) force: bool,
}

/// Write the manual as man pages
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  voxplay man | man -l -
  voxplay man ~/.local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Write a page for each command into this folder [default: print the page of voxplay itself]
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub(crate) folder: Option<PathBuf>,
}

/// Print a completion script for a shell
///
/// The script asks voxplay itself, so that it also completes the inputs and tags of the playbook on the
/// command line, the targets of voxplay.yaml and the actions of the project.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  voxplay completions bash > ~/.local/share/bash-completion/completions/voxplay")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}
