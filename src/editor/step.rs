//! The schema of a step: its keys, and for each action the schema of `with` and a snippet.

use serde_json::{Map, Value as Json, json};

use super::parts::{NAME, count, duration, expression, has, refused, text, words};
use super::{lenient, rows};
use crate::action::{Action, Catalogue, Effect};
use crate::playbook::LOOP_KEYS;

/// Keys that speak of one request, and so have no place on a group.
const REQUEST_KEYS: &[&str] = &["expect", "retry", "timeout", "max_pages", "with"];

/// The schema of a step.
pub(super) fn step(catalogue: &Catalogue) -> Json {
    let mut conditions = vec![
        json!({
            "if": has("steps"),
            "then": refused(&["action", "use"], "A step has one of action, steps and use."),
            "else": {
                "if": has("use"),
                "then": refused(&["action"], "A step has one of action, steps and use."),
                "else": { "required": ["action"] },
            },
        }),
        json!({
            "if": has("use"),
            "then": refused(REQUEST_KEYS, "Belongs to a step with an action, not to a step with use."),
            "else": refused(&["inputs"], "Only means something beside use."),
        }),
        json!({
            "if": has("steps"),
            "then": refused(REQUEST_KEYS, "Belongs to a step with an action, not to a group."),
        }),
        json!({
            "if": has("for_each"),
            "else": refused(LOOP_KEYS, "Only means something beside for_each."),
        }),
    ];
    conditions.push(of_pages(catalogue));
    conditions.extend(catalogue.actions().map(|action| of_action(&action)));
    json!({
        "title": "Step",
        "description": "One entry of `steps`: it performs one action, holds steps, or runs another playbook.",
        "type": "object",
        "additionalProperties": false,
        "properties": properties(catalogue),
        "allOf": conditions,
    })
}

/// The list of steps that stands under a key.
pub(super) fn steps(description: &str, catalogue: &Catalogue) -> Json {
    json!({
        "description": description,
        "type": "array",
        "minItems": 1,
        "items": { "$ref": "#/$defs/step" },
        "defaultSnippets": snippets(catalogue),
    })
}

/// The schemas of `with`, by the names that the conditions of a step point to.
pub(super) fn parameters(catalogue: &Catalogue) -> Map<String, Json> {
    catalogue
        .actions()
        .map(|action| {
            let name = format!("with.{}", action.name());
            let mut schema = lenient::with(action.params_schema(), &format!("#/$defs/{name}"));
            schema["title"] = format!("Parameters of {}", action.name()).into();
            (name, schema)
        })
        .collect()
}

fn of_action(action: &Action) -> Json {
    let with = format!("#/$defs/with.{}", action.name());
    let mut then = json!({ "properties": { "with": { "$ref": with } } });
    if !required(action).is_empty() {
        then["required"] = json!(["with"]);
    }
    json!({
        "if": { "type": "object", "required": ["action"], "properties": { "action": { "const": action.name() } } },
        "then": then,
    })
}

/// `max_pages` stands beside an action that reads pages.
fn of_pages(catalogue: &Catalogue) -> Json {
    let in_pages: Vec<String> = catalogue
        .actions()
        .filter(|action| action.paging().is_some() && action.possible_effects() == [Effect::Read])
        .map(|action| action.name().to_owned())
        .collect();
    let refused = refused(
        &["max_pages"],
        "Only means something beside an action whose answers come in pages.",
    );
    if in_pages.is_empty() {
        return refused;
    }
    json!({
        "if": { "type": "object", "required": ["action"], "properties": { "action": { "enum": in_pages } } },
        "else": refused,
    })
}

fn properties(catalogue: &Catalogue) -> Json {
    let mut properties = json!({
        "id": {
            "description": "The step's name in templates: `steps.ID`. Unique in the playbook.",
            "type": "string",
            "pattern": NAME,
            "patternErrorMessage": "Use letters, digits and _, beginning with a letter.",
            "examples": ["promote"],
        },
        "name": text("What people call the step."),
        "action": action(catalogue),
        "with": { "description": "The parameters of the action. Any value may be a template, no key is one.", "type": "object" },
        "steps": { "$ref": "#/$defs/steps" },
        "use": {
            "description": "Another playbook to run as this step: its path, from the folder of this one. Plain text, no template.",
            "type": "string",
            "pattern": r"^(?![\s\S]*(\{\{|\{%))[\s\S]*\S",
            "patternErrorMessage": "This is the path of one playbook, not a template.",
            "examples": ["./shared/onboard.yaml"],
        },
        "inputs": {
            "description": "What the used playbook takes. Any value may be a template, no key is one.",
            "type": "object",
        },
        "when": expression("A condition, an expression without braces: where it does not hold, the step is skipped.", &["inputs.tier == \"VIP\""]),
        "for_each": { "$ref": "#/$defs/for_each" },
        "expect": {
            "description": "What must be true of the answer: an expression over `response` and `status` without braces, or a list of them.",
            "type": ["array", "string", "boolean"],
            "pattern": r"^(?!\s*\{\{)[\s\S]*\S",
            "patternErrorMessage": "This is an expression already: write it without {{ and }}.",
            "items": expression("An expression over `response` and `status`.", &["response.code == 200"]),
            "examples": [["response.code == 200"]],
        },
        "retry": {
            "description": "How often and how patiently a request is tried again that has not been processed, or may be repeated.",
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "attempts": count("How many attempts are made, the first included; 3 when left out.", 1),
                "backoff": duration("The wait after the first attempt; each later one is twice as long.", &["1s"]),
                "max_backoff": duration("The longest wait between attempts.", &["30s"]),
            },
            "examples": [{ "attempts": 5, "backoff": "1s", "max_backoff": "30s" }],
        },
        "timeout": duration("The longest time for one request; `60s` when left out.", &["30s", "2m"]),
        "max_pages": count("How many pages of the answer are read at most, a request each; the lists in the outputs hold the records of all of them. One page is read when left out.", 1),
        "on_failure": {
            "description": "What a failure of this step means for those after it.",
            "type": "string",
            "enum": ["stop", "continue"],
            "enumDescriptions": ["They are not run (the default).", "They are run all the same."],
        },
        "tags": words("Words that `--tags` chooses steps by.", &json!(["nightly"])),
    });
    if let Json::Object(properties) = &mut properties {
        properties.extend(rows::beside());
    }
    properties
}

