//! Each value of a step: what it is, where it was written, and where what it is made of comes from.

use std::fmt::Write as _;

use super::super::plan::origin;
use super::super::prepare::Prepared;
use crate::document::{Node, NodeKind};
use crate::plan::foresee::{Found, MarkedValue, Outlook};
use crate::plan::{Origin, Tree};
use crate::source::Span;
use crate::template::{Read, Template};
use crate::value::Value;

/// One value.
#[derive(Debug)]
pub(super) struct Explained {
    /// Its way from `with`: `fields.Tipo de cliente`, `wolkvox_id[0]`.
    pub(super) path: String,
    /// What it is, or the mark that stands for it.
    pub(super) value: Value,
    /// `file:line:column`.
    pub(super) place: String,
    /// The template as it was written; none for a literal.
    pub(super) template: Option<String>,
    /// What the template reads.
    pub(super) sources: Vec<Origins>,
}

/// Where something that a template reads comes from.
#[derive(Debug)]
pub(super) struct Origins {
    /// As the template has it: `inputs.tier`.
    pub(super) read: String,
    /// In words.
    pub(super) from: String,
    /// Of a variable: where what it reads comes from.
    pub(super) below: Vec<Origins>,
}

/// What explaining needs.
pub(super) struct Explainer<'e> {
    pub(super) prepared: &'e Prepared,
    pub(super) outlook: &'e Outlook,
    pub(super) found: &'e Found<'e>,
}

impl Explainer<'_> {
    /// Every scalar of `with`, in its order.
    pub(super) fn values(&self, tree: &Tree, node: &Node, with: &MarkedValue) -> Vec<Explained> {
        let mut values = Vec::new();
        self.visit(tree, node, &with.value, &mut String::new(), &mut values);
        values
    }

    fn visit(
        &self,
        tree: &Tree,
        node: &Node,
        value: &Value,
        path: &mut String,
        into: &mut Vec<Explained>,
    ) {
        let fixed = Tree::Fixed(Value::Null);
        let length = path.len();
        match &node.kind {
            NodeKind::Map(entries) if !entries.is_empty() => {
                for entry in entries {
                    let below = match tree {
                        Tree::Map(trees) => trees
                            .iter()
                            .find(|(key, _)| *key == entry.key)
                            .map_or(&fixed, |(_, tree)| tree),
                        _ => &fixed,
                    };
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(&entry.key);
                    let of_key = value.get(&entry.key).unwrap_or(&Value::Null);
                    self.visit(below, &entry.value, of_key, path, into);
                    path.truncate(length);
                }
            }
            NodeKind::List(items) if !items.is_empty() => {
                for (index, item) in items.iter().enumerate() {
                    let below = match tree {
                        Tree::List(trees) => trees.get(index).unwrap_or(&fixed),
                        _ => &fixed,
                    };
                    let _ = write!(path, "[{index}]");
                    let of_index = value.get(&index.to_string()).unwrap_or(&Value::Null);
                    self.visit(below, item, of_index, path, into);
                    path.truncate(length);
                }
            }
            _ => {
                let template = match tree {
                    Tree::Template(pair) => Some(&pair.0),
                    _ => None,
                };
                into.push(Explained {
                    path: path.clone(),
                    value: value.clone(),
                    place: self.place(node.span),
                    template: template.map(|template| template.text().to_owned()),
                    sources: template
                        .map(|one| self.of_template(one))
                        .unwrap_or_default(),
                });
            }
        }
    }

    /// `file:line:column` in the playbook.
    pub(super) fn place(&self, span: Span) -> String {
        let source = self.prepared.plan.source();
        format!("{}:{}", source.name(), source.position(span.start))
    }

    fn of_template(&self, template: &Template) -> Vec<Origins> {
        let mut sources = self.of_reads(template.reads());
        if template.text().contains("now()") {
            let at = self
                .prepared
                .started_at
                .to_zoned(self.prepared.zone.clone());
            sources.push(Origins {
                read: "now()".to_owned(),
                from: format!(
                    "the start of the run; here {}",
                    at.strftime("%Y-%m-%d %H:%M:%S %:z")
                ),
                below: Vec::new(),
            });
        }
        sources
    }

    fn of_reads(&self, reads: &[Read]) -> Vec<Origins> {
        let mut sources: Vec<Origins> = Vec::new();
        for read in reads {
            let shown = read.path.join(".");
            if sources.iter().all(|source| source.read != shown) {
                sources.push(self.of_read(&read.path, shown));
            }
        }
        sources
    }

    fn of_read(&self, path: &[String], shown: String) -> Origins {
        let second = path.get(1).map_or("", String::as_str);
        let mut below = Vec::new();
        let from = match path.first().map_or("", String::as_str) {
            "inputs" => self.of_input(second),
            "vars" => {
                let playbook = self.prepared.playbook();
                let var = playbook.vars.iter().find(|var| var.name.value == second);
                if let Some((_, tree)) = self
                    .prepared
                    .plan
                    .vars()
                    .iter()
                    .find(|(name, _)| name == second)
                {
                    below = tree
                        .templates()
                        .into_iter()
                        .flat_map(|(template, _)| self.of_template(template))
                        .collect();
                }
                let value = self.outlook.scope.lookup(&["vars", second]);
                let value = value.map(super::one_line).unwrap_or_default();
                var.map_or_else(String::new, |var| {
                    format!(
                        "the variable {second} = {value} ({})",
                        self.place(var.value.span)
                    )
                })
            }
            "steps" => {
                let output = path.get(2).map_or("answer", String::as_str);
                format!("the {output} of the step {second}, known after it")
            }
            "target" => format!(
                "the target {}: {}",
                self.prepared.facts.name,
                self.outlook
                    .scope
                    .lookup(path)
                    .map(super::one_line)
                    .unwrap_or_default()
            ),
            "run" if second == "started_at" => "the start of the run".to_owned(),
            "run" => "the run, known when it starts".to_owned(),
            "loop" => "the number of the row".to_owned(),
            _ => self.of_row(path),
        };
        Origins {
            read: shown,
            from,
            below,
        }
    }

    fn of_input(&self, name: &str) -> String {
        let inputs = &self.prepared.inputs;
        let playbook = self.prepared.playbook();
        let declared = playbook
            .inputs
            .iter()
            .find(|input| input.name.value == name);
        match inputs.origins.get(name) {
            Some(Origin::Default) => {
                let place = declared
                    .and_then(|input| input.default.as_ref())
                    .map_or_else(String::new, |node| format!(" ({})", self.place(node.span)));
                format!("the default of the input{place}")
            }
            Some(from) => origin(from, name),
            None => "an input without a value".to_owned(),
        }
    }

    fn of_row(&self, path: &[String]) -> String {
        let each = self.found.loops.last();
        let column = path.get(1..).unwrap_or_default().join(".");
        match each {
            Some(each) => {
                let row = each.sample.as_ref().map_or_else(String::new, |row| {
                    let line = row
                        .line
                        .map_or_else(String::new, |line| format!(", line {line}"));
                    format!("; here row {}{line}", row.number)
                });
                let column = if column.is_empty() {
                    String::new()
                } else {
                    format!("`{column}` of ")
                };
                format!("{column}the row of {}{row}", each.source)
            }
            None => "the row".to_owned(),
        }
    }
}
