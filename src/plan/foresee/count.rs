//! Requests and records, counted. It does not know how they are shown.

use crate::action::Effect;

/// How many of something: at least, and at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// So many, if nothing fails.
    pub certain: u64,
    /// So many, if every condition that is not known yet holds, and every answer has as many pages as are read.
    pub possible: u64,
    /// Whether there may be more than was counted: the rows of a loop, or a list of ids, that only an answer tells.
    pub is_open: bool,
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
        self.is_open |= other.is_open;
    }

    /// The same where it may be so many, none or more.
    fn of_any_number(&mut self) {
        self.certain = 0;
        self.is_open |= self.possible > 0;
    }
}

/// What a run sends. Retries are not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    effects: [Count; 4],
    /// Records deleted.
    pub deleted: Count,
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
            self.deleted.is_open |= records.is_none();
        }
    }

    /// Counts requests that an answer may call for: those of the pages after the first.
    pub(super) fn may_follow(&mut self, effect: Effect, many: u64) {
        self.effects[effect as usize].add(many, false);
    }

    /// Adds what another counted.
    pub(super) fn join(&mut self, other: Self) {
        for (count, more) in self.effects.iter_mut().zip(other.effects) {
            count.join(more);
        }
        self.deleted.join(other.deleted);
    }

    /// The same for rows of which nobody knows how many there are.
    pub(super) fn of_any_number(mut self) -> Self {
        for count in &mut self.effects {
            count.of_any_number();
        }
        self.deleted.of_any_number();
        self
    }

    /// Whether there may be more of anything than was counted.
    pub fn is_open(&self) -> bool {
        self.requests().is_open || self.deleted.is_open
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
        let closed = |certain, possible| Count {
            certain,
            possible,
            is_open: false,
        };
        assert_eq!(tally.of(Effect::Update), closed(1, 2));
        assert_eq!(tally.deleted, closed(3, 3));
        assert_eq!(tally.requests(), closed(2, 3));
    }

    #[test]
    fn pages_may_follow_the_first() {
        let mut tally = Tally::default();
        tally.add(Effect::Read, None, true);
        tally.may_follow(Effect::Read, 19);
        let requests = tally.requests();
        assert_eq!((requests.certain, requests.possible), (1, 20));
        assert!(!requests.is_open);
    }

    #[test]
    fn only_what_is_not_known_is_open() {
        let mut tally = Tally::default();
        tally.add(Effect::Update, None, true);
        tally.add(Effect::Delete, None, true);
        assert!(tally.deleted.is_open, "how many records is not known");
        assert!(!tally.requests().is_open, "but how many requests is");
        let mut rows = Tally::default();
        rows.add(Effect::Create, None, true);
        tally.join(rows.of_any_number());
        let open = |effect| tally.of(effect).is_open;
        assert!(open(Effect::Create) && !open(Effect::Update) && !open(Effect::Delete));
        assert_eq!(tally.of(Effect::Create).certain, 0);
    }
}
