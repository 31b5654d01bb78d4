//! Where the value of an input comes from: flag, file, earlier stretch, environment or default.

use std::sync::Arc;

use super::{Earlier, Given, Origin};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{self, Document, Node, NodeKind, Scalar, Style, quoted};
use crate::playbook::{Input, Playbook};
use crate::source::{Source, Span};

/// A value and the text it was read from.
pub(in crate::plan) struct Placed {
    pub(in crate::plan) node: Node,
    pub(super) source: Arc<Source>,
}

pub(in crate::plan) enum Picked {
    Value(Placed, Origin),
    Nothing,
    Wrong,
}

pub(in crate::plan) fn pick(
    playbook: &Playbook,
    input: &Input,
    given: &Given,
    environment: &dyn Fn(&str) -> Option<String>,
    findings: &mut Vec<Diagnostic>,
) -> Picked {
    let name = &input.name.value;
    let flag = given.flags.iter().rev().find(|(given, _)| given == name);
    if let Some((_, text)) = flag {
        if input.secret {
            findings.push(
                Diagnostic::error(
                    Code::InvalidInput,
                    format!("the input `{name}` is secret and cannot be given with -i: command lines show in process lists and logs"),
                )
                .help(input.from_env.as_ref().map_or_else(
                    || "give it in a file with --inputs, or let the playbook read it with `from_env`".to_owned(),
                    |variable| format!("set the environment variable {}", variable.value),
                )),
            );
            return Picked::Wrong;
        }
        return read_text(input, text, format!("-i {name}"), Origin::Flag, findings);
    }
    let mut files = given.files.iter().rev();
    if let Some(picked) = files.find_map(|document| in_file(document, name)) {
        return picked;
    }
    if let Some(picked) = given
        .earlier
        .as_ref()
        .and_then(|it| it.pick(playbook, input))
    {
        return picked;
    }
    if let Some(variable) = &input.from_env
        // A CI that knows no such variable often sets it to nothing.
        && let Some(text) = environment(variable).filter(|text| !text.is_empty())
    {
        let origin = Origin::Environment(variable.value.clone());
        return read_text(
            input,
            &text,
            format!("${}", variable.value),
            origin,
            findings,
        );
    }
    default(playbook, input).unwrap_or(Picked::Nothing)
}

/// The playbook's own default.
pub(super) fn default(playbook: &Playbook, input: &Input) -> Option<Picked> {
    let placed = Placed {
        node: input.default.clone()?,
        source: Arc::clone(&playbook.source),
    };
    Some(Picked::Value(placed, Origin::Default))
}

/// What a file gives.
fn in_file(document: &Document, name: &str) -> Option<Picked> {
    let placed = Placed {
        node: document.root.get(name)?.clone(),
        source: Arc::clone(&document.source),
    };
    let origin = Origin::File(document.source.name().to_owned());
    Some(Picked::Value(placed, origin))
}

impl Earlier {
    fn pick(&self, playbook: &Playbook, input: &Input) -> Option<Picked> {
        let name = &input.name.value;
        let by_default = || {
            let then = in_file(&self.by_default, name)?;
            default(playbook, input).or(Some(then))
        };
        in_file(&self.given, name).or_else(by_default)
    }
}

/// A text from the command line or the environment: itself where the input takes text, else YAML.
fn read_text(
    input: &Input,
    text: &str,
    shown_as: String,
    origin: Origin,
    findings: &mut Vec<Diagnostic>,
) -> Picked {
    let source = Source::new(shown_as, text);
    if input.takes_text() {
        let node = Node {
            span: Span::new(0, text.len()),
            kind: NodeKind::Text(Scalar {
                text: text.to_owned(),
                style: Style::Plain,
            }),
        };
        return Picked::Value(Placed { node, source }, origin);
    }
    match document::read(&source) {
        Ok(document) => Picked::Value(
            Placed {
                node: document.root,
                source,
            },
            origin,
        ),
        Err(errors) if input.secret => {
            // The excerpt would show the secret.
            drop(errors);
            findings.push(Diagnostic::error(
                Code::InvalidInput,
                format!(
                    "the value of the secret input `{}` is not what its type asks for",
                    input.name.value
                ),
            ));
            Picked::Wrong
        }
        Err(mut errors) => {
            if origin == Origin::Flag {
                let name = &input.name.value;
                for error in &mut errors {
                    quote_for_shell(error, name, text);
                }
            }
            findings.extend(errors);
            Picked::Wrong
        }
    }
}

/// A shell takes quotes away: those that are proposed for a flag need others around them.
fn quote_for_shell(finding: &mut Diagnostic, name: &str, text: &str) {
    let Some(help) = &mut finding.help else {
        return;
    };
    let quotes = format!("write it in quotes: {}", quoted(text));
    if help.contains(&quotes) && !text.contains('\'') {
        let for_shell = format!(
            "write it in quotes that the shell leaves: `-i '{name}={}'`",
            quoted(text)
        );
        *help = help.replace(&quotes, &for_shell);
    } else if help.contains("quotes") {
        help.push_str("; a shell takes quotes away unless others stand around them: `-i '");
        help.push_str(name);
        help.push_str("=…'`");
    }
}
