//! `for_each` compiled: where rows come from, and what their steps see.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::compile::Compiler;
use super::names::{PlaceKind, RowNames};
use super::shape::Shape;
use super::{
    AccountPaths, Plan, PlannedKind, PlannedLoop, PlannedSource, PlannedStep, Tree, batches,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Node;
use crate::playbook::{ForEach, RowSource, Step};
use crate::source::Spanned;
use crate::template::FUNCTIONS;

impl<'p> Compiler<'p> {
    /// Compiles a step with `for_each`.
    pub(super) fn looped(
        &mut self,
        step: &'p Step,
        each: &'p ForEach,
        nested: &'p [Step],
        (place, index, outer): (PlaceKind, usize, &BTreeSet<String>),
    ) -> PlannedStep {
        let vars = self.vars;
        let mut conditions = outer.clone();
        conditions.extend(step.when.as_ref().and_then(Node::text).map(str::to_owned));
        let mut rows = Shape::Any;
        let source = match &each.source {
            RowSource::Items(node) => {
                let from = (place, index, vars, &conditions);
                let mut tree = self.tree(node, from);
                rows = self.rows_of(&mut tree, from);
                PlannedSource::Items(tree)
            }
            RowSource::File {
                format,
                path,
                detail,
            } => PlannedSource::File {
                format: *format,
                path_span: path.span,
                path: self.tree(path, (place, index, vars, &conditions)),
                detail: detail
                    .as_ref()
                    .map(|detail| self.tree(detail, (place, index, vars, &conditions))),
            },
            RowSource::Broken => PlannedSource::Items(Tree::Broken),
        };
        self.check_binding(each);
        let binding = if each.batch.is_some() {
            "rows".to_owned()
        } else {
            each.binding.value.clone()
        };
        self.rows.push(RowNames {
            id: step.id.value.clone(),
            binding: binding.clone(),
            shape: match each.batch {
                Some(_) => Shape::List(Box::new(rows)),
                None => rows,
            },
        });
        // A condition that looks at the row is asked for each row, any other once.
        let when = step
            .when
            .as_ref()
            .and_then(|node| self.condition(node, "`when`", (place, index, outer)));
        let looks_at_row = when.as_ref().is_some_and(|when| {
            when.expression.reads().iter().any(|read| {
                read.path
                    .first()
                    .is_some_and(|root| *root == binding || root == "loop")
            })
        });
        let (row_when, own_when) = if looks_at_row {
            self.asked_of_rows.insert(index);
            (when, None)
        } else {
            (None, when)
        };
        let mut of_row = |node: &Option<Node>| -> Option<Tree> {
            node.as_ref()
                .map(|node| self.tree(node, (place, index, vars, &conditions)))
        };
        let key = of_row(&each.key);
        let serialize_by = of_row(&each.serialize_by);
        let steps = self.steps(nested, place, &conditions);
        if let Some(batch) = &each.batch {
            self.findings
                .extend(batches::check(batch, &binding, &steps));
        }
        self.rows.pop();
        let home = self.sheet.home;
        let path = |path: &Option<Spanned<String>>| {
            path.as_ref()
                .map(|path| Spanned::new(home.beside(&path.value), path.span))
        };
        PlannedStep {
            id: self.id_of(step),
            home: std::sync::Arc::clone(self.sheet.home),
            name: step.name.clone(),
            span: step.id.span,
            when: own_when,
            on_failure: step.on_failure,
            selected: self.names[index].selected,
            kind: PlannedKind::Loop(Box::new(PlannedLoop {
                source,
                span: step.span,
                binding,
                key,
                serialize_by,
                batch: each.batch.as_ref().map(|batch| batch.value),
                concurrency: each.concurrency,
                max_failures: each.max_failures,
                accounts: AccountPaths {
                    rejected: path(&each.rejected),
                    succeeded: path(&each.succeeded),
                    unknown: path(&each.unknown),
                },
                when: row_when,
                steps,
                keeps_ids: false,
            })),
        }
    }
}

impl Compiler<'_> {
    /// A row that is called as a function is would make templates read what is meant by neither.
    fn check_binding(&mut self, each: &ForEach) {
        let name = &each.binding;
        if FUNCTIONS.iter().any(|function| function.name == name.value) {
            let message = format!("`{}` already means something in templates", name.value);
            self.error(Code::InvalidValue, name.span, message).help =
                Some("choose another name, such as `row`".to_owned());
        }
    }
}

