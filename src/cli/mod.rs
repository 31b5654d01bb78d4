//! The edge to the user: arguments, environment, terminal; one file a command. What every command does
//! is in the library; here it is only put together.

mod accounts;
mod actions;
mod check;
mod ci;
mod complete;
mod completions;
mod exit;
mod explain;
mod files;
mod fingerprints;
mod init;
mod man;
mod open;
mod plan;
mod prepare;
mod reconcile;
mod reporter;
mod reports;
mod resume;
mod run;
mod runs;
mod sandbox;
mod saved;
mod schema;
mod signals;
mod surroundings;
mod terminal;
mod uses;

use clap::builder::BoolishValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

use crate::event::RunId;

pub use exit::Exit;

/// Runs YAML playbooks against the Wolkvox CRM API: checked first, recorded before they are sent.
#[derive(Debug, Parser)]
#[command(
    name = "voxplay",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  voxplay run playbooks/overdue-account.yaml --sandbox   try it, no account needed
  voxplay check playbooks                                find every mistake
  voxplay plan playbook.yaml                             read every request first
  voxplay actions show record.update                     what an action takes

Exit codes:
  0  all ok                               5  an outcome is unknown
  1  a step failed                        6  stopped at the daily budget
  2  wrong command line                  70  a bug in voxplay
  3  invalid playbook, inputs or data   130  interrupted (143: SIGTERM)
  4  refused by a guard or a limit"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(RunArgs),
    Resume(ResumeArgs),
    Reconcile(ReconcileArgs),
    Runs(RunsArgs),
    Check(CheckArgs),
    Plan(PlanArgs),
    Explain(ExplainArgs),
    Actions(ActionsArgs),
    Schema(SchemaArgs),
    Init(InitArgs),
    Sandbox(SandboxArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

/// How answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Human,
    /// For programs: one JSON object a line
    Json,
}

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    /// For people: with an excerpt
    Human,
    /// For programs: one JSON object a line
    Json,
    /// Annotations for GitHub Actions
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// A code quality report of GitLab
    Gitlab,
}

/// What may be done that nothing can undo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Allowed {
    /// Deleting records
    Delete,
}

/// Which playbook, with which inputs, to which target.
#[derive(Debug, Args)]
struct PlaybookArgs {
    /// The playbook
    #[arg(value_name = "PLAYBOOK", value_hint = clap::ValueHint::FilePath)]
    playbook: PathBuf,
    /// Give an input its value; can be repeated. The variable holds one NAME=VALUE a line
    #[arg(short, long = "input", value_name = "NAME=VALUE", env = "VOXPLAY_INPUT", value_parser = pair, add = complete::inputs())]
    input: Vec<(String, String)>,
    /// Read inputs from a YAML or JSON file; can be repeated
    #[arg(long, value_name = "FILE", env = "VOXPLAY_INPUTS", value_hint = clap::ValueHint::FilePath)]
    inputs: Vec<PathBuf>,
    /// Send to this target of voxplay.yaml
    #[arg(long, value_name = "NAME", env = "VOXPLAY_TARGET", add = complete::targets())]
    target: Option<String>,
    /// Send to a CRM that is emulated inside this process, and nowhere else
    #[arg(long, env = "VOXPLAY_SANDBOX", value_parser = BoolishValueParser::new())]
    sandbox: bool,
    /// Run only steps with one of these tags
    #[arg(long, value_name = "TAG", env = "VOXPLAY_TAGS", value_delimiter = ',', add = complete::tags())]
    tags: Vec<String>,
}

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
struct RunArgs {
    #[command(flatten)]
    what: PlaybookArgs,
    /// Run what `voxplay plan --out FILE` has saved, with the same inputs; if anything has changed since, nothing
    #[arg(long, value_name = "FILE", env = "VOXPLAY_PLAN", value_hint = clap::ValueHint::FilePath)]
    plan: Option<PathBuf>,
    /// Allow what nothing can undo; without it, deletes are asked about at the terminal and refused elsewhere
    #[arg(long, value_name = "WHAT", env = "VOXPLAY_ALLOW", value_enum)]
    allow: Vec<Allowed>,
    /// Answer yes to every question
    #[arg(short, long, env = "VOXPLAY_YES", value_parser = BoolishValueParser::new())]
    yes: bool,
    /// With --sandbox: let calls go wrong as this YAML or JSON file says
    #[arg(long, value_name = "FILE", env = "VOXPLAY_RUN_SANDBOX_FAULTS", requires = "sandbox", value_hint = clap::ValueHint::FilePath)]
    sandbox_faults: Option<PathBuf>,
    /// Keep the journal in this folder [default: .voxplay beside voxplay.yaml]
    #[arg(long, value_name = "DIR", env = "VOXPLAY_STATE_DIR", value_hint = clap::ValueHint::DirPath)]
    state_dir: Option<PathBuf>,
    /// Write rows that failed into this file: PATH for the playbook's only loop, or STEP=PATH
    #[arg(long, value_name = "[STEP=]PATH", env = "VOXPLAY_REJECTED", add = complete::loops())]
    rejected: Vec<String>,
    /// Write rows that went well into this file, with their ids: PATH or STEP=PATH
    #[arg(long, value_name = "[STEP=]PATH", env = "VOXPLAY_SUCCEEDED", add = complete::loops())]
    succeeded: Vec<String>,
    /// Write rows in doubt into this file: PATH or STEP=PATH
    #[arg(long, value_name = "[STEP=]PATH", env = "VOXPLAY_UNKNOWN", add = complete::loops())]
    unknown: Vec<String>,
    /// Give the run this id; where a run has it already, go on with that one
    #[arg(long, value_name = "ID", env = "VOXPLAY_RUN_ID", value_parser = run_id)]
    run_id: Option<RunId>,
    /// Write a report once the run is over, KIND being junit, json, html or markdown; can be repeated.
    /// Several at once are set apart by commas
    #[arg(long, value_name = "KIND=PATH", env = "VOXPLAY_REPORT", value_delimiter = ',', value_parser = reports::parse)]
    report: Vec<reports::ReportTo>,
    /// What to tell the CI system by itself
    #[arg(long, value_enum, default_value = "auto", env = "VOXPLAY_CI")]
    ci: ci::Ci,
    /// How to write what happens
    #[arg(long, value_enum, default_value = "human", env = "VOXPLAY_FORMAT")]
    format: Format,
}

