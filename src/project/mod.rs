//! `voxplay.yaml` → the project: its folder, its targets, its guards. It knows no playbook.

mod confine;
mod hosts;
mod parse;
mod server;
mod tokens;

use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::playbook::{Limits, Playbook};
use crate::secret::Secret;
use crate::source::{Source, Spanned};

pub use confine::{Confinement, Resolved};
pub use parse::parse;
#[cfg(test)]
pub(crate) use parse::{CONFIG_KEYS, TARGET_KEYS};
pub use server::{Server, ServerError};

/// The file that marks a project's root.
pub const CONFIG: &str = "voxplay.yaml";

/// What `voxplay.yaml` says.
#[derive(Debug, Default)]
pub struct Config {
    /// Its text; none where there is no such file.
    pub source: Option<Arc<Source>>,
    /// Targets by name, in the order of the file.
    pub targets: Vec<TargetConfig>,
    /// The target that runs go to when nothing else is said.
    pub default_target: Option<Spanned<String>>,
    /// Hosts beyond the vendor's: a name, or `*.` and a domain.
    pub allow_hosts: Vec<Spanned<String>>,
    /// Folders beyond the project's that playbooks may read files from.
    pub allow_paths: Vec<Spanned<String>>,
    /// Bounds on what a playbook may set for itself.
    pub policy: Limits,
}

/// One entry of `targets`.
#[derive(Debug, Clone)]
pub struct TargetConfig {
    /// Its name.
    pub name: Spanned<String>,
    /// Where it is.
    pub server: Server,
    /// Where in the file the server stands.
    pub server_place: Option<(Arc<Source>, crate::source::Span)>,
    /// The customer's CRM operation (tenant).
    pub operation: String,
    /// Where the token is kept.
    pub token: TokenSource,
    /// The zone of `now()` for runs to it.
    pub timezone: Option<Spanned<String>>,
    /// The least time between two requests.
    pub interval: Option<std::time::Duration>,
    /// How many requests may be on their way at once.
    pub concurrency: Option<usize>,
    /// How many requests may be sent in a day.
    pub daily_budget: Option<u64>,
}

/// Where a token is kept. It is never a literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// In an environment variable.
    Env(String),
    /// In a file, of which neither the last line break counts nor a byte order mark; the path is relative to the project's root.
    File(PathBuf),
}

/// A target that is ready to be sent to.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub server: Server,
    /// The customer's CRM operation (tenant).
    pub operation: String,
    /// Its token.
    pub token: Secret,
    /// The zone of `now()`.
    pub timezone: Option<String>,
    /// The least time between two requests.
    pub interval: Option<std::time::Duration>,
    /// How many requests may be on their way at once.
    pub concurrency: Option<usize>,
    /// How many requests may be sent in a day.
    pub daily_budget: Option<u64>,
}

/// What the process was started with, as far as targets need it.
pub trait Surroundings {
    /// The value of an environment variable.
    fn variable(&self, name: &str) -> Option<String>;
    /// The text of a file that holds a token.
    fn token_file(&self, path: &std::path::Path) -> Result<String, String>;
}

impl Config {
    /// The target that this run goes to: the one named, else the playbook's, else the default,
    /// else the environment's; without its token.
    ///
    /// # Errors
    /// `unknown-target`, `no-target`, or what is wrong with the environment's target.
    pub fn choose(
        &self,
        named: Option<&str>,
        playbook: Option<(&Arc<Source>, &Spanned<String>)>,
        surroundings: &dyn Surroundings,
    ) -> Result<TargetConfig, Diagnostic> {
        let known = || self.targets.iter().map(|target| target.name.as_str());
        let find = |wanted: &str| {
            self.targets
                .iter()
                .find(|target| target.name.value == wanted)
                .cloned()
        };
        let unknown = |wanted: &str| {
            let mut diagnostic = Diagnostic::error(
                Code::UnknownTarget,
                format!("no target is called `{wanted}`"),
            );
            diagnostic.help = did_you_mean(wanted, known()).or_else(|| {
                Some(format!(
                    "describe it under `targets` in {CONFIG}, or leave it out and set WOLKVOX_SERVER, WOLKVOX_OPERATION and WOLKVOX_TOKEN"
                ))
            });
            diagnostic
        };
        if let Some(wanted) = named {
            if wanted == tokens::ENVIRONMENT_TARGET && find(wanted).is_none() {
                return self.environment_target(surroundings);
            }
            return find(wanted).ok_or_else(|| unknown(wanted));
        }
        if let Some((source, wanted)) = playbook {
            return find(wanted).ok_or_else(|| unknown(wanted).at(source, wanted.span));
        }
        if let Some(wanted) = &self.default_target {
            return find(wanted).ok_or_else(|| {
                let diagnostic = unknown(wanted);
                match &self.source {
                    Some(source) => diagnostic.at(source, wanted.span),
                    None => diagnostic,
                }
            });
        }
        if let [only] = self.targets.as_slice() {
            return Ok(only.clone());
        }
        if self.targets.is_empty() {
            return self.environment_target(surroundings);
        }
        Err(
            Diagnostic::error(Code::NoTarget, "no target was chosen").help(format!(
                "pass `--target NAME` with one of {}, or set `default_target` in {CONFIG}",
                known().collect::<Vec<_>>().join(", ")
            )),
        )
    }

