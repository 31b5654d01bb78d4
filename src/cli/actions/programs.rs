//! Actions as JSON, one object a line: the stable interface for programs.

use serde_json::{Map, Value, json};

use super::Origin;
use crate::action::{Action, Catalogue, Example};
use crate::value;

/// The version of these objects. Keys are added without a new one, never taken away.
const SCHEMA: u64 = 1;

/// One line an action: `schema`, `name`, `summary`, `effect`, `effects`, `documentation`, `origin`, `file`.
///
/// `effect` is the one where no condition holds, `effects` are all that are possible; `origin` is
/// `built-in` or `project`; `file` is the action file of the project, else null.
pub(super) fn list(catalogue: &Catalogue) -> String {
    let mut lines = String::new();
    for action in catalogue.actions() {
        let head = head(&action, &Origin::of(&action, catalogue));
        lines.push_str(&Value::Object(head).to_string());
        lines.push('\n');
    }
    lines
}

/// One line: what `list` has of the action, and `description`, `effect_cases`, `method`, `path`,
/// `encoding`, `page`, `params`, `response` (JSON Schemas), `max_items`, `outputs`, `examples`,
/// `contradictions`, `notes`.
pub(super) fn show(action: &Action, origin: &Origin) -> String {
    let mut object = head(action, origin);
    let page = action.page();
    let cases: Vec<Value> = action
        .effect_rule()
        .cases()
        .map(|(condition, effect, because)| json!({ "if": condition, "effect": effect.as_str(), "because": because }))
        .collect();
    let ids: Vec<&str> = action.id_outputs().collect();
    let outputs: Vec<Value> = action
        .output_names()
        .map(|name| {
            json!({
                "name": name,
                "id": ids.contains(&name),
                "description": action.output_description(name),
            })
        })
        .collect();
    let more = json!({
        "description": action.description(),
        "effect_cases": cases,
        "method": action.method().as_str(),
        "path": action.path(),
        "encoding": action.encoding().as_str(),
        "page": { "title": page.title, "url": page.url },
        "params": action.params_schema(),
        "response": action.response_schema(),
        "max_items": action.max_items(),
        "outputs": outputs,
        "examples": null,
        "contradictions": action.contradictions(),
        "notes": action.notes(),
    });
    if let Value::Object(more) = more {
        object.extend(more);
    }
    let examples = action.examples().iter().map(example).collect();
    let object = value::Value::from(Value::Object(object));
    let object = object.with_members([("examples", value::Value::List(examples))]);
    format!("{}\n", object.to_json_text())
}

fn head(action: &Action, origin: &Origin) -> Map<String, Value> {
    let effects: Vec<&str> = action
        .possible_effects()
        .into_iter()
        .map(crate::action::Effect::as_str)
        .collect();
    let (origin, file) = match origin {
        Origin::BuiltIn => ("built-in", None),
        Origin::Project(file) => ("project", Some(file)),
    };
    Map::from_iter([
        ("schema".to_owned(), SCHEMA.into()),
        ("name".to_owned(), action.name().into()),
        ("summary".to_owned(), action.summary().into()),
        (
            "effect".to_owned(),
            action.effect_rule().default().as_str().into(),
        ),
        ("effects".to_owned(), effects.into()),
        (
            "documentation".to_owned(),
            action.documentation().as_str().into(),
        ),
        ("origin".to_owned(), origin.into()),
        ("file".to_owned(), file.cloned().into()),
    ])
}

/// Its values as they are written, digit for digit.
fn example(example: &Example) -> value::Value {
    let optional = |value: &Option<value::Value>| value.clone().unwrap_or_default();
    value::Value::from(json!({ "name": example.name })).with_members([
        ("with", example.with.clone()),
        ("body", optional(&example.body)),
        ("answer", optional(&example.answer)),
        ("outputs", optional(&example.outputs)),
    ])
}
