//! One call of the CRM API as data: what a playbook gives, what goes over the wire, what comes back.
//!
//! Nothing here names an endpoint, a body key or an action: those stand in the action files alone.
//! It does not know how a request travels, nor what an answer means for a run.

mod advice;
mod answer;
mod body;
mod catalogue;
mod conditions;
mod effect;
mod examples;
mod fit;
mod folder;
mod foreseen;
mod lookup;
mod paging;
mod params;
mod read;
mod templates;
mod terms;

use std::sync::Arc;

use crate::schema::{Schema, Violation};
use crate::source::Source;
use crate::template::{Expression, Template};
use crate::value::{Map, Value};
use terms::Scalars;

pub use answer::{NoSuccess, Outputs, Seen};
pub use body::{Attachments, RenderError};
pub use catalogue::{Catalogue, META_SCHEMA};
pub use effect::{Effect, EffectRule};
pub use examples::Example;
pub use foreseen::{ForeseenEffect, Holes};
pub use lookup::{Lookup, Search, record_id};
pub use paging::{Joined, Pages, Paging, Turn};
pub use terms::{Answer, Documentation, Encoding, Method, Page, TargetFacts};

/// What a step gives to later steps besides the outputs of its action, which may not be called so.
pub const STEP_FACTS: [&str; 4] = ["outcome", "http_status", "code", "msg"];

/// One call of the CRM API.
#[derive(Debug)]
pub struct Action {
    name: String,
    summary: String,
    description: Option<String>,
    documentation: Documentation,
    page: Page,
    source: Arc<Source>,
    effect: EffectRule,
    method: Method,
    path: String,
    encoding: Encoding,
    query: Vec<(String, body::Shape)>,
    params: Schema,
    defaults: Map,
    advice: Vec<advice::Advice>,
    body: Option<body::Shape>,
    scalars: Scalars,
    files: Option<FileRule>,
    items: Option<String>,
    max_items: Option<usize>,
    request: Option<Schema>,
    response: Schema,
    answer: Answer,
    success: Option<Expression>,
    outputs: Vec<answer::Output>,
    paging: Option<Paging>,
    lookup: Option<Lookup>,
    contradictions: Vec<String>,
    notes: Vec<String>,
    examples: Vec<Example>,
}

/// Which files a body carries.
#[derive(Debug)]
struct FileRule {
    from: String,
    part: Template,
    extensions: Vec<String>,
}

impl Action {
    /// The name that playbooks write.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it does, in one line.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// More about it.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// How well the vendor documents it.
    pub const fn documentation(&self) -> Documentation {
        self.documentation
    }

    /// What a person should know of how well it is documented; none where the vendor's sources agree.
    pub fn documentation_remark(&self) -> Option<String> {
        let name = self.name();
        match self.documentation {
            Documentation::Documented => None,
            Documentation::SourcesDisagree => Some(format!(
                "the vendor's sources on {name} disagree; see `actions show`"
            )),
            Documentation::Thin => Some(format!(
                "the vendor documents {name} thinly; see `actions show`"
            )),
        }
    }

    /// The vendor's page.
    pub const fn page(&self) -> &Page {
        &self.page
    }

    /// The file that describes it, whose text changes when the action does.
    pub const fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The HTTP method.
    pub const fn method(&self) -> Method {
        self.method
    }

    /// The path on the target's host, beginning with `/`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// How the body travels.
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// What its answer is.
    pub const fn answer(&self) -> Answer {
        self.answer
    }

    /// Which effect it has when.
    pub const fn effect_rule(&self) -> &EffectRule {
        &self.effect
    }

    /// The effect with these parameters. Where a condition cannot be evaluated, the effect is the
    /// one that asks for most care.
    pub fn effect(&self, with: &Value) -> Effect {
        self.effect.of(&self.with_defaults(with))
    }

    /// Every effect that it may have, whatever the parameters.
    pub fn possible_effects(&self) -> Vec<Effect> {
        self.effect.possible()
    }

    /// How pages are read, where it has pages.
    pub const fn paging(&self) -> Option<&Paging> {
        self.paging.as_ref()
    }

    /// The read that settles a lost create, where there is one.
    pub const fn lookup(&self) -> Option<&Lookup> {
        self.lookup.as_ref()
    }

    /// Where the vendor's texts contradict each other, and what is done.
    pub fn contradictions(&self) -> &[String] {
        &self.contradictions
    }

    /// What else a user should know.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What it makes of given parameters.
    pub fn examples(&self) -> &[Example] {
        &self.examples
    }

    /// The JSON Schema of `with`, as it stands in the file.
    pub const fn params_schema(&self) -> &serde_json::Value {
        self.params.as_json()
    }

    /// The JSON Schema of the body as it is sent; of a multipart body, of its parts as text.
    pub fn request_schema(&self) -> Option<&serde_json::Value> {
        self.request.as_ref().map(Schema::as_json)
    }

    /// The JSON Schema of the answer.
    pub const fn response_schema(&self) -> &serde_json::Value {
        self.response.as_json()
    }

    /// What in a rendered body breaks the schema of the request.
    pub fn check_request(&self, body: &Value) -> Vec<Violation> {
        self.request
            .as_ref()
            .map_or_else(Vec::new, |schema| schema.violations(body))
    }

    /// What in an answer breaks the schema of the response.
    pub fn check_response(&self, response: &Value) -> Vec<Violation> {
        self.response.violations(response)
    }

    /// The parameter whose length is the number of things that one call acts on.
    pub fn items_param(&self) -> Option<&str> {
        self.items.as_deref()
    }

    /// How many of them one call takes at most.
    pub const fn max_items(&self) -> Option<usize> {
        self.max_items
    }

    /// How many things one call with these parameters acts on: 1 unless a list says otherwise.
    pub fn item_count(&self, with: &Value) -> usize {
        match self.items.as_ref().and_then(|items| with.get(items)) {
            Some(Value::List(items)) => items.len(),
            _ => 1,
        }
    }

    /// The parameter that holds the paths of files, where it takes files.
    pub fn file_param(&self) -> Option<&str> {
        self.files.as_ref().map(|rule| rule.from.as_str())
    }

    /// Whether the vendor lists the extension of a path, or lists none. Case does not matter.
    pub fn lists_extension_of(&self, path: &str) -> bool {
        let extensions = self
            .files
            .as_ref()
            .map_or(&[][..], |rule| rule.extensions.as_slice());
        let extension = std::path::Path::new(path)
            .extension()
            .map(|extension| extension.to_string_lossy().to_lowercase());
        extensions.is_empty() || extension.is_some_and(|written| extensions.contains(&written))
    }

    /// The extensions that the vendor lists, in lower case without a point.
    pub fn extensions(&self) -> &[String] {
        self.files.as_ref().map_or(&[], |rule| &rule.extensions)
    }
}

/// An empty object: what there is where nothing is given.
fn nothing() -> Value {
    Value::Map(Map::default())
}

#[cfg(test)]
mod tests;
