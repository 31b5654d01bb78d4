//! Where the tokens of all targets are kept, so that they reach none but their own: a run to one target must not show or
//! send the token of another.

use std::path::{Path, PathBuf};

use super::{Config, Surroundings, TokenSource};
use crate::diagnostic::{Code, Diagnostic};
use crate::playbook::Playbook;
use crate::secret::{SHORTEST_SURE, Secret};

/// The variable that holds the token of the target `env`.
pub(super) const ENVIRONMENT_TOKEN: &str = "WOLKVOX_TOKEN";
/// The target that the environment describes.
pub(super) const ENVIRONMENT_TARGET: &str = "env";

impl Config {
    /// The target whose token an environment variable holds, and the variable: of each target that a run may go to.
    fn token_variables(&self) -> impl Iterator<Item = (&str, &str)> {
        let of_config = self.targets.iter().filter_map(|target| {
            let TokenSource::Env(variable) = &target.token else {
                return None;
            };
            Some((target.name.as_str(), variable.as_str()))
        });
        let names_env = |target: &super::TargetConfig| target.name.value == ENVIRONMENT_TARGET;
        let of_environment = !self.targets.iter().any(names_env);
        of_config.chain(of_environment.then_some((ENVIRONMENT_TARGET, ENVIRONMENT_TOKEN)))
    }

    /// The files that hold the tokens of targets.
    pub fn token_files(&self, root: &Path) -> Vec<PathBuf> {
        let sources = self.targets.iter().map(|target| &target.token);
        sources
            .filter_map(|source| match source {
                TokenSource::File(path) => Some(root.join(path)),
                TokenSource::Env(_) => None,
            })
            .collect()
    }

    /// The tokens of all targets, as far as they can be read: a run needs none but its own. One so short that it is found
    /// in other texts by chance is a placeholder, and would spoil them.
    pub fn tokens(&self, root: &Path, surroundings: &dyn Surroundings) -> Vec<Secret> {
        let variables = self.token_variables();
        let variables = variables.filter_map(|(_, name)| surroundings.variable(name));
        let files = self.token_files(root).into_iter();
        let files = files.filter_map(|path| surroundings.token_file(&path).ok());
        variables
            .chain(files.map(|text| in_file(&text).to_owned()))
            .filter(|token| token.trim().len() >= SHORTEST_SURE)
            .map(Secret::new)
            .collect()
    }

    /// What speaks against the inputs of a playbook: those that would read a token, and send it wherever a step says.
    pub fn objections(&self, playbook: &Playbook) -> Vec<Diagnostic> {
        let inputs = playbook.inputs.iter();
        inputs
            .filter_map(|input| {
                let variable = input.from_env.as_ref()?;
                let (target, _) = self
                    .token_variables()
                    .find(|(_, name)| *name == variable.value)?;
                Some(
                    reads_token(&input.name.value, &variable.value, target)
                        .at(&playbook.source, variable.span),
                )
            })
            .collect()
    }
}

/// The token in the text of a file: editors put a mark in front and a line break behind, which are no part of it.
pub(super) fn in_file(text: &str) -> &str {
    text.strip_prefix('\u{feff}')
        .unwrap_or(text)
        .trim_end_matches(['\r', '\n'])
}

fn reads_token(input: &str, variable: &str, target: &str) -> Diagnostic {
    Diagnostic::error(
        Code::InvalidValue,
        format!("the input `{input}` would read {variable}, which holds the token of target `{target}`"),
    )
    .help("a token goes to the host of its target and nowhere else, and voxplay sends it there by itself: name another variable, or take the input out")
}
