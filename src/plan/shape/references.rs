//! References and comparisons against what is known of the values that they name.

use super::{Astray, Shape};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::document::Node;
use crate::plan::Tree;
use crate::plan::answers::never_equal;
use crate::plan::names::Visible;
use crate::template::spelled::{self, did_you_mean_member};
use crate::template::{AROUND, AS_TEXT, Compared, Expression, Listed, Read, Template};

/// What a template or a condition tells of itself.
#[derive(Debug, Clone, Copy)]
pub(in crate::plan) enum Compiled<'t> {
    Template(&'t Template),
    Expression(&'t Expression),
}

impl<'t> Compiled<'t> {
    pub(in crate::plan) fn reads(self) -> &'t [Read] {
        match self {
            Self::Template(template) => template.reads(),
            Self::Expression(expression) => expression.reads(),
        }
    }

    fn compared(self) -> Vec<Compared> {
        match self {
            Self::Template(template) => template.compared(),
            Self::Expression(expression) => expression.compared(),
        }
    }

    pub(super) fn listed(self) -> Vec<Listed<'t>> {
        match self {
            Self::Template(template) => template.listed(),
            Self::Expression(expression) => expression.listed(),
        }
    }

    fn written(self) -> Vec<&'t Read> {
        match self {
            Self::Template(template) => template.written(),
            Self::Expression(expression) => expression.written(),
        }
    }

    /// Whether white space alone keeps it from being an expression, which keeps its type.
    fn is_padded(self) -> bool {
        matches!(self, Self::Template(template) if template.is_padded())
    }
}

impl Visible<'_> {
    /// What is known of the value that a path begins with, and how many of its keys lead there.
    fn beginning(&self, path: &[String]) -> Option<(Shape, usize)> {
        let named = |members: &[(String, Shape)], name: &str| {
            let found = members.iter().find(|(known, _)| known == name);
            found.map(|(_, shape)| shape.clone())
        };
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["inputs", name, ..] => Some((named(&self.shapes.inputs, name)?, 2)),
            ["vars", name, ..] => Some((named(&self.shapes.vars, name)?, 2)),
            ["steps", id, output, ..] => {
                let index = self.index_of(id)?;
                let of_used = self.shapes.used.get(&index);
                let of_used = of_used.and_then(|members| named(members, output));
                let shape = of_used.or_else(|| named(&self.steps[index].shapes, output));
                Some((shape.unwrap_or_else(|| Shape::of_fact(output)), 3))
            }
            ["status", ..] => Some((Shape::Number, 1)),
            ["loop", "index", ..] => Some((Shape::Number, 2)),
            [root, ..] => {
                let mut rows = self.rows.iter().rev();
                let row = rows.find(|row| row.binding == *root)?;
                Some((row.shape.clone(), 1))
            }
            [] => None,
        }
    }

    /// What is known of the value of a path.
    pub(in crate::plan) fn shape(&self, path: &[String]) -> Shape {
        let Some((shape, keys)) = self.beginning(path) else {
            return Shape::Any;
        };
        shape.at(&path[keys..]).map_or(Shape::Any, Clone::clone)
    }

    /// What is known of the value that a part of the playbook gives.
    pub(in crate::plan) fn shape_of(&self, tree: &Tree) -> Shape {
        match tree {
            // What is written out today may be of another type tomorrow, and what looks at its type first is right for
            // both.
            Tree::Fixed(_) | Tree::Broken => Shape::Any,
            Tree::Template(pair) => match pair.0.sole_path() {
                Some(read) => self.shape(&read.path),
                None if pair.0.is_sole() => Shape::Any,
                None => Shape::Text,
            },
            Tree::List(_) => Shape::List(Box::new(Shape::Any)),
            Tree::Map(entries) => Shape::closed(
                entries
                    .iter()
                    .map(|(key, tree)| (key.clone(), self.shape_of(tree)))
                    .collect(),
            ),
        }
    }

    /// What to read of a loop in the place of one of the steps in it.
    pub(in crate::plan) fn instead_of(&self, id: &str, each: &str) -> String {
        let ids = self.shape(&["steps", each, "ids"].map(str::to_owned));
        let counts = format!("`steps.{each}.ok` and so on are counts");
        let known = ids.names();
        let list = |step: &str| spelled::member(&format!("steps.{each}.ids"), step);
        if known.contains(&id) {
            format!("`{}` is the list of its ids; {counts}", list(id))
        } else if let [first, ..] = known.as_slice() {
            format!("it gets no ids, as `{}` has them; {counts}", list(first))
        } else {
            counts
        }
    }

    /// A member that what is known of the value before it does not have.
    pub(in crate::plan) fn check_members(&self, read: &Read) -> Option<Diagnostic> {
        let (shape, keys) = self.beginning(&read.path)?;
        let Err(Astray { keys: more, of }) = shape.at(&read.path[keys..]) else {
            return None;
        };
        let at = keys + more;
        let (before, key) = (spelled::path(&read.path[..at]), &read.path[at]);
        let code = match read.path[0].as_str() {
            "steps" => Code::UnknownOutput,
            _ => Code::UndefinedName,
        };
        let known = of.names();
        let mut finding = match of.words() {
            Some(words) if !matches!(of, Shape::Object { .. }) => Diagnostic::error(
                code,
                format!("`{before}` is {words}, which has no member `{key}`"),
            ),
            _ => Diagnostic::error(code, format!("`{before}` has no `{key}`")),
        };
        finding.help = match (of, read.path[0].as_str()) {
            (Shape::Object { .. }, _) if known.is_empty() => Some(nothing_in(&read.path[at - 1])),
            (Shape::Object { .. }, "steps") => did_you_mean_member(&before, key, known),
            (Shape::Object { .. }, _) => {
                let help = did_you_mean_member(&before, key, known);
                help.or_else(|| Some("its schema names no members".to_owned()))
            }
            (Shape::List(_), _) => Some(format!(
                "take one item first, such as `{before}[0]` or `{before} | first`"
            )),
            _ => Some(format!("write `{before}` alone")),
        };
        Some(finding)
    }

    /// What one template compares with that it can never be, and what it writes into a text that has none.
    pub(in crate::plan) fn check_values(
        &self,
        compiled: Compiled<'_>,
        node: &Node,
        findings: &mut Vec<Diagnostic>,
    ) {
        let compared = compiled.compared();
        findings.extend(compared.iter().filter_map(|compared| {
            let shape = self.shape(&compared.path);
            let mut finding = never_equal(compared, &shape, node, self.source)?;
            // It may stand where it is never asked, and every run looks at it with the values of then.
            if matches!(compared.path[0].as_str(), "inputs" | "vars") {
                finding.severity = Severity::Warning;
            }
            Some(finding)
        }));
        for read in compiled.written() {
            let shape = self.shape(&read.path);
            if !matches!(shape, Shape::List(_) | Shape::Object { .. }) || read.open {
                continue;
            }
            let message = format!(
                "`{}` is {}, which has no text of its own",
                spelled::path(&read.path),
                shape.words().unwrap_or_default()
            );
            let help = if compiled.is_padded() {
                AROUND
            } else {
                AS_TEXT
            };
            let place = node.span_of(self.source, read.range.clone());
            findings.push(
                Diagnostic::error(Code::TemplateFailed, message)
                    .at(self.source, place)
                    .help(help),
            );
        }
        self.check_ids(compiled, node, findings);
    }
}

/// What to do where an object is known to have no members.
pub(super) fn nothing_in(name: &str) -> String {
    if name == "ids" {
        "no step of its rows gets an id".to_owned()
    } else {
        "it has no members".to_owned()
    }
}
