//! Numbers that look random and follow from a seed, so that a run can be repeated. Knows no clock and no state.

/// What the seed of one stream is moved by (`SplitMix64`).
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finishing step of `SplitMix64`: inputs that lie close together give outputs that do not.
pub(super) fn scattered(seed: u64) -> u64 {
    let mut bits = seed.wrapping_add(STEP);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The `count`th number of a stream: the order in which it is asked for does not matter.
pub(super) fn drawn(seed: u64, stream: u64, count: u64) -> u64 {
    scattered(scattered(seed ^ scattered(stream)) ^ count)
}

/// The same as a share: 0 or more, less than 1.
pub(super) fn share(seed: u64, stream: u64, count: u64) -> f64 {
    let high = u32::try_from(drawn(seed, stream, count) >> 32).expect("32 bits fit");
    f64::from(high) / 4_294_967_296.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_repeat_and_spread_evenly() {
        let below = |limit: f64| (0..10_000).filter(|n| share(7, 1, *n) < limit).count();
        assert!((900..1_100).contains(&below(0.1)), "{}", below(0.1));
        assert!((4_800..5_200).contains(&below(0.5)), "{}", below(0.5));
        assert_eq!(
            drawn(7, 1, 5).cmp(&drawn(7, 1, 5)),
            std::cmp::Ordering::Equal
        );
        assert_ne!(drawn(7, 1, 5), drawn(7, 2, 5));
        assert_ne!(drawn(7, 1, 5), drawn(8, 1, 5));
    }
}