/// How a plan is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PlanFormat {
    /// For people
    Human,
    /// For programs: one JSON document (schemas/plan.schema.json), which `run --plan` takes as well
    Json,
    /// For a comment on a merge request
    Markdown,
}

/// Show every request that a run would send; send nothing, write nothing
///
/// Methods, URLs, bodies and files as they would go out. What an answer decides is shown as
/// `(known after steps.ID)`. No token is needed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  voxplay plan playbook.yaml -i contact_id=64cb
  voxplay plan playbook.yaml --target production --out reviewed.json
  voxplay run playbook.yaml --target production --plan reviewed.json")]
struct PlanArgs {
    #[command(flatten)]
    what: PlaybookArgs,
    /// Save the plan, so that `voxplay run --plan FILE` runs it or, if anything has changed, nothing
    #[arg(short, long, value_name = "FILE", env = "VOXPLAY_OUT", value_hint = clap::ValueHint::FilePath)]
    out: Option<PathBuf>,
    /// Count today's requests in the journal of this folder [default: .voxplay beside voxplay.yaml]
    #[arg(long, value_name = "DIR", env = "VOXPLAY_STATE_DIR", value_hint = clap::ValueHint::DirPath)]
    state_dir: Option<PathBuf>,
    /// How to write the plan
    #[arg(long, value_enum, default_value = "human", env = "VOXPLAY_FORMAT")]
    format: PlanFormat,
}

/// Show where every value of a step comes from, and its request as a curl command; send nothing
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  voxplay explain playbook.yaml promote -i contact_id=64cb
  voxplay explain playbook.yaml call --target production --format json")]
struct ExplainArgs {
    #[command(flatten)]
    what: PlaybookArgs,
    /// The id of the step
    #[arg(value_name = "STEP")]
    step: String,
    /// How to write the answer
    #[arg(long, value_enum, default_value = "human", env = "VOXPLAY_FORMAT")]
    format: Format,
}

/// Go on with a run where it stopped
///
/// What is ok is not sent again, and its ids are back. What failed stays failed unless `--retry-failed`
/// says otherwise. What is in doubt is never sent again before `voxplay reconcile` has settled it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  voxplay resume
  voxplay resume 01a2007f-1da6-70a2-9083-51a5c1b2fc1e --retry-failed")]
