//! `inputs`: each is a JSON Schema, and what a playbook says of it besides.

use super::super::keys::INPUT_KEYS;
use super::super::{Input, defaults};
use super::Parser;
use crate::diagnostic::Code;
use crate::document::Node;
use crate::reading::{Mapping, check_name, no_templates};
use crate::source::Spanned;

impl Parser<'_> {
    pub(super) fn inputs(&mut self, node: &Node) -> Vec<Input> {
        let Some(entries) = node.entries() else {
            self.findings
                .error(Code::WrongType, node.span, "`inputs` must be a mapping")
                .help = Some("write `name: { type: string }`".to_owned());
            return Vec::new();
        };
        entries
            .iter()
            .filter_map(|entry| {
                check_name(&entry.key, entry.key_span, "the input", self.findings);
                self.input(
                    Spanned::new(entry.key.clone(), entry.key_span),
                    &entry.value,
                )
            })
            .collect()
    }

    fn input(&mut self, name: Spanned<String>, node: &Node) -> Option<Input> {
        let Some(entries) = node.entries() else {
            self.findings
                .error(
                    Code::WrongType,
                    node.span,
                    format!(
                        "the input `{}` must be a mapping with its JSON Schema",
                        name.value
                    ),
                )
                .help = Some(format!("write `{}: {{ type: string }}`", name.value));
            // Its name is known all the same: references to it are right.
            return Some(Input {
                name,
                schema: serde_json::Value::Bool(true),
                declaration: node.clone(),
                required: false,
                secret: false,
                from_env: None,
                default: None,
            });
        };
        let keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
        let map = Mapping::read(node, "an input", &keys, self.findings)?;
        let default = map.get("default").cloned();
        if let Some(default) = &default {
            no_templates(
                default,
                "a default",
                "compute the value under `vars`, and use that",
                self.findings,
            );
        }
        let secret = map.flag("secret", self.findings).unwrap_or(false);
        if let Some(default) = default.as_ref().filter(|_| secret) {
            let from_env = map.get("from_env").and_then(Node::text);
            defaults::warn_of_secret(&name.value, default, from_env, self.findings);
        }
        let mut schema = serde_json::Map::new();
        for entry in entries {
            if !INPUT_KEYS.contains(&entry.key.as_str()) {
                schema.insert(entry.key.clone(), entry.value.to_value().to_json());
            }
        }
        Some(Input {
            name,
            schema: schema.into(),
            declaration: node.clone(),
            required: map
                .flag("required", self.findings)
                .unwrap_or(default.is_none()),
            secret,
            from_env: self.variable(&map),
            default,
        })
    }

    /// The variable that an input reads. With a name that none can have, the default would be taken for ever, without a
    /// word.
    fn variable(&mut self, map: &Mapping<'_>) -> Option<Spanned<String>> {
        let name = map.text("from_env", self.findings)?;
        let cannot_stand = |c: char| c.is_whitespace() || c.is_control() || "=$".contains(c);
        if !name.contains(cannot_stand) {
            return Some(name);
        }
        let message =
            "`from_env` wants the name of an environment variable, and this cannot be one";
        let help = "write the name alone, without `$` and `=`, such as CONTACT_ID";
        self.findings
            .error(Code::InvalidValue, name.span, message)
            .help = Some(help.to_owned());
        None
    }
}
