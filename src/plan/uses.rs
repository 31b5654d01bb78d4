//! `use` compiled: another playbook as a step. It sees what the step gives it, and nothing else of the outer one.

mod compile;

use std::sync::Arc;

use super::findings::{Subject, name_item, violation_diagnostic};
use super::home::Home;
use super::inputs::Origin;
use super::{PlannedStep, Tree};
use crate::diagnostic::{Code, Diagnostic, in_one_line};
use crate::document::Node;
use crate::schema::{Schema, Violation};
use crate::source::{Source, Span};
use crate::template::Scope;
use crate::value::{Map, Value};

/// A playbook that a step runs.
#[derive(Debug)]
pub struct PlannedUse {
    /// What templates of its own playbook call the step.
    pub by: String,
    /// The playbook as a place.
    pub home: Arc<Home>,
    /// Its path, from the folder of the playbook that is run.
    pub path: String,
    /// Its inputs, in its order.
    pub inputs: Vec<UsedInput>,
    /// Its variables, in the order in which they are evaluated: when the step begins.
    pub vars: Vec<(String, Tree)>,
    /// Its steps.
    pub steps: Vec<PlannedStep>,
    /// Its steps that run at the end of this step, also after a failure in it.
    pub finally: Vec<PlannedStep>,
    /// What it gives, and so what the step gives.
    pub outputs: Vec<(String, Tree)>,
}

/// An input of a used playbook.
#[derive(Debug)]
pub struct UsedInput {
    /// Its name.
    pub name: String,
    /// Whether its value is masked wherever it shows.
    pub secret: bool,
    /// Where its value comes from.
    pub from: InputSource,
}

/// Where the value of an input of a used playbook comes from.
#[derive(Debug)]
pub enum InputSource {
    /// The step gives it.
    Step(Box<GivenInput>),
    /// The environment, or the default.
    Settled(Value, Origin),
    /// An environment variable that a check does not look at.
    Open,
    /// It has none, and needs none.
    Absent,
}

/// An input that the step gives.
#[derive(Debug)]
pub struct GivenInput {
    /// Its value.
    pub tree: Tree,
    /// The input's name.
    pub name: String,
    /// As it was written.
    pub node: Node,
    /// Where its name stands.
    pub key_span: Span,
    /// What it has to be; none where the schema itself is wrong, and that was said.
    pub schema: Option<Schema>,
    /// What messages call it.
    pub what: String,
}

impl GivenInput {
    /// What the used playbook objects to in a value.
    pub fn violations(&self, value: &Value) -> Vec<Violation> {
        self.schema
            .as_ref()
            .map(|schema| schema.violations(value))
            .unwrap_or_default()
    }

    /// The same as a finding in the playbook that gives it, whose text is `source`.
    pub fn finding(
        &self,
        violation: &Violation,
        value: &Value,
        secret: bool,
        source: &Arc<Source>,
    ) -> Diagnostic {
        let subject = Subject {
            what: &self.what,
            node: &self.node,
            key: Some(self.key_span),
            source,
            advice: |_| None,
        };
        let mut violation = violation.clone();
        name_item(&mut violation, &self.name, value);
        let mut finding = violation_diagnostic(&violation, subject, value);
        finding.code = Code::InvalidInput;
        if secret {
            // The excerpt, or the words about the value, would show it.
            finding.message = format!("{} is not what its schema asks for", self.what);
            finding.help = None;
        }
        finding
    }
}

impl PlannedUse {
    /// The inputs that the step gives.
    pub fn given(&self) -> impl Iterator<Item = &GivenInput> {
        self.inputs.iter().filter_map(|input| match &input.from {
            InputSource::Step(given) => Some(&**given),
            _ => None,
        })
    }

    /// What it may give, by name.
    pub fn output_names(&self) -> impl Iterator<Item = &str> {
        self.outputs.iter().map(|(name, _)| name.as_str())
    }

    /// What its templates see before its first step: the inputs as the step gives them, the target, the run, and
    /// its variables. `home` is the playbook that the step is written in, `outer` what its templates see.
    ///
    /// # Errors
    /// Why it cannot begin, in one sentence with its place: an input that cannot be rendered or breaks its schema,
    /// or a variable that cannot be rendered.
    pub fn begin(&self, outer: &Scope, home: &Home) -> Result<Scope, String> {
        let mut values = Map::default();
        let mut problems = Vec::new();
        for input in &self.inputs {
            match &input.from {
                InputSource::Step(given) => {
                    let value = given
                        .tree
                        .render(outer)
                        .map_err(|error| in_one_line(&error.diagnostic(home.source())))?;
                    problems.extend(given.violations(&value).iter().map(|violation| {
                        let finding = given.finding(violation, &value, input.secret, home.source());
                        in_one_line(&finding)
                    }));
                    values.insert(input.name.clone(), value);
                }
                InputSource::Settled(value, _) => {
                    values.insert(input.name.clone(), value.clone());
                }
                InputSource::Open | InputSource::Absent => {}
            }
        }
        if !problems.is_empty() {
            return Err(problems.join("; "));
        }
        let mut scope = self.scope(values, outer);
        let mut vars = Map::default();
        for (name, tree) in &self.vars {
            let value = tree
                .render(&scope)
                .map_err(|error| in_one_line(&error.diagnostic(self.home.source())))?;
            vars.insert(name.clone(), value);
            scope.set("vars", Value::Map(vars.clone()));
        }
        Ok(scope)
    }

    /// A scope of its own with these inputs and no variables yet: of the outer one only the target and the run.
    pub(super) fn scope(&self, inputs: Map, outer: &Scope) -> Scope {
        let mut scope = Scope::new();
        scope.set("inputs", Value::Map(inputs));
        let absent = self.inputs.iter();
        for input in absent.filter(|input| matches!(input.from, InputSource::Absent)) {
            let how = format!("add it under `inputs` of the step `{}`", self.by);
            super::optional::explain(&input.name, &how, &mut scope);
        }
        for name in ["target", "run"] {
            if let Some(value) = outer.lookup(&[name]) {
                scope.set(name, value.clone());
            }
        }
        scope.set("vars", Value::Map(Map::default()));
        scope
    }
}
