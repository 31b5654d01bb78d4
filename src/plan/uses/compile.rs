//! A step with `use` → [`PlannedUse`]: what it gives against what the used playbook declares.

use std::collections::BTreeSet;

use super::{GivenInput, InputSource, PlannedUse, UsedInput};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::{Code, did_you_mean};
use crate::document::Node;
use crate::plan::compile::{Compiler, Parts, Sheet};
use crate::plan::home::Home;
use crate::plan::inputs::{self, Given, Picked};
use crate::plan::left_out;
use crate::plan::names::PlaceKind;
use crate::plan::needs::Needed;
use crate::playbook::{Input, Step, Used};
use crate::reading::{is_token, literal_token};
use crate::source::{Span, Spanned};

impl<'p> Compiler<'p> {
    /// Compiles a step with `use`; none where the playbook could not be read, and that is said.
    pub(in crate::plan) fn used(
        &mut self,
        step: &'p Step,
        path: &'p Spanned<String>,
        (given, given_span): (Option<&'p Node>, Span),
        (place, index, conditions): (PlaceKind, usize, &BTreeSet<String>),
    ) -> Option<PlannedUse> {
        let vars = self.vars;
        let mut trees = Vec::new();
        for entry in given.and_then(Node::entries).unwrap_or_default() {
            let tree = self.tree(&entry.value, (place, index, vars, conditions));
            trees.push((entry, tree));
        }
        let Some(used) = self.sheet.playbook.used_by(step) else {
            self.missing_file(path, self.names[index].selected);
            return None;
        };
        self.check_target(used, path);
        self.check_outputs(used, path);
        let declared = |name: &str| {
            used.playbook
                .inputs
                .iter()
                .any(|input| input.name.value == name)
        };
        for (entry, _) in trees.iter().filter(|(entry, _)| !declared(&entry.key)) {
            if is_token(entry) {
                self.findings
                    .push(literal_token(self.source, entry.value.span));
            }
            let names = used.playbook.inputs.iter();
            let help = did_you_mean(
                &entry.key,
                names
                    .map(|input| input.name.value.as_str())
                    .collect::<Vec<_>>(),
            );
            self.error(
                Code::UnknownInput,
                entry.key_span,
                format!("{} has no input `{}`", used.path, entry.key),
            )
            .help = help.or_else(|| Some("it declares no inputs".to_owned()));
        }
        let (parts, needed) = self.parts_of(used, step, index);
        let mut planned = Vec::new();
        for input in &used.playbook.inputs {
            let name = &input.name.value;
            let from = match trees.iter().position(|(entry, _)| entry.key == *name) {
                Some(at) => {
                    let (entry, tree) = trees.swap_remove(at);
                    let schema = inputs::schema(&used.playbook, input);
                    if input.secret && tree.is_fixed() {
                        self.findings.push(
                            Diagnostic::warning(
                                Code::Advice,
                                format!(
                                    "the input `{name}` of {} is secret, and its value stands here for everybody to read",
                                    used.path
                                ),
                            )
                            .at(self.source, entry.key_span)
                            .help("declare a secret input with `from_env` here, and give its value on"),
                        );
                    }
                    let mut given = GivenInput {
                        tree,
                        name: name.clone(),
                        node: entry.value.clone(),
                        key_span: entry.key_span,
                        schema: schema.map_err(|finding| self.findings.push(finding)).ok(),
                        what: format!("the input `{name}` of {}", used.path),
                    };
                    self.check_given(&mut given, input.secret, (place, index, vars, conditions));
                    InputSource::Step(Box::new(given))
                }
                None => self.not_given(used, input, given_span, &needed),
            };
            planned.push(UsedInput {
                name: name.clone(),
                secret: input.secret,
                from,
            });
        }
        self.uncertain.insert(index, parts.uncertain);
        self.shapes.used.insert(index, parts.given);
        self.advice.extend(parts.advice);
        let planned = PlannedUse {
            by: step.id.value.clone(),
            home: Home::of_used(used, self.sheet.home),
            path: used.path.clone(),
            inputs: planned,
            vars: parts.vars,
            steps: parts.steps,
            finally: parts.finally,
            outputs: parts.outputs,
        };
        let ungiven = left_out::for_want_of_inputs(&planned);
        self.ungiven.insert(index, ungiven);
        Some(planned)
    }

    /// What a used playbook is compiled into, and which of its inputs the run needs.
    fn parts_of(&mut self, used: &Used, step: &Step, index: usize) -> (Parts, Needed) {
        let home = Home::of_used(used, self.sheet.home);
        let engine = match &used.zone {
            Some(zone) => self.sheet.engine.in_zone(zone.clone()),
            None => self.sheet.engine.clone(),
        };
        // What is chosen is chosen whole.
        let whole = self.names[index].chosen_whole;
        let (parts, found) = Sheet {
            run: self.sheet.run,
            playbook: &used.playbook,
            home: &home,
            prefix: &format!("{}.", self.id_of(step)),
            catalogue: self.sheet.catalogue,
            engine: &engine,
            tags: if whole { &[] } else { self.sheet.tags },
        }
        .compile();
        self.findings.extend(found);
        let needed = if whole {
            Needed::All
        } else if self.names[index].selected {
            Needed::by(&parts)
        } else {
            Needed::nothing()
        };
        (parts, needed)
    }

    /// There is no file where a step names one. What `--tags` leaves out needs none, but only the file tells whether
    /// something in it has one of the tags.
    fn missing_file(&mut self, path: &Spanned<String>, selected: bool) {
        let Some(missing) = self.sheet.playbook.missing_uses.get(&path.value) else {
            return;
        };
        let finding = if selected {
            missing.clone()
        } else {
            Diagnostic::warning(
                missing.code,
                format!(
                    "{}, and --tags leaves out all that may be in it",
                    missing.message
                ),
            )
            .help("nothing needs to be done, unless a step in it has one of the tags: then add the file")
        };
        self.findings.push(finding.at(self.source, path.span));
    }

    /// An input that the step does not give: from the environment, or its default.
    fn not_given(
        &mut self,
        used: &Used,
        input: &Input,
        span: Span,
        needed: &Needed,
    ) -> InputSource {
        let name = &input.name.value;
        if input.from_env.is_some() && used.environment.is_none() {
            return InputSource::Open;
        }
        let variables = used.environment.as_ref();
        let environment = |variable: &str| {
            variables
                .and_then(|variables| variables.get(variable)?.as_text())
                .map(str::to_owned)
        };
        let schema = match inputs::schema(&used.playbook, input) {
            Ok(schema) => schema,
            Err(finding) => {
                self.findings.push(finding);
                return InputSource::Open;
            }
        };
        let none = Given::default();
        let picked = inputs::pick(
            &used.playbook,
            input,
            &none,
            &environment,
            &mut self.findings,
        );
        match picked {
            Picked::Value(value, origin) => {
                let before = self.findings.len();
                inputs::check(input, &schema, &value, &origin, &mut self.findings);
                if self.findings.len() > before {
                    return InputSource::Open;
                }
                InputSource::Settled(value.node.to_value(), origin)
            }
            // Where only steps read it that are left out, nothing asks for it.
            Picked::Nothing if input.required && needed.has(name) => {
                let (message, help) = match &input.from_env {
                    Some(variable) => (
                        format!(
                            "the input `{name}` of {} has no value: the environment variable {} {}",
                            used.path,
                            variable.value,
                            inputs::why_nothing(environment(&variable.value).as_deref())
                        ),
                        format!("set {}, or give `{name}` under `inputs`", variable.value),
                    ),
                    None => (
                        format!("the input `{name}` of {} has no value", used.path),
                        format!("add `{name}` under `inputs`"),
                    ),
                };
                self.error(Code::MissingInput, span, message).help = Some(help);
                InputSource::Open
            }
            Picked::Nothing => InputSource::Absent,
            Picked::Wrong => InputSource::Open,
        }
    }

    /// A run goes to one target: a used playbook may name it as well, but no other.
    fn check_target(&mut self, used: &Used, path: &Spanned<String>) {
        let Some(wanted) = &used.playbook.target else {
            return;
        };
        let run = self.sheet.run;
        let own = run.target.as_ref();
        if own.is_some_and(|own| own.value == wanted.value) {
            return;
        }
        let (file, wanted) = (run.source.name(), &wanted.value);
        let instead = own.map_or_else(|| "none".to_owned(), |own| format!("`{}`", own.value));
        self.error(
            Code::InvalidValue,
            path.span,
            format!(
                "{} names the target `{wanted}`, and {file} names {instead}: a run goes to one target",
                used.path
            ),
        )
        .help = Some(format!(
            "take `target` out of {}, or write `target: {wanted}` in {file} as well",
            used.path
        ));
    }

    /// An output may not hide what every step has.
    fn check_outputs(&mut self, used: &Used, path: &Spanned<String>) {
        let hides = |output: &&crate::playbook::Named| {
            crate::action::STEP_FACTS.contains(&output.name.value.as_str())
        };
        let Some(output) = used.playbook.outputs.iter().find(hides) else {
            return;
        };
        let name = output.name.value.clone();
        self.error(
            Code::InvalidValue,
            path.span,
            format!(
                "{} has an output `{name}`, and `steps.ID.{name}` is what became of the step itself",
                used.path
            ),
        )
        .help = Some(format!("give the output of {} another name", used.path));
    }
}