struct ResumeArgs {
    /// The run [default: the latest that did not end ok]
    #[arg(value_name = "RUN", value_parser = run_id)]
    run: Option<RunId>,
    /// Try again what failed
    #[arg(long, env = "VOXPLAY_RETRY_FAILED", value_parser = BoolishValueParser::new())]
    retry_failed: bool,
    /// Go on although the playbook, the inputs, an action or the data have changed
    #[arg(long, env = "VOXPLAY_ACCEPT_CHANGES", value_parser = BoolishValueParser::new())]
    accept_changes: bool,
    /// Where the playbook is now [default: where it was]
    #[arg(long, value_name = "FILE", env = "VOXPLAY_PLAYBOOK", value_hint = clap::ValueHint::FilePath)]
    playbook: Option<PathBuf>,
    /// Read inputs from a YAML or JSON file: secret ones are not in the journal
    #[arg(long, value_name = "FILE", env = "VOXPLAY_INPUTS", value_hint = clap::ValueHint::FilePath)]
    inputs: Vec<PathBuf>,
    /// Allow what nothing can undo
    #[arg(long, value_name = "WHAT", env = "VOXPLAY_ALLOW", value_enum)]
    allow: Vec<Allowed>,
    /// Answer yes to every question
    #[arg(short, long, env = "VOXPLAY_YES", value_parser = BoolishValueParser::new())]
    yes: bool,
    /// Write a report once the run is over, KIND being junit, json, html or markdown; can be repeated
    #[arg(long, value_name = "KIND=PATH", env = "VOXPLAY_REPORT", value_delimiter = ',', value_parser = reports::parse)]
    report: Vec<reports::ReportTo>,
    /// What to tell the CI system by itself
    #[arg(long, value_enum, default_value = "auto", env = "VOXPLAY_CI")]
    ci: ci::Ci,
    /// The folder of the journal [default: .voxplay beside voxplay.yaml]
    #[arg(long, value_name = "DIR", env = "VOXPLAY_STATE_DIR", value_hint = clap::ValueHint::DirPath)]
    state_dir: Option<PathBuf>,
    /// How to write what happens
    #[arg(long, value_enum, default_value = "human", env = "VOXPLAY_FORMAT")]
    format: Format,
}

/// List what is in doubt, and settle it by the word of a person
///
/// Without a decision it lists each doubt with its request; at a terminal it then asks, one by one.
/// After it, `voxplay resume` goes on with the run.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  voxplay reconcile
  voxplay reconcile 01a2007f-… --look-up
  voxplay reconcile 01a2007f-… --ok call --wolkvox-id 6553f100397b1dcdaf000001
  voxplay reconcile 01a2007f-… --resend obligation@row-17 --failed promote")]
struct ReconcileArgs {
    /// The run [default: the latest that did not end ok]
    #[arg(value_name = "RUN", value_parser = run_id)]
    run: Option<RunId>,
    /// The CRM has done it: STEP for all that is in doubt of it, STEP@ROW for one row, =ID with the id it gave
    #[arg(long, value_name = "STEP[@ROW][=ID]", env = "VOXPLAY_OK")]
    ok: Vec<String>,
    /// The id that the CRM gave, for the one doubt that --ok names
    #[arg(long, value_name = "ID", env = "VOXPLAY_WOLKVOX_ID", requires = "ok")]
    wolkvox_id: Option<String>,
    /// The CRM has not done it; only `resume --retry-failed` sends it again
    #[arg(long, value_name = "STEP[@ROW]", env = "VOXPLAY_FAILED")]
    failed: Vec<String>,
    /// The CRM has not done it, and it is to be sent again
    #[arg(long, value_name = "STEP[@ROW]", env = "VOXPLAY_RESEND")]
    resend: Vec<String>,
    /// Ask the CRM about each doubt whose action names a look-up, and propose an answer; it settles nothing.
    /// What it reads counts against the day's requests
    #[arg(long, env = "VOXPLAY_LOOK_UP", value_parser = BoolishValueParser::new(), conflicts_with_all = ["ok", "failed", "resend"])]
    look_up: bool,
    /// The folder of the journal [default: .voxplay beside voxplay.yaml]
    #[arg(long, value_name = "DIR", env = "VOXPLAY_STATE_DIR", value_hint = clap::ValueHint::DirPath)]
    state_dir: Option<PathBuf>,
    /// How to write the answer
    #[arg(long, value_enum, default_value = "human", env = "VOXPLAY_FORMAT")]
    format: Format,
}

/// List runs, or show one
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  voxplay runs
  voxplay runs show
  voxplay runs prune --older-than 90d")]
