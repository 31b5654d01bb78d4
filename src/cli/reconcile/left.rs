//! Updates that were on their way when the run was killed, shown beside the doubts: `resume` sends each again by itself,
//! and a person has a word where it will not come to it any more.

use std::fmt::Write as _;

use serde_json::json;

use super::super::call::{Call, word};
use super::Doubt;
use crate::event::RunId;
use crate::report::words::harmless;
use crate::value::Value;

/// How many are named.
const NAMED: usize = 10;

/// The list; nothing where there is none.
pub(super) fn shown(left: &[Doubt], call: &Call) -> String {
    let Some(first) = left.first() else {
        return String::new();
    };
    let mut text = String::from(
        "\nUpdates that were on their way when the run ended:\n\
         each is sent again by itself where `voxplay resume` comes to it.\n\n",
    );
    for update in left.iter().take(NAMED) {
        let sent = update.sent.as_ref();
        let action = sent.map_or("", |sent| sent.action.as_str());
        let name = harmless(&update.name());
        let _ = writeln!(text, "  {name}  {action}, sent {}", update.time);
    }
    if left.len() > NAMED {
        let _ = writeln!(text, "  and {} more", left.len() - NAMED);
    }
    let name = word(&first.name());
    let _ = write!(
        text,
        "\nWhere its row, its step or its condition is gone, say what you found in the CRM:\n\
         \x20 the change is there\n    {}\n\
         \x20 it is not: leave it\n    {}\n",
        call.reconcile(&format!("--ok {name}")),
        call.reconcile(&format!("--failed {name}")),
    );
    text
}

pub(super) fn as_json(run: &RunId, update: &Doubt) -> String {
    let sent = update.sent.as_ref();
    let line = Value::from(json!({
        "event": "left_to_resume",
        "schema": crate::event::SCHEMA,
        "run": run.as_str(),
        "step": update.step,
        "row": update.row,
        "name": update.name(),
        "why": update.why,
        "time": update.time,
        "action": sent.map(|sent| &sent.action),
        "effect": sent.map(|sent| sent.effect.as_str()),
        "request": null,
    }));
    let request = sent.map(|sent| sent.request.value().clone());
    let line = line.with_members([("request", request.unwrap_or_default())]);
    format!("{}\n", line.to_json_text())
}