    fn environment_target(
        &self,
        surroundings: &dyn Surroundings,
    ) -> Result<TargetConfig, Diagnostic> {
        let read = |name: &str| {
            surroundings
                .variable(name)
                .filter(|value| !value.trim().is_empty())
        };
        let (server, operation) = match (read("WOLKVOX_SERVER"), read("WOLKVOX_OPERATION")) {
            (Some(server), Some(operation)) => (server, operation),
            (server, _) => {
                let missing = if server.is_none() {
                    "WOLKVOX_SERVER"
                } else {
                    "WOLKVOX_OPERATION"
                };
                return Err(Diagnostic::error(
                    Code::NoTarget,
                    format!("there is no target: no {CONFIG} names one, and {missing} is not set"),
                )
                .help(format!(
                    "run against the built-in sandbox with `--sandbox`, write a {CONFIG} with `targets`, or set WOLKVOX_SERVER, WOLKVOX_OPERATION and WOLKVOX_TOKEN"
                )));
            }
        };
        let server = Server::parse(&server, &self.allowed_hosts()).map_err(|error| {
            Diagnostic::error(error.code, format!("WOLKVOX_SERVER: {}", error.message))
                .help(error.help)
        })?;
        Ok(TargetConfig {
            name: Spanned::new(
                tokens::ENVIRONMENT_TARGET.to_owned(),
                crate::source::Span::default(),
            ),
            server,
            server_place: None,
            operation,
            token: TokenSource::Env(tokens::ENVIRONMENT_TOKEN.to_owned()),
            timezone: None,
            interval: None,
            concurrency: None,
            daily_budget: None,
        })
    }

    /// What a run of a playbook may send: its own limits, those of the playbooks that it uses, and the policy's where it sets none or higher ones.
    pub fn limits_of<'p>(&self, playbook: &'p Playbook) -> Limits {
        let lower = |own: Option<&Spanned<u64>>, policy: &Option<Spanned<u64>>| {
            let bounds = [own, policy.as_ref()].into_iter().flatten();
            bounds.min_by_key(|bound| bound.value).cloned()
        };
        let own = |limit: Option<(&_, &'p Spanned<u64>)>| limit.map(|(_, limit)| limit);
        Limits {
            requests: lower(own(playbook.most_requests()), &self.policy.requests),
            deletes: lower(own(playbook.most_deletes()), &self.policy.deletes),
        }
    }

    /// The names under `allow_hosts`.
    pub fn allowed_hosts(&self) -> Vec<&str> {
        self.allow_hosts
            .iter()
            .map(|host| host.value.as_str())
            .collect()
    }
}

impl TargetConfig {
    /// What is worth knowing about the target before it is used: a host that was switched off.
    pub fn warnings(&self) -> Vec<Diagnostic> {
        let Some(successor) = self.server.retired() else {
            return Vec::new();
        };
        let mut diagnostic = Diagnostic::warning(
            Code::RetiredHost,
            format!(
                "the vendor announced that {} is switched off since 2024-11-30",
                self.server.host()
            ),
        )
        .help(format!("use {successor}"));
        if let Some((source, span)) = &self.server_place {
            diagnostic = diagnostic.at(source, *span);
        }
        vec![diagnostic]
    }

    /// The target with its token.
    ///
    /// # Errors
    /// `missing-token`: the variable or the file is not there, is empty, or cannot be sent in a header.
    pub fn with_token(
        self,
        root: &std::path::Path,
        surroundings: &dyn Surroundings,
    ) -> Result<Target, Diagnostic> {
        let missing = |message: String, help: String| {
            Diagnostic::error(Code::MissingToken, message).help(help)
        };
        let (token, origin) = match &self.token {
            TokenSource::Env(name) => (
                surroundings.variable(name).ok_or_else(|| {
                    missing(
                        format!("the token of target `{}` is missing: the environment variable {name} is not set", self.name.value),
                        format!("set {name} in the environment (in CI: as a secret variable)"),
                    )
                })?,
                format!("the environment variable {name}"),
            ),
            TokenSource::File(path) => (
                tokens::in_file(&surroundings
                    .token_file(&root.join(path))
                    .map_err(|why| {
                        missing(
                            format!("the token of target `{}` is missing: {}: {why}", self.name.value, path.display()),
                            "write the token into that file, alone".to_owned(),
                        )
                    })?)
                    .to_owned(),
                format!("the file {}", path.display()),
            ),
        };
        if token.trim().is_empty() {
            return Err(missing(
                format!(
                    "the token of target `{}` is missing: {origin} is empty",
                    self.name.value
                ),
                "put the token of the CRM there".to_owned(),
            ));
        }
        if token
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || !c.is_ascii())
        {
            return Err(missing(
                format!(
                    "the token of target `{}` cannot be sent: {origin} holds white space or characters that no header may hold",
                    self.name.value
                ),
                "copy the token again, without line breaks or blanks".to_owned(),
            ));
        }
        Ok(Target {
            name: self.name.value,
            server: self.server,
            operation: self.operation,
            token: Secret::new(token),
            timezone: self.timezone.map(|zone| zone.value),
            interval: self.interval,
            concurrency: self.concurrency,
            daily_budget: self.daily_budget,
        })
    }
}
