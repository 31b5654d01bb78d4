//! `voxplay completions`.

use clap_complete::env::Shells;

use super::Exit;
use super::args::CompletionsArgs;
use super::complete::VARIABLE;
use super::terminal::Terminal;

/// What bash does beside the script that every shell has.
const WHOLE_WORDS: &str = include_str!("completions.bash");

pub(super) fn completions(args: &CompletionsArgs) -> Exit {
    let shells = Shells::builtins();
    let shell = shells
        .completer(&args.shell.to_string())
        .expect("every shell of the command line has a script");
    let mut script = Vec::new();
    shell
        .write_registration(VARIABLE, "voxplay", "voxplay", "voxplay", &mut script)
        .expect("a script in memory can always be written");
    let mut script = String::from_utf8_lossy(&script).into_owned();
    if shells
        .completer("bash")
        .is_some_and(|bash| bash.name() == shell.name())
    {
        script = script.replace("-F _clap_complete_voxplay ", "-F _voxplay_words ");
        script.push_str(WHOLE_WORDS);
    }
    Terminal::new().answer(&script);
    Exit::Ok
}
