//! `voxplay run`: check, then run.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: the run's start is read from the clock here"
)]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::Exit;
use super::accounts::{self, Accounts};
use super::afterwards;
use super::args::{Format, RunArgs};
use super::call::Call;
use super::check::literal_tokens;
use super::ci::{self, Ci};
use super::deletes::{self, Deletes};
use super::fingerprints;
use super::held_back;
use super::open::{self, folder_of};
use super::opened::{Opened, lock_key};
use super::outline;
use super::own_columns;
use super::past::Asked;
use super::prepare::{self, Needs, Occasion, Prepared, Purpose};
use super::reads::Reads;
use super::reporter::Reporter;
use super::reports;
use super::saved;
use super::signals::Signals;
use super::spent::Spent;
use super::terminal::{Terminal, width};
use crate::diagnostic::render;
use crate::diagnostic::{Code, Diagnostic};
use crate::event::{EventKind, RunFinished, RunId, RunStarted};
use crate::journal::Journal;
use crate::plan::Earlier;
use crate::plan::foresee::{RowsShown, Tally};
use crate::report::human::{self, Columns, InDoubt, plural};
use crate::report::json;
use crate::report::record::{Recorder, RunRecord, places};
use crate::run::{Driver, Meter, RunError};
use crate::sandbox::{Faults, Options, Sandbox};
use crate::secret::{Masker, Secret};

/// A run that nothing speaks against any more.
pub(super) struct Ready {
    prepared: Prepared,
    accounts: Accounts,
    /// What tells the saved plan that is run from others.
    pub(super) saved_plan: Option<String>,
}

impl std::ops::Deref for Ready {
    type Target = Prepared;

    fn deref(&self) -> &Prepared {
        &self.prepared
    }
}

pub(super) fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

/// A run that is gone on with.
pub(super) struct Resumption {
    pub(super) run: RunId,
    pub(super) started_at: Timestamp,
    pub(super) earlier: RunStarted,
    /// The inputs of its first stretch.
    pub(super) inputs: Earlier,
    /// What it has sent.
    pub(super) spent: Spent,
    pub(super) asked: Asked,
    /// Whether it has come to a good end, so that nothing is left to go on with.
    pub(super) is_ok: bool,
}

impl Resumption {
    /// The commands that go on with it.
    pub(super) fn call(&self) -> Call {
        Call::new(&self.run, self.asked.state_dir.as_deref())
    }
}

/// The commands about a run, as a person would type them after this one.
fn call(args: &RunArgs, resumption: Option<&Resumption>, run: &RunId) -> Call {
    // `resume` has found the folder of a run that was asked for without one.
    let given = || Call::new(run, args.state.state_dir.as_deref());
    resumption.map_or_else(given, Resumption::call)
}

pub(super) fn run(args: &RunArgs) -> Exit {
    if let Some(id) = &args.run_id
        && let Some(resumption) = super::begun::begun(args, id)
    {
        return match resumption {
            Ok(resumption) => go(args, Some(&resumption)),
            Err(finding) => refuse(args.format, &finding),
        };
    }
    go(args, None)
}

/// Says why nothing is done.
pub(super) fn refuse(format: Format, finding: &Diagnostic) -> Exit {
    refuse_all(format, std::slice::from_ref(finding))
}

/// Says all that keeps something from being done.
pub(super) fn refuse_all(format: Format, findings: &[Diagnostic]) -> Exit {
    let mut terminal = Terminal::new();
    terminal.mask(Masker::new(literal_tokens(findings)));
    report_findings(&terminal, format, None, findings);
    Exit::of_findings(findings).unwrap_or(Exit::Bug)
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
        let sandbox = match start_sandbox(args).await {
            Ok(sandbox) => sandbox,
            Err(findings) => {
                report_findings(&terminal, args.format, None, &findings);
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
        if args.reports.ci.resolved() == Ci::Github && args.format == Format::Human {
            terminal.command(&render::github(&findings));
        }
        match (ready, Exit::of_findings(&findings)) {
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
                    report_sandbox(&terminal, args.format, sandbox);
                }
                exit
            }
        }
    })
}

