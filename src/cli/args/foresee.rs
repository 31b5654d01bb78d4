//! Of the commands that show what a run would send: `plan` and `explain`.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};

use super::PlaybookArgs;
use crate::cli::{ci, complete};

/// How a plan is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// For people
    Human,
    /// For programs: one JSON document (see `voxplay schema plan`), which `run --plan` takes as well
    Json,
    /// For a comment on a merge request
    Markdown,
}

/// How an explanation is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExplainFormat {
    /// For people
    Human,
    /// For programs: one JSON document
    Json,
}

/// Show every request that a run would send; send nothing, write nothing
///
/// Methods, URLs, bodies and files as they would go out. What only an answer can tell is shown as
/// `(known after steps.ID)`. Of a loop, the first five rows that run are shown, and every later one that sends
/// something new; all are counted. No token is needed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  voxplay plan playbook.yaml -i contact_id=64cb
  voxplay plan playbook.yaml --target production --out reviewed.json
  voxplay run playbook.yaml --target production --plan reviewed.json")]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) what: PlaybookArgs,
    /// Show the requests of every row of every loop, not only of the first ones
    #[arg(long, env = "VOXPLAY_ALL_ROWS", value_parser = BoolishValueParser::new())]
    pub(crate) all_rows: bool,
    /// Save the plan for `voxplay run --plan FILE`, which runs exactly that, or nothing if anything has changed
    #[arg(short, long, value_name = "FILE", env = "VOXPLAY_OUT", value_hint = clap::ValueHint::FilePath)]
    pub(crate) out: Option<PathBuf>,
    /// Count today's requests in the journal of this folder [default: .voxplay beside voxplay.yaml]
    #[arg(long, value_name = "DIR", env = "VOXPLAY_STATE_DIR", value_hint = clap::ValueHint::DirPath)]
    pub(crate) state_dir: Option<PathBuf>,
    /// Which CI system to report to without being asked
    #[arg(long, value_enum, default_value = "auto", env = "VOXPLAY_CI")]
    pub(crate) ci: ci::Ci,
    /// How to write the plan
    #[arg(long, value_enum, default_value = "human", env = "VOXPLAY_FORMAT")]
    pub(crate) format: PlanFormat,
}

/// Show where every value of a step comes from, and its request as a curl command; send nothing
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  voxplay explain playbook.yaml promote -i contact_id=64cb
  voxplay explain playbook.yaml call --target production --format json")]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) what: PlaybookArgs,
    /// The id of the step
    #[arg(value_name = "STEP", add = complete::steps())]
    pub(crate) step: String,
    /// How to write the answer
    #[arg(long, value_enum, default_value = "human", env = "VOXPLAY_FORMAT")]
    pub(crate) format: ExplainFormat,
}
