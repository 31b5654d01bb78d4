//! Requests over time in a fixed number of buckets: a run of a day takes as much memory as one of a minute.

/// How many buckets there are at most.
const MOST_BUCKETS: usize = 120;
/// How wide a bucket is at first, in milliseconds.
const FIRST_WIDTH: u64 = 1_000;

/// What happened to requests, second by second; where that becomes too much, two by two seconds, and so on.
#[derive(Debug, Clone)]
pub struct Series {
    width_ms: u64,
    buckets: Vec<Bucket>,
}

/// One stretch of time.
#[derive(Debug, Clone, Default)]
pub struct Bucket {
    /// Requests that ended in it, with an answer or without.
    pub requests: u64,
    /// Those of them that did not go well.
    pub troubled: u64,
    /// Milliseconds of waiting before another attempt that began in it, added up.
    pub backoff_ms: u64,
    /// Milliseconds that requests sent in it had waited for the target's pace, added up.
    pub pace_ms: u64,
    /// How long its requests took.
    pub latency: Histogram,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            width_ms: FIRST_WIDTH,
            buckets: Vec::new(),
        }
    }
}

impl Series {
    /// Milliseconds that one bucket stands for.
    pub const fn width_ms(&self) -> u64 {
        self.width_ms
    }

    /// The buckets from the run's start, without gaps.
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// The bucket of a moment, in milliseconds from the start.
    pub fn at(&mut self, moment_ms: u64) -> &mut Bucket {
        let most = u64::try_from(MOST_BUCKETS).unwrap_or(u64::MAX);
        while moment_ms / self.width_ms >= most {
            self.widen();
        }
        let index = usize::try_from(moment_ms / self.width_ms)
            .expect("the loop above made it smaller than the number of buckets");
        if self.buckets.len() <= index {
            self.buckets.resize_with(index + 1, Bucket::default);
        }
        &mut self.buckets[index]
    }

    /// Makes one bucket of every two.
    fn widen(&mut self) {
        self.width_ms = self.width_ms.saturating_mul(2);
        let mut pairs = Vec::with_capacity(MOST_BUCKETS);
        let mut buckets = std::mem::take(&mut self.buckets).into_iter();
        while let Some(mut first) = buckets.next() {
            if let Some(second) = buckets.next() {
                first.merge(&second);
            }
            pairs.push(first);
        }
        self.buckets = pairs;
    }
}

impl Bucket {
    fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.troubled += other.troubled;
        self.backoff_ms += other.backoff_ms;
        self.pace_ms += other.pace_ms;
        self.latency.merge(&other.latency);
    }
}

/// Parts of a doubling: a quantile is right to an eighth of its value.
const PARTS: u64 = 8;
/// Up to 2^27 milliseconds, a day and a half.
const CELLS: usize = 25 * 8;

/// Durations in milliseconds, counted in cells that grow with the value.
#[derive(Debug, Clone, Default)]
pub struct Histogram {
    cells: Vec<u32>,
    count: u64,
    max: u64,
}

impl Histogram {
    /// Counts one duration.
    pub fn add(&mut self, milliseconds: u64) {
        let cell = cell_of(milliseconds);
        if self.cells.len() <= cell {
            self.cells.resize(cell + 1, 0);
        }
        self.cells[cell] = self.cells[cell].saturating_add(1);
        self.count += 1;
        self.max = self.max.max(milliseconds);
    }

    /// How many there are.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The longest.
    pub const fn max(&self) -> u64 {
        self.max
    }

    /// The duration that so many of a hundred do not exceed; 0 where there is none.
    pub fn percentile(&self, percent: u64) -> u64 {
        let wanted = (self.count.saturating_mul(percent)).div_ceil(100).max(1);
        let mut seen = 0;
        for (cell, count) in self.cells.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= wanted {
                return upper_end(cell).min(self.max);
            }
        }
        self.max
    }

    fn merge(&mut self, other: &Self) {
        if self.cells.len() < other.cells.len() {
            self.cells.resize(other.cells.len(), 0);
        }
        for (mine, theirs) in self.cells.iter_mut().zip(&other.cells) {
            *mine = mine.saturating_add(*theirs);
        }
        self.count += other.count;
        self.max = self.max.max(other.max);
    }
}

/// Values below 8 have a cell each; from there every doubling has eight.
fn cell_of(value: u64) -> usize {
    let cell = if value < PARTS {
        value
    } else {
        let doubling = u64::from(value.ilog2()) - 3;
        PARTS + doubling * PARTS + ((value >> doubling) - PARTS)
    };
    usize::try_from(cell).unwrap_or(usize::MAX).min(CELLS - 1)
}

/// The largest value of a cell.
fn upper_end(cell: usize) -> u64 {
    let cell = u64::try_from(cell).unwrap_or(u64::MAX);
    if cell < PARTS {
        return cell;
    }
    let (doubling, part) = ((cell - PARTS) / PARTS, (cell - PARTS) % PARTS);
    ((PARTS + part + 1) << doubling) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_in_the_cell_that_ends_at_or_after_it() {
        for value in (0..5_000).chain([1 << 20, (1 << 20) + 1, (1 << 26) - 1]) {
            let cell = cell_of(value);
            assert!(upper_end(cell) >= value, "{value}");
            assert!(cell == 0 || upper_end(cell - 1) < value, "{value}");
        }
    }

    #[test]
    fn percentiles_are_right_to_an_eighth() {
        let mut histogram = Histogram::default();
        (1..=1000).for_each(|value| histogram.add(value));
        assert!((500..=563).contains(&histogram.percentile(50)));
        assert!((950..=1000).contains(&histogram.percentile(95)));
        assert_eq!(histogram.percentile(100), 1000);
        assert_eq!(Histogram::default().percentile(50), 0);
    }

    #[test]
    fn a_long_run_has_as_many_buckets_as_a_short_one_and_loses_nothing() {
        let mut series = Series::default();
        for second in 0..86_400 {
            let bucket = series.at(second * 1_000);
            bucket.requests += 1;
            bucket.latency.add(20);
        }
        assert!(series.buckets().len() <= MOST_BUCKETS);
        assert!(series.buckets().len() > MOST_BUCKETS / 2);
        let total: u64 = series.buckets().iter().map(|bucket| bucket.requests).sum();
        assert_eq!(total, 86_400);
        assert_eq!(series.width_ms() % FIRST_WIDTH, 0);
    }
}
