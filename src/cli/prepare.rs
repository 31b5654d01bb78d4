//! What every command does that looks at a whole run before anything is sent: playbook, project, inputs and
//! target brought together, and everything that speaks against them said at once.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::args::PlaybookArgs;
use super::check::literal_tokens;
use super::open::{self, Project, folder_of};
use super::surroundings::Process;
use super::uses;
use crate::action::TargetFacts;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::document::Document;
use crate::event::RunId;
use crate::plan::{
    self, Completeness, Earlier, Facts, Given, Inputs, Needed, Plan, Rehearsal, RowCheck,
};
use crate::playbook::Playbook;
use crate::project::{Confinement, Server, Surroundings as _, Target, TokenSource};
use crate::sandbox::{DEFAULT_OPERATION, Sandbox};
use crate::secret::{Masker, Secret};
use crate::source::{Source, Span, Spanned};
use crate::template::{Clock, Engine};
use crate::value::Map;

/// What a run is prepared for.
#[derive(Clone, Copy)]
pub(super) enum Purpose<'s> {
    /// To be run: to the target, or to the emulated CRM that was started for it.
    Run(Option<&'s Sandbox>),
    /// To be looked at: no token is needed, and no CRM is emulated.
    Look,
}

/// Where `voxplay sandbox` listens where nothing else is said: what a look at a run to the sandbox shows.
const SANDBOX_SERVER: &str = "http://127.0.0.1:8090";

/// A run that everything is known about.
pub(super) struct Prepared {
    pub(super) plan: Plan,
    pub(super) rehearsal: Rehearsal,
    pub(super) inputs: Inputs,
    /// Where it goes. For a look, the token may be empty.
    pub(super) target: Target,
    /// Where the token is kept; none for the sandbox.
    pub(super) token: Option<TokenSource>,
    /// The tokens of the project's targets, as far as they can be read.
    tokens: Vec<Secret>,
    /// Why the token is missing; only a look goes on without one.
    pub(super) without_token: Option<Diagnostic>,
    pub(super) facts: TargetFacts,
    pub(super) files: Confinement,
    pub(super) project: Project,
    pub(super) root: PathBuf,
    pub(super) zone: TimeZone,
    pub(super) run: RunId,
    /// The instant that `now()` gives.
    pub(super) started_at: Timestamp,
}

impl Prepared {
    /// What must not show: the tokens and secret inputs.
    pub(super) fn masker(&self) -> Masker {
        let used = &self.rehearsal.secrets;
        let inputs = self.inputs.secrets.iter().chain(used);
        let inputs = inputs.cloned().map(Secret::new);
        let tokens = self.tokens.iter().chain([&self.target.token]).cloned();
        Masker::new(inputs.chain(tokens))
    }

    /// The playbook.
    pub(super) fn playbook(&self) -> &Playbook {
        self.plan.playbook()
    }
}

/// What must not show from now on, also where nothing could be prepared: tokens that stand where none may.
pub(super) fn masker(secrets: &[Secret], findings: &[Diagnostic]) -> Masker {
    Masker::new(secrets.iter().chain(&literal_tokens(findings)))
}

/// When and what for something is prepared.
pub(super) struct Occasion<'o> {
    pub(super) purpose: Purpose<'o>,
    /// The run's id.
    pub(super) run: RunId,
    /// The instant that `now()` gives.
    pub(super) started_at: Timestamp,
    /// The inputs of an earlier stretch of the run.
    pub(super) earlier: Option<&'o Earlier>,
    /// Whether inputs may be missing: what reads them is not known then.
    pub(super) may_lack_inputs: bool,
    /// How many rows of each loop are looked at.
    pub(super) rows: RowCheck,
}