impl Plan {
    /// The loops that run once for each row of another one, each with the innermost that it stands in: an account of
    /// theirs would be written anew each time.
    pub fn repeated_loops(&self) -> Vec<(&str, &str)> {
        let loops = loops_in([&self.steps, &self.finally]).into_iter();
        let repeated = loops.filter_map(|(step, _, outer)| Some((step.id.as_str(), outer?)));
        repeated.collect()
    }
}

/// What is said of an account of a loop that runs once for each row of another one.
pub fn written_anew(inner: &str, outer: &str) -> String {
    format!(
        "`{inner}` runs once for each row of `{outer}`, and would write its file anew each time"
    )
}

/// A loop, and the innermost one whose rows it stands in.
type LoopWithin<'p> = (&'p PlannedStep, &'p PlannedLoop, Option<&'p str>);

/// All loops of some steps, in their order.
fn loops_in(lists: [&[PlannedStep]; 2]) -> Vec<LoopWithin<'_>> {
    fn visit<'p>(steps: &'p [PlannedStep], outer: Option<&'p str>, into: &mut Vec<LoopWithin<'p>>) {
        for step in steps {
            let mut inner = outer;
            if let PlannedKind::Loop(each) = &step.kind {
                into.push((step, each, outer));
                inner = Some(&step.id);
            }
            for nested in step.nested() {
                visit(nested, inner, into);
            }
        }
    }
    let mut found = Vec::new();
    for steps in lists {
        visit(steps, None, &mut found);
    }
    found
}

/// Says which loops would write over the account of another one, or over their own.
pub(super) fn check_accounts(lists: [&[PlannedStep]; 2]) -> Vec<Diagnostic> {
    let mut accounts = Accounts::default();
    for (step, each, outer) in loops_in(lists) {
        accounts.add_all(step, &each.accounts, outer);
    }
    accounts.findings
}

/// The accounts that loops name: each file, with the loop and the key that named it first.
#[derive(Default)]
struct Accounts<'p> {
    named: BTreeMap<&'p str, (&'p str, &'static str)>,
    findings: Vec<Diagnostic>,
}

impl<'p> Accounts<'p> {
    fn add_all(&mut self, step: &'p PlannedStep, paths: &'p AccountPaths, outer: Option<&str>) {
        let files = [
            ("rejected", &paths.rejected),
            ("succeeded", &paths.succeeded),
            ("unknown", &paths.unknown),
        ];
        for (key, path) in files {
            if let Some(path) = path {
                self.add((step, key), path, outer);
            }
        }
    }

    fn add(
        &mut self,
        (step, key): (&'p PlannedStep, &'static str),
        path: &'p Spanned<String>,
        outer: Option<&str>,
    ) {
        let named = self.named.entry(&path.value);
        let is_taken = matches!(named, Entry::Occupied(_));
        let (first, first_key) = *named.or_insert((&step.id, key));
        let (message, help) = match outer {
            _ if is_taken && first == step.id => (
                format!("`{first_key}` and `{key}` of `{first}` name the same file"),
                "give each of them a file of its own",
            ),
            _ if is_taken => (
                format!(
                    "`{key}` of `{}` names the same file as `{first_key}` of `{first}`",
                    step.id
                ),
                "give each of them a file of its own, or leave it to the command line",
            ),
            Some(outer) => (
                written_anew(&step.id, outer),
                "leave `rejected`, `succeeded` and `unknown` to the outermost loop",
            ),
            None => return,
        };
        self.findings.push(
            Diagnostic::error(Code::InvalidValue, message)
                .at(step.home.source(), path.span)
                .help(help),
        );
    }
}

/// Marks the loops whose ids are read after them.
pub(super) fn keep_ids(steps: &mut [PlannedStep], read: &BTreeSet<String>) {
    for step in steps {
        match &mut step.kind {
            // What a used playbook reads of its own loops, it has marked itself.
            PlannedKind::Action(_) | PlannedKind::Use(_) => {}
            PlannedKind::Group(nested) => keep_ids(nested, read),
            PlannedKind::Loop(each) => {
                each.keeps_ids = read.contains(super::own_id(&step.id));
                keep_ids(&mut each.steps, read);
            }
        }
    }
}
