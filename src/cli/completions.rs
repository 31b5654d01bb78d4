//! `voxplay completions`.

use clap_complete::env::Shells;

use super::Exit;
use super::args::CompletionsArgs;
use super::complete::VARIABLE;
use super::terminal::Terminal;

/// What bash does beside the script that every shell has.
const WHOLE_WORDS: &str = include_str!("completions.bash");

/// What zsh is to do otherwise than in the script that every shell has: a home folder that is quoted is none, and behind
/// the `=` of an input its value follows.
const OF_ZSH: [(&str, &str); 4] = [
    (
        "    if [[ -n $completions ]]; then\n",
        "    compset -P '\\~/' && completions=(\"${(@)completions#\\~/}\")\n\n    if [[ -n $completions ]]; then\n",
    ),
    (
        "        local -a other=()\n",
        "        local -a other=()\n        local -a unfinished=()\n",
    ),
    (
        "            else\n                other+=",
        "            elif [[ \"$value\" == *= ]]; then\n                unfinished+=(\"$completion\")\n            else\n                other+=",
    ),
    (
        "        [[ -n $other ]]",
        "        [[ -n $unfinished ]] && _describe -V 'values' unfinished -S ''\n        [[ -n $other ]]",
    ),
];

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
    match shell.name() {
        "bash" => {
            script = script.replace("-F _clap_complete_voxplay ", "-F _voxplay_words ");
            script.push_str(WHOLE_WORDS);
        }
        "zsh" => {
            for (theirs, ours) in OF_ZSH {
                script = script.replace(theirs, ours);
            }
        }
        _ => {}
    }
    Terminal::new().answer(&script);
    Exit::Ok
}
