//! What a look-up has shown, and what follows from it for a person: a proposal, in words and as JSON. It
//! settles nothing, and knows no network.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::super::call::{Call, word};
use super::super::runs::folded;
use crate::action::record_id;
use crate::report::words::{harmless, plural};
use crate::run::Looked;
use crate::value::Value;

/// How far apart the clocks here and in the CRM may be.
const CLOCKS: SignedDuration = SignedDuration::from_mins(2);
/// How long a request may still be at work in the CRM, or its record not show.
const YOUNG: SignedDuration = SignedDuration::from_mins(10);
/// So many records are named.
const MOST_NAMED: usize = 10;

/// A record that fits what was to be created.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fitting {
    /// Its id; none where the answer does not show it.
    pub(super) id: Option<String>,
    /// When it was made, as far as its id tells.
    made: Option<Timestamp>,
}

/// What a look-up has shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shown {
    /// One record fits: it is the created one.
    Found(Fitting),
    /// One record fits, but it was made before the request was sent.
    Older(Fitting),
    /// One record fits, but another create of the run has it too; in which way.
    Shared(Fitting, String),
    /// More than one fits.
    Several(Vec<Fitting>),
    /// None fits.
    NotFound,
    /// It could not be looked up, or nothing follows from what was found.
    NotKnown(String),
}

/// What a look-up has shown of one doubt.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Proposal {
    pub(super) shown: Shown,
    /// The reading action.
    pub(super) read: String,
    /// How many records were looked at.
    seen: usize,
    /// How many requests were sent.
    pub(super) requests: u64,
    remarks: Vec<String>,
    /// What such a look-up can prove.
    description: Option<String>,
    times: Times,
}

/// When the request in doubt was sent, and when it was looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    /// When it was sent for the first time.
    pub(super) first: Option<Timestamp>,
    /// When it was sent last.
    pub(super) last: Option<Timestamp>,
    /// When it was looked up.
    pub(super) now: Timestamp,
}

impl Proposal {
    /// What follows from what was found.
    pub(super) fn of(looked: Looked, read: &str, description: Option<&str>, times: Times) -> Self {
        let shown = match looked.same {
            Err(reason) => Shown::NotKnown(reason),
            Ok(records) => shown(&records, times),
        };
        Self {
            shown,
            read: read.to_owned(),
            seen: looked.seen,
            requests: looked.requests,
            remarks: looked.remarks,
            description: description.map(str::to_owned),
            times,
        }
    }

    /// That the record is another create's as well: then it does not say that this one was done.
    pub(super) fn is_of_another(&mut self, how: String) {
        if let Shown::Found(one) = &self.shown {
            self.shown = Shown::Shared(one.clone(), how);
        }
    }

    /// That the id of the record shows a secret: then no command can be proposed with it.
    pub(super) fn hides_id(&mut self) {
        if let Shown::Found(_) = &self.shown {
            self.shown = Shown::NotKnown(
                "one record fits, and its id holds a secret, which is not shown: look it up in the CRM"
                    .to_owned(),
            );
        }
    }

