//! What failed though the CRM accepted it, shown beside the doubts: it is none, for what became of it is known.

use std::fmt::Write as _;

use serde_json::json;

use super::super::call::{Call, word};
use super::super::held_back::Held;
use super::session::field;
use crate::event::RunId;
use crate::report::words::harmless;
use crate::value::Value;

/// The list; nothing where there is none.
pub(super) fn shown(held: &[&Held], call: &Call) -> String {
    let Some(first) = held.first() else {
        return String::new();
    };
    let mut text = String::from(
        "\nFailed, though the CRM accepted it:\n\
         none of these is sent again, for the CRM would do it a second time.\n",
    );
    for held in held {
        let _ = writeln!(text, "\n{}\n  sent   {}", harmless(&held.name()), held.time);
        let end = &held.end;
        field(
            &mut text,
            "why",
            &harmless(end.error.as_deref().unwrap_or_default()),
        );
        let action = end.action.as_deref().unwrap_or_default();
        let _ = writeln!(text, "  action {action} ({})", held.effect.as_str());
        if let Some(id) = end.wolkvox_id.as_ref().and_then(Value::scalar_text) {
            field(&mut text, "id", &harmless(&id));
        }
    }
    let settle = call.reconcile(&format!("--ok {}", word(&first.name())));
    let _ = write!(
        text,
        "\nWhere one is as it should be, take it as done; steps after it get its id:\n    {settle}\n"
    );
    text
}

pub(super) fn as_json(run: &RunId, held: &Held) -> String {
    let end = &held.end;
    let line = Value::from(json!({
        "event": "accepted",
        "schema": crate::event::SCHEMA,
        "run": run.as_str(),
        "step": end.step,
        "row": end.row,
        "why": end.error,
        "time": held.time,
        "action": end.action,
        "effect": held.effect.as_str(),
        "wolkvox_id": null,
    }));
    let id = end.wolkvox_id.clone().unwrap_or_default();
    format!(
        "{}\n",
        line.with_members([("wolkvox_id", id)]).to_json_text()
    )
}