fn action(catalogue: &Catalogue) -> Json {
    let names: Vec<&str> = catalogue.names().collect();
    let summaries: Vec<String> = catalogue.actions().map(|action| about(&action)).collect();
    json!({
        "description": "What the step does: one call of the CRM. `voxplay actions` lists them.",
        "type": "string",
        "enum": names,
        "markdownEnumDescriptions": summaries,
    })
}

/// What hovering over an action's name shows.
fn about(action: &Action) -> String {
    let effects: Vec<&str> = action
        .possible_effects()
        .into_iter()
        .map(crate::action::Effect::as_str)
        .collect();
    let page = action.page();
    let page = match &page.url {
        Some(url) => format!("[{}]({url})", page.title),
        None => page.title.clone(),
    };
    format!(
        "{}. Effect: {}. {page}",
        action.summary(),
        effects.join(" or ")
    )
}

/// A step for each action, and one over the rows of a file.
fn snippets(catalogue: &Catalogue) -> Vec<Json> {
    let mut made: Vec<Json> = catalogue
        .actions()
        .map(|action| {
            json!({
                "label": format!("step: {}", action.name()),
                "description": action.summary(),
                "body": { "id": "${1:id}", "action": action.name(), "with": body(&action) },
            })
        })
        .collect();
    made.push(json!({
        "label": "step: for each row of a CSV file",
        "description": "Runs its steps once for each row",
        "body": {
            "id": "${1:each_row}",
            "for_each": { "csv": "${2:data/rows.csv}", "as": "${3:row}" },
            "on_failure": "continue",
            "steps": [{ "action": "${4:record.update}" }],
        },
    }));
    made.push(json!({
        "label": "step: another playbook",
        "description": "Runs the steps of another file",
        "body": {
            "id": "${1:id}",
            "use": "${2:./shared/playbook.yaml}",
            "inputs": { "${3:name}": "${4:value}" },
        },
    }));
    made
}

/// What `with` has to hold, each value a place to type at.
fn body(action: &Action) -> Json {
    let params = action.params_schema();
    let mut place = 1;
    required(action)
        .into_iter()
        .map(|name| {
            let schema = &params["properties"][&name];
            (name.clone(), slot(&name, schema, &mut place))
        })
        .collect::<Map<_, _>>()
        .into()
}

fn slot(name: &str, schema: &Json, place: &mut usize) -> Json {
    if let (Some(properties), Some(required)) = (
        schema["properties"].as_object(),
        schema["required"].as_array(),
    ) {
        return required
            .iter()
            .filter_map(Json::as_str)
            .filter_map(|name| {
                let schema = properties.get(name)?;
                Some((name.to_owned(), slot(name, schema, place)))
            })
            .collect::<Map<_, _>>()
            .into();
    }
    *place += 1;
    let number = *place;
    if schema["type"] == "object" {
        return json!({ format!("${{{number}:key}}"): format!("${{{}:value}}", { *place += 1; *place }) });
    }
    if let Some(choices) = schema["enum"].as_array() {
        let choices: Vec<&str> = choices.iter().filter_map(Json::as_str).collect();
        return format!("${{{number}|{}|}}", choices.join(",")).into();
    }
    // A leading `^` tells editors to take the text as it stands, without quotes.
    if schema["type"] == "boolean" {
        return format!("^${{{number}|false,true|}}").into();
    }
    let usual = [&schema["default"], &schema["examples"][0]]
        .into_iter()
        .filter_map(Json::as_str)
        .find(|text| !text.contains(['"', '\\', '$', '}']));
    format!("\"${{{number}:{}}}\"", usual.unwrap_or(name)).into()
}

fn required(action: &Action) -> Vec<String> {
    let listed = action.params_schema()["required"].as_array();
    listed
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}