    /// The word for it in the journal and in JSON.
    pub(super) const fn word(&self) -> &'static str {
        match self.shown {
            Shown::Found(_) => "found",
            Shown::Older(_) => "older",
            Shown::Shared(..) => "shared",
            Shown::Several(_) => "several",
            Shown::NotFound => "not_found",
            Shown::NotKnown(_) => "not_known",
        }
    }

    /// The records that fit.
    fn fitting(&self) -> &[Fitting] {
        match &self.shown {
            Shown::Found(one) | Shown::Older(one) | Shown::Shared(one, _) => {
                std::slice::from_ref(one)
            }
            Shown::Several(many) => many,
            Shown::NotFound | Shown::NotKnown(_) => &[],
        }
    }

    /// The ids of the records that fit.
    pub(super) fn ids(&self) -> Vec<String> {
        let ids = self.fitting().iter().filter_map(|one| one.id.clone());
        ids.collect()
    }

    /// The id that is proposed, where one is.
    pub(super) fn id(&self) -> Option<&str> {
        match &self.shown {
            Shown::Found(one) => one.id.as_deref(),
            _ => None,
        }
    }

    /// The decisions that it speaks for; a person takes one, or none.
    const fn decisions(&self) -> &'static [&'static str] {
        match self.shown {
            Shown::Found(_) => &["ok"],
            Shown::NotFound => &["resend", "failed"],
            Shown::Older(_) | Shown::Shared(..) | Shown::Several(_) | Shown::NotKnown(_) => &[],
        }
    }

    /// Whether it speaks for a decision.
    pub(super) const fn proposes(&self) -> bool {
        !self.decisions().is_empty()
    }

    /// Why nothing is known, or proposed of what was found.
    pub(super) fn reason(&self) -> Option<&str> {
        match &self.shown {
            Shown::NotKnown(reason) | Shown::Shared(_, reason) => Some(reason),
            _ => None,
        }
    }

    pub(super) fn to_json(&self) -> serde_json::Value {
        let records: Vec<_> = self
            .fitting()
            .iter()
            .map(|one| {
                json!({
                    "wolkvox_id": one.id,
                    "made": one.made.map(|made| made.to_string()),
                })
            })
            .collect();
        json!({
            "answer": self.word(),
            "decisions": self.decisions(),
            "wolkvox_id": self.id(),
            "records": records,
            "reason": self.reason(),
            "action": self.read,
            "seen": self.seen,
            "requests": self.requests,
            "remarks": self.remarks,
            "description": self.description,
        })
    }

    /// The lines under a doubt of this name; `call` is how it is settled.
    pub(super) fn lines(&self, call: &Call, name: &str) -> String {
        let mut text = String::new();
        let style = self.style();
        let mut said = String::new();
        folded(&mut said, INDENT, &harmless(&self.sentence()));
        let _ = write!(text, "  {style}found{style:#}  {}", said.trim_start());
        for one in self.fitting().iter().take(MOST_NAMED) {
            if matches!(self.shown, Shown::Several(_)) {
                folded(&mut text, INDENT, &harmless(&one.words()));
            }
        }
        let by = self.description.as_deref().map_or_else(
            || format!("by {}", self.read),
            |description| format!("by {}: {}", self.read, description.trim()),
        );
        folded(&mut text, INDENT, &harmless(&by));
        for remark in &self.remarks {
            folded(&mut text, INDENT, &harmless(&format!("but {remark}")));
        }
        for command in self.commands(call, name) {
            let _ = writeln!(text, "    {command}");
        }
        text
    }

    const fn style(&self) -> Style {
        match self.shown {
            Shown::Found(_) => AnsiColor::Green.on_default(),
            Shown::NotFound => AnsiColor::Yellow.on_default(),
            Shown::Older(_) | Shown::Shared(..) | Shown::Several(_) | Shown::NotKnown(_) => {
                AnsiColor::Magenta.on_default()
            }
        }
    }

    /// What was found, and how far it is to be believed.
    fn sentence(&self) -> String {
        match &self.shown {
            Shown::Found(one) => format!(
                "the CRM has it: {}. If that is the one, say so:",
                self.dated(one)
            ),
            Shown::Older(one) => format!(
                "one record fits, but it was there before: {}. It is likely another one, and nothing is proposed",
                self.dated(one)
            ),
            Shown::Shared(one, how) => format!(
                "the CRM has {}; but {how}. Nothing is proposed",
                self.dated(one)
            ),
            Shown::Several(_) => {
                "more than one record fits, and one was to be created: nothing is proposed"
                    .to_owned()
            }
            Shown::NotFound => self.not_found(),
            Shown::NotKnown(reason) => format!("not known: {reason}. Nothing is proposed"),
        }
    }

    fn not_found(&self) -> String {
        let looked_at = match self.seen {
            0 => String::new(),
            seen => format!(", among {}", plural(seen as u64, "record")),
        };
        let age = self
            .times
            .last
            .map(|sent| self.times.now.duration_since(sent));
        match age {
            Some(age) if age > YOUNG => format!(
                "the CRM does not show it{looked_at}, {} after it was sent. If you believe that, send it or leave it:",
                ago(age)
            ),
            _ => format!(
                "the CRM does not show it yet{looked_at}. It was sent {} ago and may still be at work, or not show at once: look again in some minutes. If it is still not there, send it or leave it:",
                age.map_or_else(|| "some time".to_owned(), ago)
            ),
        }
    }

    /// A record, and when it was made as against when the request was sent.
    fn dated(&self, one: &Fitting) -> String {
        let id = one.id.as_deref().map_or_else(
            || "a record whose id the answer does not show".to_owned(),
            |id| format!("wolkvox_id {id}"),
        );
        let (Some(made), Some(sent)) = (one.made, self.times.first) else {
            return id;
        };
        let after = made.duration_since(sent);
        // An id knows whole seconds.
        if after.abs() < SignedDuration::from_secs(2) {
            format!("{id}, made when it was sent, by its id")
        } else if after < SignedDuration::ZERO {
            format!(
                "{id}, made {} before it was sent, by its id",
                ago(after.abs())
            )
        } else {
            format!("{id}, made {} after it was sent, by its id", ago(after))
        }
    }

    /// What a person would type.
    fn commands(&self, call: &Call, name: &str) -> Vec<String> {
        let name = word(name);
        self.decisions()
            .iter()
            .map(|decision| {
                let mut words = format!("--{decision} {name}");
                if let Some(id) = self.id() {
                    // An id may look like a flag.
                    let between = if id.starts_with('-') { '=' } else { ' ' };
                    let _ = write!(words, " --wolkvox-id{between}{}", word(id));
                }
                call.reconcile(&words)
            })
            .collect()
    }
}

