//! All actions by name: those of the binary, and those that a project adds. It reads no files itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use super::{Action, Effect, examples, read};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::document::{self, Document, Node};
use crate::source::Source;
use crate::value::Value;

/// The JSON Schema of action files, as text.
pub const META_SCHEMA: &str = include_str!("../../schemas/action.schema.json");

/// An action file that is part of the binary, and its action once somebody wants it.
struct BuiltIn {
    name: &'static str,
    text: &'static str,
    /// What the text says, as JSON: the start of every run would read the YAML for longer than all else it reads.
    json: &'static str,
    action: OnceLock<Arc<Action>>,
}

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        [$(BuiltIn {
            name: $name,
            text: include_str!(concat!("../../schemas/actions/", $name, ".yaml")),
            json: include_str!(concat!("built_in/", $name, ".json")),
            action: OnceLock::new(),
        },)*]
    };
}

/// The files of `schemas/actions`, all of them: a test compares.
static BUILT_IN: [BuiltIn; 5] = built_in![
    "record.update",
    "record.delete",
    "case.update",
    "call_activity.insert",
    "obligation.insert",
];

impl BuiltIn {
    fn action(&self) -> &Arc<Action> {
        self.action.get_or_init(|| {
            let source = Source::new(format!("schemas/actions/{}.yaml", self.name), self.text);
            let root = Value::from_json_text(self.json).map(Node::from);
            let document = Document {
                source,
                root: root.expect("a test writes the JSON of every built-in action"),
            };
            let action = read::read_known(&document);
            Arc::new(action.expect("a test reads every built-in action"))
        })
    }
}

/// Where an action comes from.
#[derive(Clone)]
enum Entry {
    BuiltIn(&'static BuiltIn),
    Project(Arc<Action>),
}

/// All actions by name. Built-in ones are read when they are first asked for. A clone is cheap.
#[derive(Clone)]
pub struct Catalogue {
    entries: BTreeMap<String, Entry>,
    /// Actions whose files are there and broken, which is said of the files.
    broken: BTreeSet<String>,
}

impl Catalogue {
    /// The actions of the binary.
    pub fn built_in() -> Arc<Self> {
        static CATALOGUE: OnceLock<Arc<Catalogue>> = OnceLock::new();
        let entries = || {
            BUILT_IN
                .iter()
                .map(|action| (action.name.to_owned(), Entry::BuiltIn(action)))
                .collect()
        };
        let catalogue = || Self {
            entries: entries(),
            broken: BTreeSet::new(),
        };
        Arc::clone(CATALOGUE.get_or_init(|| Arc::new(catalogue())))
    }

    /// The action of a name.
    pub fn get(&self, name: &str) -> Option<Arc<Action>> {
        self.entries.get(name).map(|entry| match entry {
            Entry::BuiltIn(action) => Arc::clone(action.action()),
            Entry::Project(action) => Arc::clone(action),
        })
    }

    /// Whether there is an action of that name, without reading it.
    pub fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// Whether an action of that name is missing only because its file is broken, and that was said.
    pub fn is_broken(&self, name: &str) -> bool {
        self.broken.contains(name)
    }

    /// Remembers that the file of an action is broken.
    pub(super) fn add_broken(&mut self, name: &str) {
        self.broken.insert(name.to_owned());
    }

    /// The names, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.entries.keys().map(String::as_str)
    }

    /// Every action, in the order of the names.
    pub fn actions(&self) -> impl Iterator<Item = Arc<Action>> {
        self.names().filter_map(|name| self.get(name))
    }

    /// Whether the action of that name is part of the binary.
    pub fn is_built_in(&self, name: &str) -> bool {
        matches!(self.entries.get(name), Some(Entry::BuiltIn(_)))
    }

    /// This catalogue and the actions of a project's documents, each under the name that its file
    /// has without its extension; and everything in them that their authors have to change. A file
    /// with findings adds no action.
    #[must_use]
    pub fn with_documents(
        &self,
        documents: impl IntoIterator<Item = (String, Document)>,
    ) -> (Self, Vec<Diagnostic>) {
        let mut catalogue = self.clone();
        let mut found = Vec::new();
        for (file, document) in documents {
            match catalogue.admit(&file, &document) {
                Ok(action) => {
                    let name = action.name().to_owned();
                    let entry = Entry::Project(Arc::new(action));
                    catalogue.entries.insert(name, entry);
                }
                Err(mut findings) => {
                    let named = document.root.get("name").and_then(Node::text);
                    [Some(file.as_str()), named]
                        .into_iter()
                        .flatten()
                        .for_each(|name| catalogue.add_broken(name));
                    findings.sort_by_key(|finding| {
                        finding.place.as_ref().map(|place| place.span.start)
                    });
                    found.extend(findings);
                }
            }
        }
        found.extend(catalogue.lookup_findings());
        (catalogue, found)
    }

