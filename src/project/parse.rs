//! The grammar of `voxplay.yaml`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::{Config, Server, TargetConfig, TokenSource, hosts};
use crate::diagnostic::{Code, Diagnostic, did_you_mean, nearest};
use crate::document::{self, Entry, Node, NodeKind};
use crate::playbook::{MOST_CONCURRENT, read_limits};
use crate::reading::{Findings, Mapping, literal_token, no_templates, unknown_zone};
use crate::source::{Source, Spanned};

pub(crate) const CONFIG_KEYS: &[&str] = &[
    "targets",
    "default_target",
    "allow_hosts",
    "allow_paths",
    "policy",
];
pub(crate) const TARGET_KEYS: &[&str] = &[
    "server",
    "operation",
    "token",
    "timezone",
    "rate",
    "concurrency",
    "daily_budget",
];

const TOKEN_KEYS: &[&str] = &["env", "file"];

/// Reads `voxplay.yaml` from its text.
///
/// # Errors
/// Everything that is wrong with it, each finding at its place.
pub fn parse(source: &Arc<Source>) -> Result<(Config, Vec<Diagnostic>), Vec<Diagnostic>> {
    // What cannot be read may hold a token, and nobody can tell where it begins and ends.
    let document = document::read(source).map_err(|errors| {
        errors
            .into_iter()
            .map(Diagnostic::withheld)
            .collect::<Vec<_>>()
    })?;
    let mut findings = Findings::new(source);
    let config = read_config(&document.root, &mut findings);
    match config {
        Some(config) if !findings.has_errors() => Ok((config, findings.into_list())),
        _ => Err(findings.into_list()),
    }
}

fn read_config(root: &Node, findings: &mut Findings) -> Option<Config> {
    let source = Some(Arc::clone(findings.source()));
    if matches!(root.kind, NodeKind::Null) {
        return Some(Config {
            source,
            ..Config::default()
        });
    }
    let map = Mapping::read(root, "voxplay.yaml", CONFIG_KEYS, findings)?;
    let mut config = Config {
        source,
        default_target: map.text("default_target", findings),
        allow_hosts: map.texts("allow_hosts", findings),
        allow_paths: map.texts("allow_paths", findings),
        policy: map
            .get("policy")
            .map(|node| read_limits(node, "`policy`", findings))
            .unwrap_or_default(),
        ..Config::default()
    };
    hosts::check(&config.allow_hosts, findings);
    if let Some(node) = map.get("targets") {
        match node.entries() {
            Some(entries) => {
                let allowed: Vec<String> = config
                    .allow_hosts
                    .iter()
                    .map(|host| host.value.clone())
                    .collect();
                config.targets = entries
                    .iter()
                    .filter_map(|entry| read_target(entry, &allowed, findings))
                    .collect();
            }
            None => {
                findings
                    .error(Code::WrongType, node.span, "`targets` must be a mapping of names")
                    .help = Some("write `production: { server: …, operation: …, token: { env: WOLKVOX_TOKEN } }`".to_owned());
            }
        }
        if let Some(wanted) = &config.default_target
            && !node
                .entries()
                .is_some_and(|entries| entries.iter().any(|entry| entry.key == wanted.value))
        {
            findings
                .error(
                    Code::UnknownTarget,
                    wanted.span,
                    format!("no target is called `{}`", wanted.value),
                )
                .help = did_you_mean(
                wanted,
                node.entries()
                    .unwrap_or_default()
                    .iter()
                    .map(|entry| entry.key.as_str()),
            );
        }
    }
    Some(config)
}

fn read_target(entry: &Entry, allowed: &[String], findings: &mut Findings) -> Option<TargetConfig> {
    let map = Mapping::read(&entry.value, "a target", TARGET_KEYS, findings)?;
    map.required("server", findings);
    map.required("operation", findings);
    let token = map
        .required("token", findings)
        .and_then(|node| read_token(node, findings));
    let operation = map.text("operation", findings);
    if let Some(node) = map.get("operation") {
        let help = "write the name as it is; for another name, add another target";
        no_templates(node, "`operation`", help, findings);
    }
    let written = map.text("server", findings);
    let timezone = map.text("timezone", findings);
    if let Some(zone) = &timezone
        && TimeZone::get(zone).is_err()
    {
        let finding = unknown_zone(zone).at(findings.source(), zone.span);
        findings.add(finding);
    }
    let written = written?;
    let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
    let server = match Server::parse(&written, &allowed) {
        Ok(server) => server,
        Err(error) => {
            findings.error(error.code, written.span, error.message).help = Some(error.help);
            return None;
        }
    };
    Some(TargetConfig {
        name: Spanned::new(entry.key.clone(), entry.key_span),
        server,
        server_place: Some((Arc::clone(findings.source()), written.span)),
        operation: operation?.value,
        token: token?,
        timezone,
        interval: map.get("rate").and_then(|node| read_rate(node, findings)),
        concurrency: read_concurrency(&map, findings),
        daily_budget: map.count("daily_budget", 0, findings),
    })
}

