//! The edge to the user: arguments, environment, terminal; one file a command. What every command does
//! is in the library; here it is only put together.

mod accounts;
mod actions;
mod afterwards;
mod args;
mod begun;
mod bug;
mod call;
mod changes;
mod check;
mod ci;
mod complete;
mod completions;
mod deletes;
mod emulated;
mod ending;
mod exit;
mod explain;
mod failures;
mod files;
mod fingerprints;
mod going_on;
mod held_back;
mod init;
mod limits;
mod man;
mod open;
mod opened;
mod outline;
mod own_columns;
mod past;
mod places;
mod plan;
mod prepare;
mod private;
mod reads;
mod ready;
mod reconcile;
mod refusal;
mod reporter;
mod reports;
mod resume;
mod resumption;
mod run;
mod runs;
mod sandbox;
mod saved;
mod schema;
mod signals;
mod spent;
mod started;
mod state;
mod strangers;
mod surroundings;
mod terminal;
mod unfinished;
mod uses;
mod whereabouts;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use args::{
    ActionsArgs, CheckArgs, CompletionsArgs, ExplainArgs, InitArgs, ManArgs, PlanArgs,
    ReconcileArgs, ResumeArgs, RunArgs, RunsArgs, SandboxArgs, SchemaArgs,
};

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
  3  invalid playbook, inputs or data   130  interrupted (143: TERM, 129: HUP)
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

/// Reads the command line, does what it says, and returns how the process ends.
pub fn main() -> Exit {
    bug::be_told();
    complete::answer_shell();
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) => return exit::of_clap(&error),
    };
    // What was sent stays sent: nobody may take a lost account of it for a run that never was.
    let lost = match cli.command {
        Command::Run(_) | Command::Resume(_) | Command::Reconcile(_) => Exit::Failed,
        _ => Exit::Refused,
    };
    run_command(cli.command).unless_lost(lost)
}

fn run_command(command: Command) -> Exit {
    match command {
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

/// The command line. An environment twin that is empty counts as not set: that is what CI systems make of a variable
/// that nobody gave a value.
fn parse() -> Result<Cli, clap::Error> {
    if !surroundings::has_empty_variable("VOXPLAY_") {
        return Cli::try_parse();
    }
    let mut command = without_empty_twins(Cli::command());
    let mut matches = command.try_get_matches_from_mut(std::env::args_os())?;
    Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
}

fn without_empty_twins(command: clap::Command) -> clap::Command {
    command
        .mut_args(|argument| {
            let is_empty = argument.get_env().is_some_and(surroundings::is_empty);
            if is_empty {
                argument.env(None::<&'static str>)
            } else {
                argument
            }
        })
        .mut_subcommands(without_empty_twins)
}

#[cfg(test)]
mod tests {
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
