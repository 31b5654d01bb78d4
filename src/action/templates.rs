//! The templates of action files: compiled, and kept to the names that they can see.

use std::sync::{Arc, OnceLock};

use super::TargetFacts;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::document::Node;
use crate::source::Source;
use crate::template::{Clock, Engine, Expression, Read, Template, TemplateError};

/// The names that a template of an action file sees.
pub(super) type Sees = &'static [&'static str];

/// What is sent.
pub(super) const SENDING: Sees = &["with", "target"];
/// One item of what is sent.
pub(super) const SENDING_ITEM: Sees = &["with", "target", "item"];
/// The parameters alone.
pub(super) const PARAMETERS: Sees = &["with"];
/// One item of the parameters.
pub(super) const PARAMETERS_ITEM: Sees = &["with", "item"];
/// What came back.
pub(super) const ANSWERING: Sees = &["response", "with"];
/// What a read found, beside what was sent.
pub(super) const FINDING: Sees = &["found", "with"];

/// An action knows no time: the same parameters make the same request on any day. So the clock
/// stands still, and `now()` is a finding.
fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        Engine::new(Clock {
            now: jiff::Timestamp::UNIX_EPOCH,
            zone: jiff::tz::TimeZone::UTC,
        })
    })
}

/// Compiles the template of a node.
pub(super) fn template(
    source: &Arc<Source>,
    node: &Node,
    sees: Sees,
    params: &[String],
) -> Result<Template, Vec<Diagnostic>> {
    let template = engine()
        .compile(&written(node))
        .map_err(|error| wrong(source, node, error))?;
    check_reads(source, node, template.reads(), sees, params)?;
    Ok(template)
}

/// Compiles the expression of a node.
pub(super) fn expression(
    source: &Arc<Source>,
    node: &Node,
    sees: Sees,
    params: &[String],
) -> Result<Expression, Vec<Diagnostic>> {
    let expression = engine()
        .compile_expression(&written(node))
        .map_err(|error| wrong(source, node, error))?;
    check_reads(source, node, expression.reads(), sees, params)?;
    Ok(expression)
}

/// The text of a node; that of a plain `true` or `5` too, which is an expression as well.
fn written(node: &Node) -> String {
    node.to_value().scalar_text().unwrap_or_default()
}

fn wrong(source: &Arc<Source>, node: &Node, error: TemplateError) -> Vec<Diagnostic> {
    let span = error
        .range
        .map_or(node.span, |range| node.span_of(source, range));
    let mut finding = Diagnostic::error(Code::TemplateSyntax, error.message).at(source, span);
    finding.help = error.help;
    vec![finding]
}

fn check_reads(
    source: &Arc<Source>,
    node: &Node,
    reads: &[Read],
    sees: Sees,
    params: &[String],
) -> Result<(), Vec<Diagnostic>> {
    let mut found: Vec<Diagnostic> = reads
        .iter()
        .filter_map(|read| {
            let (message, help) = objection(read, sees, params)?;
            let mut finding = Diagnostic::error(Code::UndefinedName, message)
                .at(source, node.span_of(source, read.range.clone()));
            finding.help = help;
            Some(finding)
        })
        .collect();
    if written(node).contains("now(") {
        let message = "an action knows no time";
        let help = "make it a parameter: a playbook can give it `{{ now() }}`";
        let finding = Diagnostic::error(Code::UndefinedName, message).at(source, node.span);
        found.push(finding.help(help));
    }
    if found.is_empty() { Ok(()) } else { Err(found) }
}

fn objection(read: &Read, sees: Sees, params: &[String]) -> Option<(String, Option<String>)> {
    let (name, below) = read.path.split_first()?;
    if !sees.contains(&name.as_str()) {
        let message = format!("`{name}` cannot be seen here");
        return Some((message, did_you_mean(name, sees.iter().copied())));
    }
    let member = below.first()?;
    let known: Vec<&str> = match name.as_str() {
        "with" => params.iter().map(String::as_str).collect(),
        "target" => TargetFacts::KEYS.to_vec(),
        _ => return None,
    };
    (!known.contains(&member.as_str())).then(|| {
        let message = format!("`{name}` has no `{member}`");
        (message, did_you_mean(member, known.iter().copied()))
    })
}
