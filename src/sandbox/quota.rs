//! The daily number of calls that a token has. Knows no call; failed ones count as well, since no page says otherwise.

use jiff::civil::Date;

/// Calls by token, of one day.
#[derive(Debug)]
pub(super) struct Quota {
    limit: Option<u64>,
    day: Option<Date>,
    used: Vec<u64>,
}

impl Quota {
    pub(super) fn new(limit: Option<u64>, tokens: usize) -> Self {
        Self {
            limit,
            day: None,
            used: vec![0; tokens],
        }
    }

    /// Begins to count again.
    pub(super) fn forget(&mut self) {
        self.used.fill(0);
    }

    /// Counts a call of a token. Days are those of UTC: the vendor's page speaks of hours to the restart of the count,
    /// not of a zone.
    pub(super) fn count(&mut self, token: usize, today: Date) -> Spent {
        let today = Some(today);
        if self.day != today {
            self.day = today;
            self.used.fill(0);
        }
        self.used[token] += 1;
        Spent {
            limit: self.limit,
            used: self.used[token],
        }
    }
}

/// What a token has used of its day, the call under way included.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spent {
    /// How many calls it has a day; `None` is no limit.
    pub(super) limit: Option<u64>,
    /// How many it made today.
    pub(super) used: u64,
}

impl Spent {
    /// Whether the call is one too many.
    pub(super) fn is_over(self) -> bool {
        self.limit.is_some_and(|limit| self.used > limit)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn each_token_has_its_count_and_each_day_begins_anew() {
        let mut quota = Quota::new(Some(2), 2);
        let mut is_over = |token, day| quota.count(token, date(2026, 1, day)).is_over();
        assert!(!is_over(0, 1) && !is_over(0, 1));
        assert!(is_over(0, 1));
        assert!(!is_over(1, 1));
        assert!(!is_over(0, 2));
        let mut free = Quota::new(None, 1);
        assert!((0..100).all(|_| !free.count(0, date(2026, 1, 1)).is_over()));
        assert_eq!(free.count(0, date(2026, 1, 1)).used, 101);
    }
}
