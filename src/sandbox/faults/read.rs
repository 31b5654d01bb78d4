//! A YAML or JSON file → faults. Every mistake with its place.

use std::path::Path;

use super::short::kind_named;
use super::{Argument, CallChoice, Fault, Faults, Kind, Latency, Rule, Takes, When, loopback};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::document::{self, Document, Node, NodeKind};
use crate::reading::{Findings, Mapping, list};
use crate::source::{Source, Spanned};
use std::sync::Arc;

const RULE: &[&str] = &[
    "call",
    "id",
    "when",
    "fault",
    "applied",
    "latency",
    "for",
    "retry_after",
    "to",
    "bytes",
];

const WHEN: &[&str] = &["nth", "every", "first", "after", "probability"];

impl Faults {
    /// Reads a file; `shown_as` is its name in messages.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(path: &Path, shown_as: &str) -> Result<Self, Vec<Diagnostic>> {
        Self::parse(&document::read_source(path, shown_as)?)
    }

    /// Reads a text.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(source: &Arc<Source>) -> Result<Self, Vec<Diagnostic>> {
        let document: Document = document::read(source)?;
        let mut findings = Findings::new(source);
        let faults = read(&document.root, &mut findings);
        match faults {
            Some(faults) if !findings.has_errors() => Ok(faults),
            _ => Err(findings.into_list()),
        }
    }
}

fn read(root: &Node, findings: &mut Findings) -> Option<Faults> {
    let keys = Mapping::read(
        root,
        "a file of faults",
        &["seed", "latency", "rules"],
        findings,
    )?;
    let rules = keys
        .get("rules")
        .map_or(&[][..], |node| list(node, "`rules`", findings));
    Some(Faults {
        latency: latency(&keys, findings),
        seed: keys.count("seed", 0, findings),
        rules: rules
            .iter()
            .filter_map(|node| rule(node, findings))
            .collect(),
    })
}

fn rule(node: &Node, findings: &mut Findings) -> Option<Rule> {
    let keys = Mapping::read(node, "a rule", RULE, findings)?;
    let call = call(&keys, findings);
    let when = when(&keys, findings);
    let latency = latency(&keys, findings);
    let fault = fault(&keys, findings);
    let id = keys.text("id", findings).map(|id| id.value);
    if keys.get("fault").is_none() && keys.get("latency").is_none() {
        keys.required("fault", findings);
    }
    if let (Some(fault), Some(entry)) = (&fault, keys.entry("id"))
        && fault.kind.is_before_the_body()
    {
        let message = format!(
            "`{}` cannot choose by id: the body is not read",
            fault.kind.name
        );
        findings.error(Code::InvalidValue, entry.key_span, message);
    }
    Some(Rule {
        call: call?,
        id,
        when: when?,
        fault,
        latency,
    })
}

fn call(keys: &Mapping<'_>, findings: &mut Findings) -> Option<CallChoice> {
    keys.required("call", findings)?;
    let name = keys.text("call", findings)?;
    let found = CallChoice::named(&name);
    if found.is_none() {
        let message = format!("`{}` is no call of the sandbox", name.value);
        findings.error(Code::InvalidValue, name.span, message).help =
            did_you_mean(&name, CallChoice::names()).or_else(|| {
                let names: Vec<_> = CallChoice::names().collect();
                Some(format!("write one of {}", names.join(", ")))
            });
    }
    found
}

/// Without the key every call is hit.
fn when(keys: &Mapping<'_>, findings: &mut Findings) -> Option<When> {
    let Some(node) = keys.get("when") else {
        return Some(When::Always);
    };
    let keys = Mapping::read(node, "`when`", WHEN, findings)?;
    let given: Vec<_> = WHEN.iter().filter(|key| keys.get(key).is_some()).collect();
    let [key] = given.as_slice() else {
        findings
            .error(
                Code::InvalidValue,
                node.span,
                "`when` must have exactly one key",
            )
            .help = Some(format!("write one of {}", WHEN.join(", ")));
        return None;
    };
    match **key {
        "nth" => keys.count("nth", 1, findings).map(When::Nth),
        "every" => keys.count("every", 1, findings).map(When::Every),
        "first" => keys.count("first", 1, findings).map(When::First),
        "after" => keys.count("after", 0, findings).map(When::After),
        _ => probability(keys.get("probability")?, findings).map(When::Probability),
    }
}

fn probability(node: &Node, findings: &mut Findings) -> Option<f64> {
    let number = match &node.kind {
        NodeKind::Number(number) => number.to_json().as_f64(),
        _ => None,
    };
    let share = number.filter(|share| (0.0..=1.0).contains(share));
    if share.is_none() {
        let message = "`probability` must be a number from 0 to 1";
        findings.error(Code::InvalidValue, node.span, message);
    }
    share
}

fn latency(keys: &Mapping<'_>, findings: &mut Findings) -> Option<Latency> {
    let node = keys.get("latency")?;
    let (least, most) = if node.entries().is_some() {
        let keys = Mapping::read(node, "`latency`", &["min", "max"], findings)?;
        keys.required("min", findings)?;
        keys.required("max", findings)?;
        (
            keys.duration("min", findings)?,
            keys.duration("max", findings)?,
        )
    } else {
        let same = keys.duration("latency", findings)?;
        (same, same)
    };
    let latency = Latency::between(least, most);
    if latency.is_none() {
        findings.error(
            Code::InvalidValue,
            node.span,
            "`min` must not be longer than `max`",
        );
    }
    latency
}

