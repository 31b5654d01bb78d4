//! Which steps `--tags` chooses.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::playbook::{Playbook, Step};

pub(super) fn has_tag(step: &Step, tags: &[String]) -> bool {
    let mut own = step.tags.iter();
    // Around a comma of `--tags` there may be white space.
    own.any(|own| tags.iter().any(|tag| tag.trim() == own.value.trim()))
}

/// A step is chosen when it, or something in it, has one of the tags; what is in a used playbook counts.
pub(super) fn is_selected(step: &Step, playbook: &Playbook, tags: &[String]) -> bool {
    let any = |steps: &[Step], of: &Playbook| steps.iter().any(|step| is_selected(step, of, tags));
    tags.is_empty()
        || has_tag(step, tags)
        || any(step.nested(), playbook)
        || playbook.used_by(step).is_some_and(|used| {
            any(&used.playbook.steps, &used.playbook) || any(&used.playbook.finally, &used.playbook)
        })
}

/// Every tag that `--tags` can choose by.
fn known_tags<'p>(playbook: &'p Playbook, into: &mut BTreeSet<&'p str>) {
    for step in playbook.all_steps() {
        into.extend(step.tags.iter().map(|tag| tag.value.trim()));
    }
    for used in playbook.uses.values() {
        known_tags(&used.playbook, into);
    }
}

pub(super) fn check_tags(playbook: &Playbook, tags: &[String], findings: &mut Vec<Diagnostic>) {
    let mut known = BTreeSet::new();
    known_tags(playbook, &mut known);
    let tags = tags.iter().map(|tag| tag.trim());
    for tag in tags.filter(|tag| !known.contains(tag)) {
        let mut diagnostic = Diagnostic::error(
            Code::InvalidValue,
            format!("no step of {} has the tag `{tag}`", playbook.source.name()),
        );
        diagnostic.help = did_you_mean(tag, known.iter().copied().collect::<Vec<_>>());
        findings.push(diagnostic);
    }
}
