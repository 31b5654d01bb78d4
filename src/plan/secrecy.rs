//! Which loops run over rows that come from a secret input: their rows may not be written down as they are.

use std::collections::BTreeSet;

use super::{
    InputSource, Plan, PlannedKind, PlannedLoop, PlannedSource, PlannedStep, PlannedUse, Tree,
    UsedInput,
};

/// The names that hold a secret, or a part of one, where some steps stand.
#[derive(Debug, Clone, Default)]
struct Secrecy<'p> {
    inputs: BTreeSet<&'p str>,
    vars: BTreeSet<&'p str>,
    /// What loops around the steps call their rows.
    rows: BTreeSet<&'p str>,
}

impl Plan {
    /// The ids of the loops whose `items` are read from a secret input, directly or by way of variables, rows and
    /// inputs of used playbooks. It looks at names and not at values, so that a check says the same wherever it runs.
    pub fn loops_over_secrets(&self) -> BTreeSet<&str> {
        let inputs = self.playbook.inputs.iter();
        let inputs = inputs.filter(|input| input.secret);
        let secrecy = Secrecy {
            inputs: inputs.map(|input| input.name.value.as_str()).collect(),
            ..Secrecy::default()
        };
        let secrecy = secrecy.with_vars(&self.vars);
        let mut found = BTreeSet::new();
        secrecy.visit(&self.steps, &mut found);
        secrecy.visit(&self.finally, &mut found);
        found
    }
}

impl<'p> Secrecy<'p> {
    fn with_vars(mut self, vars: &'p [(String, Tree)]) -> Self {
        for (name, tree) in vars {
            if self.is_read_by(tree) {
                self.vars.insert(name);
            }
        }
        self
    }

    fn is_read_by(&self, tree: &Tree) -> bool {
        let templates = tree.templates().into_iter();
        let mut reads = templates.flat_map(|(template, _)| template.reads());
        reads.any(|read| {
            let path: Vec<&str> = read.path.iter().map(String::as_str).collect();
            match path.as_slice() {
                ["inputs"] => !self.inputs.is_empty(),
                ["inputs", name, ..] => self.inputs.contains(name),
                ["vars"] => !self.vars.is_empty(),
                ["vars", name, ..] => self.vars.contains(name),
                [root, ..] => self.rows.contains(root),
                [] => false,
            }
        })
    }

    fn visit(&self, steps: &'p [PlannedStep], found: &mut BTreeSet<&'p str>) {
        for step in steps {
            match &step.kind {
                PlannedKind::Action(_) => {}
                PlannedKind::Group(nested) => self.visit(nested, found),
                PlannedKind::Loop(each) => {
                    let within = self.within(each);
                    if within.rows.contains(each.binding.as_str()) {
                        found.insert(&step.id);
                    }
                    within.visit(&each.steps, found);
                }
                PlannedKind::Use(used) => {
                    let within = self.of_used(used);
                    within.visit(&used.steps, found);
                    within.visit(&used.finally, found);
                }
            }
        }
    }

    /// What a row of a loop sees.
    fn within(&self, each: &'p PlannedLoop) -> Self {
        let mut within = self.clone();
        let is_secret = matches!(&each.source, PlannedSource::Items(tree) if self.is_read_by(tree));
        within.rows.remove(each.binding.as_str());
        within.rows.extend(is_secret.then_some(&*each.binding));
        within
    }

    /// What a used playbook sees: nothing but what its step gives it.
    fn of_used(&self, used: &'p PlannedUse) -> Self {
        let is_secret = |input: &&UsedInput| {
            let is_given = match &input.from {
                InputSource::Step(given) => self.is_read_by(&given.tree),
                InputSource::Settled(..) | InputSource::Open | InputSource::Absent => false,
            };
            input.secret || is_given
        };
        let inputs = used.inputs.iter().filter(is_secret);
        let inner = Self {
            inputs: inputs.map(|input| input.name.as_str()).collect(),
            ..Self::default()
        };
        inner.with_vars(&used.vars)
    }
}
