//! What an action makes of given parameters, as its file states it, and whether that is true.

use super::read::{finding, text};
use super::{Action, Effect, Encoding, TargetFacts, conditions};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Document, Node};
use crate::schema::Violation;
use crate::value::{Map, Value, pointer_step};

/// What an action makes of given parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// The target's operation.
    pub operation: String,
    /// The parameters.
    pub with: Value,
    /// The body as it is sent; of a multipart body, the parts that are text.
    pub body: Option<Value>,
    /// The query, by name, before it is encoded.
    pub query: Option<Value>,
    /// Name of the part and path of each file.
    pub files: Vec<(String, String)>,
    /// An answer.
    pub answer: Option<Value>,
    /// Whether the further condition of success holds for it.
    pub success: Option<bool>,
    /// The outputs that it gives.
    pub outputs: Option<Value>,
    /// The effect of the call.
    pub effect: Option<Effect>,
}

impl Example {
    /// Reads an example from its node, which fits the schema of action files.
    pub(super) fn read(node: &Node) -> Self {
        let value = |key: &str| node.get(key).map(Node::to_value);
        let parts = node.get("parts").and_then(Node::items);
        let mut texts = parts.map(|_| Map::default());
        let mut files = Vec::new();
        for part in parts.unwrap_or_default() {
            let name = text(part, "name").unwrap_or_default();
            match (&mut texts, text(part, "text"), text(part, "file")) {
                (Some(texts), Some(written), _) => {
                    texts.insert(name, Value::Text(written));
                }
                (_, None, Some(path)) => files.push((name, path)),
                _ => {}
            }
        }
        Self {
            name: text(node, "name").unwrap_or_default(),
            operation: text(node, "operation").unwrap_or_else(|| "sandbox".to_owned()),
            with: value("with").unwrap_or_default(),
            body: value("body").or_else(|| texts.map(Value::Map)),
            query: value("query"),
            files,
            answer: value("answer"),
            success: value("success").map(|success| success == Value::Bool(true)),
            outputs: value("outputs"),
            effect: text(node, "effect").and_then(|word| Effect::from_word(&word)),
        }
    }

    /// The target that the example is sent to.
    pub fn target(&self) -> TargetFacts {
        TargetFacts {
            name: "sandbox".to_owned(),
            server: "127.0.0.1".to_owned(),
            operation: self.operation.clone(),
        }
    }
}

/// What in the examples is not as the action has it.
pub(super) fn findings(action: &Action, document: &Document) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (index, example) in action.examples().iter().enumerate() {
        let mut trial = Trial {
            action,
            document,
            example,
            base: format!("/examples/{index}"),
            found: Vec::new(),
        };
        trial.parameters();
        // Parameters that are wrong make a request that is wrong: one finding is enough.
        if trial.found.is_empty() {
            trial.request();
            trial.effect();
            trial.answer();
        }
        found.append(&mut trial.found);
    }
    found
}

struct Trial<'a> {
    action: &'a Action,
    document: &'a Document,
    example: &'a Example,
    base: String,
    found: Vec<Diagnostic>,
}

