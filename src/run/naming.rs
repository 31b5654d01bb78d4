//! What a row is called in journal and reports: its key, told from the same key inside another row, and without the
//! text of a secret. It does not know where a key comes from, nor what was done under it.

use sha2::{Digest as _, Sha256};

use crate::event::RunId;
use crate::plan::{PlannedKind, PlannedLoop, PlannedStep};
use crate::secret::Masker;

/// How a name begins that stands for a key that must not be written down.
pub(super) const HIDDEN: &str = "***#";

/// The names of the rows of one loop.
#[derive(Debug)]
pub struct RowNames<'n> {
    run: &'n RunId,
    masker: &'n Masker,
    /// The name of the row that the loop runs in.
    outer: Option<String>,
    /// Whether `/` ends a row's name, because loops in its steps give their rows names in it.
    is_outer: bool,
    /// Whether rows have keys: then a number, which could be the key of another row, stands behind a mark.
    has_keys: bool,
}

impl<'n> RowNames<'n> {
    /// Of a loop of this run, inside this row if it is inside one.
    pub fn new(
        run: &'n RunId,
        masker: &'n Masker,
        each: &PlannedLoop,
        outer: Option<String>,
    ) -> Self {
        Self {
            run,
            masker,
            outer,
            is_outer: holds_loops(&each.steps),
            has_keys: each.key.is_some(),
        }
    }

    /// The name of a row that has no key, or none that can be used.
    pub fn of_number(&self, number: u64) -> String {
        let mark = if self.has_keys { "#" } else { "" };
        self.within(&format!("{mark}{number}"))
    }

    /// The name of a row whose key has no secret in it: the key.
    pub fn open(&self, key: &str) -> String {
        self.within(key)
    }

    /// The name of the row, and the one that it would have if loops were in its steps where there are none now, or
    /// the other way round; none where they are the same.
    pub(super) fn either(&self, key: &str) -> Option<[String; 2]> {
        let differ = self.outer.is_none() && key.contains(['%', '/']);
        differ.then(|| [key.to_owned(), escaped(key)])
    }

    /// Whether loops are in the steps of the rows.
    pub(super) const fn holds_loops(&self) -> bool {
        self.is_outer
    }

    /// The name of a row whose key must not be written down: a digest, by which it is found again whatever the
    /// secrets are then.
    pub fn hidden(&self, key: &str) -> String {
        let mut digest = Sha256::new();
        digest.update(self.run.as_str());
        digest.update([0]);
        digest.update(key);
        // Letters alone, in which no number that is a secret can stand by chance.
        let letters = digest.finalize();
        let letters = letters[..8].iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let letters: String = letters.map(|four| char::from(b'a' + four)).collect();
        self.within(&format!("{HIDDEN}{letters}"))
    }

    /// What must not be written down.
    pub(super) const fn masker(&self) -> &Masker {
        self.masker
    }

    /// Whether the text of a secret stands in a key.
    pub fn shows_secret(&self, key: &str) -> bool {
        self.masker.shows_in(key)
    }

    /// A key of a loop inside a row is told from the same key in another row: each `/` that is not part of a key
    /// goes one row further in.
    fn within(&self, key: &str) -> String {
        if self.outer.is_none() && !self.is_outer {
            return key.to_owned();
        }
        let key = escaped(key);
        match &self.outer {
            Some(outer) => format!("{outer}/{key}"),
            None => key,
        }
    }
}

fn escaped(key: &str) -> String {
    key.replace('%', "%25").replace('/', "%2F")
}

fn holds_loops(steps: &[PlannedStep]) -> bool {
    let mut steps = steps.iter().flat_map(PlannedStep::and_nested);
    steps.any(|step| matches!(step.kind, PlannedKind::Loop(_)))
}
