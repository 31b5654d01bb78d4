//! How fast a run may go: requests a second, requests at once, requests a day; and a server's wish that
//! everybody waits. Shared by everything in the run.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: a pace is kept on the real clock"
)]

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The pace of a target, as `voxplay.yaml` sets it; none is no bound.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PaceRules {
    /// The least time between two requests.
    pub interval: Option<Duration>,
    /// Requests at once.
    pub concurrency: Option<usize>,
    /// Requests that are left today.
    pub left_today: Option<u64>,
}

/// Why a request may not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoLeave {
    /// The day's requests are used up.
    Budget,
    /// The server has asked everybody to wait so much longer, and whoever asks does not wait so long.
    Held(Duration),
    /// Its loop was to begin no more rows before this one had sent anything.
    TooLate,
}

impl fmt::Display for NoLeave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Budget => f.write_str("the day's requests are used up (`daily_budget`)"),
            Self::Held(wait) => write!(
                f,
                "the server has asked everybody to wait, {} s from now, longer than `timeout`",
                wait.as_millis().div_ceil(1_000)
            ),
            Self::TooLate => f.write_str("the loop stopped before it"),
        }
    }
}

/// Says how many requests others have sent since it was last asked.
type Others = Box<dyn Fn() -> u64>;

/// The pace of a run, kept.
pub struct Pace {
    interval: Option<Duration>,
    places: Option<Arc<Semaphore>>,
    /// Requests that are left today; below nothing where others have sent more than there were, so that what is given
    /// back later makes up for that first.
    left: Cell<Option<i64>>,
    others: Option<Others>,
    /// When the next request may be sent.
    next: Cell<Option<Instant>>,
    /// Nobody sends before this.
    held: Cell<Option<Instant>>,
    waited: Cell<Duration>,
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pace")
            .field("interval", &self.interval)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

/// Leave to send one request. When this is dropped its place is free again, and the request is left for today unless
/// it was [used](Leave::used).
#[derive(Debug)]
pub(super) struct Leave<'p> {
    _place: Option<OwnedSemaphorePermit>,
    taken: Option<Taken<'p>>,
    /// How long it took to be given.
    pub(super) waited: Duration,
}

impl Leave<'_> {
    /// Leave that takes no place: the run is stopping, and nothing will be sent.
    pub(super) const fn none() -> Self {
        Self {
            _place: None,
            taken: None,
            waited: Duration::ZERO,
        }
    }

    /// The request was sent, or may have been: it is one of the day's.
    pub(super) fn used(mut self) {
        if let Some(taken) = &mut self.taken {
            taken.is_used = true;
        }
    }
}

/// One of the day's requests that was taken: who does not send it in the end gives it back.
#[derive(Debug)]
struct Taken<'p> {
    left: &'p Cell<Option<i64>>,
    is_used: bool,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if !self.is_used {
            self.left.set(self.left.get().map(|left| left + 1));
        }
    }
}

impl Pace {
    /// A pace under these rules.
    pub fn new(rules: &PaceRules) -> Self {
        Self {
            interval: rules.interval,
            places: rules
                .concurrency
                .map(|places| Arc::new(Semaphore::new(places.max(1)))),
            left: Cell::new(rules.left_today.map(signed)),
            others: None,
            next: Cell::new(None),
            held: Cell::new(None),
            waited: Cell::new(Duration::ZERO),
        }
    }

    /// The day's requests are others' as well: before each request they are asked how many they have sent since.
    #[must_use]
    pub fn shared_with(mut self, others: impl Fn() -> u64 + 'static) -> Self {
        self.others = Some(Box::new(others));
        self
    }

