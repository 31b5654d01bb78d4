//! `voxplay run`: check, then run.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::Exit;
use super::afterwards::Ended;
use super::args::{Format, RunArgs};
use super::call::Call;
use super::check::literal_tokens;
use super::ci::{Ci, named_for_repository};
use super::deletes;
use super::emulated;
use super::ending::{all_doubts, say_earlier_accounts, stopped_by_journal, tell_others};
use super::held_back;
use super::opened::Opened;
use super::ready::{Ready, ready};
use super::refusal::{refuse_run, report_findings, tell_ci};
use super::reporter::Reporter;
use super::resume::unreadable;
use super::resumption::Resumption;
use super::signals::Signals;
use super::started::started;
use super::terminal::{Terminal, width};
use super::unfinished;
use super::whereabouts::root_from;
use crate::diagnostic::{Diagnostic, render};
use crate::event::{RunId, RunStarted};
use crate::journal::Journal;
use crate::report::human::Columns;
use crate::report::record::{Recorder, places};
use crate::run::{Driver, Meter};
use crate::secret::Masker;

pub(super) fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

pub(super) fn run(args: &RunArgs) -> Exit {
    if let Some(id) = &args.run_id
        && let Some(resumption) = super::begun::begun(args, id)
    {
        return match resumption {
            Ok(resumption) => go(args, Some(&resumption)),
            Err(finding) => refuse_run(args.format, args.reports.ci, &args.what.playbook, &finding),
        };
    }
    go(args, None)
}

/// Checks and runs, or goes on with a run.
pub(super) fn go(args: &RunArgs, resumption: Option<&Resumption>) -> Exit {
    let mut terminal = Terminal::of(args.reports.ci);
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            terminal.say(&format!("error: no runtime: {error}\n"));
            return Exit::Bug;
        }
    };
    runtime.block_on(async {
        // Kept to the end of the run: its requests go there.
        let sandbox = match emulated::start(args).await {
            Ok(sandbox) => sandbox,
            Err(findings) => {
                report_findings(&terminal, args.format, None, &findings);
                refused_in_ci(args, &terminal, &findings);
                return Exit::of_findings(&findings).unwrap_or(Exit::Bug);
            }
        };
        let mut findings = Vec::new();
        let mut secrets = Vec::new();
        let ready = ready(
            args,
            resumption,
            sandbox.as_ref(),
            &mut findings,
            &mut secrets,
        );
        // Also where the run is refused: what is wrong with a value may quote it.
        terminal.mask(Masker::new(
            secrets.iter().chain(&literal_tokens(&findings)),
        ));
        // A run that is refused is not begun: its id would be found nowhere.
        let begun = ready.as_ref().map(|ready| &ready.run);
        let begun = begun.filter(|_| Exit::of_findings(&findings).is_none());
        let run = begun.or(resumption.map(|earlier| &earlier.run));
        report_findings(&terminal, args.format, run, &findings);
        let refused = Exit::of_findings(&findings);
        if refused.is_some() {
            refused_in_ci(args, &terminal, &findings);
        } else {
            tell_github(args, &terminal, &findings);
        }
        match (ready, refused) {
            (_, Some(exit)) => {
                if args.format == Format::Human {
                    terminal.say(&format!(
                        "\n{}: nothing was sent\n",
                        render::summary(&findings)
                    ));
                }
                exit
            }
            (None, None) => Exit::Bug,
            (Some(ready), None) => {
                if args.plan.is_some() && args.format == Format::Human {
                    let planned_at = ready.started_at.to_zoned(ready.zone.clone());
                    let shown = planned_at.strftime("%Y-%m-%d %H:%M:%S %:z");
                    terminal.say(&format!(
                        "as planned at {shown}, which is now() in this run\n"
                    ));
                }
                let masker = Masker::new(&secrets);
                let exit = start(args, resumption, &mut terminal, ready, &masker).await;
                if let Some(sandbox) = &sandbox {
                    emulated::report(&terminal, args.format, sandbox);
                }
                exit
            }
        }
    })
}

/// Tells the CI system that nothing is run.
fn refused_in_ci(args: &RunArgs, terminal: &Terminal, findings: &[Diagnostic]) {
    tell_ci(terminal, args.reports.ci, &args.what.playbook, findings);
}

/// Opens what the run needs, with the event that it begins with; says why it is not run, where something speaks against
/// it that only the journal knows.
fn open(
    args: &RunArgs,
    resumption: Option<&Resumption>,
    terminal: &Terminal,
    ready: &mut Ready,
    masker: &Masker,
) -> Result<(RunStarted, Opened), Exit> {
    let earlier = resumption.map(|earlier| &earlier.run);
    let going_on = ready.going_on.take();
    let mut started = going_on.unwrap_or_else(|| started(args, ready, masker));
    started.accounts = ready.accounts.kept(&ready.root);
    started.plan.clone_from(&ready.saved_plan);
    match Opened::open(args, &mut started, resumption, ready, masker) {
        Ok(opened) => {
            started.root = Some(root_from(&ready.state, &ready.root).into());
            Ok((started, opened))
        }
        Err(findings) => Err(not_begun(args, terminal, earlier, &findings)),
    }
}

/// Says why a run that was checked is not begun, or not gone on with.
fn not_begun(
    args: &RunArgs,
    terminal: &Terminal,
    earlier: Option<&RunId>,
    findings: &[Diagnostic],
) -> Exit {
    report_findings(terminal, args.format, earlier, findings);
    refused_in_ci(args, terminal, findings);
    if args.format == Format::Human {
        terminal.say("\nnothing was sent\n");
    }
    Exit::Refused
}

