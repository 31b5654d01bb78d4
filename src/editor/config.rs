//! The schema of `voxplay.yaml`.

use serde_json::{Value as Json, json};

use super::parts::{count, limits, template, text, text_like, texts};
use super::{DRAFT, finish};
use crate::playbook::MOST_CONCURRENT;

/// The schema of `voxplay.yaml`.
pub fn config() -> Json {
    let mut schema = json!({
        "$schema": DRAFT,
        "title": "voxplay.yaml",
        "description": "The project: where its playbooks go, and what they may do. The folder of this file is the project's root.",
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": {
            "targets": {
                "description": "Where runs can go, by name. `--target NAME` chooses one.",
                "type": "object",
                "additionalProperties": target(),
            },
            "default_target": text("The target of runs that name no other: neither on the command line nor in the playbook."),
            "allow_hosts": texts(
                "Hosts beyond the vendor's that a server may be on: a name, or `*.` and a domain.",
                &json!(["crm.example.com"]),
            ),
            "allow_paths": texts(
                "Folders beyond the project's that playbooks may read files from.",
                &json!(["../shared-data"]),
            ),
            "policy": limits("The most that the playbooks of this project may send, whatever they say themselves."),
        },
    });
    finish::described(&mut schema);
    schema
}

fn target() -> Json {
    json!({
        "description": "A server, a CRM operation and the place where its token is kept.",
        "type": "object",
        "additionalProperties": false,
        "required": ["server", "operation", "token"],
        "properties": {
            "server": text_like(
                "The customer's server, by name for https; plain http only to loopback.",
                &["crm0001.wolkvox.com", "http://127.0.0.1:8090"],
            ),
            "operation": {
                "description": "The customer's CRM operation (tenant).",
                "type": "string",
                "pattern": r"\S",
                "not": template(),
                "errorMessage": "Write the name as it is: nothing is rendered here.",
                "examples": ["acme"],
            },
            "token": {
                "description": "Where the token is kept: an environment variable or a file. Never the token itself.",
                "type": "object",
                "additionalProperties": false,
                "minProperties": 1,
                "maxProperties": 1,
                "errorMessage": "Name where the token is kept: { env: VARIABLE } or { file: PATH }.",
                "properties": {
                    "env": {
                        "description": "The environment variable that holds it.",
                        "type": "string",
                        "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
                        "patternErrorMessage": "Write the name of an environment variable: letters, digits and `_`.",
                        "examples": ["WOLKVOX_TOKEN"],
                    },
                    "file": text_like("The file that holds it, alone; relative to the project's root.", &["secrets/token"]),
                },
                "examples": [{ "env": "WOLKVOX_TOKEN" }],
            },
            "timezone": text_like("The time zone of `now()` and of dates, by its IANA name.", &["America/Bogota"]),
            "rate": {
                "description": "How many requests may be sent in which time.",
                "type": "string",
                "pattern": r"^\s*0*[1-9][0-9]*\s*/\s*[smh]\s*$",
                "patternErrorMessage": "Write 10/s, 600/m or 5000/h.",
                "examples": ["10/s", "600/m", "5000/h"],
            },
            "concurrency": {
                "description": "How many requests may be on their way at once.",
                "type": "integer",
                "minimum": 1,
                "maximum": MOST_CONCURRENT,
            },
            "daily_budget": count("How many requests the CRM gives this token a day; a run stops cleanly before it is passed.", 0),
        },
    })
}
