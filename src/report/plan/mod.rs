//! A plan as people and programs read it. Nothing here looks ahead: that was done, this shows it.

mod amounts;
mod digest;
mod human;
mod identity;
mod json;
mod markdown;
mod once;
mod pretty;

use jiff::Zoned;

use crate::action::{Effect, TargetFacts};
use crate::diagnostic::Diagnostic;
use crate::plan::foresee::{LoopOutlook, Outlook, RequestOutlook, StepOutlook};
use crate::playbook::Playbook;
use crate::request::Request;
use crate::secret::Masker;
use crate::value::{Map, Value};

pub use amounts::records;
pub use digest::{Seal, seal_of};
pub use human::human;
pub use identity::{FileIdentity, Identity, Salt, TargetIdentity};
pub use json::{SCHEMA, document, masked};
pub use markdown::markdown;
pub use once::repeated_key;
pub use pretty::{Noted, pretty};

/// Everything that a plan shows.
#[derive(Debug)]
pub struct PlanReport<'r> {
    /// The playbook.
    pub playbook: &'r Playbook,
    /// What a run will do.
    pub outlook: &'r Outlook,
    /// Where it goes.
    pub target: &'r TargetFacts,
    /// Whether that is the emulated CRM.
    pub is_sandbox: bool,
    /// The instant that `now()` gives, in the run's time zone.
    pub planned_at: Zoned,
    /// What it was made of.
    pub identity: &'r Identity,
    /// Its inputs, in the order of the playbook.
    pub inputs: Vec<InputLine>,
    /// The most that may be sent: the playbook's limit, or the policy's where that is less.
    pub limits: LimitLines,
    /// The requests of one day; none where the target has no budget.
    pub budget: Option<Budget>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
    /// What the check found.
    pub findings: &'r [Diagnostic],
    /// What must not show.
    pub masker: &'r Masker,
}

/// An input as a plan shows it.
#[derive(Debug)]
pub struct InputLine {
    /// Its name.
    pub name: String,
    /// Its value; none where it is secret.
    pub value: Option<Value>,
    /// Where the value came from.
    pub from: String,
}

/// The most that may be sent.
#[derive(Debug, Clone, Copy, Default)]
pub struct LimitLines {
    /// Requests.
    pub requests: Option<u64>,
    /// Records deleted.
    pub deletes: Option<u64>,
}

/// A day's requests to a target.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// How many a day.
    pub daily: u64,
    /// How many of them are spent, as this project's journal knows.
    pub sent_today: u64,
}

impl Budget {
    /// How many are left.
    pub const fn left(self) -> u64 {
        self.daily.saturating_sub(self.sent_today)
    }
}

/// The effects in the order in which a reviewer wants them.
const EFFECTS: [Effect; 4] = [Effect::Delete, Effect::Create, Effect::Update, Effect::Read];

/// The whole URL of a request. What is masked is so before it is encoded: a secret inside another encoding, such as
/// JSON, is not found any more once that is percent-encoded too.
pub fn url(target: &TargetFacts, request: &Request, masker: &Masker) -> String {
    let mut text = masker
        .mask(&format!("{}{}", target.server, request.path))
        .into_owned();
    if !request.query.is_empty() {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in &request.query {
            query.append_pair(&masker.mask(name), &masker.mask(value));
        }
        text.push('?');
        text.push_str(&query.finish());
    }
    text
}

/// Bytes as people say them.
pub fn size(bytes: u64) -> String {
    let units = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut tenths = bytes / 100;
    let mut unit = 0;
    while tenths >= 10_000 && unit + 1 < units.len() {
        tenths /= 1000;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, units[unit])
}

/// `file:line:column` of a step.
fn place(step: &StepOutlook) -> String {
    let source = step.home.source();
    format!("{}:{}", source.name(), source.position(step.span.start))
}

/// What an effect needs said: why it is not the usual one, or that it is not known.
fn effect_reason(request: &RequestOutlook) -> Option<String> {
    if request.effect_is_certain {
        request.because.clone()
    } else {
        Some("the worst that is possible: what it depends on is not known yet".to_owned())
    }
}

/// Where the rows of a loop come from, and what that waits for where it does.
pub fn rows_of(each: &LoopOutlook) -> String {
    match &each.unknown {
        // A path in part unknown holds the mark already.
        Some(mark) if !each.source.contains(mark.as_str()) => format!("{} {mark}", each.source),
        _ => each.source.clone(),
    }
}

/// An object of a few keys.
fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(Map::from_iter(
        entries.map(|(key, value)| (key.to_owned(), value)),
    ))
}

/// Text, or null where there is none.
fn optional(text: Option<&str>) -> Value {
    text.map_or(Value::Null, Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well() {
        assert_eq!(size(999), "999 B");
        assert_eq!(size(1_234), "1.2 kB");
        assert_eq!(size(5_250_000), "5.2 MB");
    }
}
