//! `voxplay sandbox`.

use std::fmt::Write as _;

use super::Exit;
use super::args::{
    SandboxArgs, SandboxFilePart, SandboxIds, SandboxOverLimit, SandboxUnknownIds,
    SandboxWrongToken,
};
use super::open::shown;
use super::signals::Signals;
use super::terminal::Terminal;
use crate::diagnostic::Diagnostic;
use crate::sandbox::{
    Change, DEFAULT_OPERATION, DEFAULT_TOKEN, Faults, FilePart, FirstRecord, IdForm, KINDS,
    Latency, Options, OverLimit, Rule, Sandbox, StartError, UnknownIds, WrongToken,
};

pub(super) fn sandbox(args: &SandboxArgs) -> Exit {
    let terminal = Terminal::new();
    let runtime = match super::run::runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            terminal.say(&format!("error: no runtime: {error}\n"));
            return Exit::Bug;
        }
    };
    runtime.block_on(serve(args, &terminal))
}

async fn serve(args: &SandboxArgs, terminal: &Terminal) -> Exit {
    if args.list_faults {
        terminal.answer(&list_of_faults());
        return Exit::Ok;
    }
    let options = match options(args) {
        Ok(options) => options,
        Err(Wrong::Usage(sentence)) => {
            terminal.say(&format!("error: {sentence}\n"));
            return Exit::Usage;
        }
        Err(Wrong::File(findings)) => {
            terminal.say(&terminal.findings(&findings));
            return Exit::of_findings(&findings).unwrap_or(Exit::Invalid);
        }
    };
    let mut sandbox = match Sandbox::start(options).await {
        Ok(sandbox) => sandbox,
        Err(error) => {
            let remedy = match &error {
                StartError::Port { .. } => "; choose another with --port, 0 takes a free one",
                StartError::Database(_) => "; name another file with --db",
                StartError::Records(_) | StartError::Token => "",
            };
            terminal.say(&format!(
                "error: the sandbox cannot start: {error}{remedy}\n"
            ));
            return Exit::Refused;
        }
    };
    let signals = Signals::listen(terminal.clone(), String::new());
    terminal.answer(&greeting(&sandbox.base_url()));
    let mut interrupted = signals.interrupted.clone();
    sandbox
        .serve_until(async move {
            let _ = interrupted.wait_for(|stop| *stop).await;
        })
        .await;
    Exit::Ok
}

/// Where the sandbox is, and what makes a run go there.
fn greeting(base: &str) -> String {
    format!(
        "The sandbox listens on {base}. It follows the vendor's documents, not the vendor's servers.\n\
         In a browser, {base}/ shows its records and calls.\n\n\
         In another shell:\n  \
         export WOLKVOX_SERVER={base} WOLKVOX_OPERATION={DEFAULT_OPERATION} WOLKVOX_TOKEN={DEFAULT_TOKEN}\n\n\
         In a folder with a voxplay.yaml its targets count, and not these variables: one with `server: \"{base}\"`,\n\
         `operation: {DEFAULT_OPERATION}` and the token {DEFAULT_TOKEN} leads here. `voxplay init` writes one:\n  \
         export SANDBOX_TOKEN={DEFAULT_TOKEN}\n  \
         voxplay run PLAYBOOK --target sandbox\n\n\
         Ctrl-C stops it.\n",
    )
}

/// Why the flags do not make a sandbox.
enum Wrong {
    /// A flag cannot be read.
    Usage(String),
    /// A file that a flag names is not right.
    File(Vec<Diagnostic>),
}

fn options(args: &SandboxArgs) -> Result<Options, Wrong> {
    Ok(Options {
        port: args.port,
        database: args.db.clone(),
        tokens: vec![DEFAULT_TOKEN.into()],
        ids: match args.ids {
            SandboxIds::Real => IdForm::Real,
            SandboxIds::Sampled => IdForm::Sampled,
        },
        unknown_ids: match args.unknown_ids {
            SandboxUnknownIds::Accept => UnknownIds::Accept,
            SandboxUnknownIds::Refuse => UnknownIds::Refuse,
        },
        file_part: match args.file_part {
            SandboxFilePart::Either => FilePart::Either,
            SandboxFilePart::File => FilePart::File,
            SandboxFilePart::Files => FilePart::Files,
        },
        seed: args.seed,
        faults: faults(args)?,
        records: match &args.seed_data {
            Some(path) => FirstRecord::load(path, &shown(path)).map_err(Wrong::File)?,
            None => Vec::new(),
        },
        daily_limit: args.daily_limit,
        over_limit: match args.over_limit {
            SandboxOverLimit::Forbidden => OverLimit::Forbidden,
            SandboxOverLimit::TooMany => OverLimit::TooMany,
            SandboxOverLimit::Hidden => OverLimit::Hidden,
        },
        wrong_token: match args.wrong_token {
            SandboxWrongToken::Unauthorized => WrongToken::Unauthorized,
            SandboxWrongToken::Forbidden => WrongToken::Forbidden,
        },
        ..Options::default()
    })
}

