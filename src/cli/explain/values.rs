//! Each value of a step: what it is, where it was written, and where what it is made of comes from.

use std::fmt::Write as _;

use super::super::plan::origin;
use super::super::prepare::Prepared;
use crate::document::{Node, NodeKind};
use crate::plan::foresee::{Found, MarkedValue, Outlook, planned};
use crate::plan::{InputSource, Origin, PlannedKind, PlannedUse, Tree};
use crate::playbook::Playbook;
use crate::report::plan::masked;
use crate::secret::Masker;
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

impl Explained {
    /// Masks it; `hide` does so for a text.
    pub(super) fn mask(&mut self, masker: &Masker, hide: &dyn Fn(&mut String)) {
        self.value = masked(std::mem::take(&mut self.value), masker);
        hide(&mut self.path);
        hide(&mut self.place);
        self.template.iter_mut().for_each(hide);
        self.sources.iter_mut().for_each(|one| one.mask(hide));
    }
}

impl Origins {
    fn mask(&mut self, hide: &dyn Fn(&mut String)) {
        hide(&mut self.read);
        hide(&mut self.from);
        self.below.iter_mut().for_each(|one| one.mask(hide));
    }
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

    /// Every scalar of what a step gives to the playbook that it uses.
    pub(super) fn inputs(&self, used: &PlannedUse, marked: &MarkedValue) -> Vec<Explained> {
        let mut values = Vec::new();
        for input in &used.inputs {
            if let InputSource::Step(given) = &input.from {
                let value = marked.value.get(&input.name).unwrap_or(&Value::Null);
                let mut path = input.name.clone();
                self.visit(&given.tree, &given.node, value, &mut path, &mut values);
            }
        }
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
                let is_undefined = *value == Value::Null
                    && template.is_some()
                    && tree.render(&self.found.scope).is_err();
                into.push(Explained {
                    path: path.clone(),
                    value: if is_undefined {
                        "(it has no value)".into()
                    } else {
                        value.clone()
                    },
                    place: self.place(node.span),
                    template: template.map(|template| template.text().to_owned()),
                    sources: template
                        .map(|one| self.of_template(one))
                        .unwrap_or_default(),
                });
            }
        }
    }

    /// `file:line:column` in the playbook that the step is written in.
    pub(super) fn place(&self, span: Span) -> String {
        let source = self.found.outlook.home.source();
        format!("{}:{}", source.name(), source.position(span.start))
    }

    fn of_template(&self, template: &Template) -> Vec<Origins> {
        let mut sources = self.of_reads(template.reads());
        if template.text().contains("now()") {
            let zone = self.found.outlook.home.zone();
            let zone = zone.unwrap_or(&self.prepared.zone);
            let at = self.prepared.started_at.to_zoned(zone.clone());
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
            "inputs" => {
                let (from, of_given) = self.of_input(second);
                below = of_given;
                from
            }
            "vars" => {
                let var = self
                    .playbook()
                    .and_then(|playbook| playbook.vars.iter().find(|var| var.name.value == second));
                let vars = match self.used() {
                    Some((used, _)) => &used.vars,
                    None => self.prepared.plan.vars(),
                };
                if let Some((_, tree)) = vars.iter().find(|(name, _)| name == second) {
                    below = tree
                        .templates()
                        .into_iter()
                        .flat_map(|(template, _)| self.of_template(template))
                        .collect();
                }
                let value = self.found.scope.lookup(&["vars", second]);
                let value = value.map(super::show::one_line).unwrap_or_default();
                var.map_or_else(String::new, |var| {
                    format!(
                        "the variable {second} = {value} ({})",
                        self.place(var.value.span)
                    )
                })
            }
            "steps" => {
                let output = path.get(2).map_or("answer", String::as_str);
                let user = self.found.by.as_ref();
                let prefix = user.map_or_else(String::new, |user| format!("{}.", user.outlook.id));
                format!("the {output} of the step {prefix}{second}, known after it")
            }
            "target" => format!(
                "the target {}: {}",
                self.prepared.facts.name,
                self.outlook
                    .scope
                    .lookup(path)
                    .map(super::show::one_line)
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

    /// The step that uses the playbook of the step that is explained, as planned, and its own explainer.
    fn used(&self) -> Option<(&PlannedUse, Explainer<'_>)> {
        let by = self.found.by.as_deref()?;
        let plan = &self.prepared.plan;
        let id = &by.outlook.id;
        let step = planned(plan.steps(), id).or_else(|| planned(plan.finally(), id))?;
        let PlannedKind::Use(used) = &step.kind else {
            return None;
        };
        let outer = Explainer { found: by, ..*self };
        Some((used, outer))
    }

    /// The playbook that the step is written in.
    fn playbook(&self) -> Option<&Playbook> {
        let Some(user) = self.found.by.as_deref() else {
            return Some(self.prepared.playbook());
        };
        let whole = self.prepared.playbook().whole();
        whole
            .into_iter()
            .filter(|whole| whole.id == user.outlook.id)
            .find_map(|whole| whole.used)
    }

    fn of_input(&self, name: &str) -> (String, Vec<Origins>) {
        let inputs = &self.prepared.inputs;
        let of_playbook = self.playbook();
        let declared = of_playbook.and_then(|playbook| {
            playbook
                .inputs
                .iter()
                .find(|input| input.name.value == name)
        });
        let settled = match self.used() {
            None => inputs.origins.get(name),
            Some((used, outer)) => match used
                .inputs
                .iter()
                .find(|input| input.name == name)
                .map(|input| &input.from)
            {
                Some(InputSource::Step(given)) => {
                    let templates = given.tree.templates();
                    let below = templates
                        .into_iter()
                        .flat_map(|(template, _)| outer.of_template(template))
                        .collect();
                    let id = &outer.found.outlook.id;
                    let place = outer.place(given.node.span);
                    return (format!("given by the step {id} ({place})"), below);
                }
                Some(InputSource::Settled(_, origin)) => Some(origin),
                Some(InputSource::Open | InputSource::Absent) | None => None,
            },
        };
        let from = match settled {
            Some(Origin::Default) => {
                let place = declared
                    .and_then(|input| input.default.as_ref())
                    .map_or_else(String::new, |node| format!(" ({})", self.place(node.span)));
                format!("the default of the input{place}")
            }
            Some(from) => origin(from, name),
            None if self.prepared.inputs.unknown.iter().any(|it| it == name) => {
                "an input that is not given".to_owned()
            }
            None => "an input without a value".to_owned(),
        };
        (from, Vec::new())
    }

    fn of_row(&self, path: &[String]) -> String {
        let each = self.found.loops.last();
        let column = path.get(1..).unwrap_or_default().join(".");
        match each {
            Some((each, row)) => {
                let row = row.map_or_else(String::new, |row| {
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
