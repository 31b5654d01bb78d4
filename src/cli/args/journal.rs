//! Of the commands that work on the journal: `reconcile` and `runs`.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, Subcommand};

use super::{Format, StateArgs, run_id};
use crate::cli::{complete, reports};
use crate::event::RunId;

/// List what is in doubt, and settle it as a person decides
///
/// Without a decision it lists each doubt with its request; at a terminal it then asks about one after the other.
/// Afterwards `voxplay resume` goes on with the run.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  voxplay reconcile
  voxplay reconcile 01a2007f-… --look-up
  voxplay reconcile 01a2007f-… --ok call --wolkvox-id 6553f100397b1dcdaf000001
  voxplay reconcile 01a2007f-… --resend obligation@row-17 --failed promote")]
pub(crate) struct ReconcileArgs {
    /// The run [default: the latest that did not end ok]
    #[arg(value_name = "RUN", value_parser = run_id)]
    pub(crate) run: Option<RunId>,
    /// Mark as done: STEP (all its doubts), STEP@ROW, or STEP@ROW=ID to record its id. Also takes steps that failed
    /// although the CRM accepted them, and, with =ID, steps that went well and have no id
    #[arg(long, value_name = "STEP[@ROW][=ID]", env = "VOXPLAY_OK")]
    pub(crate) ok: Vec<String>,
    /// The id that the CRM gave, for the one doubt that --ok names
    #[arg(long, value_name = "ID", env = "VOXPLAY_WOLKVOX_ID", requires = "ok")]
    pub(crate) wolkvox_id: Option<String>,
    /// Mark as not done, and failed: only `resume --retry-failed` sends it again
    #[arg(long, value_name = "STEP[@ROW]", env = "VOXPLAY_FAILED")]
    pub(crate) failed: Vec<String>,
    /// Mark as not done, to be sent again by `resume`
    #[arg(long, value_name = "STEP[@ROW]", env = "VOXPLAY_RESEND")]
    pub(crate) resend: Vec<String>,
    /// Ask the CRM about each doubt whose action names a look-up, and propose an answer; this settles nothing.
    /// Its requests count against those of the day
    #[arg(long, env = "VOXPLAY_LOOK_UP", value_parser = BoolishValueParser::new(), conflicts_with_all = ["ok", "failed", "resend"])]
    pub(crate) look_up: bool,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    /// How to write the answer
    #[arg(long, value_enum, default_value = "human", env = "VOXPLAY_FORMAT")]
    pub(crate) format: Format,
}

/// List runs, or show one
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  voxplay runs
  voxplay runs show
  voxplay runs prune --older-than 90d")]
pub(crate) struct RunsArgs {
    #[command(subcommand)]
    pub(crate) command: Option<RunsCommand>,
    /// The folder of the journal [default: .voxplay beside voxplay.yaml]
    #[arg(long, value_name = "DIR", env = "VOXPLAY_STATE_DIR", global = true, value_hint = clap::ValueHint::DirPath)]
    pub(crate) state_dir: Option<PathBuf>,
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
pub(crate) enum RunsCommand {
    /// Show one run: its steps, its rows by outcome, its requests and answers
    Show {
        /// The run [default: the latest]
        #[arg(value_name = "RUN", value_parser = run_id)]
        run: Option<RunId>,
        /// Write a report of it (KIND: junit, json, html or markdown); can be repeated
        #[arg(long, value_name = "KIND=PATH", env = "VOXPLAY_REPORT", value_delimiter = ',', value_parser = reports::parse, add = complete::reports())]
        report: Vec<reports::ReportTo>,
        /// Only what concerns this step
        #[arg(long, value_name = "STEP", env = "VOXPLAY_STEP")]
        step: Option<String>,
        /// Only what concerns this row: its key
        #[arg(long, value_name = "KEY", env = "VOXPLAY_ROW")]
        row: Option<String>,
    },
    /// Forget old runs that ended ok or failed; all others stay
    ///
    /// Runs of a saved plan, and those that `--run-id` named, stay for at least 30 days: without them the same plan or
    /// the same id would be run again.
    Prune {
        /// Forget runs older than this many days
        #[arg(long, value_name = "DAYS", env = "VOXPLAY_OLDER_THAN", value_parser = days)]
        older_than: u32,
    },
}

fn days(text: &str) -> Result<u32, String> {
    text.strip_suffix('d')
        .unwrap_or(text)
        .parse()
        .map_err(|_| "write a number of days, such as 90d".to_owned())
}
