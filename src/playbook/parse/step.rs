//! One step, and the loop that it may be.

use super::super::keys::LOOP_KEYS;
use super::super::{ForEach, OnFailure, Retry, Step, StepKind, forms, loops};
use super::Parser;
use crate::diagnostic::{Code, did_you_mean};
use crate::document::{Node, NodeKind};
use crate::reading::{Findings, Mapping, check_name, name_for, no_templates};
use crate::source::{Span, Spanned};

/// What a step says of rows.
enum Each {
    /// Nothing: it runs once.
    None,
    /// It runs for each row.
    Rows(Box<ForEach>),
    /// Something that cannot be read, and that was said.
    Broken,
}

impl Parser<'_> {
    pub(super) fn step(&mut self, node: &Node, depth: usize) -> Option<Step> {
        self.steps += 1;
        let number = self.steps;
        let map = Mapping::read_form(node, forms::STEP, self.findings)?;
        let span = node
            .entries()
            .and_then(|entries| entries.first())
            .map_or(node.span, |entry| entry.key_span);
        let id = self.id(&map, span, number);
        let each = self.each(&map);
        let kind = self.kind(&map, span, depth);
        // Of a loop that cannot be read, its steps see names that nothing here knows of.
        let kind = kind.filter(|_| !matches!(each, Each::Broken));
        let step = Step {
            id,
            name: self.name(&map).map(|text| text.value),
            span,
            when: map.get("when").cloned(),
            expect: map
                .get("expect")
                .map(|node| match &node.kind {
                    NodeKind::List(items) => items.clone(),
                    _ => vec![node.clone()],
                })
                .unwrap_or_default(),
            retry: map
                .get("retry")
                .and_then(|node| read_retry(node, self.findings)),
            timeout: map.duration("timeout", self.findings),
            max_pages: self.max_pages(&map),
            on_failure: self.on_failure(&map),
            tags: self.tags(&map),
            kind: kind.unwrap_or(StepKind::Broken),
        };
        self.check_beside(&map, &step.kind);
        Some(match each {
            Each::Rows(each) => looped(step, each),
            Each::None | Each::Broken => step,
        })
    }

    /// Keys that mean nothing beside what the step does.
    fn check_beside(&mut self, map: &Mapping<'_>, kind: &StepKind) {
        let (what, help) = match kind {
            StepKind::Group(_) => ("a group", "to the steps of the group"),
            StepKind::Use { .. } => ("a step with `use`", "to the steps of the used playbook"),
            _ => ("", ""),
        };
        for key in ["expect", "retry", "timeout", "max_pages", "with"] {
            if let (Some(entry), false) = (map.entry(key), what.is_empty()) {
                let is_with = key == "with" && matches!(kind, StepKind::Use { .. });
                self.findings
                    .error(
                        Code::InvalidValue,
                        entry.key_span,
                        format!("`{key}` belongs to a step with an action, not to {what}"),
                    )
                    .help = Some(if is_with {
                    "what a used playbook takes stands under `inputs`".to_owned()
                } else {
                    format!("move `{key}` {help}")
                });
            }
        }
        if let (Some(entry), None, false) = (
            map.entry("inputs"),
            map.entry("use"),
            map.is_misspelt("use"),
        ) {
            self.findings
                .error(
                    Code::InvalidValue,
                    entry.key_span,
                    "`inputs` only means something beside `use`",
                )
                .help = Some("the parameters of an action stand under `with`".to_owned());
        }
    }

    /// `for_each` where there is one, and whether it could be read.
    fn each(&mut self, map: &Mapping<'_>) -> Each {
        if let Some(node) = map.get("for_each") {
            return match loops::read(node, map, self.findings) {
                Some(each) => Each::Rows(Box::new(each)),
                None => Each::Broken,
            };
        }
        if map.is_misspelt("for_each") {
            return Each::Broken;
        }
        for key in LOOP_KEYS {
            if let Some(entry) = map.entry(key) {
                self.findings
                    .error(
                        Code::InvalidValue,
                        entry.key_span,
                        format!("`{key}` only means something beside `for_each`"),
                    )
                    .help = Some(format!("take `{key}` away, or add `for_each`"));
            }
        }
        Each::None
    }

    fn id(&mut self, map: &Mapping<'_>, span: Span, number: usize) -> Spanned<String> {
        let id = self.written_id(map);
        let mut id = id.unwrap_or_else(|| Spanned::new(format!("step_{number}"), span));
        if !check_name(&id.value, id.span, "the id", self.findings) {
            // What reads the step by the name that is proposed needs no change.
            id.value = name_for(&id.value);
        }
        let line = self.findings.source().position(id.span.start).line;
        let first = self.ids.get(&id.value).copied();
        self.ids.entry(id.value.clone()).or_insert(line);
        if let Some(first) = first {
            self.findings
                .error(
                    Code::DuplicateId,
                    id.span,
                    format!(
                        "the id `{}` stands twice: the first is in line {first}{}",
                        id.value,
                        if id.value.starts_with("step_") {
                            " (a step without an id is called step_ and its number)"
                        } else {
                            ""
                        }
                    ),
                )
                .help = Some("give each step an id of its own".to_owned());
        }
        id
    }

    /// The id as it is written; a number is one that templates cannot read.
    fn written_id(&mut self, map: &Mapping<'_>) -> Option<Spanned<String>> {
        match map.get("id") {
            Some(node) if matches!(node.kind, NodeKind::Number(_)) => {
                let written = self.findings.source().slice(node.span).to_owned();
                Some(Spanned::new(written, node.span))
            }
            _ => map.text("id", self.findings),
        }
    }

    /// Words that `--tags` chooses by: as they are written, and one by one.
    fn tags(&mut self, map: &Mapping<'_>) -> Vec<Spanned<String>> {
        if let Some(node) = map.get("tags") {
            let help = "write the words themselves: `tags: [nightly, north]`";
            no_templates(node, "`tags`", help, self.findings);
        }
        let tags = map.texts("tags", self.findings);
        for tag in tags.iter().filter(|tag| tag.value.contains(',')) {
            let words = tag.value.split(',').map(str::trim);
            let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
            let message = format!(
                "`{}` is one tag, and `--tags`, where a comma stands between tags, cannot choose it",
                tag.value
            );
            self.findings
                .error(Code::InvalidValue, tag.span, message)
                .help = Some(format!("write `tags: [{}]`", words.join(", ")));
        }
        tags
    }

    fn max_pages(&mut self, map: &Mapping<'_>) -> Option<Spanned<u64>> {
        let span = map.entry("max_pages")?.key_span;
        map.count("max_pages", 1, self.findings)
            .map(|most| Spanned::new(most, span))
    }

    fn on_failure(&mut self, map: &Mapping<'_>) -> OnFailure {
        let words = ["stop", "continue"];
        if let Some(node) = map.get("on_failure")
            && matches!(node.kind, NodeKind::Bool(_) | NodeKind::Number(_))
        {
            let message = format!("`on_failure` is a word, and this is {}", node.type_words());
            self.findings
                .error(Code::WrongType, node.span, message)
                .help = did_you_mean("", words);
            return OnFailure::Stop;
        }
        match map.text("on_failure", self.findings) {
            None => OnFailure::default(),
            Some(word) => match word.value.as_str() {
                "stop" => OnFailure::Stop,
                "continue" => OnFailure::Continue,
                other => {
                    self.findings
                        .error(
                            Code::InvalidValue,
                            word.span,
                            format!("`on_failure` cannot be `{other}`"),
                        )
                        .help = did_you_mean(other, words);
                    OnFailure::Stop
                }
            },
        }
    }
}

