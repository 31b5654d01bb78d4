//! The five calls by their paths, one file each: what the vendor's page says it takes and answers.

mod case;
mod delete;
mod insert;
mod obligation;
mod update;

use super::answer::{Answer, Refusal};
use super::desk::Desk;
use super::serve::Received;

/// A call that the vendor documents and the sandbox serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Update,
    Case,
    Delete,
    Insert,
    Obligation,
}

impl Endpoint {
    /// Each by its name: the path without what all have in common.
    pub(super) const ALL: &[(&str, Self)] = &[
        ("custom/update", Self::Update),
        ("cases/update", Self::Case),
        ("custom/delete", Self::Delete),
        ("custom/insert", Self::Insert),
        ("collections/insertObligation", Self::Obligation),
    ];

    /// The endpoint of a name, to the letter.
    pub(super) fn named(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, endpoint)| *endpoint)
    }

    /// The endpoint at a path, to the letter.
    pub(super) fn at(path: &str) -> Option<Self> {
        let name = path.strip_prefix("/server/API/v2/")?.strip_suffix(".php")?;
        Self::named(name)
    }

    /// Checks a call, does what it says, and answers.
    pub(super) fn answer(
        self,
        desk: &mut Desk<'_>,
        received: &Received,
    ) -> Result<Answer, Refusal> {
        match self {
            Self::Update => update::answer(desk, &received.body),
            Self::Case => case::answer(desk, &received.body),
            Self::Delete => delete::answer(desk, &received.body),
            Self::Insert => insert::answer(desk, received),
            Self::Obligation => obligation::answer(desk, &received.body),
        }
    }
}