/// Says that an earlier run was to be gone on with, before this one sends anything.
fn warn(args: &RunArgs, terminal: &Terminal, ready: &Ready, journal: &Journal) {
    let Some(warning) = unfinished::warning(journal, args, ready) else {
        return;
    };
    let warnings = [warning];
    report_findings(terminal, args.format, Some(&ready.run), &warnings);
    tell_github(args, terminal, &warnings);
}

/// Findings of a run that begins, as GitHub shows them.
fn tell_github(args: &RunArgs, terminal: &Terminal, findings: &[Diagnostic]) {
    if args.reports.ci.resolved() == Ci::Github && args.format == Format::Human {
        terminal.command(&render::github(&named_for_repository(findings)));
    }
}

/// What the run may send, with what its earlier stretches have.
fn meter(ready: &Ready, resumption: Option<&Resumption>) -> Meter {
    let limits = ready.project.config.limits_of(ready.playbook());
    let (requests, deletes) = resumption.map_or((0, 0), |earlier| {
        (earlier.spent.requests, earlier.spent.deletes())
    });
    Meter::new(&limits).already(requests, deletes)
}

/// Opens what the run needs, runs it, and says how it ended.
async fn start(
    args: &RunArgs,
    resumption: Option<&Resumption>,
    terminal: &mut Terminal,
    mut ready: Ready,
    masker: &Masker,
) -> Exit {
    let (started, opened) = match open(args, resumption, terminal, &mut ready, masker) {
        Ok(open) => open,
        Err(exit) => return exit,
    };
    let journal = &opened.journal;
    if resumption.is_none() {
        warn(args, terminal, &ready, journal);
    }
    let call = Call::new(&ready.run, &ready.state);
    let signals = listen(args, terminal, &ready, &call);
    let mut watcher = watcher(args, terminal, &ready, &call);
    if resumption.is_some()
        && let Err(error) = watcher.read_earlier(journal, &ready.run)
    {
        return not_begun(args, terminal, Some(&ready.run), &[unreadable(&error)]);
    }
    let meter = meter(&ready, resumption);
    let reached = RefCell::new(BTreeSet::new());
    let driver = Driver {
        run: &ready.run,
        plan: &ready.plan,
        target: &ready.facts,
        transport: &opened.transport,
        journal,
        files: &ready.files,
        masker,
        history: &opened.history,
        interrupted: signals.interrupted.clone(),
        pace: &opened.pace,
        meter: &meter,
        accounts: &|id, playbook| {
            reached.borrow_mut().insert(id.to_owned());
            ready.accounts.files(id, playbook)
        },
        watcher: RefCell::new(&mut watcher),
    };
    let result = driver.run(started, ready.rehearsal.scope.clone()).await;
    let (mut in_doubt, mut failures, recorder) = watcher.finish();
    if args.format == Format::Human {
        say_earlier_accounts(terminal, &ready, journal, reached.into_inner());
    }
    if resumption.is_some() {
        in_doubt = all_doubts(journal, &ready.run).unwrap_or(in_doubt);
        failures.add_earlier(journal, &ready.run);
    }
    // Requests that were on their way when nothing could be written down any more are in doubt.
    let left = result
        .is_err()
        .then(|| journal.in_doubt(&ready.run).ok())
        .flatten();
    let held_back = held_back::of(journal, &ready.run, resumption, &ready.plan);
    let closed = journal.close().await;
    let record = recorder.record();
    let exit = match result {
        Err(error) => stopped_by_journal(terminal, args.format, &call, &error, left.as_deref()),
        Ok(finished) => {
            if args.format == Format::Human {
                let ended = Ended {
                    args,
                    ready: &ready,
                    finished: &finished,
                    record: &record,
                    in_doubt: &in_doubt,
                    failures: &failures,
                    held_back: &held_back,
                    call: &call,
                };
                ended.tell(terminal, masker);
            }
            if let Err(error) = closed {
                terminal.say(&format!(
                    "warning: the journal was not closed well: {error}\n"
                ));
            }
            Exit::of_run(finished.outcome, signals.exit())
        }
    };
    tell_others(args, terminal, &record, masker, exit)
}

/// Hears signals; a second one ends the run at once, and says how what was in flight is settled.
fn listen(args: &RunArgs, terminal: &Terminal, ready: &Ready, call: &Call) -> Signals {
    let in_doubt = format!(
        "; what was in flight is in doubt: `{}`, then `{}`",
        call.reconcile(""),
        call.resume(deletes::words_to_go_on(args, ready))
    );
    Signals::listen(terminal.clone(), in_doubt)
}

/// Who is told what happens.
fn watcher(args: &RunArgs, terminal: &Terminal, ready: &Ready, call: &Call) -> Reporter {
    let actions = ready.plan.actions();
    let names = actions
        .iter()
        .map(|(step, planned)| (step.id.as_str(), planned.action.name()));
    let loops = ready.plan.loops();
    let loops = loops.iter().map(|(step, _)| step.id.as_str());
    Reporter::new(
        terminal.clone(),
        args.format,
        Columns::new(names, width()).with_loops(loops),
        Recorder::new(ready.run.clone())
            .with_places(places(ready.plan.playbook()))
            .settled_by(call.reconcile("")),
    )
}
