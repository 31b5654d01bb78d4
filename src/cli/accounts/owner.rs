//! Which loop a value of `--rejected`, `--succeeded` or `--unknown` speaks of.

use std::path::Path;

use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::plan::{Plan, written_anew};

/// The loops of a playbook, by whether they can have accounts.
pub(super) struct Owners<'p> {
    /// Those whose rows are run through once.
    once: Vec<&'p str>,
    /// Those that run once for each row of another one, with that one.
    repeated: Vec<(&'p str, &'p str)>,
}

impl<'p> Owners<'p> {
    pub(super) fn of(plan: &'p Plan) -> Self {
        let repeated = plan.repeated_loops();
        let loops = plan.loops().into_iter();
        let once = loops
            .map(|(step, _)| step.id.as_str())
            .filter(|id| repeated.iter().all(|(inner, _)| inner != id));
        Self {
            once: once.collect(),
            repeated,
        }
    }

    /// The loop that a value speaks of, and the path.
    pub(super) fn named_by<'v>(&self, value: &'v str) -> Result<(String, &'v str), Diagnostic> {
        if let Some((id, path)) = value.split_once('=') {
            if self.once.contains(&id) {
                return Ok((id.to_owned(), path));
            }
            if let Some((inner, outer)) = self.repeated.iter().find(|(inner, _)| *inner == id) {
                return Err(self.written_anew(inner, outer));
            }
        }
        match self.once.as_slice() {
            [only] => match value.split_once('=') {
                Some((id, _)) if is_name(id) && !has_folder(value) => {
                    Err(invalid(format!("no loop is called {id}")).help(format!(
                        "write {only}=PATH, or only PATH; for a file of that name ./{value}"
                    )))
                }
                _ => Ok(((*only).to_owned(), value)),
            },
            [] => {
                Err(invalid("the playbook has no `for_each`".to_owned())
                    .help("leave the flag away"))
            }
            many => {
                let mut finding = invalid(
                    "the playbook has several loops, and this names none of them".to_owned(),
                );
                finding.help = match value.split_once('=') {
                    Some((written, _)) => did_you_mean(written, many.iter().copied())
                        .map(|help| format!("write STEP=PATH; {help}")),
                    None => Some(one_of(many)),
                };
                Err(finding)
            }
        }
    }

    fn written_anew(&self, inner: &str, outer: &str) -> Diagnostic {
        let finding = invalid(written_anew(inner, outer));
        finding.help(match self.once.as_slice() {
            [only] => format!("only the outermost loop can have accounts: write {only}=PATH"),
            many => format!(
                "only the outermost loops can have accounts: {}",
                one_of(many)
            ),
        })
    }
}

fn one_of(loops: &[&str]) -> String {
    format!("write STEP=PATH with one of {}", loops.join(", "))
}

fn invalid(message: String) -> Diagnostic {
    Diagnostic::error(Code::InvalidValue, message)
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    !text.is_empty() && text != "." && text != ".." && text.chars().all(fits)
}

fn has_folder(path: &str) -> bool {
    Path::new(path)
        .parent()
        .is_some_and(|folder| !folder.as_os_str().is_empty() && folder.is_dir())
}
