//! What a person looks for in the CRM, and what follows from it, by what was to become of a record.

use std::fmt::Write as _;

use super::super::call::{Call, word};

/// What was to become of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// It was to be there.
    Create,
    /// It was to be changed.
    Change,
    /// It was to go away.
    Delete,
}

impl Kind {
    /// What to ask about one of the kind.
    pub(super) const fn question(self) -> &'static str {
        match self {
            Self::Create => "is it in the CRM?",
            Self::Change => "is the change in the CRM?",
            Self::Delete => "is the record gone from the CRM?",
        }
    }

    /// Whether the CRM gives an id that a person may look up.
    pub(super) const fn gives_id(self) -> bool {
        !matches!(self, Self::Delete)
    }

    /// What stands above what can be said of doubts of the kind, where there are several kinds.
    const fn heading(self) -> &'static str {
        match self {
            Self::Create => "What was to be created",
            Self::Change => "What was to be changed",
            Self::Delete => "What was to be deleted",
        }
    }

    /// What was found, and what to say then.
    fn findings(self, name: &str) -> [(&'static str, String); 3] {
        let [there, again, left] = match self {
            Self::Create => ["it is there", "it is not: send it", "it is not: leave it"],
            Self::Change => [
                "the change is there",
                "it is not: send it",
                "it is not: leave it",
            ],
            Self::Delete => [
                "the record is gone",
                "it is still there: delete it",
                "it is still there: leave it",
            ],
        };
        let id = if self == Self::Create { "=ID" } else { "" };
        [
            (there, format!("--ok {name}{id}")),
            (again, format!("--resend {name}")),
            (left, format!("--failed {name}")),
        ]
    }
}

/// What a person can say: of each kind of doubts that are named, by the first one.
pub(super) fn choices<'n>(
    call: &Call,
    doubts: impl IntoIterator<Item = (Kind, &'n str)>,
) -> String {
    let mut doubts: Vec<(Kind, &str)> = doubts.into_iter().collect();
    doubts.sort_by_key(|(kind, _)| *kind);
    doubts.dedup_by_key(|(kind, _)| *kind);
    let is_mixed = doubts.len() > 1;
    let mut text = String::new();
    for (kind, name) in doubts {
        if is_mixed {
            let _ = writeln!(text, "\n{}:", kind.heading());
        }
        for (found, words) in kind.findings(&word(name)) {
            let _ = writeln!(text, "  {found}\n    {}", call.reconcile(&words));
        }
    }
    text
}