    /// Waits for leave to send one request; for a server that asks everybody to wait, so long and no longer.
    ///
    /// # Errors
    /// When the day's requests are used up, or the server asks for more.
    pub(super) async fn admit(&self, most: Duration) -> Result<Leave<'_>, NoLeave> {
        let asked = Instant::now();
        let place = match &self.places {
            Some(places) => Some(
                Arc::clone(places)
                    .acquire_owned()
                    .await
                    .expect("the places of a pace are never closed"),
            ),
            None => None,
        };
        // Taken before the wait, so that many who wait together take no more than there is.
        let taken = self.take()?;
        loop {
            if let Some(held) = self.is_held() {
                let wait = held.saturating_duration_since(Instant::now());
                if wait > most {
                    return Err(NoLeave::Held(wait));
                }
                self.sleep_until(held).await;
                continue;
            }
            if let Some(interval) = self.interval {
                let now = Instant::now();
                let mine = self.next.get().map_or(now, |next| next.max(now));
                self.next.set(Some(mine + interval));
                self.sleep_until(mine).await;
            }
            // Who was held back in the meantime takes a new turn: all at once would be faster than the rate.
            if self.is_held().is_none() {
                // Others have not waited meanwhile.
                if self.count_others() < 0 {
                    return Err(NoLeave::Budget);
                }
                return Ok(Leave {
                    _place: place,
                    taken,
                    waited: asked.elapsed(),
                });
            }
        }
    }

    /// Takes one of the day's requests, where they are counted.
    fn take(&self) -> Result<Option<Taken<'_>>, NoLeave> {
        if self.left.get().is_none() {
            return Ok(None);
        }
        let left = self.count_others();
        if left < 1 {
            return Err(NoLeave::Budget);
        }
        self.left.set(Some(left - 1));
        Ok(Some(Taken {
            left: &self.left,
            is_used: false,
        }))
    }

    /// Takes off what others have sent since they were last asked; how many are left then, below 0 where more were taken
    /// than there are.
    fn count_others(&self) -> i64 {
        let Some(left) = self.left.get() else {
            return i64::MAX;
        };
        let by_others = self.others.as_ref().map_or(0, |others| others());
        let left = left.saturating_sub(signed(by_others));
        self.left.set(Some(left));
        left
    }

    /// The server asked one request to wait so long: nobody sends before that.
    pub(super) fn hold(&self, wish: Duration) {
        let until = Instant::now() + wish;
        self.held
            .set(Some(self.held.get().map_or(until, |held| held.max(until))));
    }

    /// The time that requests have waited for this pace, added up.
    pub fn waited(&self) -> Duration {
        self.waited.get()
    }

    fn is_held(&self) -> Option<Instant> {
        self.held.get().filter(|held| *held > Instant::now())
    }

    async fn sleep_until(&self, when: Instant) {
        let wait = when.saturating_duration_since(Instant::now());
        if !wait.is_zero() {
            self.waited.set(self.waited.get() + wait);
            tokio::time::sleep(wait).await;
        }
    }
}

/// So many that nobody sends more in a day.
fn signed(requests: u64) -> i64 {
    i64::try_from(requests).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    fn pace(left_today: u64) -> Pace {
        Pace::new(&PaceRules {
            left_today: Some(left_today),
            ..PaceRules::default()
        })
    }

    #[tokio::test]
    async fn leave_that_is_not_used_is_left_for_today() {
        let pace = pace(1);
        for _ in 0..3 {
            let leave = pace.admit(Duration::ZERO).await.unwrap();
            let other = pace.admit(Duration::ZERO).await;
            assert_eq!(other.unwrap_err(), NoLeave::Budget);
            drop(leave);
        }
        pace.admit(Duration::ZERO).await.unwrap().used();
        let other = pace.admit(Duration::ZERO).await;
        assert_eq!(other.unwrap_err(), NoLeave::Budget);
    }

    #[tokio::test]
    async fn what_others_sent_too_much_is_made_up_for_by_what_is_given_back() {
        let sent = Rc::new(Cell::new(0));
        let by_others = Rc::clone(&sent);
        let pace = pace(2).shared_with(move || by_others.take());
        let first = pace.admit(Duration::ZERO).await.unwrap();
        let second = pace.admit(Duration::ZERO).await.unwrap();
        sent.set(1);
        for leave in [first, second] {
            assert!(pace.admit(Duration::ZERO).await.is_err());
            drop(leave);
        }
        // Two were left, and others have sent one of them.
        let leave = pace.admit(Duration::ZERO).await.unwrap();
        assert!(pace.admit(Duration::ZERO).await.is_err());
        leave.used();
        assert!(pace.admit(Duration::ZERO).await.is_err());
    }

    #[tokio::test]
    async fn what_others_send_during_a_wait_is_counted() {
        let by_others = Rc::new(Cell::new(0));
        let asked = Rc::clone(&by_others);
        let pace = Pace::new(&PaceRules {
            left_today: Some(3),
            interval: Some(Duration::from_millis(10)),
            ..PaceRules::default()
        })
        .shared_with(move || asked.take());
        let waiting = async {
            futures_util::join!(
                pace.admit(Duration::ZERO),
                pace.admit(Duration::ZERO),
                pace.admit(Duration::ZERO)
            )
        };
        let others = async { by_others.set(2) };
        let ((first, second, third), ()) = futures_util::join!(waiting, others);
        first.unwrap().used();
        assert_eq!(second.unwrap_err(), NoLeave::Budget);
        assert_eq!(third.unwrap_err(), NoLeave::Budget);
    }
}