/// Everything that can be said against the run is said at once; nothing is returned where something is.
/// `secrets` are what must not show from then on: the token and secret inputs.
fn ready(
    args: &RunArgs,
    resumption: Option<&Resumption>,
    sandbox: Option<&Sandbox>,
    findings: &mut Vec<Diagnostic>,
    secrets: &mut Vec<Secret>,
) -> Option<Ready> {
    let saved = match args.plan.as_deref().map(saved::read).transpose() {
        Ok(saved) => saved,
        Err(finding) => {
            findings.push(finding);
            return None;
        }
    };
    // What was reviewed is what runs: a plan brings its own instant, and with it every date that it showed.
    let (run, started_at) = match (resumption, &saved) {
        (Some(earlier), _) => (earlier.run.clone(), earlier.started_at),
        (None, saved) => (
            args.run_id.clone().unwrap_or_else(prepare::new_run_id),
            saved
                .as_ref()
                .map_or_else(Timestamp::now, |saved| saved.planned_at),
        ),
    };
    let occasion = Occasion {
        purpose: Purpose::Run(sandbox),
        run,
        started_at,
        earlier: resumption.map(|earlier| &earlier.inputs),
    };
    let Some(prepared) = prepare::prepare(&args.what, occasion, findings, secrets) else {
        findings.extend(reports::check(&args.reports.report, &Reads::default()));
        return None;
    };
    let reads = Reads::of_run(args, &prepared, &state_folder(args, &prepared.root));
    findings.extend(reports::check(&args.reports.report, &reads));
    if let Some(saved) = &saved {
        findings.extend(saved::drift(saved, &prepared, &args.what));
    }
    let mut deletes = Deletes::of(&prepared.rehearsal, resumption);
    let tally = (Exit::of_findings(findings).is_none())
        .then(|| tally(args, &prepared, deletes.any()))
        .flatten();
    let needs = tally
        .as_ref()
        .map_or_else(|| Needs::from(&prepared.rehearsal), Needs::from);
    prepare::check_limits(prepared.playbook(), &prepared.project, needs, findings);
    if let Some(tally) = &tally {
        deletes.count_rows(tally, &prepared.rehearsal);
    }
    if Exit::of_findings(findings).is_none() && deletes.any() && !deletes::may_delete(args) {
        findings.extend(deletes.objection(args));
    }
    let loops = prepared.plan.loops().into_iter();
    let loops: Vec<String> = loops.map(|(step, _)| step.id.clone()).collect();
    let accounts = Accounts::read(args, &loops, &folder_of(&args.what.playbook), findings);
    let reports: Vec<&Path> = args
        .reports
        .report
        .iter()
        .map(reports::ReportTo::path)
        .collect();
    findings.extend(accounts::check(
        &accounts,
        &prepared.plan,
        &prepared.files,
        &reads,
        &reports,
    ));
    findings.extend(own_columns::check(
        &accounts,
        &prepared.plan,
        &prepared.rehearsal,
        &prepared.files,
    ));
    if Exit::of_findings(findings).is_none() {
        findings.extend(accounts.make_folders(&prepared.plan));
    }
    Some(Ready {
        prepared,
        accounts,
        saved_plan: saved.map(|saved| saved.id()),
    })
}

/// The CRM that is emulated inside this process, where it is asked for.
async fn start_sandbox(args: &RunArgs) -> Result<Option<Sandbox>, Vec<Diagnostic>> {
    if !args.what.sandbox {
        return Ok(None);
    }
    let mut options = Options::default();
    if let Some(path) = &args.sandbox_faults {
        options.faults = Faults::load(path, &path.display().to_string())?;
    }
    Sandbox::start(options).await.map(Some).map_err(|error| {
        let message = format!("the sandbox cannot start: {error}");
        vec![Diagnostic::error(Code::StateFolder, message)]
    })
}