struct RunsArgs {
    #[command(subcommand)]
    command: Option<RunsCommand>,
    /// The folder of the journal [default: .voxplay beside voxplay.yaml]
    #[arg(long, value_name = "DIR", env = "VOXPLAY_STATE_DIR", global = true, value_hint = clap::ValueHint::DirPath)]
    state_dir: Option<PathBuf>,
    /// How to write the answer
    #[arg(
        long,
        value_enum,
        default_value = "human",
        env = "VOXPLAY_FORMAT",
        global = true
    )]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum RunsCommand {
    /// Show one run: its steps, its rows by outcome, its requests and answers
    Show {
        /// The run [default: the latest]
        #[arg(value_name = "RUN", value_parser = run_id)]
        run: Option<RunId>,
        /// Write a report of it, KIND being junit, json, html or markdown; can be repeated
        #[arg(long, value_name = "KIND=PATH", env = "VOXPLAY_REPORT", value_delimiter = ',', value_parser = reports::parse)]
        report: Vec<reports::ReportTo>,
        /// Only what concerns this step
        #[arg(long, value_name = "STEP", env = "VOXPLAY_STEP")]
        step: Option<String>,
        /// Only what concerns this row: its key
        #[arg(long, value_name = "KEY", env = "VOXPLAY_ROW")]
        row: Option<String>,
    },
    /// Forget runs that ended ok or failed long ago; those that can be gone on with stay
    Prune {
        /// The age in days from which on they are forgotten
        #[arg(long, value_name = "DAYS", env = "VOXPLAY_OLDER_THAN", value_parser = days)]
        older_than: u32,
    },
}

/// Check playbooks, voxplay.yaml and action files; send nothing
///
/// All that can be known offline, all errors at once, each at its line and column. A folder is searched
/// for YAML files: those with a key `voxplay` or `steps` are playbooks.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  voxplay check playbooks
  voxplay check playbook.yaml voxplay.yaml --format github")]
struct CheckArgs {
    /// Look at every row of every data file, not only at the first ones
    #[arg(long, env = "VOXPLAY_ALL_ROWS", value_parser = BoolishValueParser::new())]
    all_rows: bool,
    /// Files or folders
    #[arg(value_name = "PATH", required = true, value_hint = clap::ValueHint::AnyPath)]
    paths: Vec<PathBuf>,
    /// What to tell the CI system by itself
    #[arg(long, value_enum, default_value = "auto", env = "VOXPLAY_CI")]
    ci: ci::Ci,
    /// How to write findings
    #[arg(long, value_enum, default_value = "human", env = "VOXPLAY_FORMAT")]
    format: CheckFormat,
}

/// List the actions, or show one with its parameters, examples and the vendor's page
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  voxplay actions
  voxplay actions show case.update")]
struct ActionsArgs {
    #[command(subcommand)]
    command: Option<ActionsCommand>,
    /// Look for the project's own actions from this folder upwards [default: the current folder]
    #[arg(long, value_name = "DIR", env = "VOXPLAY_PROJECT", global = true, value_hint = clap::ValueHint::DirPath)]
    project: Option<PathBuf>,
    /// How to write the answer
    #[arg(
        long,
        value_enum,
        default_value = "human",
        env = "VOXPLAY_FORMAT",
        global = true
    )]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum ActionsCommand {
    /// Show one action
    Show {
        /// Its name
        #[arg(add = complete::actions())]
        name: String,
    },
}

/// Serve an emulated CRM on loopback, for trying things out and for tests
///
/// It follows the vendor's documents: exact paths, keys and texts. It proves agreement with those
/// documents, not with the vendor's servers.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  voxplay sandbox
  voxplay sandbox --port 8090 --db sandbox.sqlite
  voxplay sandbox --fault custom/insert:lost-answer@3 --fault any:http-503-retry-after=2@10%
  voxplay sandbox --faults faults.yaml --latency 20ms..200ms --seed 7
  voxplay sandbox --list-faults

A faults file:
  seed: 7
  latency: { min: 20ms, max: 200ms }
  rules:
    - { call: custom/insert, when: { nth: 3 }, fault: lost-answer }
    - { call: any, when: { probability: 0.1 }, fault: http-503-retry-after, retry_after: 2 }")]
