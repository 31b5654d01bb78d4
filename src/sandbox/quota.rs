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

    /// Counts a call of a token; false where it is over the limit. Days are those of UTC: the vendor's page speaks of
    /// hours to the restart of the count, not of a zone.
    pub(super) fn count(&mut self, token: usize, today: impl FnOnce() -> Date) -> bool {
        let Some(limit) = self.limit else {
            return true;
        };
        let today = Some(today());
        if self.day != today {
            self.day = today;
            self.used.fill(0);
        }
        self.used[token] += 1;
        self.used[token] <= limit
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn each_token_has_its_count_and_each_day_begins_anew() {
        let mut quota = Quota::new(Some(2), 2);
        let day = |day| move || date(2026, 1, day);
        assert!(quota.count(0, day(1)) && quota.count(0, day(1)));
        assert!(!quota.count(0, day(1)));
        assert!(quota.count(1, day(1)));
        assert!(quota.count(0, day(2)));
        assert!((0..100).all(|_| Quota::new(None, 1).count(0, day(1))));
    }
}
