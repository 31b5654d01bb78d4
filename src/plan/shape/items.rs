//! `items:` against what is known of the value that it gives.

use std::collections::BTreeSet;

use super::Shape;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::Tree;
use crate::plan::compile::Compiler;
use crate::plan::names::PlaceKind;
use crate::template::{Read, spelled};

/// Where a template stands: the kind of place, the steps before it, the variables and the conditions.
type From<'f> = (PlaceKind, usize, &'f [String], &'f BTreeSet<String>);

impl Compiler<'_> {
    /// Whether a path is an input that has a value in every rehearsal.
    fn has_default(&self, read: &Read) -> bool {
        let [root, name, ..] = read.path.as_slice() else {
            return false;
        };
        let mut inputs = self.sheet.playbook.inputs.iter();
        self.sheet.prefix.is_empty()
            && root == "inputs"
            && inputs.any(|input| input.name.value == *name && input.default.is_some())
    }

    /// What is known of each row of a list; that it is no list is found.
    pub(in crate::plan) fn rows_of(&mut self, tree: &mut Tree, from: From<'_>) -> Shape {
        let shape = match self.shape_of(tree, from) {
            Shape::List(item) => return *item,
            other => other,
        };
        let (Some(words), Tree::Template(pair)) = (shape.words(), &*tree) else {
            return Shape::Any;
        };
        if pair
            .0
            .sole_path()
            .is_some_and(|read| self.has_default(read))
        {
            // There is a value, and more can be said of it.
            return Shape::Any;
        }
        let message = format!("`items` must give a list, and it gives {words}");
        let help = match (&shape, pair.0.sole_path(), shape.names().first()) {
            (Shape::Object { .. }, Some(read), Some(member)) => format!(
                "take one of its members: `items: \"{{{{ {} }}}}\"`",
                spelled::member(&spelled::path(&read.path), member)
            ),
            (Shape::Text, ..) => {
                "cut the text with `| split(',')`, or for one row put brackets around it: `items: [\"{{ … }}\"]`".to_owned()
            }
            _ => "for one row put brackets around it: `items: [\"{{ … }}\"]`".to_owned(),
        };
        let finding = Diagnostic::error(Code::WrongType, message);
        self.findings
            .push(finding.at(self.source, pair.1.span).help(help));
        *tree = Tree::Broken;
        Shape::Any
    }
}