struct SandboxArgs {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8090, env = "VOXPLAY_SANDBOX_PORT")]
    port: u16,
    /// Keep records in this file [default: in memory]
    #[arg(long, value_name = "FILE", env = "VOXPLAY_SANDBOX_DB", value_hint = clap::ValueHint::FilePath)]
    db: Option<PathBuf>,
    /// What ids answers hold
    #[arg(long, value_enum, default_value = "real", env = "VOXPLAY_SANDBOX_IDS")]
    ids: SandboxIds,
    /// What becomes of an update or a delete of an id that was never seen (no page says)
    #[arg(
        long,
        value_enum,
        default_value = "accept",
        env = "VOXPLAY_SANDBOX_UNKNOWN_IDS"
    )]
    unknown_ids: SandboxUnknownIds,
    /// Which name file parts must have (the vendor's page uses both)
    #[arg(
        long,
        value_enum,
        default_value = "either",
        env = "VOXPLAY_SANDBOX_FILE_PART"
    )]
    file_part: SandboxFilePart,
    /// Let calls go wrong as this YAML or JSON file says
    #[arg(long, value_name = "FILE", env = "VOXPLAY_SANDBOX_FAULTS", value_hint = clap::ValueHint::FilePath)]
    faults: Option<PathBuf>,
    /// Let calls go wrong: CALL:FAULT[=VALUE][,applied|,not-applied][@WHEN], WHEN being 3 (the third), every-5,
    /// first-2, after-10 or 10%; can be repeated, and comes before the rules of --faults. The variable holds one
    /// a line
    #[arg(
        long,
        value_name = "SPEC",
        env = "VOXPLAY_SANDBOX_FAULT",
        value_delimiter = '\n'
    )]
    fault: Vec<String>,
    /// List the faults, and do nothing else
    #[arg(long, env = "VOXPLAY_SANDBOX_LIST_FAULTS", value_parser = BoolishValueParser::new())]
    list_faults: bool,
    /// Hold every answer back so long: 50ms, or 10ms..90ms
    #[arg(long, value_name = "TIME", env = "VOXPLAY_SANDBOX_LATENCY")]
    latency: Option<String>,
    /// What ids and chance start from: the same number and the same calls give the same answers [default: 0, or
    /// what the file of --faults says]
    #[arg(long, value_name = "NUMBER", env = "VOXPLAY_SANDBOX_SEED")]
    seed: Option<u64>,
    /// How many calls each token has a day (of UTC)
    #[arg(long, value_name = "CALLS", env = "VOXPLAY_SANDBOX_DAILY_LIMIT")]
    daily_limit: Option<u64>,
    /// What is answered beyond the daily limit (no page says)
    #[arg(
        long,
        value_enum,
        default_value = "403",
        env = "VOXPLAY_SANDBOX_OVER_LIMIT"
    )]
    over_limit: SandboxOverLimit,
    /// What a wrong token is answered (no page says)
    #[arg(
        long,
        value_enum,
        default_value = "403",
        env = "VOXPLAY_SANDBOX_WRONG_TOKEN"
    )]
    wrong_token: SandboxWrongToken,
    /// Begin with the records of this YAML or JSON file: operation, module, list of {`wolkvox_id`, `fields`}
    #[arg(long, value_name = "FILE", env = "VOXPLAY_SANDBOX_SEED_DATA", value_hint = clap::ValueHint::FilePath)]
    seed_data: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SandboxOverLimit {
    /// HTTP 403
    #[value(name = "403")]
    Forbidden,
    /// HTTP 429
    #[value(name = "429")]
    TooMany,
    /// HTTP 200 with the code 403 in the body
    #[value(name = "200")]
    Hidden,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SandboxWrongToken {
    /// HTTP 401
    #[value(name = "401")]
    Unauthorized,
    /// HTTP 403
    #[value(name = "403")]
    Forbidden,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SandboxIds {
    /// Ids as real ones look: 24 hexadecimal digits
    Real,
    /// Exactly as the vendor's samples: often blank
    Sampled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SandboxUnknownIds {
    /// Accepted, and noted
    Accept,
    /// Refused with 404
    Refuse,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SandboxFilePart {
    /// `file` or `files`
    Either,
    /// Only `file`
    File,
    /// Only `files`
    Files,
}

/// Print the JSON Schema of playbooks, of voxplay.yaml, of action files, or of one action
///
/// Schemas are of draft 2020-12 and hold the project's own actions too. Editors get completion, help and
/// checks from them: `--write` keeps them as files.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  voxplay schema playbook
  voxplay schema record.update              what stands under `with`
  voxplay schema --request record.update    the body as it is sent
  voxplay schema --write schemas            files for the editor")]
#[command(group = clap::ArgGroup::new("wanted").required(true))]
struct SchemaArgs {
    /// `playbook`, `config` (voxplay.yaml), `action` (an action file), or the name of an action: its `with`
    #[arg(value_name = "WHAT", group = "wanted", add = complete::schemas())]
    what: Option<String>,
    /// List what there is a schema of
    #[arg(long, group = "wanted", env = "VOXPLAY_SCHEMA_LIST", value_parser = BoolishValueParser::new())]
    list: bool,
    /// The body of an action's request
    #[arg(
        long,
        value_name = "ACTION",
        group = "wanted",
        env = "VOXPLAY_SCHEMA_REQUEST", add = complete::actions()
    )]
    request: Option<String>,
    /// The answer to an action's request
    #[arg(
        long,
        value_name = "ACTION",
        group = "wanted",
        env = "VOXPLAY_SCHEMA_RESPONSE", add = complete::actions()
    )]
    response: Option<String>,
    /// Write the schemas that editors use into this folder, over those of another version
    #[arg(long, value_name = "DIR", group = "wanted", env = "VOXPLAY_SCHEMA_WRITE", value_hint = clap::ValueHint::DirPath)]
    write: Option<PathBuf>,
    /// With `--write`: also every action's with, request and response, under `calls/`
    #[arg(long, requires = "write", env = "VOXPLAY_SCHEMA_CALLS", value_parser = BoolishValueParser::new())]
    calls: bool,
    /// Look for the project's own actions from this folder upwards [default: the current folder]
    #[arg(long, value_name = "DIR", env = "VOXPLAY_PROJECT", value_hint = clap::ValueHint::DirPath)]
    project: Option<PathBuf>,
}

