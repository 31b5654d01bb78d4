//! `voxplay completions`.

use clap_complete::env::Shells;

use super::Exit;
use super::args::CompletionsArgs;
use super::complete::VARIABLE;
use super::terminal::Terminal;

pub(super) fn completions(args: &CompletionsArgs) -> Exit {
    let shells = Shells::builtins();
    let shell = shells
        .completer(&args.shell.to_string())
        .expect("every shell of the command line has a script");
    let mut script = Vec::new();
    shell
        .write_registration(VARIABLE, "voxplay", "voxplay", "voxplay", &mut script)
        .expect("a script in memory can always be written");
    Terminal::new().answer(&String::from_utf8_lossy(&script));
    Exit::Ok
}