/// Below the names of fields.
const INDENT: &str = "         ";

impl Fitting {
    fn of(record: &Value, now: Timestamp) -> Self {
        let id = record_id(record);
        Self {
            made: id.as_deref().and_then(|id| made(id, now)),
            id,
        }
    }

    fn words(&self) -> String {
        let id = self.id.as_deref().unwrap_or("without an id");
        match self.made {
            Some(made) => format!("{id}, made {made:.0} by its id"),
            None => id.to_owned(),
        }
    }
}

fn shown(records: &[Value], times: Times) -> Shown {
    let mut fitting: Vec<Fitting> = records
        .iter()
        .map(|record| Fitting::of(record, times.now))
        .collect();
    match fitting.len() {
        0 => Shown::NotFound,
        1 => {
            let one = fitting.swap_remove(0);
            let is_older = one
                .made
                .zip(times.first)
                .is_some_and(|(made, sent)| sent.duration_since(made) > CLOCKS);
            if is_older {
                Shown::Older(one)
            } else {
                Shown::Found(one)
            }
        }
        _ => Shown::Several(fitting),
    }
}

/// When a record was made, where its id tells: the CRM's ids are 24 hexadecimal digits, of which the first 8
/// are seconds since 1970 in UTC. That is seen, not documented: it is evidence, not more.
fn made(id: &str, now: Timestamp) -> Option<Timestamp> {
    let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if id.len() != 24 || !id.bytes().all(is_hex) {
        return None;
    }
    let seconds = i64::from_str_radix(&id[..8], 16).ok()?;
    let made = Timestamp::from_second(seconds).ok()?;
    // An id that speaks of a time to come is made otherwise.
    (made.duration_since(now) <= CLOCKS).then_some(made)
}

