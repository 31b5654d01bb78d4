//! A saved plan: what it was made of, and whether that is still so.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;

use super::args::PlaybookArgs;
use super::call::Call;
use super::fingerprints;
use super::open::{self, shown};
use super::places::obstacle_to_writing;
use super::prepare::Prepared;
use super::reads::whole;
use super::resume::unreadable;
use crate::attachment::Attachment;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{ordinary_text, unreadable_file};
use crate::event::{RunId, RunOutcome};
use crate::journal::Journal;
use crate::plan::foresee::{Circumstances, Knowledge, Outlook, RowsShown, foresee};
use crate::report::plan::{
    FileIdentity, Identity, SCHEMA, Salt, Seal, TargetIdentity, repeated_key, seal_of,
};
use crate::secret::{SHORTEST_SURE, told_apart};
use crate::value::{Map, Value};

/// What of a saved plan decides whether it may be run.
#[derive(Debug)]
pub(super) struct Saved {
    /// The instant that `now()` gives.
    pub(super) planned_at: Timestamp,
    identity: Identity,
    /// The path of the playbook, as it was given.
    playbook: String,
}

/// The keys that are read of the document.
#[derive(Deserialize)]
struct Keys {
    schema: u64,
    planned_at: String,
    identity: serde_json::Value,
    playbook: PlaybookKeys,
}

#[derive(Deserialize)]
struct PlaybookKeys {
    path: String,
}

/// What to do where no plan can be read.
const MAKE_ONE: &str = "make one with `voxplay plan PLAYBOOK --out FILE`";

/// Reads a saved plan.
///
/// # Errors
/// Where it cannot be read, is no plan of this version, or was changed since it was written.
pub(super) fn read(path: &Path) -> Result<Saved, Diagnostic> {
    let name = shown(path);
    let text = ordinary_text(path).map_err(|error| {
        let shown = format!("the plan {name}");
        let finding = unreadable_file(&error, &shown, "check the disk that it is on");
        match error.kind() {
            ErrorKind::NotFound => Diagnostic {
                message: format!("there is no plan {name}"),
                ..finding.help(MAKE_ONE)
            },
            ErrorKind::InvalidData => Diagnostic {
                message: format!("{name} is no saved plan: it is not text"),
                ..finding.help(MAKE_ONE)
            },
            _ => finding,
        }
    })?;
    let refuse = |why: String| {
        Diagnostic::error(
            Code::InvalidValue,
            format!("{name} is not a plan that can be run: {why}"),
        )
        .help(MAKE_ONE)
    };
    let changed = |why: String| {
        Diagnostic::error(Code::PlanChanged, format!("the plan {name} {why}"))
            .help("make a new plan with `voxplay plan PLAYBOOK --out FILE`, and have it reviewed")
    };
    let document = Value::from_json_text(&text).map_err(|error| refuse(error.to_string()))?;
    if let Some(key) = repeated_key(&text) {
        return Err(changed(format!(
            "was changed since it was written: the key `{key}` stands twice in one object"
        )));
    }
    let keys: Keys = serde_json::from_str(&text).map_err(|error| refuse(error.to_string()))?;
    if keys.schema != SCHEMA {
        return Err(refuse(format!(
            "its version is {}, and this voxplay knows {SCHEMA}",
            keys.schema
        )));
    }
    if let Some(why) = document.as_map().and_then(unsealed) {
        return Err(changed(why.to_owned()));
    }
    Ok(Saved {
        playbook: keys.playbook.path,
        planned_at: keys
            .planned_at
            .parse()
            .map_err(|error: jiff::Error| refuse(error.to_string()))?,
        identity: serde_json::from_value(keys.identity)
            .map_err(|error| refuse(error.to_string()))?,
    })
}

/// Why a plan may show something else than what it would send.
fn unsealed(document: &Map) -> Option<&'static str> {
    match seal_of(document) {
        Seal::Whole => None,
        Seal::Broken => {
            Some("was changed since it was written: what it shows is not what a run would send")
        }
        Seal::Missing => Some("has no `digest`, by which a change of what it shows would be seen"),
    }
}

/// What speaks against saving a plan under a path: it may replace an earlier plan, and nothing else.
pub(super) fn objection(path: &Path) -> Option<Diagnostic> {
    if let Some(obstacle) = obstacle_to_writing(path) {
        return Some(obstacle.of("--out"));
    }
    let length = path.metadata().ok()?.len();
    // One of another version is a plan too.
    let is_plan = || {
        let text = ordinary_text(path).ok()?;
        serde_json::from_str::<Keys>(&text).ok()
    };
    if length == 0 || is_plan().is_some() {
        return None;
    }
    let message = format!(
        "--out: {} is there already, and is no saved plan: it would be overwritten",
        shown(path)
    );
    Some(Diagnostic::error(Code::InvalidValue, message).help("name a file that is not there yet"))
}

/// Why a plan is not saved.
pub(super) fn unwritable(path: &Path, why: &str) -> Diagnostic {
    let message = format!("--out: the plan cannot be saved as {}: {why}", shown(path));
    Diagnostic::error(Code::InvalidValue, message)
        .help("name a file in a folder that is there and can be written into")
}