impl Occasion<'_> {
    /// A look at what a run would do if it started at this instant.
    pub(super) fn look(started_at: Timestamp) -> Self {
        Self {
            purpose: Purpose::Look,
            run: new_run_id(),
            started_at,
            earlier: None,
            may_lack_inputs: false,
            rows: RowCheck::First,
        }
    }

    /// The same, as far as it is known with the inputs that are given.
    pub(super) fn look_at_what_is_known(started_at: Timestamp) -> Self {
        Self {
            may_lack_inputs: true,
            ..Self::look(started_at)
        }
    }
}

pub(super) fn new_run_id() -> RunId {
    RunId::parse(&uuid::Uuid::now_v7().to_string())
        .expect("a UUID is made of digits, letters and hyphens")
}

/// Where a run goes, and what is known of its token.
struct Aim {
    target: Target,
    token: Option<TokenSource>,
    without_token: Option<Diagnostic>,
}

/// Everything that can be said against the run is said at once; nothing is returned where the playbook cannot be
/// run. What a guard has to say is not asked yet. `secrets` are what must not show from then on.
pub(super) fn prepare(
    args: &PlaybookArgs,
    occasion: Occasion<'_>,
    findings: &mut Vec<Diagnostic>,
    secrets: &mut Vec<Secret>,
) -> Option<Prepared> {
    let Occasion {
        purpose,
        run,
        started_at,
        earlier,
        may_lack_inputs,
        rows,
    } = occasion;
    let read = open::playbook(&args.playbook);
    let project = Project::find(&folder_of(&args.playbook));
    let tokens = project.config.tokens(&project.root, &Process);
    secrets.extend(tokens.iter().cloned());
    findings.extend(project.findings.iter().cloned());
    let (playbook, form) = read;
    let given = given(args, earlier, openness(playbook.as_ref(), &form), findings);
    findings.extend(form);
    let mut playbook = playbook?;
    let variables = |name: &str| Process.variable(name);
    uses::link(
        &mut playbook,
        &args.playbook,
        &project,
        Some(&variables),
        findings,
    );
    let playbook = Arc::new(playbook);
    let aim = aim(args, purpose, &project, &playbook, findings);
    let target = aim.as_ref().map(|aim| &aim.target);
    secrets.extend(target.iter().map(|target| target.token.clone()));
    let of_target = target
        .and_then(|target| target.timezone.as_ref())
        .map(|zone| Spanned::new(zone.clone(), Span::default()));
    let zone = open::zone(
        &playbook,
        of_target
            .as_ref()
            .map(|zone| (None::<&std::sync::Arc<Source>>, zone)),
        findings,
    );
    let facts = target.map(|target| TargetFacts {
        name: target.name.clone(),
        server: target.server.base().to_owned(),
        operation: target.operation.clone(),
    });
    let engine = Engine::new(Clock {
        now: started_at,
        zone: zone.clone(),
    });
    let (draft, wrong) = plan::compile(&playbook, &project.catalogue, &engine, &args.tags);
    findings.extend(wrong);
    let needed = if may_lack_inputs {
        Needed::nothing()
    } else {
        draft.needed_inputs(&args.tags)
    };
    let (inputs, wrong) = plan::resolve_inputs(
        &playbook,
        &given,
        &|name| Process.variable(name),
        Completeness::Required(&needed),
    );
    findings.extend(wrong);
    secrets.extend(inputs.secrets.iter().cloned().map(Secret::new));
    let files = project.confinement(&args.playbook);
    let run_facts = Map::from_iter([
        ("id".to_owned(), run.as_str().into()),
        ("started_at".to_owned(), started_at.to_string().into()),
    ]);
    let rehearsal = plan::rehearse(
        &draft,
        &inputs,
        &Facts {
            target: facts.as_ref(),
            run: Some(&run_facts),
            files: &files,
            rows,
        },
    );
    findings.extend(rehearsal.findings.iter().cloned());
    once(findings);
    settle_skipped(findings);
    secrets.extend(rehearsal.secrets.iter().cloned().map(Secret::new));
    let plan = draft.into_plan(findings)?;
    let aim = aim?;
    Some(Prepared {
        plan,
        zone,
        rehearsal,
        inputs,
        target: aim.target,
        token: aim.token,
        tokens,
        without_token: aim.without_token,
        facts: facts?,
        files,
        root: project.root.clone(),
        project,
        run,
        started_at,
    })
}