    fn admit(&self, file: &str, document: &Document) -> Result<Action, Vec<Diagnostic>> {
        let action = read::read(document)?;
        let mut found = examples::findings(&action, document);
        let name = document.root.nearest("/name").span();
        let mut tell = |message: String, help: String| {
            let finding = Diagnostic::error(Code::InvalidAction, message)
                .at(&document.source, name)
                .help(help);
            found.push(finding);
        };
        if action.name() != file {
            tell(
                format!(
                    "the action `{}` stands in a file called `{file}`",
                    action.name()
                ),
                format!("call the file {}.yaml", action.name()),
            );
        }
        match self.entries.get(action.name()) {
            Some(Entry::BuiltIn(_)) => tell(
                format!("`{}` is a built-in action", action.name()),
                "give it a name of its own: a playbook must mean the same in every project"
                    .to_owned(),
            ),
            Some(Entry::Project(other)) => tell(
                format!("`{}` is there twice", action.name()),
                format!("the other one is in {}", other.source().name()),
            ),
            None => {}
        }
        if found.is_empty() {
            Ok(action)
        } else {
            Err(found)
        }
    }

    /// Look-ups that name no reading action, or give it what it does not take.
    pub(super) fn lookup_findings(&self) -> Vec<Diagnostic> {
        let projects = self.entries.values().filter_map(|entry| match entry {
            Entry::Project(action) => Some(action),
            Entry::BuiltIn(_) => None,
        });
        projects
            .filter_map(|action| self.lookup_finding(action))
            .collect()
    }

    pub(super) fn lookup_finding(&self, action: &Action) -> Option<Diagnostic> {
        let objection = self.lookup_objection(action)?;
        // The action keeps no nodes: its document is read again for the place.
        let document = document::read(action.source()).ok()?;
        let span = document.root.nearest(&objection.at).span();
        let mut finding =
            Diagnostic::error(objection.code, objection.message).at(action.source(), span);
        finding.help = objection.help;
        Some(finding)
    }

    fn lookup_objection(&self, action: &Action) -> Option<Objection> {
        let lookup = action.lookup()?;
        let wanted = &lookup.action;
        let at = "/lookup/action".to_owned();
        match self.get(wanted) {
            None => Some(Objection {
                at,
                code: Code::UnknownAction,
                message: format!("there is no action `{wanted}`"),
                help: did_you_mean(wanted, self.names()),
            }),
            Some(found) if found.possible_effects() != [Effect::Read] => Some(Objection {
                at,
                code: Code::InvalidAction,
                message: format!("`{wanted}` does not only read"),
                help: Some("a look-up must change nothing".to_owned()),
            }),
            Some(found) => misfit(&found, &lookup.given()?),
        }
    }
}

/// What is wrong with a look-up, and where in its file.
struct Objection {
    at: String,
    code: Code,
    message: String,
    help: Option<String>,
}

/// What a reading action has against being given parameters of these names.
fn misfit(read: &Action, given: &[&str]) -> Option<Objection> {
    let schema = read.params_schema();
    let known: Vec<&str> = schema["properties"]
        .as_object()
        .map(|properties| properties.keys().map(String::as_str).collect())
        .unwrap_or_default();
    if let Some(name) = given.iter().find(|name| !known.contains(name)) {
        return Some(Objection {
            at: format!("/lookup/with/{name}"),
            code: Code::UnknownKey,
            message: format!("`{}` has no parameter `{name}`", read.name()),
            help: did_you_mean(name, known),
        });
    }
    // Pages are counted by whoever reads them.
    let of_pages = read
        .paging()
        .map_or([""; 2], |paging| [&paging.page, &paging.limit]);
    let missing = schema["required"]
        .as_array()?
        .iter()
        .filter_map(serde_json::Value::as_str)
        .find(|name| !given.contains(name) && !of_pages.contains(name))?;
    Some(Objection {
        at: "/lookup/with".to_owned(),
        code: Code::MissingKey,
        message: format!("`{}` needs the parameter `{missing}`", read.name()),
        help: None,
    })
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
