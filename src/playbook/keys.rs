//! The keys of the mappings of a playbook.

pub(crate) const PLAYBOOK_KEYS: &[&str] = &[
    "voxplay",
    "name",
    "description",
    "target",
    "timezone",
    "inputs",
    "vars",
    "limits",
    "steps",
    "finally",
    "outputs",
];
pub(crate) const STEP_KEYS: &[&str] = &[
    "id",
    "name",
    "action",
    "with",
    "steps",
    "use",
    "inputs",
    "when",
    "expect",
    "retry",
    "timeout",
    "max_pages",
    "on_failure",
    "tags",
    "for_each",
    "concurrency",
    "max_failures",
    "rejected",
    "succeeded",
    "unknown",
];
/// Keys that only mean something beside `for_each`.
pub(crate) const LOOP_KEYS: &[&str] = &[
    "concurrency",
    "max_failures",
    "rejected",
    "succeeded",
    "unknown",
];
pub(crate) const RETRY_KEYS: &[&str] = &["attempts", "backoff", "max_backoff"];
pub(crate) const LIMIT_KEYS: &[&str] = &["requests", "deletes"];
/// Keys of an input beside those of its JSON Schema.
pub(crate) const INPUT_KEYS: &[&str] = &["required", "secret", "from_env", "default"];
