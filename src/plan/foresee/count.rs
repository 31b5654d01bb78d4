//! Requests and records, counted. It does not know how they are shown.

use crate::action::Effect;

/// How many of something: at least, and at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// So many, if nothing fails.
    pub certain: u64,
    /// So many, if every condition that is not known yet holds.
    pub possible: u64,
}

impl Count {
    fn add(&mut self, many: u64, is_certain: bool) {
        self.possible += many;
        if is_certain {
            self.certain += many;
        }
    }

    fn join(&mut self, other: Self) {
        self.certain += other.certain;
        self.possible += other.possible;
    }
}

/// What a run sends. Retries are not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    effects: [Count; 4],
    /// Records deleted.
    pub deleted: Count,
    /// Whether there is more than was counted: the rows of a loop, or a list of ids, that only an answer tells.
    pub is_open: bool,
}

impl Tally {
    /// Requests with this effect.
    pub const fn of(&self, effect: Effect) -> Count {
        self.effects[effect as usize]
    }

    /// All requests.
    pub fn requests(&self) -> Count {
        let mut all = Count::default();
        for count in self.effects {
            all.join(count);
        }
        all
    }

    /// Counts a request; `records` is how many it acts on, where that is known.
    pub(super) fn add(&mut self, effect: Effect, records: Option<u64>, is_certain: bool) {
        self.effects[effect as usize].add(1, is_certain);
        if effect == Effect::Delete {
            self.deleted.add(records.unwrap_or(1), is_certain);
            self.is_open |= records.is_none();
        }
    }

    /// Adds what another counted.
    pub(super) fn join(&mut self, other: Self) {
        for (count, more) in self.effects.iter_mut().zip(other.effects) {
            count.join(more);
        }
        self.deleted.join(other.deleted);
        self.is_open |= other.is_open;
    }

    /// The same where nothing of it is certain.
    pub(super) fn only_possible(mut self) -> Self {
        for count in &mut self.effects {
            count.certain = 0;
        }
        self.deleted.certain = 0;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certain_and_possible_are_apart() {
        let mut tally = Tally::default();
        tally.add(Effect::Update, None, true);
        tally.add(Effect::Update, None, false);
        tally.add(Effect::Delete, Some(3), true);
        assert_eq!(
            tally.of(Effect::Update),
            Count {
                certain: 1,
                possible: 2
            }
        );
        assert_eq!(
            tally.deleted,
            Count {
                certain: 3,
                possible: 3
            }
        );
        assert_eq!(
            tally.requests(),
            Count {
                certain: 2,
                possible: 3
            }
        );
        assert!(!tally.is_open);
        tally.add(Effect::Delete, None, true);
        assert!(tally.is_open, "how many records is not known");
    }
}
