//! How long to wait before a request is tried again. Whether it may be is [`crate::outcome`]'s word.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::playbook::Retry;

/// The wait after the given attempt (from 1): twice as long each time, at most `max_backoff`, of which a
/// part between a half and the whole is taken, so that many runs do not come back in step.
///
/// The part follows from `seed` and the attempt alone: a machine without a clock has no dice either.
pub(super) fn backoff(retry: &Retry, attempt: u32, seed: &str) -> Duration {
    let doublings = attempt.saturating_sub(1).min(31);
    let whole = retry
        .backoff
        .saturating_mul(1 << doublings)
        .min(retry.max_backoff);
    let digest = Sha256::digest(format!("{seed}\n{attempt}").as_bytes());
    let part = u32::from(digest[0]) + 256;
    whole.saturating_mul(part) / 512
}

/// What to do about a server's wish to wait.
pub(super) enum Patience {
    /// Wait so long.
    Wait(Duration),
    /// It asks for more than the step allows.
    TooLong(Duration),
}

/// The server's wish, unless it is longer than the step's time-out; our own wait where it has none.
pub(super) fn patience(ours: Duration, theirs: Option<Duration>, most: Duration) -> Patience {
    match theirs {
        Some(wish) if wish > most => Patience::TooLong(wish),
        Some(wish) if !wish.is_zero() => Patience::Wait(wish),
        _ => Patience::Wait(ours),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_keep_half_at_least() {
        let retry = Retry {
            attempts: 9,
            backoff: Duration::from_secs(1),
            max_backoff: Duration::from_secs(5),
        };
        for (attempt, whole) in [(1, 1), (2, 2), (3, 4), (4, 5), (60, 5)] {
            let wait = backoff(&retry, attempt, "run/step");
            let whole = Duration::from_secs(whole);
            assert!(whole / 2 <= wait && wait <= whole, "{attempt}: {wait:?}");
            assert_eq!(wait, backoff(&retry, attempt, "run/step"));
        }
    }
}
