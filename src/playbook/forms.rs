//! The mappings of a playbook as people write them, and what helps whoever writes a key into the wrong one.

use super::keys::{LIMIT_KEYS, PLAYBOOK_KEYS, RETRY_KEYS, STEP_KEYS};
use super::loops::FOR_EACH_KEYS;
use crate::diagnostic::nearest;
use crate::document::Node;
use crate::reading::Form;

pub(super) const PLAYBOOK: Form<'_> = Form {
    what: "a playbook",
    keys: PLAYBOOK_KEYS,
    example: Some("begin with `voxplay: 1`, then `steps:`"),
    advice: |_, key| belongs(key),
};
pub(super) const STEP: Form<'_> = Form {
    what: "a step",
    keys: STEP_KEYS,
    example: Some("write `- action: NAME` and `with: …` below it"),
    advice: |step, key| {
        let known = belongs(key).or_else(|| of_other_tools(key));
        known.or_else(|| parameter(step, key))
    },
};
pub(super) const FOR_EACH: Form<'_> = Form {
    what: "`for_each`",
    keys: FOR_EACH_KEYS,
    example: Some("write `for_each: { csv: FILE }` or `for_each: { items: \"{{ … }}\" }`"),
    advice: |_, key| {
        let of_step = STEP_KEYS.contains(&key);
        let beside = of_step.then(|| format!("`{key}` belongs to the step, beside `for_each`"));
        beside.or_else(|| belongs(key))
    },
};
pub(super) const RETRY: Form<'_> = Form {
    what: "`retry`",
    keys: RETRY_KEYS,
    example: Some("write `retry: { attempts: 3 }`"),
    advice: |_, key| belongs(key),
};

/// Where a key belongs that means nothing where it was written: the nearest mappings first.
pub(crate) fn belongs(key: &str) -> Option<String> {
    let homes = [
        (STEP_KEYS, "to a step"),
        (FOR_EACH_KEYS, "into `for_each`"),
        (RETRY_KEYS, "into `retry`"),
        (LIMIT_KEYS, "into `limits`"),
        (PLAYBOOK_KEYS, "to the playbook, beside `steps`"),
    ];
    let (_, home) = homes.iter().find(|(keys, _)| keys.contains(&key))?;
    Some(format!("`{key}` belongs {home}, not here"))
}

/// What other tools write for something that steps have by another name.
fn of_other_tools(key: &str) -> Option<String> {
    let ours = match key {
        "if" | "condition" => "when",
        "loop" | "with_items" => "for_each",
        "assert" => "expect",
        "retries" => "retry: { attempts: 3 }",
        "ignore_errors" | "continue-on-error" | "continue_on_error" => "on_failure: continue",
        _ => return None,
    };
    Some(format!("did you mean `{ours}`?"))
}

/// A key that no step has is most often what its action takes.
fn parameter(step: &Node, key: &str) -> Option<String> {
    let is_far = nearest(key, STEP_KEYS.iter().copied()).is_none();
    (is_far && step.get("action").is_some()).then(|| {
        let known = STEP_KEYS.join(", ");
        format!("what the action takes stands under `with`; known here: {known}")
    })
}
