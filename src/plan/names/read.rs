//! One read of a template, against the names that exist where it stands.

use super::{PlaceKind, Visible};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::document::Node;
use crate::template::{FUNCTIONS, Read};

impl Visible<'_> {
    pub(super) fn check_read(&self, read: &Read) -> Option<Diagnostic> {
        let path: Vec<&str> = read.path.iter().map(String::as_str).collect();
        let (root, rest) = path.split_first()?;
        let member = rest.first().copied();
        match (*root, member) {
            ("inputs", Some(name)) => missing_name("input", "inputs", name, self.inputs),
            ("vars", Some(name)) => self.check_var(name),
            ("target", Some(name)) => fixed_name("target", name, &["name", "server", "operation"]),
            ("run", Some(name)) => fixed_name("run", name, &["id", "started_at"]),
            ("steps", Some(name)) if self.place != PlaceKind::Vars => {
                self.check_step(name, rest.get(1).copied(), read)
            }
            ("steps", _) if self.place == PlaceKind::Vars => Some(
                Diagnostic::error(
                    Code::UndefinedName,
                    "variables are evaluated before the first step, so that `steps` has nothing yet",
                )
                .help("use the step's output in a later step, or under `outputs`"),
            ),
            ("steps", None) if !read.guarded && !self.has_steps() => Some(
                Diagnostic::error(
                    Code::UndefinedName,
                    "no step is over before this one, so that `steps` has nothing yet",
                )
                .help("read the output of an earlier step as `steps.ID.OUTPUT`"),
            ),
            ("response" | "status", _) if self.place != PlaceKind::Expect => Some(
                Diagnostic::error(
                    Code::UndefinedName,
                    format!("`{root}` is only there in `expect`"),
                )
                .help("later steps read what a step gives as `steps.ID.OUTPUT`"),
            ),
            ("loop", Some(name)) if !self.rows.is_empty() => fixed_name("loop", name, &["index"]),
            ("env", _) => Some(
                Diagnostic::error(
                    Code::UndefinedName,
                    "templates cannot read the environment",
                )
                .help("declare an input with `from_env: NAME` and read `inputs.…`"),
            ),
            (root, _) if self.roots().contains(&root) => None,
            // Under `default` or `is defined` too: which names there are depends on nothing but the place, so that one
            // that is not there never will be.
            (root, _) => {
                let mut diagnostic =
                    Diagnostic::error(Code::UndefinedName, format!("`{root}` is not defined"));
                diagnostic.help = self.where_it_is(root);
                Some(diagnostic)
            }
        }
    }

    fn check_var(&self, name: &str) -> Option<Diagnostic> {
        if self.vars.iter().any(|known| known == name) {
            return None;
        }
        let own = self.all_vars.get(self.vars.len());
        if self.place == PlaceKind::Vars && own.is_some_and(|own| own == name) {
            return Some(
                Diagnostic::error(
                    Code::UndefinedName,
                    format!("the variable `{name}` reads itself, and has no value before that"),
                )
                .help("give it another value, or read an input or a variable above it"),
            );
        }
        if self.all_vars.iter().any(|known| known == name) {
            return Some(
                Diagnostic::error(
                    Code::UndefinedName,
                    format!("the variable `{name}` is evaluated later than this"),
                )
                .help("variables are evaluated in their order: move it up"),
            );
        }
        missing_name("variable", "vars", name, self.vars)
    }

    fn where_it_is(&self, name: &str) -> Option<String> {
        let has = |names: &[String]| names.iter().any(|known| known == name);
        if has(self.inputs) {
            return Some(format!("did you mean `inputs.{name}`?"));
        }
        if has(self.all_vars) {
            return Some(format!("did you mean `vars.{name}`?"));
        }
        if self.steps.iter().any(|step| step.id == name) {
            return Some(format!("did you mean `steps.{name}`?"));
        }
        if FUNCTIONS.iter().any(|function| function.name == name) {
            return Some(format!("`{name}` is a function: write `{name}()`"));
        }
        if ["null", "nil", "undefined", "nulo"].contains(&name) {
            return Some(
                "write `none` for null; `is defined` asks whether there is anything".to_owned(),
            );
        }
        did_you_mean(name, self.roots())
    }
}

/// A bare name that something is compared with is most often a text without its quotes: says so.
pub(super) fn or_quoted(mut finding: Diagnostic, read: &Read, node: &Node) -> Diagnostic {
    let [name] = read.path.as_slice() else {
        return finding;
    };
    let before = node.text().and_then(|text| text.get(..read.range.start));
    let is_compared = before.is_some_and(|before| {
        let before = before.trim_end();
        before.ends_with("==") || before.ends_with("!=")
    });
    // Where a name is known that is nearer, that one is meant.
    let help = finding.help.as_deref();
    let has_no_other = help.is_none_or(|help| help.starts_with("known here"));
    if is_compared && has_no_other && finding.code == Code::UndefinedName {
        let quoted = format!("a text is written in quotes: '{name}'");
        finding.help = Some(match finding.help.take() {
            Some(help) => format!("{quoted}; {help}"),
            None => quoted,
        });
    }
    finding
}

fn missing_name(what: &str, root: &str, name: &str, known: &[String]) -> Option<Diagnostic> {
    if known.iter().any(|known| known == name) {
        return None;
    }
    let mut diagnostic = Diagnostic::error(
        Code::UndefinedName,
        format!("`{root}.{name}` is not defined: the playbook has no {what} `{name}`"),
    );
    diagnostic.help = did_you_mean(name, known.iter().map(String::as_str));
    Some(diagnostic)
}

fn fixed_name(root: &str, name: &str, known: &[&'static str]) -> Option<Diagnostic> {
    if known.contains(&name) {
        return None;
    }
    let mut diagnostic = Diagnostic::error(
        Code::UndefinedName,
        format!("`{root}.{name}` is not defined"),
    );
    diagnostic.help = did_you_mean(name, known.iter().copied());
    Some(diagnostic)
}
