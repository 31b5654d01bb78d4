//! The time of a run, which stands still between its stretches.

use jiff::Timestamp;

/// Milliseconds from the start of the run, without the time between its stretches.
#[derive(Debug, Default)]
pub(super) struct RunTime {
    origin: Option<i64>,
    last: i64,
}

impl RunTime {
    pub(super) fn read(&mut self, time: &str, begins_again: bool) -> u64 {
        let now = time
            .parse::<Timestamp>()
            .map_or(self.last, Timestamp::as_millisecond);
        let origin = self.origin.get_or_insert(now);
        if begins_again && self.last != 0 {
            *origin += (now - self.last).max(0);
        }
        self.last = now;
        u64::try_from(now - *origin).unwrap_or_default()
    }
}
