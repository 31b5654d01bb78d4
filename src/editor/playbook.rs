//! The schema of a playbook: its top level and its inputs.

use serde_json::{Value as Json, json};

use super::parts::{limits, named, template, text, text_like};
use super::{DRAFT, finish, keywords, rows, step};
use crate::action::Catalogue;

/// The schema of playbooks whose steps perform the actions of a catalogue.
pub fn playbook(catalogue: &Catalogue) -> Json {
    let mut definitions = json!({
        "step": step::step(catalogue),
        "steps": step::steps("Steps, performed in order.", catalogue),
        "for_each": rows::for_each(),
        "schema": keywords::schema(),
    });
    if let Json::Object(definitions) = &mut definitions {
        definitions.extend(step::parameters(catalogue));
    }
    let mut schema = json!({
        "$schema": DRAFT,
        "title": "voxplay playbook",
        "description": "A list of steps that voxplay checks, plans and runs against the CRM.",
        "type": "object",
        "additionalProperties": false,
        "required": ["voxplay", "steps"],
        "properties": {
            "voxplay": { "description": "The version of the playbook language.", "type": "integer", "const": 1 },
            "name": text("What people call the playbook."),
            "description": { "description": "What it is for.", "type": "string", "pattern": r"\S" },
            "target": text("The name of the target that it goes to when the command line names none; see `voxplay.yaml`."),
            "timezone": text_like("The time zone of `now()` and of dates, by its IANA name.", &["America/Bogota"]),
            "inputs": named("What the playbook takes, by name: each a JSON Schema, and `required`, `secret`, `from_env`. Templates read `inputs.NAME`.", &input()),
            "vars": named("Variables, evaluated in order, once, before the first step. Templates read `vars.NAME`.", &json!({})),
            "limits": limits("The most that a run of this playbook may send."),
            "steps": step::steps("What the playbook does, in order.", catalogue),
            "finally": step::steps("Steps that always run at the end, also after a failure.", catalogue),
            "outputs": named("What the playbook gives, by name: templates over everything before.", &json!({})),
        },
        "defaultSnippets": [{
            "label": "a playbook",
            "description": "A playbook with one step",
            "body": {
                "voxplay": 1,
                "name": "${1:What it does}",
                "steps": [{ "id": "${2:first}", "action": "${3:record.update}" }],
            },
        }],
        "$defs": definitions,
    });
    finish::described(&mut schema);
    schema
}

/// An input: a JSON Schema, and the keys that are ours.
fn input() -> Json {
    let mut keys = keywords::properties();
    let mut variable = text_like(
        "The environment variable that gives the value when nothing else does.",
        &["CONTACT_ID"],
    );
    variable["pattern"] = r"^[^\s=$]+$".into();
    let own = json!({
        "required": { "description": "Whether a run needs a value; true when left out, unless there is a default.", "type": "boolean" },
        "secret": { "description": "Whether the value is masked wherever it would show.", "type": "boolean" },
        "from_env": variable,
        "default": {
            "description": "The value when none is given; it is no template.",
            "not": template(),
            "errorMessage": "Nothing is rendered in a default: compute the value under `vars`.",
        },
    });
    if let Json::Object(own) = own {
        keys.extend(own);
    }
    json!({
        "title": "Input",
        "description": "A JSON Schema of the value, and `required`, `secret`, `from_env`, `default`.",
        "type": "object",
        "additionalProperties": false,
        "patternProperties": { "^x-": true },
        "properties": keys,
        "defaultSnippets": [
            { "label": "a text", "body": { "type": "string", "description": "${1:what it is}" } },
            { "label": "one of some words", "body": { "type": "string", "enum": ["${1:first}", "${2:second}"], "default": "${1:first}" } },
        ],
    })
}
