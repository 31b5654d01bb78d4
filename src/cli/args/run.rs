//! Of the commands that send: `run` and `resume`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;

use super::{AllowArgs, Format, PlaybookArgs, ReportArgs, StateArgs, run_id};
use crate::cli::complete;
use crate::event::RunId;

/// Check a playbook, then run it
///
/// Everything that can be known is checked before the first request. Each request is written into the
/// journal before it is sent, each answer before the next step. Progress goes to stderr; the summary and
/// the playbook's outputs go to stdout.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  voxplay run playbook.yaml --sandbox
  voxplay run playbook.yaml -i contact_id=64cb -i tier=VIP
  voxplay run playbook.yaml --target production --allow delete --format json")]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) what: PlaybookArgs,
    /// Run the plan that `voxplay plan --out FILE` saved, with the same inputs, or nothing if anything has changed since
    #[arg(long, value_name = "FILE", env = "VOXPLAY_PLAN", value_hint = clap::ValueHint::FilePath)]
    pub(crate) plan: Option<PathBuf>,
    /// Check every row of every data file before the first request, not only the first ones
    #[arg(long, env = "VOXPLAY_ALL_ROWS", value_parser = BoolishValueParser::new())]
    pub(crate) all_rows: bool,
    #[command(flatten)]
    pub(crate) agreed: AllowArgs,
    /// With --sandbox: make calls fail as this YAML or JSON file says
    #[arg(long, value_name = "FILE", env = "VOXPLAY_RUN_SANDBOX_FAULTS", requires = "sandbox", value_hint = clap::ValueHint::FilePath)]
    pub(crate) sandbox_faults: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    /// Write rows that failed into this file: PATH for the playbook's only loop, or STEP=PATH
    #[arg(long, value_name = "[STEP=]PATH", env = "VOXPLAY_REJECTED", value_delimiter = ',', add = complete::loops())]
    pub(crate) rejected: Vec<String>,
    /// Write rows that went well into this file, with their ids: PATH or STEP=PATH
    #[arg(long, value_name = "[STEP=]PATH", env = "VOXPLAY_SUCCEEDED", value_delimiter = ',', add = complete::loops())]
    pub(crate) succeeded: Vec<String>,
    /// Write rows in doubt into this file: PATH or STEP=PATH
    #[arg(long, value_name = "[STEP=]PATH", env = "VOXPLAY_UNKNOWN", value_delimiter = ',', add = complete::loops())]
    pub(crate) unknown: Vec<String>,
    /// Give the run this id; if a run of this playbook already has it, go on with that run
    #[arg(long, value_name = "ID", env = "VOXPLAY_RUN_ID", value_parser = run_id)]
    pub(crate) run_id: Option<RunId>,
    #[command(flatten)]
    pub(crate) reports: ReportArgs,
    /// How to write what happens
    #[arg(long, value_enum, default_value = "human", env = "VOXPLAY_FORMAT")]
    pub(crate) format: Format,
}

/// Go on with a run where it stopped
///
/// What is ok is not sent again, and its ids are known again. What failed stays failed unless `--retry-failed`
/// says otherwise. What is in doubt is never sent again until `voxplay reconcile` has settled it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  voxplay resume
  voxplay resume 01a2007f-1da6-70a2-9083-51a5c1b2fc1e --retry-failed")]
pub(crate) struct ResumeArgs {
    /// The run [default: the latest that did not end ok]
    #[arg(value_name = "RUN", value_parser = run_id)]
    pub(crate) run: Option<RunId>,
    /// Retry what failed
    #[arg(long, env = "VOXPLAY_RETRY_FAILED", value_parser = BoolishValueParser::new())]
    pub(crate) retry_failed: bool,
    /// Go on although the playbook, the inputs, an action or the data have changed
    #[arg(long, env = "VOXPLAY_ACCEPT_CHANGES", value_parser = BoolishValueParser::new())]
    pub(crate) accept_changes: bool,
    /// Where the playbook is now [default: in the project that the journal belongs to]
    #[arg(long, value_name = "FILE", env = "VOXPLAY_PLAYBOOK", value_hint = clap::ValueHint::FilePath)]
    pub(crate) playbook: Option<PathBuf>,
    /// Read inputs from a YAML or JSON file: the journal holds no secret ones
    #[arg(long, value_name = "FILE", env = "VOXPLAY_INPUTS", value_delimiter = ',', value_hint = clap::ValueHint::FilePath)]
    pub(crate) inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) agreed: AllowArgs,
    #[command(flatten)]
    pub(crate) reports: ReportArgs,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    /// How to write what happens
    #[arg(long, value_enum, default_value = "human", env = "VOXPLAY_FORMAT")]
    pub(crate) format: Format,
}