/// How many requests may be on their way at once.
fn read_concurrency(map: &Mapping<'_>, findings: &mut Findings) -> Option<usize> {
    let count = map.count("concurrency", 1, findings)?;
    if count > MOST_CONCURRENT
        && let Some(node) = map.get("concurrency")
    {
        let message = format!("`concurrency` can be at most {MOST_CONCURRENT}");
        findings.error(Code::InvalidValue, node.span, message).help = Some(
            "leave it out where nothing is to bound it but the playbook's own `concurrency`"
                .to_owned(),
        );
    }
    usize::try_from(count.min(MOST_CONCURRENT)).ok()
}

/// The least time between two requests, from `10/s`, `600/m` or `5000/h`.
fn read_rate(node: &Node, findings: &mut Findings) -> Option<Duration> {
    let parsed = node.text().and_then(|text| {
        let (count, unit) = text.split_once('/')?;
        let count: u32 = count.trim().parse().ok().filter(|count| *count > 0)?;
        let unit = match unit.trim() {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            _ => return None,
        };
        Some(Duration::from_secs(unit) / count)
    });
    if parsed.is_none() {
        findings
            .error(
                Code::InvalidValue,
                node.span,
                "`rate` must say how many requests in which time",
            )
            .help = Some("write `10/s`, `600/m` or `5000/h`".to_owned());
    }
    parsed
}

/// Whether every shell and CI system can have an environment variable of this name; what is no name at all is told
/// where it is read.
fn could_be_variable(node: &Node) -> bool {
    match &node.kind {
        // A short number is a slip; to cover it would cover the numbers of lines too.
        NodeKind::Number(number) => number.as_str().len() < 8,
        NodeKind::Text(scalar) => {
            let name = &scalar.text;
            !name.starts_with(|first: char| first.is_ascii_digit())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        }
        _ => true,
    }
}

fn read_token(node: &Node, findings: &mut Findings) -> Option<TokenSource> {
    if matches!(node.kind, NodeKind::Null) {
        findings
            .error(Code::MissingKey, node.span, "`token` says nothing")
            .help = Some("write `token: { env: WOLKVOX_TOKEN }`".to_owned());
        return None;
    }
    let Some(entries) = node.entries() else {
        findings.add(literal_token(findings.source(), node.span));
        return None;
    };
    for entry in entries {
        match nearest(&entry.key, TOKEN_KEYS.iter().copied()) {
            None => {
                findings.add(literal_token(findings.source(), entry.value.span));
            }
            Some("env") if !could_be_variable(&entry.value) => {
                findings
                    .error(
                        Code::LiteralToken,
                        entry.value.span,
                        "`env` wants the name of an environment variable, and this cannot be one",
                    )
                    .help = Some(
                    "a name has letters, digits and `_`, such as WOLKVOX_TOKEN; if a token stands here, have the CRM make a new one".to_owned(),
                );
                return None;
            }
            Some(_) => {}
        }
    }
    let map = Mapping::read(node, "`token`", TOKEN_KEYS, findings)?;
    match (map.text("env", findings), map.text("file", findings)) {
        (Some(name), None) => Some(TokenSource::Env(name.value)),
        (None, Some(path)) => Some(TokenSource::File(PathBuf::from(path.value))),
        // What is wrong with what is there was said.
        (None, None) if !entries.is_empty() => None,
        _ => {
            findings
                .error(
                    Code::InvalidValue,
                    node.span,
                    "`token` needs exactly one of `env` and `file`",
                )
                .help = Some("write `token: { env: WOLKVOX_TOKEN }`".to_owned());
            None
        }
    }
}