/// A step with `for_each`: what speaks of the loop stays with it, what speaks of the action goes to the row's step.
fn looped(step: Step, each: Box<ForEach>) -> Step {
    let (id, span) = (step.id.clone(), step.span);
    let (name, when, on_failure, tags) = (
        step.name.clone(),
        step.when.clone(),
        step.on_failure,
        step.tags.clone(),
    );
    let nested = match step.kind {
        StepKind::Group(nested) => nested,
        kind => vec![Step {
            kind,
            when: None,
            on_failure: OnFailure::Stop,
            tags: Vec::new(),
            ..step
        }],
    };
    Step {
        id,
        name,
        span,
        kind: StepKind::Loop(each, nested),
        when,
        expect: Vec::new(),
        retry: None,
        timeout: None,
        max_pages: None,
        on_failure,
        tags,
    }
}

fn read_retry(node: &Node, findings: &mut Findings) -> Option<Retry> {
    let map = Mapping::read_form(node, forms::RETRY, findings)?;
    let usual = Retry::default();
    let attempts = map
        .count("attempts", 1, findings)
        .map_or(usual.attempts, |count| {
            u32::try_from(count).unwrap_or(u32::MAX)
        });
    let backoff = map.duration("backoff", findings).unwrap_or(usual.backoff);
    let most = map
        .duration("max_backoff", findings)
        .unwrap_or(usual.max_backoff);
    if let Some(written) = map.get("max_backoff")
        && most < backoff
    {
        let message =
            "`max_backoff` is shorter than `backoff`, so that each wait is as long as `backoff`";
        let finding = findings.warning(Code::InvalidValue, written.span, message);
        finding.help = Some("make `max_backoff` the longer of the two".to_owned());
    }
    Some(Retry {
        attempts,
        backoff,
        max_backoff: most.max(backoff),
    })
}