/// `run` is none where it is not known yet.
fn report_findings(
    terminal: &Terminal,
    format: Format,
    run: Option<&RunId>,
    findings: &[Diagnostic],
) {
    if findings.is_empty() {
        return;
    }
    match format {
        Format::Human => {
            terminal.say(&terminal.findings(findings));
            if Exit::of_findings(findings).is_none() {
                terminal.say("\n");
            }
        }
        Format::Json => {
            let time = format!("{:.3}", Timestamp::now());
            terminal.answer(&json::findings(run, &time, findings));
        }
    }
}

/// What the rows of loops come to, where it has to be known before the first request: it reads all of them.
fn tally(args: &RunArgs, prepared: &Prepared, deletes: bool) -> Option<Tally> {
    let limits = prepared.project.config.limits_of(prepared.playbook());
    let has_limits = limits.requests.is_some() || limits.deletes.is_some();
    let is_asked = deletes && !deletes::may_delete(args);
    let is_wanted = (has_limits || is_asked) && !prepared.plan.loops().is_empty();
    is_wanted.then(|| saved::outlook(prepared, &args.what, RowsShown::Some).tally)
}

/// Where the journal is.
pub(super) fn state_folder(args: &RunArgs, root: &Path) -> PathBuf {
    let given = args.state.state_dir.clone();
    given.unwrap_or_else(|| root.join(".voxplay"))
}

/// The state folder, where commands that are typed here do not find it by themselves.
fn state_flag(state: &Path) -> Option<PathBuf> {
    let own = super::resume::state_folder(None);
    (open::absolute(&own) != open::absolute(state)).then(|| PathBuf::from(open::shown(state)))
}

/// The summary, without secrets.
fn say_end(
    terminal: &Terminal,
    finished: &RunFinished,
    in_doubt: &InDoubt,
    record: &RunRecord,
    masker: &Masker,
) {
    if let EventKind::RunFinished(shown) = EventKind::RunFinished(finished.clone()).masked(masker) {
        terminal.answer(&human::summary(&shown, in_doubt, width()));
        terminal.answer(&human::reasons(&record.reasons, width()));
    }
}

/// What is in doubt of all stretches of a run: what an earlier one left so is so still, whatever this one came to.
fn all_doubts(journal: &Journal, run: &RunId) -> Option<InDoubt> {
    let left = journal.in_doubt(run).ok()?;
    Some(InDoubt::of(left.iter().map(|(_, event)| &event.kind)))
}