/// Begin a new project: config, playbooks, data, CI, editor settings
///
/// It passes `voxplay check` as it is and runs against the sandbox. No file is overwritten.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  voxplay init
  voxplay init crm-playbooks")]
struct InitArgs {
    /// The folder; made where it is not there [default: the current folder]
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    folder: Option<PathBuf>,
    /// Overwrite files that are there already
    #[arg(long, env = "VOXPLAY_FORCE", value_parser = BoolishValueParser::new())]
    force: bool,
}

/// Write the manual as man pages
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  voxplay man | man -l -
  voxplay man ~/.local/share/man/man1")]
struct ManArgs {
    /// Write a page for each command into this folder [default: print the page of voxplay itself]
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    folder: Option<PathBuf>,
}

/// Print a completion script for a shell
///
/// The script asks voxplay itself, so that it also completes the inputs and tags of the playbook on the
/// command line, the targets of voxplay.yaml and the actions of the project.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  voxplay completions bash > ~/.local/share/bash-completion/completions/voxplay")]
struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

fn run_id(text: &str) -> Result<RunId, String> {
    RunId::parse(text)
        .ok_or_else(|| "an id has 1 to 64 letters, digits, `-`, `_` or `.`".to_owned())
}

fn days(text: &str) -> Result<u32, String> {
    text.strip_suffix('d')
        .unwrap_or(text)
        .parse()
        .map_err(|_| "write a number of days, such as 90d".to_owned())
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

/// Reads the command line, does what it says, and returns how the process ends.
pub fn main() -> Exit {
    complete::answer_shell();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::of_clap(&error),
    };
    match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Resume(args) => resume::resume(&args),
        Command::Reconcile(args) => reconcile::reconcile(&args),
        Command::Runs(args) => runs::runs(&args),
        Command::Check(args) => check::check(&args),
        Command::Plan(args) => plan::plan(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Actions(args) => actions::actions(&args),
        Command::Sandbox(args) => sandbox::sandbox(&args),
        Command::Completions(args) => completions::completions(&args),
        Command::Schema(args) => schema::schema(&args),
        Command::Init(args) => init::init(&args),
        Command::Man(args) => man::man(&args),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn flags_without_twin(command: &clap::Command, found: &mut Vec<String>) {
        for argument in command.get_arguments() {
            let of_clap = ["help", "version"].contains(&argument.get_id().as_str());
            if !argument.is_positional() && !of_clap && argument.get_env().is_none() {
                found.push(format!("{} --{}", command.get_name(), argument.get_id()));
            }
        }
        for below in command.get_subcommands() {
            flags_without_twin(below, found);
        }
    }

    #[test]
    fn every_flag_has_an_environment_twin() {
        let mut found = Vec::new();
        flags_without_twin(&Cli::command(), &mut found);
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
