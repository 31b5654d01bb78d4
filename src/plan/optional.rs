//! Inputs that need not be given, where a template reads one as if it had been.

use super::inputs::Inputs;
use super::names::{PlaceKind, Visible};
use super::shape::Compiled;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Node;
use crate::playbook::{Input, Playbook};
use crate::template::{Read, Scope, assured};

/// Whether an input may be without a value.
const fn is_optional(input: &Input) -> bool {
    !input.required && input.default.is_none()
}

/// The names of the inputs that may be without a value.
pub(super) fn names(playbook: &Playbook) -> Vec<String> {
    let inputs = playbook.inputs.iter().filter(|input| is_optional(input));
    inputs.map(|input| input.name.value.clone()).collect()
}

impl Visible<'_> {
    /// Where an input is read that may be without a value, and nothing allows for that.
    pub(super) fn unguarded(&self, compiled: Compiled<'_>, node: &Node) -> Vec<Diagnostic> {
        if self.place == PlaceKind::Outputs {
            return Vec::new();
        }
        let reads = compiled.reads().iter().filter(|read| !read.guarded);
        let found = reads.filter_map(|read| {
            let [root, name, ..] = read.path.as_slice() else {
                return None;
            };
            let is_meant = root == "inputs" && self.optional.contains(name);
            if !is_meant || self.is_assured(read) {
                return None;
            }
            let message =
                format!("the input `{name}` need not be given, and then this has no value");
            let place = node.span_of(self.source, read.range.clone());
            let finding = Diagnostic::warning(Code::UndefinedName, message).at(self.source, place);
            Some(finding.help(format!(
                "use `| default(…)`, or a `when` that asks for `inputs.{name} is defined`"
            )))
        });
        found.collect()
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
