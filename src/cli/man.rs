//! `voxplay man`.

use std::path::Path;

use clap::CommandFactory as _;

use super::args::ManArgs;
use super::files::write_whole;
use super::terminal::Terminal;
use super::{Cli, Exit};

pub(super) fn man(args: &ManArgs) -> Exit {
    let terminal = Terminal::new();
    // Pages must not depend on the environment of whoever makes them.
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let Some(folder) = &args.folder else {
        terminal.answer(&page(command));
        return Exit::Ok;
    };
    match write(&command, "voxplay", folder) {
        Ok(written) => {
            terminal.answer(&written);
            Exit::Ok
        }
        Err(message) => {
            terminal.say(&format!("{message}\n"));
            Exit::Refused
        }
    }
}

/// Writes the page of a command and those of the commands below it; the names of the files.
fn write(command: &clap::Command, name: &str, folder: &Path) -> Result<String, String> {
    let path = folder.join(format!("{name}.1"));
    let text = page(command.clone().display_name(name));
    write_whole(&path, &text)
        .map_err(|error| format!("error: {} cannot be written: {error}", path.display()))?;
    let mut written = format!("{}\n", path.display());
    for below in command
        .get_subcommands()
        .filter(|below| !below.is_hide_set())
    {
        written += &write(below, &format!("{name}-{}", below.get_name()), folder)?;
    }
    Ok(written)
}

fn page(command: clap::Command) -> String {
    let mut page = Vec::new();
    // A command below the first has neither this name nor a version of its own.
    clap_mangen::Man::new(command)
        .source(concat!("voxplay ", env!("CARGO_PKG_VERSION")))
        .render(&mut page)
        .expect("a page in memory can always be written");
    String::from_utf8_lossy(&page).into_owned()
}