/// What the run will do.
pub(super) fn outlook(prepared: &Prepared, what: &PlaybookArgs, rows: RowsShown) -> Outlook {
    foresee(Circumstances {
        plan: &prepared.plan,
        inputs: &prepared.inputs,
        target: &prepared.facts,
        server: if what.sandbox {
            Knowledge::AtRun
        } else {
            Knowledge::Known
        },
        started_at: &prepared.started_at.to_string(),
        files: &prepared.files,
        rows,
    })
}

/// The secret inputs that a saved plan says nothing of, each in a sentence.
pub(super) fn left_out(prepared: &Prepared) -> impl Iterator<Item = String> {
    fingerprints::values(&prepared.plan, &prepared.inputs)
        .filter(|(_, is_secret, value)| is_short_secret(*is_secret, value))
        .map(|(name, ..)| {
            format!("the secret input {name} has fewer than {SHORTEST_SURE} characters: whether it changes until the run is not noticed")
        })
}

/// Whether whoever reads a plan could find a value out by trying all that there are.
fn is_short_secret(is_secret: bool, value: &Value) -> bool {
    is_secret && length(value) < SHORTEST_SURE
}

/// How many letters and digits of a value somebody would have to guess.
fn length(value: &Value) -> usize {
    match value {
        Value::List(items) => items.iter().map(length).sum(),
        Value::Map(map) => map.values().map(length).sum(),
        scalar => scalar.scalar_text().map_or(0, |text| text.chars().count()),
    }
}

/// What a plan is made of.
pub(super) fn identity(
    prepared: &Prepared,
    outlook: &Outlook,
    what: &PlaybookArgs,
    salt: Salt,
) -> Identity {
    let facts = &prepared.facts;
    // A path may be made of a secret.
    let masker = prepared.masker();
    let files = |files: &BTreeMap<String, Attachment>| {
        let files = files.iter();
        let named =
            files.map(|(name, file)| (masker.mask(name).into_owned(), FileIdentity::from(file)));
        told_apart(named).into_iter().collect()
    };
    let zone = open::zone_name(&prepared.zone);
    Identity {
        voxplay: env!("CARGO_PKG_VERSION").to_owned(),
        playbook: fingerprints::digest(prepared.plan.source().text()),
        used: fingerprints::used(&prepared.plan).collect(),
        tags: what.tags.clone(),
        target: TargetIdentity {
            name: facts.name.clone(),
            server: if what.sandbox {
                "sandbox".to_owned()
            } else {
                facts.server.clone()
            },
            operation: facts.operation.clone(),
        },
        timezone: zone,
        inputs: fingerprints::values(&prepared.plan, &prepared.inputs)
            .filter(|(_, is_secret, value)| !is_short_secret(*is_secret, value))
            .map(|(name, _, value)| (name, salt.digest(&value.to_json_text())))
            .collect(),
        salt,
        actions: fingerprints::actions(&prepared.plan)
            .into_iter()
            .map(|(name, digest)| (name.to_owned(), digest))
            .collect(),
        attachments: files(&outlook.attachments),
        data: files(&outlook.data),
    }
}

impl Saved {
    /// What tells this plan from every other one, also from one of the same playbook.
    pub(super) fn id(&self) -> String {
        self.identity.salt.digest("the plan itself")
    }
}

/// Why a plan is not run once more: what was reviewed is sent once.
pub(super) fn was_run(journal: &Journal, plan: &str, state: &Path) -> Option<Diagnostic> {
    let found = journal.run_of_plan(plan).and_then(|run| {
        let run = run.and_then(|id| RunId::parse(&id));
        run.map_or(Ok(None), |id| journal.run(&id))
    });
    let run = match found {
        Ok(run) => run?,
        Err(error) => return Some(unreadable(&error)),
    };
    let (how, help) = if run.outcome == Some(RunOutcome::Ok) {
        (", which ended ok", "make a new plan".to_owned())
    } else {
        let go_on = Call::new(&run.id, state).resume("");
        let help = format!("make a new plan; to go on with that run: `{go_on}`");
        ("", help)
    };
    Some(
        Diagnostic::error(
            Code::PlanChanged,
            format!(
                "this plan was run already, as run {}{how}: what it sends would be sent again",
                run.id
            ),
        )
        .help(help),
    )
}

/// Whether a path means another playbook than that of the plan, as far as paths tell.
fn is_another(planned: &str, given: &Path) -> bool {
    let planned = Path::new(planned);
    planned.file_name() != given.file_name()
        || whole(planned).is_some_and(|planned| planned.exists() && whole(given) != Some(planned))
}

/// Everything that is no longer as it was planned, each as a finding.
pub(super) fn drift(saved: &Saved, prepared: &Prepared, what: &PlaybookArgs) -> Vec<Diagnostic> {
    let outlook = outlook(prepared, what, RowsShown::Some);
    let now = identity(prepared, &outlook, what, saved.identity.salt.clone());
    if now.playbook != saved.identity.playbook && is_another(&saved.playbook, &what.playbook) {
        let (planned, given) = (&saved.playbook, shown(&what.playbook));
        let message = format!("the plan is of the playbook {planned}, and this is {given}");
        return vec![
            Diagnostic::error(Code::PlanChanged, message)
                .help("name the playbook of the plan, or make a plan of this one"),
        ];
    }
    saved
        .identity
        .drift(&now)
        .into_iter()
        .map(|change| {
            Diagnostic::error(
                Code::PlanChanged,
                format!("since the plan was made, {change}"),
            )
            .help("plan again, and have the new plan reviewed")
        })
        .collect()
}