/// Says nothing twice: what is wrong with a used playbook is found as often as it is used. What is said of a scalar that
/// readers take for different things is all that is said of it.
pub(super) fn once(findings: &mut Vec<Diagnostic>) {
    let mut seen = HashSet::new();
    let at = |place: &Place| (place.source.name().to_owned(), place.span);
    let is_ambiguous = |finding: &&Diagnostic| finding.code == Code::AmbiguousScalar;
    let ambiguous = findings.iter().filter(is_ambiguous);
    let ambiguous: HashSet<_> = ambiguous
        .filter_map(|it| it.place.as_ref().map(at))
        .collect();
    let errors: Vec<(Code, Place)> = findings
        .iter()
        .filter(|finding| finding.is_error())
        .filter_map(|error| Some((error.code, error.place.clone()?)))
        .collect();
    // What an error says of a whole needs no warning about a part of it.
    let is_said = |finding: &Diagnostic, place: &Place| {
        let holds = |(code, around): &(Code, Place)| {
            *code == finding.code
                && around.source.name() == place.source.name()
                && around.span.start <= place.span.start
                && place.span.end <= around.span.end
        };
        !finding.is_error() && errors.iter().any(holds)
    };
    findings.retain(|finding| {
        let Some(place) = &finding.place else {
            return true;
        };
        if is_said(finding, place) {
            return false;
        }
        if !is_ambiguous(&finding) && ambiguous.contains(&at(place)) {
            return false;
        }
        seen.insert((
            place.source.name().to_owned(),
            place.span,
            finding.code,
            finding.message.clone(),
        ))
    });
}

/// Where a step is skipped, nothing more is said of that it may be but what to do about it.
fn settle_skipped(findings: &mut Vec<Diagnostic>) {
    let is_at = |place: &Place, other: &Diagnostic| {
        let other = other.place.as_ref();
        other.is_some_and(|it| it.span == place.span && it.source.name() == place.source.name())
    };
    let (may_be, mut others): (Vec<_>, Vec<_>) = std::mem::take(findings)
        .into_iter()
        .partition(|finding| finding.code == Code::MaybeSkipped && !finding.is_error());
    for finding in may_be {
        let settled = finding.place.as_ref().and_then(|place| {
            let mut errors = others.iter_mut().filter(|other| other.is_error());
            errors.find(|other| is_at(place, other))
        });
        match settled {
            Some(error) => error.help = error.help.take().or(finding.help),
            None => findings.push(finding),
        }
    }
    findings.append(&mut others);
}

/// The environment twin of `-i`.
const INPUT_TWIN: &str = "VOXPLAY_INPUT";

/// Whether findings may show what stands in a file of inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Openness {
    /// They may.
    Open,
    /// The file may hold a secret, also under a name that is misspelt or where it is no YAML.
    Withheld,
}

/// A playbook that is known whole and has no secret input leaves its files of inputs open.
fn openness(playbook: Option<&Playbook>, form: &[Diagnostic]) -> Openness {
    let has_no_secret = |playbook: &Playbook| playbook.inputs.iter().all(|input| !input.secret);
    if playbook.is_some_and(has_no_secret) && !form.iter().any(Diagnostic::is_error) {
        Openness::Open
    } else {
        Openness::Withheld
    }
}