/// Opens what the run needs, runs it, and says how it ended.
async fn start(
    args: &RunArgs,
    resumption: Option<&Resumption>,
    terminal: &mut Terminal,
    ready: Ready,
    masker: &Masker,
) -> Exit {
    let state = state_folder(args, &ready.root);
    let earlier = resumption.map(|earlier| &earlier.run);
    let key = lock_key(&args.what.playbook, &ready.root);
    let mut started = started(args, &ready, &key, masker);
    // As it stands in the journal, with which it is compared.
    started.mask(masker);
    if let Some(resumed) = resumption
        && let Some(finding) = super::resume::against(resumed, &mut started, &ready, &state, masker)
    {
        report_findings(terminal, args.format, earlier, &[finding]);
        return Exit::Refused;
    }
    let opened = match Opened::open(args, &mut started, resumption, &ready, masker) {
        Ok(opened) => opened,
        Err(finding) => {
            report_findings(terminal, args.format, earlier, &[finding]);
            if args.format == Format::Human {
                terminal.say("\nnothing was sent\n");
            }
            return Exit::Refused;
        }
    };
    let journal = &opened.journal;
    let call = call(args, resumption, &ready.run);
    let signals = listen(terminal, &call);
    let mut watcher = watcher(args, terminal, &ready, &call);
    // A report is one of the whole run.
    if resumption.is_some() {
        for (_, event) in journal.events(&ready.run).flatten() {
            watcher.recorder.add(&event);
        }
    }
    let limits = ready.project.config.limits_of(ready.playbook());
    let (requests, deletes) = resumption.map_or((0, 0), |earlier| {
        (earlier.spent.requests, earlier.spent.deletes())
    });
    let meter = Meter::new(&limits).already(requests, deletes);
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
    let (mut in_doubt, recorder) = watcher.finish();
    if args.format == Format::Human {
        say_earlier_accounts(terminal, &ready, journal, reached.into_inner());
    }
    if resumption.is_some() {
        in_doubt = all_doubts(journal, &ready.run).unwrap_or(in_doubt);
    }
    // Requests that were on their way when nothing could be written down any more are in doubt.
    let has_doubts = result.is_err() && journal.has_doubts(&ready.run).unwrap_or(true);
    let held_back = held_back::of(journal, &ready.run, resumption);
    let closed = journal.close().await;
    let record = recorder.record();
    let exit = match result {
        Err(error) => stopped_by_journal(terminal, args.format, &ready.run, &error, has_doubts),
        Ok(finished) => {
            if args.format == Format::Human {
                say_end(terminal, &finished, &in_doubt, &record, masker);
                if finished.counts.failed > 0 && resumption.is_some_and(|it| !it.asked.retry_failed)
                {
                    terminal.say(
                        "what failed before stays failed; `resume --retry-failed` tries it again\n",
                    );
                }
                terminal.say(&held_back);
                let call = Call::new(&ready.run, state_flag(&state).as_deref());
                let has_doubts = !in_doubt.is_empty();
                terminal.say(&afterwards::advice(&finished, has_doubts, &ready, &call));
                terminal.say(&format!(
                    "run {} is recorded in {}\n",
                    ready.run,
                    open::shown(&state.join("journal.sqlite"))
                ));
            }
            if let Err(error) = closed {
                terminal.say(&format!(
                    "warning: the journal was not closed well: {error}\n"
                ));
            }
            Exit::of_run(finished.outcome, signals.terminated())
        }
    };
    tell_others(args, terminal, &record, masker, exit)
}

/// Hears signals; the second one ends the run at once, and says how what was in flight is settled.
fn listen(terminal: &Terminal, call: &Call) -> Signals {
    let in_doubt = format!(
        "; what was in flight is in doubt: `{}`, then `{}`",
        call.reconcile(""),
        call.resume("")
    );
    Signals::listen(terminal.clone(), in_doubt)
}

/// Says which accounts are of an earlier run. Those of a loop that an earlier stretch got to are of this one.
fn say_earlier_accounts(
    terminal: &Terminal,
    ready: &Ready,
    journal: &Journal,
    mut reached: BTreeSet<String>,
) {
    let loops = ready.plan.loops().into_iter().map(|(step, _)| &step.id);
    let was_reached = |id: &&String| journal.has_rows(&ready.run, id).unwrap_or(true);
    reached.extend(loops.filter(was_reached).cloned());
    for note in ready.accounts.of_earlier_runs(&ready.plan, &reached) {
        terminal.say(&note);
    }
}

/// Who is told what happens.
fn watcher(args: &RunArgs, terminal: &Terminal, ready: &Ready, call: &Call) -> Reporter {
    let actions = ready.plan.actions();
    let names = actions
        .iter()
        .map(|(step, planned)| (step.id.as_str(), planned.action.name()));
    Reporter::new(
        terminal.clone(),
        args.format,
        Columns::new(names, width()),
        Recorder::new(ready.run.clone())
            .with_places(places(ready.plan.playbook()))
            .settled_by(call.reconcile("")),
    )
}

/// Writes the reports and tells the CI system; a report that cannot be written takes the run nothing but the
/// exit code 0.
fn tell_others(
    args: &RunArgs,
    terminal: &Terminal,
    record: &RunRecord,
    masker: &Masker,
    exit: Exit,
) -> Exit {
    let (commands, mut problems) = ci::tell(args.reports.ci, record, masker);
    terminal.command(&commands);
    problems.extend(reports::write(&args.reports.report, record, masker));
    for problem in &problems {
        terminal.say(&format!("error: {problem}\n"));
    }
    match exit {
        Exit::Ok if !problems.is_empty() => Exit::Failed,
        exit => exit,
    }
}