/// The rules of the flags, then those of the file; a flag wins over what the file says once.
fn faults(args: &SandboxArgs) -> Result<Faults, Wrong> {
    let mut faults = match &args.faults {
        Some(path) => Faults::load(path, &shown(path)).map_err(Wrong::File)?,
        None => Faults::default(),
    };
    let specs = args.fault.iter().filter(|spec| !spec.trim().is_empty());
    let rules: Result<Vec<Rule>, String> = specs
        .map(|spec| Rule::parse(spec.trim()).map_err(|why| format!("--fault {spec}: {why}")))
        .collect();
    faults.rules.splice(..0, rules.map_err(Wrong::Usage)?);
    if let Some(text) = &args.latency {
        let latency =
            Latency::parse(text).map_err(|why| Wrong::Usage(format!("--latency: {why}")))?;
        faults.latency = Some(latency);
    }
    faults.seed = args.seed.or(faults.seed);
    Ok(faults)
}

/// The table of faults for people.
fn list_of_faults() -> String {
    let mut text = String::new();
    for kind in KINDS {
        let change = match kind.change {
            Change::Never => "never",
            Change::Always => "always",
            Change::NotUnlessSaid => "no",
            Change::UnlessSaid => "yes",
        };
        let _ = writeln!(
            text,
            "{:<24} {:<11} {change:<7} {}",
            kind.name,
            kind.documented.word(),
            kind.says
        );
    }
    format!(
        "{:<24} {:<11} {:<7} WHAT THE CLIENT SEES\n{text}\n\
         CHANGE says whether the call's change is made; `,applied` and `,not-applied` turn a yes or a no around.\n\
         A refused connection is not among them: stop the sandbox, or name a port where nothing listens.\n",
        "FAULT", "SOURCE", "CHANGE",
    )
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "an edge: the files that flags name"
)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command};

    fn read(flags: &[&str]) -> Result<Options, Wrong> {
        let line = ["voxplay", "sandbox"].iter().chain(flags);
        match Cli::try_parse_from(line).unwrap().command {
            Command::Sandbox(args) => options(&args),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn rules_of_flags_come_before_those_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("faults.yaml");
        std::fs::write(
            &file,
            "seed: 3\nlatency: 1s\nrules: [{ call: any, fault: reset }]\n",
        )
        .unwrap();
        let file = file.to_str().unwrap();
        let options = read(&[
            "--faults",
            file,
            "--latency",
            "50ms",
            "--fault",
            "any:closed@1\ncustom/insert:lost-answer@2",
            "--over-limit",
            "200",
            "--wrong-token",
            "401",
            "--daily-limit",
            "9",
        ])
        .ok()
        .unwrap();
        let rules = ["any:closed@1", "custom/insert:lost-answer@2", "any:reset"];
        assert_eq!(
            options.faults.rules,
            rules.map(|rule| Rule::parse(rule).unwrap())
        );
        assert_eq!(options.faults.seed, Some(3));
        assert_eq!(options.faults.latency, Latency::parse("50ms").ok());
        assert_eq!(
            (options.over_limit, options.wrong_token),
            (OverLimit::Hidden, WrongToken::Unauthorized)
        );
        assert_eq!(options.daily_limit, Some(9));
        assert_eq!(
            read(&["--faults", file, "--seed", "4"])
                .ok()
                .unwrap()
                .faults
                .seed,
            Some(4)
        );
    }

    #[test]
    fn mistakes_in_flags_and_in_files_are_told_apart() {
        for flags in [["--fault", "any:lost-anser"], ["--latency", "50"]] {
            assert!(matches!(read(&flags), Err(Wrong::Usage(_))), "{flags:?}");
        }
        for flags in [
            ["--faults", "no-such-file.yaml"],
            ["--seed-data", "no-such-file.yaml"],
        ] {
            assert!(matches!(read(&flags), Err(Wrong::File(_))), "{flags:?}");
        }
    }

    #[test]
    fn what_leads_to_the_sandbox_is_what_a_new_project_asks_for() {
        let config = include_str!("init/voxplay.yaml");
        for line in [
            "server: \"http://127.0.0.1:8090\"",
            "operation: sandbox",
            "token: { env: SANDBOX_TOKEN }",
        ] {
            assert!(config.contains(line), "{line}");
        }
        let greeting = greeting("http://127.0.0.1:8090");
        for words in [
            "server: \"http://127.0.0.1:8090\"",
            "`operation: sandbox`",
            "export SANDBOX_TOKEN=sandbox-token\n",
            "--target sandbox\n",
        ] {
            assert!(greeting.contains(words), "{words}: {greeting}");
        }
        assert!(greeting.lines().all(|line| line.chars().count() <= 120));
    }

    #[test]
    fn every_fault_is_on_the_list() {
        let list = list_of_faults();
        assert!(KINDS.iter().all(|kind| list.contains(kind.name)));
    }
}