fn given(
    args: &PlaybookArgs,
    earlier: Option<&Earlier>,
    openness: Openness,
    findings: &mut Vec<Diagnostic>,
) -> Given {
    let mut given = Given {
        earlier: earlier.cloned(),
        ..Given::default()
    };
    for path in &args.inputs {
        match (Document::load(path, &path.display().to_string()), openness) {
            (Ok(document), Openness::Open) => given.files.push(document),
            (Ok(document), Openness::Withheld) => given.files.push(Document {
                source: document.source.withheld(),
                ..document
            }),
            (Err(errors), openness) => {
                given.has_unread = true;
                findings.extend(errors.into_iter().map(|error| match openness {
                    Openness::Open => error,
                    Openness::Withheld => error.withheld(),
                }));
            }
        }
    }
    given.flags = flags(&args.input, findings);
    given
}

/// What `-i` gave, or its environment twin, which holds one NAME=VALUE a line.
fn flags(given: &[(String, String)], findings: &mut Vec<Diagnostic>) -> Vec<(String, String)> {
    let variable = Process.variable(INPUT_TWIN);
    let of_twin = |text: &String| matches!(given, [(name, value)] if text.strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix('=')) == Some(value));
    let Some(text) = variable.filter(of_twin) else {
        return given.to_vec();
    };
    let mut pairs = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        match line.split_once('=') {
            Some((name, value)) => pairs.push((name.to_owned(), value.to_owned())),
            None => findings.push(
                Diagnostic::error(
                    Code::InvalidInput,
                    format!("a line of {INPUT_TWIN} has no `=`"),
                )
                .help("write one NAME=VALUE a line"),
            ),
        }
    }
    pairs
}

fn aim(
    args: &PlaybookArgs,
    purpose: Purpose<'_>,
    project: &Project,
    playbook: &Playbook,
    findings: &mut Vec<Diagnostic>,
) -> Option<Aim> {
    let sandbox = match purpose {
        Purpose::Run(Some(sandbox)) => Some((
            sandbox.base_url(),
            sandbox.operation(),
            Secret::new(sandbox.token().to_owned()),
        )),
        Purpose::Look if args.sandbox => Some((
            SANDBOX_SERVER.to_owned(),
            DEFAULT_OPERATION,
            Secret::new(String::new()),
        )),
        Purpose::Run(None) | Purpose::Look => None,
    };
    if let Some((server, operation, token)) = sandbox {
        let target = Target {
            name: "sandbox".to_owned(),
            server: Server::parse(&server, &[]).expect("the sandbox listens on loopback"),
            operation: operation.to_owned(),
            token,
            timezone: None,
            interval: None,
            concurrency: None,
            daily_budget: None,
        };
        return Some(Aim {
            target,
            token: None,
            without_token: None,
        });
    }
    let named = playbook
        .target
        .as_ref()
        .map(|target| (&playbook.source, target));
    let chosen = project
        .config
        .choose(args.target.as_deref(), named, &Process);
    let broken = project.findings.iter().any(Diagnostic::is_error);
    let chosen = match chosen {
        Ok(chosen) => chosen,
        // A target may be missing only because its description is wrong, and that was said.
        Err(_) if broken => return None,
        Err(diagnostic) => {
            findings.push(diagnostic);
            return None;
        }
    };
    findings.extend(chosen.warnings());
    let token = Some(chosen.token.clone());
    let (target, without_token) = match chosen.clone().with_token(&project.root, &Process) {
        Ok(target) => (target, None),
        Err(missing) if matches!(purpose, Purpose::Look) => (
            Target {
                name: chosen.name.value,
                server: chosen.server,
                operation: chosen.operation,
                token: Secret::new(String::new()),
                timezone: chosen.timezone.map(|zone| zone.value),
                interval: chosen.interval,
                concurrency: chosen.concurrency,
                daily_budget: chosen.daily_budget,
            },
            Some(missing),
        ),
        Err(missing) => {
            findings.push(missing);
            return None;
        }
    };
    Some(Aim {
        target,
        token,
        without_token,
    })
}

/// When the day of an instant began: a daily budget counts from there.
pub(super) fn midnight(now: Timestamp, zone: &TimeZone) -> Timestamp {
    now.to_zoned(zone.clone())
        .start_of_day()
        .map_or(now, |midnight| midnight.timestamp())
}