fn started(args: &RunArgs, ready: &Ready, key: &str, masker: &Masker) -> RunStarted {
    let playbook = ready.plan.playbook();
    let inputs = fingerprints::public_inputs(&ready.plan, &ready.inputs.values);
    let fingerprints = fingerprints::take(
        &ready.plan,
        &ready.rehearsal,
        &inputs,
        &ready.facts.operation,
        &ready.files,
        masker,
    );
    RunStarted {
        playbook: args.what.playbook.display().to_string(),
        name: playbook.name.as_ref().map(|name| name.value.clone()),
        target: ready.facts.clone(),
        voxplay: env!("CARGO_PKG_VERSION").to_owned(),
        playbook_digest: fingerprints[fingerprints::PLAYBOOK].clone(),
        started_at: ready.started_at.to_string(),
        steps: ready.plan.actions().len(),
        data: fingerprints::data_by_step(&ready.plan, &ready.rehearsal, &ready.files).map(Box::new),
        fingerprints,
        inputs,
        tags: args.what.tags.clone(),
        from_root: key.to_owned(),
        sandbox: args.what.sandbox,
        accounts: ready.accounts.kept(&ready.root),
        text: playbook.source.text().to_owned(),
        texts: fingerprints::texts(&ready.plan),
        outline: outline::take(&ready.plan),
        plan: ready.saved_plan.clone(),
        named: args.run_id.is_some(),
        from_env: fingerprints::from_environment(&ready.inputs),
        by_default: fingerprints::by_default(&ready.plan, &ready.inputs),
        private: None,
        timezone: Some(open::zone_name(&ready.zone).into()),
    }
}

fn stopped_by_journal(
    terminal: &Terminal,
    format: Format,
    run: &RunId,
    error: &RunError,
    has_doubts: bool,
) -> Exit {
    let RunError::Journal {
        error,
        sent,
        unrecorded,
    } = error;
    let after = match unrecorded {
        Some(step) => format!("the outcome of {step} is known but not written down: note it"),
        None if *sent == 0 => "nothing was sent".to_owned(),
        None if has_doubts => format!(
            "sent before that: {}; what was on its way is in doubt, and `voxplay reconcile` lists it",
            plural(*sent, "request")
        ),
        None => format!(
            "sent before that: {}, and nothing since",
            plural(*sent, "request")
        ),
    };
    let message = format!("the run stopped because it could not be recorded: {error}; {after}");
    let finding = Diagnostic::error(Code::StateFolder, message)
        .help("make room or repair the folder of the journal");
    report_findings(terminal, format, Some(run), &[finding]);
    match (*sent, unrecorded) {
        (0, None) => Exit::Refused,
        (_, Some(_)) => Exit::Unknown,
        _ if has_doubts => Exit::Unknown,
        _ => Exit::Failed,
    }
}

/// How many remarks of the emulated CRM are told.
const MOST_REMARKS: usize = 5;

/// What the emulated CRM found worth a remark.
fn report_sandbox(terminal: &Terminal, format: Format, sandbox: &Sandbox) {
    let Ok(notes) = sandbox.notes() else {
        return;
    };
    if format == Format::Json || notes.is_empty() {
        return;
    }
    let room = width().saturating_sub(4);
    let mut text = String::from("\nThe sandbox, which follows the vendor's documents, remarks:\n");
    for note in notes.iter().take(MOST_REMARKS) {
        let mut bullet = "- ";
        for line in human::wrap(&human::harmless(&note.text), room) {
            let _ = writeln!(text, "  {bullet}{line}");
            bullet = "  ";
        }
    }
    if let Some(more) = notes
        .len()
        .checked_sub(MOST_REMARKS)
        .filter(|more| *more > 0)
    {
        let _ = writeln!(text, "  and {more} more of the kind");
    }
    terminal.say(&text);
}