impl Trial<'_> {
    fn tell(&mut self, key: &str, message: impl Into<String>) {
        let nearest = self.document.root.nearest(&format!("{}/{key}", self.base));
        let finding = Diagnostic::error(Code::InvalidAction, message)
            .at(&self.document.source, nearest.span());
        self.found.push(finding);
    }

    /// What is wrong with the condition of success itself.
    fn tell_condition(&mut self, message: String) {
        let span = self.document.root.nearest("/success").span();
        let finding = Diagnostic::error(Code::InvalidAction, message)
            .at(&self.document.source, span)
            .help("compare it with something, as in `response.data.inserted == 1`");
        self.found.push(finding);
    }

    fn tell_all(&mut self, key: &str, violations: &[Violation], checked: &Value) {
        let base = format!("{}/{key}", self.base);
        for violation in violations {
            let mut finding = finding(self.document, violation, &base, checked);
            finding.code = Code::Schema;
            self.found.push(finding);
        }
    }

    fn parameters(&mut self) {
        let with = &self.example.with;
        self.tell_all("with", &self.action.check_params(with), with);
    }

    fn request(&mut self) {
        let Example { with, .. } = self.example;
        let target = self.example.target();
        let key = match self.action.encoding() {
            Encoding::Multipart => "parts",
            Encoding::Json | Encoding::None => "body",
        };
        match self.action.body(with, &target) {
            Ok(Some(body)) => {
                self.tell_all(key, &self.action.check_request(&body), &body);
                self.compare(key, self.example.body.as_ref(), &body);
            }
            Ok(None) => {}
            Err(error) => self.tell("with", format!("it has no body: {}", error.message)),
        }
        match self.action.attachments(with, &target) {
            Ok(files) => {
                let rendered: Vec<(String, String)> = files
                    .into_iter()
                    .flat_map(|files| {
                        let part = files.part;
                        files
                            .paths
                            .into_iter()
                            .map(move |path| (part.clone(), path))
                    })
                    .collect();
                if self.example.body.is_some() && rendered != self.example.files {
                    self.tell(
                        key,
                        "the files that are sent are others, or under another name",
                    );
                }
            }
            Err(error) => self.tell("with", error.message),
        }
        match self.action.query(with, &target) {
            Ok(query) => {
                let query: Map = query
                    .into_iter()
                    .map(|(name, text)| (name, Value::Text(text)))
                    .collect();
                self.compare("query", self.example.query.as_ref(), &Value::Map(query));
            }
            Err(error) => self.tell("with", error.message),
        }
    }

    fn effect(&mut self) {
        let effect = self.action.effect(&self.example.with);
        if let Some(stated) = self.example.effect.filter(|stated| *stated != effect) {
            self.tell(
                "effect",
                format!("the effect is `{effect}`, not `{stated}`"),
            );
        }
    }

    fn answer(&mut self) {
        let (action, example) = (self.action, self.example);
        let Some(answer) = &example.answer else {
            return;
        };
        self.tell_all("answer", &action.check_response(answer), answer);
        if !action.accepts(answer) {
            self.tell("answer", format!("the answer is not {}", words(action)));
        }
        let seen = action.seen(answer, &example.with);
        let success = seen.success();
        if let Some(stated) = example.success
            && stated != success.is_ok()
        {
            let message = match success {
                Ok(()) => "the condition of success holds for this answer".to_owned(),
                Err(reason) => reason.into_reason(),
            };
            self.tell("success", message);
        }
        if let Some(message) = conditions::not_a_condition(action, &seen) {
            self.tell_condition(message);
        } else if let Some(message) = conditions::objection(example, answer, &seen) {
            self.tell("answer", message);
        }
        let outputs = seen.outputs();
        for (name, reason) in &outputs.failed {
            self.tell("answer", format!("the output `{name}` fails: {reason}"));
        }
        self.compare(
            "outputs",
            example.outputs.as_ref(),
            &Value::Map(outputs.values),
        );
    }

    /// Tells the first difference between what the example states and what the action makes.
    fn compare(&mut self, key: &str, stated: Option<&Value>, made: &Value) {
        let Some(stated) = stated else {
            return;
        };
        if let Some((pointer, made)) = difference(stated, made, String::new()) {
            let is = made.map_or("not there".to_owned(), |value| {
                format!("`{}`", value.to_json_text())
            });
            let name = match pointer.strip_prefix('/') {
                Some(path) => format!("`{}`", path.replace('/', ".")),
                None => "it".to_owned(),
            };
            self.tell(
                &format!("{key}{pointer}"),
                format!("the action makes something else: {name} is {is}"),
            );
        }
    }
}

const fn words(action: &Action) -> &'static str {
    match action.answer() {
        super::Answer::Object => "an object",
        super::Answer::Array => "a list",
        super::Answer::Either => "an object or a list",
    }
}

/// The first place where two values differ, and what the second has there.
fn difference<'v>(
    stated: &Value,
    made: &'v Value,
    at: String,
) -> Option<(String, Option<&'v Value>)> {
    match (stated, made) {
        (Value::Map(stated), Value::Map(made)) => {
            let keys = stated
                .keys()
                .chain(made.keys().filter(|key| !stated.contains_key(*key)));
            for key in keys {
                let at = format!("{at}/{}", pointer_step(key));
                match (stated.get(key), made.get(key)) {
                    (Some(stated), Some(made)) => {
                        if let Some(found) = difference(stated, made, at) {
                            return Some(found);
                        }
                    }
                    (_, made) => return Some((at, made)),
                }
            }
            None
        }
        (Value::List(stated), Value::List(made)) if stated.len() == made.len() => stated
            .iter()
            .zip(made)
            .enumerate()
            .find_map(|(index, (stated, made))| difference(stated, made, format!("{at}/{index}"))),
        _ => (stated != made).then_some((at, Some(made))),
    }
}
