//! What a step does: an action, nested steps, or another playbook.

use super::super::StepKind;
use super::Parser;
use crate::diagnostic::Code;
use crate::document::Entry;
use crate::reading::{Mapping, text};
use crate::source::Span;

impl Parser<'_> {
    pub(super) fn kind(&mut self, map: &Mapping<'_>, span: Span, depth: usize) -> Option<StepKind> {
        if let Some(used) = map.entry("use") {
            let other = ["action", "steps"]
                .into_iter()
                .find_map(|key| map.entry(key));
            if let Some(other) = other {
                self.findings
                    .error(
                        Code::InvalidValue,
                        used.key_span,
                        format!("a step has either `{}` or `use`, not both", other.key),
                    )
                    .help = Some("make the used playbook a step of its own".to_owned());
                return None;
            }
            return self.used(map, used);
        }
        match (map.entry("action"), map.entry("steps")) {
            (Some(_), Some(steps)) => {
                self.findings
                    .error(
                        Code::InvalidValue,
                        steps.key_span,
                        "a step has either `action` or `steps`, not both",
                    )
                    .help = Some("make the nested steps a step of their own".to_owned());
                None
            }
            (Some(entry), None) => {
                let action = text(&entry.value, "`action`", self.findings)?;
                let with = map.entry("with");
                Some(StepKind::Action {
                    with_span: with.map_or(entry.key_span, |with| with.key_span),
                    with: with.map(|with| with.value.clone()),
                    action,
                })
            }
            (None, Some(entry)) => Some(StepKind::Group(self.steps(
                &entry.value,
                "`steps`",
                depth - 1,
            ))),
            (None, None) => {
                let meant = ["action", "steps", "use"]
                    .iter()
                    .any(|key| map.get(key).is_some() || map.is_misspelt(key));
                if !meant {
                    self.findings
                        .error(
                            Code::MissingKey,
                            span,
                            "a step needs `action`, `steps` or `use`",
                        )
                        .help = Some(
                        "add `action: record.update`, for example; `voxplay actions` lists them"
                            .to_owned(),
                    );
                }
                None
            }
        }
    }

    /// `use`: the path is plain text, so that what a playbook is made of can be known before anything runs.
    fn used(&mut self, map: &Mapping<'_>, entry: &Entry) -> Option<StepKind> {
        let path = text(&entry.value, "`use`", self.findings)?;
        let problem = if path.value.contains("{{") || path.value.contains("{%") {
            Some((
                "`use` is plain text, not a template",
                "name one file; with several, use one step with `when` for each",
            ))
        } else if path.value.trim().is_empty() {
            Some((
                "`use` is empty",
                "write the path of a playbook: `use: ./shared/onboard.yaml`",
            ))
        } else {
            None
        };
        if let Some((message, help)) = problem {
            self.findings
                .error(Code::InvalidValue, path.span, message)
                .help = Some(help.to_owned());
            return None;
        }
        // What stands under `with` by mistake, which is said, is looked at as what it is meant for.
        let meant = map.entry("with").filter(|it| it.value.entries().is_some());
        let inputs = map.entry("inputs").or(meant);
        if let Some(inputs) = inputs.filter(|inputs| inputs.value.entries().is_none()) {
            self.findings
                .error(
                    Code::WrongType,
                    inputs.value.head(),
                    format!(
                        "`inputs` must be a mapping of names, and this is {}",
                        inputs.value.type_words()
                    ),
                )
                .help = Some("write `inputs: { name: value }`".to_owned());
        }
        Some(StepKind::Use {
            inputs_span: inputs.map_or(entry.key_span, |inputs| inputs.key_span),
            inputs: inputs
                .map(|inputs| inputs.value.clone())
                .filter(|inputs| inputs.entries().is_some()),
            path,
        })
    }
}