/// A length of time as people say it.
fn ago(age: SignedDuration) -> String {
    let seconds = age.as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::event::RunId;

    const SENT: &str = "2026-03-05T15:30:00.250Z";

    fn proposal(same: Result<&[&str], &str>, now: &str) -> Proposal {
        let looked = Looked {
            same: same
                .map(|ids| {
                    ids.iter()
                        .map(|id| Value::from(json!({ "wolkvox_id": id })))
                        .collect()
                })
                .map_err(str::to_owned),
            seen: 3,
            requests: 1,
            remarks: Vec::new(),
        };
        Proposal::of(
            looked,
            "record.query",
            None,
            Times {
                first: SENT.parse().ok(),
                last: SENT.parse().ok(),
                now: now.parse().expect("a time"),
            },
        )
    }

    /// An id of the CRM that was made at this time.
    fn id_of(time: &str) -> String {
        let time: Timestamp = time.parse().expect("a time");
        format!("{:08x}397b1dcdaf000001", time.as_second())
    }

    fn call() -> Call {
        Call::new(&RunId::parse("r").expect("an id"), Path::new(".voxplay"))
    }

    fn lines(proposal: &Proposal, name: &str) -> String {
        let text = proposal.lines(&call(), name);
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn one_record_is_proposed_with_its_id_and_when_it_was_made() {
        let id = id_of("2026-03-05T15:30:04Z");
        let one = proposal(Ok(&[&id]), "2026-03-05T15:31:00Z");
        assert_eq!(one.word(), "found");
        let text = lines(&one, "step@k1");
        assert!(text.contains("made 3 s after"), "{text}");
        let command = format!("    voxplay reconcile r --ok step@k1 --wolkvox-id {id}\n");
        assert!(text.contains(&command), "{text}");
    }

    #[test]
    fn a_record_from_before_is_no_proof() {
        let clocks_differ = id_of("2026-03-05T15:28:30Z");
        let one = proposal(Ok(&[&clocks_differ]), "2026-03-05T15:31:00Z");
        assert_eq!(one.word(), "found");
        let before = id_of("2026-03-05T12:30:00Z");
        let one = proposal(Ok(&[&before]), "2026-03-05T15:31:00Z");
        assert_eq!(
            (one.word(), one.id(), one.proposes()),
            ("older", None, false)
        );
        let text = lines(&one, "s");
        assert!(text.contains("made 3 h before"), "{text}");
        assert!(!text.contains("reconcile"), "{text}");
    }

    #[test]
    fn an_id_of_another_kind_tells_no_time() {
        for id in [
            "64cb",
            "6553F100397B1DCDAF000001",
            "ffffffff397b1dcdaf000001",
        ] {
            let one = proposal(Ok(&[id]), "2026-03-05T15:31:00Z");
            assert_eq!((one.word(), one.id()), ("found", Some(id)));
            assert!(!lines(&one, "s").contains("made"), "{id}");
        }
        // One without an id is proposed without one.
        let one = proposal(Ok(&[" "]), "2026-03-05T15:31:00Z");
        assert_eq!((one.word(), one.id()), ("found", None));
        assert!(!lines(&one, "s").contains("--wolkvox-id"));
    }

    #[test]
    fn nothing_is_proposed_of_several_nor_where_nothing_is_known() {
        let several = proposal(Ok(&["64ca", "64cb"]), "2026-03-05T15:31:00Z");
        assert!(!several.proposes());
        let text = lines(&several, "s");
        assert!(text.contains("64ca") && text.contains("64cb"), "{text}");
        assert!(!text.contains("reconcile"), "{text}");
        let lost = proposal(Err("HTTP 404"), "2026-03-05T15:31:00Z");
        assert!(!lost.proposes());
        assert!(lines(&lost, "s").contains("not known: HTTP 404"));
    }

    #[test]
    fn what_is_not_there_may_come_yet() {
        let none = proposal(Ok(&[]), "2026-03-05T15:30:12Z");
        let text = lines(&none, "s");
        assert!(text.contains("does not show it yet"), "{text}");
        assert!(text.contains("sent 11 s ago"), "{text}");
        let at = |what: &str| text.find(what).expect(what);
        assert!(at("--resend s") < at("--failed s"));
        let later = proposal(Ok(&[]), "2026-03-06T15:30:12Z");
        let text = lines(&later, "s");
        assert!(text.contains("among 3 records, 24 h after"), "{text}");
    }

    #[test]
    fn what_comes_from_the_crm_steers_neither_shell_nor_terminal() {
        let id = "x'; rm -rf ~ #\u{1b}[2J";
        let one = proposal(Ok(&[id]), "2026-03-05T15:31:00Z");
        let text = one.lines(&call(), "a b");
        assert!(!text.contains("\u{1b}[2J"), "{text}");
        assert!(
            text.contains("--ok 'a b' --wolkvox-id $'x\\'; rm"),
            "{text}"
        );
        let flag = proposal(Ok(&["--resend"]), "2026-03-05T15:31:00Z");
        assert!(lines(&flag, "s").contains("--wolkvox-id=--resend"));
    }
}
