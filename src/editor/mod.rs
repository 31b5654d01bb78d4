//! JSON Schemas for editors: of playbooks, of `voxplay.yaml`, of action files and of each action.
//!
//! They say what the readers of those files accept; tests hold the two together. Draft 2020-12, kept to
//! the keywords that editors of draft 7 understand too. It knows no editor and reads no files.

mod config;
mod finish;
mod keywords;
mod lenient;
mod parts;
mod playbook;
mod rows;
mod step;

use serde_json::{Value as Json, json};

use crate::action::{Action, Catalogue, META_SCHEMA};

pub use config::config;
pub use playbook::playbook;

/// The draft that all of them are of.
const PLAN_SCHEMA: &str = include_str!("../../schemas/plan.schema.json");
const REPORT_SCHEMA: &str = include_str!("../../schemas/report.schema.json");
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of action files, as the program itself uses it.
pub fn action_file() -> Json {
    serde_json::from_str(META_SCHEMA).expect("a test reads the schema of actions")
}

/// The schema of a plan.
pub fn plan() -> Json {
    serde_json::from_str(PLAN_SCHEMA).expect("a test reads the schema of plans")
}

/// The schema of a report in JSON.
pub fn report() -> Json {
    serde_json::from_str(REPORT_SCHEMA).expect("a test reads the schema of reports")
}

/// The schema of the `with` of an action: any value in it may also be a template.
pub fn with(action: &Action) -> Json {
    let title = format!("with of {}", action.name());
    headed(&title, lenient::with(action.params_schema(), "#"))
}

/// The schema of an action's body as it is sent; of a multipart body, of its parts as text. None where
/// the action has no body.
pub fn request(action: &Action) -> Option<Json> {
    let title = format!("request body of {}", action.name());
    let schema = action.request_schema()?;
    Some(headed(&title, finish::for_others(schema)))
}

/// The schema of an action's answer.
pub fn response(action: &Action) -> Json {
    let title = format!("response of {}", action.name());
    headed(&title, finish::for_others(action.response_schema()))
}

/// The schemas that editors want as files, each with its name in a folder `schemas` and its text.
pub fn files(catalogue: &Catalogue) -> Vec<(&'static str, String)> {
    vec![
        ("playbook.schema.json", text_of(&playbook(catalogue))),
        ("voxplay.schema.json", text_of(&config())),
        ("action.schema.json", META_SCHEMA.to_owned()),
    ]
}

/// The schemas of every action's `with`, request and response, each with its path in a folder
/// `schemas` and its text.
pub fn call_files(catalogue: &Catalogue) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for action in catalogue.actions() {
        let path = |part: &str| format!("calls/{}.{part}.schema.json", action.name());
        files.push((path("with"), text_of(&with(&action))));
        files.extend(request(&action).map(|schema| (path("request"), text_of(&schema))));
        files.push((path("response"), text_of(&response(&action))));
    }
    files
}

/// A schema as the text of a file.
pub fn text_of(schema: &Json) -> String {
    let text = serde_json::to_string_pretty(schema).expect("a schema is plain JSON");
    text + "\n"
}

/// A schema that stands alone: its draft and its title first.
fn headed(title: &str, schema: Json) -> Json {
    let mut headed = json!({ "$schema": DRAFT, "title": title });
    if let (Some(headed), Json::Object(keywords)) = (headed.as_object_mut(), schema) {
        for (keyword, value) in keywords {
            headed.entry(keyword).or_insert(value);
        }
    }
    finish::described(&mut headed);
    headed
}

#[cfg(test)]
mod tests;