fn fault(keys: &Mapping<'_>, findings: &mut Findings) -> Option<Fault> {
    let applied = keys.flag("applied", findings);
    let name = keys.text("fault", findings)?;
    let kind = match kind_named(&name) {
        Ok(kind) => kind,
        Err(message) => {
            findings.error(Code::InvalidValue, name.span, message);
            return None;
        }
    };
    let argument = argument(kind, keys, &name, findings).ok()?;
    match Fault::new(kind, argument, applied) {
        Ok(fault) => Some(fault),
        Err(message) => {
            let span = keys.get("applied").map_or(name.span, |node| node.span);
            findings.error(Code::InvalidValue, span, message);
            None
        }
    }
}

/// A mistake that is among the findings already.
struct Reported;

/// The further key of a fault, if it is there.
fn argument(
    kind: &Kind,
    keys: &Mapping<'_>,
    name: &Spanned<String>,
    findings: &mut Findings,
) -> Result<Option<Argument>, Reported> {
    let wanted = match kind.takes {
        Takes::Nothing => "",
        Takes::For(_) => "for",
        Takes::RetryAfter(_) => "retry_after",
        Takes::To => "to",
        Takes::Bytes(_) => "bytes",
    };
    for key in ["for", "retry_after", "to", "bytes"] {
        if let Some(entry) = keys.entry(key).filter(|_| key != wanted) {
            let message = format!("the fault `{}` takes no `{key}`", name.value);
            findings.error(Code::UnknownKey, entry.key_span, message);
            return Err(Reported);
        }
    }
    if keys.get(wanted).is_none() {
        return Ok(None);
    }
    let argument = match kind.takes {
        Takes::Nothing => return Ok(None),
        Takes::For(_) => Argument::For(keys.duration(wanted, findings).ok_or(Reported)?),
        Takes::Bytes(_) => Argument::Bytes(keys.count(wanted, 0, findings).ok_or(Reported)?),
        Takes::RetryAfter(_) => {
            let seconds = keys.count(wanted, 0, findings).ok_or(Reported)?;
            Argument::RetryAfter(u32::try_from(seconds).unwrap_or(u32::MAX))
        }
        Takes::To => {
            let to = keys.text(wanted, findings).ok_or(Reported)?;
            match loopback(&to) {
                Ok(url) => Argument::To(url),
                Err(message) => {
                    findings.error(Code::InvalidValue, to.span, message);
                    return Err(Reported);
                }
            }
        }
    };
    Ok(Some(argument))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn parse(text: &str) -> Result<Faults, Vec<String>> {
        Faults::parse(&Source::new("faults.yaml", text)).map_err(|findings| {
            let line = |finding: &Diagnostic| {
                let place = finding.place.as_ref().unwrap().start();
                let help = finding.help.clone().unwrap_or_default();
                format!("{place} {} {help}", finding.message)
            };
            findings.iter().map(line).collect()
        })
    }

    #[test]
    fn a_whole_file_is_read() {
        let faults = parse(
            "seed: 7\nlatency: { min: 10ms, max: 90ms }\nrules:\n\
             - { call: custom/update, id: 64cb, when: { nth: 3 }, fault: http-500, applied: true, latency: 1s }\n\
             - { call: any, when: { probability: 0.1 }, fault: slow-body, for: 3s }\n\
             - { call: cases/update, latency: 20ms }\n",
        )
        .unwrap();
        assert_eq!(faults.seed, Some(7));
        assert_eq!(faults.rules.len(), 3);
        assert_eq!(faults.rules[0].id.as_deref(), Some("64cb"));
        assert!(faults.rules[0].fault.as_ref().unwrap().applied);
        let slow = faults.rules[1].fault.as_ref().unwrap();
        assert_eq!(slow.argument, Argument::For(Duration::from_secs(3)));
        assert_eq!(parse("{\"rules\": []}").unwrap(), Faults::default());
    }

    #[test]
    fn every_mistake_has_its_place() {
        let found = parse(
            "sed: 1\nrules:\n\
             - { call: custom/updat, fault: http-500 }\n\
             - { call: any, fault: lost-anser }\n\
             - { call: any, fault: closed, applied: true }\n\
             - { call: any, when: { nth: 1, every: 2 }, fault: closed }\n\
             - { call: any, when: { probability: 2 }, fault: closed }\n\
             - { call: any, fault: closed-unread, id: a }\n\
             - { call: any, fault: closed, for: 1s }\n\
             - { call: any }\n\
             - { call: any, latency: { min: 2s, max: 1s } }\n\
             - { call: any, fault: redirect-away, to: \"http://user@127.0.0.1/\" }\n",
        )
        .unwrap_err();
        let begins = [
            ("1:1", "`seed`"),
            ("3:11", "`custom/update`"),
            ("4:23", "`lost-answer`"),
            ("5:40", "no change is ever made"),
            ("6:22", "exactly one key"),
            ("7:37", "from 0 to 1"),
            ("8:38", "cannot choose by id"),
            ("9:31", "takes no `for`"),
            ("10:5", "needs the key `fault`"),
            ("11:25", "`min` must not be longer"),
            ("12:42", "on loopback"),
        ];
        assert_eq!(found.len(), begins.len(), "{found:#?}");
        for (finding, (place, says)) in found.iter().zip(begins) {
            assert!(
                finding.starts_with(&format!("{place} ")) && finding.contains(says),
                "{finding:?} is not {place} {says}"
            );
        }
    }
}
