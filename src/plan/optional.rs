//! Inputs that need not be given, where a template reads one as if it had been.

use super::inputs::Inputs;
use super::names::{PlaceKind, Visible};
use super::shape::Compiled;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Node;
use crate::playbook::{Input, Playbook};
use crate::template::{Read, Scope, assured};

/// Whether an input may be without a value. Of one whose declaration is none, that is not known.
fn is_optional(input: &Input) -> bool {
    !input.required && input.default.is_none() && input.declaration.entries().is_some()
}

/// The names of the inputs that may be without a value.
pub(super) fn names(playbook: &Playbook) -> Vec<String> {
    let inputs = playbook.inputs.iter().filter(|input| is_optional(input));
    inputs.map(|input| input.name.value.clone()).collect()
}

impl Visible<'_> {
    /// Where an input is read that may be without a value, or what a used playbook makes of one that it is not given, and
    /// nothing allows for that.
    pub(super) fn unguarded(&self, compiled: Compiled<'_>, node: &Node) -> Vec<Diagnostic> {
        if self.place == PlaceKind::Outputs {
            return Vec::new();
        }
        let reads = compiled.reads().iter().filter(|read| !read.guarded);
        let found = reads.filter_map(|read| {
            let finding = self
                .need_not_be_given(read)
                .or_else(|| self.for_want_of_input(read))?;
            // Asked last: it reads all conditions once more.
            let place = || node.span_of(self.source, read.range.clone());
            (!self.is_assured(read)).then(|| finding.at(self.source, place()))
        });
        found.collect()
    }

    /// An input that may be without a value.
    fn need_not_be_given(&self, read: &Read) -> Option<Diagnostic> {
        let [root, name, ..] = read.path.as_slice() else {
            return None;
        };
        (root == "inputs" && self.optional.contains(name)).then(|| {
            let message =
                format!("the input `{name}` need not be given, and then this has no value");
            let help =
                format!("use `| default(…)`, or a `when` that asks for `inputs.{name} is defined`");
            Diagnostic::warning(Code::UndefinedName, message).help(help)
        })
    }

    /// An output of a used playbook that reads an input which the step does not give.
    fn for_want_of_input(&self, read: &Read) -> Option<Diagnostic> {
        let [root, id, output, ..] = read.path.as_slice() else {
            return None;
        };
        let index = (root == "steps").then(|| self.index_of(id)).flatten()?;
        let input = self.ungiven.get(&index)?.get(output)?;
        let message = format!(
            "the output `{output}` of `{id}` reads the input `{input}`, which `{id}` does not give: without it this has no value"
        );
        let help = format!(
            "add `{input}` under `inputs` of the step `{id}`, use `| default(…)`, or a `when` that asks for `steps.{id}.{output} is defined`"
        );
        Some(Diagnostic::warning(Code::UndefinedName, message).help(help))
    }

    /// Whether a condition that this stands under says that something is there.
    fn is_assured(&self, read: &Read) -> bool {
        let mut conditions = self.conditions.iter();
        conditions.any(|condition| {
            let defined = assured(condition).defined;
            defined.iter().any(|path| read.path.starts_with(path))
        })
    }
}

/// Notes in a scope why an input has no value that need not have one, and who can give it: `how` to.
pub(super) fn explain(name: &str, how: &str, scope: &mut Scope) {
    let reason = format!("the input `{name}` was not given: {how}, or write `| default(…)`");
    scope.explain_missing(&["inputs", name], reason);
}

/// The same of every input of the playbook that is run that was not given.
pub(super) fn explain_all(playbook: &Playbook, inputs: &Inputs, scope: &mut Scope) {
    for input in playbook.inputs.iter().filter(|input| is_optional(input)) {
        let name = &input.name.value;
        if !inputs.values.contains_key(name) {
            explain(name, &super::inputs::how_to_give(input), scope);
        }
    }
}
